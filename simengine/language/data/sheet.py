"""One grid of cells, whatever file it came from, and the numbers in it.

In: rows of text (csv) or of typed cells (xls, xlsx). Out: cells by row and column, as text, number or blank.

Invariant: text becomes a number in `Grid.number` only, by one rule for the whole grid.
"""

from __future__ import annotations

import csv
import io
import math
import re
from collections.abc import Sequence
from typing import TypeAlias

Cell: TypeAlias = "str | float | None"

_MISSING = frozenset({"", ":na:", "na", "n/a", "#n/a", "nan", "#n/d", "null", "none", "-", ".."})
_GROUPED = re.compile(r"[+-]?\d{1,3}(,\d{3})+(\.\d*)?")
_DECIMAL_COMMA = re.compile(r"[+-]?\d*,\d+([eE][+-]?\d+)?|[+-]?\d{1,3}(\.\d{3})+,\d+")
_DECIMAL_POINT = re.compile(r"[+-]?\d*\.\d+([eE][+-]?\d+)?")


class Grid:
    """Cells in rows and columns counted from 0; beyond its edges everything is blank.

    Parameters
    ----------
    rows
        Rows of cells; they need not be of one length.
    delimiter
        What stood between the cells of a text file; empty for a spreadsheet.

    """

    def __init__(self, rows: Sequence[Sequence[Cell]], delimiter: str = "") -> None:
        self.rows = rows
        self.delimiter = delimiter
        self.height = len(rows)
        self.width = max(map(len, rows), default=0)
        self._comma: bool | None = None

    def cell(self, row: int, column: int) -> Cell:
        """Return what stands in a cell, None where it is blank."""
        if 0 <= row < self.height and 0 <= column < len(self.rows[row]):
            value = self.rows[row][column]
            return value if not isinstance(value, str) or value.strip() else None
        return None

    def number(self, row: int, column: int) -> float | None:
        """Return the number in a cell, None where it holds none."""
        value = self.cell(row, column)
        if isinstance(value, str):
            return self.parse(value)
        return value

    def missing(self, row: int, column: int) -> bool:
        """Return whether a cell is blank or says that there is no value (`NA`, `#N/A`, `:NA:`)."""
        value = self.cell(row, column)
        return value is None or (isinstance(value, str) and is_missing(value))

    def parse(self, text: str) -> float | None:
        """Return the number a text is, in this grid's way of writing numbers; None if it is none."""
        try:
            value = float(text)
        except ValueError:
            return self._parse_marked(text.strip())
        if "_" in text or not math.isfinite(value):
            return None
        return value

    def numbers(self, cells: Sequence[Cell]) -> list[float] | None:
        """Return the cells as numbers, fast, if every one of them is plainly a number; else None."""
        try:
            text = "\0".join(cells)  # type: ignore[arg-type]  # a cell that is no text: TypeError
            if "_" in text:
                return None
            if "," in text:
                if not self.comma_is_decimal or "." in text:
                    return None
                cells = text.replace(",", ".").split("\0")
            values = list(map(float, cells))  # type: ignore[arg-type]
        except (TypeError, ValueError):
            return None
        return values if math.isfinite(sum(map(abs, values))) else None

    def _parse_marked(self, text: str) -> float | None:
        scale = 1.0
        if text.endswith("%"):
            text, scale = text[:-1].rstrip(), 0.01
        plain = text.replace("\u00a0", "").replace("\u202f", "").replace(" ", "")
        if "," in plain:
            if self.comma_is_decimal and _DECIMAL_COMMA.fullmatch(plain):
                plain = plain.replace(".", "").replace(",", ".")
            elif not self.comma_is_decimal and _GROUPED.fullmatch(plain):
                plain = plain.replace(",", "")
        try:
            value = float(plain) * scale
        except ValueError:
            return None
        return value if math.isfinite(value) and "_" not in plain else None

    @property
    def comma_is_decimal(self) -> bool:
        """Whether `1,5` is one and a half here: so in files cut by `;`, unless a number has a decimal point."""
        if self._comma is None:
            self._comma = self._find_comma()
        return self._comma

    def _find_comma(self) -> bool:
        if self.delimiter == ",":
            return False
        points = False
        for row in self.rows:
            for value in row:
                if isinstance(value, str):
                    if "," in value:
                        text = value.strip()
                        if _DECIMAL_COMMA.fullmatch(text) and not _GROUPED.fullmatch(text):
                            return True
                    elif not points and "." in value:
                        points = _DECIMAL_POINT.fullmatch(value.strip()) is not None
        return self.delimiter == ";" and not points


def is_missing(text: str) -> bool:
    """Return whether a text stands for no value.

    Examples
    --------
    >>> is_missing("#N/A"), is_missing("12")
    (True, False)

    """
    return text.strip().casefold() in _MISSING


def read_text_grid(text: str, delimiter: str) -> Grid:
    """Return the grid of a delimited text; quotes that do not close are taken as they stand."""
    try:
        rows: list[list[Cell]] = list(csv.reader(io.StringIO(text, newline=""), delimiter=delimiter))  # type: ignore[arg-type]
    except csv.Error:  # a field beyond the csv module's limit: a quote was never closed
        rows = [list(line.split(delimiter)) for line in text.splitlines()]
    return Grid(rows, delimiter)


def sniff_delimiter(text: str) -> str:
    r"""Return which of tab, `;` and `,` cuts the first lines into the most even rows.

    Examples
    --------
    >>> sniff_delimiter("Time;a\n0;1,5\n1;2,5\n")
    ';'

    """
    lines = [line for line in text[:20_000].splitlines() if line.strip()][:20]
    best, score = ",", 0.0
    for delimiter in ("\t", ";", ","):
        counts = [_outside_quotes(line).count(delimiter) for line in lines]
        if counts and min(counts) > 0:
            evenness = counts.count(max(set(counts), key=counts.count)) / len(counts)
            weight = evenness * (2.0 if delimiter != "," else 1.0)
        else:
            weight = 0.5 * sum(c > 0 for c in counts) / max(1, len(counts))
        if weight > score:
            best, score = delimiter, weight
    return best


def _outside_quotes(line: str) -> str:
    return "".join(line.split('"')[::2])


def decode(data: bytes) -> str:
    """Return the text of a file: UTF-8 (with or without mark), UTF-16 with its mark, else Windows-1252."""
    if data[:2] in (b"\xff\xfe", b"\xfe\xff"):
        return data.decode("utf-16", errors="replace")
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError:
        return data.decode("cp1252", errors="replace")
