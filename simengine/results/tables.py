"""The tables of a result folder: indicators over time, scores, the comparison, history.

In: a `Record`. Out: sheets; and from their rows again the record's parts.

Invariant: every number of a record that is not in a run's own file stands in one of these tables.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import groupby
from typing import Any

import numpy as np

from simengine.results.compare import compare_scenarios
from simengine.results.record import Record, Series
from simengine.results.sheet import Cell, Field, Sheet, numbers
from simengine.results.study import Finding, History, Score

SCENARIO = Field("scenario", "string", "Name of the scenario")
VARIABLE = Field("variable", "string", "Name of the variable in the model")
ELEMENT = Field("element", "string", "Element it is for, as in the model; empty where the variable has no dimensions")
TITLE = Field("title", "string", "What people call it")
UNIT = Field("unit", "string", "Unit of the value")


def time_field(record: Record) -> Field:
    """Return the column of times."""
    return time_field_in(record.time_unit)


def time_field_in(unit: str) -> Field:
    """Return the column of times in a unit."""
    return Field("time", "number", "Time in the model", unit)


def sheets_of(record: Record) -> tuple[Sheet, ...]:
    """Return all tables of a record; those that would be empty are left out, but for the indicators."""
    made = (indicator_sheet(record), score_sheet(record), comparison_sheet(record), history_sheet(record))
    return tuple(s for s in (*made, finding_sheet(record)) if s.rows or s.name == "all")


def indicator_sheet(record: Record) -> Sheet:
    """Return `all`: the indicators of all scenarios, a row a value."""
    about = {i.variable: (i.title, i.unit) for i in record.indicators}
    dimensions = list(dict.fromkeys(name for s in record.series for name, _ in s.elements))
    named = [dimension_column(d) for d in dimensions]
    hides = any(s.hidden is not None for s in record.series)
    fields = (
        SCENARIO,
        VARIABLE,
        ELEMENT,
        *[Field(n, "string", f"Element of the dimension {d}") for n, d in zip(named, dimensions, strict=True)],
        TITLE,
        UNIT,
        time_field(record),
        Field("value", "number", "Value of the indicator; empty where it is not a number"),
        *([Field("hidden", "boolean", "Whether the value says too little to be shown")] if hides else []),
    )
    rows: list[tuple[Cell, ...]] = []
    for s in record.series:
        elements = dict(s.elements)
        lead = (s.scenario, s.variable, s.element, *[elements.get(d, "") for d in dimensions], *about[s.variable])
        hidden: list[bool | None] = [None] * len(s.times) if s.hidden is None else s.hidden.tolist()
        pairs = zip(s.times.tolist(), s.values.tolist(), hidden, strict=True)
        rows += [(*lead, t, v, h) if hides else (*lead, t, v) for t, v, h in pairs]
    return Sheet("all", "Indicators of all scenarios over time", fields, tuple(rows))


_TAKEN = ("scenario", "variable", "element", "title", "unit", "time", "value", "hidden")


def dimension_column(dimension: str) -> str:
    """Return the name of the column that holds a dimension's elements: its own, if it is free."""
    return f"{dimension} (dimension)" if dimension.casefold() in _TAKEN else dimension


INDICATOR_COLUMNS = (("scenario", "string"), ("variable", "string"), ("element", "string"), ("time", "number"),
                     ("value", "number"))  # fmt: skip


def series_of(rows: Iterable[Sequence[Any]], dimensions: Sequence[str], *, hides: bool) -> tuple[Series, ...]:
    """Return series from rows of `INDICATOR_COLUMNS`, then one column a dimension, then `hidden` where there is one."""
    out = []
    for (scenario, variable, element), group in groupby(rows, key=lambda r: tuple(r[:3])):
        found = list(group)
        elements = tuple((d, e) for d, e in zip(dimensions, found[0][5 : 5 + len(dimensions)], strict=True) if e)
        hidden = np.asarray([bool(r[-1]) for r in found]) if hides and found[0][-1] is not None else None
        times, values = (np.asarray(numbers(r[at] for r in found), dtype=np.float64) for at in (3, 4))
        out.append(Series(scenario, variable, element, times, values, elements, hidden))
    return tuple(out)


def score_sheet(record: Record) -> Sheet:
    """Return `goals`: every score, with its goal where it has one."""
    fields = (
        SCENARIO,
        Field("name", "string", "Name of the score"),
        TITLE,
        Field("value", "number", "Its value; empty where there is none"),
        UNIT,
        Field("goal", "string", "The goal as written; empty where it has none"),
        Field("met", "boolean", "Whether the goal is met"),
        Field("reached", "number", "From when on the goal holds", record.time_unit),
        Field(
            "margin", "number", "How far on the right side, in the unit of the value; negative: how far it is missed"
        ),
        Field("variable", "string", "Column it is about: Name or Name[element]"),
        Field("at", "number", "The time its value is of", record.time_unit),
    )
    rows = tuple(
        (s.scenario, s.name, s.title, s.value, s.unit, s.goal, s.met, s.reached, s.margin, s.variable, s.at)
        for s in record.scores
    )
    return Sheet("goals", "Scores of all scenarios: goals met or missed, by how much and since when", fields, rows)


def scores_of(rows: Iterable[Sequence[Any]]) -> tuple[Score, ...]:
    """Return scores from rows of `score_sheet`."""
    return tuple(Score(*row[:3], *numbers([row[3]]), *row[4:]) for row in rows)


def comparison_sheet(record: Record) -> Sheet:
    """Return `comparison`: indicators at chosen times, beside the base, element by element."""
    fields = (
        VARIABLE,
        ELEMENT,
        TITLE,
        UNIT,
        SCENARIO,
        time_field(record),
        Field("value", "number", "Value of the indicator; empty where there is none to show"),
        Field("difference", "number", f"Value less that of the scenario {record.base}"),
        Field("share", "number", f"Difference as a share of the value in the scenario {record.base}"),
    )
    rows = tuple(
        (c.variable, c.element, c.title, c.unit, c.scenario, c.time, c.value, c.difference, c.share)
        for c in compare_scenarios(record, elements=True)
    )
    return Sheet("comparison", f"Scenarios compared with {record.base} at chosen times", fields, rows)


def history_sheet(record: Record) -> Sheet:
    """Return `history`: what was measured."""
    return history_rows(record.history, record.time_unit)


def history_rows(history: Iterable[History], time_unit: str) -> Sheet:
    """Return `history` of some columns."""
    fields = (
        Field("column", "string", "Column it is about: Name or Name[element]"),
        time_field_in(time_unit),
        Field("value", "number", "What was measured, in the unit of the indicator"),
        Field("quality", "string", "Quality flag of the value"),
        Field("source", "string", "Who measured or published it"),
    )
    rows = tuple(
        (h.column, t, v, h.quality[n] if n < len(h.quality) else None, h.source)
        for h in history
        for n, (t, v) in enumerate(zip(h.times, h.values, strict=True))
    )
    return Sheet("history", "What was measured, drawn under the runs", fields, rows)


def history_of(rows: Iterable[Sequence[Any]]) -> tuple[History, ...]:
    """Return history from rows of `history_sheet`."""
    out = []
    for (column, source), group in groupby(rows, key=lambda r: (r[0], r[4])):
        found = list(group)
        quality = tuple(r[3] for r in found)
        times, values = (tuple(numbers(r[at] for r in found)) for at in (1, 2))
        out.append(History(column, times, values, source, quality if any(quality) else ()))
    return tuple(out)


def finding_sheet(record: Record) -> Sheet:
    """Return `findings`: checks that scenarios failed."""
    fields = (SCENARIO, Field("name", "string", "Name of the check"), Field("message", "string", "What it found"))
    return Sheet(
        "findings", "Checks that failed", fields, tuple((f.scenario, f.name, f.message) for f in record.findings)
    )


def findings_of(rows: Iterable[Sequence[Any]]) -> tuple[Finding, ...]:
    """Return findings from rows of `finding_sheet`."""
    return tuple(Finding(*row) for row in rows)
