"""Polynomials, evaluated in an order that leaves the processor something to do at once.

Invariant: the order depends on the number of coefficients only.
References: Estrin, Organization of computer systems (1960); Muller et al., Handbook of Floating-Point Arithmetic, 6.6.
"""

from __future__ import annotations

from collections.abc import Sequence

from simengine.kernel.llvm.body import Body
from simengine.kernel.llvm.elementary.pair import Pair, quick_two_sum


def evaluate_pair(body: Body, x: str, coefficients: Sequence[float]) -> Pair:
    """Return the value as a pair, for polynomials whose first coefficient is the largest part."""
    rest = body.mul(x, evaluate(body, x, coefficients[1:]))
    return quick_two_sum(body, body.real(coefficients[0]), rest)


def evaluate(body: Body, x: str, coefficients: Sequence[float]) -> str:
    """Return the value of a polynomial, constant first."""
    terms = [body.real(c) for c in coefficients]
    power = x
    while len(terms) > 2:
        paired = [
            body.add(terms[n], body.mul(terms[n + 1], power)) if n + 1 < len(terms) else terms[n]
            for n in range(0, len(terms), 2)
        ]
        terms = paired
        power = body.mul(power, power)
    return terms[0] if len(terms) == 1 else body.add(terms[0], body.mul(terms[1], power))
