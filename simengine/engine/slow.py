"""Slower clocks in the fixed-step loop: what goes by them is evaluated at their ticks, and moves from tick to tick.

In: an interpreter, a clock of its program, its method and beat. Out: a `SlowStepper`.

A tick computes everything the next one needs from the values of its own moment: what stands then, of faster parts too,
is what counts for the whole step. The next values wait until the step is over.

Invariant: between ticks nothing slow is computed, and nothing slow changes. Alone, what goes by a slower clock would
take the same steps, bit for bit.
"""

from __future__ import annotations

from simengine.engine.clock import Beat, TimePlan
from simengine.engine.step import Step, Stepper, Values
from simengine.engine.tableau import Tableau
from simengine.kernel.interpreter import Interpreter


class SlowStepper:
    """Takes the steps of one slower clock.

    Parameters
    ----------
    interpreter, number
        The program, and which of its clocks.
    tableau
        The clock's method.
    plan, beat
        The times of the run, and how often the clock ticks.

    """

    def __init__(self, interpreter: Interpreter, number: int, tableau: Tableau, plan: TimePlan, beat: Beat) -> None:
        self.beat, self.last = beat, plan.steps
        self.clock = plan.clock()
        self.clock.step_size = beat.step
        self._evaluate = interpreter.slow[number]
        self._stepper = Stepper(interpreter, tableau, number)
        self._following: Step | None = None

    def begin(self, values: Values, step: int) -> None:
        """Begin a step of the run: where it is a tick, evaluate, and compute what follows."""
        number, rest = divmod(step, self.beat.every)
        if rest:
            return
        clock = self.clock
        clock.move(number, clock.start + number * self.beat.step)
        self._evaluate(values, clock)
        if step + self.beat.every <= self.last:
            self._following = self._stepper.compute(values, clock, self.beat.step)
            if self._stepper.has_stages:  # they left their own values in place of those of the tick
                self._evaluate(values, clock)

    def end(self, values: Values, step: int) -> None:
        """End a step of the run: where the next is a tick, move."""
        if self._following is not None and (step + 1) % self.beat.every == 0:
            self._stepper.take(values, self.clock, self._following)
            self._following = None
