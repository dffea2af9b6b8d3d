"""Bands around the fit: where observations should lie, of what is not known of the parameters and of errors.

In: a `Fitted`, a seed. Out: (n,) lower and upper ends, and what they are made of, in words.

With a posterior sample its sets are run; else sets are drawn from the distribution that curvature gives, in the
measures of the search, cut to the bounds: normal where scales of errors are given, Student's where they are estimated.
Where curvature does not tell all, bands are of errors at the best fit only.

Invariant: the same question gives the same bits.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from simengine.calibrate.surface import Surface
from simengine.calibrate.work import Fitted
from simengine.inference.arrays import Array

LEVEL = 0.90
_SETS = 256
_ERRORS = 16
"""Draws of errors for each set."""


class Bands(NamedTuple):
    """Ends of the bands, and how they came about."""

    low: Array
    high: Array
    made_of: str


def sets_of(fitted: Fitted, seed: int) -> tuple[Array, str]:
    """Return full sets (K, D + E) that stand for what is not known, and where they are from."""
    best = fitted.best.found.full
    if fitted.chains:
        rows = np.concatenate([c.draws.reshape(-1, len(best)) for c in fitted.chains])
        places = np.unique(np.linspace(0, len(rows) - 1, _SETS).astype(np.int64))
        return rows[places], "the posterior"
    curvature, d = fitted.curvature, fitted.surface.width
    if curvature is None or not np.isfinite(curvature.found.covariance).all():
        return best[None], "errors alone: curvature does not tell how sure all parameters are"
    surface = fitted.surface
    rng = np.random.default_rng([seed, 4])
    larger = _larger_scales(curvature.freedom, d, rng)
    of_data = curvature.of_data
    of_priors = np.diag(np.diag(curvature.found.information - of_data))
    each = np.linalg.inv(of_data / np.square(larger)[:, None, None] + of_priors)
    values, vectors = np.linalg.eigh(each)
    drawn = rng.standard_normal((_SETS, d)) * np.sqrt(np.maximum(values, 0.0))
    moved = np.einsum("kij,kj->ki", vectors, drawn)
    measured = np.repeat(surface.measures.of(best)[None], _SETS, axis=0)
    measured[:, :d] += moved / surface.measures.slopes(measured[:1])[0, :d]
    grown = np.array([s.number == "scale" for s in surface.problem.scales], dtype=np.bool_)
    out = surface.measures.full(measured)
    out[:, d:] = np.where(grown, best[d:] * larger[:, None], best[d:])
    return np.clip(out, surface.low, surface.high), "curvature"


def _larger_scales(freedom: float, parameters: int, rng: np.random.Generator) -> Array:
    """Return by how much scales are larger than estimated: (sets,); 1 where they are known.

    With a flat prior of its logarithm a variance is n times that of maximum likelihood over a chi-squared number of n -
    D degrees of freedom (A. Gelman et al., "Bayesian Data Analysis", 3rd ed. (2013), 14.2), which gives sets and
    observations the tails of Student's t.
    """
    if not np.isfinite(freedom):
        return np.ones(_SETS)
    return np.sqrt((freedom + parameters) / rng.chisquare(freedom, _SETS))


def make_bands(fitted: Fitted, seed: int) -> Bands:
    """Return the bands of all observations."""
    surface, problem = fitted.surface, fitted.surface.problem
    sets, made_of = sets_of(fitted, seed)
    predicted = problem.predict(sets[:, : surface.width])
    rng = np.random.default_rng([seed, 5])
    many = np.repeat(predicted, _ERRORS, axis=0)
    scales = np.repeat(sets[:, surface.width :], _ERRORS, axis=0)
    low, high = np.full(len(problem.observations), np.nan), np.full(len(problem.observations), np.nan)
    for s in problem.series:
        drawn = s.error.draw(rng, many[:, s.rows], scales[:, list(s.scales)], problem.observations.time[s.rows])
        good = np.isfinite(drawn).all(axis=1)
        if good.any():
            ends = np.quantile(drawn[good], [0.5 - LEVEL / 2.0, 0.5 + LEVEL / 2.0], axis=0)
            low[s.rows], high[s.rows] = ends[0], ends[1]
    return Bands(low, high, made_of)


def standardised(surface: Surface, full: Array, predicted: Array) -> Array:
    """Return residuals as error models standardise them: (n,)."""
    problem = surface.problem
    out = np.full(len(problem.observations), np.nan)
    for s in problem.series:
        own = full[None, surface.width :][:, list(s.scales)]
        seen = problem.observations
        out[s.rows] = s.error.standardised(seen.value[s.rows], predicted[:, s.rows], own, seen.time[s.rows])[0]
    return out
