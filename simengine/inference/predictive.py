"""Innovations of a forecast whose covariance few draws tell: made standard normal by the distribution they then have.

In: how observations differ from the mean of N draws, the covariance of the draws, variances of the errors of
observation, how many draws. Out: innovations that are independent and standard normal where nothing has changed.

Of N draws mean and covariance are estimates: T^2 of n values is then no chi-squared but Hotelling's, N - 1 degrees of
freedom in it, and the mean itself is off by one part in N. What each value adds to T^2, divided by what those before it
came to, is a squared Student t with N - k degrees of freedom for the k-th, independent of those before (Rao's test of
additional information); its probability, taken as that of a normal value, gives the innovation. Where errors of
observation are 0 this is exact, whatever the covariance. Known errors beside that make the estimate better than is
reckoned with: large innovations are then rarer than told, never more frequent.

References: H. Hotelling (1931), Annals of Mathematical Statistics 2, 360-378; C. R. Rao, "Linear Statistical Inference
and Its Applications", 2nd ed. (1973), 8c.4; T. W. Anderson, "An Introduction to Multivariate Statistical Analysis",
3rd ed. (2003), 5.2.

Invariant: with ever more draws the innovations become those of a known covariance.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from simengine.inference.arrays import Array, Bools

LEAST_FREEDOM = 4
"""Degrees of freedom left for the last value, with less of which next to nothing would be seen."""
_SINGULAR = 1e-10
"""The share of its variance that must be a value's own, for it to be no sum of others."""


def least_draws(values: int) -> int:
    """Return how many draws it takes to judge so many values together."""
    return values + LEAST_FREEDOM


@dataclass(frozen=True, eq=False)
class Predictive:
    """What a forecast says of n values in their order; each given those before."""

    factor: Array
    """The Cholesky factor of the covariance, errors included: (n, n)."""
    plain: Array
    """Innovations by that factor, as though it were known: (n,)."""
    place: Array
    """How many values that tell something come before each: (n,)."""
    draws: int | None
    """None: the covariance is known."""

    @property
    def standardised(self) -> Array:
        """Innovations that are independent and standard normal where nothing has changed: (n,)."""
        from scipy.special import ndtri, stdtr

        if self.draws is None:
            return self.plain
        freedom = self.draws - 1 - self.place
        tails = stdtr(freedom, -np.abs(self.plain) / self.widening)
        return np.asarray(np.sign(self.plain) * -ndtri(np.maximum(tails, np.finfo(float).tiny)))

    @property
    def widening(self) -> Array:
        """By what the scale of each value is wider than the factor has it, given those before: (n,)."""
        if self.draws is None:
            return np.ones(len(self.plain))
        before = np.concatenate([[0.0], np.cumsum(self.plain**2)[:-1]])
        return np.asarray(np.sqrt((self.draws - 1 + before) / (self.draws - 1 - self.place)))


def predict(difference: Array, spread: Array, errors: Array, offsets: Array, free: Bools, draws: int | None
            ) -> Predictive | None:  # fmt: skip
    """Return what a forecast says of values; None where one is a sum of others, so that nothing is its own.

    Parameters
    ----------
    difference
        Observed less the mean of the draws: (n,).
    spread
        The covariance of the draws, (n, n), divided by N - 1.
    errors
        Variances of the errors of observation: (n,).
    offsets
        What is added to the covariance and known: (n, n).
    free
        Which values only tell what an offset is: (n,). They use up no degree of freedom.
    draws
        How many there are; None: the covariance is known.

    Raises
    ------
    ValueError
        Where there are too few draws for so many values.

    Examples
    --------
    >>> nothing = np.zeros((1, 1))
    >>> made = predict(np.array([2.0]), np.eye(1), np.zeros(1), nothing, np.zeros(1, dtype=bool), 8)
    >>> round(float(made.standardised[0]), 3)  # t = 2 / root(9/8) = 1.886 with 7 degrees of freedom: p = 0.101
    1.638

    """
    told = int(np.sum(~free))
    if draws is not None and draws < least_draws(told):
        raise ValueError(f"{draws} draws for {told} values")
    inflated = spread if draws is None else (1.0 + 1.0 / draws) * spread
    whole = inflated + np.diag(errors) + offsets
    try:
        factor: Array = np.linalg.cholesky(whole).astype(np.float64)
    except np.linalg.LinAlgError:
        return None
    own = np.diag(factor) ** 2
    if np.any(own[~free] < _SINGULAR * (np.diag(inflated) + errors)[~free]) or not math.isfinite(float(own.sum())):
        return None
    from scipy.linalg import solve_triangular

    plain = np.asarray(solve_triangular(factor, difference, lower=True))
    counted = (~free).astype(np.float64)
    place: Array = np.cumsum(counted) - counted
    return Predictive(factor, plain, place, draws)
