"""sinh, cosh, tanh, from exp(x) - 1 as a pair.

References: Cody and Waite, Software Manual for the Elementary Functions (1980), 12-13.
"""

from __future__ import annotations

import math

from simengine.kernel.llvm.body import Body
from simengine.kernel.llvm.elementary.exponential import expm1_pair, of_pair
from simengine.kernel.llvm.elementary.pair import Pair, over, plus, quick_two_sum, two_sum

_FAR = 40.0
"""Size beyond which exp(-x) is lost beside exp(x)."""


def _grown(body: Body, size: str) -> tuple[Pair, Pair]:
    """Return exp(size) - 1 and exp(size), as pairs."""
    less = expm1_pair(body, size)
    high, low = two_sum(body, less[0], body.real(1.0))
    return less, quick_two_sum(body, high, body.add(low, less[1]))


def sinh(body: Body, x: str) -> str:
    """Return the hyperbolic sine."""
    size = body.absolute(x)
    far = body.compare("oge", size, body.real(_FAR))
    less, grown = _grown(body, body.select(far, body.real(1.0), size))
    twice = plus(body, less, over(body, less, grown))  # E + E / (E + 1)
    near = body.mul(body.real(0.5), body.add(*twice))
    value = body.select(far, of_pair(body, size, body.real(0.0), halve=True), near)
    value = body.intrinsic("copysign", value, x)
    value = body.select(body.compare("olt", size, body.real(2.0**-27)), x, value)
    return body.select(body.compare("uno", x, x), x, value)


def cosh(body: Body, x: str) -> str:
    """Return the hyperbolic cosine."""
    size = body.absolute(x)
    far = body.compare("oge", size, body.real(_FAR))
    _, grown = _grown(body, body.select(far, body.real(1.0), size))
    twice = plus(body, grown, over(body, (body.real(1.0), body.real(0.0)), grown))
    near = body.mul(body.real(0.5), body.add(*twice))
    value = body.select(far, of_pair(body, size, body.real(0.0), halve=True), near)
    return body.select(body.compare("uno", x, x), x, value)


def tanh(body: Body, x: str) -> str:
    """Return the hyperbolic tangent."""
    size = body.absolute(x)
    far = body.compare("oge", size, body.real(20.0))
    bounded = body.select(far, body.real(1.0), size)
    less = expm1_pair(body, body.add(bounded, bounded))
    high, low = two_sum(body, less[0], body.real(2.0))
    value = body.add(*over(body, less, quick_two_sum(body, high, body.add(low, less[1]))))
    value = body.select(far, body.real(1.0), value)
    value = body.intrinsic("copysign", value, x)
    value = body.select(body.compare("olt", size, body.real(2.0**-28)), x, value)
    value = body.select(
        body.compare("oeq", size, body.real(math.inf)), body.intrinsic("copysign", body.real(1.0), x), value
    )
    return body.select(body.compare("uno", x, x), x, value)
