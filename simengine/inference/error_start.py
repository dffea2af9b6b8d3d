"""Where to start the search for an error model's numbers: what the errors of a fit suggest.

In: an error model, observations, predictions. Out: a value for each number that is estimated.

Of a scale alone, without AR(1), of normal, lognormal, relative and Laplace errors it is the maximum likelihood
estimate.

Invariant: every value is inside the range of its number.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from simengine.inference.arrays import Array, as_rows, as_vector
from simengine.inference.error import ErrorModel
from simengine.inference.error_law import MeasuredLaw
from simengine.inference.error_shape import Laplace


def start_numbers(
    model: ErrorModel, observed: ArrayLike, predicted: ArrayLike, weights: ArrayLike | None = None
) -> Array:
    """Return values to start from: (K, E).

    Examples
    --------
    >>> from simengine.inference.error import error_model
    >>> start_numbers(error_model("normal"), [1.0, 3.0], [[2.0, 2.0]]).tolist()
    [[1.0]]

    """
    y, m = as_vector(observed), as_rows(predicted)
    used = model.used(y, weights)
    w = np.ones(int(used.sum())) if weights is None else np.broadcast_to(as_vector(weights), y.shape)[used]
    rows = [_of_one(model, y[used], row[used], w) for row in m]
    return np.array(rows).reshape(len(m), len(model.estimated))


def _of_one(model: ErrorModel, y: Array, m: Array, w: Array) -> list[float]:
    found = {"degrees of freedom": 4.0, "threshold": 1.345, "scale": 1.0, "autocorrelation": 0.0, "size": 10.0}
    with np.errstate(all="ignore"):
        if isinstance(model.law, MeasuredLaw):
            z = model.law.errors(y, m)
            size = np.abs(z) if isinstance(model.law.shape, Laplace) else z * z
            spread = float(np.sum(w * size) / np.sum(w))
            found["scale"] = spread if isinstance(model.law.shape, Laplace) else float(np.sqrt(spread))
            found["autocorrelation"] = float(np.clip(np.sum(z[1:] * z[:-1]) / np.sum(z * z), -0.9, 0.9))
        else:
            beyond = np.sum(w * ((y - m) ** 2 - m)) / np.sum(w * m * m)  # variance m + m^2/size, by moments
            found["size"] = float(1.0 / np.clip(beyond, 1e-6, 1e6))
    out = []
    for number in model.estimated:
        value = found[number.name]
        fallback = 1.0 if number.name == "scale" else 0.0
        good = np.isfinite(value) and (number.low < value < number.high)
        out.append(value if good else fallback)
    return out
