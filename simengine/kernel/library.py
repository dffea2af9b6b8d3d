"""What generated code calls besides primitives: plain NumPy, and reductions in a fixed order.

Invariant: reductions go from the first element to the last, so that the bits do not depend on how an array
lies in memory or how many runs go together.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

Fold = Callable[[Any, tuple[int, ...], int], Any]


def sum_in_order(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the sum along the first axis, from the first to the last (`np.sum` pairs, depending on the layout)."""
    return np.asarray(np.add.accumulate(values, axis=0)[-1])


def library(*, many: bool) -> dict[str, Any]:
    """Return the names generated code may use."""
    return {
        "__builtins__": {},
        "nan": np.nan,
        "inf": np.inf,
        "float64": np.float64,
        "where": np.where,
        "square": np.square,
        "copy": np.array,
        "add": np.add,
        "subtract": np.subtract,
        "multiply": np.multiply,
        "divide": np.divide,
        "exp": np.exp,
        "log": np.log,
        "drop": _drop(many=many),
        "fold_sum": _fold(np.add, 0.0, many=many),
        "fold_product": _fold(np.multiply, 1.0, many=many),
        "fold_min": _extreme(np.min, np.inf, many=many),
        "fold_max": _extreme(np.max, -np.inf, many=many),
    }


def _fold(function: Any, start: float, *, many: bool) -> Fold:
    def fold(value: Any, axes: tuple[int, ...], rank: int) -> Any:
        if np.ndim(value) < rank + many:
            return value  # the same at every point, as the compiler says by not spreading it
        for axis in axes:
            value = _fold_axis(function, start, value, axis)
        return value

    return fold


def _fold_axis(function: Any, start: float, value: Any, axis: int) -> Any:
    count = value.shape[axis]
    if count == 1:
        return value
    if count == 0:
        return np.full((*value.shape[:axis], 1, *value.shape[axis + 1 :]), start)
    if value.size <= 64 * count:
        return function.accumulate(value, axis=axis)[(slice(None),) * axis + (slice(-1, None),)]
    moved = np.moveaxis(value, axis, 0)  # the same additions, without an array of all sums on the way
    total = function(moved[0], moved[1])
    for place in range(2, count):
        function(total, moved[place], out=total)
    return np.expand_dims(total, axis)


def _extreme(function: Any, start: float, *, many: bool) -> Fold:
    def fold(value: Any, axes: tuple[int, ...], rank: int) -> Any:
        if np.ndim(value) < rank + many:
            return value
        # the order decides which zero is found, 0.0 or -0.0: adding 0.0 leaves but one
        return function(value, axis=axes, keepdims=True, initial=start) + 0.0

    return fold


def _drop(*, many: bool) -> Callable[[Any, int, int], Any]:
    def drop(value: Any, left: int, rank: int) -> Any:
        """Return a value without the axes after the first `left`: one point is left of each."""
        if np.ndim(value) < rank + many:
            return value
        return value[(slice(None),) * left + (0,) * (rank - left)]

    return drop
