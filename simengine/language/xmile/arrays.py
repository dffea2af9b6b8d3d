"""Names and subscripts made explicit: what XMILE leaves to be understood is written out.

In: a parsed equation, its variable's dimensions, and the names of its module. Out: the common tree.

    A           in an equation over its dimensions    A[Dim]
    SUM(A)      over the whole array                  sum(A[Dim!])
    A[*, x]                                           A[Dim!, x] inside SUM, A[Dim, x] elsewhere
    A[2]        an element by number                  A[second element]
    A[i + 1]    an element computed in the run        A[Position(i + 1)]

Invariant: after this no Reference to an array lacks subscripts, unless it is an error that is reported.
References: XMILE 1.0, 3.7.1.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from simengine.builtins.builtin import Builtin, Kind, Spelling
from simengine.builtins.table_of_functions import find_builtin
from simengine.language.xmile.expression import STAR
from simengine.language.xmile.scope import Scope, global_name
from simengine.model.definition import Dialect, Macro
from simengine.model.dimension import Dimension
from simengine.model.expression import (
    Binary,
    Call,
    Expression,
    LookupCall,
    Number,
    Position,
    Reference,
    Subscript,
    Unary,
)
from simengine.source.diagnostic import Diagnostic, error
from simengine.source.names import Key, key_of

REDUCING = frozenset({"sum", "prod", "mean", "stddev", "size", "vmin", "vmax", "rank_xmile", "vector_select"})
TABLE_FIRST = frozenset({"lookup_xmile", "lookup_invert", "lookup_area", "lookup_forward", "lookup_backward"})
_PLAIN: dict[Key, str] = {key_of(n): n for n in ("time", "dt", "starttime", "stoptime", "pi", "inf")}


@dataclass
class World:
    """What all equations of a file share."""

    dimensions: dict[Key, Dimension]
    arrays: Mapping[Key, tuple[Key, ...]]  # every variable's dimensions
    macros: Mapping[Key, Macro]
    tables: frozenset[Key]  # variables with a graphical function
    top: Scope
    problems: list[Diagnostic] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Place:
    """The equation being read: its variable, the subscripts of its left side by dimension, its module."""

    world: World
    scope: Scope
    own: Key
    left: Mapping[Key, Subscript]
    mode: str = "plain"  # "reduce" inside SUM and its like, "vector" inside ALLOCATE


def resolve(node: Expression, place: Place) -> Expression:
    """Return an equation in the common tree."""
    match node:
        case Reference():
            return _reference(node, place)
        case Call():
            return _call(node, place)
        case Unary():
            return replace(node, operand=resolve(node.operand, place))
        case Binary():
            return replace(node, left=resolve(node.left, place), right=resolve(node.right, place))
    return node


def _problem(place: Place, code: str, message: str, node: Expression, help_: list[str] | None = None) -> Expression:
    place.world.problems.append(error(code, message, node.span, help=help_ or []))
    return Number(float("nan"), node.span)


# references


def _reference(node: Reference, place: Place) -> Expression:
    key = global_name(node.name, place.scope, place.world.top) if node.name[:1] != '"' else key_of(node.name)
    if node.key in place.scope.names:
        key = place.scope.names[node.key]
    if key == key_of("self"):
        return Reference(node.name, place.own, tuple(place.left.values()), node.span, node.name_span)
    world = place.world
    if key not in world.arrays:
        if key in _PLAIN and not node.subscripts:
            return Call(_PLAIN[key], (), node.name, span=node.span, name_span=node.name_span)
        dimension = _element_of(node.name, world)
        if dimension is not None:
            return Reference(node.name.split(".", 1)[1], dimension, (), node.span, node.name_span)
        return replace(node, key=key)
    dimensions = world.arrays[key]
    if not node.subscripts:
        return replace(node, key=key, subscripts=_implied(node, dimensions, place))
    if len(node.subscripts) != len(dimensions):
        return replace(node, key=key)  # reported by the compiler, with the dimensions it has
    subscripts = tuple(
        _subscript(s, dimension, place) for s, dimension in zip(node.subscripts, dimensions, strict=True)
    )
    return replace(node, key=key, subscripts=subscripts)


def _element_of(name: str, world: World) -> Key | None:
    """Return the key of `Dim.element`."""
    if "." not in name:
        return None
    first, rest = name.split(".", 1)
    dimension = world.dimensions.get(key_of(first))
    if dimension is None:
        return None
    return next((e.key for e in dimension.elements if e.key == key_of(rest)), None)


def _implied(node: Reference, dimensions: tuple[Key, ...], place: Place) -> tuple[Subscript, ...]:
    out = []
    for dimension in dimensions:
        name = place.world.dimensions[dimension].name
        if place.mode == "reduce":
            out.append(Subscript(name, dimension, reduce=True, span=node.span))
        elif dimension in place.left:
            out.append(replace(place.left[dimension], span=node.span))
        else:
            out.append(Subscript(name, dimension, span=node.span))  # the compiler says that it is not on the left
    return tuple(out)


def _subscript(s: Subscript | Position, dimension: Key, place: Place) -> Subscript | Position:
    world = place.world
    along = world.dimensions[dimension]
    if isinstance(s, Position):
        return _position(s, along, place)
    if s.reduce and s.name != STAR:
        return s
    if s.name == STAR:
        if place.mode == "reduce":
            return Subscript(along.name, along.key, reduce=True, span=s.span)
        return replace(place.left.get(dimension, Subscript(along.name, along.key)), span=s.span)
    element = next((e for e in along.elements if e.key == s.key), None)
    if element is not None:
        return Subscript(element.name, element.key, span=s.span)
    qualified = _element_of(s.name, world)
    if qualified is not None:
        return Subscript(s.name.split(".", 1)[1], qualified, span=s.span)
    if s.key in world.dimensions:
        return replace(place.left[s.key], span=s.span) if s.key in place.left else s
    name = Reference(s.name, s.key, (), s.span, s.span)
    resolved = _reference(name, replace(place, mode="plain"))
    if isinstance(resolved, Reference) and resolved.key not in world.arrays:
        return s  # reported by the compiler as an unknown subscript
    return Position(resolved, s.span)


def _position(s: Position, along: Dimension, place: Place) -> Subscript | Position:
    match s.index:
        case Number(value=value) if value == int(value):
            if not 1 <= value <= len(along.elements):
                text = f"`{along.name}` has {len(along.elements)} elements, there is no number {value:g}"
                place.world.problems.append(error("undefined-element", text, s.span))
                return Subscript(along.name, along.key, span=s.span)
            element = along.elements[int(value) - 1]
            return Subscript(element.name, element.key, span=s.span)
        case Call(function=":"):
            return _slice(s, along, place)
    return Position(resolve(s.index, replace(place, mode="plain")), s.span)


def _slice(s: Position, along: Dimension, place: Place) -> Subscript:
    """`A[2:4]` runs over a dimension of its own, made of those elements."""
    assert isinstance(s.index, Call)
    places = []
    for end in s.index.arguments:
        at = None
        if isinstance(end, Number):
            at = int(end.value) - 1
        elif isinstance(end, Reference):
            at = next((n for n, e in enumerate(along.elements) if e.key == end.key), None)
        if at is None or not 0 <= at < len(along.elements):
            place.world.problems.append(
                error("undefined-element", f"the ends of a range must be elements of `{along.name}`", s.span)
            )
            return Subscript(along.name, along.key, reduce=True, span=s.span)
        places.append(at)
    elements = along.elements[places[0] : places[1] + 1]
    name = f"{along.name}:{places[0] + 1}:{places[1] + 1}"
    key = key_of(name)
    place.world.dimensions.setdefault(key, Dimension(name, key, elements))
    return Subscript(name, key, reduce=place.mode == "reduce", span=s.span)


# calls


def _call(node: Call, place: Place) -> Expression:
    key = key_of(node.name)
    world = place.world
    target = place.scope.names.get(key, key)
    if target in world.arrays and target in world.tables:
        called = replace(node.outputs[0], key=target) if node.outputs else Reference(node.name, target)
        lookup = _reference(called, place)
        if len(node.arguments) != 1 or not isinstance(lookup, Reference):
            return _problem(place, "wrong-argument-count", f"`{node.name}` is a graphical function of one value", node)
        return LookupCall(lookup, resolve(node.arguments[0], place), node.span)
    if key in world.macros:
        arguments = tuple(resolve(a, place) for a in node.arguments)
        return Call(key, arguments, node.name, span=node.span, name_span=node.name_span)
    vendor = node.name.lower()
    if vendor.startswith("vensim."):
        found = find_builtin(Dialect.VENSIM, key_of(node.name[7:]), len(node.arguments))
    else:
        found = find_builtin(Dialect.XMILE, key, len(node.arguments))
    if node.function == "if":
        return replace(node, arguments=tuple(resolve(a, place) for a in node.arguments), outputs=())
    if found is None:
        lookup = Reference(node.name, key, (), node.name_span, node.name_span)
        argument = resolve(node.arguments[0], place) if node.arguments else Number(0.0)
        return LookupCall(lookup, argument, node.span)  # the compiler reports the unknown function
    return _builtin(node, *found, place)


def _builtin(node: Call, builtin: Builtin, spelling: Spelling, place: Place) -> Expression:
    count = len(node.arguments)
    if builtin.kind is Kind.UNSUPPORTED:
        return _problem(place, "unsupported-function", f"`{node.name}` is not supported: {builtin.summary}", node)
    if builtin.id in {"min", "max"} and count > 2:
        return _nest(node, builtin.id, place)
    if not spelling.least <= count <= spelling.most:
        expected = str(spelling.least) if spelling.least == spelling.most else f"{spelling.least} to {spelling.most}"
        text = f"`{node.name}` takes {expected} argument(s), {count} given"
        signature = [f"{spelling.name}({builtin.signature})"]
        return _problem(place, "wrong-argument-count", text, node, signature)
    inner = place
    if builtin.id in REDUCING:
        inner = replace(place, mode="reduce")
    elif builtin.id == "allocate_xmile":
        inner = replace(place, mode="vector")
    arguments = [
        resolve(a, inner if n == 0 or builtin.id != "rank_xmile" else place) for n, a in enumerate(node.arguments)
    ]
    if spelling.order:
        ordered: list[Expression] = [Number(0.0)] * (max(spelling.order) + 1)
        for n, argument in enumerate(arguments):
            ordered[spelling.order[n]] = argument
        if builtin.id in {"smooth_n", "delay_n"} and count == 3:
            ordered[2] = arguments[0]  # without an initial value, the input's own
        arguments = ordered
    return Call(builtin.id, tuple(arguments), node.name, span=node.span, name_span=node.name_span)


def _nest(node: Call, name: str, place: Place) -> Expression:
    out = resolve(node.arguments[0], place)
    for argument in node.arguments[1:]:
        out = Call(name, (out, resolve(argument, place)), node.name, span=node.span, name_span=node.name_span)
    return out
