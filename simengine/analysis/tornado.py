"""One at a time: how far each factor alone moves an output from where it is with all factors in the middle.

In: factors (run, factor) and outputs (run, output) of a design whose first run is the middle and of which every other
run changes one factor. Out: `lowest` and `highest`, the output's furthest changes; `range`, the distance between them.

Nothing is said of what factors do together, so it is for a first look, and for pictures. There are no intervals:
nothing in it is drawn.

Invariant: a run that failed gives no change; where the middle failed there is none at all.
References: Eschenbach, Interfaces 22 (1992) 40, for tornado diagrams; Saltelli and Annoni, Env. Modelling Software 25
(2010)
1508, for why not to stop there.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from simengine.analysis.indices import Indices, as_columns, as_factors, is_constant
from simengine.analysis.resample import without_interval

MIDDLE_FAILED = "the run with all factors in the middle failed"


def tornado_ranges(factors: NDArray[np.generic], values: NDArray[np.generic]) -> Indices:
    """Return how far each factor alone moves each output.

    Parameters
    ----------
    factors, values
        (run, factor) and (run, output); NaN where a run failed.

    Raises
    ------
    ValueError
        If a run changes more than one factor of the first.

    """
    X = as_factors(factors)
    Y = as_columns(values, len(X))
    moved = X[:1] != X
    if (moved.sum(axis=1) > 1).any():
        raise ValueError("runs are not one at a time: some change more than one factor of the first")
    change = Y - Y[:1]
    shape = (X.shape[1], Y.shape[1])
    lowest, highest = np.zeros(shape), np.zeros(shape)
    for i in range(X.shape[1]):
        own = change[moved[:, i]]
        known = np.isfinite(own)
        lowest[i] = np.where(known, own, 0.0).min(axis=0, initial=0.0)
        highest[i] = np.where(known, own, 0.0).max(axis=0, initial=0.0)
        nothing = ~known.any(axis=0) if len(own) else np.zeros(Y.shape[1], dtype=np.bool_)
        lowest[i, nothing] = highest[i, nothing] = np.nan
    middle = np.isfinite(Y[0])
    size = np.where(middle, Y[0], 0.0)
    still = middle & is_constant(size, (highest - lowest).max(axis=0, initial=0.0) ** 2)
    found = {"lowest": lowest, "highest": highest, "range": highest - lowest}
    measures = {n: without_interval(np.where(middle, np.where(still, 0.0, m), np.nan)) for n, m in found.items()}
    used = np.isfinite(Y).sum(axis=0)
    reasons = tuple("" if ok else MIDDLE_FAILED for ok in middle)
    return Indices("one at a time", measures, used, len(X) - used, reasons)
