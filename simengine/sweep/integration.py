"""The error of integration beside a sweep: indicators of a sample of runs, with the time step and with half of it.

In: a `SweepPlan`. Out: a table, a row a scenario and indicator: how far the two are apart.

A model of several clocks has all its steps halved. Where equations draw random numbers at every step there is nothing
to compare: other steps are other noise.

Invariant: the sample follows from the number of runs alone.
References: Sterman, Business Dynamics (2000), chapter 21: results must not depend on the time step.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from simengine.api.model import Asked, Model, run_ensemble
from simengine.compile.pipeline import compile_model
from simengine.model.definition import Clock
from simengine.model.expression import Expression, Number, Reference
from simengine.program.node import Draw
from simengine.program.program import Assign
from simengine.program.walk import nodes_upward
from simengine.results.run import Run
from simengine.results.sheet import Field, Sheet
from simengine.results.tables import SCENARIO, TITLE, UNIT
from simengine.scenario.file import title_of
from simengine.scenario.indicator import Indicator
from simengine.scenario.score import measure, values_of
from simengine.source.diagnostic import InputError, ModelError
from simengine.source.names import Key, key_of
from simengine.sweep.plan import SweepPlan

SAMPLE = 16
"""Runs of each scenario that are made again."""
WORTH_TELLING = 0.01
"""The largest difference, as a share of the indicator, from which on it is told."""

Array = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Difference:
    """What halving the time step does to an indicator in a sample of runs.

    `share` is of the largest absolute value; `turned` counts runs whose goal is met with one step and missed with the
    other.
    """

    scenario: str
    indicator: Indicator
    runs: int
    largest: float
    share: float
    turned: int

    @property
    def is_large(self) -> bool:
        """Whether it is worth telling."""
        return self.turned > 0 or self.share > WORTH_TELLING


def has_noise(model: Model) -> bool:
    """Return whether equations draw random numbers as a run goes on."""
    statements = [s for group in model.program.groups for s in group.step]
    return any(isinstance(n, Draw) for n in nodes_upward(s.value for s in statements if isinstance(s, Assign)))


def find_differences(sweep: SweepPlan) -> list[Difference]:
    """Return what halving the time step does to every indicator; nothing where the model has noise of its own."""
    plan = sweep.plan
    if not plan.indicators or has_noise(plan.model):
        return []
    ways = [(plan.model, dict[str, float]()), _halved(sweep)]
    chosen = sorted({place * sweep.runs // SAMPLE for place in range(SAMPLE)})
    out = []
    for scenario in sweep.scenarios:
        measured = np.asarray([[_measured(sweep, scenario, run, *way) for way in ways] for run in chosen])
        out += [_difference(scenario, i, measured[:, :, n]) for n, i in enumerate(plan.indicators)]
    return out


def _difference(scenario: str, indicator: Indicator, pairs: Array) -> Difference:
    """Return how far values with the step and with half of it, (run, 2), are apart."""
    both = np.isfinite(pairs).all(axis=1)
    apart, size = np.abs(pairs[both, 0] - pairs[both, 1]), np.abs(pairs[both])
    largest, scale = (float(part.max()) if part.size else 0.0 for part in (apart, size))
    turned = np.zeros(len(pairs), dtype=np.bool_)
    if indicator.goal is not None:
        holds = indicator.goal.holds(pairs)
        turned = holds[:, 0] != holds[:, 1]
    else:
        turned = np.isfinite(pairs[:, 0]) != np.isfinite(pairs[:, 1])
    return Difference(scenario, indicator, len(pairs), largest, largest / scale if scale else 0.0, int(turned.sum()))


def _measured(sweep: SweepPlan, scenario: str, run: int, model: Model, more: Mapping[str, float]) -> list[float]:
    """Return the indicators of one run, its time steps as `more` says; NaN where it fails."""
    made = {scenario: _single(sweep, scenario, scenario, run, model, more)}
    for indicator in sweep.indicators:
        if indicator.minus is not None and indicator.minus not in made:
            made[indicator.minus] = _single(sweep, scenario, indicator.minus, run, model, more)
    out = []
    for indicator in sweep.indicators:
        own = made[scenario]
        over_time = values_of(indicator, own.values(indicator.target.variable.name))
        failed = own.failed is not None
        if indicator.minus is not None:
            base = made[indicator.minus]
            over_time = over_time - values_of(indicator, base.values(indicator.target.variable.name))
            failed |= base.failed is not None
        out.append(math.nan if failed else float(measure(indicator, own.times, over_time)))
    return out


def _single(sweep: SweepPlan, drawn_for: str, scenario: str, run: int, model: Model, more: Mapping[str, float]) -> Run:
    ((_, values),) = sweep.draws[drawn_for].parts(scenario, run, 1)
    given = {key_of(name) for name in more}
    values = {name: v for name, v in values.items() if key_of(name) not in given} | dict(more)
    save = sorted({i.target.variable.name for i in sweep.indicators})
    numbers = np.asarray([run], dtype=np.int64)
    method = sweep.plan.timing.method
    return run_ensemble(model, Asked(values, save, 1, sweep.seed, method, run_numbers=numbers)).run(0)


def _halved(sweep: SweepPlan) -> tuple[Model, dict[str, float]]:
    """Return the model with all time steps halved, saved at the same times, and the values it is to be given."""
    model, timing = sweep.plan.model, sweep.plan.timing
    definition, more = model.definition, dict[str, float]()
    names = {v.key: v.name for v in definition.variables}  # a reference has the name its own model calls it

    def changed(spec: Expression | None, value: float) -> Expression:
        if isinstance(spec, Reference) and not spec.subscripts:
            more[names[spec.key]] = value
            return spec
        return Number(value)

    specs = replace(
        definition.simulation,
        time_step=changed(definition.simulation.time_step, timing.clock.step / 2),
        save_every=changed(definition.simulation.save_every, timing.save_every),
    )
    clocks = tuple(replace(c, time_step=changed(c.time_step, _step(model, names, c) / 2)) for c in definition.clocks)
    halved = replace(definition, simulation=specs, clocks=clocks)
    if halved == definition:
        return model, more
    program, problems = compile_model(halved)
    if program is None:
        raise ModelError(problems)
    return Model(halved, program, model.diagnostics), more


def _step(model: Model, names: Mapping[Key, str], clock: Clock) -> float:
    """Return the time step of a slower clock."""
    spec = clock.time_step
    value = model.variables[names[spec.key]].value if isinstance(spec, Reference) else getattr(spec, "value", None)
    if value is None or np.ndim(value):
        raise InputError(f"the time step of `{clock.key}` is no constant: it cannot be halved")
    return float(value)


def integration_sheet(differences: Iterable[Difference]) -> Sheet:
    """Return differences as a table."""
    fields = (
        SCENARIO,
        Field("indicator", "string", "Name of the indicator"),
        TITLE,
        UNIT,
        Field("runs", "number", "Runs that were made again with half the time step"),
        Field("difference", "number", "The largest difference, in the unit of the indicator"),
        Field("share", "number", "The same as a share of the largest value"),
        Field("turned", "number", "Runs in which a goal is met, or a value is there, with one step and not the other"),
    )
    rows = tuple(
        (d.scenario, d.indicator.name, title_of(d.indicator.title, d.indicator.name), d.indicator.unit, d.runs,
         d.largest, d.share, d.turned)
        for d in differences
    )  # fmt: skip
    return Sheet("integration", "What half the time step changes, in a sample of runs", fields, rows)
