"""XMILE conveyors: material that leaves after a transit time, leaking on the way.

| kind | start | emit | advance | outputs |
| --- | --- | --- | --- | --- |
| CONVEYOR | contents, length | leak fractions... | inflow, length, leak fractions... | contents, outflow, leakages... |

Options: for each leakage `linear` (the fraction of what came in is lost evenly over the whole transit) or
`exponential` (the fraction of what is there is lost each time unit). The initial contents lie evenly.

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


class Conveyor:
    """Slats: what is left of each, what it came in with, when it leaves, and how long its way is."""

    def __init__(self, shape: tuple[int, ...], options: tuple[str, ...], tables: object) -> None:
        del tables
        self.shape = shape
        self.options = options

    def start(self, arguments: Sequence[Array], clock: ClockState) -> None:
        """Begin: `(initial contents, length)`."""
        initial, length = (np.broadcast_to(a, self.shape) for a in arguments)
        ways = steps_of(length, clock)
        self.moment = 0
        self.slats: list[tuple[Array, Array, NDArray[np.int64], NDArray[np.int64]]] = []
        for place in range(int(ways.max(initial=0))):
            share = np.where(place < ways, initial / ways, 0.0)
            self.slats.append((share, share, np.full(self.shape, place), ways))

    def _leaks(self, fractions: Sequence[Array], clock: ClockState) -> list[list[Array]]:
        """Return, for every slat, what each leakage takes of it in this step."""
        out = []
        for content, entered, leaves, way in self.slats:
            left, taken = content, []
            for kind, fraction in zip(self.options, fractions, strict=True):
                linear = kind == "linear"
                wanted = entered * fraction / way if linear else content * fraction * clock.step_size
                here = np.where(leaves >= self.moment, np.clip(wanted, 0.0, np.maximum(left, 0.0)), 0.0)
                taken.append(here)
                left = left - here
            out.append(taken)
        return out

    def emit(self, arguments: Sequence[Array], clock: ClockState) -> tuple[Array, ...]:
        """Return contents, outflow and leakages: `(leak fractions...)`."""
        fractions = [np.broadcast_to(a, self.shape) for a in arguments]
        contents, outflow = np.zeros(self.shape), np.zeros(self.shape)
        leakages = [np.zeros(self.shape) for _ in fractions]
        for (content, _, leaves, _), taken in zip(self.slats, self._leaks(fractions, clock), strict=True):
            contents = contents + content
            outflow = outflow + np.where(leaves <= self.moment, content - sum(taken, np.zeros(self.shape)), 0.0)
            leakages = [a + b for a, b in zip(leakages, taken, strict=True)]
        return (contents, outflow / clock.step_size, *(n / clock.step_size for n in leakages))

    def advance(self, arguments: Sequence[Array], clock: ClockState) -> None:
        """End a step: `(inflow, length, leak fractions...)`."""
        inflow, length, *fractions = (np.broadcast_to(a, self.shape) for a in arguments)
        slats = []
        for (content, entered, leaves, way), taken in zip(self.slats, self._leaks(fractions, clock), strict=True):
            left = np.where(leaves <= self.moment, 0.0, content - sum(taken, np.zeros(self.shape)))
            if np.any(left != 0.0):
                slats.append((left, entered, leaves, way))
        way = steps_of(length, clock)
        load = inflow * clock.step_size
        self.moment += 1
        slats.append((load, load, self.moment - 1 + way, way))
        self.slats = slats
