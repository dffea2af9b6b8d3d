"""Reading a result folder, whoever made it.

In: a folder. Out: its `Record`; the tables of its runs.

Invariant: what is wrong with a folder is said with file, line and what was expected; nothing is guessed.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from simengine.results.package import FILE as PACKAGE
from simengine.results.record import Record, Scenario
from simengine.results.sheet import Kind, read_rows
from simengine.results.study import Indicator, MapShape, Source
from simengine.results.tables import (
    INDICATOR_COLUMNS,
    dimension_column,
    findings_of,
    history_of,
    scores_of,
    series_of,
)
from simengine.source.diagnostic import InputError

if TYPE_CHECKING:
    import pyarrow as pa

_SCORES: tuple[tuple[str, Kind], ...] = (
    ("scenario", "string"), ("name", "string"), ("title", "string"), ("value", "number"), ("unit", "string"),
    ("goal", "string"), ("met", "boolean"), ("reached", "number"), ("margin", "number"), ("variable", "string"),
    ("at", "number"),
)  # fmt: skip
_HISTORY: tuple[tuple[str, Kind], ...] = (
    ("column", "string"), ("time", "number"), ("value", "number"), ("quality", "string"), ("source", "string"),
)  # fmt: skip
_FINDINGS: tuple[tuple[str, Kind], ...] = (("scenario", "string"), ("name", "string"), ("message", "string"))


def read_folder(folder: str | Path) -> Record:
    """Return the record of a result folder.

    Raises
    ------
    InputError
        If it is no result folder, or a file of it cannot be read.

    """
    place = Path(folder)
    study = _json(place / "study.json", place)
    package = _json(place / PACKAGE, place)
    resources = {r["path"]: r for r in package.get("resources", []) if isinstance(r, dict) and "path" in r}
    tables = _Tables(place, resources)
    entry = _Entry(study, str(place / "study.json"))
    dimensions = tuple(entry.texts("dimensions"))
    hides = "hidden" in tables.columns("all.csv")
    wanted = [*INDICATOR_COLUMNS, *((dimension_column(name), "string") for name in dimensions)]
    wanted += [("hidden", "boolean")] if hides else []
    return Record(
        title=entry.text("title"),
        scenarios=tuple(
            Scenario(e.text("name"), e.text("title"), e.text("file"), tuple(e.texts("extends")), e.text("failed"))
            for e in entry.entries("scenarios")
        ),
        indicators=tuple(_indicator(e) for e in entry.entries("indicators")),
        series=series_of(tables.rows("all.csv", wanted), dimensions, hides=hides),
        scores=scores_of(tables.rows("goals.csv", _SCORES)),
        findings=findings_of(tables.rows("findings.csv", _FINDINGS)),
        history=history_of(tables.rows("history.csv", _HISTORY)),
        maps=tuple(
            MapShape(e.text("dimension"), e.text("path"), e.text("key"), e.text("label"), e.text("source"))
            for e in entry.entries("maps")
        ),
        sources=tuple(_source(s) for s in package.get("sources", []) if isinstance(s, dict)),
        base=entry.text("base"),
        language=entry.text("language"),
        time_unit=entry.text("time unit"),
    )


def read_runs(folder: str | Path, record: Record) -> Iterator[tuple[Scenario, pa.Table]]:
    """Yield the table of every run: all that it saved, in the model's units."""
    import pyarrow as pa  # heavy: only for this format
    import pyarrow.parquet as pq

    for scenario in record.scenarios:
        path = Path(folder) / "runs" / f"{scenario.file}.parquet"
        try:
            # the schema in the file says what is encoded; a reader of the folder's own path needs no partitions
            yield scenario, pq.ParquetFile(path).read()
        except (OSError, pa.ArrowException) as reason:
            raise InputError(f"`{path}` cannot be read: {reason}") from None


def _json(path: Path, folder: Path) -> dict[str, Any]:
    try:
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError:
        what = "is no result folder" if folder.is_dir() else "is not there"
        raise InputError(
            f"`{folder}` {what}: it has no {path.name}; `simengine run SCENARIO --out {folder.name or 'DIR'}` makes one"
        ) from None
    except NotADirectoryError:
        raise InputError(f"`{folder}` is a file; a result folder was expected") from None
    except (OSError, UnicodeDecodeError) as reason:
        raise InputError(f"`{path}` cannot be read: {getattr(reason, 'strerror', None) or reason}") from None
    try:
        found = json.loads(text)
    except json.JSONDecodeError as reason:
        raise InputError(f"{path}:{reason.lineno}:{reason.colno}: this is no JSON: {reason.msg}") from None
    if not isinstance(found, dict):
        raise InputError(f"{path}:1: an object was expected")
    return found


class _Entry:
    """An object of a JSON file, whose parts are asked for by name and kind."""

    def __init__(self, value: Mapping[str, Any], where: str) -> None:
        self._value = value
        self.where = where

    def text(self, name: str) -> str:
        """Return a text."""
        return str(self._get(name, str, "a text"))

    def number(self, name: str) -> float:
        """Return a number."""
        return float(self._get(name, (int, float), "a number"))

    def texts(self, name: str) -> list[str]:
        """Return a list of texts."""
        found = self._get(name, list, "a list")
        if not all(isinstance(t, str) for t in found):
            raise InputError(f"{self.where}: `{name}` holds something that is no text")
        return list(found)

    def entries(self, name: str) -> list[_Entry]:
        """Return a list of objects."""
        found = self._get(name, list, "a list")
        if not all(isinstance(e, dict) for e in found):
            raise InputError(f"{self.where}: `{name}` holds something that is no object")
        return [_Entry(e, f"{self.where}: `{name}` {n}") for n, e in enumerate(found, 1)]

    def _get(self, name: str, kind: Any, words: str) -> Any:
        if name not in self._value:
            raise InputError(f"{self.where}: there is no `{name}`; {words} was expected")
        found = self._value[name]
        if not isinstance(found, kind) or isinstance(found, bool):
            raise InputError(f"{self.where}: `{name}` is {json.dumps(found)[:40]}; {words} was expected")
        return found


def _indicator(e: _Entry) -> Indicator:
    goals = tuple((g.number("time"), g.number("value"), g.text("relation")) for g in e.entries("goals"))
    return Indicator(
        e.text("variable"),
        e.text("title"),
        e.text("unit"),
        goals,
        e.number("factor"),
        e.text("hidden where"),
        e.number("hidden below"),
        e.text("description"),
    )


def _source(entry: Mapping[str, Any]) -> Source:
    parts = (str(entry.get(k) or "") for k in ("title", "publisher", "licence", "path", "version"))
    return Source(*parts)


class _Tables:
    """The CSV files of a folder, read as its package says they are written."""

    def __init__(self, folder: Path, resources: Mapping[str, Mapping[str, Any]]) -> None:
        self._folder = folder
        self._resources = resources

    def columns(self, name: str) -> list[str]:
        """Return the names of a table's columns."""
        return [
            f["name"] for f in self._part(name, "schema", {}).get("fields", []) if isinstance(f, dict) and "name" in f
        ]

    def rows(self, name: str, columns: Sequence[tuple[str, Any]]) -> list[tuple[Any, ...]]:
        """Return the rows of a table; none where the folder has no such table."""
        if name not in self._resources:
            return []
        path = self._folder / name
        try:
            text = path.read_bytes().decode("utf-8")
        except OSError as reason:
            raise InputError(f"`{path}` cannot be read: {reason.strerror or reason}") from None
        except UnicodeDecodeError as reason:
            raise InputError(f"`{path}` is not UTF-8: {reason.reason} at byte {reason.start}") from None
        comma = self._part(name, "dialect", {}).get("delimiter") == ";"
        return list(read_rows(text, columns, decimal_comma=comma, where=str(path)))

    def _part(self, name: str, part: str, default: dict[str, Any]) -> dict[str, Any]:
        found = self._resources.get(name, {}).get(part, default)
        return found if isinstance(found, dict) else default
