"""Where a run went wrong: the first value, by causality, that is not a number.

In: a run known to hold NaN or infinity. Out: `Failure`.

Invariant: locating runs the model anew, statement by statement, and changes no result.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from simengine.compile.phases import slot_name
from simengine.engine.clock import TimePlan
from simengine.engine.fixed import advance, clock_of
from simengine.engine.tableau import TABLEAUS
from simengine.engine.trajectory import Failure
from simengine.kernel.interpreter import Interpreter
from simengine.model.definition import Method
from simengine.program.node import Apply, Node, operands
from simengine.program.op import Op
from simengine.program.program import Assign, Program, Statement


def locate(
    program: Program, parameters: NDArray[np.float64], run: int, seed: int, plan: TimePlan, method: Method
) -> Failure | None:
    """Return the first failure of a run; None if it has none after all."""
    interpreter = Interpreter(program, np.asarray([run]), seed)
    values = np.zeros((program.slot_count, 1))
    values[program.parameters] = parameters[:, None]
    clock = clock_of(plan)
    with np.errstate(all="ignore"):
        interpreter.constants(values, clock)
        interpreter.initial(values, clock)
        interpreter.settled(values, clock)
        for phase in (program.constants, program.initial, program.settled):
            found = _first_bad(program, phase, values, clock.time, run)
            if found is not None:
                return found
        for number in range(plan.steps + 1):
            clock.step_number, clock.time = number, plan.time(number)
            interpreter.step(values, clock)
            if not np.isfinite(values[:, 0]).all():
                found = _first_bad(program, program.step, values, clock.time, run)
                found = found or _bad_stock(program, values, clock.time, run)
                if found is not None:
                    return found
            if number < plan.steps:
                advance(interpreter, values, clock, plan.step, TABLEAUS[method])
    return None


def _first_bad(
    program: Program, statements: tuple[Statement, ...], values: NDArray[np.float64], time: float, run: int
) -> Failure | None:
    for statement in statements:
        if not isinstance(statement, Assign):
            continue
        slots = np.atleast_1d(statement.slots).ravel()
        bad = slots[~np.isfinite(values[slots, 0])]
        if bad.size:
            value = float(values[bad[0], 0])
            name = slot_name(program.variables, int(bad[0]))
            if name.startswith("slot "):
                name = f"net flow of {program.variables[statement.variable].name}"
            return Failure(run, time, name, _reason(statement.value, value), statement.span)
    return None


def _bad_stock(program: Program, values: NDArray[np.float64], time: float, run: int) -> Failure | None:
    bad = program.stocks[~np.isfinite(values[program.stocks, 0])]
    if not bad.size:
        return None
    value = float(values[bad[0], 0])
    return Failure(run, time, slot_name(program.variables, int(bad[0])), f"it grew beyond all numbers ({value})")


def _reason(node: Node, value: float) -> str:
    what = "not a number" if np.isnan(value) else "infinite"
    causes = {
        Op.DIV: "a division by zero",
        Op.LN: "the logarithm of a number not above zero",
        Op.LOG10: "the logarithm of a number not above zero",
        Op.SQRT: "the square root of a negative number",
        Op.POW: "a power of a negative number, or too large",
        Op.EXP: "an exponential too large",
        Op.ASIN: "the arcsine of a number beyond 1",
        Op.ACOS: "the arccosine of a number beyond 1",
    }
    found: list[str] = []
    stack = [node]
    while stack:
        at = stack.pop()
        if isinstance(at, Apply) and at.op in causes and causes[at.op] not in found:
            found.append(causes[at.op])
        stack.extend(operands(at))
    return f"it is {what}" + (f" (perhaps {' or '.join(found[:2])})" if found else "")
