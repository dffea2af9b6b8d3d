"""Classes of a factor: runs whose values of it are alike, by which an output is conditioned.

In: a factor's values. Out: for each run the number of its class.

A factor of few values, such as a choice, has a class for each of them; others are cut where equal shares of runs are.

Invariant: every run has a class, and every class has runs.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from simengine.analysis.indices import Array


def cut_by_quantile(values: Array, classes: int) -> NDArray[np.int64]:
    """Return the class of each run, cut at quantiles; a value at a cut is in the upper class.

    Examples
    --------
    >>> cut_by_quantile(np.array([0.1, 0.9, 0.2, 0.6]), 2).tolist()
    [0, 1, 0, 1]
    >>> cut_by_quantile(np.array([0.0, 1, 0, 0]), 10).tolist()
    [0, 1, 0, 0]

    """
    few = _few_values(values, classes)
    if few is not None:
        return few
    cuts = np.quantile(values, np.arange(1, classes) / classes)
    return _renumbered(np.searchsorted(cuts, values, side="right"))


def cut_by_rank(values: Array, classes: int) -> NDArray[np.int64]:
    """Return the class of each run, in classes of as many runs each; runs of one value may come apart.

    But where there are no more values than classes, each is a class.
    """
    few = _few_values(values, classes)
    if few is not None:
        return few
    rank = np.empty(len(values), dtype=np.int64)
    rank[np.argsort(values, kind="stable")] = np.arange(1, len(values) + 1)
    edges = np.linspace(0, len(values), classes + 1)
    return _renumbered(np.searchsorted(edges, rank, side="left") - 1)


def _few_values(values: Array, classes: int) -> NDArray[np.int64] | None:
    """Return classes of a value each, None where there are more values than classes."""
    if len(np.unique(values[: 8 * classes])) > classes:  # the first runs settle it for what is continuous
        return None
    distinct, number = np.unique(values, return_inverse=True)
    return np.asarray(number, dtype=np.int64) if len(distinct) <= classes else None


def _renumbered(classes: NDArray[np.intp]) -> NDArray[np.int64]:
    """Return classes without those that no run is in."""
    there = np.bincount(classes) > 0
    if there.all():
        return np.asarray(classes, dtype=np.int64)
    return np.asarray((np.cumsum(there) - 1)[classes], dtype=np.int64)
