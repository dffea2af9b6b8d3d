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
from simengine.monitor.gather import Gatherer, Group
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
        rows, x = self.column(variable, place), self.times
        at = np.clip(np.asarray(times, dtype=np.float64), x[0], x[-1])
        if len(x) < 2:
            return np.repeat(rows[:, :1], len(at), axis=1)
        left = np.clip(np.searchsorted(x, at, side="right") - 1, 0, len(x) - 2)
        low, high = rows[:, left], rows[:, left + 1]
        between = (high - low) / (x[left + 1] - x[left]) * (at - x[left]) + low  # as `np.interp` has it, to the bit
        return np.where(at == x[left + 1], high, between)


@dataclass(frozen=True, eq=False)
class Members:
    """Makes the runs of scenarios. `names` are those of the model that is run, which may be one made of the plan's."""

    plan: Plan
    names: ModelNames
    count: int | None
    seed: int = 0
    _varied: dict[str, Varied] = field(default_factory=dict, repr=False)
    _refused: dict[str, InputError] = field(default_factory=dict, repr=False)
    """Scenarios an ensemble cannot be made of, and why."""

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
        if self.count is None:
            method, wanted = self.plan.timing.method, list(dict.fromkeys(save))
            with warnings.catch_warnings():
                warnings.simplefilter("ignore", RunWarning)
                values = {**values_of(self.plan, scenario), **(more or {})}
                run = self.plan.model.run(values, save=wanted, integration=method)
            return _forecast(run, [run], wanted)
        given = {**self._values(scenario), **(series or {}), **(more or {})}
        return self._ensemble(given, save, 1)[0]

    def run_all(
        self, scenarios: Sequence[str], save: Sequence[str], series: Mapping[str, Series] | None = None
    ) -> dict[str, Forecast | InputError]:
        """Return the runs of several scenarios, made together; of one that cannot be run, why.

        Parameters
        ----------
        scenarios
            Their names.
        save
            The variables wanted.
        series
            Further values over time by scenario, at the same times in each, that differ by member.

        """
        out: dict[str, Forecast | InputError] = {}
        if self.count is None:
            for name in scenarios:
                try:
                    out[name] = self.run(name, save)
                except InputError as reason:
                    out[name] = reason
            return out
        for group in self._groups:
            there = [n for n in group.names if n in scenarios]
            if there:
                given = {**group.values(there), **_together(series, there)}
                out |= dict(zip(there, self._ensembles(given, save, len(there)), strict=True))
        return {name: out.get(name, self._refused.get(name, InputError(f"`{name}` is unknown"))) for name in scenarios}

    @cached_property
    def _groups(self) -> list[Group]:
        """All scenarios of the plan that an ensemble can be made of, as they can be run together."""
        assert self.count is not None
        given = {}
        for name in self.plan.scenarios:
            try:
                given[name] = self._values(name)
            except InputError as reason:
                self._refused[name] = reason
        return Gatherer(self.names, self.plan.timing.clock, self.count).groups(given)

    def _ensembles(self, given: Mapping[str, Any], save: Sequence[str], scenarios: int) -> list[Forecast | InputError]:
        """Return the forecasts of scenarios whose members are runs of one ensemble."""
        assert self.count is not None
        wanted = list(dict.fromkeys(save))
        # the same draw has the same number in every scenario, so that what is random in the model is too
        numbers = np.tile(np.arange(self.count, dtype=np.int64), scenarios)
        asked = Asked(dict(given), wanted, None, self.seed, self.plan.timing.method, run_numbers=numbers)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", RunWarning)
            ensemble = run_ensemble(self.names.model, asked)
        return [_forecast_of(ensemble, wanted, n * self.count, self.count) for n in range(scenarios)]

    def _ensemble(self, given: Mapping[str, Any], save: Sequence[str], scenarios: int) -> list[Forecast]:
        out = []
        for one in self._ensembles(given, save, scenarios):
            if isinstance(one, InputError):
                raise one
            out.append(one)
        return out

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


def _forecast_of(ensemble: Ensemble, wanted: Sequence[str], first: int, count: int) -> Forecast | InputError:
    """Return the forecast of some of the runs of an ensemble; an error where fewer than two of them are left."""
    own = slice(first, first + count)
    every = {name: _flat(ensemble.values(name), 2)[own] for name in wanted}
    # by what they hold: `failed` goes by numbers of runs, which several scenarios share
    sound = np.all([np.isfinite(v).all(axis=(1, 2)) for v in every.values()], axis=0)
    if np.sum(sound) < 2:
        return InputError(f"{int(np.sum(~sound))} of {count} runs of the ensemble failed")
    values = {name: v[sound] for name, v in every.items()}
    return Forecast(ensemble.times, values, int(np.sum(~sound)))


def _together(series: Mapping[str, Series] | None, scenarios: Sequence[str]) -> dict[str, dict[float, Array]]:
    """Return values over time of the members of several scenarios, one after the other."""
    if series is None:
        return {}
    first = series[scenarios[0]]
    return {
        name: {t: np.concatenate([series[s][name][t] for s in scenarios]) for t in points}
        for name, points in first.items()
    }


def _flat(values: Array, leading: int) -> Array:
    return np.asarray(values, dtype=np.float64).reshape(*values.shape[:leading], -1)
