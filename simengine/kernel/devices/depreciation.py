"""Depreciation: what flows in during a fiscal period is written off in this and the periods after it.

| kind | start | emit | advance |
| --- | --- | --- | --- |
| DEPRECIATE_STRAIGHTLINE | lifetime, fiscal period, initial | stream | stream |
| DEPRECIATE_BY_SCHEDULE | lifetime, a fiscal year's begin, fractions..., initial values... | stream | stream |

A part of what flows in is written off at once, as it comes; the parts of the periods after it evenly over each of them.
So all of it is written off in the right period, and what is shown jumps where the stream does.

References: Vensim reference manual, "DEPRECIATE STRAIGHTLINE", "DEPRECIATE BY SCHEDULE"; conformance model depreciate.

Invariant: everything that flowed in is written off once, to the last digits, when its lifetime is over.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from simengine.kernel.clock import ClockState

Array = NDArray[np.float64]

_SLACK = 1e-6
"""Of a time step: a period that begins there, but for rounding, begins at a step."""
_MOST = 10**5
"""Fiscal periods a lifetime lasts at most."""


class FiscalPeriods:
    """The steps of a run, cut into fiscal periods: at least one step each, counted from one that begins at `origin`."""

    def __init__(self, origin: Array, length: Array, clock: ClockState) -> None:
        self.origin, self.length = origin, np.maximum(length, clock.step_size)

    def number(self, clock: ClockState) -> Array:
        """Return the number of the period that the step at the clock's time is in."""
        since = clock.begin - self.origin + _SLACK * clock.step_size
        return np.asarray(np.floor(since / self.length))

    def duration(self, clock: ClockState) -> Array:
        """Return how long that period is, in whole steps."""
        number = self.number(clock)
        ends = [(self.origin + n * self.length - clock.start) / clock.step_size for n in (number, number + 1.0)]
        first, following = (np.ceil(e - _SLACK) for e in ends)
        return np.asarray(np.maximum(following - first, 1.0) * clock.step_size)


class _Writing:
    """What came in, period by period, and what part of it each period writes off."""

    def begin(self, fractions: Array, past: Array, periods: FiscalPeriods, clock: ClockState) -> None:
        """Begin with the fractions of all periods (first axis), and what came in before, the latest period first."""
        self.fractions, self.past, self.periods = fractions, past, periods
        self.now = np.zeros(fractions.shape[1:])
        self.first = self.at = periods.number(clock)

    def _turned(self, clock: ClockState) -> tuple[Array, Array]:
        """Return what came in during the period that has begun, and during those before it."""
        number = self.periods.number(clock)
        now, past, at = self.now, self.past, self.at
        while np.any(at < number):
            turns = at < number
            past = np.where(turns, np.concatenate([now[None], past])[: len(past)], past)
            now, at = np.where(turns, 0.0, now), at + turns
        return now, past

    def written_off(self, stream: Array, clock: ClockState) -> Array:
        """Return what is written off now."""
        out = self.fractions[0] * stream
        _, past = self._turned(clock)
        duration = self.periods.duration(clock)
        for fraction, amount in zip(self.fractions[1:], past, strict=True):
            out = out + fraction * amount / duration
        return np.asarray(out)

    def end(self, stream: Array, clock: ClockState) -> None:
        """Add what comes in during a step."""
        now, self.past = self._turned(clock)
        self.at = self.periods.number(clock)
        self.now = now + stream * clock.step_size


class StraightLine(_Writing):
    """Equal parts, over a lifetime of whole periods."""

    def __init__(self, shape: tuple[int, ...], options: tuple[str, ...], tables: object) -> None:
        del options, tables
        self.shape = shape

    def start(self, arguments: Sequence[Array], clock: ClockState) -> None:
        """Begin: `(lifetime, fiscal period, initial)`, read once; the stream was the initial value for a lifetime."""
        lifetime, period, initial = (np.array(np.broadcast_to(a, self.shape), dtype=np.float64) for a in arguments)
        periods = FiscalPeriods(np.full(self.shape, clock.start), period, clock)
        with np.errstate(all="ignore"):
            counts = np.rint(lifetime / periods.length)
        counts = np.clip(np.where(np.isfinite(counts), counts, 1.0), 1.0, _MOST)
        most = int(counts.max(initial=1.0))
        place = np.arange(most).reshape((-1,) + (1,) * len(self.shape))
        fractions = np.where(place < counts, 1.0 / counts, 0.0)
        past = np.broadcast_to(initial * periods.duration(clock), (most - 1, *self.shape))
        self.begin(fractions, np.array(past), periods, clock)

    def emit(self, arguments: Sequence[Array], clock: ClockState) -> tuple[Array]:
        """Return what is written off now: `(stream,)` counts from its own step on."""
        return (self.written_off(np.broadcast_to(arguments[0], self.shape), clock),)

    def advance(self, arguments: Sequence[Array], clock: ClockState) -> None:
        """End a step: `(stream,)`."""
        self.end(np.broadcast_to(arguments[0], self.shape), clock)


class Schedule(_Writing):
    """Parts by a schedule, scaled so that they add to one; what is still to be written off at the start goes beside."""

    def __init__(self, shape: tuple[int, ...], options: tuple[str, ...], tables: object) -> None:
        del options, tables
        self.shape = shape

    def start(self, arguments: Sequence[Array], clock: ClockState) -> None:
        """Begin: `(lifetime, begin of a fiscal year, fractions..., initial values...)`, read once."""
        lifetime, origin, *rest = (np.array(np.broadcast_to(a, self.shape), dtype=np.float64) for a in arguments)
        count = len(rest) // 2
        fractions, self.initial = np.stack(rest[:count]), np.stack(rest[count:])
        fractions = fractions / np.add.accumulate(fractions, axis=0)[-1]
        periods = FiscalPeriods(origin, lifetime / count, clock)
        self.begin(fractions, np.zeros((count - 1, *self.shape)), periods, clock)

    def emit(self, arguments: Sequence[Array], clock: ClockState) -> tuple[Array]:
        """Return what is written off now: `(stream,)`."""
        own = self.written_off(np.broadcast_to(arguments[0], self.shape), clock)
        passed = self.periods.number(clock) - self.first
        place = np.clip(passed, 0, len(self.initial) - 1).astype(np.int64)
        before = np.take_along_axis(self.initial, place[None], axis=0)[0]
        return (own + np.where(passed < len(self.initial), before, 0.0),)

    def advance(self, arguments: Sequence[Array], clock: ClockState) -> None:
        """End a step: `(stream,)`."""
        self.end(np.broadcast_to(arguments[0], self.shape), clock)
