"""Who tells of a parameter: the data or its prior, and how much each, near the best fit.

In: the information of the likelihood (D, D), that of the priors (D,), priors' standard deviations. Out: `Evidence`.

Of the covariance C = (F + P)^-1, F of the data and P of independent priors, C F C is what noise in the data brings
into the estimate and C P C what the priors leave; both add up to C (C. D. Rodgers, "Inverse Methods for Atmospheric
Sounding" (2000), 3.2: retrieval noise and smoothing error). Their shares on the diagonal say who tells a parameter: 1,
the data alone; 0, priors alone, if need be by way of another parameter that is tied to it. For one parameter the share
of the data is F/(F + P), its part of the precision.

The contraction, 1 - variance/variance of the prior, says how much was learned: 0 nothing, 1 all (M. Betancourt,
"Calibrating model-based inferences and decisions", arXiv 1803.08393 (2018), 4; D. J. Schad, M. Betancourt, S. Vasishth
(2021), "Toward a principled Bayesian workflow in cognitive science", Psychological Methods 26, 103-126).

Invariant: `of_data` knows nothing of priors; what no one tells has a share of NaN.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from simengine.inference.arrays import Array
from simengine.inference.identify import Identification, identification

BY_PRIOR = 0.5
"""Where less than this share comes from the data, it is the prior that tells."""


@dataclass(frozen=True)
class Evidence:
    """What data and priors tell of D parameters."""

    found: Identification
    """By both."""
    of_data: Identification
    """By the likelihood alone."""
    share: Array
    """(D,): the share of the data, from 0 to 1; NaN where neither tells."""
    contraction: Array
    """(D,): 1 - variance/variance of the prior; NaN where the prior has no variance."""
    errors_without: Array
    """(D,): the standard error of each without its own prior, those of the others kept."""
    share_without: Array
    """(D,): the share of the data in that; the rest is what priors of others tell of it."""

    def is_by_prior(self, i: int) -> bool:
        """Return whether priors tell more of a parameter than the data."""
        return bool(self.share[i] < BY_PRIOR)


def evidence(
    names: Sequence[str], of_data: Array, of_priors: Array, deviations: Array | None = None,
    within: tuple[Array, Array] | None = None, estimate: Array | None = None,
) -> Evidence:  # fmt: skip
    """Return who tells what.

    Parameters
    ----------
    names
        Of the D parameters.
    of_data
        (D, D): the information of the likelihood.
    of_priors
        (D,): that of the priors, which are independent.
    deviations
        (D,): standard deviations of the priors, for the contraction.
    within, estimate
        Ranges, to which the normal distribution around the estimate is cut for the contraction.

    Examples
    --------
    >>> evidence(["a"], np.array([[1.0]]), np.array([3.0])).share.tolist()
    [0.25]

    """
    of_data = np.asarray(of_data, dtype=np.float64)
    of_priors = np.asarray(of_priors, dtype=np.float64)
    both = identification(names, of_data + np.diag(of_priors))
    variance = np.diag(both.covariance)
    learned = np.full(len(variance), np.nan)
    if deviations is not None:
        spread = variance if within is None or estimate is None else cut_variances(estimate, both.errors, *within)
        with np.errstate(divide="ignore", invalid="ignore"):
            learned = 1.0 - spread / np.square(deviations)
        learned = np.where(np.isfinite(learned), learned, np.nan)
    share = _shares_of_data(both, of_priors)
    errors, shares = both.errors.copy(), share.copy()
    for i in np.flatnonzero(of_priors > 0.0):
        rest = np.where(np.arange(len(of_priors)) == i, 0.0, of_priors)
        found = identification(names, of_data + np.diag(rest))
        errors[i], shares[i] = found.errors[i], _shares_of_data(found, rest)[i]
    return Evidence(both, identification(names, of_data), share, learned, errors, shares)


def _shares_of_data(found: Identification, of_priors: Array) -> Array:
    """Return the diagonal of C F C over that of C."""
    # a parameter no one tells has no prior, so that its covariances weigh 0
    covariance = np.where(np.isfinite(found.covariance), found.covariance, 0.0)
    variance = np.diag(found.covariance)
    with np.errstate(divide="ignore", invalid="ignore"):
        left = (covariance**2 @ of_priors) / variance
    return np.where(np.isfinite(variance), np.clip(1.0 - left, 0.0, 1.0), np.nan)


def cut_variances(mean: Array, errors: Array, low: Array, high: Array) -> Array:
    """Return the variances of normal distributions cut to ranges; of a flat one where the error is infinite.

    Examples
    --------
    >>> cut_variances(np.array([0.0]), np.array([np.inf]), np.array([0.0]), np.array([12.0])).tolist()
    [12.0]

    """
    out = np.square(np.asarray(errors, dtype=np.float64))
    nodes, weights = np.polynomial.legendre.leggauss(200)
    for i, (m, s, a, b) in enumerate(zip(mean, errors, low, high, strict=True)):
        if not (math.isfinite(a) or math.isfinite(b)):
            continue
        if not math.isfinite(s) or s > 1e3 * (b - a):
            out[i] = (b - a) ** 2 / 12.0
            continue
        from_, to = max(a, m - 12.0 * s), min(b, m + 12.0 * s)
        if not to > from_:
            out[i] = 0.0
            continue
        x = 0.5 * (from_ + to) + 0.5 * (to - from_) * nodes
        p = weights * np.exp(-0.5 * ((x - m) / s) ** 2)
        p /= p.sum()
        out[i] = float(np.sum(p * (x - np.sum(p * x)) ** 2))
    return out
