"""Lower whole equations: left sides to loops, right sides to pieces.

In: a variable and one of its equations. Out: pieces (and constants, which are parameters, not pieces).

Invariant: what a right-hand side as a whole may be (stock, memory, device, vector, data, constant, plain)
is decided here and nowhere else.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import product
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from simengine.builtins.table_of_functions import BUILTINS
from simengine.check.subscripts import Along, Coordinate, Loop
from simengine.check.symbols import table_in
from simengine.compile.container import lower_container
from simengine.compile.device import DEVICE_FUNCTIONS, lower_device, lower_schedule
from simengine.compile.fifo import lower_view, table_places
from simengine.compile.layout import strides
from simengine.compile.lower import Context, Lowering
from simengine.compile.piece import Piece, PieceKind
from simengine.compile.vector import VECTOR_FUNCTIONS, lower_vector
from simengine.model.conveyor import CONTAINER_CALLS
from simengine.model.expression import ArrayLiteral, Call, Expression, Number, Reference, Sign, TableLiteral, Unary
from simengine.model.variable import Equation, Variable
from simengine.program.node import Constant, Lookup, Node, Slots
from simengine.program.program import Device
from simengine.source.diagnostic import error
from simengine.source.names import Key


@dataclass(slots=True)
class Pieces:
    """What lowering gives: pieces, devices, and parameters with their values."""

    pieces: list[Piece] = field(default_factory=list)
    devices: list[Device] = field(default_factory=list)
    parameter_slots: list[NDArray[np.int64]] = field(default_factory=list)
    parameter_values: list[NDArray[np.float64]] = field(default_factory=list)
    given: set[int] = field(default_factory=set)  # parameter slots, to tell what is given twice
    stocks: list[NDArray[np.int64]] = field(default_factory=list)
    rates: list[NDArray[np.int64]] = field(default_factory=list)
    floors: list[NDArray[np.bool_]] = field(default_factory=list)
    upstream: dict[int, list[Reference]] = field(default_factory=dict)  # of devices, the conveyors that leak into them


def _own_key(context: Context, variable: Variable) -> str:
    """Return the key a variable has in its own model: a part of a composed one draws as it does alone.

    Where two parts have one name, the second draws otherwise: streams are taken once.
    """
    for part in context.symbols.definition.parts:
        if variable.key.startswith(f"{part.key}."):
            return variable.key[len(part.key) + 1 :]
    return variable.key


@dataclass(frozen=True, slots=True)
class LeftSide:
    """Loops of a left side, its coordinates, and the sizes of its axes."""

    loops: tuple[Loop, ...]
    coordinates: tuple[Coordinate, ...]
    axes: tuple[int, ...]


Rows: TypeAlias = "list[tuple[Key, ...]]"


def read_left(context: Context, variable: Variable, equation: Equation) -> LeftSide | None:
    """Return the loops of a left side; None where :EXCEPT: leaves nothing."""
    symbols = context.symbols
    axes = symbols.axes[variable.key]
    lists: list[tuple[Key, ...]] = []
    for subscript in equation.subscripts:
        whole = subscript.key in symbols.dimensions
        lists.append(symbols.axis_along(subscript.key).elements if whole else (subscript.key,))
    if equation.exceptions:
        rows = [r for r in product(*lists) if not _excepted(context, equation, r)]
        if len(rows) != int(np.prod([len(x) for x in lists])):
            return _irregular(context, variable, equation, rows) if rows else None
    loops: list[Loop] = []
    coordinates: list[Coordinate] = []
    sizes: list[int] = []
    for subscript, elements, axis in zip(equation.subscripts, lists, axes, strict=True):
        if subscript.key in symbols.dimensions:
            loops.append(Loop(subscript.key, len(sizes), elements))
            coordinates.append(Along(len(sizes), tuple(axis.index[e] for e in elements)))
            sizes.append(len(elements))
        else:
            coordinates.append(axis.index[elements[0]])
    return LeftSide(tuple(loops), tuple(coordinates), tuple(sizes))


def _excepted(context: Context, equation: Equation, row: Sequence[Key]) -> bool:
    symbols = context.symbols
    for exception in equation.exceptions:
        for subscript, element in zip(exception, row, strict=False):
            if subscript.key in symbols.dimensions:
                if element not in symbols.element_set(subscript.key):
                    break
            elif subscript.key != element:
                break
        else:
            return True
    return False


def _irregular(context: Context, variable: Variable, equation: Equation, rows: Rows) -> LeftSide:
    """Return a left side that is no full product: one axis, whose points are the elements that remain."""
    loops: list[Loop] = []
    coordinates: list[Coordinate] = []
    for place, (subscript, axis) in enumerate(
        zip(equation.subscripts, context.symbols.axes[variable.key], strict=True)
    ):
        elements = tuple(r[place] for r in rows)
        coordinates.append(Along(0, tuple(axis.index[e] for e in elements)))
        if subscript.key in context.symbols.dimensions:
            loops.append(Loop(subscript.key, 0, elements))
    if not loops:
        loops.append(Loop(Key(""), 0, tuple(r[0] for r in rows)))
    return LeftSide(tuple(loops), tuple(coordinates), (len(rows),))


def lower_variable(context: Context, variable: Variable, out: Pieces) -> None:
    """Lower all equations of a variable."""
    if variable.key in context.symbols.broken:
        return
    for number, equation in enumerate(variable.equations):
        if _only_table(equation.expression):
            continue
        left = read_left(context, variable, equation)
        if left is None:
            continue
        lowering = Lowering(context, left.loops, len(left.axes), f"{_own_key(context, variable)}#{number}")
        lower_equation(EquationPlace(context, variable, equation, left, lowering, out))


@dataclass(frozen=True, slots=True)
class EquationPlace:
    """One equation being lowered."""

    context: Context
    variable: Variable
    equation: Equation
    left: LeftSide
    lowering: Lowering
    out: Pieces

    @property
    def number(self) -> int:
        """Position of the variable in the program."""
        return self.context.layout.by_key[self.variable.key]

    def target(self) -> Slots:
        """Return the slots of the left side, over its own axes."""
        return self.beside("")

    def beside(self, suffix: str) -> Slots:
        """Return the slots, at this left side, of the hidden variable that goes with this one."""
        placed = self.context.layout.variables[self.context.layout.by_key[Key(f"{self.variable.key}{suffix}")]]
        slots = self.lowering.index(self.left.coordinates, strides(placed.shape), placed.first)
        assert slots is not None
        if isinstance(slots, int):
            return slots
        return np.broadcast_to(slots.reshape(slots.shape[: len(self.left.axes)]), self.left.axes)

    def new_slots(self) -> Slots:
        """Return new slots, one for each point of the left side."""
        count = int(np.prod(self.left.axes, dtype=np.int64))
        first = self.context.layout.reserve(count)
        return first if not self.left.axes else np.arange(first, first + count).reshape(self.left.axes)

    def prepare(self, *expressions: Expression) -> None:
        """Number the axes of all `!` before anything is lowered."""
        for expression in expressions:
            self.lowering.prepare(expression)

    def lower(self, expression: Expression) -> Node:
        """Return the node of an expression of this equation."""
        return self.lowering.lower(expression)

    def add(self, kind: PieceKind, *, whole: bool = False, slots: Slots | None = None, **nodes: Node) -> None:
        """Add a piece for this left side."""
        self.out.pieces.append(
            Piece(
                kind,
                self.number,
                self.target() if slots is None else slots,
                self.left.axes,
                nodes.get("initial"),
                nodes.get("step"),
                nodes.get("update"),
                whole=whole,
                span=self.equation.span,
            )
        )

    def add_device(self, device: Device) -> int:
        """Add a device, and the piece that writes all it shows; return its number."""
        number = len(self.out.devices)
        slots = np.concatenate([np.atleast_1d(np.asarray(shown)).ravel() for shown in device.outputs])
        self.out.devices.append(device)
        self.out.pieces.append(
            Piece(
                PieceKind.DEVICE,
                device.variable,
                slots,
                self.left.axes,
                device=number,
                whole=True,
                span=self.equation.span,
            )
        )
        return number


def lower_equation(place: EquationPlace) -> None:
    """Lower one equation, by what its right-hand side is as a whole."""
    expression = place.equation.expression
    if isinstance(expression, Call) and expression.function in VECTOR_FUNCTIONS | DEVICE_FUNCTIONS.keys():
        least, most = BUILTINS[expression.function].arity
        if not least <= len(expression.arguments) <= most:
            return  # the reader has reported it
    match expression:
        case None:
            place.context.problems.append(
                error(
                    "missing-data",
                    f"`{place.variable.name}` has no equation and no data was given for it",
                    place.equation.span,
                    help=["give the file with its series: load(path, data=[...]) or --data FILE"],
                )
            )
        case Number() | ArrayLiteral() | Unary(sign=Sign.NEGATE, operand=Number()):
            _lower_constant(place, expression)
        case Call(function="integ" | "integ_non_negative"):
            _lower_stock(place, expression)
        case Call(function="active_initial", arguments=(active, initial)):
            place.prepare(active, initial)
            place.add(PieceKind.COMPUTED, step=place.lower(active), initial=place.lower(initial))
        case Call(function="initial" | "reinitial", arguments=(inner,)):
            place.prepare(inner)
            place.add(PieceKind.INITIAL, initial=place.lower(inner))
        case Call(function="memory", arguments=(following, initial)):
            place.prepare(following, initial)
            place.add(PieceKind.MEMORY, initial=place.lower(initial), update=place.lower(following))
        case Call(function="series"):
            _lower_series(place)
        case Call(function="device_output"):
            pass  # written by the device of its stock
        case Call(function=name) if name in CONTAINER_CALLS:
            lower_container(place, expression)
        case Call(function="depreciate_by_schedule", arguments=(_, _, _, _, _)):
            lower_schedule(place, expression)
        case Call(function="queue_view"):
            lower_view(place, expression)
        case Call(function=name) if name in DEVICE_FUNCTIONS:
            lower_device(place, expression)
        case Call(function=name) if name in VECTOR_FUNCTIONS:
            place.prepare(expression)
            node = lower_vector(place.lowering, expression)
            place.add(PieceKind.COMPUTED, whole=True, step=node, initial=node)
        case _:
            place.prepare(expression)
            node = place.lower(expression)
            place.add(PieceKind.COMPUTED, step=node, initial=node)


def _lower_stock(place: EquationPlace, expression: Call) -> None:
    flow, initial = expression.arguments
    place.prepare(flow, initial)
    stock, rate = place.target(), place.new_slots()
    place.add(PieceKind.STOCK, initial=place.lower(initial))
    place.add(PieceKind.RATE, slots=rate, step=place.lower(flow))
    stocks, rates = np.atleast_1d(np.asarray(stock)).ravel(), np.atleast_1d(np.asarray(rate)).ravel()
    place.out.stocks.append(stocks)
    place.out.rates.append(rates)
    place.out.floors.append(np.full(stocks.shape, expression.function == "integ_non_negative"))


def _lower_constant(place: EquationPlace, expression: Expression) -> None:
    slots = np.atleast_1d(np.asarray(place.target(), dtype=np.int64)).ravel()
    match expression:
        case Number():
            values = np.full(slots.size, expression.value)
        case Unary(operand=Number() as inner):
            values = np.full(slots.size, -inner.value)
        case ArrayLiteral():
            values = np.asarray([v for row in expression.rows for v in row], dtype=np.float64)
        case _:
            raise AssertionError(expression)
    if values.size != slots.size:
        place.context.problems.append(
            error(
                "wrong-number-of-values",
                f"`{place.variable.name}` takes {slots.size} value(s) here, {values.size} given",
                expression.span or place.equation.span,
            )
        )
        return
    if place.variable.key in place.context.structural:
        shape = np.shape(place.target())
        node = Constant(float(values[0]) if not shape else values.reshape(shape))
        place.add(PieceKind.COMPUTED, step=node, initial=node)
        return
    if place.out.given.intersection(slots.tolist()):
        place.context.problems.append(
            error("doubly-defined", f"`{place.variable.name}` is defined twice", place.equation.span)
        )
        return
    place.out.given.update(slots.tolist())
    place.out.parameter_slots.append(slots)
    place.out.parameter_values.append(values)


def _lower_series(place: EquationPlace) -> None:
    reference = Reference(place.variable.name, place.variable.key, place.equation.subscripts, place.equation.span)
    tables = place.lowering.tables(reference)
    if tables is not None:
        node = Lookup(tables, place.context.clock.inputs)
        place.add(PieceKind.COMPUTED, step=node, initial=node)


def _only_table(expression: Expression | None) -> bool:
    """Return whether an equation says nothing but which table an element has."""
    return isinstance(expression, TableLiteral) or (isinstance(expression, Call) and expression.function == "table_of")


def _has_table(expression: Expression | None) -> bool:
    return table_in(expression) is not None or _only_table(expression)


def number_tables(context: Context, variables: Sequence[Variable]) -> None:
    """Give every lookup and data variable the numbers of its tables, by element (-1: none)."""
    for variable in variables:
        if variable.key in context.symbols.broken or not any(_has_table(e.expression) for e in variable.equations):
            continue
        axes = context.symbols.axes[variable.key]
        shape = tuple(len(a.elements) for a in axes)
        numbers = np.full(int(np.prod(shape, dtype=np.int64)), -1, dtype=np.int64)
        for equation, lowering, flat in _table_places(context, variable, strides(shape)):
            literal = table_in(equation.expression)
            if literal is not None:
                numbers[flat] = context.layout.table_number(literal.table)
            elif isinstance(equation.expression, Call) and equation.expression.function == "table_of":
                numbers[flat] = table_places(lowering, equation.expression.arguments[0])
        context.layout.table_numbers[variable.key] = numbers if shape else numbers.reshape(1)


def _table_places(
    context: Context, variable: Variable, steps: tuple[int, ...]
) -> Iterator[tuple[Equation, Lowering, NDArray[np.int64]]]:
    for equation in variable.equations:
        left = read_left(context, variable, equation)
        if left is None:
            continue
        lowering = Lowering(context, left.loops, len(left.axes), variable.key)
        flat = lowering.index(left.coordinates, steps, 0)
        yield equation, lowering, np.atleast_1d(np.asarray(flat, dtype=np.int64)).ravel()
