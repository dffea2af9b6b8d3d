"""Names and subscripts made explicit: what XMILE leaves to be understood is written out.

In: a parsed equation, its variable's dimensions, and the names of its module. Out: the common tree.

    A           in an equation over its dimensions    A[Dim]
    SUM(A)      over the whole array                  sum(A[Dim!])
    A[*, x]                                           A[Dim!, x] inside SUM, A[Dim, x] elsewhere
    A[2:4]      inside SUM                            A[Part!], a hidden dimension of these elements
    A[2]        an element by number                  A[second element]
    A[i + 1]    an element computed in the run        A[Position(i + 1)]

Invariant: after this no Reference to an array lacks subscripts, unless it is an error that is reported.
References: XMILE 1.0, 3.7.1.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from simengine.builtins.builtin import Builtin, Kind, Spelling
from simengine.builtins.table_of_functions import find_builtin
from simengine.language.xmile.dimension import Dimensions
from simengine.language.xmile.expression import STAR
from simengine.language.xmile.scope import Scope, split_name
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
    Sign,
    Subscript,
    Unary,
)
from simengine.source.diagnostic import Diagnostic, error
from simengine.source.names import Key, key_of

REDUCING = frozenset({"sum", "prod", "mean", "stddev", "size", "vmin", "vmax", "rank_xmile", "vector_select"})
TABLE_FIRST = frozenset({"lookup_xmile", "lookup_invert", "lookup_area", "lookup_forward", "lookup_backward"})
_PLAIN: dict[Key, str] = {key_of(n): n for n in ("time", "dt", "starttime", "stoptime", "pi", "inf")}
_PLAIN[key_of("runcount")] = "run_count"
_SELF = key_of("self")

Left = Sequence[tuple[Key, Subscript]]
"""The left side of an equation: for each dimension of the variable the subscript that stands there."""


@dataclass
class World:
    """What all equations of a file share."""

    dimensions: Dimensions
    arrays: Mapping[Key, tuple[Key, ...]]  # every variable's dimensions
    names: Mapping[Key, str]  # every variable's name
    macros: Mapping[Key, Macro]
    tables: frozenset[Key]  # variables with a graphical function
    problems: list[Diagnostic] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Place:
    """The equation being read: its variable, left side and module.

    `mode` is "reduce" inside SUM and its like, "vector" inside ALLOCATE.
    """

    world: World
    scope: Scope
    own: Key
    left: Left
    mode: str = "plain"

    def beside(self, dimension: Key, number: int = 0) -> Subscript | None:
        """Return what stands on the left for the `number`-th use of a dimension (the last, if there are fewer)."""
        found = [s for d, s in self.left if d == dimension]
        return found[min(number, len(found) - 1)] if found else None


def resolve(node: Expression, place: Place) -> Expression:
    """Return an equation in the common tree."""
    match node:
        case Reference():
            return _reference(node, place)
        case Call():
            return _call(node, place)
        case Unary():
            operand = resolve(node.operand, place)
            if isinstance(operand, Number) and node.sign is Sign.NEGATE and not math.isnan(operand.value):
                return Number(-operand.value, node.span)  # of an element's number
            return Unary(node.sign, operand, node.span)
        case Binary():
            return Binary(node.operator, resolve(node.left, place), resolve(node.right, place), node.span)
    return node


def _problem(place: Place, code: str, message: str, node: Expression, help_: list[str] | None = None) -> Expression:
    place.world.problems.append(error(code, message, node.span, help=help_ or []))
    return Call("broken", (), span=node.span)


# references


def _reference(node: Reference, place: Place) -> Expression:
    world = place.world
    if node.key == _SELF and _SELF not in place.scope.names:
        name = world.names.get(place.own, node.name)
        return Reference(name, place.own, tuple(s for _, s in place.left), node.span, node.name_span)
    key = place.scope.names.get(node.key)
    if key is None:
        key = place.scope.find(node.name)
    if key is None:
        return _no_variable(node, place)
    dimensions, name = world.arrays.get(key, ()), world.names.get(key, node.name)
    if not node.subscripts:
        implied = _implied(node, dimensions, place) if dimensions else ()
        return Reference(name, key, implied, node.span, node.name_span)
    if len(node.subscripts) != len(dimensions):
        return replace(node, key=key, name=name)  # reported by the compiler, with the dimensions it has
    out: list[Subscript | Position] = []
    for number, (s, dimension) in enumerate(zip(node.subscripts, dimensions, strict=True)):
        before = dimensions[:number].count(dimension)
        out.append(_again(_subscript(s, dimension, before, place), out, place))
    return Reference(name, key, tuple(out), node.span, node.name_span)


def _no_variable(node: Reference, place: Place) -> Expression:
    """Return what a name that is no variable's stands for: a number of the simulation, a dimension, an element."""
    world = place.world
    if node.key in _PLAIN and node.subscripts:
        return _problem(place, "subscript-mismatch", f"`{node.name}` has no subscripts", node)
    if node.key in _PLAIN:
        return Call(_PLAIN[node.key], (), node.name, span=node.span, name_span=node.name_span)
    element = world.dimensions.element(node.name)
    if element is not None:
        return Number(float(element[1] + 1), node.span)  # its number: the name may mean another elsewhere
    dimension = world.dimensions.find(node.key)
    if dimension is not None:
        current = place.beside(dimension.key)
        number = _number_of(current, dimension) if current is not None else None
        if number is not None:
            return Number(float(number), node.span)
        return Reference(dimension.name, dimension.key, (), node.span, node.name_span)
    holding = [d for d in world.dimensions.by_key.values() if any(e.key == node.key for e in d.elements)]
    if holding and not node.subscripts:
        numbers = {_number_of(Subscript(node.name, node.key), d) for d in holding}
        if len(numbers) > 1:
            names = [f"`{d.name}.{node.name}`" for d in holding]
            text = f"`{node.name}` is an element of several dimensions"
            return _problem(place, "ambiguous-name", text, node, [f"write {' or '.join(names)}"])
        return Number(float(numbers.pop() or 0), node.span)
    plain = "_".join(".".join(split_name(node.name)[1]).split())
    return Reference(plain, place.scope.unknown(node.name), (), node.span, node.name_span)


def _number_of(s: Subscript, dimension: Dimension) -> int | None:
    return next((n for n, e in enumerate(dimension.elements, 1) if e.key == s.key), None)


def _implied(node: Reference, dimensions: tuple[Key, ...], place: Place) -> tuple[Subscript | Position, ...]:
    out: list[Subscript | Position] = []
    for number, dimension in enumerate(dimensions):
        name = place.world.dimensions.by_key[dimension].name
        current = place.beside(dimension, dimensions[:number].count(dimension))
        if place.mode == "reduce":
            out.append(_again(Subscript(name, dimension, reduce=True, span=node.span), out, place))
        elif current is not None:
            out.append(replace(current, span=node.span))
        elif place.mode == "vector":
            out.append(Subscript(name, dimension, span=node.span))
        else:
            return ()  # reported by the compiler, with the dimensions it has
    return tuple(out)


def _again(s: Subscript | Position, before: Sequence[Subscript | Position], place: Place) -> Subscript | Position:
    """Return another name of a dimension where one array runs over it twice: `SUM(A[*, *])`."""
    if not isinstance(s, Subscript) or not s.reduce:
        return s
    same = sum(isinstance(b, Subscript) and b.reduce and b.key.split(":again", 1)[0] == s.key for b in before)
    if not same:
        return s
    twin = place.world.dimensions.twin(place.world.dimensions.by_key[s.key], same)
    return Subscript(twin.name, twin.key, reduce=True, span=s.span)


def _subscript(s: Subscript | Position, dimension: Key, before: int, place: Place) -> Subscript | Position:
    world = place.world
    along = world.dimensions.by_key[dimension]
    if isinstance(s, Position):
        return _position(s, along, place)
    if s.name == STAR:
        return _star(s, along, before, place)
    if s.reduce:
        part = world.dimensions.find(s.key)
        return s if part is None else Subscript(part.name, part.key, reduce=True, span=s.span)
    element = next((e for e in along.elements if e.key == s.key), None)
    if element is not None:
        return Subscript(element.name, element.key, span=s.span)
    qualified = world.dimensions.element(s.name)
    if qualified is not None:
        inside, number = qualified
        element = inside.elements[number]
        if element in along.elements:
            return Subscript(element.name, element.key, span=s.span)
        return _position(Position(Number(float(number + 1)), s.span), along, place)
    named = world.dimensions.find(s.key)
    if named is not None:
        return _named(s, named, before, place)
    if place.scope.find(s.name) is None and s.key not in _PLAIN:
        return replace(
            s, name="_".join(".".join(split_name(s.name)[1]).split())
        )  # reported by the compiler, as an unknown subscript
    resolved = _reference(Reference(s.name, s.key, (), s.span, s.span), replace(place, mode="plain"))
    if isinstance(resolved, Reference) and resolved.key not in world.arrays:
        return s  # reported by the compiler as an unknown subscript
    return Position(resolved, s.span)


def _star(s: Subscript, along: Dimension, before: int, place: Place) -> Subscript:
    if place.mode == "reduce":
        return Subscript(along.name, along.key, reduce=True, span=s.span)
    current = place.beside(along.key, before)
    if current is None and place.mode != "vector":
        text = f"`*` stands for all of `{along.name}` where one value is needed"
        help_ = ["SUM, MEAN, MIN, MAX and their like make one value of an array"]
        place.world.problems.append(error("nothing-to-reduce", text, s.span, help=help_))
        return Subscript(along.elements[0].name, along.elements[0].key, span=s.span) if along.elements else s
    return replace(current or Subscript(along.name, along.key), span=s.span)


def _named(s: Subscript, named: Dimension, before: int, place: Place) -> Subscript:
    """Return a subscript that is the name of a dimension."""
    current = place.beside(named.key, before)
    if current is not None:
        return replace(current, span=s.span)
    if place.mode == "reduce" and not _follows_left(named, place):
        return Subscript(named.name, named.key, reduce=True, span=s.span)
    return Subscript(named.name, named.key, span=s.span)


def _follows_left(named: Dimension, place: Place) -> bool:
    """Return whether a dimension may follow what is on the left: by a mapping, or as a range of the same elements."""
    inside = {e.key for e in named.elements}
    lefts = [place.world.dimensions.by_key[d] for d, _ in place.left]
    return any(named.mappings or d.mappings or any(e.key in inside for e in d.elements) for d in lefts)


def _position(s: Position, along: Dimension, place: Place) -> Subscript | Position:
    match s.index:
        case Number(value=value) if value.is_integer():
            by_name = next((e for e in along.elements if not along.sized and e.key == f"{int(value)}"), None)
            if by_name is None and not 1 <= value <= len(along.elements):
                text = f"`{along.name}` has {len(along.elements)} elements, there is no number {value:g}"
                place.world.problems.append(error("undefined-element", text, s.span))
                return Subscript(along.name, along.key, span=s.span)
            element = by_name or along.elements[int(value) - 1]
            return Subscript(element.name, element.key, span=s.span)
        case Call(function=":"):
            return _slice(s, along, place)
    index = resolve(s.index, replace(place, mode="plain"))
    if isinstance(index, Number) and not isinstance(s.index, Number):
        return _position(Position(index, s.span), along, place)
    return Position(index, s.span)


def _slice(s: Position, along: Dimension, place: Place) -> Subscript:
    """`A[2:4]` runs over a dimension of its own, made of those elements."""
    assert isinstance(s.index, Call)
    whole = Subscript(along.name, along.key, reduce=True, span=s.span)
    places = []
    for end in s.index.arguments:
        at = None
        if isinstance(end, Number):
            at = int(end.value) - 1 if end.value.is_integer() else None
        elif isinstance(end, Reference):
            at = next((n for n, e in enumerate(along.elements) if e.key in {end.key, end.key.split(".")[-1]}), None)
        if at is None or not 0 <= at < len(along.elements):
            text = f"the ends of a range must be elements of `{along.name}`, or their numbers"
            place.world.problems.append(error("undefined-element", text, s.span))
            return whole
        places.append(at)
    if places[0] > places[1]:
        place.world.problems.append(error("undefined-element", "a range must not end before it begins", s.span))
        return whole
    part = place.world.dimensions.part(along, places[0], places[1])
    return Subscript(part.name, part.key, reduce=place.mode == "reduce", span=s.span)


# calls


def _call(node: Call, place: Place) -> Expression:
    world = place.world
    key = key_of(node.name)
    if node.function == "if":
        return replace(node, arguments=tuple(resolve(a, place) for a in node.arguments), outputs=())
    target = place.scope.names.get(key) or (place.scope.find(node.name) if "." in node.name else None)
    if target is not None and target in world.tables:
        called = node.outputs[0] if node.outputs else Reference(node.name, key, (), node.name_span, node.name_span)
        lookup = _reference(called, place)
        if len(node.arguments) != 1 or not isinstance(lookup, Reference):
            return _problem(place, "wrong-argument-count", f"`{node.name}` is a graphical function of one value", node)
        return LookupCall(lookup, resolve(node.arguments[0], place), node.span)
    if key in world.macros:
        arguments = tuple(resolve(a, place) for a in node.arguments)
        further = node.outputs[1:]
        macro = world.macros[key]
        return Call(macro.key, arguments, macro.name, further, span=node.span, name_span=node.name_span)
    if node.name[:7].lower() == "vensim.":
        found = find_builtin(Dialect.VENSIM, key_of(node.name[7:]), len(node.arguments))
    else:
        found = find_builtin(Dialect.XMILE, key, len(node.arguments))
    if found is None:
        lookup = Reference(node.name, target or place.scope.unknown(node.name), (), node.name_span, node.name_span)
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
    further = node.outputs[1:] if builtin.outputs else ()
    return Call(builtin.id, tuple(arguments), node.name, further, span=node.span, name_span=node.name_span)


def _nest(node: Call, name: str, place: Place) -> Expression:
    out = resolve(node.arguments[0], place)
    for argument in node.arguments[1:]:
        out = Call(name, (out, resolve(argument, place)), node.name, span=node.span, name_span=node.name_span)
    return out
