"""Borgonovo's delta: by how much of its area the density of an output moves when a factor is known.

In: factors (run, factor) and outputs (run, output) of any runs. Out: `delta`, between 0 (nothing) and 1, and `S1`, the
first order index from the same classes.

Estimated after Plischke, Borgonovo and Smith: classes of as many runs each, densities by Gaussian kernels of
Silverman's width at 100 places, trapezoids. Kernels are not laid on single runs but on counts of a fine grid, a run
shared by the two places about it, for all classes at once by Fourier transform: a hundred thousand runs then cost what
a thousand do. A kernel is never narrower than the fine grid's step.

The estimate is not 0 for a factor that does nothing: classes differ by chance. `idle` is what such a factor has here,
in the same number of runs; a delta near it says nothing. (Others subtract a bias found by resampling, which leaves
noise instead.)

Invariant: a class in which the output does not vary takes no part (it has no density).
References: Borgonovo, Reliability Eng. System Safety 92 (2007) 771; Plischke, Borgonovo and Smith, European J.
Operational Research 226 (2013) 536; Silverman, Density estimation (1986); Wand, J. Comp. Graphical Statistics 3 (1994)
433, for counts.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from simengine.analysis.classes import cut_by_rank
from simengine.analysis.given import estimate_given
from simengine.analysis.indices import Array, Indices, as_factors

_PLACES = 100
_FINER = 5
_FINE = (_PLACES - 1) * _FINER + 1
"""Places of counts: 5 to each step between the density's."""
_PADDED = 1024
"""Length of the transforms: twice the places, so that what leaves at one end does not come back at the other."""


def count_classes(runs: int) -> int:
    """Return how many classes so many runs are cut into (Plischke et al. 2013, section 5)."""
    exponent = 2.0 / (7.0 + np.tanh((1500.0 - runs) / 500.0))
    return min(int(np.ceil(runs**exponent)), 48)


def delta_indices(
    factors: NDArray[np.generic],
    values: NDArray[np.generic],
    *,
    resamples: int = 20,
    level: float = 0.95,
    seed: int = 0,
    threads: int | None = None,
) -> Indices:
    """Return delta and the first order from given data.

    Parameters
    ----------
    factors, values
        (run, factor) and (run, output); NaN where a run failed.
    resamples, level, seed, threads
        Halves for the intervals, and their level.

    """
    X = as_factors(factors)
    shuffled = np.random.default_rng([seed, len(X), 1]).permutation(len(X)).astype(np.float64)

    def compute(own: Array, out: Array, chosen: NDArray[np.int64]) -> dict[str, Array]:
        many = count_classes(len(own))
        counts = [_grid(out[:, k]) for k in range(out.shape[1])]
        found = {name: np.empty((own.shape[1], out.shape[1])) for name in ("delta", "S1", "idle")}
        variance = out.var(axis=0)
        idle = _deltas(out, counts, cut_by_rank(shuffled[chosen], many))
        for i in range(own.shape[1]):
            belongs = cut_by_rank(own[:, i], many)
            found["delta"][i] = _deltas(out, counts, belongs)
            with np.errstate(divide="ignore", invalid="ignore"):
                found["S1"][i] = _between(out, belongs) / variance
            found["idle"][i] = idle
        return found

    return estimate_given(
        "delta",
        X,
        values,
        compute,
        ("delta", "S1", "idle"),
        least=40,
        resamples=resamples,
        level=level,
        seed=seed,
        threads=threads,
    )


def _between(values: Array, belongs: NDArray[np.int64]) -> Array:
    """Return the variance of the means of classes, weighed by their sizes."""
    counts = np.bincount(belongs)
    order = np.argsort(belongs, kind="stable")
    begins = np.concatenate([[0], np.cumsum(counts)[:-1]])
    means = np.add.reduceat(values[order], begins, axis=0) / counts[:, None]
    result: Array = (counts[:, None] * (means - values.mean(axis=0)) ** 2).sum(axis=0) / len(values)
    return result


def _grid(values: Array) -> tuple[NDArray[np.int64], Array]:
    """Return the place of the fine grid below each value, and how far from it to the next the value is."""
    low, high = values.min(), values.max()
    scaled = (values - low) / ((high - low) or 1.0) * (_FINE - 1)
    place = np.minimum(scaled.astype(np.int64), _FINE - 2)
    return place, scaled - place


def _deltas(values: Array, counts: list[tuple[NDArray[np.int64], Array]], belongs: NDArray[np.int64]) -> Array:
    sizes = np.bincount(belongs)
    return np.asarray([_delta(values[:, k], *counts[k], belongs, sizes) for k in range(values.shape[1])])


def _delta(
    values: Array, place: NDArray[np.int64], beyond: Array, belongs: NDArray[np.int64], sizes: NDArray[np.int64]
) -> float:
    """Return delta of one factor and output, as its classes have it."""
    low, high = float(values.min()), float(values.max())
    if not high > low:
        return np.nan
    number = belongs * _FINE + place
    cells = len(sizes) * _FINE
    shared = np.bincount(number, 1 - beyond, cells) + np.bincount(number + 1, beyond, cells)
    table = np.asarray(shared, dtype=np.float64).reshape(len(sizes), _FINE)
    total = np.bincount(belongs, values, len(sizes))
    moved = values - (total / sizes)[belongs]
    square = np.bincount(belongs, moved**2, len(sizes))
    moves = (sizes > 1) & (square > (1e-13 * (abs(low) + abs(high))) ** 2)
    with np.errstate(divide="ignore", invalid="ignore"):
        spread = np.where(moves, np.sqrt(square / (sizes - 1)), 0.0) / (high - low) * (_FINE - 1)
    whole = float(values.std(ddof=1)) / (high - low) * (_FINE - 1)
    density = _densities(table.sum(axis=0)[None], np.asarray([float(len(values))]), np.asarray([whole]))
    own = _densities(table[moves], sizes[moves].astype(np.float64), spread[moves])
    areas = np.trapezoid(np.abs(density - own), dx=float(_FINER), axis=1)
    return float((sizes[moves] * areas).sum() / (2 * len(values)))


def _densities(counted: Array, sizes: Array, spreads: Array) -> Array:
    """Return densities at the coarse places, of classes (class, fine place); lengths are in fine steps."""
    width = np.maximum(spreads * (sizes * 3 / 4) ** (-1 / 5), 1.0)
    turn = 2 * np.pi * np.fft.rfftfreq(_PADDED)
    smooth = np.exp(-0.5 * (width[:, None] * turn) ** 2)
    spectrum = np.fft.rfft(counted, _PADDED, axis=1) * smooth
    result: Array = np.fft.irfft(spectrum, _PADDED, axis=1)[:, :_FINE:_FINER] / sizes[:, None]
    return result
