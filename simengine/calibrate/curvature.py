"""What curvature at the best fit tells: errors, what moves together, bounds that were hit.

In: a `Surface`, the best full set. Out: a `Curvature`, of the parameters; scales of errors are taken as known.

Where scales are estimated, maximum likelihood has them too small in few observations: standard errors are those of
n - D degrees of freedom, and intervals have quantiles of Student's t (G. A. F. Seber, C. J. Wild, "Nonlinear
Regression" (1989), 5.1; exact for a linear model with one scale, for several about right).

Invariant: the information is the expected one of the data, plus that of a prior the file gives.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from simengine.calibrate.surface import Surface
from simengine.inference.arrays import Array
from simengine.inference.identify import (
    BoundHit,
    Direction,
    Identification,
    Subset,
    Verdict,
    bounds_hit,
    collinearity,
    directions,
    fisher,
    identification,
    normal_intervals,
    ridges,
    verdicts,
)

LEVELS = (0.90, 0.95)


BY_PRIOR = 2.0
"""A prior that makes a standard error so much smaller is what tells the parameter, rather than the data."""


@dataclass(frozen=True, eq=False)
class Curvature:
    """What curvature tells of the parameters."""

    found: Identification
    """With scales as they are."""
    errors: Array
    """(D,): standard errors, for scales that are estimated."""
    of_data: Array
    """(D,): standard errors without priors; infinite where data alone tell nothing."""
    intervals: dict[float, Array]
    """By level: (D, 2), cut to the range."""
    directions: tuple[Direction, ...]
    subsets: tuple[Subset, ...]
    """The most collinear subsets of two and three parameters."""
    left_out: int
    hits: tuple[BoundHit, ...]
    verdicts: tuple[Verdict, ...]

    def is_by_prior(self, i: int) -> bool:
        """Whether a parameter is known by priors rather than by data."""
        return bool(self.of_data[i] > BY_PRIOR * self.found.errors[i])


def look_at_curvature(surface: Surface, full: Array) -> Curvature:
    """Return what curvature tells at a full set."""
    problem, d = surface.problem, surface.width
    theta = full[:d]
    rows = np.nan_to_num(sensitivities(surface, full))
    found = identification(problem.names, fisher(rows, prior_information(surface, full)))
    used = int(np.sum(problem.observations.fit_weight > 0.0))
    freedom = used - d if any(s.number in {"scale", "size"} for s in problem.scales) and used > d else None
    errors = found.errors * (1.0 if freedom is None else np.sqrt(used / freedom))
    ends = {}
    for level in LEVELS:
        with np.errstate(invalid="ignore"):
            own = normal_intervals(theta, errors * _wider(freedom, level), level, surface.measures.own[:d])
        own = np.where(np.isnan(own), np.array([[-np.inf, np.inf]]), own)
        ends[level] = np.clip(own, problem.low[:, None], problem.high[:, None])
    near = collinearity(found, largest=3)
    worst = sorted(near.subsets, key=lambda s: -s.gamma)[:20]
    return Curvature(
        found,
        errors,
        identification(problem.names, fisher(rows)).errors,
        ends,
        _together(found, theta, problem.low, problem.high),
        tuple(worst),
        near.left_out,
        bounds_hit(problem.names, theta, problem.low, problem.high),
        verdicts(found, theta, problem.low, problem.high),
    )


def _together(found: Identification, theta: Array, low: Array, high: Array) -> tuple[Direction, ...]:
    """Return what is collinear, and ridges whose parameters are not in it."""
    told = directions(found, theta, low, high)
    names = {name for direction in told for name in direction.names}
    return (*told, *(r for r in ridges(found, theta, low, high) if not names.issuperset(r.names)))


def _wider(freedom: int | None, level: float) -> float:
    """Return by how much a quantile of Student's t is beyond that of the normal distribution."""
    if freedom is None:
        return 1.0
    from scipy.special import ndtri, stdtrit

    return float(stdtrit(freedom, 0.5 + level / 2.0) / ndtri(0.5 + level / 2.0))


def prior_information(surface: Surface, full: Array) -> Array:
    """Return minus the second derivatives of the log prior (D,), of priors the file gives, where they are concave."""
    d = surface.width
    theta = full[:d]
    width = surface.problem.high - surface.problem.low
    step = 1e-4 * np.maximum(np.abs(theta), np.where(np.isfinite(width), 1e-2 * width, 1.0))
    up, down = surface.log_prior((theta + step)[None])[1][0], surface.log_prior((theta - step)[None])[1][0]
    given = np.array([p.has_prior for p in surface.problem.parameters])
    bend = np.nan_to_num((down - up) / (2.0 * step), posinf=0.0, neginf=0.0)
    return np.where(given, np.maximum(bend, 0.0), 0.0)


def sensitivities(surface: Surface, full: Array) -> Array:
    """Return sensitivities in units of the errors, of what is fitted: (m, D); R'R is the expected information."""
    theta, scales = full[None, : surface.width], full[None, surface.width :]
    predicted, jacobian = surface.problem.slopes(theta)
    seen, weights = surface.problem.observations, surface.problem.observations.fit_weight
    out = []
    for s in surface.problem.series:
        if np.any(weights[s.rows] > 0.0):
            found = s.error.whitened_jacobian(
                seen.value[s.rows], predicted[:, s.rows], jacobian[:, s.rows], scales[:, list(s.scales)],
                weights[s.rows], seen.time[s.rows],
            )  # fmt: skip
            out.append(found[0])
    return np.concatenate(out) if out else np.zeros((0, surface.width))
