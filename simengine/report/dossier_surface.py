"""The surface that was searched: where searches ended (a waterfall), and pairs of parameters in the posterior.

In: log densities of searches, draws. Out: sheets.

Invariant: every search that ended at a finite density is in the picture; every draw is a dot, or counted in a
hexagon, or in the share said to lie beyond the panels.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from simengine.report.axes import Axes, draw_foot, draw_head, foot_height, foot_of
from simengine.report.bands import BAD, GOOD, Entry, draw_key
from simengine.report.dossier_words import DossierWords
from simengine.report.letters import text_width, wrap
from simengine.report.scatter import FEW, SHADES, draw_hexagons
from simengine.report.sheet import WIDE, Sheet
from simengine.report.style import GREY, INK, QUIET

Numbers = NDArray[np.float64]
NEAR = 0.1
"""A search is told to have ended at the best fit where its log density is so near to the best."""
_FLOOR = 1e-4
_TAIL = 0.003
"""Of many draws so many on each side may lie beyond a panel: a few far ones would press all others together."""


@dataclass(frozen=True, slots=True, eq=False)
class Searches:
    """Shape (search,): how much lower than the best each ended, NaN where it failed; whether it converged; or joined.

    One that joined ran to an optimum that another had found: it has arrived too.
    """

    below: Numbers
    converged: NDArray[np.bool_]
    joined: NDArray[np.bool_]


@dataclass(frozen=True, slots=True, eq=False)
class Pair:
    """Draws of two parameters, their correlation, and the best fit."""

    across: str
    across_unit: str
    up: str
    up_unit: str
    x: Numbers
    y: Numbers
    correlation: float
    best: tuple[float, float]


def draw_waterfall(searches: Searches, words: DossierWords, width: float = WIDE) -> Sheet:
    """Return the searches in order of where they ended: on a flat step at the foot they found the same."""
    sheet = Sheet(width, 0.0)
    top = draw_head(sheet, words.waterfall_of, words.waterfall_below)
    known = np.isfinite(searches.below)
    order = np.argsort(searches.below[known], kind="stable")
    below = np.maximum(searches.below[known][order], _FLOOR)
    converged, joined = searches.converged[known][order], searches.joined[known][order]
    stopped = ~(converged | joined)
    failed = int((~known).sum())
    key = [Entry("dot", GOOD, words.converged)]
    if joined.any():
        key.append(Entry("ring", GOOD, words.joined_search))
    if stopped.any():
        key.append(Entry("ring", BAD, words.stopped))
    key.append(Entry("dash", INK, words.near_best.format(value=words.number(NEAR))))
    top = draw_key(sheet, top, key) + 8
    high = math.ceil(math.log10(max(float(below.max()) if below.size else 1.0, 1.0) * 1.01))
    low = math.log10(_FLOOR)
    labels = {p: words.number(10.0**p) for p in range(int(low), high + 1)}
    labels[int(low)] = "≤ " + labels[int(low)]
    left = 14 + max(text_width(t, 8.5) for t in labels.values())
    tall = 120.0 if sheet.is_narrow else 150.0
    axes = Axes(sheet, left, top, width - left - 18, tall, (0.4, max(len(below), 2) + 0.6), (low - 0.25, high + 0.15))
    every = max(1, math.ceil(len(labels) / 8))
    for power, text in labels.items():
        y = float(axes.down(power))
        sheet.line([axes.left, axes.right], [y, y], "#e4e7eb", 0.8, name="grid")
        if (power - int(low)) % every == 0:
            sheet.text(axes.left - 4, y + 3, text, 8.5, QUIET, anchor="end", name="tick")
    y = float(axes.down(math.log10(NEAR)))
    sheet.line([axes.left, axes.right], [y, y], INK, 1.0, dash=(2.5, 2.0), name="near")
    at, ends = axes.across(np.arange(1, len(below) + 1)), axes.down(np.log10(below))
    sheet.line(at, ends, GREY, 1.0, name="fall")
    sheet.dots(at[converged], ends[converged], 3.0, GOOD, name="search")
    sheet.dots(at[joined], ends[joined], 3.0, "#ffffff", edge=GOOD, width=1.4, name="search")
    sheet.dots(at[stopped], ends[stopped], 3.0, "#ffffff", edge=BAD, width=1.4, name="search")
    axes.draw_x(lambda v: words.number(v, 6), count=6, whole=True, beyond=16.0)
    foot = foot_of([words.waterfall_note, *([words.failed_searches.format(count=failed)] if failed else [])], width)
    sheet.height = axes.bottom + 20 + foot_height(foot)
    draw_foot(sheet, foot)
    return sheet


def draw_pairs(shown: Sequence[Pair], words: DossierWords, width: float = WIDE, *, notes: Sequence[str] = ()) -> Sheet:
    """Return pairs of parameters, a panel each; a narrow slope is a ridge: data fix a mix of the two only."""
    sheet = Sheet(width, 0.0)
    top = draw_head(sheet, words.pairs_of, words.pairs_below)
    dense = max(len(p.x) for p in shown) > FEW
    key = (
        [Entry("band", SHADES[0], words.few_draws), Entry("band", SHADES[5], words.many_draws)]
        if dense
        else [Entry("dot", SHADES[4], words.a_draw)]
    )
    top = draw_key(sheet, top, [*key, Entry("diamond", BAD, words.best_fit)]) + 4
    columns = min(len(shown), 2 if sheet.is_narrow else 3)
    room = 8 + max(text_width(words.number(v, 3), 7.5) for p in shown for v in (*_span(p.y), *_between(p.y)))
    gap = 8.0
    cell = (width - 22 - columns * room - gap * (columns - 1)) / columns
    if columns == 1:
        cell = min(cell, 240.0)
    tall = min(cell * 0.85, 170.0)
    for row in range(math.ceil(len(shown) / columns)):
        chosen = shown[row * columns : (row + 1) * columns]
        heads = [_head(p, cell + room - 6, words) for p in chosen]
        head = max(len(h) for h in heads) * 10.0 + 6
        for column, (pair, lines) in enumerate(zip(chosen, heads, strict=True)):
            x = 8 + room + column * (cell + room + gap)
            y = top + 8 + 10.0 * (max(len(h) for h in heads) - len(lines))
            for text, bold in lines:
                sheet.text(x - room + 6, y, text, 8.0, INK if bold else QUIET, bold=bold, name="pair")
                y += 10.0
            axes = Axes(sheet, x, top + head, cell, tall, _span(pair.x), _span(pair.y))
            _panel(axes, pair, words)
        top += head + tall + 28
    beyond = max(1.0 - float(_inside(p).mean()) for p in shown)
    more = [words.beyond_panels.format(share=words.percent(beyond))] if beyond else []
    foot = foot_of([*notes, *more], width)
    sheet.height = top + foot_height(foot)
    draw_foot(sheet, foot)
    return sheet


def _head(pair: Pair, room: float, words: DossierWords) -> list[tuple[str, bool]]:
    told = [
        *(
            f"↑ {t}" if not n else t
            for n, t in enumerate(wrap(_named(pair.up, pair.up_unit), room - 12, 8.0, bold=True))
        ),
        *(
            f"→ {t}" if not n else t
            for n, t in enumerate(wrap(_named(pair.across, pair.across_unit), room - 12, 8.0, bold=True))
        ),
    ]
    value = words.number(round(pair.correlation, 2))
    return [*((t, True) for t in told), (words.correlation.format(value=value), False)]


def _named(name: str, unit: str) -> str:
    return f"{name} ({unit})" if unit else name


def _span(values: Numbers) -> tuple[float, float]:
    low, high = (float(v) for v in np.quantile(values, [_TAIL, 1.0 - _TAIL] if len(values) > FEW else [0.0, 1.0]))
    room = (high - low) * 0.03
    return (low - room, high + room) if high > low else (low - 0.5, high + 0.5)


def _inside(pair: Pair) -> NDArray[np.bool_]:
    """Return which draws lie within the panel."""
    (left, right), (low, high) = _span(pair.x), _span(pair.y)
    return (pair.x >= left) & (pair.x <= right) & (pair.y >= low) & (pair.y <= high)


def _between(values: Numbers) -> tuple[float, ...]:
    from simengine.report.axes import ticks

    return tuple(ticks(*_span(values), 4))


def _panel(axes: Axes, pair: Pair, words: DossierWords) -> None:
    axes.draw_y(lambda v: words.number(v, 3), count=4, size=7.5)
    inside = _inside(pair)
    x, y = axes.across(pair.x[inside]), axes.down(pair.y[inside])
    if len(pair.x) > FEW:
        draw_hexagons(axes, x, y)
    else:
        axes.sheet.dots(x, y, 1.4, SHADES[4], opacity=0.7, name="draw")
    spans = (axes.x, axes.y)
    if all(low <= value <= high for value, (low, high) in zip(pair.best, spans, strict=True)):
        at = axes.at(*pair.best)
        axes.sheet.dots([at[0]], [at[1]], 4.0, BAD, shape="diamond", edge="#ffffff", width=1.0, name="best")
    axes.draw_x(lambda v: words.number(v, 3), count=3, size=7.5, beyond=4.0)
