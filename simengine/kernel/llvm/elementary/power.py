"""x to the power y: exp(y ln x), the logarithm as a pair.

Squares, square roots and reciprocals are what they are called: x x, sqrt(x), 1 / x, as in `kernel.primitive`.

References: Muller et al., Handbook of Floating-Point Arithmetic (2018), 11; C99 annex F.9.4.4 for the edges.
"""

from __future__ import annotations

import math

from simengine.kernel.llvm.body import Body
from simengine.kernel.llvm.elementary.exponential import of_pair
from simengine.kernel.llvm.elementary.logarithm import ln_pair
from simengine.kernel.llvm.elementary.pair import times

_FURTHEST = 2.0**64
"""An exponent beyond which every power but that of 1 is 0 or infinite."""


def power(body: Body, x: str, y: str) -> str:
    """Return x to the power y."""
    zero, one, infinite = body.real(0.0), body.real(1.0), body.real(math.inf)
    size = body.absolute(x)
    ordinary = body.both(body.compare("ogt", size, zero), body.compare("olt", size, infinite))
    safe = body.select(ordinary, size, one)
    far = body.compare("ogt", body.absolute(y), body.real(_FURTHEST))
    near = body.select(far, body.intrinsic("copysign", body.real(_FURTHEST), y), y)
    near = body.select(body.compare("uno", y, y), zero, near)
    high, low = times(body, ln_pair(body, safe), (near, zero))
    out = of_pair(body, high, body.select(body.compare("olt", body.absolute(high), body.real(800.0)), low, zero))
    out = _of_zero_and_infinity(body, size, y, out)
    out = _with_sign(body, x, y, out)
    out = body.select(body.either(body.compare("uno", x, x), body.compare("uno", y, y)), body.add(x, y), out)
    out = body.select(body.either(body.compare("oeq", x, one), body.compare("oeq", y, zero)), one, out)
    minus_one_far = body.both(body.compare("oeq", x, body.real(-1.0)), body.compare("oeq", body.absolute(y), infinite))
    out = body.select(minus_one_far, one, out)
    out = body.select(body.compare("oeq", y, body.real(2.0)), body.mul(x, x), out)
    out = body.select(body.compare("oeq", y, body.real(0.5)), body.intrinsic("sqrt", x), out)
    return body.select(body.compare("oeq", y, body.real(-1.0)), body.div(one, x), out)


def _of_zero_and_infinity(body: Body, size: str, y: str, out: str) -> str:
    zero, infinite = body.real(0.0), body.real(math.inf)
    rises = body.compare("ogt", y, zero)
    at_zero = body.select(rises, zero, infinite)
    out = body.select(body.compare("oeq", size, zero), at_zero, out)
    at_infinity = body.select(rises, infinite, zero)
    return body.select(body.compare("oeq", size, infinite), at_infinity, out)


def _with_sign(body: Body, x: str, y: str, out: str) -> str:
    """Return the power of a negative number: of its size, with a sign for odd exponents, none for fractions."""
    whole = body.compare("oeq", body.intrinsic("trunc", y), y)
    half = body.mul(y, body.real(0.5))
    odd = body.both(whole, body.compare("une", body.intrinsic("trunc", half), half))
    negative = body.compare_whole("slt", body.bits(x), body.integer(0))  # -0.0 too
    out = body.select(body.both(negative, odd), body.neg(out), out)
    below = body.both(body.compare("olt", x, body.real(0.0)), body.compare("ogt", x, body.real(-math.inf)))
    return body.select(body.both(below, body.opposite(whole)), body.real(math.nan), out)
