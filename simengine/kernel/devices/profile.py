"""A delay whose response to a pulse has any shape: DELAY PROFILE of Vensim.

| kind | start | emit | advance |
| --- | --- | --- | --- |
| DELAY_PROFILE | delay time, initial output, initial growth | - | input, delay time |

What goes in during a step comes out over the steps after it, by the profile: its x axis is stretched so that the mean
of the delay is the delay time of the step it went in, its area is made 1. unverified: how the profile is cut into steps
is not published. What lies between two steps goes to both, to each the more the nearer it is: nothing is lost, and the
mean stays exact, but for what would come out within a step, which waits for its end. Before the start the output had
grown to the initial output at the initial growth.

References: Vensim reference manual, "DELAY PROFILE".

Invariant: what went in is under way or came out.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from simengine.kernel.clock import ClockState
from simengine.model.lookup import Table

Array = NDArray[np.float64]

_MOST = 10**6
"""Steps a delay lasts at most."""


class ProfileDelay:
    """What comes out at the steps to come, the next one first."""

    def __init__(self, shape: tuple[int, ...], options: tuple[str, ...], tables: Sequence[Table] | None) -> None:
        del options
        assert tables is not None
        self.shape = shape
        self.responses = [_Response(t) for t in tables]

    def _weights(self, time: Array, clock: ClockState) -> Array:
        """Return, for each element, what part of an input comes out 1, 2 ... steps later."""
        found: dict[tuple[int, float], Array] = {}
        flat = np.broadcast_to(time, self.shape).reshape(-1, self.shape[-1])
        for element, row in enumerate(flat):
            for value in np.unique(row).tolist():
                key = element % len(self.responses), value
                if key not in found:
                    found[key] = self.responses[key[0]].shares(value / clock.step_size)
        most = max(len(w) for w in found.values())
        out = np.zeros((most, *flat.shape))
        for element, row in enumerate(flat):
            for value in np.unique(row).tolist():
                weights = found[element % len(self.responses), value]
                out[: len(weights), element, row == value] = weights[:, None]
        return out.reshape(most, *self.shape)

    def start(self, arguments: Sequence[Array], clock: ClockState) -> None:
        """Begin: `(delay time, initial output, initial growth)`."""
        time, initial, growth = (np.array(np.broadcast_to(a, self.shape), dtype=np.float64) for a in arguments)
        weights = self._weights(time, clock)
        steps = np.arange(1.0, len(weights) + 1.0).reshape((-1,) + (1,) * len(self.shape))
        with np.errstate(all="ignore"):
            older = weights * np.exp(-growth * steps * clock.step_size)  # of an input that was 1 at the start
        # what went in before and comes out at step j is all that still waits then, grown since
        waits = np.flip(np.add.accumulate(np.flip(older, axis=0), axis=0), axis=0)
        grown = np.exp(growth * (steps - 1.0) * clock.step_size)
        self.coming = initial * grown * waits / waits[0]

    def emit(self, arguments: Sequence[Array], clock: ClockState) -> tuple[Array]:
        """Return what comes out now."""
        del arguments, clock
        return (self.coming[0],)

    def advance(self, arguments: Sequence[Array], clock: ClockState) -> None:
        """End a step: `(input, delay time)`."""
        value, time = (np.broadcast_to(a, self.shape) for a in arguments)
        weights = self._weights(time, clock)
        length = max(len(weights), len(self.coming) - 1, 1)
        coming = np.zeros((length, *self.shape))
        coming[: len(self.coming) - 1] += self.coming[1:]
        coming[: len(weights)] += value * weights
        self.coming = coming


class _Response:
    """A profile as a density: its points, made so that the area is 1, and its mean."""

    def __init__(self, profile: Table) -> None:
        self.x = np.asarray(profile.x, dtype=np.float64)
        self.y = np.maximum(np.asarray(profile.y, dtype=np.float64), 0.0)
        area = float(self._integral(self.x[-1:])[0])
        self.fits = area > 0 and self.x[0] >= 0
        self.y = self.y / area if area > 0 else self.y
        self.mean = self.x[-1] - float(self._twice(self.x[-1:])[0]) if self.fits else 1.0
        self.fits = self.fits and self.mean > 0

    def _pieces(self, to: Array) -> tuple[Array, Array, Array, Array]:
        """Return, for every segment and every place, how far the segment reaches there, and the rest of the way."""
        x, y = self.x, self.y
        width = np.diff(x)
        slope = np.diff(y) / np.where(width > 0, width, 1.0)
        inside = np.clip(to[None] - x[:-1, None], 0.0, width[:, None])
        beyond = np.maximum(to[None] - x[1:, None], 0.0)
        return y[:-1, None], slope[:, None], inside, beyond

    def _integral(self, to: Array) -> Array:
        """Return the area up to places."""
        height, slope, inside, _ = self._pieces(to)
        return np.asarray(np.add.accumulate(height * inside + slope * inside**2 / 2)[-1])

    def _twice(self, to: Array) -> Array:
        """Return the area below the area up to places."""
        height, slope, inside, beyond = self._pieces(to)
        area = height * inside + slope * inside**2 / 2
        return np.asarray(np.add.accumulate(height * inside**2 / 2 + slope * inside**3 / 6 + area * beyond)[-1])

    def shares(self, steps: float) -> Array:
        """Return what part comes out 1, 2 ... steps later, where the mean is `steps`; NaN for an impossible profile."""
        if not self.fits or not np.isfinite(steps):
            return np.array([np.nan])
        if steps <= 0:
            return np.array([1.0])
        scale = self.mean / steps
        count = int(min(np.ceil(self.x[-1] / scale), _MOST)) + 1
        places = np.arange(-1.0, count + 2.0) * scale
        weights = np.diff(self._twice(places), n=2) / scale  # of 0, 1 ... steps later
        weights[1] += weights[0]
        return np.asarray(np.maximum(weights[1:], 0.0))
