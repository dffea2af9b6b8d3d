"""rem (the sign of the first), mod (the sign of the second), round (halves away from zero): exact.

References: C99 7.12.10.1 (fmod); Python reference, 6.7 (%), as NumPy's mod.
"""

from __future__ import annotations

import math

from simengine.kernel.llvm.body import Body
from simengine.kernel.llvm.elementary.pair import two_product


def rem(body: Body, x: str, y: str) -> str:
    """Return what is left of x after as many y as go into it.

    Where less than 2^52 do, x - q y is exact; a q that was rounded up is mended. Beyond, LLVM's own, which is exact
    too, is asked in lanes that need it.
    """
    zero, infinite = body.real(0.0), body.real(math.inf)
    size, step = body.absolute(x), body.absolute(y)
    ratio = body.div(size, step)
    simple = body.both(body.compare("olt", ratio, body.real(2.0**52)), body.compare("ogt", step, body.real(2.0**-900)))
    simple = body.both(simple, body.compare("olt", size, body.real(2.0**1000)))
    safe_x, safe_y = body.select(simple, size, zero), body.select(simple, step, body.real(1.0))
    q = body.intrinsic("floor", body.select(simple, ratio, zero))
    high, low = two_product(body, q, safe_y)
    rest = body.sub(body.sub(safe_x, high), low)
    rest = body.select(body.compare("olt", rest, zero), body.add(rest, safe_y), rest)
    rest = body.select(body.compare("oge", rest, safe_y), body.sub(rest, safe_y), rest)
    value = _or_exactly(body, x, y, simple, body.intrinsic("copysign", rest, x))
    unbounded = body.both(body.compare("oeq", step, infinite), body.compare("olt", size, infinite))
    return body.select(unbounded, x, value)


def _or_exactly(body: Body, x: str, y: str, simple: str, value: str) -> str:
    hard = body.opposite(simple)
    some = body.any_lane(hard)
    go, done, before = body.label("hard"), body.label("left"), body.block
    body.line(f"br i1 {some}, label %{go}, label %{done}")
    body.place(go)
    exact = body.new(f"frem {body.real_type} {x}, {y}")
    chosen = body.select(simple, value, exact)
    body.line(f"br label %{done}")
    body.place(done)
    return body.new(f"phi {body.real_type} [ {value}, %{before} ], [ {chosen}, %{go} ]")


def mod(body: Body, x: str, y: str) -> str:
    """Return x - y floor(x / y), exactly."""
    zero = body.real(0.0)
    left = body.call("rem", x, y)
    opposite = body.new(f"xor {body.truth_type} {body.compare('olt', left, zero)}, {body.compare('olt', y, zero)}")
    value = body.select(opposite, body.add(left, y), left)
    return body.select(body.compare("oeq", left, zero), body.intrinsic("copysign", zero, y), value)


def round_half_away(body: Body, x: str) -> str:
    """Return the nearest whole number, halves away from zero."""
    whole = body.intrinsic("trunc", x)
    far = body.compare("oge", body.absolute(body.sub(x, whole)), body.real(0.5))
    return body.select(far, body.add(whole, body.intrinsic("copysign", body.real(1.0), x)), whole)
