"""Estimates from given data: from whatever runs there are, with intervals by halves.

In: factors (run, factor), outputs (run, output), and a function that computes measures of sound runs. Out: `Indices`.

Outputs that failed in the same runs are computed together, from the runs that are left.

Invariant: a run that failed takes no part in the output that failed; in all others it does.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from simengine.analysis.indices import Array, Indices, as_columns, is_constant, reasons_of
from simengine.analysis.resample import draw_halves, measure_of, without_interval
from simengine.analysis.threads import column_parts, map_parts

_COLUMNS = 64

Compute = Callable[[Array, Array, NDArray[np.int64]], dict[str, Array]]
"""From factors (run, factor) and outputs (run, output) without failures, and the places of the runs among all: measures
(factor, output)."""


def estimate_given(
    method: str,
    factors: Array,
    values: NDArray[np.generic],
    compute: Compute,
    names: tuple[str, ...],
    *,
    least: int,
    resamples: int,
    level: float,
    seed: int,
    threads: int | None,
    notes: tuple[str, ...] = (),
) -> Indices:
    """Return what a function gives for all outputs, with intervals.

    Parameters
    ----------
    method
        Its name.
    factors, values
        (run, factor) and (run, output); NaN where a run failed.
    compute, names
        What to compute, and the measures it gives.
    least
        How many runs, at least, have to be left; half of them for an interval.
    resamples
        How many halves; 0 gives no intervals.
    level, seed, threads
        Level of the intervals; which halves; how many threads.
    notes
        What a reader must know.

    """
    Y = as_columns(values, len(factors))
    halves = {}

    def work(part: slice) -> list[tuple[NDArray[np.int64], dict[str, Array], Array, Array]]:
        out = []
        for columns, kept in group_by_failure(Y[:, part]):
            found, count = _estimate(factors[kept], Y[kept][:, part][:, columns], kept, compute, halves_of, least)
            out.append((columns + part.start, found, *count))
        return out

    def halves_of(runs: int) -> list[NDArray[np.int64]]:
        if runs not in halves:
            halves[runs] = list(draw_halves(runs, resamples, seed))
        return halves[runs]

    done = [group for part in map_parts(work, column_parts(Y.shape[1], _COLUMNS), threads) for group in part]
    outputs = Y.shape[1]
    used = np.zeros(outputs, dtype=np.int64)
    constant = np.zeros(outputs, dtype=np.bool_)
    table = {name: np.full((1 + resamples, factors.shape[1], outputs), np.nan) for name in names}
    for columns, found, count, still in done:
        used[columns], constant[columns] = count, still.astype(np.bool_)
        for name, got in found.items():
            table[name][: len(got), :, columns] = np.where(still.astype(np.bool_), np.nan, got)
    measures = {
        name: measure_of(got[0], got[1:], level) if resamples else without_interval(got[0])
        for name, got in table.items()
    }
    reasons = reasons_of(used >= least, constant)
    return Indices(method, measures, used, len(Y) - used, reasons, notes=notes)


def group_by_failure(values: Array) -> list[tuple[NDArray[np.int64], NDArray[np.int64]]]:
    """Return columns that have numbers in the same runs, and those runs."""
    sound = np.isfinite(values)
    if sound.all():
        return [(np.arange(values.shape[1]), np.arange(len(values)))]
    patterns: dict[bytes, list[int]] = {}
    for column in range(values.shape[1]):
        patterns.setdefault(np.packbits(sound[:, column]).tobytes(), []).append(column)
    return [(np.asarray(own), np.flatnonzero(sound[:, own[0]])) for own in patterns.values()]


def _estimate(
    factors: Array,
    values: Array,
    kept: NDArray[np.int64],
    compute: Compute,
    halves_of: Callable[[int], list[NDArray[np.int64]]],
    least: int,
) -> tuple[dict[str, Array], tuple[Array, Array]]:
    """Return measures of all runs and of halves, (1 + resample, factor, output); how many runs; what is constant."""
    runs, outputs = values.shape
    count = np.full(outputs, float(runs))
    if runs < least:
        return {}, (count, np.zeros(outputs))
    mean, spread = values.mean(axis=0), values.std(axis=0)
    still = is_constant(mean, spread**2) | (np.ptp(values, axis=0) == 0)
    chosen = [np.arange(runs)] + (halves_of(runs) if runs // 2 >= least else [])
    parts = [compute(factors[rows], values[rows], kept[rows]) for rows in chosen]
    return {name: np.stack([p[name] for p in parts]) for name in parts[0]}, (count, still.astype(np.float64))
