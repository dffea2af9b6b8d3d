"""Philox4x32-10: random words from a counter and a key, without state.

Invariant: words depend on counter and key only.
References: Salmon, Moraes, Dror, Shaw, Parallel random numbers: as easy as 1, 2, 3 (SC11).
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

Words = NDArray[np.uint64]
"""32-bit words, each in 64 bits: products of two of them fit."""

ROUNDS = 10
MULTIPLY = (np.uint64(0xD2511F53), np.uint64(0xCD9E8D57))
BUMP = (np.uint64(0x9E3779B9), np.uint64(0xBB67AE85))
_LOW = np.uint64(0xFFFFFFFF)
_SHIFT = np.uint64(32)


def philox(counter: Sequence[Words], key: Sequence[Words]) -> list[Words]:
    """Return four words for each of many counters (four words) and keys (two words)."""
    c0, c1, c2, c3 = counter
    k0, k1 = key
    for number in range(ROUNDS):
        if number:
            k0 = (k0 + BUMP[0]) & _LOW
            k1 = (k1 + BUMP[1]) & _LOW
        p0, p1 = MULTIPLY[0] * c0, MULTIPLY[1] * c2
        c0, c1, c2, c3 = (p1 >> _SHIFT) ^ c1 ^ k0, p1 & _LOW, (p0 >> _SHIFT) ^ c3 ^ k1, p0 & _LOW
    return [c0, c1, c2, c3]


def uniform_of(high: Words, low: Words) -> NDArray[np.float64]:
    """Return numbers in the open interval (0, 1) from two words: odd multiples of 2**-53, 52 bits of chance."""
    word = ((high >> np.uint64(6)) << np.uint64(26)) | (low >> np.uint64(6))
    value: NDArray[np.float64] = (word.astype(np.float64) + 0.5) * 2.0**-52
    return value
