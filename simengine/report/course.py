"""Courses of indices: what matters when, and whether more runs still change it.

In: an index a factor, over time or over the number of runs. Out: a sheet.

Invariant: stacked areas are shares of one whole; lines carry their intervals.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from simengine.report.axes import Axes, draw_foot, draw_head, foot_height, foot_of, range_of, spread
from simengine.report.bands import Entry, Kind, draw_sample
from simengine.report.letters import text_width, wrap
from simengine.report.sheet import WIDE, Sheet
from simengine.report.style import INK, PALETTE, QUIET, readable
from simengine.report.sweep_words import SweepWords

MOST = 5
REST = "#c4cbd1"
TOGETHER = "#e9ecef"


@dataclass(frozen=True, slots=True, eq=False)
class Course:
    """An index of one factor: `values` over `at`, with intervals where known."""

    factor: str
    at: NDArray[np.float64]
    values: NDArray[np.float64]
    low: NDArray[np.float64] | None = None
    high: NDArray[np.float64] | None = None


def strongest(courses: Sequence[Course], most: int = MOST) -> tuple[list[Course], list[Course]]:
    """Return the courses with the largest mean, and the rest."""

    def size(course: Course) -> float:
        finite = course.values[np.isfinite(course.values)]
        return float(np.abs(finite).mean()) if finite.size else -1.0

    ranked = sorted(courses, key=lambda c: -size(c))
    return ranked[:most], ranked[most:]


def draw_shares(
    courses: Sequence[Course],
    title: str,
    below: str,
    words: SweepWords,
    width: float = WIDE,
    *,
    notes: Sequence[str] = (),
) -> Sheet:
    """Return first-order indices as areas on top of each other: the five strongest, the rest, what comes of interplay.

    Negative estimates (noise around nothing) are drawn as nothing, and where shares add up to more than one they are
    scaled to one.
    """
    known = np.isfinite(np.stack([c.values for c in courses])).any(axis=0)
    courses = [Course(c.factor, c.at[known], c.values[known]) for c in courses]
    first, rest = strongest(courses)
    at = first[0].at
    layers = [(c.factor, np.clip(np.nan_to_num(c.values), 0.0, 1.0), PALETTE[n]) for n, c in enumerate(first)]
    if rest:
        total = np.sum([np.clip(np.nan_to_num(c.values), 0.0, 1.0) for c in rest], axis=0)
        layers.append((words.other_factors.format(count=len(rest)), total, REST))
    whole = np.sum([v for _, v, _ in layers], axis=0)
    scale = np.where(whole > 1.0, 1.0 / np.maximum(whole, 1e-300), 1.0)
    layers = [(name, values * scale, colour) for name, values, colour in layers]
    layers.append((words.interplay, np.clip(1.0 - whole, 0.0, 1.0), TOGETHER))
    sheet = Sheet(width, 0.0)
    axes = _frame(sheet, draw_head(sheet, title, below) + 6, at, (0.0, 1.0), words.percent_or_zero, words.time)
    x = axes.across(at)
    base = np.zeros_like(at)
    ends = []
    for name, values, colour in layers:
        ring = np.concatenate([np.stack([x, axes.down(base + values)], 1), np.stack([x, axes.down(base)], 1)[::-1]])
        if values.max(initial=0.0) > 0.0005:
            sheet.area([ring], colour, edge="#ffffff", width=0.9, name="layer", tip=name)
            ends.append((name, colour, float(base[-1] + values[-1] / 2)))
        base = base + values
    _label_ends(axes, [e for e in ends if math.isfinite(e[2])])
    return _finished(axes, notes)


def draw_courses(
    courses: Sequence[Course],
    title: str,
    below: str,
    words: SweepWords,
    width: float = WIDE,
    *,
    notes: Sequence[str] = (),
    shares: bool = True,
    over_runs: bool = False,
    most: int = MOST,
) -> Sheet:
    """Return indices as lines with their intervals, over time, or over the number of runs by its doublings."""
    first, rest = strongest(courses, most)
    at = np.unique(np.concatenate([c.at for c in first]))
    move: Callable[[NDArray[np.float64]], NDArray[np.float64]] = np.log2 if over_runs else np.asarray
    span = range_of([*(c.values for c in first), *(c.high for c in first if c.high is not None), [0.0]])
    if shares:  # intervals of few runs reach far beyond what shares can be: they are cut off
        span = max(span[0], -0.25), min(span[1], 1.25)
    sheet = Sheet(width, 0.0)
    told = words.percent_or_zero if shares else (lambda v: words.number(v, 3))
    along = (lambda v: words.number(float(2**v), 8)) if over_runs else words.time
    top = draw_head(sheet, title, below) + 6
    axes = _frame(sheet, top, move(at), span, told, along, marks=move(at) if over_runs else None)
    ends = []
    for n, course in enumerate(first):
        x = axes.across(move(course.at))
        colour = PALETTE[n % len(PALETTE)]
        if course.low is not None and course.high is not None:
            _interval(axes, x, course.low, course.high, colour, course.factor)
        axes.sheet.line(x, axes.down(course.values), colour, 1.9, name="course", tip=course.factor)
        if over_runs:
            axes.sheet.dots(x, axes.down(course.values), 2.3, colour, name="point")
        finite = np.flatnonzero(np.isfinite(course.values))
        if finite.size:
            ends.append((course.factor, colour, float(course.values[finite[-1]])))
    _label_ends(axes, ends)
    more = [words.factors_not_drawn.format(count=len(rest))] if rest else []
    return _finished(axes, [*notes, *more], below=words.runs_below if over_runs else "")


def _frame(
    sheet: Sheet,
    top: float,
    at: NDArray[np.float64],
    span: tuple[float, float],
    told: Callable[[float], str],
    along: Callable[[float], str],
    *,
    marks: NDArray[np.float64] | None = None,
) -> Axes:
    """Return axes with their lines and numbers; `marks` are places on the x axis other than round ones."""
    left = 22 + max(text_width(told(v), 9.0) for v in span)
    right = 24.0 if sheet.is_narrow else 168.0
    start, stop = float(at.min()), float(at.max())
    axes = Axes(sheet, left, top, sheet.width - left - right, 170.0 if sheet.is_narrow else 215.0,
                (start, stop if stop > start else start + 1), span)  # fmt: skip
    axes.draw_y(told, count=5)
    if marks is None:
        axes.draw_x(along, count=5 if sheet.is_narrow else 7, whole=True)
        return axes
    axes.sheet.line([axes.left, axes.right], [axes.bottom] * 2, QUIET, 0.8, name="side")
    edge = -math.inf
    for mark in sorted(marks.tolist(), reverse=True):  # the last, most trusted, first
        x, text = float(axes.across(mark)), along(mark)
        half = text_width(text, 9.0) / 2
        axes.sheet.line([x, x], [axes.bottom, axes.bottom + 3], QUIET, 0.8, name="side")
        if edge == -math.inf or x + half < edge - 6:
            axes.sheet.text(x, axes.bottom + 13.5, text, 9.0, QUIET, anchor="middle", name="tick")
            edge = x - half
    return axes


def _interval(
    axes: Axes, x: NDArray[np.float64], low: NDArray[np.float64], high: NDArray[np.float64], colour: str, tip: str
) -> None:
    good = np.isfinite(low) & np.isfinite(high)
    edges = np.flatnonzero(np.diff(np.concatenate([[False], good, [False]]).astype(np.int8)))
    top, bottom = axes.down(np.minimum(high, axes.y[1])), axes.down(np.maximum(low, axes.y[0]))
    rings = [
        np.concatenate([np.stack([x[a:b], top[a:b]], 1), np.stack([x[a:b], bottom[a:b]], 1)[::-1]])
        for a, b in zip(edges[::2], edges[1::2], strict=True)
        if b - a > 1
    ]
    axes.sheet.area(rings, colour, opacity=0.16, name="interval", tip=tip)


def _label_ends(axes: Axes, ends: Sequence[tuple[str, str, float]]) -> None:
    """Write what each course is beside its end; on a phone below the axes, with its colour."""
    if axes.sheet.is_narrow:
        return
    room = axes.sheet.width - axes.right - 26
    order = sorted(ends, key=lambda e: e[2])
    texts = [wrap(name, room, 8.5, most=2) for name, _, _ in order]
    wanted = [axes.bottom - float(axes.down(value)) for _, _, value in order]
    places = spread(wanted, [11.0 * len(t) + 2 for t in texts], -8.0, axes.height + 8.0)
    for (_, colour, _), lines, up, at in zip(order, texts, wanted, places, strict=True):
        y = axes.bottom - at
        axes.sheet.line([axes.right + 2, axes.right + 11], [axes.bottom - up, y], colour, 0.9, name="lead")
        ink = QUIET if colour in {REST, TOGETHER} else readable(colour)
        axes.sheet.lines_of_text(axes.right + 14, y + 3 - 5.2 * (len(lines) - 1), lines, 8.5, ink, name="label")


def _finished(axes: Axes, notes: Sequence[str], below: str = "") -> Sheet:
    """Return the sheet with its foot; on a phone with a key, as no names stand at the ends."""
    sheet = axes.sheet
    y = axes.bottom + 19
    if below:
        sheet.text(axes.left + axes.width / 2, y + 6, below, 8.5, QUIET, anchor="middle", name="along")
        y += 12
    if sheet.is_narrow:
        named: dict[str, str] = {}
        for mark in (*sheet.named("layer"), *sheet.named("course")):
            colour = getattr(mark, "fill", "") or getattr(mark, "edge", INK)
            named[getattr(mark, "tip", "")] = colour
        kind: Kind = "band" if sheet.named("layer") else "line"
        for name, colour in named.items():
            lines = wrap(name, sheet.width - 50, 8.5, most=2)
            draw_sample(sheet, 12, y + 6, Entry(kind, colour, ""))
            y = sheet.lines_of_text(34, y + 9, lines, 8.5, INK, name="label") - 8
    foot = foot_of(notes, sheet.width)
    sheet.height = y + 4 + foot_height(foot)
    draw_foot(sheet, foot)
    return sheet
