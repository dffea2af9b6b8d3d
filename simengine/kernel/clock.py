"""The clock as statements and devices see it."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(slots=True)
class ClockState:
    """Time of the evaluation, the specs of the simulation, and the number of the step (from 0)."""

    time: float = 0.0
    start: float = 0.0
    stop: float = 0.0
    step_size: float = 1.0
    save: float = 1.0
    step_number: int = 0
