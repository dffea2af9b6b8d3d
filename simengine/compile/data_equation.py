"""Data computed from data: `total := domestic + foreign`, which has values at points in time as its sources have.

In: all variables, expanded. Out: the same, where a data equation takes the values it has at the points before and
after the time, and what its keyword says between them.

Such an equation is computed where all its sources have points; between these its result is interpolated (or held,
looked up ahead, or missing), not the sources. `d := a * b` is therefore a straight line between points, not the
product of two lines. X IF MISSING computes wherever any source has a point, with a number for the others.

References: Vensim reference manual, "Data Equations", "Computational Sequence" (data equations are computed in
the preparation), "X IF MISSING".

Invariant: an equation that reads anything but data, constants and Time is left as it is: an auxiliary.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace

from simengine.builtins.builtin import Kind
from simengine.builtins.table_of_functions import BUILTINS
from simengine.check.symbols import Symbols
from simengine.model.expression import (
    NOT_AVAILABLE,
    Binary,
    Call,
    Expression,
    LookupCall,
    Number,
    Operator,
    Reference,
    Subscript,
    TableLiteral,
    binary,
    call,
    children,
    rewrite,
)
from simengine.model.lookup import Between, Table
from simengine.model.variable import Equation, Role, Variable, is_constant
from simengine.source.names import Key

Points = tuple[float, ...]
Splitter = Callable[[Equation], list[Equation]]

_MISSING = Number(NOT_AVAILABLE)
_PLAIN = frozenset({Kind.ELEMENTWISE, Kind.COMPOSED, Kind.REDUCTION})


@dataclass(frozen=True, slots=True)
class Part:
    """One equation of a data variable and the points it has; `body` is None where it is a series itself."""

    equation: Equation
    points: Points
    body: Expression | None = None
    filler: Expression | None = None  # what X IF MISSING puts in the place of what is missing


def tabulate_data(variables: Sequence[Variable], symbols: Symbols, split: Splitter) -> list[Variable]:
    """Return the variables with their data equations brought to points, and what that takes as hidden variables.

    Parameters
    ----------
    variables
        Visible and hidden ones; their data resolved, their macros expanded.
    symbols
        The model's dimensions.
    split
        Gives an equation by element of its left side.

    """
    if not any(_is_computed(v) for v in variables):
        return list(variables)
    work = _Work({v.key: v for v in variables}, symbols, split)
    out = [work.variable(v) for v in variables]
    return out + work.made


def _is_computed(variable: Variable) -> bool:
    return variable.declared is Role.DATA and any(not _is_series(e.expression) for e in variable.equations)


def _is_series(expression: Expression | None) -> bool:
    return isinstance(expression, Call) and expression.function == "series"


def _table(x: Points, y: Points, between: Between) -> Call:
    return Call("series", (TableLiteral(Table(x, y, between)),))


@dataclass
class _Work:
    variables: dict[Key, Variable]
    symbols: Symbols
    split: Splitter
    parts: dict[Key, tuple[Part, ...] | None] = field(default_factory=dict)
    made: list[Variable] = field(default_factory=list)
    names: set[Key] = field(default_factory=set)
    single: dict[Key, dict[tuple[Key, ...], Part]] = field(default_factory=dict)  # parts of one element, by element

    # what has points, and where

    def parts_of(self, key: Key) -> tuple[Part, ...] | None:
        """Return the parts of a data variable; None where it is none, or reads what is no data."""
        if key not in self.parts:
            self.parts[key] = None  # while it is looked into: one that reads itself is reported elsewhere
            variable = self.variables.get(key)
            self.parts[key] = self._parts(variable) if variable is not None else None
        return self.parts[key]

    def _parts(self, variable: Variable) -> tuple[Part, ...] | None:
        out: list[Part] = []
        for equation in variable.equations:
            match equation.expression:
                case Call(function="series", arguments=(TableLiteral(table=table),)):
                    out.append(Part(equation, tuple(table.x)))
                    continue
                case None:
                    return None
            found = self._computed(equation) if variable.declared is Role.DATA else None
            if found is None:
                return None
            out += found
        return tuple(out)

    def _computed(self, equation: Equation) -> list[Part] | None:
        """Return an equation with its points, by element where elements have other points; None for no data."""
        expression = equation.expression
        assert expression is not None
        body, filler = expression, None
        if isinstance(expression, Call) and expression.function == "x_if_missing":
            body, filler = expression.arguments
        sources = list(self._sources(body))
        if not sources or any(s is None for s in sources):
            return None
        sets = [self._points(s) for s in sources if s is not None]
        each = {points for found in sets for points in found}
        if len(each) > 1:
            pieces = [equation] if equation.exceptions else self.split(equation)
            if len(pieces) > 1:
                return [p for piece in pieces for p in self._computed(piece) or ()]
        points = set[float]().union(*each)
        if filler is None:
            points = points.intersection(*each)
        return [Part(equation, tuple(sorted(points)), body, filler)]

    def _sources(self, node: Expression) -> Iterator[Reference | None]:
        """Yield the data an expression reads; None where it reads what has no place in a data equation."""
        match node:
            case Reference():
                if self.parts_of(node.key) is not None:
                    yield node
                elif not self._is_fixed(node):
                    yield None
            case LookupCall():
                if self.parts_of(node.lookup.key) is not None:
                    yield None
                yield from self._sources(node.argument)
                return
            case Call() if node.function != "time" and (
                node.function not in BUILTINS or BUILTINS[node.function].kind not in _PLAIN
            ):
                yield None
        for child in children(node):
            yield from self._sources(child)

    def _is_fixed(self, reference: Reference) -> bool:
        variable = self.variables.get(reference.key)
        if variable is None:
            return True  # a dimension or element, by its position
        return all(is_constant(e.expression) for e in variable.equations)

    def _points(self, reference: Reference) -> set[Points]:
        """Return the points of all parts that a reference may mean."""
        return {p.points for p in self._meant(reference)}

    def _meant(self, reference: Reference) -> tuple[Part, ...]:
        """Return the parts that a reference may mean."""
        parts = self.parts_of(reference.key)
        assert parts is not None
        keys = tuple(s.key for s in reference.subscripts if isinstance(s, Subscript))
        if reference.key not in self.single:
            whole = any(s.key in self.symbols.dimensions for p in parts for s in p.equation.subscripts)
            index = {} if whole else {tuple(s.key for s in p.equation.subscripts): p for p in parts}
            self.single[reference.key] = index
        alone = self.single[reference.key].get(keys)
        if alone is not None and len(keys) == len(reference.subscripts):
            return (alone,)
        return tuple(p for p in parts if self._may_mean(reference, p.equation))

    def _may_mean(self, reference: Reference, equation: Equation) -> bool:
        pairs = zip(reference.subscripts, equation.subscripts, strict=False)
        return all(not isinstance(a, Subscript) or self._elements(a.key) & self._elements(b.key) for a, b in pairs)

    def _elements(self, key: Key) -> frozenset[Key]:
        return self.symbols.element_set(key) if key in self.symbols.dimensions else frozenset({key})

    # equations

    def variable(self, variable: Variable) -> Variable:
        """Return a variable with its data equations brought to points."""
        parts = self.parts_of(variable.key) if _is_computed(variable) else None
        if parts is None:
            return variable
        equations = [
            p.equation if p.body is None else replace(p.equation, expression=self._equation(variable, p, number))
            for number, p in enumerate(parts)
        ]
        return replace(variable, equations=tuple(equations))

    def _equation(self, variable: Variable, part: Part, number: int) -> Expression:
        points = part.points
        if not points:
            return _table((0.0,), (NOT_AVAILABLE,), Between.INTERPOLATE)
        name = f"{variable.key}>{number}"

        def at(between: Between, what: str) -> Reference:
            time = self._make(variable, Key(f"{name}>{what} time"), _table(points, points, between))
            return self._make(variable, Key(f"{name}>{what}"), self._body(part, time), part.equation)

        match part.equation.interpolation or Between.INTERPOLATE:
            case Between.RAW:
                there = self._make(variable, Key(f"{name}>there"), _table(points, (1.0,) * len(points), Between.RAW))
                return call("if", binary(Operator.EQUAL, there, Number(1.0)), at(Between.HOLD, "before"), _MISSING)
            case Between.HOLD:
                return at(Between.HOLD, "before")
            case Between.FORWARD:
                return at(Between.FORWARD, "after")
        before, after = at(Between.HOLD, "before"), at(Between.FORWARD, "after")
        low, high = (self._named(Key(f"{name}>{w} time")) for w in ("before", "after"))
        now = self._make(variable, Key(f"{name}>now"), _table(points, points, Between.INTERPOLATE))
        share = binary(Operator.DIVIDE, binary(Operator.SUBTRACT, now, low), binary(Operator.SUBTRACT, high, low))
        rise = binary(Operator.MULTIPLY, binary(Operator.SUBTRACT, after, before), share)
        # unverified: what stands between a point computed as :NA: and its neighbours
        known = binary(Operator.AND, _is_there(before), _is_there(after))
        line = call("if", known, binary(Operator.ADD, before, rise), _MISSING)
        return call("if", binary(Operator.GREATER, high, low), line, before)

    def _body(self, part: Part, time: Reference) -> Expression:
        """Return what a data equation computes with all its sources as of a time."""
        assert part.body is not None

        def change(node: Expression) -> Expression | None:
            if isinstance(node, Call) and node.function == "time":
                return time
            if not isinstance(node, Reference) or self.parts.get(node.key) is None:
                return None
            found = self._source(node, time)
            return found if part.filler is None else call("if", _is_there(found), found, part.filler)

        return rewrite(part.body, change)

    def _source(self, reference: Reference, time: Reference) -> Expression:
        """Return the value a source has at a time, :NA: where it has no point."""
        parts = self._meant(reference)
        if all(p.body is None for p in parts):
            return call("data_point", reference, time)
        # only what the reference reads: a large array of data would be made anew for each of its elements
        elements = ",".join(s.key for s in reference.subscripts if isinstance(s, Subscript))
        key = Key(f"{reference.key}[{elements}]@{time.key}")
        if key not in self.names:
            self.names.add(key)
            source = self.variables[reference.key]
            equations = []
            for part in parts:
                table = TableLiteral(Table(part.points or (0.0,), (1.0,) * max(1, len(part.points))))
                there = _is_there(call("data_point", table, time))
                known = part.equation.expression if part.body is None else self._body(part, time)
                if part.body is None:
                    assert isinstance(known, Call)
                    known = call("data_point", known.arguments[0], time)
                assert known is not None
                equations.append(
                    replace(part.equation, expression=call("if", there, known, _MISSING) if part.points else _MISSING)
                )
            self.made.append(
                Variable(source.name, key, tuple(equations), hidden=True, clock=source.clock, span=source.span)
            )
        return replace(reference, key=key)

    def _make(self, variable: Variable, key: Key, expression: Expression, like: Equation | None = None) -> Reference:
        """Make a hidden variable, over the left side of an equation where one is given."""
        equation = Equation((), expression) if like is None else replace(like, expression=expression)
        if key not in self.names:
            self.names.add(key)
            span = equation.span or variable.span
            made = Variable(
                variable.name,
                key,
                (replace(equation, span=span),),
                hidden=True,
                clock=variable.clock,
                span=variable.span,
            )
            self.made.append(made)
        return Reference(variable.name, key, () if like is None else like.subscripts, variable.span)

    def _named(self, key: Key) -> Reference:
        return Reference(key, key)


def _is_there(value: Expression) -> Binary:
    return binary(Operator.NOT_EQUAL, value, _MISSING)
