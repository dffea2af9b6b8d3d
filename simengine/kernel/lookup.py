"""Values of tables: between points, at points, and beyond them.

In: a `Table`, a rule, and x as one number or an array. Out: y, of the same shape.

Invariant: a number and an array holding it give the same bits; a point's own x gives exactly its y.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from simengine.model.expression import NOT_AVAILABLE
from simengine.model.lookup import Between, Table

Evaluate = Callable[[Any], Any]


def evaluator(table: Table, between: Between | None, missing: float | None, *, one: bool) -> Evaluate:
    """Return the function of x that a table is.

    Parameters
    ----------
    table, between
        The points, and a rule that overrules the table's own.
    missing
        What is given outside the points instead of holding the ends; None: the ends are held.
    one
        True for single numbers, False for arrays.

    """
    rule = between or table.between
    x = np.asarray(table.x, dtype=np.float64)
    y = np.asarray(table.y, dtype=np.float64)
    with np.errstate(all="ignore"):
        slope = np.diff(y) / np.diff(x) if len(x) > 1 else np.zeros(1)
    slope = np.where(np.isfinite(slope), slope, 0.0)
    match rule:
        case Between.INTERPOLATE | Between.EXTRAPOLATE:
            beyond = rule is Between.EXTRAPOLATE and len(x) > 1
            return (_line_one if one else _line_many)(x, y, slope, missing, beyond)
        case Between.HOLD | Between.FORWARD:
            return (_step_one if one else _step_many)(x, y, missing, forward=rule is Between.FORWARD)
        case Between.RAW:
            return _raw(x, y, one=one)


def _line_one(
    x: NDArray[np.float64], y: NDArray[np.float64], slope: NDArray[np.float64], missing: float | None, beyond: bool
) -> Evaluate:
    xs, ys, slopes = x.tolist(), y.tolist(), slope.tolist()
    first, last, top = xs[0], xs[-1], len(xs) - 1
    low = ys[0] if missing is None else missing
    high = ys[-1] if missing is None else missing

    def at(value: float) -> float:
        if value >= last:
            if value == last or not beyond:
                return np.float64(ys[-1] if value == last else high)
            return np.float64(ys[-1] + (value - last) * slopes[-1])
        if value < first:
            return np.float64(ys[0] + (value - first) * slopes[0] if beyond else low)
        if value != value:  # noqa: PLR0124  (not a number)
            return value
        place = min(bisect_right(xs, value) - 1, top - 1)
        return np.float64(ys[place] + (value - xs[place]) * slopes[place])

    return at


def _line_many(
    x: NDArray[np.float64], y: NDArray[np.float64], slope: NDArray[np.float64], missing: float | None, beyond: bool
) -> Evaluate:
    top = max(0, len(x) - 2)
    low = y[0] if missing is None else missing
    high = y[-1] if missing is None else missing

    def at(value: Any) -> Any:
        value = np.asarray(value, dtype=np.float64)
        place = np.clip(np.searchsorted(x, value, side="right") - 1, 0, top)
        out = y[place] + (value - x[place]) * slope[place]
        if beyond:
            out = np.where(value > x[-1], y[-1] + (value - x[-1]) * slope[-1], out)
        else:
            out = np.where(value > x[-1], high, np.where(value < x[0], low, out))
        out = np.where(value == x[-1], y[-1], out)
        return np.where(np.isnan(value), value, out)

    return at


def _step_one(x: NDArray[np.float64], y: NDArray[np.float64], missing: float | None, *, forward: bool) -> Evaluate:
    xs, ys = x.tolist(), y.tolist()

    def at(value: float) -> float:
        if value != value:  # noqa: PLR0124
            return value
        place = bisect_left(xs, value) if forward else bisect_right(xs, value) - 1
        if 0 <= place < len(xs):
            return np.float64(ys[place])
        return np.float64(missing if missing is not None else ys[0] if place < 0 else ys[-1])

    return at


def _step_many(x: NDArray[np.float64], y: NDArray[np.float64], missing: float | None, *, forward: bool) -> Evaluate:
    def at(value: Any) -> Any:
        value = np.asarray(value, dtype=np.float64)
        place = np.searchsorted(x, value, side="left") if forward else np.searchsorted(x, value, side="right") - 1
        out = y[np.clip(place, 0, len(x) - 1)]
        if missing is not None:
            out = np.where((place < 0) | (place >= len(x)), missing, out)
        return np.where(np.isnan(value), value, out)

    return at


def _raw(x: NDArray[np.float64], y: NDArray[np.float64], *, one: bool) -> Evaluate:
    # Vensim ref. ":RAW:": a value only where there is a point
    def at(value: Any) -> Any:
        value = np.asarray(value, dtype=np.float64)
        place = np.clip(np.searchsorted(x, value, side="left"), 0, len(x) - 1)
        near = np.abs(x[place] - value) <= 1e-9 * np.maximum(1.0, np.abs(value))
        before = np.clip(place - 1, 0, len(x) - 1)
        near_before = np.abs(x[before] - value) <= 1e-9 * np.maximum(1.0, np.abs(value))
        out = np.where(near, y[place], np.where(near_before, y[before], NOT_AVAILABLE))
        return np.float64(out) if one else out

    return at


def by_element(
    evaluators: dict[int, Evaluate], numbers: NDArray[np.int64], value: Any, *, many: bool
) -> NDArray[np.float64]:
    """Return values where every element has a table of its own; `numbers` lies over the axes."""
    numbers = numbers[..., None] if many else numbers
    shape = np.broadcast_shapes(numbers.shape, np.shape(value))
    wide = np.broadcast_to(value, shape)
    which = np.broadcast_to(numbers, shape)
    out = np.empty(shape)
    for number, evaluate in evaluators.items():
        chosen = which == number
        out[chosen] = evaluate(wide[chosen])
    return out
