"""The record of a study: what its folder says, and what tables, charts and pages are made of.

In: a `Study`. Out: a `Record`: the indicators' values over time beside scores, history and sources, without runs.

Invariant: a record made of a study equals the record read from that study's folder.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from simengine.results.filename import file_names
from simengine.results.labels import dimension_names
from simengine.results.run import Run
from simengine.results.source import sources_beside
from simengine.results.study import Finding, History, Indicator, MapShape, Outcome, Score, Source, Study
from simengine.source.diagnostic import InputError
from simengine.source.names import key_of


@dataclass(frozen=True, slots=True)
class Scenario:
    """A scenario that was run: `file` is the name of its files without their ending; `failed` says why, if it did."""

    name: str
    title: str
    file: str
    chain: tuple[str, ...] = ()
    failed: str = ""


@dataclass(frozen=True, slots=True, eq=False)
class Series:
    """An indicator of a scenario over time, for one element ("" where it has none), in the indicator's unit.

    `elements` are the elements by dimension; `hidden` tells at which times the value is not to be shown.
    """

    scenario: str
    variable: str
    element: str
    times: NDArray[np.float64]
    values: NDArray[np.float64]
    elements: tuple[tuple[str, str], ...] = ()
    hidden: NDArray[np.bool_] | None = None

    @property
    def column(self) -> str:
        """`Name` or `Name[element]`."""
        return column_name(self.variable, self.element)

    @property
    def shown(self) -> NDArray[np.float64]:
        """The values, NaN where they are hidden."""
        return self.values if self.hidden is None else np.where(self.hidden, np.nan, self.values)

    def at(self, time: float) -> float:
        """Return the value shown at a time that was saved; NaN where none was."""
        place = int(np.searchsorted(self.times, time - 1e-9 * max(1.0, abs(time))))
        if place == self.times.size or not math.isclose(self.times[place], time, rel_tol=1e-9, abs_tol=1e-9):
            return math.nan
        return math.nan if self.hidden is not None and self.hidden[place] else float(self.values[place])

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Series):
            return NotImplemented
        ours, theirs = ((s.scenario, s.variable, s.element, s.elements) for s in (self, other))
        pairs = ((self.times, other.times), (self.values, other.values), (self.shown, other.shown))
        return ours == theirs and all(np.array_equal(a, b, equal_nan=True) for a, b in pairs)

    __hash__ = None  # type: ignore[assignment]


@dataclass(frozen=True)
class Record:
    """A study without its runs. Paths of maps are inside the folder: `maps/<dimension>.geojson`."""

    title: str
    scenarios: tuple[Scenario, ...]
    indicators: tuple[Indicator, ...] = ()
    series: tuple[Series, ...] = ()
    scores: tuple[Score, ...] = ()
    findings: tuple[Finding, ...] = ()
    history: tuple[History, ...] = ()
    maps: tuple[MapShape, ...] = ()
    sources: tuple[Source, ...] = ()
    base: str = ""
    language: str = "en"
    time_unit: str = field(default="", compare=False)

    @cached_property
    def by_indicator(self) -> dict[str, tuple[Series, ...]]:
        """Series by variable, scenarios and elements in order."""
        out: dict[str, list[Series]] = {i.variable: [] for i in self.indicators}
        for series in self.series:
            out[series.variable].append(series)
        return {name: tuple(found) for name, found in out.items()}

    def titles(self) -> dict[str, str]:
        """Return the titles of scenarios by name."""
        return {s.name: s.title or s.name for s in self.scenarios}

    def measured(self, column: str) -> History | None:
        """Return what was measured of a column."""
        return next((h for h in self.history if h.column == column), None)


def column_name(variable: str, element: str) -> str:
    """Return `Name` or `Name[element]`."""
    return f"{variable}[{element}]" if element else variable


def same_time(times: NDArray[np.float64], time: float) -> NDArray[np.bool_]:
    """Return which times are the one given, but for rounding."""
    return np.isclose(times, time, rtol=1e-9, atol=1e-9)


def record_of(study: Study) -> Record:
    """Return the record of a study.

    Raises
    ------
    InputError
        If an indicator is no variable of a run, or has the name of another; if two scenarios have one name.

    """
    names = [o.name for o in study.outcomes]
    _refuse_doubles("scenarios", names)
    _refuse_doubles("indicators", [i.variable for i in study.indicators])
    if study.base and study.base not in names:
        raise InputError(f"the base `{study.base}` is no scenario of this study: {', '.join(names)}")
    files = file_names(names)
    indicators = tuple(_complete(study, i) for i in study.indicators)
    return Record(
        title=study.title,
        scenarios=tuple(
            Scenario(o.name, o.title, files[o.name], o.chain, str(o.run.failed or "")) for o in study.outcomes
        ),
        indicators=indicators,
        series=tuple(s for i in indicators for o in study.outcomes for s in _series(o, i)),
        scores=study.scores,
        findings=study.findings,
        history=tuple(_measured(h, indicators) for h in study.history),
        maps=tuple(
            replace(m, path=f"maps/{n}.geojson") for m, n in zip(study.maps, map_files(study.maps), strict=True)
        ),
        sources=tuple(dict.fromkeys((*study.sources, *sources_beside(study.inputs)))),
        base=study.base or (names[0] if names else ""),
        language=study.language,
        time_unit=_time_unit(study.outcomes),
    )


def map_files(maps: Iterable[MapShape]) -> list[str]:
    """Return names for the files of maps, by dimension."""
    return list(file_names([m.dimension for m in maps]).values())


def _refuse_doubles(what: str, names: list[str]) -> None:
    double = next((n for n in names if names.count(n) > 1), None)
    if double is not None:
        raise InputError(f"two {what} of a study are called `{double}`; their names must differ")


def _complete(study: Study, indicator: Indicator) -> Indicator:
    """Return the indicator named as in the model, with the variable's own unit and documentation where it has none."""
    for outcome in study.outcomes:
        if indicator.variable in outcome.run:
            saved = next(
                c.variable for c in outcome.run.columns if c.variable.key == _key(outcome.run, indicator.variable)
            )
            return replace(
                indicator,
                variable=saved.name,
                title=indicator.title or saved.name,
                unit=indicator.unit or saved.units,
                description=indicator.description or " ".join(saved.documentation.split()),
            )
    raise InputError(f"the indicator `{indicator.variable}` was saved in no run; save it, or leave it out")


def _key(run: Run, name: str) -> str:
    return run._saved.find(name)[0].key  # noqa: SLF001  (the room's own)


def _series(outcome: Outcome, indicator: Indicator) -> Iterator[Series]:
    run = outcome.run
    if indicator.variable not in run:
        return
    key = _key(run, indicator.variable)
    table, factor = run.table(), indicator.factor
    hidden = _hidden(run, indicator)
    for place, column in enumerate(run.columns):
        if column.variable.key != key:
            continue
        values = table[:, place]
        yield Series(
            outcome.name,
            column.variable.name,
            column.element,
            run.times,
            values if factor == 1 else values * factor,
            tuple(zip(dimension_names(column.variable), column.element.split(","), strict=False))
            if column.element
            else (),
            hidden.get(column.element),
        )


def _hidden(run: Run, indicator: Indicator) -> dict[str, NDArray[np.bool_]]:
    if not indicator.hidden_where:
        return {}
    if indicator.hidden_where not in run:
        raise InputError(
            f"`{indicator.hidden_where}`, which says where `{indicator.variable}` is hidden, was not saved; save it too"
        )
    key, table = _key(run, indicator.hidden_where), run.table()
    return {
        c.element: table[:, place] < indicator.hidden_below
        for place, c in enumerate(run.columns)
        if c.variable.key == key
    }


def _measured(history: History, indicators: tuple[Indicator, ...]) -> History:
    """Return what was measured, named and in the unit of the indicator it belongs to."""
    variable, bracket, element = history.column.partition("[")
    for indicator in indicators:
        if key_of(variable) == key_of(indicator.variable):
            values = history.values if indicator.factor == 1 else tuple(v * indicator.factor for v in history.values)
            return replace(history, column=f"{indicator.variable}{bracket}{element}", values=values)
    return history


def _time_unit(outcomes: Iterable[Outcome]) -> str:
    """Return the unit of time: that of TIME STEP, where it was saved."""
    for outcome in outcomes:
        for name, unit in outcome.run.units.items():
            if name.casefold().replace("_", " ") == "time step":
                return unit
    return ""
