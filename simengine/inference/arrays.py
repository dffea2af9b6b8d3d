"""What arrays of this room look like: one type, and the shapes everything is brought to.

In: numbers, vectors, matrices. Out: float64 arrays of the shape asked for.

Invariant: K parameter sets are the first axis, n observations the second; a single set is a row.
"""

from __future__ import annotations

from typing import TypeAlias

import numpy as np
from numpy.typing import ArrayLike, NDArray

Array: TypeAlias = NDArray[np.float64]
Bools: TypeAlias = NDArray[np.bool_]
Places: TypeAlias = NDArray[np.int64]


def as_rows(values: ArrayLike) -> Array:
    """Return values as (K, n): a vector is one row.

    Examples
    --------
    >>> as_rows([1.0, 2.0]).shape
    (1, 2)

    """
    return np.atleast_2d(np.asarray(values, dtype=np.float64))


def as_vector(values: ArrayLike) -> Array:
    """Return values as (n,)."""
    return np.atleast_1d(np.asarray(values, dtype=np.float64))
