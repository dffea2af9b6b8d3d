"""What holds for every program; what does not, is said.

In: a `Program`. Out: sentences, none for a program a back end may rely on.

Invariant: a back end need check nothing that is checked here.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np
from numpy.typing import NDArray

from simengine.program.node import Along, Apply, Ask, Draw, Gather, Inverse, Lookup, Node, Reduce, Slots, operands
from simengine.program.op import AlongOp
from simengine.program.printer import SlotNames
from simengine.program.program import Assign, Device, Emit, Program, Statement
from simengine.program.walk import arrays_of, axes_used_up, nodes_upward, rank_of, slots_of

BEFORE = ("constants", "initial", "settled")
"""Phases that are done once."""


def verify(program: Program) -> list[str]:
    """Return every invariant a program breaks, as a sentence."""
    checker = _Checker(program)
    checker.check_layout()
    if not checker.said:
        checker.check_shapes()
    if not checker.said:
        checker.check_order()
    return checker.said


def _flat(slots: Slots) -> NDArray[np.int64]:
    return np.atleast_1d(np.asarray(slots, dtype=np.int64)).ravel()


def _in_run(program: Program) -> list[tuple[str, Sequence[Statement]]]:
    """Return what is evaluated again and again, in order, with names."""
    return [*((f"step of {c.key}", c.group.step) for c in program.clocks), ("step", program.step)]


def _phases(program: Program) -> list[tuple[str, Sequence[Statement]]]:
    return [*((phase, getattr(program, phase)) for phase in BEFORE), *_in_run(program)]


def _targets(program: Program, statement: Statement) -> tuple[Slots, ...]:
    return program.devices[statement.device].outputs if isinstance(statement, Emit) else (statement.slots,)


def _forget(program: Program, statements: Sequence[Statement], known: NDArray[np.bool_]) -> None:
    """Note that what statements write is stale until it is written."""
    for statement in statements:
        for slots in _targets(program, statement):
            known[slots] = False


class _Checker:
    def __init__(self, program: Program) -> None:
        self.program = program
        self.names = SlotNames(program)
        self.said: list[str] = []

    def say(self, where: str, what: str) -> None:
        if len(self.said) < 100:
            self.said.append(f"{where}: {what}")

    def outside(self, slots: Iterable[int] | NDArray[np.int64]) -> bool:
        flat = np.asarray(list(slots) if not isinstance(slots, np.ndarray) else slots, dtype=np.int64)
        return bool(flat.size) and (int(flat.min()) < 0 or int(flat.max()) >= self.program.slot_count)

    # layout

    def check_layout(self) -> None:
        program = self.program
        for variable in program.variables:
            if variable.first < 0 or variable.first + variable.size > program.slot_count:
                self.say(variable.name, "its slots lie outside the vector")
        groups = program.groups
        stocks, rates = np.concatenate([g.stocks for g in groups]), np.concatenate([g.rates for g in groups])
        for what, slots in (("parameters", program.parameters), ("stocks", stocks), ("rates", rates)):
            if self.outside(slots):
                self.say(what, "a slot lies outside the vector")
            if what != "rates" and len(np.unique(slots)) != len(slots):
                self.say(what, "a slot stands twice")
        if self.outside([*program.specs, *(c.step for c in program.clocks)]):
            self.say("specs", "a slot lies outside the vector")
        if len(program.parameters) != len(program.defaults):
            self.say("parameters", "there are not as many defaults")
        if any(not len(g.stocks) == len(g.rates) == len(g.floors) for g in groups):
            self.say("stocks", "there are not as many rates or floors")
        if any(not 0 <= n < len(program.devices) for c in program.clocks for n in c.group.devices):
            self.say("clocks", "a device that is not there")
        for key, place in program.by_key.items():
            if not 0 <= place < len(program.variables):
                self.say(key, "its position is no variable's")

    # shapes

    def check_shapes(self) -> None:
        program = self.program
        for phase, statements in _phases(program):
            for statement in statements:
                if isinstance(statement, Emit):
                    if not 0 <= statement.device < len(program.devices):
                        self.say(phase, f"there is no device {statement.device}")
                else:
                    self.check_assign(phase, statement)
        for memory in (m for g in program.groups for m in g.memories):
            self.check_assign("memories", memory.update)
        for number, device in enumerate(program.devices):
            where = f"device {number}"
            for node in (*device.start, *device.emit, *device.advance):
                self.check_node(where, node, device.axes)
            for slots in device.outputs:
                self.check_target(where, slots, device.axes)
            self.check_view(where, device)
            if device.tables is not None:
                self.check_tables(where, device.tables)

    def check_view(self, where: str, device: Device) -> None:
        if device.views is None:
            return
        devices = self.program.devices
        if not 0 <= device.views < len(devices) or devices[device.views].views is not None:
            self.say(where, f"there is no device {device.views} to view")
        elif devices[device.views].axes != device.axes or devices[device.views].kind is not device.kind:
            self.say(where, f"device {device.views}, which it views, is of another kind or shape")
        elif device.start or device.advance:
            self.say(where, "a view has no state to start or advance")

    def check_assign(self, phase: str, statement: Assign) -> None:
        where = f"{phase}, {self.names.names(statement.slots) if not self.outside(_flat(statement.slots)) else '?'}"
        self.check_target(where, statement.slots, statement.axes)
        if not 0 <= statement.variable < len(self.program.variables):
            self.say(where, f"there is no variable {statement.variable}")
        self.check_node(where, statement.value, statement.axes)

    def check_target(self, where: str, slots: Slots, axes: tuple[int, ...]) -> None:
        shape = () if isinstance(slots, int) else slots.shape
        if shape != tuple(axes):
            self.say(where, f"slots of shape {shape} over axes {axes}")
        flat = _flat(slots)
        if self.outside(flat):
            self.say(where, "a slot lies outside the vector")
        if len(np.unique(flat)) != flat.size:
            self.say(where, "a slot is written twice by one statement")

    def check_node(self, where: str, root: Node, axes: tuple[int, ...]) -> None:
        below = nodes_upward([root])
        rank = max(rank_of(below), len(axes)) if rank_of(below) else 0
        shapes: dict[int, tuple[int, ...]] = {}
        for node in below:
            self.check_one(where, node, rank, len(axes))
            parts = [shapes[id(child)] for child in operands(node)]
            parts += [a.shape for a in arrays_of(node)]
            try:
                shape = np.broadcast_shapes(*parts) if parts else ()
            except ValueError:
                self.say(where, f"shapes {parts} do not fit together")
                shape = ()
            gone = axes_used_up(node)
            shape = tuple(1 if a in gone else n for a, n in enumerate(shape))
            shapes[id(node)] = shape
        final = shapes[id(root)]
        own, rest = final[: len(axes)], final[len(axes) :]
        if any(n not in {1, size} for n, size in zip(own, axes, strict=False)) or any(n != 1 for n in rest):
            self.say(where, f"a value of shape {final} for axes {axes}")

    def check_one(self, where: str, node: Node, rank: int, own: int) -> None:
        for array in arrays_of(node):
            if array.ndim != rank:
                self.say(where, f"an array with {array.ndim} axes among {rank}")
        slots = slots_of(node)
        if slots is not None and self.outside(_flat(slots)):
            self.say(where, "a slot that is read lies outside the vector")
        match node:
            case Apply():
                if len(node.arguments) != node.op.arity:
                    self.say(where, f"{node.op.mnemonic} takes {node.op.arity} arguments, it has {len(node.arguments)}")
            case Reduce():
                if len(set(node.axes)) != len(node.axes) or any(not own <= a < rank for a in node.axes):
                    self.say(where, f"a reduction over axes {node.axes}, of which the target has {own} of {rank}")
            case Along():
                if not 0 <= node.axis < rank:
                    self.say(where, f"a vector along axis {node.axis} of {rank}")
                if (node.op is AlongOp.MARKET_PRICE) != (0 <= node.second < rank and node.second != node.axis):
                    self.say(where, f"{node.op.value} with a second axis {node.second} of {rank}")
            case Inverse():
                if len(set(node.axes)) != 2 or any(not 0 <= a < rank for a in node.axes):
                    self.say(where, f"a matrix over axes {node.axes} of {rank}")
            case Lookup() | Ask():
                self.check_tables(where, node.tables)
            case Gather():
                if node.slots.ndim < 1 or node.slots.shape[-1] == 0:
                    self.say(where, "nothing to choose from")
            case Draw():
                if _flat(node.streams).min(initial=0) < 0:
                    self.say(where, "a stream below 0")

    def check_tables(self, where: str, tables: Slots) -> None:
        flat = _flat(tables)
        if flat.size and (int(flat.min()) < 0 or int(flat.max()) >= len(self.program.tables)):
            self.say(where, "a table that is not there")

    # order

    def check_order(self) -> None:
        program, groups = self.program, self.program.groups
        known = np.zeros(program.slot_count, dtype=np.bool_)
        known[program.parameters] = True
        memories = [m for g in groups for m in g.memories]
        held = [*(g.stocks for g in groups), *(_flat(m.update.slots) for m in memories)]
        for phase in BEFORE:
            self.check_phase(phase, getattr(program, phase), known)
            if phase == "constants" and not program.moving_specs:
                self.require("specs", [*program.specs, *(c.step for c in program.clocks)], known, "after the constants")
        for slots in held:
            self.require("initial", slots, known, "at the start")
        for _, statements in _in_run(program):
            _forget(self.program, statements, known)  # a slower clock must not read what a faster one is yet to write
        for phase, statements in _in_run(program):
            self.check_phase(phase, statements, known)
        for group in groups:
            self.require("stocks", group.rates, known, "in the run")
        for memory in memories:
            self.require_node(f"memory {self.names.names(memory.update.slots)}", memory.update.value, known)
        for number, device in enumerate(program.devices):
            for node in device.advance:
                self.require_node(f"device {number}", node, known)
        in_run = [s for _, statements in _in_run(program) for s in statements]
        in_step = {s for x in in_run if isinstance(x, Assign) for s in _flat(x.slots).tolist()}
        for slot in (s for slots in held for s in slots.tolist() if s in in_step):
            self.say("step", f"`{self.names.name(slot)}` is held, but written")

    def check_phase(self, phase: str, statements: Sequence[Statement], known: NDArray[np.bool_]) -> None:
        written = np.zeros_like(known)
        _forget(self.program, statements, known)
        for statement in statements:
            if isinstance(statement, Emit):
                device = self.program.devices[statement.device]
                nodes = (*device.start, *device.emit) if phase == "initial" else device.emit
                targets = [_flat(s) for s in device.outputs]
                where = f"{phase}, device {statement.device}"
            else:
                nodes, targets = (statement.value,), [_flat(statement.slots)]
                where = f"{phase}, {self.names.names(statement.slots)}"
            for node in nodes:
                self.require_node(where, node, known)
            for target in targets:
                if written[target].any():
                    self.say(where, f"`{self.names.name(int(target[written[target]][0]))}` is written twice")
                written[target] = known[target] = True

    def require_node(self, where: str, root: Node, known: NDArray[np.bool_]) -> None:
        for node in nodes_upward([root]):
            slots = slots_of(node)
            if slots is not None:
                self.require(where, _flat(slots), known, "before it is read")

    def require(self, where: str, slots: Iterable[int], known: NDArray[np.bool_], when: str) -> None:
        flat = np.asarray(list(slots), dtype=np.int64)
        lacking = flat[~known[flat]] if flat.size else flat
        if lacking.size:
            self.say(where, f"`{self.names.name(int(lacking[0]))}` is not written {when}")
