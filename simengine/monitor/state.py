"""The state of a model estimated from what was measured: an ensemble Kalman filter on stocks.

In: members, stocks, observations of indicators. Out: corrections of the stocks of each member, and runs with them.

At each time of an observation the filter says by how much every stock of every member should differ. The members are
then run anew from the start with these corrections: they flow into the stocks in the step that ends at that time, so
that what the model remembers elsewhere (delays, smoothed values, its initial state) is untouched. With Euler's method
the state is then exactly that of the filter; with others it is but for two steps. What is not a stock of the list
keeps each member's own value: parameters are the business of calibration.

References: G. Evensen (1994), J. Geophysical Research 99, 10143-10162; B. R. Hunt, E. J. Kostelich, I. Szunyogh (2007),
Physica D 230, 112-126 (the square root filter); S. C. Bloom, L. L. Takacs, A. M. da Silva, D. Ledvina (1996), "Data
assimilation using incremental analysis updates", Monthly Weather Review 124, 1256-1271 (increments that flow in).

Invariant: without corrections the model that is run gives the values of the model it was made of.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from simengine.api.model import Model
from simengine.compile.pipeline import compile_model
from simengine.inference.kalman import Innovation, ensemble_update
from simengine.model.definition import ModelDefinition
from simengine.model.expression import Binary, Call, Number, Operator, Reference
from simengine.model.variable import Equation, Variable
from simengine.monitor.members import Forecast, Members
from simengine.monitor.observations import Observation
from simengine.monitor.plan import Watched
from simengine.scenario.names import ModelNames, place_names
from simengine.scenario.plan import Plan
from simengine.source.diagnostic import InputError, ModelError
from simengine.source.names import Key, key_of

Array = NDArray[np.float64]
_SAME = 1e-6


def corrected_model(model: Model, stocks: Sequence[str]) -> Model:
    """Return a model whose stocks have one more flow each, `correction of NAME`, which is 0."""
    chosen = {key_of(name) for name in stocks}
    variables: list[Variable] = []
    for variable in model.definition.variables:
        if variable.key not in chosen:
            variables.append(variable)
            continue
        name = correction_of(variable.name)
        key = key_of(name)
        equations = tuple(_with_flow(e, name, key) for e in variable.equations)
        flat = tuple(Equation(e.subscripts, Number(0.0), e.exceptions) for e in variable.equations)
        variables += [
            replace(variable, equations=equations),
            Variable(name, key, flat, dimensions=variable.dimensions, clock=variable.clock),
        ]
    definition: ModelDefinition = replace(model.definition, variables=tuple(variables))
    program, problems = compile_model(definition)
    if program is None:
        raise ModelError(problems)
    return Model(definition, program, model.diagnostics)


def correction_of(stock: str) -> str:
    """Return what the correction of a stock is called."""
    return f"correction of {stock.strip(chr(34))}"


def _with_flow(equation: Equation, name: str, key: Key) -> Equation:
    stock = equation.expression
    assert isinstance(stock, Call)
    flow = Binary(Operator.ADD, stock.arguments[0], Reference(name, key, equation.subscripts))
    return replace(equation, expression=replace(stock, arguments=(flow, *stock.arguments[1:])))


def step_of(plan: Plan, stock: str) -> float:
    """Return the time step of the clock a stock goes by."""
    variable = plan.names.meant(stock).variable
    definition = plan.model.definition
    clock = next((c for c in definition.clocks if c.key == variable.clock), None)
    if clock is None:
        return plan.timing.clock.step
    match clock.time_step:
        case Number(value=value):
            return float(value)
        case Reference(key=key):  # of a part, whose name as written is that of the whole's too
            found = plan.model.variables[plan.names.variables[key].name].value
            if isinstance(found, float):
                return found
    raise InputError(f"the time step of `{stock}` changes in a run: its state cannot be corrected")


@dataclass
class _Corrections:
    """What flows into stocks, by name of the correction's element: values over time, by member."""

    by_name: dict[str, dict[float, Array]] = field(default_factory=dict)

    def add(self, name: str, time: float, step: float, amount: Array) -> None:
        """Let an amount have flown in by a time: a peak one step before, nothing two steps before and at it."""
        points = self.by_name.setdefault(name, {})
        zero = np.zeros_like(amount)
        for at, value in ((time - 2 * step, zero), (time - step, amount / step), (time, zero)):
            points[at] = points.get(at, zero) + value


@dataclass(frozen=True, eq=False)
class Estimated:
    """A scenario started from what was measured."""

    forecast: Forecast
    innovations: Mapping[float, Innovation]
    skipped: tuple[float, ...]
    """Times of observations so early that nothing can be corrected before them."""
    held: int
    """How often a stock that is never below zero was kept from going there."""


@dataclass
class _Found:
    """What the observations say of a scenario."""

    corrections: _Corrections
    innovations: dict[float, Innovation] = field(default_factory=dict)
    held: int = 0


@dataclass(frozen=True, eq=False)
class Filter:
    """Estimates states of a plan's scenarios. `members` run the model with corrections."""

    members: Members
    stocks: tuple[str, ...]
    watched: tuple[Watched, ...]
    observations: tuple[Observation, ...]

    @classmethod
    def of(
        cls, plan: Plan, count: int, seed: int, stocks: Sequence[str], watched: Sequence[Watched],
        observations: Sequence[Observation],
    ) -> Filter:  # fmt: skip
        """Return a filter for a plan."""
        model = corrected_model(plan.model, stocks)
        return cls(Members(plan, ModelNames(model), count, seed), tuple(stocks), tuple(watched), tuple(observations))

    def plain(self, scenarios: Sequence[str], save: Sequence[str]) -> dict[str, Forecast | InputError]:
        """Return the runs of scenarios without corrections, by the program that those with them have."""
        _, times, steps = self._times()
        none = self._none(times, steps).by_name
        return self.members.run_all(scenarios, [*save, *self._looked_at], dict.fromkeys(scenarios, none))

    @property
    def _looked_at(self) -> list[str]:
        return [*self.stocks, *(w.variable for w in self.watched)]

    def _times(self) -> tuple[list[float], list[float], dict[str, float]]:
        """Return all times of observations in the runs, those at which states are corrected, and the stocks' steps."""
        plan = self.members.plan
        steps = {s: step_of(plan, s) for s in self.stocks}
        start, stop, longest = plan.timing.clock.start, plan.timing.clock.stop, max(steps.values())
        every = sorted({o.time for o in self.observations if start <= o.time <= stop + _SAME})
        times = [t for t in every if t >= start + 2 * longest - _SAME]
        close = next((a for a, b in pairwise(times) if b - a < 2 * longest - _SAME), None)
        if close is not None:
            raise InputError(f"observations at and after {close:g} lie closer than two steps of {longest:g}")
        return every, times, steps

    def run(self, scenario: str, save: Sequence[str]) -> Estimated:
        """Return the runs of a scenario whose states are corrected at every time of an observation.

        Raises
        ------
        InputError
            If times of observations lie closer than two steps of a stock, or members fail.

        """
        found = self.run_all([scenario], save)[scenario]
        if isinstance(found, InputError):
            raise found
        return found

    def run_all(
        self, scenarios: Sequence[str], save: Sequence[str], plain: Mapping[str, Forecast | InputError] | None = None
    ) -> dict[str, Estimated | InputError]:
        """Return the same of several scenarios, or why one cannot be estimated; `plain`: their runs, where known.

        Scenarios that have the same forecasts at all times of observations have the same corrections: the first of them
        is estimated, and whether the others still agree with it is looked at in their runs with its corrections. Those
        that do not are estimated in the next round.

        Raises
        ------
        InputError
            If times of observations lie closer than two steps of a stock.

        """
        every, times, steps = self._times()
        skipped = tuple(t for t in every if t not in times)
        made = self.plain(scenarios, save) if plain is None else plain
        out: dict[str, Estimated | InputError] = {n: f for n, f in made.items() if isinstance(f, InputError)}
        forecasts = {n: f for n, f in made.items() if not isinstance(f, InputError)}
        left = [n for n in scenarios if n in forecasts]
        while left:
            first = self._first_of(left, forecasts)
            found = self._estimate(list(dict.fromkeys(first.values())), save, times, steps)
            out |= {n: r for n in left if isinstance(r := found[first[n]], InputError)}
            shared = {n: e for n in left if not isinstance(e := found[first[n]], InputError)}
            made = self.members.run_all(
                list(shared), [*save, *self._looked_at], {n: e.corrections.by_name for n, e in shared.items()}
            )
            forecasts = {n: f for n, f in made.items() if not isinstance(f, InputError)}
            out |= {n: f for n, f in made.items() if isinstance(f, InputError)}
            for name, forecast in forecasts.items():
                own = forecasts.get(first[name])
                if name == first[name] or (own is not None and self._agree(forecast, own)):
                    of = shared[name]
                    out[name] = Estimated(forecast, of.innovations, skipped, of.held)
            left = [n for n in left if n not in out]
        return {name: out[name] for name in scenarios}

    def _first_of(self, names: Sequence[str], forecasts: Mapping[str, Forecast]) -> dict[str, str]:
        """Return for each scenario the first that has its forecasts at the times of observations."""
        out: dict[str, str] = {}
        for name in names:
            same = (n for n in dict.fromkeys(out.values()) if self._agree(forecasts[name], forecasts[n]))
            out[name] = next(same, name)
        return out

    def _agree(self, one: Forecast, other: Forecast) -> bool:
        return all(np.array_equal(a, b) for a, b in zip(self._seen(one), self._seen(other), strict=True))

    def _estimate(
        self, scenarios: Sequence[str], save: Sequence[str], times: Sequence[float], steps: Mapping[str, float]
    ) -> dict[str, _Found | InputError]:
        """Return the corrections of scenarios, all run together once for each time."""
        found = {name: _Found(self._none(times, steps)) for name in scenarios}
        out: dict[str, _Found | InputError] = {}
        for time in times:
            there = [n for n in scenarios if n not in out]
            series = {n: found[n].corrections.by_name for n in there}
            for name, made in self.members.run_all(there, [*save, *self._looked_at], series).items():
                try:
                    if isinstance(made, InputError):
                        raise made
                    innovation, held = self._correct(made, time, steps, found[name].corrections)
                except InputError as reason:
                    out[name] = reason
                    continue
                found[name].innovations[time] = innovation
                found[name].held += held
        return {name: out.get(name, found[name]) for name in scenarios}

    def _seen(self, forecast: Forecast) -> list[Array]:
        """Return what a forecast says of indicators and stocks at the times of observations."""
        times = sorted({o.time for o in self.observations})
        inside = [t for t in times if forecast.times[0] <= t <= forecast.times[-1]]
        columns = [(w.variable, w.place) for w in self.watched]
        columns += [(s, n) for s in self.stocks for n in range(forecast.values[s].shape[2])]
        return [forecast.at(variable, place, inside) for variable, place in columns]

    def _none(self, times: Sequence[float], steps: Mapping[str, float]) -> _Corrections:
        """Return corrections that change nothing: points at all times, so that all runs are of one program.

        What does not differ from run to run is a number of the program, and what does a parameter: one member gets the
        least number there is, which leaves any flow and any stock as they are.
        """
        least = np.zeros(self.members.count or 0)
        least[-1:] = np.finfo(np.float64).smallest_subnormal
        out = _Corrections()
        for stock in self.stocks:
            for element in self._elements(stock):
                for time in times:
                    out.add(element, time, steps[stock], least * max(1.0, math.ceil(steps[stock])))
        return out

    def _correct(
        self, made: Forecast, time: float, steps: Mapping[str, float], corrections: _Corrections
    ) -> tuple[Innovation, int]:
        """Add what a time's observations say of the stocks; return their innovation, and what was held at zero."""
        if made.failed:
            raise InputError(f"{made.failed} members of the ensemble failed: their states cannot be estimated")
        measured = {o.column: o.value for o in self.observations if o.time == time}
        seen = [w for w in self.watched if w.column in measured]
        observed = np.array([measured[w.column] for w in seen])
        predicted = np.concatenate([made.at(w.variable, w.place, [time]) for w in seen], axis=1)
        variances = np.array([w.error_of(y) ** 2 for w, y in zip(seen, observed, strict=True)])
        sizes = [made.values[s].shape[2] for s in self.stocks]
        parts = [
            np.stack([made.at(s, n, [time])[:, 0] for n in range(size)], axis=1)
            for s, size in zip(self.stocks, sizes, strict=True)
        ]
        before = np.concatenate(parts, axis=1)
        update = ensemble_update(before, observed, predicted, variances)
        after = update.ensemble
        never_below = np.concatenate([(made.values[s] >= 0.0).all(axis=(0, 1)) for s in self.stocks])
        below = (after < 0.0) & never_below[None, :]
        after = np.where(below, 0.0, after)
        at = 0
        for stock, part in zip(self.stocks, parts, strict=True):
            for n, element in enumerate(self._elements(stock)):
                corrections.add(element, time, steps[stock], after[:, at + n] - before[:, at + n])
            at += part.shape[1]
        return update.innovation, int(np.sum(below))

    def _elements(self, stock: str) -> list[str]:
        """Return the names of the elements of a stock's correction, in the order of the stock's."""
        names = self.members.names
        return place_names(names.target_of(names.variables[key_of(correction_of(stock))]))
