"""`simengine monitor`: new observations, forecast against actual, goals in reach, initiatives."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from simengine.cli.exits import DONE, INTERRUPTED, UsageError
from simengine.cli.terminal import print_diagnostics, print_json, working
from simengine.source.diagnostic import ModelError, has_errors

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


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the command's arguments."""
    parser.add_argument("file", metavar="FILE", help="a monitoring file (.yaml)")
    parser.add_argument("--add", metavar="CSV", help="a file of new observations, to be appended to those of FILE")
    parser.add_argument("--out", metavar="DIR", help="write index.html, board.svg and monitor.json into this folder")
    parser.add_argument("--no-recalibration", action="store_true", help="do not calibrate anew what FILE names")
    parser.add_argument("--json", action="store_true", help="print everything as JSON")


def execute(arguments: argparse.Namespace) -> int:
    """Run the command."""
    from simengine.monitor.plan import is_monitoring_file, read_monitoring

    if Path(arguments.file).is_file() and not is_monitoring_file(arguments.file):
        raise UsageError("this is no monitoring file (.yaml, with `simengine: 1` and `monitor: SCENARIO FILE`)")
    with working(f"reading {arguments.file}"):
        plan, found = read_monitoring(arguments.file)
    if plan is None:
        raise ModelError(found)
    added: int | None = None
    if arguments.add is not None:
        added = _append(plan, Path(arguments.add))
        with working(f"reading {arguments.file}"):
            plan, found = read_monitoring(arguments.file)
        if plan is None:
            raise ModelError(found)
        if not arguments.json:
            print(f"{added} observations appended to {plan.appended}", file=sys.stderr)
    if not arguments.json:
        print_diagnostics(found, concise=True)
    from simengine.monitor.watch import as_data, watch

    with working("running the forecast"):
        seen = watch(plan, None)
    if not arguments.no_recalibration and plan.calibration is not None:
        seen = _recalibrated(seen, plan, as_json=arguments.json)
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


def _append(plan: MonitorPlan, new: Path) -> int:
    """Append a file of new observations, if all of it is right; return how many."""
    from simengine.language.yaml.reading import Reading
    from simengine.monitor.observations import append_rows, look_at_new
    from simengine.source.diagnostic import error
    from simengine.source.render import sort_diagnostics

    if plan.appended is None:
        text = f"`{plan.path}` names no file under `observations` that new ones could be appended to"
        raise ModelError([error("missing-key", text, path=str(plan.path))])
    if not new.is_file():
        raise ModelError([error("missing-file", f"there is no file `{new}`", path=str(new))])
    to = Reading()
    rows = look_at_new(new, plan.observations, plan.plan.names, to)
    if has_errors(to.problems):
        raise ModelError(sort_diagnostics(tuple(to.problems)))
    append_rows(plan.appended, rows)
    return len(rows)


def _write(data: dict[str, Any], seen: Watch, folder: Path, plan: MonitorPlan) -> list[str]:
    import json

    from simengine.monitor.watch import as_data
    from simengine.report.board import draw_board
    from simengine.report.board_page import build_board_page, cards_of
    from simengine.results.write import write_text

    language, told = plan.language, as_data(seen, plan.language)
    cards = cards_of(told)
    boards = [
        draw_board(cards, str(told["title"]), _size_title(told), language, narrow=narrow) for narrow in (False, True)
    ] if cards else []  # fmt: skip
    texts = {"monitor.json": json.dumps(data, ensure_ascii=False, indent=1, allow_nan=False) + "\n"}
    if boards:
        texts["board.svg"] = boards[0].decode()
    texts["index.html"] = build_board_page(told, boards, language)
    for name, text in texts.items():
        write_text(text, folder / name)
    return [str(folder / name) for name in texts]


def _size_title(data: dict[str, Any]) -> str:
    """Return the title of the indicator that sizes go by."""
    effects = (e for one in data["initiatives"] for e in one["effects"])
    return next((e["title"] for e in effects if e["indicator"] == data["size_by"]), data["size_by"] or "")
