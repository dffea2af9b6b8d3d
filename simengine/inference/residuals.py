"""What is left in residuals: whether one tells of the next.

In: residuals (n,) in order of time, NaN where there is none; their times. Out: Durbin-Watson, autocorrelations,
Ljung-Box.

References: J. Durbin, G. S. Watson (1950), Biometrika 37, 409-428; G. M. Ljung, G. E. P. Box (1978), Biometrika 65,
297-303. How many lags: R. J. Hyndman, G. Athanasopoulos, "Forecasting: Principles and Practice", 3rd ed. (2021), 5.4.

Of few residuals, and of those that parameters were fitted to, Ljung and Box's statistic is not chi-squared: with 5 that
two parameters were fitted to it is above the 5 % limit in 16 of 100 cases. Where draws of residuals of a right model
are given (B, n), the probability is the share of them whose statistic is at least as large (A. C. Davison, D. V.
Hinkley, "Bootstrap Methods and their Application" (1997), 4.2); no scale matters to it.

Invariant: these are for evenly spaced residuals; where there are gaps they are NaN, and the gaps are told.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import ArrayLike

from simengine.inference.arrays import Array, as_vector


@dataclass(frozen=True)
class SerialDependence:
    """Whether residuals depend on those before."""

    n: int
    gaps: int
    """Places where the next residual is missing or later than one period."""
    reason: str | None = None
    """Why there are no figures, or no probability."""
    durbin_watson: float = math.nan
    """From 0 to 4: near 2 where there is no dependence, below 2 where neighbours are alike."""
    autocorrelation: Array = field(default_factory=lambda: np.zeros(0))
    """(lags,), of lags 1, 2, ..."""
    band: float = math.nan
    """1.96/root n: autocorrelations of white noise are beyond it 5 times in 100."""
    ljung_box: float = math.nan
    lags: int = 0
    freedom: int = 0
    probability: float = math.nan
    """Of a Ljung-Box statistic at least as large where there is no dependence."""
    simulated: bool = False
    """Whether the probability is by draws, and not that of chi-squared."""
    inflation: float = math.nan
    """How many times larger the variance of their mean is than without dependence, 1 + 2 sum (1 - k/n) r(k): above 1
    intervals of a model that knows of none are too narrow, below too wide."""


def count_gaps(values: Array, times: Array) -> tuple[int, float]:
    """Return the gaps between values that are not NaN, and the period: the shortest distance between any two times."""
    if len(times) < 2:
        return 0, 1.0
    period = float(np.min(np.diff(times)))
    steps = np.diff(times[~np.isnan(values)])
    return int(np.sum(np.abs(steps - period) > 1e-6 * period)), period


def autocorrelations(x: Array, lags: int) -> Array:
    """Return r(1) ... r(lags), around the mean of x, with the sum over all n below the line.

    Examples
    --------
    >>> autocorrelations(np.array([1.0, -1.0, 1.0, -1.0]), 2).tolist()
    [-0.75, 0.5]

    """
    d = x - np.mean(x)
    whole = float(np.sum(d * d))
    if whole == 0.0:
        return np.full(lags, np.nan)
    return np.array([float(np.sum(d[k:] * d[: len(d) - k])) / whole for k in range(1, lags + 1)])


def serial_dependence(
    residuals: ArrayLike,
    times: ArrayLike | None = None,
    *,
    lags: int | None = None,
    fitted: int = 0,
    null: Array | None = None,
) -> SerialDependence:
    """Return what residuals tell of the next.

    Parameters
    ----------
    residuals
        In order of time.
    times
        Without, one period apart.
    lags
        Autocorrelations; without, 10 or a fifth of the residuals, whichever is less, but at least 1.
    fitted
        Numbers of a time series model (AR, MA) fitted to these residuals: degrees of freedom the Ljung-Box test lacks
        (G. E. P. Box, D. A. Pierce (1970), J. American Statistical Association 65, 1509-1526). Parameters of the model
        that made the predictions do not count.
    null
        Draws (B, n) of residuals of a right model, fitted as these were; without, chi-squared tells. Where a time
        series model was fitted, of one number (AR(1)), its innovations are taken of each draw as fitted to it.

    """
    e = as_vector(residuals)
    e = np.where(np.isfinite(e), e, np.nan)
    at = np.arange(len(e), dtype=np.float64) if times is None else as_vector(times)
    gaps, period = count_gaps(e, at)
    there = e[~np.isnan(e)]
    n = len(there)
    if gaps:
        return SerialDependence(n, gaps, f"{gaps} gap{'s' * (gaps > 1)}: residuals are not all {period:g} apart")
    if n < 3:
        return SerialDependence(n, gaps, f"{n} residual{'s' * (n != 1)}: at least 3 are needed")
    if np.ptp(there) <= 8.0 * np.finfo(float).eps * float(np.max(np.abs(there))):
        return SerialDependence(n, gaps, "all residuals are the same")
    # nothing below depends on the unit; of very small values squares would be 0
    there = np.ldexp(there, -int(np.frexp(np.max(np.abs(there)))[1]))
    lags = min(n - 1, max(1 + fitted, min(10, n // 5))) if lags is None else min(lags, n - 1)
    rho = autocorrelations(there, lags)
    q = float(_ljung_box(rho[None], n)[0])
    freedom = lags - fitted
    why, drawn = None, None
    if null is not None and null.shape[1] == len(e) and len(null):
        drawn = _share_beyond(q, null[:, ~np.isnan(e)], lags, innovations=fitted > 0)
    if freedom < 1 and drawn is None:
        why = f"Ljung and Box: {lags} lags and {fitted} numbers fitted to the residuals leave no degree of freedom"
    return SerialDependence(
        n,
        gaps,
        why,
        float(np.sum(np.diff(there) ** 2) / np.sum(there * there)),
        rho,
        1.96 / math.sqrt(n),
        q,
        lags,
        freedom,
        _beyond(q, freedom) if drawn is None else drawn,
        drawn is not None,
        1.0 + 2.0 * float(np.sum((1.0 - np.arange(1, lags + 1) / n) * rho)),
    )


def _ljung_box(rho: Array, n: int) -> Array:
    """Return the statistic of autocorrelations (B, lags) of n residuals."""
    return np.asarray(n * (n + 2) * np.sum(rho * rho / (n - np.arange(1, rho.shape[1] + 1)), axis=1))


def _share_beyond(q: float, null: Array, lags: int, *, innovations: bool) -> float:
    """Return the share of draws (B, n), and of what was found itself, whose statistic is at least q."""
    if innovations:
        before, after = null[:, :-1], null[:, 1:]
        phi = np.sum(before * after, axis=1) / np.sum(null * null, axis=1)
        null = np.concatenate([null[:, :1], after - phi[:, None] * before], axis=1)
    d = null - null.mean(axis=1, keepdims=True)
    whole = np.sum(d * d, axis=1)
    rho = np.stack([np.sum(d[:, k:] * d[:, : d.shape[1] - k], axis=1) / whole for k in range(1, lags + 1)], axis=1)
    beyond = int(np.sum(_ljung_box(rho, null.shape[1]) >= q * (1.0 - 1e-12)))
    return (1 + beyond) / (1 + len(null))


def _beyond(q: float, freedom: int) -> float:
    from scipy.special import chdtrc

    return float(chdtrc(freedom, q)) if freedom > 0 else math.nan
