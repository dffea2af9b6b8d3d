"""Tornados: how much each uncertain factor matters to an indicator, the strongest on top.

In: measures with their intervals. Out: a sheet.

Invariant: bars are what was estimated; whiskers are the intervals; a factor left out is told.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from simengine.report.axes import Axes, draw_foot, draw_head, foot_height, foot_of, range_of
from simengine.report.bands import Entry, draw_key
from simengine.report.rows import plan_rows
from simengine.report.sheet import WIDE, Sheet
from simengine.report.style import INK, QUIET
from simengine.report.sweep_words import SweepWords

ALL, ALONE = "#8dbcdd", "#00507d"
OTHERS = "#3e4c59"
MOST = 12


@dataclass(frozen=True, slots=True)
class Estimate:
    """A measure and its interval; NaN where none is known."""

    value: float
    low: float = math.nan
    high: float = math.nan


@dataclass(frozen=True, slots=True)
class Effect:
    """What a factor does to an indicator.

    `main` is what counts (the total order, or the only measure), `alone` the first order where it is known;
    `direction` is 1 where more of the factor gives more of the indicator, -1 where less, 0 where that is not known;
    `others` are the main measures of other scenarios.
    """

    factor: str
    main: Estimate
    alone: Estimate | None = None
    direction: int = 0
    others: tuple[float, ...] = ()


def draw_tornado(
    effects: Sequence[Effect],
    title: str,
    below: str,
    words: SweepWords,
    width: float = WIDE,
    *,
    main: str = "",
    alone: str = "",
    notes: Sequence[str] = (),
    shares: bool = True,
    most: int = MOST,
) -> Sheet:
    """Return the tornado of an indicator.

    Parameters
    ----------
    effects
        A factor each, in any order.
    title, below
        What is written above.
    words
        The language.
    width
        Of the sheet.
    main, alone
        What the two measures are called in the key.
    notes
        What is said at the foot.
    shares
        Whether measures are shares of the variance: shown as percents.
    most
        How many factors are drawn.

    """
    ranked = sorted(effects, key=lambda e: -abs(e.main.value) if math.isfinite(e.main.value) else math.inf)
    shown, rest = ranked[:most], ranked[most:]
    sheet = Sheet(width, 0.0)
    top = draw_head(sheet, title, below)
    both = any(e.alone is not None for e in shown)
    key = [Entry("band", ALL, main), *([Entry("band", ALONE, alone)] if both else [])]
    if any(e.others for e in shown):
        key.append(Entry("dot", OTHERS, words.other_scenarios))
    top = draw_key(sheet, top, [k for k in key if k.text]) + 6
    signs = {1: "▲ ", -1: "▼ ", 0: ""}
    rows = plan_rows(
        sheet,
        top,
        [signs[e.direction] + e.factor for e in shown],
        after=40.0,
        below=13.0 if any(e.others for e in shown) else 9.0,
    )
    values = [v for e in shown for v in (e.main.value, e.main.high, e.main.low, *e.others)]
    values += [v for e in shown if e.alone for v in (e.alone.value, e.alone.low, e.alone.high)]
    low, high = range_of([values, [0.0]])
    axes = Axes(sheet, rows.left, top, rows.right - rows.left, rows.bottom - top, (low, high), (0.0, 1.0))
    told = words.percent_or_zero if shares else (lambda v: words.number(v, 3))
    axes.draw_x(told, count=4 if sheet.is_narrow else 6, grid=True, size=8.5)
    for number, effect in enumerate(shown):
        rows.write(number)
        _bars(axes, rows.middle(number), effect, both=both)
        ends = [effect.main.value, effect.main.high, *([effect.alone.high] if effect.alone else [])]
        x = float(axes.across(max(v for v in [*ends, 0.0] if math.isfinite(v))))
        text = words.percent(effect.main.value) if shares else words.number(effect.main.value)
        sheet.text(x + 5, rows.middle(number) + 3, text, 8.0, INK, name="value")
    zero = float(axes.across(0.0))
    sheet.line([zero, zero], [top, axes.bottom], QUIET, 0.9, name="zero")
    more = []
    if any(e.direction for e in shown):
        more.append(words.directions)
    if rest:
        largest = max((abs(e.main.value) for e in rest if math.isfinite(e.main.value)), default=math.nan)
        text = words.percent(largest) if shares else words.number(largest)
        more.append(words.factors_left_out.format(count=len(rest), largest=text))
    foot = foot_of([*more, *notes], width)
    sheet.height = axes.bottom + 20 + foot_height(foot)
    draw_foot(sheet, foot)
    return sheet


def _bars(axes: Axes, y: float, effect: Effect, *, both: bool) -> None:
    """Draw the main measure, and below it that of the factor alone; whiskers tell their intervals."""
    halves = [(effect.main, ALL, "main", -3.6 if both else 0.0)]
    if effect.alone is not None:
        halves.append((effect.alone, ALONE, "alone", 3.6))
    half = 3.4 if both else 5.0
    for estimate, colour, name, shift in halves:
        if not math.isfinite(estimate.value):
            continue
        ends = sorted((float(axes.across(0.0)), float(axes.across(estimate.value))))
        axes.sheet.box(ends[0], y + shift - half, max(ends[1] - ends[0], 0.6), 2 * half, colour, name=name)
        if math.isfinite(estimate.low) and math.isfinite(estimate.high):
            places = axes.across([estimate.low, estimate.high])
            axes.sheet.line(places, [y + shift] * 2, INK, 0.9, name="whisker")
            for x in places:
                axes.sheet.line([x, x], [y + shift - 1.8, y + shift + 1.8], INK, 0.9, name="cap")
    if effect.others:
        lane = y + (half + 3.6 if both else half) + 3.4
        axes.sheet.dots(
            axes.across(effect.others), [lane] * len(effect.others), 1.6, OTHERS, opacity=0.55, name="other"
        )
