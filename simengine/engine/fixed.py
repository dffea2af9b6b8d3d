"""The fixed-step loop: Euler, RK2, RK4, for one run or many at once.

In: an interpreter and a time plan. Out: saved values.

Order of a step: auxiliaries and rates; save; memories and devices; stocks.

Invariant: memories, devices and random draws are the same in all stages of a step.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from simengine.engine.clock import TimePlan, plan_time
from simengine.engine.tableau import TABLEAUS, Tableau
from simengine.kernel.clock import ClockState
from simengine.kernel.interpreter import Interpreter
from simengine.model.definition import Method

Values = NDArray[np.float64]


def clock_of(plan: TimePlan) -> ClockState:
    """Return the clock at the start of a plan."""
    return ClockState(plan.start, plan.start, plan.stop, plan.step, plan.save, 0)


def run_steps(interpreter: Interpreter, values: Values, plan: TimePlan, method: Method) -> Iterator[tuple[int, float]]:
    """Run a plan; yield (step, time) whenever `values` hold what is to be saved."""
    clock = clock_of(plan)
    interpreter.initial(values, clock)
    interpreter.settled(values, clock)
    tableau, saved = TABLEAUS[method], set(plan.saved)
    for number in range(plan.steps + 1):
        clock.step_number, clock.time = number, plan.time(number)
        interpreter.step(values, clock)
        if number in saved:
            yield number, clock.time
        if number < plan.steps:
            advance(interpreter, values, clock, plan.step, tableau)


def advance(interpreter: Interpreter, values: Values, clock: ClockState, step: float, tableau: Tableau) -> None:
    """Take one step; `values` hold auxiliaries and rates of its beginning."""
    program = interpreter.program
    stocks, rates, time = program.stocks, program.rates, clock.time
    if len(tableau.b) == 1:
        following = values[stocks] + step * values[rates]
        interpreter.update(values, clock)
    else:
        first = values.copy()
        begin = values[stocks]
        slopes = [values[rates]]
        for stage in range(1, len(tableau.b)):
            moved = begin
            for weight, slope in zip(tableau.a[stage], slopes, strict=True):
                if weight:
                    moved = moved + (step * weight) * slope
            values[stocks] = moved
            clock.time = time + tableau.c[stage] * step
            interpreter.step(values, clock)
            slopes.append(values[rates])
        following = begin
        for weight, slope in zip(tableau.b, slopes, strict=True):
            following = following + (step * weight) * slope
        values[...] = first
        clock.time = time
        interpreter.update(values, clock)
    if program.floors.any():
        floors = program.floors if values.ndim == 1 else program.floors[:, None]
        following = np.where(floors & (following < 0), 0.0, following)
    values[stocks] = following


def run_moving(interpreter: Interpreter, values: Values, method: Method) -> Iterator[tuple[int, float]]:
    """Run a program whose begin, end, time step or save interval change in the run (Vensim lets them).

    Time is accumulated here: there is no grid to count on.
    """
    start_slot, stop_slot, step_slot, save_slot = interpreter.program.specs
    clock = ClockState()
    with np.errstate(all="ignore"):
        interpreter.step(values, clock)
    clock.time = clock.start = float(values[start_slot])
    interpreter.initial(values, clock)
    interpreter.settled(values, clock)
    next_save, number = clock.time, 0
    while True:
        clock.step_number = number
        interpreter.step(values, clock)
        step, save, stop = (float(values[s]) for s in (step_slot, save_slot, stop_slot))
        clock.step_size, clock.save, clock.stop = step, save, stop
        plan_time(clock.time, max(stop, clock.time), step, save)
        if clock.time >= next_save - 1e-6 * step:
            yield number, clock.time
            next_save = clock.time + save
        if clock.time + 1e-6 * step >= stop:
            return
        now = clock.time
        advance(interpreter, values, clock, step, TABLEAUS[method])
        clock.time = now + step
        number += 1
