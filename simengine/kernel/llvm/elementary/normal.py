"""The standard normal distribution function and its inverse.

Near the middle odd polynomials. In the tail the distribution function is exp(-t^2/2) times a smooth function of t; the
inverse is r = sqrt(-2 ln p) times a smooth function of r. Both smooth functions are polynomials in (t - k)/(t + k).

References: Shepherd and Laframboise, Chebyshev approximation of (1 + 2x) exp(x^2) erfc x (1981); Wichura, Algorithm AS
241 (1988). The polynomials are our own (benchmarks/coefficients.py).
"""

from __future__ import annotations

import math

from simengine.kernel.llvm.body import Body
from simengine.kernel.llvm.elementary.coefficients import (
    CDF_MIDDLE,
    CDF_TAIL,
    QUANTILE_FAR,
    QUANTILE_MIDDLE,
    QUANTILE_TAIL,
)
from simengine.kernel.llvm.elementary.exponential import parts, scale
from simengine.kernel.llvm.elementary.logarithm import ln_pair
from simengine.kernel.llvm.elementary.pair import Pair, over, quick_two_sum, times, total, two_product, two_sum
from simengine.kernel.llvm.elementary.polynomial import evaluate, evaluate_pair

MIDDLE = 0.67
"""Size up to which the distribution function is 1/2 and an odd polynomial."""
TURN = 6.0
"""Where the argument of the distribution function's tail is 0."""
MIDDLE_P = 0.135
"""Probability above which (on both sides) the inverse is an odd polynomial."""
FAR_R = 6.0
"""Value of r from which on the inverse's second tail is used."""
TURN_R, TURN_FAR = 3.5, 14.0
"""Where the arguments of the inverse's tails are 0."""
FARTHEST = 39.0
"""Beyond it the distribution function is 0 or 1."""


def _turned(body: Body, t: Pair, turn: float) -> str:
    """Return (t - k) / (t + k)."""
    above = body.add(body.sub(t[0], body.real(turn)), t[1])
    return body.div(above, body.add(body.add(t[0], body.real(turn)), t[1]))


def normal_cdf(body: Body, x: str) -> str:
    """Return the probability of at most x."""
    half, one, zero = body.real(0.5), body.real(1.0), body.real(0.0)
    size = body.absolute(x)
    near = body.add(half, body.mul(x, evaluate(body, body.mul(x, x), CDF_MIDDLE)))
    far = body.compare("ogt", size, body.real(FARTHEST))
    t = body.select(far, body.real(FARTHEST), size)
    high, low = two_product(body, t, t)
    whole, (e, rest) = parts(body, body.mul(high, body.real(-0.5)), body.mul(low, body.real(-0.5)))
    first, second = quick_two_sum(body, one, e)
    smooth = evaluate_pair(body, _turned(body, (t, zero), TURN), CDF_TAIL)
    share = over(body, smooth, two_sum(body, one, t))
    tail = scale(body, total(body, times(body, (first, body.add(second, rest)), share)), whole)
    value = body.select(body.compare("olt", x, zero), tail, body.sub(one, tail))
    value = body.select(body.compare("ole", size, body.real(MIDDLE)), near, value)
    return body.select(body.compare("uno", x, x), x, value)


def normal_inv(body: Body, p: str) -> str:
    """Return the number that a standard normal draw stays below with probability p."""
    zero, half, one = body.real(0.0), body.real(0.5), body.real(1.0)
    inside = body.both(body.compare("ogt", p, zero), body.compare("olt", p, one))
    sound = body.select(inside, p, half)
    q, rest = two_sum(body, sound, body.real(-0.5))
    near = total(body, times(body, (q, rest), evaluate_pair(body, body.mul(q, q), QUANTILE_MIDDLE)))
    upper = body.compare("ogt", sound, half)
    least = body.select(upper, body.sub(one, sound), sound)  # exact above 1/2
    tail = _tail(body, least)
    value = body.select(upper, tail, body.neg(tail))
    value = body.select(body.compare("oge", least, body.real(MIDDLE_P)), near, value)
    value = body.select(inside, value, body.real(math.nan))
    value = body.select(body.compare("oeq", p, zero), body.real(-math.inf), value)
    value = body.select(body.compare("oeq", p, one), body.real(math.inf), value)
    return body.select(body.compare("uno", p, p), p, value)


def _tail(body: Body, p: str) -> str:
    """Return how far out a small probability lies."""
    log = ln_pair(body, p)
    square = body.mul(log[0], body.real(-2.0)), body.mul(log[1], body.real(-2.0))
    root = body.intrinsic("sqrt", square[0])
    high, low = two_product(body, root, root)
    rest = body.add(body.sub(body.sub(square[0], high), low), square[1])
    r = quick_two_sum(body, root, body.div(rest, body.add(root, root)))
    near = evaluate_pair(body, _turned(body, r, TURN_R), QUANTILE_TAIL)
    far = evaluate_pair(body, _turned(body, r, TURN_FAR), QUANTILE_FAR)
    beyond = body.compare("ogt", root, body.real(FAR_R))
    smooth = body.select(beyond, far[0], near[0]), body.select(beyond, far[1], near[1])
    return total(body, times(body, r, smooth))
