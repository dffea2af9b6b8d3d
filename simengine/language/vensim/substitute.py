"""XMILE's functions by Vensim's: equations of equal value where Vensim has no function of the kind.

Invariant: a substitute has exactly the value of what it stands for; where there is none, `CannotWrite`.
"""

from __future__ import annotations

import math
from collections.abc import Callable

from simengine.builtins.template import add, divide, multiply, subtract
from simengine.language.vensim.refusal import CannotWrite
from simengine.model.expression import (
    Binary,
    Call,
    Expression,
    LookupCall,
    Number,
    Operator,
    Reference,
    Subscript,
    TableLiteral,
    number,
    walk,
)
from simengine.model.lookup import Between

_ZERO, _ONE = number(0.0), number(1.0)
_UNBOUNDED = number(1e30)


def substitute(node: Call) -> Expression:
    """Return an expression of Vensim's functions with the value of the call."""
    rule = _RULES.get(node.function)
    found = rule(node.arguments) if rule is not None else None
    if found is None:
        raise CannotWrite(node.name or node.function, "Vensim has no such function", node.span)
    return found


def call(function: str, *arguments: Expression) -> Call:
    """Return a call without a name as written: the writer then takes Vensim's."""
    return Call(function, arguments)


def _less(a: Expression, b: Expression) -> Expression:
    return Binary(Operator.LESS, a, b)


def _pi(_: tuple[Expression, ...]) -> Expression:
    return Number(math.pi)


def _log10(a: tuple[Expression, ...]) -> Expression:
    return call("log", a[0], number(10.0))


def _floor(a: tuple[Expression, ...]) -> Expression:
    whole = call("trunc", a[0])
    return call("if", _less(a[0], whole), subtract(whole, _ONE), whole)


def _round(a: tuple[Expression, ...]) -> Expression:
    half = number(0.5)
    up, down = call("trunc", add(a[0], half)), call("trunc", subtract(a[0], half))
    return call("if", _less(a[0], _ZERO), down, up)


def _mod(a: tuple[Expression, ...]) -> Expression:
    rest = call("modulo", a[0], a[1])
    return call("if", _less(multiply(rest, a[1]), _ZERO), add(rest, a[1]), rest)


def _safediv(a: tuple[Expression, ...]) -> Expression:
    otherwise = a[2] if len(a) > 2 else _ZERO
    return call("if", Binary(Operator.EQUAL, a[1], _ZERO), otherwise, divide(a[0], a[1]))


def _ramp(a: tuple[Expression, ...]) -> Expression | None:
    return call("ramp", a[0], a[1], a[2] if len(a) > 2 else call("stoptime"))


def _pulse(a: tuple[Expression, ...]) -> Expression | None:
    if len(a) < 2:
        return None
    height, dt = divide(a[0], call("dt")), call("dt")
    if len(a) == 2 or (isinstance(a[2], Number) and a[2].value == 0.0):
        return multiply(height, call("pulse", a[1], dt))
    if not (isinstance(a[2], Number) and a[2].value > 0.0):
        return None
    return multiply(height, call("pulse_train", a[1], dt, a[2], add(call("stoptime"), dt)))


def _previous(a: tuple[Expression, ...]) -> Expression:
    return call("delay_fixed", a[0], call("dt"), a[1] if len(a) > 1 else a[0])


def _series(a: tuple[Expression, ...]) -> Expression | None:
    """Data read from a file become a lookup of time, where straight lines run between the points."""
    if isinstance(a[0], TableLiteral) and a[0].table.between is Between.INTERPOLATE:
        return call("with_lookup", call("time"), a[0])
    return None


def _delay(a: tuple[Expression, ...]) -> Expression:
    return call("delay_fixed", a[0], a[1], a[2] if len(a) > 2 else a[0])


def _trend(a: tuple[Expression, ...]) -> Expression:
    return call("trend", a[0], a[1], a[2] if len(a) > 2 else _ZERO)


def _forecast(a: tuple[Expression, ...]) -> Expression | None:
    return call("forecast", *a) if len(a) == 3 else None


def _npv(a: tuple[Expression, ...]) -> Expression:
    return call("npv", a[0], a[1], a[2] if len(a) > 2 else _ZERO, _ONE)


def _lookup(a: tuple[Expression, ...]) -> Expression | None:
    if isinstance(a[0], Reference):
        return LookupCall(a[0], a[1])
    return call("with_lookup", a[1], a[0]) if isinstance(a[0], TableLiteral) else None


def _count(node: Expression) -> Expression | None:
    """Return the number of elements that the `!` subscripts of an expression run over."""
    names: dict[str, Subscript] = {}
    for part in walk(node):
        for index in part.subscripts if isinstance(part, Reference) else ():
            if isinstance(index, Subscript) and index.reduce:
                names.setdefault(index.key, index)
    out: Expression | None = None
    for index in names.values():
        one = call("elmcount", Reference(index.name, index.key))
        out = one if out is None else multiply(out, one)
    return out


def _mean(a: tuple[Expression, ...]) -> Expression | None:
    count = _count(a[0])
    return None if count is None else divide(call("sum", a[0]), count)


def _size(a: tuple[Expression, ...]) -> Expression | None:
    if isinstance(a[0], Reference) and not a[0].subscripts:
        return call("elmcount", a[0])
    return _count(a[0])


def _uniform(a: tuple[Expression, ...]) -> Expression:
    return call("random_uniform", a[0], a[1], a[2] if len(a) > 2 else _ZERO)


def _normal(a: tuple[Expression, ...]) -> Expression | None:
    low = a[3] if len(a) > 3 else Number(-_UNBOUNDED.value)
    high = a[4] if len(a) > 4 else _UNBOUNDED
    return call("random_normal", low, high, a[0], a[1], a[2] if len(a) > 2 else _ZERO)


def _exponential(a: tuple[Expression, ...]) -> Expression:
    return call("random_exponential", _ZERO, _UNBOUNDED, _ZERO, a[0], a[1] if len(a) > 1 else _ZERO)


def _poisson(a: tuple[Expression, ...]) -> Expression:
    return call("random_poisson", _ZERO, _UNBOUNDED, a[0], _ZERO, _ONE, a[1] if len(a) > 1 else _ZERO)


_RULES: dict[str, Callable[[tuple[Expression, ...]], Expression | None]] = {
    "pi": _pi,
    "log10": _log10,
    "floor": _floor,
    "round": _round,
    "mod": _mod,
    "safediv": _safediv,
    "ramp_xmile": _ramp,
    "pulse_xmile": _pulse,
    "previous": _previous,
    "series": _series,
    "delay_xmile": _delay,
    # the same numbers by Euler's method, while time / TIME STEP stays above the order; the writer refuses other methods
    "smooth_n": lambda a: call("smooth_n_discrete", *a),
    "delay_n": lambda a: call("delay_n_discrete", *a),
    "trend_xmile": _trend,
    "forecast_xmile": _forecast,
    "npv_xmile": _npv,
    "lookup_xmile": _lookup,
    "mean": _mean,
    "size": _size,
    "uniform_xmile": _uniform,
    "normal_xmile": _normal,
    "exponential_xmile": _exponential,
    "poisson_xmile": _poisson,
}
