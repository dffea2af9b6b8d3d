"""exp and expm1.

x = k ln 2 + r with |r| <= ln(2)/2; exp(r) = 1 + r + r^2 q(r); the result is scaled by 2^k in two steps, so that
denormal results are rounded once.

References: Cody and Waite, Software Manual for the Elementary Functions (1980); Tang, Table-driven implementation of
the exponential function (1989).
"""

from __future__ import annotations

import math

from simengine.kernel.llvm.body import Body
from simengine.kernel.llvm.elementary.coefficients import EXP, LN2, LOG2_E
from simengine.kernel.llvm.elementary.pair import Pair, quick_two_sum, two_sum
from simengine.kernel.llvm.elementary.polynomial import evaluate

_ROUND = 1.5 * 2.0**52
"""Added and taken away again, it leaves the nearest whole number, whose bits stand at the end of the sum's."""

HIGHEST, LOWEST = 709.782712893384, -745.1332191019412


def reduce(body: Body, x: str) -> tuple[str, str, str, str]:
    """Return k as an integer and a real, and r as the sum of two."""
    shifted = body.add(body.mul(x, body.real(LOG2_E)), body.real(_ROUND))
    k = body.sub(shifted, body.real(_ROUND))
    whole = body.whole("sub", body.bits(shifted), body.bits(body.real(_ROUND)))
    high = body.sub(x, body.mul(k, body.real(LN2[0])))  # exact: the constant has 32 bits
    low = body.mul(k, body.real(LN2[1] + LN2[2]))
    r = body.sub(high, low)
    return whole, k, r, body.sub(body.sub(high, r), low)


def less_one(body: Body, r: str, c: str) -> Pair:
    """Return exp(r + c) - 1 for small r, as r and what is to be added."""
    rest = body.mul(body.mul(r, r), evaluate(body, r, EXP))
    return r, body.add(rest, body.mul(c, body.add(body.real(1.0), body.add(r, rest))))


def power_of_two(body: Body, whole: str) -> str:
    """Return 2^k for -1022 <= k <= 1023."""
    return body.from_bits(body.whole("shl", body.whole("add", whole, body.integer(1023)), body.integer(52)))


def scale(body: Body, value: str, whole: str) -> str:
    """Return value 2^k, rounded once."""
    half = body.whole("ashr", whole, body.integer(1))
    rest = body.whole("sub", whole, half)
    return body.mul(body.mul(value, power_of_two(body, half)), power_of_two(body, rest))


def parts(body: Body, x: str, c: str) -> tuple[str, Pair]:
    """Return k, and what is to be added to 1 and multiplied by 2^k to give exp(x + c)."""
    whole, _, r, rest = reduce(body, x)
    return whole, less_one(body, r, body.add(rest, c))


def of_pair(body: Body, x: str, c: str, *, halve: bool = False) -> str:
    """Return exp(x + c), c far smaller than x; halved where asked, without overflow before."""
    whole, (e, t) = parts(body, x, c)
    value = body.add(body.real(1.0), body.add(e, t))
    if halve:
        whole = body.whole("sub", whole, body.integer(1))
    out = scale(body, value, whole)
    highest = HIGHEST + math.log(2.0) if halve else HIGHEST
    out = body.select(body.compare("ogt", x, body.real(highest)), body.real(math.inf), out)
    return body.select(body.compare("olt", x, body.real(LOWEST)), body.real(0.0), out)


def exp(body: Body, x: str) -> str:
    """Return exp(x)."""
    return of_pair(body, x, body.real(0.0))


def expm1_pair(body: Body, x: str) -> Pair:
    """Return exp(x) - 1 as a pair, for -40 < x < 700."""
    whole, _, r, rest = reduce(body, x)
    eh, el = quick_two_sum(body, *less_one(body, r, rest))
    factor = power_of_two(body, whole)
    high, low = two_sum(body, body.sub(factor, body.real(1.0)), body.mul(factor, eh))
    # 2^k - 1 is exact up to 2^53, and above that the 1 is lost to the last digit anyway
    return quick_two_sum(body, high, body.add(low, body.mul(factor, el)))


def expm1(body: Body, x: str) -> str:
    """Return exp(x) - 1."""
    large = body.compare("ogt", x, body.real(40.0))
    small = body.compare("olt", x, body.real(-40.0))
    safe = body.select(body.either(large, small), body.real(0.5), x)
    high, low = expm1_pair(body, safe)
    out = body.select(large, body.call("exp", x), body.add(high, low))
    out = body.select(small, body.real(-1.0), out)
    tiny = body.compare("olt", body.absolute(x), body.real(2.0**-54))
    return body.select(tiny, x, out)
