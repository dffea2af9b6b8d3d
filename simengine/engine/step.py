"""One step of a method: Euler, RK2, RK4, for one run or many at once.

In: an interpreter, values of the beginning of a step. Out: what memories, devices and stocks are at its end.

Invariant: memories, devices and random draws are the same in all stages of a step.
"""

from __future__ import annotations

from typing import Any, NamedTuple, TypeAlias

import numpy as np
from numpy.typing import NDArray

from simengine.engine.tableau import Tableau
from simengine.kernel.clock import ClockState
from simengine.kernel.interpreter import Interpreter, Pending

Values: TypeAlias = NDArray[np.float64]


class Step(NamedTuple):
    """What a step comes to: the next values of stocks, and what memories and devices take (None: there are none)."""

    stocks: Values
    pending: Pending | None


class Stepper:
    """Takes steps of a method.

    Parameters
    ----------
    interpreter
        The program; how many runs it holds decides the shape of values.
    tableau
        The method.
    slow
        Which of the program's slower clocks steps; -1: its own.

    """

    def __init__(self, interpreter: Interpreter, tableau: Tableau, slow: int = -1) -> None:
        program = interpreter.program
        group = program.own_group if slow < 0 else program.clocks[slow].group
        self.interpreter, self.slow = interpreter, slow
        self.tableau = tableau
        self.evaluate = interpreter.step if slow < 0 else interpreter.slow[slow]
        self.stocks, self.rates = _selector(group.stocks), _selector(group.rates)
        self.floors = group.floors[:, None] if interpreter.many else group.floors
        self.has_floors = bool(group.floors.any())
        self.has_stages = len(tableau.b) > 1
        self.remembers = bool(group.memories or group.devices)

    def advance(self, values: Values, clock: ClockState, step: float) -> None:
        """Take one step; `values` hold auxiliaries and rates of its beginning. The clock stays there."""
        self.take(values, clock, self.compute(values, clock, step))

    def compute(self, values: Values, clock: ClockState, step: float) -> Step:
        """Return what a step comes to. Stocks stay; auxiliaries and rates are those of the last stage."""
        pending = self.interpreter.collect(values, clock, self.slow) if self.remembers else None
        if self.has_stages:
            following = self._stages(values, clock, step)
        else:
            following = values[self.stocks] + step * values[self.rates]
        if self.has_floors:
            following = np.where(self.floors & (following < 0), 0.0, following)
        return Step(following, pending)

    def take(self, values: Values, clock: ClockState, step: Step) -> None:
        """End a step: everything that moves takes its next value. The clock shows the step's beginning."""
        if step.pending is not None:
            self.interpreter.commit(values, clock, step.pending, self.slow)
        values[self.stocks] = step.stocks

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
            self.evaluate(values, clock)
            slopes.append(np.array(values[self.rates]))
        clock.time = clock.begin
        values[self.stocks] = begin
        following = begin
        for weight, slope in zip(tableau.b, slopes, strict=True):
            if weight:
                following = following + (step * weight) * slope
        return following


def _selector(slots: NDArray[np.int64]) -> Any:
    """Return what selects slots: a slice, which copies nothing, where they are consecutive."""
    if slots.size and np.all(np.diff(slots) == 1):
        return slice(int(slots[0]), int(slots[-1]) + 1)
    return slots
