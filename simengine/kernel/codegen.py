"""Straight-line Python from statements: what the interpreter runs.

In: statements. Out: source of functions over a vector of values `V`, and the objects the source names. No
text of a model enters it: only slot numbers, numbers, and names made here.

`V` is [slot] for one run, [slot, run] for many. A node over axes has the shape of the axes (and the runs).

Invariant: the source depends only on the program and on whether it is for one run or many.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, assert_never

import numpy as np
from numpy.typing import NDArray

from simengine.compile.order import slots_read
from simengine.kernel.lookup import by_element, evaluator
from simengine.kernel.primitive import COMPARE, FUNCTIONS, INFIX, LOGIC, ONE_RUN
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
from simengine.program.op import ClockValue, Fold, Op
from simengine.program.program import Assign, Emit, Program, Statement

CHUNK = 300
"""Statements a generated function holds: long functions compile no slower, but short ones keep memory low."""

_DEEP = 25
_CLOCK = {
    ClockValue.TIME: "clock.time",
    ClockValue.START: "clock.start",
    ClockValue.STOP: "clock.stop",
    ClockValue.STEP: "clock.step_size",
    ClockValue.SAVE: "clock.save",
}


@dataclass
class Source:
    """Source being written, with the objects it names."""

    program: Program
    many: bool
    names: dict[str, Any] = field(default_factory=dict)
    lines: list[str] = field(default_factory=list)
    _bound: dict[int, str] = field(default_factory=dict)
    _keep: list[Any] = field(default_factory=list)

    def bind(self, value: Any, prefix: str) -> str:
        """Return the name by which generated code knows an object."""
        known = self._bound.get(id(value))
        if known is None:
            known = f"{prefix}{len(self.names)}"
            self.names[known] = value
            self._bound[id(value)] = known
            self._keep.append(value)
        return known


class StatementWriter:
    """Writes the statements of one function; scalars written there are kept in local variables."""

    def __init__(self, source: Source) -> None:
        self.source = source
        self.locals: dict[int, str] = {}
        self.temporary = 0
        self.rank = 0
        self._shared: dict[int, str] = {}
        self._uses: dict[int, int] = {}

    def statement(self, statement: Statement) -> None:
        """Write one statement."""
        match statement:
            case Emit():
                self.source.lines.append(f"    emit({statement.device}, V, clock)")
                self.locals = {}
            case Assign():
                self._assign(statement)
            case _:
                assert_never(statement)

    def _assign(self, statement: Assign) -> None:
        self._uses, self._shared = _count_uses(statement.value), {}
        self.rank = rank_of(statement.value)
        value = self.expression(statement.value)
        if isinstance(statement.slots, int):
            slot = statement.slots
            if self.rank:
                value = f"drop({value}, 0, {self.rank})"
            self.source.lines.append(f"    v{slot} = V[{slot}] = {value}")
            self.locals[slot] = f"v{slot}"
            return
        left = statement.slots.ndim
        if self.rank > left:
            value = f"drop({value}, {left}, {self.rank})"
        for slot in [s for s in self.locals if statement.slots.min() <= s <= statement.slots.max()]:
            del self.locals[slot]
        self.source.lines.append(f"    {self.target(statement.slots)} = {value}")

    def target(self, slots: NDArray[np.int64]) -> str:
        """Return the place array values are written to."""
        block = _block(slots)
        if block is None:
            return f"V[{self.source.bind(slots, 'k')}]"
        if slots.ndim == 1:
            return f"V[{block[0]}:{block[1]}]"
        return f"V[{block[0]}:{block[1]}].reshape({self._shape(slots.shape)})[...]"

    def _shape(self, shape: tuple[int, ...]) -> str:
        sizes = ", ".join(str(n) for n in shape)
        return f"({sizes}, -1)" if self.source.many else f"({sizes},)"

    # expressions

    def expression(self, node: Node, depth: int = 0) -> str:
        """Return the source of a node; shared and deep parts go to temporaries."""
        known = self._shared.get(id(node))
        if known is not None:
            return known
        text = self._expression(node, depth)
        shared = self._uses.get(id(node), 0) > 1 and not isinstance(node, Constant | Clock)
        if (shared or depth >= _DEEP) and not text.isidentifier():
            name = f"t{self.temporary}"
            self.temporary += 1
            self.source.lines.append(f"    {name} = {text}")
            text = name
        if shared:
            self._shared[id(node)] = text
        return text

    def _expression(self, node: Node, depth: int) -> str:
        deeper = 0 if depth >= _DEEP else depth + 1
        match node:
            case Constant():
                return self._constant(node)
            case Load():
                return self.load(node.slots)
            case Clock():
                return _CLOCK[node.what]
            case Apply():
                return self._apply(node, deeper)
            case Reduce():
                axes = self.source.bind(node.axes, "x")
                return f"{_FOLDS[node.fold]}({self.expression(node.argument, deeper)}, {axes}, {self.rank})"
            case Lookup():
                return self._lookup(node, deeper)
            case Ask():
                arguments = "".join(f", {self.expression(a, deeper)}" for a in node.arguments)
                return f"ask({self.source.bind(node, 'n')}, clock{arguments})"
            case Gather():
                return f"gather(V, {self.source.bind(node, 'n')}, {self.expression(node.index, deeper)})"
            case Draw():
                arguments = "".join(f", {self.expression(a, deeper)}" for a in (node.seed, *node.arguments))
                return f"draw({self.source.bind(node, 'n')}, clock{arguments})"
            case Along():
                arguments = "".join(f", {self.expression(a, deeper)}" for a in node.arguments)
                return f"along({self.source.bind(node, 'n')}, {self.rank}{arguments})"
            case Inverse():
                return f"inverse({self.source.bind(node, 'n')}, {self.expression(node.argument, deeper)})"
        assert_never(node)

    def _constant(self, node: Constant) -> str:
        if isinstance(node.value, float):
            return repr(node.value) if np.isfinite(node.value) else f"({_ODD[repr(node.value)]})"
        return self.source.bind(node.value[..., None] if self.source.many else node.value, "c")

    def load(self, slots: Slots) -> str:
        """Return the source that reads slots."""
        if isinstance(slots, int):
            return self.locals.get(slots, f"V[{slots}]")
        block = _block(slots)
        if block is None:
            return f"V[{self.source.bind(slots, 'k')}]"
        text = f"V[{block[0]}:{block[1]}]"
        return text if slots.ndim == 1 else f"{text}.reshape({self._shape(slots.shape)})"

    def _single(self) -> bool:
        return not self.source.many and self.rank == 0

    def _apply(self, node: Apply, depth: int) -> str:
        op = node.op
        if op in COMPARE or op in LOGIC or op is Op.NOT:
            return f"({self.condition(node, depth)} * 1.0)"
        if op is Op.SELECT:
            condition = self.condition(node.arguments[0], depth)
            then, otherwise = (self.expression(a, depth) for a in node.arguments[1:])
            if self._single():
                return f"({then} if {condition} else {otherwise})"
            return f"where({condition}, {then}, {otherwise})"
        arguments = [self.expression(a, depth) for a in node.arguments]
        if op is Op.NEG:
            return f"(-{arguments[0]})"
        if op is Op.DIV:
            return f"({arguments[0]} / {self._divisor(node.arguments[1], arguments[1])})"
        if op in INFIX:
            return f"({arguments[0]} {INFIX[op]} {arguments[1]})"
        if op is Op.POW and isinstance(node.arguments[1], Constant) and node.arguments[1].value == 2.0:
            return f"square({arguments[0]})"
        function = ONE_RUN.get(op) if self._single() else None
        return f"{self.source.bind(function or FUNCTIONS[op], 'f')}({', '.join(arguments)})"

    def _divisor(self, node: Node, text: str) -> str:
        """Return a divisor as a NumPy number: Python's own would raise on zero."""
        if self._single() and isinstance(node, Clock):
            return f"float64({text})"
        if isinstance(node, Constant) and isinstance(node.value, float) and node.value == 0:
            return f"float64({text})"
        return text

    def condition(self, node: Node, depth: int) -> str:
        """Return the source of a node as a truth value."""
        if isinstance(node, Apply) and id(node) not in self._shared:
            if node.op in COMPARE:
                left, right = (self.expression(a, depth) for a in node.arguments)
                return f"({left} {COMPARE[node.op]} {right})"
            if node.op in LOGIC:
                left, right = (self.condition(a, depth) for a in node.arguments)
                return f"({left} {LOGIC[node.op]} {right})"
            if node.op is Op.NOT:
                return f"({self.condition(node.arguments[0], depth)} ^ True)"
        return f"({self.expression(node, depth)} != 0)"

    def _lookup(self, node: Lookup, depth: int) -> str:
        x = self.expression(node.x, depth)
        if isinstance(node.tables, int):
            evaluate = evaluator(
                self.source.program.tables[node.tables], node.between, node.missing, one=self._single()
            )
            return f"{self.source.bind(evaluate, 'l')}({x})"
        numbers = sorted({int(n) for n in node.tables.ravel()})
        evaluators = {
            n: evaluator(self.source.program.tables[n], node.between, node.missing, one=False) for n in numbers
        }
        table, which = self.source.bind(evaluators, "l"), self.source.bind(node.tables, "k")
        return f"by_element({table}, {which}, {x}, many={self.source.many})"


_ODD = {"nan": "nan", "inf": "inf", "-inf": "-inf"}
_FOLDS = {Fold.SUM: "fold_sum", Fold.PRODUCT: "fold_product", Fold.MINIMUM: "fold_min", Fold.MAXIMUM: "fold_max"}


def _block(slots: NDArray[np.int64]) -> tuple[int, int] | None:
    """Return (first, end) where slots are consecutive in order."""
    flat = slots.ravel()
    first, count = int(flat[0]), flat.size
    if int(flat[-1]) - first != count - 1 or (count > 1 and np.any(np.diff(flat) != 1)):
        return None
    return first, first + count


def _count_uses(node: Node) -> dict[int, int]:
    uses: dict[int, int] = {}
    stack = [node]
    while stack:
        at = stack.pop()
        uses[id(at)] = uses.get(id(at), 0) + 1
        if uses[id(at)] == 1:
            stack.extend(operands(at))
    return uses


def rank_of(node: Node) -> int:
    """Return the number of axes a node's arrays have (0: all numbers)."""
    from simengine.compile.flatten import own_arrays

    best = 0
    stack = [node]
    while stack:
        at = stack.pop()
        for array in own_arrays(at):
            best = max(best, array.ndim)
        stack.extend(operands(at))
    return best


def write_functions(source: Source, name: str, statements: Sequence[Statement]) -> list[str]:
    """Write a phase as one or more functions `name0(V, clock)`, ...; returns their names."""
    out = []
    for start in range(0, len(statements), CHUNK):
        function = f"{name}{start // CHUNK}"
        source.lines.append(f"def {function}(V, clock):")
        writer = StatementWriter(source)
        _load_often_read(writer, statements[start : start + CHUNK])
        for statement in statements[start : start + CHUNK]:
            writer.statement(statement)
        out.append(function)
    return out


def _load_often_read(writer: StatementWriter, statements: Sequence[Statement]) -> None:
    """Put scalars that are read more than once, and not written here, into local variables first."""
    reads: dict[int, int] = {}
    written: set[int] = set()
    for statement in statements:
        if isinstance(statement, Emit):
            return
        for slots in slots_read([statement.value]):
            if isinstance(slots, int):
                reads[slots] = reads.get(slots, 0) + 1
        written.update(np.atleast_1d(statement.slots).ravel().tolist())
    for slot, count in reads.items():
        if count > 1 and slot not in written:
            writer.source.lines.append(f"    v{slot} = V[{slot}]")
            writer.locals[slot] = f"v{slot}"


__all__ = ["CHUNK", "Source", "StatementWriter", "by_element", "rank_of", "write_functions"]
