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
    source: str = ""  # whose polygons they are, and under which licence


@dataclass(frozen=True, slots=True)
class Input:
    """A file a study was made from, with the SHA-256 of its bytes. `role`: model, link, scenario, data, map."""

    path: str
    role: str
    sha256: str


@dataclass(frozen=True, slots=True)
class Source:
    """Who published data a study was made from: a line under the charts, and in the list of sources."""

    title: str
    publisher: str = ""
    licence: str = ""
    path: str = ""  # the address it is found at
    version: str = ""  # its vintage: a year, a commit


@dataclass(frozen=True, slots=True)
class Indicator:
    """A variable to be drawn: what people call it.

    What is shown is the variable's value times `factor`, in `unit` (empty: the variable's own). An element is not shown
    at a time where `hidden_where`, a variable of the same dimension, is below `hidden_below`: a figure per home says
    nothing of a district of ten homes.
    """

    variable: str
    title: str
    unit: str
    goals: tuple[tuple[float, float, str], ...] = ()  # (year, value, "<=" or ">="): lines in its chart
    factor: float = 1.0
    hidden_where: str = ""
    hidden_below: float = 0.0
    description: str = ""


@dataclass(frozen=True, slots=True)
class Study:
    """Scenarios run on one model.

    `base` is the scenario others are compared with; where none is named, the first. `language` (en, nl) is that of the
    words around titles. Sources that a `datapackage.json` beside an input names need not be given again.
    """

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
    base: str = ""
    language: str = "en"
    sources: tuple[Source, ...] = ()
