"""The public face of sweeps: run one, read one.

In: the path of a scenario file. Out: a folder, and a `SweepResult` that reads it.

Invariant: a sweep that is complete is not run again.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from simengine.results.atomic import alone, disk_error, write_bytes
from simengine.results.filename import file_names
from simengine.results.provenance import files_in
from simengine.scenario.study import load_study
from simengine.source.diagnostic import InputError
from simengine.sweep.about import FILE
from simengine.sweep.assemble import assemble
from simengine.sweep.folder import SHARDS, ShardDone, clear_stale
from simengine.sweep.integration import find_differences, integration_sheet
from simengine.sweep.package import OURS, PAGE, clear_made, is_current, write_history, write_package
from simengine.sweep.plan import SweepPlan, plan_sweep
from simengine.sweep.result import FilePath, SweepResult
from simengine.sweep.run import FOR_LESS, Executor, Threads, Told, run_shards
from simengine.sweep.shard import cut_shards
from simengine.sweep.summary import write_summary


@dataclass(frozen=True)
class Ways:
    """What is made of the runs of a sweep.

    `learns`: whether indices and whatever else is learned from them are computed; `gradients`: at how many runs of each
    scenario exact derivatives are taken for it; `draw` adds pictures and a page to a folder whose tables are there;
    `begins` is told what is being done.
    """

    learns: bool = True
    gradients: int = 0
    draw: Callable[[Path], object] | None = None
    begins: Callable[[str], None] = lambda _: None

    @property
    def learned(self) -> str:
        """What is learned, in a word for provenance."""
        return "" if not self.learns else f"with derivatives at {self.gradients} runs" if self.gradients else "yes"


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


def complete_sweep(
    planned: SweepPlan, folder: Path, executor: Executor, told: Told = lambda _: None, ways: Ways = Ways()
) -> SweepResult:
    """Run what is missing of a sweep, put it together, and return what it found.

    Parameters
    ----------
    planned, folder
        What is asked, and where it is kept.
    executor
        What does the work.
    told
        Is told of every shard as it is found or done.
    ways
        What is made of the runs.

    Raises
    ------
    InputError
        If the folder cannot be written, or the disk is full: what is finished is kept.

    """
    check_folder(folder)
    for attempt in range(_ATTEMPTS):
        done = run_shards(planned, folder, executor, told if not attempt else lambda _: None)
        try:
            with alone(folder):
                if not is_current(planned, folder, ways.learned, drawn=ways.draw is not None):
                    _finish(planned, folder, done, ways)
                clear_stale(folder, cut_shards(planned))
        except FileNotFoundError:  # a sweep of other runs has put shards of this one together meanwhile
            if attempt == _ATTEMPTS - 1:
                raise
            continue
        except OSError as reason:
            raise disk_error(folder, reason, FOR_LESS) from None
        break
    return SweepResult(folder)


_ATTEMPTS = 3


def _finish(planned: SweepPlan, folder: Path, done: Sequence[ShardDone], ways: Ways) -> None:
    """Write all that is made of shards; provenance.json, which says that all is there, last."""
    clear_made(folder)
    ways.begins("putting together")
    assemble(planned, folder, done)
    write_summary(planned, folder, done)
    names = [*OURS, *write_history(planned, folder)]
    ways.begins("halving the time step of some runs")
    differences = find_differences(planned)
    if differences:
        write_bytes(folder / "integration.csv", integration_sheet(differences).text().encode())
    if ways.learns:
        ways.begins("learning from the runs")
        names += _learned(SweepResult(folder), planned, ways.gradients)
    if ways.draw is not None:
        ways.begins("drawing")
        write_package(planned, folder, done, names, learned=ways.learned, is_whole=False)
        ways.draw(folder)
        names += [n for n in files_in(folder) if n.split("/")[0] in _DRAWN]
    write_package(planned, folder, done, names, learned=ways.learned)


_DRAWN = ("charts", "maps", PAGE)


def _learned(result: SweepResult, planned: SweepPlan, gradients: int) -> list[str]:
    from simengine.sweep.learn import learn  # heavy: estimators are imported where something is learned

    return list(learn(result, planned, gradients=gradients))


def check_folder(folder: Path) -> None:
    """Refuse a folder that holds something else.

    Raises
    ------
    InputError
        If it is a file, or holds files that are no sweep's.

    """
    if folder.exists() and not folder.is_dir():
        raise InputError(f"`{folder}` is a file; a sweep is kept in a folder")
    ours = (folder / FILE).is_file() or (folder / SHARDS).is_dir()
    if folder.is_dir() and not ours and any(p for p in folder.iterdir() if not p.name.endswith(".draft")):
        raise InputError(f"`{folder}` holds files, and no sweep of simengine; choose a new or an empty folder")


def folder_of(planned: SweepPlan) -> Path:
    """Return the folder of a sweep where none is named."""
    (stem,) = file_names([f"{planned.plan.path.stem}-{planned.name}"]).values()
    return Path("results") / stem
