"""What a slower clock reads of faster parts: their mean, least, greatest or last value over its step just past.

In: calls that composition writes into equations of a slower clock. Out: hidden memories of the fast side, and what the
slow side reads of them.

At the step's beginning the memory starts anew with the fast value there, and takes each one up to the step's end. At
the clock's first tick, when no step is past, it holds the value at the start.

Invariant: what is read was known before the tick: no causality runs from a faster part to a slower one within a step.
"""

from __future__ import annotations

from simengine.model.expression import Binary, Call, Expression, Operator, Reference, binary, call, number
from simengine.model.variable import Equation, Variable
from simengine.source.names import Key

OVER_STEP = frozenset({"mean_over_step", "minimum_over_step", "maximum_over_step", "last_before_step"})
"""Builtins that only composition writes."""


def step_key(clock: Key) -> Key:
    """Return the key of the hidden variable that holds a slower clock's time step."""
    return Key(f">step {clock}")


def gathered(function: str, value: Reference, kept: Reference, clock: Key) -> Call:
    """Return the memory that gathers a fast value over a slower clock's step.

    Parameters
    ----------
    function
        One of `OVER_STEP`.
    value, kept
        The fast value, and the memory itself.
    clock
        The slower clock.

    """
    if function == "last_before_step":
        return call("memory", value, value)
    match function:
        case "minimum_over_step":
            so_far: Expression = call("min", kept, value)
        case "maximum_over_step":
            so_far = call("max", kept, value)
        case _:
            so_far = binary(Operator.ADD, kept, value)
    begins = binary(Operator.EQUAL, _hidden("passed", clock), number(0))
    return call("memory", call("if", begins, value, so_far), value)


def reading(function: str, kept: Reference, clock: Key) -> Expression:
    """Return what the slow side reads of a memory."""
    return Binary(Operator.DIVIDE, kept, _hidden("gathered", clock)) if function == "mean_over_step" else kept


def counters(clock: Key, step: Key) -> tuple[Variable, ...]:
    """Return what counts the steps within a slower clock's step: all, those passed, and those gathered so far.

    Parameters
    ----------
    clock
        The slower clock.
    step
        The key of the variable that holds the model's own time step.

    """
    every, passed, count = (_hidden(what, clock) for what in ("steps", "passed", "gathered"))
    ratio = binary(Operator.DIVIDE, Reference("step", step_key(clock)), Reference("step", step))
    following = binary(Operator.ADD, passed, number(1))
    # the ratio of steps is whole but for rounding: half a step tells on which side it lies
    over = binary(Operator.GREATER, binary(Operator.ADD, passed, number(1.5)), every)
    begins = binary(Operator.EQUAL, passed, number(0))
    one_more = binary(Operator.ADD, count, number(1))
    equations: dict[Key, Expression] = {
        every.key: ratio,
        passed.key: call("memory", call("if", over, number(0), following), number(0)),
        count.key: call("memory", call("if", begins, number(1), one_more), number(1)),
    }
    return tuple(Variable(key, key, (Equation((), e),), hidden=True) for key, e in equations.items())


def _hidden(what: str, clock: Key) -> Reference:
    return Reference(what, Key(f">{what} {clock}"))
