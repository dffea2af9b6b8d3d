"""Conveyors: slats that move on one place a step, and lose some of their load on the way.

| kind | start | emit | advance |
| --- | --- | --- | --- |
| DELAY_CONVEYOR | initial quantity, conveyance time | conveyance time | input, leakage rate, conveyance time |

The belt is as long as the conveyance time; what lies on it moves a time step each step, so that a changed
conveyance time speeds or slows all of it. Leakage is a fraction per time of all that lies on the belt, also
of what has just come in. The output is a rate.

References: Vensim reference manual, "DELAY CONVEYOR".

Invariant: what went in lies on the belt, leaked, or came out.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from simengine.kernel.clock import ClockState
from simengine.kernel.devices.delay import steps_of
from simengine.model.lookup import Table

Array = NDArray[np.float64]


class ConveyorDelay:
    """Loads with the share of the way each has gone."""

    def __init__(self, shape: tuple[int, ...], options: tuple[str, ...], tables: Sequence[Table] | None) -> None:
        del options
        self.shape = shape
        self.profile = tables[0] if tables else None

    def start(self, arguments: Sequence[Array], clock: ClockState) -> None:
        """Begin: `(initial quantity, conveyance time)`; the profile table says where the quantity lies."""
        quantity, time = (np.array(np.broadcast_to(a, self.shape), dtype=np.float64) for a in arguments)
        ways = steps_of(time, clock)
        self.loads: list[Array] = []
        self.gone: list[Array] = []
        for place in range(int(ways.max(initial=1))):
            weight = np.zeros(self.shape)
            for way in np.unique(ways).tolist():
                if place < way:
                    weight = np.where(ways == way, self._weight(place, way), weight)
            self.loads.append(quantity * weight)
            self.gone.append(np.where(place < ways, place / ways, 0.0))

    def _weight(self, place: int, way: int) -> float:
        """Return the share of the initial quantity that lies at a place of the way."""
        if self.profile is None:
            return 1.0 / way
        x = np.asarray(self.profile.x)
        span = x[-1] - x[0] if x[-1] > x[0] else 1.0
        weights = np.interp((np.arange(way) + 1.0) / way, (x - x[0]) / span, np.asarray(self.profile.y))
        total = weights.sum()
        return float(weights[place] / total) if total else 0.0

    def _arrived(self, time: Array, clock: ClockState) -> list[NDArray[np.bool_]]:
        part = clock.step_size / np.maximum(time, clock.step_size)
        return [g + part >= 1.0 - 1e-9 for g in self.gone]

    def emit(self, arguments: Sequence[Array], clock: ClockState) -> tuple[Array]:
        """Return the rate of what reaches the end: `(conveyance time,)`."""
        time = np.broadcast_to(arguments[0], self.shape)
        out = np.zeros(self.shape)
        for load, arrived in zip(self.loads, self._arrived(time, clock), strict=True):
            out = out + np.where(arrived, load, 0.0)
        return (out / clock.step_size,)

    def advance(self, arguments: Sequence[Array], clock: ClockState) -> None:
        """End a step: `(input, leakage rate, conveyance time)`."""
        value, leakage, time = (np.broadcast_to(a, self.shape) for a in arguments)
        arrived = self._arrived(time, clock)
        stay = np.clip(1.0 - leakage * clock.step_size, 0.0, 1.0)
        part = clock.step_size / np.maximum(time, clock.step_size)
        loads = [np.where(a, 0.0, load) * stay for load, a in zip(self.loads, arrived, strict=True)]
        gone = [g + part for g in self.gone]
        loads.append(value * clock.step_size * stay)
        gone.append(np.zeros(self.shape))
        keep = [n for n, load in enumerate(loads) if np.any(load != 0.0)]
        self.loads, self.gone = [loads[n] for n in keep], [gone[n] for n in keep]
