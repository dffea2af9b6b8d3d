"""Tables as their publishers give them: read, with every value that is not what it must be said by its place.

In: a CSV file and what its columns must hold. Out: rows of text and numbers, and problems.

Invariant: nothing is repaired in silence; a value that is wrong is reported with file, row, column and rule.
"""

from __future__ import annotations

import csv
import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

NOTICE, ERROR = "notice", "error"


@dataclass(frozen=True, slots=True)
class Problem:
    """What is wrong with a file (error), or what its user must know (notice). The header is row 1."""

    severity: str
    rule: str
    file: str
    message: str
    row: int | None = None
    column: str | None = None

    def __str__(self) -> str:
        place = (
            self.file + (f", row {self.row}" if self.row else "") + (f", column {self.column}" if self.column else "")
        )
        return f"{self.severity}[{self.rule}] {place}: {self.message}"


@dataclass(frozen=True, slots=True)
class Column:
    """What a column must hold: numbers within bounds, or one of some words; `empty` says if it may be missing."""

    number: bool = False
    low: float = -math.inf
    high: float = math.inf
    empty: bool = False
    words: frozenset[str] | None = None


@dataclass(frozen=True, slots=True)
class Table:
    """Rows as read; `line` of a row is its index plus 2."""

    file: str
    rows: list[dict[str, str]]
    problems: list[Problem] = field(default_factory=list)

    def number(self, row: int, column: str) -> float | None:
        """Return a number, None where there is none."""
        text = self.rows[row][column].strip()
        return float(text) if text and _is_number(text) else None

    def numbers(self, column: str) -> list[float]:
        """Return the numbers of a column, those that are there."""
        return [v for i in range(len(self.rows)) if (v := self.number(i, column)) is not None]


def read_table(path: Path, columns: Mapping[str, Column], key: Iterable[str] = ()) -> Table:
    """Return a table and what is wrong with it: a missing file or column, a wrong value, the same key twice."""
    if not path.is_file():
        return Table(path.name, [], [Problem(ERROR, "file-missing", path.name, f"there is no file `{path}`")])
    try:
        text = path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError as reason:
        wrong = Problem(ERROR, "not-utf8", path.name, f"it is no UTF-8 text (byte {reason.start})")
        return Table(path.name, [], [wrong])
    lines = list(csv.reader(text.splitlines()))
    header = [c.strip() for c in lines[0]] if lines else []
    problems = [
        Problem(
            ERROR,
            "column-missing",
            path.name,
            f"there is no column `{c}`; there are: {', '.join(header) or 'none'}",
            1,
            c,
        )
        for c in columns
        if c not in header
    ]
    if problems:
        return Table(path.name, [], problems)
    if not lines[1:]:
        return Table(path.name, [], [Problem(ERROR, "no-rows", path.name, "there is a header and nothing below it")])
    rows: list[dict[str, str]] = []
    for line, cells in enumerate(lines[1:], 2):
        if len(cells) != len(header):
            said = f"the row has {len(cells)} cells, the header {len(header)}"
            problems.append(Problem(ERROR, "cells", path.name, said, line))
            continue
        row = dict(zip(header, cells, strict=True))
        rows.append(row)
        problems += [p for c, rule in columns.items() if (p := _wrong(path.name, line, c, row[c].strip(), rule))]
    return Table(path.name, rows, problems + _repeated(path.name, rows, tuple(key)))


def _is_number(text: str) -> bool:
    try:
        return math.isfinite(float(text))
    except ValueError:
        return False


def _wrong(file: str, line: int, name: str, text: str, rule: Column) -> Problem | None:
    if not text:
        return None if rule.empty else Problem(ERROR, "value-missing", file, "the cell is empty", line, name)
    if rule.words is not None and text not in rule.words:
        return Problem(
            ERROR, "unknown-word", file, f"`{text}` is not one of {', '.join(sorted(rule.words))}", line, name
        )
    if not rule.number:
        return None
    if not _is_number(text):
        hint = " (a decimal comma? write a point)" if _is_number(text.replace(",", ".")) else ""
        return Problem(ERROR, "not-a-number", file, f"`{text}` is no number{hint}", line, name)
    if not rule.low <= float(text) <= rule.high:
        said = f"{text} is not between {rule.low:g} and {rule.high:g}"
        return Problem(ERROR, "out-of-range", file, said, line, name)
    return None


def _repeated(file: str, rows: list[dict[str, str]], key: tuple[str, ...]) -> list[Problem]:
    seen: dict[tuple[str, ...], int] = {}
    problems = []
    for line, row in enumerate(rows, 2):
        what = tuple(row[k].strip() for k in key)
        if key and what in seen:
            said = f"{', '.join(what)} stands in row {seen[what]} already"
            problems.append(Problem(ERROR, "key-twice", file, said, line, key[0]))
        seen.setdefault(what, line)
    return problems
