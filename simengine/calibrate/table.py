"""Tables of observations, row by row.

In: CSV files. Out: readings by series, as they stand in the file.

A tidy file has a row a value, with the columns `variable`, `time`, `value` and, where there are some, `model`,
`element`, `unit`, `quality`, `source`, `vintage`. Any other has a column a series.

Invariant: nothing is sorted, filled or averaged here; a cell that is no number, nor a word for nothing, is refused.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

from simengine.calibrate.file import Table
from simengine.calibrate.grid import Grid, read_grid
from simengine.language.yaml.reading import At, Reading
from simengine.source.diagnostic import Diagnostic, error
from simengine.source.file import Span
from simengine.source.names import loose_key, nearest_names

TIDY = ("variable", "time", "value")
NOTHING = frozenset({"", "nan", "na", "n/a", ":na:", "null", "none", "."})
"""What a cell says that has no value."""
_DATE = re.compile(r"\d{4}-\d{1,2}(-\d{1,2})?|\d{1,2}[-/.]\d{1,2}[-/.]\d{2,4}|\d{4}/\d{1,2}/\d{1,2}")
_COMMA = re.compile(r"`-?\d[\d.]*(,\d+)+`")
_MOST_TOLD = 5


@dataclass(frozen=True, slots=True)
class Row:
    """One reading: `value` is NaN where there is none, `line` where its row begins in the file; 0: it is of no file."""

    time: float
    value: float
    line: int
    unit: str = ""
    quality: str = ""
    source: str = ""
    vintage: str = ""


@dataclass(frozen=True, eq=False)
class Readings:
    """The series of a table by name, as written: `variable`, `model.variable`, `variable[element]`."""

    name: str
    path: Path
    series: dict[str, list[Row]] = field(default_factory=dict)
    time: str = ""
    """The first column of a table without `time`, which is taken for it."""
    grid: Grid | None = None
    places: dict[str, int] = field(default_factory=dict)
    """Places of the columns `time` and `unit`, where there are some."""
    faults: dict[str, list[Diagnostic]] = field(default_factory=dict)
    """What is wrong with series that nothing names: it matters where one is used."""

    def span(self, row: Row, column: str, otherwise: Span) -> Span:
        """Return where the time or the unit of a reading stands."""
        place = self.places.get(column)
        return otherwise if self.grid is None or place is None or not row.line else self.grid.span(row.line, place)

    def find(self, name: str) -> list[str]:
        """Return the series a name means: itself; of a series by element, all of its elements."""
        wanted = loose_key(name)
        own = [s for s in self.series if loose_key(s) == wanted]
        own = own or [s for s in self.series if loose_key(_element(s)[0]) == wanted]
        if own:
            return own
        short = [s for s in self.series if loose_key(_without_model(s)) == wanted]
        return short or [s for s in self.series if loose_key(_element(_without_model(s))[0]) == wanted]


def _element(name: str) -> tuple[str, str]:
    head, bracket, rest = name.partition("[")
    return (head.strip(), rest.rstrip("] ")) if bracket else (name, "")


def element_of(name: str) -> str:
    """Return the element a series is of; "" where it is of none."""
    return _element(name)[1]


def _without_model(name: str) -> str:
    return name.partition(".")[2] or name


def read_table(name: At[str], table: Table, to: Reading) -> Readings | None:
    """Return the readings of a table; what is wrong is noted."""
    grid = read_grid(table.file, to)
    if grid is None:
        return None
    first = "" if table.time is not None or "variable" in grid.head else grid.head[0]
    reader = _Reader(Readings(name.value, grid.path, time=first, grid=grid), table, grid, to)
    known = len(to.problems)
    reader.read()
    return reader.readings if len(to.problems) == known else None


@dataclass
class _Reader:
    readings: Readings
    table: Table
    grid: Grid
    to: Reading
    wrong: dict[str, tuple[int, int]] = field(default_factory=dict)

    @cached_property
    def head(self) -> list[str]:
        return self.grid.head

    @property
    def is_tidy(self) -> bool:
        """Whether it is a tidy file: one that has some of its columns, and no columns are named, is meant to be."""
        return not self.table.columns and "variable" in self.head

    def read(self) -> None:
        rows = self.grid.body
        if self.is_tidy:
            self._tidy(rows)
        else:
            self._wide(rows)
        self.to.problems += self._told(self.wrong)

    def _told(self, wrong: Mapping[str, tuple[int, int]]) -> list[Diagnostic]:
        """Return what is wrong with cells: the first few, and how many more there are."""
        out = []
        for text, at in list(wrong.items())[:_MOST_TOLD]:
            hint = ["numbers have points, and nothing between thousands"] if _COMMA.match(text) else []
            out.append(error("bad-cell", f"{self.grid.told(*at)}: {text}", self.grid.span(*at), help=hint))
        if len(wrong) > _MOST_TOLD:
            text = f"`{self.readings.path.name}`: {len(wrong) - _MOST_TOLD} more wrong cells"
            out.append(error("bad-cell", text, self.table.file.span))
        return out

    def _tidy(self, rows: Sequence[tuple[int, list[str]]]) -> None:
        names = {"quality": "quality", "vintage": "vintage", "time": "time"}
        for word in names:
            said: At[str] | None = getattr(self.table, word)
            if said is not None and self._column(said) is not None:
                names[word] = said.value
        lacking = [c for c in ("variable", names["time"], "value") if c not in self.head]
        if lacking:
            self._lacks(lacking)
            return
        at = {n: self.head.index(n) for n in (names["time"], "value", "unit") if n in self.head}
        self.readings.places.update({"time": at[names["time"]]} | ({"unit": at["unit"]} if "unit" in at else {}))
        for line, row in rows:
            cells = {n: row[place].strip() if place < len(row) else "" for place, n in enumerate(self.head)}
            time = self._time(cells[names["time"]], line, at[names["time"]])
            value = self._value(cells["value"], line, at["value"], self.wrong)
            if time is None or value is None:
                continue
            name = f"{cells['model']}.{cells['variable']}" if cells.get("model") else cells["variable"]
            name = f"{name}[{cells['element']}]" if cells.get("element") else name
            found = Row(time, value, line, cells.get("unit", ""), cells.get(names["quality"], ""),
                        cells.get("source", "") or self._source, cells.get(names["vintage"], ""))  # fmt: skip
            self.readings.series.setdefault(name, []).append(found)

    def _lacks(self, names: Sequence[str]) -> None:
        path = self.readings.path.name
        what = " and ".join(f"`{n}`" for n in names)
        near = [n for name in names for n in nearest_names(name, self.head, count=1)]
        hints = [f"is {' or '.join(f'`{n}`' for n in near)} meant?"] if near else []
        needs = ", ".join(f"`{n}`" for n in TIDY)
        text = f"`{path}` lacks the column{'s' if len(names) > 1 else ''} {what}"
        self.to.error("unknown-column", text, self.table.file.span, help=[*hints, f"a tidy table has {needs}"])

    def _wide(self, rows: Sequence[tuple[int, list[str]]]) -> None:
        known = len(self.to.problems)
        places = {w: self._column(said) for w in ("time", "quality", "vintage")
                  if (said := getattr(self.table, w)) is not None}  # fmt: skip
        columns = [(name.value, self._column(column)) for name, column in self.table.columns]
        if len(self.to.problems) > known:
            return
        time = places.get("time") or 0
        self.readings.places["time"] = time
        named, taken = {loose_key(n) for n, _ in columns}, {time, *places.values(), *(n for _, n in columns)}
        others = [(h, n) for n, h in enumerate(self.head) if h and n not in taken and loose_key(h) not in named]
        # where some columns are named, others may be remarks: what is wrong with them matters where they are used
        aside = {h: dict[str, tuple[int, int]]() for h, _ in others} if columns else {}
        columns += others
        units = {loose_key(name.value): unit.value for name, unit in self.table.units}
        self._check_units([name for name, _ in columns])
        for line, row in rows:
            cells = [c.strip() for c in row] + [""] * (len(self.head) - len(row))
            at = self._time(cells[time], line, time)
            more = [cells[p] if (p := places.get(w)) is not None else "" for w in ("quality", "vintage")]
            for name, place in columns:
                assert place is not None
                value = self._value(cells[place], line, place, aside.get(name, self.wrong))
                if at is not None and value is not None:
                    unit = units.get(loose_key(name), "")
                    found = Row(at, value, line, unit, more[0], self._source, more[1])
                    self.readings.series.setdefault(name, []).append(found)
        for name, wrong in aside.items():
            if wrong:
                self.readings.series.setdefault(name, [])
                self.readings.faults[name] = self._told(wrong)

    def _check_units(self, names: Sequence[str]) -> None:
        known = {loose_key(n) for n in names}
        for name, _ in self.table.units:
            if loose_key(name.value) not in known:
                self.to.unknown("unknown-name", "series", name.value, name.span, names)

    @property
    def _source(self) -> str:
        return self.table.source.value if self.table.source else ""

    def _column(self, said: At[str]) -> int | None:
        if said.value in self.head:
            return self.head.index(said.value)
        what = f"column in `{self.readings.path.name}` that is called"
        self.to.unknown("unknown-column", what, said.value, said.span, [h for h in self.head if h])
        return None

    def _time(self, text: str, line: int, place: int) -> float | None:
        try:
            time = float(text)
        except ValueError:
            time = math.nan
        if math.isfinite(time):
            return time
        if _DATE.fullmatch(text):
            span = self.grid.span(line, place)
            if not any(p.code == "date-as-time" and p.file == span.file.path for p in self.to.problems):
                told = f"{self.grid.told(line, place)}: `{text}` is a date, the model's time is a number"
                self.to.error("date-as-time", told, span, help=["write 2016.25 for 1 April 2016"])
            return None
        self.wrong.setdefault(f"`{text}` is no time", (line, place))
        return None

    @staticmethod
    def _value(text: str, line: int, place: int, wrong: dict[str, tuple[int, int]]) -> float | None:
        if text.casefold() in NOTHING:
            return math.nan
        try:
            value = float(text)
        except ValueError:
            value = math.inf
        if math.isinf(value):
            wrong.setdefault(f"`{text}` is no number", (line, place))
            return None
        return value


def check_order(readings: Readings, name: str, span: Span, to: Reading) -> None:
    """Note times of a series that go back within one vintage and source, or stand twice in one vintage."""
    last: dict[tuple[str, str], Row] = {}
    seen: dict[tuple[float, str], Row] = {}
    path = readings.path.name
    for row in readings.series[name]:
        twice = seen.setdefault((row.time, row.vintage), row)
        if twice is not row:
            of = f" of the vintage `{row.vintage}`" if row.vintage else ""
            hint = [] if row.vintage else ["a column `vintage` tells which of them is newer"]
            told = f"has a second value{of} for {row.time:g}, after line {twice.line}"
            place = readings.span(row, "time", span)
            to.error("duplicate-vintage", f"`{path}` line {row.line}: `{name}` {told}", place, help=hint)
            return
        before = last.get((row.vintage, row.source))
        if before is not None and row.time < before.time:
            told = f"the times of `{name}` rise, but {row.time:g} stands after {before.time:g}"
            place = readings.span(row, "time", span)
            to.error("wrong-order", f"`{path}` line {row.line}: {told}", place, help=["are two series called alike?"])
            return
        last[row.vintage, row.source] = row
