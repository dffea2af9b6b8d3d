"""What is learned from a sweep: which factors matter, when and how; where goals are missed; which scenario is robust.

In: a `SweepResult` that is complete, and its plan. Out: tables in its folder:

    indices.parquet    every measure, of indicators, goals, failures, and of outputs at all times
    indices.csv        the same without what is over time
    convergence.csv    the main measure of indicators with fewer runs
    boxes.json, .csv   where goals are missed and runs fail
    robustness.csv     scenarios over states of the world
    learned.json       by which measure factors are put in order; what must be known to read the tables

Outputs over time are read and used one at a time.

Invariant: the same sweep gives the same bytes; a file is in its place whole.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from simengine.analysis.convergence import follow_convergence
from simengine.results.atomic import write_changed
from simengine.results.provenance import json_text
from simengine.results.sheet import Cell
from simengine.sweep.columns import parquet_bytes
from simengine.sweep.learn_boxes import Outcome, boxes_sheet, find_outcomes, outcomes_json
from simengine.sweep.learn_feed import Block, Feed, find_correlated
from simengine.sweep.learn_gradients import add_gradients
from simengine.sweep.learn_methods import Learned, compute_main, estimate, main_measure
from simengine.sweep.learn_precision import find_precision, widest_interval
from simengine.sweep.learn_robustness import robustness_sheet
from simengine.sweep.learn_tables import IndexRows, convergence_rows, convergence_sheet
from simengine.sweep.plan import SweepPlan
from simengine.sweep.result import SweepResult

__all__ = ["FILES", "find_precision", "learn", "widest_interval"]

FILES = (
    "indices.parquet",
    "indices.csv",
    "convergence.csv",
    "boxes.json",
    "boxes.csv",
    "robustness.csv",
    "learned.json",
)


def learn(result: SweepResult, sweep: SweepPlan, *, gradients: int = 0) -> list[str]:
    """Write what is learned from a sweep into its folder, and return the names of the files.

    Parameters
    ----------
    result
        A sweep whose runs are all there.
    sweep
        What was asked.
    gradients
        At how many runs of each scenario exact derivatives are computed, for measures by derivatives; 0: none.

    Raises
    ------
    InputError
        If derivatives are asked for and the model has none, or the folder cannot be read.

    """
    if result.about["kept"] == "none":
        return []  # no single run was kept: there is nothing to learn from, as `sweeps_keep` asked
    feeds = [Feed(result, sweep, s) for s in result.scenarios]
    rows, notes = IndexRows(), dict[str, list[str]]()
    outcomes: list[Outcome] = []
    steps: list[tuple[Cell, ...]] = []
    for feed in feeds:
        learned = estimate(feed)
        if gradients:
            add_gradients(feed, gradients, learned)
        for found in learned.found:
            rows.add(feed, found)
        outcomes += find_outcomes(feed, learned.notes)
        steps += _convergence(feed, learned)
        notes[feed.scenario] = learned.notes
    shared: list[str] = []
    robust = robustness_sheet(feeds, shared)
    units = {str(f["name"]): str(f["unit"]) for f in result.factors}
    method, measure = main_measure(feeds[0].kind)
    precision = find_precision(result, sweep)
    about = {
        "main": {"method": method, "measure": measure},
        "precision": None if precision is None else {"half width": precision.half_width, "of": precision.text},
        "notes": {"": shared, **notes},
    }
    written = {
        "indices.parquet": bytes(parquet_bytes(rows.table())),
        "indices.csv": rows.sheet().text().encode(),
        "convergence.csv": convergence_sheet(steps).text().encode(),
        "boxes.json": json_text(outcomes_json(outcomes, units)).encode(),
        "boxes.csv": boxes_sheet(outcomes, units).text().encode(),
        "robustness.csv": robust.text().encode(),
        "learned.json": json_text(about).encode(),
    }
    return _write(result.folder, written)


def _write(folder: Path, written: dict[str, bytes]) -> list[str]:
    for name, data in written.items():
        write_changed(folder / name, data)
    return list(written)


def _convergence(feed: Feed, learned: Learned) -> Iterator[tuple[Cell, ...]]:
    """Yield how the main measure of indicators came to be what it is, where the design's first runs are a design."""
    if not feed.result.about["design"]["growable"] or not learned.found or not feed.indicators.labels:
        return
    if feed.kind in ("sobol", "fast") and find_correlated(feed):
        return
    block = feed.block
    whole: Block = feed.indicators

    def compute(points: int) -> Any:
        part = feed.first(points * block)
        return compute_main(part, whole.values[: points * block])

    stages = follow_convergence(compute, feed.runs // block, stages=6)
    outputs = [(x.output, x.kind) for x in whole.labels]
    measure = main_measure(feed.kind)[1]
    pairs: Iterable[tuple[int, Any]] = [(s.points, s.indices) for s in stages]
    yield from convergence_rows(feed, outputs, pairs, measure)
