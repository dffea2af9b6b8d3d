"""Intervals by curvature: what a parabola at the best fit says, also where the fit is at an end of its range.

In: an estimate, the slope and the information there, ranges, measures. Out: intervals, and a word where they are odd.

Around the estimate x the log-likelihood is taken as l + g'd - d'Id/2. Inside the ranges g is 0, and the interval of a
likelihood ratio is x +- z root of the diagonal of I^-1, cut to the range. Where an estimate is held at its bound g is
not 0 and neither x nor its distribution is normal (S. G. Self, K.-Y. Liang (1987), J. American Statistical Association
82, 605-610): there the interval is what a profile of that parabola gives, the others at their best inside their ranges.
It is one-sided, and what it lacks on the other side is not known rather than excluded. For the mean of normal
observations that cannot be below 0 it is exact as an interval of a likelihood ratio, and covers at least as often as it
says (tests show both).

Invariant: intervals lie in the ranges and hold the estimate.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np

from simengine.inference.arrays import Array, Bools
from simengine.inference.transform import Identity, Transform

_LIKE = 1e-4
"""How much of its range an estimate may be from a bound it is said to be at."""


class Parabola(NamedTuple):
    """A log-density near its highest point."""

    estimate: Array
    slope: Array
    """(D,): its derivatives; 0 but for estimates held at a bound."""
    information: Array
    """(D, D)"""
    low: Array
    high: Array


class CurvatureIntervals(NamedTuple):
    """Intervals of D parameters."""

    ends: Array
    """(D, 2)"""
    notes: tuple[str, ...]
    """Why one is not as usual, `""` where it is."""


def normal_intervals(
    estimate: Array, errors: Array, level: float = 0.90, transforms: Sequence[Transform] | None = None
) -> Array:
    """Return intervals (D, 2) by curvature; with transforms normal in the free numbers: so they stay in the range."""
    from scipy.special import ndtri

    return _around(estimate, float(ndtri(0.5 + level / 2.0)) * np.asarray(errors), transforms or ())


def _around(estimate: Array, wide: Array, transforms: Sequence[Transform]) -> Array:
    out = np.stack([estimate - wide, estimate + wide], axis=1)
    for d, transform in enumerate(transforms):
        free = transform.free(estimate[d : d + 1])
        if np.isfinite(free[0]):
            with np.errstate(divide="ignore", invalid="ignore"):
                reach = wide[d] / transform.slope(free)[0]
            out[d] = transform.value(np.array([free[0] - reach, free[0] + reach]))
    return out


def curvature_intervals(
    parabola: Parabola, errors: Array, level: float, *, freedom: Array | None = None,
    transforms: Sequence[Transform] | None = None,
) -> CurvatureIntervals:  # fmt: skip
    """Return intervals by curvature.

    Parameters
    ----------
    parabola
        What there is at the best fit.
    errors
        (D,): standard errors, infinite where nothing is told: there the interval is the range.
    level
        Of the intervals.
    freedom
        (D,): degrees of freedom of errors that are estimated; infinite where they are known.
    transforms
        Measures in which parameters are about normal.

    """
    from scipy.special import stdtrit

    x, low, high = parabola.estimate, parabola.low, parabola.high
    count = len(x)
    given = np.full(count, np.inf) if freedom is None else np.asarray(freedom, dtype=np.float64)
    reach = stdtrit(np.minimum(given, 1e15), 0.5 + level / 2.0)
    own = list(transforms) if transforms is not None else [Identity()] * count
    with np.errstate(invalid="ignore"):
        ends = _around(x, reach * errors, own)
    ends = np.where(np.isnan(ends), np.array([[-np.inf, np.inf]]), ends)
    held = _held(parabola)
    notes = [""] * count
    if held.any():
        measures: list[Transform] = [Identity() if held[d] or not _can(own[d], x[d]) else own[d] for d in range(count)]
        inner = _measured(parabola, measures, held)
        for d in np.flatnonzero(np.isfinite(errors)):
            found = [_end(inner, int(d), float(reach[d]) ** 2, upward=up) for up in (False, True)]
            ends[d] = measures[d].value(np.array(found))
            if held[d]:
                side = "lower" if parabola.slope[d] < 0.0 else "upper"
                notes[d] = f"at its {side} bound: one-sided, of a parabola with the slope there is"
            else:
                names = "a parameter" if held.sum() == 1 else f"{int(held.sum())} parameters"
                notes[d] = f"with {names} held at a bound"
    ends = np.clip(ends, low[:, None], high[:, None])
    ends = np.stack([np.minimum(ends[:, 0], x), np.maximum(ends[:, 1], x)], axis=1)
    return CurvatureIntervals(ends, tuple(notes))


def _can(transform: Transform, x: float) -> bool:
    free = float(transform.free(np.array([x]))[0])
    return math.isfinite(free)


def _held(parabola: Parabola) -> Bools:
    """Return which estimates are at a bound, the slope outwards."""
    x, low, high = parabola.estimate, parabola.low, parabola.high
    with np.errstate(invalid="ignore"):
        room = _LIKE * np.where(np.isfinite(high - low), high - low, np.maximum(np.abs(x), 1e-300))
    at_low = (x - low <= room) & (parabola.slope < 0.0)
    return np.asarray(at_low | ((high - x <= room) & (parabola.slope > 0.0)))


def _measured(parabola: Parabola, measures: Sequence[Transform], held: Bools) -> Parabola:
    """Return the parabola in measures, slopes 0 where nothing is held."""

    def each(values: Array) -> Array:
        with np.errstate(divide="ignore"):
            return np.array([float(m.free(np.array([v]))[0]) for m, v in zip(measures, values, strict=True)])

    at = each(parabola.estimate)
    steep = np.array([float(m.slope(np.array([u]))[0]) for m, u in zip(measures, at, strict=True)])
    slope = np.where(held, parabola.slope, 0.0) * steep
    low, high = each(parabola.low), each(parabola.high)
    information = parabola.information * np.outer(steep, steep)
    return Parabola(at, slope, information, np.minimum(low, at), np.maximum(high, at))


def _end(parabola: Parabola, i: int, threshold: float, *, upward: bool) -> float:
    """Return where the profile of a parabola in its box is at the threshold: the end of a side."""
    x, bound = float(parabola.estimate[i]), float((parabola.high if upward else parabola.low)[i])
    rise = box_profile(parabola, i)
    sign = 1.0 if upward else -1.0
    room = abs(bound - x)
    if room == 0.0:
        return bound
    # from above: alone, the others fixed, it rises fastest
    size = math.sqrt(threshold / max(float(parabola.information[i, i]), 1e-300))
    inner, outer = 0.0, min(size, room)
    while rise(x + sign * outer) < threshold:
        if outer >= room or outer > 1e9 * size:
            return bound
        inner, outer = outer, min(2.0 * outer, room)
    from scipy.optimize import brentq

    return x + sign * float(brentq(lambda d: rise(x + sign * d) - threshold, inner, outer, rtol=1e-10, xtol=1e-300))


def box_profile(parabola: Parabola, i: int) -> Callable[[float], float]:
    """Return the profile of a parabola in its box: 2 (l best - l) with parameter i fixed, the others at their best."""
    from scipy.optimize import lsq_linear

    x, g = parabola.estimate, parabola.slope
    others = np.flatnonzero((np.arange(len(x)) != i) & (parabola.high > parabola.low))
    inner = parabola.information[np.ix_(others, others)]
    scale = 1.0 / np.sqrt(np.maximum(np.diag(inner), 1e-300))
    values, vectors = np.linalg.eigh(inner * np.outer(scale, scale)) if len(others) else (np.zeros(0), np.zeros((0, 0)))
    root = np.sqrt(np.maximum(values, 1e-12))
    matrix = root[:, None] * vectors.T
    cross = parabola.information[others, i]
    low = np.minimum((parabola.low[others] - x[others]) / scale, -1e-300)
    high = np.maximum((parabola.high[others] - x[others]) / scale, 1e-300)

    def rise(value: float) -> float:
        d = value - x[i]
        moved = np.zeros(len(x))
        moved[i] = d
        if len(others):
            aim = (vectors.T @ ((g[others] - cross * d) * scale)) / root
            moved[others] = scale * lsq_linear(matrix, aim, (low, high), method="bvls", tol=1e-12).x
        return float(-2.0 * (g @ moved) + moved @ parabola.information @ moved)

    return rise
