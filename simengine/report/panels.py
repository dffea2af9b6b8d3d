"""Small multiples: all indicators at a glance, and one indicator for every element of its dimension.

In: a `Record`. Out: sheets.

Invariant: panels of one indicator share their axes, so that elements can be compared.
"""

from __future__ import annotations

import math
from collections.abc import Mapping

import numpy as np

from simengine.report.axes import Axes, draw_foot, draw_head, foot_height, foot_of
from simengine.report.chart import draw_goals, draw_history, draw_lines, draw_scale, limits, unit_of
from simengine.report.letters import fit, text_width, wrap
from simengine.report.sheet import WIDE, Sheet
from simengine.report.style import QUIET, Stroke, strokes
from simengine.report.words import Words
from simengine.results.record import Record, Series
from simengine.results.study import Indicator

_MOST = 24
"""Elements drawn; a page of hundreds of panels says nothing."""


def draw_overview(record: Record, words: Words, width: float = WIDE) -> Sheet:
    """Return all indicators without dimensions, one panel each."""
    shown = [i for i in record.indicators if any(not s.element for s in record.by_indicator[i.variable])]
    styles = strokes(record)
    sheet = Sheet(width, 0.0)
    columns = min(2 if sheet.is_narrow else 3, max(1, len(shown)))
    top = draw_head(sheet, words.overview, "") + 2
    cell = width / columns
    tall = 80.0 if sheet.is_narrow else 92.0
    for first in range(0, len(shown), columns):
        row = shown[first : first + columns]
        heads = [wrap(i.title, cell - 18, 8.5, bold=True, most=3) for i in row]
        head = max(len(h) for h in heads) * 10.4 + 14
        for column, (indicator, lines) in enumerate(zip(row, heads, strict=True)):
            y = top + 8 + 10.4 * (max(len(h) for h in heads) - len(lines))
            after = sheet.lines_of_text(column * cell + 12, y, lines, 8.5, bold=True, name="indicator")
            sheet.text(column * cell + 12, after - 0.5, unit_of(indicator), 7.5, QUIET, name="unit")
            _panel(sheet, record, indicator, words, styles, (column * cell, top + head, cell, tall))
        top += head + tall + 26
    sheet.height = _legend(sheet, record, styles, top) + 6
    return sheet


def _panel(
    sheet: Sheet,
    record: Record,
    indicator: Indicator,
    words: Words,
    styles: dict[str, Stroke],
    box: tuple[float, float, float, float],
) -> None:
    """Draw one indicator, scenarios as thin lines."""
    x, top, width, height = box
    series = [s for s in record.by_indicator[indicator.variable] if not s.element]
    history = record.measured(indicator.variable)
    along, up = limits(series, history, indicator)
    left = 17 + max(text_width(words.number(v, 4), 7.5) for v in up)
    axes = Axes(sheet, x + left, top + 4, width - left - 12, height - 4, along, up)
    draw_scale(axes, words, count=4, years=3, size=7.5, beyond=10.0)
    draw_lines(axes, series, styles, 0.65)
    if history is not None:
        draw_history(axes, history, 1.7)
    draw_goals(axes, indicator, words, labels=False)


def draw_elements(
    record: Record, indicator: Indicator, labels: Mapping[str, str], words: Words, width: float = WIDE
) -> Sheet:
    """Return an indicator with dimensions, one panel an element; all panels have the same scale."""
    by_element: dict[str, list[Series]] = {}
    for found in record.by_indicator[indicator.variable]:
        by_element.setdefault(found.element, []).append(found)
    left_out = max(0, len(by_element) - _MOST)
    chosen = list(by_element.items())[:_MOST]
    styles = strokes(record)
    everything = [s for _, several in chosen for s in several]
    along, up = limits(everything, None, None)
    sheet = Sheet(width, 0.0)
    columns = min(3 if sheet.is_narrow else 5, max(1, len(chosen)))
    top = draw_head(sheet, indicator.title, unit_of(indicator)) + 4
    left = 17 + max(text_width(words.number(v, 4), 7.5) for v in up)
    cell = (width - left - 6) / columns
    tall = 62.0 if sheet.is_narrow else 74.0
    for number, (element, series) in enumerate(chosen):
        row, column = divmod(number, columns)
        axes = Axes(sheet, left + column * cell, top + row * (tall + 22) + 14, cell - 8, tall, along, up)
        is_last = number + columns >= len(chosen)
        draw_scale(axes, words, count=3, years=2, size=7.5, below=is_last, first=column == 0, beyond=3.0)
        draw_lines(axes, series, styles, 0.65)
        history = record.measured(f"{indicator.variable}[{element}]")
        if history is not None:
            draw_history(axes, history, 1.7)
        sheet.text(axes.left, axes.top - 3, fit(labels.get(element, element), cell - 8, 8.0), 8.0, name="element")
        if all(np.isnan(s.shown).all() for s in series):
            sheet.text(axes.left + axes.width / 2, axes.top + tall / 2, "–", 9.0, QUIET, anchor="middle", name="none")
    top += math.ceil(len(chosen) / columns) * (tall + 22) + 18
    notes = [f"– {words.hidden}"] if any(s.hidden is not None and s.hidden.any() for s in everything) else []
    foot = foot_of([*notes, *([f"+ {left_out}"] if left_out else [])], width)
    sheet.height = _legend(sheet, record, styles, top) + foot_height(foot)
    draw_foot(sheet, foot)
    return sheet


def _legend(sheet: Sheet, record: Record, styles: Mapping[str, Stroke], top: float) -> float:
    """Draw a key of the highlighted scenarios in rows that fit; return where there is room again."""
    titles = record.titles()
    x, y = 12.0, top + 4
    for scenario in record.scenarios:
        stroke = styles[scenario.name]
        if not stroke.highlighted:
            continue
        title = fit(titles[scenario.name], sheet.width - 48, 8.0)
        width = 36 + text_width(title, 8.0)
        if x > 12 and x + width > sheet.width:
            x, y = 12.0, y + 13
        sheet.line([x, x + 16], [y, y], stroke.colour, 2.2, name="key-sample", scenario=stroke.place)
        sheet.text(x + 20, y + 2.8, title, 8.0, stroke.ink, name="key", scenario=stroke.place)
        x += width
    return y + 10
