"""Whether estimates have moved by more than chance where data were added.

In: estimates and information (inverse covariances) before and after. Out: a `Shift`: for every parameter, and for all
together, how far they moved against how far new data move them where nothing has changed.

An estimate by all data differs from that by the old ones by a random amount whose covariance is V_old - V_new: of an
efficient estimator since it does not covary with its own shift (Hausman 1978), and of a posterior mean since the
covariance before is, on average, that after and that of the mean together. Priors are counted on both sides. All
directions at once give a chi-squared statistic; for a linear model with known errors it is the squared innovation of
the new data as the Kalman filter has it, so that it also asks whether the old fit foresaw them.

References: J. A. Hausman (1978), "Specification tests in econometrics", Econometrica 46, 1251-1271; A. Gelman et al.,
"Bayesian Data Analysis", 3rd ed. (2013), eq. 2.8 (the covariance before).

Invariant: directions that new data tell next to nothing about, or old data nothing, are in no statistic.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from simengine.inference.arrays import Array, Bools

LEAST_GAIN = 0.01
"""The share of what is known of a direction that new data must have brought, for its shift to be judged by."""
_FLAT = 1e-12


@dataclass(frozen=True, eq=False)
class Shift:
    """How D parameters moved."""

    difference: Array
    """(D,): after less before."""
    deviations: Array
    """(D,): the standard deviation of that by chance; NaN of what is not judged."""
    statistic: float
    freedom: int
    """How many directions are judged."""

    @property
    def standardised(self) -> Array:
        """Shifts in their standard deviations: (D,)."""
        with np.errstate(divide="ignore", invalid="ignore"):
            return np.asarray(self.difference / self.deviations)

    @property
    def probabilities(self) -> Array:
        """The probability of a shift at least as large by chance, each by itself: (D,)."""
        from scipy.special import ndtr

        return np.asarray(2.0 * ndtr(-np.abs(self.standardised)))

    @property
    def probability(self) -> float:
        """The probability of a statistic at least as large by chance; NaN where nothing can be judged."""
        from scipy.special import chdtrc

        return float(chdtrc(self.freedom, self.statistic)) if self.freedom else float("nan")


def judge_shift(before: Array, after: Array, information_before: Array, information_after: Array) -> Shift:
    """Return how estimates moved.

    Parameters
    ----------
    before, after
        Estimates by the old data, and by old and new: (D,).
    information_before, information_after
        What old data (with priors), and old and new, tell at one and the same point: (D, D).

    Examples
    --------
    >>> one = judge_shift(np.array([10.0]), np.array([12.0]), np.array([[1.0]]), np.array([[2.0]]))
    >>> one.freedom, round(one.statistic, 6), round(float(one.deviations[0]), 6)
    (1, 8.0, 0.707107)

    """
    difference = np.asarray(after, dtype=np.float64) - np.asarray(before, dtype=np.float64)
    known = np.asarray(np.diag(information_after) > 0.0)
    deviations = np.full(len(difference), np.nan)
    if not known.any():
        return Shift(difference, deviations, 0.0, 0)
    basis, shares = _together(information_before, information_after, known)
    inside = np.linalg.pinv(basis) @ difference[known]
    judged = (1.0 - shares >= LEAST_GAIN) & (shares > _FLAT)
    spread = np.where(shares > _FLAT, (1.0 - shares) / np.maximum(shares, _FLAT), np.inf)
    statistic = float(np.sum(inside[judged] ** 2 / spread[judged]))
    size = basis**2
    with np.errstate(invalid="ignore"):
        variance = np.where(size > _FLAT * size.max(axis=1, keepdims=True), size * spread, 0.0).sum(axis=1)
        gain = variance / (variance + (size * np.ones_like(spread)).sum(axis=1))
    told = np.isfinite(variance) & (gain >= LEAST_GAIN)
    deviations[known] = np.where(told, np.sqrt(np.where(told, variance, 0.0)), np.nan)
    return Shift(difference, deviations, statistic, int(np.sum(judged)))


def _together(before: Array, after: Array, known: Bools) -> tuple[Array, Array]:
    """Return directions (d, k), of covariance 1 after all data, and which share of each was known before."""
    place = np.ix_(known, known)
    scale = 1.0 / np.sqrt(np.diag(after)[known])
    values, vectors = np.linalg.eigh(after[place] * np.outer(scale, scale))
    sound = values > _FLAT * values[-1]
    white = scale[:, None] * vectors[:, sound] / np.sqrt(values[sound])
    shares, turned = np.linalg.eigh(white.T @ before[place] @ white)
    return np.asarray(white @ turned), np.clip(shares, 0.0, 1.0)
