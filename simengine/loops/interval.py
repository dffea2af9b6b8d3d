"""Intervals of numbers: what a value, or a slope, lies between.

In: bounds, as arrays of one shape. Out: bounds of sums, products, quotients and powers.

Bounds are widened by what rounding may have done, so an interval holds what it says. A bound that is exactly 0 stays
there: products by 0, and differences of equal numbers, are exact.

Invariant: the numbers an interval is made of are finite; infinity only says that there is no bound. So 0 times a
number without a bound is 0.
References: Moore, Kearfott and Cloud, Introduction to Interval Analysis (2009), 2 and 5.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]

_ROUNDING = 2.0**-50
"""Four units in the last place: more than any function of NumPy is off."""


@dataclass(frozen=True, slots=True, eq=False)
class Interval:
    """Lower and upper bounds."""

    low: Array
    high: Array

    @property
    def shape(self) -> tuple[int, ...]:
        """The shape of both bounds."""
        return self.low.shape


def exactly(value: Any) -> Interval:
    """Return intervals of single numbers; what is not a number may be any."""
    bound = np.asarray(value, dtype=np.float64)
    lost = np.isnan(bound)
    return Interval(np.where(lost, -np.inf, bound), np.where(lost, np.inf, bound))


def between(low: Any, high: Any, like: Interval | None = None) -> Interval:
    """Return the interval between two bounds, in the shape of another one where it is given."""
    shape = () if like is None else like.shape
    low, high = np.asarray(low, dtype=np.float64), np.asarray(high, dtype=np.float64)
    shape = np.broadcast_shapes(shape, low.shape, high.shape)
    return Interval(np.broadcast_to(low, shape), np.broadcast_to(high, shape))


def anything(like: Interval) -> Interval:
    """Return intervals without bounds."""
    return between(-np.inf, np.inf, like)


def widened(low: Array, high: Array) -> Interval:
    """Return bounds with room for rounding; a bound that is no number is none."""
    with np.errstate(invalid="ignore"):
        low = np.where(np.isfinite(low), low - np.abs(low) * _ROUNDING, low)
        high = np.where(np.isfinite(high), high + np.abs(high) * _ROUNDING, high)
    return Interval(np.where(np.isnan(low), -np.inf, low), np.where(np.isnan(high), np.inf, high))


def hull(*parts: Interval) -> Interval:
    """Return the smallest interval that holds all."""
    low, high = parts[0].low, parts[0].high
    for part in parts[1:]:
        low, high = np.minimum(low, part.low), np.maximum(high, part.high)
    return Interval(low, high)


def choose(condition: Any, yes: Interval, no: Interval) -> Interval:
    """Return one interval where a condition holds, else the other."""
    return Interval(np.where(condition, yes.low, no.low), np.where(condition, yes.high, no.high))


def negated(x: Interval) -> Interval:
    """Return -x."""
    return Interval(-x.high, -x.low)


def added(a: Interval, b: Interval) -> Interval:
    """Return a + b."""
    with np.errstate(invalid="ignore"):
        return widened(a.low + b.low, a.high + b.high)


def subtracted(a: Interval, b: Interval) -> Interval:
    """Return a - b."""
    return added(a, negated(b))


def multiplied(a: Interval, b: Interval) -> Interval:
    """Return a * b.

    Examples
    --------
    >>> from simengine.loops.interval import between, multiplied
    >>> product = multiplied(between(-1, 2), between(0, float("inf")))
    >>> float(product.low), float(product.high)
    (-inf, inf)
    >>> float(multiplied(between(0, 0), between(0, float("inf"))).high)
    0.0

    """
    corners = [_product(x, y) for x in (a.low, a.high) for y in (b.low, b.high)]
    return widened(np.minimum.reduce(corners), np.maximum.reduce(corners))


def _product(x: Array, y: Array) -> Array:
    with np.errstate(invalid="ignore", over="ignore", under="ignore"):
        product: Array = x * y
    return np.where((x == 0) | (y == 0), 0.0, product)


def inverted(x: Interval) -> Interval:
    """Return 1 / x; without bounds where x may have either sign. At 0 itself there is no quotient to hold."""
    with np.errstate(divide="ignore"):
        above = widened(np.where(np.isinf(x.high), 0.0, 1.0 / x.high), np.where(x.low == 0, np.inf, 1.0 / x.low))
        below = widened(np.where(x.high == 0, -np.inf, 1.0 / x.high), np.where(np.isinf(x.low), 0.0, 1.0 / x.low))
    only_zero = (x.low == 0) & (x.high == 0)
    out = choose(x.low >= 0, above, choose(x.high <= 0, below, anything(x)))
    return choose(only_zero, anything(x), out)


def divided(a: Interval, b: Interval) -> Interval:
    """Return a / b."""
    return multiplied(a, inverted(b))


def rising(function: Callable[[Any], Any], x: Interval, least: float = -np.inf, most: float = np.inf) -> Interval:
    """Return a function that never falls, of which it is known between what it lies."""
    with np.errstate(all="ignore"):
        out = widened(np.asarray(function(x.low), dtype=np.float64), np.asarray(function(x.high), dtype=np.float64))
    return Interval(np.clip(out.low, least, most), np.clip(out.high, least, most))


def squared(x: Interval) -> Interval:
    """Return x * x."""
    ends = widened(*_ordered(_product(x.low, x.low), _product(x.high, x.high)))
    return Interval(np.where((x.low <= 0) & (x.high >= 0), 0.0, np.maximum(ends.low, 0.0)), ends.high)


def _ordered(a: Array, b: Array) -> tuple[Array, Array]:
    return np.minimum(a, b), np.maximum(a, b)


def power(x: Interval, y: Interval) -> Interval:
    """Return x to the power y: for x from 0 up, or a whole exponent; else without bounds."""
    # for x >= 0 it rises or falls with each of x and y alone, so the ends of both give its ends
    x = between(x.low, x.high, y)
    base = Interval(np.maximum(x.low, 0.0), np.maximum(x.high, 0.0))
    with np.errstate(all="ignore"):
        corners = [np.power(a, b) for a in (base.low, base.high) for b in (y.low, y.high)]
        corners = [np.where(np.isnan(c), np.inf, c) for c in corners]
    positive = widened(np.minimum.reduce(corners), np.maximum.reduce(corners))
    positive = Interval(np.where(np.isfinite(y.low) & np.isfinite(y.high), positive.low, 0.0), positive.high)
    whole = (y.low == y.high) & np.isfinite(y.low) & (y.low == np.trunc(y.low))
    with np.errstate(all="ignore"):
        at_low, at_high = np.power(x.low, y.low), np.power(x.high, y.low)
    ends = widened(*_ordered(at_low, at_high))
    even, crosses = np.mod(np.where(whole, y.low, 0.0), 2) == 0, (x.low < 0) & (x.high > 0)
    from_zero = Interval(np.where(crosses & even, 0.0, ends.low), ends.high)
    to_zero = (x.low < 0) & (x.high >= 0) & (y.low < 0)  # of a negative power both infinities are near
    signed = choose(to_zero, anything(from_zero), from_zero)
    return choose(x.low >= 0, positive, choose(whole, signed, anything(positive)))
