"""Statements as instructions: loops over axes, nodes computed as far outside as they can be.

In: statements, one after another. Out: instructions of one function, over what all runs share and over lanes.

A slot that is the same in all runs stands in memory `%U`, one that differs in `%V`, a vector of lanes a slot; tables
in `%T`, the context in `%X`. A scalar that this function has computed stays in its register.

Invariant: the operations on a number do not depend on the number of lanes, nor on what is unrolled.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import assert_never

import numpy as np
from numpy.typing import NDArray

from simengine.kernel.llvm.body import Body, real_literal
from simengine.kernel.llvm.context import Field
from simengine.kernel.llvm.module import ModuleWriter
from simengine.kernel.llvm.noise import LOW, seed_word, uniform
from simengine.kernel.llvm.place import Index, flat_index, sum_of
from simengine.kernel.llvm.primitive import COMPARE, WRITERS, real_of, truth_of
from simengine.kernel.llvm.site import Block, Call, Site
from simengine.kernel.llvm.survey import NATIVE_DRAWS, Survey, is_foreign
from simengine.kernel.llvm.table import Shape, gather_pointers, lookup_name
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
from simengine.program.op import ClockValue, Distribution, Fold, Op
from simengine.program.program import Assign, Emit, Statement

UNROLL = 96
"""Nodes times points up to which loops are written out."""

_FEW = 16
"""Candidates up to which a gather is a chain of choices."""

_LOGIC = {Op.AND, Op.OR, Op.NOT}
_CLOCK = {
    ClockValue.TIME: Field.TIME,
    ClockValue.BEGIN: Field.BEGIN,
    ClockValue.START: Field.START,
    ClockValue.STOP: Field.STOP,
    ClockValue.STEP: Field.STEP,
    ClockValue.SAVE: Field.SAVE,
}


@dataclass(frozen=True, slots=True)
class Value:
    """A register or constant; over lanes, or the same in all."""

    register: str
    lanes: bool
    constant: float | None = None


class StatementWriter:
    """Writes statements into one function.

    Parameters
    ----------
    module
        What the function belongs to: memory, tables, call sites.

    """

    def __init__(self, module: ModuleWriter) -> None:
        self.module = module
        self.one = Body(1)
        self.many = Body(module.width, self.one.sheet)
        self.stack: list[str] = []
        """Places on the stack, made at the function's entry."""
        self._registers: dict[int, Value] = {}  # of scalars by slot
        self._scopes: list[dict[int, Value]] = [{}]
        self._truths: list[dict[int, Value]] = [{}]
        self._index: dict[int, Index] = {}
        self._depth = 0
        self._unroll = False
        self._survey = Survey((), 0, module.varying)
        self._stored: dict[int, Block] = {}

    # statements

    def write(self, statement: Statement, phase: str) -> None:
        """Write one statement."""
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
        axes = [axis for axis, size in enumerate(statement.axes) if size > 1]
        sizes = {axis: statement.axes[axis] for axis in axes}
        self._survey.sizes.update(sizes)
        self._unroll = self._is_small(statement.value, list(statement.axes))
        self._materialise([statement.value], axes)
        self._nest([statement.value], axes, lambda: self._store(slots, self.value(statement.value)))
        if not self._unroll and axes:
            self._forget(slots)

    def _forget(self, slots: Slots) -> None:
        """Drop registers of slots written in a loop or by a call."""
        flat = np.ravel(slots)
        low, high = int(flat.min()), int(flat.max())
        for slot in [s for s in self._registers if low <= s <= high]:
            del self._registers[slot]

    def _begin(self, roots: Sequence[Node], rank: int) -> None:
        self._survey = Survey(roots, rank, self.module.varying)
        self._scopes, self._truths = [{}], [{}]
        self._stored = {}
        self._index = {}
        self.module.temporaries.clear()

    def _is_small(self, root: Node, axes: list[int]) -> bool:
        points = float(np.prod([1.0, *axes]))
        inner = max(
            (
                np.prod([self._survey.sizes.get(a, 1) for a in n.axes])
                for n in self._survey.nodes
                if isinstance(n, Reduce)
            ),
            default=1.0,
        )
        del root
        return bool(points * inner * len(self._survey.nodes) <= UNROLL)

    def _store(self, slots: Slots, value: Value) -> None:
        place = slots if isinstance(slots, int) else self.module.places.find(self.one, slots, self._index)
        first = slots if isinstance(slots, int) else int(slots.ravel()[0])
        lanes = bool(self.module.varying[first])
        if isinstance(place, int):
            if not self._depth:
                self._registers[place] = value
            if not self.module.is_read(place, alone=self._depth == 0):
                return
        self._write_slot(place, lanes, value)

    def _write_slot(self, place: Index, lanes: bool, value: Value) -> None:
        if lanes:
            self.one.line(
                f"store {self.many.real_type} {self.wide(value)}, ptr {self._slot(place, lanes)}, {self._aligned}"
            )
        else:
            self.one.line(f"store double {value.register}, ptr {self._slot(place, lanes)}, align 8")

    @property
    def _aligned(self) -> str:
        return f"align {min(64, 8 * self.module.width)}"

    def _slot(self, place: Index, lanes: bool) -> str:
        kind, memory = (self.many.real_type, "%V") if lanes else ("double", "%U")
        return self.one.new(f"getelementptr inbounds {kind}, ptr {memory}, i64 {place}")

    def wide(self, value: Value) -> str:
        """Return a value in every lane."""
        if value.lanes:
            return value.register
        if value.constant is not None:
            return self.many.real(value.constant)
        return self.many.broadcast(value.register)

    # loops

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

    def _loop(self, axis: int, inside: Callable[[], None]) -> None:
        size = self._survey.sizes[axis]
        if self._unroll:
            for place in range(size):
                self._index[axis] = place
                with self._scope():
                    inside()
        else:
            self._depth += 1
            with self._scope(), self._counted(axis, size):
                inside()
            self._depth -= 1
        del self._index[axis]

    @contextmanager
    def _scope(self) -> Iterator[None]:
        self._scopes.append({})
        self._truths.append({})
        yield
        self._scopes.pop()
        self._truths.pop()

    @contextmanager
    def _counted(self, axis: int, size: int) -> Iterator[None]:
        body = self.one
        head, latch, done = (body.label(stem) for stem in ("head", "latch", "done"))
        index, following = f"%{head}.i", f"%{head}.n"
        body.line(f"br label %{head}")
        before = body.block
        body.place(head)
        body.line(f"{index} = phi i64 [ 0, %{before} ], [ {following}, %{latch} ]")
        self._index[axis] = index
        yield
        body.line(f"br label %{latch}")
        body.place(latch)
        body.line(f"{following} = add nuw nsw i64 {index}, 1")
        again = body.new(f"icmp ult i64 {following}, {size}")
        body.line(f"br i1 {again}, label %{head}, label %{done}")
        body.place(done)

    def _levels(self, roots: Sequence[Node], axes: list[int]) -> list[list[Node]]:
        """Return the nodes to compute before the first loop, in the first loop, ..."""
        is_open = set(self._index) | set(axes)
        out: list[list[Node]] = [[] for _ in range(len(axes) + 1)]
        for node in self._survey.below(roots, self._stored):
            needed = self._survey.axes[id(node)]
            if needed <= is_open and not isinstance(node, Constant | Clock):
                out[max((axes.index(a) + 1 for a in needed if a in axes), default=0)].append(node)
        return out

    def _compute(self, nodes: Sequence[Node]) -> None:
        for node in nodes:
            if isinstance(node, Apply) and (node.op in COMPARE or node.op in _LOGIC):
                self.truth(node)
            else:
                self.value(node)

    # values kept in memory

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

    def _new_block(self, node: Node) -> Block:
        survey = self._survey
        own = survey.axes[id(node)]
        shape = tuple(survey.sizes[a] if a in own else 1 for a in range(survey.rank))
        lanes = survey.lanes[id(node)]
        return Block(self.module.temporaries.take(int(np.prod(shape, dtype=np.int64)), lanes=lanes), shape, lanes)

    def _put(self, block: Block, value: Value) -> None:
        place = sum_of(self.one, block.first, [(flat_index(self.one, block.shape, self._index), 1)])
        self._write_slot(place, block.lanes, value)

    def _fetch(self, block: Block) -> Value:
        place = sum_of(self.one, block.first, [(flat_index(self.one, block.shape, self._index), 1)])
        return self._read_slot(place, block.lanes)

    def _read_slot(self, place: Index, lanes: bool) -> Value:
        pointer = self._slot(place, lanes)
        if lanes:
            return Value(self.one.new(f"load {self.many.real_type}, ptr {pointer}, {self._aligned}"), lanes=True)
        return Value(self.one.new(f"load double, ptr {pointer}, align 8"), lanes=False)

    # calls back

    def _call_node(self, node: Node) -> Block:
        assert isinstance(node, Along | Apply | Ask | Draw | Inverse)
        arguments = tuple(self._keep(child) for child in operands(node))
        result = self._new_block(node)
        self._call(Site(Call.NODE, result.lanes, arguments, node=node, result=result))
        return result

    def _emit(self, statement: Emit, phase: str) -> None:
        device = self.module.program.devices[statement.device]
        started = phase != "initial" and self.module.starts_before(statement.device)
        roots = device.emit if started else (*device.start, *device.emit)
        self._begin(roots, len(device.axes))
        self._survey.sizes.update(dict(enumerate(device.axes)))
        axes = [axis for axis, size in enumerate(device.axes) if size > 1]
        self._unroll = False
        self._materialise(roots, axes)
        arguments = tuple(self._keep(node) for node in roots)
        lanes = bool(self.module.varying[np.ravel(device.outputs[0])[0]])
        starts = 0 if started else len(device.start)
        self._call(Site(Call.EMIT, lanes, arguments, device=statement.device, starts=starts))
        for slots in device.outputs:
            self._forget(slots)

    def advance(self, device: int, taken: tuple[Slots, ...]) -> None:
        """Write the end of a device's step, with arguments from slots."""
        lanes = bool(self.module.varying[np.ravel(self.module.program.devices[device].outputs[0])[0]])
        self._call(Site(Call.ADVANCE, lanes, (), device=device, taken=taken))

    def _call(self, site: Site) -> None:
        number = self.module.add_site(site)
        callee = self.one.new(f"load ptr, ptr {self._field(Field.CALLBACK)}")
        handle = self.one.new(f"load i64, ptr {self._field(Field.HANDLE)}")
        # memory is handed over, so that LLVM knows it may have changed
        self.one.line(f"call void {callee}(i64 {handle}, i64 {number}, ptr %U, ptr %V, ptr %X)")

    def _field(self, field: Field) -> str:
        return self.one.new(f"getelementptr inbounds i64, ptr %X, i64 {field.value}")

    # nodes

    def value(self, node: Node) -> Value:
        """Return the register of a node where the loops stand."""
        for scope in reversed(self._scopes):
            known = scope.get(id(node))
            if known is not None:
                return known
        value = self._fetch(self._stored[id(node)]) if id(node) in self._stored else self._value(node)
        self._scopes[-1][id(node)] = value
        return value

    def _value(self, node: Node) -> Value:
        match node:
            case Constant():
                return self._constant(node)
            case Load():
                return self._load(node.slots)
            case Clock():
                field = _CLOCK[node.what]
                return Value(self.one.new(f"load double, ptr {self._field(field)}, align 8"), lanes=False)
            case Apply():
                return self._apply(node)
            case Reduce():
                return self._reduce(node)
            case Lookup():
                return self._lookup(node)
            case Gather():
                return self._gather(node)
            case Draw():
                return self._draw(node)
        raise AssertionError(type(node))  # foreign nodes are stored before they are asked for

    def _body(self, *values: Value) -> tuple[Body, list[str], bool]:
        """Return the body and registers for an operation on values: over lanes if any of them is."""
        if any(v.lanes for v in values):
            return self.many, [self.wide(v) for v in values], True
        return self.one, [v.register for v in values], False

    def _constant(self, node: Constant) -> Value:
        if not isinstance(node.value, np.ndarray):
            return Value(real_literal(float(node.value)), lanes=False, constant=float(node.value))
        place = flat_index(self.one, node.value.shape, self._index)
        if isinstance(place, int):
            number = float(node.value.ravel()[place])
            return Value(real_literal(number), lanes=False, constant=number)
        name = self.module.keep(np.ascontiguousarray(node.value, dtype=np.float64))
        pointer = self.one.new(f"getelementptr inbounds double, ptr {name}, i64 {place}")
        return Value(self.one.new(f"load double, ptr {pointer}, align 8, !invariant.load !0"), lanes=False)

    def _load(self, slots: Slots) -> Value:
        place = slots if isinstance(slots, int) else self.module.places.find(self.one, slots, self._index)
        first = slots if isinstance(slots, int) else int(slots.ravel()[0])
        lanes = bool(self.module.varying[first])
        if isinstance(place, int):
            known = self._registers.get(place)
            if known is not None:
                return known
        value = self._read_slot(place, lanes)
        if isinstance(place, int) and not self._depth:
            self._registers[place] = value
        return value

    def _apply(self, node: Apply) -> Value:
        op = node.op
        if op in COMPARE or op in _LOGIC:
            truth = self.truth(node)
            body = self.many if truth.lanes else self.one
            return Value(real_of(body, truth.register), truth.lanes)
        if op is Op.SELECT:
            return self._select(self.truth(node.arguments[0]), *(self.value(a) for a in node.arguments[1:]))
        body, registers, lanes = self._body(*(self.value(a) for a in node.arguments))
        return Value(WRITERS[op](body, *registers), lanes)

    def _select(self, truth: Value, then: Value, otherwise: Value) -> Value:
        if not (truth.lanes or then.lanes or otherwise.lanes):
            return Value(self.one.select(truth.register, then.register, otherwise.register), lanes=False)
        a, b = self.wide(then), self.wide(otherwise)
        kind = self.many.real_type
        condition = f"{self.many.truth_type} {truth.register}" if truth.lanes else f"i1 {truth.register}"
        return Value(self.one.new(f"select {condition}, {kind} {a}, {kind} {b}"), lanes=True)

    def truth(self, node: Node) -> Value:
        """Return whether a node is true, as a condition."""
        for scope in reversed(self._truths):
            known = scope.get(id(node))
            if known is not None:
                return known
        found = self._truth(node)
        self._truths[-1][id(node)] = found
        return found

    def _truth(self, node: Node) -> Value:
        if isinstance(node, Apply) and id(node) not in self._stored:
            if node.op in COMPARE:
                body, registers, lanes = self._body(*(self.value(a) for a in node.arguments))
                return Value(body.compare(COMPARE[node.op], *registers), lanes)
            if node.op is Op.NOT:
                inner = self.truth(node.arguments[0])
                return Value((self.many if inner.lanes else self.one).opposite(inner.register), inner.lanes)
            if node.op in _LOGIC:
                a, b = (self.truth(argument) for argument in node.arguments)
                lanes = a.lanes or b.lanes
                body = self.many if lanes else self.one
                joined = body.both if node.op is Op.AND else body.either
                return Value(joined(self._wide_truth(a, lanes=lanes), self._wide_truth(b, lanes=lanes)), lanes)
        value = self.value(node)
        return Value(truth_of(self.many if value.lanes else self.one, value.register), value.lanes)

    def _wide_truth(self, truth: Value, *, lanes: bool) -> str:
        if truth.lanes or not lanes or self.module.width == 1:
            return truth.register
        kind, width = self.many.truth_type, self.module.width
        first = self.one.new(f"insertelement {kind} poison, i1 {truth.register}, i32 0")
        return self.one.new(f"shufflevector {kind} {first}, {kind} poison, <{width} x i32> zeroinitializer")

    def _reduce(self, node: Reduce) -> Value:
        survey = self._survey
        axes = [a for a in node.axes if a in survey.axes[id(node.argument)]]
        lanes = survey.lanes[id(node.argument)]
        body = self.many if lanes else self.one
        if any(survey.sizes.get(a) == 0 for a in node.axes):
            return Value(real_literal(node.fold.value[1]), lanes=False, constant=node.fold.value[1])
        outward = list(reversed(axes))
        levels = self._levels([node.argument], outward)
        self._compute(levels[0])
        total = self._fold(node, outward, 0, levels, body, lanes)
        if node.fold in {Fold.MINIMUM, Fold.MAXIMUM} and axes:
            total = body.add(total, body.real(0.0))  # one zero only, whatever the order
        return Value(total, lanes)

    def _fold(
        self, node: Reduce, axes: list[int], level: int, levels: list[list[Node]], body: Body, lanes: bool
    ) -> str:
        if level == len(axes):
            value = self.value(node.argument)
            return self.wide(value) if lanes else value.register
        start = {Fold.SUM: -0.0, Fold.PRODUCT: 1.0}.get(node.fold, node.fold.value[1])
        kind = body.real_type
        if self._unroll:
            total = [body.real(start)]

            def once() -> None:
                self._compute(levels[level + 1])
                here = self._fold(node, axes, level + 1, levels, body, lanes)
                total[0] = _FOLDS[node.fold](body, total[0], here)

            self._loop(axes[level], once)
            return total[0]
        place = body.new(f"alloca {kind}, align 64")
        self.stack.append(body.lines.pop())
        body.line(f"store {kind} {body.real(start)}, ptr {place}, align 64")

        def inside() -> None:
            self._compute(levels[level + 1])
            here = self._fold(node, axes, level + 1, levels, body, lanes)
            so_far = body.new(f"load {kind}, ptr {place}, align 64")
            following = _FOLDS[node.fold](body, so_far, here)
            body.line(f"store {kind} {following}, ptr {place}, align 64")

        self._loop(axes[level], inside)
        return body.new(f"load {kind}, ptr {place}, align 64")

    def _lookup(self, node: Lookup) -> Value:
        x = self.value(node.x)
        body = self.many if x.lanes else self.one
        tables = node.tables
        if not isinstance(tables, int):
            one = self._only(tables)
            tables = tables if one is None else one
        if isinstance(tables, int):
            first = int(self.module.packed.first[tables])
            return Value(self._call_lookup(body, self.module.shape(tables, node), first, x.register), x.lanes)
        shapes: dict[Shape, list[int]] = {}
        for number in np.unique(tables).tolist():
            shapes.setdefault(self.module.shape(number, node), []).append(number)
        chosen = ""
        for shape, numbers in shapes.items():
            mine, offsets = self.module.offsets(tables, numbers)
            at = self.module.places.find(self.one, offsets, self._index)
            found = self._call_lookup(body, shape, at, x.register)
            if chosen:  # tables of several shapes: each is asked, the element's own is chosen
                own = self.module.places.find(self.one, mine, self._index)
                here = self.one.new(f"icmp ne i64 {own}, 0")
                kind = body.real_type
                chosen = self.one.new(f"select i1 {here}, {kind} {found}, {kind} {chosen}")
            else:
                chosen = found
        return Value(chosen, x.lanes)

    def _only(self, numbers: NDArray[np.int64]) -> int | None:
        """Return the number where all loops it depends on stand at known places."""
        axes = [axis for axis, size in enumerate(numbers.shape) if size > 1]
        if not all(isinstance(self._index[axis], int) for axis in axes):
            return None
        at = tuple(self._index[axis] if axis in axes else 0 for axis in range(numbers.ndim))
        return int(numbers[at])

    def _call_lookup(self, body: Body, shape: Shape, first: Index, x: str) -> str:
        name = lookup_name(shape, body.width)
        self.module.lookups[name] = (shape, body.width)
        pointer = self.one.new(f"getelementptr inbounds double, ptr %T, i64 {first}")
        kind = body.real_type
        return body.new(f"call fastcc {kind} @{name}(ptr {pointer}, {kind} {x})")

    def _gather(self, node: Gather) -> Value:
        index = self.value(node.index)
        count = node.slots.shape[-1]
        lanes = index.lanes or bool(self.module.varying[node.slots.ravel()[0]])
        body = self.many if lanes else self.one
        place = body.intrinsic("trunc", self.wide(index) if lanes else index.register)
        if count <= _FEW:
            out = body.real(node.outside)
            for number in range(count):
                here = body.compare("oeq", place, body.real(float(number)))
                value = self._load(node.slots[..., number])
                out = body.select(here, self.wide(value) if lanes else value.register, out)
            return Value(out, lanes)
        inside = body.both(
            body.compare("oge", place, body.real(0.0)), body.compare("olt", place, body.real(float(count)))
        )
        safe = body.to_whole(body.select(inside, place, body.real(0.0)))
        slots = self._slot_at(node, safe, body)
        return Value(body.select(inside, self._load_at(node, slots, body), body.real(node.outside)), lanes)

    def _slot_at(self, node: Gather, chosen: str, body: Body) -> str:
        """Return the slots (one a lane) that an index chooses among the candidates where the loops stand."""
        name = self.module.keep(np.ascontiguousarray(node.slots, dtype=np.int64))
        count = node.slots.shape[-1]
        row = flat_index(self.one, node.slots.shape[:-1], self._index)
        first = sum_of(self.one, 0, [(row, count)])
        start = self.one.new(f"getelementptr inbounds i64, ptr {name}, i64 {first}")
        if body.width == 1:
            pointer = body.new(f"getelementptr inbounds i64, ptr {start}, i64 {chosen}")
            return body.new(f"load i64, ptr {pointer}")
        width = body.width
        pointers = body.new(f"getelementptr inbounds i64, ptr {start}, {body.integer_type} {chosen}")
        function = f"llvm.masked.gather.v{width}i64.v{width}p0"
        body.needs.add(function)
        kind = body.integer_type
        mask = body.truth(value=True)
        return body.new(
            f"call {kind} @{function}(<{width} x ptr> {pointers}, i32 8, <{width} x i1> {mask}, {kind} zeroinitializer)"
        )

    def _load_at(self, node: Gather, slots: str, body: Body) -> str:
        lanes = bool(self.module.varying[node.slots.ravel()[0]])
        width = body.width
        if width == 1:
            pointer = body.new(f"getelementptr inbounds double, ptr %U, i64 {slots}")
            return body.new(f"load double, ptr {pointer}, align 8")
        place = slots
        if lanes:
            numbers = ", ".join(f"i64 {n}" for n in range(width))
            place = body.whole("add", body.whole("mul", slots, body.integer(width)), f"<{numbers}>")
        memory = "%V" if lanes else "%U"
        pointers = body.new(f"getelementptr inbounds double, ptr {memory}, {body.integer_type} {place}")
        return gather_pointers(body, pointers)

    def _draw(self, node: Draw) -> Value:
        assert node.distribution in NATIVE_DRAWS
        lanes = self._survey.lanes[id(node)]
        body = self.many if lanes else self.one
        low = body.integer(LOW)
        given = [self.value(a) for a in node.arguments]
        arguments = [self.wide(v) if lanes else v.register for v in given]
        own = self.value(node.seed)
        stream = (
            node.streams
            if isinstance(node.streams, int)
            else self.module.places.find(self.one, node.streams, self._index)
        )
        step = self.one.new(f"load i64, ptr {self._field(Field.NUMBER)}")
        seed = self.one.new(f"load i64, ptr {self._field(Field.SEED)}")
        runs = self.one.new(f"load ptr, ptr {self._field(Field.RUNS)}")
        run = body.new(f"load {body.integer_type}, ptr {runs}, align 8")
        spread = [self._spread(body, body_register) for body_register in (step, self._integer(stream), seed)]
        u = uniform(
            body,
            body.whole("and", run, low),
            body.whole("and", spread[0], low),
            body.whole("and", spread[1], low),
            (spread[2], seed_word(body, self.wide(own) if lanes else own.register)),
        )
        match node.distribution:
            case Distribution.UNIFORM:
                a, b = arguments
                return Value(body.add(a, body.mul(body.sub(b, a), u)), lanes)
            case Distribution.BERNOULLI:
                return Value(real_of(body, body.compare("olt", u, arguments[0])), lanes)
        raise AssertionError(node.distribution)

    def _integer(self, index: Index) -> str:
        return str(index)

    def _spread(self, body: Body, register: str) -> str:
        """Return one integer in every lane."""
        if body.width == 1:
            return register
        kind = body.integer_type
        first = body.new(f"insertelement {kind} poison, i64 {register}, i32 0")
        return body.new(f"shufflevector {kind} {first}, {kind} poison, <{body.width} x i32> zeroinitializer")


_FOLDS = {
    Fold.SUM: Body.add,
    Fold.PRODUCT: Body.mul,
    Fold.MINIMUM: WRITERS[Op.MIN],
    Fold.MAXIMUM: WRITERS[Op.MAX],
}
