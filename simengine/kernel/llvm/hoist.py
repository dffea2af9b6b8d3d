"""What does not change in a run, and takes long to compute, in slots of its own: computed once.

In: a program. Out: the same, where parts of statements of a step that rest on constants only (or on what is settled
at the start) are read from hidden slots after all others. `effect * EXP(-share)` needs no exponential a step, the
derivative of `stock / time` no division.

Invariant: every operation is done on the same numbers as where it stood: no bit changes.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

from simengine.kernel.llvm.survey import CHEAP, is_foreign
from simengine.program.node import Apply, Clock, Constant, Draw, Gather, Load, Lookup, Node, Reduce, Slots, operands
from simengine.program.program import Assign, Group, Program, Statement
from simengine.program.walk import nodes_upward, rank_of, shapes_of, slots_of, with_operands

_CONSTANT, _SETTLED, _MOVING = 0, 1, 2

_MOST = 100_000
"""Elements up to which an array is worth its memory."""


def hoist(program: Program) -> Program:
    """Return the program with what is still, and dear, computed ahead of its steps."""
    hoister = _Hoister(_levels(program), program.slot_count)
    own = hoister.group(program.own_group)
    clocks = tuple(replace(clock, group=hoister.group(clock.group)) for clock in program.clocks)
    constants, settled = hoister.ahead
    return replace(
        program,
        slot_count=hoister.count,
        constants=(*program.constants, *constants),
        settled=(*program.settled, *settled),
        step=own.step,
        clocks=clocks,
    )


def _levels(program: Program) -> NDArray[np.int8]:
    """Return when each slot has its last value: with the constants, before the first step, or never."""
    out = np.full(program.slot_count, _MOVING, dtype=np.int8)
    for level, statements in ((_SETTLED, program.initial), (_CONSTANT, program.constants), (_SETTLED, program.settled)):
        for statement in statements:
            if isinstance(statement, Assign):
                out[statement.slots] = level
    out[program.parameters] = _CONSTANT
    for group in program.groups:
        out[group.stocks] = _MOVING
        for written in (*group.step, *(memory.update for memory in group.memories)):
            if isinstance(written, Assign):
                out[written.slots] = _MOVING
    for device in program.devices:
        for slots in device.outputs:
            out[slots] = _MOVING
    return out


@dataclass
class _Hoister:
    levels: NDArray[np.int8]
    count: int
    ahead: tuple[list[Assign], list[Assign]] = field(default_factory=lambda: ([], []))
    """What is computed with the constants, and once all is settled."""
    known: dict[tuple[object, ...], Slots] = field(default_factory=dict)
    """Where a part that was met before stands, by its number."""
    numbers: dict[tuple[object, ...], int] = field(default_factory=dict)
    """Numbers of parts by what they do to which parts: equal parts have one."""

    def group(self, group: Group) -> Group:
        return replace(group, step=tuple(self.statement(s) for s in group.step))

    def statement(self, statement: Statement) -> Statement:
        if not isinstance(statement, Assign):
            return statement
        nodes = nodes_upward([statement.value])
        level = self._levels_of(nodes)
        dear = _dear(nodes, level)
        if not any(dear.values()):
            return statement
        rank = rank_of(nodes)
        shapes = shapes_of(nodes, rank) if rank else {id(n): () for n in nodes}
        new: dict[int, Node] = {}
        for node in nodes:
            if level[id(node)] != _MOVING:
                new[id(node)] = node
                continue
            changed = []
            for child in operands(node):
                kept = new[id(child)]
                if kept is child and dear.get(id(child)):
                    kept = new[id(child)] = self._kept(child, shapes[id(child)], level[id(child)], statement)
                changed.append(kept)
            same = all(a is b for a, b in zip(changed, operands(node), strict=True))
            new[id(node)] = node if same else with_operands(node, tuple(changed))
        root = statement.value
        value = new[id(root)]
        if dear.get(id(root)):
            value = self._kept(root, shapes[id(root)], level[id(root)], statement)
        return statement if value is root else replace(statement, value=value)

    def _levels_of(self, nodes: Sequence[Node]) -> dict[int, int]:
        out: dict[int, int] = {}
        for node in nodes:
            own = _CONSTANT
            if isinstance(node, Clock | Draw) or is_foreign(node):
                own = _MOVING
            else:
                slots = slots_of(node)
                if slots is not None:
                    own = int(self.levels[slots]) if isinstance(slots, int) else int(self.levels[slots].max())
            for child in operands(node):
                own = max(own, out[id(child)])
            out[id(node)] = own
        return out

    def _kept(self, node: Node, shape: tuple[int, ...], level: int, statement: Assign) -> Node:
        """Return where a part is read that is computed ahead."""
        size = int(np.prod(shape, dtype=np.int64))
        own = max((axis for axis, count in enumerate(shape) if count > 1), default=-1) + 1
        below = nodes_upward([node])
        if size > _MOST or any(axis < own for n in below if isinstance(n, Reduce) for axis in n.axes):
            return node  # a statement's own axes stand before those of its sums
        key = (self._number(below), shape)
        slots = self.known.get(key)
        if slots is None:
            slots = self.known[key] = self._compute(node, shape, own, size, self.ahead[level], statement)
        return Load(slots)

    def _compute(
        self, node: Node, shape: tuple[int, ...], own: int, size: int, ahead: list[Assign], statement: Assign
    ) -> Slots:
        first = self.count
        self.count += size
        flat = np.arange(first, self.count, dtype=np.int64)
        slots: Slots = flat.reshape(shape[:own]) if own else first
        ahead.append(Assign(slots, shape[:own], node, statement.variable, statement.span))
        return flat.reshape(shape) if shape else first

    def _number(self, nodes: Sequence[Node]) -> int:
        """Return the number of the last of nodes, all that are below it among them: the same for equal parts."""
        own: dict[int, int] = {}
        for node in nodes:
            key = (*_said(node), *(own[id(child)] for child in operands(node)))
            own[id(node)] = self.numbers.setdefault(key, len(self.numbers))
        return own[id(nodes[-1])]


def _dear(nodes: Sequence[Node], level: dict[int, int]) -> dict[int, bool]:
    """Return for parts that are still whether computing them is dearer than reading what was computed."""
    out: dict[int, bool] = {}
    for node in nodes:
        if level[id(node)] != _MOVING:
            own = node.op not in CHEAP if isinstance(node, Apply) else isinstance(node, Lookup | Reduce | Gather)
            out[id(node)] = own or any(out[id(child)] for child in operands(node))
    return out


def _said(node: Node) -> tuple[object, ...]:
    """Return what a node is, apart from the nodes below it."""
    match node:
        case Constant():
            return "constant", _exactly(np.asarray(node.value))
        case Load():
            return "load", _exactly(np.asarray(node.slots))
        case Apply():
            return "apply", node.op
        case Reduce():
            return "reduce", node.fold, node.axes
        case Lookup():
            return "lookup", _exactly(np.asarray(node.tables)), node.between, node.missing
        case Gather():
            return "gather", _exactly(node.slots), node.outside
    raise AssertionError(type(node))  # others are never still


def _exactly(array: NDArray[np.generic]) -> tuple[object, ...]:
    return array.shape, array.dtype.char, array.tobytes()
