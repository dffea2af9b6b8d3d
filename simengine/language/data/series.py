"""Time series by name, from the output of a run or a table somebody made.

In: a .dat, .tab, .csv, .tsv, .xls or .xlsx file. Out: for every name its times and values, by key.

    .dat     a line with a name, then lines `time<TAB>value`
    tables   time in the first column and a variable a column, or a variable a row and time in the first row

Invariant: junk gives diagnostics, never an exception; a cell that is no number is told, unless it is blank.
"""

from __future__ import annotations

import math
from pathlib import Path

from simengine.language.data.address import cell_name
from simengine.language.data.book import Book, Shelf
from simengine.language.data.locate import missing_file
from simengine.language.data.sheet import Grid, is_missing
from simengine.language.data.table import order_points
from simengine.source.diagnostic import Diagnostic, Severity, error, warning
from simengine.source.names import Key, key_of

Series = tuple[str, tuple[float, ...], tuple[float, ...]]

_VDF = (b"\x7f\xf7\x17\x52", b"\x7f\xf7\x17\x41")
_MOST = 20  # diagnostics a file


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


def read_series(path: str | Path, shelf: Shelf | None = None) -> tuple[dict[Key, Series], tuple[Diagnostic, ...]]:
    """Return every series of a file by key, as (name, times, values), and what is wrong with the file.

    Times rise; blank cells are points that are not there. Where a file gives a name twice, the first counts.
    """
    path = Path(path)
    if shelf is None:
        with Shelf() as own:
            return read_series(path, own)
    try:
        if not path.is_file():
            return {}, (missing_file(path.name, str(path.parent), None, path=str(path)),)
        with path.open("rb") as file:
            head = file.read(4)
    except (OSError, ValueError) as problem:
        return {}, (error("unreadable-data-file", f"the data file `{path}` cannot be read: {problem}", path=str(path)),)
    if path.suffix.casefold() in {".vdf", ".vdfx"} or head in _VDF:
        # Vensim's binary format is not published. What others found out about it pairs names with data by
        # heuristics: a wrong pair would give wrong numbers in silence.
        message = f"the format of `{path.name}` (Vensim's own, .vdf) is not published and cannot be read"
        hint = "in Vensim, export it (Model > Export Dataset) as .dat, .tab or .csv"
        return {}, (error("vdf-unreadable", message, help=[hint], path=str(path)),)
    book = shelf.open(path)
    if isinstance(book, Diagnostic):
        return {}, (book,)
    bad: list[Diagnostic] = []
    found = _read_book(book, path, bad)
    if not found and not any(d.severity is Severity.ERROR for d in bad):
        hint = "expected a time column with a column for each variable, or a row for each variable, or .dat"
        bad.append(error("no-series", f"no time series is found in `{path.name}`", help=[hint], path=str(path)))
    return found, tuple(bad)


def _read_book(book: Book, path: Path, bad: list[Diagnostic]) -> dict[Key, Series]:
    if book.text is not None and path.suffix.casefold() not in {".csv", ".tsv", ".tab"}:
        found = _read_dat(book.text, path, bad)
        if found or path.suffix.casefold() == ".dat":
            return found
    tab = book.sheets[0] if book.sheets else ""
    if book.text is not None:
        tab = "\t" if path.suffix.casefold() in {".tab", ".tsv"} else ""
    grid = book.grid(tab)
    if grid is None:
        bad.append(error("unreadable-data-file", f"`{path.name}` cannot be read: {book.problem or 'no sheet'}", path=str(path)))
        return {}
    if book.text is not None and grid.width == 1 and "\t" in book.text:
        return _read_dat(book.text, path, bad)
    return _read_table(grid, path, bad)


def _read_dat(text: str, path: Path, bad: list[Diagnostic]) -> dict[Key, Series]:
    found: dict[Key, Series] = {}
    name, points = "", list[tuple[float, float]]()
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
        if tab and name and _number(at) is not None:
            if not is_missing(value) and len(bad) < _MOST:
                bad.append(error("bad-cell", f"`{value[:40]}` is no number ({path.name}, line {number})", path=str(path)))
            continue
        if _number(line) is None:
            _keep(found, name, points, path, bad)
            name, points = line.strip(), []
    _keep(found, name, points, path, bad)
    return found


def _read_table(grid: Grid, path: Path, bad: list[Diagnostic]) -> dict[Key, Series]:
    top = next((r for r in range(grid.height) if _looks_like_head(grid, r)), None)
    if top is None:
        return {}
    across = [grid.number(top, c) for c in range(1, grid.width)]
    if any(x is not None for x in across) and not _names_in_row(grid, top):
        return _read_rows(grid, top, path, bad)
    return _read_columns(grid, top, path, bad)


def _looks_like_head(grid: Grid, row: int) -> bool:
    """Return whether a row holds names with a number below the first, or times with a name below the first."""
    filled = [c for c in range(1, grid.width) if grid.cell(row, c) is not None]
    if not filled:
        return False
    below = next((r for r in range(row + 1, grid.height) if grid.cell(r, 0) is not None), None)
    if below is None:
        return False
    if _names_in_row(grid, row):
        return grid.number(below, 0) is not None
    return all(grid.number(row, c) is not None for c in filled) and grid.number(below, 0) is None


def _names_in_row(grid: Grid, row: int) -> bool:
    return any(isinstance(v := grid.cell(row, c), str) and grid.parse(v) is None for c in range(1, grid.width))


def _read_columns(grid: Grid, top: int, path: Path, bad: list[Diagnostic]) -> dict[Key, Series]:
    times = [(r, x) for r in range(top + 1, grid.height) if (x := _time(grid, r, 0, path, bad)) is not None]
    found: dict[Key, Series] = {}
    for column in range(1, grid.width):
        name = grid.cell(top, column)
        if name is not None:
            points = [(x, y) for r, x in times if (y := _value(grid, r, column, path, bad)) is not None]
            _keep(found, str(name), points, path, bad)
    return found


def _read_rows(grid: Grid, top: int, path: Path, bad: list[Diagnostic]) -> dict[Key, Series]:
    times = [(c, x) for c in range(1, grid.width) if (x := _time(grid, top, c, path, bad)) is not None]
    found: dict[Key, Series] = {}
    for row in range(top + 1, grid.height):
        name = grid.cell(row, 0)
        if name is not None:
            points = [(x, y) for c, x in times if (y := _value(grid, row, c, path, bad)) is not None]
            _keep(found, str(name), points, path, bad)
    return found


def _time(grid: Grid, row: int, column: int, path: Path, bad: list[Diagnostic]) -> float | None:
    x = grid.number(row, column)
    if x is None and grid.cell(row, column) is not None and len(bad) < _MOST:
        message = f"`{str(grid.cell(row, column))[:40]}` is no time ({path.name}, cell {cell_name(row, column)}): passed over"
        bad.append(warning("value-without-time", message, path=str(path)))
    return x


def _value(grid: Grid, row: int, column: int, path: Path, bad: list[Diagnostic]) -> float | None:
    cell = grid.rows[row][column] if column < len(grid.rows[row]) else None
    try:
        y = float(cell)  # type: ignore[arg-type]  # the common case; everything else below
        if math.isfinite(y) and (not isinstance(cell, str) or "_" not in cell):
            return y
    except (TypeError, ValueError):
        pass
    number = grid.number(row, column)
    if number is None and not grid.missing(row, column) and len(bad) < _MOST:
        message = f"`{str(cell)[:40]}` is no number ({path.name}, cell {cell_name(row, column)})"
        bad.append(error("bad-cell", message, path=str(path)))
    return number


def _keep(
    found: dict[Key, Series], name: str, points: list[tuple[float, float]], path: Path, bad: list[Diagnostic]
) -> None:
    if not name or not points:
        return
    key = series_key(name)
    if key not in found:
        issues: list[Diagnostic] = []
        x, y = order_points(points, f"`{name}`", None, issues)
        found[key] = (name.strip(), x, y)
        bad.extend(error(d.code, f"{d.message} in `{path.name}`", path=str(path)) for d in issues[: max(0, _MOST - len(bad))])


def _number(text: str) -> float | None:
    try:
        return float(text)
    except ValueError:
        return None
