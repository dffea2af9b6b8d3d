"""What `simengine monitor` prints: at a glance, indicators, goals, recalibration, initiatives, notes.

In: a watch as plain data. Out: text.

Invariant: whatever drifts or is out of reach stands in the first lines.
"""

from __future__ import annotations

import textwrap
from collections.abc import Iterable, Mapping
from typing import Any

from simengine.cli.score_table import brief
from simengine.cli.terminal import table
from simengine.report.board_page import best_of, goal_text, is_small, verdict_of
from simengine.report.board_recalibration import ends, short

Data = Mapping[str, Any]
_WIDTH = 110


def monitor_text(data: Data) -> str:
    """Return everything."""
    parts = (_glance(data), _found(data), _goals(data), _recalibration(data), _effects(data), _notes(data))
    return "\n\n".join(part for part in parts if part)


def _wrapped(head: str, text: str, indent: int) -> list[str]:
    return textwrap.wrap(f"{head}{text}", _WIDTH, subsequent_indent=" " * indent, break_on_hyphens=False)


def _glance(data: Data) -> str:
    lines = [f"{data['title']}: `{data['scenario']}` as of {data['as_of']:g}", ""]
    found, goals = data["indicators"], data["goals"]
    states = {"drifting": "drifting", "on track": "on track", "too few values to tell": "cannot tell",
              "nothing new": "nothing new"}  # fmt: skip
    rows = []
    for state, word in states.items():
        names = [one["title"] for one in found if one["state"] == state]
        if names or state == "drifting":
            rows.append((word, f"{len(names)} of {len(found)}", names))
    for key, word in (
        ("out", "out of reach"),
        ("possible", "possible"),
        ("other", "likely, other"),
        ("plan", "likely"),
    ):
        names = [goal_text(g) for g in goals if verdict_of(g, data["scenario"]) == key]
        if names or (key == "out" and goals):
            rows.append((word, f"{len(names)} of {len(goals)} goals", names))
    for word, count, names in rows:
        lines += _wrapped(f"  {word:<13} {count:<13} ", "; ".join(names) if names else "-", 30)
    if data["recalibration"] is not None:
        lines += _wrapped("  recalibration ", data["recalibration"]["words"], 16)
    return "\n".join(lines)


def _found(data: Data) -> str:
    lines = ["indicators:", ""]
    for one in data["indicators"]:
        lines += _wrapped(f"  {one['title']}: ", one["words"], 6)
    share = f"{100 * data['false_alarm']:g}"
    lines.append(
        f"  (one that is on track is called drifting in no more than {share} of 100 cases, where the spread is known)"
    )
    return "\n".join(lines)


def _goals(data: Data) -> str:
    lines = []
    for goal in data["goals"]:
        best = best_of(goal)
        count = len(goal["scenarios"])
        if best is None:
            text = "no scenario could be run"
        elif goal["out_of_reach"]:
            values = [s["now"] for s in goal["scenarios"] if s["now"] is not None]
            text = "out of reach in every scenario"
            text += f": they come to {brief(min(values))} to {brief(max(values))}" if values else ""
        elif len(goal["likely"]) == count:
            text = f"likely under all {count} scenarios"
        elif goal["likely"]:
            text = f"likely under {_listed(goal['likely'])}"
        else:
            text = f"possible, at best under `{best['scenario']}` ({100 * best['share']:.0f} of 100 runs)"
        lines += _wrapped(f"  {goal_text(goal)}: ", text, 6)
    methods = dict.fromkeys(g["method"] for g in data["goals"])
    moved = any(g["moved"] for g in data["goals"])
    head = "goals, from where things are now:" if moved else "goals, as planned (nothing that was measured moves them):"
    return "\n".join([head, "", *lines, *(f"  ({m})" for m in methods)]) if lines else ""


def _listed(names: Iterable[str]) -> str:
    return "; ".join(f"`{n}`" for n in names)  # names have commas in them


def _recalibration(data: Data) -> str:
    again = data["recalibration"]
    if again is None:
        return ""
    rows = []
    for one in again["parameters"]:
        chance = "-" if one["probability"] is None else f"{one['probability']:.2g}"
        chance = f"at its {one['bound']} end" if one["bound"] is not None else chance
        moved = "-" if one["in_errors"] is None else f"{one['in_errors']:+.2f}"
        name = f"{one['title']}, {one['unit']}" if one["unit"] and one["unit"].casefold() != "dmnl" else one["title"]
        rows.append([name, short(one["before"]), ends(one["before_interval"]), short(one["after"]),
                     ends(one["after_interval"]), moved, chance])  # fmt: skip
    heads = ["parameter", "before", "90 % interval", "after", "90 % interval", "in old s.e.", "by chance"]
    lines = ["recalibration would change:", "", table(heads, rows, left=1)]
    if again["forecasts"]:
        rows = []
        for one in again["forecasts"]:
            goal = "" if one["goal"] is None else goal_text({**one, "text": one["goal"]}).removeprefix(one["title"])
            met = "" if one["met"] is None else " -> ".join("met" if m else "missed" for m in one["met"][1:])
            unit = f", {one['unit']}" if one["unit"] else ""
            at = "" if one["at"] is None or f"{one['at']:g}" in one["title"] else f" in {one['at']:g}"
            rows.append([f"{one['title']}{at}{unit}", short(one["planned"]), short(one["before"]), short(one["after"]),
                         f"{goal} {met}".strip()])  # fmt: skip
        lines += [
            "",
            table(["the plan comes to", "as planned", "old estimates", "new estimates", "goal"], rows, left=1),
        ]
    return "\n".join([*lines, *(f"  note: {n}" for n in again["notes"])])


def _effects(data: Data) -> str:
    rows, left_out = [], 0
    for one in data["initiatives"]:
        there = [e for e in one["effects"] if any(e[k] for k in ("alone", "contribution", "realised"))]
        shown = [e for e in there if not is_small(e)]
        left_out += len(there) - len(shown)
        first = f"{one['title']} ({one['status']}, {one['owner']})"
        if not shown:
            failed = any(e["failed"] for e in one["effects"])
            none = "not known: a run failed" if failed else "no effect in the model"
            rows.append([first, "no effect of 1 % or more" if there and not failed else none, "", "", ""])
        for n, effect in enumerate(shown):
            unit = f"{effect['title']}, {effect['unit']}" if effect["unit"] else effect["title"]
            cells = [_cell(effect[k]) for k in ("alone", "contribution", "realised")]
            rows.append([first if n == 0 else "", unit, *cells])
    text = table(["initiative", "indicator", "alone", "among all", "realised"], rows, left=2) if rows else ""
    return f"{text}\n({left_out} effects below 1 % of their indicator are left out)" if left_out else text


def _cell(value: float | None) -> str:
    if value is None:
        return "-"
    return f"+{brief(value)}" if value > 0 else brief(value)


def _notes(data: Data) -> str:
    return "\n".join(f"note: {note}" for note in data["notes"])
