"""Chains of a posterior: traces, and histograms of ranks, a row a parameter.

In: draws by chain. Out: a sheet.

Ranks are those of a draw among all draws of a parameter; where chains are the same, each chain has all ranks about
equally often (A. Vehtari et al. (2021), Bayesian Analysis 16, 667-718). The band is what independent draws would keep
to in 19 of 20 bins; draws that follow on each other stray a little more.

Invariant: every draw counts in the ranks; of a long trace some are drawn, spread evenly.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from simengine.report.axes import Axes, draw_foot, draw_head, foot_height, foot_of
from simengine.report.bands import Entry, draw_key
from simengine.report.dossier_fit import BACK
from simengine.report.dossier_words import DossierWords
from simengine.report.letters import text_width, wrap
from simengine.report.sheet import WIDE, Sheet
from simengine.report.style import GREY, QUIET

Numbers = NDArray[np.float64]
COLOURS = ("#00507d", "#c25100", "#8a6d00", "#7a3f9d")
MOST = 12
"""Parameters drawn: those whose chains agree least."""
_DRAWN, _BINS = 160, 20


@dataclass(frozen=True, slots=True, eq=False)
class Traced:
    """Draws of a parameter: one array a chain."""

    title: str
    unit: str
    chains: tuple[Numbers, ...]


def rank_shares(chains: Sequence[Numbers], bins: int = _BINS) -> Numbers:
    """Return how often ranks of each chain lie in each bin, as a share of what is expected: (chain, bin).

    Examples
    --------
    >>> rank_shares([np.array([1.0, 4.0]), np.array([2.0, 3.0])], 2)
    array([[1., 1.],
           [1., 1.]])

    """
    from scipy.stats import rankdata

    every = np.concatenate(chains)
    places = ((rankdata(every, method="average") - 0.5) / every.size * bins).astype(np.int64).clip(0, bins - 1)
    out, first = [], 0
    for chain in chains:
        own = np.bincount(places[first : first + chain.size], minlength=bins)
        out.append(own / (chain.size / bins))
        first += chain.size
    return np.array(out)


def draw_chains(shown: Sequence[Traced], words: DossierWords, width: float = WIDE, *, left_out: int = 0) -> Sheet:
    """Return traces at the left and ranks at the right, a row a parameter."""
    sheet = Sheet(width, 0.0)
    top = draw_head(sheet, words.chains_of, words.chains_below)
    count = max(len(one.chains) for one in shown)
    names = [
        Entry("line", COLOURS[n % len(COLOURS)], words.chain.format(number=n + 1))
        for n in range(min(count, len(COLOURS)))
    ]
    top = draw_key(sheet, top, [*names, Entry("band", BACK, words.ranks_band)]) + 6
    left = 14 + max(text_width(words.number(v, 3), 7.5) for one in shown for v in _span(one))
    gap = 14 + text_width("2", 7.5)
    cell = (width - left - 14 - gap) / 2
    tall = 54.0
    for one in shown:
        name = f"{one.title} ({one.unit})" if one.unit else one.title
        lines = wrap(name, width - 24, 8.5, bold=True, most=2)
        sheet.lines_of_text(12, top + 8, lines, 8.5, bold=True, name="parameter")
        top += 10.0 * len(lines) + 4
        _trace(
            Axes(sheet, left, top, cell, tall, (0.0, float(max(c.size for c in one.chains))), _span(one)), one, words
        )
        _ranks(sheet, (left + cell + gap, top, cell, tall), one, words)
        top += tall + 22
    notes = [words.ranks_note, *([words.chains_left_out.format(count=left_out)] if left_out else [])]
    foot = foot_of(notes, width)
    sheet.height = top + foot_height(foot)
    draw_foot(sheet, foot)
    return sheet


def _span(one: Traced) -> tuple[float, float]:
    low, high = (float(f(np.concatenate(one.chains))) for f in (np.min, np.max))
    return (low, high) if high > low else (low - 0.5, high + 0.5)


def _trace(axes: Axes, one: Traced, words: DossierWords) -> None:
    axes.draw_y(lambda v: words.number(v, 3), count=3, size=7.5)
    for n, chain in enumerate(one.chains):
        at = np.arange(0, chain.size, max(1, math.ceil(chain.size / _DRAWN)))
        colour = COLOURS[n % len(COLOURS)]
        axes.sheet.line(axes.across(at), axes.down(chain[at]), colour, 0.7, opacity=0.8, name="trace")
    axes.draw_x(words.number, count=4, size=7.5, whole=True, beyond=4.0)


def _ranks(sheet: Sheet, box: tuple[float, float, float, float], one: Traced, words: DossierWords) -> None:
    shares = rank_shares(one.chains)
    each = min(c.size for c in one.chains) / _BINS
    stray = 1.96 / math.sqrt(each) if each else 1.0
    axes = Axes(sheet, *box, (0.0, 1.0), (0.0, max(2.0, float(shares.max()) * 1.05)))
    top, bottom = float(axes.down(min(1.0 + stray, axes.y[1]))), float(axes.down(max(1.0 - stray, 0.0)))
    sheet.box(axes.left, top, axes.width, bottom - top, BACK, name="ranks-band")
    axes.draw_y(lambda v: words.number(v, 2), count=2, size=7.5)
    edges = np.repeat(np.linspace(0.0, 1.0, _BINS + 1), 2)[1:-1]
    for n, own in enumerate(shares):
        sheet.line(axes.across(edges), axes.down(np.repeat(own, 2)), COLOURS[n % len(COLOURS)], 1.1, name="ranks")
    sheet.line([axes.left, axes.right], [axes.bottom] * 2, GREY, 0.8, name="side")
    sheet.text(axes.left, axes.bottom + 11, words.low_values, 7.5, QUIET, name="tick")
    sheet.text(axes.right, axes.bottom + 11, words.high_values, 7.5, QUIET, anchor="end", name="tick")
