"""How the equations of a template are put together.

In: names and expressions. Out: a `Macro`, expanded like a modeller's own.

Invariant: nothing here knows a function.
"""

from __future__ import annotations

from simengine.model.definition import Macro
from simengine.model.expression import Binary, Call, Expression, Operator, call, ref
from simengine.model.variable import Equation, Variable
from simengine.source.names import key_of


def add(a: Expression, b: Expression) -> Binary:
    """Return a + b."""
    return Binary(Operator.ADD, a, b)


def subtract(a: Expression, b: Expression) -> Binary:
    """Return a - b."""
    return Binary(Operator.SUBTRACT, a, b)


def multiply(a: Expression, b: Expression) -> Binary:
    """Return a * b."""
    return Binary(Operator.MULTIPLY, a, b)


def divide(a: Expression, b: Expression) -> Binary:
    """Return a / b."""
    return Binary(Operator.DIVIDE, a, b)


def integ(rate: Expression, initial: Expression) -> Call:
    """Return a stock."""
    return call("integ", rate, initial)


def _variable(name: str, expression: Expression) -> Variable:
    return Variable(name, key_of(name), (Equation((), expression),), hidden=True)


def macro(
    name: str, inputs: tuple[str, ...], equations: dict[str, Expression], outputs: tuple[str, ...] = ("output",)
) -> Macro:
    """Return a macro with equations by name; one not among the outputs is its own affair."""
    return Macro(
        name,
        key_of(name),
        tuple(ref(i) for i in inputs),
        tuple(ref(o) for o in outputs),
        tuple(_variable(n, e) for n, e in equations.items()),
    )
