"""What initiatives do to indicators: with and without each, by the model.

In: a `MonitorPlan`. Out: for every initiative and indicator what it does alone, what it adds to all others, and what of
it was realised.

Invariant: all runs are of one plan; an effect is a difference of two numbers that anyone can run.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from simengine.monitor.initiative import ALL, NONE, PREFIX
from simengine.monitor.plan import MonitorPlan
from simengine.results.study import Study
from simengine.scenario.file import title_of
from simengine.scenario.run import run_plan


@dataclass(frozen=True)
class Effect:
    """What an initiative does to an indicator, in its unit; None where it sets nothing, or nothing was realised."""

    initiative: str
    indicator: str
    title: str
    unit: str
    alone: float | None
    """What it changes by itself."""
    contribution: float | None
    """All that are planned, less all but this one; None where it is not part of the plan."""
    realised: float | None
    """What was done so far changes by itself."""
    level: float | None = None
    """What it comes to with all that are planned: what effects are small or large beside."""
    failed: bool = False
    """Whether a run that would tell failed, so that it is None."""


def find_effects(plan: MonitorPlan) -> tuple[Effect, ...]:
    """Return the effects of all initiatives, one by one."""
    if not plan.initiatives:
        return ()
    there = [n for n in plan.plan.scenarios if n.startswith(PREFIX)]
    study = run_plan(plan.plan, there)
    scores = _scores(study)
    out = []
    for one in plan.initiatives:
        for indicator in plan.plan.indicators:
            name = indicator.name

            def less(with_it: str, without: str, name: str = name) -> float | None:
                ends = (scores.get((with_it, name)), scores.get((without, name)))
                return None if ends[0] is None or ends[1] is None else ends[0] - ends[1]

            pairs = [(one.alone, NONE), (ALL, one.without), (one.realised, NONE)]
            alone, among, realised = (less(*pair) for pair in pairs)
            lost = [pair for pair, f in zip(pairs, (alone, among, realised), strict=True) if f is None]
            failed = any({*pair} <= {*there} for pair in lost)
            title, level = title_of(indicator.title, name, plan.language), scores.get((ALL, name))
            out.append(Effect(one.name, name, title, indicator.unit, alone, among, realised, level, failed))
    return tuple(out)


def _scores(study: Study) -> dict[tuple[str, str], float]:
    return {(s.scenario, s.name): s.value for s in study.scores if math.isfinite(s.value)}
