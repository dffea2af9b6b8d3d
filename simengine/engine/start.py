"""The start of a simulation: parameters in, constants computed, time planned, steps to come.

Invariant: runs that go together have the same times.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

from simengine.engine.adaptive import run_adaptive
from simengine.engine.clock import TimePlan, plan_run
from simengine.engine.fixed import Moment, run_moving, run_steps
from simengine.engine.step import Values
from simengine.engine.tableau import TABLEAUS
from simengine.kernel.clock import ClockState
from simengine.kernel.interpreter import Interpreter
from simengine.model.definition import Method
from simengine.program.program import Program
from simengine.source.diagnostic import InputError


def begin(
    interpreter: Interpreter, parameters: NDArray[np.float64], method: Method, slow: Sequence[Method] = ()
) -> tuple[Values, TimePlan | None, Iterator[Moment]]:
    """Return the values, the plan of time, and the steps to run; None for a plan where the specs move.

    Parameters
    ----------
    interpreter
        For one run, or many.
    parameters
        (parameters,) for one run, (runs, parameters) for many.
    method, slow
        How stocks are integrated, and those of slower clocks.

    """
    program = interpreter.program
    values = np.zeros((program.slot_count, *parameters.shape[:-1]))
    values[program.parameters] = parameters.T
    interpreter.constants(values, ClockState())
    if program.moving_specs:
        if method not in TABLEAUS:
            raise InputError("an adaptive method needs a time step and an end that do not change in the run")
        return values, None, run_moving(interpreter, values, method)
    plan = plan_of(program, values)
    if method in TABLEAUS:
        return values, plan, run_steps(interpreter, values, plan, method, slow)
    return values, plan, run_adaptive(interpreter, values, plan, method)


def plan_of(program: Program, values: Values) -> TimePlan:
    """Return the plan of time that values after the constants phase give."""
    rows = values[[*program.specs, *(clock.step for clock in program.clocks)]]
    if rows.ndim > 1:
        if np.any(rows != rows[:, :1]):
            raise InputError("start, stop, time steps and save interval must be the same in all runs of an ensemble")
        rows = rows[:, 0]
    return plan_run(program, [float(v) for v in rows])
