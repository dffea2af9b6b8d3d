"""Primitives as instructions.

In: registers of the arguments. Out: the register of the value. `WRITERS` and `kernel.primitive` know the same
primitives (tested).

Invariant: the same value as `kernel.primitive`, lane by lane; truth is 1.0, falsehood 0.0.
"""

from __future__ import annotations

from collections.abc import Callable

from simengine.kernel.llvm.body import Body, is_number
from simengine.program.op import Op

Writer = Callable[..., str]

COMPARE: dict[Op, str] = {
    Op.LT: "olt",
    Op.LE: "ole",
    Op.GT: "ogt",
    Op.GE: "oge",
    Op.EQ: "oeq",
    Op.NE: "une",
}


FOREIGN = frozenset({Op.LNGAMMA})
"""Primitives that are called back for."""


def truth_of(body: Body, value: str) -> str:
    """Return whether a real counts as true: anything but 0, NaN included."""
    return body.compare("une", value, body.real(0.0))


def real_of(body: Body, truth: str) -> str:
    """Return 1.0 or 0.0 for a condition."""
    return body.select(truth, body.real(1.0), body.real(0.0))


def _smaller(body: Body, a: str, b: str) -> str:
    return _first(body, a, b, "olt")


def _larger(body: Body, a: str, b: str) -> str:
    return _first(body, a, b, "ogt")


def _first(body: Body, a: str, b: str, before: str) -> str:
    """Return b if it comes before a, else a (the first where equal); not a number if either is not."""
    out = body.select(body.compare(before, b, a), b, a)  # a, if a is not a number
    return out if is_number(b) else body.select(body.compare("uno", b, b), b, out)


def _xidz(body: Body, a: str, b: str, otherwise: str) -> str:
    small = body.compare("olt", body.absolute(b), body.real(1e-6))
    return body.select(small, otherwise, body.div(a, body.select(small, body.real(1.0), b)))


def _function(stem: str) -> Writer:
    return lambda body, *arguments: body.call(stem, *arguments)


def _intrinsic(name: str) -> Writer:
    return lambda body, *arguments: body.intrinsic(name, *arguments)


WRITERS: dict[Op, Writer] = {
    Op.ADD: Body.add,
    Op.SUB: Body.sub,
    Op.MUL: Body.mul,
    Op.DIV: Body.div,
    Op.NEG: Body.neg,
    Op.ABS: Body.absolute,
    Op.MIN: _smaller,
    Op.MAX: _larger,
    Op.SQRT: _intrinsic("sqrt"),
    Op.TRUNC: _intrinsic("trunc"),
    Op.FLOOR: _intrinsic("floor"),
    Op.CEIL: _intrinsic("ceil"),
    Op.XIDZ: _xidz,
    **{
        op: _function(op.mnemonic)
        for op in (
            Op.POW,
            Op.EXP,
            Op.LN,
            Op.LOG10,
            Op.SIN,
            Op.COS,
            Op.TAN,
            Op.ASIN,
            Op.ACOS,
            Op.ATAN,
            Op.ATAN2,
            Op.SINH,
            Op.COSH,
            Op.TANH,
            Op.ROUND,
            Op.REM,
            Op.MOD,
            Op.NORMAL_CDF,
            Op.NORMAL_INV,
        )
    },
}
"""Primitives of reals; comparisons, logic and SELECT stand in `statement`, which keeps conditions as conditions."""
