"""Fit against data: observations, the model with its band, residuals, what comes after; autocorrelation.

In: observations beside predictions, the model's course. Out: sheets.

Invariant: every observation is in the picture, and looks different where it was not fitted. The past has a panel of its
own, which the future does not press together.
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
class Course:
    """The model at the best fit over a whole run, arrays (time,); its band is of what is not known of parameters."""

    times: Numbers
    predicted: Numbers
    low: Numbers
    high: Numbers
    end_of_data: float

    @property
    def goes_on(self) -> bool:
        """Whether it goes on after the data."""
        return bool(self.times.size) and float(self.times[-1]) > self.end_of_data


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
    course: Course | None = None,
) -> Sheet:
    """Return a series against the model, standardised residuals below it on the same times, and what comes after."""
    sheet = Sheet(width, 0.0)
    top = draw_head(sheet, title, unit)
    top = draw_key(sheet, top, _key(fit, words, level)) + (16 if fit.held_out.any() else 6)
    span = range_of(
        [fit.observed, fit.predicted, fit.low, fit.high, *([] if course is None else [_within(fit, course)])]
    )
    z = np.abs(fit.standardised[np.isfinite(fit.standardised)])
    most = max(3.0, float(z.max()) * 1.08) if z.size else 3.0
    left = 14 + max(text_width(words.number(v, 4), 9.0) for v in (*span, -most))
    times = _times(fit.times)
    tall = 170.0 if sheet.is_narrow else 220.0
    upper = Axes(sheet, left, top, width - left - 18, tall, times, span)
    _behind(upper, fit, words)
    upper.draw_y(lambda v: words.number(v, 4))
    upper.draw_x(words.time, whole=_whole(times), numbers=False)
    _band(upper, fit, course)
    _model(upper, fit, course)
    _observations(upper, fit)
    lines = wrap(words.standardised, width - left - 18, 8.0, most=2)
    after = sheet.lines_of_text(left, upper.bottom + 18, lines, 8.0, QUIET, name="below")
    lower = Axes(sheet, left, after - 4, upper.width, 62.0 if sheet.is_narrow else 76.0, times, (-most, most))
    _behind(lower, fit, words, told=False)
    _residuals(lower, fit, words)
    lower.draw_x(words.time, count=4 if sheet.is_narrow else 8, whole=_whole(times), beyond=16.0)
    bottom = lower.bottom + 20
    if course is not None and course.goes_on:
        bottom = _after(sheet, bottom + 14, left, fit, course, words, level)
    foot = foot_of([*notes, words.residuals_note], width)
    sheet.height = bottom + foot_height(foot)
    draw_foot(sheet, foot)
    return sheet


def _within(fit: Fit, course: Course) -> Numbers:
    """Return the course between the first and the last observation."""
    inside = (course.times >= fit.times.min()) & (course.times <= fit.times.max())
    return np.asarray(course.predicted[inside])


def _after(sheet: Sheet, top: float, left: float, fit: Fit, course: Course, words: DossierWords, level: float) -> float:
    """Draw the model's course to its own end; return where there is room again."""
    room = sheet.width - 24
    head = words.goes_on.format(stop=words.time(float(course.times[-1])))
    top = sheet.lines_of_text(12, top, wrap(head, room, 9.5, bold=True), 9.5, bold=True, name="after")
    key = [Entry("line", MIDDLE, words.model)]
    if np.isfinite(course.low).any():
        key.append(Entry("band", TINTS[1], words.allowed.format(share=words.percent(level))))
    top = draw_key(sheet, top - 6, key) + 16
    span = range_of([fit.observed, course.predicted, course.low, course.high])
    left = max(left, 14 + max(text_width(words.number(v, 4), 9.0) for v in span))
    times = (float(course.times[0]), float(course.times[-1]))
    axes = Axes(sheet, left, top, sheet.width - left - 18, 130.0 if sheet.is_narrow else 170.0, times, span)
    end = float(axes.across(course.end_of_data))
    out = fit.times[fit.held_out]
    kept = fit.times[fit.used & ~fit.held_out]
    if out.size and not (kept.size and kept.max() >= out.min()):
        start = float(axes.across((float(kept.max()) + float(out.min())) / 2 if kept.size else axes.x[0]))
        sheet.box(start, axes.top, end - start, axes.height, BACK, name="held-out")
        _over(axes, (start + end) / 2, words.held_out, "held-out-text")
    axes.draw_y(lambda v: words.number(v, 4))
    axes.draw_x(words.time, count=4 if sheet.is_narrow else 8, whole=_whole(times), beyond=16.0)
    _ring(axes, course.times, course.low, course.high, TINTS[1], "after-band")
    sheet.line(axes.across(course.times), axes.down(course.predicted), MIDDLE, 1.8, name="after-model")
    sheet.line([end, end], [axes.top, axes.bottom], GREY, 0.9, dash=(2.5, 2.5), name="end-of-data")
    _observations(axes, fit, 0.75)
    return axes.bottom + 20


def _over(axes: Axes, middle: float, text: str, name: str) -> None:
    """Write a word over a part of the axes, within the sheet."""
    half = text_width(text, 8.0) / 2
    at = min(max(middle, axes.left + half), axes.sheet.width - 6 - half)
    axes.sheet.text(at, axes.top - 4, text, 8.0, QUIET, anchor="middle", name=name)


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
        _over(axes, (x + axes.right) / 2, words.held_out, "held-out-text")


def _band(axes: Axes, fit: Fit, course: Course | None) -> None:
    """Draw where observations should lie; not joined where the model leaves what would be drawn between them."""
    if course is not None and fit.times.size:
        inside = (course.times >= fit.times[0]) & (course.times <= fit.times[-1])
        ends = [np.interp(course.times[inside], fit.times, e) for e in (fit.low, fit.high)]
        model = course.predicted[inside]
        if ((model < ends[0]) | (model > ends[1])).any():
            for at, low, high in zip(fit.times, fit.low, fit.high, strict=True):
                _ring(axes, np.array([at]), np.array([low]), np.array([high]), TINTS[0], "band")
            return
    _ring(axes, fit.times, fit.low, fit.high, TINTS[0], "band")


def _ring(axes: Axes, times: Numbers, lows: Numbers, highs: Numbers, colour: str, name: str) -> None:
    """Draw a band, with gaps where an end is not known; one time alone is a bar."""
    good = np.isfinite(lows) & np.isfinite(highs)
    edges = np.flatnonzero(np.diff(np.concatenate([[False], good, [False]]).astype(np.int8)))
    x, low, high = axes.across(times), axes.down(lows), axes.down(highs)
    for a, b in zip(edges[::2], edges[1::2], strict=True):
        if b - a == 1:
            axes.sheet.box(float(x[a]) - 4, float(high[a]), 8, float(low[a] - high[a]), colour, name=name)
            continue
        ring = np.concatenate([np.stack([x[a:b], high[a:b]], 1), np.stack([x[a:b], low[a:b]], 1)[::-1]])
        axes.sheet.area([ring], colour, name=name)


def _model(axes: Axes, fit: Fit, course: Course | None) -> None:
    """Draw the model: its course where that is known, and what was compared with each observation."""
    x, y = axes.across(fit.times), axes.down(fit.predicted)
    if course is None or not fit.times.size:
        axes.sheet.line(x, y, MIDDLE, 1.8, name="model")
    else:
        inside = (course.times >= fit.times[0]) & (course.times <= fit.times[-1])
        places = (axes.across(course.times[inside]), axes.down(course.predicted[inside]))
        axes.sheet.line(*places, MIDDLE, 1.8, name="model")
    axes.sheet.dots(x, y, 1.5, MIDDLE, name="model-at")


def _observations(axes: Axes, fit: Fit, share: float = 1.0) -> None:
    x, y = axes.across(fit.times), axes.down(fit.observed)
    out, counted = fit.held_out, fit.used & ~fit.held_out
    rest = ~out & ~counted
    axes.sheet.dots(x[rest], y[rest], 2.8 * share, "#ffffff", edge=GREY, width=1.1, name="unused")
    axes.sheet.dots(x[counted], y[counted], 2.8 * share, INK, name="fitted")
    axes.sheet.dots(x[out], y[out], 3.0 * share, "#ffffff", edge=BAD, width=1.4 * share, name="out")


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
