"""Lower expressions to nodes over loop axes.

In: an expression, and the loops of its left side. Out: a node, or a diagnostic at the place that makes no
sense. One `Lowering` serves one left side.

Axes are numbered: the left side's first, then one for every `!` that is open at the same time as others.

Invariant: problems are collected, never raised; a reference in error becomes the constant NaN, and its
variable is reported once.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, assert_never

import numpy as np
from numpy.typing import NDArray

from simengine.builtins.builtin import Builtin, Kind
from simengine.builtins.table_of_functions import BUILTINS
from simengine.check.subscripts import Along, Coordinate, Loop, position_of, resolve_subscript
from simengine.check.symbols import Symbols
from simengine.compile import special
from simengine.compile.build import apply, constant
from simengine.compile.compose import COMPOSITIONS, ClockNodes
from simengine.compile.flatten import extent
from simengine.compile.layout import Layout, strides
from simengine.model.expression import (
    ArrayLiteral,
    Binary,
    Call,
    Expression,
    LookupCall,
    Number,
    Operator,
    Position,
    Reference,
    Sign,
    Subscript,
    TableLiteral,
    Text,
    Unary,
    children,
)
from simengine.model.variable import Role
from simengine.program.node import Apply, Clock, Constant, Gather, Load, Lookup, Node, Reduce, Slots
from simengine.program.op import ClockValue, Fold, Op
from simengine.source.diagnostic import Diagnostic, error
from simengine.source.names import Key, nearest_names

OPERATORS: dict[Operator, Op] = {
    Operator.ADD: Op.ADD,
    Operator.SUBTRACT: Op.SUB,
    Operator.MULTIPLY: Op.MUL,
    Operator.DIVIDE: Op.DIV,
    Operator.POWER: Op.POW,
    Operator.LESS: Op.LT,
    Operator.LESS_EQUAL: Op.LE,
    Operator.GREATER: Op.GT,
    Operator.GREATER_EQUAL: Op.GE,
    Operator.EQUAL: Op.EQ,
    Operator.NOT_EQUAL: Op.NE,
    Operator.AND: Op.AND,
    Operator.OR: Op.OR,
}

NAN = Constant(float("nan"))
TIME = Clock(ClockValue.TIME)


@dataclass(slots=True)
class Context:
    """What lowering of every equation shares."""

    symbols: Symbols
    layout: Layout
    clock: ClockNodes
    problems: list[Diagnostic] = field(default_factory=list)
    streams: set[int] = field(default_factory=set)
    structural: frozenset[Key] = frozenset()  # constants the program's shape rests on: no parameters


class Lowering:
    """Lowers expressions under one left side."""

    def __init__(self, context: Context, loops: Sequence[Loop], left_axes: int, place: str) -> None:
        self.context = context
        self.symbols = context.symbols
        self.loops: tuple[Loop, ...] = tuple(loops)
        self.left_axes = left_axes
        self.rank = left_axes
        self.place = place  # names the equation: seeds its random streams
        self.draws = 0
        self._extra: list[Key] = []  # dimensions of the axes after the left side's
        self._reductions: dict[int, dict[Key, int]] = {}

    # axes of reductions

    def prepare(self, expression: Expression) -> None:
        """Number the axes of all `!` in an expression; called before `lower`, for all expressions of an equation."""
        if _has_bang(expression):
            self._number(expression, {})

    def _number(self, node: Expression, active: dict[int, Key]) -> None:
        if isinstance(node, Call) and special.reduces(node):
            own: dict[Key, int] = {}
            for key in special.open_bangs(node.arguments):
                if key not in self.symbols.dimensions:
                    continue  # reported where the subscript stands
                axis = self._free_axis(key, active)
                own[key] = axis
                active = {**active, axis: key}
            self._reductions[id(node)] = own
        for child in children(node):
            self._number(child, active)

    def _free_axis(self, key: Key, active: dict[int, Key]) -> int:
        for axis, dimension in self._axis_dimensions().items():
            if dimension == key and axis not in active:
                return axis
        self._extra.append(key)
        self.rank += 1
        return self.left_axes + len(self._extra) - 1

    def _axis_dimensions(self) -> dict[int, Key]:
        return {self.left_axes + i: key for i, key in enumerate(self._extra)}

    def reduction_axes(self, call: Call) -> dict[Key, int]:
        """Return the axis of every `!` a call runs over."""
        return self._reductions.get(id(call), {})

    def within(self, call: Call) -> tuple[int, ...]:
        """Enter a reduction: its `!` become loops. Returns its axes; `leave` must follow."""
        axes = self.reduction_axes(call)
        inner = tuple(Loop(key, axis, self.symbols.axis_along(key).elements, reduce=True) for key, axis in axes.items())
        hidden = {x.dimension for x in inner}
        if any(not x.elements for x in inner):
            self.context.problems.append(
                error("empty-dimension", f"`{call.name}` runs over a dimension without elements", call.span)
            )
        self.loops = (*inner, *(x for x in self.loops if not (x.reduce and x.dimension in hidden)))
        return tuple(axes.values())

    # expressions

    def lower(self, node: Expression) -> Node:
        """Return the node of an expression."""
        match node:
            case Number():
                return Constant(node.value)
            case Reference():
                return self.reference(node)
            case Binary():
                return apply(OPERATORS[node.operator], self.lower(node.left), self.lower(node.right))
            case Unary():
                return apply(Op.NEG if node.sign is Sign.NEGATE else Op.NOT, self.lower(node.operand))
            case Call():
                return self.call(node)
            case LookupCall():
                return self.lookup_call(node)
            case TableLiteral() | ArrayLiteral() | Text():
                return self.problem(
                    "misplaced-literal", "a table, array or text may not stand inside an equation", node
                )
        assert_never(node)

    def call(self, node: Call) -> Node:
        """Return the node of a builtin."""
        builtin = BUILTINS.get(node.function)
        if node.function == "broken":
            return NAN  # an equation that could not be read
        if builtin is None:
            return self.problem(
                "unknown-function", f"no function or macro is called `{node.name or node.function}`", node
            )
        least, most = builtin.arity
        if not least <= len(node.arguments) <= most:
            return NAN  # the reader has reported it
        match builtin.kind:
            case Kind.ELEMENTWISE:
                assert isinstance(builtin.primitive, Op)
                return apply(builtin.primitive, *(self.lower(a) for a in node.arguments))
            case Kind.COMPOSED:
                return COMPOSITIONS[builtin.id]([self.lower(a) for a in node.arguments], self.context.clock)
            case Kind.REDUCTION:
                assert isinstance(builtin.primitive, Fold)
                return self.reduce(node, builtin.primitive)
            case Kind.SPECIAL | Kind.RANDOM | Kind.ALONG:
                return self._special(builtin, node)
            case Kind.WHOLE | Kind.EXPANDED | Kind.UNSUPPORTED:
                return self.problem(
                    "misplaced-function", f"`{node.name}` must be the whole right-hand side of an equation", node
                )
        assert_never(builtin.kind)

    def _special(self, builtin: Builtin, node: Call) -> Node:
        rule = special.RULES.get(builtin.id)
        if rule is None and builtin.kind is Kind.RANDOM:
            rule = special.draw
        if rule is None:
            return self.problem("unsupported-function", f"`{node.name}` is not supported here", node)
        return rule(self, node)

    def reduce(self, node: Call, fold: Fold) -> Node:
        """Return a reduction over the `!` of a call's argument."""
        before = self.loops
        axes = self.within(node)
        inner = self.lower(node.arguments[0])
        self.loops = before
        if not axes:
            if not isinstance(node.arguments[0], Number):
                self.problem(
                    "nothing-to-reduce",
                    f"`{node.name}` needs a subscript marked with `!` to run over",
                    node,
                    help=["write `name[Dimension!]`"],
                )
            return inner
        return Reduce(fold, self.spread(inner, axes), axes)

    def spread(self, inner: Node, axes: Sequence[int]) -> Node:
        """Return a node that really extends over axes: a reduction counts them even where it is constant."""
        missing = [a for a in axes if extent(inner, a) == 1 and self.size_of(a) > 1]
        if not missing:
            return inner
        shape = [1] * self.rank
        for axis in missing:
            shape[axis] = self.size_of(axis)
        return Apply(Op.MUL, (inner, Constant(np.ones(shape))))  # x * 1 is exactly x

    def size_of(self, axis: int) -> int:
        """Return the number of points of an axis."""
        if axis >= self.left_axes:
            return len(self.symbols.axis_along(self._axis_dimensions()[axis]).elements)
        return next(len(x.elements) for x in self.loops if x.axis == axis)

    # references

    def reference(self, node: Reference) -> Node:
        """Return the values a name stands for."""
        variable = self.symbols.variables.get(node.key)
        if variable is None:
            return self._position(node)
        if node.key in self.symbols.broken:
            return NAN
        if node.key in self.context.layout.table_numbers and not self._has_value(node.key):
            return self.problem(
                "lookup-as-value", f"`{node.name}` is a lookup: give it an argument, `{node.name}(x)`", node
            )
        coordinates = self.coordinates(node)
        if coordinates is None:
            return NAN
        slots = self.slots(node.key, coordinates)
        return self._gather(node, coordinates) if slots is None else Load(slots)

    def _has_value(self, key: Key) -> bool:
        return not all(isinstance(e.expression, TableLiteral) for e in self.symbols.variables[key].equations)

    def _position(self, node: Reference) -> Node:
        if node.subscripts:
            return self.unknown(node)
        found = position_of(self.symbols, node, self.loops)
        if found is None:
            if node.key in self.symbols.dimensions:
                return self.problem(
                    "subscript-mismatch", f"`{node.name}` has no current element: it is not on the left side", node
                )
            return self.unknown(node)
        if isinstance(found, int):
            return constant(found)
        return Constant(self.along(np.asarray(found.coordinates, dtype=np.float64), found.axis))

    def unknown(self, node: Reference) -> Node:
        """Report a name nobody has."""
        near = nearest_names(node.name, self.symbols.known_names())
        help_ = [f"did you mean `{near[0]}`?"] if near else []
        return self.problem("unknown-name", f"no variable is called `{node.name}`", node, help=help_)

    def coordinates(self, node: Reference) -> list[Coordinate | Node] | None:
        """Return, for each place of an array, which element(s) a reference means."""
        axes = self.symbols.axes[node.key]
        if len(node.subscripts) != len(axes):
            name = node.name
            if not node.subscripts:
                text = f"`{name}` has {len(axes)} dimension(s): say which elements"
            elif not axes:
                text = f"`{name}` has no subscripts"
            else:
                text = f"`{name}` takes {len(axes)} subscript(s), {len(node.subscripts)} given"
            shown = ", ".join(a.name for a in axes)
            self.problem("subscript-mismatch", text, node, help=[f"`{name}[{shown}]`"] if axes else [])
            return None
        out: list[Coordinate | Node] = []
        used: set[int] = set()
        for subscript, axis in zip(node.subscripts, axes, strict=True):
            if isinstance(subscript, Position):
                out.append(self.lower(subscript.index))
                continue
            found = resolve_subscript(self.symbols, subscript, axis, self.loops, used, node.name)
            if isinstance(found, Diagnostic):
                self.context.problems.append(found)
                return None
            if isinstance(found, Along):
                used.add(found.axis)
            out.append(found)
        return out

    def slots(self, key: Key, coordinates: Sequence[Coordinate | Node]) -> Slots | None:
        """Return the slots at coordinates; None where one of them is computed in the run."""
        variable = self.context.layout.variables[self.context.layout.by_key[key]]
        return self.index(coordinates, strides(variable.shape), variable.first)

    def index(self, coordinates: Sequence[Coordinate | Node], steps: Sequence[int], first: int) -> Slots | None:
        """Return first + sum(coordinate * step), over the axes the coordinates run along."""
        fixed, moving = first, None
        for coordinate, step in zip(coordinates, steps, strict=True):
            if isinstance(coordinate, int):
                fixed += coordinate * step
            elif isinstance(coordinate, Along):
                term = self.along(np.asarray(coordinate.coordinates, dtype=np.int64) * step, coordinate.axis)
                moving = term if moving is None else moving + term
            else:
                return None
        return fixed if moving is None else moving + fixed

    def along(self, values: NDArray[Any], axis: int) -> NDArray[Any]:
        """Return values along one axis as an array of the equation's rank."""
        shape = [1] * self.rank
        shape[axis] = len(values)
        return values.reshape(shape)

    def _gather(self, node: Reference, coordinates: Sequence[Coordinate | Node]) -> Node:
        """Return a value whose position is computed in the run (XMILE 1.0, 3.7.1: outside gives 0)."""
        variable = self.context.layout.variables[self.context.layout.by_key[node.key]]
        shape, steps = variable.shape, strides(variable.shape)
        known: list[Coordinate | Node] = [0 if not isinstance(c, int | Along) else c for c in coordinates]
        base = self.index(known, steps, variable.first)
        offset: Node = constant(0)
        inside: Node = constant(1)
        candidates = np.zeros(1, dtype=np.int64)
        span = 1
        for place in reversed(range(len(shape))):
            coordinate = coordinates[place]
            if isinstance(coordinate, int | Along):
                continue
            count = shape[place]
            position = apply(Op.SUB, apply(Op.FLOOR, coordinate), constant(1))
            good = apply(Op.AND, apply(Op.GE, position, constant(0)), apply(Op.LT, position, constant(count)))
            inside = apply(Op.AND, inside, good)
            offset = apply(Op.ADD, offset, apply(Op.MUL, position, constant(span)))
            candidates = (np.arange(count, dtype=np.int64)[:, None] * steps[place] + candidates[None, :]).ravel()
            span *= count
        rows = np.asarray(base, dtype=np.int64)
        if rows.ndim == 0:
            rows = rows.reshape((1,) * self.rank)
        index = apply(Op.SELECT, inside, offset, constant(-1))
        return Gather(rows[..., None] + candidates, index, 0.0)

    # lookups

    def tables(self, node: Reference) -> Slots | None:
        """Return the number(s) of the tables a reference to a lookup or data variable means."""
        if node.key not in self.symbols.variables:
            self.unknown(node)
            return None
        if node.key in self.symbols.broken:
            return None
        numbers = self.context.layout.table_numbers.get(node.key)
        if numbers is None:
            if self.symbols.variables[node.key].declared is Role.DATA:
                why = "only data given in files can be asked for their points"
                self.problem("unsupported-feature", f"`{node.name}` is computed from data (`:=`): {why}", node)
            else:
                self.problem("not-a-lookup", f"`{node.name}` is not a lookup or data variable", node)
            return None
        coordinates = self.coordinates(node)
        if coordinates is None:
            return None
        flat = self.index(coordinates, strides(tuple(len(a.elements) for a in self.symbols.axes[node.key])), 0)
        if flat is None:
            self.problem("computed-lookup", f"which lookup of `{node.name}` is meant must be known beforehand", node)
            return None
        chosen = numbers[flat]
        if np.any(chosen < 0):
            self.problem("undefined-element", f"`{node.name}` has elements without a table", node)
            return None
        return int(chosen) if np.ndim(chosen) == 0 else chosen

    def lookup_call(self, node: LookupCall) -> Node:
        """Return a named lookup applied to an argument."""
        lookup = node.lookup
        if lookup.key not in self.symbols.variables:
            self.lower(node.argument)
            return special.unknown_function(self, lookup)
        tables = self.tables(lookup)
        argument = self.lower(node.argument)
        return NAN if tables is None else Lookup(tables, argument)

    def problem(self, code: str, message: str, node: Expression, *, help: Sequence[str] = ()) -> Node:
        """Report a problem at a node; returns what stands in for it."""
        self.context.problems.append(error(code, message, node.span, help=help))
        return NAN


def _has_bang(node: Expression) -> bool:
    if isinstance(node, Reference) and any(isinstance(s, Subscript) and s.reduce for s in node.subscripts):
        return True
    return any(_has_bang(c) for c in children(node))
