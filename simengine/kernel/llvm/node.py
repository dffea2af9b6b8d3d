"""Nodes as instructions: every node of a statement becomes registers, as far outside of loops as it can be.

Invariant: the operations on a number do not depend on the number of lanes, nor on what is unrolled.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from simengine.kernel.llvm.body import Body, real_literal
from simengine.kernel.llvm.context import Field
from simengine.kernel.llvm.frame import FrameWriter, Value
from simengine.kernel.llvm.noise import LOW, seed_word, uniform
from simengine.kernel.llvm.place import Index, entry_at, flat_index, sum_of
from simengine.kernel.llvm.primitive import COMPARE, WRITERS, real_of, truth_of
from simengine.kernel.llvm.table import Shape, lookup_name
from simengine.program.node import Apply, Clock, Constant, Draw, Gather, Load, Lookup, Node, Reduce, Slots
from simengine.program.op import ClockValue, Distribution, Fold, Op

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
_FOLDS = {
    Fold.SUM: Body.add,
    Fold.PRODUCT: Body.mul,
    Fold.MINIMUM: WRITERS[Op.MIN],
    Fold.MAXIMUM: WRITERS[Op.MAX],
}


class NodeWriter(FrameWriter):
    """Writes the nodes of a statement."""

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
                return self.once(node.what, lambda: self._clock(node.what))
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

    def _clock(self, what: ClockValue) -> Value:
        return Value(self.one.new(f"load double, ptr {self._field(_CLOCK[what])}, align 8"), lanes=False)

    def _constant(self, node: Constant) -> Value:
        if not isinstance(node.value, np.ndarray):
            return Value(real_literal(float(node.value)), lanes=False, constant=float(node.value))
        place = flat_index(self.one, node.value.shape, self._index)
        lanes = self._across is not None and node.value.shape[self._across] > 1
        body = self.many if lanes else self.one
        if isinstance(place, int) and not lanes:
            number = float(node.value.ravel()[place])
            return Value(real_literal(number), lanes=False, constant=number)
        name = self.module.keep(np.ascontiguousarray(node.value, dtype=np.float64))
        pointer = self.one.new(f"getelementptr inbounds double, ptr {name}, i64 {place}")
        return Value(self.one.new(f"load {body.real_type}, ptr {pointer}, align 8, !invariant.load !0"), lanes)

    def _load(self, slots: Slots) -> Value:
        place, lanes = self._place(slots)
        if not isinstance(place, int) or (lanes and self._across is not None):
            return self._read_slot(place, lanes)
        known = self._registers.get(place)
        if known is None:
            known = self._read_slot(place, lanes)
            if not self._depth:
                self._registers[place] = known
        return known

    def _apply(self, node: Apply) -> Value:
        op = node.op
        if op in COMPARE or op in _LOGIC:
            truth = self.truth(node)
            body = self.many if truth.lanes else self.one
            return Value(real_of(body, truth.register), truth.lanes)
        if op is Op.SELECT:
            return self._select(self.truth(node.arguments[0]), *(self.value(a) for a in node.arguments[1:]))
        body, registers, lanes = self._body(*(self.value(a) for a in node.arguments))
        return self.once((op, lanes, *registers), lambda: Value(WRITERS[op](body, *registers), lanes))

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
            one = entry_at(tables, self._index)
            tables = tables if one is None else one
        if isinstance(tables, int):
            first = int(self.module.packed.first[tables])
            return Value(self._call_lookup(body, self.module.shape(tables, node), first, x.register), x.lanes)
        shapes: dict[Shape, list[int]] = {}
        for number in np.unique(tables).tolist():
            shapes.setdefault(self.module.shape(number, node), []).append(number)
        chosen = ""
        for shape, numbers in shapes.items():
            mine, offsets = self.module.offsets(tables, tuple(numbers))
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

    def _call_lookup(self, body: Body, shape: Shape, first: Index, x: str) -> str:
        name = lookup_name(shape, body.width)
        self.module.lookups[name] = (shape, body.width)
        pointer = self.one.new(f"getelementptr inbounds double, ptr %T, i64 {first}")
        kind = body.real_type
        lanes = body is self.many
        return self.once(
            (name, first, x), lambda: Value(body.new(f"call fastcc {kind} @{name}(ptr {pointer}, {kind} {x})"), lanes)
        ).register

    def _gather(self, node: Gather) -> Value:
        index = self.value(node.index)
        count = node.slots.shape[-1]
        lanes = index.lanes or self._differs(node.slots)
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
        return body.entry(start, chosen, "i64")

    def _load_at(self, node: Gather, slots: str, body: Body) -> str:
        width = body.width
        if width == 1 or not self._differs(node.slots):
            return body.entry("%U", slots)
        return body.entry("%V", body.whole("add", body.whole("mul", slots, body.integer(width)), body.lane_numbers()))

    def _draw(self, node: Draw) -> Value:
        assert node.distribution is Distribution.UNIFORM
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
        step, stream, seed = (body.broadcast(str(number), "i64") for number in (step, stream, seed))
        u = uniform(
            body,
            body.whole("and", run, low),
            body.whole("and", step, low),
            body.whole("and", stream, low),
            (seed, seed_word(body, self.wide(own) if lanes else own.register)),
        )
        a, b = arguments
        return Value(body.add(a, body.mul(body.sub(b, a), u)), lanes)

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
