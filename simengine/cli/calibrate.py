"""`simengine calibrate`: estimate what a calibration file asks, or what is missing of it, and show how sure it is."""

from __future__ import annotations

import argparse
import sys
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from simengine.cli.exits import DONE, INTERRUPTED, UsageError
from simengine.cli.terminal import print_diagnostics, working
from simengine.source.diagnostic import ModelError

if TYPE_CHECKING:
    from simengine.calibrate.plan import Calibration

DESCRIPTION = """Estimate parameters of a model from data, and say how sure they are.

Finished work (each search, profile and chain) is kept in the folder --out, else results/FILE. The same command again
does what is missing; where all is there, nothing is run."""
EXAMPLES = """examples:
  simengine calibrate calibration/energy.yaml
  simengine calibrate calibration/energy.yaml --starts 64 --posterior nuts
  simengine calibrate calibration/energy.yaml --out results/energy --json

The folder has the estimates as parameters.yaml, which scenarios take over by `params`, and draws of the posterior as
posterior.parquet, which sweeps draw from by `rows` or `empirical`.

exit codes: 0 done, 1 the input is wrong or no run works, 2 wrong usage, 130 interrupted; what is finished is kept
"""
_POSTERIORS = ("none", "nuts", "ensemble")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the command's arguments."""
    parser.add_argument("file", metavar="FILE", help="a calibration file (.yaml)")
    parser.add_argument("--out", metavar="DIR", help="the folder; else results/FILE")
    parser.add_argument("--starts", type=int, metavar="N", help="how many local searches, not what the file says")
    parser.add_argument("--posterior", choices=_POSTERIORS, help="how the posterior is drawn, not what the file says")
    parser.add_argument("--seed", type=int, metavar="N", help="the seed of all that is drawn, not the file's")
    parser.add_argument("--no-draw", action="store_true", help="no charts and page; dossier.json all the same")
    parser.add_argument(
        "--json", action="store_true", help="print the result as JSON, progress as JSON lines on stderr"
    )


def execute(arguments: argparse.Namespace) -> int:
    """Run the command."""
    _check_numbers(arguments)
    from simengine.calibrate.folder import check_folder, is_current
    from simengine.calibrate.study import Ways, complete_calibration, folder_of
    from simengine.cli.calibrate_progress import CalibrationProgress
    from simengine.cli.calibrate_view import plan_line, show

    with working(f"reading {arguments.file}"):
        calibration = _read(arguments)
    if not arguments.json:
        print_diagnostics(calibration.diagnostics, concise=True)
    folder = Path(arguments.out) if arguments.out else folder_of(calibration)
    check_folder(folder)
    from simengine.report.dossier import FACTS, PAGE, draw_calibration_folder

    drawn = FACTS if arguments.no_draw else PAGE
    draw = partial(draw_calibration_folder, pictures=not arguments.no_draw)
    current = is_current(calibration, folder, drawn=drawn)
    progress = CalibrationProgress(as_json=arguments.json)
    progress.begin(plan_line(calibration, up_to_date=current))
    try:
        result = complete_calibration(calibration, folder, Ways(progress.told, progress.step, draw, drawn))
    except KeyboardInterrupt:
        progress.end()
        print(f"interrupted: {folder} keeps what is finished; the same command goes on from there", file=sys.stderr)
        return INTERRUPTED
    finally:
        progress.end()
    show(result, up_to_date=current, as_json=arguments.json)
    return DONE


def _check_numbers(arguments: argparse.Namespace) -> None:
    if arguments.starts is not None and arguments.starts < 1:
        raise UsageError(f"--starts takes a whole number from 1, not {arguments.starts}")
    if arguments.seed is not None and arguments.seed < 0:
        raise UsageError(f"--seed takes a whole number from 0, not {arguments.seed}")


def _read(arguments: argparse.Namespace) -> Calibration:
    from simengine.calibrate.plan import read_calibration
    from simengine.calibrate.reader import is_calibration_file
    from simengine.calibrate.work import with_choices

    if Path(arguments.file).is_file() and not is_calibration_file(arguments.file):
        raise UsageError("a calibration is of a file (.yaml) with `parameters` and `fit`; this is none")
    calibration, found = read_calibration(arguments.file)
    if calibration is None:
        raise ModelError(found)
    chosen = with_choices(calibration, starts=arguments.starts, posterior=arguments.posterior)
    if arguments.seed is not None:
        chosen = replace(chosen, settings=replace(chosen.settings, seed=arguments.seed))
    if chosen.settings.posterior == "nuts" and chosen.problem.derivatives == "none":
        raise UsageError(f"--posterior nuts needs derivatives ({chosen.problem.why_not_exact}); `ensemble` does not")
    return chosen
