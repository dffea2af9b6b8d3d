"""SHIFT IF TRUE: the elements of a stock that move up by one place while a condition holds.

In: the variables of a model. Out: the same, where every stock that is shifted is the sum of a part that flows and of
parts that jump: memories, which take at the end of a step what the shift at its beginning moves.

Vensim ref. "SHIFT IF TRUE": size elements move on along the last subscript; what is in the last one leaves, or stays
where accum is not 0; the first becomes inval; the function gives what left. unverified: when within a step. What is
shifted is the stock as it is at the beginning of the step in which the condition holds; it is seen at the next, and
what flows during the step is added to the shifted stock. So what the function gives is what has left, and what flows
into the first element while it is set anew is not lost.

Invariant: a shift that accumulates keeps the sum of the stock, but for the first element's new value.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from simengine.check.symbols import Symbols
from simengine.compile.constant import constant_value, whole_number
from simengine.compile.hidden import computed
from simengine.model.expression import (
    Binary,
    Call,
    Expression,
    Number,
    Operator,
    Reference,
    Subscript,
    call,
    number,
    rewrite,
    walk,
)
from simengine.model.variable import Equation, Variable
from simengine.source.diagnostic import Diagnostic, error
from simengine.source.names import Key

_NOTHING = Number(0.0)


@dataclass
class Shifts:
    """What became of the variables, hidden ones beside them, what is wrong, and the constants that shape it."""

    variables: list[Variable] = field(default_factory=list)
    hidden: list[Variable] = field(default_factory=list)
    problems: list[Diagnostic] = field(default_factory=list)
    jumps: dict[Key, list[Variable]] = field(default_factory=dict)  # by the stock that jumps


def prepare_shifts(variables: Sequence[Variable], symbols: Symbols, structural: set[Key]) -> Shifts:
    """Return the variables without SHIFT IF TRUE."""
    out = Shifts()
    changed = [_without_shifts(v, symbols, structural, out) for v in variables]
    out.variables = [_as_sum(v, out) if v.key in out.jumps else v for v in changed]
    return out


def _without_shifts(variable: Variable, symbols: Symbols, structural: set[Key], out: Shifts) -> Variable:
    equations = []
    for place, equation in enumerate(variable.equations):
        expression = equation.expression
        if expression is not None and any(_is_shift(n) for n in walk(expression)):
            maker = _Shift(variable, equation, place, symbols, structural, out)
            expression = rewrite(expression, maker.change)
        equations.append(replace(equation, expression=expression))
    return replace(variable, equations=tuple(equations))


def _is_shift(node: Expression) -> bool:
    return isinstance(node, Call) and node.function == "shift_if_true" and len(node.arguments) == 5


def _if(condition: Expression, then: Expression, otherwise: Expression = _NOTHING) -> Call:
    return call("if", condition, then, otherwise)


def _less(a: Expression, b: Expression) -> Binary:
    return Binary(Operator.SUBTRACT, a, b)


@dataclass
class _Shift:
    """The calls of one equation."""

    variable: Variable
    equation: Equation
    place: int
    symbols: Symbols
    structural: set[Key]
    out: Shifts
    count: int = 0

    def change(self, node: Expression) -> Expression | None:
        """Return what a call gives; the stock's jump is made on the side."""
        if not _is_shift(node):
            return None
        assert isinstance(node, Call)
        self.count += 1
        cells = self._cells(node)
        if isinstance(cells, Diagnostic):
            self.out.problems.append(cells)
            return Number(float("nan"), node.span)
        condition, keeps, enters = (
            self._own(what, node.arguments[at]) for what, at in (("condition", 1), ("accumulate", 3), ("enters", 4))
        )
        self._jump(cells, condition, keeps, enters)
        return _if(condition, _if(keeps, _NOTHING, cells[-1]))

    def _own(self, what: str, expression: Expression) -> Reference:
        """Return a hidden variable with an argument's value, over the elements of this equation."""
        key = Key(f"{self.variable.key}>{self.place}.{self.count}>{what}")
        equation = replace(self.equation, expression=computed(expression))
        self.out.hidden.append(
            Variable(
                f"{self.variable.name} ({what})",
                key,
                (equation,),
                hidden=True,
                clock=self.variable.clock,
                span=self.variable.span,
            )
        )
        return Reference(what, key, self.equation.subscripts)

    def _cells(self, node: Call) -> list[Reference] | Diagnostic:
        """Return the elements that shift, first to last, or what is wrong with the call."""
        stock, size = node.arguments[0], node.arguments[2]
        variable = self.symbols.variables.get(stock.key) if isinstance(stock, Reference) else None
        if not isinstance(stock, Reference) or variable is None or not _is_stock(variable):
            return error("bad-shift", f"`{node.name}` must be given a stock with the first element to shift", node.span)
        last = stock.subscripts[-1] if stock.subscripts else None
        axes = self.symbols.axes[stock.key]
        if not isinstance(last, Subscript) or len(axes) != len(stock.subscripts) or last.key not in axes[-1].index:
            return error(
                "bad-shift", f"`{node.name}` must be given the first element of the last subscript", stock.span
            )
        own = {s.key for s in self.equation.subscripts if s.key in self.symbols.dimensions}
        others = {s.key for s in stock.subscripts[:-1] if isinstance(s, Subscript) and s.key in self.symbols.dimensions}
        if own != others or self.equation.exceptions:
            message = (
                f"`{node.name}` shifts over the dimensions of its left side: these must be those of `{stock.name}`"
            )
            return error("bad-shift", message, node.span)
        found = constant_value(size, self.symbols, self.equation.subscripts, self.structural)
        counts = {whole_number(n) for n in found or [0.0]}
        count, first = counts.pop() or 0, axes[-1].index[last.key]
        if counts or not 2 <= count <= len(axes[-1].elements) - first:
            most = len(axes[-1].elements) - first
            message = f"the number of elements `{node.name}` shifts must be a constant from 2 to {most}"
            return error("bad-shift", message, size.span or node.span)
        names = zip(axes[-1].names[first : first + count], axes[-1].elements[first : first + count], strict=True)
        return [replace(stock, subscripts=(*stock.subscripts[:-1], Subscript(n, k))) for n, k in names]

    def _jump(self, cells: Sequence[Reference], condition: Expression, keeps: Expression, enters: Expression) -> None:
        """Make the hidden variable that holds all that this call has moved."""
        stock = cells[0]
        key = Key(f"{stock.key}>shifted by {self.variable.key}>{self.place}.{self.count}")
        equations = []
        for place, cell in enumerate(cells):
            comes: Expression = enters if place == 0 else cells[place - 1]
            goes: Expression = cell if place < len(cells) - 1 else _if(keeps, _NOTHING, cell)
            left = tuple(s for s in cell.subscripts if isinstance(s, Subscript))
            moved = _if(condition, _less(comes, goes))
            total = Binary(Operator.ADD, Reference("shifted", key, left), moved)
            equations.append(Equation(left, call("memory", total, number(0)), span=self.equation.span))
        axes = self.symbols.axes[stock.key]
        whole = tuple(Subscript(a.name, a.dimension) for a in axes)
        rest = Equation(whole, call("memory", number(0), number(0)), tuple(e.subscripts for e in equations))
        clock = self.symbols.variables[stock.key].clock
        jump = Variable(
            f"{stock.name} (shifted)", key, (*equations, rest), hidden=True, clock=clock, span=self.variable.span
        )
        self.out.jumps.setdefault(stock.key, []).append(jump)
        self.out.hidden.append(jump)


def _is_stock(variable: Variable) -> bool:
    return all(isinstance(e.expression, Call) and e.expression.function == "integ" for e in variable.equations)


def _as_sum(stock: Variable, out: Shifts) -> Variable:
    """Return a stock as the sum of what flows and what jumps."""
    key = Key(f"{stock.key}>flowing")
    out.hidden.append(
        Variable(f"{stock.name} (flowing)", key, stock.equations, hidden=True, clock=stock.clock, span=stock.span)
    )
    equations = []
    for equation in stock.equations:
        total: Expression = Reference(stock.name, key, equation.subscripts, equation.span)
        for jump in out.jumps[stock.key]:
            moved = Reference(jump.name, jump.key, equation.subscripts, equation.span)
            total = Binary(Operator.ADD, total, moved)
        equations.append(replace(equation, expression=total))
    return replace(stock, equations=tuple(equations))
