"""Statements as instructions: assignments in loops over their axes, calls of devices.

In: statements, one after another. Out: instructions of one function.

Invariant: what must stand in memory, or would be computed again and again within loops, is computed ahead.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import assert_never

import numpy as np

from simengine.kernel.llvm.body import Body
from simengine.kernel.llvm.context import Field
from simengine.kernel.llvm.frame import Value
from simengine.kernel.llvm.node import NodeWriter
from simengine.kernel.llvm.place import flat_index, sum_of
from simengine.kernel.llvm.ring import NATIVE, Ring
from simengine.kernel.llvm.site import Block, Call, Site
from simengine.kernel.llvm.survey import Survey, is_foreign
from simengine.program.node import Along, Apply, Ask, Draw, Inverse, Node, Reduce, Slots, operands
from simengine.program.program import Assign, Device, Emit, Statement

_UNROLL = 96
"""Nodes times points up to which loops are written out, where a point takes one register."""

_UNROLL_LANES = 8
"""The same where it takes several: the loop costs nothing beside them, and long code waits for its instructions."""


_VECTOR = 8
"""Elements of a long axis that are computed side by side."""

ONCE = frozenset({"constants", "initial", "settled"})
"""Phases that are done once in a run."""

ENDS = frozenset({"gather", "move", "keep", "follow", "commit"})
"""Parts of the end of a step (`method.Course`)."""


def parts(size: int) -> list[tuple[int, int, int]]:
    """Return how an axis is cut into vectors: (elements side by side, first element, how many such vectors).

    >>> parts(13), parts(50)
    ([(13, 0, 1)], [(8, 0, 6), (2, 48, 1)])
    """
    if size <= 2 * _VECTOR:
        return [(size, 0, 1)]
    whole, rest = divmod(size, _VECTOR)
    return [(_VECTOR, 0, whole), *([(rest, _VECTOR * whole, 1)] if rest else [])]


class StatementWriter(NodeWriter):
    """Writes statements into one function."""

    _once = False
    _ends_step = False

    def write(self, statement: Statement, phase: str) -> None:
        """Write one statement."""
        self._once, self._ends_step = phase in ONCE, phase in ENDS
        match statement:
            case Assign():
                self.assign(statement)
            case Emit():
                self._emit(statement, phase)
            case _:
                assert_never(statement)

    def assign(self, statement: Assign) -> None:
        """Write an assignment."""
        slots = statement.slots
        if 0 in statement.axes:
            return
        self._begin([statement.value], len(statement.axes))
        if self._survey.rank == 0 and not self._survey.calls_back:
            self._compute(self._survey.nodes)  # no loops: operands first is all there is to it
            self._store(slots, self.value(statement.value))
            return
        axes = [axis for axis, size in enumerate(statement.axes) if size > 1]
        sizes = {axis: statement.axes[axis] for axis in axes}
        self._survey.sizes.update(sizes)
        differs = self._differs(slots)
        # what ends a step joins stocks that stand alone: read together, they would wait for what wrote each
        across = None if differs or self._ends_step else self._survey.across(slots)
        if across is not None and self._side_by_side(statement, across):
            return
        self._unroll = self._is_small(statement.axes, lanes=differs)
        self._materialise([statement.value], axes)
        self._nest([statement.value], axes, lambda: self._store(slots, self.value(statement.value)))
        if not self._unroll and axes:
            self._forget(slots)

    def _begin(self, roots: Sequence[Node], rank: int) -> None:
        varying = self.module.varying if self.module.varies else None
        self._survey = Survey(roots, rank, varying, noise=self.module.noise)
        self._scopes, self._truths = [{}], [{}]
        self._stored = {}
        self._index = {}
        self.module.temporaries.clear()

    def _side_by_side(self, statement: Assign, across: int) -> bool:
        """Write an assignment with the elements of one axis as lanes; return whether it can be done."""
        root, survey = statement.value, self._survey
        axes = [axis for axis, size in enumerate(statement.axes) if size > 1 and axis != across]
        self._unroll = self._is_small([statement.axes[a] for a in axes])
        if not self._unroll and any(survey.is_repeated(node, [*axes, across]) for node in survey.nodes):
            return False
        survey.spread(across)
        runs, self._across = self.many, across
        for width, first, count in parts(statement.axes[across]):
            self.many = Body(width, self.one.sheet)
            self._strip(
                across, width, first, count, lambda: self._nest([root], axes, lambda: self._put_slots(statement))
            )
        self.many, self._across = runs, None
        self._forget(statement.slots)
        return True

    def _strip(self, axis: int, width: int, first: int, count: int, inside: Callable[[], None]) -> None:
        """Write something for `count` vectors of elements, the first of which begins at `first`."""
        with self._scope():
            if count == 1:
                self._index[axis] = first
                inside()
            else:
                self._depth += 1
                with self.one.counted(count) as turn:
                    self._index[axis] = sum_of(self.one, first, [(turn, width)])
                    inside()
                self._depth -= 1
            del self._index[axis]

    def _put_slots(self, statement: Assign) -> None:
        place, lanes = self._place(statement.slots)
        self._write_slot(place, lanes, self.value(statement.value))

    def _is_small(self, axes: Sequence[int], *, lanes: bool = False) -> bool:
        points = float(np.prod([1.0, *axes]))
        inner = max(
            (
                np.prod([self._survey.sizes.get(a, 1) for a in n.axes])
                for n in self._survey.nodes
                if isinstance(n, Reduce)
            ),
            default=1.0,
        )
        most = _UNROLL_LANES if self._once or (lanes and self.many.width > 1) else _UNROLL
        return bool(points * inner * len(self._survey.nodes) <= most)

    def _store(self, slots: Slots, value: Value) -> None:
        place, lanes = self._place(slots)
        if isinstance(place, int):
            if not self._depth:
                self._registers[place] = value
            if not self.module.is_read(place, alone=self._depth == 0):
                return
        self._write_slot(place, lanes, value)

    def _nest(self, roots: Sequence[Node], axes: list[int], finish: Callable[[], None]) -> None:
        """Open loops over axes; every node below the roots is computed in the outermost loop it can be."""
        levels = self._levels(roots, axes)
        self._compute(levels[0])
        self._open(axes, 0, levels, finish)

    def _open(self, axes: list[int], level: int, levels: list[list[Node]], finish: Callable[[], None]) -> None:
        if level == len(axes):
            finish()
            return

        def inside() -> None:
            self._compute(levels[level + 1])
            self._open(axes, level + 1, levels, finish)

        self._loop(axes[level], inside)

    def _materialise(self, roots: Sequence[Node], axes: list[int]) -> None:
        """Compute ahead what must stand in memory, and what would be computed again and again within loops."""
        for node in self._survey.below(roots, self._stored):
            if is_foreign(node):
                self._stored[id(node)] = self._call_node(node)
            elif not self._unroll and self._survey.is_repeated(node, axes):
                self._stored[id(node)] = self._keep(node)

    def _keep(self, node: Node) -> Block:
        """Return the block that holds a node over the axes it depends on."""
        axes = sorted(self._survey.axes[id(node)])
        block = self._new_block(node)
        self._nest([node], axes, lambda: self._put(block, self.value(node)))
        return block

    def _call_node(self, node: Node) -> Block:
        assert isinstance(node, Along | Apply | Ask | Draw | Inverse)
        arguments = tuple(self._keep(child) for child in operands(node))
        result = self._new_block(node)
        self._call(Site(Call.NODE, result.lanes, arguments, node=node, result=result))
        return result

    def _emit(self, statement: Emit, phase: str) -> None:
        device = self.module.program.devices[statement.device]
        started = phase != "initial" and self.module.starts_before(statement.device)
        if started and device.kind in NATIVE:
            self._show_rings(statement.device)
            return
        roots = device.emit if started else (*device.start, *device.emit)
        axes = self._begin_device(device, roots)
        self._materialise(roots, axes)
        kept = [self._keep(node) for node in roots]
        # axes behind those of the device were reduced: one point is left of them
        arguments = tuple(replace(block, shape=block.shape[: len(device.axes)]) for block in kept)
        lanes = self._differs(device.outputs[0])
        starts = 0 if started else len(device.start)
        self._call(Site(Call.EMIT, lanes, arguments, device=statement.device, starts=starts))
        for slots in device.outputs:
            self._forget(slots)

    def _begin_device(self, device: Device, roots: Sequence[Node]) -> list[int]:
        """Begin what is done for every element of a device; return the axes to loop over."""
        self._begin(roots, len(device.axes))
        self._survey.sizes.update(dict(enumerate(device.axes)))
        self._unroll = False
        return [axis for axis, size in enumerate(device.axes) if size > 1]

    def _show_rings(self, number: int) -> None:
        target = self.module.program.devices[number].outputs[0]

        def show(ring: Ring) -> None:
            self._store(target, Value(ring.shown(), lanes=ring.body is self.many))

        self._each_ring(number, show)
        if not isinstance(target, int):
            self._forget(target)

    def _move_rings(self, number: int, taken: Slots) -> None:
        def move(ring: Ring) -> None:
            value = self._load(taken)
            ring.take(self.wide(value) if ring.body is self.many else value.register)

        self._each_ring(number, move)

    def _each_ring(self, number: int, do: Callable[[Ring], None]) -> None:
        """Do something with the rings of every element of a device."""
        device = self.module.program.devices[number]
        axes = self._begin_device(device, [])
        rings = self.one.new(f"load ptr, ptr {self._field(Field.RINGS)}")
        arrays = self.one.new(f"getelementptr inbounds i64, ptr {rings}, i64 {3 * number}")
        body = self.many if self._differs(device.outputs[0]) else self.one
        elements = int(np.prod(device.axes, dtype=np.int64))

        def inside() -> None:
            do(Ring(self.one, body, arrays, flat_index(self.one, device.axes, self._index), elements))

        self._nest([], axes, inside)

    def advance(self, device: int, taken: tuple[Slots, ...]) -> None:
        """Write the end of a device's step, with arguments from slots."""
        own = self.module.program.devices[device]
        if own.views is not None:
            return
        if own.kind in NATIVE:
            self._move_rings(device, taken[0])
            return
        lanes = self._differs(own.outputs[0])
        self._call(Site(Call.ADVANCE, lanes, (), device=device, taken=taken))

    def _call(self, site: Site) -> None:
        number = self.module.add_site(site)
        callee = self.one.new(f"load ptr, ptr {self._field(Field.CALLBACK)}")
        handle = self.one.new(f"load i64, ptr {self._field(Field.HANDLE)}")
        # memory is handed over, so that LLVM knows it may have changed
        self.one.line(f"call void {callee}(i64 {handle}, i64 {number}, ptr %U, ptr %V, ptr %X)")
