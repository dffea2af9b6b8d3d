"""Adaptive methods: Dormand-Prince RK45 and stiff BDF, by SciPy.

In: an interpreter and a time plan. Out: values at the times to be saved.

Memories and devices change once a time step of the model; where a program has any, the solver is started
anew at every such step. Random draws are those of the step.

Invariant: tolerances are fixed here, so that results do not depend on the caller.
References: SciPy `solve_ivp`; Dormand and Prince (1980); Shampine and Reichelt (1997).
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from simengine.engine.clock import TimePlan
from simengine.engine.fixed import clock_of
from simengine.kernel.interpreter import Interpreter
from simengine.model.definition import Method
from simengine.source.diagnostic import InputError, RunError

RELATIVE, ABSOLUTE = 1e-8, 1e-10
_NAMES = {Method.RK45: "RK45", Method.BDF: "BDF"}


def run_adaptive(
    interpreter: Interpreter, values: NDArray[np.float64], plan: TimePlan, method: Method
) -> Iterator[tuple[int, float]]:
    """Run a plan; yield (step, time) whenever `values` hold what is to be saved."""
    from scipy.integrate import solve_ivp  # heavy: only when asked for

    program = interpreter.program
    if values.ndim > 1:
        raise InputError("adaptive methods run one run at a time")
    clock = clock_of(plan)
    interpreter.initial(values, clock)
    interpreter.settled(values, clock)
    stocks, rates = program.stocks, program.rates
    stepwise = bool(program.memories or program.devices)
    stops = range(plan.steps + 1) if stepwise else plan.saved

    def slope(moment: float, state: NDArray[np.float64]) -> NDArray[np.float64]:
        clock.time = moment
        clock.step_number = min(plan.steps, int((moment - plan.start) / plan.step + 1e-9))
        values[stocks] = state
        interpreter.step(values, clock)
        return values[rates].copy()

    previous: int | None = None
    saved = set(plan.saved)
    for number in stops:
        state = values[stocks].copy()
        if previous is not None and stocks.size:
            begin, end = plan.time(previous), plan.time(number)
            slope(begin, state)
            if stepwise:
                interpreter.update(values, clock)
            solved = solve_ivp(slope, (begin, end), state, method=_NAMES[method], rtol=RELATIVE, atol=ABSOLUTE)
            if not solved.success:
                raise RunError(f"{method.value} could not pass time {solved.t[-1]:g}: {solved.message}")
            state = solved.y[:, -1]
        clock.step_number = number
        slope(plan.time(number), state)
        if number in saved:
            yield number, plan.time(number)
        previous = number
