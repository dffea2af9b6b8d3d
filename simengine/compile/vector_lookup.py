"""VECTOR LOOKUP: a lookup function whose y values are the elements of an array.

In: the lowering of an equation, and the call. Out: a node, of a mode that is known.

The y values belong to equally spaced x from the lowest to the highest; they may change in the run, so this is
arithmetic over the array, not a table.

References: Vensim reference manual, "VECTOR LOOKUP", "LOOKUP AREA", "LOOKUP BACKWARD", "LOOKUP FORWARD",
"LOOKUP EXTRAPOLATE", "LOOKUP INVERT", "LOOKUP SLOPE".

Invariant: every mode agrees with the function of tables it is named after (tested beside it).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from simengine.compile.build import ONE, ZERO, add, apply, constant, divide, multiply, select, subtract
from simengine.compile.layout import strides
from simengine.model.expression import NOT_AVAILABLE, Call, Number, Reference
from simengine.program.node import Constant, Gather, Node
from simengine.program.op import Op

if TYPE_CHECKING:
    from simengine.compile.lower import Lowering

_HALF = constant(0.5)


@dataclass(frozen=True, slots=True)
class Curve:
    """The curve: where its y values are, how many, and x in units of the spacing, from 0 at the lowest.

    `argument` is the second argument of the call as it is: x, but y where the curve is inverted.
    """

    rows: NDArray[np.int64]
    base: Node
    last: int
    place: Node
    spacing: Node
    argument: Node
    low: Node

    def at(self, number: Node) -> Node:
        """Return the y value of a point, by its number from 0."""
        return Gather(self.rows, add(self.base, number), NOT_AVAILABLE)

    @property
    def within(self) -> Node:
        """The place, held at the ends."""
        return _clip(self.place, 0, self.last)

    @property
    def left(self) -> Node:
        """The number of the point on the left of the segment the place is in, or of the nearest one."""
        return _clip(apply(Op.FLOOR, self.place), 0, max(0, self.last - 1))

    @property
    def rise(self) -> Node:
        """How much y rises over that segment."""
        return subtract(self.at(add(self.left, ONE)), self.at(self.left)) if self.last else ZERO


def _clip(x: Node, low: float, high: float) -> Node:
    return apply(Op.MIN, apply(Op.MAX, x, constant(low)), constant(high))


def _line(curve: Curve, place: Node) -> Node:
    return add(curve.at(curve.left), multiply(curve.rise, subtract(place, curve.left)))


def _normal(curve: Curve) -> Node:
    # the value of the last point itself, not what interpolation rounds to
    inside = _line(curve, curve.within)
    return select(apply(Op.GE, curve.place, constant(curve.last)), curve.at(constant(curve.last)), inside)


def _backward(curve: Curve) -> Node:
    return curve.at(apply(Op.FLOOR, curve.within))


def _forward(curve: Curve) -> Node:
    return curve.at(subtract(ZERO, apply(Op.FLOOR, subtract(ZERO, curve.within))))


def _extrapolate(curve: Curve) -> Node:
    return _line(curve, curve.place)


def _slope_everywhere(curve: Curve) -> Node:
    return divide(curve.rise, curve.spacing)


def _slope(curve: Curve) -> Node:
    # as LOOKUP SLOPE: the segment to the right of a point, flat beyond the ends
    inside = apply(Op.AND, apply(Op.GE, curve.place, ZERO), apply(Op.LT, curve.place, constant(curve.last)))
    return select(inside, _slope_everywhere(curve), ZERO)


def _area_of_segments(curve: Curve) -> Node:
    """Return the area from the lowest x to x: whole segments, and the begun one, which may reach beyond an end."""
    total: Node = ZERO
    for number in range(curve.last):
        whole = multiply(_HALF, add(curve.at(constant(number)), curve.at(constant(number + 1))))
        total = add(total, select(apply(Op.GT, curve.left, constant(number)), whole, ZERO))
    return total


def _area_everywhere(curve: Curve) -> Node:
    # Vensim ref. "VECTOR LOOKUP": below the lowest x the area of a positive curve is negative
    begun = subtract(curve.place, curve.left)
    part = multiply(multiply(_HALF, begun), add(curve.at(curve.left), _line(curve, curve.place)))
    return multiply(curve.spacing, add(_area_of_segments(curve), part))


def _area(curve: Curve) -> Node:
    # as LOOKUP AREA: the ends are held
    begun = subtract(curve.within, curve.left)
    part = multiply(multiply(_HALF, begun), add(curve.at(curve.left), _line(curve, curve.within)))
    beyond = multiply(subtract(curve.place, curve.within), _normal(curve))
    return multiply(curve.spacing, add(add(_area_of_segments(curve), part), beyond))


def _where(curve: Curve, number: int) -> Node:
    """Return the place where the line through a point and the next has the y asked for."""
    here, there = curve.at(constant(number)), curve.at(constant(number + 1))
    flat = apply(Op.EQ, here, there)
    way = divide(subtract(curve.argument, here), select(flat, ONE, subtract(there, here)))
    return add(constant(number), select(flat, ZERO, way))


def _to_x(curve: Curve, place: Node, found: Node) -> Node:
    return select(found, add(curve.low, multiply(curve.spacing, place)), constant(NOT_AVAILABLE))


def _inverse(curve: Curve, beyond: Node, found: Node) -> Node:
    """Return the smallest x at which the curve has the y asked for, else what is found beyond its ends."""
    place = beyond
    for number in reversed(range(curve.last)):
        off = [subtract(curve.argument, curve.at(constant(n))) for n in (number, number + 1)]
        between = apply(Op.LE, multiply(*off), ZERO)
        place = select(between, _where(curve, number), place)
        found = apply(Op.OR, between, found)
    return _to_x(curve, place, found)


def _invert(curve: Curve) -> Node:
    # Vensim ref. "LOOKUP INVERT": the smallest x, missing where y is beyond all values
    return _inverse(curve, ZERO, ZERO)


def _invert_everywhere(curve: Curve) -> Node:
    # unverified: where the lines through both ends have the value, the one at the low end is taken, as the smaller x
    if not curve.last:
        return _invert(curve)
    first, final = _where(curve, 0), _where(curve, curve.last - 1)
    rises = [apply(Op.NE, curve.at(constant(n)), curve.at(constant(n + 1))) for n in (0, curve.last - 1)]
    below = apply(Op.AND, rises[0], apply(Op.LT, first, ZERO))
    above = apply(Op.AND, rises[1], apply(Op.GT, final, constant(curve.last)))
    return _inverse(curve, select(below, first, final), apply(Op.OR, below, above))


MODES: dict[int, Callable[[Curve], Node]] = {
    0: _normal,
    1: _area,
    2: _backward,
    3: _extrapolate,
    4: _forward,
    5: _invert,
    6: _slope,
    7: _area_everywhere,
    8: _invert_everywhere,
    9: _slope_everywhere,
}


def with_mode(node: Call, modes: Sequence[float] | None) -> Call | None:
    """Return a call with its mode as a number, where the constants it comes from are known and agree; else None."""
    *others, mode = node.arguments
    if isinstance(mode, Number) or modes is None or len(set(modes)) != 1:
        return None  # what is no number is refused where the call is lowered
    return replace(node, arguments=(*others, Number(modes[0], mode.span)))


def lower_vector_lookup(lowering: Lowering, node: Call) -> Node:
    """Return the node a call means."""
    vector, *others = node.arguments
    if not isinstance(vector, Reference) or vector.key not in lowering.symbols.variables:
        return lowering.problem("not-an-array", f"`{node.name}` needs an array with an element to start from", vector)
    coordinates = lowering.coordinates(vector)
    x, low, high, mode = (lowering.lower(a) for a in others)
    if coordinates is None:
        return Constant(float("nan"))
    variable = lowering.context.layout.variables[lowering.context.layout.by_key[vector.key]]
    start = lowering.index(coordinates, strides(variable.shape), 0)
    if start is None or not coordinates or coordinates[-1] != 0:
        message = f"`{node.name}` must be given the first element of the last subscript"
        return lowering.problem("computed-subscript", message, vector)
    known = mode.value if isinstance(mode, Constant) and isinstance(mode.value, float) else None
    if known is not None and known not in MODES:
        message = f"`{node.name}` has no mode {known:g}: it is one of 0 to {max(MODES)}"
        return lowering.problem("unsupported-function", message, others[3])
    rows = np.arange(variable.first, variable.first + variable.size, dtype=np.int64)
    last = variable.shape[-1] - 1
    width = subtract(high, low)
    curve = Curve(
        rows.reshape((1,) * lowering.rank + (-1,)),
        constant(start) if isinstance(start, int) else Constant(start.astype(np.float64)),
        last,
        divide(multiply(subtract(x, low), constant(last)), width),
        divide(width, constant(last)),
        x,
        low,
    )
    if known is not None:
        return MODES[int(known)](curve)
    found: Node = Constant(float("nan"))
    for number, rule in MODES.items():
        found = select(apply(Op.EQ, mode, constant(number)), rule(curve), found)
    return found
