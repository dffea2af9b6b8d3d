"""Which element a subscript means: loops of a left side, subranges, mappings, `!`, fixed elements.

In: a reference and the loops around it. Out: for every place of the array a fixed coordinate, or one
coordinate for each point of a loop; or a diagnostic that says why there is none.

Invariant: the rules stand in `_through_loop` in order of preference, and nowhere else.
References: Vensim reference manual, "Subscripts", "Subscript mapping"; XMILE 1.0, 3.7.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from simengine.check.symbols import AxisSymbol, Symbols
from simengine.model.definition import Dialect
from simengine.model.dimension import Dimension, Mapping
from simengine.model.expression import Reference, Subscript
from simengine.source.diagnostic import Diagnostic, error
from simengine.source.names import Key, nearest_names


@dataclass(frozen=True)
class Loop:
    """A loop axis: the dimension as written, and the element it stands for at each point.

    Two loops share an axis where a left side is not a full product (after :EXCEPT:).
    """

    dimension: Key
    axis: int
    elements: tuple[Key, ...]
    reduce: bool = False


@dataclass(frozen=True)
class Along:
    """Coordinates along a loop's axis, one a point."""

    axis: int
    coordinates: tuple[int, ...]


Coordinate = int | Along


def resolve_subscript(
    symbols: Symbols, subscript: Subscript, axis: AxisSymbol, loops: Sequence[Loop], used: set[int], name: str
) -> Coordinate | Diagnostic:
    """Return the coordinate(s) along `axis` that a subscript means inside `loops`.

    `used` holds the axes other subscripts of the same reference have taken: they come last when a subscript
    could follow several loops.
    """
    key = subscript.key
    if not subscript.reduce and key in axis.index:
        return axis.index[key]
    if key not in symbols.dimensions:
        return _unknown_element(symbols, subscript, axis, name)
    found = _through_loop(symbols, subscript, loops, used)
    if found is None:
        return error(
            "subscript-mismatch",
            f"`{subscript.name}` does not appear on the left side, nor is it mapped to what does",
            subscript.span,
            label=f"a subscript of `{name}`",
            help=[f"write `{subscript.name}!` inside SUM, VMIN, ... to run over all its elements"],
        )
    loop, elements = found
    missing = [e for e in elements if e not in axis.index]
    if missing:
        return error(
            "undefined-element",
            f"`{name}` has no element `{element_name(symbols, missing[0])}`",
            subscript.span,
            label=f"runs over `{element_name(symbols, missing[0])}`",
            help=[f"`{name}` is defined over `{axis.name}`: {_shorten(axis.names)}"],
        )
    return Along(loop.axis, tuple(axis.index[e] for e in elements))


def _through_loop(
    symbols: Symbols, subscript: Subscript, loops: Sequence[Loop], used: set[int]
) -> tuple[Loop, tuple[Key, ...]] | None:
    key = subscript.key
    if subscript.reduce:
        own = next((x for x in loops if x.reduce and x.dimension == key), None)
        return (own, own.elements) if own is not None else None
    ordinary = sorted((x for x in loops if not x.reduce), key=lambda x: x.axis in used)
    for loop in ordinary:  # the same dimension
        if loop.dimension == key:
            return loop, loop.elements
    inside = symbols.element_set(key)
    for loop in ordinary:  # a subrange on the left, the range around it on the right
        if all(e in inside for e in loop.elements):
            return loop, loop.elements
    for owner, mapping in symbols.mappings_of(key):  # key -> loop's dimension
        table = _mapped(symbols, owner, mapping, inside)
        for loop in ordinary:
            if all(e in table for e in loop.elements):
                return loop, tuple(table[e] for e in loop.elements)
    for loop in ordinary:  # the mapping given the other way round, where it is one to one
        for owner, mapping in symbols.mappings_of(loop.dimension):
            back = _one_to_one(symbols, owner, mapping, inside)
            if all(e in back for e in loop.elements):
                return loop, tuple(back[e] for e in loop.elements)
    return None


def _pairs(symbols: Symbols, owner: Dimension, mapping: Mapping) -> list[tuple[Key, tuple[Key, ...]]]:
    if mapping.pairs:
        return list(zip((e.key for e in owner.elements), mapping.pairs, strict=False))
    target = symbols.dimensions.get(mapping.target_key)
    if target is None:
        return []
    return [(e.key, (t.key,)) for e, t in zip(owner.elements, target.elements, strict=False)]


def _mapped(symbols: Symbols, owner: Dimension, mapping: Mapping, inside: frozenset[Key]) -> dict[Key, Key]:
    """Return, for every element of the mapping's target, the element of its source."""
    return {t: e for e, targets in _pairs(symbols, owner, mapping) if e in inside for t in targets}


def _one_to_one(symbols: Symbols, owner: Dimension, mapping: Mapping, inside: frozenset[Key]) -> dict[Key, Key]:
    pairs = _pairs(symbols, owner, mapping)
    return {e: t[0] for e, t in pairs if len(t) == 1 and t[0] in inside}


def _unknown_element(symbols: Symbols, subscript: Subscript, axis: AxisSymbol, name: str) -> Diagnostic:
    if subscript.key in symbols.elements:
        return error(
            "undefined-element",
            f"`{name}` has no element `{subscript.name}`",
            subscript.span,
            help=[f"`{name}` is defined over `{axis.name}`: {_shorten(axis.names)}"],
        )
    candidates = [*axis.names, *(d.name for d in symbols.dimensions.values())]
    near = nearest_names(subscript.name, candidates)
    return error(
        "unknown-subscript",
        f"no dimension or element is called `{subscript.name}`",
        subscript.span,
        help=[f"did you mean `{near[0]}`?"] if near else [f"`{name}` is defined over `{axis.name}`"],
    )


def position_of(symbols: Symbols, reference: Reference, loops: Sequence[Loop]) -> int | Along | None:
    """Return the position (from 1) a dimension or element name is worth as a number; None if it is neither.

    A dimension's name is worth the position of the current element: in XMILE in that dimension, in Vensim in the
    largest dimension that has it (Vensim output: a subrange's elements keep their positions in the full range).
    """
    key = reference.key
    if key in symbols.dimensions:
        found = _through_loop(symbols, Subscript(reference.name, key), loops, set())
        if found is None:
            return None
        loop, elements = found
        if symbols.definition.dialect is Dialect.XMILE:  # XMILE 1.0, 3.7.1: dimensions know nothing of each other
            index = symbols.axis_along(key).index
            return Along(loop.axis, tuple(index.get(e, -1) + 1 for e in elements))
        return Along(loop.axis, tuple(symbols.elements[e][1] for e in elements))
    if key in symbols.elements:
        return symbols.elements[key][1]
    return None


def element_name(symbols: Symbols, key: Key) -> str:
    """Return an element's name as written."""
    dimension, position = symbols.elements.get(key, (None, 0))
    return symbols.dimensions[dimension].elements[position - 1].name if dimension is not None else key


def _shorten(names: Sequence[str]) -> str:
    shown = ", ".join(names[:6])
    return shown + (", ..." if len(names) > 6 else "")
