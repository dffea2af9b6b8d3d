"""Files opened once: their sheets as grids, and their named ranges.

In: a path. Out: a `Book`, or a diagnostic that says why it cannot be read.

Invariant: a file is read once for each `Shelf`; sheets are read when first asked for.
"""

from __future__ import annotations

import datetime
import re
import zipfile
from collections.abc import Callable
from functools import cached_property
from pathlib import Path
from typing import Any, Self

from simengine.language.data.address import Area, read_area
from simengine.language.data.sheet import Cell, Day, Grid, decode, read_text_grid, sniff_delimiter
from simengine.source.diagnostic import Diagnostic, error
from simengine.source.disk import note_library, read_bytes

_WORKBOOKS = frozenset({".xlsx", ".xlsm", ".xltx", ".xls"})
_ZIP, _OLE = b"PK\x03\x04", b"\xd0\xcf\x11\xe0"
_NO_VALUE = re.compile(
    rb"<c\b(?![^>]*\bt=[\"']str)[^>]*>\s*<f\b(?:[^>]*/>|[^>]*>[^<]*</f>)\s*(?:</c>|<v\s*/>|<v>\s*</v>)"
)
"""A cell whose formula has no value; a formula that gave an empty text (t="str") has one."""
_CHUNK, _OVERLAP = 1 << 20, 1 << 14


class Book:
    """One data file: a workbook with sheets and names, or a delimited text (a book of one sheet)."""

    def __init__(
        self,
        path: Path,
        sheets: tuple[str, ...],
        load: Callable[[str], Grid],
        names: dict[tuple[str, str], Area],
        text: str | None = None,
        *,
        stale: Callable[[], bool] | None = None,
        close: Callable[[], None] | None = None,
    ) -> None:
        self.path = path
        self.sheets = sheets
        self.text = text  # of a delimited file
        self._find_stale = stale
        self.hidden: frozenset[str] = frozenset()  # sheets a reader of the workbook does not see
        self.problem = ""  # why the sheet last asked for could not be read
        self.close = close if close is not None else (lambda: None)
        self._load = load
        self._names = names
        self._grids: dict[str, Grid] = {}

    def grid(self, tab: str) -> Grid | None:
        """Return the grid of a sheet (or of a text cut by the delimiter `tab`).

        None if there is no such sheet, or if it cannot be read: `problem` then says why.
        """
        name = tab if self.text is not None else self.sheet_name(tab)
        self.problem = ""
        if name is None:
            return None
        if name not in self._grids:
            try:
                self._grids[name] = self._load(name)
            except Exception as problem:  # noqa: BLE001  (whatever a library says of a broken sheet)
                self.problem = _said(problem)
                return None
        return self._grids[name]

    def sheet_name(self, tab: str) -> str | None:
        """Return the sheet's name as the book writes it; letters' case and outer blanks do not matter."""
        if tab in self.sheets:
            return tab
        return next((s for s in self.sheets if s.strip().casefold() == tab.strip().casefold()), None)

    def area(self, name: str, tab: str) -> Area | None:
        """Return the named range, first of the sheet `tab`, then of the whole book; else None."""
        sheet = (self.sheet_name(tab) or "").casefold()
        folded = name.strip().casefold()
        return self._names.get((sheet, folded)) or self._names.get(("", folded))

    @cached_property
    def stale(self) -> bool:
        """Whether the workbook was never calculated: formulas without values look like blanks."""
        return self._find_stale is not None and self._find_stale()

    @property
    def range_names(self) -> list[str]:
        """Names of all ranges, for hints."""
        return sorted({name for _, name in self._names})


class Shelf:
    """Books by path, each opened once."""

    def __init__(self) -> None:
        self._books: dict[Path, Book | str] = {}

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        for book in self._books.values():
            if isinstance(book, Book):
                book.close()

    def open(self, path: Path) -> Book | Diagnostic:
        """Return the book at a path that exists, or a diagnostic without a span."""
        if path not in self._books:
            self._books[path] = _open(path)
        book = self._books[path]
        if isinstance(book, Book):
            return book
        return error("unreadable-data-file", f"the data file `{path}` cannot be read: {book}", path=str(path))


def _open(path: Path) -> Book | str:
    try:
        data = read_bytes(path)
        head = data[:4]
        if path.suffix.casefold() in _WORKBOOKS or head in (_ZIP, _OLE):
            return _open_xls(path) if head == _OLE else _open_xlsx(path)
        return _open_text(path, data)
    except Exception as problem:  # noqa: BLE001  (whatever a library says of a broken file)
        return _said(problem)


def _said(problem: Exception) -> str:
    return f"{type(problem).__name__}: {problem}"[:200]


def _open_text(path: Path, data: bytes) -> Book:
    text = decode(data)

    def load(tab: str) -> Grid:
        return read_text_grid(text, _delimiter(tab, path, text))

    return Book(path, ("",), load, {}, text)


def _delimiter(tab: str, path: Path, text: str) -> str:
    # Vensim ref. "GET DIRECT DATA": the second argument is the delimiter; by default a tab, in .csv a comma.
    written = tab.replace("\\t", "\t")
    if len(written) == 1 and written not in '"\r\n':
        return written
    if written.strip().casefold() == "tab":
        return "\t"
    return sniff_delimiter(text) if path.suffix.casefold() == ".csv" else "\t"


def _open_xls(path: Path) -> Book:
    import xlrd  # lazy: only models with .xls files need it

    note_library("xlrd")
    book = xlrd.open_workbook(str(path), on_demand=True)
    names: dict[tuple[str, str], Area] = {}
    sheets = tuple(book.sheet_names())
    for item in book.name_obj_list:
        area = _area_of(str(item.formula_text or ""), item)
        if area is not None:
            scope = sheets[item.scope].casefold() if 0 <= item.scope < len(sheets) else ""
            names[scope, item.name.casefold()] = area

    def load(name: str) -> Grid:
        sheet = book.sheet_by_name(name)
        kinds = {xlrd.XL_CELL_DATE: Day}
        texts = {xlrd.XL_CELL_ERROR, xlrd.XL_CELL_EMPTY, xlrd.XL_CELL_BLANK}
        rows = [
            [
                (xlrd.error_text_from_code.get(c.value, "#N/A") if c.ctype == xlrd.XL_CELL_ERROR else None)
                if c.ctype in texts
                else (c.value if isinstance(c.value, str) else kinds.get(c.ctype, float)(c.value))
                for c in sheet.row(r)
            ]
            for r in range(sheet.nrows)
        ]
        return Grid(rows)

    return Book(path, sheets, load, names, close=book.release_resources)


def _area_of(formula: str, item: Any) -> Area | None:
    area = read_area(formula)
    if area is not None:
        return area
    try:
        sheet, top, bottom, left, right = item.area2d()
    except Exception:  # noqa: BLE001  (no range: xlrd raises its own errors and some of Python's)
        return None
    return Area(top, left, bottom - 1, right - 1, sheet.name)


def _open_xlsx(path: Path) -> Book:
    import openpyxl  # lazy: only models with .xlsx files need it

    note_library("openpyxl")
    book = openpyxl.load_workbook(path, read_only=True, data_only=True)
    sheets = tuple(s.title for s in book.worksheets)
    by_name = {s.title: s for s in book.worksheets}
    names: dict[tuple[str, str], Area] = {}
    scopes = [
        ("", book.defined_names),
        *((s.title.casefold(), getattr(s, "defined_names", {})) for s in book.worksheets),
    ]
    for scope, defined in scopes:
        for name, item in defined.items():
            area = read_area(item.attr_text or "")
            if area is not None:
                names[scope, name.casefold()] = area

    def load(name: str) -> Grid:
        sheet = by_name[name]
        sheet.reset_dimensions()  # the size a file claims is often wrong
        return Grid([[_plain(v) for v in row] for row in sheet.iter_rows(values_only=True)])

    opened = Book(path, sheets, load, names, stale=lambda: _has_formulas_without_value(path), close=book.close)
    opened.hidden = frozenset(s.title for s in book.worksheets if s.sheet_state != "visible")
    return opened


def _plain(value: Any) -> Cell:
    if value is None or isinstance(value, str):
        return value
    if isinstance(value, (int, float)):
        return float(value)
    if isinstance(value, (datetime.date, datetime.time, datetime.timedelta)):
        from openpyxl.utils.datetime import to_excel

        return Day(to_excel(value))  # a date is the number of days Excel counts
    return str(value)


def _has_formulas_without_value(path: Path) -> bool:
    with zipfile.ZipFile(path) as archive:
        members = [m for m in archive.namelist() if m.startswith("xl/worksheets/") and m.endswith(".xml")]
        return any(_search(archive, m) for m in members)


def _search(archive: zipfile.ZipFile, member: str) -> bool:
    """Return whether a sheet holds a formula without value; it is read in parts, however large it is."""
    with archive.open(member) as sheet:
        kept = b""
        while part := sheet.read(_CHUNK):
            if _NO_VALUE.search(kept + part):
                return True
            kept = part[-_OVERLAP:]
    return False
