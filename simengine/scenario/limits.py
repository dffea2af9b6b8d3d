"""What levers may be: their ranges, and balances that add up to 100 %.

In: the `levers` section, and the curves of scenarios. Out: problems.

Invariant: a scenario is never clipped: what lies beyond a range is refused.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np

from simengine.api.target import Target
from simengine.language.yaml.reading import At, Reading
from simengine.model.variable import Role, role_of
from simengine.scenario.curve import Clock, Combined, Curve, Flat, points_of, values_at
from simengine.scenario.file import Document, Lever
from simengine.scenario.inherit import Place, Resolved, Setting
from simengine.scenario.names import ModelNames
from simengine.source.diagnostic import Label
from simengine.source.names import Key

_ROUNDING = 1e-9
_OFF = 1e-6  # part of the whole that a balance may be off by


@dataclass(frozen=True)
class LeverRange:
    """A lever of a model: its range in the variable's unit."""

    name: At[str]
    lever: Lever
    target: Target
    low: float
    high: float
    unit: str  # of range, step and bands as written


def read_levers(document: Document, names: ModelNames, to: Reading) -> list[LeverRange]:
    """Return the levers of a file."""
    out = []
    for name, lever in document.levers:
        target = names.settable(name, to)
        if target is None:
            continue
        if role_of(target.variable) is Role.STOCK:
            text = f"`{target.variable.name}` is a stock: what is chosen is a constant or an auxiliary"
            to.error("wrong-kind", text, name.span)
            continue
        own, unit, about = lever.unit.value if lever.unit else "", target.variable.units, f"`{target.text}`"
        if lever.unit is not None:
            known = len(to.problems)
            names.converted(1.0, own, unit, lever.unit.span, to, about)
            if len(to.problems) > known:
                continue
        if lever.step is not None:
            names.in_unit(lever.step, own, unit, to, about)
        low, high = -np.inf, np.inf
        if lever.range:
            ends = [names.in_unit(end, own, unit, to, about) for end in lever.range]
            if ends[0] is None or ends[1] is None:
                continue
            low, high = ends[0], ends[1]
            if low > high:
                place = lever.range[0].span.to(lever.range[1].span)
                to.error("wrong-order", f"the range of {about} goes backwards", place)
                continue
        _read_bands(lever, to)
        out.append(LeverRange(name, lever, target, low, high, own or unit))
    return out


def _read_bands(lever: Lever, to: Reading) -> None:
    for value, _ in lever.bands:
        try:
            float(value.value)
        except ValueError:
            to.error("wrong-kind", f"a band begins at a number, not at the text `{value.value}`", value.span)


def check_ranges(
    levers: list[LeverRange], scenario: Resolved, curves: Mapping[Place, Curve], clock: Clock, to: Reading
) -> None:
    """Note what a scenario sets beyond the range of a lever."""
    for lever in levers:
        told: set[int] = set()
        for place in lever.target.places.tolist():
            at = (lever.target.variable.key, place)
            if at not in curves:
                continue
            setting = _setting(scenario, lever, at, levers)
            points = points_of(curves[at], clock)
            slack = _ROUNDING * max(abs(v) for v in (lever.low, lever.high, 1.0) if np.isfinite(v))
            beyond = [(t, v) for t, v in points.items() if not lever.low - slack <= v <= lever.high + slack]
            if not beyond or id(setting) in told:
                continue
            told.add(id(setting))
            time, value = beyond[0]
            unit = f" {lever.target.variable.units}" if lever.target.variable.units else ""
            when = "" if isinstance(curves[at], Flat) else f" at {time:g}"
            text = (
                f"`{lever.target.text}` is {value:.6g}{unit}{when} in `{scenario.name}`, "
                f"outside of its range from {lever.low:.6g} to {lever.high:.6g}"
            )
            place_of_range = lever.lever.range[0].span.to(lever.lever.range[1].span)
            to.error("beyond-range", text, setting.span, others=[Label(place_of_range, "its range")])


def _setting(scenario: Resolved, lever: LeverRange, place: Place, levers: list[LeverRange]) -> Setting:
    """Return the line that made a lever what it is: its own, or that of another lever of its balance."""
    if place in scenario.layers:
        return scenario.layers[place][-1]
    assert lever.lever.balance is not None
    members = balances(levers)[lever.lever.balance.value]
    keys = [(m.target.variable.key, p) for m in members for p in m.target.places.tolist()]
    return next(scenario.layers[k][-1] for k in keys if k in scenario.layers)


def balances(levers: list[LeverRange]) -> dict[str, list[LeverRange]]:
    """Return the levers of every balance by its name."""
    out: dict[str, list[LeverRange]] = {}
    for lever in levers:
        if lever.lever.balance is not None:
            out.setdefault(lever.lever.balance.value, []).append(lever)
    return out


def fill_balances(
    levers: list[LeverRange],
    curves: Mapping[Place, Curve],
    own: Callable[[Place], float | None],
    names: ModelNames,
    to: Reading,
) -> dict[Place, tuple[str, Curve]]:
    """Return what levers of a balance become that a scenario leaves alone while it sets others: they share the rest.

    They do so in proportion to what they are in the model, evenly where they are nothing there.
    """
    out: dict[Place, tuple[str, Curve]] = {}
    for balance, members in balances(levers).items():
        places = [[(m.target.variable.key, p) for p in m.target.places.tolist()] for m in members]
        if len({len(p) for p in places}) != 1:
            continue
        whole = names.number(At("100 %", members[0].name.span), members[0].target.variable.units, to, f"`{balance}`")
        for row in zip(*places, strict=True):
            touched = [p for p in row if p in curves]
            left = [(p, own(p)) for p in row if p not in curves]
            if whole is None or not touched or not left or any(v is None for _, v in left):
                continue
            rest: Curve = Flat(whole)
            for place in touched:
                rest = Combined(rest, curves[place], -1)
            total = sum(v for _, v in left if v is not None)
            for place, value in left:
                part = (value or 0.0) / total if total else 1 / len(left)
                out[place] = (balance, Combined(rest, Flat(part), 0))
    return out


def check_balances(
    levers: list[LeverRange],
    scenario: Resolved,
    curves: Mapping[Place, Curve],
    own: Callable[[Place], float | None],
    names: ModelNames,
    clock: Clock,
    to: Reading,
) -> None:
    """Note where the levers of a balance do not add up to 100 % in a scenario that sets one of them."""
    for balance, members in balances(levers).items():
        keys: list[tuple[Key, list[int]]] = [(m.target.variable.key, m.target.places.tolist()) for m in members]
        touched = [scenario.layers[k, p][-1] for k, places in keys for p in places if (k, p) in scenario.layers]
        if not touched or len({len(places) for _, places in keys}) != 1:
            continue
        whole = names.number(At("100 %", touched[0].span), members[0].target.variable.units, to, f"`{balance}`")
        if whole is None:
            continue
        for number in range(len(keys[0][1])):
            at = [(k, places[number]) for k, places in keys]
            found = [curves.get(p) or (None if (v := own(p)) is None else Flat(v)) for p in at]
            known = [c for c in found if c is not None]
            if len(known) < len(found):
                continue
            times = np.array(sorted({t for c in known for t in points_of(c, clock)}))
            parts_over_time = np.array([values_at(c, times) for c in known])
            sums = parts_over_time.sum(axis=0)
            off = np.abs(sums - whole) > _OFF * whole
            wrong = np.flatnonzero(off | (parts_over_time < -_OFF * whole).any(axis=0))
            if wrong.size:
                parts = " + ".join(f"{values_at(c, times[wrong[:1]])[0] / whole:.4g}" for c in known)
                total, time = sums[wrong[0]] / whole * 100, times[wrong[0]]
                told = f"add up to {total:.6g} %" if off[wrong[0]] else "leave less than nothing for one of them"
                text = f"the levers of `{balance}` {told} at {time:g} in `{scenario.name}`, not to 100 %"
                if not off[wrong[0]]:
                    text = text.removesuffix(", not to 100 %")
                members_text = ", ".join(f"`{m.target.text}`" for m in members)
                to.error("not-balanced", text, touched[0].span, help=[f"they are {members_text}: {parts}"])
                break


def check_balance_members(levers: list[LeverRange], to: Reading) -> None:
    """Note balances of one lever, or of levers with other numbers of elements."""
    for balance, members in balances(levers).items():
        place = members[0].lever.balance
        assert place is not None
        if len(members) == 1:
            text = f"only `{members[0].target.text}` is in the balance `{balance}`: one lever cannot be shared out"
            to.error("not-balanced", text, place.span)
        elif len({m.target.places.size for m in members}) > 1:
            text = f"the levers of `{balance}` have other numbers of elements"
            to.error("not-balanced", text, place.span)
