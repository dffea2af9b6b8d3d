"""Cells, columns and rows as written in calls: `B2`, `b2*`, `A`, `7`.

In: text. Out: zero-based rows and columns.

Invariant: nothing here looks into a file; names of ranges are the business of `book`.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

_CELL = re.compile(r"\$?([A-Za-z]{1,3})\$?([0-9]{1,7})")
_COLUMN = re.compile(r"\$?([A-Za-z]{1,3})")
_ROW = re.compile(r"\$?([0-9]{1,7})")
_AREA = re.compile(
    r"(?:'?(?P<sheet>[^!]*?)'?!)?(?P<first>\$?[A-Za-z]{1,3}\$?[0-9]{1,7})(?::(?P<last>\$?[A-Za-z]{1,3}\$?[0-9]{1,7}))?"
)


@dataclass(frozen=True, slots=True)
class Area:
    """A rectangle of cells, counted from 0, ends included; `sheet` is empty where none was named."""

    top: int
    left: int
    bottom: int
    right: int
    sheet: str = ""

    @property
    def height(self) -> int:
        """Number of rows."""
        return self.bottom - self.top + 1

    @property
    def width(self) -> int:
        """Number of columns."""
        return self.right - self.left + 1


def read_cell(text: str) -> tuple[int, int] | None:
    """Return (row, column) from 0 of a cell such as `B2`, or None.

    Examples
    --------
    >>> read_cell("b2"), read_cell("$AA$10"), read_cell("total")
    ((1, 1), (9, 26), None)

    """
    found = _CELL.fullmatch(text.strip())
    if found is None or int(found[2]) < 1:
        return None
    return int(found[2]) - 1, _column(found[1])


def read_column(text: str) -> int | None:
    """Return the column, from 0, that a letter such as `C` names, or None."""
    found = _COLUMN.fullmatch(text.strip())
    return _column(found[1]) if found is not None else None


def read_row(text: str) -> int | None:
    """Return the row, from 0, that a number such as `4` names, or None."""
    found = _ROW.fullmatch(text.strip())
    return int(found[1]) - 1 if found is not None and int(found[1]) > 0 else None


def read_area(text: str) -> Area | None:
    """Return the rectangle an expression such as `Sheet1!$B$4:$G$4` names, or None."""
    found = _AREA.fullmatch(text.strip())
    if found is None:
        return None
    first = read_cell(found["first"])
    last = read_cell(found["last"]) if found["last"] else first
    if first is None or last is None:
        return None
    (top, left), (bottom, right) = first, last
    sheet = (found["sheet"] or "").replace("''", "'")
    return Area(min(top, bottom), min(left, right), max(top, bottom), max(left, right), sheet)


def cell_name(row: int, column: int) -> str:
    """Return the spreadsheet's name of a cell.

    Examples
    --------
    >>> cell_name(1, 27)
    'AB2'

    """
    return f"{column_name(column)}{row + 1}"


def column_name(column: int) -> str:
    """Return the letters of a column counted from 0."""
    letters = ""
    column += 1
    while column > 0:
        column, rest = divmod(column - 1, 26)
        letters = chr(65 + rest) + letters
    return letters


def _column(letters: str) -> int:
    number = 0
    for letter in letters.upper():
        number = number * 26 + ord(letter) - 64
    return number - 1
