"""Counts: Poisson and negative binomial, whose spread follows from the predicted mean.

In: whole numbers observed (m,), means predicted (K, m), for the negative binomial `size` (K, 1). Out: log
probabilities, derivatives, deviance residuals, quantiles, draws.

References: P. McCullagh, J. A. Nelder, "Generalized Linear Models", 2nd ed. (1989), 2.4 (deviance residuals), 6.2; J.
M. Hilbe, "Negative Binomial Regression", 2nd ed. (2011): NB2, variance m + m^2/size.

Invariant: a mean of 0 gives probability 1 to 0 and none to anything else.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import numpy as np

from simengine.inference.arrays import Array, Bools
from simengine.inference.error_law import Terms


class Count(Protocol):
    """A distribution of counts with mean m."""

    @property
    def number(self) -> str | None:
        """The name of its own number, None where it has none."""

    def log_density(self, y: Array, m: Array, s: Array) -> tuple[Array, Array, Array]:
        """Return log probability, its derivative by m, and by the number."""

    def variance(self, m: Array, s: Array) -> Array:
        """Return the variance."""

    def excess(self, m: Array, s: Array) -> Array:
        """Return the excess kurtosis."""

    def half_deviance(self, y: Array, m: Array, s: Array) -> Array:
        """Return what the log probability lacks of its largest value, which it has at m = y."""

    def quantile(self, p: float, m: Array, s: Array) -> Array:
        """Return the smallest count with at least p at or below it."""

    def draw(self, rng: np.random.Generator, m: Array, s: Array) -> Array:
        """Return draws."""


@dataclass(frozen=True)
class Poisson:
    """Independent events."""

    number = None

    def log_density(self, y: Array, m: Array, s: Array) -> tuple[Array, Array, Array]:  # noqa: ARG002
        """Return log probability and derivatives."""
        from scipy.special import gammaln, xlogy

        return xlogy(y, m) - m - gammaln(y + 1.0), _slope(y, m, m), np.zeros_like(m)

    def variance(self, m: Array, s: Array) -> Array:  # noqa: ARG002
        """Return m."""
        return m

    def excess(self, m: Array, s: Array) -> Array:  # noqa: ARG002
        """Return 1/m."""
        return np.asarray(1.0 / m)

    def half_deviance(self, y: Array, m: Array, s: Array) -> Array:  # noqa: ARG002
        """Return y ln(y/m) - y + m."""
        return _divergence(y, m)

    def quantile(self, p: float, m: Array, s: Array) -> Array:  # noqa: ARG002
        """Return the quantile."""
        from scipy import stats

        return np.asarray(stats.poisson.ppf(p, m))

    def draw(self, rng: np.random.Generator, m: Array, s: Array) -> Array:  # noqa: ARG002
        """Return draws."""
        return rng.poisson(m).astype(np.float64)


@dataclass(frozen=True)
class NegativeBinomial:
    """Events that come together: a Poisson distribution whose mean is itself gamma distributed."""

    number = "size"

    def log_density(self, y: Array, m: Array, s: Array) -> tuple[Array, Array, Array]:
        """Return log probability and derivatives."""
        from scipy.special import betaln, gammaln, psi, xlogy

        # ln G(y + s) - ln G(s) by the beta function, which has digits left where s is large
        some = np.maximum(y, 1.0)
        rising = np.where(y > 0.0, gammaln(some) - betaln(some, s), 0.0)
        value = rising - gammaln(y + 1.0) - s * np.log1p(m / s) + xlogy(y, m / (s + m))
        own = psi(y + s) - psi(s) - np.log1p(m / s) + (m - y) / (s + m)
        return value, _slope(y, m, self.variance(m, s)), own

    def variance(self, m: Array, s: Array) -> Array:
        """Return m + m^2/size."""
        return m + m * m / s

    def excess(self, m: Array, s: Array) -> Array:
        """Return 6/size + 1/variance."""
        return np.asarray(6.0 / s + 1.0 / self.variance(m, s))

    def half_deviance(self, y: Array, m: Array, s: Array) -> Array:
        """Return y ln(y/m) - (y + size) ln((y + size)/(m + size))."""
        # each term with what makes it a divergence, which the other takes away again
        return np.asarray(np.maximum(_divergence(y, m) - _divergence(y + s, m + s), 0.0))

    def quantile(self, p: float, m: Array, s: Array) -> Array:
        """Return the quantile."""
        from scipy import stats

        with np.errstate(divide="ignore", invalid="ignore"):
            found = stats.nbinom.ppf(p, s, s / (s + m))
        return np.where(m > 0.0, found, np.where(m == 0.0, 0.0, np.nan))

    def draw(self, rng: np.random.Generator, m: Array, s: Array) -> Array:
        """Return draws."""
        return rng.poisson(rng.gamma(np.broadcast_to(s, m.shape), m / s)).astype(np.float64)


def _slope(y: Array, m: Array, variance: Array) -> Array:
    """Return (y - m)/variance, of both distributions; where mean and count are 0 the slope from above, -1."""
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where((y == 0.0) & (m == 0.0), -1.0, (y - m) / variance)


def _divergence(x: Array, m: Array) -> Array:
    """Return x ln(x/m) - x + m, with all digits where x is near m."""
    from scipy.special import xlog1py

    with np.errstate(divide="ignore", invalid="ignore"):
        d = (x - m) / m
        near = d * d * (0.5 - d * (1.0 / 6.0 - d * (1.0 / 12.0 - d / 20.0)))
        far = xlog1py(1.0 + d, d) - d
        whole = m * np.where(np.abs(d) < 1e-3, near, far)
    return np.where((m == 0.0) & (x == 0.0), 0.0, np.where(m > 0.0, whole, np.inf))


@dataclass(frozen=True)
class CountLaw:
    """Counts as an error model's law: no AR(1), for a count has no error that could be carried over."""

    count: Count

    @property
    def names(self) -> tuple[str, ...]:
        """The names of its numbers, in order."""
        return () if self.count.number is None else (self.count.number,)

    @property
    def not_least_squares(self) -> None:
        """None: half the squared deviance residual is what the log probability lacks."""
        return

    def outside(self, y: Array) -> Bools:
        """Return which observations it can not be: counts are whole and not below 0."""
        return np.asarray((y < 0.0) | (y != np.round(y)))

    needs = "whole numbers of at least 0"

    def predictable(self, m: Array) -> Bools:
        """Return which predictions it takes."""
        return np.asarray(m >= 0.0)

    def _own(self, p: Array) -> Array:
        return p if self.names else np.ones((len(p), 1))

    def terms(self, y: Array, m: Array, p: Array, weights: Array, periods: Array) -> Terms:  # noqa: ARG002
        """Return weighted log probabilities and derivatives."""
        value, slope, own = self.count.log_density(y, m, self._own(p))
        by = np.sum(weights * own, axis=1)[:, None] if self.names else np.zeros((len(m), 0))
        return Terms(weights * value, weights * slope, by)

    def residuals(
        self,
        y: Array,
        m: Array,
        p: Array,
        weights: Array,
        periods: Array,  # noqa: ARG002
        jacobian: Array,
    ) -> tuple[Array, Array]:
        """Return deviance residuals and their Jacobian."""
        s, root = self._own(p), np.sqrt(weights)
        r = np.sign(y - m) * np.sqrt(2.0 * self.count.half_deviance(y, m, s))
        variance = self.count.variance(m, s)
        with np.errstate(divide="ignore", invalid="ignore"):
            slope = np.where(r == 0.0, -1.0 / np.sqrt(variance), -_slope(y, m, variance) / r)
        return root * r, (root * slope)[:, :, None] * jacobian

    def standardised(self, y: Array, m: Array, p: Array, periods: Array) -> Array:  # noqa: ARG002
        """Return Pearson residuals: (y - m)/standard deviation."""
        with np.errstate(divide="ignore", invalid="ignore"):
            return np.asarray((y - m) / np.sqrt(self.count.variance(m, self._own(p))))

    def whitened(self, m: Array, p: Array, weights: Array, periods: Array, jacobian: Array) -> Array:  # noqa: ARG002
        """Return rows whose squares add up to the expected information."""
        with np.errstate(divide="ignore"):
            return np.asarray(np.sqrt(weights / self.count.variance(m, self._own(p)))[:, :, None] * jacobian)

    def excess(self, m: Array, p: Array) -> Array:
        """Return the excess kurtosis of counts; 0 where none is possible but 0."""
        with np.errstate(divide="ignore"):
            return np.where(m > 0.0, self.count.excess(m, self._own(p)), 0.0)

    def quantile(self, level: float, m: Array, p: Array) -> Array:
        """Return the smallest count with at least so much at or below it."""
        return self.count.quantile(level, m, self._own(p))

    def draw(self, rng: np.random.Generator, m: Array, p: Array, periods: Array) -> Array:  # noqa: ARG002
        """Return draws."""
        return self.count.draw(rng, m, self._own(p))
