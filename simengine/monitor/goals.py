"""Goals now in reach, and out of it: what every scenario comes to from where the indicators are now.

In: a `MonitorPlan`, the newest observations. Out: for each goal what each scenario was to come to, and comes to now.

Where the file names stocks under `state`, all runs of a scenario are started from the state that the ensemble Kalman
filter estimates from all observations, and go on from there by the model: a goal is in reach where more than half of
them meet it. Where it names none, a goal's indicator that is watched is moved, from the last observation on, by as much
as that differed from the scenario's run (the last innovation): nothing in the model then follows from it. Goals on
other indicators are judged by the runs as they are.

A goal is likely to be met where more than half of the runs meet it, and out of reach where in no scenario as many as
`LEAST` of them do.

Invariant: a goal is told to be out of reach only where no scenario of the file reaches it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from simengine.monitor.members import Forecast, Members
from simengine.monitor.note import Note
from simengine.monitor.observations import Observation, before_breaks
from simengine.monitor.plan import MonitorPlan
from simengine.monitor.state import Estimated, Filter
from simengine.monitor.words import quoted
from simengine.scenario.file import title_of
from simengine.scenario.indicator import Indicator
from simengine.scenario.score import measure
from simengine.source.diagnostic import InputError

Array = NDArray[np.float64]
BY_STATE = "by state"
BY_SHIFT = "by shift"
LEAST = 0.05
"""The share of runs from which on a goal counts as in reach."""
AS_RUN = "as run"
"""How a goal is judged: keys of sentences."""


@dataclass(frozen=True)
class ScenarioReach:
    """What a scenario comes to: medians of runs where there are several, in the goal's unit."""

    scenario: str
    planned: float
    share_as_planned: float
    """The share of runs that meet the goal as planned."""
    now: float
    share: float
    """The share of runs that meet the goal now."""
    title: str = ""

    @property
    def met_now(self) -> bool:
        """Whether more than half of the runs meet the goal now."""
        return self.share > 0.5


@dataclass(frozen=True)
class GoalReach:
    """A goal, and under which scenarios it can still be met."""

    name: str
    title: str
    text: str
    unit: str
    method: str
    scenarios: tuple[ScenarioReach, ...]

    @property
    def in_reach(self) -> tuple[str, ...]:
        """The scenarios under which it can be met now, the likeliest first."""
        ones = sorted(self.scenarios, key=lambda s: -s.share)
        return tuple(s.scenario for s in ones if s.share >= LEAST)

    @property
    def likely(self) -> tuple[str, ...]:
        """The scenarios under which more than half of the runs meet it."""
        return tuple(s.scenario for s in self.scenarios if s.met_now)

    @property
    def is_out(self) -> bool:
        """Whether it can be met in no scenario now."""
        return not self.in_reach

    @property
    def is_lost(self) -> bool:
        """Whether it is out of reach, and was not before."""
        return self.is_out and any(s.share_as_planned >= LEAST for s in self.scenarios)


def find_reach(plan: MonitorPlan, latest: Sequence[Observation]) -> tuple[tuple[GoalReach, ...], tuple[Note, ...]]:
    """Return goals with the scenarios that meet them, and what is to be said of how that was found."""
    indicators = [i for i in plan.plan.indicators if i.goal is not None and i.minus is None]
    if not indicators:
        return (), ()
    maker = _Reach(plan, latest, indicators)
    # what was planned comes first: others may share its corrections
    order = [plan.scenario, *(n for n in plan.scenarios if n != plan.scenario)]
    found = maker.all(order)
    rows = {name: found[name] for name in plan.scenarios}
    goals = []
    for n, one in enumerate(indicators):
        assert one.goal is not None
        title, method = title_of(one.title, one.name, plan.language), maker.method(one)
        reach = tuple(ones[n] for ones in rows.values() if ones)
        goals.append(GoalReach(one.name, title, one.goal.text, one.unit, method, reach))
    return tuple(goals), tuple(dict.fromkeys(maker.notes))


class _Reach:
    """Runs scenarios, and measures goals in them."""

    def __init__(self, plan: MonitorPlan, latest: Sequence[Observation], indicators: Sequence[Indicator]) -> None:
        self.plan, self.latest, self.indicators = plan, before_breaks(latest), indicators
        self.notes: list[Note] = []
        self.titles = {name.value: one.title for name, one in plan.plan.document.scenarios}
        redefined = sorted({o.column for o in latest} & {o.column for o in latest if o.is_break})
        if redefined:
            self.notes.append(Note.of("redefined", names=quoted(redefined)))
        latest = self.latest
        self.members = Members(plan.plan, plan.plan.names, plan.members, plan.seed)
        self.filter: Filter | None = None
        if plan.stocks and plan.members is not None:
            exact = [o for o in latest if not self._has_error(o.column)]
            if exact:
                self.notes.append(Note.of("no error", names=quoted(sorted({o.column for o in exact}))))
            used = [o for o in latest if self._has_error(o.column)]
            watched = [w for w in plan.watched if w.has_error]
            self.filter = Filter.of(plan.plan, plan.members, plan.seed, plan.stocks, watched, used)
        self.variables = [i.target.variable.name for i in indicators] + [w.variable for w in plan.watched]

    def _has_error(self, column: str) -> bool:
        return any(w.column == column and w.has_error for w in self.plan.watched)

    def method(self, one: Indicator) -> str:
        """Return how a goal is judged."""
        if self.filter is not None:
            return BY_STATE
        return BY_SHIFT if any(o.column == one.column for o in self.latest) else AS_RUN

    def all(self, names: Sequence[str]) -> dict[str, tuple[ScenarioReach, ...]]:
        """Return what scenarios come to, goal by goal; nothing where one cannot be run so, which is noted."""
        if self.filter is None:
            planned = self.members.run_all(names, self.variables)
            estimated: dict[str, Estimated | InputError] = {}
        else:
            try:
                planned = self.filter.plain(names, self.variables)
                estimated = self.filter.run_all(names, self.variables, planned)
            except InputError as reason:
                planned, estimated = dict.fromkeys(names, reason), {}
        return {name: self._scenario(name, planned[name], estimated.get(name)) for name in names}

    def _scenario(
        self, name: str, planned: Forecast | InputError, now: Estimated | InputError | None
    ) -> tuple[ScenarioReach, ...]:
        for found in (planned, now):
            if isinstance(found, InputError):
                self.notes.append(Note.of("left out", name=name, reason=found))
                return ()
        assert not isinstance(planned, InputError)
        assert not isinstance(now, InputError)
        if now is not None:
            self._note(name, now)
        out = []
        for one in self.indicators:
            place = int(one.target.places[0])
            before = planned.column(one.target.variable.name, place)
            if now is not None:
                after = now.forecast.column(one.target.variable.name, place)
            else:
                after = self._shifted(one, planned.times, before)
            title = title_of(self.titles.get(name), name, self.plan.language)
            out.append(_reach(name, title, one, planned.times, before, after))
        return tuple(out)

    def _note(self, name: str, found: Estimated) -> None:
        if found.skipped:
            self.notes.append(Note.of("early", times=", ".join(f"{t:g}" for t in found.skipped)))
        if found.held:
            self.notes.append(Note.of("held", name=name, n=found.held))

    def _shifted(self, one: Indicator, times: Array, values: Array) -> Array:
        seen = [o for o in self.latest if o.column == one.column]
        if not seen:
            return values
        last = max(seen, key=lambda o: o.time)
        there = np.array([np.interp(last.time, times, row) for row in values])
        return np.where(times >= last.time, values + (last.value - there)[:, None], values)


def _reach(scenario: str, title: str, one: Indicator, times: Array, before: Array, after: Array) -> ScenarioReach:
    goal = one.goal
    assert goal is not None
    planned, now = measure(one, times, before), measure(one, times, after)
    share_before = float(np.mean([goal.met(float(v)) for v in planned]))
    share_now = float(np.mean([goal.met(float(v)) for v in now]))
    return ScenarioReach(scenario, _median(planned), share_before, _median(now), share_now, title)


def _median(values: Array) -> float:
    there = values[np.isfinite(values)]
    return float(np.median(there)) if there.size else float("nan")
