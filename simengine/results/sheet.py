"""Tables of a result folder: their columns as data, and CSV that reads back to the same bits.

In: rows. Out: CSV text and a schema; and rows again from text.

Invariant: a table's columns are said once, here and in `tables`; writer, reader and package go by them.
"""

from __future__ import annotations

import csv
import io
import math
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from simengine.source.diagnostic import InputError

Kind = Literal["string", "number", "boolean"]
Cell = str | float | bool | None


@dataclass(frozen=True, slots=True)
class Field:
    """A column of a table."""

    name: str
    kind: Kind
    description: str
    unit: str = ""

    def schema(self, *, decimal_comma: bool = False) -> dict[str, Any]:
        """Return the column as a field of a Frictionless table schema."""
        out: dict[str, Any] = {"name": self.name, "type": self.kind, "description": self.description}
        if self.unit:
            out["unit"] = self.unit
        if decimal_comma and self.kind == "number":
            out["decimalChar"] = ","
        return out


@dataclass(frozen=True, slots=True)
class Sheet:
    """A table that is written as CSV."""

    name: str
    description: str
    fields: tuple[Field, ...]
    rows: tuple[tuple[Cell, ...], ...]

    def text(self, *, decimal_comma: bool = False) -> str:
        """Return the table as CSV; with `;`, decimal comma and the mark Excel knows UTF-8 by where asked."""
        delimiter = ";" if decimal_comma else ","
        lines = [delimiter.join(_quoted(f.name, delimiter) for f in self.fields)]
        lines += [delimiter.join(_quoted(_shown(c, decimal_comma), delimiter) for c in row) for row in self.rows]
        return ("\ufeff" if decimal_comma else "") + "\n".join(lines) + "\n"


def _quoted(text: str, delimiter: str) -> str:
    """Return a cell, in quotes where it needs them; the csv module forgets them for a lone carriage return."""
    if any(c in text for c in (delimiter, '"', "\n", "\r")):
        return '"' + text.replace('"', '""') + '"'
    return text


def _shown(cell: Cell, decimal_comma: bool) -> str:
    match cell:
        case None:
            return ""
        case bool():
            return "true" if cell else "false"
        case float() | int():
            text = plain_number(cell)
            return text.replace(".", ",") if decimal_comma else text
    return cell


def plain_number(value: float) -> str:
    """Return a number so that reading it gives the same bits: 2030, 0.1, INF; empty where there is none.

    Examples
    --------
    >>> plain_number(2030.0), plain_number(0.1), plain_number(1e300), plain_number(float("nan"))
    ('2030', '0.1', '1e+300', '')

    """
    if math.isnan(value):
        return ""
    if math.isinf(value):
        return "INF" if value > 0 else "-INF"  # as Frictionless writes them
    text = repr(float(value))
    return text.removesuffix(".0") if abs(value) < 1e16 else text


def read_rows(
    text: str, kinds: Sequence[tuple[str, Kind]], *, decimal_comma: bool, where: str
) -> Iterator[tuple[Any, ...]]:
    """Yield rows of CSV text as values of the columns asked for; other columns are passed over.

    Raises
    ------
    InputError
        If a column is not there, or a cell cannot be read: with file, line and column.

    """
    reader = csv.reader(io.StringIO(text.removeprefix("\ufeff"), newline=""), delimiter=";" if decimal_comma else ",")
    head = next(reader, [])
    missing = [name for name, _ in kinds if name not in head]
    if missing:
        has = ", ".join(head) if head else "none"
        raise InputError(f"{where}:1: there is no column `{missing[0]}`; it has {has}")
    places = [(head.index(name), name, kind) for name, kind in kinds]
    for row in reader:
        if len(row) != len(head):
            raise InputError(
                f"{where}:{reader.line_num}: {len(row)} cells where the first line names {len(head)} columns"
            )
        yield tuple(
            _read(row[at], name, kind, decimal_comma, f"{where}:{reader.line_num}") for at, name, kind in places
        )


def _read(cell: str, name: str, kind: Kind, decimal_comma: bool, where: str) -> Cell:
    if kind == "string":
        return cell
    if kind == "boolean":
        if cell not in {"", "true", "false"}:
            raise InputError(f"{where}: `{name}` is `{cell}`; true or false was expected")
        return cell == "true" if cell else None
    if not cell:
        return None
    try:
        return float(cell.replace(",", ".") if decimal_comma else cell)
    except ValueError:
        raise InputError(f"{where}: `{name}` is `{cell}`; a number was expected") from None


def numbers(cells: Iterable[float | None]) -> list[float]:
    """Return numbers, NaN for those that are not there."""
    return [math.nan if c is None else c for c in cells]
