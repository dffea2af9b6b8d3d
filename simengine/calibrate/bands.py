"""Bands around the fit: where observations should lie, of what is not known of the parameters and of errors.

In: a `Fitted`, a seed. Out: full sets and where they are from, in words; (n,) lower and upper ends of bands.

With a posterior sample its sets are run; else a quick sample is drawn; where that fails, bands are of errors at the
best fit only.

Invariant: the same question gives the same bits.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from simengine.calibrate.quick_sample import SETS, quick_sample
from simengine.calibrate.surface import Surface
from simengine.calibrate.work import Fitted
from simengine.inference.arrays import Array

LEVEL = 0.90
POSTERIOR, QUICK = "the posterior", "a quick sample"
ERRORS = "errors alone: no sample of the parameters could be drawn"
_ERRORS = 8192
"""Draws of errors, spread over all sets."""


class Bands(NamedTuple):
    """Ends of the bands."""

    low: Array
    high: Array


class Sets(NamedTuple):
    """Full sets (K, D + E) that stand for what is not known, and where they are from: the best fit alone, if K is 1."""

    full: Array
    made_of: str


def sets_of(fitted: Fitted, seed: int) -> Sets:
    """Return full sets that stand for what is not known."""
    best = fitted.best.found.full
    if fitted.chains:
        rows = np.concatenate([c.draws.reshape(-1, len(best)) for c in fitted.chains])
        places = np.unique(np.linspace(0, len(rows) - 1, SETS).astype(np.int64))
        return Sets(rows[places], POSTERIOR)
    found = quick_sample(fitted.surface.problem, seed)
    return Sets(best[None], ERRORS) if found is None else Sets(found, QUICK)


def make_bands(fitted: Fitted, sets: Array, seed: int) -> Bands:
    """Return the bands of all observations, of full sets."""
    surface, problem = fitted.surface, fitted.surface.problem
    predicted = problem.predict(sets[:, : surface.width])
    rng = np.random.default_rng([seed, 5])
    each = -(-_ERRORS // len(sets))
    many = np.repeat(predicted, each, axis=0)
    scales = np.repeat(sets[:, surface.width :], each, axis=0)
    low, high = np.full(len(problem.observations), np.nan), np.full(len(problem.observations), np.nan)
    for s in problem.series:
        drawn = s.error.draw(rng, many[:, s.rows], scales[:, list(s.scales)], problem.observations.time[s.rows])
        good = np.isfinite(drawn).all(axis=1)
        if good.any():
            ends = np.quantile(drawn[good], [0.5 - LEVEL / 2.0, 0.5 + LEVEL / 2.0], axis=0)
            low[s.rows], high[s.rows] = ends[0], ends[1]
    return Bands(low, high)


def standardised(surface: Surface, full: Array, predicted: Array) -> Array:
    """Return residuals as error models standardise them: (n,)."""
    problem = surface.problem
    out = np.full(len(problem.observations), np.nan)
    for s in problem.series:
        own = full[None, surface.width :][:, list(s.scales)]
        seen = problem.observations
        out[s.rows] = s.error.standardised(seen.value[s.rows], predicted[:, s.rows], own, seen.time[s.rows])[0]
    return out
