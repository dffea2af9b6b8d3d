"""The clock as statements and devices see it.

Invariant: times are NumPy numbers, so that arithmetic on them follows IEEE (Python's own raises on x / 0).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np


@dataclass(slots=True)
class ClockState:
    """Time of the evaluation, the specs of the simulation, the number of the step (from 0), and its begin.

    `time` and `begin` are the same, except within the stages of a Runge-Kutta step.
    """

    time: float = np.float64(0.0)
    start: float = np.float64(0.0)
    stop: float = np.float64(0.0)
    step_size: float = np.float64(1.0)
    save: float = np.float64(1.0)
    step_number: int = 0
    begin: float = np.float64(0.0)

    def move(self, number: int, time: float) -> None:
        """Begin the step of that number at that time."""
        self.step_number = number
        self.time = self.begin = np.float64(time)
