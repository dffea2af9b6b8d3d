"""Putting a sweep together: one table of runs, quantiles, failures, from shards that are all there.

In: a `SweepPlan` and its shards in a folder. Out: runs.parquet, quantiles.parquet, failures.csv, sweep.json.

Memory holds one shard, or `ROOM` bytes of values at a time (one value of every run, where that is more).

Invariant: what is written follows from the shards alone.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from simengine.results.atomic import draft_of, put_in_place, write_bytes, write_changed
from simengine.results.provenance import json_text
from simengine.results.sheet import Field, Sheet
from simengine.results.tables import SCENARIO, time_field_in
from simengine.sweep.about import FILE, about_of
from simengine.sweep.columns import open_writer, parquet_bytes, read_table, repeated, table_of, whole, words
from simengine.sweep.folder import ShardDone, path_of
from simengine.sweep.plan import SweepPlan
from simengine.sweep.summary import ranks_of
from simengine.sweep.tables import RUNS, SERIES, SKETCH, merge_sketches, read_sketch, series_columns

if TYPE_CHECKING:
    import pyarrow as pa

Array = NDArray[np.float64]
ROOM = 256_000_000
"""Bytes of values held at once for exact quantiles."""
MEAN = "mean"


def assemble(sweep: SweepPlan, folder: Path, done: Sequence[ShardDone]) -> None:
    """Write the tables of the whole sweep; all shards are there."""
    _write_runs(folder / "runs.parquet", folder, done)
    _write_quantiles(sweep, folder, done)
    sheet = failure_sheet(sweep, folder, done)
    write_bytes(folder / "failures.csv", sheet.text().encode())
    write_about(sweep, folder, done)


def write_about(sweep: SweepPlan, folder: Path, done: Sequence[ShardDone]) -> None:
    """Write `sweep.json`, unless it says so already."""
    write_changed(folder / FILE, json_text(about_of(sweep, done)).encode())


def _write_runs(path: Path, folder: Path, done: Iterable[ShardDone]) -> None:
    """Write the runs of all shards, a group of rows a shard."""
    draft, writer = draft_of(path), None
    path.parent.mkdir(parents=True, exist_ok=True)
    try:
        for one in done:
            table = read_table(path_of(folder, one.shard, RUNS))
            writer = writer or open_writer(draft, table.schema)
            writer.write_table(table, row_group_size=max(1, table.num_rows))
        assert writer is not None
        writer.close()
        put_in_place(draft, path)
    finally:
        draft.unlink(missing_ok=True)


def failure_sheet(sweep: SweepPlan, folder: Path, done: Iterable[ShardDone]) -> Sheet:
    """Return the runs that failed."""
    fields = (
        SCENARIO,
        Field("run", "number", "Number of the run"),
        time_field_in(sweep.plan.names.time_unit),
        Field("variable", "string", "The first variable, by causality, that is not a number"),
        Field("reason", "string", "Why"),
    )
    rows: list[tuple[str | float | None, ...]] = []
    for one in done:
        if not one.failed:
            continue
        table = read_table(path_of(folder, one.shard, RUNS), ["scenario", "run", "failed at", "failed in", "failed"])
        columns = [c.to_pylist() for c in table.columns]
        rows += [row for row in zip(*columns, strict=True) if row[-1] is not None]
    return Sheet("failures", "Runs that failed: values that are not numbers", fields, tuple(rows))


def _write_quantiles(sweep: SweepPlan, folder: Path, done: Sequence[ShardDone]) -> None:
    parts = [
        _quantile_rows(sweep, scenario, *_quantiles(sweep, folder, [d for d in done if d.shard.scenario == scenario]))
        for scenario in sweep.scenarios
    ]
    import pyarrow as pa

    write_bytes(folder / "quantiles.parquet", parquet_bytes(whole(pa.concat_tables(parts))))


def _quantile_rows(sweep: SweepPlan, scenario: str, quantiles: Array, means: Array) -> pa.Table:
    """Return quantiles, (level, time, column), and means, (time, column), as rows: column by column, time by time."""
    levels = [f"{level:g}" for level in sweep.levels] + [MEAN]
    values = np.concatenate([quantiles, means[None]])  # (level, time, column)
    times, columns = sweep.times.size, sweep.columns
    each, count = times * len(levels), times * len(levels) * len(columns)

    def by_column(texts: Sequence[str]) -> pa.Array:
        return words([t for text in texts for t in [text] * each])

    return table_of({
        "scenario": repeated(scenario, count),
        "variable": by_column([c.variable.name for c in columns]),
        "element": by_column([c.element for c in columns]),
        "unit": by_column([c.variable.units for c in columns]),
        "time": np.tile(np.repeat(sweep.times, len(levels)), len(columns)),
        "level": words(levels * (times * len(columns))),
        "value": np.ascontiguousarray(values.transpose(2, 1, 0)).ravel(),
    })  # fmt: skip


def _quantiles(sweep: SweepPlan, folder: Path, done: Sequence[ShardDone]) -> tuple[Array, Array]:
    if sweep.kept == "all":
        return _exact(sweep, folder, done)
    merged = merge_sketches(read_sketch(read_table(path_of(folder, d.shard, SKETCH)), sweep) for d in done)[0]
    return merged.quantiles(sweep.levels), merged.means()


def _exact(sweep: SweepPlan, folder: Path, done: Sequence[ShardDone]) -> tuple[Array, Array]:
    """Return quantiles and means of the runs that did not fail, output by output, as many times at once as fit."""
    sound = [_sound(folder, d) for d in done]
    runs, times, columns = int(sum(s.sum() for s in sound)), sweep.times.size, len(sweep.columns)
    quantiles, means = np.full((len(sweep.levels), times, columns), np.nan), np.full((times, columns), np.nan)
    if not runs:
        return quantiles, means
    names = list(series_columns(sweep).values())
    together = max(1, min(columns, ROOM // (8 * runs * times)))
    at_once = max(1, min(times, ROOM // (8 * runs)))
    for first in range(0, columns, together):
        for begin in range(0, times, at_once):
            chosen, part = slice(first, first + together), slice(begin, begin + at_once)
            values = _values(folder, done, sound, names[chosen], slice(*part.indices(times)), (runs, times))
            with ThreadPoolExecutor() as pool:
                found = list(pool.map(lambda cells: _summary(cells, sweep.levels), values))
            quantiles[:, part, chosen] = np.stack([q for q, _ in found], axis=-1)
            means[part, chosen] = np.stack([m for _, m in found], axis=-1)
    return quantiles, means


def _summary(cells: Array, levels: Sequence[float]) -> tuple[Array, Array]:
    """Return quantiles, (level, cell), and means, (cell,), of values (cell, run).

    A quantile is the smallest value that so large a share of runs does not exceed, as in `engine.sketch`.
    """
    count = cells.shape[-1]
    means = cells.sum(axis=-1) / count
    ranks = ranks_of(levels, count)
    cells.partition(np.unique(ranks), axis=-1)
    return cells[:, ranks].T, means


def _values(
    folder: Path,
    done: Sequence[ShardDone],
    sound: Sequence[NDArray[np.bool_]],
    columns: Sequence[str],
    part: slice,
    shape: tuple[int, int],
) -> Array:
    """Return outputs at a part of the times, of all runs that did not fail: (column, time, run)."""
    runs, times = shape
    out = np.empty((len(columns), part.stop - part.start, runs))
    first = 0
    for one, good in zip(done, sound, strict=True):
        table = read_table(path_of(folder, one.shard, SERIES), columns)
        last = first + int(good.sum())
        for place, column in enumerate(columns):
            out[place, :, first:last] = np.asarray(table[column]).reshape(-1, times)[good, part].T
        first = last
    return out


def _sound(folder: Path, done: ShardDone) -> NDArray[np.bool_]:
    """Return which runs of a shard did not fail."""
    if not done.failed:
        return np.ones(done.shard.runs, dtype=np.bool_)
    failed = read_table(path_of(folder, done.shard, RUNS), ["failed"])["failed"]
    return np.asarray(failed.is_null())
