"""Axes: where values lie on a sheet, and the few lines and numbers that tell it.

In: the ranges of values, a box on a sheet. Out: places; ticks drawn.

Invariant: ticks are round numbers; the range holds all it was asked to hold.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from simengine.report.letters import fit, text_width
from simengine.report.sheet import LEADING, Sheet
from simengine.report.style import GREY, GRID, INK, QUIET

Span = tuple[float, float]
Numbers = NDArray[np.float64]
_STEPS = (1.0, 2.0, 2.5, 5.0, 10.0)


@dataclass(frozen=True, slots=True)
class Axes:
    """A box on a sheet, in points, and the ranges of values over its width and its height."""

    sheet: Sheet
    left: float
    top: float
    width: float
    height: float
    x: Span
    y: Span

    @property
    def right(self) -> float:
        """The place of the right side."""
        return self.left + self.width

    @property
    def bottom(self) -> float:
        """The place of the lower side."""
        return self.top + self.height

    def across(self, values: ArrayLike) -> Numbers:
        """Return the places of values on the x axis."""
        low, high = self.x
        return self.left + (np.asarray(values, dtype=np.float64) - low) / (high - low) * self.width

    def down(self, values: ArrayLike) -> Numbers:
        """Return the places of values on the y axis."""
        low, high = self.y
        return self.bottom - (np.asarray(values, dtype=np.float64) - low) / (high - low) * self.height

    def at(self, x: float, y: float) -> tuple[float, float]:
        """Return the place of a value."""
        return float(self.across(x)), float(self.down(y))

    def draw_y(self, told: Callable[[float], str], *, count: int = 5, size: float = 9.0) -> None:
        """Draw quiet lines across at round values, and their numbers at the left."""
        for value in ticks(*self.y, count):
            y = float(self.down(value))
            self.sheet.line([self.left, self.right], [y, y], GRID, 0.8, name="grid")
            self.sheet.text(self.left - 4, y + size * 0.36, told(value), size, QUIET, anchor="end", name="tick")

    def draw_x(
        self,
        told: Callable[[float], str],
        *,
        count: int = 8,
        size: float = 9.0,
        whole: bool = False,
        numbers: bool = True,
        grid: bool = False,
        beyond: float = 30.0,
    ) -> None:
        """Draw the lower side with ticks at round values, and their numbers, none over another.

        No number goes further `beyond` the axes than said: others may stand beside them.
        """
        self.sheet.line([self.left, self.right], [self.bottom, self.bottom], GREY, 0.8, name="side")
        marks = ticks(*self.x, count, whole=whole)
        while len(marks) > 2 and _crowded([told(m) for m in marks], self.across(marks), size):
            count = max(1, count - 1)
            fewer = ticks(*self.x, count, whole=whole)
            marks = fewer if len(fewer) < len(marks) else marks[::2]
        for value in marks:
            x = float(self.across(value))
            if grid:
                self.sheet.line([x, x], [self.top, self.bottom], GRID, 0.8, name="grid")
            self.sheet.line([x, x], [self.bottom, self.bottom + 3], GREY, 0.8, name="side")
            if numbers:
                half = text_width(told(value), size) / 2
                at = min(max(x, self.left - beyond + half), self.right + beyond - half)
                self.sheet.text(at, self.bottom + 4.5 + size, told(value), size, QUIET, anchor="middle", name="tick")


def _crowded(texts: Sequence[str], places: Numbers, size: float) -> bool:
    widths = [text_width(t, size) for t in texts]
    return any(places[n + 1] - places[n] < (widths[n] + widths[n + 1]) / 2 + size * 0.6 for n in range(len(texts) - 1))


def ticks(low: float, high: float, count: int, *, whole: bool = False) -> list[float]:
    """Return about so many round values in a range, at most one more.

    Examples
    --------
    >>> ticks(0, 97, 5)
    [0.0, 20.0, 40.0, 60.0, 80.0]
    >>> ticks(2016, 2050, 4, whole=True)
    [2020.0, 2030.0, 2040.0, 2050.0]

    """
    span = high - low
    if not (span > 0 and math.isfinite(span)):
        return [low]
    power = 10.0 ** math.floor(math.log10(span / count))
    steps = [s * power for s in _STEPS if not whole or (s * power) % 1 == 0]
    step = next((s for s in steps if span / s <= count + 1e-9), max(1.0, 10 * power) if whole else 10 * power)
    first, last = math.ceil(low / step - 1e-9), math.floor(high / step + 1e-9)
    return [round(n * step, 12) + 0.0 for n in range(first, last + 1)]


def range_of(values: Iterable[ArrayLike], *, pad: float = 0.06) -> Span:
    """Return a range that holds all values; it begins at zero where that costs little.

    Examples
    --------
    >>> range_of([[2.0, 10.0], [5.0]], pad=0.0)
    (0.0, 10.0)
    >>> range_of([[9.0, 10.0]], pad=0.0)
    (9.0, 10.0)

    """
    every = [np.asarray(v, dtype=np.float64).ravel() for v in values]
    found = np.concatenate(every) if every else np.zeros(0)
    found = found[np.isfinite(found)]
    if not found.size:
        return 0.0, 1.0
    low, high = float(found.min()), float(found.max())
    room = (high - low) * pad or (0.0 if high > low else abs(high) * 0.1 or 1.0)
    if low >= 0 and low < 0.6 * high:
        return 0.0, high + room
    if high <= 0 and high > 0.6 * low:
        return low - room, 0.0
    return low - room, high + room


def draw_head(sheet: Sheet, title: str, below: str, *, room: float | None = None) -> float:
    """Write a title in bold, and quietly below it the unit, or what is shown; return where there is room again."""
    from simengine.report.letters import wrap

    width = room or sheet.width - 24
    size = 12.0 if sheet.is_narrow else 13.0
    y = sheet.lines_of_text(12, 18, wrap(title, width, size, bold=True, most=3), size, bold=True, name="title")
    lines = [line for part in below.split("\n") for line in wrap(part, width, 9.0, most=3)] if below else []
    return sheet.lines_of_text(12, y, lines, 9.0, QUIET, name="unit") - 4


def foot_of(notes: Iterable[str], width: float) -> list[str]:
    """Return notes as lines for the foot of a sheet."""
    from simengine.report.letters import wrap

    return [line for note in notes for line in wrap(note, width - 24, 7.5, most=4)]


def foot_height(lines: Sequence[str]) -> float:
    """Return how high the foot of a sheet is."""
    return len(lines) * 7.5 * LEADING + 8 if lines else 6.0


def draw_foot(sheet: Sheet, lines: Sequence[str]) -> None:
    """Write notes at the foot of a sheet."""
    sheet.lines_of_text(12, sheet.height - foot_height(lines) + 8, lines, 7.5, QUIET, name="note")


def spread(wanted: Sequence[float], heights: Sequence[float], low: float, high: float) -> list[float]:
    """Return places as near to those wanted (in order) as can be, so that nothing of these heights overlaps.

    Neighbours that would overlap become a block around the mean of what they want, as in isotonic regression.

    Examples
    --------
    >>> spread([10.0, 11.0, 50.0], [4.0, 4.0, 4.0], 0.0, 100.0)
    [8.5, 12.5, 50.0]

    """
    blocks: list[list[int]] = []

    def total(block: list[int]) -> float:
        return sum(heights[n] for n in block)

    def bottom(block: list[int]) -> float:
        before, middles = 0.0, []
        for n in block:
            middles.append(wanted[n] - before - heights[n] / 2)
            before += heights[n]
        at = sum(middles) / len(middles)
        return max(low, min(at, high - total(block)))

    for n in range(len(wanted)):
        blocks.append([n])
        while len(blocks) > 1 and bottom(blocks[-2]) + total(blocks[-2]) > bottom(blocks[-1]):
            last = blocks.pop()
            blocks[-1] += last
    out = []
    for block in blocks:
        at = bottom(block)
        for n in block:
            out.append(at + heights[n] / 2)
            at += heights[n]
    return out


def write_row(sheet: Sheet, x: float, y: float, text: str, width: float, *, size: float = 9.0, bold: bool = False,
              anchor_end: bool = False, scenario: int | None = None, colour: str = INK) -> None:  # fmt: skip
    """Write one line that must fit a width."""
    shown = fit(text, width, size, bold=bold)
    sheet.text(x, y, shown, size, colour, bold=bold, anchor="end" if anchor_end else "start", scenario=scenario)
