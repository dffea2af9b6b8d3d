"""A table of observations as text: rows of cells between commas, each with its place in the file.

In: the name of a CSV file. Out: a `Grid`, or what is wrong with the file as a whole.

Invariant: nothing is read as a number here; a place is that of the text itself.
"""

from __future__ import annotations

import csv
import io
from dataclasses import dataclass, field
from pathlib import Path

from simengine.language.yaml.reading import At, Reading
from simengine.scenario.reader import beside
from simengine.source.file import SourceFile, Span
from simengine.source.names import nearest_names


@dataclass(frozen=True, eq=False)
class Grid:
    """The cells of a table that are not all empty, by the line each row begins at: the first is the head."""

    path: Path
    file: SourceFile
    rows: dict[int, list[str]] = field(default_factory=dict)

    @property
    def head(self) -> list[str]:
        """The names of columns."""
        return [c.strip() for c in next(iter(self.rows.values()), [])]

    @property
    def body(self) -> list[tuple[int, list[str]]]:
        """The rows below the head, with their lines."""
        return list(self.rows.items())[1:]

    def span(self, line: int, place: int) -> Span:
        """Return where a cell stands; of one that is empty, or not there, its row."""
        begin, end = self.file.line_bounds(line)
        whole, at, row = self.file.text[begin:end], 0, self.rows[line]
        for cell in row[:place]:
            at = max(whole.find(cell, at), at) + len(cell)
            at = whole.find(",", at) + 1
        text = row[place].strip() if place < len(row) else ""
        found = whole.find(text, at) if text else -1
        return Span(self.file, begin, end) if found < 0 else Span(self.file, begin + found, begin + found + len(text))

    def told(self, line: int, place: int) -> str:
        """Return in words where a cell stands."""
        head = self.head
        column = f", column `{head[place]}`" if place < len(head) and head[place] else ""
        return f"`{self.path.name}` line {line}{column}"


def read_grid(named: At[str], to: Reading) -> Grid | None:
    """Return the cells of a CSV file; what is wrong with it is noted."""
    path = beside(named)
    if not path.is_file():
        near = nearest_names(path.name, [p.name for p in path.parent.glob("*.csv")]) if path.parent.is_dir() else []
        hint = [f"did you mean {' or '.join(f'`{n}`' for n in near)}?"] if near else []
        to.error("missing-data-file", f"there is no file `{named.value}`", named.span, help=hint)
        return None
    text = _read_text(path, named, to)
    if text is None:
        return None
    grid = Grid(path, SourceFile(path.as_posix(), text))
    reader, last = csv.reader(io.StringIO(text)), 0
    try:
        for row in reader:
            if any(c.strip() for c in row):
                grid.rows[last + 1] = row
            last = reader.line_num
    except csv.Error as reason:
        told = f"`{named.value}` cannot be read as a table: {reason}"
        to.error("unreadable-data-file", told, Span(grid.file, *grid.file.line_bounds(last + 1)))
        return None
    if not _is_laid_out(grid, to):
        return None
    if len(grid.rows) < 2:
        to.error("no-observations", f"`{path.name}` has no rows below its head", named.span)
        return None
    return grid


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
        told = f"`{file.value}` line {line} is no UTF-8 text"
        hint = "is it of Windows (1252, Latin-1)? save it as UTF-8"
        to.error("unreadable-data-file", told, file.span, help=[hint])
        return None


def _is_laid_out(grid: Grid, to: Reading) -> bool:
    """Return whether a table has a head, cells between commas, and no longer row; note the first that is wrong."""
    name, head = grid.path.name, grid.head
    first = next(iter(grid.rows), 1)
    if len(head) == 1 and (other := next((d for d in ";\t|" if d in head[0]), None)):
        shown = {"\t": "tabs", ";": "semicolons", "|": "bars"}[other]
        hint = "save it with commas between cells, and points in numbers"
        at = grid.file.text.index(other, grid.file.line_bounds(first)[0])
        told = f"`{name}` has {shown} between its cells, not commas"
        to.error("unreadable-data-file", told, Span(grid.file, at, at + 1), help=[hint])
        return False
    if head and all(_is_number(cell) for cell in head):
        told = f"`{name}` has no head: its first row holds numbers, {', '.join(head[:4])}"
        span = Span(grid.file, *grid.file.line_bounds(first))
        to.error("unknown-column", told, span, help=["the first row names the columns"])
        return False
    twice = next((n for n, h in enumerate(head) if h and h in head[:n]), None)
    if twice is not None:
        told = f"`{name}` has two columns that are called `{head[twice]}`"
        to.error("duplicate-series", told, grid.span(first, twice))
        return False
    for line, row in grid.body:
        if len(row) > len(head) and any(c.strip() for c in row[len(head) :]):
            told = f"`{name}` line {line} has {len(row)} cells, its head {len(head)}"
            span = Span(grid.file, *grid.file.line_bounds(line))
            to.error("bad-cell", told, span, help=["is a decimal comma meant? numbers have points"])
            return False
    return True


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True
