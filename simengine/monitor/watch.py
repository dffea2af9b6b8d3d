"""Watching a plan: forecast against actual, goals in reach, what initiatives do.

In: a `MonitorPlan`. Out: a `Watch`, in words and as plain data.

Invariant: the same plan and the same data give the same watch.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass, replace

import numpy as np

from simengine.calibrate.study import Ways
from simengine.monitor.effects import Effect, find_effects
from simengine.monitor.forecast import read_forecast
from simengine.monitor.goals import AS_RUN, GoalReach, find_reach
from simengine.monitor.initiative import Initiative
from simengine.monitor.judge import Verdict, judge, put_together
from simengine.monitor.members import Forecast, Members
from simengine.monitor.note import Note
from simengine.monitor.observations import BREAKS, Observation, newest
from simengine.monitor.plan import MonitorPlan, Watched
from simengine.monitor.recalibrate import QUIET, Recalibrated, as_plain, recalibrate
from simengine.monitor.words import in_words, said, words_of
from simengine.source.diagnostic import InputError

_SOUND = frozenset({"", "measured", "reported", *BREAKS})
"""Marks of values that say nothing against them."""


@dataclass(frozen=True)
class Course:
    """What the runs of a forecast come to over time: medians, and between what 90 % of them lie."""

    times: tuple[float, ...] = ()
    median: tuple[float, ...] = ()
    low: tuple[float, ...] = ()
    high: tuple[float, ...] = ()

    @classmethod
    def of(cls, forecast: Forecast, variable: str, place: int) -> Course:
        """Return the course of one element of a variable."""
        low, median, high = np.quantile(forecast.column(variable, place), [0.05, 0.5, 0.95], axis=0)
        return cls(tuple(forecast.times.tolist()), *(tuple(row.tolist()) for row in (median, low, high)))


@dataclass(frozen=True)
class Found:
    """What became of an indicator."""

    watched: Watched
    verdict: Verdict
    marks: tuple[tuple[float, str], ...] = ()
    """Values the data mark as other than measured: time and mark."""
    breaks: tuple[float, ...] = ()
    """From when on the series is of another definition, of what is new."""
    known: tuple[tuple[float, float], ...] = ()
    """What was known when the forecast was made: times and values."""
    course: Course = Course()

    def words(self, language: str = "en") -> str:
        """Return it as a planner reads it."""
        return in_words(self.watched, self.verdict, self.marks, self.breaks, language)


@dataclass(frozen=True)
class Watch:
    """What became of a plan."""

    title: str
    scenario: str
    as_of: float
    false_alarm: float
    members: int | None
    found: tuple[Found, ...]
    goals: tuple[GoalReach, ...]
    initiatives: tuple[Initiative, ...]
    effects: tuple[Effect, ...]
    size_by: str | None
    """The indicator that sizes go by; None: the largest effect of each, as a share of its indicator."""
    notes: tuple[Note, ...]
    recalibrated: Recalibrated | None = None


def watch(plan: MonitorPlan, ways: Ways | None = QUIET) -> Watch:
    """Return what became of a plan.

    Parameters
    ----------
    plan
        The plan.
    ways
        What is told while a calibration is done anew; None: it is not done.

    Raises
    ------
    InputError
        If an ensemble cannot be made of the scenario that was planned.

    """
    found, latest, notes = find_verdicts(plan)
    goals, more = find_reach(plan, latest)
    seen = Watch(
        plan.title, plan.scenario, plan.as_of, plan.false_alarm, plan.members, found, goals, plan.initiatives,
        find_effects(plan), None if plan.written.size_by is None else plan.written.size_by.value, (*notes, *more),
    )  # fmt: skip
    return seen if ways is None else with_recalibration(seen, plan, ways)


def with_recalibration(seen: Watch, plan: MonitorPlan, ways: Ways = QUIET) -> Watch:
    """Return a watch with what recalibration would change; where that cannot be told, it is noted why."""
    try:
        return replace(seen, recalibrated=recalibrate(plan, ways))
    except InputError as reason:
        return replace(seen, notes=(*seen.notes, Note.of("not recalibrated", reason=reason)))


def find_verdicts(plan: MonitorPlan) -> tuple[tuple[Found, ...], list[Observation], tuple[Note, ...]]:
    """Return what became of every indicator, the newest observations of them, and what is to be said of the runs.

    Raises
    ------
    InputError
        If an ensemble cannot be made of the scenario that was planned.

    """
    clock = plan.plan.timing.clock
    inside = [o for o in plan.observations if clock.start <= o.time <= clock.stop]
    now, then = newest(inside), newest(inside, plan.as_of)
    known = {(o.column, o.time) for o in then}
    columns = {w.column for w in plan.watched}
    forecast, notes = _forecast(plan), []
    if plan.sweep is not None:
        notes.append(Note.of("shown", folder=plan.sweep, n=forecast.members))
        inside = [o for o in inside if forecast.times[0] <= o.time <= forecast.times[-1]]
        now, then = newest(inside), newest(inside, plan.as_of)
    if forecast.failed:
        notes.append(Note.of("failed", n=forecast.failed, of=forecast.failed + forecast.members))
    found = []
    for watched in plan.watched:
        old = [o for o in then if o.column == watched.column and _tells(watched, plan)]
        new = [o for o in now if o.column == watched.column and (o.column, o.time) not in known]
        ordered = [*old, *new]
        times = [o.time for o in ordered]
        predicted = forecast.at(watched.variable, watched.place, times)
        errors = [watched.error_of(o.value) for o in ordered]
        series = put_together(
            times, [o.value for o in ordered], errors, predicted, len(old), [o.is_break for o in ordered]
        )
        verdict = judge(series, plan.false_alarm)
        marks = tuple((o.time, o.quality) for o in new if o.quality not in _SOUND)
        breaks = tuple(o.time for o in new if o.is_break)
        before = tuple((o.time, o.value) for o in then if o.column == watched.column)
        course = Course.of(forecast, watched.variable, watched.place)
        found.append(Found(watched, verdict, marks, breaks, before, course))
    latest = [o for o in now if o.column in columns]
    return tuple(found), latest, tuple(notes)


def _forecast(plan: MonitorPlan) -> Forecast:
    """Return the runs of the scenario that was planned: those a sweep has kept, or made now."""
    if plan.sweep is not None:
        return read_forecast(plan.sweep, plan.scenario, plan.watched)
    members = Members(plan.plan, plan.plan.names, plan.members, plan.seed)
    return members.run(plan.scenario, [w.variable for w in plan.watched])


def _tells(watched: Watched, plan: MonitorPlan) -> bool:
    """Whether what was known bears on the forecast: only where both spreads are known."""
    return (plan.members is not None or plan.sweep is not None) and watched.has_error


def as_data(seen: Watch, language: str = "en") -> dict[str, object]:
    """Return a watch as plain data; values are in the unit of each indicator, sentences in a language."""
    words = words_of(language)
    return {
        "title": seen.title,
        "scenario": seen.scenario,
        "as_of": seen.as_of,
        "false_alarm": seen.false_alarm,
        "members": seen.members,
        "indicators": [_indicator(one, language) for one in seen.found],
        "goals": [
            {
                "goal": g.name, "title": g.title, "text": g.text, "unit": g.unit, "method": words[g.method],
                "moved": g.method != AS_RUN,
                "in_reach": list(g.in_reach), "likely": list(g.likely), "out_of_reach": g.is_out, "lost": g.is_lost,
                "scenarios": [
                    {"scenario": s.scenario, "title": s.title, "planned": _plain(s.planned),
                     "share_as_planned": s.share_as_planned, "now": _plain(s.now), "share": s.share}
                    for s in g.scenarios
                ],
            }
            for g in seen.goals
        ],
        "initiatives": [
            {
                "name": i.name, "title": i.title, "owner": i.owner, "status": i.status, "by": i.by, "kind": i.kind,
                "starts": i.starts, "levers": list(i.levers), "sources": list(i.sources), "note": i.note,
                "effects": [
                    {"indicator": e.indicator, "title": e.title, "unit": e.unit, "level": _plain(e.level),
                     "alone": _plain(e.alone), "contribution": _plain(e.contribution),
                     "realised": _plain(e.realised), "failed": e.failed}
                    for e in seen.effects if e.initiative == i.name
                ],
            }
            for i in seen.initiatives
        ],
        "recalibration": None if seen.recalibrated is None else as_plain(seen.recalibrated, language),
        "size_by": seen.size_by,
        "notes": [said(note, language) for note in seen.notes],
    }  # fmt: skip


def _indicator(one: Found, language: str) -> dict[str, object]:
    watched, verdict = one.watched, one.verdict
    by = watched.factor

    def shown(values: Iterable[float]) -> list[float]:
        return [v * by for v in values]

    return {
        "name": watched.name, "title": watched.title, "variable": watched.column, "unit": watched.unit,
        "state": verdict.state.value, "words": one.words(language), "since": verdict.since,
        "direction": {1: "higher", -1: "lower", 0: None}[verdict.direction],
        "times": list(verdict.times), "observed": shown(verdict.observed), "forecast": shown(verdict.forecast),
        "spread": None if verdict.spread is None else [abs(v) for v in shown(verdict.spread)],
        "standardised": list(verdict.standardised),
        "known": [{"time": time, "value": value * by} for time, value in one.known],
        "course": {"times": list(one.course.times), "median": shown(one.course.median),
                   "low": shown(one.course.low), "high": shown(one.course.high)},
        "breaks": list(one.breaks),
        "marks": [{"time": time, "mark": mark} for time, mark in one.marks],
        "tests": [
            {"name": t.name, "statistic": t.statistic, "limit": _plain(t.limit), "false_alarm": t.false_alarm,
             "probability": t.probability, "alarm": t.alarm, "says": t.says}
            for t in verdict.tests
        ],
    }  # fmt: skip


def _plain(value: float | None) -> float | None:
    return None if value is None or not math.isfinite(value) else float(np.float64(value))
