"""atan, atan2, asin, acos.

References: Cody and Waite, Software Manual for the Elementary Functions (1980), 10-11; C99 annex F.9.1 for the edges.
"""

from __future__ import annotations

import math

from simengine.kernel.llvm.body import Body
from simengine.kernel.llvm.elementary.coefficients import ASIN, ATAN, PI_HALF_PAIR, PI_PAIR, PI_QUARTER_PAIR
from simengine.kernel.llvm.elementary.pair import Pair, constant, over, quick_two_sum, two_product, two_sum
from simengine.kernel.llvm.elementary.polynomial import evaluate

_TAN_PI_8 = 0.41421356237309503


def _arc(body: Body, small: Pair, large: Pair) -> Pair:
    """Return the arc tangent of small / large, both positive, in the first eighth of a turn, as a pair.

    Beyond tan(pi/8), (small - large) / (small + large) is taken, and an eighth of a turn added.
    """
    far = body.compare("ogt", small[0], body.mul(large[0], body.real(_TAN_PI_8)))
    lower, upper = two_sum(body, small[0], body.neg(large[0])), two_sum(body, small[0], large[0])
    lower = lower[0], body.add(lower[1], body.sub(small[1], large[1]))
    upper = upper[0], body.add(upper[1], body.add(small[1], large[1]))
    above = body.select(far, lower[0], small[0]), body.select(far, lower[1], small[1])
    below = body.select(far, upper[0], large[0]), body.select(far, upper[1], large[1])
    u, c = over(body, above, below)
    z = body.mul(u, u)
    part = body.add(body.mul(body.mul(u, z), evaluate(body, z, ATAN)), body.sub(c, body.mul(c, z)))
    base = constant(body, (PI_QUARTER_PAIR[0], PI_QUARTER_PAIR[1]))
    zero = body.real(0.0)
    first = body.select(far, base[0], zero)
    high, low = two_sum(body, first, u)
    return quick_two_sum(body, high, body.add(low, body.add(part, body.select(far, base[1], zero))))


def _from(body: Body, whole: tuple[float, ...], arc: Pair) -> Pair:
    """Return a constant less an arc."""
    high, low = two_sum(body, body.real(whole[0]), body.neg(arc[0]))
    return high, body.add(low, body.sub(body.real(whole[1]), arc[1]))


def _choose(body: Body, condition: str, then: Pair, otherwise: Pair) -> Pair:
    return body.select(condition, then[0], otherwise[0]), body.select(condition, then[1], otherwise[1])


def atan(body: Body, x: str) -> str:
    """Return the arc tangent."""
    zero, one = body.real(0.0), body.real(1.0)
    size = body.absolute(x)
    steep = body.compare("ogt", size, one)
    bounded = body.select(body.compare("ogt", size, body.real(2.0**60)), body.real(2.0**60), size)
    small, large = body.select(steep, one, bounded), body.select(steep, bounded, one)
    arc = _arc(body, (small, zero), (large, zero))
    arc = _choose(body, steep, _from(body, PI_HALF_PAIR, arc), arc)
    value = body.intrinsic("copysign", body.add(*arc), x)
    tiny = body.compare("olt", size, body.real(2.0**-27))
    value = body.select(tiny, x, value)
    return body.select(body.compare("uno", x, x), x, value)


def atan2(body: Body, y: str, x: str) -> str:
    """Return the angle of the point (x, y)."""
    zero, infinite = body.real(0.0), body.real(math.inf)
    height, width = body.absolute(y), body.absolute(x)
    both_far = body.both(body.compare("oeq", height, infinite), body.compare("oeq", width, infinite))
    height, width = (body.select(both_far, body.real(1.0), n) for n in (height, width))
    steep = body.compare("ogt", height, width)
    small, large = body.select(steep, width, height), body.select(steep, height, width)
    small, large = _bring_near(body, small, large)
    still = body.compare("oeq", large, zero)
    arc = _arc(body, (small, zero), (body.select(still, body.real(1.0), large), zero))
    arc = _choose(body, steep, _from(body, PI_HALF_PAIR, arc), arc)
    left = body.compare_whole("slt", body.bits(x), body.integer(0))
    value = body.add(*_choose(body, left, _from(body, PI_PAIR, arc), arc))
    # a flat angle may be smaller than any normal number: the quotient itself is right then
    ratio = body.div(height, width)
    flat = body.both(body.compare("olt", ratio, body.real(2.0**-27)), body.opposite(left))
    value = body.select(body.both(flat, body.compare("ogt", width, zero)), ratio, value)
    value = body.intrinsic("copysign", value, y)
    return body.select(body.compare("uno", x, y), body.add(x, y), value)


def _bring_near(body: Body, small: str, large: str) -> tuple[str, str]:
    """Return two numbers of the same ratio whose sums and products neither overflow nor lose digits."""
    vast = body.compare("ogt", large, body.real(2.0**500))
    slight = body.compare("olt", large, body.real(2.0**-500))
    factor = body.select(vast, body.real(2.0**-600), body.select(slight, body.real(2.0**600), body.real(1.0)))
    small, large = body.mul(small, factor), body.mul(large, factor)
    # infinite beside finite: the ratio is 0
    far = body.compare("oeq", large, body.real(math.inf))
    small = body.select(far, body.real(0.0), small)
    large = body.select(far, body.real(1.0), large)
    least = body.mul(large, body.real(2.0**-200))  # keeps products of halves from underflowing
    return body.select(body.compare("olt", small, least), body.real(0.0), small), large


def _of_root(body: Body, size: str) -> tuple[Pair, str]:
    """Return asin(sqrt(z)) for z = (1 - |x|) / 2, as a pair: the root and the rest; and the root's own rest."""
    z = body.mul(body.real(0.5), body.sub(body.real(1.0), size))
    root = body.intrinsic("sqrt", z)
    high, low = two_product(body, root, root)
    zero = body.compare("oeq", root, body.real(0.0))
    twice = body.select(zero, body.real(1.0), body.add(root, root))
    rest = body.div(body.sub(body.sub(z, high), low), twice)
    part = body.mul(body.mul(root, z), evaluate(body, z, ASIN))
    return (root, body.add(part, rest)), z


def _near_zero(body: Body, x: str) -> Pair:
    z = body.mul(x, x)
    return x, body.mul(body.mul(x, z), evaluate(body, z, ASIN))


def _beyond(body: Body, size: str) -> str:
    return body.compare("ogt", size, body.real(1.0))


def asin(body: Body, x: str) -> str:
    """Return the arc sine."""
    size = body.absolute(x)
    middle = body.compare("olt", size, body.real(0.5))
    inner = body.add(*_near_zero(body, body.select(middle, size, body.real(0.25))))
    (root, rest), _ = _of_root(body, body.select(_beyond(body, size), body.real(1.0), size))
    twice = body.add(root, root), body.add(rest, rest)
    outer = body.add(*_from(body, PI_HALF_PAIR, twice))
    value = body.intrinsic("copysign", body.select(middle, inner, outer), x)
    value = body.select(body.compare("olt", size, body.real(2.0**-27)), x, value)
    return _within_one(body, x, size, value)


def acos(body: Body, x: str) -> str:
    """Return the arc cosine."""
    size = body.absolute(x)
    middle = body.compare("olt", size, body.real(0.5))
    inner = body.add(*_from(body, PI_HALF_PAIR, _near_zero(body, body.select(middle, x, body.real(0.25)))))
    (root, rest), _ = _of_root(body, body.select(_beyond(body, size), body.real(1.0), size))
    twice = body.add(root, root), body.add(rest, rest)
    outer = body.select(
        body.compare("olt", x, body.real(0.0)), body.add(*_from(body, PI_PAIR, twice)), body.add(*twice)
    )
    return _within_one(body, x, size, body.select(middle, inner, outer))


def _within_one(body: Body, x: str, size: str, value: str) -> str:
    value = body.select(_beyond(body, size), body.real(math.nan), value)
    return body.select(body.compare("uno", x, x), x, value)
