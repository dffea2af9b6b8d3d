"""How good a sweep is by now: the widest interval, by which `--until-ci` decides whether to go on.

In: a `SweepResult` and its plan. Out: a `Precision`.

    sobol     half width of the total order indices: shares of the variance, in [0, 1]
    morris    half width of mu*, over the largest mu* of the same indicator
    fast, grids, one at a time: none, for these designs cannot grow or have no interval
    others    half width of the share of runs that meet a goal; where no indicator has a goal, of the mean, in standard
              deviations of the indicator: both are shares of what is to be known, and shrink as the root of the runs

The worst of all scenarios and indicators counts; where there are no indicators, of the outputs at the last time.
Indicators that are the same in all runs have no interval and do not count.

Invariant: the more runs, the narrower, up to chance; None where growing would not help.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from simengine.analysis.convergence import find_widest
from simengine.analysis.indices import Indices, is_constant
from simengine.analysis.resample import normal_quantile
from simengine.sweep.learn_feed import Block, Feed, series_of
from simengine.sweep.learn_methods import compute_main
from simengine.sweep.plan import SweepPlan
from simengine.sweep.result import SweepResult

_LEVEL = 0.95
_GIVEN = ("random", "latin", "sequence", "halton")
_LEAST = 10


@dataclass(frozen=True)
class Precision:
    """The widest interval: half its width, and of what it is, in words."""

    half_width: float
    text: str


def find_precision(result: SweepResult, sweep: SweepPlan) -> Precision | None:
    """Return the widest interval of a sweep; None where its design has none, or nothing varies."""
    found = [p for s in result.scenarios for p in _precisions(Feed(result, sweep, s))]
    return max(found, key=lambda p: p.half_width, default=None)


def widest_interval(result: SweepResult, sweep: SweepPlan) -> float | None:
    """Return half the width of the widest interval; None where there is none."""
    found = find_precision(result, sweep)
    return None if found is None else found.half_width


def _precisions(feed: Feed) -> Iterator[Precision]:
    if not len(feed.free):
        return
    block = _looked_at(feed)
    if feed.kind in ("sobol", "morris") and block.labels:
        indices = compute_main(feed, block.values)
        yield from _of_indices(feed, block, indices)
    elif feed.kind in _GIVEN:
        yield from _of_shares(feed) if feed.goals.labels else _of_means(feed, block)


def _looked_at(feed: Feed) -> Block:
    if feed.indicators.labels:
        return feed.indicators
    last = [Block(b.labels[-1:], b.values[:, -1:]) for b in series_of(feed)]
    if not last:
        return feed.indicators
    return Block(tuple(b.labels[0] for b in last), np.concatenate([b.values for b in last], axis=1))


def _of_indices(feed: Feed, block: Block, indices: Indices) -> Iterator[Precision]:
    for k, label in enumerate(block.labels):
        measure = "ST" if feed.kind == "sobol" else "mu_star"
        values = indices[measure]
        own = Indices(
            indices.method,
            {measure: type(values)(*(getattr(values, e)[feed.free][:, [k]] for e in ("value", "low", "high")))},
            indices.used[[k]],
            indices.dropped[[k]],
            (indices.reasons[k],),
        )
        widest = find_widest(own, measure)
        if widest is None:
            continue
        scale = 1.0 if feed.kind == "sobol" else float(np.nanmax(own[measure].value)) or 1.0
        factor = feed.names[feed.free[widest.factor]]
        what = "total order index" if feed.kind == "sobol" else "mu* over the largest"
        half = widest.half_width / scale
        yield Precision(half, f"{what} of `{factor}` for `{label.output}` in `{feed.scenario}`: +-{half:.3g}")


def _of_shares(feed: Feed) -> Iterator[Precision]:
    """Yield those of shares, by Wilson's interval, which has a width even where all runs meet the goal.

    Wilson, J. American Statistical Association 22 (1927) 209.
    """
    z = normal_quantile(_LEVEL)
    for label, values in zip(feed.goals.labels, feed.goals.values.T, strict=True):
        known = values[np.isfinite(values)]
        if len(known) < _LEAST:
            continue
        n, share = len(known), known.mean()
        half = float(z / (1 + z**2 / n) * np.sqrt(share * (1 - share) / n + z**2 / (4 * n**2)))
        yield Precision(
            half, f"share of runs that meet the goal of `{label.output}` in `{feed.scenario}`: +-{half:.3g}"
        )


def _of_means(feed: Feed, block: Block) -> Iterator[Precision]:
    z = normal_quantile(_LEVEL)
    for label, values in zip(block.labels, block.values.T, strict=True):
        known = values[np.isfinite(values)]
        if len(known) < _LEAST or is_constant(known.mean(keepdims=True), known.var(keepdims=True))[0]:
            continue
        half = float(z / np.sqrt(len(known)))
        text = f"mean of `{label.output}` in `{feed.scenario}`: +-{half:.3g} standard deviations"
        yield Precision(half, text)
