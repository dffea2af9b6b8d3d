"""Curves over time: what a path means once names, units and inheritance are settled.

In: numbers in the variable's unit. Out: for any times the values; and the points of a series that gives them.

A jump belongs to its moment: before it the old value, at it and after it the new one. A series can only draw straight
lines between points, so a jump is two points, the first one representable number before the other. Where a curve is
not made of straight lines it has a point at every step and half step of the model (Runge-Kutta methods look there too):
what a run sees is then the formula's own value. Beyond `MOST_POINTS` of them in a stretch, as many equal parts; a
straight line over one n-th of an s-curve is off by at most 0.75/n^2 of its rise.

Invariant: a curve is a pure function of time.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from functools import cached_property
from typing import TypeAlias, assert_never

import numpy as np
from numpy.typing import NDArray

Array: TypeAlias = NDArray[np.float64]
Stretch: TypeAlias = tuple[float, float]

MOST_POINTS = 200
_NEAR = 1e-6  # part of a step: a moment nearer than this to a step is that step's


@dataclass(frozen=True)
class Clock:
    """The steps of a run."""

    start: float
    stop: float
    step: float

    @cached_property
    def times(self) -> Array:
        """The times of all steps: start + number x step, as the engine counts."""
        count = max(0, round((self.stop - self.start) / self.step))
        return np.asarray(self.start + np.arange(count + 1) * self.step, dtype=np.float64)

    def snap(self, time: float) -> float:
        """Return the time of the step a moment is meant to be, itself where it lies between steps."""
        nearest = self.start + round((time - self.start) / self.step) * self.step
        return nearest if abs(nearest - time) <= _NEAR * self.step else time


@dataclass(frozen=True, slots=True)
class Flat:
    """One value always."""

    value: float


@dataclass(frozen=True, slots=True)
class Stepped:
    """One curve before a moment, another from it on."""

    before: Curve
    after: Curve
    at: float


@dataclass(frozen=True, slots=True)
class Ramped:
    """From one curve to another between two moments.

    With b the value of `before` at `begin`, a that of `after` at `end`, and u = (t - begin)/(end - begin), it is
    b + (a - b) u; `smooth`: b + (a - b)(3u^2 - 2u^3), which leaves and arrives level.
    """

    before: Curve
    after: Curve
    begin: float
    end: float
    smooth: bool = False


@dataclass(frozen=True, slots=True)
class Pulsed:
    """Another curve during some stretches of time: from the begin of each, included, to its end, excluded."""

    before: Curve
    during: Curve
    stretches: tuple[Stretch, ...]


@dataclass(frozen=True, slots=True)
class Tabled:
    """Values at times, straight lines between them (`hold`: each held until the next); the ends are held."""

    times: tuple[float, ...]
    values: tuple[float, ...]
    hold: bool = False


@dataclass(frozen=True, slots=True)
class Combined:
    """Two curves added (sign 1), subtracted (sign -1) or multiplied (sign 0)."""

    left: Curve
    right: Curve
    sign: int


Curve: TypeAlias = Flat | Stepped | Ramped | Pulsed | Tabled | Combined


def values_at(curve: Curve, times: Array) -> Array:
    """Return the values of a curve at times, of the same shape.

    Examples
    --------
    >>> values_at(Ramped(Flat(0.0), Flat(10.0), 2020.0, 2030.0), np.array([2019.0, 2025.0, 2031.0])).tolist()
    [0.0, 5.0, 10.0]

    """
    match curve:
        case Flat(value=value):
            return np.full(times.shape, value, dtype=np.float64)
        case Stepped():
            return np.where(times < curve.at, values_at(curve.before, times), values_at(curve.after, times))
        case Ramped():
            return _ramp(curve, times)
        case Pulsed():
            return np.where(_in_pulse(curve, times), values_at(curve.during, times), values_at(curve.before, times))
        case Tabled(hold=True):
            place = np.searchsorted(np.asarray(curve.times), times, side="right") - 1
            return np.asarray(curve.values)[np.maximum(place, 0)]
        case Tabled():
            return np.interp(times, curve.times, curve.values)
        case Combined():
            left, right = values_at(curve.left, times), values_at(curve.right, times)
            return left * right if curve.sign == 0 else left + right if curve.sign > 0 else left - right
    assert_never(curve)


def value_at(curve: Curve, time: float) -> float:
    """Return the value of a curve at one time."""
    return float(values_at(curve, np.array([time]))[0])


def _ramp(curve: Ramped, times: Array) -> Array:
    begin, end = value_at(curve.before, curve.begin), value_at(curve.after, curve.end)
    u = np.clip((times - curve.begin) / (curve.end - curve.begin), 0.0, 1.0)
    part = u * u * (3.0 - 2.0 * u) if curve.smooth else u
    between = begin + (end - begin) * part
    late = np.where(times >= curve.end, values_at(curve.after, times), between)
    return np.where(times <= curve.begin, values_at(curve.before, times), late)


def _in_pulse(curve: Pulsed, times: Array) -> NDArray[np.bool_]:
    begins = np.array([b for b, _ in curve.stretches])
    ends = np.array([e for _, e in curve.stretches])
    if not begins.size:
        return np.zeros(times.shape, dtype=np.bool_)
    last = np.searchsorted(begins, times, side="right") - 1
    return np.asarray((last >= 0) & (times < ends[np.maximum(last, 0)]), dtype=np.bool_)


def repeated(
    clock: Clock, at: float, length: float, every: float | None = None, until: float | None = None
) -> tuple[Stretch, ...]:
    """Return when pulses begin and end in a run: at a moment, then every so often; from `until` on there is none.

    Examples
    --------
    >>> repeated(Clock(2020.0, 2030.0, 0.25), 2021.0, 1.0, 3.0, 2027.5)
    ((2021.0, 2022.0), (2024.0, 2025.0), (2027.0, 2027.5))

    """
    end = math.inf if until is None else until
    count = 1 if every is None else max(0, math.floor((clock.stop - at) / every)) + 1
    begins = [at + number * (every or 0.0) for number in range(count)]
    return tuple((clock.snap(b), clock.snap(min(b + length, end))) for b in begins if b < end)


@dataclass
class _Marks:
    """Where a curve bends and jumps, and in which stretches it is no straight line."""

    bends: set[float] = field(default_factory=set)
    jumps: set[float] = field(default_factory=set)
    curved: list[Stretch] = field(default_factory=list)


def _mark(curve: Curve, marks: _Marks, clock: Clock) -> None:
    match curve:
        case Flat():
            return
        case Stepped():
            marks.jumps.add(curve.at)
            _mark(curve.before, marks, clock)
            _mark(curve.after, marks, clock)
        case Ramped():
            marks.bends |= {curve.begin, curve.end}
            if curve.smooth:
                marks.curved.append((curve.begin, curve.end))
            _mark(curve.before, marks, clock)
            _mark(curve.after, marks, clock)
        case Pulsed():
            marks.jumps.update(t for stretch in curve.stretches for t in stretch)
            _mark(curve.before, marks, clock)
            _mark(curve.during, marks, clock)
        case Tabled():
            (marks.jumps if curve.hold else marks.bends).update(curve.times)
        case Combined():
            _mark(curve.left, marks, clock)
            _mark(curve.right, marks, clock)
            if curve.sign == 0 and not (is_flat(curve.left) or is_flat(curve.right)):
                marks.curved.append((clock.start, clock.stop))  # a line times a line is none
        case _:
            assert_never(curve)


def is_flat(curve: Curve) -> bool:
    """Return whether a curve is one value by its kind."""
    match curve:
        case Combined():
            return is_flat(curve.left) and is_flat(curve.right)
        case _:
            return isinstance(curve, Flat)


def points_of(curve: Curve, clock: Clock) -> dict[float, float]:
    """Return the points of a series that is the curve at every step of a run."""
    if is_flat(curve):
        return {clock.start: value_at(curve, clock.start)}
    marks = _Marks()
    _mark(curve, marks, clock)
    at = {clock.start, clock.stop} | {t for t in marks.bends | marks.jumps if clock.start <= t <= clock.stop}
    at |= {float(np.nextafter(t, -np.inf)) for t in marks.jumps if clock.start < t <= clock.stop}
    for stretch in marks.curved:
        at.update(_fine(stretch, clock))
    times = np.array(sorted(at))
    return dict(zip(times.tolist(), values_at(curve, times).tolist(), strict=True))


def _fine(stretch: Stretch, clock: Clock) -> list[float]:
    """Return the times at which a stretch that is no straight line is looked at."""
    begin, end = max(stretch[0], clock.start), min(stretch[1], clock.stop)
    if begin >= end:
        return []
    halves = clock.start + np.arange(2 * clock.times.size - 1) * (clock.step / 2)
    inside = np.concatenate([clock.times, halves])
    inside = np.unique(inside[(inside > begin) & (inside < end)])
    if inside.size > MOST_POINTS:
        inside = np.linspace(begin, end, MOST_POINTS + 1)[1:-1]
    return [float(t) for t in inside]
