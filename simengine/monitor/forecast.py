"""A forecast from what exists: the runs that a sweep has kept.

In: the folder of a sweep, what is watched. Out: a `Forecast`, as the runs of an ensemble give it.

Invariant: reading changes nothing; what the folder does not hold is said at the line that names it.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from simengine.language.yaml.reading import At, Reading
from simengine.monitor.file import WrittenForecast
from simengine.monitor.members import Forecast
from simengine.scenario.reader import beside
from simengine.source.diagnostic import InputError
from simengine.sweep.folder import is_sweep
from simengine.sweep.result import SweepResult, read_sweep

if TYPE_CHECKING:
    from simengine.monitor.plan import Watched


def find_sweep(written: WrittenForecast, scenario: At[str], watched: Sequence[Watched], to: Reading) -> Path | None:
    """Return the folder of a sweep that holds what is watched; what it lacks is noted."""
    folder, at = beside(written.sweep), written.sweep
    if not folder.is_dir():
        near = sorted(p.name for p in folder.parent.glob("*") if is_sweep(p)) if folder.parent.is_dir() else []
        to.unknown("missing-file", "folder", at.value, at.span, near)
        return None
    if not is_sweep(folder):
        to.error("wrong-kind", f"`{at.value}` is no folder of a sweep: it has no sweep.json", at.span)
        return None
    known = len(to.problems)
    sweep = read_sweep(folder)
    if scenario.value not in sweep.scenarios:
        what = f"scenario in the sweep `{at.value}` that is called"
        to.unknown("unknown-scenario", what, scenario.value, scenario.span, sweep.scenarios)
    kept = [output["column"] for output in sweep.outputs]
    for one in watched:
        if one.column not in kept:
            what = f"output over time in the sweep `{at.value}` that is called"
            more = "`sweeps_keep` under `save` names its `variables`"
            to.unknown("unknown-name", what, one.column, at.span, kept, more=more)
    if len(to.problems) == known:
        _check_runs(sweep, scenario.value, watched, at, to)
    return folder if len(to.problems) == known else None


def _check_runs(sweep: SweepResult, scenario: str, watched: Sequence[Watched], at: At[str], to: Reading) -> None:
    try:
        sound = int(np.sum(~sweep.failed(scenario)))
        if watched:
            sweep.series(watched[0].column, scenario)
    except InputError as reason:
        hint = ["`save: {sweeps_keep: {runs: all}}` in the scenario file keeps them"]
        to.error("missing-spread", f"`{at.value}` does not tell the runs of the forecast: {reason}", at.span, help=hint)
        return
    if sound < 2:
        to.error("missing-spread", f"`{at.value}` has {sound} runs of `{scenario}` that did not fail", at.span)


def read_forecast(folder: Path, scenario: str, watched: Sequence[Watched]) -> Forecast:
    """Return the runs of a scenario that a sweep has kept, those that failed left out.

    Raises
    ------
    InputError
        If the folder has changed since it was looked at.

    """
    sweep = read_sweep(folder)
    failed = sweep.failed(scenario)
    values: dict[str, list[tuple[int, np.ndarray]]] = {}
    for one in watched:
        values.setdefault(one.variable, []).append((one.place, sweep.series(one.column, scenario)[~failed]))
    made = {}
    for variable, columns in values.items():
        runs, times = columns[0][1].shape
        whole = np.full((runs, times, 1 + max(place for place, _ in columns)), np.nan)
        for place, rows in columns:
            whole[:, :, place] = rows
        made[variable] = whole
    return Forecast(sweep.times, made, int(np.sum(failed)))
