"""Draws of a calibration's priors, weighed by any part of its data.

In: a `Problem`. Out: `Draws`: parameter sets as the priors have them, what each predicts, and their weights under the
observations that one chooses: importance sampling, with the prior as what is drawn from. One ensemble answers all of:
what the data tell, what they would have told before 2023, and what a year left out would have been.

With few data and few parameters that they move, this is a second opinion on a sampler that walks: it shares nothing
with it but the likelihood. Where weights fall on few draws it fails, and `effective` tells. What wants many draws near
the data takes them from Student's distribution with the mean and covariance that the weighed draws have (`draw_near`).

References: L. Kish (1965), "Survey Sampling": effective draws are 1 / sum w^2; M.-S. Oh, J. O. Berger (1992), J. of
Statistical Computation and Simulation 41, 143-168 (a proposal fitted to weighed draws).

Invariant: the same seed gives the same draws.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from simengine.calibrate.problem import Problem

Array = NDArray[np.float64]
Bools = NDArray[np.bool_]
SEED = 2026
TAILS = 5.0
"""Degrees of freedom of the distribution that is fitted: tails longer than those of what it stands for."""


@dataclass(frozen=True, eq=False)
class Draws:
    """Parameter sets, spread as the priors are or nearer to the data."""

    problem: Problem
    theta: Array
    """(K, D)"""
    predicted: Array
    """(K, n)"""
    base: Array
    """(K,): the log density of the priors less that of what was drawn from, but for a constant."""

    @property
    def named(self) -> dict[str, Array]:
        """The parameter sets by name, as `Model.ensemble` takes them."""
        return {name: np.ascontiguousarray(self.theta[:, d]) for d, name in enumerate(self.problem.names)}

    def weights(self, used: Bools) -> Array:
        """Return the weight of every draw, adding up to 1, under the observations used (n,)."""
        seen = replace(self.problem, observations=replace(self.problem.observations, held_out=~used))
        total = self.base + seen.likelihood(self.predicted).value
        weights = np.exp(total - np.max(total))
        return np.asarray(weights / weights.sum())


def draw(problem: Problem, count: int) -> Draws:
    """Return draws of the priors by a scrambled Sobol sequence; `count` is a power of two.

    Raises
    ------
    ValueError
        If scales of errors are estimated: they have no prior to draw from.

    """
    from scipy.stats import qmc

    if problem.scales:
        raise ValueError("scales of errors that are estimated have no prior")
    theta = problem.points(qmc.Sobol(len(problem.names), rng=np.random.default_rng(SEED)).random(count))
    return Draws(problem, theta, problem.predict(theta), np.zeros(count))


def draw_near(begun: Draws, count: int) -> Draws:
    """Return draws near those that all data weigh most, in free numbers: their weights are far more alike."""
    from scipy.stats import multivariate_t

    problem = begun.problem
    weights = begun.weights(np.ones(len(problem.observations), dtype=np.bool_))
    x = problem.free(begun.theta, np.zeros((len(begun.theta), 0)))
    centre = weights @ x
    spread = (weights[:, None] * (x - centre)).T @ (x - centre)
    proposal = multivariate_t(centre, spread, df=TAILS)
    drawn = proposal.rvs(count, random_state=np.random.default_rng(SEED))
    theta = problem.split(drawn)[1]
    base = problem.prior.free_log_density(drawn)[0] - proposal.logpdf(drawn)
    return Draws(problem, theta, problem.predict(theta), np.asarray(base))


def effective(weights: Array) -> float:
    """Return how many equal draws tell as much."""
    return float(1.0 / np.sum(weights**2))


def quantiles(values: Array, weights: Array, at: tuple[float, ...]) -> list[float]:
    """Return quantiles of weighed values: where half of a value's weight is below it, straight between."""
    order = np.argsort(values)
    below = np.cumsum(weights[order]) - 0.5 * weights[order]
    return [float(q) for q in np.interp(at, below, values[order])]


def resample(weights: Array, count: int) -> NDArray[np.int64]:
    """Return places of draws that stand for the weighed ones, all alike: systematic resampling."""
    offset = np.random.default_rng(SEED).random()
    return np.searchsorted(np.cumsum(weights), (np.arange(count) + offset) / count).clip(0, len(weights) - 1)


def scatter(draws: Draws, rows: Array, row: int, rng: np.random.Generator) -> Array:
    """Return predictions of an observation with the errors it may have: (K,), of predictions (K, n)."""
    series = draws.problem.series[int(draws.problem.observations.series[row])]
    times = draws.problem.observations.time[[row]]
    return series.error.draw(rng, rows[:, [row]], np.zeros((len(rows), 0)), times)[:, 0]


Outcome = Callable[[dict[str, Array]], Array]
"""What is asked of parameter sets: a number for each."""
