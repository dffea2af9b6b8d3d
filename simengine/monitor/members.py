"""The runs a forecast is made of: one, or an ensemble with draws of what is uncertain.

In: a plan of scenarios, how many members. Out: values over saved times of the variables asked for.

Invariant: member n of every scenario has the same draws; those that fail are left out, and counted.
"""

from __future__ import annotations

import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from simengine.api.model import Asked, run_ensemble
from simengine.results.run import Ensemble, Run
from simengine.sampling.copula import correlate
from simengine.sampling.design import Design
from simengine.scenario.names import ModelNames
from simengine.scenario.plan import Plan
from simengine.scenario.run import values_of
from simengine.scenario.varied import Varied
from simengine.source.diagnostic import InputError, RunWarning

Array = NDArray[np.float64]
Series = Mapping[str, Mapping[float, Array]]
"""Values over time by name, those at a time differing by member."""


@dataclass(frozen=True, eq=False)
class Forecast:
    """Values of a scenario: `values[variable]` has the shape (members, times, elements)."""

    times: Array
    values: Mapping[str, Array]
    failed: int = 0

    @property
    def members(self) -> int:
        """How many runs there are."""
        return len(next(iter(self.values.values())))

    def column(self, variable: str, place: int) -> Array:
        """Return one element of a variable over time: (members, times)."""
        return self.values[variable][:, :, place]

    def at(self, variable: str, place: int, times: Sequence[float]) -> Array:
        """Return one element at times, by straight lines between those saved: (members, times)."""
        rows = self.column(variable, place)
        return np.array([np.interp(times, self.times, row) for row in rows]).reshape(len(rows), len(times))


@dataclass(frozen=True, eq=False)
class Members:
    """Makes the runs of scenarios. `names` are those of the model that is run, which may be one made of the plan's."""

    plan: Plan
    names: ModelNames
    count: int | None
    seed: int = 0
    _varied: dict[str, Varied] = field(default_factory=dict, repr=False)

    @cached_property
    def columns(self) -> list[Array]:
        """What is drawn, by factor: (members,)."""
        factors, correlation = self.plan.uncertainty.factors, self.plan.uncertainty.correlation
        assert self.count is not None
        rows = Design("latin", len(factors), self.count, self.seed).rows(0, self.count)
        rows = rows if correlation is None else correlate(rows, correlation)
        drawn = [f.marginal.quantile(rows[:, n]) for n, f in enumerate(factors)]
        return [c - 1.0 if f.kind == "rows" else c for c, f in zip(drawn, factors, strict=True)]

    def run(
        self, scenario: str, save: Sequence[str], series: Series | None = None, more: Mapping[str, float] | None = None
    ) -> Forecast:
        """Return the runs of a scenario.

        Parameters
        ----------
        scenario
            Its name.
        save
            The variables wanted.
        series
            Further values over time, by name, that differ by member.
        more
            Further values, the same for all.

        Raises
        ------
        InputError
            If draws give the model its shape, or cross-overs are taken around another scenario.

        """
        method, wanted = self.plan.timing.method, list(dict.fromkeys(save))
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", RunWarning)
            if self.count is None:
                values = {**values_of(self.plan, scenario), **(more or {})}
                run = self.plan.model.run(values, save=wanted, integration=method)
                return _forecast(run, [run], wanted)
            given = {**self._values(scenario), **(series or {}), **(more or {})}
            numbers = np.arange(self.count, dtype=np.int64)
            asked = Asked(given, wanted, None, self.seed, method, run_numbers=numbers)
            ensemble = run_ensemble(self.names.model, asked)
        return _forecast_of(ensemble, wanted)

    def _values(self, scenario: str) -> dict[str, Any]:
        plan = self.plan
        planned = plan.scenarios[scenario]
        if planned.around:
            raise InputError(f"`{scenario}` takes cross-overs around another scenario, which an ensemble does not do")
        if scenario not in self._varied:
            self._varied[scenario] = Varied(
                self.names, plan.timing.clock, plan.timing.values, planned, plan.uncertainty.factors
            )  # fmt: skip
        varied = self._varied[scenario]
        if varied.shaping:
            factor = plan.uncertainty.factors[varied.shaping[0]].name
            raise InputError(f"draws of `{factor}` give the model its shape, which the runs of an ensemble share")
        return varied.values(self.columns)


def _forecast(run: Run, runs: Sequence[Run], wanted: Sequence[str]) -> Forecast:
    stacked = {name: np.stack([_flat(r.values(name), 1) for r in runs]) for name in wanted}
    return Forecast(run.times, stacked, int(run.failed is not None))


def _forecast_of(ensemble: Ensemble, wanted: Sequence[str]) -> Forecast:
    sound = np.array([n not in ensemble.failed for n in range(ensemble.size)])
    if np.sum(sound) < 2:
        raise InputError(f"{int(np.sum(~sound))} of {ensemble.size} runs of the ensemble failed")
    values = {name: _flat(ensemble.values(name), 2)[sound] for name in wanted}
    return Forecast(ensemble.times, values, int(np.sum(~sound)))


def _flat(values: Array, leading: int) -> Array:
    return np.asarray(values, dtype=np.float64).reshape(*values.shape[:leading], -1)
