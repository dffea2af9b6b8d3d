"""A scenario file, read and settled for its model: what is asked, ready to run.

In: a path. Out: a `StudyPlan`: scenarios, their curves, indicators, checks, and everything wrong with the file.

Invariant: a plan that is made runs; one with errors is never half made.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

from simengine.api.load import load_with_files
from simengine.api.model import Model
from simengine.language.yaml.reading import Reading
from simengine.results.study import History, MapShape
from simengine.results.study import Indicator as StudyIndicator
from simengine.scenario.check import Rule, read_rules
from simengine.scenario.correlation import read_correlation
from simengine.scenario.cross import expand_crosses
from simengine.scenario.drawn import read_charts
from simengine.scenario.ensemble import Gathering
from simengine.scenario.factor import Uncertainty
from simengine.scenario.file import Document, NamedOnes, Scenario
from simengine.scenario.indicator import Indicator, ShareOfRuns, read_indicators
from simengine.scenario.inherit import Inheritance, Resolved, stacked
from simengine.scenario.kept import read_saved
from simengine.scenario.limits import LeverRange, check_balance_members, read_levers
from simengine.scenario.measured import read_measured
from simengine.scenario.more import read_more
from simengine.scenario.names import ModelNames
from simengine.scenario.purpose import find_orphans
from simengine.scenario.reader import Sources, beside, read_document
from simengine.scenario.settled import PlannedScenario, Settled
from simengine.scenario.sweeps import read_sweeps
from simengine.scenario.swept import Swept
from simengine.scenario.times import Timing, read_timing, timed
from simengine.scenario.uncertainty import read_factors
from simengine.source.diagnostic import Diagnostic, ModelError, has_errors
from simengine.source.render import sort_diagnostics


@dataclass(frozen=True, eq=False)
class Plan:
    """Everything a scenario file asks of its model."""

    path: Path
    sources: Sources
    model: Model
    names: ModelNames
    timing: Timing
    scenarios: Mapping[str, PlannedScenario]
    levers: tuple[LeverRange, ...] = ()
    indicators: tuple[Indicator, ...] = ()
    shares: tuple[ShareOfRuns, ...] = ()
    rules: tuple[Rule, ...] = ()
    given: Mapping[str, PlannedScenario] = field(default_factory=dict)  # further runs that checks look at
    uncertainty: Uncertainty = field(default_factory=Uncertainty)
    save: tuple[str, ...] | None = None
    charts: tuple[StudyIndicator, ...] = ()
    history: tuple[History, ...] = ()
    maps: tuple[MapShape, ...] = ()
    data_files: tuple[Path, ...] = ()
    model_files: tuple[Path, ...] = ()
    diagnostics: tuple[Diagnostic, ...] = ()  # warnings
    swept: tuple[str, ...] | None = None  # what sweeps keep, where the file says so

    @property
    def document(self) -> Document:
        """The file as written, with those it uses."""
        return self.sources.document

    @property
    def kept_of_sweeps(self) -> tuple[str, ...] | None:
        """The variables that sweeps keep: those the file names, else those of indicators and charts; None: all."""
        if self.swept is not None:
            return self.swept
        looked_at = [i.target.variable.name for i in self.indicators]
        shown = [n.split("[", 1)[0] for c in self.charts for n in (c.variable, c.hidden_where) if n]
        return tuple(dict.fromkeys([*looked_at, *shown])) or self.save

    @property
    def gathering(self) -> Gathering:
        """What makes ensembles of its scenarios."""
        return Gathering(self.names, self.timing.clock, self.timing.values)


def read_plan(
    path: str | Path, more: Mapping[str, str] | None = None, scenarios: NamedOnes[Scenario] = ()
) -> tuple[Plan | None, tuple[Diagnostic, ...]]:
    """Return the plan of a scenario file, None where it has errors, and everything there is to say about it.

    Parameters
    ----------
    path
        The file.
    more
        Values by name that every scenario has on top, as `--set` gives them.
    scenarios
        Further scenarios, which other files made of those in this one.

    """
    to = Reading()
    sources = read_document(path, to)
    if sources is not None and scenarios:
        known = {name.value for name, _ in sources.document.scenarios}
        further = tuple((name, made) for name, made in scenarios if name.value not in known)
        document = replace(sources.document, scenarios=(*sources.document.scenarios, *further))
        sources = replace(sources, document=document)
    loaded = None if sources is None else _load(sources.document, to)
    if sources is None or loaded is None:
        return None, _told(to)
    plan = _Planner(Path(path), sources, loaded, to).plan(more or {})
    told = _told(to)
    return (None if has_errors(told) else plan), told


def _told(to: Reading) -> tuple[Diagnostic, ...]:
    """Return problems once each, in order of place."""
    seen: dict[object, Diagnostic] = {}
    for problem in to.problems:
        span = problem.span
        at = (span.file.path, span.start) if span is not None else problem.path
        seen.setdefault((problem.code, problem.message, at), problem)
    return sort_diagnostics(tuple(seen.values()))


def _load(document: Document, to: Reading) -> tuple[Model, tuple[str, ...]] | None:
    if document.model is None:
        return None
    path = beside(document.model)
    if not path.is_file():
        near = sorted(p.name for p in path.parent.glob("*") if p.suffix in {".mdl", ".xmile", ".stmx", ".yaml"})
        to.unknown("missing-file", "file", document.model.value, document.model.span, near)
        return None
    try:
        return load_with_files(path)
    except ModelError as problem:
        to.problems += problem.diagnostics
        text = f"the model `{document.model.value}` cannot be used: it has errors"
        to.error("unusable-model", text, document.model.span)
    return None


class _Planner:
    """Settles a document for its model."""

    def __init__(self, path: Path, sources: Sources, loaded: tuple[Model, tuple[str, ...]], to: Reading) -> None:
        self.path, self.sources, self.to = path, sources, to
        self.document = sources.document
        model, files = loaded
        self.names = ModelNames(model)
        self.model_files = tuple(map(Path, files))

    def plan(self, more: Mapping[str, str]) -> Plan | None:
        to, document = self.to, self.document
        timing = read_timing(document, self.names, to)
        inheritance = Inheritance(document.scenarios, self.names, to)
        scenarios = inheritance.all()
        crosses = expand_crosses(document, scenarios, self.names, to)
        levers = read_levers(document, self.names, to)
        check_balance_members(levers, to)
        factors = read_factors(document, self.names, levers, to)
        correlation = read_correlation(document, factors, to)
        sweeps = read_sweeps(document, factors, self.names, [*scenarios, *crosses], to)
        uncertainty = Uncertainty(tuple(factors), correlation, sweeps)
        history, maps, files = read_measured(document, self.names, to)
        save = None
        if document.save is not None and document.save.variables:
            save = read_saved(document.save.variables, self.names, to)
        kept, charts = self._kept_of_sweeps(), read_charts(document, self.names, to)
        if timing is None:
            return None
        made_by = {s.name: cross for cross, ones in crosses.items() for s in ones}
        every = [*scenarios.values(), *(s for ones in crosses.values() for s in ones)]
        every = every or [Resolved("model", document.span)]
        every = self._with_more(every, more)
        names = [s.name for s in every]
        indicators, shares = read_indicators(document, self.names, timing, names, to)
        rules = read_rules(document, self.names, inheritance, names, timing, to)
        model = timed(self.names.model, timing)
        if model is not self.names.model:
            self.names = ModelNames(model)
        settled = Settled(self.names, timing, levers, to)
        planned = {s.name: settled.scenario(s, made_by.get(s.name, "")) for s in every}
        given = {
            rule.case_of(s): settled.scenario(_given(planned[s].resolved, rule), bounded=False)
            for rule in rules if rule.given for s in rule.scenarios if s in planned
        }  # fmt: skip
        self._check_bases(planned)
        Swept(self.names, timing.clock, planned, to).check(uncertainty)
        to.problems += find_orphans(model.definition, levers, indicators)
        warnings = tuple(d for d in to.problems if d.severity.value != "error")
        return Plan(self.path, self.sources, model, self.names, timing, planned, tuple(levers), tuple(indicators),
                    tuple(shares), tuple(rules), given, uncertainty, save, charts, history, maps, files,
                    self.model_files, warnings, kept)  # fmt: skip

    def _with_more(self, every: list[Resolved], more: Mapping[str, str]) -> list[Resolved]:
        settings = read_more(more, self.names, self.to)
        if not settings:
            return every
        return [Resolved(s.name, s.span, s.title, s.chain, stacked(s.layers, settings)) for s in every]

    def _kept_of_sweeps(self) -> tuple[str, ...] | None:
        keep = None if self.document.save is None else self.document.save.sweeps_keep
        return None if keep is None or not keep.variables else read_saved(keep.variables, self.names, self.to)

    def _check_bases(self, planned: Mapping[str, PlannedScenario]) -> None:
        """Note scenarios whose cross-overs are taken around each other."""
        told: set[frozenset[str]] = set()
        for name in planned:
            chain = [name]
            while True:
                following = [base for base, _ in planned[chain[-1]].around.values() if base in planned]
                ring = next((b for b in following if b in chain), None)
                if ring is not None and frozenset(chain) not in told:
                    told.add(frozenset(chain))
                    text = f"cross-overs are taken around each other: {' > '.join([*chain, ring])}"
                    self.to.error("scenario-cycle", text, planned[name].resolved.span)
                if ring is not None or not following:
                    break
                chain.append(following[0])


def _given(scenario: Resolved, rule: Rule) -> Resolved:
    return scenario.over(rule.given, name=rule.case_of(scenario.name), title=None, span=scenario.span)
