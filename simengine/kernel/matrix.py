"""The inverse of matrices, many at once.

Invariant: the same bits on every machine and in every batch: plain elimination, no library for linear algebra.
References: Golub and Van Loan, Matrix Computations (2013), 3.4 (partial pivoting).
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]


def inverse(matrices: Array) -> Array:
    """Return the inverses of matrices (..., n, n); a singular one gives values that are not finite."""
    size = matrices.shape[-1]
    left = np.array(matrices, dtype=np.float64)
    right = np.broadcast_to(np.eye(size), left.shape).copy()
    for column in range(size):
        pivot = column + np.argmax(np.abs(left[..., column:, column]), axis=-1)
        for part in (left, right):
            best = np.take_along_axis(part, pivot[..., None, None], axis=-2)[..., 0, :].copy()
            np.put_along_axis(part, pivot[..., None, None], part[..., column : column + 1, :].copy(), axis=-2)
            part[..., column, :] = best
        factor = left[..., column, column, None].copy()
        left[..., column, :] /= factor
        right[..., column, :] /= factor
        for row in range(size):
            if row != column:
                times = left[..., row, column, None].copy()
                left[..., row, :] -= times * left[..., column, :]
                right[..., row, :] -= times * right[..., column, :]
    return right
