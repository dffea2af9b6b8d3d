"""What pictures and the page of a sweep are made of: its folder, as plain values.

In: the folder of a sweep. Out: scenarios, goals, factors, tables; chances that goals are met.

Invariant: runs that failed are never among those that meet or miss a goal; a table that is not there is no guess.
"""

from __future__ import annotations

import json
import math
import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from simengine.report.scatter import Cloud
from simengine.results.provenance import read_provenance
from simengine.source.diagnostic import InputError
from simengine.sweep.columns import read_table
from simengine.sweep.result import SweepResult

if TYPE_CHECKING:
    import pandas as pd

Numbers = NDArray[np.float64]
_NO_UNIT = re.compile(r"(?:[()*/1\s]|dmnl)*", re.IGNORECASE)
LEVEL = "95 %"
"""Of the intervals of indices, as `sweep/learn_tables.py` says of its columns."""


@dataclass(frozen=True, slots=True)
class SweepScenario:
    """A scenario of a sweep: its number, how many runs it has, what it sets that is then not drawn."""

    place: int
    name: str
    title: str
    wanted: int
    done: int
    failed: int
    fixed: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class SweepIndicator:
    """An indicator: `low` and `high` are the ends of its goal, NaN where it has none on that side."""

    name: str
    title: str
    unit: str
    output: str
    window: tuple[float, ...] = ()
    goal: str = ""
    low: float = math.nan
    high: float = math.nan

    @property
    def aim(self) -> tuple[float, str] | None:
        """The goal as a value and its relation, where it has one end only."""
        if math.isfinite(self.high) and not math.isfinite(self.low):
            return self.high, "<="
        if math.isfinite(self.low) and not math.isfinite(self.high):
            return self.low, ">="
        return None


@dataclass(frozen=True, slots=True)
class SweepOutput:
    """An output over time; `factor` takes values of the model's unit to `unit`."""

    column: str
    variable: str
    element: str
    title: str
    unit: str
    factor: float = 1.0
    goals: tuple[tuple[float, float, str], ...] = ()
    hidden_where: str = ""
    hidden_below: float = 0.0
    dimensions: tuple[str, ...] = ()


class SweepRecord:
    """A sweep to be drawn."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.result = SweepResult(folder)
        self._tables: dict[str, pd.DataFrame | None] = {}
        about = self.result.about
        self.about: Mapping[str, Any] = about
        self.title = str(about["title"])
        self.language = str(about.get("language") or "en")
        self.factor_titles = _factor_titles(self.result.factors)
        self.times: Numbers = self.result.times
        self.levels = tuple(float(v) for v in about["levels"])
        self.scenarios = tuple(
            SweepScenario(n, s["name"], s["title"] or s["name"], s["wanted"], s["done"], s["failed"], tuple(s["fixed"]))
            for n, s in enumerate(about["scenarios"])
        )
        self.indicators = tuple(_indicator(i) for i in about["indicators"])
        self.outputs = tuple(
            SweepOutput(
                o["column"],
                o["variable"],
                o["element"],
                o["title"],
                _plain(o["shown unit"]),
                float(o["factor"]),
                tuple((float(g["time"]), float(g["value"]), str(g["relation"])) for g in o["goals"]),
                o["hidden where"],
                float(o["hidden below"]),
                tuple(o["dimensions"]),
            )
            for o in about["outputs"]
            if o["shown"]
        )

    @property
    def runs(self) -> int:
        """All runs that are done."""
        return sum(s.done for s in self.scenarios)

    @property
    def failed(self) -> int:
        """All runs that failed."""
        return sum(s.failed for s in self.scenarios)

    @property
    def unordered(self) -> frozenset[str]:
        """The factors that are choices: their values have no order."""
        return frozenset(self.factor_titles[f["name"]] for f in self.result.factors if f["kind"] in {"choice", "rows"})

    @property
    def has_runs(self) -> bool:
        """Whether single runs were kept."""
        return self.about["kept"] != "none" and (self.folder / "runs.parquet").is_file()

    @property
    def with_goals(self) -> tuple[SweepIndicator, ...]:
        """The indicators that have a goal."""
        return tuple(i for i in self.indicators if i.goal)

    def table(self, name: str) -> pd.DataFrame | None:
        """Return a table of the folder; None where there is none."""
        if name not in self._tables:
            try:
                found = self.result.table(name)
            except InputError:
                found = None
            self._tables[name] = _titled(found, self.factor_titles) if found is not None and len(found) else None
        return self._tables[name]

    @cached_property
    def indices(self) -> pd.DataFrame | None:
        """The table of indices."""
        return self.table("indices")

    @cached_property
    def spread(self) -> SweepSpread:
        """Quantiles over the runs."""
        return SweepSpread(self)

    @cached_property
    def of_runs(self) -> SweepRuns:
        """The single runs."""
        return SweepRuns(self)

    @cached_property
    def provenance(self) -> Mapping[str, Any]:
        """Where results come from."""
        return read_provenance(self.folder) or {}

    def json(self, name: str) -> Any:
        """Return what a JSON file of the folder holds; None where there is none."""
        path = self.folder / name
        if not path.is_file():
            return None
        try:
            return json.loads(path.read_text(encoding="utf-8"))
        except ValueError as reason:
            raise InputError(f"`{path}` is damaged: {reason}") from None

    @cached_property
    def chances(self) -> Numbers:
        """The share of all runs that meet each goal, (scenario, goal); a run that failed meets none. NaN: not known."""
        out = np.full((len(self.scenarios), len(self.with_goals)), np.nan)
        table = self.table("goals")
        if table is not None:
            places = {s.name: s.place for s in self.scenarios}
            columns = {i.name: n for n, i in enumerate(self.with_goals)}
            for scenario, indicator, share in zip(table["scenario"], table["indicator"], table["share"], strict=True):
                if scenario in places and indicator in columns:
                    out[places[scenario], columns[indicator]] = share
        return out

    def title_of_scenario(self, name: str) -> str:
        """Return what people call a scenario."""
        return next((s.title for s in self.scenarios if s.name == name), name)

    def title_of_output(self, name: str) -> str:
        """Return what people call an output or an indicator of a table."""
        for indicator in self.indicators:
            if name == indicator.name:
                return indicator.title
        for output in self.outputs:
            if name in {output.column, output.variable}:
                return output.title
        return name


class SweepSpread:
    """The spread of a sweep's indicators and outputs over its runs: the quantiles that its tables hold."""

    def __init__(self, record: SweepRecord) -> None:
        self.record = record

    def ends(self, indicator: SweepIndicator, scenario: SweepScenario) -> Numbers | None:
        """Return the quantiles of an indicator over the runs that have a value, (level,); None where there are none."""
        table = self.record.table("indicators")
        if table is None:
            return None
        rows = table[(table["scenario"] == scenario.name) & (table["indicator"] == indicator.name)]
        values: Numbers = rows.sort_values("level")["value"].to_numpy(dtype=np.float64)
        return values if values.size == len(self.record.levels) and np.isfinite(values).all() else None

    def quantiles(self, output: SweepOutput, scenario: SweepScenario) -> Numbers | None:
        """Return the quantiles of an output over time in its shown unit, (level, time); None where there are none."""
        found = self._quantiles.get((scenario.name, output.variable, output.element))
        return None if found is None else found * output.factor

    @cached_property
    def _quantiles(self) -> dict[tuple[str, str, str], Numbers]:
        """Quantiles by scenario, variable and element, (level, time)."""
        if not (self.record.folder / "quantiles.parquet").is_file():
            return {}
        frame = self.record.result.quantiles()
        frame = frame[frame["level"].astype(str) != "mean"]
        out: dict[tuple[str, str, str], Numbers] = {}
        columns = ["scenario", "variable", "element"]
        for key, part in frame.groupby(columns, sort=False, observed=True):
            by_level = part["level"].astype(str).astype(float).to_numpy()
            order = np.lexsort((part["time"].to_numpy(), by_level))
            grid = part["value"].to_numpy()[order]
            if grid.size == len(self.record.levels) * self.record.times.size:
                out[(str(key[0]), str(key[1]), str(key[2]))] = grid.reshape(len(self.record.levels), -1)
        return out

    def hidden(self, output: SweepOutput, scenario: SweepScenario) -> NDArray[np.bool_] | None:
        """Return at which times an element is not to be shown: where the median of what it goes by is too small."""
        if not output.hidden_where:
            return None
        found = self._quantiles.get((scenario.name, output.hidden_where, output.element))
        middle = next((n for n, level in enumerate(self.record.levels) if abs(level - 0.5) < 1e-9), None)
        if found is None or middle is None:
            return None
        return np.asarray(found[middle] < output.hidden_below, dtype=np.bool_)


class SweepRuns:
    """The single runs of a sweep: what they were given, what they came to, and which goals they meet."""

    def __init__(self, record: SweepRecord) -> None:
        self.record = record
        self._clouds: dict[str, tuple[Cloud, ...]] = {}

    def values(self, indicator: SweepIndicator, scenario: SweepScenario) -> Numbers:
        """Return an indicator of all runs; NaN where a run failed."""
        values = self.record.result.indicator(indicator.name, scenario.name)
        return np.where(self._failed(scenario), np.nan, values)

    def met(self, indicator: SweepIndicator, scenario: SweepScenario) -> NDArray[np.bool_]:
        """Return which runs meet a goal."""
        return self.record.result.met(indicator.name, scenario.name)

    def _failed(self, scenario: SweepScenario) -> NDArray[np.bool_]:
        return self.record.result.failed(scenario.name)

    def sound(self, scenario: SweepScenario) -> NDArray[np.bool_]:
        """Return which runs did not fail."""
        return ~self._failed(scenario)

    @cached_property
    def all_met(self) -> Numbers:
        """The share of runs that meet all goals, by scenario; NaN where single runs were not kept."""
        out = np.full(len(self.record.scenarios), np.nan)
        if self.record.has_runs and self.record.with_goals:
            for s in self.record.scenarios:
                out[s.place] = np.logical_and.reduce([self.met(i, s) for i in self.record.with_goals]).mean()
        return out

    def focus(self, indicator: SweepIndicator) -> SweepScenario:
        """Return the scenario in which it is least sure whether a goal is met; without a goal, the first."""
        if indicator in self.record.with_goals:
            chances = self.record.chances[:, self.record.with_goals.index(indicator)]
            open_ = np.where((chances > 0.005) & (chances < 0.995), np.abs(chances - 0.5), np.inf)
            if np.isfinite(open_).any():
                return self.record.scenarios[int(np.argmin(open_))]
        return self.record.scenarios[0]

    def clouds(self, scenario: SweepScenario) -> tuple[Cloud, ...]:
        """Return the factors of all runs of a scenario, those that it sets itself left out."""
        if scenario.name not in self._clouds:
            draws, names = self.record.result.draws(scenario.name), self._choices(scenario)
            self._clouds[scenario.name] = tuple(
                Cloud(self.record.factor_titles[f["name"]], _plain(f["unit"]), draws[:, n], names.get(f["column"], ()))
                for n, f in enumerate(self.record.result.factors)
                if f["name"] not in scenario.fixed
            )
        return self._clouds[scenario.name]

    def _choices(self, scenario: SweepScenario) -> dict[str, tuple[str, ...]]:
        """Return what was chosen from, by column, in order of the numbers that `SweepResult.draws` has of it."""
        result = self.record.result
        named = [f["column"] for f in result.factors if f["discrete"]]
        rows = read_table(self.record.folder / "runs.parquet", named).slice(scenario.place * result.size, result.size)
        words = {c: rows[c] for c in named if str(rows[c].type).startswith("dictionary")}
        return {c: tuple(sorted(map(str, found.unique().to_pylist()))) for c, found in words.items()}


def _indicator(about: Mapping[str, Any]) -> SweepIndicator:
    low, high = (math.nan if about[end] is None else float(about[end]) for end in ("low", "high"))
    title, unit = about["title"] or about["name"], _plain(about["unit"])
    return SweepIndicator(about["name"], title, unit, about["output"], tuple(about["window"]), about["goal"], low, high)


def _factor_titles(factors: Sequence[Mapping[str, Any]]) -> dict[str, str]:
    """Return what people call the factors, by name: the name where two would be called the same."""
    titles = {str(f["name"]): str(f.get("title") or f["name"]) for f in factors}
    count = Counter(titles.values())
    return {name: title if count[title] == 1 else name for name, title in titles.items()}


def _titled(table: pd.DataFrame, titles: Mapping[str, str]) -> pd.DataFrame:
    """Return a table with factors called as people call them."""
    own = {name: title for name, title in titles.items() if name != title}
    columns = [c for c in ("factor", "other") if c in table.columns] if own else []
    return table.assign(**{c: [own.get(name, name) for name in table[c]] for c in columns}) if columns else table


def _plain(unit: str) -> str:
    """Return a unit as it is written; nothing where it is none, however it came about."""
    return "" if _NO_UNIT.fullmatch(unit) else unit


def scenario_names(scenarios: Sequence[SweepScenario]) -> str:
    """Return the titles of scenarios, one after the other."""
    return ", ".join(f"“{s.title}”" for s in scenarios)
