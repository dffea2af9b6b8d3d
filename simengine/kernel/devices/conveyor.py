"""XMILE conveyors: material that leaves after a transit time, leaking on the way.

| kind | start | emit | flows | advance |
| --- | --- | --- | --- | --- |
| CONVEYOR | contents, length | - | contents, leaks..., limits... | inflow, length, spread..., leaks..., limits... |

It shows its contents (emit), and, in a view of it, outflow, leakages and room (flows): the rate of inflow it has
room for. Two statements, because a leak fraction or a capacity may depend on the contents.

Options: for each leakage `linear` (the fraction of what came in is lost evenly over the whole transit) or
`exponential` (the fraction of what is there is lost each time unit), with the part of the way where it leaks, and
`integers` where only whole units leak: `linear 0.0 0.25 integers`. Then which limits there are, in this order:
`arrest` (while it is not 0, nothing moves), `capacity`, `limit` (of inflow, each time unit). `discrete`: initial
contents stand at the begin of each time unit, and a limit of a time unit may be used up in one step.
`spread even`, `spread dest`, `spread dist x y x y...`, `spread source 0`, one for each inflow that enters along the
way: evenly, as what lies there, by a profile, or where the leakage of a number had come to on the conveyor it leaks
from. `values 1.0 2.0`: initial contents time unit by time unit, what leaves first standing first. `show length`,
`show mean`, `show element 2`: what flows show beside, of the slats from the end, as queues do.

What flows in during a step leaves one length later; a length is at least one time step.

References: XMILE 1.0, 4.2.1 (conveyors); Stella help, "Conveyor Computation", "Initializing Discrete Stocks".

Invariant: contents change by what flowed in, less what came out and leaked.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from simengine.kernel.clock import ClockState
from simengine.kernel.devices.delay import steps_of
from simengine.kernel.devices.queue import gathered

Array = NDArray[np.float64]
_SLACK = 1e-9


class _Leak:
    """A leakage: how it leaks, between which parts of the way, and whether in whole units."""

    def __init__(self, option: str) -> None:
        kind, *ends = option.split()
        self.exponential = kind == "exponential"
        self.integers = "integers" in ends
        self.start, self.end = (float(e) for e in ends[:2]) if ends else (0.0, 1.0)

    def zone(self, way: NDArray[np.int64], step: NDArray[np.int64]) -> tuple[NDArray[np.bool_], Array]:
        """Return where a slat at a step of its way leaks, and in how many steps of its way it does."""
        first, last = (np.ceil(end * way - _SLACK) for end in (self.start, self.end))
        return (step >= first) & (step < last), np.maximum(last - first, 1.0)


@dataclass(slots=True)
class _Slat:
    """One step's load: what is left of it, what it came in with, when it leaves, how long its way is in steps."""

    content: Array
    entered: Array
    leaves: NDArray[np.int64]
    way: NDArray[np.int64]


@dataclass(slots=True)
class _Given:
    """What the arguments of a step say."""

    fractions: list[Array]
    arrested: NDArray[np.bool_]
    capacity: Array | None
    limit: Array | None


Leaked: TypeAlias = list[tuple[NDArray[np.int64], NDArray[np.int64], Array]]
"""What leaked in a step: steps that were left, of how many, and how much."""


class Placement:
    """How an inflow enters along the way, from `spread even`, `spread dist 0.0 1.0 1.0 0.0`, `spread source 2`."""

    def __init__(self, option: str) -> None:
        self.how, *rest = option.split()[1:]
        self.number = int(rest[0]) if self.how == "source" else 0
        points = np.array(rest, dtype=np.float64) if self.how == "dist" else np.zeros(2)
        self.x, self.y = points[0::2], points[1::2]
        self.source = 0  # which of the conveyors upstream

    def weight(self, part: Array) -> Array:
        """Return the weight of what leaves after a part of the transit time."""
        # unverified: that the profile's x is the part of the transit time that is still to come
        return np.ones(part.shape) if self.how == "even" else np.maximum(np.interp(part, self.x, self.y), 0.0)


class Conveyor:
    """A belt of slats for each element and run."""

    def __init__(self, shape: tuple[int, ...], options: tuple[str, ...], tables: object) -> None:
        del tables
        self.shape = shape
        self.leaks = [_Leak(o) for o in options if o.startswith(("linear", "exponential"))]
        self.limits = [o for o in ("arrest", "capacity", "limit") if o in options]
        self.discrete = "discrete" in options
        self.shown = [o.split()[1:] for o in options if o.startswith("show")]
        self.spreads = [Placement(o) for o in options if o.startswith("spread")]
        for number, placement in enumerate(p for p in self.spreads if p.how == "source"):
            placement.source = number
        self.sources: tuple[Callable[[], Conveyor], ...] = ()
        values = [o.split()[1:] for o in options if o.startswith("values")]
        self.values = np.array(values[0], dtype=np.float64) if values else None

    def start(self, arguments: Sequence[Array], clock: ClockState) -> None:
        """Begin: `(initial contents, length)`."""
        initial, length = (np.array(np.broadcast_to(a, self.shape), dtype=np.float64) for a in arguments)
        self.moment = 0
        self.way = steps_of(length, clock)
        self.initial: Array | None = initial  # laid out when leak fractions are known: they may depend on it
        if self.values is not None:
            self._lay_values(clock)
        # what came in along the way, by how many steps are to come: places, not slats of the step it came in, which
        # would be a way of slats in each step. Where two with other transit times meet, that of the later one holds.
        self.along: list[_Slat] = []
        self.owed = [np.zeros(self.shape) for _ in self.leaks]
        self.leaked: list[Leaked] = [[] for _ in self.leaks]
        self.used, self.unit = np.zeros(self.shape), -np.inf

    def _lay_values(self, clock: ClockState) -> None:
        """Lay initial contents given one by one: for each time unit, or each step where there are so many."""
        assert self.values is not None
        last, each = self.values.size - 1, _steps_of_unit(clock)
        self.slats = []
        for place in range(int(self.way.max(initial=1))):
            unit = place // each
            load = self.values[min(unit, last)] / each
            if self.discrete:
                load = self.values[min(unit, last)] if place % each == 0 else 0.0
            by_step = (self.way == self.values.size) & (each > 1)
            content = np.where(by_step, self.values[min(place, last)], load)
            content = np.where(place < self.way, content, 0.0)
            self.slats.append(_Slat(content, content, np.full(self.shape, place), self.way))
        self.initial = None

    def _lay(self, given: _Given, clock: ClockState) -> None:
        """Lay the initial contents as a steady inflow would have left them (Stella help)."""
        if self.initial is None:
            return
        initial, self.initial = self.initial, None
        most = int(self.way.max(initial=1))
        each = _steps_of_unit(clock)
        weights: list[Array] = []  # by place: 0 leaves now
        # unverified: that "the start of each unit time" is what leaves in the first step of it
        slat = _Slat(np.ones(self.shape), np.ones(self.shape), self.way - 1, self.way)
        for place in range(most - 1, -1, -1):
            here = place < self.way
            at_begin = (place % each == 0) if self.discrete else True
            weights.insert(0, np.where(here & at_begin, slat.content, 0.0))
            left = slat.content
            for leak, fraction in zip(self.leaks, given.fractions, strict=True):
                left = left - _wanted(leak, fraction, slat, self.way - 1 - place, left, clock)
            slat.content = np.where(here, left, slat.content)
        total = sum(weights, np.zeros(self.shape))
        scale = initial / np.where(total > 0.0, total, 1.0)
        self.slats = [
            _Slat(
                weight * scale,
                np.where(weight > 0.0, scale, 0.0),
                np.full(self.shape, place),
                self.way,
            )
            for place, weight in enumerate(weights)
        ]

    def _read(self, arguments: Sequence[Array]) -> _Given:
        given = [np.broadcast_to(a, self.shape) for a in arguments]
        count = len(self.leaks)
        limits = dict(zip(self.limits, given[count:], strict=True))
        arrest = limits.get("arrest")
        arrested = np.zeros(self.shape, dtype=np.bool_) if arrest is None else arrest != 0.0
        return _Given(given[:count], arrested, limits.get("capacity"), limits.get("limit"))

    def every_slat(self) -> list[_Slat]:
        """Return all slats, those of what came in along the way last."""
        return self.slats + self.along

    def _taken(self, given: _Given, clock: ClockState) -> tuple[list[list[Array]], list[Array]]:
        """Return what each leakage takes of every slat in this step, and what each then owes of a whole unit."""
        slats = self.every_slat()
        left = [slat.content for slat in slats]
        taken, owed = [], []
        for leak, fraction, before in zip(self.leaks, given.fractions, self.owed, strict=True):
            here = []
            for place, slat in enumerate(slats):
                step = slat.way - 1 - (slat.leaves - self.moment)
                wanted = _wanted(leak, fraction, slat, step, left[place], clock)
                here.append(np.where((slat.leaves >= self.moment) & ~given.arrested, wanted, 0.0))
            debt = before
            if leak.integers:
                here, debt = self._whole(leak, here, left, before, given.arrested)
            left = [a - b for a, b in zip(left, here, strict=True)]
            taken.append(here)
            owed.append(debt)
        # a conveyor these come into may end its step before or after this one
        self.leaked = [
            [(slat.leaves - self.moment, slat.way, part) for slat, part in zip(slats, here, strict=True)]
            for here in taken
        ]
        return taken, owed

    def _whole(
        self, leak: _Leak, here: list[Array], left: list[Array], owed: Array, arrested: NDArray[np.bool_]
    ) -> tuple[list[Array], Array]:
        """Return whole units taken of the slats, and what is still owed."""
        # unverified: that what is owed waits until it makes a unit, and that units are taken where material has come
        # furthest; XMILE 1.0 says that whole numbers leak, not which
        total = owed + sum(here, np.zeros(self.shape))
        there = []
        for slat, content in zip(self.every_slat(), left, strict=True):
            inside, _ = leak.zone(slat.way, slat.way - 1 - (slat.leaves - self.moment))
            there.append(np.where(inside & (slat.leaves >= self.moment), np.maximum(content, 0.0), 0.0))
        most = np.minimum(total, sum(there, np.zeros(self.shape)))
        wanted = np.where(arrested, 0.0, np.floor(most + _SLACK))
        out = []
        for content in there:
            part = np.minimum(content, wanted)
            out.append(part)
            wanted = wanted - part
        return out, total - sum(out, np.zeros(self.shape))

    def emit(self, arguments: Sequence[Array], clock: ClockState) -> tuple[Array]:
        """Return the contents."""
        del arguments, clock
        if self.initial is not None:
            return (self.initial,)
        return (self._contents(),)

    def _contents(self) -> Array:
        return sum((slat.content for slat in self.every_slat()), np.zeros(self.shape))

    def flows(self, arguments: Sequence[Array], clock: ClockState) -> tuple[Array, ...]:
        """Return outflow, leakages and room for inflow, as rates: `(contents, leak fractions..., limits...)`."""
        given = self._read(arguments[1:])
        self._lay(given, clock)
        taken, _ = self._taken(given, clock)
        outflow = np.zeros(self.shape)
        for place, slat in enumerate(self.every_slat()):
            gone = slat.content - sum((t[place] for t in taken), np.zeros(self.shape))
            outflow = outflow + np.where((slat.leaves <= self.moment) & ~given.arrested, gone, 0.0)
        outflow = outflow / clock.step_size
        leakages = [sum(t, np.zeros(self.shape)) / clock.step_size for t in taken]
        room = np.full(self.shape, np.inf)
        if given.capacity is not None:
            free = (given.capacity - self._contents()) / clock.step_size + outflow
            room = sum(leakages, free)
        if given.limit is not None:
            room = np.minimum(room, self._within_limit(given.limit, clock))
        return (outflow, *leakages, np.where(given.arrested, 0.0, np.maximum(room, 0.0)), *_shows(self))

    def _within_limit(self, limit: Array, clock: ClockState) -> Array:
        # XMILE 1.0, 4.2.1: a continuous conveyor takes its limit times DT in each step, a discrete one may take all of
        # it in one. Stella help: what was used is forgotten at each whole time unit
        if not self.discrete:
            return limit
        used = self.used if self.unit == _unit_of(clock) else np.zeros(self.shape)
        return (limit - used) / clock.step_size

    def advance(self, arguments: Sequence[Array], clock: ClockState) -> None:
        """End a step: `(inflow, length, spread inflows..., leak fractions..., limits...)`.

        What is arrested leaves a step later.
        """
        count = 2 + len(self.spreads)
        inflow, length, *spread = (np.broadcast_to(a, self.shape) for a in arguments[:count])
        given = self._read(arguments[count:])
        self._lay(given, clock)
        taken, self.owed = self._taken(given, clock)
        left = [
            np.where(
                (slat.leaves <= self.moment) & ~given.arrested,
                0.0,
                slat.content - sum((t[place] for t in taken), np.zeros(self.shape)),
            )
            for place, slat in enumerate(self.every_slat())
        ]
        count = len(self.slats)
        lying = [
            _Slat(content, slat.entered, slat.leaves + given.arrested, slat.way)
            for content, slat in zip(left, self.slats, strict=False)
            if np.any(content != 0.0)
        ]
        along = _moved(self, left[count:], given.arrested)
        way = self.way = steps_of(length, clock)
        unit = _unit_of(clock)
        came = sum(spread, inflow) * clock.step_size
        self.used = came + (self.used if unit == self.unit else 0.0)
        self.unit = unit
        self.moment += 1
        load = inflow * clock.step_size
        for placement, flow in zip(self.spreads, spread, strict=True):
            load = load + self._place(placement, flow * clock.step_size, way, lying, along)
        self.slats, self.along = [*lying, _Slat(load, load, self.moment - 1 + way, way)], along

    def _place(
        self,
        placement: Placement,
        amount: Array,
        way: NDArray[np.int64],
        lying: Sequence[_Slat],
        along: list[_Slat],
    ) -> Array:
        """Add an inflow along the way; return what of it enters at the begin, for want of another place."""
        most = int(way.max(initial=1))
        for place in range(len(along), most):
            nothing = np.zeros(self.shape)
            along.append(_Slat(nothing, nothing, np.full(self.shape, self.moment + place), way))
        if placement.how == "dest":
            slats = [*lying, *along]
            shares = [slat.content for slat in slats]
        else:
            slats = along[:most]
            shares = self._shares(placement, way, most)
        total = sum(shares, np.zeros(self.shape))
        divisor = np.where(total > 0.0, total, 1.0)
        for slat, share in zip(slats, shares, strict=True):
            part = share / divisor * amount  # a share is 1 at most: `amount / total` may be too large for a number
            slat.content, slat.entered = slat.content + part, slat.entered + part
            if placement.how != "dest":
                slat.way = np.where(part > 0.0, way, slat.way)
        return np.where(total > 0.0, 0.0, amount)

    def _shares(self, placement: Placement, way: NDArray[np.int64], most: int) -> list[Array]:
        """Return weights of the places 1, 2, ... steps from the end."""
        if placement.how != "source":
            steps = range(1, most + 1)
            return [np.where(n <= way, placement.weight((n - 0.5) / way), 0.0) for n in steps]
        out = np.zeros((most, *self.shape))
        for left, old, part in self.sources[placement.source]().leaked[placement.number]:
            # unverified: that what leaks keeps the part of the way that it has behind it, and leaves a step later at
            # least
            place = np.clip(np.ceil(left / old * way - _SLACK), 1, way).astype(np.int64)[None] - 1
            place = np.broadcast_to(place, (1, *self.shape))
            np.put_along_axis(out, place, np.take_along_axis(out, place, axis=0) + part, axis=0)
        return list(out)


def _steps_of_unit(clock: ClockState) -> int:
    """Return how many steps a time unit has, at least one."""
    return max(1, round(1.0 / clock.step_size))


def _unit_of(clock: ClockState) -> float:
    """Return the whole time unit that a step begins in."""
    return float(np.floor(clock.time + _SLACK * max(1.0, abs(clock.time))))


def _wanted(
    leak: _Leak, fraction: Array, slat: _Slat, step: NDArray[np.int64], left: Array, clock: ClockState
) -> Array:
    """Return what a leakage takes of a slat at a step of its way, of which `left` is there."""
    inside, steps = leak.zone(slat.way, step)
    wanted = slat.content * fraction * clock.step_size if leak.exponential else slat.entered * fraction / steps
    return np.where(inside, np.clip(wanted, 0.0, np.maximum(left, 0.0)), 0.0)


def _shows(conveyor: Conveyor) -> list[Array]:
    """Return what is asked about the slats, from the front, as long as the way now is, or reaches."""
    if not conveyor.shown:
        return []
    most = max(
        int(conveyor.way.max(initial=1)),
        *(int((s.leaves - conveyor.moment).max(initial=0)) + 1 for s in conveyor.every_slat()),
    )
    belt = np.zeros((most, *conveyor.shape))
    for slat in conveyor.every_slat():
        place = np.maximum(slat.leaves - conveyor.moment, 0)[None]
        np.put_along_axis(belt, place, np.take_along_axis(belt, place, axis=0) + slat.content, axis=0)
    filled = most - np.argmax(belt[::-1] != 0.0, axis=0)
    lengths = np.maximum(np.where(np.any(belt != 0.0, axis=0), filled, 0), conveyor.way).ravel().tolist()
    columns = belt.reshape(most, -1).T.tolist()
    lines = [column[:length] for column, length in zip(columns, lengths, strict=True)]
    return [np.array([gathered(line, what) for line in lines]).reshape(conveyor.shape) for what in conveyor.shown]


def _moved(belt: Conveyor, left: Sequence[Array], arrested: NDArray[np.bool_]) -> list[_Slat]:
    """Return what came in along the way, by how many steps are to come when this one has ended."""
    out = []
    empty = _Slat(np.zeros(belt.shape), np.zeros(belt.shape), np.zeros(belt.shape, dtype=np.int64), belt.way)
    for place, slat in enumerate(belt.along):
        after = belt.along[place + 1] if place + 1 < len(belt.along) else empty
        following = left[place + 1] if place + 1 < len(left) else empty.content
        out.append(
            _Slat(
                np.where(arrested, left[place], following),
                np.where(arrested, slat.entered, after.entered),
                np.full(belt.shape, belt.moment + 1 + place),
                np.where(arrested, slat.way, after.way),
            )
        )
    return out
