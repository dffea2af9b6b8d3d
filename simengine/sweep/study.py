"""The public face of sweeps: run one, read one.

In: the path of a scenario file. Out: a folder, and a `SweepResult` that reads it.

Invariant: a sweep that is complete is not run again.
"""

from __future__ import annotations

import os
from pathlib import Path

from simengine.scenario.study import load_study
from simengine.sweep.assemble import assemble
from simengine.sweep.folder import clear_stale
from simengine.sweep.plan import SweepPlan, plan_sweep
from simengine.sweep.result import FilePath, SweepResult
from simengine.sweep.run import Executor, Threads, run_shards
from simengine.sweep.shard import cut_shards


def run_sweep(
    path: FilePath,
    name: str | None = None,
    *,
    runs: int | None = None,
    out: FilePath | None = None,
    threads: int | None = None,
) -> SweepResult:
    """Run a sweep of a scenario file, or what is missing of it, and return what it found.

    Parameters
    ----------
    path
        A scenario file (.yaml).
    name
        Which of its sweeps; None: the only one.
    runs
        How many draws, instead of the file's `n`.
    out
        The folder; None: ``results/FILE-SWEEP``.
    threads
        How many threads may work at most; None: as many as there are cores.

    Raises
    ------
    ModelError
        If anything in the file, or in its model, is wrong.
    InputError
        If there is no such sweep, or the folder cannot be written.

    """
    planned = load_sweep(path, name, runs)
    folder = Path(out) if out is not None else folder_of(planned)
    return complete_sweep(planned, folder, Threads() if threads is None else Threads(threads))


def load_sweep(path: FilePath, name: str | None = None, runs: int | None = None) -> SweepPlan:
    """Return a sweep of a scenario file, settled but not run: its scenarios, draws, and the values of any single run.

    Parameters
    ----------
    path
        A scenario file (.yaml).
    name
        Which of its sweeps; None: the only one.
    runs
        How many draws, instead of the file's `n`.

    Raises
    ------
    ModelError
        If anything in the file, or in its model, is wrong.
    InputError
        If there is no such sweep.

    """
    return plan_sweep(load_study(os.fspath(path)).plan, name, runs)


def complete_sweep(planned: SweepPlan, folder: Path, executor: Executor) -> SweepResult:
    """Run what is missing of a sweep, put it together, and return what it found."""
    done = run_shards(planned, folder, executor)
    assemble(planned, folder, done)
    clear_stale(folder, cut_shards(planned))
    return SweepResult(folder)


def folder_of(planned: SweepPlan) -> Path:
    """Return the folder of a sweep where none is named."""
    from simengine.results.filename import file_names

    (stem,) = file_names([f"{planned.plan.path.stem}-{planned.name}"]).values()
    return Path("results") / stem
