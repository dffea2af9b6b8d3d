"""What a program computes, as a number: the same for programs that differ in nothing but names, places and values.

In: a program. Out: a hash of its slots, statements, devices and the sizes of its tables: all that code made for it
depends on. Values of parameters and points of tables, which code reads from memory, and what is only shown (names,
units, places in the file), are left out.

Invariant: programs of one hash need the same code.
"""

from __future__ import annotations

import hashlib
import struct
from array import array
from collections.abc import Sequence
from enum import Enum

import numpy as np
from numpy.typing import NDArray

from simengine.model.lookup import Between
from simengine.program.node import (
    Along,
    Apply,
    Ask,
    Clock,
    Constant,
    Draw,
    Gather,
    Inverse,
    Load,
    Lookup,
    Node,
    Reduce,
    Slots,
    operands,
)
from simengine.program.op import AlongOp, ClockValue, DeviceKind, Distribution, Fold, Op, TableQuery
from simengine.program.program import Assign, Program, Statement
from simengine.program.walk import nodes_upward

_ENUMS: tuple[type[Enum], ...] = (Op, Fold, AlongOp, ClockValue, Distribution, TableQuery, DeviceKind, Between)
_NUMBER = {member: number for kind in _ENUMS for number, member in enumerate(kind)}
_KINDS = {
    kind: number
    for number, kind in enumerate(
        (Constant, Load, Clock, Apply, Reduce, Lookup, Ask, Gather, Draw, Along, Inverse)
    )
}  # fmt: skip


def digest_of(program: Program) -> str:
    """Return the hash of a program, in hexadecimal digits; the program keeps it."""
    if not program.digest:
        mark(program, _digest(program))
    return program.digest


def mark(program: Program, digest: str) -> None:
    """Tell a program its hash, where that is known."""
    object.__setattr__(program, "digest", digest)


def _digest(program: Program) -> str:
    words = _Words()
    words.add(program.slot_count, *program.specs, program.moving_specs)
    for whole in (program.parameters, program.stocks, program.rates, program.floors.astype(np.int64)):
        words.array(whole)
    for phase in (program.constants, program.initial, program.settled, program.step):
        words.add(len(phase))
        for statement in phase:
            words.statement(statement)
    words.add(len(program.memories))
    for memory in program.memories:
        words.statement(memory.update)
    words.add(len(program.devices))
    for device in program.devices:
        words.add(_NUMBER[device.kind], len(device.axes), *device.axes, len(device.outputs))
        for slots in device.outputs:
            words.slots(slots)
        for part in (device.start, device.emit, device.advance):
            words.nodes(part)
        words.slots(-1 if device.tables is None else device.tables)
        words.text("\0".join(device.options))
        words.add(-1 if device.views is None else device.views, len(device.sources), *device.sources)
    words.add(len(program.tables))
    for table in program.tables:
        words.add(len(table.x), _NUMBER[table.between])
    if program.clocks:
        _clocks(words, program)
    return words.digest()


def _clocks(words: _Words, program: Program) -> None:
    """Add what goes by slower clocks; by which method is said elsewhere."""
    for clock in program.clocks:
        group = clock.group
        words.add(clock.step, len(group.step))
        for statement in group.step:
            words.statement(statement)
        words.add(len(group.memories), *group.devices, -1)
        for memory in group.memories:
            words.statement(memory.update)
        for whole in (group.stocks, group.rates, group.floors.astype(np.int64)):
            words.array(whole)
    words.add(*(program.clock_of(s.variable) for s in program.initial))


class _Words:
    """Whole numbers, one after another; what is of variable length comes after its length."""

    def __init__(self) -> None:
        self.words: list[int] = []

    def add(self, *numbers: int) -> None:
        self.words.extend(numbers)

    def digest(self) -> str:
        return hashlib.sha256(array("q", self.words).tobytes()).hexdigest()

    def text(self, text: str) -> None:
        self.add(len(text), *map(ord, text))

    def array(self, values: NDArray[np.int64] | NDArray[np.float64]) -> None:
        self.add(values.ndim, *values.shape, *np.ascontiguousarray(values).view(np.int64).ravel().tolist())

    def slots(self, slots: Slots) -> None:
        if isinstance(slots, int):
            self.add(-1, slots)
        else:
            self.array(slots)

    def real(self, value: float) -> None:
        self.add(-1, struct.unpack("<q", struct.pack("<d", value))[0])

    def statement(self, statement: Statement) -> None:
        if isinstance(statement, Assign):
            self.add(len(statement.axes), *statement.axes)
            self.slots(statement.slots)
            self.nodes((statement.value,))
        else:
            self.add(-1, statement.device)

    def nodes(self, roots: Sequence[Node]) -> None:
        """Add nodes, each after its operands, which are named by their place."""
        nodes = nodes_upward(roots)
        place = {id(node): number for number, node in enumerate(nodes)}
        self.add(len(nodes), len(roots), *(place[id(root)] for root in roots))
        for node in nodes:
            below = operands(node)
            self.add(_KINDS[type(node)], len(below), *[place[id(child)] for child in below])
            self._own(node)

    def _own(self, node: Node) -> None:
        match node:
            case Load():
                self.slots(node.slots)
            case Apply():
                self.add(_NUMBER[node.op])
            case Constant():
                if isinstance(node.value, np.ndarray):
                    self.array(np.asarray(node.value, dtype=np.float64))
                else:
                    self.real(float(node.value))
            case Clock():
                self.add(_NUMBER[node.what])
            case Reduce():
                self.add(_NUMBER[node.fold], len(node.axes), *node.axes)
            case Lookup():
                self.slots(node.tables)
                self.add(-1 if node.between is None else _NUMBER[node.between])
                self.real(0.0 if node.missing is None else node.missing)
                self.add(node.missing is None)
            case Ask():
                self.add(_NUMBER[node.query])
                self.slots(node.tables)
            case Gather():
                self.array(node.slots)
                self.real(node.outside)
            case Draw():
                self.add(_NUMBER[node.distribution])
                self.slots(node.streams)
            case Along():
                self.add(_NUMBER[node.op], node.axis, node.second)
            case Inverse():
                self.add(*node.axes)
