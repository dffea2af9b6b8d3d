"""How far results of a sweep hold: regret between scenarios, and indices against the number of runs.

In: a `SweepRecord`, whose tables hold both. Out: pictures.

Invariant: what is drawn stands in the folder's tables.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import partial

import numpy as np

from simengine.report.course import Course, draw_courses
from simengine.report.matrix import draw_matrix
from simengine.report.picture import Kind, Picture, twice
from simengine.report.sheet import Sheet
from simengine.report.sweep_measures import courses_of
from simengine.report.sweep_record import LEVEL, Numbers, SweepIndicator, SweepRecord
from simengine.report.sweep_words import SweepWords


def draw_robustness(record: SweepRecord, words: SweepWords) -> Iterator[Picture]:
    """Yield the regret of each scenario for each goal, run by run."""
    table = record.table("robustness")
    if table is None or len(record.scenarios) < 2:
        return
    for measure, kind in words.robust_measures:
        rows = table[table["measure"] == measure]
        names = [i for i in record.indicators if (rows["indicator"] == i.name).any()]
        if not names:
            continue
        values = np.full((len(record.scenarios), len(names)), np.nan)
        places = {s.name: s.place for s in record.scenarios}
        columns = {i.name: n for n, i in enumerate(names)}
        for scenario, output, value in zip(rows["scenario"], rows["indicator"], rows["value"], strict=True):
            if scenario in places and output in columns:
                values[places[scenario], columns[output]] = value
        if not np.isfinite(values).any():
            continue
        title, below = words.robust_told(measure)
        heads = [(i.title, i.unit or "–") for i in names]
        alt = f"{title}, {below}. " + " ".join(
            _told(s.title, [(i.title, float(values[s.place, n])) for n, i in enumerate(names)], words)
            for s in record.scenarios
        )
        # of regret more is worse; of values less, where a goal asks for much
        less = [measure == "worst" and i.aim is not None and i.aim[1] == ">=" for i in names]
        rows_told = [s.title for s in record.scenarios]
        draw = partial(_draw_robust, rows_told, heads, values, less, (title, below), words)
        yield Picture(f"charts/{kind}", Kind.ROBUST, title, alt, *twice(draw))


def _told(title: str, values: Sequence[tuple[str, float]], words: SweepWords) -> str:
    return f"{title}: " + "; ".join(f"{name} {words.number(value)}" for name, value in values) + "."


def _draw_robust(
    rows: Sequence[str],
    columns: Sequence[tuple[str, str]],
    values: Numbers,
    less: Sequence[bool],
    head: tuple[str, str],
    words: SweepWords,
    width: float,
) -> Sheet:
    return draw_matrix(
        rows, columns, values, *head, words, width, told=words.number, by_column=True, less_is_dark=less, bold_row=0
    )


def draw_convergence(record: SweepRecord, indicator: SweepIndicator, name: str, words: SweepWords) -> Iterator[Picture]:
    """Yield the main measure of an indicator against the number of runs."""
    table = record.table("convergence")
    if table is None:
        return
    scenario = record.of_runs.focus(indicator)
    rows = table[
        (table["scenario"] == scenario.name) & (table["output"] == indicator.name) & (table["kind"] == "indicator")
    ]
    if not len(rows):
        return
    method, measure = str(rows["method"].iloc[0]), str(rows["measure"].iloc[0])
    courses = [c for c in courses_of(rows, method, measure, "runs") if c.at.size > 1]
    if not courses:
        return
    shares = measure in {"ST", "S1"}
    title = words.convergence_of.format(title=indicator.title)
    below = words.convergence_below.format(measure=words.measure(method, measure), level=LEVEL)
    if len(record.scenarios) > 1:
        below = f"{words.in_scenario.format(scenario=scenario.title)}; {below}"
    draw = partial(_draw_convergence, courses, (title, below), words, shares=shares)
    yield Picture(f"charts/{name}-convergence", Kind.CONVERGENCE, title, f"{title}; {below}.", *twice(draw),
                  about=indicator.name)  # fmt: skip


def _draw_convergence(
    courses: Sequence[Course], head: tuple[str, str], words: SweepWords, width: float, *, shares: bool
) -> Sheet:
    return draw_courses(courses, *head, words, width, shares=shares, over_runs=True)
