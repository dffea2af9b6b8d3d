"""Errors carried over from one observation to the next: AR(1) on standardised errors.

In: standardised errors z (K, m) of the m observations there are, phi (K, 1), the number of periods since the one
before. Out: innovations w, and what derivatives by w are by z and by phi.

With z[t] = g z[t-1] + c w[t], g = phi^k, c = root(1 - g^2), k periods apart: z keeps the scale it would have without,
so that a scale is that of the error itself, and observations may be missing. For normal errors that is exact (a
stationary Gaussian AR(1) process looked at now and then); for others the innovations have the shape, the error nearly
so. A phi below 0 alternates from period to period and says nothing of what is between: after a gap that is no whole
number of periods g is 0 then. (A process in continuous time whose correlation falls off exponentially has none below 0:
P. J. Brockwell, R. A. Davis, "Introduction to Time Series and Forecasting", 2nd ed. (2002), 10.4.)

Reference: G. E. P. Box, G. M. Jenkins, G. C. Reinsel, "Time Series Analysis", 3rd ed. (1994), 3.2.3.

Invariant: the first observation, and every one after a break, stands alone: w = z. Nothing is ever NaN by a gap.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from simengine.inference.arrays import Array


def period_of(times: Array) -> float:
    """Return the shortest gap between times; 1 where there is none."""
    return float(np.min(np.diff(times))) if len(times) > 1 else 1.0


def are_whole(periods: Array) -> bool:
    """Return whether all are whole numbers of periods, but for rounding."""
    return bool(np.all(periods == np.round(periods)))


def periods_between(times: Array, period: float | None = None) -> Array:
    """Return the periods since the observation before, 0 for the first; without `period` the shortest gap is one.

    Raises
    ------
    ValueError
        Where times do not rise.

    Examples
    --------
    >>> periods_between(np.array([2016.0, 2017.0, 2019.0])).tolist()
    [0.0, 1.0, 2.0]

    """
    gaps = np.diff(times)
    if np.any(~(gaps > 0.0)):
        raise ValueError("times of a series must rise: each observation has one before it")
    periods = gaps / (period_of(times) if period is None else period)
    whole = np.round(periods)
    return np.concatenate([[0.0], np.where(np.abs(periods - whole) < 1e-6 * whole, whole, periods)])


@dataclass(frozen=True)
class Chain:
    """Weights g and c of each observation, and their derivatives by phi: (K, m)."""

    g: Array
    c: Array
    dg: Array

    @staticmethod
    def of(phi: Array, periods: Array) -> Chain:
        """Return the chain of phi (K, 1) over periods (m,)."""
        k, place = np.unique(periods, return_inverse=True)  # most are 1: a power for each there is
        linked = k > 0.0
        with np.errstate(invalid="ignore", divide="ignore"):
            known = linked & ((phi >= 0.0) | (k == np.round(k)))
            g = np.where(known, np.power(phi, k), 0.0)
            dg = np.where(known, k * np.power(phi, k - 1.0), 0.0)
        c = np.sqrt(np.maximum(1.0 - g * g, 0.0))
        return Chain(np.take(g, place, axis=1), np.take(c, place, axis=1), np.take(dg, place, axis=1))

    def innovations(self, z: Array) -> Array:
        """Return w (K, m)."""
        with np.errstate(divide="ignore", invalid="ignore"):
            return np.asarray((z - self.g * _before(z)) / self.c)

    def by_error(self, dw: Array) -> Array:
        """Return derivatives by z, of those by w."""
        scaled = dw / self.c
        out = scaled.copy()
        out[:, :-1] -= scaled[:, 1:] * self.g[:, 1:]
        return np.asarray(out)

    def by_phi(self, z: Array, w: Array, dw: Array, weights: Array) -> Array:
        """Return the derivative of the log-likelihood by phi, that of the Jacobian -ln c with it: (K,)."""
        turn = self.g * self.dg / (self.c * self.c)
        return np.asarray(np.sum(dw * self.moved_by_phi(z, w) + weights * turn, axis=1))

    def moved_by_phi(self, z: Array, w: Array) -> Array:
        """Return the derivatives of innovations w by phi: (K, m)."""
        return np.asarray(-self.dg * _before(z) / self.c + w * (self.g * self.dg / (self.c * self.c)))

    def jacobian(self, dz: Array) -> Array:
        """Return derivatives of w by parameters, of those of z: (K, m, D)."""
        out = dz.copy()
        out[:, 1:] -= self.g[:, 1:, None] * dz[:, :-1]
        return np.asarray(out / self.c[:, :, None])

    def spread_rows(self, d: Array) -> Array:
        """Return rows (K, m, D) whose squares are what the spread of relative normal errors tells; d = dp/p.

        A normal distribution of covariance S has the information tr(S^-1 dS S^-1 dS)/2 beside that of its mean (S.
        M. Kay, "Fundamentals of Statistical Signal Processing: Estimation Theory" (1993), 3.9). With S = P C P, P the
        predictions on a diagonal and C the correlations of AR(1), it is d'(I + C o C^-1)d, o element by element; that
        matrix has three diagonals, and rows are by its Cholesky factor.
        """
        c2 = self.c * self.c
        after = np.concatenate([(self.g * self.g / c2)[:, 1:], np.zeros_like(c2[:, :1])], axis=1)
        diagonal = 1.0 + 1.0 / c2 + after  # (K or 1, m)
        out = np.empty_like(d)
        root, below = np.sqrt(diagonal[:, 0]), np.zeros_like(diagonal[:, 0])
        for t in range(d.shape[1]):
            if t:
                root = np.sqrt(diagonal[:, t] - below * below)
            below = -after[:, t] / root
            out[:, t] = root[:, None] * d[:, t]
            if t + 1 < d.shape[1]:
                out[:, t] += below[:, None] * d[:, t + 1]
        return out

    def errors(self, w: Array) -> Array:
        """Return z of innovations: what draws are made of."""
        z = w.copy()
        for t in range(1, z.shape[1]):
            z[:, t] = self.g[:, t] * z[:, t - 1] + self.c[:, t] * w[:, t]
        return z


def _before(z: Array) -> Array:
    return np.concatenate([np.zeros_like(z[:, :1]), z[:, :-1]], axis=1)
