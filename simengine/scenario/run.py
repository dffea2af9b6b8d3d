"""Running a plan: all scenarios at once, what became of goals and checks.

In: a `Plan`. Out: a `Study`.

A cross-over that is taken around a scenario's own course needs that scenario to be run first: what the link would do is
recorded at every step, and given to the others as the link's base.

Invariant: the same plan gives the same study, but for how long it took.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from simengine.api.load import CROSSOVER, VENSIM, XMILE
from simengine.results.run import Run
from simengine.results.study import Input, Outcome, Study
from simengine.scenario.check import Rule, find_failures
from simengine.scenario.drawn import drawn
from simengine.scenario.ensemble import Asked, Case, Gathering, Series, one_of, run_cases
from simengine.scenario.file import title_of
from simengine.scenario.inherit import Place
from simengine.scenario.plan import Plan
from simengine.scenario.referenced import referenced_files
from simengine.scenario.score import score_all
from simengine.scenario.settled import PlannedScenario
from simengine.scenario.writer import write_resolved


def run_plan(
    plan: Plan, chosen: Sequence[str] | None = None, save: Sequence[str] | None = None, folder: Path | None = None
) -> Study:
    """Run the scenarios of a plan.

    Parameters
    ----------
    plan
        What is asked.
    chosen
        Names of scenarios; None: all. Others are run too where an indicator or a check compares with them.
    save
        Variables to save instead of those the file names; names or patterns.
    folder
        Where the study will be written: its resolved scenarios find the model from there.

    """
    names = list(plan.scenarios) if chosen is None else list(chosen)
    rules = [_narrowed(r, names) for r in plan.rules]
    rules = [r for r in rules if r.scenarios]
    needed = dict.fromkeys(names)
    needed |= dict.fromkeys(i.minus for i in plan.indicators if i.minus is not None)
    bounds = (c.bound for r in rules for _, cs in r.targets for c in cs)
    needed |= dict.fromkeys(b for b in bounds if isinstance(b, str) and b != "inherit")
    cases = {n: plan.scenarios[n] for n in needed}
    cases |= {r.case_of(s): plan.given[r.case_of(s)] for r in rules if r.given for s in r.scenarios}
    kept = kept_of(plan, save)
    bases = _Bases(plan)
    runs = run_cases(
        Asked(plan.model, plan.timing.method, kept), plan.gathering, [bases.case(c, n) for n, c in cases.items()]
    )
    return _study(plan, names, runs, rules, (settings_of_run(plan, save), write_resolved(plan, names, folder)))


def values_of(plan: Plan, scenario: str) -> dict[str, object]:
    """Return the values that `Model.run` takes to run one scenario of a plan."""
    gathering = plan.gathering
    case = _Bases(plan).case(plan.scenarios[scenario], scenario)
    return one_of(gathering.values([case]), 0)


def _narrowed(rule: Rule, names: Sequence[str]) -> Rule:
    return replace(rule, scenarios=tuple(s for s in rule.scenarios if s in names))


def kept_of(plan: Plan, save: Sequence[str] | None) -> list[str] | None:
    """Return what is saved: what was asked for, and what indicators and checks look at; None: all variables."""
    if plan.save is None and not save:
        return None
    looked_at = [i.target.variable.name for i in plan.indicators]
    looked_at += [t.variable.name for r in plan.rules for t, _ in r.targets]
    measured = [h.column.split("[", 1)[0] for h in plan.history]
    shown = [name.split("[", 1)[0] for c in plan.charts for name in (c.variable, c.hidden_where) if name]
    return list(dict.fromkeys([*(save or plan.save or ()), *looked_at, *shown, *measured]))


@dataclass
class _Bases:
    """What cross-overs did in the scenarios that others are taken around."""

    plan: Plan
    _recorded: dict[str, Run] = field(default_factory=dict)

    def case(self, scenario: PlannedScenario, name: str) -> Case:
        """Return what a scenario's run is given."""
        series: dict[Place, Series] = {}
        for link_name, (base, _) in scenario.around.items():
            link = self.plan.names.links[link_name]
            assert link.base is not None
            run = self._record(base)
            values = run.values(link.effect.name)
            flat = values.reshape(values.shape[0], -1)
            target = self.plan.names.target_of(link.base)
            for column, place in enumerate(target.places.tolist()):
                at = flat[:, column if flat.shape[1] > 1 else 0].tolist()
                series[link.base.key, place] = dict(zip(run.times.tolist(), at, strict=True))
        recorded = tuple(sorted((link, base) for link, (base, _) in scenario.around.items()))
        return Case(name, scenario.curves, scenario.lookups, series, recorded)

    def _record(self, name: str) -> Run:
        if name not in self._recorded:
            plan = self.plan
            effects = [link.effect.name for link in plan.names.links.values()]
            fixed = dict(plan.timing.values)
            every = plan.model.definition.simulation.save_every
            held = getattr(every, "name", None)
            if held is not None:
                fixed[held] = plan.timing.clock.step
            gathering = Gathering(plan.names, plan.timing.clock, fixed)
            case = self.case(plan.scenarios[name], name)
            self._recorded[name] = run_cases(
                Asked(plan.model, plan.timing.method, effects), gathering, [case]
            )[name]  # fmt: skip
        return self._recorded[name]


def _study(
    plan: Plan, names: list[str], runs: dict[str, Run], rules: Sequence[Rule], told: tuple[dict[str, object], str]
) -> Study:
    document = plan.document
    outcomes = tuple(
        Outcome(n, title_of(plan.scenarios[n].resolved.title, n), runs[n], plan.scenarios[n].resolved.chain)
        for n in names
    )
    return Study(
        title=title_of(document.title, plan.path.stem),
        outcomes=outcomes,
        scores=score_all(plan.indicators, runs, names),
        findings=find_failures(rules, runs),
        indicators=drawn(plan.charts, plan.indicators),
        history=plan.history,
        maps=plan.maps,
        inputs=inputs_of(plan),
        settings=told[0],
        resolved=told[1],
        language=language_of(plan),
    )


def language_of(plan: Plan) -> str:
    """Return the language that titles are in: that in which the study's own stands first."""
    first = next(iter(plan.document.title or {}), "")
    return first if first in {"en", "nl"} else "en"


def settings_of_run(plan: Plan, save: Sequence[str] | None) -> dict[str, object]:
    """Return how the runs of a plan are made."""
    clock = plan.timing.clock
    return {
        "method": plan.timing.method,
        "start": clock.start,
        "stop": clock.stop,
        "time_step": clock.step,
        "save_every": plan.timing.save_every,
        "seed": 0,
        "save": ", ".join(kept_of(plan, save) or ["all variables"]),
    }


def inputs_of(plan: Plan) -> tuple[Input, ...]:
    """Return the files a plan was made from, with the SHA-256 of their bytes."""
    found: dict[Path, str] = dict.fromkeys(plan.sources.files, "scenario")
    for path in plan.model_files:
        found[path] = _role(path)
    for path in plan.data_files:
        found[path] = "map" if path.suffix.lower() in {".geojson", ".json"} else "data"
    for path in referenced_files(plan.document):
        found.setdefault(path, "data")
    return tuple(
        Input(os.fspath(path), role, hashlib.sha256(path.read_bytes()).hexdigest())
        for path, role in found.items() if path.is_file()
    )  # fmt: skip


def _role(path: Path) -> str:
    suffix = path.suffix.lower()
    return "link" if suffix in CROSSOVER else "model" if suffix in VENSIM | XMILE else "data"
