"""Resampling: how far an estimate would move, had other points been drawn.

In: numbers of points, a seed. Out: how often each point is taken in each resample; intervals from what resamples gave.

Two schemes. Where an estimate is a function of sums over points, resamples are rows of counts and all their sums one
matrix product (the bootstrap). Where it goes by ranks, points taken twice would be ties that the data do not have: then
half of the points are taken, without putting back; what half of the points gives lies around the whole's estimate as
that around the truth (its variance is that of the whole times n/m - 1, which is 1 at m = n/2).

Invariant: resamples depend on the seed and the number of points only.
References: Efron, Bootstrap methods: another look at the jackknife, Annals of Statistics 7 (1979); Shao and Wu, A
general theory for jackknife variance estimation, Annals of Statistics 17 (1989), for halves; Archer, Saltelli and
Sobol', Sensitivity measures, ANOVA-like techniques and the use of bootstrap, J. Statistical Computation and Simulation
58 (1997).
"""

from __future__ import annotations

from collections.abc import Iterator
from statistics import NormalDist

import numpy as np
from numpy.typing import NDArray

from simengine.analysis.indices import Array, Measure


def draw_counts(points: int, resamples: int, seed: int) -> Array:
    """Return how often each point is taken, (1 + resamples, point); row 0 takes each once: the data as they are.

    Examples
    --------
    >>> counts = draw_counts(5, 3, seed=1)
    >>> counts.shape, counts.sum(axis=1).tolist(), counts[0].tolist()
    ((4, 5), [5.0, 5.0, 5.0, 5.0], [1.0, 1.0, 1.0, 1.0, 1.0])

    """
    rng = np.random.default_rng([seed, points])
    out = np.ones((1 + resamples, points))
    for row in out[1:]:
        row[:] = np.bincount(rng.integers(points, size=points), minlength=points)
    return out


def draw_halves(points: int, resamples: int, seed: int) -> Iterator[NDArray[np.int64]]:
    """Yield halves of the points, in rising order."""
    rng = np.random.default_rng([seed, points])
    for _ in range(resamples):
        yield np.sort(rng.permutation(points)[: points // 2])


def normal_quantile(level: float) -> float:
    """Return how many standard errors an interval of a level reaches to either side.

    Raises
    ------
    ValueError
        If the level is not between 0 and 1.

    """
    if not 0 < level < 1:
        raise ValueError(f"a level is between 0 and 1, as 0.95, not {level:g}")
    return NormalDist().inv_cdf(0.5 + level / 2)


def measure_of(value: Array, resampled: Array, level: float) -> Measure:
    """Return a value with the interval that resamples (resample, ...) give: value +- z standard deviations of them.

    The interval of SALib. Resamples in which there is no number (an output that was constant in them) do not count; an
    interval wants at least two that are.
    """
    reach = normal_quantile(level)
    sound = np.isfinite(resampled)
    count = sound.sum(axis=0)
    many = np.maximum(count, 2)
    mean = np.where(sound, resampled, 0.0).sum(axis=0) / many
    spread = np.where(sound, resampled - mean, 0.0)
    error = np.sqrt((spread**2).sum(axis=0) / (many - 1))
    error = np.where((count >= 2) & np.isfinite(value), error, np.nan)
    return Measure(value, value - reach * error, value + reach * error)


def without_interval(value: Array) -> Measure:
    """Return a measure of which no interval is known."""
    nothing = np.full(value.shape, np.nan)
    return Measure(value, nothing, nothing)
