"""Scenarios compared: every indicator at chosen times, beside the base; goals met or missed.

In: a `Record`. Out: rows, which terminals, CSV and pages show each in their way.

Invariant: nothing is filled in: where a scenario has no value at a time, its value and difference are NaN.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from simengine.results.record import Record, Series
from simengine.results.study import Score

_MOST_TIMES = 6


@dataclass(frozen=True, slots=True)
class Compared:
    """An indicator of a scenario at a time, and how it differs from the base: in its unit, and as a share."""

    variable: str
    element: str
    title: str
    unit: str
    scenario: str
    time: float
    value: float
    difference: float
    share: float


@dataclass(frozen=True, slots=True)
class GoalRow:
    """A goal and what each scenario makes of it, in the order of scenarios; None where one has no such goal."""

    name: str
    title: str
    unit: str
    goal: str
    scores: tuple[Score | None, ...]


def compare_scenarios(
    record: Record, times: Sequence[float] | None = None, *, elements: bool = False
) -> tuple[Compared, ...]:
    """Return every indicator at some times for every scenario, beside the base.

    Parameters
    ----------
    record
        What is compared.
    times
        The times to compare at; those of `comparison_times` where none are given.
    elements
        Whether to compare arrays element by element; else only indicators without dimensions are.

    """
    chosen = comparison_times(record) if times is None else tuple(times)
    by_place = {(s.scenario, s.column): s for s in record.series}
    out = []
    for indicator in record.indicators:
        found = record.by_indicator[indicator.variable]
        for element in dict.fromkeys(s.element for s in found if elements or not s.element):
            of_element = [s for s in found if s.element == element]
            base = by_place.get((record.base, of_element[0].column))
            out += [
                _compared(series, base, indicator.title, indicator.unit, time)
                for series in of_element
                for time in chosen
            ]
    return tuple(out)


def _compared(series: Series, base: Series | None, title: str, unit: str, time: float) -> Compared:
    value, reference = series.at(time), base.at(time) if base is not None else math.nan
    difference = value - reference
    share = difference / abs(reference) if reference else math.nan
    return Compared(series.variable, series.element, title, unit, series.scenario, time, value, difference, share)


def comparison_times(record: Record) -> tuple[float, ...]:
    """Return times worth comparing at: those of goals, round ones between, and the last one saved.

    Only times at which every scenario has a value; six at most, unless goals name more.
    """
    saved = [s.times for s in record.series]
    if not saved or any(not t.size for t in saved):
        return ()
    distinct: list[np.ndarray] = []
    for times in saved:
        if not any(times is d or np.array_equal(times, d) for d in distinct):
            distinct.append(times)
    shared = sorted(set.intersection(*(set(np.round(t, 9).tolist()) for t in distinct)))
    if not shared:
        return ()
    goals = {t for i in record.indicators for t, _, _ in i.goals} | {s.at for s in record.scores if s.at is not None}
    kept = {t for t in shared if any(math.isclose(t, g, rel_tol=1e-9, abs_tol=1e-9) for g in goals)} | {shared[-1]}
    span = shared[-1] - shared[0]
    for step in _round_steps(span):
        between = {t for t in shared if t > shared[0] and math.isclose(t / step, round(t / step), abs_tol=1e-9)}
        if len(between | kept) <= _MOST_TIMES:
            return tuple(sorted(between | kept))
    return tuple(sorted(kept))


def _round_steps(span: float) -> list[float]:
    """Return 1, 2, 5, 10 ... times a power of ten, from a tenth of a span to the span."""
    if span <= 0:
        return []
    power = 10.0 ** math.floor(math.log10(span) - 1)
    return [s * power for s in (1, 2, 5, 10, 20, 50, 100) if s * power >= span / 10]


def goal_rows(record: Record) -> tuple[GoalRow, ...]:
    """Return the goals, each with what every scenario makes of it."""
    found: dict[tuple[str, str, str, str], dict[str, Score]] = {}
    for score in record.scores:
        if score.goal:
            key = (score.name, score.title or score.name, score.unit, score.goal)
            found.setdefault(key, {})[score.scenario] = score
    names = [s.name for s in record.scenarios]
    return tuple(GoalRow(*key, tuple(scores.get(n) for n in names)) for key, scores in found.items())


def comparison_table(record: Record, times: Sequence[float] | None = None) -> tuple[list[str], list[list[str]]]:
    """Return head and rows of text for a terminal: a row an indicator and scenario, a column a time.

    The last column is the difference from the base at the last time.
    """
    compared = compare_scenarios(record, times)
    columns = list(dict.fromkeys(c.time for c in compared))
    titles = record.titles()
    rows: list[list[str]] = []
    named = ""
    for variable, scenario in dict.fromkeys((c.variable, c.scenario) for c in compared):
        cells = [c for c in compared if (c.variable, c.scenario) == (variable, scenario)]
        last = cells[-1]
        change = "" if scenario == record.base or math.isnan(last.share) else f"{last.share:+.1%}"
        title = "" if variable == named else f"{last.title} ({last.unit})"
        named = variable
        rows.append([title, titles[scenario], *[_digits(c.value) for c in cells], change])
    return ["indicator", "scenario", *[f"{t:g}" for t in columns], "against base"], rows


def goal_table(record: Record) -> tuple[list[str], list[list[str]]]:
    """Return head and rows of text for a terminal: a row a goal and scenario."""
    titles = record.titles()
    rows = [
        [
            row.title,
            titles.get(score.scenario, score.scenario),
            f"{row.goal} {row.unit}".strip(),
            _digits(score.value),
            "met" if score.met else "missed",
            "" if score.margin is None else _digits(score.margin),
            "" if score.reached is None else f"{score.reached:g}",
        ]
        for row in goal_rows(record)
        for score in row.scores
        if score is not None
    ]
    return ["goal", "scenario", "target", "value", "", "margin", "since"], rows


def _digits(value: float) -> str:
    return "-" if math.isnan(value) else f"{value:.4g}" if abs(value) < 1000 else f"{value:.0f}"
