"""Priors: what is held of parameters before the data are looked at; independent of each other.

In: a density and a transform for each parameter. Out: log density and gradient, of values and of free numbers.

Invariant: the density of free numbers is that of the values times the Jacobian of the transform, nothing less.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

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
