"""GET XLS / DIRECT CONSTANTS: numbers for the left side of an equation.

In: the call, opened, and the shape of the left side. Out: the numbers, last subscript range fastest.

Invariant: as many numbers as the left side has elements, or a diagnostic.
"""

from __future__ import annotations

from simengine.language.data.argument import BadArgument, SheetCall
from simengine.source.diagnostic import Diagnostic, error, warning


def read_constants(source: SheetCall, sizes: tuple[int, ...], bad: list[Diagnostic]) -> list[float]:
    """Return the constants for subscript ranges of the given sizes (those with a fixed element left out).

    The last range runs across, the one before it down; a `*` after the cell turns that round.
    """
    # Vensim ref. "GET DIRECT CONSTANTS": further cells are read to the right on the last subscript range and
    # down on the second last; 'cell*' transposes. "Constants and subscripts": at most two ranges an equation.
    if len(sizes) > 2:
        message = f"`{source.call.name or 'GET CONSTANTS'}` fills at most two subscript ranges; here are {len(sizes)}"
        hint = "write an equation for each element of the leading ranges"
        raise BadArgument(error("too-many-ranges", message, source.call.span, help=[hint]))
    rows, columns = (1, *sizes)[-2:] if sizes else (1, 1)
    turned = source.text(2).rstrip().endswith("*")
    area = source.cell(2)
    height, width = (columns, rows) if turned else (rows, columns)
    if (area.height, area.width) not in {(1, 1), (height, width)}:
        message = f"the range `{source.text(2)}` has {area.height} x {area.width} cells; {height} x {width} are read"
        bad.append(warning("range-size", message, source.span(2), label="read from its first cell"))
    values = []
    for r in range(rows):
        for c in range(columns):
            row, column = (area.top + c, area.left + r) if turned else (area.top + r, area.left + c)
            value = source.grid.number(row, column)
            if value is None:
                bad.append(source.bad_cell(row, column, 2))
                value = 0.0
            values.append(value)
            if len(bad) > 20:  # one wrong address makes every cell wrong
                return values + [0.0] * (rows * columns - len(values))
    return values
