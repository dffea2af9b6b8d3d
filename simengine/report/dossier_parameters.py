"""Parameters with their intervals, three ways side by side; profiles with the levels that end intervals.

In: estimates, intervals, profiles. Out: sheets.

Invariant: an interval that is open on a side ends in an arrow at the bound, never in a bar.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from simengine.report.axes import Axes, draw_foot, draw_head, foot_height, foot_of
from simengine.report.bands import MIDDLE, Entry, draw_key
from simengine.report.dossier_words import DossierWords
from simengine.report.letters import wrap
from simengine.report.rows import Rows, plan_rows
from simengine.report.sheet import WIDE, Sheet
from simengine.report.style import GRID, INK, QUIET

Numbers = NDArray[np.float64]
WAYS = ("data", "curvature", "profile", "posterior")
"""`data` is the profile of the likelihood alone, where there are priors: all others have them in them."""
COLOURS = {"data": "#7a3f9d", "curvature": "#8a6d00", "profile": "#c25100", "posterior": "#00708f"}
CAP = 10.0
"""Profiles are drawn up to this rise: beyond it nothing is decided."""


@dataclass(frozen=True, slots=True)
class Interval:
    """An interval; `open_low` and `open_high` say that data do not end it on that side within the range."""

    low: float
    high: float
    open_low: bool = False
    open_high: bool = False


@dataclass(frozen=True, slots=True)
class Estimated:
    """A parameter: `low` and `high` bound its range, `intervals` are by way (`WAYS`)."""

    title: str
    unit: str
    low: float
    high: float
    estimate: float
    intervals: dict[str, Interval] = field(default_factory=dict)
    is_log: bool = False
    verdict: str = ""

    def place(self, value: float) -> float:
        """Return where a value lies in the range, 0 to 1; beyond it the nearest end."""
        low, high, at = self.low, self.high, value
        if self.is_log and low > 0:
            low, high, at = math.log(low), math.log(high), math.log(max(value, 1e-300))
        share = (at - low) / (high - low) if high > low else 0.5
        return min(max(share, 0.0), 1.0)


@dataclass(frozen=True, slots=True, eq=False)
class ProfileCurve:
    """A profile: `rises` are twice what the best log density loses, at `values` in rising order.

    `of_data` has values and rises of the likelihood alone, where the density has priors in it.
    """

    title: str
    unit: str
    values: Numbers
    rises: Numbers
    estimate: float
    verdict: str = ""
    of_data: tuple[Numbers, Numbers] | None = None


def draw_intervals(
    shown: Sequence[Estimated],
    words: DossierWords,
    width: float = WIDE,
    *,
    level: float = 0.95,
    notes: Sequence[str] = (),
) -> Sheet:
    """Return all parameters on their ranges, with the intervals of each way below each other."""
    sheet = Sheet(width, 0.0)
    top = draw_head(sheet, words.intervals_of, words.intervals_below.format(level=words.percent(level)))
    ways = [w for w in WAYS if any(w in p.intervals for p in shown)]
    key = [Entry("band", COLOURS[w], words.ways(ways)[w]) for w in ways]
    key.append(Entry("diamond", INK, words.estimate))
    if any(i.open_low or i.open_high for p in shown for i in p.intervals.values()):
        key.append(Entry("right", QUIET, words.open_end))
    top = draw_key(sheet, top, key) + 4
    lanes = 4.5 * max(len(ways), 1)
    told = [f"{words.number(p.estimate)} {p.unit}".strip() for p in shown]
    rows = plan_rows(sheet, top, [p.title for p in shown], told, after=22.0, above=lanes, below=lanes + 12)
    for n, one in enumerate(shown):
        rows.write(n)
        _row(sheet, rows, n, one, ways, words)
    priors = [words.with_priors_note] if "data" in ways else []
    foot = foot_of([*notes, *priors, *([words.log_note] if any(p.is_log for p in shown) else [])], width)
    sheet.height = rows.bottom + 4 + foot_height(foot)
    draw_foot(sheet, foot)
    return sheet


def _row(sheet: Sheet, rows: Rows, n: int, one: Estimated, ways: Sequence[str], words: DossierWords) -> None:
    middle, left, wide = rows.middle(n), rows.left, rows.right - rows.left
    half = 4.5 * max(len(ways), 1) - 1
    sheet.box(left, middle - half, wide, 2 * half, "#f6f7f9", name="range")
    for k, way in enumerate(ways):
        lane = middle + 9.0 * (k - (len(ways) - 1) / 2)
        found = one.intervals.get(way)
        if found is None:
            continue
        ends = [left + one.place(v) * wide for v in (found.low, found.high)]
        sheet.box(ends[0], lane - 2.2, max(ends[1] - ends[0], 0.8), 4.4, COLOURS[way], name=f"interval-{way}")
        if found.open_low:
            sheet.dots([ends[0]], [lane], 4.2, COLOURS[way], shape="left", name="open")
        if found.open_high:
            sheet.dots([ends[1]], [lane], 4.2, COLOURS[way], shape="right", name="open")
    x = left + one.place(one.estimate) * wide
    sheet.line([x, x], [middle - half, middle + half], INK, 0.9, name="estimate-line")
    sheet.dots([x], [middle], 3.4, INK, shape="diamond", edge="#ffffff", width=0.8, name="estimate")
    y = middle + half + 9.5
    sheet.text(left, y, words.number(one.low), 7.5, QUIET, name="bound")
    sheet.text(rows.right, y, words.number(one.high), 7.5, QUIET, anchor="end", name="bound")
    sheet.line([left, rows.right], [middle + half] * 2, GRID, 0.8, name="side")


def draw_profiles(
    shown: Sequence[ProfileCurve],
    thresholds: Sequence[tuple[float, float]],
    words: DossierWords,
    width: float = WIDE,
    *,
    notes: Sequence[str] = (),
) -> Sheet:
    """Return profiles, a panel a parameter; thresholds are (level, rise)."""
    sheet = Sheet(width, 0.0)
    top = draw_head(sheet, words.profiles_of, words.profiles_below)
    both = any(c.of_data is not None for c in shown)
    key = [
        *([Entry("line", COLOURS["data"], words.by_data)] if both else []),
        Entry("line", MIDDLE, words.profile_with_priors if both else words.profile),
        Entry("dash", QUIET, words.threshold),
        Entry("tick", INK, words.estimate),
    ]
    top = draw_key(sheet, top, key) + 4
    columns = min(len(shown), 2 if sheet.is_narrow else 3)
    left, gap, right = 26.0, 14.0, 32.0
    cell = (width - left - right - gap * (columns - 1)) / columns
    if columns == 1:
        cell = min(cell, 300.0)
    tall = 96.0
    for row in range(math.ceil(len(shown) / columns)):
        chosen = shown[row * columns : (row + 1) * columns]
        heads = [
            [
                *((t, False) for t in wrap(c.title, cell, 8.5, bold=True, most=2)),
                *((t, True) for t in wrap(c.verdict, cell, 7.5, most=3) if c.verdict),
            ]
            for c in chosen
        ]
        head = max(len(h) for h in heads) * 10.0 + 6
        for column, (one, lines) in enumerate(zip(chosen, heads, strict=True)):
            x, y = left + column * (cell + gap), top + 8 + 10.0 * (max(len(h) for h in heads) - len(lines))
            for line, quiet in lines:
                sheet.text(x, y, line, 7.5 if quiet else 8.5, QUIET if quiet else INK, bold=not quiet, name="parameter")
                y += 10.0
            every = one.values if one.of_data is None else np.concatenate([one.values, one.of_data[0]])
            axes = Axes(sheet, x, top + head, cell, tall, _span(every), (0.0, CAP))
            _profile(axes, one, thresholds, words, first=column == 0, last=column == len(chosen) - 1)
            sheet.text(axes.right, axes.bottom + 25, one.unit, 7.5, QUIET, anchor="end", name="parameter-unit")
        top += head + tall + 34
    foot = foot_of([words.profiles_note, *([words.profiles_both] if both else []), *notes], width)
    sheet.height = top + foot_height(foot)
    draw_foot(sheet, foot)
    return sheet


def _span(values: Numbers) -> tuple[float, float]:
    finite = values[np.isfinite(values)]
    low, high = (float(finite.min()), float(finite.max())) if finite.size else (0.0, 1.0)
    return (low, high) if high > low else (low - 0.5, high + 0.5)


def _profile(
    axes: Axes,
    one: ProfileCurve,
    thresholds: Sequence[tuple[float, float]],
    words: DossierWords,
    *,
    first: bool,
    last: bool,
) -> None:
    axes.draw_y(words.number if first else (lambda _: ""), count=3, size=8.0)
    for level, rise in thresholds:
        at = float(axes.down(rise))
        axes.sheet.line([axes.left, axes.right], [at, at], QUIET, 0.8, dash=(2.5, 2.5), name="threshold")
        if last:
            axes.sheet.text(axes.right + 4, at + 2.6, words.percent(level), 7.5, QUIET, name="level")
    if one.of_data is not None:
        _curve(axes, *one.of_data, COLOURS["data"], "profile-of-data")
    _curve(axes, one.values, one.rises, MIDDLE, "profile")
    if axes.x[0] <= one.estimate <= axes.x[1]:
        at = float(axes.across(one.estimate))
        axes.sheet.line([at, at], [axes.bottom - 7, axes.bottom], INK, 1.6, name="estimate")
    axes.draw_x(lambda v: words.number(v, 4), count=3, size=8.0, beyond=4.0)


def _curve(axes: Axes, values: Numbers, rises: Numbers, colour: str, name: str) -> None:
    good = np.isfinite(values) & np.isfinite(rises)
    x, y = values[good], np.maximum(rises[good], 0.0)
    if x.size > 1:
        grid = np.unique(np.concatenate([np.linspace(x[0], x[-1], 241), x]))
        curve = np.interp(grid, x, y)
        curve[curve > CAP] = np.nan
        axes.sheet.line(axes.across(grid), axes.down(curve), colour, 1.7, name=name)
    inside = y <= CAP
    axes.sheet.dots(axes.across(x[inside]), axes.down(y[inside]), 1.5, colour, name=f"{name}-at")
