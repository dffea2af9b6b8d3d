"""Shapes of an error in units of its scale: normal, Student-t, Laplace, Huber.

In: standardised errors w and numbers of the shape. Out: log density, derivatives, quantiles, draws.

References: K. L. Lange, R. J. A. Little, J. M. G. Taylor (1989), JASA 84, 881-896 (Student-t errors and their
information); P. J. Huber (1964), Annals of Mathematical Statistics 35, 73-101 (the density least favourable among
contaminated normal ones: normal in the middle, exponential beyond `threshold`).

Invariant: each shape is a density that integrates to 1 over w, symmetric around 0.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from simengine.inference.arrays import Array

_HALF_LOG_2PI = 0.5 * math.log(2.0 * math.pi)


class Shape(Protocol):
    """A symmetric density of one number. `s` is its own number: one for each row, (K, 1)."""

    @property
    def number(self) -> str | None:
        """The name of the shape's own number, None where it has none."""

    def log_density(self, w: Array, s: Array) -> tuple[Array, Array, Array]:
        """Return log density, its derivative by w, and by the number: each like w."""

    def information(self, s: Array) -> Array:
        """Return the expected square of the derivative by w."""

    def tail(self, w: Array, s: Array) -> Array:
        """Return the probability above w, of w that are not below 0."""

    def quantile_from_above(self, q: Array, s: Array) -> Array:
        """Return the w that has q above it, of q between 0 and 1/2."""

    def loss(self, w: Array, s: Array) -> tuple[Array, Array] | None:
        """Return r and dr/dw with r^2/2 = log density at 0 - log density at w; None where r is not smooth."""

    def draw(self, rng: np.random.Generator, s: Array, shape: tuple[int, int]) -> Array:
        """Return draws."""


@dataclass(frozen=True)
class Gaussian:
    """The standard normal distribution."""

    number = None

    def log_density(self, w: Array, s: Array) -> tuple[Array, Array, Array]:  # noqa: ARG002  (one signature for all)
        """Return log density and derivatives."""
        return -0.5 * w * w - _HALF_LOG_2PI, -w, np.zeros_like(w)

    def information(self, s: Array) -> Array:
        """Return 1."""
        return np.ones_like(s)

    def tail(self, w: Array, s: Array) -> Array:  # noqa: ARG002
        """Return the probability above w."""
        from scipy.special import ndtr

        return np.asarray(ndtr(-w))

    def quantile_from_above(self, q: Array, s: Array) -> Array:  # noqa: ARG002
        """Return the w that has q above it."""
        from scipy.special import ndtri

        return np.asarray(-ndtri(q))

    def loss(self, w: Array, s: Array) -> tuple[Array, Array]:  # noqa: ARG002
        """Return w and 1."""
        return w, np.ones_like(w)

    def draw(self, rng: np.random.Generator, s: Array, shape: tuple[int, int]) -> Array:  # noqa: ARG002
        """Return draws."""
        return rng.standard_normal(shape)


@dataclass(frozen=True)
class Student:
    """Student's t distribution; the scale is that of t, not its standard deviation."""

    number = "degrees of freedom"

    def log_density(self, w: Array, s: Array) -> tuple[Array, Array, Array]:
        """Return log density and derivatives."""
        from scipy.special import gammaln, psi

        square = w * w
        bend = np.log1p(square / s)
        value = gammaln((s + 1.0) / 2.0) - gammaln(s / 2.0) - 0.5 * np.log(s * math.pi) - (s + 1.0) / 2.0 * bend
        slope = -(s + 1.0) * w / (s + square)
        own = psi((s + 1.0) / 2.0) - psi(s / 2.0) - 1.0 / s - bend + (s + 1.0) * square / (s * (s + square))
        return value, slope, 0.5 * own

    def information(self, s: Array) -> Array:
        """Return (nu + 1)/(nu + 3)."""
        return np.asarray((s + 1.0) / (s + 3.0))

    def tail(self, w: Array, s: Array) -> Array:
        """Return the probability above w."""
        from scipy.special import stdtr

        return np.asarray(stdtr(s, -w))

    def quantile_from_above(self, q: Array, s: Array) -> Array:
        """Return the w that has q above it."""
        from scipy.special import stdtrit

        return np.asarray(-stdtrit(s, q))

    def loss(self, w: Array, s: Array) -> tuple[Array, Array]:
        """Return the root of (nu + 1) ln(1 + w^2/nu) with the sign of w, and its derivative."""
        x = w * w / s
        small = np.abs(x) < 1e-8
        ratio = np.where(small, 1.0 - 0.5 * x, np.log1p(x) / np.where(small, 1.0, x))
        factor = np.sqrt((s + 1.0) / s * ratio)
        return w * factor, (s + 1.0) / (s + w * w) / factor

    def draw(self, rng: np.random.Generator, s: Array, shape: tuple[int, int]) -> Array:
        """Return draws."""
        return rng.standard_t(np.broadcast_to(s, shape))


@dataclass(frozen=True)
class Laplace:
    """The double exponential distribution, exp(-|w|)/2: its standard deviation is root 2 scales."""

    number = None

    def log_density(self, w: Array, s: Array) -> tuple[Array, Array, Array]:  # noqa: ARG002
        """Return log density and derivatives; at 0 the derivative is taken as 0."""
        return -np.abs(w) - math.log(2.0), -np.sign(w), np.zeros_like(w)

    def information(self, s: Array) -> Array:
        """Return 1."""
        return np.ones_like(s)

    def tail(self, w: Array, s: Array) -> Array:  # noqa: ARG002
        """Return the probability above w."""
        return np.asarray(0.5 * np.exp(-w))

    def quantile_from_above(self, q: Array, s: Array) -> Array:  # noqa: ARG002
        """Return the w that has q above it."""
        return np.asarray(-np.log(2.0 * q))

    def loss(self, w: Array, s: Array) -> None:  # noqa: ARG002
        """Return None: |w| has a kink at 0, where its root is infinitely steep."""
        return

    def draw(self, rng: np.random.Generator, s: Array, shape: tuple[int, int]) -> Array:  # noqa: ARG002
        """Return draws."""
        return rng.laplace(size=shape)


@dataclass(frozen=True)
class Huber:
    """Normal in the middle, exponential beyond a threshold of so many scales."""

    number = "threshold"

    @staticmethod
    def _mass(s: Array) -> tuple[Array, Array]:
        """Return the integrals of exp(-rho) over the middle, and over one tail."""
        from scipy.special import erf

        return np.asarray(math.sqrt(2.0 * math.pi) * erf(s / math.sqrt(2.0))), np.asarray(np.exp(-0.5 * s * s) / s)

    def log_density(self, w: Array, s: Array) -> tuple[Array, Array, Array]:
        """Return log density and derivatives."""
        middle, side = self._mass(s)
        whole = middle + 2.0 * side
        size = np.abs(w)
        rho = np.where(size <= s, 0.5 * w * w, s * size - 0.5 * s * s)
        own = -np.maximum(size - s, 0.0) + 2.0 * side / (s * whole)
        return -rho - np.log(whole), -np.clip(w, -s, s), own

    def information(self, s: Array) -> Array:
        """Return the probability of the middle."""
        middle, side = self._mass(s)
        return np.asarray(middle / (middle + 2.0 * side))

    def tail(self, w: Array, s: Array) -> Array:
        """Return the probability above w."""
        from scipy.special import ndtr

        middle, side = self._mass(s)
        beyond = side * np.exp(-s * np.maximum(w - s, 0.0))
        within = side + math.sqrt(2.0 * math.pi) * (ndtr(-np.minimum(w, s)) - ndtr(-s))
        return np.asarray(np.where(w > s, beyond, within) / (middle + 2.0 * side))

    def quantile_from_above(self, q: Array, s: Array) -> Array:
        """Return the w that has q above it."""
        from scipy.special import ndtr, ndtri

        middle, side = self._mass(s)
        mass = q * (middle + 2.0 * side)
        with np.errstate(divide="ignore"):
            beyond = s - np.log(mass / side) / s
        within = -ndtri(np.clip((mass - side) / math.sqrt(2.0 * math.pi) + ndtr(-s), 0.0, 0.5))
        return np.asarray(np.where(mass < side, beyond, within))

    def loss(self, w: Array, s: Array) -> tuple[Array, Array]:
        """Return the root of 2 rho with the sign of w, and its derivative."""
        size = np.abs(w)
        far = np.sqrt(np.maximum(2.0 * s * size - s * s, s * s))
        r = np.where(size <= s, w, np.sign(w) * far)
        return r, np.where(size <= s, 1.0, s / far)

    def draw(self, rng: np.random.Generator, s: Array, shape: tuple[int, int]) -> Array:
        """Return draws, by the quantile of what is above."""
        u = rng.random(shape)
        half = np.maximum(np.minimum(u, 1.0 - u), 2.0**-54)
        return np.asarray(np.where(u < 0.5, -1.0, 1.0) * self.quantile_from_above(half, s))
