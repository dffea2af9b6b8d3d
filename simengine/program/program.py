"""Statements and the program.

A run goes:

    constants   once: what depends on constants only
    initial     once, at the start time: what initial values need, and the initial values
    settled     once, after initial: what does not change from then on
    step        at every evaluation: auxiliaries and rates, by causality
    update      once a time step, from the values of its beginning: memories and devices
    stocks      slots[stock] += rule of the method over slots[rate]

What goes by a slower clock (`SlowClock`) is a group of its own: evaluated at that clock's ticks, before the step phase,
with that clock's time and step; its memories, devices and stocks move once from tick to tick. Between ticks its slots
stand.

Invariant: within a phase a statement reads only slots written before it in the phase, or in an earlier
phase, or held by a stock, memory or parameter.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from simengine.model.definition import Method
from simengine.model.lookup import Table
from simengine.program.node import Node, Slots
from simengine.program.op import DeviceKind
from simengine.source.file import Span
from simengine.source.names import Key


@dataclass(frozen=True, slots=True, eq=False)
class Assign:
    """Slots receive a node's values. `slots` spans the statement's `axes` (a plain int: no axes).

    Nodes may use further axes than the target has: those of reductions, always after the target's own.
    """

    slots: Slots
    axes: tuple[int, ...]
    value: Node
    variable: int  # position in Program.variables
    span: Span | None = None


@dataclass(frozen=True, slots=True, eq=False)
class Emit:
    """A device shows what it gives at this time: its output slots are written."""

    device: int
    variable: int
    span: Span | None = None


Statement = Assign | Emit


@dataclass(frozen=True, slots=True, eq=False)
class Device:
    """One or many devices of a kind (one per point of `axes`).

    `start` nodes are read once in the initial phase, `emit` nodes at every Emit, `advance` nodes at every
    update. What the nodes and output slots mean, per kind, stands in `kernel/devices`.

    A device that `views` another has no state: it shows the flows of the other one's, and reads its first output.
    So what flows may depend on what the other shows.
    """

    kind: DeviceKind
    axes: tuple[int, ...]
    start: tuple[Node, ...]
    emit: tuple[Node, ...]
    advance: tuple[Node, ...]
    outputs: tuple[Slots, ...]
    variable: int
    tables: Slots | None = None
    options: tuple[str, ...] = ()
    views: int | None = None  # position of the device whose flows it shows
    sources: tuple[int, ...] = ()  # positions of conveyors whose leakages come in where they were, in order of options


@dataclass(frozen=True, slots=True)
class Axis:
    """An axis of a variable: the name shown, and the names of its elements in storage order."""

    name: str
    elements: tuple[str, ...]


@dataclass(frozen=True, slots=True, eq=False)
class ProgramVariable:
    """A variable of the program: where its values stand, and how they are labelled."""

    name: str
    key: Key
    first: int  # first slot; scalars have one, arrays consecutive ones, last axis fastest
    axes: tuple[Axis, ...]
    units: str = ""
    documentation: str = ""
    hidden: bool = False
    defined: NDArray[np.bool_] | None = None  # which elements have an equation; None: all
    lookup: bool = False  # whether it has points, and no values
    clock: Key | None = None  # the slower clock it goes by; None: the program's own

    @property
    def shape(self) -> tuple[int, ...]:
        """Numbers of elements along the axes."""
        return tuple(len(a.elements) for a in self.axes)

    @property
    def size(self) -> int:
        """Number of slots."""
        return math.prod(len(a.elements) for a in self.axes)


@dataclass(frozen=True, slots=True, eq=False)
class Memory:
    """Slots whose next value is computed at the end of a time step (SAMPLE IF TRUE, PREVIOUS)."""

    update: Assign


@dataclass(frozen=True, slots=True, eq=False)
class Group:
    """What moves together by one clock: statements of its step, what they remember, and its stocks.

    `devices` are positions in `Program.devices`.
    """

    step: Sequence[Statement]
    memories: Sequence[Memory]
    devices: tuple[int, ...]
    stocks: NDArray[np.int64]
    rates: NDArray[np.int64]
    floors: NDArray[np.bool_]


@dataclass(frozen=True, slots=True, eq=False)
class SlowClock:
    """A clock that ticks once in a whole number of steps, and what goes by it. `step` is the slot of its time step."""

    key: Key
    step: int
    method: Method
    group: Group


@dataclass(frozen=True, slots=True, eq=False)
class Program:
    """Everything a back end needs.

    `parameters` are slots a caller may set before the constants phase, with their values in `defaults`.
    `specs` are the slots of start, stop, step and save interval, all known after the constants phase.

    `step`, `memories`, `stocks`, `rates` and `floors` are those of the program's own clock; slower clocks have theirs.
    """

    slot_count: int
    variables: tuple[ProgramVariable, ...]
    parameters: NDArray[np.int64]
    defaults: NDArray[np.float64]
    constants: Sequence[Statement]
    initial: Sequence[Statement]
    settled: Sequence[Statement]
    step: Sequence[Statement]
    memories: Sequence[Memory]
    devices: Sequence[Device]
    stocks: NDArray[np.int64]
    rates: NDArray[np.int64]
    floors: NDArray[np.bool_]  # stocks that may not fall below zero (clamped after the step)
    tables: tuple[Table, ...]
    specs: tuple[int, int, int, int]
    by_key: dict[Key, int] = field(default_factory=dict)  # variable key to position in variables
    # True where the specs depend on time (or stocks): then begin is what their equations give at time 0 and
    # end, step and save interval are read anew at every step from the slots in `specs`.
    moving_specs: bool = False
    clocks: tuple[SlowClock, ...] = ()  # the slowest first: what goes by it is evaluated first
    # what it computes, as a hash, once `program.digest` has found it: a program made from this one has its own
    digest: str = field(default="", init=False)

    @property
    def own_group(self) -> Group:
        """What goes by the program's own clock."""
        slow = {number for clock in self.clocks for number in clock.group.devices}
        devices = tuple(n for n in range(len(self.devices)) if n not in slow)
        return Group(self.step, self.memories, devices, self.stocks, self.rates, self.floors)

    @property
    def groups(self) -> tuple[Group, ...]:
        """All groups, in the order they are evaluated: those of slower clocks, then the program's own."""
        return (*(clock.group for clock in self.clocks), self.own_group)

    def clock_of(self, variable: int) -> int:
        """Return the position of the slower clock a variable goes by, -1 for the program's own."""
        key = self.variables[variable].clock
        return -1 if key is None else next((n for n, c in enumerate(self.clocks) if c.key == key), -1)

    def tables_of(self, device: Device) -> tuple[Table, ...] | None:
        """Return the tables of a device, one or one an element; None if it has none."""
        if device.tables is None:
            return None
        return tuple(self.tables[n] for n in np.atleast_1d(device.tables).ravel().tolist())
