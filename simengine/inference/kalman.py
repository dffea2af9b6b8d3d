"""Kalman filters: what an observation says of a state that was forecast; extended, and of ensembles.

In: a forecast (mean and covariance, or an ensemble), what it predicts would be observed, the observation, the
covariance of its error. Out: the state after it, and the innovation with its likelihood: what tells whether model and
data agree.

A state may have parameters of the model in it: they are then estimated with it. Forecasts are made by who knows the
model.

References: R. E. Kalman (1960), J. Basic Engineering 82, 35-45; A. H. Jazwinski, "Stochastic Processes and Filtering
Theory" (1970), 8.3 (extended); R. S. Bucy, P. D. Joseph (1968) (the form of the covariance that stays one); G. Evensen
(1994), J. Geophysical Research 99, 10143-10162; G. Burgers, P. J. van Leeuwen, G. Evensen (1998), Monthly Weather
Review 126, 1719-1724 (observations perturbed); B. R. Hunt, E. J. Kostelich, I. Szunyogh (2007), Physica D 230, 112-126
(square root, in the space of the ensemble, symmetric); J. L. Anderson, S. L. Anderson (1999), Monthly Weather Review
127, 2741-2758 (inflation).

Invariant: observations that are NaN change nothing; with none left the state after is the forecast (inflation apart).
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from enum import Enum

import numpy as np
from numpy.typing import ArrayLike

from simengine.inference.arrays import Array, Bools, as_vector


@dataclass(frozen=True)
class Innovation:
    """How an observation differs from its forecast, of the m' observations that are there."""

    used: Bools
    """(m,): which are there."""
    value: Array
    """(m',): observed less predicted."""
    covariance: Array
    """(m', m'): of forecast and error together."""

    @property
    def standardised(self) -> Array:
        """Innovations made independent, of standard deviation 1, by the Cholesky factor: (m',)."""
        from scipy.linalg import solve_triangular

        if not len(self.value):
            return self.value
        return np.asarray(solve_triangular(np.linalg.cholesky(self.covariance), self.value, lower=True))

    @property
    def squared(self) -> float:
        """The sum of squares of the standardised ones: chi-squared with m' degrees of freedom where all is right."""
        return float(np.sum(self.standardised**2))

    @property
    def probability(self) -> float:
        """The probability of a sum of squares at least as large; 1 where nothing was observed."""
        from scipy.special import chdtrc

        return float(chdtrc(len(self.value), self.squared)) if len(self.value) else 1.0

    @property
    def loglik(self) -> float:
        """The log density of what was observed, given all before."""
        m = len(self.value)
        if not m:
            return 0.0
        determinant = 2.0 * float(np.sum(np.log(np.diag(np.linalg.cholesky(self.covariance)))))
        return -0.5 * (self.squared + determinant + m * math.log(2.0 * math.pi))


@dataclass(frozen=True)
class StateUpdate:
    """A state after an observation."""

    mean: Array
    covariance: Array
    innovation: Innovation


@dataclass(frozen=True)
class EnsembleUpdate:
    """An ensemble after an observation."""

    ensemble: Array
    """(N, S)"""
    innovation: Innovation


class Method(Enum):
    """How an ensemble is moved."""

    STOCHASTIC = "stochastic"
    """Each member sees the observation with an error of its own: needs chance, keeps no shape exactly."""
    SQUARE_ROOT = "square root"
    """Mean and covariance are exactly the Kalman filter's of the ensemble's; no chance."""


def extended_forecast(covariance: Array, jacobian: Array, noise: Array | None = None) -> Array:
    """Return the covariance of a forecast: J P J' + Q. Its mean is the model's own run from the mean.

    jacobian: derivatives of the state forecast by the state before, (S, S).
    """
    spread = jacobian @ covariance @ jacobian.T
    return _symmetric(spread if noise is None else spread + noise)


def extended_update(
    mean: ArrayLike, covariance: Array, observed: ArrayLike, predicted: ArrayLike, jacobian: Array, error: ArrayLike
) -> StateUpdate:
    """Return the state after an observation; for linear models this is the Kalman filter.

    Parameters
    ----------
    mean, covariance
        The forecast: (S,), (S, S).
    observed
        (m,), NaN where there is none.
    predicted
        What the mean predicts: (m,).
    jacobian
        Derivatives of the predictions by the state: (m, S).
    error
        Variances (m,) or covariance (m, m) of errors of observation.

    """
    x = as_vector(mean)
    used, r, noise = _difference(observed, as_vector(predicted), error)
    h = np.asarray(jacobian, dtype=np.float64)[used]
    cross = covariance @ h.T
    innovation = Innovation(used, r, _symmetric(h @ cross + noise))
    if not len(r):
        return StateUpdate(x, np.asarray(covariance), innovation)
    gain = np.linalg.solve(innovation.covariance, cross.T).T
    keep = np.eye(len(x)) - gain @ h
    return StateUpdate(x + gain @ r, _symmetric(keep @ covariance @ keep.T + gain @ noise @ gain.T), innovation)


def ensemble_update(
    ensemble: ArrayLike,
    observed: ArrayLike,
    predicted: ArrayLike,
    error: ArrayLike,
    *,
    method: Method = Method.SQUARE_ROOT,
    rng: np.random.Generator | None = None,
    inflation: float = 1.0,
) -> EnsembleUpdate:
    """Return an ensemble after an observation.

    Parameters
    ----------
    ensemble
        States forecast: (N, S). Bounds are not held: give transformed states where there are some.
    observed
        (m,), NaN where there is none.
    predicted
        What each member predicts: (N, m).
    error
        Variances (m,) or covariance (m, m) of errors of observation.
    method
        How members are moved.
    rng
        Chance, for the stochastic method.
    inflation
        By what members are first moved away from their mean: of a few members the spread is too small.

    Raises
    ------
    ValueError
        Where there are less than two members, or chance is lacking.

    """
    states, seen = np.array(ensemble, dtype=np.float64), np.array(predicted, dtype=np.float64)
    n = len(states)
    if n < 2:
        raise ValueError(f"{n} members: an ensemble needs at least 2")
    mean, centre = states.mean(axis=0), seen.mean(axis=0)
    moved, moved_seen = inflation * (states - mean), inflation * (seen - centre)
    used, r, noise = _difference(observed, centre, error)
    y = moved_seen[:, used]
    innovation = Innovation(used, r, _symmetric(y.T @ y / (n - 1) + noise))
    if not len(r):
        return EnsembleUpdate(mean + moved, innovation)
    if method is Method.SQUARE_ROOT:
        weights = _weights(y, r, noise)
        return EnsembleUpdate(mean + weights @ moved, innovation)
    if rng is None:
        raise ValueError("the stochastic method needs chance: give rng")
    errors = rng.standard_normal((n, len(r))) @ np.linalg.cholesky(noise).T
    errors -= errors.mean(axis=0)
    gain = np.linalg.solve(innovation.covariance, y.T @ moved / (n - 1))
    return EnsembleUpdate(mean + moved + (r + errors - y) @ gain, innovation)


def _weights(y: Array, r: Array, noise: Array) -> Array:
    """Return what each member after is of the deviations before: (N, N), Hunt et al. (2007), steps 4 to 7."""
    n = len(y)
    scaled = np.linalg.solve(noise, y.T)  # (m', N)
    values, vectors = np.linalg.eigh((n - 1.0) * np.eye(n) + _symmetric(y @ scaled))
    inverse = (vectors / values) @ vectors.T
    root = (vectors * np.sqrt((n - 1.0) / values)) @ vectors.T
    return np.asarray(root + (inverse @ (scaled.T @ r))[None, :])


def _difference(observed: ArrayLike, predicted: Array, error: ArrayLike) -> tuple[Bools, Array, Array]:
    """Return which observations are there, their difference from predictions, and the covariance of their errors."""
    y, e = as_vector(observed), np.asarray(error, dtype=np.float64)
    used = np.asarray(~np.isnan(y))
    noise = np.diag(np.broadcast_to(e, y.shape)) if e.ndim < 2 else e
    return used, (y - predicted)[used], noise[np.ix_(used, used)]


def _symmetric(a: Array) -> Array:
    return np.asarray(0.5 * (a + a.T))
