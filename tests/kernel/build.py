"""Programs built by hand, for tests of what runs them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from simengine.model.lookup import Between, Table
from simengine.program.node import Apply, Clock, Constant, Load, Node, Slots
from simengine.program.op import ClockValue, Op
from simengine.program.program import (
    Assign,
    Axis,
    Device,
    Emit,
    Memory,
    Program,
    ProgramVariable,
    Statement,
)
from simengine.source.names import Key

TIME = Clock(ClockValue.TIME)


def number(value: float) -> Constant:
    return Constant(float(value))


def apply(op: Op, *arguments: Node) -> Apply:
    return Apply(op, arguments)


def table(*points: tuple[float, float], between: Between = Between.INTERPOLATE) -> Table:
    return Table(tuple(float(x) for x, _ in points), tuple(float(y) for _, y in points), between)


@dataclass
class Build:
    """A program being put together; slots are given out as names come."""

    start: float = 0.0
    stop: float = 10.0
    step: float = 1.0
    save: float = 1.0
    variables: list[ProgramVariable] = field(default_factory=list)
    phases: dict[str, list[Statement]] = field(
        default_factory=lambda: {"constants": [], "initial": [], "settled": [], "step": []}
    )
    parameters: list[tuple[int, float]] = field(default_factory=list)
    memories: list[Memory] = field(default_factory=list)
    devices: list[Device] = field(default_factory=list)
    stocks: list[tuple[int, int, bool]] = field(default_factory=list)
    tables: list[Table] = field(default_factory=list)
    slots: int = 0
    owners: dict[int, int] = field(default_factory=dict)

    def __post_init__(self) -> None:
        names = ("start", "stop", "dt", "save")
        values = (self.start, self.stop, self.step, self.save)
        self.specs = tuple(self.parameter(n, v) for n, v in zip(names, values, strict=True))

    def variable(self, name: str, shape: Sequence[int] = ()) -> NDArray[np.int64]:
        axes = tuple(Axis(f"D{n}", tuple(f"{'abc'[n]}{i}" for i in range(size))) for n, size in enumerate(shape))
        placed = ProgramVariable(name, Key(name), self.slots, axes)
        self.owners |= dict.fromkeys(range(placed.first, placed.first + placed.size), len(self.variables))
        self.variables.append(placed)
        self.slots += placed.size
        return placed.first + np.arange(placed.size, dtype=np.int64).reshape(tuple(shape))

    def scalar(self, name: str) -> int:
        return int(self.variable(name))

    def parameter(self, name: str, value: float) -> int:
        slot = self.scalar(name)
        self.parameters.append((slot, float(value)))
        return slot

    def parameter_array(self, name: str, values: NDArray[np.float64]) -> NDArray[np.int64]:
        slots = self.variable(name, values.shape)
        self.parameters += zip(slots.ravel().tolist(), values.ravel().tolist(), strict=True)
        return slots

    def assign(self, phase: str, slots: Slots | NDArray[np.int64], node: Node) -> None:
        place = slots if isinstance(slots, int) or slots.ndim else int(slots)
        axes = () if isinstance(place, int) else place.shape
        owner = self.owners.get(int(np.min(place)), 0)
        self.phases[phase].append(Assign(place, axes, node, owner))

    def compute(self, name: str, node: Node, shape: Sequence[int] = (), phase: str = "step") -> Slots:
        slots = self.variable(name, shape)
        self.assign(phase, slots, node)
        return slots if shape else int(slots)

    def stock(self, name: str, initial: Node, shape: Sequence[int] = (), *, floor: bool = False) -> Slots:
        slots = self.variable(name, shape)
        self.assign("initial", slots, initial)
        rate = np.arange(self.slots, self.slots + slots.size).reshape(slots.shape)
        self.slots += slots.size
        self.stocks += zip(slots.ravel().tolist(), rate.ravel().tolist(), [floor] * slots.size, strict=True)
        return slots if shape else int(slots)

    def flow(self, stock: Slots, node: Node) -> None:
        rates = {s: r for s, r, _ in self.stocks}
        slots = rates[stock] if isinstance(stock, int) else np.vectorize(rates.get)(stock).astype(np.int64)
        self.assign("step", slots, node)

    def memory(self, name: str, initial: Node, following: Node) -> int:
        slot = self.scalar(name)
        self.assign("initial", slot, initial)
        self.memories.append(Memory(Assign(slot, (), following, len(self.variables) - 1)))
        return slot

    def emit(self, device: Device, phases: Sequence[str] = ("initial", "step")) -> None:
        self.devices.append(device)
        for phase in phases:
            self.phases[phase].append(Emit(len(self.devices) - 1, device.variable))

    def program(self, **changes: object) -> Program:
        stocks = np.asarray(self.stocks, dtype=np.int64).reshape(-1, 3)
        given = np.asarray([s for s, _ in self.parameters], dtype=np.int64)
        arguments: dict[str, object] = {
            "slot_count": self.slots,
            "variables": tuple(self.variables),
            "parameters": given,
            "defaults": np.asarray([v for _, v in self.parameters], dtype=np.float64),
            **{phase: tuple(statements) for phase, statements in self.phases.items()},
            "memories": tuple(self.memories),
            "devices": tuple(self.devices),
            "stocks": stocks[:, 0],
            "rates": stocks[:, 1],
            "floors": stocks[:, 2].astype(bool),
            "tables": tuple(self.tables),
            "specs": self.specs,
            "by_key": {v.key: n for n, v in enumerate(self.variables)},
        }
        return Program(**{**arguments, **changes})


def load(slots: Slots) -> Load:
    return Load(slots)
