"""Which measures a design allows, and what they give.

In: a `Feed`. Out: `Found`: indices with the outputs they are of; and what had to be left out, and why.

    sobol             Sobol' indices of everything; from its two matrices delta, regression of ranks, scores, regions
    morris            elementary effects of everything
    fast              FAST of everything
    one at a time     ranges of everything
    any other         PAWN and regression of ranks of everything; EASI of everything where factors are independent;
                      delta, regression, scores of indicators; regions of goals and failures

Invariant: a measure that a design, or correlation, makes meaningless is not computed; that it was not is told.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

import numpy as np

from simengine.analysis.delta import delta_indices
from simengine.analysis.fast import easi_indices, fast_indices
from simengine.analysis.indices import Indices
from simengine.analysis.morris import morris_indices
from simengine.analysis.pawn import pawn_indices
from simengine.analysis.regional import regional_indices
from simengine.analysis.regression import LOW_FIT, regression_indices
from simengine.analysis.scoring import feature_scores
from simengine.analysis.sobol import sobol_indices
from simengine.analysis.tornado import tornado_ranges
from simengine.sweep.learn_feed import Array, Block, Feed, Label, failures_of, find_correlated, join, series_of

SEED = 0
"""Of all resamples: the same sweep has the same intervals."""
_FEW = 10
"""Halves for the intervals of series by given-data measures: standard errors are then known to a quarter."""

MAIN = {"sobol": ("sobol", "ST"), "morris": ("morris", "mu_star"), "fast": ("fast", "ST"),
        "one at a time": ("one at a time", "range")}  # fmt: skip
MAIN_GIVEN = ("pawn", "median")


def main_measure(kind: str) -> tuple[str, str]:
    """Return the method and measure by which factors are put in order, for a design."""
    return MAIN.get(kind, MAIN_GIVEN)


@dataclass(frozen=True)
class Found:
    """Indices of outputs."""

    labels: tuple[Label, ...]
    indices: Indices
    without: tuple[int, ...] = ()
    """Factors that the method cannot tell anything of."""


@dataclass
class Learned:
    """What was found of one scenario, and what must be said of it."""

    found: list[Found] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    def add(self, labels: tuple[Label, ...], indices: Indices, without: tuple[int, ...] = ()) -> None:
        """Add indices, unless there are no outputs."""
        if labels:
            self.found.append(Found(labels, indices, without))
            self.notes += [n for n in indices.notes if n not in self.notes]


def estimate(feed: Feed) -> Learned:
    """Return all that a design allows, of indicators, goals, failures and series."""
    out = Learned()
    if not len(feed.free):
        out.notes.append("every factor is set by the scenario itself: nothing is uncertain in it")
        return out
    whole = join(feed.indicators, feed.goals, failures_of(feed))
    if feed.kind in ("sobol", "fast") and find_correlated(feed):
        out.notes.append(f"no shares of the variance: {_pairs(feed)}; what each explains then overlaps")
    elif feed.kind in _OF_DESIGN:
        by_design = _OF_DESIGN[feed.kind]
        _add(out, whole, lambda y: by_design(feed, y))
        for block in _told_series(feed, out):
            _add(out, block, lambda y: by_design(feed, y))
    if feed.kind not in ("morris", "fast", "one at a time"):
        _estimate_given(feed, out)
    _say_what_was_dropped(feed, out)
    return out


def _sobol(feed: Feed, values: Array) -> Indices:
    return sobol_indices(values, len(feed.names), second_order=feed.second_order, seed=SEED)


_OF_DESIGN: dict[str, Callable[[Feed, Array], Indices]] = {
    "sobol": _sobol,
    "morris": lambda feed, y: morris_indices(feed.unit, y, seed=SEED),
    "fast": lambda feed, y: fast_indices(y, len(feed.names)),
    "one at a time": lambda feed, y: tornado_ranges(feed.unit, y),
}


def compute_main(feed: Feed, values: Array) -> Indices:
    """Return the indices by which factors are put in order."""
    if feed.kind in _OF_DESIGN:
        return _OF_DESIGN[feed.kind](feed, values)
    return pawn_indices(feed.draws, values, seed=SEED)


def _add(out: Learned, block: Block, compute: Callable[[Array], Indices], without: tuple[int, ...] = ()) -> None:
    if block.labels:
        out.add(block.labels, compute(block.values), without)


def _told_series(feed: Feed, out: Learned) -> Iterator[Block]:
    """Yield the series, and say why there are none."""
    count = 0
    for block in series_of(feed):
        count += 1
        yield block
    if not count:
        kept = feed.result.about["kept"]
        why = (
            f"no values over time were kept (`runs: {kept}`)"
            if kept != "all"
            else f"{len(feed.result.outputs)} outputs are too many and none is drawn or measured: name some in the file"
        )
        out.notes.append(f"no measures over time: {why}")


def _estimate_given(feed: Feed, out: Learned) -> None:
    """Add what any sample allows."""
    rows, x = feed.sample, feed.draws[feed.sample]
    bare, unordered = _without_order(feed, x, out)
    indicators = Block(feed.indicators.labels, feed.indicators.values[rows])
    _add(out, indicators, lambda y: delta_indices(x, y, seed=SEED), feed.by_rows)
    _add(out, indicators, lambda y: regression_indices(bare, y, seed=SEED), unordered)
    _add(out, indicators, lambda y: regression_indices(bare, y, ranks=True, seed=SEED), unordered)
    _add(out, indicators, lambda y: feature_scores(x, y, seed=SEED), feed.by_rows)
    outcomes = join(feed.goals, failures_of(feed))
    has, known = outcomes.values[rows] == 1, np.isfinite(outcomes.values[rows])
    regions = regional_indices(x, has, known=known, choices=feed.choices, seed=SEED)
    out.add(outcomes.labels, regions, feed.by_rows)
    if feed.kind != "sobol":
        _add(out, indicators, lambda y: pawn_indices(x, y, seed=SEED), feed.by_rows)
        independent = not find_correlated(feed)
        if independent:
            _add(out, indicators, lambda y: easi_indices(x, y, seed=SEED), feed.by_rows)
        else:
            out.notes.append(f"no first order indices (EASI): {_pairs(feed)}; what each explains overlaps")
        for block in _told_series(feed, out):
            out.add(block.labels, pawn_indices(x, block.values, resamples=_FEW, seed=SEED), feed.by_rows)
            ranked = regression_indices(bare, block.values, ranks=True, resamples=_FEW, seed=SEED)
            out.add(block.labels, ranked, unordered)
            if independent:
                out.add(block.labels, easi_indices(x, block.values, resamples=_FEW, seed=SEED), feed.by_rows)
    _say_low_fits(out)


def _without_order(feed: Feed, x: Array, out: Learned) -> tuple[Array, tuple[int, ...]]:
    """Return factors of which those without an order are held still, and which these are.

    A line through their numbers would say nothing; but a choice between two has an order as good as any.
    """
    many = tuple(n for n in feed.choices if len(np.unique(x[:, n])) > 2)
    unordered = (*feed.by_rows, *many)
    for place in feed.by_rows:
        out.notes.append(f"`{feed.names[place]}` draws a row of a file: only methods with a design of their own see it")
    for place in many:
        out.notes.append(f"`{feed.names[place]}` is a choice without an order: regression leaves it out")
    bare = x.copy()
    bare[:, unordered] = 0.0
    return bare, unordered


def _pairs(feed: Feed) -> str:
    pairs = find_correlated(feed)
    shown = ", ".join(f"`{a}` and `{b}` ({r:+.2f})" for a, b, r in pairs[:3])
    return f"factors are correlated: {shown}" + (f" and {len(pairs) - 3} more pairs" if len(pairs) > 3 else "")


def _say_low_fits(out: Learned) -> None:
    for found in out.found:
        for name, fit in found.indices.fits.items():
            for label, value in zip(found.labels, fit.value, strict=True):
                if label.kind == "indicator" and value < LOW_FIT:
                    out.notes.append(
                        f"{name} of `{label.output}` is {value:.2f}: {found.indices.method} says little about it"
                    )


def _say_what_was_dropped(feed: Feed, out: Learned) -> None:
    failed = int(feed.failed.sum())
    if failed:
        text = f"{failed} of {feed.runs} runs failed; they are left out of every output but `failed`"
        if feed.block > 1:
            text += f", with the whole blocks of {feed.block} runs they are in"
        out.notes.append(text)
    for name, values in zip(feed.indicators.labels, feed.indicators.values.T, strict=True):
        never = int(np.isnan(values).sum()) - failed
        if never:
            out.notes.append(
                f"`{name.output}` has no value in {never} of {feed.runs} runs (it is never reached): its measures are "
                "of the others; whether its goal is met counts all"
            )
