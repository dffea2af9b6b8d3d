"""Priors: what is held of parameters before the data are looked at; independent of each other.

In: a density and a transform for each parameter. Out: log density and gradient, of values and of free numbers.

Invariant: the density of free numbers is that of the values times the Jacobian of the transform, nothing less.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Protocol

import numpy as np

from simengine.inference.arrays import Array, Places, as_rows
from simengine.inference.transform import Transform, Transforms


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
    flat: tuple[int, ...] = ()
    """Which densities are the same everywhere between their ends: these are looked at together."""

    def __post_init__(self) -> None:
        if len(self.densities) != len(self.transforms):
            raise ValueError(f"{len(self.densities)} densities but {len(self.transforms)} transforms")

    @cached_property
    def _together(self) -> Transforms:
        return Transforms(self.transforms)

    @cached_property
    def _boxes(self) -> tuple[Places, Array, Array, Array]:
        """Where the flat densities are, their ends, and their logarithms between these."""
        ends = np.array([self.densities[d].ends for d in self.flat]).reshape(-1, 2)
        heights = [float(self.densities[d].log_density(ends[n, :1])[0][0]) for n, d in enumerate(self.flat)]
        return np.asarray(self.flat, dtype=np.int64), ends[:, 0], ends[:, 1], np.asarray(heights)

    @cached_property
    def _others(self) -> tuple[tuple[int, Density], ...]:
        return tuple((d, density) for d, density in enumerate(self.densities) if d not in set(self.flat))

    def log_density(self, theta: Array) -> tuple[Array, Array]:
        """Return the log density of values (K, D), and its gradient: (K,), (K, D)."""
        theta = as_rows(theta)
        gradient = np.zeros(theta.shape)
        places, low, high, heights = self._boxes
        own = theta.take(places, axis=1)
        total = np.where((own >= low) & (own <= high), heights, -np.inf).sum(axis=1)
        for d, density in self._others:
            value, gradient[:, d] = density.log_density(np.ascontiguousarray(theta[:, d]))
            total += value
        return total, gradient

    def free_log_density(self, free: Array) -> tuple[Array, Array]:
        """Return the log density of free numbers (K, D), and its gradient: (K,), (K, D)."""
        total, gradient = self.log_density(self.values(free))
        bend = self.bends(free)
        total, gradient = total + bend.sum(axis=1), gradient * np.exp(bend) + self.bend_slopes(free)
        return total, np.where(np.isfinite(total)[:, None], gradient, 0.0)

    def values(self, free: Array) -> Array:
        """Return the values of free numbers: (K, D)."""
        return self._together.value(as_rows(free))

    def free(self, theta: Array) -> Array:
        """Return the free numbers of values: (K, D)."""
        return self._together.free(as_rows(theta))

    def slopes(self, free: Array) -> Array:
        """Return the derivatives of values by free numbers: (K, D)."""
        return self._together.slope(as_rows(free))

    def bends(self, free: Array) -> Array:
        """Return the logarithms of `slopes`: (K, D)."""
        return self._together.log_jacobian(as_rows(free))

    def bend_slopes(self, free: Array) -> Array:
        """Return the derivatives of `bends`: (K, D)."""
        return self._together.log_jacobian_slope(as_rows(free))

    def of_first(self, count: int) -> Prior:
        """Return the prior of the first parameters alone."""
        return Prior(self.densities[:count], self.transforms[:count], tuple(n for n in self.flat if n < count))

    def draws(self, u: Array) -> Array:
        """Return values of rows between 0 and 1, such as points of a design: (K, D)."""
        u = as_rows(u)
        return np.stack([p.quantile(np.ascontiguousarray(u[:, d])) for d, p in enumerate(self.densities)], axis=1)
