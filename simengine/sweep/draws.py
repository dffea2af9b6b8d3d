"""What the runs of a sweep are given: rows of a design, made numbers by the distributions of what is uncertain.

In: a plan, one of its sweeps. Out: for any runs, counted from 0, numbers between 0 and 1, the values drawn, and what
`Model.ensemble` takes to make these runs of a scenario.

Invariant: what run n is given depends on the plan, the sweep and n only, never on which other runs are asked for.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from simengine.api.programs import parameter_places
from simengine.model.variable import Role, role_of
from simengine.sampling.copula import correlate
from simengine.sampling.design import Design
from simengine.scenario.factor import Factor
from simengine.scenario.plan import Plan
from simengine.scenario.varied import Varied
from simengine.source.diagnostic import InputError
from simengine.source.names import nearest_names

Array = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Draws:
    """The draws of one sweep. Made by `draws_of`.

    `given` are the values of a user's own table, (rows, factors); None for all other designs.
    """

    plan: Plan
    factors: tuple[Factor, ...]
    design: Design
    correlation: Array | None = None
    given: Array | None = None
    _varied: dict[str, Varied] = field(default_factory=dict, repr=False)

    @property
    def names(self) -> tuple[str, ...]:
        """The names of the factors, as in the file."""
        return tuple(f.name for f in self.factors)

    @property
    def units(self) -> tuple[str, ...]:
        """The units of what is drawn, "" where it has none."""
        return tuple(f.unit for f in self.factors)

    def unit(self, first: int, count: int) -> Array:
        """Return rows between 0 and 1, (count, factors), with the correlations asked for."""
        rows = self.design.rows(first, count)
        return rows if self.correlation is None else correlate(rows, self.correlation)

    def table(self, first: int, count: int) -> dict[str, Array | list[str]]:
        """Return what is drawn by factor: numbers in its unit, the names of choices, of `rows` their numbers from 1."""
        out: dict[str, Array | list[str]] = {}
        for factor, column in zip(self.factors, self._columns(first, count), strict=True):
            if factor.choices:
                known = np.array([name for name, _ in factor.choices], dtype=object)
                out[factor.name] = known[column.astype(np.int64)].tolist()
            else:
                out[factor.name] = column + 1.0 if factor.sets is not None else column
        return out

    def values(self, scenario: str, first: int, count: int) -> dict[str, Any]:
        """Return what `Model.ensemble` takes for runs of a scenario.

        Raises
        ------
        InputError
            If these runs need several programs: `parts` gives each its own values.

        """
        parts = self.parts(scenario, first, count)
        if len(parts) > 1:
            raise InputError(f"these runs of `{scenario}` are runs of {len(parts)} models: the draws change its shape")
        return parts[0][1]

    def parts(self, scenario: str, first: int, count: int) -> list[tuple[NDArray[np.int64], dict[str, Any]]]:
        """Return runs of a scenario in groups that are one ensemble each: their places, from 0 to count, and values.

        There are several groups only where a draw gives the model its shape.
        """
        varied, columns = self._of(scenario), self._columns(first, count)
        every = np.arange(count, dtype=np.int64)
        if not varied.shaping or not count:
            return [(every, self._with_array(varied.values(columns), columns))]
        shapes = np.stack([columns[n] for n in varied.shaping], axis=1)
        _, inverse = np.unique(shapes, axis=0, return_inverse=True)
        out = []
        for number in range(int(inverse.max()) + 1):
            places = np.flatnonzero(inverse.ravel() == number).astype(np.int64)
            chosen = [column[places] for column in columns]
            out.append((places, self._with_array(varied.values(chosen, varied.shaping), chosen)))
        return out

    def fixed(self, scenario: str) -> dict[str, str]:
        """Return the factors that change nothing, or not all they could, in a scenario, each with the reason."""
        varied, out = self._of(scenario), {}
        for number, factor in enumerate(self.factors):
            why = varied.reason(number)
            if why is not None:
                out[factor.name] = why
        return out

    def of_size(self, runs: int) -> Draws:
        """Return the same draws for at least so many runs, in whole blocks.

        Raises
        ------
        InputError
            If the design has another number of runs, and cannot grow.

        """
        try:
            return replace(self, design=self.design.of_size(runs))
        except ValueError as reason:
            raise InputError(str(reason)) from None

    def _columns(self, first: int, count: int) -> list[Array]:
        """Return what is drawn by factor, (count,): numbers, or which of its sets, from 0."""
        if self.given is not None:
            rows = self.given[first : first + count]
            columns = [np.ascontiguousarray(rows[:, n]) for n in range(len(self.factors))]
        else:
            unit = self.unit(first, count)
            columns = [f.marginal.quantile(unit[:, n]) for n, f in enumerate(self.factors)]
        return [c - 1.0 if f.kind == "rows" else c for c, f in zip(columns, self.factors, strict=True)]

    def _of(self, scenario: str) -> Varied:
        if scenario not in self._varied:
            plan = self.plan
            if scenario not in plan.scenarios:
                near = nearest_names(scenario, plan.scenarios)
                hint = f"; did you mean `{near[0]}`?" if near else ""
                raise InputError(f"there is no scenario `{scenario}`{hint}")
            self._varied[scenario] = Varied(
                plan.names, plan.timing.clock, plan.timing.values, plan.scenarios[scenario], self.factors
            )
        return self._varied[scenario]

    def _with_array(self, values: dict[str, Any], columns: list[Array]) -> dict[str, Any]:
        """Return values that say how many runs there are, also where none of them differs between runs."""
        if not columns or any(_tells_runs(v) for v in values.values()):
            return values
        name, value = self._spare(values)
        return {**values, name: np.broadcast_to(np.float64(value), (len(columns[0]),))}

    def _spare(self, values: dict[str, Any]) -> tuple[str, float]:
        """Return a constant to be given as an array, with what it is in all runs."""
        given = {self.plan.names.meant(name).variable.key: name for name in values}
        for name, constant in self._constants.items():
            key = self.plan.names.meant(name).variable.key
            if key not in given:
                return name, constant
            if isinstance(values[given[key]], float | int):
                return given[key], float(values[given[key]])
        raise InputError("nothing differs between these runs, and the model has no constant to be given an array")

    @cached_property
    def _constants(self) -> dict[str, float]:
        """The constants without subscripts that may differ from run to run, with their values."""
        names = self.plan.names
        out = {}
        for variable in names.variables.values():
            if role_of(variable) is Role.CONSTANT:
                value, target = names.model.variables[variable.name].value, names.target_of(variable)
                if isinstance(value, float) and np.all(parameter_places(names.model.program, target) >= 0):
                    out[variable.name] = value
        return out


def draws_of(plan: Plan, sweep: str, scenario: str = "", runs: int | None = None) -> Draws:
    """Return the draws of a sweep.

    Parameters
    ----------
    plan
        A scenario file, read.
    sweep
        The name of one of its sweeps.
    scenario
        A scenario of it: it has draws of its own where the file says `same_draws: off`.
    runs
        How many runs, where it is another number than the file says.

    Raises
    ------
    InputError
        If there is no such sweep, or its design cannot have so many runs.

    """
    found = plan.uncertainty
    if sweep not in found.sweeps:
        near = nearest_names(sweep, found.sweeps)
        hint = f"; did you mean `{near[0]}`?" if near else ""
        raise InputError(f"there is no sweep `{sweep}`{hint}")
    settings = found.sweeps[sweep]
    design = settings.design
    if not settings.same_draws and scenario:
        mark = hashlib.sha256(f"{design.seed} {scenario}".encode()).digest()
        design = replace(design, seed=int.from_bytes(mark[:6], "big"))
    correlation = found.correlation if settings.correlated else None
    draws = Draws(plan, found.factors, design, correlation, settings.table)
    return draws if runs is None else draws.of_size(runs)


def _tells_runs(value: Any) -> bool:
    """Return whether a value of an ensemble says how many runs there are."""
    match value:
        case np.ndarray():
            return True
        case dict():
            return any(isinstance(y, np.ndarray) for y in value.values())
        case list():
            return any(isinstance(v, np.ndarray) for p in value for v in p)
    return False
