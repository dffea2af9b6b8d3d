"""XMILE conveyors: material that leaves after a transit time, leaking on the way.

| kind | start | emit | advance | outputs |
| --- | --- | --- | --- | --- |
| CONVEYOR | contents, length | leak fractions... | inflow, length, leak fractions... | contents, outflow, leakages... |

Options: for each leakage `linear` (the fraction of what came in is lost evenly over the whole transit) or
`exponential` (the fraction of what is there is lost each time unit), with the part of the way behind it where
it leaks only there: `linear 0.0 0.25`. The initial contents lie evenly. A last argument of emit and advance, where
there is one, arrests the conveyor while it is not 0: nothing moves.

What flows in during a step leaves one length later; a length is at least one time step.

References: XMILE 1.0, 4.2.1 (conveyors); Stella help, "Conveyors".

Invariant: contents change by what flowed in, less what came out and leaked.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from simengine.kernel.clock import ClockState
from simengine.kernel.devices.delay import steps_of

Array = NDArray[np.float64]


class _Leak:
    """A leakage: how it leaks, and between which parts of the way, from `linear 0.0 0.25`."""

    def __init__(self, option: str) -> None:
        kind, *ends = option.split()
        self.exponential = kind == "exponential"
        self.start, self.end = (float(e) for e in ends) if ends else (0.0, 1.0)

    def zone(self, way: NDArray[np.int64], step: NDArray[np.int64]) -> tuple[NDArray[np.bool_], Array]:
        """Return where a slat at a step of its way leaks, and in how many steps of its way it does."""
        first, last = (np.ceil(end * way - 1e-9) for end in (self.start, self.end))
        return (step >= first) & (step < last), np.maximum(last - first, 1.0)


class Conveyor:
    """Slats: what is left of each, what it came in with, when it leaves, and how long its way is."""

    def __init__(self, shape: tuple[int, ...], options: tuple[str, ...], tables: object) -> None:
        del tables
        self.shape = shape
        self.leaks = [_Leak(option) for option in options]

    def start(self, arguments: Sequence[Array], clock: ClockState) -> None:
        """Begin: `(initial contents, length)`."""
        initial, length = (np.broadcast_to(a, self.shape) for a in arguments)
        ways = steps_of(length, clock)
        self.moment = 0
        self.slats: list[tuple[Array, Array, NDArray[np.int64], NDArray[np.int64]]] = []
        for place in range(int(ways.max(initial=0))):
            share = np.where(place < ways, initial / ways, 0.0)
            self.slats.append((share, share, np.full(self.shape, place), ways))

    def _split(self, arguments: Sequence[Array]) -> tuple[list[Array], NDArray[np.bool_]]:
        """Return the leak fractions, and where the conveyor is arrested."""
        given = [np.broadcast_to(a, self.shape) for a in arguments]
        count = len(self.leaks)
        return given[:count], given[count] != 0.0 if len(given) > count else np.zeros(self.shape, dtype=np.bool_)

    def _taken(self, fractions: Sequence[Array], arrested: NDArray[np.bool_], clock: ClockState) -> list[list[Array]]:
        """Return, for every slat, what each leakage takes of it in this step."""
        out = []
        for content, entered, leaves, way in self.slats:
            left, taken = content, []
            for leak, fraction in zip(self.leaks, fractions, strict=True):
                inside, steps = leak.zone(way, way - 1 - (leaves - self.moment))
                wanted = content * fraction * clock.step_size if leak.exponential else entered * fraction / steps
                moving = inside & (leaves >= self.moment) & ~arrested
                here = np.where(moving, np.clip(wanted, 0.0, np.maximum(left, 0.0)), 0.0)
                taken.append(here)
                left = left - here
            out.append(taken)
        return out

    def emit(self, arguments: Sequence[Array], clock: ClockState) -> tuple[Array, ...]:
        """Return contents, outflow and leakages: `(leak fractions..., [arrest])`."""
        fractions, arrested = self._split(arguments)
        contents, outflow = np.zeros(self.shape), np.zeros(self.shape)
        leakages = [np.zeros(self.shape) for _ in fractions]
        for (content, _, leaves, _), taken in zip(self.slats, self._taken(fractions, arrested, clock), strict=True):
            contents = contents + content
            out = (leaves <= self.moment) & ~arrested
            outflow = outflow + np.where(out, content - sum(taken, np.zeros(self.shape)), 0.0)
            leakages = [a + b for a, b in zip(leakages, taken, strict=True)]
        return (contents, outflow / clock.step_size, *(n / clock.step_size for n in leakages))

    def advance(self, arguments: Sequence[Array], clock: ClockState) -> None:
        """End a step: `(inflow, length, leak fractions..., [arrest])`; what is arrested leaves a step later."""
        inflow, length = (np.broadcast_to(a, self.shape) for a in arguments[:2])
        fractions, arrested = self._split(arguments[2:])
        slats = []
        for (content, entered, leaves, way), taken in zip(
            self.slats, self._taken(fractions, arrested, clock), strict=True
        ):
            gone = (leaves <= self.moment) & ~arrested
            left = np.where(gone, 0.0, content - sum(taken, np.zeros(self.shape)))
            if np.any(left != 0.0):
                slats.append((left, entered, leaves + arrested, way))
        way = steps_of(length, clock)
        load = inflow * clock.step_size
        self.moment += 1
        slats.append((load, load, self.moment - 1 + way, way))
        self.slats = slats
