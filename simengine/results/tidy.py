"""Runs as tidy tables: one row a column of the model and time, texts encoded, a column for each dimension.

In: outcomes of a study. Out: Arrow tables, and their columns as fields.

Invariant: values are the run's own bits, in the model's units.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING

import numpy as np

from simengine.results.labels import Column, dimension_names
from simengine.results.record import Record
from simengine.results.sheet import Field
from simengine.results.study import Outcome, Study

if TYPE_CHECKING:
    import pyarrow as pa

_TAKEN = ("scenario", "variable", "element", "unit", "time", "value")


def dimension_columns(outcomes: Iterable[Outcome]) -> dict[str, str]:
    """Return the dimensions used in runs, and how their columns are called: their own name, if it is free."""
    out: dict[str, str] = {}
    taken = set(_TAKEN)
    for outcome in outcomes:
        for column in outcome.run.columns:
            for name in dimension_names(column.variable):
                if name in out:
                    continue
                free = name
                while free.casefold() in taken:
                    free += " (dimension)"
                taken.add(free.casefold())
                out[name] = free
    return out


def run_fields(dimensions: dict[str, str], time_unit: str) -> tuple[Field, ...]:
    """Return the columns of a run's table."""
    return (
        Field("scenario", "string", "Name of the scenario"),
        Field("variable", "string", "Name of the variable in the model"),
        Field("element", "string", "Element as it stands in brackets; empty for a variable without dimensions"),
        *[Field(shown, "string", f"Element of the dimension {name}, if any") for name, shown in dimensions.items()],
        Field("unit", "string", "Unit as the model writes it"),
        Field("time", "number", "Time in the model", time_unit),
        Field("value", "number", "Value, in the unit of the model"),
    )


def run_table(outcome: Outcome, dimensions: dict[str, str]) -> pa.Table:
    """Return a scenario's run: all that was saved. The metadata key `simengine` holds method and documentation."""
    import pyarrow as pa  # heavy: only for this format

    run = outcome.run
    columns, count = run.columns, len(run.times)

    def encoded(text: Callable[[Column], str | None]) -> pa.DictionaryArray:
        known: dict[str, int] = {}
        texts = [text(c) for c in columns]
        codes = np.asarray([-1 if t is None else known.setdefault(t, len(known)) for t in texts], dtype=np.int32)
        return pa.DictionaryArray.from_arrays(
            pa.array(np.repeat(codes, count), mask=np.repeat(codes < 0, count)), pa.array(list(known), pa.string())
        )

    def along(name: str) -> Callable[[Column], str | None]:
        return lambda c: dict(zip(dimension_names(c.variable), c.element.split(","), strict=False)).get(name)

    data = {
        "scenario": encoded(lambda _: outcome.name),
        "variable": encoded(lambda c: c.variable.name),
        "element": encoded(lambda c: c.element),
        **{shown: encoded(along(name)) for name, shown in dimensions.items()},
        "unit": encoded(lambda c: c.variable.units),
        "time": np.tile(run.times, len(columns)),
        "value": run.table().T.ravel(),
    }
    about = {
        "title": outcome.title,
        "method": run.info.method,
        "failed": str(run.failed or ""),
        "dimensions": dimensions,
        "documentation": {c.variable.name: c.variable.documentation for c in columns if c.variable.documentation},
    }
    return pa.table(data).replace_schema_metadata({"simengine": json.dumps(about, ensure_ascii=False, sort_keys=True)})


def summary_fields(record: Record) -> tuple[Field, ...]:
    """Return the columns of the table of runs."""
    return (
        Field("scenario", "string", "Name of the scenario"),
        Field("title", "string", "What people call it"),
        Field("extends", "string", "The scenarios it builds on, nearest first, separated by ;"),
        Field("failed", "string", "Why the run failed; empty where it did not"),
        *[Field(name, "number", title, unit) for name, title, unit in _score_columns(record)],
    )


def _score_columns(record: Record) -> list[tuple[str, str, str]]:
    taken = {"scenario", "title", "extends", "failed"}
    found = {s.name: (s.title or s.name, s.unit) for s in record.scores}
    return [(n if n.casefold() not in taken else f"{n} (score)", *about) for n, about in found.items()]


def summary_table(study: Study, record: Record) -> pa.Table:
    """Return one row a run: what it is, whether it failed, and its scores."""
    import pyarrow as pa

    values = {(s.scenario, s.name): s.value for s in study.scores}
    names = list(dict.fromkeys(s.name for s in record.scores))
    scenarios = record.scenarios
    data: dict[str, pa.Array] = {
        "scenario": pa.array([s.name for s in scenarios], pa.string()),
        "title": pa.array([s.title for s in scenarios], pa.string()),
        "extends": pa.array([";".join(s.chain) for s in scenarios], pa.string()),
        "failed": pa.array([s.failed for s in scenarios], pa.string()),
    }
    for (shown, _, _), name in zip(_score_columns(record), names, strict=True):
        data[shown] = pa.array([values.get((s.name, name)) for s in scenarios], pa.float64())
    fields = [
        pa.field(name, column.type, metadata={"unit": unit} if unit else None)
        for (name, column), unit in zip(data.items(), [f.unit for f in summary_fields(record)], strict=True)
    ]
    return pa.table(list(data.values()), schema=pa.schema(fields))
