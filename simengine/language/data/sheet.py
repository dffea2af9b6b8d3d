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


class Day(float):
    """A date in a spreadsheet: the number of days since 1900."""


_MISSING = frozenset({"", ":na:", "na", "n/a", "#n/a", "nan", "#n/d", "null", "none", "-", ".."})
_GROUPED = re.compile(r"[+-]?\d{1,3}(,\d{3})+(\.\d*)?")
_DECIMAL_COMMA = re.compile(r"[+-]?\d*,\d+([eE][+-]?\d+)?|[+-]?\d{1,3}(\.\d{3})+,\d+")
_DECIMAL_POINT = re.compile(r"[+-]?\d*\.\d+([eE][+-]?\d+)?")
_POINTED = re.compile(r"[+-]?[1-9]\d{0,2}(\.\d{3})+")
"""What may be thousands where the comma is decimal: `1.234`, not `0.123`, as a nought does not lead thousands."""
_SPACED = re.compile("[+-]?\\d{1,3}([ \u00a0\u202f'\u2019]\\d{3})+([.,]\\d*)?")
_MONEY = "\u20ac$\u00a3 \u00a0\u202f"


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
        self._marks: tuple[bool, bool] | None = None

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

    @property
    def has_blanks(self) -> bool:
        """Whether a cell between others of its row is blank, or none at all is there."""
        return any(None in row for row in self.rows) or self.height == 0

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
        if "." in text and self.comma_is_decimal and _POINTED.fullmatch(text.strip()):
            return self._parse_pointed(text.strip())
        return value

    def ambiguous(self, text: str) -> bool:
        """Return whether `1.234` may be thousands or thousandths here: no other number of the file says which."""
        plain, _ = _bare(text)
        pointed = self.comma_is_decimal and plain.count(".") == 1 and _POINTED.fullmatch(plain) is not None
        return pointed and self._parse_pointed(plain) is None

    def numbers(self, cells: Sequence[Cell]) -> list[float] | None:
        """Return the cells as numbers, fast, if every one of them is plainly a number; else None."""
        try:
            text = "\0".join(cells)  # type: ignore[arg-type]  # a cell that is no text: TypeError
            if "_" in text:
                return None
            if "." in text and self.comma_is_decimal:
                return None
            if "," in text:
                if not self.comma_is_decimal:
                    return None
                cells = text.replace(",", ".").split("\0")
            values = list(map(float, cells))  # type: ignore[arg-type]
        except (TypeError, ValueError):
            return None
        return values if math.isfinite(sum(map(abs, values))) else None

    def _parse_marked(self, text: str) -> float | None:
        plain, scale = _bare(text)
        if self.comma_is_decimal and _POINTED.fullmatch(plain):
            value = self._parse_pointed(plain)
            return None if value is None else value * scale
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

    def _parse_pointed(self, plain: str) -> float | None:
        """Return the number `1.234` or `1.234.567` is where the comma is decimal; None where that is not certain."""
        commas, points = self._certain_marks
        if plain.count(".") > 1 or (commas and not points):
            return float(plain.replace(".", ""))
        return None

    @property
    def comma_is_decimal(self) -> bool:
        """Whether `1,5` is one and a half here: so in files cut by `;`, unless a number has a decimal point."""
        if self.delimiter == ",":
            return False
        commas, points = self._certain_marks
        return commas or (self.delimiter == ";" and not points)

    @property
    def _certain_marks(self) -> tuple[bool, bool]:
        """Whether some number has a decimal comma for certain, and whether some number has a decimal point."""
        if self._marks is None:
            self._marks = _find_marks(self.rows)
        return self._marks


def _find_marks(rows: Sequence[Sequence[Cell]]) -> tuple[bool, bool]:
    commas = points = False
    for row in rows:
        for value in row:
            if not isinstance(value, str):
                continue
            if "," in value:
                if not commas:
                    text, _ = _bare(value)
                    commas = _DECIMAL_COMMA.fullmatch(text) is not None and not _GROUPED.fullmatch(text)
            elif not points and "." in value:
                text, _ = _bare(value)
                points = _DECIMAL_POINT.fullmatch(text) is not None and not _POINTED.fullmatch(text)
        if commas and points:
            break
    return commas, points


def _bare(text: str) -> tuple[str, float]:
    """Return a number's text without signs of money, percent or blanks between thousands, and what it is scaled by."""
    scale = 1.0
    plain = text.strip().replace("\u2212", "-")
    if plain.endswith("%"):
        plain, scale = plain[:-1].rstrip(), 0.01
    plain = plain.strip(_MONEY)
    if plain[:1] in {"+", "-"}:
        plain = plain[0] + plain[1:].lstrip(_MONEY)
    if _SPACED.fullmatch(plain):
        plain = re.sub("[ \u00a0\u202f'\u2019]", "", plain)
    return plain, scale


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
    """Return the text of a file: UTF-8 or UTF-16, with or without their mark, else Windows-1252."""
    if data[:2] in (b"\xff\xfe", b"\xfe\xff"):
        return data.decode("utf-16", errors="replace")
    even, odd = data[:2000:2].count(0), data[1:2000:2].count(0)
    if max(even, odd) > len(data[:2000]) // 4 and not min(even, odd):  # text in UTF-16: every other byte is zero
        return data.decode("utf-16-le" if odd else "utf-16-be", errors="replace")
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError:
        return data.decode("cp1252", errors="replace")
