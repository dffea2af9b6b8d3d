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
    distinct, number = np.unique(values, return_inverse=True)
    if len(distinct) <= classes:
        return np.asarray(number, dtype=np.int64)
    cuts = np.quantile(values, np.arange(1, classes) / classes)
    return _renumbered(np.searchsorted(cuts, values, side="right"))


def cut_by_rank(values: Array, classes: int) -> NDArray[np.int64]:
    """Return the class of each run, in classes of as many runs each; runs of one value may come apart.

    But where there are no more values than classes, each is a class.
    """
    distinct, number = np.unique(values, return_inverse=True)
    if len(distinct) <= classes:
        return np.asarray(number, dtype=np.int64)
    rank = np.empty(len(values), dtype=np.int64)
    rank[np.argsort(values, kind="stable")] = np.arange(1, len(values) + 1)
    edges = np.linspace(0, len(values), classes + 1)
    return _renumbered(np.searchsorted(edges, rank, side="left") - 1)


def _renumbered(classes: NDArray[np.int64]) -> NDArray[np.int64]:
    return np.asarray(np.unique(classes, return_inverse=True)[1], dtype=np.int64)
