"""Rules of differentiation, a primitive a row.

In: a node, and the derivatives of its arguments, as forms (None: it has none). Out: its derivative; None for 0.

Where a function has a kink, the derivative is that of the branch that ran. `Op`s without a rule are named in
`NO_RULE`: a model in which a derivative passes through one is refused.

Invariant: `RULES`, `FLAT` and `NO_RULE` together know every primitive (tested), and every rule is tested against
differences of mpmath.
References: Griewank and Walther, Evaluating Derivatives (2008), 2-3.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

from simengine.compile.build import apply as of
from simengine.compile.build import constant as number
from simengine.compile.form import Form, add, choose, negative, over, times
from simengine.program.node import Apply, Constant, Node
from simengine.program.op import Op

Derivatives = Sequence["Form | None"]
Rule = Callable[[Apply, Derivatives, Node], "Form | None"]
"""Takes the node, the derivatives of its arguments, and where its own value is to be had."""


def _product(node: Apply, d: Derivatives, value: Node) -> Form | None:
    a, b = node.arguments
    return add(times(b, d[0]), times(a, d[1]))


def _quotient(node: Apply, d: Derivatives, value: Node) -> Form | None:
    _, b = node.arguments
    return over(add(d[0], negative(times(value, d[1]))), b)


def _power(node: Apply, d: Derivatives, value: Node) -> Form | None:
    x, y = node.arguments
    by_base = None
    if d[0] is not None:
        less = of(Op.SUB, y, number(1.0))
        by_base = times(of(Op.MUL, y, of(Op.POW, x, less)), d[0])
        if not (isinstance(y, Constant) and isinstance(y.value, float) and y.value >= 1):
            by_base = choose(of(Op.EQ, y, number(0.0)), None, by_base)  # x^0 is flat, at 0 too
    by_exponent = None
    if d[1] is not None:
        positive = of(Op.GT, x, number(0.0))
        logarithm = of(Op.LN, of(Op.SELECT, positive, x, number(1.0)))
        by_exponent = times(of(Op.MUL, value, logarithm), d[1])
    return add(by_base, by_exponent)


def _over_root(sign: float) -> Rule:
    def rule(node: Apply, d: Derivatives, value: Node) -> Form | None:
        x = node.arguments[0]
        root = of(Op.SQRT, of(Op.SUB, number(1.0), of(Op.MUL, x, x)))
        return over(d[0] if sign > 0 else negative(d[0]), root)

    return rule


def _angle(node: Apply, d: Derivatives, value: Node) -> Form | None:
    y, x = node.arguments
    square = of(Op.ADD, of(Op.MUL, x, x), of(Op.MUL, y, y))
    return over(add(times(x, d[0]), negative(times(y, d[1]))), square)


def _xidz(node: Apply, d: Derivatives, value: Node) -> Form | None:
    _, b, _ = node.arguments
    small = of(Op.LT, of(Op.ABS, b), number(1e-6))
    safe = of(Op.SELECT, small, number(1.0), b)
    ratio = Apply(Op.XIDZ, (*node.arguments[:2], number(0.0)))
    return choose(small, d[2], over(add(d[0], negative(times(ratio, d[1]))), safe))


def _tangent(node: Apply, d: Derivatives, value: Node) -> Form | None:
    return times(of(Op.ADD, number(1.0), of(Op.MUL, value, value)), d[0])


def _whole_part(rounding: Op) -> Rule:
    """Return the rule of x - y n, n a whole number of times."""

    def rule(node: Apply, d: Derivatives, value: Node) -> Form | None:
        x, y = node.arguments
        return add(d[0], negative(times(of(rounding, of(Op.DIV, x, y)), d[1])))

    return rule


def _density(node: Apply, d: Derivatives, value: Node) -> Form | None:
    x = node.arguments[0]
    bell = of(Op.EXP, of(Op.MUL, number(-0.5), of(Op.MUL, x, x)))
    return times(of(Op.MUL, number(1 / math.sqrt(2 * math.pi)), bell), d[0])


def _quantile(node: Apply, d: Derivatives, value: Node) -> Form | None:
    bell = of(Op.EXP, of(Op.MUL, number(0.5), of(Op.MUL, value, value)))
    return times(of(Op.MUL, number(math.sqrt(2 * math.pi)), bell), d[0])


RULES: dict[Op, Rule] = {
    Op.ADD: lambda _n, d, _v: add(d[0], d[1]),
    Op.SUB: lambda _n, d, _v: add(d[0], negative(d[1])),
    Op.MUL: _product,
    Op.DIV: _quotient,
    Op.POW: _power,
    Op.NEG: lambda _n, d, _v: negative(d[0]),
    Op.ABS: lambda n, d, _v: choose(of(Op.LT, n.arguments[0], number(0.0)), negative(d[0]), d[0]),
    Op.MIN: lambda n, d, _v: choose(of(Op.LE, *n.arguments), d[0], d[1]),
    Op.MAX: lambda n, d, _v: choose(of(Op.GE, *n.arguments), d[0], d[1]),
    Op.SQRT: lambda _n, d, v: over(d[0], of(Op.MUL, number(2.0), v)),
    Op.EXP: lambda _n, d, v: times(v, d[0]),
    Op.LN: lambda n, d, _v: over(d[0], n.arguments[0]),
    Op.LOG10: lambda n, d, _v: over(d[0], of(Op.MUL, n.arguments[0], number(math.log(10.0)))),
    Op.SIN: lambda n, d, _v: times(of(Op.COS, n.arguments[0]), d[0]),
    Op.COS: lambda n, d, _v: negative(times(of(Op.SIN, n.arguments[0]), d[0])),
    Op.TAN: _tangent,
    Op.ASIN: _over_root(1.0),
    Op.ACOS: _over_root(-1.0),
    Op.ATAN: lambda n, d, _v: over(d[0], of(Op.ADD, number(1.0), of(Op.MUL, n.arguments[0], n.arguments[0]))),
    Op.ATAN2: _angle,
    Op.SINH: lambda n, d, _v: times(of(Op.COSH, n.arguments[0]), d[0]),
    Op.COSH: lambda n, d, _v: times(of(Op.SINH, n.arguments[0]), d[0]),
    Op.TANH: lambda _n, d, v: times(of(Op.SUB, number(1.0), of(Op.MUL, v, v)), d[0]),
    Op.REM: _whole_part(Op.TRUNC),
    Op.MOD: _whole_part(Op.FLOOR),
    Op.SELECT: lambda n, d, _v: choose(n.arguments[0], d[1], d[2]),
    Op.XIDZ: _xidz,
    Op.NORMAL_CDF: _density,
    Op.NORMAL_INV: _quantile,
}

FLAT = frozenset(
    {
        Op.TRUNC,
        Op.FLOOR,
        Op.CEIL,
        Op.ROUND,
        Op.LT,
        Op.LE,
        Op.GT,
        Op.GE,
        Op.EQ,
        Op.NE,
        Op.AND,
        Op.OR,
        Op.NOT,
    }
)
"""Steps: flat wherever they have a derivative."""

NO_RULE = frozenset({Op.LNGAMMA})
