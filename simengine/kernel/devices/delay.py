"""Pure delays.

| kind | start | emit | advance |
| --- | --- | --- | --- |
| DELAY_FIXED | delay time, initial value | - | input |
| DELAY_INFORMATION | initial value | - | input, delay time |
| DELAY_MATERIAL | delay time, initial value, missing value | - | input, delay time |

References: Vensim reference manual, "DELAY FIXED", "DELAY INFORMATION", "DELAY MATERIAL"; conformance models
delay_fixed and delayfixed for the rounding of a delay to steps.

Invariant: a delay is at least one time step long, and rounds to the nearest number of steps, halves up.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from simengine.kernel.clock import ClockState

Array = NDArray[np.float64]


_MOST = 10**7
"""Steps a delay lasts at most."""


def steps_of(time: NDArray[Any], clock: ClockState) -> NDArray[np.int64]:
    """Return a delay time in steps."""
    steps = np.floor(np.asarray(time, dtype=np.float64) / clock.step_size + 0.5 + 1e-9)
    return np.maximum(1, np.where(np.isfinite(steps), np.minimum(steps, _MOST), 1)).astype(np.int64)


def _steps_of_run(clock: ClockState) -> int:
    """Return more steps than the run has."""
    steps = np.ceil((clock.stop - clock.start) / clock.step_size)
    return int(steps) + 2 if 0 <= steps < _MOST else _MOST


class FixedDelay:
    """The input as it was a fixed time ago; the delay time is read once.

    A ring: `buffer` holds the inputs of a delay time, place by place, `place` where each delay stands, `steps` how many
    places it has. Native code reads and writes these arrays itself.
    """

    def __init__(self, shape: tuple[int, ...], options: tuple[str, ...], tables: object) -> None:
        del options, tables
        self.shape = shape

    def start(self, arguments: Sequence[Array], clock: ClockState) -> None:
        """Begin: `(delay time, initial value)`."""
        time, initial = (np.broadcast_to(a, self.shape) for a in arguments)
        self.steps = np.minimum(steps_of(time, clock), _steps_of_run(clock))  # what goes in later never comes out
        self.buffer = np.repeat(initial[None].astype(np.float64), int(self.steps.max(initial=1)), axis=0)
        self.place = np.zeros(self.shape, dtype=np.int64)

    def emit(self, arguments: Sequence[Array], clock: ClockState) -> tuple[Array]:
        """Return the input of a delay time ago."""
        del arguments, clock
        return (np.take_along_axis(self.buffer, self.place[None], axis=0)[0],)

    def advance(self, arguments: Sequence[Array], clock: ClockState) -> None:
        """End a step: `(input,)`."""
        del clock
        value = np.broadcast_to(arguments[0], self.shape)[None]
        np.put_along_axis(self.buffer, self.place[None], value, axis=0)
        self.place += 1
        self.place[self.place >= self.steps] = 0


class InformationDelay:
    """The latest input that has arrived; inputs overtaken by later ones are lost, gaps are held."""

    def __init__(self, shape: tuple[int, ...], options: tuple[str, ...], tables: object) -> None:
        del options, tables
        self.shape = shape

    def start(self, arguments: Sequence[Array], clock: ClockState) -> None:
        """Begin: `(initial value,)`."""
        del clock
        self.shown = np.array(np.broadcast_to(arguments[0], self.shape), dtype=np.float64)
        self.latest = np.full(self.shape, -1, dtype=np.int64)
        self.waiting: list[tuple[int, NDArray[np.int64], Array]] = []
        self.moment = 0

    def emit(self, arguments: Sequence[Array], clock: ClockState) -> tuple[Array]:
        """Return the latest input that has arrived."""
        del arguments, clock
        return (self.shown,)

    def advance(self, arguments: Sequence[Array], clock: ClockState) -> None:
        """End a step: `(input, delay time)`."""
        value, time = (np.broadcast_to(a, self.shape) for a in arguments)
        self.waiting.append((self.moment, self.moment + steps_of(time, clock), np.array(value)))
        self.moment += 1
        shown, latest = self.shown.copy(), self.latest
        for entered, arrives, content in self.waiting:
            new = (arrives <= self.moment) & (entered > latest)
            shown, latest = np.where(new, content, shown), np.where(new, entered, latest)
        self.shown, self.latest = shown, latest
        self.waiting = [w for w in self.waiting if np.any(w[0] > latest)]


class MaterialDelay:
    """What went in comes out after the delay time it met on entering; what arrives together is added."""

    def __init__(self, shape: tuple[int, ...], options: tuple[str, ...], tables: object) -> None:
        del options, tables
        self.shape = shape

    def start(self, arguments: Sequence[Array], clock: ClockState) -> None:
        """Begin: `(delay time, initial value, missing value)`."""
        time, self.initial, self.missing = (np.array(np.broadcast_to(a, self.shape)) for a in arguments)
        self.first = steps_of(time, clock)
        self.arriving: dict[int, tuple[Array, NDArray[np.bool_]]] = {}
        self.moment = 0

    def emit(self, arguments: Sequence[Array], clock: ClockState) -> tuple[Array]:
        """Return what arrives now; the initial value before anything could, the missing value in a gap."""
        del arguments, clock
        empty = np.where(self.moment < self.first, self.initial, self.missing)
        if self.moment not in self.arriving:
            return (empty,)
        content, there = self.arriving[self.moment]
        return (np.where(there, content, empty),)

    def advance(self, arguments: Sequence[Array], clock: ClockState) -> None:
        """End a step: `(input, delay time)`."""
        value, time = (np.broadcast_to(a, self.shape) for a in arguments)
        arrives = self.moment + steps_of(time, clock)
        self.arriving.pop(self.moment, None)
        for moment in np.unique(arrives).tolist():
            now = arrives == moment
            content, there = self.arriving.get(moment, (np.zeros(self.shape), np.zeros(self.shape, dtype=np.bool_)))
            self.arriving[moment] = (content + np.where(now, value, 0.0), there | now)
        self.moment += 1
