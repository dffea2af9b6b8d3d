"""Time series by name, from the output of a run or a table somebody made.

In: a .dat, .tab, .csv, .tsv, .xls, .xlsx, .vdf or .vdfx file. Out: for every name its times and values, by key.

    .dat     a line with a name, then lines `time<TAB>value`
    .vdf     a run that Vensim saved, see the room `vdf`
    tables   time in the first column and a variable a column, or a variable a row and time in the first row

Invariant: junk gives diagnostics, never an exception; a cell that is no number is told, unless it is blank.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from itertools import zip_longest
from pathlib import Path

from simengine.language.data.address import cell_name
from simengine.language.data.book import Book, Shelf
from simengine.language.data.locate import missing_file
from simengine.language.data.sheet import Cell, Day, Grid, is_missing
from simengine.language.data.table import order_points
from simengine.language.data.vdf.container import IMPORTED, RUN
from simengine.language.data.vdf.saved import SavedRun, Series, read_saved_run
from simengine.model.expression import NOT_AVAILABLE
from simengine.source.diagnostic import Diagnostic, error, warning
from simengine.source.disk import is_file, read_bytes
from simengine.source.names import Key, key_of

_EXPORT = "in Vensim, export it (Model > Export Dataset) as .dat, .tab or .csv"
_TIMES = "write them as numbers in the model's unit of time, as 2020 or 2020.25"
_MOST = 20  # diagnostics a series
_LINE = re.compile(r"\r\n|\r|\n")
_TIME_WORDS = frozenset({"t", "time", "year", "month", "day", "date", "tijd", "jaar", "maand", "dag", "datum", "week"})
_DATE = re.compile(
    r"\d{1,4}[-/.]\d{1,2}[-/.]\d{1,4}([ T].*)?|\d{4}[-/ ]?[QqKkMmWw]\d{1,2}|[QqKk]\d[-/ ]?\d{4}|\d{4}[-/]\d{1,2}"
)


def series_key(name: str) -> Key:
    """Return the key of a series: of its name and, in brackets, of its elements.

    Examples
    --------
    >>> series_key('"Heat Use"[ Old Town , 1 ]')
    'heat_use[old_town,1]'

    """
    text = name.strip()
    if not text.endswith("]") or "[" not in text:
        return key_of(text)
    base, _, inside = text[:-1].rpartition("[")
    return Key(f"{key_of(base.strip())}[{','.join(key_of(e.strip()) for e in inside.split(','))}]")


@dataclass
class SeriesFile:
    """What one file holds: its series, what is wrong with the file, and what is wrong with single series.

    Faults of single series matter only to those who use them.
    """

    path: Path
    faults: list[Diagnostic] = field(default_factory=list)
    series_faults: dict[Key, list[Diagnostic]] = field(default_factory=dict)
    unread: dict[Key, list[Diagnostic]] = field(default_factory=dict)
    """Why a name that stands in the file has no series: none of its values could be read."""
    _kept: dict[Key, Series] = field(default_factory=dict)
    _saved: SavedRun | None = None

    @property
    def series(self) -> Mapping[Key, Series]:
        """All series by key; those of a saved run are decoded when they are asked for."""
        return self._kept if self._saved is None else self._saved

    @property
    def names(self) -> list[str]:
        """The names of all series, as the file writes them."""
        return [s[0] for s in self._kept.values()] if self._saved is None else self._saved.names

    def refusal(self, key: Key) -> str | None:
        """Return why a variable that the file holds has no series, None if the file does not hold it."""
        reason = self._saved.refused.get(key) if self._saved is not None else None
        return f"`{self.path.name}` holds it, but {reason}; {_EXPORT}" if reason else None

    def take_run(self, data: bytes) -> None:
        """Take the series of a run that Vensim saved."""
        run = read_saved_run(data)
        if isinstance(run, str):
            self.fault("vdf-unreadable", f"`{self.path.name}` cannot be read: {run}", _EXPORT)
        else:
            self._saved = run

    def keep(self, name: str, points: list[tuple[float, float]], faults: list[Diagnostic]) -> None:
        """Add a series unless it is empty or its name is taken."""
        key = series_key(name)
        points = [(x, y) for x, y in points if not _is_not_available(y)] or [(x, NOT_AVAILABLE) for x, _ in points[:1]]
        if not name.strip():
            return
        if not points:
            self.unread.setdefault(key, [replace(d, path=str(self.path)) for d in faults[:_MOST]])
            return
        if key in self._kept:
            self._keep_twice(name.strip(), key, points)
            return
        x, y = order_points(points, f"`{self.path.name}`, `{name.strip()}`", None, faults)
        self._kept[key] = (name.strip(), x, y)
        if faults:
            self.series_faults[key] = [replace(d, path=str(self.path)) for d in faults[:_MOST]]

    def _keep_twice(self, name: str, key: Key, points: list[tuple[float, float]]) -> None:
        """Tell that a name is given again, unless with the same points."""
        _, x, y = self._kept[key]
        if sorted(points) != list(zip(x, y, strict=True)):
            message = f"`{self.path.name}` gives `{name}` twice, with other values"
            self.series_faults.setdefault(key, []).append(error("duplicate-series", message, path=str(self.path)))

    def fault(self, code: str, message: str, *hints: str) -> None:
        """Add a fault of the whole file."""
        self.faults.append(error(code, message, help=hints, path=str(self.path)))


def read_series(path: str | Path) -> tuple[Mapping[Key, Series], tuple[Diagnostic, ...]]:
    """Return every series of a file by key, as (name, times, values), and what is wrong with the file.

    Times rise; blank cells are points that are not there. A name given twice with other values is an error.
    """
    with Shelf() as shelf:
        file = open_series(Path(path), shelf)
    return file.series, (*file.faults, *(d for faults in file.series_faults.values() for d in faults))


def open_series(path: Path, shelf: Shelf) -> SeriesFile:
    """Return the series of a file, its faults apart from those of single series."""
    file = SeriesFile(path)
    try:
        if not is_file(path):
            file.faults.append(missing_file(path.name, str(path.parent), None, path=str(path)))
            return file
        data = read_bytes(path)
        if path.suffix.casefold() in {".vdf", ".vdfx"} or data[:4] in {RUN, IMPORTED}:
            file.take_run(data)
            return file
    except (OSError, ValueError) as problem:
        file.fault("unreadable-data-file", f"the data file `{path}` cannot be read: {problem}")
        return file
    book = shelf.open(path)
    if isinstance(book, Diagnostic):
        file.faults.append(book)
        return file
    _read_book(book, file)
    if not file.series and not file.faults:
        file.faults += [d for faults in file.unread.values() for d in faults][:_MOST]
    if not file.series and not file.faults:
        hint = "expected times in the first column (or row), with a column (or row) for each variable, or .dat"
        file.fault("no-series", f"no time series is found in `{path.name}`{_where(book)}", hint)
    return file


def _read_book(book: Book, file: SeriesFile) -> None:
    suffix = file.path.suffix.casefold()
    if book.text is not None and suffix not in {".csv", ".tsv", ".tab"}:
        _read_dat(book.text, file)
        if file.series or suffix == ".dat":
            return
    tab = _first_sheet(book)
    if book.text is not None:
        tab = "\t" if suffix in {".tab", ".tsv"} else ""
    grid = book.grid(tab)
    if grid is None:
        file.fault("unreadable-data-file", f"`{file.path.name}` cannot be read: {book.problem or 'no sheet'}")
    else:
        _read_table(grid, file)
        if book.stale and grid.has_blanks:
            message = f"`{file.path.name}` holds formulas that were never calculated: their values are not in the file"
            file.fault("unreadable-data-file", message, "open and save it in a spreadsheet")


def _first_sheet(book: Book) -> str:
    return next((s for s in book.sheets if s not in book.hidden), book.sheets[0] if book.sheets else "")


def _where(book: Book) -> str:
    if len(book.sheets) < 2:
        return ""
    others = ", ".join(f"`{s}`" for s in book.sheets if s != _first_sheet(book))
    return f", sheet `{_first_sheet(book)}` (only the first is read, not {others[:200]})"


def _read_dat(text: str, file: SeriesFile) -> None:
    name, points, faults = "", list[tuple[float, float]](), list[Diagnostic]()
    for number, line in enumerate(_LINE.split(text), 1):
        at, tab, value = line.partition("\t")
        if tab and name:
            try:
                x, y = float(at), float(value)
            except ValueError:
                pass
            else:
                if math.isfinite(x) and math.isfinite(y):
                    points.append((x, y))
                continue
        if not line.strip():
            continue
        if not tab:
            at, _, value = line.strip().partition(" ")
        x_or_none, y_or_none = _number(at), _number(value)
        if name and x_or_none is not None and y_or_none is not None:
            points.append((x_or_none, y_or_none))
        elif name and tab and x_or_none is not None:
            if not is_missing(value):
                message = f"`{value[:40]}` is no number (`{file.path.name}`, line {number}, `{name}`)"
                faults.append(error("bad-cell", message))
        elif _number(line) is None:
            file.keep(name, points, faults)
            name, points, faults = line.strip(), [], []
    file.keep(name, points, faults)


def _read_table(grid: Grid, file: SeriesFile) -> None:
    for row in range(grid.height):
        filled = [c for c in range(1, grid.width) if grid.cell(row, c) is not None]
        numbers = sum(grid.number(row, c) is not None for c in filled)
        following = [r for r in range(row + 1, grid.height) if grid.cell(r, 0) is not None][:2] if filled else []
        if not following:
            continue
        dates = [str(c) for r in (row, *following) if _DATE.fullmatch(str(c := grid.cell(r, 0)).strip())]
        if len(dates) > 1:
            message = f"the times of `{file.path.name}` are dates such as `{dates[0][:40]}`, not numbers"
            file.fault("date-as-time", message, _TIMES)
            return
        if 2 * numbers > len(filled) and grid.number(following[0], 0) is None:
            _read_rows(grid, row, file)
            return
        if 2 * numbers <= len(filled) and any(grid.number(r, 0) is not None for r in following):
            _read_columns(grid, _heading(grid, row, following[0]), file)
            return


def _heading(grid: Grid, row: int, following: int) -> int:
    """Return which of two rows holds the names: a row of units may follow them, a title may stand before them."""
    if grid.number(following, 0) is not None or _is_time_word(grid, row):
        return row
    counts = [sum(grid.cell(r, c) is not None for c in range(1, grid.width)) for r in (row, following)]
    return following if _is_time_word(grid, following) or counts[0] < counts[1] else row


def _is_time_word(grid: Grid, row: int) -> bool:
    words = re.split(r"[^a-z]+", str(grid.cell(row, 0) or "").casefold())
    return bool(_TIME_WORDS & set(words))


def _read_columns(grid: Grid, top: int, file: SeriesFile) -> None:
    times = []
    for row in range(top + 1, grid.height):
        x = grid.number(row, 0)
        if x is not None:
            times.append((row, x))
        elif any(grid.number(row, c) is not None for c in range(1, len(grid.rows[row]))):
            file.faults.append(_without_time(grid, row, 0, file))
    _check_days([grid.cell(r, 0) for r, _ in times], file)
    columns = list(zip_longest(*(grid.rows[r] for r, _ in times)))
    for column in range(1, min(grid.width, len(columns))):
        name = grid.cell(top, column)
        if name is None:
            continue
        faults: list[Diagnostic] = []
        fast = grid.numbers(columns[column])
        if fast is not None:
            points = [(x, y) for (_, x), y in zip(times, fast, strict=True)]
        else:
            points = [(x, y) for r, x in times if (y := _value(grid, r, column, file, faults)) is not None]
        file.keep(str(name), points, faults)


def _read_rows(grid: Grid, top: int, file: SeriesFile) -> None:
    times = []
    for column in range(1, grid.width):
        x = grid.number(top, column)
        if x is not None:
            times.append((column, x))
        elif any(grid.number(r, column) is not None for r in range(top + 1, grid.height)):
            file.faults.append(_without_time(grid, top, column, file))
    _check_days([grid.cell(top, c) for c, _ in times], file)
    for row in range(top + 1, grid.height):
        name = grid.cell(row, 0)
        if name is not None:
            faults: list[Diagnostic] = []
            points = [(x, y) for c, x in times if (y := _value(grid, row, c, file, faults)) is not None]
            file.keep(str(name), points, faults)


def _check_days(times: list[Cell], file: SeriesFile) -> None:
    """Report times that are dates: a spreadsheet keeps them as days since 1900, which no model's time is."""
    if any(isinstance(t, Day) for t in times):
        message = f"the times of `{file.path.name}` are dates, which a spreadsheet counts in days since 1900"
        file.fault("date-as-time", message, _TIMES)


def _without_time(grid: Grid, row: int, column: int, file: SeriesFile) -> Diagnostic:
    shown = str(grid.cell(row, column) or "")[:40]
    what = f"holds `{shown}`, no time" if shown else "is blank where a time belongs"
    message = f"cell {cell_name(row, column)} of `{file.path.name}` {what}: its values are passed over"
    return warning("value-without-time", message, path=str(file.path))


def _value(grid: Grid, row: int, column: int, file: SeriesFile, faults: list[Diagnostic]) -> float | None:
    number = grid.number(row, column)
    if number is None and not grid.missing(row, column) and len(faults) < _MOST:
        cell = str(grid.cell(row, column))
        place = f"(`{file.path.name}`, cell {cell_name(row, column)})"
        if grid.ambiguous(cell):
            hint = "no other number of the file tells what its points are: write it without, or with a decimal comma"
            faults.append(error("bad-cell", f"`{cell[:40]}` may be thousands or thousandths {place}", help=[hint]))
        else:
            faults.append(error("bad-cell", f"`{cell[:40]}` is no number {place}"))
    return number


def _is_not_available(value: float) -> bool:
    """Return whether a value is :NA:, which tools write with six digits or with seventeen."""
    return math.isclose(value, NOT_AVAILABLE, rel_tol=1e-5)


def _number(text: str) -> float | None:
    try:
        value = float(text)
    except ValueError:
        return None
    return value if math.isfinite(value) else None
