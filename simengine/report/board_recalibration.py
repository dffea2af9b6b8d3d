"""The section of what recalibration would change: a sentence, parameters, and what the plan comes to.

In: the recalibration of a watch as plain data. Out: HTML.

Invariant: whatever a name or a title holds is shown as text.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from html import escape
from typing import Any

from simengine.report.markup import html_list, html_table, prose

Words = Mapping[str, str]


def recalibration_section(again: Mapping[str, Any] | None, words: Words) -> str:
    """Return the section; nothing where nothing was calibrated anew."""
    if again is None:
        return ""
    text = f"<p>{prose(again['words'])}</p>"
    before, after = again["fitted"]
    text += (
        f"<p><small>{escape(words['values'].format(before=before, after=after))}; {escape(again['file'])}</small></p>"
    )
    heads = [words["parameter"], words["before"], words["interval"], words["after"], words["interval"], words["shift"],
             words["chance"]]  # fmt: skip
    text += html_table(heads, [], "".join(_parameter(p, again, words) for p in again["parameters"]))
    if again["forecasts"]:
        heads = [words["forecasts"], words["planned"], words["old fit"], words["new fit"]]
        text += html_table(heads, [], "".join(_forecast(f, words) for f in again["forecasts"]))
    return text + re.sub(r"`([^`<>]+)`", r"<code>\1</code>", html_list(again["notes"]))


def _parameter(one: Mapping[str, Any], again: Mapping[str, Any], words: Words) -> str:
    unit = f"<small>{escape(one['unit'])}</small>" if one["unit"] else ""
    chance = "–" if one["probability"] is None else f"{one['probability']:.2g}"
    if one["bound"] is not None:
        chance = f"<small>{escape(words['bound'].format(end=words[one['bound']]))}</small>"
    # as many parameters, as many tests: each has its share of the false alarms
    test = again["test"]
    share = test["false_alarm"] / max(1, len(again["parameters"])) if test else 0.0
    kind = ' class="missed"' if one["probability"] is not None and one["probability"] < share else ""
    cells = [short(one["before"]), ends(one["before_interval"]), short(one["after"]), ends(one["after_interval"]),
             "–" if one["in_errors"] is None else f"{one['in_errors']:+.2f}"]  # fmt: skip
    row = "".join(f"<td>{c}</td>" for c in cells)
    return f'<tr><th scope="row">{escape(one["title"])}{unit}</th>{row}<td{kind}>{chance}</td></tr>'


def _forecast(one: Mapping[str, Any], words: Words) -> str:
    at = "" if one["at"] is None or f"{one['at']:g}" in one["title"] else f"{one['at']:g}"
    unit = ", ".join(part for part in (one["unit"], at) if part)
    goal = "" if one["goal"] is None else f"<br>{one['goal']}".replace("<=", "≤").replace(">=", "≥")
    head = f'<th scope="row">{escape(one["title"])}<small>{escape(unit)}{goal}</small></th>'
    cells = []
    for n, key in enumerate(("planned", "before", "after")):
        met = None if one["met"] is None else one["met"][n]
        kind = {True: ' class="met"', False: ' class="missed"', None: ""}[met]
        word = "" if met is None else f"<small>{escape(words['met' if met else 'missed'])}</small>"
        cells.append(f"<td{kind}>{short(one[key])}{word}</td>")
    return f"<tr>{head}{''.join(cells)}</tr>"


def short(value: float | None) -> str:
    """Return a number with three digits, or more where it is large."""
    if value is None:
        return "–"
    return f"{value:.0f}" if abs(value) >= 1000 else f"{value:.3g}"


def ends(pair: Sequence[float] | None) -> str:
    """Return an interval."""
    return "–" if pair is None else f"{short(pair[0])} … {short(pair[1])}"
