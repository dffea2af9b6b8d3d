"""GET XLS / DIRECT SUBSCRIPT: the elements of a dimension, read from a file.

In: the call. Out: names of elements.

Invariant: blanks are passed over, never made into elements.
"""

from __future__ import annotations

from collections.abc import Mapping

from simengine.language.data.address import Area, read_cell, read_column, read_row
from simengine.language.data.argument import BadArgument, SheetCall, open_call, text_of
from simengine.language.data.book import Shelf
from simengine.language.data.locate import Places
from simengine.model.expression import Call
from simengine.source.diagnostic import Diagnostic, error


def read_elements(
    call: Call, directory: str, tags: Mapping[str, str], own_tags: Mapping[str, str] | None = None
) -> tuple[list[str], list[Diagnostic]]:
    """Return the elements that GET XLS SUBSCRIPT('file', 'sheet', 'first', 'last', 'prefix') names.

    Parameters
    ----------
    call
        The call as read.
    directory
        The model's directory: file names are relative to it.
    tags
        What a caller gave for ?tags: paths relative to the working directory.
    own_tags
        What the model's own settings say of ?tags: paths relative to the model.

    Returns
    -------
    Names in order, prefix included, and diagnostics.

    """
    places = Places(directory, tags, own_tags or {})
    with Shelf() as shelf:
        try:
            source = open_call(call, places, shelf)
            prefix = text_of(call, 4) if len(call.arguments) > 4 else ""
            names = _names(source, _area(source), prefix)
        except BadArgument as bad:
            return [], [bad.diagnostic]
        if not names:
            message = f"no element stands in the cells given of {source.where}"
            return [], [error("missing-cell", message, source.span(2), label="blank from here on")]
        return names, [*places.told.values()]


def _area(source: SheetCall) -> Area:
    # Vensim ref. "GET DIRECT SUBSCRIPT": read across, then down, to 'lastcell', which may be left blank or name
    # a row or column only; then that row or column is followed to the end of the data.
    first = source.cell(2)
    last = source.text(3).strip() if len(source.call.arguments) > 3 else ""
    end_row, end_column = source.grid.height - 1, source.grid.width - 1
    if not last:
        if first.height > 1 or first.width > 1:
            return first
        return Area(first.top, first.left, max(end_row, first.top), max(end_column, first.left))
    cell, row, column = read_cell(last), read_row(last), read_column(last)
    named = source.book.area(last, source.tab)
    if named is not None:
        bottom, right = named.bottom, named.right
    elif cell is not None:
        bottom, right = cell
    elif row is not None:
        bottom, right = row, max(end_column, first.left)
    elif column is not None:
        bottom, right = max(end_row, first.top), column
    else:
        message = f"`{last}` is no cell, row or column"
        raise BadArgument(error("bad-cell-address", message, source.span(3), label="a cell such as `B9`, `B` or `9`"))
    if bottom < first.top or right < first.left:
        message = f"the last cell `{last}` stands before the first, `{source.text(2)}`"
        raise BadArgument(error("bad-cell-address", message, source.span(3), label="below or right of the first cell"))
    return Area(first.top, first.left, min(bottom, max(end_row, first.top)), min(right, max(end_column, first.left)))


def _names(source: SheetCall, area: Area, prefix: str) -> list[str]:
    names = []
    for row in range(area.top, area.bottom + 1):
        for column in range(area.left, area.right + 1):
            value = source.grid.cell(row, column)
            if value is not None:
                names.append(prefix + (value.strip() if isinstance(value, str) else f"{value:.15g}"))
    return names
