"""Values of the past.

| kind | start | emit | advance |
| --- | --- | --- | --- |
| HISTORY | - | input, time | input |

Shown is the input as it was at the last step that is not after the time: the first before the run, the present one
from now on.

References: Stella help, "HISTORY".

Invariant: what is shown was, or is, the input.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from simengine.kernel.clock import ClockState

Array = NDArray[np.float64]
_SLACK = 1e-6  # of a step, for times that are sums


class History:
    """All inputs since the start, one row a step, in a table that doubles when it is full."""

    def __init__(self, shape: tuple[int, ...], options: tuple[str, ...], tables: object) -> None:
        del options, tables
        self.shape = shape

    def start(self, arguments: Sequence[Array], clock: ClockState) -> None:
        """Begin, with no past."""
        del arguments, clock
        self.past = np.empty((16, *self.shape))
        self.steps = 0

    def emit(self, arguments: Sequence[Array], clock: ClockState) -> tuple[Array]:
        """Return the input of a time: `(input, time)`."""
        # unverified: what Stella shows outside the run so far, and between steps
        now, time = (np.broadcast_to(a, self.shape) for a in arguments)
        if not self.steps:
            return (np.array(now),)
        steps = np.floor((time - clock.start) / clock.step_size + _SLACK)
        place = np.clip(np.where(np.isfinite(steps), steps, 0), 0, self.steps - 1).astype(np.int64)
        shown = np.take_along_axis(self.past, place[None], axis=0)[0]
        return (np.where(np.isnan(time), np.nan, np.where(steps >= self.steps, now, shown)),)

    def advance(self, arguments: Sequence[Array], clock: ClockState) -> None:
        """End a step: `(input,)`."""
        del clock
        if self.steps == len(self.past):
            self.past = np.concatenate([self.past, np.empty_like(self.past)])
        self.past[self.steps] = arguments[0]
        self.steps += 1
