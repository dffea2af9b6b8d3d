"""Time series by name, from the output of a run or a table somebody made.

In: a .dat, .tab, .csv, .tsv, .xls, .xlsx, .vdf or .vdfx file. Out: for every name its times and values, by key.

    .dat     a line with a name, then lines `time<TAB>value`
    .vdf     a run that Vensim saved, see the room `vdf`
    tables   time in the first column and a variable a column, or a variable a row and time in the first row

Invariant: junk gives diagnostics, never an exception; a cell that is no number is told, unless it is blank.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from itertools import zip_longest
from pathlib import Path

from simengine.language.data.address import cell_name
from simengine.language.data.book import Book, Shelf
from simengine.language.data.locate import missing_file
from simengine.language.data.sheet import Grid, is_missing
from simengine.language.data.table import order_points
from simengine.language.data.vdf.container import IMPORTED, RUN
from simengine.language.data.vdf.saved import SavedRun, Series, read_saved_run
from simengine.source.diagnostic import Diagnostic, error, warning
from simengine.source.names import Key, key_of

_EXPORT = "in Vensim, export it (Model > Export Dataset) as .dat, .tab or .csv"
_MOST = 20  # diagnostics a series


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
        if not name.strip() or not points or key in self._kept:
            return
        x, y = order_points(points, f"`{self.path.name}`, `{name.strip()}`", None, faults)
        self._kept[key] = (name.strip(), x, y)
        if faults:
            self.series_faults[key] = [replace(d, path=str(self.path)) for d in faults[:_MOST]]

    def fault(self, code: str, message: str, *hints: str) -> None:
        """Add a fault of the whole file."""
        self.faults.append(error(code, message, help=hints, path=str(self.path)))


def read_series(path: str | Path) -> tuple[Mapping[Key, Series], tuple[Diagnostic, ...]]:
    """Return every series of a file by key, as (name, times, values), and what is wrong with the file.

    Times rise; blank cells are points that are not there. Where a file gives a name twice, the first counts.
    """
    with Shelf() as shelf:
        file = open_series(Path(path), shelf)
    return file.series, (*file.faults, *(d for faults in file.series_faults.values() for d in faults))


def open_series(path: Path, shelf: Shelf) -> SeriesFile:
    """Return the series of a file, its faults apart from those of single series."""
    file = SeriesFile(path)
    try:
        if not path.is_file():
            file.faults.append(missing_file(path.name, str(path.parent), None, path=str(path)))
            return file
        with path.open("rb") as opened:
            head = opened.read(4)
        if path.suffix.casefold() in {".vdf", ".vdfx"} or head in {RUN, IMPORTED}:
            file.take_run(path.read_bytes())
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
        hint = "expected a time column with a column for each variable, or a row for each variable, or .dat"
        file.fault("no-series", f"no time series is found in `{path.name}`", hint)
    return file


def _read_book(book: Book, file: SeriesFile) -> None:
    suffix = file.path.suffix.casefold()
    if book.text is not None and suffix not in {".csv", ".tsv", ".tab"}:
        _read_dat(book.text, file)
        if file.series or suffix == ".dat":
            return
    tab = book.sheets[0] if book.sheets else ""
    if book.text is not None:
        tab = "\t" if suffix in {".tab", ".tsv"} else ""
    grid = book.grid(tab)
    if grid is None:
        file.fault("unreadable-data-file", f"`{file.path.name}` cannot be read: {book.problem or 'no sheet'}")
    else:
        _read_table(grid, file)


def _read_dat(text: str, file: SeriesFile) -> None:
    name, points, faults = "", list[tuple[float, float]](), list[Diagnostic]()
    for number, line in enumerate(text.splitlines(), 1):
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
        if 2 * numbers > len(filled) and grid.number(following[0], 0) is None:
            _read_rows(grid, row, file)
            return
        # a row of units may stand between the names and the first time
        if 2 * numbers <= len(filled) and any(grid.number(r, 0) is not None for r in following):
            _read_columns(grid, row, file)
            return


def _read_columns(grid: Grid, top: int, file: SeriesFile) -> None:
    times = []
    for row in range(top + 1, grid.height):
        x = grid.number(row, 0)
        if x is not None:
            times.append((row, x))
        elif any(grid.number(row, c) is not None for c in range(1, len(grid.rows[row]))):
            file.faults.append(_without_time(grid, row, 0, file))
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
    for row in range(top + 1, grid.height):
        name = grid.cell(row, 0)
        if name is not None:
            faults: list[Diagnostic] = []
            points = [(x, y) for c, x in times if (y := _value(grid, row, c, file, faults)) is not None]
            file.keep(str(name), points, faults)


def _without_time(grid: Grid, row: int, column: int, file: SeriesFile) -> Diagnostic:
    shown = str(grid.cell(row, column) or "")[:40]
    message = (
        f"cell {cell_name(row, column)} of `{file.path.name}` holds `{shown}`, no time: its values are passed over"
    )
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


def _number(text: str) -> float | None:
    try:
        value = float(text)
    except ValueError:
        return None
    return value if math.isfinite(value) else None
