"""ln and log10, and the logarithm as a pair, for powers.

x = 2^k (1 + f) with 1 + f between sqrt(1/2) and sqrt(2); s = f / (2 + f); ln(1 + f) = 2 atanh(s).

References: Tang, Table-driven implementation of the logarithm function (1990); Muller, Elementary Functions (2016), 6.
"""

from __future__ import annotations

import math

from simengine.kernel.llvm.body import Body
from simengine.kernel.llvm.elementary.coefficients import LN, LN2, LN_TAIL, LOG10_E, TWO_THIRDS
from simengine.kernel.llvm.elementary.pair import Pair, constant, over, plus, quick_two_sum, times, total, two_sum
from simengine.kernel.llvm.elementary.polynomial import evaluate

_ROOT_HALF = 0x3FE6A09E667F3BCD
"""The bits of sqrt(1/2)."""
_SIGNIFICAND = (1 << 52) - 1


def reduce(body: Body, x: str) -> tuple[str, str]:
    """Return k as a real, and f, of positive numbers, denormal ones too."""
    tiny = body.compare("olt", x, body.real(2.0**-1022))
    grown = body.select(tiny, body.mul(x, body.real(2.0**54)), x)
    shifted = body.whole("sub", body.bits(grown), body.integer(_ROOT_HALF))
    k = body.to_real(body.whole("ashr", shifted, body.integer(52)))
    k = body.sub(k, body.select(tiny, body.real(54.0), body.real(0.0)))
    bits = body.whole("add", body.whole("and", shifted, body.integer(_SIGNIFICAND)), body.integer(_ROOT_HALF))
    return k, body.sub(body.from_bits(bits), body.real(1.0))


def at_edges(body: Body, x: str, value: str) -> str:
    """Return a logarithm with what it is at 0, below 0, at infinity, and of what is not a number."""
    value = body.select(body.compare("oeq", x, body.real(0.0)), body.real(-math.inf), value)
    value = body.select(body.compare("olt", x, body.real(0.0)), body.real(math.nan), value)
    value = body.select(body.compare("oeq", x, body.real(math.inf)), x, value)
    return body.select(body.compare("uno", x, x), x, value)


def ln(body: Body, x: str) -> str:
    """Return the natural logarithm."""
    k, f = reduce(body, x)
    s = body.div(f, body.add(body.real(2.0), f))
    z = body.mul(s, s)
    rest = body.mul(z, evaluate(body, z, LN))
    half_square = body.mul(body.mul(body.real(0.5), f), f)
    # ln(1 + f) = f - f^2/2 + s (f^2/2 + z P(z)): f is exact, what is rounded is small
    low = body.add(body.mul(s, body.add(half_square, rest)), body.mul(k, body.real(LN2[1] + LN2[2])))
    out = body.sub(body.mul(k, body.real(LN2[0])), body.sub(body.sub(half_square, low), f))
    return at_edges(body, x, out)


def ln_pair(body: Body, x: str) -> Pair:
    """Return the natural logarithm of a positive number as a pair, to some 2^-65 of its value."""
    k, f = reduce(body, x)
    s = over(body, (f, body.real(0.0)), two_sum(body, body.real(2.0), f))
    z = times(body, s, s)
    tail = body.mul(z[0], evaluate(body, z[0], LN_TAIL))
    head = plus(body, constant(body, TWO_THIRDS), (tail, body.real(0.0)))
    cube = times(body, z, head)
    one = plus(body, (body.real(2.0), body.real(0.0)), cube)
    of_f = times(body, s, one)
    high = body.mul(k, body.real(LN2[0]))  # exact: 32 bits times 11
    middle = body.mul(k, body.real(LN2[1]))  # exact too
    big, small = quick_two_sum(body, high, middle)
    small = body.add(small, body.mul(k, body.real(LN2[2])))
    first, rest = two_sum(body, big, of_f[0])
    return quick_two_sum(body, first, body.add(rest, body.add(small, of_f[1])))


def log10(body: Body, x: str) -> str:
    """Return the logarithm to the base 10."""
    safe = body.select(body.compare("ogt", x, body.real(0.0)), x, body.real(1.0))
    safe = body.select(body.compare("olt", x, body.real(math.inf)), safe, body.real(1.0))
    out = total(body, times(body, ln_pair(body, safe), constant(body, LOG10_E)))
    return at_edges(body, x, out)
