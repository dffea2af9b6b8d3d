"""Questions to tables besides their value at x: inverse, area, slope, and statistics of data.

In: an `Ask` node's tables, its arguments as arrays, the clock. Out: answers, over the node's axes (and runs).

Invariant: every question is answered element by element, run by run, by the same code.
References: Vensim reference manual, "LOOKUP INVERT", "LOOKUP AREA", "LOOKUP SLOPE", and the "GET DATA" functions.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from simengine.kernel.clock import ClockState
from simengine.kernel.lookup import TableSet, slopes
from simengine.model.expression import NOT_AVAILABLE
from simengine.model.lookup import Between, Table
from simengine.program.node import Ask
from simengine.program.op import TableQuery

Array: TypeAlias = NDArray[np.float64]


def answer(tables: Sequence[Table], node: Ask, arguments: Sequence[Any], clock: ClockState, *, many: bool) -> Any:
    """Return the answer of every element (and run)."""
    query = QUERIES[node.query]
    if isinstance(node.tables, int):
        given = np.broadcast_arrays(*(np.asarray(a, dtype=np.float64) for a in arguments)) if arguments else []
        return query(Points(tables[node.tables]), list(given), clock)[()]
    numbers = node.tables[..., None] if many else node.tables
    numbers, *given = np.broadcast_arrays(numbers, *(np.asarray(a, dtype=np.float64) for a in arguments))
    out = np.full(numbers.shape, np.nan)
    for number in np.unique(numbers).tolist():
        if number >= 0:
            chosen = numbers == number
            out[chosen] = query(Points(tables[number]), [a[chosen] for a in given], clock)
    return out


@dataclass(frozen=True)
class Points:
    """A table, as arrays."""

    table: Table

    @cached_property
    def x(self) -> Array:
        """Return the places of the points."""
        return np.asarray(self.table.x, dtype=np.float64)

    @cached_property
    def y(self) -> Array:
        """Return the values of the points."""
        return np.asarray(self.table.y, dtype=np.float64)

    def line(self, value: Array, rule: Between = Between.INTERPOLATE) -> Array:
        """Return y between the points, ends held."""
        return np.asarray(TableSet([self.table], rule, None)(value, 0))


Query = Callable[[Points, list[Array], ClockState], Array]


def _first_inverse(points: Points, value: Array) -> tuple[Array, NDArray[np.bool_]]:
    """Return the smallest x at which the line takes a value, and where there is one."""
    x, y = points.x, points.y
    out = np.full(value.shape, x[0])
    found = value == y[0]
    for place in range(len(x) - 1):
        low, high = y[place], y[place + 1]
        here = ~found & (np.minimum(low, high) <= value) & (value <= np.maximum(low, high))
        step = 0.0 if low == high else (value - low) * (x[place + 1] - x[place]) / (high - low)
        out = np.where(here, x[place] + step, out)
        found = found | here
    return out, found


def _invert(points: Points, a: list[Array], _clock: ClockState) -> Array:
    # Vensim ref. "LOOKUP INVERT": the smallest such x; beyond the table's values :NA:
    (value,) = a
    out, found = _first_inverse(points, value)
    return np.where(np.isnan(value), value, np.where(found, out, NOT_AVAILABLE))


def _invert_held(points: Points, a: list[Array], _clock: ClockState) -> Array:
    # Stella help, LOOKUPINV: the first x; out of range the first or last point, or extrapolated
    (value,) = a
    x, y = points.x, points.y
    out, found = _first_inverse(points, value)
    first = (value < y[0]) == (y[-1] >= y[0])
    beyond = np.where(first, x[0], x[-1])
    if points.table.between is Between.EXTRAPOLATE and len(x) > 1:
        slope = slopes(points.table)
        below = x[0] + (value - y[0]) / slope[0]
        above = x[-1] + (value - y[-1]) / slope[-1]
        beyond = np.where(np.isfinite(below) & first, below, np.where(np.isfinite(above) & ~first, above, beyond))
    return np.where(np.isnan(value), value, np.where(found, out, beyond))


def _area(points: Points, a: list[Array], _clock: ClockState) -> Array:
    return _area_to(points, a[1]) - _area_to(points, a[0])


def _area_within(points: Points, a: list[Array], _clock: ClockState) -> Array:
    # Stella help, LOOKUPAREA: beyond the points nothing counts, unless extrapolated; the order does not matter
    low, high = np.minimum(*a), np.maximum(*a)
    if points.table.between is not Between.EXTRAPOLATE:
        low, high = (np.clip(v, points.x[0], points.x[-1]) for v in (low, high))
    return _area_to(points, high) - _area_to(points, low)


def _area_to(points: Points, value: Array) -> Array:
    """Return the integral from the first point to x, by trapezoids."""
    x, y = points.x, points.y
    rule = Between.EXTRAPOLATE if points.table.between is Between.EXTRAPOLATE else Between.INTERPOLATE
    whole = np.concatenate([[0.0], np.cumsum(np.diff(x) * (y[1:] + y[:-1]) / 2)])
    place = np.clip(np.searchsorted(x, value, side="right") - 1, 0, len(x) - 1)
    return whole[place] + (value - x[place]) * (y[place] + points.line(value, rule)) / 2


def _centre(points: Points, a: list[Array], _clock: ClockState) -> Array:
    # unverified: Stella's LOOKUPMEAN, read from how a public model of its makers uses it: the mean of a distribution
    x, y = points.x, points.y
    high = np.clip(a[0], x[0], x[-1])
    low = np.clip(a[1], x[0], x[-1]) if len(a) > 1 else np.full(high.shape, x[0])
    weight, moment = np.zeros(high.shape), np.zeros(high.shape)
    for place in range(len(x) - 1):
        left, right = np.clip(x[place], low, high), np.clip(x[place + 1], low, high)
        slope = (y[place + 1] - y[place]) / (x[place + 1] - x[place]) if x[place + 1] > x[place] else 0.0
        first, last = (y[place] + slope * (end - x[place]) for end in (left, right))
        middle = (left + right) / 2
        weight = weight + (right - left) * (first + last) / 2
        # Simpson's rule is exact for the square that x times a line is
        moment = moment + (right - left) / 6 * (left * first + 4 * middle * (first + last) / 2 + right * last)
    return moment / weight


def _slope(points: Points, a: list[Array], _clock: ClockState) -> Array:
    # unverified: "LOOKUP SLOPE": the segment x is in; at a point that to its right, or to its left for a mode
    # below 0; flat beyond the ends
    value = a[0]
    x = points.x
    right = np.searchsorted(x, value, side="right") - 1
    left = np.searchsorted(x, value, side="left") - 1
    place = np.where(a[1] < 0, left, right) if len(a) > 1 else right
    inside = (place >= 0) & (place < len(x) - 1)
    every = np.append(slopes(points.table), 0.0)
    return np.where(np.isnan(value), value, np.where(inside, every[np.where(inside, place, -1)], 0.0))


def _between(points: Points, a: list[Array], clock: ClockState) -> Array:
    # Vensim ref. "GET DATA BETWEEN TIMES": -1 looks backward, 0 interpolates, 1 looks forward. Vensim output:
    # looking backward takes a point strictly before the time; both look from the last time step before it.
    time, mode = a
    x, y = points.x, points.y
    grid = clock.start + np.floor((time - clock.start) / clock.step_size + 1e-6) * clock.step_size
    place = np.searchsorted(x, grid, side="left")
    stepped = y[np.clip(np.where(mode >= 1, place, place - 1), 0, len(y) - 1)]
    value = np.where((mode > -1) & (mode < 1), points.line(time), stepped)
    return np.where(np.isnan(time), time, value)


def _stretch(gather: Callable[[Array], Any], empty: float) -> Query:
    """Return the query that gathers the values of points within a stretch of time."""

    def query(points: Points, a: list[Array], _clock: ClockState) -> Array:
        first, last = a
        begins = np.searchsorted(points.x, first, side="left")
        ends = np.searchsorted(points.x, last, side="right")
        out = np.full(first.shape, empty)
        pairs = np.stack([begins, ends], axis=-1).reshape(-1, 2)
        for begin, end in np.unique(pairs, axis=0).tolist():
            if end > begin:
                out[(begins == begin) & (ends == end)] = gather(points.y[begin:end])
        return out

    return query


def _fill(value: Callable[[Points], float]) -> Query:
    return lambda points, _a, _clock: np.asarray(value(points), dtype=np.float64)


QUERIES: dict[TableQuery, Query] = {
    TableQuery.INVERT: _invert,
    TableQuery.INVERT_HELD: _invert_held,
    TableQuery.AREA: _area,
    TableQuery.AREA_WITHIN: _area_within,
    TableQuery.CENTRE: _centre,
    TableQuery.SLOPE: _slope,
    TableQuery.VALUE_BETWEEN: _between,
    TableQuery.FIRST_TIME: _fill(lambda points: float(points.x[0])),
    TableQuery.LAST_TIME: _fill(lambda points: float(points.x[-1])),
    TableQuery.MEAN: _stretch(np.mean, NOT_AVAILABLE),
    TableQuery.MINIMUM: _stretch(np.min, NOT_AVAILABLE),
    TableQuery.MAXIMUM: _stretch(np.max, NOT_AVAILABLE),
    # unverified: whether Vensim divides by n or n - 1
    TableQuery.STANDARD_DEVIATION: _stretch(np.std, NOT_AVAILABLE),
    TableQuery.POINTS: _stretch(np.size, 0.0),
}
