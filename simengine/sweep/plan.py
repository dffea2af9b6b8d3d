"""What a sweep is asked: scenarios, draws, what is measured and what is kept.

In: the plan of a scenario file, the name of one of its sweeps, and what the command line says otherwise. Out: a
`SweepPlan`, from which any part of the work can be done anywhere.

Invariant: a `SweepPlan` never changes and may be sent to other processes; what run r is depends on the plan and r only.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from simengine.api.model import Asked, run_ensemble
from simengine.api.request import find_saved
from simengine.engine.clock import plan_time
from simengine.results.labels import Column, Saved
from simengine.results.run import Run
from simengine.scenario.factor import SweepSettings
from simengine.scenario.indicator import Indicator
from simengine.scenario.plan import Plan
from simengine.source.diagnostic import InputError
from simengine.source.names import nearest_names
from simengine.sweep.draws import Draws, draws_of

KEPT = ("all", "kpis", "none")
LEVELS = (0.05, 0.25, 0.5, 0.75, 0.95)
"""Quantiles where the file names none: the bands of a fan chart, and the median."""
ROWS = 2048
"""Runs a shard has, about: enough for the machine's lanes and threads, few enough to be lost without regret."""
ROOM = 100_000_000
"""Bytes that the values over time of a shard take at most, where there are more than `FEWEST` runs."""
FEWEST = 256
RESERVED = ("scenario", "run", "failed", "failed at", "failed in")
"""Columns of the table of runs that are no factor and no indicator."""


@dataclass(frozen=True, eq=False)
class SweepPlan:
    """A sweep of a scenario file, settled. `draws` are by scenario: the same ones where `same_draws`."""

    plan: Plan
    name: str
    scenarios: tuple[str, ...]
    draws: Mapping[str, Draws]
    seed: int
    same_draws: bool
    kept: str
    levels: tuple[float, ...]
    outputs: tuple[str, ...]
    """Variables whose values over time are kept, or counted for quantiles."""
    chosen: int | None = None
    """Runs asked for instead of what the file says."""

    def __reduce__(self) -> tuple[Any, ...]:
        return SweepPlan, (self.plan, self.name, self.scenarios, dict(self.draws), self.seed, self.same_draws,
                           self.kept, self.levels, self.outputs, self.chosen)  # fmt: skip

    @property
    def runs(self) -> int:
        """How many runs each scenario has."""
        return self.some.design.runs

    @property
    def some(self) -> Draws:
        """The draws of the first scenario; names, units and design are those of all."""
        return next(iter(self.draws.values()))

    @property
    def shard_rows(self) -> int:
        """Runs of a whole shard: whole blocks of the design, whatever the number of runs."""
        block = self.some.design.block
        rows = int(np.clip(ROOM // (8 * self.times.size * len(self.columns)), FEWEST, ROWS))
        return max(1, rows // block) * block

    @property
    def indicators(self) -> tuple[Indicator, ...]:
        """What is measured of every run."""
        return self.plan.indicators

    @cached_property
    def saved(self) -> Saved:
        """The variables of `outputs`, in the order of the model."""
        return find_saved(self.plan.model.program, list(self.outputs))

    @cached_property
    def columns(self) -> tuple[Column, ...]:
        """The columns kept: an output each, `Name` or `Name[element]`."""
        return self.saved.columns

    @cached_property
    def times(self) -> NDArray[np.float64]:
        """The times at which values are saved, as the engine gives them."""
        clock = self.plan.timing.clock
        return plan_time(clock.start, clock.stop, clock.step, self.plan.timing.save_every).times()

    @cached_property
    def factor_columns(self) -> Mapping[str, str]:
        """The columns of factors in the table of runs, by factor."""
        return _free(self.some.names, set(RESERVED), "factor")

    @cached_property
    def indicator_columns(self) -> Mapping[str, str]:
        """The columns of indicators in the table of runs, by indicator."""
        return _free([i.name for i in self.indicators], {*RESERVED, *self.factor_columns.values()}, "indicator")

    def values(self, scenario: str, run: int) -> dict[str, Any]:
        """Return what `Model.run` takes to make one run of the sweep.

        Raises
        ------
        InputError
            If there is no such scenario or run.

        """
        return {name: _only(value) for name, value in self._given(scenario, run).items()}

    def run(self, scenario: str, run: int, save: Sequence[str] | None = None) -> Run:
        """Return one run of the sweep, made anew with the noise of its number; `save` as for `Model.run`.

        Raises
        ------
        InputError
            If there is no such scenario or run.

        """
        method, numbers = self.plan.timing.method, np.asarray([run], dtype=np.int64)
        values = self._given(scenario, run)
        asked = Asked(values, save, 1, self.seed, method, run_numbers=numbers)
        return run_ensemble(self.plan.model, asked).run(0)

    def _given(self, scenario: str, run: int) -> dict[str, Any]:
        if scenario not in self.draws:
            raise InputError(f"there is no scenario `{scenario}` in this sweep; there are {', '.join(self.scenarios)}")
        if not 0 <= run < self.runs:
            raise InputError(f"there is no run {run}: the sweep has runs 0 to {self.runs - 1}")
        ((_, values),) = self.draws[scenario].parts(scenario, run, 1)
        return values


def _only(value: Any) -> Any:
    """Return what the only run of an ensemble is given."""
    match value:
        case np.ndarray():
            return float(value[0]) if value.ndim == 1 else value[0]
        case dict():
            return {x: _only(y) for x, y in value.items()}
        case list() if value and all(isinstance(v, tuple) for v in value):
            return [tuple(_only(part) for part in pair) for pair in value]  # points of a lookup
        case list():
            return value[0]
    return value


def _free(names: Iterable[str], taken: set[str], what: str) -> dict[str, str]:
    """Return a column for each name: its own, or one with a word behind it where that is taken."""
    out: dict[str, str] = {}
    for name in names:
        column = name
        while column in taken:
            column = f"{column} ({what})"
        taken.add(column)
        out[name] = column
    return out


def plan_sweep(plan: Plan, name: str | None = None, runs: int | None = None) -> SweepPlan:
    """Return a sweep of a scenario file.

    Parameters
    ----------
    plan
        The file, read.
    name
        The sweep's; None: the only one there is.
    runs
        How many draws (`n`), instead of what the file says.

    Raises
    ------
    InputError
        If there is no such sweep, or none at all.

    """
    name, settings = _find(plan, name)
    if runs is not None and runs < 1:
        raise InputError(f"a sweep needs at least one run, not {runs}")
    known = [s.value for s in settings.written.scenarios]
    scenarios = tuple(n for n, s in plan.scenarios.items() if n in known or s.cross in known)
    first = draws_of(plan, name, runs=runs)
    draws = {s: first if settings.same_draws else draws_of(plan, name, s, runs) for s in scenarios}
    keep = plan.document.save.sweeps_keep if plan.document.save is not None else None
    levels = tuple(sorted({q.value for q in keep.quantiles})) if keep and keep.quantiles else LEVELS
    kept = keep.runs.value if keep and keep.runs else "all"
    outputs = _outputs(plan)
    return SweepPlan(plan, name, scenarios, draws, settings.seed, settings.same_draws, kept, levels, outputs, runs)


def _outputs(plan: Plan) -> tuple[str, ...]:
    """Return the variables kept over time; indicators are computed from what is kept, so theirs are among them."""
    names = [i.target.variable.name for i in plan.indicators]
    chosen = list(dict.fromkeys([*names, *(plan.kept_of_sweeps or ())])) or None
    return tuple(v.name for v in find_saved(plan.model.program, chosen).variables)


def _find(plan: Plan, name: str | None) -> tuple[str, SweepSettings]:
    sweeps = plan.uncertainty.sweeps
    if not sweeps:
        raise InputError(f"`{plan.path}` has no `sweeps`: they say which scenarios are run with how many draws")
    if name is None:
        if len(sweeps) > 1:
            raise InputError(
                f"`{plan.path}` has several sweeps; `--sweep` (in Python, the name) chooses one: {', '.join(sweeps)}"
            )
        return next(iter(sweeps.items()))
    if name not in sweeps:
        near = nearest_names(name, sweeps, count=1)
        hint = f"did you mean `{near[0]}`?" if near else f"there are {', '.join(sweeps)}"
        raise InputError(f"there is no sweep `{name}`; {hint}")
    return name, sweeps[name]
