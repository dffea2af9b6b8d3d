"""Priors: what is held of parameters before the data are looked at; independent of each other.

In: a density and a transform for each parameter. Out: log density and gradient, of values and of free numbers; what a
prior is worth as information, and whether it has a kink.

Invariant: the density of free numbers is that of the values times the Jacobian of the transform, nothing less.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple, Protocol

import numpy as np

from simengine.inference.arrays import Array, as_rows
from simengine.inference.transform import Transform


class Density(Protocol):
    """A continuous distribution of one parameter; those of the room `sampling` are."""

    @property
    def ends(self) -> tuple[float, float]:
        """The smallest and the largest value."""

    def log_density(self, x: Array) -> tuple[Array, Array]:
        """Return log density and its derivative; minus infinity and 0 beyond the ends."""

    def quantile(self, u: Array) -> Array:
        """Return the values that numbers between 0 and 1 stand for."""


@dataclass(frozen=True)
class Prior:
    """Densities and transforms of D parameters."""

    densities: tuple[Density, ...]
    transforms: tuple[Transform, ...]

    def __post_init__(self) -> None:
        if len(self.densities) != len(self.transforms):
            raise ValueError(f"{len(self.densities)} densities but {len(self.transforms)} transforms")

    def log_density(self, theta: Array) -> tuple[Array, Array]:
        """Return the log density of values (K, D), and its gradient: (K,), (K, D)."""
        theta = as_rows(theta)
        total, gradient = np.zeros(len(theta)), np.zeros_like(theta)
        for d, density in enumerate(self.densities):
            value, gradient[:, d] = density.log_density(theta[:, d])
            total += value
        return total, gradient

    def free_log_density(self, free: Array) -> tuple[Array, Array]:
        """Return the log density of free numbers (K, D), and its gradient: (K,), (K, D)."""
        free = as_rows(free)
        total, gradient = self.log_density(self.values(free))
        for d, transform in enumerate(self.transforms):
            u = free[:, d]
            total = total + transform.log_jacobian(u)
            gradient[:, d] = gradient[:, d] * transform.slope(u) + transform.log_jacobian_slope(u)
        return total, np.where(np.isfinite(total)[:, None], gradient, 0.0)

    def values(self, free: Array) -> Array:
        """Return the values of free numbers: (K, D)."""
        free = as_rows(free)
        return np.stack([t.value(free[:, d]) for d, t in enumerate(self.transforms)], axis=1)

    def free(self, theta: Array) -> Array:
        """Return the free numbers of values: (K, D)."""
        theta = as_rows(theta)
        return np.stack([t.free(theta[:, d]) for d, t in enumerate(self.transforms)], axis=1)

    def slopes(self, free: Array) -> Array:
        """Return the derivatives of values by free numbers: (K, D)."""
        free = as_rows(free)
        return np.stack([t.slope(free[:, d]) for d, t in enumerate(self.transforms)], axis=1)

    def draws(self, u: Array) -> Array:
        """Return values of rows between 0 and 1, such as points of a design: (K, D)."""
        u = as_rows(u)
        return np.stack([p.quantile(np.ascontiguousarray(u[:, d])) for d, p in enumerate(self.densities)], axis=1)


class PriorShape(NamedTuple):
    """What a prior is near a value."""

    information: float
    """What a normal prior of the same 95 % region has, 1/variance; 0 where it is flat or falls slower than a line."""
    deviation: float
    """The standard deviation of the prior; NaN where it has none."""
    kinked: bool
    """Whether the slope of its logarithm jumps there: no parabola fits, and the best fit is drawn to that value."""


def prior_shape(density: Density, at: float, low: float = -math.inf, high: float = math.inf) -> PriorShape:
    """Return what a prior is near a value, within a range.

    The second derivative tells nothing at a kink, and of a density that ends (PERT, triangular) too little anywhere.
    So the information is that of the parabola which falls as far where a likelihood ratio of the prior alone would
    end its 95 % interval, on each side: of a normal density it is 1/variance, exactly.
    """
    ends = (max(density.ends[0], low), min(density.ends[1], high))
    deviation = _deviation(density)
    size = deviation if math.isfinite(deviation) and deviation > 0.0 else 1e-2 * max(abs(at), 1e-300)

    def look(x: float | Array) -> tuple[Array, Array]:
        return density.log_density(np.atleast_1d(np.asarray(x, dtype=np.float64)))

    top, slope = (float(v[0]) for v in look(at))
    if not math.isfinite(top):
        return PriorShape(0.0, deviation, kinked=False)
    step = 1e-4 * size
    inside = ends[0] < at - step and at + step < ends[1]
    kinked = False
    if inside:
        _, slopes = look(np.array([at - step, at + step, at - step / 16.0, at + step / 16.0]))
        jumps = (float(slopes[0] - slopes[1]), float(slopes[2] - slopes[3]))
        # of a smooth density the jump shrinks with the step
        kinked = abs(jumps[1]) > 0.5 * abs(jumps[0]) and abs(jumps[1]) * size > 1e-2
        slope = 0.5 * float(slopes[0] + slopes[1]) if kinked else slope
    sides = [_bend(look, at, top, slope, sign, end, size) for sign, end in ((-1.0, ends[0]), (1.0, ends[1]))]
    known = [s for s in sides if s is not None]
    return PriorShape(float(np.mean(known)) if known else 0.0, deviation, kinked)


_FALL = 3.841458820694124  # chi-squared of one degree of freedom, 95 %


def _bend(
    look: Callable[[Array], tuple[Array, Array]], at: float, top: float, slope: float, sign: float, end: float,
    size: float,
) -> float | None:  # fmt: skip
    """Return how much the log density bends down to one side, by the parabola to where it has fallen enough."""
    room = sign * (end - at) * (1.0 - 1e-9)  # at the end itself rounding may be outside
    if not room > 1e-6 * size:
        return None
    most = min(room, 50.0 * size)
    distance = np.unique(
        np.concatenate([np.geomspace(1e-3 * min(size, most), most, 400), np.linspace(0, most, 400)[1:]])
    )
    with np.errstate(invalid="ignore"):
        fall = -2.0 * (look(at + sign * distance)[0] - top - slope * sign * distance)
    fall = np.where(np.isnan(fall), np.inf, fall)
    beyond = np.flatnonzero(fall >= _FALL)
    if len(beyond):
        k = int(beyond[0])
        before, after = (math.sqrt(max(float(fall[k - 1]), 0.0)), float(distance[k - 1])) if k else (0.0, 0.0)
        share = (math.sqrt(_FALL) - before) / (math.sqrt(fall[k]) - before) if math.isfinite(fall[k]) else 1.0
        where = after + share * (float(distance[k]) - after)
        return _FALL / where**2
    return max(float(fall[-1]) / float(distance[-1]) ** 2, 0.0)


def _deviation(density: Density, count: int = 2000) -> float:
    """Return the standard deviation of a density, by its quantiles."""
    with np.errstate(all="ignore"):
        x = density.quantile((np.arange(count) + 0.5) / count)
        found = float(np.std(x))
    return found if math.isfinite(found) else math.nan
