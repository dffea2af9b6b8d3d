"""Programs and nodes as text: for dumps, golden files, and reasons of failures.

In: a `Program`, or a node of it. Out: lines, with the names of variables in place of slots.

    @0, @1 ...   the point of the first, second axis of a statement
    $1, $2 ...   a part used more than once, written before the statement
    'x           the net flow of stock x

What goes by a slower clock stands under `clock`, before the step it is evaluated before.

Invariant: the text depends only on the program: printing twice gives the same.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator, Sequence
from typing import assert_never

import numpy as np
from numpy.typing import NDArray

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
from simengine.program.op import Op
from simengine.program.program import (
    Assign,
    Device,
    Emit,
    Group,
    Program,
    ProgramVariable,
    SlowClock,
    Statement,
)
from simengine.program.walk import nodes_upward

_INFIX = {
    Op.ADD: "+",
    Op.SUB: "-",
    Op.MUL: "*",
    Op.DIV: "/",
    Op.POW: "^",
    Op.LT: "<",
    Op.LE: "<=",
    Op.GT: ">",
    Op.GE: ">=",
    Op.EQ: "==",
    Op.NE: "!=",
    Op.AND: "and",
    Op.OR: "or",
}


def print_program(program: Program) -> str:
    """Return the program as text, phase by phase."""
    return "\n".join(_Printer(program).lines()) + "\n"


def print_node(program: Program, node: Node) -> str:
    """Return one node as text, shared parts written out."""
    return _Printer(program).expression(node, {})


class SlotNames:
    """Names of slots: variables and their elements, and the net flows of stocks."""

    def __init__(self, program: Program) -> None:
        self.variables = sorted(program.variables, key=lambda v: v.first)
        self.firsts = [v.first for v in self.variables]
        pairs = [pair for g in program.groups for pair in zip(g.rates.tolist(), g.stocks.tolist(), strict=False)]
        self.rates = dict(pairs)

    def owner(self, slot: int) -> ProgramVariable | None:
        """Return the variable a slot belongs to."""
        place = bisect_right(self.firsts, slot) - 1
        while place >= 0 and self.variables[place].size == 0:
            place -= 1
        if place < 0 or slot >= self.firsts[place] + self.variables[place].size:
            return None
        return self.variables[place]

    def name(self, slot: int) -> str:
        """Return the name of one slot: `heat[north,2]`."""
        variable = self.owner(slot)
        if variable is None:
            stock = self.rates.get(slot)
            return f"'{self.name(stock)}" if stock is not None and stock != slot else f"slot {slot}"
        if not variable.axes:
            return variable.name
        place = np.unravel_index(slot - variable.first, variable.shape)
        return f"{variable.name}[{','.join(a.elements[i] for a, i in zip(variable.axes, place, strict=True))}]"

    def names(self, slots: Slots) -> str:
        """Return the name of slots over axes: `heat[@0,2]`."""
        if isinstance(slots, int):
            return self.name(slots)
        if slots.size == 1:
            return self.name(int(slots.ravel()[0]))
        first, last = int(slots.min()), int(slots.max())
        variable = self.owner(first)
        if variable is None and first in self.rates:
            return "'" + self.names(np.vectorize(lambda s: self.rates.get(s, first), otypes=[np.int64])(slots))
        if variable is None or not variable.axes or last >= variable.first + variable.size:
            return f"slots {_shorten([str(s) for s in slots.ravel().tolist()])}"
        places = np.unravel_index(slots - variable.first, variable.shape)
        shown = [_along(p, axis.elements) for p, axis in zip(places, variable.axes, strict=True)]
        return f"{variable.name}[{','.join(shown)}]"


def _along(places: NDArray[np.intp], elements: Sequence[str]) -> str:
    """Return how a coordinate runs over the axes of a statement."""
    moving = [a for a in range(places.ndim) if np.any(np.diff(places, axis=a))]
    if not moving:
        return elements[int(places.ravel()[0])]
    if len(moving) > 1:
        return "?"
    line = np.moveaxis(places, moving[0], 0).reshape(places.shape[moving[0]], -1)[:, 0].tolist()
    whole = line == list(range(len(elements)))
    return f"@{moving[0]}" if whole else f"@{moving[0]}:{_shorten([elements[i] for i in line])}"


def _shorten(words: Sequence[str]) -> str:
    return "|".join(words) if len(words) <= 6 else "|".join([*words[:3], "...", words[-1]])


def _number(value: float) -> str:
    return f"{value:g}" if float(f"{value:g}") == value else repr(float(value))


class _Printer:
    def __init__(self, program: Program) -> None:
        self.program = program
        self.names = SlotNames(program)

    def lines(self) -> Iterator[str]:
        program = self.program
        yield f"{len(program.variables)} variables in {program.slot_count} slots, {len(program.tables)} tables"
        start, stop, step, save = (self.names.name(s) for s in program.specs)
        yield f"from {start} to {stop} by {step}, saved every {save}" + (" (moving)" if program.moving_specs else "")
        yield from self._section("parameters", self._parameters())
        for phase in ("constants", "initial", "settled"):
            yield from self._statements(phase, getattr(program, phase))
        for clock in program.clocks:
            yield from self._section(f"clock {clock.key}", self._clock(clock))
        yield from self._group(program.own_group)

    def _clock(self, clock: SlowClock) -> Iterator[str]:
        yield f"by {self.names.name(clock.step)}, {clock.method.value}"
        yield from self._group(clock.group)

    def _group(self, group: Group) -> Iterator[str]:
        yield from self._statements("step", group.step)
        yield from self._section("memories", (line for m in group.memories for line in self.statement(m.update)))
        own = ((n, self.program.devices[n]) for n in group.devices)
        yield from self._section("devices", (line for n, d in own for line in self._device(n, d)))
        yield from self._section("stocks", self._stocks(group))

    def _statements(self, title: str, statements: Sequence[Statement]) -> Iterator[str]:
        yield from self._section(title, (line for s in statements for line in self.statement(s)))

    def _section(self, title: str, body: Iterator[str]) -> Iterator[str]:
        held = list(body)
        if held:
            yield f"{title}:"
            yield from (f"    {line}" for line in held)

    def _parameters(self) -> Iterator[str]:
        for slot, value in zip(self.program.parameters.tolist(), self.program.defaults.tolist(), strict=True):
            yield f"{self.names.name(slot)} = {_number(value)}"

    def _stocks(self, group: Group) -> Iterator[str]:
        for stock, rate, floor in zip(group.stocks.tolist(), group.rates.tolist(), group.floors, strict=True):
            yield f"{self.names.name(stock)} += dt * {self.names.name(rate)}" + (", at least 0" if floor else "")

    def _device(self, number: int, device: Device) -> Iterator[str]:
        options = f" ({', '.join(device.options)})" if device.options else ""
        shown = ", ".join(self.names.names(s) for s in device.outputs)
        what = device.kind.value if device.views is None else f"flows of {device.views}"
        yield f"{number}: {what}{options} -> {shown}"
        for read in ("start", "emit", "advance"):
            nodes: tuple[Node, ...] = getattr(device, read)
            if nodes:
                yield f"    {read}: {', '.join(self.expression(n, {}) for n in nodes)}"

    def statement(self, statement: Statement) -> Iterator[str]:
        match statement:
            case Emit():
                yield f"emit device {statement.device}"
            case Assign():
                known: dict[int, str] = {}
                for node in _shared(statement.value):
                    text = self.expression(node, known)
                    known[id(node)] = f"${len(known) + 1}"
                    yield f"{known[id(node)]} = {text}"
                target = self.names.names(statement.slots)
                yield f"{target} <- {_bare(self.expression(statement.value, known))}"
            case _:
                assert_never(statement)

    def expression(self, root: Node, known: dict[int, str]) -> str:
        """Return a node as text; `known` nodes are replaced by their names."""
        texts = dict(known)
        for node in nodes_upward([root]):
            if id(node) not in texts:
                texts[id(node)] = self._node(node, texts)
        return texts[id(root)]

    def _node(self, node: Node, texts: dict[int, str]) -> str:
        below = [texts[id(n)] for n in operands(node)]
        match node:
            case Constant():
                if np.ndim(node.value) == 0:
                    return _number(float(node.value))
                return f"{{{_shorten([_number(v) for v in np.ravel(node.value).tolist()])}}}"
            case Load():
                return self.names.names(node.slots)
            case Clock():
                return node.what.value
            case Apply():
                return _apply(node.op, below)
            case Reduce():
                return f"{node.fold.value[0]}({_axes(node.axes)}: {_bare(below[0])})"
            case Lookup():
                rule = f" {node.between.value}" if node.between is not None else ""
                rule += "" if node.missing is None else f" else {_number(node.missing)}"
                return f"table {_tables(node.tables)}{rule}({_bare(below[0])})"
            case Ask():
                return f"{node.query.value}({', '.join([f'table {_tables(node.tables)}', *map(_bare, below)])})"
            case Gather():
                return f"{self.names.names(node.slots)}[[{_bare(below[0])}]] else {_number(node.outside)}"
            case Draw():
                inside = ", ".join([*map(_bare, below[:-1]), f"seed {_bare(below[-1])}"])
                return f"{node.distribution.value}({inside}, stream {_tables(node.streams)})"
            case Along():
                axes = _axes((node.axis, node.second) if node.second >= 0 else (node.axis,))
                return f"{node.op.value}({axes}: {', '.join(map(_bare, below))})"
            case Inverse():
                return f"inverse({_axes(node.axes)}: {_bare(below[0])})"
        assert_never(node)


def _apply(op: Op, below: Sequence[str]) -> str:
    if op in _INFIX:
        return f"({below[0]} {_INFIX[op]} {below[1]})"
    if op is Op.NEG:
        return f"(-{below[0]})"
    return f"{op.mnemonic}({', '.join(map(_bare, below))})"


def _bare(text: str) -> str:
    """Return text without parentheses around all of it."""
    if not (text.startswith("(") and text.endswith(")")):
        return text
    depth = 0
    for place, sign in enumerate(text):
        depth += (sign == "(") - (sign == ")")
        if depth == 0:
            return text[1:-1] if place == len(text) - 1 else text
    return text


def _axes(axes: Sequence[int]) -> str:
    return " ".join(f"@{a}" for a in axes)


def _tables(tables: Slots) -> str:
    return str(tables) if isinstance(tables, int) else _shorten([str(n) for n in tables.ravel().tolist()])


def _shared(root: Node) -> list[Node]:
    """Return the nodes used more than once that are worth a name, operands first."""
    below = nodes_upward([root])
    uses: dict[int, int] = {}
    for node in below:
        for child in operands(node):
            uses[id(child)] = uses.get(id(child), 0) + 1
    return [n for n in below if uses.get(id(n), 0) > 1 and operands(n)]
