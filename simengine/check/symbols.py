"""The symbol table: what every name of a model means, and which elements every variable has.

In: a `ModelDefinition`. Out: `Symbols`, and diagnostics about names defined twice and left sides that do
not fit together.

Invariant: an axis of a variable is the smallest dimension that holds every element its left sides name.
"""

from __future__ import annotations

from collections.abc import Iterable
from copy import copy
from dataclasses import dataclass, replace
from functools import cached_property

from simengine.model.definition import ModelDefinition
from simengine.model.dimension import Dimension, Mapping
from simengine.model.expression import Call, Expression, TableLiteral
from simengine.model.variable import Equation, Variable
from simengine.source.diagnostic import Diagnostic, Label, error
from simengine.source.names import Key, nearest_names


@dataclass(frozen=True)
class AxisSymbol:
    """One axis of a variable: the dimension it lies along and its elements in order."""

    dimension: Key
    name: str
    elements: tuple[Key, ...]
    names: tuple[str, ...]

    @cached_property
    def index(self) -> dict[Key, int]:
        """Position of every element."""
        return {e: i for i, e in enumerate(self.elements)}


class Symbols:
    """Names of a model: variables, dimensions, elements, and the axes of every variable."""

    def __init__(self, definition: ModelDefinition) -> None:
        self.definition = definition
        self.variables: dict[Key, Variable] = {}
        self.dimensions: dict[Key, Dimension] = {}
        self.elements: dict[
            Key, tuple[Key, int]
        ] = {}  # element: the first (largest) dimension with it, position from 1
        self.axes: dict[Key, tuple[AxisSymbol, ...]] = {}
        self.broken: set[Key] = set()  # variables whose left sides make no sense: no cascade of errors from them
        self._axis_of: dict[Key, AxisSymbol] = {}
        self._sets: dict[Key, frozenset[Key]] = {}
        self._smallest: dict[frozenset[Key], Key | None] = {}

    def seen_by(self, clock: Key | None) -> Symbols:
        """Return the same symbols as what goes by a slower clock sees them: the time step is that clock's."""
        own = next((c for c in self.definition.clocks if c.key == clock), None)
        if own is None:
            return self
        seen = copy(self)
        simulation = replace(self.definition.simulation, time_step=own.time_step, method=own.method)
        seen.definition = replace(self.definition, simulation=simulation)
        return seen

    def add_dimension(self, dimension: Dimension) -> None:
        """Make a dimension and its elements known."""
        self.dimensions[dimension.key] = dimension
        self._sets[dimension.key] = frozenset(e.key for e in dimension.elements)
        self._smallest.clear()

    def element_set(self, dimension: Key) -> frozenset[Key]:
        """Return the keys of a dimension's elements."""
        return self._sets[dimension]

    def axis_along(self, dimension: Key) -> AxisSymbol:
        """Return the axis that lies along a whole dimension."""
        axis = self._axis_of.get(dimension)
        if axis is None:
            found = self.dimensions[dimension]
            axis = AxisSymbol(
                found.key, found.name, tuple(e.key for e in found.elements), tuple(e.name for e in found.elements)
            )
            self._axis_of[dimension] = axis
        return axis

    def smallest_holding(self, elements: frozenset[Key]) -> Key | None:
        """Return the smallest dimension that has all the elements; the first one defined where several have."""
        if elements not in self._smallest:
            holding = [d for d, s in self._sets.items() if elements <= s]
            self._smallest[elements] = min(holding, key=lambda d: len(self._sets[d])) if holding else None
        return self._smallest[elements]

    def mappings_of(self, dimension: Key) -> Iterable[tuple[Dimension, Mapping]]:
        """Yield the mappings that reach from a dimension, its own first, then those of dimensions around it."""
        own = self.dimensions[dimension]
        for mapping in own.mappings:
            yield own, mapping
        inside = self._sets[dimension]
        for key, around in self.dimensions.items():
            if key != dimension and around.mappings and inside <= self._sets[key]:
                for mapping in around.mappings:
                    yield around, mapping

    def known_names(self) -> list[str]:
        """Return every name a reference may use, as written."""
        return [v.name for v in self.variables.values() if not v.hidden] + [d.name for d in self.dimensions.values()]

    def table_of(self, equation: Equation) -> TableLiteral | None:
        """Return the table an equation holds (lookup, data series, or inline lookup of an auxiliary), if any."""
        return table_in(equation.expression)


def table_in(expression: Expression | None) -> TableLiteral | None:
    """Return the table an expression is or is applied through."""
    match expression:
        case TableLiteral():
            return expression
        case Call(function="series", arguments=(TableLiteral() as table,)):
            return table
        case Call(function="with_lookup", arguments=(_, TableLiteral() as table)):
            return table
    return None


def build_symbols(definition: ModelDefinition) -> tuple[Symbols, list[Diagnostic]]:
    """Return the symbol table of a model with what is wrong about its left sides."""
    symbols = Symbols(definition)
    problems: list[Diagnostic] = []
    for dimension in definition.dimensions:
        if dimension.key in symbols.dimensions:
            continue  # the readers report it
        symbols.add_dimension(dimension)
    _index_elements(symbols)
    for variable in definition.variables:
        add_variable(symbols, variable, problems)
    return symbols, problems


def _index_elements(symbols: Symbols) -> None:
    by_size = sorted(symbols.dimensions.values(), key=lambda d: -len(d.elements))
    for dimension in by_size:
        for position, element in enumerate(dimension.elements, 1):
            symbols.elements.setdefault(element.key, (dimension.key, position))


def add_variable(symbols: Symbols, variable: Variable, problems: list[Diagnostic]) -> None:
    """Make a variable known and find its axes."""
    other = symbols.variables.get(variable.key)
    if other is not None:
        seen = (Label(other.span, "defined here first"),) if other.span else ()
        problems.append(error("doubly-defined", f"`{variable.name}` is defined twice", variable.span, others=seen))
        return
    symbols.variables[variable.key] = variable
    if any(isinstance(e.expression, Call) and e.expression.function == "broken" for e in variable.equations):
        symbols.broken.add(variable.key)
    if variable.key in symbols.dimensions:
        problems.append(
            error("doubly-defined", f"`{variable.name}` is a variable and a dimension at once", variable.span)
        )
    if not variable.dimensions and all(not e.subscripts for e in variable.equations):
        symbols.axes[variable.key] = ()
        _check_repeats(variable, symbols, problems)
        return
    symbols.axes[variable.key] = _axes_of(variable, symbols, problems)
    _check_repeats(variable, symbols, problems)


def _axes_of(variable: Variable, symbols: Symbols, problems: list[Diagnostic]) -> tuple[AxisSymbol, ...]:
    if variable.dimensions and all(d in symbols.dimensions for d in variable.dimensions):
        if any(not symbols.dimensions[d].elements for d in variable.dimensions):
            symbols.broken.add(variable.key)
        return tuple(symbols.axis_along(d) for d in variable.dimensions)
    rank = len(variable.equations[0].subscripts)
    covered: list[set[Key]] = [set() for _ in range(rank)]
    whole: list[list[Key]] = [[] for _ in range(rank)]
    for equation in variable.equations:
        if len(equation.subscripts) != rank:
            problems.append(
                error(
                    "subscript-mismatch",
                    f"`{variable.name}` has {rank} subscript(s) in one equation, {len(equation.subscripts)} in another",
                    equation.span,
                )
            )
            symbols.broken.add(variable.key)
            continue
        for place, subscript in enumerate(equation.subscripts):
            if subscript.key in symbols.dimensions:
                covered[place] |= symbols.element_set(subscript.key)
                whole[place].append(subscript.key)
            elif subscript.key in symbols.elements:
                covered[place].add(subscript.key)
            else:
                near = nearest_names(subscript.name, [d.name for d in symbols.dimensions.values()])
                hint = [f"did you mean `{near[0]}`?"] if near else []
                problems.append(
                    error(
                        "unknown-subscript",
                        f"no dimension or element is called `{subscript.name}`",
                        subscript.span,
                        help=hint,
                    )
                )
                symbols.broken.add(variable.key)
    axes: list[AxisSymbol] = []
    for place in range(rank):
        full = next((d for d in whole[place] if len(symbols.element_set(d)) == len(covered[place])), None)
        key = full or symbols.smallest_holding(frozenset(covered[place]))
        if variable.key in symbols.broken:
            key = key or next(iter(symbols.dimensions), None)
        if key is None:
            problems.append(
                error(
                    "subscript-mismatch",
                    f"no dimension holds all the elements `{variable.name}` is defined for at place {place + 1}",
                    variable.span,
                )
            )
            symbols.broken.add(variable.key)
            continue
        axes.append(symbols.axis_along(key))
    if any(not a.elements for a in axes):
        symbols.broken.add(variable.key)  # its dimension could not be read, which is reported
    return tuple(axes)


def _check_repeats(variable: Variable, symbols: Symbols, problems: list[Diagnostic]) -> None:
    """Report scalar variables and identical left sides given twice (overlaps are found when lowering)."""
    if variable.hidden or len(variable.equations) == 1:
        return
    seen: dict[tuple[object, ...], Equation] = {}
    for equation in variable.equations:
        left = (tuple(s.key for s in equation.subscripts), tuple(tuple(s.key for s in x) for x in equation.exceptions))
        first = seen.setdefault(left, equation)
        if first is not equation:
            others = (Label(first.span, "defined here first"),) if first.span else ()
            problems.append(
                error("doubly-defined", f"`{variable.name}` is defined twice", equation.span, others=others)
            )
            symbols.broken.add(variable.key)
