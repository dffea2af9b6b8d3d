"""Bands of uncertainty: what fans and ranges have in common.

In: quantiles. Out: nested bands from light to dark, with a key that says what they hold.

Invariant: wider bands are lighter, in colour and in grey; the middle is a line.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, assert_never

from simengine.report.letters import text_width
from simengine.report.sheet import Sheet
from simengine.report.style import QUIET
from simengine.report.sweep_words import SweepWords

TINTS = ("#d3e5f2", "#8dbcdd", "#4f97c6")
"""Of bands, from the widest to the narrowest."""
MIDDLE = "#00507d"
BASE = "#1f2933"
GOOD, BAD = "#00708f", "#c25100"
"""Of runs that meet a goal and of those that miss it: told apart by all eyes, and in grey."""


@dataclass(frozen=True, slots=True)
class Band:
    """Two levels that belong together, by their places among all levels, and the share of runs between them."""

    low: int
    high: int
    share: float
    colour: str


def bands_of(levels: Sequence[float]) -> tuple[Band, ...]:
    """Return the bands that levels make, the widest first.

    Examples
    --------
    >>> [(b.low, b.high, round(b.share, 2)) for b in bands_of([0.05, 0.25, 0.5, 0.75, 0.95])]
    [(0, 4, 0.9), (1, 3, 0.5)]

    """
    count = len(levels)
    pairs = [(n, count - 1 - n) for n in range(count // 2) if levels[n] < 0.5 < levels[count - 1 - n]]
    return tuple(Band(a, b, levels[b] - levels[a], TINTS[min(n, len(TINTS) - 1)]) for n, (a, b) in enumerate(pairs))


def middle_of(levels: Sequence[float]) -> int | None:
    """Return the place of the middle among levels; None where it was not kept."""
    return next((n for n, level in enumerate(levels) if abs(level - 0.5) < 1e-9), None)


GoalShape = Literal["up", "down", "left", "right", "diamond"]
Kind = Literal["band", "line", "dash", "ring", "dot", "tick", "up", "down", "left", "right", "diamond"]


@dataclass(frozen=True, slots=True)
class Entry:
    """A line of a key: what is drawn and what it means."""

    kind: Kind
    colour: str
    text: str


def key_of(levels: Sequence[float], words: SweepWords) -> list[Entry]:
    """Return the key of bands."""
    entries = [Entry("band", b.colour, words.of_runs.format(share=words.percent(b.share))) for b in bands_of(levels)]
    if middle_of(levels) is not None:
        entries.append(Entry("line", MIDDLE, words.middle))
    return entries


def draw_key(sheet: Sheet, top: float, entries: Sequence[Entry], *, left: float = 12.0) -> float:
    """Draw a key in rows that fit the sheet; return where there is room again."""
    x, y = left, top + 6
    for entry in entries:
        width = 22 + text_width(entry.text, 8.0)
        if x > left and x + width > sheet.width - 10:
            x, y = left, y + 12.5
        draw_sample(sheet, x, y, entry)
        sheet.text(x + 20, y + 2.8, entry.text, 8.0, QUIET, name="key")
        x += width + 12
    return y + 9 if entries else top


def key_height(entries: Sequence[Entry], width: float, *, left: float = 12.0) -> float:
    """Return how high a key is."""
    return draw_key(Sheet(width, 0), 0.0, entries, left=left)


def draw_sample(sheet: Sheet, x: float, y: float, entry: Entry) -> None:
    """Draw what a line of a key is of, around a place at its left."""
    match entry.kind:
        case "band":
            sheet.box(x, y - 3.5, 16, 7, entry.colour, name="key-sample")
        case "line":
            sheet.line([x, x + 16], [y, y], entry.colour, 2.0, name="key-sample")
        case "dash":
            sheet.line([x, x + 16], [y, y], entry.colour, 1.1, dash=(2.5, 2.0), name="key-sample")
        case "ring":
            sheet.dots([x + 8], [y], 2.8, "#ffffff", edge=entry.colour, width=1.1, name="key-sample")
        case "dot":
            sheet.dots([x + 8], [y], 2.8, entry.colour, name="key-sample")
        case "tick":
            sheet.dots([x + 8], [y], 3.2, "", shape="tick", edge=entry.colour, width=1.2, name="key-sample")
        case "up" | "down" | "left" | "right" | "diamond":
            sheet.dots([x + 8], [y], 3.6, entry.colour, shape=entry.kind, name="key-sample")
        case _:
            assert_never(entry.kind)


def goal_shape(relation: str, *, lying: bool = False) -> GoalShape:
    """Return the mark of a goal: a triangle that points to the good side, a diamond where both sides are bad.

    Lying is where values grow to the right, not upwards.
    """
    if relation.startswith("<"):
        return "left" if lying else "down"
    if relation.startswith(">"):
        return "right" if lying else "up"
    return "diamond"
