"""Lower functions that compute a whole vector at once: sorting, inverting, sharing out.

In: a call that is a whole right-hand side. Out: a node over the left side's axes.

Invariant: such an equation is never split by element: if it needs its own result, that is a loop.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from simengine.builtins.builtin import Kind
from simengine.builtins.table_of_functions import BUILTINS
from simengine.check.subscripts import Along as AlongCoordinate
from simengine.compile.layout import strides
from simengine.model.expression import Call, Expression, Reference, walk
from simengine.program.node import Along, Constant, Inverse, Load, Node
from simengine.program.op import AlongOp

if TYPE_CHECKING:
    from simengine.compile.lower import Lowering

VECTOR_FUNCTIONS = frozenset(
    {b.id for b in BUILTINS.values() if b.kind is Kind.ALONG}
    | {"invert_matrix", "allocate_available", "allocate_by_priority", "allocate_xmile"}
)

NAN = Constant(float("nan"))


def lower_vector(lowering: Lowering, call: Call) -> Node:
    """Return the node of a vector function."""
    match call.function:
        case "invert_matrix":
            return _invert(lowering, call)
        case "allocate_available":
            return _allocate_available(lowering, call)
        case "allocate_by_priority":
            request, priority, _size, width, supply = call.arguments
            return _along(lowering, call, AlongOp.ALLOCATE_BY_PRIORITY, [request, priority, width, supply])
        case "allocate_xmile":
            return _allocate_xmile(lowering, call)
    primitive = BUILTINS[call.function].primitive
    assert isinstance(primitive, AlongOp)
    return _along(lowering, call, primitive, call.arguments)


def axes_along(lowering: Lowering, node: Expression) -> list[int]:
    """Return the loop axes an expression's first array runs along, in order of its subscripts."""
    for inner in walk(node):
        if isinstance(inner, Reference) and inner.key in lowering.symbols.variables and inner.subscripts:
            coordinates = lowering.coordinates(inner)
            axes = [c.axis for c in coordinates or [] if isinstance(c, AlongCoordinate)]
            if axes:
                return axes
    return []


def _axis(lowering: Lowering, call: Call) -> int | None:
    axes = axes_along(lowering, call.arguments[0])
    if not axes:
        lowering.problem("not-an-array", f"`{call.name}` needs an array over a dimension of the left side", call)
        return None
    return axes[-1]


def _along(lowering: Lowering, call: Call, op: AlongOp, arguments: Sequence[Expression]) -> Node:
    axis = _axis(lowering, call)
    if axis is None:
        return NAN
    return Along(op, axis, tuple(lowering.lower(a) for a in arguments))


def _invert(lowering: Lowering, call: Call) -> Node:
    axes = axes_along(lowering, call.arguments[0])
    if len(axes) < 2:
        return lowering.problem(
            "not-an-array", f"`{call.name}` needs a matrix over two dimensions of the left side", call
        )
    return Inverse(lowering.lower(call.arguments[0]), (axes[-2], axes[-1]))


def profile(lowering: Lowering, node: Expression, fields: int = 4) -> list[Node] | None:
    """Return the fields of a priority profile: its elements from the one given on.

    Vensim ref. "ALLOCATE AVAILABLE": type, priority, width, extra stand one after the other along the last
    subscript, from the element written.
    """
    if not isinstance(node, Reference) or node.key not in lowering.symbols.variables:
        lowering.problem("not-an-array", "a priority profile must be an array, with the first of its fields", node)
        return None
    coordinates = lowering.coordinates(node)
    if coordinates is None:
        return None
    first = coordinates[-1]
    variable = lowering.context.layout.variables[lowering.context.layout.by_key[node.key]]
    if not isinstance(first, int) or first + fields > variable.shape[-1]:
        lowering.problem("bad-profile", f"`{node.name}` needs {fields} fields along its last subscript", node)
        return None
    out: list[Node] = []
    for number in range(fields):
        slots = lowering.index([*coordinates[:-1], first + number], strides(variable.shape), variable.first)
        if slots is None:
            lowering.problem("computed-subscript", "a priority profile's elements must be known beforehand", node)
            return None
        out.append(Load(slots))
    return out


def _allocate_available(lowering: Lowering, call: Call) -> Node:
    request, priorities, available = call.arguments
    axis = _axis(lowering, call)
    fields = profile(lowering, priorities)
    if axis is None or fields is None:
        return NAN
    return Along(AlongOp.ALLOCATE_AVAILABLE, axis, (lowering.lower(request), *fields, lowering.lower(available)))


def _allocate_xmile(lowering: Lowering, call: Call) -> Node:
    # Stella help, ALLOCATE(available, dimension, request, priority, width, profile, extra)
    available, _dimension, request, priority, width, kind, *rest = call.arguments
    axis = _axis(lowering, replace(call, arguments=(request,)))
    if axis is None:
        return NAN
    extra = lowering.lower(rest[0]) if rest else Constant(0.0)
    fields = [lowering.lower(a) for a in (request, kind, priority, width)]
    return Along(AlongOp.ALLOCATE_AVAILABLE, axis, (*fields, extra, lowering.lower(available)))
