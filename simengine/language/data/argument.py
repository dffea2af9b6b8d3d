"""The arguments of one GET call: which file, which sheet, which cells.

In: a call as read, and where files are sought. Out: the sheet and the places in it, or diagnostics.

Invariant: every diagnostic points at the argument that is wrong.
"""

from __future__ import annotations

from dataclasses import dataclass

from simengine.language.data.address import Area, cell_name, column_name, read_cell, read_column, read_row
from simengine.language.data.book import Book, Shelf
from simengine.language.data.locate import Places
from simengine.language.data.sheet import Grid
from simengine.model.expression import Call, Text
from simengine.source.diagnostic import Diagnostic, error
from simengine.source.file import Span
from simengine.source.names import nearest_names


class BadArgument(Exception):
    """An argument is wrong; `diagnostic` says which and why. It never leaves this room."""

    def __init__(self, diagnostic: Diagnostic) -> None:
        self.diagnostic = diagnostic
        super().__init__(diagnostic.message)


@dataclass(frozen=True, slots=True)
class Line:
    """A row or a column that holds times: `position` of it, and the stretch of it, where a range gave one."""

    down: bool
    position: int
    first: int | None = None
    last: int | None = None


@dataclass(frozen=True, slots=True)
class SheetCall:
    """A call whose file and sheet are found."""

    call: Call
    book: Book
    tab: str
    grid: Grid

    def text(self, index: int) -> str:
        """Return argument `index` as text."""
        return text_of(self.call, index)

    def span(self, index: int) -> Span | None:
        """Return the place of argument `index`."""
        return self.call.arguments[index].span or self.call.span

    def cell(self, index: int) -> Area:
        """Return the cell (an area of one) or named range that argument `index` means; a final `*` is ignored."""
        text = self.text(index).strip().removesuffix("*").strip()
        area = self._named(text)
        if area is not None:
            return area
        place = read_cell(text)
        if place is None:
            raise BadArgument(self._unknown_range(text, index, "a cell such as `B2`, or the name of a range"))
        return Area(place[0], place[1], place[0], place[1])

    def line(self, index: int) -> Line:
        """Return the row or column that argument `index` means: `7`, `C`, or the name of a row or column."""
        text = self.text(index).strip()
        area = self._named(text)
        if area is not None:
            if area.height > 1 and area.width > 1:
                message = f"the range `{text}` is a block, not one row or column"
                raise BadArgument(error("bad-cell-address", message, self.span(index), label="one row or one column"))
            if area.height > 1:
                return Line(True, area.left, area.top, area.bottom)
            return Line(False, area.top, area.left, area.right)
        column, row = read_column(text), read_row(text)
        if row is not None:
            return Line(False, row)
        if column is not None:
            return Line(True, column)
        raise BadArgument(self._unknown_range(text, index, "a row number, a column letter or the name of a range"))

    def bad_cell(self, row: int, column: int, index: int, *, wanted: str = "a number") -> Diagnostic:
        """Return the diagnostic for a cell that is blank or holds no number, at argument `index`."""
        name = f"{cell_name(row, column)} of {self.where}"
        value = self.grid.cell(row, column)
        if value is None:
            hints = (
                [f"the data ends at {cell_name(self.grid.height - 1, self.grid.width - 1)}"] if self.grid.width else []
            )
            if self.book.stale:
                hints = ["the workbook holds formulas that were never calculated: open and save it in a spreadsheet"]
            return error(
                "missing-cell", f"cell {name} is blank", self.span(index), label=f"{wanted} expected", help=hints
            )
        shown = str(value)[:40]
        if isinstance(value, str) and self.grid.ambiguous(value):
            hint = "no other number of the file tells what its points are: write it without, or with a decimal comma"
            message = f"cell {name} holds `{shown}`, which may be thousands or thousandths"
            return error("bad-cell", message, self.span(index), label="read from here on", help=[hint])
        return error(
            "bad-cell", f"cell {name} holds `{shown}`, not {wanted}", self.span(index), label="read from here on"
        )

    @property
    def where(self) -> str:
        """The file and sheet, for messages."""
        return f"`{self.book.path.name}`" + (f", sheet `{self.tab}`" if self.book.text is None else "")

    def _named(self, text: str) -> Area | None:
        area = self.book.area(text, self.tab)
        if area is not None and area.sheet and self.book.sheet_name(area.sheet) != self.book.sheet_name(self.tab):
            return None
        return area

    def _unknown_range(self, text: str, index: int, expected: str) -> Diagnostic:
        elsewhere = self.book.area(text, self.tab)
        if elsewhere is not None:
            message = f"the range `{text}` of {self.where} lies on the sheet `{elsewhere.sheet}`"
            return error("missing-cell", message, self.span(index), label=f"not on the sheet `{self.tab}`")
        near = nearest_names(text, self.book.range_names)
        hints = [f"did you mean `{near[0]}`?"] if near else []
        message = f"{self.where} has no cell or range called `{text}`"
        return error("bad-cell-address", message, self.span(index), label=expected, help=hints)


def text_of(call: Call, index: int) -> str:
    """Return argument `index` of a call as text; BadArgument where it is none."""
    argument = call.arguments[index] if index < len(call.arguments) else None
    if isinstance(argument, Text):
        return argument.value
    name = call.name or call.function
    if argument is None:
        raise BadArgument(error("bad-data-argument", f"`{name}` needs {index + 1} arguments", call.span))
    message = f"argument {index + 1} of `{name}` is not a text in quotes"
    raise BadArgument(error("bad-data-argument", message, argument.span or call.span, label="'...' expected"))


def open_call(call: Call, places: Places, shelf: Shelf) -> SheetCall:
    """Return the call with its file opened and its sheet found.

    Raises
    ------
    BadArgument
        The file or sheet is not there, or cannot be read.

    """
    name, tab = text_of(call, 0), text_of(call, 1)
    file_span = call.arguments[0].span or call.span
    path = places.find(name, file_span)
    if isinstance(path, Diagnostic):
        raise BadArgument(path)
    book = shelf.open(path)
    if isinstance(book, Diagnostic):
        raise BadArgument(error(book.code, book.message, file_span, label="not readable"))
    grid = book.grid(tab)
    if grid is not None:
        return SheetCall(call, book, tab, grid)
    tab_span = call.arguments[1].span or call.span
    if book.problem:
        message = f"the sheet `{tab}` of `{path.name}` cannot be read: {book.problem}"
        raise BadArgument(error("unreadable-data-file", message, tab_span))
    near = nearest_names(tab, book.sheets)
    hint = f"did you mean `{near[0]}`?" if near else "it has " + ", ".join(f"`{s}`" for s in book.sheets[:8])
    message = f"`{path.name}` has no sheet `{tab}`"
    raise BadArgument(error("missing-sheet", message, tab_span, label="no such sheet", help=[hint]))


def line_name(line: Line) -> str:
    """Return how a spreadsheet names a line: `column B` or `row 4`."""
    return f"column {column_name(line.position)}" if line.down else f"row {line.position + 1}"
