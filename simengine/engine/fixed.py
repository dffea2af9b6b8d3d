"""The fixed-step loop: Euler, RK2, RK4, for one run or many at once.

In: an interpreter and a time plan. Out: a `Moment` at every step; `values` then hold what was computed for it.

Order of a step: auxiliaries and rates; save; stocks, memories and devices, all from the values of its begin.

Invariant: memories, devices and random draws are the same in all stages of a step.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple, TypeAlias

import numpy as np
from numpy.typing import NDArray

from simengine.engine.clock import TimePlan, plan_time
from simengine.engine.tableau import TABLEAUS, Tableau
from simengine.kernel.clock import ClockState
from simengine.kernel.interpreter import Interpreter
from simengine.model.definition import Method

Values: TypeAlias = NDArray[np.float64]


class Moment(NamedTuple):
    """A step of a run: its number, the clock, and whether it is saved."""

    step: int
    clock: ClockState
    saved: bool

    @property
    def time(self) -> float:
        """Time of the step."""
        return float(self.clock.time)


class Stepper:
    """Takes steps of a method.

    Parameters
    ----------
    interpreter
        The program; how many runs it holds decides the shape of values.
    tableau
        The method.

    """

    def __init__(self, interpreter: Interpreter, tableau: Tableau) -> None:
        program = interpreter.program
        self.interpreter = interpreter
        self.tableau = tableau
        self.stocks, self.rates = _selector(program.stocks), _selector(program.rates)
        self.floors = program.floors[:, None] if interpreter.many else program.floors
        self.has_floors = bool(program.floors.any())
        self.remembers = bool(program.memories or program.devices)

    def advance(self, values: Values, clock: ClockState, step: float) -> None:
        """Take one step; `values` hold auxiliaries and rates of its beginning. The clock stays there."""
        pending = self.interpreter.collect(values, clock) if self.remembers else None
        if len(self.tableau.b) == 1:
            following = values[self.stocks] + step * values[self.rates]
        else:
            following = self._stages(values, clock, step)
        if pending is not None:
            self.interpreter.commit(values, clock, pending)
        if self.has_floors:
            following = np.where(self.floors & (following < 0), 0.0, following)
        values[self.stocks] = following

    def _stages(self, values: Values, clock: ClockState, step: float) -> Values:
        tableau = self.tableau
        begin = np.array(values[self.stocks])
        slopes = [np.array(values[self.rates])]
        for stage in range(1, len(tableau.b)):
            moved = begin
            for weight, slope in zip(tableau.a[stage], slopes, strict=True):
                if weight:
                    moved = moved + (step * weight) * slope
            values[self.stocks] = moved
            clock.time = clock.begin + tableau.c[stage] * step
            self.interpreter.step(values, clock)
            slopes.append(np.array(values[self.rates]))
        clock.time = clock.begin
        following = begin
        for weight, slope in zip(tableau.b, slopes, strict=True):
            if weight:
                following = following + (step * weight) * slope
        return following


def run_steps(interpreter: Interpreter, values: Values, plan: TimePlan, method: Method) -> Iterator[Moment]:
    """Run a plan."""
    clock = plan.clock()
    interpreter.initial(values, clock)
    interpreter.settled(values, clock)
    stepper, saved = Stepper(interpreter, TABLEAUS[method]), set(plan.saved)
    for number in range(plan.steps + 1):
        clock.move(number, plan.time(number))
        interpreter.step(values, clock)
        yield Moment(number, clock, number in saved)
        if number < plan.steps:
            stepper.advance(values, clock, plan.step)


def run_moving(interpreter: Interpreter, values: Values, method: Method) -> Iterator[Moment]:
    """Run a program whose begin, end, time step or save interval change in the run (Vensim lets them).

    Time is accumulated here: there is no grid to count on. `values` are those of one run.
    """
    start_slot, stop_slot, step_slot, save_slot = interpreter.program.specs
    clock = ClockState()
    interpreter.step(values, clock)  # what the equations of INITIAL TIME give at time 0
    clock.start = values[start_slot]
    clock.move(0, float(clock.start))
    interpreter.initial(values, clock)
    interpreter.settled(values, clock)
    stepper = Stepper(interpreter, TABLEAUS[method])
    next_save, number = float(clock.time), 0
    while True:
        interpreter.step(values, clock)
        stop, step, save = (float(values[s]) for s in (stop_slot, step_slot, save_slot))
        clock.stop, clock.step_size, clock.save = values[stop_slot], values[step_slot], values[save_slot]
        now = float(clock.time)
        plan_time(now, max(stop, now), step, save)  # for what it refuses
        due = now >= next_save - 1e-6 * step
        last = now + 1e-6 * step >= stop
        yield Moment(number, clock, due or last)
        if last:
            return
        if due:
            next_save = now + save
        stepper.advance(values, clock, step)
        number += 1
        clock.move(number, now + step)


def _selector(slots: NDArray[np.int64]) -> Any:
    """Return what selects slots: a slice, which copies nothing, where they are consecutive."""
    if slots.size and np.all(np.diff(slots) == 1):
        return slice(int(slots[0]), int(slots[-1]) + 1)
    return slots
