"""What a simulation gives: values over time, how it went, and where it failed.

Invariant: `values` has the shape (time, slot), or (run, time, slot) for many runs.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from simengine.source.file import Span


@dataclass(frozen=True, slots=True)
class Failure:
    """The first value of a run that is not a number, in order of causality."""

    run: int
    time: float
    variable: str
    reason: str
    span: Span | None = field(default=None, compare=False, repr=False)

    def __str__(self) -> str:
        return f"`{self.variable}` at time {self.time:g}: {self.reason}"


@dataclass(frozen=True, slots=True)
class RunInfo:
    """How a simulation was run."""

    backend: str
    method: str
    steps: int
    seconds: float
    notes: tuple[str, ...] = ()
    threads: int = 1


@dataclass(frozen=True, slots=True, eq=False)
class Trajectory:
    """Times, the values of the slots asked for, failures, and how it was run."""

    times: NDArray[np.float64]
    values: NDArray[np.float64]
    failures: tuple[Failure, ...]
    info: RunInfo
    statistics: tuple[str, ...] = ()
    """Names of statistics that stand where times would."""
    levels: tuple[float, ...] = ()
    """Levels of quantiles that stand where runs would."""
    runs: int = 0
    """How many runs the quantiles are of, those that failed not counted."""
