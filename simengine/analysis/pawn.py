"""PAWN: how far an output's distribution moves when a factor is known to lie in one of its classes.

In: factors (run, factor) and outputs (run, output) of any runs. Out: the Kolmogorov-Smirnov distances between the
output's distribution in a class and in all runs: `median` (what is usually told), `mean` and `maximum` over classes.

The distance of a class of n runs is not 0 for a factor that does nothing: about 0.87 / sqrt(n) on average. `idle`
says how large the median is for a factor of as many classes that is a mere permutation of its own values.

Invariant: only ranks of the output count: any rising function of it has the same indices.
References: Pianosi and Wagener, Env. Modelling Software 67 (2015) 1; 108 (2018) 197; Puy, Lo Piano and Saltelli, same
127 (2020) 104679, for what the choice of classes and summary does; Khorashadi Zadeh et al., same 91 (2017) 210, for the
dummy.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from simengine.analysis.classes import cut_by_quantile
from simengine.analysis.given import estimate_given
from simengine.analysis.indices import Array, Indices, as_factors

Ranks = NDArray[np.int32]


def pawn_indices(
    factors: NDArray[np.generic],
    values: NDArray[np.generic],
    *,
    classes: int = 10,
    resamples: int = 20,
    level: float = 0.95,
    seed: int = 0,
    threads: int | None = None,
) -> Indices:
    """Return PAWN's indices.

    Parameters
    ----------
    factors, values
        (run, factor) and (run, output); NaN where a run failed.
    classes
        How many a factor is cut into, at most.
    resamples, level, seed, threads
        Halves for the intervals, and their level.

    """
    X = as_factors(factors)
    shuffled = np.random.default_rng([seed, len(X), 1]).permutation(len(X))

    def compute(own: Array, out: Array, chosen: NDArray[np.int64]) -> dict[str, Array]:
        del chosen
        low, high = _shares(out)
        idle = np.argsort(np.argsort(shuffled[: len(own)]))
        summaries = {name: np.empty((own.shape[1], out.shape[1])) for name in ("median", "mean", "maximum", "idle")}
        idle_of: dict[tuple[int, ...], Array] = {}
        for i in range(own.shape[1]):
            belongs = cut_by_quantile(own[:, i], classes)
            distance = _distances(low, high, belongs)
            summaries["median"][i] = np.median(distance, axis=0)
            summaries["mean"][i] = distance.mean(axis=0)
            summaries["maximum"][i] = distance.max(axis=0)
            sizes = tuple(np.bincount(belongs).tolist())
            if sizes not in idle_of:
                idle_of[sizes] = np.median(_distances(low, high, np.repeat(np.arange(len(sizes)), sizes)[idle]), axis=0)
            summaries["idle"][i] = idle_of[sizes]
        return summaries

    return estimate_given(
        "pawn",
        X,
        values,
        compute,
        ("median", "mean", "maximum", "idle"),
        least=2 * classes,
        resamples=resamples,
        level=level,
        seed=seed,
        threads=threads,
    )


def _shares(values: Array) -> tuple[Ranks, Ranks]:
    """Return how many runs are below each value, and how many are not above it, (output, run)."""
    runs, outputs = values.shape
    low, high = np.empty((2, outputs, runs), dtype=np.int32)
    for column in range(outputs):
        own = np.ascontiguousarray(values[:, column])
        order = np.argsort(own)
        ordered = own[order]
        begins = np.flatnonzero(np.concatenate([[True], ordered[1:] != ordered[:-1]]))
        sizes = np.diff(np.concatenate([begins, [runs]]))
        low[column, order] = np.repeat(begins, sizes)
        high[column, order] = np.repeat(begins + sizes, sizes)
    return low, high


def _distances(low: Ranks, high: Ranks, belongs: NDArray[np.int64]) -> Array:
    """Return the distance of each class, (class, output).

    Both distribution functions step at values of the class only, or the other's alone: the largest distance is beside a
    step of the class's own, where the shares below and not above are those of the run.
    """
    counts = np.bincount(belongs)
    order = np.argsort(belongs, kind="stable")
    ends = np.cumsum(counts)
    runs = low.shape[1]
    tied = bool((high - low != 1).any())
    out = np.empty((len(counts), len(low)))
    for number, (end, count) in enumerate(zip(ends, counts, strict=True)):
        rows = order[end - count : end]
        below = np.sort(low[:, rows], axis=1)
        above = np.sort(high[:, rows], axis=1) if tied else below + 1
        steps = np.arange(1, count + 1) / count
        # among ties the last run has the class's whole step, the first what is before it: others lie between
        out[number] = np.maximum((steps - above / runs).max(axis=1), (below / runs - steps + 1 / count).max(axis=1))
    return out
