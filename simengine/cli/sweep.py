"""`simengine sweep`: run a sweep of a scenario file, or what is missing of it, and show what it found."""

from __future__ import annotations

import argparse
import re
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from simengine.cli.exits import DONE, INTERRUPTED, RUN_FAILED, UsageError
from simengine.cli.terminal import print_diagnostics, print_json, working
from simengine.source.diagnostic import InputError, ModelError

if TYPE_CHECKING:
    from simengine.cli.sweep_progress import Progress
    from simengine.sweep.plan import SweepPlan
    from simengine.sweep.run import Executor

DESCRIPTION = """Run the scenarios of a file with many draws of what is uncertain, and learn from the runs.

Finished work is kept in the folder --out, else results/FILE-SWEEP. The same command again does what is missing, on one
core or a cluster; with more --runs it adds to what is there. Where all is there, nothing is run."""
EXAMPLES = """examples:
  simengine sweep scenarios/delft.yaml
  simengine sweep scenarios/delft.yaml --sweep gevoeligheid --runs 16384 --out results/wide
  simengine sweep scenarios/delft.yaml --until-ci 0.02
  simengine sweep scenarios/delft.yaml --cluster cluster.yaml
  simengine sweep scenarios/delft.yaml --shard $SLURM_ARRAY_TASK_ID/50      # a part; then once without --shard

exit codes: 0 done, 1 the input is wrong, 2 wrong usage, 3 some runs failed (failures.csv lists them),
130 interrupted; what is finished is kept in any case
"""
_SMALLEST = 128


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the command's arguments."""
    parser.add_argument("file", metavar="FILE", help="a scenario file (.yaml) with `uncertain` and `sweeps`")
    parser.add_argument("--sweep", metavar="NAME", help="which sweep; needed where the file has several")
    parser.add_argument(
        "--runs", type=int, metavar="N", help="runs of each scenario (in whole blocks of the design), not the file's n"
    )
    how = parser.add_mutually_exclusive_group()
    how.add_argument("--workers", type=int, metavar="N", help="threads of this machine; else as many as it has cores")
    how.add_argument("--cluster", metavar="FILE", help="a cluster file: Dask does the work")
    parser.add_argument(
        "--shard", metavar="I/N", help="only the I-th of N parts, for job arrays; nothing is put together"
    )
    parser.add_argument(
        "--until-ci",
        type=float,
        metavar="X",
        help="double the runs until every interval of the main measure is within plus or minus X; --runs is the most",
    )
    parser.add_argument("--out", metavar="DIR", help="the folder; else results/FILE-SWEEP")
    parser.add_argument("--no-learn", action="store_true", help="no indices and boxes: runs and quantiles only")
    parser.add_argument(
        "--gradients",
        type=int,
        default=0,
        metavar="N",
        help="exact derivatives at N runs of each scenario, for measures by derivatives (DGSM)",
    )
    parser.add_argument("--no-draw", action="store_true", help="no charts, maps and page")
    parser.add_argument(
        "--json", action="store_true", help="print the result as JSON, progress as JSON lines on stderr"
    )


def execute(arguments: argparse.Namespace) -> int:
    """Run the command."""
    part = _read_part(arguments.shard)
    _check_numbers(arguments, part)
    from simengine.cli.sweep_progress import Progress
    from simengine.scenario.plan import read_plan
    from simengine.scenario.reader import is_scenario_file
    from simengine.sweep.plan import plan_sweep
    from simengine.sweep.study import folder_of

    if Path(arguments.file).is_file() and not is_scenario_file(arguments.file):
        raise UsageError("a sweep is of a scenario file (.yaml, with `simengine: 1`); this is none")
    with working(f"reading {arguments.file}"):
        plan, found = read_plan(arguments.file)
        if plan is None:
            raise ModelError(found)
        sweep = plan_sweep(plan, arguments.sweep, arguments.runs)
    if not arguments.json:
        print_diagnostics(found, concise=True)
    folder = Path(arguments.out) if arguments.out else folder_of(sweep)
    progress = Progress(as_json=arguments.json)
    try:
        if part is not None:
            return _run_part(arguments, sweep, folder, part, progress)
        if arguments.until_ci is not None:
            return _run_until(arguments, sweep, folder, progress)
        return _run_whole(arguments, sweep, folder, progress)
    except KeyboardInterrupt:
        progress.end()
        print(f"interrupted: {folder} keeps what is finished; the same command goes on from there", file=sys.stderr)
        return INTERRUPTED
    finally:
        progress.end()


def _read_part(text: str | None) -> tuple[int, int] | None:
    if text is None:
        return None
    found = re.fullmatch(r"\s*(\d+)\s*/\s*(\d+)\s*", text)
    part = (int(found[1]), int(found[2])) if found else (0, 0)
    if not 1 <= part[0] <= part[1]:
        raise UsageError(f"--shard takes I/N with I from 1 to N, such as 3/50, not `{text}`")
    return part


def _check_numbers(arguments: argparse.Namespace, part: tuple[int, int] | None) -> None:
    for name in ("runs", "workers"):
        value = getattr(arguments, name)
        if value is not None and value < 1:
            raise UsageError(f"--{name} takes a whole number from 1, not {value}")
    if arguments.gradients < 0:
        raise UsageError(f"--gradients takes a whole number from 0, not {arguments.gradients}")
    if arguments.gradients and arguments.no_learn:
        raise UsageError("--gradients and --no-learn cannot stand together: derivatives are for what is learned")
    if arguments.until_ci is not None and not arguments.until_ci > 0:
        raise UsageError(f"--until-ci takes a number above 0, not {arguments.until_ci:g}")
    if part is not None and arguments.until_ci is not None:
        raise UsageError("--shard and --until-ci cannot stand together: a part does not know the others' runs")
    if arguments.until_ci is not None and arguments.no_learn:
        raise UsageError("--until-ci and --no-learn cannot stand together: intervals are learned from the runs")


def _executor(arguments: argparse.Namespace, progress: Progress) -> Executor:
    from simengine.sweep.run import Threads

    if arguments.cluster:
        from simengine.sweep.cluster import open_executor

        return open_executor(arguments.cluster, progress.say)
    return Threads(arguments.workers) if arguments.workers else Threads()


def _begin(sweep: SweepPlan, folder: Path, progress: Progress, part: tuple[int, int] | None = None) -> bool:
    """Tell what is about to be done, and return whether there is anything; refuse it where the disk is too small."""
    from simengine.cli.sweep_view import plan_line
    from simengine.sweep.disk import check_room, find_room
    from simengine.sweep.shard import cut_shards
    from simengine.sweep.work import count_missing

    shards = cut_shards(sweep)
    shards = shards if part is None else shards[part[0] - 1 :: part[1]]
    missing = count_missing(sweep, folder, shards)
    room = find_room(sweep, missing, folder)
    progress.begin(plan_line(sweep, sum(s.runs for s in shards), missing, room.needed), missing)
    check_room(sweep, room, folder)
    return missing > 0


def _run_part(
    arguments: argparse.Namespace, sweep: SweepPlan, folder: Path, part: tuple[int, int], progress: Progress
) -> int:
    from simengine.sweep.run import run_shards
    from simengine.sweep.study import check_folder

    check_folder(folder)
    _begin(sweep, folder, progress, part)
    done = run_shards(sweep, folder, _executor(arguments, progress), progress.told, part)
    progress.end()
    runs, failed = sum(d.shard.runs for d in done), sum(d.failed for d in done)
    if arguments.json:
        print_json({"folder": str(folder), "part": list(part), "shards": len(done), "runs": runs, "failed": failed})
        return DONE
    print(f"part {part[0]} of {part[1]} is done: {runs:,} runs, {failed:,} failed, in {folder}")
    print("the same command without --shard puts all parts together", file=sys.stderr)
    return DONE


def _run_whole(arguments: argparse.Namespace, sweep: SweepPlan, folder: Path, progress: Progress) -> int:
    from simengine.cli.sweep_view import show
    from simengine.report.sweep_report import draw_sweep_folder
    from simengine.sweep.package import is_current
    from simengine.sweep.study import Ways, check_folder, complete_sweep

    check_folder(folder)
    missing = _begin(sweep, folder, progress)
    draw = None if arguments.no_draw else draw_sweep_folder
    ways = Ways(not arguments.no_learn, arguments.gradients, draw, progress.step)
    current = not missing and is_current(sweep, folder, ways.learned, drawn=draw is not None)
    result = complete_sweep(sweep, folder, _executor(arguments, progress), progress.told, ways)
    progress.end()
    show(result, up_to_date=current, as_json=arguments.json)
    return RUN_FAILED if any(s["failed"] for s in result.about["scenarios"]) else DONE


def _run_until(arguments: argparse.Namespace, sweep: SweepPlan, folder: Path, progress: Progress) -> int:
    """Double the runs until what is learned is as sure as it was asked to be, or there are as many as may be."""
    from simengine.sweep.learn import find_precision
    from simengine.sweep.plan import plan_sweep
    from simengine.sweep.study import Ways, check_folder, complete_sweep

    design = sweep.some.design
    if not design.is_growable:
        raise InputError(
            f"a design of kind `{design.kind}` cannot grow, so --until-ci cannot add runs; random, latin, sobol, "
            "sequence, halton and morris can"
        )
    check_folder(folder)
    most, runs = sweep.runs, min(sweep.runs, _SMALLEST * design.block)
    while True:
        smaller = plan_sweep(sweep.plan, sweep.name, runs)
        _begin(smaller, folder, progress)
        result = complete_sweep(smaller, folder, _executor(arguments, progress), progress.told, Ways(learns=False))
        found = find_precision(result, smaller)
        if found is None:
            raise InputError("this sweep has no measure with intervals: --until-ci has nothing to wait for")
        width = found.half_width
        progress.say(f"{smaller.runs:,} runs of each scenario: the widest interval is that of the {found.text}")
        if width <= arguments.until_ci or smaller.runs >= most:
            break
        runs = min(2 * smaller.runs, most)
    if width > arguments.until_ci:
        progress.say(f"it is not within {arguments.until_ci:g}: --runs {2 * most} allows more")
    return _run_whole(arguments, smaller, folder, progress)
