"""Nodes as Python expressions over NumPy values.

In: a node. Out: the text of an expression; what is shared or too deep goes to temporaries before it.

Invariant: for one run and for many the same operations are written, in the same order, on the same numbers.
"""

from __future__ import annotations

from typing import Any, NamedTuple, Protocol, assert_never

import numpy as np
from numpy.typing import NDArray

from simengine.kernel.lookup import evaluator, evaluator_of_few, evaluator_of_many
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
from simengine.program.program import Program
from simengine.program.walk import nodes_upward, rank_of

_DEEP = 20
_CLOCK = {
    ClockValue.TIME: "clock.time",
    ClockValue.BEGIN: "clock.begin",
    ClockValue.START: "clock.start",
    ClockValue.STOP: "clock.stop",
    ClockValue.STEP: "clock.step_size",
    ClockValue.SAVE: "clock.save",
}
_FOLDS = {Fold.SUM: "fold_sum", Fold.PRODUCT: "fold_product", Fold.MINIMUM: "fold_min", Fold.MAXIMUM: "fold_max"}
_INTO = {Op.ADD: "add", Op.SUB: "subtract", Op.MUL: "multiply", Op.DIV: "divide", Op.EXP: "exp", Op.LN: "log"}
"""Operations whose result can be written in place, sparing a copy."""


class Binder(Protocol):
    """Gives names to objects."""

    def bind(self, value: Any, prefix: str) -> str:
        """Return the name by which generated code knows an object."""


class Text(NamedTuple):
    """An expression, and whether its value is surely NumPy's (a Python float raises where it is divided by 0)."""

    code: str
    numpy: bool = True


class ExpressionWriter:
    """Writes expressions into the body of one function.

    `locals` are slots whose values the function holds in variables.
    """

    def __init__(self, program: Program, many: bool, names: Binder, lines: list[str]) -> None:
        self.program = program
        self.many = many
        self.names = names
        self.lines = lines
        self.locals: dict[int, Text] = {}
        self._rank = 0
        self._known: dict[int, Text] = {}

    def write(self, node: Node, axes: int | None = None, out: str | None = None) -> str:
        """Return the code of a whole right-hand side: see `whole`."""
        return self.whole(node, axes, out).code

    def whole(self, node: Node, axes: int | None = None, out: str | None = None) -> Text:
        """Return the expression of a whole right-hand side.

        Parameters
        ----------
        node
            The right-hand side.
        axes
            Axes of the target: those after them are dropped (they have one point left).
        out
            A place the value may be written to directly; where it was, its own text is returned.

        """
        below = nodes_upward([node])
        self._rank = rank_of(below)
        self._known = {}
        self._put_aside(below)
        if out is not None and not self._rank and isinstance(node, Apply) and node.op in _INTO:
            arguments = ", ".join(self._expression(a).code for a in node.arguments)
            self.lines.append(f"    {_INTO[node.op]}({arguments}, {out})")
            return Text(out)
        text = self._expression(node)
        if axes is not None and self._rank > axes:
            return Text(f"drop({text.code}, {axes}, {self._rank})")
        return text

    def target(self, slots: NDArray[np.int64]) -> str:
        """Return the place array values are written to."""
        block = _block(slots)
        if block is None:
            return f"V[{self.names.bind(slots, 'k')}]"
        if slots.ndim == 1:
            return f"V[{block[0]}:{block[1]}]"
        return f"V[{block[0]}:{block[1]}].reshape({self._shape(slots.shape)})[...]"

    def _put_aside(self, below: list[Node]) -> None:
        """Write what is used twice or lies too deep to temporaries, operands first."""
        uses: dict[int, int] = {}
        for node in below:
            for child in operands(node):
                uses[id(child)] = uses.get(id(child), 0) + 1
        height: dict[int, int] = {}
        for node in below:
            own = 1 + max((height[id(c)] for c in operands(node)), default=0)
            shared = uses.get(id(node), 0) > 1 and not _cheap(node)
            if shared or own >= _DEEP:
                text = self._expression(node)
                name = f"t{len(self._known)}"
                self.lines.append(f"    {name} = {text.code}")
                self._known[id(node)] = Text(name, text.numpy)
                own = 0
            height[id(node)] = own

    def _shape(self, shape: tuple[int, ...]) -> str:
        sizes = ", ".join(str(n) for n in shape)
        return f"({sizes}, -1)" if self.many else f"({sizes},)"

    @property
    def _single(self) -> bool:
        """Whether values are single numbers."""
        return not self.many and self._rank == 0

    def _expression(self, node: Node) -> Text:
        known = self._known.get(id(node))
        if known is not None:
            return known
        match node:
            case Constant():
                return self._constant(node)
            case Load():
                return self._load(node.slots)
            case Clock():
                return Text(_CLOCK[node.what], numpy=False)
            case Apply():
                return self._apply(node)
            case Reduce():
                argument = self._expression(node.argument)
                axes = self.names.bind(node.axes, "x")
                return Text(f"{_FOLDS[node.fold]}({argument.code}, {axes}, {self._rank})", argument.numpy)
            case Lookup():
                return self._lookup(node)
            case Ask():
                return Text(f"ask({self.names.bind(node, 'n')}, clock{self._list(node.arguments)})")
            case Gather():
                return Text(f"gather(V, {self.names.bind(node, 'n')}, {self._expression(node.index).code})")
            case Draw():
                return Text(f"draw({self.names.bind(node, 'n')}, clock{self._list((node.seed, *node.arguments))})")
            case Along():
                return Text(f"along({self.names.bind(node, 'n')}, {self._rank}{self._list(node.arguments)})")
            case Inverse():
                axes = self.names.bind(node.axes, "x")
                return Text(f"inverse({self._expression(node.argument).code}, {axes}, {self._rank})")
        assert_never(node)

    def _list(self, nodes: tuple[Node, ...]) -> str:
        return "".join(f", {self._expression(n).code}" for n in nodes)

    def _constant(self, node: Constant) -> Text:
        if isinstance(node.value, np.ndarray) and node.value.ndim:
            return Text(self.names.bind(node.value[..., None] if self.many else node.value, "c"))
        value = float(node.value)
        return Text(repr(value) if np.isfinite(value) else f"({value!r})", numpy=False)

    def _load(self, slots: Slots) -> Text:
        if isinstance(slots, int):
            return self.locals.get(slots, Text(f"V[{slots}]"))
        block = _block(slots)
        if block is None:
            return Text(f"V[{self.names.bind(slots, 'k')}]")
        code = f"V[{block[0]}:{block[1]}]"
        return Text(code if slots.ndim == 1 else f"{code}.reshape({self._shape(slots.shape)})")

    def _apply(self, node: Apply) -> Text:
        op = node.op
        if op in COMPARE or op in LOGIC or op is Op.NOT:
            condition = self._condition(node)
            return Text(f"({condition.code} * 1.0)", condition.numpy)
        if op is Op.SELECT:
            condition = self._condition(node.arguments[0])
            then, otherwise = (self._expression(a) for a in node.arguments[1:])
            if self._single:
                code = f"({then.code} if {condition.code} else {otherwise.code})"
                return Text(code, then.numpy and otherwise.numpy)
            return Text(f"where({condition.code}, {then.code}, {otherwise.code})")
        arguments = [self._expression(a) for a in node.arguments]
        if op is Op.NEG:
            return Text(f"(-{arguments[0].code})", arguments[0].numpy)
        if op in INFIX:
            left, right = arguments
            sure = left.numpy or right.numpy
            if op is Op.DIV and not sure:
                return Text(f"({left.code} / float64({right.code}))")
            return Text(f"({left.code} {INFIX[op]} {right.code})", sure)
        if op is Op.POW and isinstance(node.arguments[1], Constant) and np.all(node.arguments[1].value == 2.0):
            return Text(f"square({arguments[0].code})")  # x * x, as in `primitive.power`
        quick = ONE_RUN.get(op) if self._single else None
        name = self.names.bind(quick or FUNCTIONS[op], "f")
        code = f"{name}({', '.join(a.code for a in arguments)})"
        return Text(code, quick is None or all(a.numpy for a in arguments))

    def _condition(self, node: Node) -> Text:
        """Return a node as truth values."""
        if isinstance(node, Apply) and id(node) not in self._known:
            if node.op in COMPARE:
                left, right = (self._expression(a) for a in node.arguments)
                return Text(f"({left.code} {COMPARE[node.op]} {right.code})", left.numpy or right.numpy)
            if node.op in LOGIC:
                left, right = (self._condition(a) for a in node.arguments)
                return Text(f"({left.code} {LOGIC[node.op]} {right.code})", left.numpy or right.numpy)
            if node.op is Op.NOT:
                inner = self._condition(node.arguments[0])
                return Text(f"({inner.code} ^ True)", inner.numpy)
        value = self._expression(node)
        return Text(f"({value.code} != 0)", value.numpy)

    def _lookup(self, node: Lookup) -> Text:
        x = self._expression(node.x)
        if isinstance(node.tables, int):
            function = evaluator(self.program.tables[node.tables], node.between, node.missing, one=self._single)
        else:
            numbers = node.tables[..., None] if self.many else node.tables
            make = evaluator_of_many if self.many else evaluator_of_few
            function = make(self.program.tables, numbers, node.between, node.missing)
        return Text(f"{self.names.bind(function, 'l')}({x.code})", numpy=not self._single or x.numpy)


def _cheap(node: Node) -> bool:
    """Return whether a node is no dearer to write twice than to keep."""
    return isinstance(node, Clock) or (isinstance(node, Constant | Load) and not _is_array(node))


def _is_array(node: Constant | Load) -> bool:
    return isinstance(node.value if isinstance(node, Constant) else node.slots, np.ndarray)


def _block(slots: NDArray[np.int64]) -> tuple[int, int] | None:
    """Return (first, end) where slots are consecutive in order."""
    flat, count = slots.ravel(), slots.size
    if count == 0:
        return None
    first = int(flat[0])
    if int(flat[-1]) - first != count - 1 or (count > 2 and np.any(np.diff(flat) != 1)):
        return None
    return first, first + count
