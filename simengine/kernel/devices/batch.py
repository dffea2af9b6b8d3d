"""Batches: material gathers until there is enough, then all of it is processed for a time.

| kind | start | emit | advance |
| --- | --- | --- | --- |
| DELAY_BATCH | initial batch, initial output time, initial backlog | - | input, batch size, batch time |

The output is a rate: a batch of size s comes out as s / TIME STEP during the step its time is over. No batch
begins while another is in process.

References: Vensim reference manual, "DELAY BATCH".

Invariant: what went in is in the backlog, in process, or came out.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from simengine.kernel.clock import ClockState

Array = NDArray[np.float64]


class BatchDelay:
    """One batch process for each element and run."""

    def __init__(self, shape: tuple[int, ...], options: tuple[str, ...], tables: object) -> None:
        del options, tables
        self.shape = shape

    def start(self, arguments: Sequence[Array], clock: ClockState) -> None:
        """Begin: `(initial batch, initial output time, initial backlog)`."""
        batch, out, backlog = (np.array(np.broadcast_to(a, self.shape), dtype=np.float64) for a in arguments)
        self.batch, self.backlog = np.maximum(batch, 0.0), backlog
        self.busy = self.batch > 0
        self.until = np.where(self.busy, np.maximum(out, clock.start), clock.start)

    def _leaving(self, clock: ClockState) -> NDArray[np.bool_]:
        return self.busy & (clock.time + 1e-6 * clock.step_size >= self.until)

    def emit(self, arguments: Sequence[Array], clock: ClockState) -> tuple[Array]:
        """Return the rate at which a finished batch comes out."""
        del arguments
        return (np.where(self._leaving(clock), self.batch / clock.step_size, 0.0),)

    def advance(self, arguments: Sequence[Array], clock: ClockState) -> None:
        """End a step: `(input, batch size, batch time)`."""
        value, size, time = (np.broadcast_to(a, self.shape) for a in arguments)
        leaving = self._leaving(clock)
        busy = self.busy & ~leaving
        backlog = self.backlog + value * clock.step_size
        begins = ~busy & (backlog >= size) & (backlog > 0)
        now = clock.time + clock.step_size
        self.until = np.where(begins, now + time, self.until)
        self.batch = np.where(begins, backlog, np.where(busy, self.batch, 0.0))
        self.backlog = np.where(begins, 0.0, backlog)
        self.busy = busy | begins
