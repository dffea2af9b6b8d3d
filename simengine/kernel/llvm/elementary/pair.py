"""Double-double arithmetic: numbers as the unevaluated sum of two doubles.

In and out: registers. No fused multiply-add is used, so that every machine gives the same bits.

Invariant: `two_sum` and `two_product` are exact (but for overflow and underflow).
References: Dekker, A floating-point technique for extending the available precision (1971); Knuth, The Art of
Computer Programming 2, 4.2.2; Muller et al., Handbook of Floating-Point Arithmetic (2018), 4.3-4.4, 14.1.
"""

from __future__ import annotations

from simengine.kernel.llvm.body import Body

Pair = tuple[str, str]
"""High and low part."""

_HIGH_BITS = 0xFFFFFFFFF8000000
"""Leaves 26 bits of a significand: products of two such halves are exact."""


def two_sum(body: Body, a: str, b: str) -> Pair:
    """Return a + b exactly."""
    total = body.add(a, b)
    back = body.sub(total, a)
    low = body.add(body.sub(a, body.sub(total, back)), body.sub(b, back))
    return total, low


def quick_two_sum(body: Body, a: str, b: str) -> Pair:
    """Return a + b exactly, where |a| >= |b|."""
    total = body.add(a, b)
    return total, body.sub(b, body.sub(total, a))


def split(body: Body, a: str) -> Pair:
    """Return the leading 26 bits of a number, and the rest."""
    high = body.from_bits(body.whole("and", body.bits(a), body.integer(_HIGH_BITS)))
    return high, body.sub(a, high)


def two_product(body: Body, a: str, b: str) -> Pair:
    """Return a b exactly, to the last of 106 bits."""
    product = body.mul(a, b)
    ah, al = split(body, a)
    bh, bl = split(body, b)
    low = body.sub(body.mul(ah, bh), product)
    low = body.add(low, body.mul(ah, bl))
    low = body.add(low, body.mul(al, bh))
    return product, body.add(low, body.mul(al, bl))


def times(body: Body, a: Pair, b: Pair) -> Pair:
    """Return the product of two pairs."""
    high, low = two_product(body, a[0], b[0])
    cross = body.add(body.mul(a[0], b[1]), body.mul(a[1], b[0]))
    return quick_two_sum(body, high, body.add(low, cross))


def plus(body: Body, a: Pair, b: Pair) -> Pair:
    """Return the sum of two pairs; no cancellation is expected."""
    high, low = two_sum(body, a[0], b[0])
    return quick_two_sum(body, high, body.add(low, body.add(a[1], b[1])))


def over(body: Body, a: Pair, b: Pair) -> Pair:
    """Return the quotient of two pairs."""
    quotient = body.div(a[0], b[0])
    high, low = two_product(body, quotient, b[0])
    rest = body.sub(body.sub(a[0], high), low)
    rest = body.sub(body.add(rest, a[1]), body.mul(quotient, b[1]))
    return quick_two_sum(body, quotient, body.div(rest, b[0]))


def total(body: Body, a: Pair) -> str:
    """Return a pair as one double."""
    return body.add(a[0], a[1])


def constant(body: Body, numbers: tuple[float, float]) -> Pair:
    """Return a pair of constants."""
    return body.real(numbers[0]), body.real(numbers[1])
