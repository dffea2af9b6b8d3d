"""Elementary effects: which factors matter at all, from few runs.

In: factors (run, factor) and outputs (run, output) of trajectories: blocks of D + 1 runs, of which each changes one
factor. Out: `mu` (mean effect), `mu_star` (mean size of the effect), `sigma` (spread of the effect: interaction or
curvature).

An effect is the change of the output by that of the factor, which is counted in the units `factors` are given in: give
factors in [0, 1) to compare them.

Invariant: a trajectory in which a run failed takes no part in the output that failed.
References: Morris, Technometrics 33 (1991) 161; Campolongo, Cariboni and Saltelli, Env. Modelling Software 22 (2007)
1509.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from simengine.analysis.indices import Array, Indices, all_sound, as_columns, as_factors, reasons_of
from simengine.analysis.resample import draw_counts, measure_of
from simengine.analysis.threads import column_parts, map_parts

_COLUMNS = 256


def elementary_effects(factors: Array, values: Array) -> Array:
    """Return the effect of each factor in each trajectory, (trajectory, factor, output).

    Raises
    ------
    ValueError
        If runs are no trajectories.

    """
    runs, many = factors.shape
    if runs == 0 or runs % (many + 1):
        raise ValueError(f"{runs} runs are no whole trajectories of {many + 1}, which {many} factors take")
    steps = np.diff(factors.reshape(-1, many + 1, many), axis=1)
    moved = steps != 0
    if not ((moved.sum(axis=2) == 1).all() and (moved.sum(axis=1) == 1).all()):
        raise ValueError(
            "runs are no trajectories: each run must change one factor, and a trajectory each of them once"
        )
    which = np.argmax(moved, axis=2)
    size = np.take_along_axis(steps, which[:, :, None], axis=2)
    change = np.diff(values.reshape(len(steps), many + 1, -1), axis=1) / size
    out = np.empty_like(change)
    np.put_along_axis(out, np.broadcast_to(which[:, :, None], change.shape), change, axis=1)
    return out


def morris_indices(
    factors: NDArray[np.generic],
    values: NDArray[np.generic],
    *,
    resamples: int = 100,
    level: float = 0.95,
    seed: int = 0,
    threads: int | None = None,
) -> Indices:
    """Return mu, mu* and sigma with intervals from resampled trajectories.

    Parameters
    ----------
    factors, values
        (run, factor) and (run, output), in trajectories; NaN where a run failed.
    resamples, level, seed, threads
        As for `sobol_indices`.

    Raises
    ------
    ValueError
        If runs are no trajectories.

    """
    X = as_factors(factors)
    Y = as_columns(values, len(X))
    block = X.shape[1] + 1
    elementary_effects(X, np.zeros((len(X), 1)))  # refused before anything is computed
    counts = draw_counts(len(X) // block, resamples, seed)

    def work(part: slice) -> tuple[Array, Array]:
        with np.errstate(invalid="ignore"):
            effects = elementary_effects(X, Y[:, part])
        return _moments(effects, counts)

    done = map_parts(work, column_parts(Y.shape[1], _COLUMNS), threads)
    count = np.concatenate([c for c, _ in done])
    found = np.concatenate([m for _, m in done], axis=3)
    enough = count >= 2
    size = np.where(enough, found[1, 0], np.nan)
    constant = enough & (size == 0).all(axis=0)
    names = ("mu", "mu_star", "sigma")
    measures = {
        name: measure_of(np.where(enough & ~constant, m[0], np.nan), m[1:], level)
        for name, m in zip(names, found, strict=True)
    }
    used = (count * block).astype(np.int64)
    return Indices("morris", measures, used, len(X) - used, reasons_of(enough, constant))


def _moments(effects: Array, counts: Array) -> tuple[Array, Array]:
    """Return how many trajectories are sound, and (mu, mu*, sigma) by resample, factor and output."""
    points, factors, outputs = effects.shape
    sound = all_sound(effects)
    effects = np.where(sound[:, None, :], effects, 0.0)
    centre = effects.sum(axis=0) / np.maximum(sound.sum(axis=0), 1)
    moved = np.where(sound[:, None, :], effects - centre, 0.0)

    def weigh(terms: Array) -> Array:
        return (counts @ terms.reshape(points, -1)).reshape(len(counts), -1, outputs)

    with np.errstate(divide="ignore", invalid="ignore"):
        count = weigh(sound[:, None, :].astype(np.float64))
        mean, square = weigh(moved) / count, weigh(moved * moved) / count
        size = weigh(np.abs(effects)) / count
        spread = np.sqrt(np.maximum(square - mean**2, 0.0) * count / (count - 1))
    assert mean.shape[1] == factors
    return count[0, 0], np.stack([mean + centre, size, spread])
