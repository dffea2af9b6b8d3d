"""XMILE queues: batches in the order they came.

| kind | start | emit | flows | advance |
| --- | --- | --- | --- | --- |
| QUEUE | contents | - | contents, inflows..., rooms... | inflows..., rooms... |

It shows its contents (emit) and what else is asked for; in a view of it, its outflows as rates (flows): they depend
on what flows in at the same time. Each inflow that is not 0 is a batch of a step, in the order of the inflows.

Options: `inflows 2`; for each outflow, in order of priority, `free` (into a stock or cloud: it takes all there is),
`conveyor` or `oven` (it takes what there is room for), with `overflow` (it takes something only while an outflow
before it is blocked), `one` (only the batch in front in a step) and `whole` (batches are not split). Each outflow
that is not free has an argument, the room behind it as a rate. Then what else is shown: `show length`,
`show element 2`, `show mean`, `least`, `most`, `deviation`. `values 1.0 2.0`: the initial batches, that in front first.

An outflow is blocked while a batch in front does not fit in the room of a conveyor, or in that of an oven which is
filling: an oven that cooks blocks nothing.

References: XMILE 1.0, 3.7.3 (queues), 4.2.1 (batches), 4.3 (overflow); Stella help, "Queue Computation".

Invariant: what came in stands in line, or left; nobody overtakes.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from simengine.kernel.clock import ClockState

Array = NDArray[np.float64]
_SLACK = 1e-9
"""A batch fits where room lacks no more than this part of it: rooms are differences, and round."""


@dataclass(frozen=True, slots=True)
class _Exit:
    """An outflow: where it leads, and how it takes batches."""

    free: bool
    oven: bool
    overflow: bool
    one: bool
    whole: bool

    def take(self, line: list[float], room: float) -> tuple[float, bool]:
        """Take from the front of a line what there is room for; return how much, and whether something was blocked."""
        if self.free:
            taken = sum(line)
            line.clear()
            return taken, False
        taken, left = 0.0, room
        while line:
            front = line[0]
            if front <= left + _SLACK * front:
                taken += line.pop(0)
                left = max(left - front, 0.0)
                if self.one:
                    break
                continue
            if not self.whole and left > _SLACK * front:
                taken += left
                line[0] = front - left
            return taken, room > 0.0 or not self.oven
        return taken, False


class Queue:
    """A line of batches for each element and run."""

    def __init__(self, shape: tuple[int, ...], options: tuple[str, ...], tables: object) -> None:
        del tables
        self.shape = shape
        self.inflows = next((int(o.split()[1]) for o in options if o.startswith("inflows")), 0)
        words = [o.split() for o in options if o.startswith(("free", "conveyor", "oven"))]
        self.exits = [_Exit(w[0] == "free", w[0] == "oven", "overflow" in w, "one" in w, "whole" in w) for w in words]
        self.shown = [o.split()[1:] for o in options if o.startswith("show")]
        values = [o.split()[1:] for o in options if o.startswith("values")]
        self.values = [float(v) for v in values[0]] if values else None

    def start(self, arguments: Sequence[Array], clock: ClockState) -> None:
        """Begin: `(contents,)`, which are one batch (Stella help, "Initializing Discrete Stocks")."""
        del clock
        initial = np.broadcast_to(arguments[0], self.shape).ravel().tolist()
        self.lines = [_batches([v] if self.values is None else self.values) for v in initial]

    def _as_array(self, values: Sequence[float]) -> Array:
        return np.array(values, dtype=np.float64).reshape(self.shape)

    def emit(self, arguments: Sequence[Array], clock: ClockState) -> tuple[Array, ...]:
        """Return the contents, and what else is shown."""
        del arguments, clock
        return (self._as_array([sum(line) for line in self.lines]), *(self._show(what) for what in self.shown))

    def _show(self, what: Sequence[str]) -> Array:
        return self._as_array([gathered(line, what) for line in self.lines])

    def _serve(self, arguments: Sequence[Array], clock: ClockState) -> tuple[list[list[float]], list[list[float]]]:
        """Return the lines at the end of the step, and what each outflow took of each."""
        columns = [np.broadcast_to(a, self.shape).ravel().tolist() for a in arguments]
        coming, rooms = columns[: self.inflows], columns[self.inflows :]
        lines: list[list[float]] = []
        taken: list[list[float]] = [[] for _ in self.exits]
        for point, before in enumerate(self.lines):
            # XMILE 1.0, 3.7.3: outflows are determined by what flows in, too. unverified: that a batch may leave in
            # the step it came in
            line = before + _batches([c[point] * clock.step_size for c in coming])
            room = iter([r[point] * clock.step_size for r in rooms])
            blocked = False
            for number, way in enumerate(self.exits):
                most = 0.0 if way.free else next(room)
                amount = 0.0
                if blocked or not way.overflow:
                    amount, stuck = way.take(line, most)
                    blocked = blocked or stuck
                taken[number].append(amount)
            lines.append(line)
        return lines, taken

    def flows(self, arguments: Sequence[Array], clock: ClockState) -> tuple[Array, ...]:
        """Return the outflows, as rates: `(contents, inflows..., rooms...)`."""
        _, taken = self._serve(arguments[1:], clock)
        return tuple(self._as_array(t) / clock.step_size for t in taken)

    def advance(self, arguments: Sequence[Array], clock: ClockState) -> None:
        """End a step: `(inflows..., rooms...)`."""
        self.lines, _ = self._serve(arguments, clock)


def gathered(values: Sequence[float], what: Sequence[str]) -> float:
    """Return what is asked about batches or slats, from the front: `length`, `mean`, `least`, `element 2`.

    Of none it is 0, as an element that there is not (XMILE 1.0, 3.7.1).
    """
    match what[0]:
        case "length":
            return len(values)
        case "element":
            place = int(what[1]) - 1
            return values[place] if place < len(values) else 0.0
        case _ if not values:
            return 0.0
        case "mean":
            return sum(values) / len(values)
        case "least":
            return min(values)
        case "most":
            return max(values)
        case "deviation":
            mean = sum(values) / len(values)
            return math.sqrt(sum((v - mean) ** 2 for v in values) / max(len(values) - 1, 1))
    raise AssertionError(what)


def _batches(values: Sequence[float]) -> list[float]:
    return [v for v in values if v != 0.0]
