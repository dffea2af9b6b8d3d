"""How much was simulated.

Invariant: a `Tally` is of one process and goes nowhere: sent elsewhere, it begins at nothing.
"""

from __future__ import annotations

import threading
from dataclasses import dataclass
from typing import Any

import numpy as np

from simengine.inference.arrays import Array


@dataclass(frozen=True, slots=True)
class Counts:
    """What was simulated.

    `gradients` are parameter sets at which all derivatives were taken, in `lanes` of native code: one a parameter.
    """

    runs: int = 0
    gradients: int = 0
    lanes: int = 0
    calls: int = 0
    failed: int = 0
    """Sets, of those run or with derivatives, of which not all that is looked at is a number."""
    seconds_of_runs: float = 0.0
    seconds_of_gradients: float = 0.0

    @property
    def cost_of_gradient(self) -> float | None:
        """What a gradient takes in time, in runs; None where either was not made.

        Its own run is among it. Single calls are dominated by what a call takes: a figure of many together is fairer.
        """
        if not self.runs or not self.gradients or not self.seconds_of_runs:
            return None
        return (self.seconds_of_gradients / self.gradients) / (self.seconds_of_runs / self.runs)

    @property
    def simulations(self) -> float:
        """All in runs: a gradient as what it takes in time, at least 2; as many as its lanes and 1 where unknown."""
        cost = self.cost_of_gradient
        if cost is None:
            return self.runs + self.gradients + self.lanes
        return self.runs + self.gradients * max(cost, 2.0)

    def __add__(self, other: Counts) -> Counts:
        return Counts(
            self.runs + other.runs,
            self.gradients + other.gradients,
            self.lanes + other.lanes,
            self.calls + other.calls,
            self.failed + other.failed,
            self.seconds_of_runs + other.seconds_of_runs,
            self.seconds_of_gradients + other.seconds_of_gradients,
        )


def count_failed(values: Array) -> int:
    """Return of how many sets not all values (K, ...) are numbers."""
    return int(np.sum(~np.isfinite(values).reshape(len(values), -1).all(axis=1)))


class Tally:
    """Counts while work goes on, from several threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self.counts = Counts()

    def __reduce__(self) -> tuple[Any, ...]:
        return Tally, ()

    def add_runs(self, values: Array, seconds: float) -> None:
        """Count runs of one call, which gave values (K, ...)."""
        self._add(Counts(runs=len(values), calls=1, failed=count_failed(values), seconds_of_runs=seconds))

    def add_slopes(self, values: Array, directions: int, seconds: float) -> None:
        """Count gradients of one call, whose runs gave values (K, ...)."""
        sets, failed = len(values), count_failed(values)
        self._add(Counts(gradients=sets, lanes=sets * directions, calls=1, failed=failed, seconds_of_gradients=seconds))

    def _add(self, more: Counts) -> None:
        with self._lock:
            self.counts = self.counts + more
