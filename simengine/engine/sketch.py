"""Quantiles over runs, without the runs: counts of values in buckets.

In: values of runs, cell by cell (a time, or statistic, of a column). Out: quantiles of every cell; which runs failed.

A bucket holds the doubles that share sign, exponent and the first 10 bits of the significand, so that a quantile is off
by at most 1 part in 2000 of itself, whatever the size of values; smallest and largest are exact.

Invariant: the counts, and so the quantiles, do not depend on the order in which runs come, nor on the threads.
References: Masson, Rim and Lee, DDSketch (2019), for mergeable sketches of relative error; Hyndman and Fan, Sample
quantiles in statistical packages (1996), definition 1.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

_BITS = 10
_SHIFT = np.uint64(52 - _BITS)
_ROOM = 12 + _BITS
"""Bits of the number of a bucket."""
_SIGN = np.uint64(1) << np.uint64(63)
_LEAST = np.iinfo(np.int64).min
_PIECE = 1 << 17
"""Values counted at a time, of many: 1 MB, which stays in the cache from step to step."""
_PENDING = 1 << 20
"""Values gathered before they are counted: sorting many at once is cheaper."""

Keys = NDArray[np.int64]


class Sketch:
    """Counts of the values of a number of cells.

    Parameters
    ----------
    shape
        Shape of the values of one run.

    """

    def __init__(self, shape: tuple[int, ...]) -> None:
        self.shape = shape
        self.cells = int(np.prod(shape, dtype=np.int64))
        self.runs = 0
        self.failed: list[int] = []
        """Places of the runs in which a value was not a number; they are not counted."""
        self._least = np.full(self.cells, np.inf)
        self._largest = np.full(self.cells, -np.inf)
        self._keys: Keys = np.empty(0, dtype=np.int64)
        self._counts: Keys = np.empty(0, dtype=np.int64)
        self._pending: list[Keys] = []
        self._waiting = 0

    def add(self, values: NDArray[np.float64], first: int) -> None:
        """Count the values of runs, (run, ...); `first` is the place of the first of them."""
        rows = values.reshape(len(values), self.cells)
        sound = np.isfinite(rows).all(axis=1)
        if not sound.all():
            self.failed += (first + np.flatnonzero(~sound)).tolist()
            rows = rows[sound]
        self.runs += len(rows)
        if not rows.size:
            return
        if rows.size >= _PENDING:
            self._join(*self._counted(rows))
            return
        self._pending.append(self._numbered(rows, 0))
        self._waiting += rows.size
        if self._waiting >= _PENDING:
            self._count()

    def _counted(self, rows: NDArray[np.float64]) -> tuple[Keys, Keys]:
        """Return the buckets of many runs and how often each is there, some cells at a time, which the cache holds."""
        step = max(1, _PIECE // len(rows))
        parts = [_tally(self._numbered(rows[:, n : n + step], n)) for n in range(0, self.cells, step)]
        keys, counts = zip(*parts, strict=True)
        return np.concatenate(keys), np.concatenate(counts)

    def _numbered(self, rows: NDArray[np.float64], first: int) -> Keys:
        """Return the buckets of values, (run, cell), numbered by cell; note the smallest and largest of each cell."""
        rows = rows + 0.0  # one zero only
        own = slice(first, first + rows.shape[1])
        np.minimum(self._least[own], rows.min(axis=0), out=self._least[own])
        np.maximum(self._largest[own], rows.max(axis=0), out=self._largest[own])
        keys = np.empty(rows.shape, dtype=np.int64)
        _bucket(rows, out=keys)
        keys |= np.arange(own.start, own.stop, dtype=np.int64) << _ROOM
        return keys

    def merge(self, other: Sketch) -> None:
        """Take over the counts of another sketch of the same cells."""
        other._count()
        self._count()
        self.runs += other.runs
        self.failed += other.failed
        np.minimum(self._least, other._least, out=self._least)
        np.maximum(self._largest, other._largest, out=self._largest)
        self._join(other._keys, other._counts)

    def quantiles(self, levels: Sequence[float]) -> NDArray[np.float64]:
        """Return for each level the smallest value that so large a share of runs does not exceed: (level, ...).

        Not a number where no run was counted.
        """
        self._count()
        out = np.full((len(levels), self.cells), np.nan)
        if self.runs:
            cells = self._keys >> _ROOM
            values = _middle(self._keys & ((1 << _ROOM) - 1))
            through = np.cumsum(self._counts)
            for row, level in enumerate(levels):
                rank = max(1, int(np.ceil(level * self.runs * (1 - 1e-15))))
                # counts of cells follow one another, `runs` of them each
                at = np.searchsorted(through, np.arange(self.cells, dtype=np.int64) * self.runs + rank)
                assert np.array_equal(cells[at], np.arange(self.cells))
                out[row] = np.clip(values[at], self._least, self._largest)
        return out.reshape(len(levels), *self.shape)

    def counts(self) -> tuple[Keys, Keys, Keys]:
        """Return cell, bucket and count of all buckets that are not empty, in order of cell and bucket."""
        self._count()
        return self._keys >> _ROOM, self._keys & ((1 << _ROOM) - 1), self._counts

    @property
    def ends(self) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """The smallest and the largest value of every cell."""
        return self._least, self._largest

    @staticmethod
    def of(shape: tuple[int, ...], runs: int, counts: Sequence[Keys], ends: Sequence[NDArray[np.float64]]) -> Sketch:
        """Return the sketch that `runs`, `counts()` and `ends` of another came from."""
        made = Sketch(shape)
        cells, buckets, numbers = counts
        made.runs = runs
        made._keys = (np.asarray(cells, dtype=np.int64) << _ROOM) | np.asarray(buckets, dtype=np.int64)
        made._counts = np.asarray(numbers, dtype=np.int64)
        made._least, made._largest = (np.array(e, dtype=np.float64).ravel() for e in ends)
        return made

    def means(self) -> NDArray[np.float64]:
        """Return the mean of every cell, to 1 part in 2000 of its size: every value stands for its bucket's middle."""
        cells, buckets, numbers = self.counts()
        total = np.bincount(cells, weights=_middle(buckets) * numbers, minlength=self.cells)
        mean = np.clip(total / self.runs, self._least, self._largest) if self.runs else np.full(self.cells, np.nan)
        return mean.reshape(self.shape)

    def _count(self) -> None:
        if self._pending:
            keys, counts = _tally(np.concatenate(self._pending))
            self._pending, self._waiting = [], 0
            self._join(keys, counts)

    def _join(self, keys: Keys, counts: Keys) -> None:
        if not self._keys.size:
            self._keys, self._counts = keys, counts
            return
        both = np.concatenate([self._keys, keys])
        order = np.argsort(both, kind="stable")
        both, numbers = both[order], np.concatenate([self._counts, counts])[order]
        starts = np.flatnonzero(np.diff(both, prepend=-1))
        self._keys = both[starts]
        self._counts = np.add.reduceat(numbers, starts) if starts.size else numbers


def _tally(keys: Keys) -> tuple[Keys, Keys]:
    """Return the different keys, rising, and how often each is there; of rows with a column a cell."""
    least = keys.min(axis=0)
    width = keys.max(axis=0) - least + 1
    total = int(width.sum())
    if total > _SPARSE * keys.size:
        return np.unique(keys, return_counts=True)
    # values of a cell are mostly near each other: their buckets can be counted in place, which takes no sorting
    first = np.cumsum(width) - width
    counts = np.bincount((keys + (first - least)).ravel(), minlength=total)
    there = np.flatnonzero(counts)
    cells = np.searchsorted(first, there, side="right") - 1
    return there - (first - least)[cells], counts[there]


_SPARSE = 4
"""Buckets that may be empty for each value: beyond, sorting is cheaper than counting in place."""


def _bucket(values: NDArray[np.float64], out: Keys) -> None:
    """Write the number of every value's bucket; they rise with the values: bits as they are, but their sign turned.

    Of what is below zero all bits are turned, since there more bits are less.
    """
    bits = values.view(np.int64)
    np.right_shift(bits, 63, out=out)  # all ones below zero, else all zeros
    out |= _LEAST
    out ^= bits
    ordered = out.view(np.uint64)
    ordered >>= _SHIFT


def _middle(buckets: Keys) -> NDArray[np.float64]:
    """Return the value in the middle of a bucket."""
    ordered = (buckets.astype(np.uint64) << _SHIFT) | (np.uint64(1) << (_SHIFT - np.uint64(1)))
    bits = np.where(ordered & _SIGN, ordered ^ _SIGN, ~ordered)
    middle: NDArray[np.float64] = bits.view(np.float64)
    return middle
