"""Primitives as Python source over NumPy values: one table, complete (tested).

In: sources of the arguments. Out: source of the result.

Invariant: every form gives, for a number, the same bits as for an array that holds it.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from simengine.program.op import Op

INFIX: dict[Op, str] = {Op.ADD: "+", Op.SUB: "-", Op.MUL: "*", Op.DIV: "/"}
COMPARE: dict[Op, str] = {Op.LT: "<", Op.LE: "<=", Op.GT: ">", Op.GE: ">=", Op.EQ: "==", Op.NE: "!="}
LOGIC: dict[Op, str] = {Op.AND: "&", Op.OR: "|"}


def power(x: Any, y: Any) -> Any:
    """Return x to the power y; 0 to the power 0 is 1."""
    return np.power(x, y)


def round_half_away(x: Any) -> Any:
    """Return the nearest integer, halves away from zero."""
    return np.copysign(np.floor(np.abs(x) + 0.5), x)


def remainder_floor(x: Any, y: Any) -> Any:
    """Return x - y floor(x / y)."""
    return np.mod(x, y)


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
    """Return the smaller, element by element, the first where equal."""
    return np.where((a <= b) | np.isnan(a), a, b)


def maximum(a: Any, b: Any) -> Any:
    """Return the larger, element by element, the first where equal."""
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


FUNCTIONS: dict[Op, Any] = {
    Op.POW: power,
    Op.ABS: np.abs,
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
    Op.MOD: remainder_floor,
    Op.MIN: minimum,
    Op.MAX: maximum,
    Op.XIDZ: xidz,
    Op.SELECT: np.where,
    Op.NORMAL_CDF: normal_cdf,
    Op.NORMAL_INV: normal_inverse,
}

ONE_RUN: dict[Op, Any] = {Op.MIN: minimum_one, Op.MAX: maximum_one, Op.XIDZ: xidz_one, Op.ABS: abs}
"""Faster forms for single numbers."""
