"""Delays and stocks that change once a time step, as equations: DELAY N, SMOOTH N, SINTEG of Vensim.

In: how many arguments a call has, and the order of its delay. Out: a `Macro`.

DELAY N and SMOOTH N of order n have n stages in a row. Only as many of them work as the delay time is longer than
time steps; those before let what comes in pass, and empty what they held, so that nothing is lost when the delay time
changes. A memory is what a stage holds: its next value comes from the beginning of the step, in every stage of a
Runge-Kutta step.

References: Vensim reference manual, "DELAY N", "SMOOTH N", "SINTEG".

Invariant: what went into a delay is in its stages or came out.
"""

from __future__ import annotations

from simengine.builtins.template import add, divide, integ, macro, multiply, subtract
from simengine.model.definition import Macro
from simengine.model.expression import NOT_AVAILABLE, Binary, Expression, Number, Operator, call, number, ref

_SHORT = 1.0 - 1e-9
"""A delay time of exactly so many steps, but for rounding, is not longer than they are."""

_INPUTS = ("input", "delay time", "initial")
_DT = call("dt")


def _stages(order: int) -> dict[str, Expression]:
    """Return how many stages work now, and the time each takes.

    Vensim ref. "DELAY N": the delay time must be bigger than order * TIME STEP, else the order is reduced until it is.
    """
    whole = call("trunc", multiply(divide(ref("delay time"), _DT), number(_SHORT)))
    working = call("min", number(order), call("max", number(1), whole))
    return {
        "stages": working,
        # a last stage shorter than a step would give more than it holds
        "stage time": call("max", divide(ref("delay time"), ref("stages")), _DT),
    }


def _works(stage: int, order: int) -> Expression:
    """Return whether a stage works: it is the last ones that do."""
    return Binary(Operator.GREATER, ref("stages"), number(order - stage + 0.5))


def delay_in_steps(_arguments: int, order: int) -> Macro:
    """Return DELAY N: what comes out rests on delay times of steps before.

    Vensim ref. "DELAY N": the output depends only on the values the delay time had in previous time steps. Vensim output
    (order 2, a delay time that steps): the stage before the last follows a changed delay time at once.
    """
    equations = _stages(order)
    equations["last stage time"] = call("memory", ref("stage time"), ref("stage time"))
    before: Expression = ref("input")
    for stage in range(1, order):
        level, rate, works = ref(f"level {stage}"), ref(f"rate {stage}"), _works(stage, order)
        passed = add(before, divide(level, _DT))
        equations[rate.name] = call("if", works, divide(level, ref("stage time")), passed)
        equations[level.name] = call(
            "memory",
            add(level, multiply(_DT, subtract(before, rate))),
            call("if", works, multiply(ref("initial"), ref("stage time")), number(0)),
        )
        before = rate
    last = ref(f"level {order}")
    equations["output"] = divide(last, ref("last stage time"))
    equations[last.name] = call(
        "memory",
        add(last, multiply(_DT, subtract(before, ref("output")))),
        multiply(ref("initial"), ref("stage time")),
    )
    return macro("delay", _INPUTS, equations)


def smooth_in_steps(_arguments: int, order: int) -> Macro:
    """Return SMOOTH N."""
    equations = _stages(order)
    before: Expression = ref("input")
    for stage in range(1, order + 1):
        level = ref(f"level {stage}") if stage < order else ref("output")
        moved = add(level, multiply(_DT, divide(subtract(before, level), ref("stage time"))))
        if stage == order:
            equations[level.name] = call("memory", moved, ref("initial"))
            break
        works = _works(stage, order)
        equations[level.name] = call("memory", call("if", works, moved, before), ref("initial"))
        equations[f"shown {stage}"] = call("if", works, level, before)
        before = ref(f"shown {stage}")
    return macro("smooth", _INPUTS, equations)


def restricted_integral(_arguments: int, _order: int) -> Macro:
    """Return SINTEG: a stock that is restricted anew at every step, beside the part that flows.

    Vensim ref. "SINTEG": never below min or above max, a multiple of quant, and spec when within thresh of it; each is
    left out where it is :NA:.
    """
    flowing, output = ref("flowing"), ref("output")
    # unverified: the manual does not say how a multiple is found; the nearest, so that no direction is preferred
    free = add(flowing, ref("withheld"))
    multiple = multiply(ref("quant"), call("floor", add(divide(free, ref("quant")), number(0.5))))
    near = Binary(Operator.LESS, call("abs", subtract(ref("multiple"), ref("spec"))), ref("thresh"))
    at_spec = call("if", near, ref("spec"), ref("multiple"))
    return macro(
        "sinteg",
        ("rate", "initial", "min", "max", "quant", "spec", "thresh"),
        {
            "flowing": integ(ref("rate"), ref("initial")),
            "withheld": call("memory", subtract(output, flowing), number(0)),
            "multiple": _unless_missing("quant", multiple, free),
            "special": _unless_missing("spec", _unless_missing("thresh", at_spec, ref("multiple")), ref("multiple")),
            "bounded": _unless_missing("min", call("max", ref("special"), ref("min")), ref("special")),
            "output": _unless_missing("max", call("min", ref("bounded"), ref("max")), ref("bounded")),
        },
    )


def _unless_missing(name: str, value: Expression, otherwise: Expression) -> Expression:
    return call("if", Binary(Operator.EQUAL, ref(name), Number(NOT_AVAILABLE)), otherwise, value)
