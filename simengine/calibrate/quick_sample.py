"""A quick sample of what data and priors allow, for bands and forecasts of calibrations that drew no posterior.

In: a `Problem`, a seed. Out: full sets (K, D + E), all of one weight.

Sequential Monte Carlo goes from the prior to the posterior, by steps that leave half of the sets worth something; after
each the sets are drawn anew by weight and moved along differences of others. A parabola at the best fit costs less,
and is not enough: where data leave a ridge, or the best is at a bound, it allows what they rule out.

References: P. Del Moral, A. Doucet, A. Jasra (2006), J. Royal Statistical Society B 68, 411-436 (sequential Monte
Carlo); C. J. F. ter Braak (2006), Statistics and Computing 16, 239-249 (moves along differences).

Invariant: the same problem and seed give the same bits; it needs no derivatives, no best fit and no library.
"""

from __future__ import annotations

import numpy as np

from simengine.calibrate.problem import Problem
from simengine.inference.arrays import Array

SETS = 512
_MOVES, _MOST_STEPS = 4, 100
_FEWEST = 0.02
"""Of the last moves at least so many must have been made, else the sets are copies of few."""


def quick_sample(problem: Problem, seed: int) -> Array | None:
    """Return full sets that stand for what is not known; None where none could be drawn."""
    rng = np.random.default_rng([seed, 6])
    x = _from_prior(problem, rng)
    begun, aim = _prior(problem, x), _aim(problem, x)
    heat = 0.0
    for _ in range(_MOST_STEPS):
        if not np.isfinite(aim).any():
            return None
        next_heat = _next_heat(aim - begun, heat)
        own = _systematic(rng, _weights(aim - begun, next_heat - heat))
        x, begun, aim, heat = x[own], begun[own], aim[own], next_heat
        moves = _MOVES if heat < 1.0 else 10 + 3 * x.shape[1]  # the more unknowns, the longer until copies part
        moved = sum(_move(problem, (x, begun, aim), heat, rng, turn) for turn in range(moves))
        if heat == 1.0:
            if moved < _FEWEST * moves * SETS:
                return None
            theta, scales = problem.values(x)
            return np.concatenate([theta, scales], axis=1)
    return None


def _from_prior(problem: Problem, rng: np.random.Generator) -> Array:
    """Return free numbers of sets as likely as the prior has them."""
    u = rng.random((SETS, len(problem.all_names)))
    columns = [d.quantile(np.ascontiguousarray(u[:, n])) for n, d in enumerate(problem.priors)]
    theta, scales = (
        np.stack(columns, axis=1)[:, : len(problem.names)],
        np.stack(columns, axis=1)[:, len(problem.names) :],
    )
    return problem.free(theta, scales)


def _prior(problem: Problem, x: Array) -> Array:
    return np.asarray(problem.prior.free_log_density(x)[0])


def _aim(problem: Problem, x: Array) -> Array:
    found = problem.log_posterior(x)
    return np.where(np.isnan(found), -np.inf, found)


def _weights(gain: Array, step: float) -> Array:
    """Return weights that add to 1, of what each set gains by a step towards the posterior."""
    told = step * np.where(np.isfinite(gain), gain, -np.inf)
    weights = np.exp(told - told.max())
    return np.asarray(weights / weights.sum())


def _next_heat(gain: Array, heat: float) -> float:
    """Return how far it can go, so that the sets are still worth half of them."""

    def worth(to: float) -> float:
        return float(1.0 / np.sum(_weights(gain, to - heat) ** 2))

    enough = SETS / 2 * float(np.mean(np.isfinite(gain)))
    if worth(1.0) >= enough:
        return 1.0
    low, high = heat, 1.0
    for _ in range(50):
        middle = (low + high) / 2
        low, high = (middle, high) if worth(middle) >= enough else (low, middle)
    return max(low, heat + 1e-9)


def _systematic(rng: np.random.Generator, weights: Array) -> Array:
    """Return the places of sets drawn by weight, as evenly as can be."""
    ends = np.cumsum(weights)
    at = (rng.random() + np.arange(SETS)) / SETS
    return np.minimum(np.searchsorted(ends / ends[-1], at), SETS - 1)


def _move(problem: Problem, held: tuple[Array, Array, Array], heat: float, rng: np.random.Generator, turn: int) -> int:
    """Move each half of the sets along differences of the other half; return how many moves were made."""
    x, begun, aim = held
    width, half, made = x.shape[1], SETS // 2, 0
    order = rng.permutation(SETS)
    spread = np.std(x, axis=0)
    for own, other in ((order[:half], order[half:]), (order[half:], order[:half])):
        a = rng.integers(half, size=half)
        b = (a + 1 + rng.integers(half - 1, size=half)) % half
        far = (1.0, 0.35, 2.38 / np.sqrt(2.0 * width))[turn % 3]
        jitter = 1e-3 * spread * rng.standard_normal((half, width))
        tried = x[own] + far * (x[other[a]] - x[other[b]]) + jitter
        new_begun, new_aim = _prior(problem, tried), _aim(problem, tried)
        with np.errstate(invalid="ignore"):
            gain = (1.0 - heat) * (new_begun - begun[own]) + heat * (new_aim - aim[own])
        taken = np.log(rng.random(half)) < np.where(np.isnan(gain), -np.inf, gain)
        at = own[taken]
        x[at], begun[at], aim[at] = tried[taken], new_begun[taken], new_aim[taken]
        made += int(taken.sum())
    return made
