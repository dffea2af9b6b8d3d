"""Values of tables: between points, at points, and beyond them.

In: a `Table` or several, a rule, and x as one number or an array. Out: y, of the same shape.

Invariant: a number and an array holding it give the same bits; a point's own x gives exactly its y.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from simengine.model.expression import NOT_AVAILABLE
from simengine.model.lookup import Between, Table

Evaluate = Callable[[Any], Any]
Array = NDArray[np.float64]
Rows = Any
"""Which table of a set: a number, or an array of numbers."""

FEW = 64
"""Elements up to which a loop in Python is faster than operations on arrays."""

NEAR = 1e-9
"""How far, relatively, x may be from a point to be at the point (:RAW: data)."""


def evaluator(table: Table, between: Between | None, missing: float | None, *, one: bool) -> Evaluate:
    """Return the function of x that a table is.

    Parameters
    ----------
    table, between
        The points, and a rule that overrules the table's own.
    missing
        What is given outside the points instead of holding the ends; None: the ends are held. A rule that
        continues beyond the ends has no use for it.
    one
        True for single numbers, False for arrays.

    """
    rule = between or table.between
    if one and rule in {Between.INTERPOLATE, Between.EXTRAPOLATE}:
        return _line_one(table, missing, beyond=rule is Between.EXTRAPOLATE)
    if one and rule in {Between.HOLD, Between.FORWARD}:
        return _step_one(table, missing, forward=rule is Between.FORWARD)
    tables = TableSet([table], rule, missing)
    if one:
        return lambda value: np.float64(tables(value, 0))
    return lambda value: tables(value, 0)


def evaluator_of_few(
    tables: Sequence[Table], numbers: NDArray[np.int64], between: Between | None, missing: float | None
) -> Evaluate:
    """Return what `evaluator_of_many` does, faster where x and the tables make up few elements."""
    packed = evaluator_of_many(tables, numbers, between, missing)
    if numbers.size > FEW:
        return packed
    own = {int(n): evaluator(tables[n], between, missing, one=True) for n in np.unique(numbers).tolist() if n >= 0}
    functions = [own.get(n, _no_table) for n in numbers.ravel().tolist()]

    def at(value: Any) -> Any:
        if np.ndim(value) == 0:
            return np.array([f(value) for f in functions]).reshape(numbers.shape)
        if value.shape == numbers.shape:
            values = zip(functions, value.ravel().tolist(), strict=True)
            return np.array([f(x) for f, x in values]).reshape(numbers.shape)
        return packed(value)

    return at


def _no_table(_value: float) -> float:
    return np.nan


def evaluator_of_many(
    tables: Sequence[Table], numbers: NDArray[np.int64], between: Between | None, missing: float | None
) -> Evaluate:
    """Return the function of x of an array of tables; x is broadcast against their numbers.

    An element without a table (number -1) is not a number.
    """
    used = sorted({int(n) for n in numbers.ravel() if n >= 0})
    rules: dict[Between, list[int]] = {}
    for number in used:
        rules.setdefault(between or tables[number].between, []).append(number)
    parts = []
    for rule, own in rules.items():
        row = np.zeros(len(tables), dtype=np.int64)
        row[own] = np.arange(len(own))
        parts.append((np.isin(numbers, own), row[numbers], TableSet([tables[n] for n in own], rule, missing)))
    if len(parts) == 1 and parts[0][0].all():
        _, rows, only = parts[0]
        return lambda value: only(value, rows)

    def at(value: Any) -> Array:
        out = np.full(np.broadcast_shapes(numbers.shape, np.shape(value)), np.nan)
        for chosen, rows, tables_of_rule in parts:
            np.copyto(out, tables_of_rule(value, rows), where=chosen)
        return out

    return at


class TableSet:
    """Tables of one rule, packed side by side: rows are tables, padded to one length.

    Parameters
    ----------
    tables, rule, missing
        As for `evaluator`.

    """

    def __init__(self, tables: Sequence[Table], rule: Between, missing: float | None) -> None:
        self.rule = rule
        self.counts = np.asarray([len(t.x) for t in tables], dtype=np.int64)
        self.levels = max(1, int(self.counts.max())).bit_length()
        shape = (len(tables), (1 << self.levels) - 1)  # so long that halving needs no check of the end
        self.x, self.y = np.full(shape, np.inf), np.zeros(shape)
        self.slope = np.zeros(shape)
        for number, table in enumerate(tables):
            count = len(table.x)
            self.x[number, :count], self.y[number, :count] = table.x, table.y
            self.slope[number, : max(0, count - 1)] = slopes(table)
        last = self.counts - 1
        rows = np.arange(len(tables))
        self.first_x, self.last_x = self.x[:, 0], self.x[rows, last]
        self.first_y, self.last_y = self.y[:, 0], self.y[rows, last]
        self.low = self.first_y if missing is None else np.full(len(tables), missing)
        self.high = self.last_y if missing is None else np.full(len(tables), missing)
        self.first_slope, self.last_slope = self.slope[:, 0], self.slope[rows, np.maximum(0, last - 1)]
        self.several = self.counts > 1

    def __call__(self, value: Any, row: Rows) -> Any:
        """Return y at x = value; `row` is broadcast against it."""
        value = np.asarray(value, dtype=np.float64)
        match self.rule:
            case Between.INTERPOLATE | Between.EXTRAPOLATE:
                out = self._line(value, row)
            case Between.HOLD:
                out = self._step(value, row, self._count(value, row, side="right") - 1)
            case Between.FORWARD:
                out = self._step(value, row, self._count(value, row, side="left"))
            case Between.RAW:
                out = self._raw(value, row)
        return np.where(np.isnan(value), value, out)

    def _count(self, value: Array, row: Rows, *, side: str) -> NDArray[np.int64]:
        """Return how many points lie before x, those at x included for side "right"."""
        if len(self.counts) == 1:
            found = np.searchsorted(self.x[0, : self.counts[0]], value, side="right" if side == "right" else "left")
            return np.asarray(found, dtype=np.int64)
        before = np.less_equal if side == "right" else np.less
        place = np.zeros(np.broadcast_shapes(np.shape(row), value.shape), dtype=np.int64)
        for level in reversed(range(self.levels)):
            half = 1 << level
            place += np.where(before(self.x[row, place + (half - 1)], value), half, 0)
        return np.minimum(place, self.counts[row])

    def _line(self, value: Array, row: Rows) -> Array:
        place = self._count(value, row, side="right") - 1
        place = np.clip(place, 0, np.maximum(0, self.counts[row] - 2))
        out = self.y[row, place] + (value - self.x[row, place]) * self.slope[row, place]
        last, first = self.last_x[row], self.first_x[row]
        if self.rule is Between.EXTRAPOLATE:
            above = self.last_y[row] + (value - last) * self.last_slope[row]
            below = self.first_y[row] + (value - first) * self.first_slope[row]
            above = np.where(self.several[row], above, self.last_y[row])
            below = np.where(self.several[row], below, self.first_y[row])
        else:
            above, below = self.high[row], self.low[row]
        out = np.where(value > last, above, np.where(value < first, below, out))
        return np.where(value == last, self.last_y[row], out)

    def _step(self, value: Array, row: Rows, place: NDArray[np.int64]) -> Array:
        out = self.y[row, np.clip(place, 0, self.counts[row] - 1)]
        outside = np.where(value > self.last_x[row], self.high[row], self.low[row])
        return np.where((value < self.first_x[row]) | (value > self.last_x[row]), outside, out)

    def _raw(self, value: Array, row: Rows) -> Array:
        # Vensim ref. "Data equations": raw data are missing wherever there is no point
        last = self.counts[row] - 1
        place = np.clip(self._count(value, row, side="left"), 0, last)
        before = np.clip(place - 1, 0, last)
        near = NEAR * np.maximum(1.0, np.abs(value))
        at = np.abs(self.x[row, place] - value) <= near
        at_before = np.abs(self.x[row, before] - value) <= near
        return np.where(at, self.y[row, place], np.where(at_before, self.y[row, before], NOT_AVAILABLE))


def slopes(table: Table) -> Array:
    """Return the slopes between a table's points; 0 where x stands still (a jump)."""
    x, y = np.asarray(table.x, dtype=np.float64), np.asarray(table.y, dtype=np.float64)
    with np.errstate(all="ignore"):
        slope = np.diff(y) / np.diff(x)
    return np.where(np.isfinite(slope), slope, 0.0)


def _line_one(table: Table, missing: float | None, *, beyond: bool) -> Evaluate:
    xs, ys = list(map(float, table.x)), list(map(float, table.y))
    slope = [*slopes(table).tolist(), 0.0]
    first, last, top = xs[0], xs[-1], max(0, len(xs) - 2)
    low = ys[0] if missing is None or beyond else missing
    high = ys[-1] if missing is None or beyond else missing
    beyond = beyond and len(xs) > 1

    def at(value: float) -> float:
        if value < last:
            if value >= first:
                place = bisect_right(xs, value) - 1
                place = min(place, top)
                return np.float64(ys[place] + (value - xs[place]) * slope[place])
            return np.float64(ys[0] + (value - first) * slope[0] if beyond else low)
        if value == last:
            return np.float64(ys[-1])
        if value > last:
            return np.float64(ys[-1] + (value - last) * slope[-2] if beyond else high)
        return value  # not a number

    return at


def _step_one(table: Table, missing: float | None, *, forward: bool) -> Evaluate:
    xs, ys = list(map(float, table.x)), list(map(float, table.y))
    first, last = xs[0], xs[-1]
    low = ys[0] if missing is None else missing
    high = ys[-1] if missing is None else missing

    def at(value: float) -> float:
        if value != value:  # noqa: PLR0124  (not a number)
            return value
        if value < first or value > last:
            return np.float64(low if value < first else high)
        return np.float64(ys[bisect_left(xs, value) if forward else bisect_right(xs, value) - 1])

    return at
