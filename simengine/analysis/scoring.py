"""Feature scores: which factors a forest of trees splits by to foresee an output, however bent its response.

In: factors (run, factor) and outputs (run, output). Out: `score`, shares that add up to 1 over the factors; the fit `R2
out of bag`, how much of the variance trees foresee in runs they have not seen. Where that is low, scores are noise.

Forests are scikit-learn's extremely randomised trees, as in the EMA workbench. Intervals: forests on halves of the
runs.

Invariant: the same runs and seed give the same scores, on any number of threads.
References: Geurts, Ernst and Wehenkel, Machine Learning 63 (2006) 3; Jaxa-Rozen and Kwakkel, Env. Modelling Software
107 (2018)
245, for its use beside Sobol' indices.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from simengine.analysis.indices import Array, Indices, as_columns, as_factors, is_constant, reasons_of
from simengine.analysis.resample import draw_halves, measure_of, without_interval
from simengine.analysis.threads import available_threads

_LEAST = 40
_MOST_RUNS = 20_000
"""Forests are grown on so many runs at most, evenly taken: more change scores by less than their intervals."""
_LARGE = 100_000
"""Numbers of a sample from which on threads cost less than they bring."""


def feature_scores(
    factors: NDArray[np.generic],
    values: NDArray[np.generic],
    *,
    trees: int = 100,
    resamples: int = 8,
    level: float = 0.95,
    seed: int = 0,
    threads: int | None = None,
) -> Indices:
    """Return scores of all factors.

    Parameters
    ----------
    factors, values
        (run, factor) and (run, output); NaN where a run failed. One forest an output: give a few, not thousands.
    trees
        In the whole's forest; those of halves have a quarter as many.
    resamples, level, seed, threads
        Halves for the intervals, and their level.

    """
    X = as_factors(factors)
    Y = as_columns(values, len(X))
    shape = (X.shape[1], Y.shape[1])
    table, fit = np.full((1 + resamples, *shape), np.nan), np.full((1, Y.shape[1]), np.nan)
    sound = np.isfinite(Y).sum(axis=0)
    used = sound.copy()
    constant = np.zeros(Y.shape[1], dtype=np.bool_)
    for column in range(Y.shape[1]):
        rows = np.flatnonzero(np.isfinite(Y[:, column]))
        rows = rows[:: max(1, -(-len(rows) // _MOST_RUNS))]
        used[column] = len(rows)
        x, y = X[rows], Y[rows, column]
        if len(rows) < _LEAST:
            continue
        constant[column] = bool(is_constant(y.mean(keepdims=True), y.var(keepdims=True))[0])
        if constant[column]:
            continue
        whole = _grow(x, y, trees, seed, threads)
        table[0, :, column], fit[0, column] = whole.feature_importances_, _fit_out_of_bag(whole, x, y)
        for number, half in enumerate(draw_halves(len(rows), resamples, seed)):
            if np.ptp(y[half]) > 0:
                grown = _grow(x[half], y[half], max(trees // 4, 10), seed + 1 + number, threads)
                table[1 + number, :, column] = grown.feature_importances_
    measures = {"score": measure_of(table[0], table[1:], level) if resamples else without_interval(table[0])}
    reasons = reasons_of(used >= _LEAST, constant)
    fits = {"R2 out of bag": without_interval(fit[0])}
    return Indices("scoring", measures, used, len(X) - sound, reasons, fits=fits)


def _grow(factors: Array, values: Array, trees: int, seed: int, threads: int | None) -> Any:
    """Return a forest."""
    from sklearn.ensemble import ExtraTreesRegressor

    least = max(1, len(values) // 200)
    workers = (threads or available_threads()) if factors.size > _LARGE else 1
    forest = ExtraTreesRegressor(
        trees, min_samples_leaf=least, max_features=1 / 3, bootstrap=True, random_state=seed, n_jobs=workers
    )
    return forest.fit(factors, values)


def _fit_out_of_bag(forest: Any, factors: Array, values: Array) -> float:
    """Return how well trees foresee runs they were not grown on."""
    seen, count = np.zeros(len(values)), np.zeros(len(values))
    for tree, rows in zip(forest.estimators_, forest.estimators_samples_, strict=True):
        left = np.ones(len(values), dtype=np.bool_)
        left[rows] = False
        seen[left] += tree.predict(factors[left])
        count[left] += 1
    known = count > 0
    missed = values[known] - seen[known] / count[known]
    return float(1 - (missed**2).mean() / values[known].var())
