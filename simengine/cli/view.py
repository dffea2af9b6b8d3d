"""What is shown of a run: a table for people, values for machines.

In: a model and its run. Out: text, or plain data for JSON.

Invariant: nothing is printed here.
"""

from __future__ import annotations

import shutil
import sys
from typing import Any

import numpy as np
from numpy.typing import NDArray

from simengine.api.model import Model
from simengine.cli.terminal import number, shortened, table
from simengine.model.variable import Role
from simengine.results.labels import Column
from simengine.results.run import Run

_MOST_ROWS = 40
_MOST_TIMES = 7
_MOST_ELEMENTS = 3  # of an array, unless it is asked for


def describe(run: Run) -> dict[str, Any]:
    """Return units, failure and how it was run, as plain data."""
    failed = run.failed
    info = run.info
    return {
        "units": {name: unit for name, unit in run.units.items() if unit},
        "failed": failed and {"variable": failed.variable, "time": failed.time, "reason": failed.reason},
        "info": {
            "backend": info.backend,
            "method": info.method,
            "steps": info.steps,
            "seconds": info.seconds,
            "notes": info.notes,
        },
    }


def plain_values(run: Run) -> dict[str, Any]:
    """Return times and values; what JSON has no number for is null."""
    columns = zip(run.columns, run.table().T.tolist(), strict=True)
    return {
        "time": run.times.tolist(),
        "variables": {c.name: [v if np.isfinite(v) else None for v in values] for c, values in columns},
    }


def main_columns(model: Model, run: Run) -> tuple[Column, ...]:
    """Return the columns that say most: what moves, scalars before arrays (a few elements each), stocks first."""
    moving = np.flatnonzero((run.table() != run.table()[:1]).any(axis=0)).tolist() or range(len(run.columns))
    stocks = {name for name, v in model.variables.items() if v.role is Role.STOCK}
    shown: dict[str, list[Column]] = {}
    for column in (run.columns[n] for n in moving):
        shown.setdefault(column.variable.name, []).append(column)
    order = sorted(shown, key=lambda name: (bool(shown[name][0].element), name not in stocks))
    return tuple(c for name in order for c in shown[name][:_MOST_ELEMENTS])[:_MOST_ROWS]


def result_table(model: Model, run: Run, columns: tuple[Column, ...]) -> str:
    """Return a table of columns at as many times as fit the terminal."""
    places = {c.name: n for n, c in enumerate(run.columns)}
    values = run.table()[:, [places[c.name] for c in columns]]
    width = shutil.get_terminal_size().columns if sys.stdout.isatty() else 10_000
    text = ""
    for count in range(_MOST_TIMES, 0, -1):
        shown = round_times(run.times, count)
        header = [model.name, "unit", *[number(run.times[n]) for n in shown]]
        rows = [
            [shortened(c.name), c.variable.units, *[number(values[n, place]) for n in shown]]
            for place, c in enumerate(columns)
        ]
        text = table(header, rows, left=2)
        if max(map(len, text.splitlines())) <= width:
            break
    return text


def round_times(times: NDArray[np.float64], count: int) -> list[int]:
    """Return the places of at most `count` times: the first, the last, and round ones between."""
    first, last = float(times[0]), float(times[-1])
    if len(times) <= count:
        return list(range(len(times)))
    if count < 3:
        return [0, len(times) - 1][-count:]
    ten = 10.0 ** np.floor(np.log10((last - first) / (count - 1)))
    for step in (ten * m for m in (1, 2, 2.5, 5, 10, 20, 50)):
        ticks = np.arange(np.floor(first / step) + 1, np.ceil(last / step)) * step
        if len(ticks) <= count - 2:
            break
    return sorted({0, len(times) - 1, *(int(np.abs(times - t).argmin()) for t in ticks)})
