"""Questions to tables besides their value at x: inverse, area, slope, and statistics of data.

References: Vensim reference manual, "LOOKUP INVERT", "LOOKUP AREA", "GET DATA ..." functions.

Invariant: every question is answered element by element, run by run, by the same code.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from simengine.kernel.clock import ClockState
from simengine.kernel.lookup import evaluator
from simengine.model.expression import NOT_AVAILABLE
from simengine.model.lookup import Between, Table
from simengine.program.node import Ask
from simengine.program.op import TableQuery


def answer(tables: Sequence[Table], node: Ask, arguments: Sequence[Any], clock: ClockState, *, many: bool) -> Any:
    """Return the answer of every element (and run)."""
    if isinstance(node.tables, int):
        numbers: NDArray[np.int64] = np.asarray(node.tables)
    else:
        numbers = node.tables[..., None] if many else node.tables
    wide = np.broadcast_arrays(numbers, *arguments)
    out = np.empty(wide[0].shape)
    flat = [np.ravel(w) for w in wide]
    target = out.reshape(-1)
    for place in range(target.size):
        table = tables[int(flat[0][place])]
        target[place] = _ask(node.query, table, [float(f[place]) for f in flat[1:]], clock)
    return out[()]


def _ask(query: TableQuery, table: Table, a: Sequence[float], clock: ClockState) -> float:
    x, y = np.asarray(table.x), np.asarray(table.y)
    match query:
        case TableQuery.INVERT:
            return _invert(x, y, a[0])
        case TableQuery.AREA:
            return _area(table, x, a[0], a[1])
        case TableQuery.SLOPE:
            place = int(np.clip(np.searchsorted(x, a[0], side="right") - 1, 0, max(0, len(x) - 2)))
            return float((y[place + 1] - y[place]) / (x[place + 1] - x[place])) if len(x) > 1 else 0.0
        case TableQuery.VALUE_BETWEEN:
            return _between(table, x, a[0], a[1], clock)
        case TableQuery.FIRST_TIME:
            return float(x[0])
        case TableQuery.LAST_TIME:
            return float(x[-1])
    inside = y[(x >= a[0]) & (x <= a[1])]
    if query is TableQuery.POINTS:
        return float(inside.size)
    if inside.size == 0:
        return NOT_AVAILABLE
    match query:
        case TableQuery.MEAN:
            return float(inside.mean())
        case TableQuery.MINIMUM:
            return float(inside.min())
        case TableQuery.MAXIMUM:
            return float(inside.max())
    return float(inside.std())


def _invert(x: NDArray[np.float64], y: NDArray[np.float64], value: float) -> float:
    # Vensim ref. "LOOKUP INVERT": the smallest x that gives y; the ends beyond the table
    for place in range(len(x) - 1):
        low, high = y[place], y[place + 1]
        if min(low, high) <= value <= max(low, high):
            return float(
                x[place] if low == high else x[place] + (value - low) * (x[place + 1] - x[place]) / (high - low)
            )
    rising = y[-1] >= y[0]
    return float(x[0] if (value < y[0]) == rising else x[-1])


def _area(table: Table, x: NDArray[np.float64], start: float, end: float) -> float:
    if end < start:
        return -_area(table, x, end, start)
    at = evaluator(table, None, None, one=False)
    points = np.concatenate([[start], x[(x > start) & (x < end)], [end]])
    values = at(points)
    return float(np.sum(np.diff(points) * (values[1:] + values[:-1]) / 2))


def _between(table: Table, x: NDArray[np.float64], time: float, mode: float, clock: ClockState) -> float:
    # Vensim ref. "GET DATA BETWEEN TIMES": -1 looks backward, 0 interpolates, 1 looks forward. Vensim output:
    # looking backward takes a point strictly before the time; both look from the last time step before it.
    if np.isnan(time):
        return time
    y = table.y
    if -1 < mode < 1:
        return float(evaluator(table, Between.INTERPOLATE, None, one=True)(time))
    grid = clock.start + np.floor((time - clock.start) / clock.step_size + 1e-6) * clock.step_size
    place = int(np.searchsorted(x, grid, side="left"))
    place = place if mode >= 1 else place - 1
    return float(y[min(max(place, 0), len(y) - 1)])
