"""Draws whose distribution has a formula: one uniform draw, shaped by primitives.

In: a distribution, its arguments as `program.op.Distribution` lists them, a uniform draw. Out: the node of the draw, or
None where the inverse of the distribution function has no formula (the kernel draws those).

The inverse of the distribution function gives one draw for one uniform. Bounds restrict that to the probabilities
between them: the same distribution as drawing anew until a value falls inside.

References: Vensim reference manual, "RANDOM ..." functions; Stella help, statistical builtins; Devroye, Non-Uniform
Random Variate Generation (1986), 2.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from simengine.compile.build import ONE, ZERO, add, apply, constant, divide, multiply, select, subtract
from simengine.program.node import Constant, Node
from simengine.program.op import Distribution, Op

OneToOne = Callable[[Node], Node]


@dataclass(frozen=True, slots=True)
class Shape:
    """A distribution function and its inverse, moved and stretched."""

    probability: OneToOne
    inverse: OneToOne
    shift: Node
    stretch: Node


def shaped(distribution: Distribution, arguments: Sequence[Node], uniform: Node) -> Node | None:
    """Return a draw made of a uniform one between 0 and 1; None if there is no formula."""
    if distribution is Distribution.UNIFORM:
        low, high = arguments
        return add(low, multiply(subtract(high, low), uniform))
    if distribution is Distribution.BERNOULLI:
        return apply(Op.LT, uniform, arguments[0])
    make = _SHAPES.get(distribution)
    if make is None:
        return None
    low, high, *rest = arguments
    return truncated(make(*rest), low, high, uniform)


def truncated(shape: Shape, low: Node, high: Node, uniform: Node) -> Node:
    """Return a draw between bounds, made of a uniform one between 0 and 1."""
    share = uniform
    if not (_is_infinite(low) and _is_infinite(high)):
        ends = [divide(subtract(end, shape.shift), shape.stretch) for end in (low, high)]
        below = shape.probability(apply(Op.MIN, *ends))
        above = shape.probability(apply(Op.MAX, *ends))
        share = add(below, multiply(uniform, subtract(above, below)))
    value = add(shape.shift, multiply(shape.stretch, shape.inverse(share)))
    value = select(apply(Op.EQ, shape.stretch, ZERO), shape.shift, value)  # no spread: the centre
    return apply(Op.MIN, apply(Op.MAX, value, low), high)  # rounding at the bounds only


def _is_infinite(node: Node) -> bool:
    return isinstance(node, Constant) and isinstance(node.value, float) and math.isinf(node.value)


def _log_of_one_plus(x: Node) -> Node:
    # Goldberg, What every computer scientist should know about floating-point arithmetic (1991), theorem 4
    moved = add(ONE, x)
    whole = divide(multiply(x, apply(Op.LN, moved)), subtract(moved, ONE))
    return select(apply(Op.EQ, moved, ONE), x, whole)


def _minus_log_of_rest(p: Node) -> Node:
    """Return -ln(1 - p)."""
    return apply(Op.NEG, _log_of_one_plus(apply(Op.NEG, p)))


def _one_less_exp(x: Node) -> Node:
    """Return 1 - exp(-x)."""
    return subtract(ONE, apply(Op.EXP, apply(Op.NEG, x)))


def _at_least_0(x: Node) -> Node:
    return apply(Op.MAX, x, ZERO)


def _power(x: Node, y: Node) -> Node:
    return apply(Op.POW, x, y)


def _normal(mean: Node, sd: Node) -> Shape:
    return Shape(lambda x: apply(Op.NORMAL_CDF, x), lambda p: apply(Op.NORMAL_INV, p), mean, sd)


def _lognormal(mean: Node, sd: Node, shift: Node, stretch: Node) -> Shape:
    # mean and deviation are those of the log-normal itself
    ratio = divide(sd, mean)
    variance = _log_of_one_plus(multiply(ratio, ratio))
    centre = subtract(apply(Op.LN, mean), divide(variance, constant(2)))
    spread = apply(Op.SQRT, variance)

    def probability(x: Node) -> Node:
        log = apply(Op.LN, apply(Op.MAX, x, constant(1e-300)))
        inside = apply(Op.NORMAL_CDF, divide(subtract(log, centre), spread))
        return select(apply(Op.GT, x, ZERO), inside, ZERO)

    def inverse(p: Node) -> Node:
        return apply(Op.EXP, add(centre, multiply(spread, apply(Op.NORMAL_INV, p))))

    return Shape(probability, inverse, shift, stretch)


def _exponential(shift: Node, stretch: Node) -> Shape:
    return Shape(lambda x: _one_less_exp(_at_least_0(x)), _minus_log_of_rest, shift, stretch)


def _weibull(shape: Node, shift: Node, stretch: Node) -> Shape:
    return Shape(
        lambda x: _one_less_exp(_power(_at_least_0(x), shape)),
        lambda p: _power(_minus_log_of_rest(p), divide(ONE, shape)),
        shift,
        stretch,
    )


def _logistic(mean: Node, scale: Node) -> Shape:
    return Shape(
        lambda x: divide(ONE, add(ONE, apply(Op.EXP, apply(Op.NEG, x)))),
        lambda p: add(apply(Op.LN, p), _minus_log_of_rest(p)),
        mean,
        scale,
    )


def _pareto(shape: Node, scale: Node) -> Shape:
    return Shape(
        lambda x: select(apply(Op.GT, x, ONE), subtract(ONE, _power(x, apply(Op.NEG, shape))), ZERO),
        lambda p: _power(subtract(ONE, p), divide(constant(-1), shape)),
        ZERO,
        scale,
    )


def _triangular(start: Node, peak: Node, stop: Node) -> Shape:
    width, left, right = subtract(stop, start), subtract(peak, start), subtract(stop, peak)

    def probability(x: Node) -> Node:
        before, after = subtract(x, start), subtract(stop, x)
        rising = divide(multiply(before, before), multiply(width, left))
        falling = subtract(ONE, divide(multiply(after, after), multiply(width, right)))
        inside = select(apply(Op.LT, x, peak), rising, falling)
        return select(apply(Op.LE, x, start), ZERO, select(apply(Op.GE, x, stop), ONE, inside))

    def inverse(p: Node) -> Node:
        rising = add(start, apply(Op.SQRT, multiply(multiply(p, width), left)))
        falling = subtract(stop, apply(Op.SQRT, multiply(multiply(subtract(ONE, p), width), right)))
        return select(apply(Op.LT, multiply(p, width), left), rising, falling)

    return Shape(probability, inverse, ZERO, ONE)


_SHAPES: dict[Distribution, Callable[..., Shape]] = {
    Distribution.NORMAL: _normal,
    Distribution.LOGNORMAL: _lognormal,
    Distribution.EXPONENTIAL: _exponential,
    Distribution.WEIBULL: _weibull,
    Distribution.LOGISTIC: _logistic,
    Distribution.PARETO: _pareto,
    Distribution.TRIANGULAR: _triangular,
}
