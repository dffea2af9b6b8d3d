"""Adaptive methods: Dormand-Prince RK45 and stiff BDF, by SciPy.

In: an interpreter and a time plan. Out: a `Moment` at every step that is saved.

BDF is given the exact Jacobian of the rates where there is one (`engine.jacobian`).

Memories, devices and random draws change once a time step of the model; where a program has any, the solver is
started anew at every step, and they keep still within it.

Invariant: tolerances are fixed here, so that results do not depend on the caller.
References: SciPy `solve_ivp`; Dormand and Prince (1980); Shampine and Reichelt (1997).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from simengine.engine.clock import TimePlan
from simengine.engine.fixed import Moment
from simengine.engine.jacobian import stock_jacobian
from simengine.engine.step import Values
from simengine.kernel.interpreter import Interpreter
from simengine.model.definition import Method
from simengine.program.node import Draw
from simengine.program.program import Assign, Program
from simengine.program.walk import nodes_upward
from simengine.source.diagnostic import RunError

RELATIVE, ABSOLUTE = 1e-8, 1e-10
Slope = Callable[[float, NDArray[np.float64]], NDArray[np.float64]]
_NAMES = {Method.RK45: "RK45", Method.BDF: "BDF"}


class Stuck(RunError):
    """The solver found no way on; `values` are the last it computed, finite or not, at `moment`."""

    def __init__(self, message: str, values: Values, moment: Moment) -> None:
        super().__init__(message)
        self.values = values
        self.moment = moment


def changes_by_step(program: Program) -> bool:
    """Return whether something in a program changes once a time step only."""
    if program.memories or program.devices:
        return True
    nodes = nodes_upward(s.value for s in program.step if isinstance(s, Assign))
    return any(isinstance(node, Draw) for node in nodes)


def run_adaptive(interpreter: Interpreter, values: Values, plan: TimePlan, method: Method) -> Iterator[Moment]:
    """Run a plan, one run.

    Raises
    ------
    Stuck
        If the solver cannot go on.

    """
    program, clock = interpreter.program, plan.clock()
    interpreter.initial(values, clock)
    interpreter.settled(values, clock)
    stocks, rates, floors = program.stocks, program.rates, program.floors
    stepwise, saved = changes_by_step(program), set(plan.saved)

    def enter(moment: float, state: NDArray[np.float64]) -> None:
        clock.time = clock.begin = np.float64(moment)
        values[stocks] = np.where(floors & (state < 0), 0.0, state)

    def slope(moment: float, state: NDArray[np.float64]) -> NDArray[np.float64]:
        enter(moment, state)
        interpreter.step(values, clock)
        rate = values[rates]
        return np.where(floors & (state <= 0) & (rate < 0), 0.0, rate)

    streams = interpreter.streams
    exact = stock_jacobian(program, int(streams.runs), int(streams.seed)) if method is Method.BDF else None

    def jacobian(moment: float, state: NDArray[np.float64]) -> Any:
        assert exact is not None
        enter(moment, state)
        return exact.matrix(values, clock)

    previous: int | None = None
    for number in range(plan.steps + 1) if stepwise else plan.saved:
        state = values[stocks]
        if previous is not None:
            pending = interpreter.collect(values, clock)
            span = (plan.time(previous), plan.time(number))
            if stocks.size:
                try:
                    state = _solve(slope, span, state, _NAMES[method], plan.step, None if exact is None else jacobian)
                except _NoWay as problem:
                    raise Stuck(str(problem), values.copy(), Moment(previous, clock, saved=False)) from problem
            clock.move(previous, span[0])
            interpreter.commit(values, clock, pending)
        clock.move(number, plan.time(number))
        values[stocks] = np.where(floors & (state < 0), 0.0, state)
        interpreter.step(values, clock)
        yield Moment(number, clock, number in saved)
        previous = number


class _NoWay(Exception):
    """What the solver says of why it stopped."""


def _solve(
    slope: Slope,
    span: tuple[float, float],
    state: NDArray[np.float64],
    name: str,
    longest: float,
    jacobian: Callable[..., Any] | None = None,
) -> NDArray[np.float64]:
    """Return the stocks at the end of a span. Steps are no longer than the model's, so that no pulse is missed."""
    from scipy.integrate import solve_ivp  # heavy: only when asked for

    options = {} if jacobian is None else {"jac": jacobian}
    try:
        solved = solve_ivp(slope, span, state, method=name, rtol=RELATIVE, atol=ABSOLUTE, max_step=longest, **options)
        if solved.success:
            final: NDArray[np.float64] = solved.y[:, -1]
            return final
        problem = f"{name} could not pass time {solved.t[-1]:g}: {solved.message}"
    except (ValueError, np.linalg.LinAlgError) as reason:  # BDF given values that are not finite
        problem = f"{name} could not go on after time {span[0]:g}: {reason}"
    if jacobian is None:
        raise _NoWay(problem)
    # where rates jump, differences, which smear the jump, may find a way
    return _solve(slope, span, state, name, longest)
