"""The data of a calibration as they were known in the year of a forecast, and with all that was measured since.

In: a `Calibration`, observations in the units of the plan's model. Out: the calibration before, and after.

A row of the calibration's own tables was known if it was published by then (its `vintage` where that is a number, else
its time). After: all rows, and observations of the plan that the tables do not have, in the series of the same name.
What was held out stays so; what is new is fitted.

Invariant: with nothing new after, and all rows known before, both are the calibration as its file has it.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from simengine.calibrate.file import Document, Fit
from simengine.calibrate.plan import Calibration, with_data
from simengine.calibrate.store import key_of
from simengine.calibrate.table import Readings, Row
from simengine.language.yaml.reading import At
from simengine.monitor.observations import Observation
from simengine.scenario.file import Times
from simengine.source.diagnostic import InputError
from simengine.source.names import loose_key

Unit = Callable[[str], str]
"""The unit of an observation's column, which is that of the model."""


@dataclass(frozen=True, eq=False)
class Amended:
    """A calibration before and after new observations."""

    before: Calibration
    after: Calibration
    later: int
    """Rows of its own tables that were not known in the year of the forecast."""
    added: int
    """Observations that its tables do not have."""
    used: int
    """How many more values are fitted after than before."""
    unused: tuple[str, ...]
    """Columns with new observations that no fit compares with."""
    left_out: tuple[str, ...]
    """Fits that had no data in the year of the forecast."""


def amend(
    calibration: Calibration, as_of: float, observations: Sequence[Observation], unit_of: Unit
) -> Amended:  # fmt: skip
    """Return a calibration before and after what was measured since a year.

    Raises
    ------
    InputError
        If one of them cannot be: nothing is left to fit, say.

    """
    tables = calibration.tables
    used = _used(calibration)
    known = {n: _filtered(t, used[n], as_of) for n, t in tables.items()}
    later = sum(len(t.series[s]) - len(known[n].series.get(s, ())) for n, t in tables.items() for s in used[n])
    more, unused = _added(calibration, as_of, observations, unit_of)
    added = sum(len(rows) for own in more.values() for rows in own.values())
    if not later and not added:
        return Amended(calibration, calibration, 0, 0, 0, unused, ())
    held = _held_until(calibration.document, known, as_of)
    fits = tuple(pair for pair in calibration.document.fit if _series_of(pair, known))
    left_out = tuple(at.value for at, _ in calibration.document.fit if at.value not in {a.value for a, _ in fits})
    first = calibration if not later else _made(calibration, _with_fits(held, fits), known)
    grown = {name: _grown(t, more.get(name, {})) for name, t in tables.items()}
    second = _made(calibration, _longer(calibration, held, more), grown)
    weights = (c.problem.observations.fit_weight > 0.0 for c in (second, first))
    return Amended(first, second, later, added, int(next(weights).sum() - next(weights).sum()), unused, left_out)


def _made(calibration: Calibration, document: Document, tables: Mapping[str, Readings]) -> Calibration:
    rows = [[name, series, r.time, repr(r.value), r.unit, r.vintage, r.quality]
            for name, t in sorted(tables.items()) for series, own in sorted(t.series.items()) for r in own]  # fmt: skip
    ends = [at.value if at is not None else None for at in _ends(document)]
    found, told = with_data(calibration, document, tables, key_of(rows, ends, [at.value for at, _ in document.fit]))
    if found is None:
        raise InputError("; ".join(d.message for d in told if d.severity.value == "error"))
    return replace(found, settings=calibration.settings)  # what is asked for here, not what the file asks for


def _ends(document: Document) -> tuple[At[float] | None, ...]:
    held, time = document.held_out, document.time
    return (held.begin if held else None, held.end if held else None, time.stop if time else None)


def _published(row: Row) -> float:
    try:
        return float(row.vintage)
    except ValueError:
        return row.time


def _used(calibration: Calibration) -> dict[str, set[str]]:
    """Return which series of every table fits compare with."""
    out: dict[str, set[str]] = {name: set() for name in calibration.tables}
    for pair in calibration.document.fit:
        out[pair[1].data.value].update(_series_of(pair, calibration.tables))
    return out


def _filtered(table: Readings, names: Collection[str], as_of: float) -> Readings:
    """Return a table of which the series named have what was published by a year."""
    series = {
        name: [row for row in rows if name not in names or _published(row) <= as_of]
        for name, rows in table.series.items()
    }
    return replace(table, series={name: rows for name, rows in series.items() if rows})


def _series_of(pair: tuple[At[str], Fit], tables: Mapping[str, Readings]) -> list[str]:
    """Return the series of a table that a fit compares with."""
    table = tables[pair[1].data.value]
    return next((found for name in _names(*pair) if (found := table.find(name))), [])


def _names(at: At[str], fit: Fit) -> tuple[str, ...]:
    return (fit.series.value,) if fit.series else (fit.output.variable.value, at.value)


def _with_fits(document: Document, fits: tuple[tuple[At[str], Fit], ...]) -> Document:
    """Return a document with some of its fits."""
    held, there = document.held_out, {at.value for at, _ in fits}
    if held is not None and held.series:
        series = tuple(s for s in held.series if s.value in there)
        held = replace(held, series=series) if series else None
    return replace(document, fit=fits, held_out=held)


def _held_until(document: Document, known: Mapping[str, Readings], as_of: float) -> Document:
    """Return a document that holds nothing out that is later than what was known."""
    held = document.held_out
    if held is None:
        return document
    last = max((r.time for t in known.values() for rows in t.series.values() for r in rows), default=as_of)
    if held.begin is not None and held.begin.value > last:
        return replace(document, held_out=None)
    end = last if held.end is None else min(last, held.end.value)
    return replace(document, held_out=replace(held, end=At(end, held.span)))


def _added(
    calibration: Calibration, as_of: float, observations: Sequence[Observation], unit_of: Unit
) -> tuple[dict[str, dict[str, list[Row]]], tuple[str, ...]]:
    """Return new rows by table and series, and the columns of new observations that belong to none."""
    by_column: dict[str, list[Observation]] = {}
    new = [o for o in observations if (o.time if o.vintage is None else o.vintage) > as_of]
    for one in (o for o in new if o.time >= calibration.timing.clock.start):
        by_column.setdefault(one.column, []).append(one)
    out: dict[str, dict[str, list[Row]]] = {}
    used = set()
    for at, fit in calibration.document.fit:
        table, series = calibration.tables[fit.data.value], _series_of((at, fit), calibration.tables)
        for name in series:
            columns = [c for c in by_column if _same(c, name)]
            if not columns and len(series) == 1 and not fit.output.kind:
                columns = [c for c in by_column if _same(c, fit.output.variable.value)]
            used.update(columns)
            fresh = [row for c in columns for row in _fresh(by_column[c], table.series[name], unit_of(c))]
            if fresh:
                out.setdefault(fit.data.value, {})[name] = fresh
    return out, tuple(sorted({o.column for o in new} - used))


def _same(column: str, name: str) -> bool:
    """Return whether a column of the plan's model and a series of a table are alike, the part's name left out."""
    ends = {loose_key(column), loose_key(_without_part(column))}
    return loose_key(name) in ends or loose_key(_without_part(name)) in ends


def _without_part(name: str) -> str:
    head, bracket, rest = name.partition("[")
    return (head.partition(".")[2] or head) + bracket + rest


def _fresh(observations: Iterable[Observation], rows: Sequence[Row], unit: str) -> list[Row]:
    """Return the rows of observations that a series does not have: times it lacks, and newer vintages."""
    newest: dict[float, float] = {}
    for row in rows:
        newest[row.time] = max(newest.get(row.time, -math.inf), _published(row))
    out = []
    for one in observations:
        before = newest.get(one.time)
        if before is not None and (one.vintage is None or one.vintage <= before):
            continue
        vintage = "" if one.vintage is None else f"{one.vintage:.10g}"
        out.append(Row(one.time, one.value, 0, unit, one.quality, one.source, vintage))
    return out


def _grown(table: Readings, more: Mapping[str, Sequence[Row]]) -> Readings:
    """Return a table with further rows, each at its time."""
    if not more:
        return table
    series = dict(table.series)
    for name, rows in more.items():
        series[name] = sorted([*series[name], *rows], key=lambda r: (r.time, _published(r)))
    return replace(table, series=series)


def _longer(
    calibration: Calibration, document: Document, more: Mapping[str, Mapping[str, Sequence[Row]]]
) -> Document:  # fmt: skip
    """Return a document whose runs last until the last new row, with its period as that of the last old one."""
    timing, clock = calibration.timing, calibration.timing.clock
    last = max((r.time for own in more.values() for rows in own.values() for r in rows), default=-math.inf)
    rows = (r.time for n, names in _used(calibration).items() for s in names for r in calibration.tables[n].series[s])
    further = last - min(clock.stop, max(rows, default=clock.stop))
    periods = any(fit.over is not None and fit.over.period is not None for _, fit in document.fit)
    if further <= 0.0 or (last <= clock.stop and not periods):
        return document
    wanted = max(last, clock.stop + further) if periods else last
    every = timing.save_every
    stop = clock.start + math.ceil((wanted - clock.start) / every - 1e-9) * every
    time = document.time or Times(document.span)
    return replace(document, time=replace(time, stop=At(stop, document.span)))
