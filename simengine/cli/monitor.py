"""`simengine monitor`: new observations, forecast against actual, goals in reach, initiatives."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from simengine.cli.exits import DONE, INTERRUPTED, UsageError
from simengine.cli.terminal import print_diagnostics, print_json, working
from simengine.source.diagnostic import InputError, ModelError

if TYPE_CHECKING:
    from simengine.monitor.plan import MonitorPlan
    from simengine.monitor.watch import Watch

DESCRIPTION = """Compare what was planned with what became of it.

For every indicator: on track or drifting, by which test. For every goal: under which scenarios it can still be met from
where things are now. For every initiative: what it does to the indicators, planned and realised. Where the file names a
calibration: what new observations would change in it, and in the forecast; both fits are kept, and not made twice."""
EXAMPLES = """examples:
  simengine monitor monitoring/delft.yaml
  simengine monitor monitoring/delft.yaml --add new.csv        # append new observations, if all are right
  simengine monitor monitoring/delft.yaml --out results/monitor   # a page, the governance board, all as JSON

exit codes: 0 done (drifting or not), 1 the input is wrong (then nothing is appended or written), 2 wrong usage,
130 interrupted; what is finished of a recalibration is kept
"""
RECORD = "monitor.json"
"""Written first: what marks a folder as one of these."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the command's arguments."""
    parser.add_argument("file", metavar="FILE", help="a monitoring file (.yaml)")
    parser.add_argument("--add", metavar="CSV", help="a file of new observations, to be appended to those of FILE")
    parser.add_argument("--out", metavar="DIR", help="write index.html, board.svg and monitor.json into this folder")
    parser.add_argument("--no-recalibration", action="store_true", help="do not calibrate anew what FILE names")
    parser.add_argument(
        "--language", choices=("en", "nl"), default="", help="of the page and of titles; else that of FILE's title"
    )
    parser.add_argument("--json", action="store_true", help="print everything as JSON")


def execute(arguments: argparse.Namespace) -> int:
    """Run the command."""
    from simengine.monitor.plan import is_monitoring_file
    from simengine.monitor.watch import as_data

    if Path(arguments.file).is_file() and not is_monitoring_file(arguments.file):
        raise UsageError("this is no monitoring file (.yaml, with `simengine: 1` and `monitor: SCENARIO FILE`)")
    if arguments.out is not None:
        check_folder(Path(arguments.out))
    seen, plan, added = _seen(arguments)
    data = as_data(seen)
    files = [] if arguments.out is None else _write(data, seen, Path(arguments.out), plan)
    if arguments.json:
        print_json({**data, "added": added, "files": files})
        return DONE
    from simengine.cli.monitor_view import monitor_text

    print(monitor_text(data))
    for file in files:
        print(file, file=sys.stderr)
    return DONE


def _seen(arguments: argparse.Namespace) -> tuple[Watch, MonitorPlan, int | None]:
    """Return what became of the plan, and how many observations were appended once it could be told."""
    from simengine.monitor.addition import add_observations
    from simengine.monitor.plan import read_monitoring

    while True:
        addition = None
        with working(f"reading {arguments.file}"):
            if arguments.add is not None:
                addition = add_observations(Path(arguments.file), Path(arguments.add), arguments.language)
                plan: MonitorPlan | None = addition.plan
                found = addition.told
            else:
                plan, found = read_monitoring(arguments.file, arguments.language)
        if plan is None:
            raise ModelError(found)
        if not arguments.json:
            print_diagnostics(found, concise=True)
        seen = _judged(plan, arguments)
        if addition is None:
            return seen, plan, None
        if addition.append():
            count = len(addition.rows.found)
            if not arguments.json:
                print(f"{count} observations appended to {addition.file}", file=sys.stderr)
            return seen, plan, count
        # another process was faster: what is new is looked at again, beside what that one has appended


def _judged(plan: MonitorPlan, arguments: argparse.Namespace) -> Watch:
    from simengine.monitor.watch import watch

    with working("running the forecast"):
        seen = watch(plan, None)
    if arguments.no_recalibration or plan.calibration is None:
        return seen
    return _recalibrated(seen, plan, as_json=arguments.json)


def check_folder(folder: Path) -> None:
    """Refuse a folder that holds other things than what is written here.

    Raises
    ------
    InputError
        If it is a file, or holds files and nothing of ours.

    """
    if folder.exists() and not folder.is_dir():
        raise InputError(f"`{folder}` is a file; results are written into a folder")
    if not folder.is_dir() or (folder / RECORD).is_file():
        return
    if any(not p.name.endswith(".draft") for p in folder.iterdir()):
        raise InputError(
            f"`{folder}` holds files, and none that `simengine monitor` wrote; choose a new or an empty folder"
        )


def _recalibrated(seen: Watch, plan: MonitorPlan, *, as_json: bool) -> Watch:
    """Return a watch with what recalibration would change; what is finished of it is kept."""
    from simengine.calibrate.study import Ways
    from simengine.cli.calibrate_progress import CalibrationProgress
    from simengine.monitor.recalibrate import folder_of
    from simengine.monitor.watch import with_recalibration

    progress = CalibrationProgress(as_json=as_json)
    try:
        return with_recalibration(seen, plan, Ways(progress.told, progress.step))
    except KeyboardInterrupt:
        progress.end()
        print(f"interrupted: {folder_of(plan)} keeps what is finished; the same command goes on from there",
              file=sys.stderr)  # fmt: skip
        raise SystemExit(INTERRUPTED) from None
    finally:
        progress.end()


def _write(data: dict[str, Any], seen: Watch, folder: Path, plan: MonitorPlan) -> list[str]:
    import json

    from simengine.monitor.watch import as_data
    from simengine.report.board import draw_board
    from simengine.report.board_page import board_notes, build_board_page, cards_of
    from simengine.results.write import write_text

    language, told = plan.language, as_data(seen, plan.language)
    cards, notes, title = cards_of(told, language), board_notes(told, language), str(told["title"])
    boards = [draw_board(cards, title, notes, language, narrow=narrow) for narrow in (False, True)] if cards else []
    texts = {RECORD: json.dumps(data, ensure_ascii=False, indent=1, allow_nan=False) + "\n"}
    if boards:
        texts["board.svg"] = boards[0].decode()
    texts["index.html"] = build_board_page(told, boards, language)
    for name, text in texts.items():
        write_text(text, folder / name)
    return [str(folder / name) for name in texts]
