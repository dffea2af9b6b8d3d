"""Crosses: scenarios times values of variables.

In: the `crosses` section, and scenarios resolved. Out: a scenario for each combination that is not left out.

A combination is called after its scenario and values as written: `base, retrofit rate 3 %/yr, green roofs 8 ha/yr`.

Invariant: the names and the order of combinations depend on the cross only.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import product

from simengine.api.target import Target
from simengine.language.yaml.reading import At, Reading
from simengine.scenario.file import Cross, Document, NamedOnes
from simengine.scenario.inherit import Resolved, Setting
from simengine.scenario.names import ModelNames
from simengine.scenario.path import Constant, Quantity
from simengine.source.diagnostic import Label

MOST = 100_000


@dataclass(frozen=True)
class _Axis:
    name: At[str]
    target: Target
    values: tuple[tuple[Quantity, float], ...]


def expand_crosses(
    document: Document, scenarios: dict[str, Resolved], names: ModelNames, to: Reading
) -> dict[str, tuple[Resolved, ...]]:
    """Return the scenarios of every cross by its name."""
    out: dict[str, tuple[Resolved, ...]] = {}
    for name, cross in document.crosses:
        if name.value in scenarios:
            text = f"`{name.value}` is a scenario too: a cross has a name of its own"
            to.error("duplicate-key", text, name.span, others=[Label(scenarios[name.value].span, "the scenario")])
        found = _expand(name, cross, scenarios, names, to)
        if found is not None:
            out[name.value] = found
    return out


def _expand(
    name: At[str], cross: Cross, scenarios: dict[str, Resolved], names: ModelNames, to: Reading
) -> tuple[Resolved, ...] | None:
    parents = []
    for at in cross.scenarios:
        if at.value in scenarios:
            parents.append(scenarios[at.value])
        else:
            to.unknown("unknown-scenario", "scenario", at.value, at.span, scenarios)
    axes = [a for on, values in cross.vary if (a := _axis(on, values, names, to)) is not None]
    if not cross.vary:
        to.error("too-few", f"the cross `{name.value}` varies nothing", name.span)
    if len(axes) < len(cross.vary) or not axes:
        return None
    count = len(parents)
    for axis in axes:
        count *= len(axis.values)
    if count > MOST:
        to.error("too-large", f"the cross `{name.value}` has {count:,} combinations, more than {MOST:,}", name.span)
        return None
    without = [w for line in cross.without if (w := _left_out(line, axes, names, to)) is not None]
    used = [False] * len(without)
    out = []
    for parent in parents:
        for chosen in product(*(a.values for a in axes)):
            numbers = [value for _, value in chosen]
            hit = [all(numbers[n] == v for n, v in line.items()) for line in without]
            used = [u or h for u, h in zip(used, hit, strict=True)]
            if not any(hit):
                out.append(_combination(name, parent, axes, [q for q, _ in chosen]))
    for line, hit_once in zip(cross.without, used, strict=False):
        if not hit_once and len(without) == len(cross.without) and line:
            to.error(
                "unknown-word", "no combination of the cross has these values: nothing is left out", line[0][0].span
            )
    return tuple(out)


def _axis(at: At[str], values: tuple[Quantity, ...], names: ModelNames, to: Reading) -> _Axis | None:
    target = names.settable(at, to)
    if target is None:
        return None
    found = [(v, names.number(v, target.variable.units, to, f"`{target.text}`")) for v in values]
    known = tuple((v, n) for v, n in found if n is not None)
    first: dict[float, Quantity] = {}
    for value, number in known:
        other = first.setdefault(number, value)
        if other is not value:
            text = f"`{at.value}` takes the value {value.value} twice"
            to.error("duplicate-key", text, value.span, others=[Label(other.span, "the first time")])
            return None
    return _Axis(at, target, known) if len(known) == len(values) else None


def _left_out(line: NamedOnes[Quantity], axes: list[_Axis], names: ModelNames, to: Reading) -> dict[int, float] | None:
    """Return the values by number of axis whose combination is left out."""
    out: dict[int, float] = {}
    for at, value in line:
        target = names.settable(at, to)
        if target is None:
            return None
        place = next((n for n, a in enumerate(axes) if a.target.text == target.text), None)
        if place is None:
            varied = [a.name.value for a in axes]
            to.unknown("unknown-name", "variable of this cross", at.value, at.span, varied)
            return None
        number = names.number(value, target.variable.units, to, f"`{target.text}`")
        if number is None:
            return None
        out[place] = number
    return out


def _combination(name: At[str], parent: Resolved, axes: list[_Axis], values: list[Quantity]) -> Resolved:
    parts = [f"{a.name.value} {_text(v)}" for a, v in zip(axes, values, strict=True)]
    called = ", ".join([parent.name, *parts])
    settings = [Setting(a.target, Constant(v, v.span), v.span, called, a.name.value)
                for a, v in zip(axes, values, strict=True)]  # fmt: skip
    return parent.over(settings, name=called, title=None, span=name.span)


def _text(value: Quantity) -> str:
    return value.value if isinstance(value.value, str) else f"{value.value:g}"
