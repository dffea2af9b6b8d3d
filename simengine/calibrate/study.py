"""The public face of calibrations: do one, or what is missing of it.

In: the path of a calibration file. Out: a folder, and a `CalibrationResult` that reads it.

Invariant: a calibration that is complete is not done again; one that was stopped goes on, and ends with the same bytes.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from simengine.calibrate.folder import PAGE, check_folder, clear_made, is_current, write_made, write_seal
from simengine.calibrate.plan import Calibration, load_calibration
from simengine.calibrate.result import CalibrationResult
from simengine.calibrate.store import Store, Told, clear_units
from simengine.calibrate.work import with_choices, work_off
from simengine.results.atomic import alone, clear_drafts, disk_error
from simengine.results.filename import file_names

FilePath = str | os.PathLike[str]
Draw = Callable[[Path], Sequence[str]]
"""Adds pictures and a page to a folder whose tables are there, and returns its files, paths inside it."""


@dataclass(frozen=True)
class Ways:
    """What is told of units and of steps, and what draws."""

    told: Callable[[Told], None] = lambda _: None
    begins: Callable[[str], None] = lambda _: None
    draw: Draw | None = None
    drawn: str = PAGE
    """The file that is there where all is drawn."""


def run_calibration(
    path: FilePath, *, out: FilePath | None = None, starts: int | None = None, posterior: str | None = None
) -> CalibrationResult:
    """Do a calibration, or what is missing of it, and return what it found.

    Parameters
    ----------
    path
        A calibration file (.yaml).
    out
        The folder; None: ``results/FILE``.
    starts
        How many local searches, instead of what the file says.
    posterior
        How the posterior is drawn, instead of what the file says: `none`, `nuts` or `ensemble`.

    Raises
    ------
    ModelError
        If anything in the file, its data or its model is wrong.
    InputError
        If no run works, the folder cannot be written, or a library is missing.

    """
    planned = with_choices(load_calibration(path), starts=starts, posterior=posterior)
    return complete_calibration(planned, Path(out) if out is not None else folder_of(planned))


def folder_of(calibration: Calibration) -> Path:
    """Return the folder a calibration has where none is named."""
    return Path("results") / next(iter(file_names([calibration.path.stem]).values()))


def complete_calibration(calibration: Calibration, folder: Path, ways: Ways = Ways()) -> CalibrationResult:
    """Do what is missing of a calibration, put it together, and return what it found.

    Raises
    ------
    InputError
        If no run works, the folder cannot be written, or a library is missing: what is finished is kept.

    """
    check_folder(folder)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with alone(folder):
            clear_drafts(folder)
            if not is_current(calibration, folder, drawn=ways.drawn if ways.draw else ""):
                _complete(calibration, folder, ways)
    except OSError as reason:
        raise disk_error(folder, reason) from None
    return CalibrationResult(folder)


def _complete(calibration: Calibration, folder: Path, ways: Ways) -> None:
    from threadpoolctl import threadpool_limits  # comes with scikit-learn

    store = Store(folder, ways.told)
    # matrices are small: threads for them cost more than they give, and sums would depend on how many there are
    with threadpool_limits(1, "blas"):
        fitted = work_off(calibration, store)
    ways.begins("putting together")
    clear_made(folder)
    names = write_made(calibration, fitted, folder)
    if ways.draw is not None:
        ways.begins("drawing")
        names += ways.draw(folder)
    clear_units(folder, store.used)
    write_seal(calibration, folder, names, store.used)
