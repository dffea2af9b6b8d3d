"""Queues of Vensim and what is asked about them.

In: the variables of a model. Out: the same, where queues and the functions that ask about them have become views: calls
`queue_view(what, inflow, outflow, attribute, change, profile, multiplier, initial, initial attribute, age range, ...)`.

What a queue is made of moves to hidden variables over the queue's own elements, so that a view in another equation
follows the very same flows: `QUEUE AGE OLDEST(waiting[north])` gets the inflow of `waiting[north]`, and so on.

Invariant: a view names the elements that the reference to its queue names.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from simengine.builtins.table_of_functions import BUILTINS
from simengine.compile.hidden import computed
from simengine.compile.special import table_numbers
from simengine.model.expression import Call, Expression, Number, Reference, TableLiteral, Text, call, rewrite, walk
from simengine.model.variable import Equation, Variable
from simengine.program.op import DeviceKind
from simengine.program.program import Device
from simengine.source.diagnostic import Diagnostic, error
from simengine.source.names import Key

if TYPE_CHECKING:
    from simengine.compile.lower import Lowering
    from simengine.compile.whole import EquationPlace

# Where the parts of a view stand among the arguments of a queue; None: it has no attribute
_PARTS = (
    "inflow",
    "outflow",
    "attribute",
    "change",
    "profile",
    "multiplier",
    "initial",
    "initial attribute",
    "age range",
)
_QUEUES: dict[str, tuple[int | None, ...]] = {
    "queue_fifo": (0, 1, None, None, 2, 2, 3, None, 4),
    "queue_fifo_attrib": (0, 1, 2, 3, 4, 5, 6, 7, 8),
}
_TABLES = frozenset({"profile", "multiplier"})

VIEWS: dict[str, str] = {
    "queue_age_average": "age average",
    "queue_age_oldest": "age oldest",
    "queue_age_in_range": "age in range",
    "queue_attrib_average": "attribute average",
    "queue_attrib_max": "attribute largest",
    "queue_attrib_min": "attribute smallest",
    "queue_attrib_in_range": "attribute in range",
    "queue_attrib_quantity": "attribute quantity",
}
_OPTIONAL: dict[str, Expression] = {"queue_age_average": Number(0.0), "queue_attrib_average": Number(0.0)}


@dataclass
class Queues:
    """What became of the variables: `variables` themselves, `hidden` ones beside them, and what is wrong."""

    variables: list[Variable] = field(default_factory=list)
    hidden: list[Variable] = field(default_factory=list)
    problems: list[Diagnostic] = field(default_factory=list)


def prepare_queues(variables: Sequence[Variable]) -> Queues:
    """Return the variables with queues and what is asked about them as views."""
    kinds = {v.key: kind for v in variables if (kind := _kind_of(v)) is not None}
    out = Queues()
    for variable in variables:
        if any(e.expression is not None and _speaks_of_queues(e.expression) for e in variable.equations):
            out.variables.append(_as_views(variable, kinds, out))
        else:
            out.variables.append(variable)
    return out


def _kind_of(variable: Variable) -> str | None:
    found = {e.expression.function for e in variable.equations if isinstance(e.expression, Call)} & _QUEUES.keys()
    return max(found, key=len) if found else None


def _speaks_of_queues(expression: Expression) -> bool:
    return any(isinstance(n, Call) and (n.function in VIEWS or n.function in _QUEUES) for n in walk(expression))


def _whole(node: Call) -> bool:
    least, most = BUILTINS[node.function].arity
    return least <= len(node.arguments) <= most


def _as_views(variable: Variable, kinds: Mapping[Key, str], out: Queues) -> Variable:
    parts: dict[str, list[Equation]] = {}
    equations = []
    for equation in variable.equations:
        expression = equation.expression
        if expression is None:
            equations.append(equation)
            continue
        expression = rewrite(expression, lambda n: _ask(n, kinds, out.problems))
        if isinstance(expression, Call) and expression.function in _QUEUES and _whole(expression):
            for part, at in zip(_PARTS, _QUEUES[expression.function], strict=True):
                own = Number(0.0) if at is None else expression.arguments[at]
                parts.setdefault(part, []).append(replace(equation, expression=_part(part, own)))
            there = Reference(variable.name, variable.key, equation.subscripts, expression.span)
            expression = _view("quantity", there, (), expression)
        equations.append(replace(equation, expression=expression))
    out.hidden += [
        Variable(
            f"{variable.name} ({part})",
            _key(variable.key, part),
            tuple(own),
            hidden=True,
            clock=variable.clock,
            span=variable.span,
        )
        for part, own in parts.items()
    ]
    return replace(variable, equations=tuple(equations))


def _key(queue: Key, part: str) -> Key:
    return Key(f"{queue}>queue {part}")


def _part(part: str, own: Expression) -> Expression:
    """Return what a hidden variable equals."""
    if part in _TABLES:
        return own if isinstance(own, TableLiteral) else call("table_of", own)
    return computed(own)


def _view(what: str, queue: Reference, asked: tuple[Expression, ...], node: Call) -> Call:
    parts = tuple(replace(queue, key=_key(queue.key, part)) for part in _PARTS)
    return Call("queue_view", (Text(what), *parts, *asked), node.name, span=node.span, name_span=node.name_span)


def _ask(node: Expression, kinds: Mapping[Key, str], problems: list[Diagnostic]) -> Expression | None:
    if not isinstance(node, Call) or node.function not in VIEWS or not _whole(node):
        return None
    queue, *asked = node.arguments
    kind = kinds.get(queue.key) if isinstance(queue, Reference) else None
    with_attribute = VIEWS[node.function].startswith("attribute")
    if not isinstance(queue, Reference) or kind is None or (with_attribute and kind != "queue_fifo_attrib"):
        wanted = "QUEUE FIFO ATTRIB" if with_attribute else "QUEUE FIFO or QUEUE FIFO ATTRIB"
        message = f"`{node.name}` must be given a variable defined by {wanted}"
        problems.append(error("not-a-queue", message, queue.span or node.span))
        return Number(float("nan"), node.span)
    if not asked and node.function in _OPTIONAL:
        asked = [_OPTIONAL[node.function]]
    return _view(VIEWS[node.function], queue, tuple(asked), node)


def lower_view(place: EquationPlace, node: Call) -> None:
    """Add the device of a view, one for each point of the left side."""
    what, *arguments = node.arguments
    assert isinstance(what, Text)
    parts = dict(zip(_PARTS, arguments, strict=False))
    asked = arguments[len(_PARTS) :]
    place.prepare(*(e for part, e in parts.items() if part not in _TABLES), *asked)
    tables = [table_places(place.lowering, parts[part]) for part in ("profile", "multiplier")]

    def nodes(*names: str) -> tuple[Expression, ...]:
        return tuple(parts[n] for n in names)

    place.add_device(
        Device(
            DeviceKind.FIFO,
            place.left.axes,
            tuple(place.lower(e) for e in nodes("initial", "age range", "initial attribute")),
            tuple(place.lower(e) for e in asked),
            tuple(place.lower(e) for e in nodes("inflow", "outflow", "attribute", "change")),
            (place.target(),),
            place.number,
            np.concatenate(tables),
            (what.value,),
        )
    )


def table_places(lowering: Lowering, table: Expression) -> NDArray[np.int64]:
    """Return the number of a table for every element of the left side, in their order."""
    found = table_numbers(lowering, table)
    if found is None:
        return np.zeros(1, dtype=np.int64)
    axes = tuple(lowering.size_of(axis) for axis in range(lowering.left_axes))
    numbers = np.asarray(found, dtype=np.int64)
    return np.broadcast_to(numbers.reshape(numbers.shape[: len(axes)]), axes).ravel()
