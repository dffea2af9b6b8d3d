"""What curvature at the best fit tells: errors, what moves together, bounds that were hit.

In: a `Surface`, the best full set. Out: a `Curvature`, of the parameters; scales of errors are taken as known.

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
    verdicts,
)

LEVELS = (0.90, 0.95)


@dataclass(frozen=True, eq=False)
class Curvature:
    """What curvature tells of the parameters."""

    found: Identification
    intervals: dict[float, Array]
    """By level: (D, 2), cut to the range."""
    directions: tuple[Direction, ...]
    subsets: tuple[Subset, ...]
    """The most collinear subsets of two and three parameters."""
    left_out: int
    hits: tuple[BoundHit, ...]
    verdicts: tuple[Verdict, ...]


def look_at_curvature(surface: Surface, full: Array) -> Curvature:
    """Return what curvature tells at a full set."""
    problem, d = surface.problem, surface.width
    theta = full[:d]
    information = fisher(np.nan_to_num(surface.rows(full)), _prior_information(surface, full))
    found = identification(problem.names, information)
    ends = {}
    for level in LEVELS:
        with np.errstate(invalid="ignore"):
            own = normal_intervals(theta, found.errors, level, surface.measures[:d])
        own = np.where(np.isnan(own), np.array([[-np.inf, np.inf]]), own)
        ends[level] = np.clip(own, problem.low[:, None], problem.high[:, None])
    near = collinearity(found, largest=3)
    worst = sorted(near.subsets, key=lambda s: -s.gamma)[:20]
    return Curvature(
        found,
        ends,
        directions(found, theta, problem.low, problem.high),
        tuple(worst),
        near.left_out,
        bounds_hit(problem.names, theta, problem.low, problem.high),
        verdicts(found, theta, problem.low, problem.high),
    )


def _prior_information(surface: Surface, full: Array) -> Array:
    """Return minus the second derivatives of the log prior (D,), of priors the file gives, where they are concave."""
    d = surface.width
    theta = full[:d]
    step = 1e-4 * np.maximum(np.abs(theta), 1e-6 * (surface.problem.high - surface.problem.low))
    up, down = surface.log_prior((theta + step)[None])[1][0], surface.log_prior((theta - step)[None])[1][0]
    given = np.array([p.has_prior for p in surface.problem.parameters])
    bend = np.nan_to_num((down - up) / (2.0 * step), posinf=0.0, neginf=0.0)
    return np.where(given, np.maximum(bend, 0.0), 0.0)
