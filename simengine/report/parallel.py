"""Parallel coordinates: the runs that meet a goal against those that miss it, a row a factor.

In: factors of all runs. Out: a sheet.

Invariant: bars are of all runs; where lines are of some runs only, that is told, and they are spread evenly over all.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from simengine.report.axes import draw_foot, draw_head, foot_height, foot_of
from simengine.report.bands import BAD, GOOD, Entry, draw_key
from simengine.report.letters import wrap
from simengine.report.rows import plan_rows
from simengine.report.scatter import Cloud
from simengine.report.sheet import WIDE, Sheet
from simengine.report.style import GRID, QUIET
from simengine.report.sweep_words import SweepWords

MOST_LINES = 120
"""Of each of the two kinds."""
MOST_FACTORS = 10


def apart(cloud: Cloud, met: NDArray[np.bool_]) -> float:
    """Return how far the runs that meet a goal lie from the others: the largest difference of their distributions.

    It is the statistic of Kolmogorov and Smirnov, from 0 (alike) to 1; regional sensitivity analysis ranks by it. Of
    choices, which have no order, it is half of the sum of the differences of their shares.

    References
    ----------
    Hornberger, G. M., Spear, R. C. (1981): An approach to the preliminary analysis of environmental systems. Journal of
    Environmental Management 12, 7-18.

    """
    good = np.isfinite(cloud.values)
    one, other = np.sort(cloud.values[good & met]), np.sort(cloud.values[good & ~met])
    if not (one.size and other.size):
        return 0.0
    if cloud.labels:
        counts = [np.bincount(v.astype(np.int64), minlength=len(cloud.labels)) / v.size for v in (one, other)]
        return float(np.abs(counts[0] - counts[1]).sum() / 2)
    every = np.concatenate([one, other])
    shares = [np.searchsorted(v, every, side="right") / v.size for v in (one, other)]
    return float(np.abs(shares[0] - shares[1]).max())


def draw_parallel(
    clouds: Sequence[Cloud],
    met: NDArray[np.bool_],
    title: str,
    below: str,
    words: SweepWords,
    width: float = WIDE,
    *,
    notes: Sequence[str] = (),
) -> Sheet:
    """Return parallel axes, the factor on top in which the two kinds of runs differ most."""
    ranked = sorted(clouds, key=lambda c: -apart(c, met))[:MOST_FACTORS]
    sheet = Sheet(width, 0.0)
    top = draw_head(sheet, title, below)
    counts = [int(met.sum()), int((~met).sum())]
    kinds = [(GOOD, words.runs_that_meet, met), (BAD, words.runs_that_miss, ~met)]
    key = [
        Entry("band", colour, text.format(count=words.number(count, 9)))
        for (colour, text, _), count in zip(kinds, counts, strict=True)
    ]
    top = draw_key(sheet, top, key) + 6
    rows = plan_rows(
        sheet, top, [c.factor for c in ranked], [c.unit for c in ranked], after=26.0, above=10.0, below=20.0
    )
    places = np.stack([_places(c, rows.left, rows.right) for c in ranked], axis=1)
    middles = np.asarray([rows.middle(n) for n in range(len(ranked))])
    good = np.isfinite(places).all(axis=1)
    drawn = 0
    # those that are more first, so that the fewer are seen
    for colour, _, kind in sorted(kinds, key=lambda k: -int(k[2].sum())):
        chosen = evenly(np.flatnonzero(kind & good), MOST_LINES)
        drawn += len(chosen)
        parts = [np.stack([places[run], middles], axis=1) for run in chosen]
        _lines(sheet, parts, colour)
    for n, cloud in enumerate(ranked):
        rows.write(n)
        _axis(sheet, cloud, rows.left, rows.right, rows.middle(n), words)
    for (colour, _, kind), shift, name in zip(kinds, (-3.2, 3.2), ("met", "missed"), strict=True):
        for n, cloud in enumerate(ranked):
            held = cloud.values[kind & np.isfinite(cloud.values)]
            (_shares if cloud.labels else _bars)(sheet, cloud, held, (rows.left, rows.right), middles[n] + shift,
                                                 (colour, name))  # fmt: skip
    more = [words.bars_hold_half]
    if drawn < int(good.sum()):
        total = words.number(int(good.sum()), 9)
        more.append(words.lines_of_some.format(count=words.number(drawn, 9), total=total))
    if len(ranked) < len(clouds):
        more.append(words.factors_alike.format(count=len(clouds) - len(ranked)))
    foot = foot_of([*more, *notes], width)
    sheet.height = rows.bottom + 12 + foot_height(foot)
    draw_foot(sheet, foot)
    return sheet


def evenly(runs: NDArray[np.int64], most: int) -> NDArray[np.int64]:
    """Return at most so many of runs, spread evenly over their order.

    Examples
    --------
    >>> evenly(np.arange(10), 3).tolist()
    [1, 5, 8]

    """
    if len(runs) <= most:
        return runs
    chosen: NDArray[np.int64] = runs[((np.arange(most) + 0.5) * len(runs) / most).astype(int)]
    return chosen


def _places(cloud: Cloud, left: float, right: float) -> NDArray[np.float64]:
    low, high = _ends(cloud)
    values = cloud.values
    if cloud.labels:  # moved apart, so that choices are no single point
        values = values + ((np.arange(len(values)) * 0.6180339887498949) % 1.0 - 0.5) * 0.5
    return left + (values - low) / (high - low) * (right - left)


def _ends(cloud: Cloud) -> tuple[float, float]:
    if cloud.labels:
        return -0.5, len(cloud.labels) - 0.5
    finite = cloud.values[np.isfinite(cloud.values)]
    low, high = (float(finite.min()), float(finite.max())) if finite.size else (0.0, 1.0)
    return (low, high) if high > low else (low - 0.5, high + 0.5)


def _lines(sheet: Sheet, parts: Sequence[NDArray[np.float64]], colour: str) -> None:
    for part in parts:
        sheet.line(part[:, 0], part[:, 1], colour, 0.7, opacity=0.22, name="run")


def _axis(sheet: Sheet, cloud: Cloud, left: float, right: float, y: float, words: SweepWords) -> None:
    sheet.line([left, right], [y, y], GRID, 6.0, name="axis-under", opacity=0.7)
    sheet.line([left, right], [y, y], QUIET, 0.9, name="axis")
    if cloud.labels:
        step = (right - left) / len(cloud.labels)
        for n, label in enumerate(cloud.labels):
            text = wrap(label, step - 4, 7.5, most=1)
            sheet.lines_of_text(left + (n + 0.5) * step, y + 15, text, 7.5, QUIET, anchor="middle", halo=True,
                                name="end")  # fmt: skip
        return
    low, high = _ends(cloud)
    sheet.text(left, y + 15, words.number(low), 7.5, QUIET, halo=True, name="end")
    sheet.text(right, y + 15, words.number(high), 7.5, QUIET, anchor="end", halo=True, name="end")


def _bars(
    sheet: Sheet,
    cloud: Cloud,
    values: NDArray[np.float64],
    ends: tuple[float, float],
    y: float,
    look: tuple[str, str],
) -> None:
    """Draw where the middle half of some runs lies, and their median."""
    if not values.size:
        return
    low, high = _ends(cloud)
    quartiles = np.quantile(values, [0.25, 0.5, 0.75])
    a, b, c = (ends[0] + (q - low) / (high - low) * (ends[1] - ends[0]) for q in quartiles)
    sheet.box(a, y - 2.6, max(c - a, 0.6), 5.2, look[0], edge="#ffffff", edge_width=0.6, name=look[1])
    sheet.dots([b], [y], 2.4, "#ffffff", edge=look[0], width=1.0, name=f"{look[1]}-median")


def _shares(
    sheet: Sheet,
    cloud: Cloud,
    values: NDArray[np.float64],
    ends: tuple[float, float],
    y: float,
    look: tuple[str, str],
) -> None:
    """Draw at each choice a bar as long as the share of some runs that have it."""
    if not values.size:
        return
    step = (ends[1] - ends[0]) / len(cloud.labels)
    for n in range(len(cloud.labels)):
        share = float((values == n).mean())
        middle = ends[0] + (n + 0.5) * step
        half = 0.45 * step * share
        sheet.box(
            middle - half, y - 2.6, max(2 * half, 0.6), 5.2, look[0], edge="#ffffff", edge_width=0.6, name=look[1]
        )
