"""Bootstraps of residuals: data as they might have been, and intervals of what is fitted to them.

In: predictions of the best fit and their residuals (n,), in order of time; then what was fitted to the data made up (B,
D). Out: data (B, n); intervals by percentiles, bias-corrected and accelerated (BCa).

Residuals that depend on those before are made white by an AR(p) model first, its innovations are drawn, and coloured
again; "wild" draws keep each innovation in its place and change its sign at random, which keeps spreads that change
over time.

References: B. Efron, R. J. Tibshirani, "An Introduction to the Bootstrap" (1993), 8.5, 9.4, 13.3, 14.3 (BCa); C. F. J.
Wu (1986), Annals of Statistics 14, 1261-1295, R. Davidson, E. Flachaire (2008), J. Econometrics 146, 162-169 (wild,
signs); P. Buehlmann (1997), Bernoulli 3, 123-148 (AR(p)). In system dynamics: G. Dogan (2007), "Bootstrapping for
confidence interval estimation and hypothesis testing for parameters of system dynamics models", System Dynamics Review
23, 415-436 # unverified: that his steps are these; only his conference paper of 2004 was at hand, in part.

Invariant: fits that failed (NaN) are left out and counted, never taken as values.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from simengine.inference.arrays import Array, as_rows, as_vector
from simengine.inference.residuals import autocorrelations


@dataclass(frozen=True)
class Autoregression:
    """An AR(p) model of residuals around 0: e[t] = sum phi[k] e[t - k] + u[t]."""

    phi: Array
    """(p,)"""
    innovations: Array
    """(n - p,), centred."""


def fit_autoregression(residuals: ArrayLike, order: int | None = None, *, most: int | None = None) -> Autoregression:
    """Return an AR(p) model by Yule and Walker's equations, which makes it stationary.

    Without an order the one of least AIC, up to 10 log10 n or a quarter of the residuals, whichever is less, is taken.

    Raises
    ------
    ValueError
        Where residuals are missing: those before are not known there.

    """
    e = as_vector(residuals)
    if np.isnan(e).any():
        raise ValueError(f"{int(np.isnan(e).sum())} residuals are missing: what depends on those before is not known")
    e = e - np.mean(e)
    n = len(e)
    if order is None:
        limit = max(0, min(int(10.0 * math.log10(max(n, 1))), n // 4)) if most is None else most
        order = _least_aic(e, limit)
    if not 0 <= order < n:
        raise ValueError(f"an order of {order} needs more than {n} residuals")
    phi = _yule_walker(e, order)
    u = e[order:] - sum((phi[k] * e[order - 1 - k : n - 1 - k] for k in range(order)), np.zeros(n - order))
    return Autoregression(phi, u - np.mean(u))


def _yule_walker(e: Array, order: int) -> Array:
    from scipy.linalg import solve_toeplitz

    if order == 0 or not np.any(e):
        return np.zeros(order)
    rho = autocorrelations(e, order)
    return np.asarray(solve_toeplitz(np.concatenate([[1.0], rho[:-1]]), rho))


def _least_aic(e: Array, limit: int) -> int:
    n, variance = len(e), float(np.mean(e * e))
    if variance == 0.0:
        return 0
    scores = []
    for order in range(limit + 1):
        rho = autocorrelations(e, order) if order else np.zeros(0)
        left = max(1.0 - float(rho @ _yule_walker(e, order)), 1e-12)
        scores.append(n * math.log(variance * left) + 2.0 * order)
    return int(np.argmin(scores))


def draw_data(
    rng: np.random.Generator,
    predicted: ArrayLike,
    residuals: ArrayLike,
    draws: int,
    *,
    order: int | None = 0,
    wild: bool = False,
    fitted: int = 0,
) -> Array:
    """Return data as they might have been: (draws, n).

    Parameters
    ----------
    rng
        Where chance comes from.
    predicted
        Predictions of the best fit.
    residuals
        Observed less predicted, NaN where nothing was observed (of order 0 only): there data are NaN too.
    draws
        How many.
    order
        Of the AR model of residuals; None chooses it.
    wild
        Whether innovations stay in their places, with signs at random.
    fitted
        How many parameters were fitted: residuals are smaller than errors by root((n - fitted)/n), which is undone.

    """
    m, e = as_vector(predicted), as_vector(residuals)
    there = ~np.isnan(e)
    n = int(there.sum())
    if n <= fitted:
        raise ValueError(f"{n} residuals of a fit of {fitted} parameters: nothing is left to draw from")
    grow = math.sqrt(n / (n - fitted))
    if order == 0:
        inner = grow * (e[there] - np.mean(e[there]))
        out = np.full((draws, len(m)), np.nan)
        out[:, there] = m[there] + _drawn(rng, inner, draws, n, wild=wild)
        return out
    model = fit_autoregression(e, order)
    p, u = len(model.phi), grow * model.innovations
    if wild:  # the first p errors are those there were, with one sign for all
        errors = np.empty((draws, n))
        errors[:, :p] = rng.choice([-1.0, 1.0], (draws, 1)) * (e[:p] - np.mean(e)) * grow
        new, start = np.concatenate([np.zeros((draws, p)), _drawn(rng, u, draws, n - p, wild=True)], axis=1), p
    else:  # from nothing, and long enough before to have forgotten it
        before = 50 + 10 * p
        errors, start = np.zeros((draws, before + n)), p
        new = _drawn(rng, u, draws, before + n, wild=False)
    for t in range(start, errors.shape[1]):
        errors[:, t] = new[:, t] + errors[:, t - p : t][:, ::-1] @ model.phi
    return np.asarray(m + errors[:, -n:])


def _drawn(rng: np.random.Generator, u: Array, draws: int, n: int, *, wild: bool) -> Array:
    if wild:
        return np.asarray(u * rng.choice([-1.0, 1.0], (draws, n)))
    return rng.choice(u, (draws, n))


class BootstrapIntervals(NamedTuple):
    """Intervals of D parameters."""

    ends: Array
    """(D, 2)"""
    used: int
    failed: int
    """Draws left out, for their fit failed."""
    method: str


def percentile_intervals(fits: ArrayLike, level: float = 0.90) -> BootstrapIntervals:
    """Return intervals by percentiles of what was fitted to the draws: (B, D)."""
    good, failed = _good(fits)
    tail = 50.0 * (1.0 - level)
    return BootstrapIntervals(np.percentile(good, [tail, 100.0 - tail], axis=0).T, len(good), failed, "percentile")


def bca_intervals(
    fits: ArrayLike, estimate: ArrayLike, jackknife: ArrayLike | None = None, level: float = 0.90
) -> BootstrapIntervals:
    """Return bias-corrected and accelerated intervals.

    Parameters
    ----------
    fits
        What was fitted to the draws: (B, D).
    estimate
        What was fitted to the data: (D,).
    jackknife
        What was fitted with each observation left out in turn: (n, D). Without, the acceleration is 0 and the method is
        named `bias-corrected`.
    level
        Of the intervals.

    """
    from scipy.special import ndtr, ndtri

    good, failed = _good(fits)
    x = as_vector(estimate)
    below = (np.sum(good < x, axis=0) + np.sum(good <= x, axis=0)) / (2.0 * len(good))
    bias = ndtri(below)
    speed = np.zeros(len(x))
    if jackknife is not None:
        d = np.mean(as_rows(jackknife), axis=0) - as_rows(jackknife)
        squares = np.sum(d * d, axis=0)
        with np.errstate(divide="ignore", invalid="ignore"):
            speed = np.where(squares > 0.0, np.sum(d**3, axis=0) / (6.0 * squares**1.5), 0.0)
    ends = np.full((len(x), 2), np.nan)
    for side, z in enumerate(ndtri([(1.0 - level) / 2.0, (1.0 + level) / 2.0])):
        with np.errstate(invalid="ignore"):
            at = ndtr(bias + (bias + z) / (1.0 - speed * (bias + z)))
        for i in np.flatnonzero(np.isfinite(bias)):
            ends[i, side] = np.percentile(good[:, i], 100.0 * at[i])
    return BootstrapIntervals(ends, len(good), failed, "bias-corrected" if jackknife is None else "BCa")


def _good(fits: ArrayLike) -> tuple[Array, int]:
    table = as_rows(fits)
    good = np.all(np.isfinite(table), axis=1)
    if not good.any():
        raise ValueError("no fit of the draws came to anything")
    return table[good], int(np.sum(~good))
