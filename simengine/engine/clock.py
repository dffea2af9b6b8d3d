"""Rules of time: how many steps a run has, and which of them are saved.

In: begin, end, time step, save interval. Out: `TimePlan`.

Slower clocks begin with the run and tick at whole numbers of its steps.

Invariant: the first step, the last, and those at which a multiple of the save interval is reached are saved.
References: Vensim reference manual, "Simulation Control Parameters"; conformance models control_vars and
euler_step_vs_saveper.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from simengine.kernel.clock import ClockState
from simengine.program.pace import steps_between_ticks
from simengine.program.program import Program
from simengine.source.diagnostic import InputError

MOST_STEPS = 100_000_000

_SLACK = 1e-3
"""Parts of a step that a time may fall short: time steps such as 0.333333 do not divide exactly."""


@dataclass(frozen=True, slots=True)
class Beat:
    """How a slower clock goes: it ticks once in so many steps, and its own step is so long."""

    every: int
    step: float


@dataclass(frozen=True, slots=True)
class TimePlan:
    """Start, step, number of steps, and the numbers of the steps saved."""

    start: float
    stop: float
    step: float
    save: float
    steps: int
    saved: tuple[int, ...]
    numbers: NDArray[np.int64] = field(compare=False, repr=False)
    """The same as `saved`, for those who read many at once; never written to."""
    beats: tuple[Beat, ...] = ()
    """Of the slower clocks, in the program's order."""

    def time(self, step: int) -> float:
        """Return the time of a step."""
        return self.start + step * self.step

    def times(self) -> NDArray[np.float64]:
        """Return the times of the steps saved."""
        return np.asarray(self.start + self.numbers * self.step, dtype=np.float64)

    def clock(self) -> ClockState:
        """Return the clock at the start of the plan."""
        return ClockState(self.start, self.start, self.stop, self.step, self.save, 0, self.start)


def plan_run(program: Program, specs: Sequence[float]) -> TimePlan:
    """Return the plan of a run of a program.

    Parameters
    ----------
    program
        What is run.
    specs
        The values of its specs, then of the time steps of its slower clocks.

    Raises
    ------
    InputError
        Where `plan_time` does, or if a slower clock's step is not two or more whole steps.

    """
    start, stop, step, save, *slow = specs
    plan = plan_time(start, stop, step, save)
    return replace(plan, beats=_beats(program, slow, step)) if slow else plan


def _beats(program: Program, slow: Sequence[float], step: float) -> tuple[Beat, ...]:
    out: list[Beat] = []
    for clock, own in zip(program.clocks, slow, strict=True):
        every = steps_between_ticks(own, step)
        if every is None:
            raise InputError(
                f"the time step of `{clock.key}`, {own:g}, must be a whole number of the model's time steps of "
                f"{step:g}, two or more: it is {own / step:.10g}"
            )
        if out and every > out[-1].every:
            raise InputError(
                f"the time step of `{clock.key}`, {own:g}, has become longer than that of "
                f"`{program.clocks[len(out) - 1].key}`, {out[-1].step:g}: in the model it is not"
            )
        out.append(Beat(every, own))
    return tuple(out)


@lru_cache(maxsize=64)
def plan_time(start: float, stop: float, step: float, save: float) -> TimePlan:
    """Return the plan of a run.

    A run ends at the last step that is not past the end. A save interval below the time step, or not above 0,
    saves every step.

    Raises
    ------
    InputError
        If the step is not positive, a number is missing, or the run would have more than 100 million steps.

    """
    for name, value in (("start", start), ("stop", stop), ("time step", step), ("save interval", save)):
        if not math.isfinite(value):
            raise InputError(f"the {name} of the simulation is not a number")
    if step <= 0:
        raise InputError(f"the time step must be above 0, it is {step:g}")
    if stop < start:
        raise InputError(f"the simulation ends at {stop:g}, before it starts at {start:g}")
    ratio = (stop - start) / step
    if ratio > MOST_STEPS:
        raise InputError(f"{ratio:.3g} time steps are more than {MOST_STEPS}: the time step {step:g} is too small")
    if start + step == start:
        raise InputError(f"the time step {step:g} is lost beside the start {start:g}")
    steps = math.floor(ratio + _SLACK)
    saved = _saved(steps, save / step)
    numbers = np.asarray(saved, dtype=np.int64)
    numbers.flags.writeable = False
    return TimePlan(start, stop, step, save, steps, saved, numbers)


def _saved(steps: int, every: float) -> tuple[int, ...]:
    whole = round(every)
    if every < 1.0 + _SLACK:
        return tuple(range(steps + 1))
    if abs(every - whole) < _SLACK:
        chosen = dict.fromkeys(range(0, steps + 1, whole))
    else:  # unverified: the first step that reaches the time
        count = math.floor(steps / every + _SLACK)
        chosen = dict.fromkeys(min(steps, math.ceil(j * every - _SLACK)) for j in range(count + 1))
    chosen[steps] = None  # unverified: Vensim's manual does not say whether the end is saved; nothing is lost so
    return tuple(chosen)
