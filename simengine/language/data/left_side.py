"""The elements a left side stands for.

In: an equation and the model's dimensions. Out: for every place its elements, and every element it defines.

Invariant: the order is that of the dimensions, last fastest.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import product

from simengine.model.dimension import Dimension, Element
from simengine.model.expression import Subscript
from simengine.model.variable import Equation
from simengine.source.names import Key


@dataclass(frozen=True, slots=True)
class LeftSide:
    """Elements at every place of a left side; `ranges` tells which places are dimensions, not fixed elements."""

    places: tuple[tuple[Element, ...], ...]
    ranges: tuple[bool, ...]
    exceptions: tuple[tuple[frozenset[Key], ...], ...]

    @property
    def regular(self) -> bool:
        """Whether every place is a dimension."""
        return all(self.ranges)

    @property
    def sizes(self) -> tuple[int, ...]:
        """Sizes of the dimensions, fixed elements left out."""
        return tuple(len(p) for p, is_range in zip(self.places, self.ranges, strict=True) if is_range)

    @property
    def count(self) -> int:
        """Number of elements, those excepted included."""
        out = 1
        for size in self.sizes:
            out *= size
        return out

    def elements(self) -> Iterator[tuple[Element, ...]]:
        """Yield the elements of every place, for each element of the left side, those excepted included."""
        return product(*self.places)

    def excepted(self, elements: tuple[Element, ...]) -> bool:
        """Return whether :EXCEPT: takes these elements out."""
        return any(
            len(x) == len(elements) and all(e.key in inside for e, inside in zip(elements, x, strict=True))
            for x in self.exceptions
        )


def read_left_side(equation: Equation, dimensions: Mapping[Key, Dimension]) -> LeftSide:
    """Return the elements of an equation's left side; a name that is no dimension is taken for an element."""
    places = tuple(_elements(s, dimensions) for s in equation.subscripts)
    ranges = tuple(s.key in dimensions for s in equation.subscripts)
    exceptions = tuple(
        tuple(frozenset(e.key for e in _elements(s, dimensions)) for s in exception)
        for exception in equation.exceptions
    )
    return LeftSide(places, ranges, exceptions)


def fix(equation: Equation, elements: tuple[Element, ...]) -> tuple[Subscript, ...]:
    """Return the subscripts of the left side for one element."""
    return tuple(Subscript(e.name, e.key, span=s.span) for e, s in zip(elements, equation.subscripts, strict=True))


def _elements(subscript: Subscript, dimensions: Mapping[Key, Dimension]) -> tuple[Element, ...]:
    dimension = dimensions.get(subscript.key)
    if dimension is None:
        return (Element(subscript.name, subscript.key),)
    if not dimension.elements and dimension.alias_of is not None and dimension.alias_of in dimensions:
        return dimensions[dimension.alias_of].elements
    return dimension.elements
