"""`simengine monitor`: new observations, forecast against actual, goals in reach, initiatives."""

from __future__ import annotations

import argparse
import sys
import textwrap
from pathlib import Path
from typing import TYPE_CHECKING, Any

from simengine.cli.exits import DONE, UsageError
from simengine.cli.score_table import brief
from simengine.cli.terminal import print_diagnostics, print_json, table, working
from simengine.source.diagnostic import ModelError, has_errors

if TYPE_CHECKING:
    from simengine.monitor.plan import MonitorPlan

DESCRIPTION = """Compare what was planned with what became of it.

For every indicator: on track or drifting, by which test. For every goal: under which scenarios it can still be met from
where things are now. For every initiative: what it does to the indicators, planned and realised."""
EXAMPLES = """examples:
  simengine monitor monitoring/delft.yaml
  simengine monitor monitoring/delft.yaml --add new.csv        # append new observations, if all are right
  simengine monitor monitoring/delft.yaml --out results/monitor   # a page, the governance board, all as JSON

exit codes: 0 done (drifting or not), 1 the input is wrong (then nothing is appended or written)
"""
_WIDTH = 110


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the command's arguments."""
    parser.add_argument("file", metavar="FILE", help="a monitoring file (.yaml)")
    parser.add_argument("--add", metavar="CSV", help="a file of new observations, to be appended to those of FILE")
    parser.add_argument("--out", metavar="DIR", help="write index.html, board.svg and monitor.json into this folder")
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
        data = as_data(watch(plan))
    files = [] if arguments.out is None else _write(data, Path(arguments.out), plan)
    if arguments.json:
        print_json({**data, "added": added, "files": files})
        return DONE
    print("\n\n".join(part for part in (_found(data), _goals(data), _effects(data), _notes(data)) if part))
    for file in files:
        print(file, file=sys.stderr)
    return DONE


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


def _write(data: dict[str, Any], folder: Path, plan: MonitorPlan) -> list[str]:
    import json

    from simengine.report.board import draw_board
    from simengine.report.board_page import build_board_page, cards_of
    from simengine.results.write import write_text

    language = plan.language
    cards = cards_of(data)
    board = draw_board(cards, str(data["title"]), data["size_by"] or "", language) if cards else None
    texts = {"monitor.json": json.dumps(data, ensure_ascii=False, indent=1, allow_nan=False) + "\n"}
    if board is not None:
        texts["board.svg"] = board.decode()
    texts["index.html"] = build_board_page(data, board, language)
    for name, text in texts.items():
        write_text(text, folder / name)
    return [str(folder / name) for name in texts]


def _found(data: dict[str, Any]) -> str:
    lines = [f"{data['title']}: `{data['scenario']}` as of {data['as_of']:g}", ""]
    for one in data["indicators"]:
        lines += textwrap.wrap(f"{one['title']}: {one['words']}", _WIDTH, subsequent_indent="    ")
    share = f"{100 * data['false_alarm']:g}"
    lines.append(f"(an indicator that is on track is called drifting in no more than {share} of 100 cases)")
    return "\n".join(lines)


def _goals(data: dict[str, Any]) -> str:
    lines = []
    for goal in data["goals"]:
        unit = f", {goal['unit']}" if goal["unit"] else ""
        head = f"{goal['title']}{unit}, {goal['text']}: "
        best = max(goal["scenarios"], key=lambda s: s["share"], default=None)
        if best is None:
            text = "no scenario could be run"
        elif goal["out_of_reach"]:
            text = "out of reach in every scenario"
            ends = [s["now"] for s in goal["scenarios"] if s["now"] is not None]
            text += f": they come to {brief(min(ends))} to {brief(max(ends))}" if ends else ""
        else:
            likely = goal["likely"]
            text = f"likely under {', '.join(likely)}" if likely else (
                f"possible, at best under {best['scenario']} ({100 * best['share']:.0f} of 100 runs)")  # fmt: skip
        lines += textwrap.wrap(head + text, _WIDTH, subsequent_indent="    ")
    methods = dict.fromkeys(g["method"] for g in data["goals"])
    return "\n".join(["goals, from where things are now:", "", *lines, *(f"({m})" for m in methods)]) if lines else ""


def _effects(data: dict[str, Any]) -> str:
    rows = []
    for one in data["initiatives"]:
        told = [e for e in one["effects"] if any(e[k] for k in ("alone", "contribution", "realised"))]
        first = f"{one['title']} ({one['status']}, {one['owner']})"
        if not told:
            rows.append([first, "no effect in the model", "", "", ""])
        for n, effect in enumerate(told):
            unit = f"{effect['indicator']}, {effect['unit']}" if effect["unit"] else effect["indicator"]
            cells = [_cell(effect[k]) for k in ("alone", "contribution", "realised")]
            rows.append([first if n == 0 else "", unit, *cells])
    return table(["initiative", "indicator", "alone", "among all", "realised"], rows, left=2) if rows else ""


def _cell(value: float | None) -> str:
    if value is None:
        return "-"
    return f"+{brief(value)}" if value > 0 else brief(value)


def _notes(data: dict[str, Any]) -> str:
    return "\n".join(f"note: {note}" for note in data["notes"])
