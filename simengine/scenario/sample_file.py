"""Columns of numbers from a file beside a scenario file: samples such as posteriors, sets of values, tables of draws.

In: the name of a CSV or Parquet file. Out: its columns, as they stand.

Invariant: a cell that is no number is refused, with its line and column.
"""

from __future__ import annotations

import csv
import io
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from simengine.language.yaml.reading import At, Reading
from simengine.scenario.column import finite_number
from simengine.scenario.reader import beside
from simengine.source.diagnostic import error
from simengine.source.file import SourceFile, Span


@dataclass(frozen=True)
class Cells:
    """A table of texts, with the place of every cell in its file where that is a text file."""

    path: Path
    asked: Span
    heads: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    lines: tuple[int, ...]  # by row
    file: SourceFile | None = None
    numbers: dict[str, NDArray[np.float64]] | None = None  # of a Parquet file

    @property
    def count(self) -> int:
        """How many rows there are."""
        return len(self.rows) if self.numbers is None else len(next(iter(self.numbers.values()), ()))

    def column(self, head: str, to: Reading) -> NDArray[np.float64] | None:
        """Return a column of finite numbers; None where a cell is none, which is noted."""
        if self.numbers is not None:
            found = self.numbers[head]
            bad = np.flatnonzero(~np.isfinite(found))
            if bad.size:
                text = f"`{self.path.name}` row {int(bad[0]) + 1}, column `{head}`: {found[bad[0]]} is no finite number"
                to.error("bad-cell", text, self.asked)
                return None
            return found
        place = self.heads.index(head)
        out = np.empty(len(self.rows))
        for number, row in enumerate(self.rows):
            value = finite_number(row[place]) if place < len(row) else None
            if value is None:
                self.wrong(number, place, f"`{row[place] if place < len(row) else ''}` is no number", to)
                return None
            out[number] = value
        return out

    def wrong(self, row: int, place: int, what: str, to: Reading) -> None:
        """Note what is wrong with a cell, at its line and column."""
        line = self.lines[row]
        text = f"`{self.path.name}` line {line}, column `{self.heads[place]}`: {what}"
        span = self.place(line, self.rows[row], place)
        to.problems.append(error("bad-cell", text, span))

    def place(self, line: int, row: tuple[str, ...], place: int) -> Span:
        """Return where a cell stands: the text itself where the line has it as it was read."""
        assert self.file is not None
        begin, end = self.file.line_bounds(line)
        whole, at = self.file.text[begin:end], 0
        for cell in row[:place]:
            at = max(whole.find(cell, at), at) + len(cell)
            at = whole.find(",", at) + 1
        cell = row[place] if place < len(row) else ""
        found = whole.find(cell, at) if cell else -1
        if found < 0:
            return Span(self.file, begin, end)
        return Span(self.file, begin + found, begin + found + len(cell))


def read_cells(file: At[str], to: Reading) -> Cells | None:
    """Return the cells of a CSV file, or the columns of a Parquet file; None where there is none, which is noted."""
    path = beside(file)
    if path.suffix.lower() in {".parquet", ".pq"}:
        return _parquet(path, file, to)
    try:
        text = path.read_text(encoding="utf-8-sig")
    except OSError as reason:
        missing = isinstance(reason, FileNotFoundError)
        said = f"there is no file `{path}`" if missing else f"`{path}` cannot be read: {reason.strerror or reason}"
        to.error("missing-data-file" if missing else "unreadable-data-file", said, file.span)
        return None
    except UnicodeDecodeError:
        to.error("unreadable-data-file", f"`{path}` is no UTF-8", file.span)
        return None
    reader = csv.reader(io.StringIO(text))
    rows, lines, last = [], [], 0
    for row in reader:
        if any(c.strip() for c in row):
            rows.append(tuple(c.strip() for c in row))
            lines.append(last + 1)
        last = reader.line_num
    if len(rows) < 2:
        to.error("too-few", f"`{path.name}` has no rows with values", file.span)
        return None
    return Cells(path, file.span, rows[0], tuple(rows[1:]), tuple(lines[1:]), SourceFile(str(path), text))


def _parquet(path: Path, file: At[str], to: Reading) -> Cells | None:
    import pyarrow as pa
    import pyarrow.parquet as pq

    if not path.is_file():
        to.error("missing-data-file", f"there is no file `{path}`", file.span)
        return None
    try:
        table = pq.read_table(path)
    except (pa.ArrowException, OSError) as reason:
        to.error("unreadable-data-file", f"`{path}` is no Parquet file: {reason}", file.span)
        return None
    numbers = {
        name: np.asarray(table[name].to_numpy(zero_copy_only=False), dtype=np.float64)
        for name in table.column_names
        if pa.types.is_integer(table.schema.field(name).type) or pa.types.is_floating(table.schema.field(name).type)
    }
    if not table.num_rows or not numbers:
        to.error("too-few", f"`{path.name}` has no rows with numbers", file.span)
        return None
    return Cells(path, file.span, tuple(numbers), (), (), None, numbers)
