"""The fixed-step loop: Euler, RK2, RK4, for one run or many at once.

In: an interpreter and a time plan. Out: a `Moment` at every step; `values` then hold what was computed for it.

Order of a step: where slower clocks tick, what goes by them; auxiliaries and rates; save; stocks, memories and devices,
all from the values of its begin; what goes by slower clocks that tick next.

Invariant: everything of a step is computed before it is saved, and saved before anything moves.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from simengine.engine.clock import TimePlan, plan_time
from simengine.engine.slow import SlowStepper
from simengine.engine.step import Stepper, Values
from simengine.engine.tableau import TABLEAUS
from simengine.kernel.clock import ClockState
from simengine.kernel.interpreter import Interpreter
from simengine.model.definition import Method


class Moment(NamedTuple):
    """A step of a run: its number, the clock, whether it is saved, and the slower clocks, at their last ticks."""

    step: int
    clock: ClockState
    saved: bool
    clocks: tuple[ClockState, ...] = ()

    @property
    def time(self) -> float:
        """Time of the step."""
        return float(self.clock.time)


def run_steps(
    interpreter: Interpreter, values: Values, plan: TimePlan, method: Method, slow: Sequence[Method] = ()
) -> Iterator[Moment]:
    """Run a plan; `slow` are the methods of slower clocks."""
    clock = plan.clock()
    interpreter.initial(values, clock)
    interpreter.settled(values, clock)
    stepper, saved = Stepper(interpreter, TABLEAUS[method]), set(plan.saved)
    slower = [
        SlowStepper(interpreter, number, TABLEAUS[own], plan, beat)
        for number, (own, beat) in enumerate(zip(slow, plan.beats, strict=True))
    ]
    clocks = tuple(one.clock for one in slower)
    for number in range(plan.steps + 1):
        for one in slower:
            one.begin(values, number)
        clock.move(number, plan.time(number))
        interpreter.step(values, clock)
        yield Moment(number, clock, number in saved, clocks)
        if number < plan.steps:
            stepper.advance(values, clock, plan.step)
            for one in slower:
                one.end(values, number)


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
