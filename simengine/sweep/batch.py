"""Runs of a sweep: made, and measured.

In: a `SweepPlan`, a scenario, and which runs. Out: their draws, indicators, values over time, and failures.

Invariant: what comes of a run does not depend on which others are made with it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from simengine.api.model import Asked, run_ensemble
from simengine.results.run import Ensemble
from simengine.scenario.indicator import Indicator
from simengine.scenario.score import measure, values_of
from simengine.sweep.draws import Draws
from simengine.sweep.plan import SweepPlan

Array = NDArray[np.float64]
Progress = Callable[[int], None]
"""Is told now and then that work goes on; what it raises ends it."""


@dataclass(frozen=True)
class Failed:
    """Why a run failed: in words, when, and in which variable."""

    why: str
    time: float
    variable: str


@dataclass(frozen=True)
class Batch:
    """Runs of a scenario, one after the other from `first`."""

    scenario: str
    first: int
    draws: dict[str, Any]
    """By factor: (runs,) numbers, or words."""
    indicators: dict[str, Array]
    """By indicator: (runs,)."""
    times: Array
    series: Array
    """(runs, times, columns)."""
    failed: dict[int, Failed]
    """By place from 0."""

    @property
    def runs(self) -> int:
        """How many runs."""
        return len(self.series)


def make_batch(
    sweep: SweepPlan, scenario: str, first: int, count: int, *, threads: int | None = None, told: Progress | None = None
) -> Batch:
    """Make the runs `first` to `first + count` of a scenario; indicators of those that fail are not numbers."""
    task = _Task(sweep, sweep.draws[scenario], first, count, threads, told)
    own = task.run(scenario, sweep.outputs)
    failed = dict(own.failed)
    bases: dict[str, _Made] = {}
    for other in dict.fromkeys(i.minus for i in sweep.indicators if i.minus is not None):
        looked_at = {i.target.variable.name for i in sweep.indicators if i.minus == other}
        bases[other] = own if other == scenario else task.run(other, sorted(looked_at))
        for place, failure in bases[other].failed.items():
            failed.setdefault(place, Failed(f"in `{other}`: {failure.why}", failure.time, failure.variable))
    indicators: dict[str, Array] = {}
    for indicator in sweep.indicators:
        over_time = own.of(indicator)
        if indicator.minus is not None:
            over_time = over_time - bases[indicator.minus].of(indicator)
        measured = measure(indicator, own.times, over_time)
        measured[list(failed)] = np.nan  # what stands until a run fails is no measure of it
        indicators[indicator.name] = measured
    draws = sweep.draws[scenario].table(first, count)
    return Batch(scenario, first, draws, indicators, own.times, own.table(), dict(sorted(failed.items())))


@dataclass(frozen=True)
class _Made:
    """Runs of a scenario: ensembles, each with the places of its runs."""

    runs: int
    ensembles: tuple[tuple[NDArray[np.int64], Ensemble], ...]

    @property
    def times(self) -> Array:
        return self.ensembles[0][1].times

    @property
    def failed(self) -> dict[int, Failed]:
        return {
            int(places[n]): Failed(f.reason, f.time, f.variable)
            for places, ensemble in self.ensembles for n, f in ensemble.failed.items()
        }  # fmt: skip

    def of(self, indicator: Indicator) -> Array:
        """Return what an indicator looks at, (runs, times)."""
        name = indicator.target.variable.name
        return self._joined([values_of(indicator, e.values(name)) for _, e in self.ensembles])

    def table(self) -> Array:
        """Return all values, (runs, times, columns)."""
        return self._joined([e.table() for _, e in self.ensembles])

    def _joined(self, parts: Sequence[Array]) -> Array:
        if len(parts) == 1:
            return parts[0]
        out = np.empty((self.runs, *parts[0].shape[1:]))
        for (places, _), part in zip(self.ensembles, parts, strict=True):
            out[places] = part
        return out


@dataclass(frozen=True)
class _Task:
    """Which runs are made, by which draws and how many threads."""

    sweep: SweepPlan
    draws: Draws
    first: int
    count: int
    threads: int | None
    told: Progress | None

    def run(self, scenario: str, save: Sequence[str]) -> _Made:
        """Make them of a scenario, by the same draws whichever it is."""
        parts = self.draws.parts(scenario, self.first, self.count)
        return _Made(self.count, tuple((places, self._part(places, values, save)) for places, values in parts))

    def _part(self, places: NDArray[np.int64], values: dict[str, Any], save: Sequence[str]) -> Ensemble:
        plan, told = self.sweep.plan, self.told
        asked = Asked(
            values,
            save,
            self.threads,
            self.sweep.seed,
            plan.timing.method,
            progress=None if told is None else lambda done, _: told(done),
            run_numbers=self.first + places,
        )
        return run_ensemble(plan.model, asked)
