"""Monitoring files and files of initiatives as written, and the tables of their keys.

In: nothing. Out: `MONITORING` and `INITIATIVES`, the shapes that read such files and give their JSON Schemas.

Invariant: these tables are the only lists of keys; nothing here knows a model.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from simengine.language.yaml.reading import At
from simengine.language.yaml.record import Field, Record
from simengine.language.yaml.shape import Choice, Many, Named, Number, Schema, Text, Words
from simengine.scenario.file import NamedOnes, Title
from simengine.scenario.path import PATH, QUANTITY, Quantity, Written
from simengine.scenario.sections import FORMAT
from simengine.source.file import Span

STATUSES = {
    "idea": "thought of, not decided",
    "planned": "decided, not begun",
    "running": "under way",
    "done": "finished",
    "stopped": "given up",
}
SIDES = {"government": "the government leads", "society": "people, firms or institutions lead"}
KINDS = {"known": "it has been done before", "innovative": "it is new, and may fail"}


def _span() -> Any:
    return field(compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class WrittenError:
    """How far off a measured value may be: one standard deviation."""

    span: Span = _span()
    relative: Quantity | None = None
    absolute: Quantity | None = None


@dataclass(frozen=True, slots=True)
class WrittenIndicator:
    """A variable that is watched."""

    value: At[str]
    span: Span = _span()
    title: Title | None = None
    unit: At[str] | None = None
    error: WrittenError | None = None


@dataclass(frozen=True, slots=True)
class WrittenForecast:
    """Runs that are there already."""

    sweep: At[str]
    span: Span = _span()


@dataclass(frozen=True, slots=True)
class WrittenRecalibration:
    """The calibration that new observations would change."""

    file: At[str]
    span: Span = _span()
    result: At[str] | None = None
    folder: At[str] | None = None
    intervals: At[str] | None = None


@dataclass(frozen=True, slots=True)
class MonitoringFile:
    """One monitoring file."""

    monitor: At[str]
    scenario: At[str]
    as_of: At[float]
    indicators: NamedOnes[WrittenIndicator]
    span: Span = _span()
    simengine: At[float] | None = None
    title: Title | None = None
    note: At[str] | None = None
    data: tuple[At[str], ...] = ()
    observations: At[str] | None = None
    members: At[float] | None = None
    forecast: WrittenForecast | None = None
    seed: At[float] | None = None
    false_alarm: Quantity | None = None
    state: tuple[At[str], ...] = ()
    recalibration: WrittenRecalibration | None = None
    initiatives: At[str] | None = None
    size_by: At[str] | None = None


@dataclass(frozen=True, slots=True)
class WrittenInitiative:
    """Something that somebody does."""

    owner: At[str]
    status: At[str]
    by: At[str]
    kind: At[str]
    span: Span = _span()
    title: Title | None = None
    note: At[str] | None = None
    starts: At[float] | None = None
    set: NamedOnes[Written] = ()
    realised: NamedOnes[Written] = ()
    without: NamedOnes[Written] = ()
    source: tuple[At[str], ...] = ()


@dataclass(frozen=True, slots=True)
class InitiativesFile:
    """One file of initiatives."""

    initiatives: NamedOnes[WrittenInitiative]
    span: Span = _span()
    simengine: At[float] | None = None


_VERSION = Field("simengine", Number(FORMAT, FORMAT, whole=True), "the version of the format: 1", required=True)

INDICATOR = Record("an indicator", WrittenIndicator, (
    Field("value", Text("a variable's name", "variables"), "the variable, or `Name[element]`", required=True),
    Field("title", Words(), "what people call it"),
    Field("unit", Text("a unit"), "the unit it is told in; the model's where not said"),
    Field("error", Record("an error", WrittenError, (
        Field("relative", QUANTITY, "a share of what was measured, such as `2 %` (in a calibration it is one of what "
              "the model says)"),
        Field("absolute", QUANTITY, "an amount, such as `30 TJ/yr`"),
    )), "how far off a measured value may be (one standard deviation), what the model leaves out included"),
))  # fmt: skip

INTERVALS = {
    "curvature": "by the curvature of the likelihood at the best fit",
    "posterior": "of the posterior, drawn as the calibration file says",
}

RECALIBRATION = Record("a recalibration", WrittenRecalibration, (
    Field("file", Text("a calibration file"), "the calibration file, beside this", required=True),
    Field("result", Text("a folder"), "the folder of its result: what is complete there, of the very data known in the "
          "year of the forecast, is not done again"),
    Field("folder", Text("a folder"), "where both fits are kept; else `results/FILE-recalibration`"),
    Field("intervals", Choice(INTERVALS), "which 90 % intervals are told; `curvature` where not said"),
))  # fmt: skip

MONITORING = Record("a monitoring file", MonitoringFile, (
    _VERSION,
    Field("monitor", Text("a scenario file"), "the scenario file that holds what was planned, beside this",
          required=True),
    Field("scenario", Text("a scenario's name", "scenarios"), "the scenario that was planned: the forecast is its run",
          required=True),
    Field("title", Words(), "what is watched"),
    Field("note", Text(), "what is to be said of it"),
    Field("as of", Number(), "the time of the forecast: what was measured up to then was known", required=True),
    Field("data", Many(Text("a name under `data`"), single=True), "which data of the scenario file; else all"),
    Field("observations", Text("a file"), "the CSV file that `--add` appends new observations to"),
    Field("members", Number(2, whole=True), "of how many runs the forecast is made, with draws of what the scenario "
          "file calls uncertain (a posterior too); one run, of unknown spread, where not said"),
    Field("forecast", Record("a forecast", WrittenForecast, (
        Field("sweep", Text("a folder"), "the folder of a sweep that kept its runs over time", required=True),
    )), "runs that are there already: indicators are judged by these; goals still by `members`"),
    Field("seed", Number(0, 2.0**53, whole=True), "the seed of the draws; 0 where not said"),
    Field("false alarm", QUANTITY, "how likely one that is on track may be called drifting; 5 % where not said"),
    Field("indicators", Named(INDICATOR, "a name"), "what is watched", required=True),
    Field("state", Many(Text("a stock's name", "variables"), single=True), "stocks whose state is estimated from what "
          "was measured (ensemble Kalman filter); goals are then judged from there. Needs `members`"),
    Field("recalibration", RECALIBRATION, "what new observations would change in a calibration, and in the forecast"),
    Field("initiatives", Text("a file"), "a file of initiatives beside this"),
    Field("size by", Text("an indicator's name"), "the indicator that areas on the board go by; else they go "
          "by each one's largest effect, as a share of its indicator"),
))  # fmt: skip

_SETTINGS = Named(PATH, "a variable", "inputs")

INITIATIVE = Record("an initiative", WrittenInitiative, (
    Field("title", Words(), "what people call it"),
    Field("note", Text(), "what it is"),
    Field("owner", Text(), "who answers for it", required=True),
    Field("status", Choice(STATUSES), "how far it is", required=True),
    Field("by", Choice(SIDES), "who leads", required=True),
    Field("kind", Choice(KINDS), "whether it has been done before", required=True),
    Field("starts", Number(), "the year it starts: a value without times of its own holds from then on"),
    Field("set", _SETTINGS, "the levers it pulls: values and paths by variable, as scenarios have them"),
    Field("without", _SETTINGS, "of an initiative that the planned scenario has in it already: what these levers are "
          "without it"),
    Field("realised", _SETTINGS, "what of it was done so far, in the same form"),
    Field("source", Many(Text("an address"), single=True), "where it is told"),
))  # fmt: skip

INITIATIVES = Record("a file of initiatives", InitiativesFile, (
    _VERSION,
    Field("initiatives", Named(INITIATIVE, "a name"), "what people do", required=True),
))  # fmt: skip


def monitoring_schema() -> Schema:
    """Return the JSON Schema of monitoring files."""
    return _schema(MONITORING, "a monitoring file", "What was planned against what became of it.")


def initiatives_schema() -> Schema:
    """Return the JSON Schema of files of initiatives."""
    return _schema(INITIATIVES, "a file of initiatives", "Who does what, and which levers it pulls.")


def _schema(record: Record[Any], title: str, about: str) -> Schema:
    text = {"type": "string"}
    return {
        "$schema": "http://json-schema.org/draft-07/schema#",
        "title": title,
        "description": about,
        **record.schema(),
        "$defs": {
            "path": PATH.find().schema(), "variables": text, "inputs": text, "scenarios": text,
        },
    }  # fmt: skip
