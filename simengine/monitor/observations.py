"""Observations: what was measured, with vintages; new ones are looked at row by row, and appended.

In: CSV files with a row a value: `variable`, `time`, `value`, and where they are there `model`, `element`, `unit`,
`quality`, `source`, `vintage` (when it was published: a number such as 2024.5). Out: observations in the model's units.

Statistics are published, and published again: a newer vintage of a value is kept beside the old one, and used.

Invariant: a file of observations is written whole, with all rows that were asked for, or not at all.
"""

from __future__ import annotations

import csv
import io
import math
import os
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from simengine.language.yaml.reading import At, Reading
from simengine.model.quantity import conversion_factor
from simengine.results.atomic import alone
from simengine.results.write import write_whole
from simengine.scenario.column import finite_number
from simengine.scenario.names import ModelNames, place_names
from simengine.scenario.sample_file import Cells, read_cells
from simengine.scenario.tidy import NEEDED
from simengine.source.diagnostic import InputError, Label
from simengine.source.file import SourceFile, Span

COLUMNS = ("model", "variable", "element", "time", "value", "unit", "quality", "source", "vintage")
"""The columns of a file that is begun anew."""
_NOTHING = frozenset({"", "nan", "na", "n/a", "null", "none", "."})
_DATE = re.compile(r"\d{4}-\d{1,2}(-\d{1,2})?|\d{1,2}[-/.]\d{1,2}[-/.]\d{2,4}|\d{4}/\d{1,2}/\d{1,2}")
BREAKS = frozenset({"break", "series break", "break in series", "redefined"})
"""Words of quality that say: from here on the series is of another definition."""


@dataclass(frozen=True, slots=True)
class Observation:
    """A value that was measured, in the model's unit. `vintage`: when it was published; None: not known."""

    column: str
    time: float
    value: float
    vintage: float | None = None
    quality: str = ""
    source: str = ""

    @property
    def is_break(self) -> bool:
        """Whether a series of another definition begins with it."""
        return self.quality.strip().casefold() in BREAKS


def before_breaks(observations: Iterable[Observation]) -> list[Observation]:
    """Return what comes before the first break of each series: what is of the definition the model knows."""
    ordered = list(observations)
    first: dict[str, float] = {}
    for one in ordered:
        if one.is_break:
            first[one.column] = min(one.time, first.get(one.column, math.inf))
    return [o for o in ordered if o.time < first.get(o.column, math.inf)]


@dataclass(frozen=True, slots=True)
class _Row:
    """An observation with where it stands."""

    found: Observation
    span: Span
    time_span: Span
    cells: dict[str, str]


def newest(observations: Iterable[Observation], known_at: float | None = None) -> list[Observation]:
    """Return the newest vintage of each value, by column and time; with `known_at`, of what was published by then.

    A value without a vintage counts as published at its own time, and as older than any that has one.
    """
    best: dict[tuple[str, float], Observation] = {}
    for one in observations:
        published = one.time if one.vintage is None else one.vintage
        if known_at is not None and published > known_at:
            continue
        before = best.get((one.column, one.time))
        if before is None or _age(one) >= _age(before):
            best[one.column, one.time] = one
    return [best[key] for key in sorted(best)]


def _age(one: Observation) -> float:
    return -math.inf if one.vintage is None else one.vintage


def read_observations(file: At[str], names: ModelNames, to: Reading) -> list[Observation]:
    """Return the observations in a file beside the one its name stands in; everything wrong with it is noted."""
    return [row.found for row in _rows(file, names, to)]


def _rows(file: At[str], names: ModelNames, to: Reading) -> list[_Row]:
    cells = read_cells(file, to)
    if cells is None:
        return []
    if cells.file is None:
        to.error("unreadable-data-file", f"`{cells.path.name}` is no CSV file", file.span)
        return []
    lacking = [name for name in NEEDED if name not in cells.heads]
    if lacking:
        head = cells.file.line_bounds(1)
        told = " and ".join(f"`{n}`" for n in lacking)
        text = f"`{cells.path.name}` has no column {told}: a row is a value, with `variable`, `time` and `value`"
        to.error("missing-column", text, Span(cells.file, *head), help=[f"it has {', '.join(cells.heads)}"])
        return []
    place = cells.heads.index("value")
    if cells.count > 1 and all(len(row) > place and row[place].casefold() in _NOTHING for row in cells.rows):
        text = f"`{cells.path.name}` has {cells.count} row{'s' * (cells.count != 1)}, and no value in any"
        to.error("no-observations", text, cells.place(cells.lines[0], cells.rows[0], place))
        return []
    reader = _RowReader(cells, names, to)
    rows = [reader.read(n) for n in range(cells.count)]
    found = [row for row in rows if row is not None]
    _refuse_twice(found, to)
    return found


@dataclass
class _RowReader:
    cells: Cells
    names: ModelNames
    to: Reading

    def read(self, number: int) -> _Row | None:
        """Return what a row says; None where anything in it is wrong, which is noted."""
        row = self.cells.rows[number]
        if len(row) > len(self.cells.heads):
            text = f"{len(row)} cells stand in this row, of {len(self.cells.heads)} columns"
            self.to.error("bad-row", text, self._span(number, ""), help=["texts with commas stand in quotes"])
            return None
        known = len(self.to.problems)
        texts = {head: row[n] if n < len(row) else "" for n, head in enumerate(self.cells.heads)}
        time, value = self._number(number, texts, "time"), self._number(number, texts, "value")
        vintage = self._number(number, texts, "vintage") if texts.get("vintage") else None
        factor, column = self._meant(number, texts)
        if len(self.to.problems) > known or time is None or value is None:
            return None
        found = Observation(
            column, time, value * factor, vintage, texts.get("quality", ""), texts.get("source", "")
        )  # fmt: skip
        return _Row(found, self._span(number, "variable"), self._span(number, "time"), texts)

    def _meant(self, number: int, texts: dict[str, str]) -> tuple[float, str]:
        """Return by what a value is multiplied, and the column of the model that a row is about."""
        model, element, variable = texts.get("model", ""), texts.get("element", ""), texts["variable"]
        if not variable:
            self.to.error("bad-row", "no variable is named in this row", self._span(number, ""))
            return math.nan, ""
        name = f"{model}.{variable}" if model else variable
        span = self._span(number, "variable")
        if element and self.names.find(At(name, span), Reading()) is not None:
            span = self._span(number, "element")  # the variable is known: what is wrong is the element
        target = self.names.find(At(f"{name}[{element}]" if element else name, span), self.to)
        if target is None:
            return math.nan, ""
        if target.places.size != 1:
            text = f"`{target.text}` is {target.places.size} values: name one under `element`"
            self.to.error("not-one-value", text, self._span(number, "variable"))
            return math.nan, ""
        own, unit = texts.get("unit", ""), target.variable.units
        if not own or own == unit:
            return 1.0, place_names(target)[0]
        try:
            return float(conversion_factor(own, unit, self.names.system)), place_names(target)[0]
        except InputError as reason:
            text = f"`{target.text}` is in {unit or 'no unit'}: {reason}"
            self.to.error("unit-mismatch", text, self._span(number, "unit"))
            return math.nan, ""

    def _number(self, number: int, texts: dict[str, str], head: str) -> float | None:
        found = finite_number(texts[head])
        if found is None:
            told = f"`{texts[head]}` is no finite number" if texts[head] else "nothing stands there"
            text = f"`{self.cells.path.name}` line {self.cells.lines[number]}, column `{head}`: {told}"
            hint = ["write 2016.25 for 1 April 2016"] if head == "time" and _DATE.fullmatch(texts[head]) else []
            self.to.error("bad-cell", text, self._span(number, head), help=hint)
        return found

    def _span(self, number: int, head: str) -> Span:
        line, row = self.cells.lines[number], self.cells.rows[number]
        if head in self.cells.heads:
            return self.cells.place(line, row, self.cells.heads.index(head))
        assert self.cells.file is not None
        return Span(self.cells.file, *self.cells.file.line_bounds(line))


def _refuse_twice(rows: Sequence[_Row], to: Reading) -> None:
    first: dict[tuple[str, float, float | None], _Row] = {}
    for row in rows:
        one = row.found
        other = first.setdefault((one.column, one.time, one.vintage), row)
        if other is not row:
            text = f"`{one.column}` at {one.time:g} stands a second time{_of(one.vintage)}"
            hint = "a value that was published anew has a newer `vintage`"
            to.error("duplicate-observation", text, row.span, others=[Label(other.span, "the first time")], help=[hint])


def _of(vintage: float | None) -> str:
    return " without a vintage" if vintage is None else f" with the vintage {vintage:g}"


@dataclass(frozen=True)
class NewRows:
    """Rows of a file of new observations."""

    found: tuple[Observation, ...]
    cells: tuple[dict[str, str], ...]
    """What stands in each row, by column."""
    spans: tuple[Span, ...]
    """Where each stands."""


def look_at_new(new: Path, known: Sequence[Observation], names: ModelNames, to: Reading) -> NewRows:
    """Return the rows of a file of new observations; everything wrong with them is noted.

    Parameters
    ----------
    new
        The file.
    known
        What is known already, from all files.
    names
        The model's names.
    to
        Takes what is wrong.

    """
    place = Span(SourceFile(os.fspath(new), ""), 0, 0)
    rows = _rows(At(new.name, place), names, to)
    _check_order(rows, to)
    before: dict[tuple[str, float], Observation] = {}
    last: dict[str, float] = {}
    for one in newest(known):
        before[one.column, one.time] = one
        last[one.column] = max(one.time, last.get(one.column, -math.inf))
    for row in rows:
        one = row.found
        old = before.get((one.column, one.time))
        if old is not None and one.vintage == old.vintage:
            text = f"`{one.column}` at {one.time:g} is known already{_of(one.vintage)}: {old.value:g}"
            hint = "a value that was published anew has a newer `vintage`"
            to.error("duplicate-observation", text, row.span, help=[hint])
        elif old is not None and _age(one) <= _age(old):
            text = f"`{one.column}` at {one.time:g} is known of a newer vintage, {old.vintage:g}"
            to.error("wrong-order", text, row.time_span)
        elif old is None and one.vintage is None and one.time <= last.get(one.column, -math.inf):
            text = f"`{one.column}` is known up to {last[one.column]:g}: {one.time:g} does not come after it"
            hint = "a value that comes late has a `vintage`, which says when it was published"
            to.error("wrong-order", text, row.time_span, help=[hint])
    return NewRows(tuple(r.found for r in rows), tuple(r.cells for r in rows), tuple(r.span for r in rows))


def _check_order(rows: Sequence[_Row], to: Reading) -> None:
    """Note times that go back within a series."""
    last: dict[str, _Row] = {}
    for row in rows:
        before = last.get(row.found.column)
        if before is not None and row.found.time < before.found.time:
            text = f"`{row.found.column}`: {row.found.time:g} does not come after {before.found.time:g}"
            to.error("wrong-order", text, row.time_span, others=[Label(before.time_span, "the row before")])
        last[row.found.column] = row


def append_rows(file: Path, rows: Sequence[dict[str, str]], seen: bytes | None = None) -> bool:
    """Append rows to a file of observations, which is made where there is none: all of them, or none.

    Parameters
    ----------
    file
        The file.
    rows
        Cells by column.
    seen
        What the file held when the rows were judged by it; None: whatever it holds.

    Returns
    -------
    Whether they were appended: they are not where another process has changed the file since.

    Raises
    ------
    InputError
        If the file lacks a column in which a row says something, or cannot be written.

    """
    if not file.parent.is_dir():
        raise InputError(f"`{file}` cannot be written: there is no folder `{file.parent}`")
    with alone(file.parent):
        if seen is not None and content_of(file) != seen:
            return False
        data = with_rows(file, rows)
        write_whole(file, lambda draft: draft.write_bytes(data))
    return True


def content_of(file: Path) -> bytes:
    """Return what a file of observations holds; nothing where there is none."""
    return file.read_bytes() if file.is_file() else b""


def with_rows(file: Path, rows: Sequence[dict[str, str]]) -> bytes:
    """Return what a file of observations would hold with rows appended.

    Raises
    ------
    InputError
        If it lacks a column in which a row says something.

    """
    old = content_of(file)
    text = old.decode("utf-8-sig")
    given = list(dict.fromkeys(head for row in rows for head, cell in row.items() if cell))
    if text.strip():
        heads = [c.strip() for c in next(csv.reader(io.StringIO(text)))]
        lacking = [head for head in given if head not in heads]
        if lacking:
            raise InputError(f"`{file}` has no column {', '.join(f'`{h}`' for h in lacking)} to append to")
    else:
        heads = [*COLUMNS, *(head for head in given if head not in COLUMNS)]
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\r\n" if "\r\n" in text else "\n")
    if not text.strip():
        writer.writerow(heads)
        old = b""
    elif not text.endswith("\n"):
        out.write("\n")
    writer.writerows([[row.get(head, "") for head in heads] for row in rows])
    return old + out.getvalue().encode("utf-8")
