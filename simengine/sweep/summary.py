"""What became of indicators and goals over all runs: their spread, and the share of runs in which a goal is met.

In: the shards of a sweep. Out: `indicators.csv`, `goals.csv`, `shares.csv`.

A run that failed meets no goal: it counts among all runs, and is told beside.

Invariant: a share is of all runs of a scenario; quantiles are of those that have a value.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from simengine.results.atomic import write_bytes
from simengine.results.sheet import Cell, Field, Sheet
from simengine.results.tables import SCENARIO, TITLE, UNIT
from simengine.scenario.file import title_of
from simengine.sweep.columns import read_table
from simengine.sweep.folder import ShardDone, path_of
from simengine.sweep.plan import SweepPlan
from simengine.sweep.tables import RUNS, SKETCH, merge_sketches, read_sketch

FILES = ("indicators.csv", "goals.csv", "shares.csv")
_RUNS = Field("runs", "number", "How many runs there are")
_FAILED = Field("failed", "number", "How many of them failed")


def write_summary(sweep: SweepPlan, folder: Path, done: Sequence[ShardDone]) -> list[str]:
    """Write what became of indicators and goals; return the files."""
    sheets = [s for s in (_indicator_sheet(sweep, folder, done), _goal_sheet(sweep, done), _share_sheet(sweep, done))
              if s.rows]  # fmt: skip
    for sheet in sheets:
        write_bytes(folder / f"{sheet.name}.csv", sheet.text().encode())
    return [f"{sheet.name}.csv" for sheet in sheets]


def _of(scenario: str, done: Sequence[ShardDone]) -> list[ShardDone]:
    return [d for d in done if d.shard.scenario == scenario]


def _indicator_sheet(sweep: SweepPlan, folder: Path, done: Sequence[ShardDone]) -> Sheet:
    fields = (
        SCENARIO,
        Field("indicator", "string", "Name of the indicator"),
        TITLE,
        UNIT,
        _RUNS,
        _FAILED,
        Field("without", "number", "Runs that did not fail and have no value: what was waited for never came"),
        Field("level", "number", "Which quantile over the runs that have a value"),
        Field("value", "number", "The smallest value that so large a share of them does not exceed"),
    )
    rows: list[tuple[Cell, ...]] = []
    for scenario in sweep.scenarios:
        parts = _of(scenario, done)
        failed = sum(d.failed for d in parts)
        for indicator, (valued, levels) in zip(sweep.indicators, _levels(sweep, folder, parts), strict=True):
            lead = (scenario, indicator.name, title_of(indicator.title, indicator.name), indicator.unit, sweep.runs,
                    failed, sweep.runs - failed - valued)  # fmt: skip
            rows += [(*lead, level, float(v)) for level, v in zip(sweep.levels, levels, strict=True)]
    return Sheet("indicators", "The spread of indicators over the runs", fields, tuple(rows))


def _levels(sweep: SweepPlan, folder: Path, done: Sequence[ShardDone]) -> Iterator[tuple[int, NDArray[np.float64]]]:
    """Yield for each indicator how many runs have a value, and its quantiles over these."""
    if sweep.kept == "none":
        counts = (read_sketch(read_table(path_of(folder, d.shard, SKETCH)), sweep) for d in done)
        for sketch in merge_sketches(counts)[1:]:
            yield sketch.runs, sketch.quantiles(sweep.levels)[:, 0]
        return
    for column in sweep.indicator_columns.values():
        parts = [np.asarray(read_table(path_of(folder, d.shard, RUNS), [column])[column]) for d in done]
        values = np.concatenate(parts)
        ordered = np.sort(values[np.isfinite(values)])
        yield ordered.size, quantiles_of(ordered, sweep.levels)


def ranks_of(levels: Sequence[float], count: int) -> NDArray[np.int64]:
    """Return the places, among so many values that rise, of the smallest that each share of them does not exceed."""
    found = [max(1, int(np.ceil(level * count * (1 - 1e-15)))) - 1 for level in levels]
    return np.asarray(found, dtype=np.int64)


def quantiles_of(ordered: NDArray[np.float64], levels: Sequence[float]) -> NDArray[np.float64]:
    """Return quantiles of values that rise; not a number where there is none."""
    return ordered[ranks_of(levels, ordered.size)] if ordered.size else np.full(len(levels), np.nan)


def _met(scenario: str, indicator: str, done: Sequence[ShardDone]) -> int:
    return sum(int(d.counts[indicator]) for d in _of(scenario, done))


def _goal_sheet(sweep: SweepPlan, done: Sequence[ShardDone]) -> Sheet:
    fields = (
        SCENARIO,
        Field("indicator", "string", "Name of the indicator"),
        TITLE,
        Field("goal", "string", "The goal as written"),
        _RUNS,
        _FAILED,
        Field("met", "number", "In how many runs the goal is met; those that failed meet none"),
        Field("share", "number", "The same as a share of all runs"),
    )
    rows: list[tuple[Cell, ...]] = []
    for scenario in sweep.scenarios:
        failed = sum(d.failed for d in _of(scenario, done))
        for i in sweep.indicators:
            if i.goal is not None:
                met = _met(scenario, i.name, done)
                rows.append((scenario, i.name, title_of(i.title, i.name), i.goal.text, sweep.runs, failed, met,
                             met / sweep.runs))  # fmt: skip
    return Sheet("goals", "In which share of runs goals are met", fields, tuple(rows))


def _share_sheet(sweep: SweepPlan, done: Sequence[ShardDone]) -> Sheet:
    fields = (
        SCENARIO,
        Field("name", "string", "Name of the score"),
        TITLE,
        Field("of", "string", "The indicator whose goal is counted"),
        Field("value", "number", "The share of runs that meet it"),
        Field("goal", "string", "What the share should be, as written"),
        Field("met", "boolean", "Whether it is"),
    )
    rows: list[tuple[Cell, ...]] = []
    for scenario in sweep.scenarios:
        for share in sweep.plan.shares:
            value = _met(scenario, share.of, done) / sweep.runs
            met = None if share.wanted is None else bool(share.wanted.met(value))
            rows.append((scenario, share.name, title_of(share.title, share.name), share.of, value, share.goal, met))
    return Sheet("shares", "Scores that are shares of runs", fields, tuple(rows))
