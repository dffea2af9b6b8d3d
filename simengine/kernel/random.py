"""Random streams: Philox4x32-10, counted by run, step and stream.

In: a draw node, the step, the runs. Out: uniforms in (0, 1), shaped by the distribution.

A draw depends on nothing but (seed, the model's seed argument, run, step, stream): not on order, threads,
or what else a model draws.

Invariant: run number r draws the same alone and among others.
References: Salmon et al., Parallel random numbers: as easy as 1, 2, 3 (SC11).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from simengine.program.node import Draw

_M0, _M1 = np.uint64(0xD2511F53), np.uint64(0xCD9E8D57)
_W0, _W1 = 0x9E3779B9, 0xBB67AE85
_LOW = np.uint64(0xFFFFFFFF)
_SHIFT = np.uint64(32)


def philox(counter: Sequence[NDArray[np.uint64]], key: Sequence[NDArray[np.uint64]]) -> list[NDArray[np.uint64]]:
    """Return four 32-bit words (in 64-bit arrays) of Philox4x32-10 for counters and keys, element by element."""
    c0, c1, c2, c3 = counter
    k0, k1 = key
    for number in range(10):
        if number:
            k0 = (k0 + np.uint64(_W0)) & _LOW
            k1 = (k1 + np.uint64(_W1)) & _LOW
        p0, p1 = _M0 * c0, _M1 * c2
        c0, c1, c2, c3 = (p1 >> _SHIFT) ^ c1 ^ k0, p1 & _LOW, (p0 >> _SHIFT) ^ c3 ^ k1, p0 & _LOW
    return [c0, c1, c2, c3]


class RandomStreams:
    """The streams of a simulation.

    Parameters
    ----------
    seed
        Seed of the whole simulation.
    runs
        Numbers of the runs; None for one run, number 0, without a run axis.

    """

    def __init__(self, seed: int, runs: NDArray[np.int64] | None) -> None:
        self.seed = seed & 0xFFFFFFFF
        self.runs = runs

    def draw(self, node: Draw, step: int, seed: Any, arguments: Sequence[Any]) -> Any:
        """Return the draws of a node at a step, over its axes (and runs)."""
        from simengine.kernel.distribution import draw

        return draw(node.distribution, self.uniform(node, step, seed), list(arguments))

    def uniform(self, node: Draw, step: int, seed: Any) -> Any:
        """Return uniforms in (0, 1) with 53 bits."""
        streams = np.asarray(node.streams, dtype=np.uint64)
        run = np.zeros((), dtype=np.uint64)
        if self.runs is not None:
            streams = streams[..., None] if streams.ndim else streams
            run = self.runs.astype(np.uint64)
        given = np.asarray(seed, dtype=np.float64)
        own = np.where(np.isfinite(given), given, 0.0).astype(np.int64).astype(np.uint64) & _LOW
        streams, run, own = (np.asarray(a, dtype=np.uint64) for a in np.broadcast_arrays(streams, run, own))
        count = np.full(streams.shape, step, dtype=np.uint64)
        key = [np.full(streams.shape, self.seed, dtype=np.uint64), own]
        words = philox([run & _LOW, count, streams & _LOW, run >> _SHIFT], key)
        high, low = words[0] >> np.uint64(5), words[1] >> np.uint64(6)
        value = (high.astype(np.float64) * 67108864.0 + low.astype(np.float64) + 0.5) / 9007199254740992.0
        return value[()]
