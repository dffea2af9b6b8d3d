"""Innovations of measured errors and what moves them: what kinks are of.

In: an `ErrorModel` of what is measured, observations, predictions with derivatives. Out: innovations in units of their
scale, with derivatives by parameters and by the autocorrelation.

Invariant: errors that are not carried over are their own innovations; where nothing was observed all is 0.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from simengine.inference.arrays import Array
from simengine.inference.error import ErrorModel
from simengine.inference.error_law import MeasuredLaw


def innovations_of(
    model: ErrorModel,
    observed: ArrayLike,
    predicted: ArrayLike,
    jacobian: ArrayLike,
    scales: ArrayLike | None = None,
    weights: ArrayLike | None = None,
    times: ArrayLike | None = None,
) -> tuple[Array, Array, Array]:
    """Return innovations (K, n), and derivatives by parameters (K, n, D) and by the autocorrelation (K, n).

    jacobian: derivatives of the predictions, (K, n, D).
    """
    law = model.law
    assert isinstance(law, MeasuredLaw)
    s = model.settled(observed, predicted, scales, weights, times)
    moved = np.asarray(jacobian, dtype=np.float64)[:, s.used]
    with np.errstate(all="ignore"):
        value, slopes = law.innovations(s.y, s.m, s.numbers, s.periods, moved)
        chain = law.chain(s.numbers, s.periods)
        by_phi = chain.moved_by_phi(chain.errors(value), value)
    return s.spread(value), s.spread(slopes), s.spread(by_phi)
