"""Rows with names: what ranges, tornados, boxes and parallel axes have in common.

In: names. Out: where each row's values lie; names written beside them, or above them where the sheet is narrow.

Invariant: a name is never written over values, nor over another name.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from simengine.report.letters import text_width, wrap
from simengine.report.sheet import Sheet
from simengine.report.style import INK, QUIET

_SIZE, _SMALL = 8.5, 7.5


@dataclass(frozen=True, slots=True)
class Rows:
    """Rows on a sheet: values lie between `left` and `right`, one row below the other from `top`."""

    sheet: Sheet
    top: float
    left: float
    right: float
    height: float
    above: float
    below: float
    names: tuple[tuple[str, ...], ...]
    told: tuple[tuple[str, ...], ...]

    @property
    def bottom(self) -> float:
        """Where the last row ends."""
        return self.top + self.height * len(self.names)

    def middle(self, number: int) -> float:
        """Return the place of a row's values."""
        if self.sheet.is_narrow:
            return self.top + self.height * (number + 1) - self.below
        return self.top + self.height * (number + 0.5) + (self.above - self.below) / 2

    def write(self, number: int, *, bold: bool = False, scenario: int | None = None, colour: str = INK) -> None:
        """Write the name of a row, and quietly what is told of it."""
        lines = [(t, _SIZE, colour) for t in self.names[number]] + [(t, _SMALL, QUIET) for t in self.told[number]]
        if self.sheet.is_narrow:
            x, anchor = 12.0, "start"
            y = self.middle(number) - self.above - 2 - 10.0 * (len(lines) - 1)
        else:
            x, anchor = self.left - 9, "end"
            y = self.middle(number) + 3 - 5.0 * (len(lines) - 1)
        for text, size, ink in lines:
            self.sheet.text(x, y, text, size, ink, bold=bold and size == _SIZE, name="row", scenario=scenario,
                            halo=self.sheet.is_narrow, anchor="end" if anchor == "end" else "start")  # fmt: skip
            y += 10.0


def plan_rows(
    sheet: Sheet,
    top: float,
    names: Sequence[str],
    told: Sequence[str] = (),
    *,
    after: float = 14.0,
    above: float = 8.0,
    below: float = 8.0,
) -> Rows:
    """Return rows for names, with so much room after the values, and above and below their middles."""
    told = told or [""] * len(names)
    if sheet.is_narrow:
        room = sheet.width - 24
        lines = [tuple(wrap(n, room, _SIZE, most=2)) for n in names]
        small = [tuple(wrap(t, room, _SMALL, most=1)) for t in told]
        most = max((len(a) + len(b) for a, b in zip(lines, small, strict=True)), default=1)
        return Rows(sheet, top, 18.0, sheet.width - max(after, 14.0), 10.0 * most + 2 + above + below,
                    above, below, tuple(lines), tuple(small))  # fmt: skip
    widest = max((text_width(n, _SIZE) for n in names), default=0.0)
    room = min(max(widest, 60.0), 180.0)
    lines = [tuple(wrap(n, room, _SIZE, most=2)) for n in names]
    small = [tuple(wrap(t, room, _SMALL, most=1)) for t in told]
    most = max((len(a) + len(b) for a, b in zip(lines, small, strict=True)), default=1)
    left = 12 + max((text_width(t, _SIZE) for found in lines for t in found), default=0.0)
    left = max([left, *(12 + text_width(t, _SMALL) for found in small for t in found)]) + 9
    return Rows(sheet, top, left, sheet.width - after, max(above + below + 4, 10.0 * most + 5), above, below,
                tuple(lines), tuple(small))  # fmt: skip
