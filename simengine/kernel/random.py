"""Random streams: uniforms counted by run, step and stream, shaped into draws.

In: a draw node, the step, the runs. Out: draws over the node's axes (and runs).

A draw depends on nothing but (seed, the model's own seed argument, run, step, stream): not on order, threads,
or what else a model draws. The counter is (run, step, stream, 0), the key (seed, seed argument).

Invariant: run number r draws the same alone and among others.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from simengine.kernel.philox import philox, uniform_of
from simengine.program.node import Draw

_LOW = np.uint64(0xFFFFFFFF)
_BATCH = 4096
"""Uniforms drawn at once: those of the steps to come are drawn with this step's."""


@dataclass(slots=True)
class _Drawn:
    """Uniforms of consecutive steps."""

    first: int
    seed: bytes
    values: NDArray[np.float64]


class RandomStreams:
    """The streams of a simulation.

    Parameters
    ----------
    seed
        Seed of the whole simulation.
    runs
        Numbers of the runs; one number for one run without a run axis.

    """

    def __init__(self, seed: int, runs: NDArray[np.int64] | int) -> None:
        self.seed = np.uint64(seed & 0xFFFFFFFF)
        self.many = not isinstance(runs, int)
        self.runs = np.asarray(runs, dtype=np.int64).astype(np.uint64) & _LOW
        self._drawn: dict[int, _Drawn] = {}

    def draw(self, node: Draw, step: int, seed: Any, arguments: Sequence[Any]) -> Any:
        """Return the draws of a node at a step."""
        from simengine.kernel.distribution import draw

        return draw(node.distribution, self.uniform(node, step, seed), list(arguments))

    def uniform(self, node: Draw, step: int, seed: Any) -> Any:
        """Return uniforms in (0, 1) of a node at a step."""
        own = _seed_word(seed)
        drawn = self._drawn.get(id(node))
        fingerprint = own.tobytes()
        if drawn is None or drawn.seed != fingerprint or not drawn.first <= step < drawn.first + len(drawn.values):
            drawn = self._drawn[id(node)] = _Drawn(step, fingerprint, self._fill(node, step, own))
        return drawn.values[step - drawn.first]

    def _fill(self, node: Draw, step: int, own: NDArray[np.uint64]) -> NDArray[np.float64]:
        streams = np.asarray(node.streams, dtype=np.int64).astype(np.uint64) & _LOW
        if self.many and streams.ndim:
            streams = streams[..., None]
        streams, runs, own = np.broadcast_arrays(streams, self.runs, own)
        count = max(1, _BATCH // max(1, streams.size))
        steps = np.arange(step, step + count, dtype=np.uint64).reshape((count,) + (1,) * streams.ndim)
        zero, seed = np.zeros((), dtype=np.uint64), np.asarray(self.seed)
        counter = [*np.broadcast_arrays(runs, steps & _LOW, streams, zero)]
        words = philox(counter, [*np.broadcast_arrays(seed, own)])
        return uniform_of(words[0], words[1])


def _seed_word(seed: Any) -> NDArray[np.uint64]:
    """Return a model's seed argument as 32 bits; what is not a number counts as 0."""
    value = np.asarray(seed, dtype=np.float64)
    value = np.where(np.abs(value) < 2.0**52, value, 0.0)
    return value.astype(np.int64).astype(np.uint64) & _LOW
