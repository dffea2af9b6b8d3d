"""sin, cos, tan.

x = k pi/2 + r with |r| <= pi/4: to 2^20 by subtracting pi/2 in four parts, beyond that by Payne and Hanek's method, on
256-bit integers, in a loop over the lanes that need it.

References: Cody and Waite (1980); Payne and Hanek, Radian reduction for trigonometric functions (1983); Muller,
Elementary Functions (2016), 11.
"""

from __future__ import annotations

import math

from simengine.kernel.llvm.body import Body
from simengine.kernel.llvm.elementary.coefficients import COS, PI_HALF, PI_HALF_PAIR, SIN, TWO_OVER_PI
from simengine.kernel.llvm.elementary.pair import Pair, constant, over, quick_two_sum, times, two_sum
from simengine.kernel.llvm.elementary.polynomial import evaluate

_ROUND = 1.5 * 2.0**52
LARGE = 2.0**20
"""Size from which on the reduction needs more bits of pi."""


def reduce(body: Body, x: str) -> tuple[str, str, str]:
    """Return r as a pair, and k modulo 4 as an integer."""
    shifted = body.add(body.mul(x, body.real(TWO_OVER_PI)), body.real(_ROUND))
    k = body.sub(shifted, body.real(_ROUND))
    quadrant = body.whole("and", body.bits(shifted), body.integer(3))
    first = body.sub(x, body.mul(k, body.real(PI_HALF[0])))  # exact, as the next products are
    high, low = two_sum(body, first, body.neg(body.mul(k, body.real(PI_HALF[1]))))
    high, more = two_sum(body, high, body.neg(body.mul(k, body.real(PI_HALF[2]))))
    low = body.add(low, more)
    low = body.sub(low, body.mul(k, body.real(PI_HALF[3])))
    high, low = quick_two_sum(body, high, low)
    return _or_large(body, x, high, low, quadrant)


def _or_large(body: Body, x: str, high: str, low: str, quadrant: str) -> tuple[str, str, str]:
    """Return the reduction of large numbers where x is large."""
    size = body.absolute(x)
    large = body.both(body.compare("oge", size, body.real(LARGE)), body.compare("olt", size, body.real(math.inf)))
    some = body.any_lane(large)
    go, done, before = body.label("large"), body.label("reduced"), body.block
    body.line(f"br i1 {some}, label %{go}, label %{done}")
    body.place(go)
    safe = body.select(large, x, body.real(LARGE))
    of_large = [body.call(stem, safe) for stem in ("reduced_high", "reduced_low", "reduced_quadrant")]
    new_high, new_low = (body.select(large, n, o) for n, o in zip(of_large, (high, low), strict=False))
    new_quadrant = body.select_whole(large, body.to_whole(of_large[2]), quadrant)
    last = body.block
    body.line(f"br label %{done}")
    body.place(done)
    out = [
        body.new(f"phi {kind} [ {a}, %{before} ], [ {b}, %{last} ]")
        for kind, a, b in (
            (body.real_type, high, new_high),
            (body.real_type, low, new_low),
            (body.integer_type, quadrant, new_quadrant),
        )
    ]
    return out[0], out[1], out[2]


def _sine(body: Body, r: str, low: str) -> Pair:
    """Return the sine of r + low as r and what is to be added."""
    z = body.mul(r, r)
    part = body.mul(body.mul(r, z), evaluate(body, z, SIN))
    return r, body.add(part, body.mul(low, body.sub(body.real(1.0), body.mul(body.real(0.5), z))))


def _cosine(body: Body, r: str, low: str) -> Pair:
    """Return the cosine of r + low as a number and what is to be added."""
    one = body.real(1.0)
    z = body.mul(r, r)
    half = body.mul(body.real(0.5), z)
    high = body.sub(one, half)
    rest = body.sub(body.sub(one, high), half)
    return high, body.add(rest, body.sub(body.mul(body.mul(z, z), evaluate(body, z, COS)), body.mul(r, low)))


def _turned(body: Body, x: str, turn: int) -> str:
    """Return the sine of x + turn quarter turns."""
    high, low, quadrant = reduce(body, x)
    if turn:
        quadrant = body.whole("add", quadrant, body.integer(turn))
    sine, cosine = _sine(body, high, low), _cosine(body, high, low)
    odd = body.compare_whole("ne", body.whole("and", quadrant, body.integer(1)), body.integer(0))
    value = body.select(odd, body.add(*cosine), body.add(*sine))
    sign = body.whole("shl", body.whole("and", quadrant, body.integer(2)), body.integer(62))
    value = body.from_bits(body.whole("xor", body.bits(value), sign))
    infinite = body.compare("oeq", body.absolute(x), body.real(math.inf))
    return body.select(infinite, body.real(math.nan), value)


def sin(body: Body, x: str) -> str:
    """Return the sine."""
    value = _turned(body, x, 0)
    return body.select(body.compare("olt", body.absolute(x), body.real(2.0**-27)), x, value)


def cos(body: Body, x: str) -> str:
    """Return the cosine."""
    return _turned(body, x, 1)


def tan(body: Body, x: str) -> str:
    """Return the tangent."""
    high, low, quadrant = reduce(body, x)
    sine = quick_two_sum(body, *_sine(body, high, low))
    cosine = quick_two_sum(body, *_cosine(body, high, low))
    odd = body.compare_whole("ne", body.whole("and", quadrant, body.integer(1)), body.integer(0))
    above = tuple(body.select(odd, body.neg(c), s) for s, c in zip(sine, cosine, strict=True))
    below = tuple(body.select(odd, s, c) for s, c in zip(sine, cosine, strict=True))
    value = body.add(*over(body, (above[0], above[1]), (below[0], below[1])))
    infinite = body.compare("oeq", body.absolute(x), body.real(math.inf))
    value = body.select(infinite, body.real(math.nan), value)
    return body.select(body.compare("olt", body.absolute(x), body.real(2.0**-27)), x, value)


def reduced_large(body: Body, x: str) -> tuple[str, str, str]:
    """Return r as a pair and k modulo 4 (as a real) of one large number, by Payne and Hanek's method.

    x = m 2^e. Of 2/pi those 256 bits are taken that matter for x 2/pi modulo 4; m times them, modulo 2^256, has k in
    its two leading bits and the fraction in the others.
    """
    bits = body.bits(body.absolute(x))
    exponent = body.whole("sub", body.whole("lshr", bits, body.integer(52)), body.integer(1075))
    significand = body.whole("or", body.whole("and", bits, body.integer((1 << 52) - 1)), body.integer(1 << 52))
    place = body.whole("add", exponent, body.integer(62))  # of the window, in bits, 64 zeros before 2/pi
    word = body.whole("lshr", place, body.integer(6))
    shift = body.whole("and", place, body.integer(63))
    window = ""
    for number in range(5):
        at = body.whole("add", word, body.integer(number))
        pointer = body.new(f"getelementptr inbounds i64, ptr @two_over_pi, i64 {at}")
        wide = body.new(f"zext i64 {body.new(f'load i64, ptr {pointer}')} to i320")
        moved = body.new(f"shl i320 {wide}, {64 * (4 - number)}") if number < 4 else wide
        window = body.new(f"or i320 {window}, {moved}") if window else moved
    window = body.new(f"shl i320 {window}, {body.new(f'zext i64 {shift} to i320')}")
    window = body.new(f"trunc i320 {body.new(f'lshr i320 {window}, 64')} to i256")
    product = body.new(f"mul i256 {window}, {body.new(f'zext i64 {significand} to i256')}")
    k = body.new(f"lshr i256 {body.new(f'add i256 {product}, {1 << 253}')}, 254")
    fraction = body.new(f"sub i256 {product}, {body.new(f'shl i256 {k}, 254')}")
    negative = body.new(f"icmp slt i256 {fraction}, 0")
    size = body.new(f"select i1 {negative}, i256 {body.new(f'sub i256 0, {fraction}')}, i256 {fraction}")
    body.needs.add("llvm.ctlz.i256")
    zeros = body.new(f"call i256 @llvm.ctlz.i256(i256 {size}, i1 false)")
    digits = body.new(f"shl i256 {size}, {zeros}")
    high = body.to_real(body.new(f"trunc i256 {body.new(f'lshr i256 {digits}, 203')} to i64"))
    middle = body.new(f"trunc i256 {body.new(f'lshr i256 {digits}, 150')} to i64")
    low = body.to_real(body.whole("and", middle, body.integer((1 << 53) - 1)))
    count = body.new(f"trunc i256 {zeros} to i64")
    # the fraction is digits 2^(-254 - zeros): its first 53 bits are worth 2^(203 - 254 - zeros)
    unit = body.whole("sub", body.integer(1023 - 51), count)
    factor = body.from_bits(body.whole("shl", unit, body.integer(52)))
    high = body.mul(high, factor)
    low = body.mul(body.mul(low, factor), body.real(2.0**-53))
    r = times(body, (high, low), constant(body, (PI_HALF_PAIR[0], PI_HALF_PAIR[1])))
    turned = body.new(f"xor i1 {negative}, {body.compare('olt', x, body.real(0.0))}")
    k = body.new(f"trunc i256 {k} to i64")
    back = body.whole("and", body.whole("sub", body.integer(0), k), body.integer(3))
    k = body.select_whole(body.compare("olt", x, body.real(0.0)), back, k)
    return (
        body.select(turned, body.neg(r[0]), r[0]),
        body.select(turned, body.neg(r[1]), r[1]),
        body.to_real(k),
    )
