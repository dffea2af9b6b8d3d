"""RANDOM LOOKUP: draws from a distribution whose density is drawn as a lookup.

In: the tables of a call. Out: its distribution function and the inverse, as nodes.

Between two points the density is a line, so that the distribution function is a parabola; lookups tell for each value
which piece it is in, and the parabola's three numbers.

References: Vensim reference manual, "RANDOM LOOKUP"; Devroye, Non-Uniform Random Variate Generation (1986), 2.

Invariant: the inverse of the distribution function at its value is the value, but for rounding.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from simengine.compile.build import ONE, ZERO, add, apply, constant, divide, multiply, select, subtract
from simengine.compile.shaped import Shape
from simengine.model.lookup import Between, Table
from simengine.program.node import Constant, Lookup, Node, Slots
from simengine.program.op import Op

if TYPE_CHECKING:
    from simengine.compile.lower import Lowering


@dataclass(frozen=True, slots=True)
class _Pieces:
    """Where each piece begins: x, the probability below it, the density there; and how fast the density rises."""

    x: tuple[float, ...]
    below: tuple[float, ...]
    density: tuple[float, ...]
    rise: tuple[float, ...]

    def table(self, key: str, value: str) -> Table:
        """Return one of these numbers by another, as steps."""
        return Table(getattr(self, key), getattr(self, value), Between.HOLD)


@lru_cache(maxsize=64)
def _pieces(table: Table) -> _Pieces:
    x, y = np.asarray(table.x, dtype=np.float64), np.asarray(table.y, dtype=np.float64)
    width = np.diff(x)
    mass = width * (y[1:] + y[:-1]) / 2
    there = mass > 0
    total = mass.sum()
    below = np.concatenate([[0.0], np.cumsum(mass)[:-1]]) / total
    rise = np.diff(y)[there] / width[there] / total
    columns = (x[:-1][there], below[there], y[:-1][there] / total, rise)
    return _Pieces(*(tuple(c.tolist()) for c in columns))


def is_density(table: Table) -> bool:
    """Return whether a lookup can be a density: nowhere below 0, and somewhere above.

    Examples
    --------
    >>> is_density(Table((0.0, 1.0), (0.0, 2.0))), is_density(Table((0.0, 1.0), (-1.0, 2.0)))
    (True, False)

    """
    area = sum((b - a) * (p + q) for a, b, p, q in zip(table.x, table.x[1:], table.y, table.y[1:], strict=False))
    return min(table.y) >= 0 and area > 0


def lookup_shape(lowering: Lowering, tables: Slots, shift: Node, stretch: Node) -> Shape:
    """Return the distribution whose densities tables are."""
    layout = lowering.context.layout
    numbers = np.asarray(tables)

    def look(key: str, value: str, at: Node) -> Node:
        made = [layout.table_number(_cached(layout.tables[n], key, value)) for n in numbers.ravel().tolist()]
        return Lookup(made[0] if numbers.ndim == 0 else np.reshape(made, numbers.shape), at)

    def probability(x: Node) -> Node:
        way = apply(Op.MAX, subtract(x, look("x", "x", x)), ZERO)
        slope = multiply(multiply(constant(0.5), look("x", "rise", x)), way)
        inside = add(look("x", "below", x), multiply(way, add(look("x", "density", x), slope)))
        end = _end(lowering, numbers)
        return apply(Op.MIN, select(apply(Op.GE, x, end), ONE, inside), ONE)

    def inverse(p: Node) -> Node:
        rest = subtract(p, look("below", "below", p))
        density, rise = look("below", "density", p), look("below", "rise", p)
        inner = add(multiply(density, density), multiply(multiply(constant(2), rise), rest))
        root = apply(Op.SQRT, apply(Op.MAX, inner, ZERO))
        under = add(density, root)  # the form without cancellation (Press and others, Numerical Recipes, 5.6)
        empty = apply(Op.EQ, under, ZERO)
        way = divide(multiply(constant(2), rest), select(empty, ONE, under))
        return add(look("below", "x", p), select(empty, ZERO, way))

    return Shape(probability, inverse, shift, stretch)


def _end(lowering: Lowering, numbers: NDArray[np.int64]) -> Node:
    ends = [float(lowering.context.layout.tables[n].x[-1]) for n in numbers.ravel().tolist()]
    return constant(ends[0]) if numbers.ndim == 0 else Constant(np.reshape(np.asarray(ends), numbers.shape))


@lru_cache(maxsize=256)
def _cached(table: Table, key: str, value: str) -> Table:
    """Return the same table for the same question: a program then holds it once."""
    return _pieces(table).table(key, value)
