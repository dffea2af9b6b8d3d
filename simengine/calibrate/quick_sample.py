"""A quick sample of what data and priors allow, for bands and forecasts of calibrations that drew no posterior.

In: a `Surface`, the best full set, a seed. Out: full sets (K, D + E), all of one weight.

Sequential Monte Carlo goes from a distribution that curvature gives to the posterior, in steps that leave half of the
sets worth something; after each the sets are drawn anew by weight and moved along differences of others. A parabola at
the best fit is not enough: where data leave a ridge, or the best is at a bound, it allows what they rule out.

References: P. Del Moral, A. Doucet, A. Jasra (2006), J. Royal Statistical Society B 68, 411-436 (sequential Monte
Carlo); C. J. F. ter Braak (2006), Statistics and Computing 16, 239-249 (moves along differences).

Invariant: the same surface, best set and seed give the same bits; it needs no derivatives and no library.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.special import gammaln

from simengine.calibrate.curvature import sensitivities
from simengine.calibrate.surface import Surface
from simengine.inference.arrays import Array

SETS = 512
_MOVES, _MOST_STEPS = 4, 60
_FREEDOM = 5.0
_WIDEST = 3.3
"""The variance in free numbers of what is uniform in its range (a logistic distribution)."""
_EDGE = 0.02
"""Where a best fit is at a bound, the search for others begins this share of the range inside."""
_FEWEST = 0.02
"""Of the last moves at least so many must have been made, else the sets are copies of few."""


def quick_sample(surface: Surface, full: Array, seed: int) -> Array | None:
    """Return full sets that stand for what is not known; None where none could be drawn."""
    rng = np.random.default_rng([seed, 6])
    start = _start_of(surface, full)
    x = start.draw(rng, SETS)
    begun, aim = start.density(x), _aim(surface, x)
    heat = 0.0
    for _ in range(_MOST_STEPS):
        if not np.isfinite(aim).any():
            return None
        next_heat = _next_heat(aim - begun, heat)
        with np.errstate(over="ignore", invalid="ignore"):
            own = _systematic(rng, _weights(aim - begun, next_heat - heat))
        x, begun, aim, heat = x[own], begun[own], aim[own], next_heat
        moves = _MOVES if heat < 1.0 else 10 + 3 * len(full)  # the more unknowns, the longer until copies part
        moved = sum(_move(surface, start, (x, begun, aim), heat, rng, turn) for turn in range(moves))
        if heat == 1.0:
            if moved < _FEWEST * moves * SETS:
                return None
            theta, scales = surface.problem.values(x)
            return np.concatenate([theta, scales], axis=1)
    return None


def _aim(surface: Surface, x: Array) -> Array:
    found = surface.problem.log_posterior(x)
    return np.where(np.isnan(found), -np.inf, found)


@dataclass(frozen=True, eq=False)
class _Start:
    """A multivariate t distribution of free numbers."""

    centre: Array
    factor: Array
    """Lower triangle; its square is the scale."""

    def draw(self, rng: np.random.Generator, count: int) -> Array:
        z = rng.standard_normal((count, len(self.centre)))
        shrink = np.sqrt(rng.chisquare(_FREEDOM, count) / _FREEDOM)
        return self.centre + (z / shrink[:, None]) @ self.factor.T

    def density(self, x: Array) -> Array:
        width = len(self.centre)
        z = np.linalg.solve(self.factor, (x - self.centre).T).T
        whole = gammaln((_FREEDOM + width) / 2) - gammaln(_FREEDOM / 2) - width / 2 * np.log(_FREEDOM * np.pi)
        tail = (_FREEDOM + width) / 2 * np.log1p((z * z).sum(axis=1) / _FREEDOM)
        return np.asarray(whole - np.log(np.diag(self.factor)).sum() - tail)


def _start_of(surface: Surface, full: Array) -> _Start:
    """Return where it begins: around the best fit, as wide as curvature says, no wider than ranges."""
    problem, d = surface.problem, surface.width
    room = surface.high - surface.low
    edge = np.where(np.isfinite(room), _EDGE * room, 0.0)
    inner = np.clip(full, surface.low + edge, surface.high - edge)
    centre = problem.free(inner[None, :d], inner[None, d:])[0]
    slopes = problem.prior.slopes(centre[None])[0]
    information = np.eye(len(full)) / _WIDEST
    if problem.derivatives != "none":
        moved = np.nan_to_num(sensitivities(surface, full)) * slopes[:d]
        information[:d, :d] += moved.T @ moved
    used = int(np.sum(problem.observations.fit_weight > 0.0))
    for place in range(d, len(full)):
        if full[place] > 0.0:  # the information on the logarithm of a scale is about 2 n
            information[place, place] += 2.0 * used / len(problem.scales) * (slopes[place] / full[place]) ** 2
    return _Start(centre, np.linalg.cholesky(np.linalg.inv(information)))


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


def _move(
    surface: Surface, start: _Start, held: tuple[Array, Array, Array], heat: float, rng: np.random.Generator, turn: int
) -> int:
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
        new_begun, new_aim = start.density(tried), _aim(surface, tried)
        with np.errstate(invalid="ignore"):
            gain = (1.0 - heat) * (new_begun - begun[own]) + heat * (new_aim - aim[own])
        taken = np.log(rng.random(half)) < np.where(np.isnan(gain), -np.inf, gain)
        at = own[taken]
        x[at], begun[at], aim[at] = tried[taken], new_begun[taken], new_aim[taken]
        made += int(taken.sum())
    return made
