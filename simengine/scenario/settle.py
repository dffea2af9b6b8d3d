"""From paths as written to curves: units converted, times snapped to steps, `inherit` filled in.

In: a written path, the target it is for, and the curve there would be without it. Out: a curve, or None with the
problem noted.

Invariant: the same path over the same curve gives the same curve.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import pairwise

from simengine.api.target import Target
from simengine.language.yaml.reading import At, Reading
from simengine.scenario.column import finite_number, read_column
from simengine.scenario.curve import Clock, Combined, Curve, Flat, Pulsed, Ramped, Stepped, Tabled, repeated, value_at
from simengine.scenario.names import ModelNames
from simengine.scenario.path import (
    Column,
    Constant,
    Elements,
    Gain,
    Inherited,
    Layered,
    Level,
    Points,
    Pulse,
    Ramp,
    Relative,
    Step,
    Table,
    Written,
)
from simengine.scenario.reader import beside
from simengine.source.diagnostic import Label
from simengine.source.file import Span

_SIGNS = {"times": 0, "plus": 1, "minus": -1}


@dataclass(frozen=True, slots=True)
class Ground:
    """What a path stands on: its target, which of its elements (by number), and what would be there without it."""

    target: Target
    number: int
    inherited: Curve | None
    unit: str
    text: str


@dataclass
class Settler:
    """Makes curves of paths for one model and its clock."""

    names: ModelNames
    clock: Clock
    to: Reading
    _columns: dict[tuple[str, str, str], tuple[tuple[float, ...], tuple[float, ...]] | None] = field(
        default_factory=dict
    )

    def curve(self, written: Written, ground: Ground) -> Curve | None:
        """Return the curve a path is."""
        match written:
            case Constant(value=value):
                return self._level(value, ground)
            case Step():
                return self._step(written, ground)
            case Ramp():
                return self._ramp(written, ground)
            case Pulse():
                return self._pulse(written, ground)
            case Table():
                return self._table(written, ground)
            case Column():
                return self._column(written, ground)
            case Relative():
                return self._relative(written, ground)
            case Layered(layers=layers):
                curve = ground.inherited
                for layer in layers:
                    curve = self.curve(layer, _over(ground, curve))
                    if curve is None:
                        return None
                return curve
            case Elements():
                return self._elements(written, ground)
            case Gain(gain=gain):
                return Flat(gain.value)
            case Points():
                text = f"`{ground.target.variable.name}` is no lookup: it takes a value or a path, no points"
                self.to.error("wrong-kind", text, written.span)
                return None

    def _level(self, level: Level, ground: Ground) -> Curve | None:
        if isinstance(level, Inherited):
            return self._inherited(level.span, ground)
        value = self.names.number(level, ground.unit, self.to, f"`{ground.text}`")
        return None if value is None else Flat(value)

    def _inherited(self, span: Span, ground: Ground) -> Curve | None:
        if ground.inherited is None:
            text = f"`{ground.text}` has an equation in the model: there is no value to inherit"
            self.to.error("nothing-to-inherit", text, span, help=["give it a value or a path that needs none"])
        return ground.inherited

    def _moment(self, time: At[float]) -> float:
        return self.clock.snap(time.value)

    def _step(self, written: Step, ground: Ground) -> Curve | None:
        if len(written.step) == 2:
            before = self._level(written.step[0], ground)
        else:
            before = self._inherited(written.span, ground)
        after = self._level(written.step[-1], ground)
        self._within(written.at, "a step")
        return None if before is None or after is None else Stepped(before, after, self._moment(written.at))

    def _within(self, time: At[float], what: str) -> None:
        if time.value > self.clock.stop:
            text = f"{what} at {time.value:g} is after the end of the run, {self.clock.stop:g}"
            self.to.error("beyond-horizon", text, time.span)

    def _ramp(self, written: Ramp, ground: Ground) -> Curve | None:
        begin, end = written.over
        if begin.value >= end.value:
            text = f"the ramp runs backwards: {end.value:g} is not after {begin.value:g}"
            self.to.error("wrong-order", text, begin.span.to(end.span))
            return None
        self._within(begin, "a ramp that begins")
        before, after = self._level(written.ramp[0], ground), self._level(written.ramp[1], ground)
        if before is None or after is None:
            return None
        smooth = written.shape is not None and written.shape.value == "s-curve"
        return Ramped(before, after, self._moment(begin), self._moment(end), smooth)

    def _pulse(self, written: Pulse, ground: Ground) -> Curve | None:
        length = self.names.duration(written.length, self.to, "how long a pulse lasts")
        every = None
        if written.every is not None:
            every = self.names.duration(written.every, self.to, "the time from one pulse to the next")
            if every is None:
                return None
        before, during = self._inherited(written.span, ground), self._level(written.pulse, ground)
        self._within(written.at, "a pulse")
        if length is None or before is None or during is None:
            return None
        if every is not None and every < length:
            text = f"a pulse of {length:g} comes again after {every:g}: it would never end"
            self.to.error("wrong-order", text, written.span)
            return None
        until = None
        if written.until is not None:
            if written.until.value <= written.at.value:
                text = f"no pulse begins: `until` {written.until.value:g} is not after `at` {written.at.value:g}"
                self.to.error("wrong-order", text, written.until.span)
                return None
            until = written.until.value
        return Pulsed(before, during, repeated(self.clock, written.at.value, length, every, until))

    def _table(self, written: Table, ground: Ground) -> Curve | None:
        times, values = [], []
        for at, level in written.table:
            time = finite_number(at.value)
            if time is None:
                self.to.error("wrong-kind", f"a time is expected here, not the text `{at.value}`", at.span)
                return None
            moment = self._moment(At(time, at.span))
            curve = self._level(level, ground)
            if curve is None:
                return None
            times.append(moment)
            values.append(value_at(curve, moment))
        if not times:
            self.to.error("too-few", "a table needs at least one time with its value", written.span)
            return None
        for (a, b), (x, y) in zip(pairwise(times), pairwise(written.table), strict=True):
            if b <= a:
                text = f"the times of a table rise: {y[0].value} does not come after {x[0].value}"
                self.to.error("wrong-order", text, y[0].span, others=[Label(x[0].span, "the one before")])
                return None
        return Tabled(tuple(times), tuple(values), _holds(written.interp))

    def _column(self, written: Column, ground: Ground) -> Curve | None:
        key = (str(beside(written.csv)), written.time.value if written.time else "", written.column.value)
        if key not in self._columns:
            self._columns[key] = read_column(beside(written.csv), written, self.to)
        found = self._columns[key]
        if found is None:
            return None
        own, unit = written.unit.value if written.unit else "", ground.unit
        place = written.unit.span if written.unit else written.span
        values = [self.names.converted(v, own, unit, place, self.to, f"`{ground.text}`") for v in found[1]]
        if any(v is None for v in values):
            return None
        times = tuple(self.clock.snap(t) for t in found[0])
        return Tabled(times, tuple(v for v in values if v is not None), _holds(written.interp))

    def _relative(self, written: Relative, ground: Ground) -> Curve | None:
        neutral = Flat(1.0) if written.word == "times" else Flat(0.0)
        unit = "dimensionless" if written.word == "times" else ground.unit
        about = f"the factor of `{ground.text}`" if written.word == "times" else ground.text
        inherited = self._inherited(written.span, ground)
        by = self.curve(written.by, Ground(ground.target, ground.number, neutral, unit, about))
        if inherited is None or by is None:
            return None
        if isinstance(inherited, Flat) and isinstance(by, Flat):
            both = Combined(inherited, by, _SIGNS[written.word])
            return Flat(value_at(both, self.clock.start))
        return Combined(inherited, by, _SIGNS[written.word])

    def _elements(self, written: Elements, ground: Ground) -> Curve | None:
        count = ground.target.places.size
        if len(written.values) != count:
            text = f"`{ground.target.text}` takes {count} value{'s' if count > 1 else ''}, not {len(written.values)}"
            self.to.error("wrong-number-of-values", text, written.span)
            return None
        return self._level(written.values[ground.number], ground)


def _over(ground: Ground, curve: Curve | None) -> Ground:
    return Ground(ground.target, ground.number, curve, ground.unit, ground.text)


def _holds(interp: At[str] | None) -> bool:
    return interp is not None and interp.value == "step"


def is_absolute(written: Written) -> bool:
    """Return whether a path needs nothing inherited."""
    match written:
        case Constant(value=value):
            return not isinstance(value, Inherited)
        case Step(step=levels):
            return len(levels) == 2 and not any(isinstance(v, Inherited) for v in levels)
        case Ramp(ramp=levels):
            return not any(isinstance(v, Inherited) for v in levels)
        case Table(table=points):
            return not any(isinstance(v, Inherited) for _, v in points)
        case Layered(layers=layers):
            return any(is_absolute(layer) for layer in layers)
        case Column() | Elements() | Points() | Gain():
            return True
        case Relative() | Pulse():
            return False
