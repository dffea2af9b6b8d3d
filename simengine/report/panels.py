"""Small multiples: all indicators at a glance, and one indicator for every element of its dimension.

In: a `Record`. Out: matplotlib figures.

Invariant: panels of one indicator share their axes, so that elements can be compared.
"""

from __future__ import annotations

import math
import textwrap
from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np

from simengine.report.chart import caption, draw_goals, draw_history, draw_lines, head, quiet_axes, set_limits
from simengine.report.style import INK, QUIET, Stroke, strokes
from simengine.report.words import Words
from simengine.results.record import Record, Series
from simengine.results.study import Indicator

if TYPE_CHECKING:
    from matplotlib.figure import Figure

_WIDTH = 8.6
_PANEL = 1.75
_MOST = 24
"""Elements drawn; a page of hundreds of panels says nothing."""


def draw_overview(record: Record, words: Words) -> Figure:
    """Return all indicators without dimensions, one panel each."""
    from matplotlib.figure import Figure  # heavy: only where something is drawn

    shown = [i for i in record.indicators if any(not s.element for s in record.by_indicator[i.variable])]
    styles = strokes(record)
    columns = min(3, max(1, len(shown)))
    rows = max(1, math.ceil(len(shown) / columns))
    foot, top = _legend_height(record, styles), 0.45
    height = rows * 1.95 + foot + top
    figure = Figure(figsize=(_WIDTH, height))
    figure.text(0.02, 1 - 0.2 / height, words.overview, fontsize=13, fontweight="bold", va="center")
    grid = figure.subplots(rows, columns, squeeze=False)
    figure.subplots_adjust(0.065, (foot + 0.32) / height, 0.985, 1 - (top + 0.42) / height, wspace=0.26, hspace=0.72)
    for number, axes in enumerate(grid.flat):
        if number >= len(shown):
            axes.set_visible(False)
            continue
        indicator = shown[number]
        series = [s for s in record.by_indicator[indicator.variable] if not s.element]
        history = record.measured(indicator.variable)
        draw_lines(axes, series, _thinner(styles))
        set_limits(axes, series, history, indicator)
        if history is not None:
            draw_history(axes, history)
            axes.lines[-1].set_markersize(3)
        draw_goals(axes, indicator, words, labels=False)
        quiet_axes(axes, words, count=4)
        axes.tick_params(labelsize=7.5)
        title = "\n".join(textwrap.wrap(indicator.title, 36, max_lines=2, placeholder=" …"))
        axes.set_title(title, loc="left", fontsize=9, fontweight="bold", pad=15, linespacing=1.05, y=1.0)
        axes.text(0, 1.035, indicator.unit, transform=axes.transAxes, fontsize=7.5, color=QUIET, va="bottom")
    _legend(figure, record, styles, foot)
    return figure


def draw_elements(record: Record, indicator: Indicator, labels: Mapping[str, str], words: Words) -> Figure:
    """Return an indicator with dimensions, one panel an element; all panels have the same scale."""
    from matplotlib.figure import Figure

    by_element: dict[str, list[Series]] = {}
    for found in record.by_indicator[indicator.variable]:
        by_element.setdefault(found.element, []).append(found)
    left_out = max(0, len(by_element) - _MOST)
    chosen = dict(list(by_element.items())[:_MOST])
    styles = strokes(record)
    columns = min(5, max(1, len(chosen)))
    rows = max(1, math.ceil(len(chosen) / columns))
    foot, top = _legend_height(record, styles) + 0.25, 0.72
    height = rows * 1.5 + foot + top
    figure = Figure(figsize=(_WIDTH, height))
    head(figure, indicator, top=1 - 0.2 / height)
    grid = figure.subplots(rows, columns, squeeze=False, sharex=True, sharey=True)
    figure.subplots_adjust(0.065, (foot + 0.25) / height, 0.985, 1 - (top + 0.2) / height, wspace=0.12, hspace=0.38)
    everything = [s for several in chosen.values() for s in several]
    for number, axes in enumerate(grid.flat):
        if number >= len(chosen):
            axes.set_visible(False)
            continue
        element, series = list(chosen.items())[number]
        draw_lines(axes, series, _thinner(styles))
        history = record.measured(f"{indicator.variable}[{element}]")
        set_limits(axes, everything, None, None)
        if history is not None:
            draw_history(axes, history)
            axes.lines[-1].set_markersize(3)
        quiet_axes(axes, words, count=2)
        axes.tick_params(labelsize=7, labelbottom=number + columns >= len(chosen))
        axes.set_title(labels.get(element, element), loc="left", fontsize=8, pad=3, color=INK, y=1.0)
        if all(np.isnan(s.shown).all() for s in series):
            axes.text(0.5, 0.5, "–", transform=axes.transAxes, ha="center", va="center", color=QUIET)
    _legend(figure, record, styles, foot)
    notes = [f"– {words.hidden}"] if any(s.hidden is not None and s.hidden.any() for s in everything) else []
    caption(figure, [*notes, *([f"+ {left_out}"] if left_out else [])])
    return figure


def _thinner(styles: Mapping[str, Stroke]) -> dict[str, Stroke]:
    return {n: Stroke(s.place, s.colour, s.width * 0.65, highlighted=s.highlighted) for n, s in styles.items()}


def _entries(record: Record, styles: Mapping[str, Stroke]) -> list[tuple[str, Stroke]]:
    titles = record.titles()
    return [(titles[s.name], styles[s.name]) for s in record.scenarios if styles[s.name].highlighted]


def _legend_rows(record: Record, styles: Mapping[str, Stroke]) -> list[list[tuple[str, Stroke]]]:
    """Return entries in rows that fit the width; a letter takes about 0.075 inch."""
    rows: list[list[tuple[str, Stroke]]] = [[]]
    used = 0.0
    for title, stroke in _entries(record, styles):
        width = 0.45 + 0.075 * len(title)
        if rows[-1] and used + width > _WIDTH - 0.4:
            rows.append([])
            used = 0.0
        rows[-1].append((title, stroke))
        used += width
    return rows


def _legend_height(record: Record, styles: Mapping[str, Stroke]) -> float:
    return 0.2 * len(_legend_rows(record, styles)) + 0.15


def _legend(figure: Figure, record: Record, styles: Mapping[str, Stroke], foot: float) -> None:
    from matplotlib.lines import Line2D

    height = figure.get_figheight()
    for row, entries in enumerate(_legend_rows(record, styles)):
        x, y = 0.25, (foot - 0.12 - 0.2 * row) / height
        for title, stroke in entries:
            figure.add_artist(
                Line2D(
                    [x / _WIDTH, (x + 0.22) / _WIDTH], [y, y], color=stroke.colour, lw=2.2, gid=f"s{stroke.place}-key"
                )
            )
            figure.text((x + 0.28) / _WIDTH, y, title, fontsize=8, color=stroke.ink, va="center",
                        gid=f"s{stroke.place}-name")  # fmt: skip
            x += 0.45 + 0.075 * len(title)
