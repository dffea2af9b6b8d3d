"""Places in arrays of slots, numbers or tables: as a number, as sums of loop indices, or read from a table.

In: an array over the axes, and where each loop stands. Out: a number, or a register holding one.

Invariant: the place found is the array's own entry, whatever its pattern.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from simengine.kernel.llvm.body import Body

Index = int | str
"""Where a loop stands: a number (unrolled), or a register."""


@dataclass(frozen=True, slots=True)
class Affine:
    """First + the sum of stride x index."""

    first: int
    strides: tuple[int, ...]


def affine_of(array: NDArray[np.int64]) -> Affine | None:
    """Return an array as a sum of strides; None if it is none."""
    if array.size == 0:
        return None
    first = int(array.ravel()[0])
    strides = []
    for axis, size in enumerate(array.shape):
        at = [0] * array.ndim
        at[axis] = min(1, size - 1)
        strides.append(int(array[tuple(at)]) - first)
    built = np.full(array.shape, first, dtype=np.int64)
    for axis, (size, stride) in enumerate(zip(array.shape, strides, strict=True)):
        shape = [1] * array.ndim
        shape[axis] = size
        built = built + (np.arange(size, dtype=np.int64) * stride).reshape(shape)
    return Affine(first, tuple(strides)) if np.array_equal(built, array) else None


class Tables(Protocol):
    """Keeps constant arrays of a module."""

    def keep(self, array: NDArray[Any]) -> str:
        """Return the name of a constant array that holds these entries."""


class Places:
    """Finds places; what is known of an array is kept.

    Parameters
    ----------
    tables
        Where arrays without a pattern go.

    """

    def __init__(self, tables: Tables) -> None:
        self.tables = tables
        self._known: dict[int, tuple[NDArray[np.int64], Affine | None]] = {}

    def find(self, body: Body, array: NDArray[np.int64], index: dict[int, Index]) -> Index:
        """Return the entry of an array of whole numbers where the loops stand."""
        axes = [axis for axis, size in enumerate(array.shape) if size > 1]
        known = entry_at(array, index)
        if known is not None:
            return known
        affine = self._affine(array)
        if affine is not None:
            return sum_of(body, affine.first, [(index[a], affine.strides[a]) for a in axes])
        name = self.tables.keep(np.ascontiguousarray(array, dtype=np.int64))
        place = flat_index(body, array.shape, index)
        pointer = body.new(f"getelementptr inbounds i64, ptr {name}, i64 {place}")
        return body.new(f"load i64, ptr {pointer}, !invariant.load !0")

    def _affine(self, array: NDArray[np.int64]) -> Affine | None:
        known = self._known.get(id(array))
        if known is None:
            known = self._known[id(array)] = (array, affine_of(array))  # the array is held: its id stays its own
        return known[1]


def entry_at(array: NDArray[np.int64], index: dict[int, Index]) -> int | None:
    """Return the entry of an array where all loops it depends on stand at known places; else None."""
    at = [0] * array.ndim
    for axis, size in enumerate(array.shape):
        if size > 1:
            place = index[axis]
            if not isinstance(place, int):
                return None
            at[axis] = place
    return int(array[tuple(at)])


def flat_index(body: Body, shape: tuple[int, ...], index: dict[int, Index]) -> Index:
    """Return the place in a flattened array (last axis fastest) where the loops stand."""
    stride, terms = 1, []
    for axis in reversed(range(len(shape))):
        if shape[axis] > 1:
            terms.append((index[axis], stride))
        stride *= shape[axis]
    return sum_of(body, 0, terms)


def sum_of(body: Body, first: int, terms: list[tuple[Index, int]]) -> Index:
    """Return first + the sum of index x stride."""
    number, register = first, ""
    for index, stride in terms:
        if isinstance(index, int):
            number += index * stride
            continue
        term = index if stride == 1 else body.new(f"mul nsw i64 {index}, {stride}")
        register = body.new(f"add nsw i64 {register}, {term}") if register else term
    if not register:
        return number
    return body.new(f"add nsw i64 {register}, {number}") if number else register
