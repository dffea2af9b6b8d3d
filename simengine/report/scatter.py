"""Scatters: an indicator against a factor, for ten runs or a hundred thousand.

In: values of all runs. Out: a sheet, a panel a factor.

Invariant: every run is in the picture: as a dot, or counted in the hexagon it falls in; failed runs are marked.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from simengine.report.axes import Axes, draw_foot, draw_head, foot_height, foot_of, range_of
from simengine.report.bands import BAD, Entry, draw_key
from simengine.report.letters import text_width, wrap
from simengine.report.sheet import WIDE, Sheet
from simengine.report.style import INK, QUIET
from simengine.report.sweep_words import SweepWords

FEW = 600
"""Up to so many runs are dots; more are counted in hexagons."""
SHADES = ("#e3edf4", "#bcd6e8", "#8dbcdd", "#5a9dc8", "#2f7bad", "#00507d")
"""Of hexagons, from few runs to many."""
MISSED = "#fbe9dd"
_ACROSS = 24
_GROUPS = 16
_MOST_TICKS = 80


@dataclass(frozen=True, slots=True, eq=False)
class Cloud:
    """A factor's values, one a run; `labels` are the names of choices, whose values are 0, 1, 2, ..."""

    factor: str
    unit: str
    values: NDArray[np.float64]
    labels: tuple[str, ...] = ()


def draw_scatter(
    clouds: Sequence[Cloud],
    values: NDArray[np.float64],
    title: str,
    unit: str,
    words: SweepWords,
    width: float = WIDE,
    *,
    goal: tuple[float, str] | None = None,
    notes: Sequence[str] = (),
) -> Sheet:
    """Return an indicator against factors; a run whose value is not finite has failed."""
    sheet = Sheet(width, 0.0)
    good = np.isfinite(values)
    failed = int((~good).sum())
    dense = int(good.sum()) > FEW
    top = draw_head(sheet, title, unit)
    key = [
        *([Entry("band", SHADES[n], t) for n, t in ((0, words.few_runs), (5, words.many_runs))] if dense else []),
        *([] if dense else [Entry("dot", SHADES[4], words.a_run)]),
        Entry("line", INK, words.running_median),
    ]
    if goal is not None:
        text = f"{words.goal_missed} ({words.goal.casefold()} {words.relation(goal[1])}{words.number(goal[0])})"
        key.append(Entry("band", MISSED, text))
    if failed:
        key.append(Entry("tick", BAD, words.failed_runs.format(count=words.number(failed, 9))))
    top = draw_key(sheet, top, key) + 4
    span = range_of([values[good], [goal[0]] if goal else []])
    columns = min(len(clouds), 2 if sheet.is_narrow else 3)
    left = 14 + max(text_width(words.number(v, 4), 8.0) for v in span)
    gap = 10.0 if sheet.is_narrow else 14.0
    cell = (width - left - 14 - gap * (columns - 1)) / columns
    tall = min(cell * 0.8, 190.0)
    for row in range(math.ceil(len(clouds) / columns)):
        chosen = clouds[row * columns : (row + 1) * columns]
        heads = [wrap(c.factor, cell, 8.5, bold=True, most=3) for c in chosen]
        head = max(len(h) for h in heads) * 10.0 + 18
        for column, (cloud, lines) in enumerate(zip(chosen, heads, strict=True)):
            x = left + column * (cell + gap)
            y = top + 8 + 10.0 * (max(len(h) for h in heads) - len(lines))
            after = sheet.lines_of_text(x, y, lines, 8.5, bold=True, name="factor")
            sheet.text(x, after - 0.5, cloud.unit, 7.5, QUIET, name="factor-unit")
            axes = Axes(sheet, x, top + head + 2, cell, tall, _range(cloud), span)
            _panel(axes, cloud, values, goal, words, first=column == 0, dense=dense)
        top += head + tall + 28
    foot = foot_of(notes, width)
    sheet.height = top + foot_height(foot)
    draw_foot(sheet, foot)
    return sheet


def _range(cloud: Cloud) -> tuple[float, float]:
    if cloud.labels:
        return -0.5, len(cloud.labels) - 0.5
    finite = cloud.values[np.isfinite(cloud.values)]
    low, high = (float(finite.min()), float(finite.max())) if finite.size else (0.0, 1.0)
    return (low, high) if high > low else (low - 0.5, high + 0.5)


def _panel(
    axes: Axes,
    cloud: Cloud,
    values: NDArray[np.float64],
    goal: tuple[float, str] | None,
    words: SweepWords,
    *,
    first: bool,
    dense: bool,
) -> None:
    good = np.isfinite(values) & np.isfinite(cloud.values)
    if goal is not None:
        _missed(axes, goal)
    axes.draw_y((lambda v: words.number(v, 4)) if first else (lambda _: ""), count=4, size=8.0)
    x, y = axes.across(_apart(cloud)[good]), axes.down(values[good])
    if dense:
        draw_hexagons(axes, x, y)
    else:
        axes.sheet.dots(x, y, 1.5, SHADES[4], opacity=0.75, name="run")
    if goal is not None:
        at = float(axes.down(goal[0]))
        axes.sheet.line([axes.left, axes.right], [at, at], INK, 0.9, dash=(1.6, 2.4), name="goal-line")
    middles = running_median(cloud.values[good], values[good], groups=len(cloud.labels) or _GROUPS)
    _medians(axes, *middles, lying=bool(cloud.labels))
    broken = ~np.isfinite(values) & np.isfinite(cloud.values)
    if broken.any():
        _failed(axes, cloud.values[broken])
    if cloud.labels:
        axes.sheet.line([axes.left, axes.right], [axes.bottom] * 2, QUIET, 0.8, name="side")
        for n, label in enumerate(cloud.labels):
            room = axes.width / len(cloud.labels) - 4
            axes.sheet.lines_of_text(float(axes.across(n)), axes.bottom + 12, wrap(label, room, 7.5, most=2), 7.5,
                                     QUIET, anchor="middle", name="tick")  # fmt: skip
    else:
        axes.draw_x(lambda v: words.number(v, 4), count=4, size=8.0, beyond=4.0)


def _medians(axes: Axes, x: NDArray[np.float64], y: NDArray[np.float64], *, lying: bool) -> None:
    """Draw medians as a line; where they are of choices, which have no order, as a bar each."""
    xs = np.stack([x - 0.36, x + 0.36, np.full_like(x, np.nan)], axis=1).ravel() if lying else x
    ys = np.repeat(y, 3) if lying else y
    places = axes.across(xs), axes.down(ys)
    axes.sheet.line(*places, "#ffffff", 3.6, name="under-median", opacity=0.8)
    axes.sheet.line(*places, INK, 1.7, name="median")


def _apart(cloud: Cloud) -> NDArray[np.float64]:
    """Return values; runs of one choice moved apart, evenly in their order, so that they can be seen."""
    if not cloud.labels:
        return cloud.values
    golden = (np.arange(len(cloud.values)) * 0.6180339887498949) % 1.0
    apart: NDArray[np.float64] = cloud.values + (golden - 0.5) * 0.6
    return apart


def _missed(axes: Axes, goal: tuple[float, str]) -> None:
    """Tint the side of a goal on which it is missed."""
    at = min(max(float(axes.down(goal[0])), axes.top), axes.bottom)
    if goal[1].startswith("<"):
        axes.sheet.box(axes.left, axes.top, axes.width, at - axes.top, MISSED, name="missed")
    elif goal[1].startswith(">"):
        axes.sheet.box(axes.left, at, axes.width, axes.bottom - at, MISSED, name="missed")


def _failed(axes: Axes, values: NDArray[np.float64]) -> None:
    """Mark failed runs above the axes: a tick each, or, where there are many, a strip that is dark where most lie."""
    places = axes.across(values)
    if len(places) <= _MOST_TICKS:
        axes.sheet.dots(places, np.full(len(places), axes.top - 3.5), 3.0, "", shape="tick", edge=BAD, width=1.0,
                        name="failed")  # fmt: skip
        return
    counts, edges = np.histogram(places, bins=_ACROSS, range=(axes.left, axes.right))
    for count, a, b in zip(counts, edges, edges[1:], strict=False):
        if count:
            axes.sheet.box(a, axes.top - 6.5, b - a, 6, BAD, opacity=round(0.1 + 0.9 * count / counts.max(), 2),
                           name="failed", tip=str(count))  # fmt: skip


def draw_hexagons(axes: Axes, x: NDArray[np.float64], y: NDArray[np.float64]) -> None:
    """Draw how many runs lie where, in hexagons; shades are steps of the root of the count."""
    size = min(axes.width / _ACROSS / math.sqrt(3), 5.0)
    centres, counts = hexagons(x - axes.left, y - axes.top, size)
    if not len(counts):
        return
    shade = np.minimum((np.sqrt(counts / counts.max()) * len(SHADES)).astype(int), len(SHADES) - 1)
    angles = np.radians(np.arange(6) * 60 + 30)
    corners = np.stack([np.cos(angles), np.sin(angles)], axis=1) * size * 1.01
    for n, colour in enumerate(SHADES):
        chosen = centres[shade == n] + (axes.left, axes.top)
        # no run lies beyond the axes, but a hexagon may
        rings = np.clip(chosen[:, None, :] + corners, (axes.left, axes.top), (axes.right, axes.bottom))
        axes.sheet.area(list(rings), colour, name=f"hexagons{n}")


def hexagons(
    x: NDArray[np.float64], y: NDArray[np.float64], size: float
) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    """Return the middles of the hexagons that hold points, shape (hexagon, 2), and how many each holds.

    `size` is the distance from the middle to a corner. Hexagons are the cells nearest to the places of two lattices of
    rectangles, as in Carr et al. 1987.

    References
    ----------
    Carr, D. B., Littlefield, R. J., Nicholson, W. L., Littlefield, J. S. (1987): Scatterplot matrix techniques for
    large N. Journal of the American Statistical Association 82, 424-436.

    """
    wide, tall = math.sqrt(3) * size, 3 * size
    column, row = np.round(x / wide), np.round(y / tall)
    column2, row2 = np.floor(x / wide), np.floor(y / tall)
    first = (x - column * wide) ** 2 + (y - row * tall) ** 2
    second = (x - (column2 + 0.5) * wide) ** 2 + (y - (row2 + 0.5) * tall) ** 2
    nearest = first <= second
    # half steps as whole numbers, so that both lattices fit one table
    key = np.stack([np.where(nearest, 2 * column, 2 * column2 + 1), np.where(nearest, 2 * row, 2 * row2 + 1)], axis=1)
    cells, counts = np.unique(key.astype(np.int64), axis=0, return_counts=True)
    centres: NDArray[np.float64] = cells * np.asarray([wide / 2, tall / 2])
    return centres, counts.astype(np.int64)


def running_median(
    x: NDArray[np.float64], y: NDArray[np.float64], *, groups: int
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return the middles of groups of about equal numbers of runs, in order of the factor: the medians of both.

    Examples
    --------
    >>> x, y = running_median(np.asarray([3.0, 0.0, 1.0, 2.0]), np.asarray([9.0, 1.0, 3.0, 7.0]), groups=2)
    >>> x.tolist(), y.tolist()
    ([0.5, 2.5], [2.0, 8.0])

    """
    order = np.argsort(x, kind="stable")
    x, y = x[order], y[order]
    levels = np.unique(x)
    if len(levels) <= groups:
        bounds = np.searchsorted(x, levels)
    else:
        bounds = np.unique(np.linspace(0, len(x), groups + 1).astype(int)[:-1])
    ends = [*bounds[1:], len(x)]
    pieces = [(a, b) for a, b in zip(bounds, ends, strict=True) if b > a] if len(x) else []
    return (
        np.asarray([np.median(x[a:b]) for a, b in pieces]),
        np.asarray([np.median(y[a:b]) for a, b in pieces]),
    )
