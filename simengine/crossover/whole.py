"""What linking needs to know of the parts: their variables with axes and units, clocks, and a place for problems.

Invariant: names are those of the composed model; spans those of the files.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from simengine.builtins.template import multiply
from simengine.model.definition import ModelDefinition
from simengine.model.dimension import Dimension
from simengine.model.expression import Call, Expression, Number, Operator, Reference, Subscript, binary, rewrite
from simengine.model.unit import UnitSystem
from simengine.model.variable import Variable
from simengine.source.diagnostic import Diagnostic
from simengine.source.file import Span
from simengine.source.names import Key


@dataclass(frozen=True, slots=True)
class Placed:
    """A variable of a part and the dimensions of its axes."""

    variable: Variable
    axes: tuple[Dimension, ...]
    part: str


@dataclass(frozen=True, slots=True)
class PartModel:
    """A part: its model in the names of the whole, and its clock."""

    name: str
    definition: ModelDefinition
    placed: Mapping[Key, Placed]
    step: float
    clock: Key | None  # a slower one than that of the whole
    time_step: Key  # the variable that holds its step


@dataclass
class Whole:
    """All parts, and what is said of links between them."""

    parts: Mapping[str, PartModel]
    units: UnitSystem
    time_unit: str
    problems: list[Diagnostic] = field(default_factory=list)


# Builders of expressions for links: all nodes stand where the link stands in its file.


def times(*factors: Expression) -> Expression:
    """Return a product."""
    product = factors[0]
    for factor in factors[1:]:
        product = multiply(product, factor)
    return product


def when(condition: Expression, then: Expression, otherwise: Expression) -> Expression:
    """Return IF THEN ELSE."""
    return Call("if", (condition, then, otherwise), "IF THEN ELSE")


def equals(left: Expression, value: float) -> Expression:
    """Return a comparison with a number."""
    return binary(Operator.EQUAL, left, Number(value))


def at(variable: Variable, axes: Sequence[Dimension], reduced: Sequence[Dimension] = ()) -> Reference:
    """Return a reference over some dimensions, of which some run inside a reduction."""
    inside = {d.key for d in reduced}
    subscripts = tuple(Subscript(d.name, d.key, d.key in inside) for d in axes)
    return Reference(variable.name, variable.key, subscripts)


def left_side(axes: Sequence[Dimension]) -> tuple[Subscript, ...]:
    """Return a left side over dimensions."""
    return tuple(Subscript(d.name, d.key) for d in axes)


def placed_at(expression: Expression, span: Span) -> Expression:
    """Return an expression with every node standing at a place."""

    def move(node: Expression) -> Expression:
        if isinstance(node, Reference):
            subscripts = tuple(replace(s, span=span) if isinstance(s, Subscript) else s for s in node.subscripts)
            return replace(node, span=span, name_span=span, subscripts=subscripts)
        if isinstance(node, Call):
            return replace(node, span=span, name_span=span)
        return replace(node, span=span)

    return rewrite(expression, move)
