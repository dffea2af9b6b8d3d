"""Indicators: what is measured of a scenario's run, settled for one model.

In: the `kpis` section. Out: for each the column it looks at, its statistic, its unit and its goal.

Invariant: an indicator that is made can be computed of every run.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

from simengine.api.target import Target
from simengine.language.yaml.reading import At, Reading
from simengine.model.quantity import conversion_factor
from simengine.model.unit import Unit
from simengine.model.variable import Role, role_of
from simengine.scenario.file import Document, Kpi, Title, Window
from simengine.scenario.goal import Goal, read_goal
from simengine.scenario.names import ModelNames, place_names
from simengine.scenario.times import Timing
from simengine.source.diagnostic import InputError
from simengine.source.file import Span

_STATISTICS = ("at", "final", "mean", "sum", "min", "max", "first_below", "first_above")
_OF_TIME = frozenset({"first_below", "first_above"})
_OVER = frozenset({"mean", "sum", "min", "max"})


@dataclass(frozen=True)
class Indicator:
    """One indicator. `factor` turns the variable's unit into `unit`; `window` is the part of time looked at.

    `level` is what `first_below` and `first_above` wait for, in the variable's unit.
    """

    name: str
    title: Title | None
    column: str
    target: Target
    statistic: str
    unit: str
    factor: float
    window: tuple[float, float]
    span: Span
    level: float = 0.0
    minus: str | None = None
    goal: Goal | None = None

    @property
    def at(self) -> float | None:
        """The time its value is of; None where it is of no single time."""
        return self.window[1] if self.statistic in {"at", "final"} else None

    @property
    def is_series(self) -> bool:
        """Whether it is a value over time, looked at at one time."""
        return self.statistic in {"at", "final"}


@dataclass(frozen=True)
class ShareOfRuns:
    """An indicator of a sweep: it has no value for a single run of each scenario."""

    name: str
    title: Title | None
    of: str
    goal: str
    span: Span
    wanted: Goal | None = None
    """The goal as a band of shares, from 0 to 1."""


def read_indicators(
    document: Document, names: ModelNames, timing: Timing, scenarios: Iterable[str], to: Reading
) -> tuple[list[Indicator], list[ShareOfRuns]]:
    """Return the indicators of a file, those of sweeps apart."""
    known = {name.value: kpi for name, kpi in document.kpis if kpi.share_of_runs is None}
    ones, shares = [], []
    reader = _IndicatorReader(names, timing, list(scenarios), to)
    for name, kpi in document.kpis:
        if kpi.share_of_runs is not None:
            share = _share(name, kpi, known, names, to)
            if share is not None:
                shares.append(share)
            continue
        found = reader.read(name, kpi)
        if found is not None:
            ones.append(found)
    return ones, shares


def _share(name: At[str], kpi: Kpi, known: dict[str, Kpi], names: ModelNames, to: Reading) -> ShareOfRuns | None:
    assert kpi.share_of_runs is not None
    if kpi.value is not None:
        text = "`value` and `share_of_runs` cannot stand together: an indicator is one of them"
        to.error("conflicting-keys", text, kpi.value.span)
    if kpi.share_of_runs.value not in known:
        to.unknown("unknown-indicator", "indicator", kpi.share_of_runs.value, kpi.share_of_runs.span, sorted(known))
        return None
    if known[kpi.share_of_runs.value].goal is None:
        text = f"the indicator `{kpi.share_of_runs.value}` has no goal, so that no share of runs meets it"
        to.error("missing-key", text, kpi.share_of_runs.span, help=['give it one: `goal: "<= 210"`'])
        return None
    goal = None if kpi.goal is None else read_goal(kpi.goal, "dimensionless", names, to)
    if kpi.goal is not None and goal is None:
        return None
    text = kpi.goal.value if kpi.goal else ""
    return ShareOfRuns(name.value, kpi.title, kpi.share_of_runs.value, text, name.span, goal)


@dataclass
class _IndicatorReader:
    names: ModelNames
    timing: Timing
    scenarios: list[str]
    to: Reading

    def read(self, name: At[str], kpi: Kpi) -> Indicator | None:
        if kpi.value is None:
            self.to.error(
                "missing-key", f"the indicator `{name.value}` needs `value`: the variable it is of", name.span
            )
            return None
        target = self.names.find(kpi.value, self.to)
        if target is None or not self._is_one(kpi.value, target):
            return None
        statistic = self._statistic(kpi)
        if statistic is None:
            return None
        made = Indicator(name.value, kpi.title, place_names(target)[0], target, statistic, target.variable.units, 1.0,
                         (self.timing.clock.start, self.timing.clock.stop), name.span)  # fmt: skip
        known = self._minus(kpi)
        found = self._of_time(made, kpi) if statistic in _OF_TIME else self._of_value(made, kpi)
        if found is None or not known:
            return None
        if kpi.minus is not None:
            found = replace(found, minus=kpi.minus.value)
        if kpi.goal is None:
            return found
        goal = read_goal(kpi.goal, found.unit, self.names, self.to)
        if goal is not None and statistic in _OF_TIME:
            self._in_horizon(goal, kpi.goal)
        return None if goal is None else replace(found, goal=goal)

    def _is_one(self, name: At[str], target: Target) -> bool:
        if role_of(target.variable) is Role.LOOKUP:
            text = f"`{target.variable.name}` is a lookup: it has no values over time to measure"
            self.to.error("lookup-as-value", text, name.span)
            return False
        if target.places.size == 1:
            return True
        first = place_names(target)[0]
        text = f"`{target.text}` is {target.places.size} values: an indicator is of one"
        self.to.error("not-one-value", text, name.span, help=[f"name an element, as in `{first}`, or a total"])
        return False

    def _statistic(self, kpi: Kpi) -> str | None:
        said = [s for s in _STATISTICS if getattr(kpi, s) is not None]
        if len(said) > 1:
            second = getattr(kpi, said[1])
            text = f"`{said[0]}` and `{said[1]}` cannot stand together: an indicator has one statistic"
            self.to.error("conflicting-keys", text, second.span)
            return None
        return said[0] if said else "final"

    def _of_time(self, made: Indicator, kpi: Kpi) -> Indicator | None:
        amount = kpi.first_below or kpi.first_above
        assert amount is not None
        level = self.names.number(amount, made.unit, self.to, f"`{made.column}`")
        if kpi.unit is not None and kpi.unit.value.strip() != self.names.time_unit:
            text = f"`{made.name}` is a time, in {self.names.time_unit or 'the unit of time'}: it takes no other unit"
            self.to.error("unit-mismatch", text, kpi.unit.span)
        return None if level is None else replace(made, level=level, unit=self.names.time_unit)

    def _of_value(self, made: Indicator, kpi: Kpi) -> Indicator | None:
        own = made.unit
        if made.statistic == "sum" and own.strip() and self.names.time_unit:
            own = self.names.system.show(self.names.system.unit(f"({own})*({self.names.time_unit})") or Unit())
        if kpi.unit is not None:
            made = replace(made, unit=kpi.unit.value)
            try:
                made = replace(made, factor=float(conversion_factor(own, kpi.unit.value, self.names.system)))
            except InputError as reason:
                self.to.error("unit-mismatch", f"`{made.column}` is in {own or 'no unit'}: {reason}", kpi.unit.span)
                return None
        else:
            made = replace(made, unit=own)
        if kpi.at is not None:
            if not self._saved(kpi.at):
                return None
            return replace(made, window=(kpi.at.value, kpi.at.value))
        window: Window | None = getattr(kpi, made.statistic) if made.statistic in _OVER else None
        if window is None or not window.bounds:
            return made
        begin, end = window.bounds
        if not (self._saved(begin) and self._saved(end)):
            return None
        return replace(made, window=(begin.value, end.value))

    def _saved(self, time: At[float]) -> bool:
        clock = self.timing.clock
        if not clock.start <= time.value <= clock.stop:
            text = f"{time.value:g} is outside of the runs, which go from {clock.start:g} to {clock.stop:g}"
            self.to.error("beyond-horizon", text, time.span)
            return False
        if self.timing.is_saved(time.value):
            return True
        nearest = min(self.timing.saved, key=lambda t: abs(t - time.value))
        text = f"no value is saved at {time.value:g}: values are saved every {self.timing.save_every:g}"
        self.to.error("beyond-horizon", text, time.span, help=[f"the nearest is {nearest:g}"])
        return False

    def _in_horizon(self, goal: Goal, text: At[str]) -> None:
        for value, _ in goal.lines:
            clock = self.timing.clock
            if not clock.start <= value <= clock.stop:
                said = f"the goal is a time outside of the runs, which go from {clock.start:g} to {clock.stop:g}"
                self.to.error("beyond-horizon", said, text.span)

    def _minus(self, kpi: Kpi) -> bool:
        if kpi.minus is None or kpi.minus.value in self.scenarios:
            return True
        self.to.unknown("unknown-scenario", "scenario", kpi.minus.value, kpi.minus.span, self.scenarios)
        return False
