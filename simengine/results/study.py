"""A study: scenarios run on one model, what became of their goals, and what was measured.

In: what `simengine.scenario` ran. Out: one value that folders, tables and reports are made of.

Invariant: a study says where everything in it came from.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from simengine.results.run import Run


@dataclass(frozen=True, slots=True)
class Outcome:
    """A scenario and its run. `chain` are the scenarios it extends, nearest first."""

    name: str
    title: str
    run: Run
    chain: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Score:
    """An indicator of a scenario, and its goal where it has one.

    `value` is in `unit`, NaN where there is none (a level never reached). `goal` is the text as written, `<= 210`;
    `met` None where there is no goal; `reached` the first time at which the goal holds and goes on to hold, None where
    it never does or the indicator is no value over time; `margin` how far on the right side, in `unit`; negative: by
    how much it is missed.
    """

    scenario: str
    name: str
    title: str
    value: float
    unit: str
    goal: str = ""
    met: bool | None = None
    reached: float | None = None
    margin: float | None = None
    variable: str = ""  # the column (`Name` or `Name[element]`) it is about
    at: float | None = None  # the time its value is of


@dataclass(frozen=True, slots=True)
class Finding:
    """A check that a scenario failed."""

    scenario: str
    name: str
    message: str


@dataclass(frozen=True, slots=True)
class History:
    """What was measured of a column (`Name` or `Name[element]`), in the variable's unit."""

    column: str
    times: tuple[float, ...]
    values: tuple[float, ...]
    source: str = ""
    quality: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class MapShape:
    """Polygons of the elements of a dimension: a GeoJSON file, and its property that names the element."""

    dimension: str
    path: str
    key: str
    label: str = ""  # the property with the name people know


@dataclass(frozen=True, slots=True)
class Input:
    """A file a study was made from, with the SHA-256 of its bytes. `role`: model, link, scenario, data, map."""

    path: str
    role: str
    sha256: str


@dataclass(frozen=True, slots=True)
class Indicator:
    """A variable to be drawn: what people call it."""

    variable: str
    title: str
    unit: str
    goals: tuple[tuple[float, float, str], ...] = ()  # (year, value, "<=" or ">="): lines in its chart


@dataclass(frozen=True, slots=True)
class Study:
    """Scenarios run on one model."""

    title: str
    outcomes: tuple[Outcome, ...]
    scores: tuple[Score, ...] = ()
    findings: tuple[Finding, ...] = ()
    indicators: tuple[Indicator, ...] = ()
    history: tuple[History, ...] = ()
    maps: tuple[MapShape, ...] = ()
    inputs: tuple[Input, ...] = ()
    settings: Mapping[str, Any] = field(default_factory=dict)  # method, start, stop, time step, seed
    resolved: str = ""  # the scenarios with all they inherit, as YAML
