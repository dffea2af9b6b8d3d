"""Primitives over NumPy values: what each computes, for a number and for an array of them.

In: numbers or arrays. Out: the same kind. `INFIX`, `COMPARE` and `LOGIC` are written as operators by the code
generator, the others are called. Together the tables know every primitive (tested).

Invariant: every form gives, for a number, the same bits as for an array that holds it.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from simengine.program.op import Op

Function = Callable[..., Any]

INFIX: dict[Op, str] = {Op.ADD: "+", Op.SUB: "-", Op.MUL: "*", Op.DIV: "/"}
COMPARE: dict[Op, str] = {Op.LT: "<", Op.LE: "<=", Op.GT: ">", Op.GE: ">=", Op.EQ: "==", Op.NE: "!="}
LOGIC: dict[Op, str] = {Op.AND: "&", Op.OR: "|"}

_EXACT_POWERS: tuple[tuple[float, Function], ...] = (
    (2.0, lambda x: x * x),
    (0.5, np.sqrt),
    (-1.0, lambda x: 1.0 / x),
)
"""Exponents with a rule of their own.

`np.power` takes short cuts for these where the exponent is a single number, and not where it is an array:
the bits would differ between one run and many.
"""


def power(x: Any, y: Any) -> Any:
    """Return x to the power y: 0 to the power 0 is 1, a negative x to a fraction is not a number."""
    if np.ndim(y) == 0:
        for exponent, rule in _EXACT_POWERS:
            if y == exponent:
                return rule(np.asarray(x, dtype=np.float64)[()])
        return np.power(x, y)
    out = np.power(x, y)
    for exponent, rule in _EXACT_POWERS:
        chosen = np.equal(y, exponent)
        if chosen.any():
            out = np.where(chosen, rule(np.asarray(x, dtype=np.float64)), out)
    return out


def round_half_away(x: Any) -> Any:
    """Return the nearest integer, halves away from zero."""
    whole = np.trunc(x)
    return np.where(np.abs(x - whole) >= 0.5, whole + np.copysign(1.0, x), whole)[()]


def xidz(a: Any, b: Any, otherwise: Any) -> Any:
    """Return a / b, or `otherwise` where b is nearly 0 (Vensim ref. "XIDZ": below 1e-6)."""
    small = np.abs(b) < 1e-6
    return np.where(small, otherwise, a / np.where(small, 1.0, b))


def xidz_one(a: Any, b: Any, otherwise: Any) -> Any:
    """Return `xidz` of single numbers."""
    return otherwise if abs(b) < 1e-6 else a / b


def minimum_one(a: Any, b: Any) -> Any:
    """Return the smaller of two numbers; not a number if either is not."""
    return a if (a <= b or a != a) else b  # noqa: PLR0124


def maximum_one(a: Any, b: Any) -> Any:
    """Return the larger of two numbers; not a number if either is not."""
    return a if (a >= b or a != a) else b  # noqa: PLR0124


def minimum(a: Any, b: Any) -> Any:
    """Return the smaller, element by element; the first where equal (`np.minimum` may give either zero)."""
    return np.where((a <= b) | np.isnan(a), a, b)


def maximum(a: Any, b: Any) -> Any:
    """Return the larger, element by element; the first where equal."""
    return np.where((a >= b) | np.isnan(a), a, b)


def log_gamma(x: Any) -> Any:
    """Return the logarithm of the gamma function."""
    from scipy.special import gammaln  # heavy: only where a model asks for it

    return gammaln(x)


def normal_cdf(x: Any) -> Any:
    """Return the standard normal distribution function."""
    from scipy.special import ndtr

    return ndtr(x)


def normal_inverse(p: Any) -> Any:
    """Return the quantile of the standard normal distribution."""
    from scipy.special import ndtri

    return ndtri(p)


FUNCTIONS: dict[Op, Function] = {
    Op.POW: power,
    Op.NEG: np.negative,
    Op.ABS: np.abs,
    Op.MIN: minimum,
    Op.MAX: maximum,
    Op.SQRT: np.sqrt,
    Op.EXP: np.exp,
    Op.LN: np.log,
    Op.LOG10: np.log10,
    Op.SIN: np.sin,
    Op.COS: np.cos,
    Op.TAN: np.tan,
    Op.ASIN: np.arcsin,
    Op.ACOS: np.arccos,
    Op.ATAN: np.arctan,
    Op.ATAN2: np.arctan2,
    Op.SINH: np.sinh,
    Op.COSH: np.cosh,
    Op.TANH: np.tanh,
    Op.LNGAMMA: log_gamma,
    Op.TRUNC: np.trunc,
    Op.FLOOR: np.floor,
    Op.CEIL: np.ceil,
    Op.ROUND: round_half_away,
    Op.REM: np.fmod,
    Op.MOD: np.mod,
    Op.NOT: np.logical_not,
    Op.SELECT: np.where,
    Op.XIDZ: xidz,
    Op.NORMAL_CDF: normal_cdf,
    Op.NORMAL_INV: normal_inverse,
}

ONE_RUN: dict[Op, Function] = {Op.MIN: minimum_one, Op.MAX: maximum_one, Op.XIDZ: xidz_one, Op.ABS: abs}
"""Faster forms for single numbers."""
