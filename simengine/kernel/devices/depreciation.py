"""Straight-line depreciation.

| kind | start | emit | advance |
| --- | --- | --- | --- |
| DEPRECIATE_STRAIGHTLINE | lifetime, initial | stream | stream |

What flows in is written off evenly over its lifetime, from the step it came in. At the start the stream is taken to
have been the initial value for a lifetime.

References: Vensim reference manual, "DEPRECIATE STRAIGHTLINE"; conformance model depreciate.

Invariant: everything that flowed in is written off once, to the last digits, when its lifetime is over.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from simengine.kernel.clock import ClockState
from simengine.kernel.devices.delay import steps_of

Array = NDArray[np.float64]


class StraightLine:
    """The sum of what is written off of all that came in during the last lifetime."""

    def __init__(self, shape: tuple[int, ...], options: tuple[str, ...], tables: object) -> None:
        del options, tables
        self.shape = shape

    def start(self, arguments: Sequence[Array], clock: ClockState) -> None:
        """Begin: `(lifetime, initial)`, read once."""
        self.steps = steps_of(np.broadcast_to(arguments[0], self.shape), clock)
        initial = np.array(np.broadcast_to(arguments[1], self.shape), dtype=np.float64)
        self.past: list[Array] = [initial] * (int(self.steps.max(initial=1)) - 1) if np.any(initial) else []

    def emit(self, arguments: Sequence[Array], clock: ClockState) -> tuple[Array]:
        """Return what is written off now: `(stream,)` counts from its own step on."""
        del clock
        total = np.array(np.broadcast_to(arguments[0], self.shape), dtype=np.float64)
        for age, stream in enumerate(reversed(self.past), 1):
            total = total + np.where(age < self.steps, stream, 0.0)
        return (total / self.steps,)

    def advance(self, arguments: Sequence[Array], clock: ClockState) -> None:
        """End a step: `(stream,)`."""
        del clock
        self.past.append(np.array(np.broadcast_to(arguments[0], self.shape)))
        del self.past[: max(0, len(self.past) - int(self.steps.max(initial=1)))]
