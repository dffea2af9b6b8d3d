"""Tables as pictures: a number in each field, its shade saying how large it is.

In: a table of numbers. Out: a sheet.

Invariant: a field without a number is hatched; every number is written, so that no shade need be read.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray

from simengine.report.axes import draw_foot, draw_head, foot_height, foot_of
from simengine.report.letters import fit, text_width, wrap
from simengine.report.sheet import WIDE, Sheet
from simengine.report.style import INK, QUIET, luminance
from simengine.report.sweep_words import SweepWords

LIGHT, DARK = (0xF3, 0xF7, 0xFA), (0x00, 0x4A, 0x75)
_ROW = 24.0


def shade(share: float) -> str:
    """Return a colour between light and dark, for 0 to 1.

    Examples
    --------
    >>> shade(0.0), shade(1.0)
    ('#f3f7fa', '#004a75')

    """
    part = min(max(share, 0.0), 1.0)
    return "#" + "".join(f"{round(a + (b - a) * part):02x}" for a, b in zip(LIGHT, DARK, strict=True))


def draw_matrix(
    rows: Sequence[str],
    columns: Sequence[tuple[str, str]],
    values: NDArray[np.float64],
    title: str,
    below: str,
    words: SweepWords,
    width: float = WIDE,
    *,
    told: Callable[[float], str] | None = None,
    by_column: bool = False,
    less_is_dark: Sequence[bool] = (),
    bold_row: int | None = None,
    notes: Sequence[str] = (),
) -> Sheet:
    """Return a table of numbers, shape (row, column), with shades.

    Parameters
    ----------
    rows
        What rows are called, such as scenarios.
    columns
        What columns are called, and in small what more is to be said of them.
    values
        The numbers; NaN where there is none.
    title, below
        What is written above.
    words
        The language.
    width
        Of the sheet.
    told
        How a number is written; else as a share of one.
    by_column
        Whether shades go from the least to the largest of a column; else from 0 to 1.
    less_is_dark
        By column, whether the least is the darkest instead.
    bold_row
        The row written bold, such as the base.
    notes
        What is said at the foot.

    """
    write = told or words.percent
    sheet = Sheet(width, 0.0)
    top = draw_head(sheet, title, below) + 4
    room = 96.0 if sheet.is_narrow else 176.0
    size = 8.0 if sheet.is_narrow else 8.5
    names = [wrap(r, room, size, most=3 if sheet.is_narrow else 2) for r in rows]
    left = 12 + max((text_width(t, size) for lines in names for t in lines), default=0.0) + 8
    fits = max(1, int((width - left - 12) // (44.0 if sheet.is_narrow else 62.0)))
    fits = math.ceil(len(columns) / math.ceil(len(columns) / fits))  # as many in each
    tall = max(_ROW, max((len(n) for n in names), default=1) * 10.0 + 4)
    for first in range(0, len(columns), fits):  # more columns than fit stand below each other
        chosen = range(first, min(first + fits, len(columns)))
        cell = min((width - left - 12) / max(len(chosen), 1), 110.0)
        top = _heads(sheet, [columns[n] for n in chosen], left, top, cell)
        for row, lines in enumerate(names):
            y = top + row * tall
            at = y + tall / 2 + 3 - 5.0 * (len(lines) - 1)
            sheet.lines_of_text(12, at, lines, size, bold=row == bold_row, name="row", scenario=row)
            for place, column in enumerate(chosen):
                turned = -values[:, column] if less_is_dark and less_is_dark[column] else values[:, column]
                part = _part(turned, row, by_column=by_column)
                _field(sheet, (left + place * cell, y, cell, tall), values[row, column], part, write, row)
        top += tall * len(names) + 12
    foot = foot_of(notes, width)
    sheet.height = top + foot_height(foot)
    draw_foot(sheet, foot)
    return sheet


def _heads(sheet: Sheet, columns: Sequence[tuple[str, str]], left: float, top: float, cell: float) -> float:
    """Write the heads of columns, their last lines on one height; return where rows begin."""
    size = 7.5 if sheet.is_narrow else 8.0
    heads = [
        (wrap(name, cell - 5, size, bold=True, most=4), wrap(more, cell - 5, 7.0, most=2)) for name, more in columns
    ]
    most = max((len(a) + len(b) for a, b in heads), default=0)
    for n, (name, more) in enumerate(heads):
        y = top + 8 + (most - len(name) - len(more)) * 9.4
        middle = left + (n + 0.5) * cell
        for text, letters, colour, bold in [
            *((t, size, INK, True) for t in name),
            *((t, 7.0, QUIET, False) for t in more),
        ]:
            sheet.text(middle, y, text, letters, colour, anchor="middle", bold=bold, name="column")
            y += 9.4
    return top + most * 9.4 + 6


def _part(column: NDArray[np.float64], row: int, *, by_column: bool) -> float:
    value = float(column[row])
    if not by_column:
        return value
    finite = column[np.isfinite(column)]
    low, high = (float(finite.min()), float(finite.max())) if finite.size else (0.0, 0.0)
    return (value - low) / (high - low) * 0.85 if high > low else 0.0


def _field(
    sheet: Sheet,
    box: tuple[float, float, float, float],
    value: float,
    part: float,
    write: Callable[[float], str],
    row: int,
) -> None:
    x, y, width, height = box
    known = math.isfinite(value)
    fill = shade(part) if known else ""
    sheet.box(x + 1, y + 1, width - 2, height - 2, fill, hatched=not known, name="field", scenario=row)
    if known:
        ink = "#ffffff" if luminance(fill) < 0.35 else INK
        text = fit(write(value), width - 3, 8.5)
        sheet.text(x + width / 2, y + height / 2 + 3, text, 8.5, ink, anchor="middle", name="value", scenario=row)
