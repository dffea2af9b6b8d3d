"""Ranges: where an indicator may end, a bar a scenario, beside its goal.

In: quantiles. Out: a sheet.

Invariant: bars hold the shares of runs that the key says.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from simengine.report.axes import Axes, draw_foot, draw_head, foot_height, foot_of, range_of
from simengine.report.bands import MIDDLE, Entry, bands_of, draw_key, goal_shape, key_of, middle_of
from simengine.report.letters import text_width
from simengine.report.rows import plan_rows
from simengine.report.sheet import WIDE, Sheet
from simengine.report.style import INK, QUIET
from simengine.report.sweep_words import SweepWords


@dataclass(frozen=True, slots=True, eq=False)
class Range:
    """Quantiles of an indicator in one scenario; `told` stands at the end of its bar."""

    title: str
    levels: tuple[float, ...]
    values: NDArray[np.float64]
    told: str = ""
    scenario: int | None = None
    is_base: bool = False


def draw_ranges(
    ranges: Sequence[Range],
    title: str,
    unit: str,
    words: SweepWords,
    width: float = WIDE,
    *,
    goal: tuple[float, str] | None = None,
    notes: Sequence[str] = (),
) -> Sheet:
    """Return the ranges of an indicator by scenario; `goal` is a value and its relation (`<=`, `>=`, ...)."""
    sheet = Sheet(width, 0.0)
    top = draw_head(sheet, title, unit)
    key = key_of(ranges[0].levels, words)
    if goal is not None:
        text = f"{words.goal.casefold()}: {words.relation(goal[1])}{words.number(goal[0])}"
        key.append(Entry(goal_shape(goal[1], lying=True), INK, text))
    top = draw_key(sheet, top, key) + (8 if goal is None else 14)
    narrow = sheet.is_narrow
    after = 14.0 if narrow else max((text_width(r.told, 8.0) for r in ranges), default=0.0) + 22
    rows = plan_rows(sheet, top, [r.title for r in ranges], [r.told for r in ranges] if narrow else (), after=after)
    span = range_of([*(r.values for r in ranges), [goal[0]] if goal else []])
    axes = Axes(sheet, rows.left, top, rows.right - rows.left, rows.bottom - top, span, (0.0, 1.0))
    axes.draw_x(lambda v: words.number(v, 4), count=5 if narrow else 7, grid=True, size=8.5)
    if goal is not None:
        x = float(axes.across(goal[0]))
        sheet.line([x, x], [top - 5, axes.bottom], INK, 1.0, dash=(1.6, 2.4), name="goal-line")
        sheet.dots([x], [top - 6], 4.0, INK, shape=goal_shape(goal[1], lying=True), name="goal")
    for number, found in enumerate(ranges):
        y = rows.middle(number)
        rows.write(number, bold=found.is_base, scenario=found.scenario)
        for half, band in zip((3.0, 6.0, 6.0), bands_of(found.levels), strict=False):
            low, high = (float(axes.across(found.values[n])) for n in (band.low, band.high))
            if np.isfinite([low, high]).all():
                told = f"{words.percent(band.share)}: {words.number(float(found.values[band.low]))} – "
                sheet.box(low, y - half, max(high - low, 0.6), 2 * half, band.colour, name="range",
                          scenario=found.scenario, tip=told + words.number(float(found.values[band.high])))  # fmt: skip
        middle = middle_of(found.levels)
        if middle is not None:
            x = float(axes.across(found.values[middle]))
            sheet.line([x, x], [y - 6.5, y + 6.5], MIDDLE, 2.4, name="middle", scenario=found.scenario)
        if not narrow and found.told:
            sheet.text(rows.right + 10, y + 3, found.told, 8.0, QUIET, name="told", scenario=found.scenario)
    foot = foot_of(notes, width)
    sheet.height = axes.bottom + 20 + foot_height(foot)
    draw_foot(sheet, foot)
    return sheet
