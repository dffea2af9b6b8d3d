"""The tables of a shard: a row a run, a row a run and time, or counts for quantiles.

In: a `Batch`. Out: Arrow tables; and sketches of them again.

Invariant: tables of parts of a shard, put together, are the tables of the whole.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np

from simengine.engine.sketch import Sketch
from simengine.sweep.batch import Array, Batch
from simengine.sweep.columns import column_of, repeated, table_of, whole, words
from simengine.sweep.plan import SweepPlan

if TYPE_CHECKING:
    import pyarrow as pa

RUNS, SERIES, SKETCH = ".runs.parquet", ".series.parquet", ".sketch.parquet"

Sketches = Sequence[Sketch]
"""Of the values over time, (time, column); then, where no runs are kept, one of each indicator."""


def endings(sweep: SweepPlan) -> tuple[str, ...]:
    """Return the files a shard has, in the order they are written."""
    return (SERIES, RUNS) if sweep.kept == "all" else (SKETCH, RUNS)


def tables_of(sweep: SweepPlan, batch: Batch) -> dict[str, pa.Table]:
    """Return the tables of some runs."""
    runs = _runs_table(sweep, batch)
    if sweep.kept == "none":
        chosen = np.asarray(sorted(batch.failed), dtype=np.int64)
        runs = whole(runs.take(chosen))  # those that failed are told in any case
    if sweep.kept == "all":
        return {RUNS: runs, SERIES: _series_table(sweep, batch)}
    return {RUNS: runs, SKETCH: sketch_table(_sketches(sweep, batch))}


def _runs_table(sweep: SweepPlan, batch: Batch) -> pa.Table:
    count, failed = batch.runs, batch.failed
    numbers = np.arange(batch.first, batch.first + count, dtype=np.int64)
    at = np.full(count, np.nan)
    why: list[str | None] = [None] * count
    where: list[str | None] = [None] * count
    for place, failure in failed.items():
        at[place], why[place], where[place] = failure.time, failure.why, failure.variable
    return table_of({
        "scenario": repeated(batch.scenario, count),
        "run": numbers,
        **{column: column_of(batch.draws[name]) for name, column in sweep.factor_columns.items()},
        **{column: batch.indicators[name] for name, column in sweep.indicator_columns.items()},
        "failed": words(why),
        "failed at": at,
        "failed in": words(where),
    })  # fmt: skip


def _series_table(sweep: SweepPlan, batch: Batch) -> pa.Table:
    count, times = batch.runs, batch.times.size
    names = series_columns(sweep)
    return table_of({
        "scenario": repeated(batch.scenario, count * times),
        "run": np.repeat(np.arange(batch.first, batch.first + count, dtype=np.int64), times),
        "time": np.tile(batch.times, count),
        **{names[c.name]: _column(batch, n) for n, c in enumerate(sweep.columns)},
    })  # fmt: skip


def _column(batch: Batch, number: int) -> Array:
    """Return an output of all runs, time by time; one NaN only, whatever made it."""
    values = batch.series[:, :, number].copy()
    if batch.failed:
        values[np.isnan(values)] = np.nan
    return values.ravel()


def series_columns(sweep: SweepPlan) -> dict[str, str]:
    """Return the columns of the table of values over time, by output."""
    taken = {"scenario", "run", "time"}
    return {c.name: f"{c.name} (output)" if c.name in taken else c.name for c in sweep.columns}


def _sketches(sweep: SweepPlan, batch: Batch) -> list[Sketch]:
    out = [Sketch(batch.series.shape[1:])]
    sound = np.ones(batch.runs, dtype=np.bool_)
    sound[list(batch.failed)] = False
    out[0].add(batch.series[sound], 0)
    if sweep.kept == "none":
        for values in batch.indicators.values():
            out.append(Sketch((1,)))
            out[-1].add(values[np.isfinite(values), None], 0)
    return out


def sketch_table(sketches: Sketches) -> pa.Table:
    """Return sketches as a table: a row a bucket."""
    columns: dict[str, list[Array]] = {n: [] for n in ("cell", "bucket", "count", "least", "largest", "runs")}
    first = 0
    for sketch in sketches:
        cells, buckets, numbers = sketch.counts()
        least, largest = sketch.ends
        found = (first + cells, buckets, numbers, least[cells], largest[cells], np.full(cells.size, sketch.runs))
        for column, values in zip(columns.values(), found, strict=True):
            column.append(values)
        first += sketch.cells
    return table_of({name: np.concatenate(parts) for name, parts in columns.items()})


def read_sketch(table: pa.Table, sweep: SweepPlan) -> list[Sketch]:
    """Return the sketches that a table is of."""
    series = (sweep.times.size, len(sweep.columns))
    shapes = [series] + ([(1,)] * len(sweep.indicators) if sweep.kept == "none" else [])
    return sketches_of(table, shapes)


def sketches_of(table: pa.Table, shapes: Sequence[tuple[int, ...]]) -> list[Sketch]:
    """Return the sketches of such shapes that a table is of."""
    columns = {name: np.asarray(table[name]) for name in table.column_names}
    out, first = [], 0
    for shape in shapes:
        cells = int(np.prod(shape, dtype=np.int64))
        inside = slice(*np.searchsorted(columns["cell"], [first, first + cells]))
        cell = columns["cell"][inside] - first
        ends = np.full(cells, np.inf), np.full(cells, -np.inf)
        for end, name in zip(ends, ("least", "largest"), strict=True):
            end[cell] = columns[name][inside]
        runs = int(columns["runs"][inside][0]) if cell.size else 0
        out.append(Sketch.of(shape, runs, (cell, columns["bucket"][inside], columns["count"][inside]), ends))
        first += cells
    return out


def merge_sketches(parts: Iterable[Sketches]) -> list[Sketch]:
    """Return the sketches of all runs that those of parts are of; parts are asked for one at a time."""
    total: list[Sketch] = []
    for part in parts:
        if not total:
            total = list(part)
            continue
        for into, other in zip(total, part, strict=True):
            into.merge(other)
    return total


def count_met(sweep: SweepPlan, indicators: Mapping[str, Array]) -> Counter[str]:
    """Return in how many runs each goal is met; those that failed meet none."""
    return Counter({
        i.name: int(i.goal.holds(indicators[i.name]).sum()) for i in sweep.indicators if i.goal is not None
    })  # fmt: skip
