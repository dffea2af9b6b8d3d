"""Values and slopes of lookup tables over intervals of x.

In: tables, which of them every element has, and intervals of x. Out: intervals of y, and of the slope by x.

Invariant: slopes of steps go from 0 to infinity, like those in `monotone`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray

from simengine.kernel.lookup import evaluator, slopes
from simengine.loops.interval import Array, Interval, between, widened
from simengine.model.lookup import Between, Table
from simengine.program.node import Slots

Part = Callable[[Table, Interval], Interval]
_LINES = frozenset({Between.INTERPOLATE, Between.EXTRAPOLATE})


def curve_value(
    tables: Sequence[Table], numbers: Slots, x: Interval, rule: Between | None, missing: float | None
) -> Interval:
    """Return what tables may give for x between two bounds."""
    return _by_table(tables, numbers, x, lambda table, part: _value(table, part, rule or table.between, missing))


def curve_slope(
    tables: Sequence[Table], numbers: Slots, x: Interval, rule: Between | None, missing: float | None
) -> Interval:
    """Return the slopes tables may have between two bounds of x."""
    return _by_table(tables, numbers, x, lambda table, part: _slope(table, part, rule or table.between, missing))


def inverse_slope(tables: Sequence[Table], numbers: Slots, y: Interval) -> Interval:
    """Return the slope of the x at which tables take a value: that of a table which never turns, else any."""
    return _by_table(tables, numbers, y, lambda table, part: between(*_trend(np.diff(table.y)), part))


def _by_table(tables: Sequence[Table], numbers: Slots, x: Interval, part: Part) -> Interval:
    """Return the intervals of every element by its table; `numbers` lie along all axes of x but the first, of times."""
    if isinstance(numbers, int):
        return part(tables[numbers], x)
    shape = np.broadcast_shapes(x.shape, (1, *numbers.shape))
    low, high = np.full(shape, -np.inf), np.full(shape, np.inf)
    own = np.broadcast_to(numbers, shape[1:])
    whole = Interval(np.broadcast_to(x.low, shape), np.broadcast_to(x.high, shape))
    for number in np.unique(own).tolist():
        if number >= 0:  # an element without a table gives no number
            chosen = own == number
            found = part(tables[number], Interval(whole.low[:, chosen], whole.high[:, chosen]))
            low[:, chosen], high[:, chosen] = found.low, found.high
    return Interval(low, high)


def _value(table: Table, x: Interval, rule: Between, missing: float | None) -> Interval:
    if rule not in _LINES:
        return _of_points(table, x, missing)
    at = evaluator(table, rule, None, one=False)
    with np.errstate(all="ignore"):
        ends = [np.asarray(at(np.clip(bound, -1e300, 1e300)), dtype=np.float64) for bound in (x.low, x.high)]
    points = np.asarray(table.x, dtype=np.float64)
    first, last = np.searchsorted(points, x.low, "left"), np.searchsorted(points, x.high, "right")
    turn = _least_and_most(np.asarray(table.y, dtype=np.float64), first, last)  # at a point inside
    low, high = np.minimum(np.minimum(*ends), turn.low), np.maximum(np.maximum(*ends), turn.high)
    return _with_missing(table, x, widened(low, high), None if rule is Between.EXTRAPOLATE else missing)


def _of_points(table: Table, x: Interval, missing: float | None) -> Interval:
    return _with_missing(table, x, between(min(table.y), max(table.y), x), missing)


def _with_missing(table: Table, x: Interval, y: Interval, missing: float | None) -> Interval:
    if missing is None:
        return y
    outside = (x.low < table.x[0]) | (x.high > table.x[-1])
    return Interval(
        np.where(outside, np.minimum(y.low, missing), y.low), np.where(outside, np.maximum(y.high, missing), y.high)
    )


def _slope(table: Table, x: Interval, rule: Between, missing: float | None) -> Interval:
    if rule not in _LINES or np.any(np.diff(table.x) == 0) or missing is not None:
        steps = [*np.diff(table.y).tolist(), 0.0] if missing is None else [-1.0, 1.0]
        if rule is Between.RAW:
            steps = [-1.0, 1.0]
        return between(*_trend(np.asarray(steps)), x)
    own = slopes(table)
    first, last = (own[0], own[-1]) if rule is Between.EXTRAPOLATE and own.size else (0.0, 0.0)
    starts = np.asarray([-np.inf, *table.x], dtype=np.float64)
    ends = np.asarray([*table.x, np.inf], dtype=np.float64)
    segments = np.asarray([first, *own.tolist(), last], dtype=np.float64)
    # an interval touches a segment by points inside it; of a single number at a corner both segments count
    single = x.low == x.high
    begin = np.where(single, np.searchsorted(ends, x.low, "left"), np.searchsorted(ends, x.low, "right"))
    end = np.where(single, np.searchsorted(starts, x.high, "right"), np.searchsorted(starts, x.high, "left"))
    return _least_and_most(segments, begin, end)


def _least_and_most(values: Array, begin: NDArray[np.int64], end: NDArray[np.int64]) -> Interval:
    """Return the least and the greatest of values[begin:end]; of none, infinity and minus infinity."""
    pairs = np.stack([begin, np.maximum(end, begin)], axis=-1).ravel()
    found = [
        np.where(begin < end, fold.reduceat(np.append(values, none), pairs)[::2].reshape(begin.shape), none)
        for fold, none in ((np.minimum, np.inf), (np.maximum, -np.inf))
    ]
    return Interval(found[0], found[1])


def _trend(steps: Array) -> tuple[float, float]:
    """Return the slopes of what goes by these steps: from 0 to infinity, or the other way, or any."""
    return (-np.inf if np.any(steps < 0) else 0.0), (np.inf if np.any(steps > 0) else 0.0)
