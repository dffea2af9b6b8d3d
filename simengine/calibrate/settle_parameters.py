"""Parameters as written, settled for a model: names, units, ranges, priors, transforms.

In: the section `parameters`. Out: parameters; what is wrong with them is noted.

Invariant: a parameter that is made has a range its start lies in, and a transform its range allows.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from simengine.api.gradient import find_inputs
from simengine.api.programs import parameter_places
from simengine.api.target import Target
from simengine.api.values import Points, ValueReader
from simengine.calibrate.file import Document
from simengine.calibrate.file import Parameter as Written
from simengine.calibrate.parameter import Array, Parameter, Setter
from simengine.inference.prior import Density
from simengine.inference.transform import Transform, transform_of
from simengine.language.yaml.reading import At, Reading
from simengine.model.variable import Role, role_of
from simengine.sampling.marginal import Continuous, Smoothed
from simengine.scenario.file import title_of
from simengine.scenario.names import ModelNames
from simengine.scenario.own import Own
from simengine.scenario.uncertainty import read_marginal
from simengine.source.diagnostic import InputError, Label, warning
from simengine.source.file import Span

_POINT = re.compile(r"(?P<name>.*\S)\s*\(\s*(?P<x>[-+0-9.eE]+)\s*\)\s*", re.DOTALL)
LITTLE = 0.05
"""A range with less of a prior is told."""
_ON_LOGARITHM = frozenset({"log", "log logit"})


def read_parameters(document: Document, names: ModelNames, fixed: Mapping[str, Any], to: Reading) -> list[Parameter]:
    """Return what is estimated."""
    reader = _Reader(names, fixed, to)
    found = [p for at, written in document.parameters if (p := reader.parameter(at, written)) is not None]
    if not document.parameters:
        to.error("nothing-to-fit", "nothing is estimated: `parameters` is empty", document.span)
    _refuse_twice(found, to)
    return found


@dataclass(frozen=True)
class _Reader:
    names: ModelNames
    fixed: Mapping[str, Any]
    to: Reading

    def parameter(self, at: At[str], written: Written) -> Parameter | None:
        """Return one parameter."""
        times = written.change is not None and written.change.value == "times"
        setters = [s for name in written.of or (at,) for s in [self._setter(name, times=times)]]
        if any(s is None for s in setters):
            return None
        found = tuple(s for s in setters if s is not None)
        unit = "dimensionless" if times else self._unit(at, found)
        if unit is None:
            return None
        about = f"the factor of `{found[0].target.text}`" if times else f"`{at.value}`"
        ends = self._range(written, unit, about)
        prior = self._prior(at, written, unit, about, found[0].target, ends)
        if prior is None:
            return None
        low, high = ends or prior.ends
        start = self._start(written, unit, about, found, (low, high), prior, times=times)
        measure = written.transform.value if written.transform else "none"
        transform = self._transform(written, at, measure, low, high)
        if start is None or transform is None:
            return None
        shown = "" if unit == "dimensionless" and times else unit
        return Parameter(
            at.value, shown, low, high, start, measure, transform, prior, getattr(prior, "text", ""), found, at.span,
            title_of(written.title, at.value), written.note.value if written.note else "", times,
            written.prior is not None,
        )  # fmt: skip

    # ---- what it sets

    def _setter(self, name: At[str], *, times: bool) -> Setter | None:
        point = _POINT.fullmatch(name.value)
        if point is not None:
            return self._point(name, point["name"], float(point["x"]), times=times)
        target = self.names.settable(name, self.to)
        if target is None:
            return None
        role = role_of(target.variable)
        if role is Role.LOOKUP:
            return self._points(name, target, times=times)
        if role not in {Role.CONSTANT, Role.STOCK}:
            text = f"`{target.text}` is computed by an equation: it cannot be estimated"
            self.to.error("not-estimable", text, name.span, help=[_ESTIMABLE])
            return None
        if role is Role.CONSTANT and np.any(parameter_places(self.names.model.program, target) < 0):
            text = f"`{target.text}` gives the model its shape (the order of a delay): it cannot be estimated"
            self.to.error("not-estimable", text, name.span)
            return None
        if not times:
            return Setter(target, np.ones(target.places.size))
        own = self._own(target)
        if own is None:
            text = f"`{target.text}` has no value of its own that could be multiplied"
            self.to.error("not-estimable", text, name.span, help=["give it one under `set`, or leave `change` out"])
            return None
        return Setter(target, own)

    def _points(self, name: At[str], target: Target, *, times: bool) -> Setter | None:
        if not times:
            points = self._of_lookup(target.text, name.span)
            shown = "" if points is None else f", such as `{target.text}({points.table.x[0]:g})`"
            text = f"`{target.text}` is a lookup: its points are estimated one by one{shown}"
            self.to.error("not-estimable", text, name.span, help=["or `change: times`, a factor of all its values"])
            return None
        points = self._of_lookup(target.text, name.span)
        if points is None:
            return None
        y = np.asarray(points.table.y, dtype=np.float64)
        return Setter(points.target, y, tuple(range(y.size)), tuple(float(x) for x in points.table.x))

    def _point(self, name: At[str], lookup: str, x: float, *, times: bool) -> Setter | None:
        target = self.names.find(At(lookup, name.span), self.to)
        points = None if target is None else self._of_lookup(target.text, name.span)
        if points is None:
            return None
        near = [n for n, own in enumerate(points.table.x) if np.isclose(own, x, rtol=1e-9, atol=1e-12)]
        if len(near) != 1:
            there = ", ".join(f"{own:g}" for own in points.table.x)
            text = f"`{points.target.text}` has no point of its own at {x:g}" if not near else (
                f"`{points.target.text}` has several points at {x:g}")  # fmt: skip
            self.to.error("not-estimable", text, name.span, help=[f"it has points at {there}"])
            return None
        by = float(points.table.y[near[0]]) if times else 1.0
        return Setter(points.target, np.array([by]), (near[0],), (float(points.table.x[near[0]]),))

    def _of_lookup(self, text: str, span: Span) -> Points | None:
        """Return the points of a lookup: those that are set, else its own."""
        model = self.names.model
        try:
            changes = ValueReader(model.definition, model.program).read(self.fixed)
            found = list(find_inputs(model.definition, model.program, [text], changes).points.values())
        except InputError as reason:
            self.to.error("not-estimable", str(reason), span)
            return None
        if len(found) != 1:
            text = f"`{text}` has {len(found)} sets of points" if found else f"`{text}` is no lookup: it has no points"
            hint = ["name one: " + ", ".join(f"`{p.target.text}`" for p in found)] if found else []
            self.to.error("not-estimable", text, span, help=hint)
            return None
        return found[0]

    def _own(self, target: Target) -> Array | None:
        """Return the values that elements have: those that are set, else the model's; None where there are none."""
        own = Own(self.names, target.variable)
        found: dict[int, float | None] = {place: own.number(place) for place in target.places.tolist()}
        for name, value in self.fixed.items():
            other = self.names.meant(name)
            if other.variable.key == target.variable.key and isinstance(value, float | int):
                found |= {place: float(value) for place in other.places.tolist() if place in found}
        values = [found[place] for place in target.places.tolist()]
        return None if any(v is None for v in values) else np.array(values, dtype=np.float64)

    # ---- its numbers

    def _unit(self, at: At[str], setters: tuple[Setter, ...]) -> str | None:
        """Return the unit of what is set, which must be the same for all."""
        units = list(dict.fromkeys(s.target.variable.units for s in setters))
        for other in units[1:]:
            known = len(self.to.problems)
            self.names.converted(1.0, units[0], other, at.span, self.to, f"`{setters[-1].target.text}`")
            if len(self.to.problems) > known:
                return None
            if self.names.converted(1.0, units[0], other, at.span, self.to, "") != 1.0:
                text = f"`{at.value}` sets variables in {units[0]} and in {other}: one number is not the same in both"
                self.to.error("unit-mismatch", text, at.span)
                return None
        return units[0]

    def _amount(self, amount: At[float | str], written: Written, unit: str, about: str) -> float | None:
        own = written.unit.value if written.unit else unit
        return self.names.in_unit(amount, own, unit, self.to, about)

    def _range(self, written: Written, unit: str, about: str) -> tuple[float, float] | None:
        if not written.range:
            return None
        low, high = (self._amount(end, written, unit, about) for end in written.range)
        if low is None or high is None:
            return None
        if low >= high:
            place = written.range[0].span.to(written.range[1].span)
            text = f"the range of {about} goes backwards: {high:g} is not above {low:g}"
            self.to.error("wrong-order", text, place)
            return None
        return low, high

    def _prior(
        self, at: At[str], written: Written, unit: str, about: str, target: Target, ends: tuple[float, float] | None
    ) -> Density | None:
        if written.range and ends is None:
            return None  # noted already
        if written.prior is None:
            if ends is None and not written.complete:
                return None  # what is wrong with it was told
            if ends is None:
                text = f"`{at.value}` needs `range`: [lowest, highest]"
                self.to.error("missing-key", text, at.span, help=["or a `prior`"])
                return None
            return Continuous("uniform", ends)
        marginal = read_marginal(written.prior, unit, about, target, self.names, self.to)
        if marginal is None:
            return None
        if not isinstance(marginal, Continuous | Smoothed):
            text = f"the prior of `{at.value}` has single values: derivatives need a density"
            hint = ["`smooth: on` makes one of a sample"] if written.prior.kind == "empirical" else []
            self.to.error("bad-distribution", text, written.prior.span, help=hint)
            return None
        return self._cut(at, written, marginal, ends)

    def _cut(
        self, at: At[str], written: Written, prior: Continuous | Smoothed, ends: tuple[float, float] | None
    ) -> Density | None:
        """Return a prior cut to the range."""
        if ends is None:
            return prior
        assert written.prior is not None
        place = written.range[0].span.to(written.range[1].span)
        low, high = max(ends[0], prior.ends[0]), min(ends[1], prior.ends[1])
        text = f"the range of `{at.value}` holds nothing of its prior, {prior.text}"
        if isinstance(prior, Smoothed):
            if low > prior.ends[0] or high < prior.ends[1]:
                text = f"the range of `{at.value}` cuts off a part of the sample that is its prior"
                self.to.error("bad-distribution", text, place, others=[Label(written.prior.span, prior.text)])
                return None
            return prior
        if low < high:
            cut = Continuous(prior.kind, prior.numbers, (low, high))
            if cut.mass > 0.0:
                if cut.mass < LITTLE:
                    text = f"the range of `{at.value}` holds {100.0 * cut.mass:.2g} % of its prior, {prior.text}"
                    others = [Label(written.prior.span, "its prior")]
                    hint = ["what is known and what is possible disagree: look at both"]
                    self.to.problems.append(warning("little-prior", text, place, others=others, help=hint))
                return cut if (low, high) != prior.ends else prior
        self.to.error("bad-distribution", text, place, others=[Label(written.prior.span, "its prior")])
        return None

    def _start(
        self, written: Written, unit: str, about: str, setters: tuple[Setter, ...], ends: tuple[float, float],
        prior: Density, *, times: bool,
    ) -> float | None:  # fmt: skip
        low, high = ends
        if written.start is not None:
            start = self._amount(written.start, written, unit, about)
            if start is not None and not low <= start <= high:
                text = f"the start of {about}, {start:g}, lies outside of its range from {low:g} to {high:g}"
                others = [Label(written.range[0].span.to(written.range[1].span), "its range")] if written.range else []
                self.to.error("beyond-range", text, written.start.span, others=others)
                return None
            return start
        own = self._start_in_model(setters, times=times)
        if own is not None and low < own < high:
            return own
        return float(prior.quantile(np.array([0.5]))[0])

    def _start_in_model(self, setters: tuple[Setter, ...], *, times: bool) -> float | None:
        if times:
            return 1.0
        if setters[0].points is not None:
            points = self._of_lookup(setters[0].target.text, setters[0].target.variable.span)  # type: ignore[arg-type]
            return None if points is None else float(points.table.y[setters[0].points[0]])
        own = self._own(setters[0].target)
        return None if own is None or np.any(own != own[0]) else float(own[0])

    def _transform(self, written: Written, at: At[str], measure: str, low: float, high: float) -> Transform | None:
        place = written.transform.span if written.transform else at.span
        ranged = bool(np.isfinite(low) and np.isfinite(high))
        if measure in _ON_LOGARITHM and (low < 0.0 or (low == 0.0 and ranged)):
            text = f"`{at.value}` may be {low:g}, which has no logarithm"
            others = [Label(written.range[0].span, "its lowest value")] if written.range else []
            self.to.error(
                "bad-transform", text, place, others=others, help=["begin the range above 0, or take `logit`"]
            )
            return None
        if measure in {"logit", "probit", "log logit"} and not ranged:
            text = f"`{measure}` needs a range with two ends, and that of `{at.value}` goes from {low:g} to {high:g}"
            self.to.error("bad-transform", text, place, help=["give `range: [lowest, highest]`"])
            return None
        if np.isinf(low) and np.isfinite(high):
            text = f"`{at.value}` has an upper end, {high:g}, but no lower one"
            self.to.error("bad-transform", text, place, help=["give `range: [lowest, highest]`"])
            return None
        word = measure
        if measure == "log" and ranged:
            word = "log logit"
        elif measure == "none":
            word = "logit" if ranged else "log" if np.isfinite(low) else "none"
        if word == "log" and low > 0.0:
            from simengine.inference.transform import Log

            return Log(low)
        return transform_of(word, low, high)


_ESTIMABLE = "constants, initial values of stocks, points of lookups and strengths of links can be"


def _refuse_twice(parameters: list[Parameter], to: Reading) -> None:
    """Note parameters that set the same element or point."""
    first: dict[object, Parameter] = {}
    for parameter in parameters:
        for setter in parameter.setters:
            key = setter.target.variable.key
            places = setter.target.places.tolist()
            every = [(key, p, point) for p in places for point in setter.points] if setter.points else [
                (key, p, None) for p in places]  # fmt: skip
            other = next((o for k in every if (o := first.setdefault(k, parameter)) is not parameter), None)
            if other is not None:
                text = f"`{parameter.name}` and `{other.name}` both set `{setter.target.text}`"
                to.error("duplicate-key", text, parameter.span, others=[Label(other.span, "the first time")])
                break
