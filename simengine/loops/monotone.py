"""Values and slopes of primitives over intervals, a primitive a row.

In: the intervals of a primitive's arguments. Out: the interval of its value, and of its slope by each argument.

A slope holds every quotient (f(b) - f(a)) / (b - a) of points of the intervals, jumps included: that of a step up is
from 0 to infinity. So slopes along a chain of functions multiply, and where a slope is never below 0 the function
never falls. `certain` tells whether the intervals are all there is: conditions that hold everywhere then do not jump.
Where intervals are the single values of a moment, they are not certain, and a step keeps its direction.

Invariant: every primitive has a row (tested), and each is tested against differences.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

import numpy as np

from simengine.kernel.primitive import FUNCTIONS
from simengine.loops.interval import (
    Interval,
    added,
    anything,
    between,
    choose,
    divided,
    exactly,
    hull,
    inverted,
    multiplied,
    negated,
    power,
    rising,
    squared,
    subtracted,
)
from simengine.program.op import Op

Arguments = Sequence[Interval]
Value = Callable[[Arguments], Interval]
Slope = Callable[[Arguments, Interval, bool], tuple[Interval, ...]]

ONE, ZERO = exactly(1.0), exactly(0.0)
UP, DOWN, SHARE = between(0.0, np.inf), between(-np.inf, 0.0), between(0.0, 1.0)
UNKNOWN = between(-np.inf, np.inf)
_NEARLY_ZERO = 1e-6  # Vensim ref. "XIDZ"
_LEAST_OF_LOG_GAMMA = (1.4616321449683623, -0.12148629053584961)

# values


def _absolute(x: Interval) -> Interval:
    most = np.maximum(np.abs(x.low), np.abs(x.high))
    least = np.minimum(np.abs(x.low), np.abs(x.high))
    return Interval(np.where((x.low <= 0) & (x.high >= 0), 0.0, least), most)


def _wave(x: Interval, top: float) -> Interval:
    """Return a sine whose tops lie at `top` and every 2 pi from there."""

    def has(place: float) -> np.ndarray:
        turns = np.ceil((x.low - place) / (2 * math.pi)) * 2 * math.pi + place
        return turns <= x.high

    with np.errstate(invalid="ignore"):
        ends = np.cos(x.low - top), np.cos(x.high - top)
        long = ~(x.high - x.low < 2 * math.pi)
        low = np.where(long | has(top + math.pi), -1.0, np.minimum(*ends) - 1e-9)
        high = np.where(long | has(top), 1.0, np.maximum(*ends) + 1e-9)
    return Interval(np.maximum(low, -1.0), np.minimum(high, 1.0))


def _sine(x: Interval) -> Interval:
    return _precise(x, np.sin, _wave(x, math.pi / 2))


def _cosine(x: Interval) -> Interval:
    return _precise(x, np.cos, _wave(x, 0.0))


def _precise(x: Interval, function: Callable[..., np.ndarray], wide: Interval) -> Interval:
    """Return the function's own value where the interval is a single number."""
    with np.errstate(all="ignore"):
        return choose((x.low == x.high) & np.isfinite(x.low), rising(function, x), wide)


def _tangent(x: Interval) -> Interval:
    with np.errstate(invalid="ignore"):
        branch = np.floor(x.low / math.pi + 0.5) == np.floor(x.high / math.pi + 0.5)
    return choose(branch, rising(np.tan, x), anything(x))


def _log_gamma(x: Interval) -> Interval:
    place, least = _LEAST_OF_LOG_GAMMA
    ends = rising(FUNCTIONS[Op.LNGAMMA], x)
    low = np.where((x.low <= place) & (x.high >= place), least - 1e-9, np.minimum(ends.low, ends.high))
    return choose(x.low > 0, Interval(low, np.maximum(ends.low, ends.high)), anything(x))


def _remainder(function: Op) -> Value:
    def value(arguments: Arguments) -> Interval:
        x, base = arguments
        most = np.maximum(np.abs(base.low), np.abs(base.high))
        sign = x if function is Op.REM else base
        wide = Interval(np.where(sign.low >= 0, 0.0, -most), np.where(sign.high <= 0, 0.0, most))
        single = (x.low == x.high) & (base.low == base.high)
        with np.errstate(all="ignore"):
            known = exactly(FUNCTIONS[function](x.low, base.low))
        return choose(single, known, wide)

    return value


def truth(x: Interval) -> Interval:
    """Return whether a value holds, which any but 0 does: from 0 (surely not) to 1 (surely)."""
    surely, never = (x.low > 0) | (x.high < 0), (x.low == 0) & (x.high == 0)
    return Interval(np.where(surely, 1.0, 0.0), np.where(never, 0.0, 1.0))


def _compared(op: Op) -> Value:
    def value(arguments: Arguments) -> Interval:
        a, b = arguments
        match op:
            case Op.LT:
                surely, never = a.high < b.low, a.low >= b.high
            case Op.LE:
                surely, never = a.high <= b.low, a.low > b.high
            case Op.GT:
                surely, never = a.low > b.high, a.high <= b.low
            case Op.GE:
                surely, never = a.low >= b.high, a.high < b.low
            case _:
                surely = (a.low == a.high) & (b.low == b.high) & (a.low == b.low)
                never = (a.high < b.low) | (a.low > b.high)
        low, high = np.where(surely, 1.0, 0.0), np.where(never, 0.0, 1.0)
        return Interval(1.0 - high, 1.0 - low) if op is Op.NE else Interval(low, high)

    return value


def _select(arguments: Arguments) -> Interval:
    condition, then, otherwise = truth(arguments[0]), *arguments[1:]
    both = hull(then, otherwise)
    return choose(condition.low == 1, then, choose(condition.high == 0, otherwise, both))


def _sides(b: Interval) -> tuple[Interval, Interval, np.ndarray, np.ndarray, np.ndarray]:
    """Return a divisor's parts below and above 0, whether they exist, and whether it may be nearly 0."""
    below = Interval(np.minimum(b.low, -_NEARLY_ZERO), np.minimum(b.high, -_NEARLY_ZERO))
    above = Interval(np.maximum(b.low, _NEARLY_ZERO), np.maximum(b.high, _NEARLY_ZERO))
    small = (b.low < _NEARLY_ZERO) & (b.high > -_NEARLY_ZERO)
    return below, above, b.low <= -_NEARLY_ZERO, b.high >= _NEARLY_ZERO, small


def _guarded(a: Interval, b: Interval, otherwise: Interval) -> Interval:
    """Return a / b where b is not nearly 0, and `otherwise` where it is."""
    below, above, is_below, is_above, small = _sides(b)
    nothing = Interval(np.full((), np.inf), np.full((), -np.inf))
    parts = [
        choose(is_below, divided(a, below), nothing),
        choose(is_above, divided(a, above), nothing),
        choose(small, otherwise, nothing),
    ]
    return hull(*parts)


def _all_or(arguments: Arguments) -> Interval:
    a, b = map(truth, arguments)
    return Interval(np.maximum(a.low, b.low), np.maximum(a.high, b.high))


def _all_and(arguments: Arguments) -> Interval:
    a, b = map(truth, arguments)
    return Interval(np.minimum(a.low, b.low), np.minimum(a.high, b.high))


def _rises(op: Op, least: float = -np.inf, most: float = np.inf) -> Value:
    return lambda a: rising(FUNCTIONS[op], a[0], least, most)


def _within(x: Interval, low: float, high: float) -> Interval:
    return Interval(np.clip(x.low, low, high), np.clip(x.high, low, high))


VALUES: dict[Op, Value] = {
    Op.ADD: lambda a: added(*a),
    Op.SUB: lambda a: subtracted(*a),
    Op.MUL: lambda a: multiplied(*a),
    Op.DIV: lambda a: divided(*a),
    Op.POW: lambda a: power(*a),
    Op.NEG: lambda a: negated(a[0]),
    Op.ABS: lambda a: _absolute(a[0]),
    Op.MIN: lambda a: Interval(np.minimum(a[0].low, a[1].low), np.minimum(a[0].high, a[1].high)),
    Op.MAX: lambda a: Interval(np.maximum(a[0].low, a[1].low), np.maximum(a[0].high, a[1].high)),
    Op.SQRT: lambda a: rising(np.sqrt, _within(a[0], 0.0, np.inf), 0.0),
    Op.EXP: _rises(Op.EXP, 0.0),
    Op.LN: lambda a: rising(np.log, _within(a[0], 0.0, np.inf)),
    Op.LOG10: lambda a: rising(np.log10, _within(a[0], 0.0, np.inf)),
    Op.SIN: lambda a: _sine(a[0]),
    Op.COS: lambda a: _cosine(a[0]),
    Op.TAN: lambda a: _tangent(a[0]),
    Op.ASIN: lambda a: rising(np.arcsin, _within(a[0], -1.0, 1.0)),
    Op.ACOS: lambda a: negated(rising(lambda x: -np.arccos(x), _within(a[0], -1.0, 1.0))),
    Op.ATAN: _rises(Op.ATAN),
    Op.ATAN2: lambda a: between(-math.pi, math.pi, hull(*a)),
    Op.SINH: _rises(Op.SINH),
    Op.COSH: lambda a: rising(np.cosh, _absolute(a[0]), 1.0),
    Op.TANH: _rises(Op.TANH, -1.0, 1.0),
    Op.LNGAMMA: lambda a: _log_gamma(a[0]),
    Op.TRUNC: _rises(Op.TRUNC),
    Op.FLOOR: _rises(Op.FLOOR),
    Op.CEIL: _rises(Op.CEIL),
    Op.ROUND: _rises(Op.ROUND),
    Op.REM: _remainder(Op.REM),
    Op.MOD: _remainder(Op.MOD),
    **{op: _compared(op) for op in (Op.LT, Op.LE, Op.GT, Op.GE, Op.EQ, Op.NE)},
    Op.AND: _all_and,
    Op.OR: _all_or,
    Op.NOT: lambda a: subtracted(ONE, truth(a[0])),
    Op.SELECT: _select,
    Op.XIDZ: lambda a: _guarded(*a),
    Op.NORMAL_CDF: _rises(Op.NORMAL_CDF, 0.0, 1.0),
    Op.NORMAL_INV: lambda a: rising(FUNCTIONS[Op.NORMAL_INV], _within(a[0], 0.0, 1.0)),
}


# slopes


def _power_slopes(a: Arguments, value: Interval, _: bool) -> tuple[Interval, ...]:
    x, y = a
    by_base = multiplied(y, power(x, subtracted(y, ONE)))
    by_base = choose((y.low == 0) & (y.high == 0), ZERO, by_base)
    by_exponent = choose(x.low >= 0, multiplied(value, VALUES[Op.LN]([x])), UNKNOWN)
    # of 0 to any power above 0 nothing comes of a larger exponent
    nothing = (x.low == 0) & (x.high == 0) & (y.low > 0)
    return by_base, choose(nothing, ZERO, by_exponent)


def _extreme_slopes(sign: int) -> Slope:
    def slopes(a: Arguments, _value: Interval, _certain: bool) -> tuple[Interval, ...]:
        first, second = a if sign > 0 else (negated(a[0]), negated(a[1]))
        own, other = first.high < second.low, first.low > second.high  # of MIN: the smaller counts
        return (
            choose(own, ONE, choose(other, ZERO, SHARE)),
            choose(own, ZERO, choose(other, ONE, SHARE)),
        )

    return slopes


def _comparison_slopes(op: Op) -> Slope:
    def slopes(a: Arguments, value: Interval, certain: bool) -> tuple[Interval, ...]:
        out = {Op.LT: (DOWN, UP), Op.LE: (DOWN, UP), Op.GT: (UP, DOWN), Op.GE: (UP, DOWN)}.get(op, (UNKNOWN, UNKNOWN))
        settled = value.low == value.high if certain else False
        return tuple(choose(settled, ZERO, between(o.low, o.high, hull(*a))) for o in out)

    return slopes


def truth_slope(x: Interval, certain: bool) -> Interval:
    """Return the slope of whether a value holds."""
    settled = (x.low > 0) | (x.high < 0) | ((x.low == 0) & (x.high == 0)) if certain else False
    return choose(settled, ZERO, choose(x.low >= 0, UP, choose(x.high <= 0, DOWN, UNKNOWN)))


def _select_slopes(a: Arguments, _value: Interval, certain: bool) -> tuple[Interval, ...]:
    condition = truth(a[0])
    jump = multiplied(subtracted(a[1], a[2]), truth_slope(a[0], certain))
    then = choose(condition.low == 1, ONE, choose(condition.high == 0, ZERO, SHARE))
    otherwise = choose(condition.high == 0, ONE, choose(condition.low == 1, ZERO, SHARE))
    return jump, then, otherwise


def _guarded_slopes(a: Arguments, _value: Interval, certain: bool) -> tuple[Interval, ...]:
    x, b, _ = a
    below, above, is_below, is_above, small = _sides(b)
    safe = choose(is_below & ~is_above, below, choose(is_above & ~is_below, above, b))
    share = inverted(safe)
    surely = ~is_below & ~is_above
    by_divisor = negated(multiplied(x, squared(share)))
    jumps = UNKNOWN if certain else ZERO
    return (
        choose(surely, ZERO, choose(small, hull(share, ZERO), share)),
        choose(surely, ZERO, choose(small, jumps, by_divisor)),
        choose(surely, ONE, choose(small, SHARE, ZERO)),
    )


def _remainder_slopes(rounding: Callable[..., np.ndarray]) -> Slope:
    def slopes(a: Arguments, _value: Interval, certain: bool) -> tuple[Interval, ...]:
        ratio = divided(*a)
        with np.errstate(all="ignore"):
            turns = rounding(ratio.low), rounding(ratio.high)
        settled = (turns[0] == turns[1]) & np.isfinite(turns[0]) if certain else np.zeros(ratio.shape, dtype=np.bool_)
        count = negated(exactly(np.where(settled, turns[0], 0.0)))
        return choose(settled, ONE, UNKNOWN), choose(settled, count, UNKNOWN)

    return slopes


def _angle_slopes(a: Arguments, _value: Interval, _: bool) -> tuple[Interval, ...]:
    y, x = a
    square = added(squared(x), squared(y))
    cut = (x.low <= 0) & (y.low <= 0) & (y.high >= 0)  # the angle jumps there, from pi to -pi, and at the origin
    return choose(cut, UNKNOWN, divided(x, square)), choose(cut, UNKNOWN, negated(divided(y, square)))


def _digamma(x: Interval) -> Interval:
    def function(at: np.ndarray) -> np.ndarray:
        from scipy.special import digamma  # heavy: only where a model asks for it

        return np.asarray(digamma(at))

    return choose(x.low > 0, rising(function, x), anything(x))


def _both_truths(op: Op) -> Slope:
    def slopes(a: Arguments, _value: Interval, certain: bool) -> tuple[Interval, ...]:
        weights = [truth(a[1]), truth(a[0])]  # an argument counts while the other holds
        if op is Op.OR:
            weights = [subtracted(ONE, w) for w in weights]
        return tuple(multiplied(w, truth_slope(x, certain)) for w, x in zip(weights, a, strict=True))

    return slopes


def _one(slope: Callable[[Interval, Interval], Interval]) -> Slope:
    return lambda a, value, _certain: (slope(a[0], value),)


def _absolute_slope(x: Interval, _value: Interval) -> Interval:
    return choose(x.low >= 0, ONE, choose(x.high <= 0, exactly(-1.0), between(-1.0, 1.0)))


SLOPES: dict[Op, Slope] = {
    Op.ADD: lambda _a, _v, _c: (ONE, ONE),
    Op.SUB: lambda _a, _v, _c: (ONE, exactly(-1.0)),
    Op.MUL: lambda a, _v, _c: (a[1], a[0]),
    Op.DIV: lambda a, v, _c: (inverted(a[1]), negated(divided(v, a[1]))),
    Op.POW: _power_slopes,
    Op.NEG: _one(lambda _x, _v: exactly(-1.0)),
    Op.ABS: _one(_absolute_slope),
    Op.MIN: _extreme_slopes(1),
    Op.MAX: _extreme_slopes(-1),
    Op.SQRT: _one(lambda _x, v: inverted(multiplied(exactly(2.0), v))),
    Op.EXP: _one(lambda _x, v: v),
    Op.LN: _one(lambda x, _v: inverted(_within(x, 0.0, np.inf))),
    Op.LOG10: _one(lambda x, _v: inverted(multiplied(_within(x, 0.0, np.inf), exactly(math.log(10.0))))),
    Op.SIN: _one(lambda x, _v: _cosine(x)),
    Op.COS: _one(lambda x, _v: negated(_sine(x))),
    Op.TAN: _one(lambda x, v: choose(np.isfinite(v.low) & np.isfinite(v.high), added(ONE, squared(v)), anything(x))),
    Op.ASIN: _one(lambda _x, _v: between(1.0, np.inf)),
    Op.ACOS: _one(lambda _x, _v: between(-np.inf, -1.0)),
    Op.ATAN: _one(lambda x, _v: inverted(added(ONE, squared(x)))),
    Op.ATAN2: _angle_slopes,
    Op.SINH: _one(lambda x, _v: VALUES[Op.COSH]([x])),
    Op.COSH: _one(lambda x, _v: rising(np.sinh, x)),
    Op.TANH: _one(lambda _x, v: _within(subtracted(ONE, squared(v)), 0.0, 1.0)),
    Op.LNGAMMA: _one(lambda x, _v: _digamma(x)),
    **{op: _one(lambda x, _v: between(0.0, np.inf, x)) for op in (Op.TRUNC, Op.FLOOR, Op.CEIL, Op.ROUND)},
    Op.REM: _remainder_slopes(np.trunc),
    Op.MOD: _remainder_slopes(np.floor),
    **{op: _comparison_slopes(op) for op in (Op.LT, Op.LE, Op.GT, Op.GE, Op.EQ, Op.NE)},
    Op.AND: _both_truths(Op.AND),
    Op.OR: _both_truths(Op.OR),
    Op.NOT: lambda a, _v, c: (negated(truth_slope(a[0], c)),),
    Op.SELECT: _select_slopes,
    Op.XIDZ: _guarded_slopes,
    Op.NORMAL_CDF: _one(lambda x, _v: between(0.0, 1.0 / math.sqrt(2 * math.pi), x)),
    Op.NORMAL_INV: _one(lambda x, _v: between(math.sqrt(2 * math.pi), np.inf, x)),
}
