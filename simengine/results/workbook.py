"""Excel: a sheet an indicator, the goals, and what they are.

In: a `Record`. Out: an .xlsx file.

Invariant: a sheet holds all of an indicator, or the file is not written; the same record gives the same bytes.
"""

from __future__ import annotations

import math
import re
import zipfile
from collections.abc import Iterable, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

from simengine.results.record import Record, Series
from simengine.results.sheet import Cell
from simengine.results.study import Indicator
from simengine.results.tables import score_sheet
from simengine.source.diagnostic import InputError

MOST_ROWS, MOST_COLUMNS = 1_048_576, 16_384
"""What a sheet of Excel holds."""
_NAME = 31
_NO_DATE = datetime(1980, 1, 1)  # noqa: DTZ001  (Excel knows no time zones)


def write_workbook(record: Record, path: Path) -> None:
    """Write the indicators and goals of a record as an Excel file.

    Raises
    ------
    InputError
        If an indicator has more rows or columns than a sheet holds.

    """
    from openpyxl import Workbook  # heavy: only for this format

    tables = [(i, *_table(record, i)) for i in record.indicators]
    for indicator, head, rows in tables:
        _refuse_too_large(indicator.variable, len(rows) + 1, len(head))
    names = sheet_names([i.title or i.variable for i in record.indicators])
    book = Workbook(write_only=True)
    about = [["sheet", "variable", "title", "unit", "what it is"]]
    about += [[n, i.variable, i.title, i.unit, i.description] for n, i in zip(names, record.indicators, strict=True)]
    about += [[], ["scenario", "title", "extends", "failed"]]
    about += [[s.name, s.title, ", ".join(s.chain), s.failed] for s in record.scenarios]
    about += [[], ["source", "publisher", "licence", "address", "version"]]
    about += [[s.title, s.publisher, s.licence, s.path, s.version] for s in record.sources]
    _fill(book, "about", [record.title], about)
    scores = score_sheet(record)
    if scores.rows:
        _fill(book, "goals", [f.name for f in scores.fields], scores.rows)
    for name, (_, head, rows) in zip(names, tables, strict=True):
        _fill(book, name, head, rows)
    book.properties.creator = "simengine"
    book.properties.created = book.properties.modified = _NO_DATE
    book.save(path)
    _undate(path)


def write_tables(tables: Iterable[tuple[str, Sequence[str], Sequence[Sequence[Cell]]]], path: Path) -> None:
    """Write tables, (name, columns, rows), as an Excel file, a sheet each.

    Raises
    ------
    InputError
        If one has more rows or columns than a sheet holds.

    """
    from openpyxl import Workbook  # heavy: only for this format

    book = Workbook(write_only=True)
    for name, head, rows in tables:
        _refuse_too_large(name, len(rows) + 1, len(head))
        _fill(book, name, head, rows)
    book.properties.creator = "simengine"
    book.properties.created = book.properties.modified = _NO_DATE
    book.save(path)
    _undate(path)


def _table(record: Record, indicator: Indicator) -> tuple[list[str], list[list[Cell]]]:
    """Return an indicator as a table: time, element where it has one, a column a scenario."""
    series = record.by_indicator[indicator.variable]
    by_place = {(s.scenario, s.element): dict(zip(s.times.tolist(), s.values.tolist(), strict=True)) for s in series}
    names = [s.name for s in record.scenarios]
    elements = list(dict.fromkeys(s.element for s in series))
    with_element = elements != [""]
    rows: list[list[Cell]] = []
    for element in elements:
        for time in _times(s for s in series if s.element == element):
            values = [by_place.get((n, element), {}).get(time) for n in names]
            rows.append([time, *([element] if with_element else []), *values])
    return ["time", *(["element"] if with_element else []), *names], rows


def _times(series: Iterable[Series]) -> list[float]:
    return sorted({t for s in series for t in s.times.tolist()})


def _refuse_too_large(name: str, rows: int, columns: int) -> None:
    for count, most, what in ((rows, MOST_ROWS, "rows"), (columns, MOST_COLUMNS, "columns")):
        if count > most:
            raise InputError(
                f"`{name}` has {count:,} {what} and a sheet of Excel holds {most:,}; "
                "save fewer times, choose scenarios by --scenario, or use --to parquet or csv"
            )


def sheet_names(titles: Sequence[str]) -> list[str]:
    r"""Return names Excel allows, all different: at most 31 letters, none of `[]:*?/\`.

    Examples
    --------
    >>> sheet_names(["gas/year", "Gas year", "goals"])
    ['gas year', 'Gas year 2', 'goals 2']

    """
    taken = {"about", "goals", "history"}  # `history` Excel keeps for itself
    out = []
    for title in titles:
        plain = re.sub(r"[\[\]:*?/\\\x00-\x1f]", " ", title).strip("' ") or "indicator"
        name, number = plain[:_NAME].rstrip("' "), 2
        while name.casefold() in taken:
            ending = f" {number}"
            name, number = plain[: _NAME - len(ending)].rstrip("' ") + ending, number + 1
        taken.add(name.casefold())
        out.append(name)
    return out


def _fill(book: Any, name: str, head: Sequence[str], rows: Iterable[Sequence[Cell]]) -> None:
    from openpyxl.cell import WriteOnlyCell
    from openpyxl.styles import Font

    sheet = book.create_sheet(name)
    sheet.freeze_panes = "B2"
    bold = []
    for text in head:
        cell = WriteOnlyCell(sheet, _text(text))
        cell.font = Font(bold=True)
        bold.append(cell)
    sheet.append(bold)
    for row in rows:
        sheet.append([_plain(WriteOnlyCell(sheet), v) if isinstance(v, str) else _number(v) for v in row])


def _plain(cell: Any, text: str) -> Any:
    """Return a cell that holds text and never a formula: a name may begin with `=`."""
    cell.value = _text(text)
    cell.data_type = "s"
    return cell


def _text(text: str) -> str:
    return re.sub(r"[\x00-\x08\x0b\x0c\x0e-\x1f]", "", text)


def _number(value: float | bool | None) -> float | bool | None:
    return None if value is None or not math.isfinite(value) else value


def _undate(path: Path) -> None:
    """Write the archive again without the times at which its parts were made."""
    with zipfile.ZipFile(path) as archive:
        parts = [(name, archive.read(name)) for name in archive.namelist()]
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in parts:
            if name == "docProps/core.xml":
                data = re.sub(rb"(<dcterms:modified[^>]*>)[^<]*", rb"\g<1>1980-01-01T00:00:00Z", data)  # noqa: PLW2901
            part = zipfile.ZipInfo(name, (1980, 1, 1, 0, 0, 0))
            part.compress_type = zipfile.ZIP_DEFLATED
            archive.writestr(part, data)
