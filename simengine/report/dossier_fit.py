"""Fit against data: observations, the model with its band, what is held out, residuals below; autocorrelation.

In: observations beside predictions. Out: sheets.

Invariant: every observation is in the picture, and looks different where it was not fitted.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from simengine.report.axes import Axes, draw_foot, draw_head, foot_height, foot_of, range_of, ticks
from simengine.report.bands import BAD, MIDDLE, TINTS, Entry, draw_key
from simengine.report.dossier_words import DossierWords
from simengine.report.letters import text_width, wrap
from simengine.report.sheet import WIDE, Sheet
from simengine.report.style import GREY, INK, QUIET

Numbers = NDArray[np.float64]
BACK = "#f1f3f5"
"""Behind the period held out."""


@dataclass(frozen=True, slots=True, eq=False)
class Fit:
    """A series: every array has shape (observation,), in order of time; NaN where a number is not known."""

    times: Numbers
    observed: Numbers
    predicted: Numbers
    low: Numbers
    high: Numbers
    standardised: Numbers
    held_out: NDArray[np.bool_]
    used: NDArray[np.bool_]
    """Whether it counts in the fit."""


@dataclass(frozen=True, slots=True, eq=False)
class Correlogram:
    """Autocorrelation of a series' residuals at lags 1, 2, ...; most lie within the band if they are independent."""

    title: str
    values: Numbers
    band: float


def draw_fit(
    fit: Fit,
    title: str,
    unit: str,
    words: DossierWords,
    width: float = WIDE,
    *,
    level: float = 0.9,
    notes: Sequence[str] = (),
) -> Sheet:
    """Return a series against the model, with standardised residuals below it on the same times."""
    sheet = Sheet(width, 0.0)
    top = draw_head(sheet, title, unit)
    top = draw_key(sheet, top, _key(fit, words, level)) + (16 if fit.held_out.any() else 6)
    span = range_of([fit.observed, fit.predicted, fit.low, fit.high])
    z = np.abs(fit.standardised[np.isfinite(fit.standardised)])
    most = max(3.0, float(z.max()) * 1.08) if z.size else 3.0
    left = 14 + max(text_width(words.number(v, 4), 9.0) for v in (*span, -most))
    times = _times(fit.times)
    tall = 170.0 if sheet.is_narrow else 220.0
    upper = Axes(sheet, left, top, width - left - 18, tall, times, span)
    _behind(upper, fit, words)
    upper.draw_y(lambda v: words.number(v, 4))
    upper.draw_x(words.time, whole=_whole(times), numbers=False)
    _band(upper, fit)
    _model(upper, fit)
    _observations(upper, fit)
    lines = wrap(words.standardised, width - left - 18, 8.0, most=2)
    after = sheet.lines_of_text(left, upper.bottom + 18, lines, 8.0, QUIET, name="below")
    lower = Axes(sheet, left, after - 4, upper.width, 62.0 if sheet.is_narrow else 76.0, times, (-most, most))
    _behind(lower, fit, words, told=False)
    _residuals(lower, fit, words)
    lower.draw_x(words.time, count=4 if sheet.is_narrow else 8, whole=_whole(times), beyond=16.0)
    foot = foot_of([*notes, words.residuals_note], width)
    sheet.height = lower.bottom + 20 + foot_height(foot)
    draw_foot(sheet, foot)
    return sheet


def _times(times: Numbers) -> tuple[float, float]:
    start, stop = (float(times.min()), float(times.max())) if times.size else (0.0, 1.0)
    room = (stop - start) * 0.03 or 1.0
    return start - room, stop + room


def _whole(times: tuple[float, float]) -> bool:
    return times[1] - times[0] > 4


def _key(fit: Fit, words: DossierWords, level: float) -> list[Entry]:
    counted, out = fit.used & ~fit.held_out, fit.held_out
    key = [Entry("line", MIDDLE, words.model)]
    if np.isfinite(fit.low).any():
        key.append(Entry("band", TINTS[0], words.band_of.format(share=words.percent(level))))
    if counted.any():
        key.append(Entry("dot", INK, words.data_fitted))
    if out.any():
        key.append(Entry("ring", BAD, words.data_held_out))
    if (~fit.used & ~out).any():
        key.append(Entry("ring", GREY, words.data_unused))
    return key


def _behind(axes: Axes, fit: Fit, words: DossierWords, *, told: bool = True) -> None:
    """Tint the period held out, where nothing fitted lies in it."""
    if not fit.held_out.any():
        return
    first = float(fit.times[fit.held_out].min())
    kept = fit.times[fit.used & ~fit.held_out]
    if kept.size and kept.max() >= first:
        return  # a series held out beside others, or every other point: marks tell
    before = (float(kept.max()) + first) / 2 if kept.size else axes.x[0]
    x = float(axes.across(max(before, axes.x[0])))
    axes.sheet.box(x, axes.top, axes.right - x, axes.height, BACK, name="held-out")
    if told:
        half = text_width(words.held_out, 8.0) / 2
        at = min(max((x + axes.right) / 2, axes.left + half), axes.sheet.width - 6 - half)
        axes.sheet.text(at, axes.top - 4, words.held_out, 8.0, QUIET, anchor="middle", name="held-out-text")


def _band(axes: Axes, fit: Fit) -> None:
    good = np.isfinite(fit.low) & np.isfinite(fit.high)
    edges = np.flatnonzero(np.diff(np.concatenate([[False], good, [False]]).astype(np.int8)))
    x, low, high = axes.across(fit.times), axes.down(fit.low), axes.down(fit.high)
    for a, b in zip(edges[::2], edges[1::2], strict=True):
        if b - a == 1:
            axes.sheet.box(float(x[a]) - 4, float(high[a]), 8, float(low[a] - high[a]), TINTS[0], name="band")
            continue
        ring = np.concatenate([np.stack([x[a:b], high[a:b]], 1), np.stack([x[a:b], low[a:b]], 1)[::-1]])
        axes.sheet.area([ring], TINTS[0], name="band")


def _model(axes: Axes, fit: Fit) -> None:
    x, y = axes.across(fit.times), axes.down(fit.predicted)
    axes.sheet.line(x, y, MIDDLE, 1.8, name="model")
    axes.sheet.dots(x, y, 1.5, MIDDLE, name="model-at")


def _observations(axes: Axes, fit: Fit) -> None:
    x, y = axes.across(fit.times), axes.down(fit.observed)
    out, counted = fit.held_out, fit.used & ~fit.held_out
    rest = ~out & ~counted
    axes.sheet.dots(x[rest], y[rest], 2.8, "#ffffff", edge=GREY, width=1.1, name="unused")
    axes.sheet.dots(x[counted], y[counted], 2.8, INK, name="fitted")
    axes.sheet.dots(x[out], y[out], 3.0, "#ffffff", edge=BAD, width=1.4, name="out")


def _residuals(axes: Axes, fit: Fit, words: DossierWords) -> None:
    for value in (-2.0, 0.0, 2.0):
        level = float(axes.down(value))
        dash = (2.5, 2.5) if value else None
        axes.sheet.line(
            [axes.left, axes.right], [level, level], GREY, 0.8, dash=dash, name="limit" if value else "zero"
        )
    near = float(axes.down(0.0) - axes.down(2.0)) < 10.0  # a far residual presses the lines together
    for value in ticks(*axes.y, 3) if near else (-2.0, 0.0, 2.0):
        at_tick = float(axes.down(value)) + 3
        axes.sheet.text(axes.left - 4, at_tick, words.number(value), 8.0, QUIET, anchor="end", name="tick")
    x, y = axes.across(fit.times), axes.down(fit.standardised)
    zero = float(axes.down(0.0))
    for at, end, out in zip(x.tolist(), y.tolist(), fit.held_out.tolist(), strict=True):
        if math.isfinite(end):
            axes.sheet.line([at, at], [zero, end], BAD if out else INK, 1.1, name="residual")
    out = fit.held_out
    axes.sheet.dots(x[~out], y[~out], 2.0, INK, name="residual-end")
    axes.sheet.dots(x[out], y[out], 2.0, "#ffffff", edge=BAD, width=1.2, name="residual-end")


def draw_autocorrelation(shown: Sequence[Correlogram], words: DossierWords, width: float = WIDE) -> Sheet:
    """Return the autocorrelation of residuals, a panel a series."""
    sheet = Sheet(width, 0.0)
    top = draw_head(sheet, words.autocorrelation_of, words.autocorrelation_below) + 4
    columns = min(len(shown), 2 if sheet.is_narrow else 3)
    left, gap = 14 + text_width(words.number(-0.5), 8.0), 12.0
    cell = (width - left - 14 - gap * (columns - 1)) / columns
    if columns == 1:
        cell = min(cell, 280.0)
    for row in range(math.ceil(len(shown) / columns)):
        chosen = shown[row * columns : (row + 1) * columns]
        heads = [wrap(c.title, cell, 8.5, bold=True, most=2) for c in chosen]
        head = max(len(h) for h in heads) * 10.0 + 6
        for column, (one, lines) in enumerate(zip(chosen, heads, strict=True)):
            x = left + column * (cell + gap)
            sheet.lines_of_text(x, top + 8, lines, 8.5, bold=True, name="series")
            count = len(one.values)
            axes = Axes(sheet, x, top + head, cell, 70.0, (0.25, count + 0.75), (-1.0, 1.0))
            _bars(axes, one, words, first=column == 0)
        top += head + 70.0 + 26
    sheet.height = top + 4
    return sheet


def _bars(axes: Axes, one: Correlogram, words: DossierWords, *, first: bool) -> None:
    axes.draw_y(words.number if first else (lambda _: ""), count=4, size=8.0)
    if math.isfinite(one.band):
        top, bottom = float(axes.down(one.band)), float(axes.down(-one.band))
        axes.sheet.box(axes.left, top, axes.width, bottom - top, BACK, name="white-noise")
    zero, half = float(axes.down(0.0)), min(axes.width / max(len(one.values), 1) * 0.3, 5.0)
    for lag, value in enumerate(one.values.tolist(), 1):
        if math.isfinite(value):
            ends = sorted((zero, float(axes.down(value))))
            colour = BAD if abs(value) > one.band else MIDDLE
            x = float(axes.across(lag)) - half
            axes.sheet.box(x, ends[0], half * 2, max(ends[1] - ends[0], 0.4), colour, name="bar")
    axes.sheet.line([axes.left, axes.right], [zero, zero], GREY, 0.8, name="zero")
    axes.draw_x(words.number, count=4, size=8.0, whole=True, beyond=3.0)
