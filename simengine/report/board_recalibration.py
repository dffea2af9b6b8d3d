"""The section of what recalibration would change: a sentence, parameters, and what the plan comes to.

In: the recalibration of a watch as plain data. Out: HTML.

Invariant: whatever a name or a title holds is shown as text.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from html import escape
from typing import Any

from simengine.report.markup import html_list, html_table, labelled_cell, prose, stacked
from simengine.report.words import words_for

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
    text += stacked(html_table(heads, [], "".join(_parameter(p, again, words) for p in again["parameters"])))
    if again["forecasts"]:
        heads = [words["forecasts"], words["planned"], words["old fit"], words["new fit"]]
        text += stacked(html_table(heads, [], "".join(_forecast(f, words) for f in again["forecasts"])))
    return text + re.sub(r"`([^`<>]+)`", r"<code>\1</code>", html_list(again["notes"]))


def _parameter(one: Mapping[str, Any], again: Mapping[str, Any], words: Words) -> str:
    has_unit = one["unit"] and one["unit"].casefold() not in {"dmnl", "1"}
    unit = f"<small>{escape(one['unit'])}</small>" if has_unit else ""
    number = words_for(words["code"])
    chance = "–" if one["probability"] is None else number.number(one["probability"], 2)
    if one["bound"] is not None:
        chance = f"<small>{escape(words['bound'].format(end=words[one['bound']]))}</small>"
    # as many parameters, as many tests: each has its share of the false alarms
    test = again["test"]
    share = test["false_alarm"] / max(1, len(again["parameters"])) if test else 0.0
    kind = "missed" if one["probability"] is not None and one["probability"] < share else ""

    def told(value: float | None) -> str:
        return "–" if value is None else number.number(value)

    def between(pair: Sequence[float] | None) -> str:
        return "–" if pair is None else f"{told(pair[0])} … {told(pair[1])}"

    cells = [told(one["before"]), between(one["before_interval"]), told(one["after"]), between(one["after_interval"]),
             "–" if one["in_errors"] is None else number.change(round(one["in_errors"], 2))]  # fmt: skip
    labels = [words[k] for k in ("before", "interval", "after", "interval", "shift")]
    row = "".join(labelled_cell(c, label) for c, label in zip(cells, labels, strict=True))
    last = labelled_cell(chance, words["chance"], kind)
    return f'<tr><th scope="row">{escape(one["title"])}{unit}</th>{row}{last}</tr>'


def _forecast(one: Mapping[str, Any], words: Words) -> str:
    at = "" if one["at"] is None or f"{one['at']:g}" in one["title"] else f"{one['at']:g}"
    unit = ", ".join(part for part in (one["unit"], at) if part)
    goal = "" if one["goal"] is None else f"<br>{one['goal']}".replace("<=", "≤").replace(">=", "≥")
    head = f'<th scope="row">{escape(one["title"])}<small>{escape(unit)}{goal}</small></th>'
    cells = []
    for n, key in enumerate(("planned", "before", "after")):
        met = None if one["met"] is None else one["met"][n]
        kind = {True: "met", False: "missed", None: ""}[met]
        word = "" if met is None else f"<small>{escape(words['met' if met else 'missed'])}</small>"
        shown = "–" if one[key] is None else words_for(words["code"]).number(one[key])
        label = words[{"planned": "planned", "before": "old fit", "after": "new fit"}[key]]
        cells.append(labelled_cell(f"{shown}{word}", label, kind))
    return f"<tr>{head}{''.join(cells)}</tr>"


def short(value: float | None) -> str:
    """Return a number with three digits, or more where it is large."""
    if value is None:
        return "–"
    return f"{value:.0f}" if abs(value) >= 1000 else f"{value:.3g}"


def ends(pair: Sequence[float] | None) -> str:
    """Return an interval."""
    return "–" if pair is None else f"{short(pair[0])} … {short(pair[1])}"
