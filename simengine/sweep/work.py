"""The work on one shard: runs made or taken over, measured, and written.

In: a `SweepPlan`, a `Shard`, a folder. Out: the shard's files in their places, and `ShardDone`.

Invariant: a shard's files have the same bytes however they came about: made at once, or grown from a smaller one.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from simengine.results.atomic import write_bytes
from simengine.sweep.batch import Progress, make_batch
from simengine.sweep.columns import parquet_bytes, read_table, whole
from simengine.sweep.folder import ShardDone, find_done, find_parts, path_of, write_done
from simengine.sweep.plan import SweepPlan
from simengine.sweep.shard import Shard
from simengine.sweep.tables import (
    RUNS,
    SERIES,
    SKETCH,
    count_met,
    endings,
    merge_sketches,
    read_sketch,
    sketch_table,
    tables_of,
)

if TYPE_CHECKING:
    import pyarrow as pa


def run_shard(
    sweep: SweepPlan, shard: Shard, folder: Path, threads: int | None = None, told: Progress | None = None
) -> ShardDone:
    """Make what is not there of a shard, and return what is known of it.

    Parameters
    ----------
    sweep, shard
        What is asked.
    folder
        The folder of the sweep.
    threads
        How many threads may work at most; None: as many as there are cores.
    told
        Is told now and then that work goes on; what it raises ends it.

    """
    there = find_done(folder, shard, thorough=True)
    if there is not None:
        return there
    part = find_part(sweep, folder, shard)
    begun = shard.first if part is None else min(part.last, shard.last)
    counts = Counter[str]() if part is None or part.last > shard.last else _counts_of(folder, part)
    tables: dict[str, pa.Table] = {}
    if begun < shard.last:
        batch = make_batch(sweep, shard.scenario, begun, shard.last - begun, threads=threads, told=told)
        tables = tables_of(sweep, batch)
        counts.update(count_met(sweep, batch.indicators))
    if part is not None:
        tables = _joined(sweep, shard, folder, part, tables)
    if part is not None and part.last > shard.last:
        runs = {i: np.asarray(tables[RUNS][column]) for i, column in sweep.indicator_columns.items()}
        counts = count_met(sweep, runs)
    failed = tables[RUNS].num_rows - tables[RUNS]["failed"].null_count
    data = [(ending, parquet_bytes(tables[ending])) for ending in endings(sweep)]
    files = {ending: write_bytes(path_of(folder, shard, ending), content) for ending, content in data}
    done = ShardDone(shard, failed, files, dict(sorted(counts.items())), made=shard.last - begun)
    write_done(folder, done)
    return done


def count_missing(sweep: SweepPlan, folder: Path, shards: Iterable[Shard]) -> int:
    """Return how many runs of shards are not there."""
    missing = 0
    for shard in shards:
        if find_done(folder, shard) is None:
            part = find_part(sweep, folder, shard)
            missing += shard.last - (shard.first if part is None else min(part.last, shard.last))
    return missing


def _counts_of(folder: Path, part: Shard) -> Counter[str]:
    found = find_done(folder, part)
    assert found is not None
    return Counter({name: int(n) for name, n in found.counts.items()})


def find_part(sweep: SweepPlan, folder: Path, shard: Shard) -> Shard | None:
    """Return what a smaller or larger sweep has left of a shard: the least that has all, else the most there is."""
    sound = [s for s in find_parts(folder, shard) if find_done(folder, s, thorough=True) is not None]
    larger = [s for s in sound if s.last > shard.last and sweep.kept == "all"]  # counts cannot be taken apart again
    smaller = [s for s in sound if s.last < shard.last]
    return larger[0] if larger else smaller[-1] if smaller else None


def _joined(sweep: SweepPlan, shard: Shard, folder: Path, part: Shard, new: Mapping[str, pa.Table]) -> dict[str, Any]:
    """Return the tables of a shard: what was there before, cut to what is asked, and what is new."""
    import pyarrow as pa

    kept = min(part.last, shard.last) - shard.first
    rows = {RUNS: kept if sweep.kept != "none" else None, SERIES: kept * sweep.times.size, SKETCH: None}
    out: dict[str, pa.Table] = {}
    for ending in endings(sweep):
        old = read_table(path_of(folder, part, ending))
        old = old if rows[ending] is None else old.slice(0, rows[ending])
        if ending not in new:
            out[ending] = whole(old)
        elif ending == SKETCH:
            merged = [read_sketch(old, sweep), read_sketch(new[ending], sweep)]
            out[ending] = sketch_table(merge_sketches(merged))
        else:
            out[ending] = whole(pa.concat_tables([old, new[ending]]))
    return out
