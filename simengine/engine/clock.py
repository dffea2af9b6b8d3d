"""Rules of time: how many steps a run has, and which of them are saved.

In: begin, end, time step, save interval. Out: `TimePlan`.

Invariant: the first and every multiple of the save interval up to the end are saved, at the step nearest.
References: Vensim reference manual, "Time and simulation control parameters".
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from simengine.source.diagnostic import InputError

MOST_STEPS = 100_000_000


@dataclass(frozen=True, slots=True)
class TimePlan:
    """Start, step, number of steps, and the numbers of the steps saved."""

    start: float
    stop: float
    step: float
    save: float
    steps: int
    saved: tuple[int, ...]

    def time(self, step: int) -> float:
        """Return the time of a step."""
        return self.start + step * self.step


def plan_time(start: float, stop: float, step: float, save: float) -> TimePlan:
    """Return the plan of a run.

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
    nearest = round(ratio)
    steps = nearest if abs(ratio - nearest) < 1e-6 * max(1.0, ratio) ** 0.5 else math.floor(ratio)
    every = save / step if save > 0 else 1.0
    every = max(every, 1.0)
    count = math.floor(steps / every + 1e-6)
    saved = dict.fromkeys(min(steps, math.ceil(j * every - 1e-6)) for j in range(count + 1))
    return TimePlan(start, stop, step, save, steps, tuple(saved))
