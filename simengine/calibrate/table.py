"""Tables of observations, row by row.

In: CSV files. Out: readings by series, as they stand in the file.

A tidy file has a row a value, with the columns `variable`, `time`, `value` and, where there are some, `model`,
`element`, `unit`, `quality`, `source`, `vintage`. Any other has a column a series.

Invariant: nothing is sorted, filled or averaged here; a cell that is no number, nor a word for nothing, is refused.
"""

from __future__ import annotations

import csv
import io
import math
import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from simengine.calibrate.file import Table
from simengine.language.yaml.reading import At, Reading
from simengine.scenario.reader import beside
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
    """One reading: `value` is NaN where there is none, `line` its row in the file, from 1."""

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
    path = beside(table.file)
    if not path.is_file():
        near = nearest_names(path.name, [p.name for p in path.parent.glob("*.csv")]) if path.parent.is_dir() else []
        hint = [f"did you mean {' or '.join(f'`{n}`' for n in near)}?"] if near else []
        to.error("missing-data-file", f"there is no file `{table.file.value}`", table.file.span, help=hint)
        return None
    text = _read_text(path, table.file, to)
    if text is None:
        return None
    try:
        rows = list(csv.reader(io.StringIO(text)))
    except csv.Error as reason:
        told = f"`{table.file.value}` cannot be read as a table: {reason}"
        to.error("unreadable-data-file", told, table.file.span)
        return None
    numbered = [(n, r) for n, r in enumerate(rows, 1) if any(c.strip() for c in r)]
    head = [c.strip() for c in numbered[0][1]] if numbered else []
    if not _is_laid_out(path.name, head, numbered, table.file.span, to):
        return None
    if len(numbered) < 2:
        to.error("no-observations", f"`{path.name}` has no rows below its head", table.file.span)
        return None
    first = "" if table.time is not None or "variable" in head else head[0]
    reader = _Reader(Readings(name.value, path, time=first), table, head, to)
    known = len(to.problems)
    reader.read(numbered[1:])
    return reader.readings if len(to.problems) == known else None


_BEGINS = (
    ((b"PK\x03\x04", b"\xd0\xcf\x11\xe0"), "a workbook", "save its sheet as CSV: UTF-8, commas, decimal points"),
    ((b"\xff\xfe", b"\xfe\xff"), "UTF-16", "save it as UTF-8"),
    ((b"PAR1",), "Parquet", "write it as CSV"),
    ((b"\x1f\x8b",), "packed by gzip", "unpack it"),
)


def _read_text(path: Path, file: At[str], to: Reading) -> str | None:
    """Return the text of a table; note what it is where it is no UTF-8 text."""
    try:
        data = path.read_bytes()
    except OSError as reason:
        to.error("unreadable-data-file", f"`{file.value}` cannot be read: {reason.strerror or reason}", file.span)
        return None
    for begins, what, hint in _BEGINS:
        if data.startswith(begins):
            to.error(
                "unreadable-data-file", f"`{file.value}` is {what}, not a table of UTF-8 text", file.span, help=[hint]
            )
            return None
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as reason:
        line = data.count(b"\n", 0, reason.start) + 1
        told = f"`{file.value}` row {line} is no UTF-8 text"
        hint = "is it of Windows (1252, Latin-1)? save it as UTF-8"
        to.error("unreadable-data-file", told, file.span, help=[hint])
        return None


def _is_laid_out(
    name: str, head: Sequence[str], rows: Sequence[tuple[int, list[str]]], span: Span, to: Reading
) -> bool:
    """Return whether a table has a head, cells between commas, and no longer row; note the first that is wrong."""
    if len(head) == 1 and (other := next((d for d in ";\t|" if d in head[0]), None)):
        shown = {"\t": "tabs", ";": "semicolons", "|": "bars"}[other]
        hint = "save it with commas between cells, and points in numbers"
        to.error("unreadable-data-file", f"`{name}` has {shown} between its cells, not commas", span, help=[hint])
        return False
    if head and all(_is_number(cell) for cell in head):
        told = f"`{name}` has no head: its first row holds numbers, {', '.join(head[:4])}"
        to.error("unknown-column", told, span, help=["the first row names the columns"])
        return False
    twice = next((h for n, h in enumerate(head) if h and h in head[:n]), None)
    if twice is not None:
        to.error("duplicate-series", f"`{name}` has two columns that are called `{twice}`", span)
        return False
    for line, row in rows[1:]:
        if len(row) > len(head) and any(c.strip() for c in row[len(head) :]):
            told = f"`{name}` row {line} has {len(row)} cells, its head {len(head)}"
            to.error("bad-cell", told, span, help=["is a decimal comma meant? numbers have points"])
            return False
    return True


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True


@dataclass
class _Reader:
    readings: Readings
    table: Table
    head: list[str]
    to: Reading
    wrong: dict[str, int] = field(default_factory=dict)

    @property
    def is_tidy(self) -> bool:
        """Whether it is a tidy file: one that has some of its columns, and no columns are named, is meant to be."""
        return not self.table.columns and "variable" in self.head

    def read(self, rows: Sequence[tuple[int, list[str]]]) -> None:
        if self.is_tidy:
            self._tidy(rows)
        else:
            self._wide(rows)
        path = self.readings.path.name
        for text in list(self.wrong)[:_MOST_TOLD]:
            hint = ["numbers have points, and nothing between thousands"] if _COMMA.match(text) else []
            self.to.error("bad-cell", f"`{path}` row {self.wrong[text]}: {text}", self.table.file.span, help=hint)
        if len(self.wrong) > _MOST_TOLD:
            text = f"`{path}`: {len(self.wrong) - _MOST_TOLD} more wrong cells"
            self.to.error("bad-cell", text, self.table.file.span)

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
        for line, row in rows:
            cells = {n: row[place].strip() if place < len(row) else "" for place, n in enumerate(self.head)}
            time, value = self._time(cells[names["time"]], line), self._value(cells["value"], line)
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
        if not columns:
            taken = {time, *places.values()}
            columns = [(name, n) for n, name in enumerate(self.head) if n not in taken and name]
        units = {loose_key(name.value): unit.value for name, unit in self.table.units}
        self._check_units([name for name, _ in columns])
        for line, row in rows:
            cells = [c.strip() for c in row] + [""] * (len(self.head) - len(row))
            at = self._time(cells[time], line)
            more = [cells[p] if (p := places.get(w)) is not None else "" for w in ("quality", "vintage")]
            for name, place in columns:
                assert place is not None
                value = self._value(cells[place], line)
                if at is not None and value is not None:
                    unit = units.get(loose_key(name), "")
                    found = Row(at, value, line, unit, more[0], self._source, more[1])
                    self.readings.series.setdefault(name, []).append(found)

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

    def _time(self, text: str, line: int) -> float | None:
        try:
            time = float(text)
        except ValueError:
            time = math.nan
        if math.isfinite(time):
            return time
        if _DATE.fullmatch(text):
            path, span = self.readings.path.name, self.table.file.span
            if not any(p.code == "date-as-time" and p.span == span for p in self.to.problems):
                told = f"`{path}` row {line}: `{text}` is a date, the model's time is a number"
                self.to.error("date-as-time", told, span, help=["write 2016.25 for 1 April 2016"])
            return None
        self.wrong.setdefault(f"`{text}` is no time", line)
        return None

    def _value(self, text: str, line: int) -> float | None:
        if text.casefold() in NOTHING:
            return math.nan
        try:
            value = float(text)
        except ValueError:
            value = math.inf
        if math.isinf(value):
            self.wrong.setdefault(f"`{text}` is no number", line)
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
            told = f"has a second value{of} for {row.time:g}, after row {twice.line}"
            to.error("duplicate-vintage", f"`{path}` row {row.line}: `{name}` {told}", span, help=hint)
            return
        before = last.get((row.vintage, row.source))
        if before is not None and row.time < before.time:
            told = f"the times of `{name}` rise, but {row.time:g} stands after {before.time:g}"
            to.error("wrong-order", f"`{path}` row {row.line}: {told}", span, help=["are two series called alike?"])
            return
        last[row.vintage, row.source] = row
