"""How pictures look: colours all can tell apart.

In: scenarios. Out: a colour and a stroke for each.

Invariant: a scenario has the same colour in every picture.

References
----------
Okabe, M., Ito, K. (2008): Color universal design. The yellow is left out: on white it cannot be seen.

"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from simengine.results.record import Record

MOST_HIGHLIGHTED = 8
INK, QUIET, GRID, GREY = "#1f2933", "#5b6770", "#e4e7eb", "#aab2ba"
PALETTE = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#7B3F98")
BASE_COLOUR = "#1f2933"
DPI = 150


@dataclass(frozen=True, slots=True)
class Stroke:
    """How a scenario is drawn; `place` is its number in the study."""

    place: int
    colour: str
    width: float
    highlighted: bool

    @property
    def ink(self) -> str:
        """The colour of text about it: dark enough to be read on white."""
        return readable(self.colour) if self.highlighted else QUIET


def strokes(record: Record) -> dict[str, Stroke]:
    """Return how each scenario is drawn: the base dark, seven coloured, all others grey.

    Where there are more, those are coloured that end farthest from the base: the others lie near it, or near them.
    """
    rest = [s.name for s in record.scenarios if s.name != record.base]
    if len(rest) >= MOST_HIGHLIGHTED:
        apart = _apart(record)
        farthest = sorted(rest, key=lambda name: -apart.get(name, 0.0))[: MOST_HIGHLIGHTED - 1]
        rest = [name for name in rest if name in farthest]
    colours = dict(zip(rest, PALETTE, strict=False))
    out = {}
    for place, scenario in enumerate(record.scenarios):
        if scenario.name == record.base:
            out[scenario.name] = Stroke(place, BASE_COLOUR, 2.2, highlighted=True)
        else:
            colour = colours.get(scenario.name)
            out[scenario.name] = Stroke(place, colour or GREY, 2.0 if colour else 0.9, highlighted=colour is not None)
    return out


def _apart(record: Record) -> dict[str, float]:
    """Return how far each scenario ends from the base: the sum over indicators, each relative to its spread."""
    apart: dict[str, float] = {}
    for series in record.by_indicator.values():
        ends = {s.scenario: float(s.shown[-1]) for s in series if not s.element and s.shown.size}
        ends = {name: value for name, value in ends.items() if math.isfinite(value)}
        spread = max(ends.values(), default=0.0) - min(ends.values(), default=0.0)
        if record.base not in ends or not spread:
            continue
        for name, value in ends.items():
            apart[name] = apart.get(name, 0.0) + abs(value - ends[record.base]) / spread
    return apart


def luminance(colour: str) -> float:
    """Return the relative luminance of `#rrggbb`, from 0 (black) to 1 (white), as WCAG 2 defines it."""
    parts = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    red, green, blue = (p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: str, other: str = "#ffffff") -> float:
    """Return the contrast of two colours, 1 to 21 (WCAG 2)."""
    low, high = sorted((luminance(one), luminance(other)))
    return (high + 0.05) / (low + 0.05)


def readable(colour: str) -> str:
    """Return the colour darkened until text in it can be read on white: a contrast of 4.5 (WCAG 2, AA).

    Examples
    --------
    >>> contrast(readable("#E69F00")) >= 4.5
    True

    """
    parts = [int(colour[at : at + 2], 16) for at in (1, 3, 5)]
    while contrast(_hex(parts)) < 4.5:
        parts = [int(p * 0.95) for p in parts]
    return _hex(parts)


def _hex(parts: Sequence[int]) -> str:
    return "#" + "".join(f"{p:02x}" for p in parts)
