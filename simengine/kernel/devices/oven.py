"""Ovens of Stella: what comes in gathers, is processed together for a time, and leaves in one step.

| kind | start | emit | flows | advance |
| --- | --- | --- | --- | --- |
| OVEN | contents, cook time, limits... | - | contents, cook time, limits... | inflow, cook time, limits... |

It shows contents, state and cook time (emit); in a view of it, outflow and room, as rates (flows). States: 0 filling
(or empty), 1 cooking, 2 emptying, 3 cleaning.

Options say which limits there are, in this order: `capacity`, `fill` (time from the first that comes in until the
door closes), `clean` (time from emptying until something may come in again), `arrest` (while it is not 0 nothing
moves and no time goes by). The door closes when the oven is full or the time for filling is over. What came in during
the step in which it closed leaves one cook time later. Times are rounded to steps, a cook time is one at least.

References: Stella help, "Oven Computation", OSTATE.

Invariant: contents change by what flowed in, less what came out.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from simengine.kernel.clock import ClockState
from simengine.kernel.devices.delay import steps_of

Array = NDArray[np.float64]
_FILLING, _COOKING, _EMPTYING, _CLEANING = 0, 1, 2, 3
_SLACK = 1e-9


class Oven:
    """An oven for each element and run: `left` is how many steps its state lasts."""

    def __init__(self, shape: tuple[int, ...], options: tuple[str, ...], tables: object) -> None:
        del tables
        self.shape = shape
        self.limits = [o for o in ("capacity", "fill", "clean", "arrest") if o in options]

    def _read(self, arguments: Sequence[Array]) -> dict[str, Array]:
        given = [np.broadcast_to(a, self.shape) for a in arguments]
        return dict(zip(("length", *self.limits), given, strict=True))

    def _capacity(self, given: dict[str, Array]) -> Array:
        return given.get("capacity", np.full(self.shape, np.inf))

    def _steps(self, given: dict[str, Array], name: str, clock: ClockState) -> NDArray[np.int64]:
        """Return a time in steps, which may be none."""
        time = given.get(name)
        if time is None:
            return np.zeros(self.shape, dtype=np.int64)
        return np.where(time < 0.5 * clock.step_size, 0, steps_of(time, clock))

    def start(self, arguments: Sequence[Array], clock: ClockState) -> None:
        """Begin: `(contents, cook time, limits...)`; an oven that is full cooks from the start."""
        # unverified: that an oven with something in it, not full, goes on filling, from the start of the run
        self.contents = np.array(np.broadcast_to(arguments[0], self.shape), dtype=np.float64)
        given = self._read(arguments[1:])
        self.state = np.full(self.shape, _FILLING)
        self.left = np.full(self.shape, -1)  # of filling: -1 while empty, or where no time is set
        self.cook = np.zeros(self.shape)
        if "fill" in given:
            self.left = np.where(self.contents > 0.0, np.maximum(self._steps(given, "fill", clock), 1), -1)
        self._close(given, steps_of(given["length"], clock))

    def _close(self, given: dict[str, Array], steps: NDArray[np.int64]) -> None:
        """Close the doors of ovens that are full, or whose time for filling is over; they cook for so many steps."""
        full = (self.contents > 0.0) & (self.contents >= self._capacity(given) * (1.0 - _SLACK))
        closes = (self.state == _FILLING) & (full | ((self.left == 0) & (self.contents > 0.0)))
        closes &= ~self._arrested(given)
        self.state = np.where(closes, _COOKING, self.state)
        self.left = np.where(closes, steps, self.left)
        self.cook = np.where(closes, given["length"], self.cook)

    def _emptying(self) -> NDArray[np.bool_]:
        return np.asarray((self.state == _COOKING) & (self.left <= 0), dtype=np.bool_)

    def emit(self, arguments: Sequence[Array], clock: ClockState) -> tuple[Array, ...]:
        """Return contents, state, and the cook time of what is cooking."""
        del arguments, clock
        emptying = self._emptying()
        state = np.where(emptying, _EMPTYING, self.state).astype(np.float64)
        return (self.contents, state, np.where((self.state == _COOKING) & ~emptying, self.cook, 0.0))

    def _arrested(self, given: dict[str, Array]) -> NDArray[np.bool_]:
        arrest = given.get("arrest")
        return np.zeros(self.shape, dtype=np.bool_) if arrest is None else arrest != 0.0

    def flows(self, arguments: Sequence[Array], clock: ClockState) -> tuple[Array, Array]:
        """Return outflow and room for inflow, as rates: `(contents, cook time, limits...)`."""
        given = self._read(arguments[1:])
        arrested, emptying = self._arrested(given), self._emptying()
        outflow = np.where(emptying & ~arrested, self.contents, 0.0) / clock.step_size
        # Stella help, OSTATE: an oven may empty and fill at the same time
        opens = emptying & (self._steps(given, "clean", clock) == 0)
        inside = np.where(opens, 0.0, self.contents)
        room = np.maximum(self._capacity(given) - inside, 0.0) / clock.step_size
        return outflow, np.where((opens | (self.state == _FILLING)) & ~arrested, room, 0.0)

    def advance(self, arguments: Sequence[Array], clock: ClockState) -> None:
        """End a step: `(inflow, cook time, limits...)`."""
        inflow = np.broadcast_to(arguments[0], self.shape)
        given = self._read(arguments[1:])
        moves = ~self._arrested(given)
        empties = self._emptying() & moves
        clean = self._steps(given, "clean", clock)
        # time goes by
        timed = moves & ~empties & ((self.state == _COOKING) | (self.state == _CLEANING))
        self.left = np.where(timed, self.left - 1, self.left)
        ready = timed & (self.state == _CLEANING) & (self.left <= 0)
        self.state = np.where(empties & (clean > 1), _CLEANING, np.where(empties | ready, _FILLING, self.state))
        self.left = np.where(empties & (clean > 1), clean - 1, np.where(empties | ready, -1, self.left))
        # what comes in; the time for filling begins with the first of it
        before = np.where(empties, 0.0, self.contents)
        self.contents = before + inflow * clock.step_size
        if "fill" in given:
            # unverified: that an empty oven waits, however long its time for filling
            first = (self.state == _FILLING) & (self.left < 0) & (self.contents > 0.0)
            self.left = np.where(first, np.maximum(self._steps(given, "fill", clock), 1), self.left)
            filling = moves & (self.state == _FILLING) & (self.left > 0)
            self.left = np.where(filling, self.left - 1, self.left)
        self._close(given, steps_of(given["length"], clock) - 1)
