"""The page: one HTML file that needs nothing else, made from a result folder.

In: a folder, its pictures. Out: HTML that reads on a phone, on paper, aloud, and without JavaScript.

Invariant: whatever a name or a title holds is shown as text; the page asks nothing of any server.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Mapping, Sequence
from html import escape
from pathlib import Path

from simengine.report.markup import html_list, html_table, told_provenance, told_source, whole_page
from simengine.report.picture import Kind, Picture, inline_svg
from simengine.report.style import Stroke, strokes
from simengine.report.words import Words
from simengine.results.compare import Compared, compare_scenarios, goal_rows
from simengine.results.provenance import read_provenance
from simengine.results.record import Record
from simengine.results.study import Score

Numbers = Mapping[str, Sequence[Compared]]
"""The comparison, by variable."""

_NUMBERS = re.compile(r"between|and|within|[-+]?\d[\d.]*(?:[eE][-+]?\d+)?|[≤≥=]")
"""What of a goal is no unit."""


def build_page(
    folder: Path,
    record: Record,
    pictures: Sequence[Picture],
    words: Words,
    labels: Mapping[str, str] | None = None,
) -> str:
    """Return the page of a result folder.

    Parameters
    ----------
    folder
        The result folder, whose provenance is read.
    record
        Its record, as `read_folder` gives it.
    pictures
        Its pictures, as `draw_pictures` gives them.
    words
        The language of the words around titles.
    labels
        What people call elements.

    """
    styles = strokes(record)
    provenance = read_provenance(folder) or {}
    numbers: dict[str, list[Compared]] = {}
    for row in compare_scenarios(record, elements=True):
        numbers.setdefault(row.variable, []).append(row)
    sections = [
        ("scenarios", words.scenarios, _scenarios(record, styles, words)),
        ("goals", words.goals, _goals(record, words)),
        ("comparison", words.comparison, _comparison(record, numbers, words)),
        (
            "charts",
            words.charts,
            _pictures(record, pictures, (Kind.OVERVIEW, Kind.CHART), numbers, words, labels or {}),
        ),
        ("maps", words.maps, _pictures(record, pictures, (Kind.MAP,), numbers, words, {}, first=len(pictures))),
        ("findings", words.findings, _findings(record)),
        ("sources", words.sources, _sources(record, words)),
        ("provenance", words.provenance, told_provenance(provenance, folder, words)),
    ]
    return whole_page(record.title, words.code, sections)


def _scenarios(record: Record, styles: Mapping[str, Stroke], words: Words) -> str:
    titles = record.titles()
    items = []
    for scenario in record.scenarios:
        stroke = styles[scenario.name]
        notes = []
        if scenario.name == record.base:
            notes.append(words.base)
        elif scenario.chain:
            notes.append(f"{words.builds_on} {', '.join(titles.get(c, c) for c in scenario.chain)}")
        if scenario.failed:
            notes.append(f"{words.failed}: {scenario.failed}")
        note = f" <small>{escape('; '.join(notes))}</small>" if notes else ""
        items.append(
            f'<li><label><input type="checkbox" checked hidden data-choose="{stroke.place}"> '
            f'<span class="key" style="background:{stroke.colour}"></span>'
            f"<b>{escape(scenario.title or scenario.name)}</b></label>{note}</li>"
        )
    return f'<ul class="scenarios" aria-label="{escape(words.choose)}">{"".join(items)}</ul>'


def _goals(record: Record, words: Words) -> str:
    rows = goal_rows(record)
    if not rows:
        return ""
    body = []
    for row in rows:
        told = words.relation(row.goal)  # as written, which may name its unit
        goal = told if _NUMBERS.sub("", told).strip() else f"{told} {row.unit}".strip()
        cells = "".join(
            f'<td data-scenario="{place}" class="{_class(score)}">{_score(score, words)}</td>'
            for place, score in enumerate(row.scores)
        )
        body.append(f'<tr><th scope="row">{escape(row.title)}<small>{escape(goal)}</small></th>{cells}</tr>')
    return _table([words.goal], record, "".join(body))


def _class(score: Score | None) -> str:
    return "" if score is None or score.met is None else ("met" if score.met else "missed")


def _score(score: Score | None, words: Words) -> str:
    if score is None:
        return f"<small>{escape(words.no_goal)}</small>"
    mark, word = ("✓", words.met) if score.met else ("✗", words.missed)
    more = []
    if score.margin is not None and math.isfinite(score.margin):
        margin = f"{words.number(abs(score.margin))} {score.unit}".strip()
        more.append(f"{margin} {words.spare}" if score.met else f"{words.by} {margin}")
    if score.met and score.reached is not None:
        more.append(f"{words.since} {words.time(score.reached)}")
    return (
        f'<span class="mark"><span aria-hidden="true">{mark}</span> {escape(word)}</span> '
        f"<b>{escape(words.number(score.value))}</b><small>{escape(', '.join(more))}</small>"
    )


def _table(corner: Sequence[str], record: Record, body: str) -> str:
    return html_table(corner, [s.title or s.name for s in record.scenarios], body)


def _comparison(record: Record, numbers: Numbers, words: Words) -> str:
    """Return the indicators at the last time compared: a column a scenario, differences from the base below values."""
    compared = [c for rows in numbers.values() for c in rows if not c.element]
    if not compared:
        return ""
    last = max(c.time for c in compared)
    places = {s.name: n for n, s in enumerate(record.scenarios)}
    body = []
    for indicator in record.indicators:
        cells: dict[int, str] = {}
        for c in numbers.get(indicator.variable, []):
            if not c.element and c.time == last:
                change = "" if c.scenario == record.base else f"<small>{escape(words.share(c.share))}</small>"
                cells[places[c.scenario]] = f"{escape(words.number(c.value))}{change}"
        if cells:
            text = "".join(f'<td data-scenario="{n}">{cells.get(n, "–")}</td>' for n in range(len(places)))
            unit = f"<small>{escape(indicator.unit)}</small>"
            body.append(f'<tr><th scope="row">{escape(indicator.title)}{unit}</th>{text}</tr>')
    base = record.titles().get(record.base, record.base)
    note = f"<p>{escape(words.time(last))}; % {escape(words.against)} {escape(base)}.</p>"
    return note + _table([words.indicator], record, "".join(body))


def _pictures(
    record: Record,
    pictures: Iterable[Picture],
    kinds: tuple[Kind, ...],
    numbers: Numbers,
    words: Words,
    labels: Mapping[str, str],
    *,
    first: int = 0,
) -> str:
    out = []
    for number, picture in enumerate((p for p in pictures if p.kind in kinds), first):
        about = picture.indicator
        more = ""
        if about is not None and picture.kind is Kind.CHART:
            text = f"<p>{escape(about.description)}</p>" if about.description else ""
            table = _numbers(record, numbers.get(about.variable, []), about.unit, words, labels)
            more = f"<figcaption>{text}{table}</figcaption>"
        out.append(f"<figure>{inline_svg(picture, number)}{more}</figure>")
    return "".join(out)


def _numbers(record: Record, compared: Sequence[Compared], unit: str, words: Words, labels: Mapping[str, str]) -> str:
    """Return the numbers behind a chart as a table that opens: by time, or by element at the last time."""
    if not compared:
        return ""
    elements = list(dict.fromkeys(c.element for c in compared))
    rows: list[tuple[str, str, float]]
    if elements == [""]:
        rows = [(words.time(t), "", t) for t in dict.fromkeys(c.time for c in compared)]
    else:
        last = max(c.time for c in compared)
        rows = [(f"{labels.get(e, e)}, {words.time(last)}", e, last) for e in elements]
    values = {(c.scenario, c.element, c.time): c.value for c in compared}
    body = "".join(
        f'<tr><th scope="row">{escape(title)}</th>'
        + "".join(
            f'<td data-scenario="{n}">{escape(words.number(values.get((s.name, element, time), math.nan), 4))}</td>'
            for n, s in enumerate(record.scenarios)
        )
        + "</tr>"
        for title, element, time in rows
    )
    return f"<details><summary>{escape(words.table)}</summary>{_table([unit], record, body)}</details>"


def _findings(record: Record) -> str:
    titles = record.titles()
    return html_list(f"{titles.get(f.scenario, f.scenario)}: {f.name}: {f.message}" for f in record.findings)


def _sources(record: Record, words: Words) -> str:
    items = [f"<li>{told_source(s, words)}</li>" for s in record.sources]
    measured = dict.fromkeys(h.source for h in record.history if h.source)
    drawn = dict.fromkeys(m.source for m in record.maps if m.source)
    items += [f"<li>{escape(text)}</li>" for text in (*measured, *drawn)]
    return f"<ul>{''.join(items)}</ul>" if items else ""
