"""The governance board: initiatives by who leads and whether they are new, as a picture.

In: cards, each with its side, kind, status and size. Out: SVG that says in text what it shows in colour.

The board has four fields: government and society side by side, what is known below what is innovative. A card is a mark
and its name beside it: shape and colour of the mark are its status, and as much of its area is filled as its effect is
of the largest one.

Invariant: the same cards give the same bytes; status is told by shape and word, not by colour alone.
"""

from __future__ import annotations

import io
import math
import textwrap
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from simengine.report.style import GREY, GRID, INK, QUIET, readable

if TYPE_CHECKING:
    from matplotlib.axes import Axes

SIDES, KINDS = ("government", "society"), ("innovative", "known")
STATUS_LOOKS: dict[str, tuple[str, str]] = {
    "idea": ("o", "#E69F00"),
    "planned": ("s", "#56B4E9"),
    "running": ("^", "#0072B2"),
    "done": ("D", "#009E73"),
    "stopped": ("X", GREY),
}
"""Mark and colour by status."""
WORDS = {
    "en": {"government": "government", "society": "society", "innovative": "innovative", "known": "known",
           "idea": "idea", "planned": "planned", "running": "running", "done": "done", "stopped": "stopped",
           "size": "filled: effect on {indicator}", "shares": "filled: largest effect, as a share of its indicator",
           "whole": "whole mark: {value}", "none": "nothing here", "no effect": "no effect in the model",
           "failed": "effect not known: a run failed", "of it": "{share} of it"},
    "nl": {"government": "overheid", "society": "samenleving", "innovative": "vernieuwend", "known": "bekend",
           "idea": "idee", "planned": "gepland", "running": "loopt", "done": "klaar", "stopped": "gestopt",
           "size": "gevuld: effect op {indicator}", "shares": "gevuld: grootste effect, als deel van zijn indicator",
           "whole": "heel teken: {value}", "none": "hier is niets", "no effect": "geen effect in het model",
           "failed": "effect niet bekend: een run mislukte", "of it": "{share} daarvan"},
}  # fmt: skip
_LARGEST = 330.0
"""The area of a whole mark, in points squared."""
_ROW = 0.74
"""The height of a card, in inches."""


@dataclass(frozen=True)
class Card:
    """An initiative on the board. `size`: its effect in what is common to all; None: it has none, or none is known."""

    name: str
    title: str
    owner: str
    status: str
    by: str
    kind: str
    size: float | None = None
    told: str = ""
    """Its effect in words."""


def draw_board(
    cards: Sequence[Card], title: str, notes: Sequence[str] = (), language: str = "en", *, narrow: bool = False
) -> bytes:  # fmt: skip
    """Return the board as SVG.

    Parameters
    ----------
    cards
        The initiatives, in the order they are drawn.
    title
        What is written above.
    notes
        What areas mean, below the board.
    language
        Of the words around names: en or nl.
    narrow
        Whether it is for a phone: the four fields below each other.

    """
    import matplotlib as mpl
    from matplotlib.figure import Figure

    words = WORDS.get(language, WORDS["en"])
    fields = [(side, kind) for kind in KINDS for side in SIDES]
    if narrow:
        fields = [(side, kind) for side in SIDES for kind in KINDS]
    counts = {pair: len(_field(cards, *pair)) for pair in fields}
    columns = 1 if narrow else 2
    rows = [fields[n : n + columns] for n in range(0, len(fields), columns)]
    most = [max(1 if narrow else 3, *(counts[pair] for pair in row)) for row in rows]
    head, foot = (0.75, 0.6 + 0.2 * len(notes)) if narrow else (0.75, 0.4 + 0.2 * len(notes))
    tall = head + foot + sum(_ROW * n + (0.55 if narrow else 0.25) for n in most)
    salt = "board, narrow" if narrow else "board"
    with mpl.rc_context({"svg.fonttype": "none", "svg.hashsalt": salt, "font.family": "sans-serif"}):
        figure = Figure(figsize=(4.4 if narrow else 9.0, tall))
        grid = figure.add_gridspec(
            len(rows), columns, height_ratios=most, left=0.02 if narrow else 0.05, right=0.985, top=1 - head / tall,
            bottom=foot / tall, wspace=0.03, hspace=0.55 / (sum(most) / len(most) * _ROW) if narrow else 0.08,
        )  # fmt: skip
        largest = max((abs(c.size) for c in cards if c.size is not None), default=0.0)
        for row, pairs in enumerate(rows):
            for column, (side, kind) in enumerate(pairs):
                axes = figure.add_subplot(grid[row, column])
                _draw_field(axes, _field(cards, side, kind), largest, most[row], words, narrow=narrow)
                if narrow:
                    axes.set_title(f"{words[side]}, {words[kind]}", fontsize=9.5, color=INK, loc="left")
                elif row == 0:
                    axes.set_title(words[side], fontsize=11, color=INK)
                if column == 0 and not narrow:
                    axes.set_ylabel(words[kind], fontsize=11, color=INK)
        figure.suptitle("\n".join(textwrap.wrap(title, 40)) if narrow else title, x=0.02 if narrow else 0.05, ha="left",
                        fontsize=11 if narrow else 13, color=INK, y=1 - 0.12 / tall)  # fmt: skip
        _draw_legend(figure, notes, words, narrow=narrow)
        out = io.BytesIO()
        figure.savefig(out, format="svg", metadata={"Date": None, "Title": title, "Description": told(cards, words)})
    return out.getvalue()


def told(cards: Sequence[Card], words: dict[str, str]) -> str:
    """Return what the board shows, for who cannot see it."""
    parts = []
    for kind in KINDS:
        for side in SIDES:
            ones = _field(cards, side, kind)
            names = ", ".join(f"{c.title} ({words[c.status]})" for c in ones) or words["none"]
            parts.append(f"{words[side]}, {words[kind]}: {names}")
    return "; ".join(parts)


def _field(cards: Sequence[Card], side: str, kind: str) -> list[Card]:
    return [c for c in cards if c.by == side and c.kind == kind]


def _draw_field(
    axes: Axes, cards: Sequence[Card], largest: float, rows: int, words: dict[str, str], *, narrow: bool
) -> None:
    axes.set_xlim(0, 1)
    axes.set_ylim(rows, 0)
    axes.set_xticks([])
    axes.set_yticks([])
    for spine in axes.spines.values():
        spine.set_color(GRID)
    if not cards:
        axes.text(0.5, rows / 2, words["none"], ha="center", va="center", fontsize=9, color=QUIET)
    for n, card in enumerate(cards):
        y = n + 0.5
        mark, colour = STATUS_LOOKS[card.status]
        x, at = (0.075, 0.16) if narrow else (0.065, 0.13)
        looks: dict[str, Any] = {"marker": mark, "edgecolors": readable(colour)}
        axes.scatter([x], [y], s=_LARGEST, facecolors="none", linewidths=1.0, gid=f"card-{n}", **looks)
        filled = area(card.size, largest)
        if filled > 0.0:
            axes.scatter([x], [y], s=filled, facecolors=colour, linewidths=0.0, gid=f"filled-{n}", marker=mark)
        lines = textwrap.wrap(card.title, 40 if narrow else 52)[:2]
        axes.text(at, y - 0.18, "\n".join(lines), va="center", fontsize=8.5, color=INK)
        below = y + (0.14 if len(lines) > 1 else 0.06)
        for row, text in enumerate((f"{words[card.status]} · {card.owner}", card.told)):
            short = textwrap.shorten(text, 60 if narrow else 76, placeholder="…")
            axes.text(at, below + 0.2 * row, short, va="center", fontsize=7, color=QUIET)


def area(size: float | None, largest: float) -> float:
    """Return how much of a mark is filled, in points squared: in proportion to the effect, whatever its size.

    Examples
    --------
    >>> area(5.0, 10.0), area(-10.0, 10.0), area(0.0, 10.0), area(None, 10.0)
    (165.0, 330.0, 0.0, 0.0)

    """
    if size is None or not largest > 0.0 or not math.isfinite(size):
        return 0.0
    return _LARGEST * abs(size) / largest


def _draw_legend(figure: Any, notes: Sequence[str], words: dict[str, str], *, narrow: bool) -> None:
    from matplotlib.lines import Line2D

    marks = [
        Line2D([], [], marker=mark, linestyle="none", markersize=7, color=colour, label=words[status])
        for status, (mark, colour) in STATUS_LOOKS.items()
    ]
    tall = figure.get_size_inches()[1]
    left = 0.0 if narrow else 0.04
    figure.legend(
        handles=marks, loc="lower left", ncols=3 if narrow else len(marks), fontsize=7.5, frameon=False,
        handletextpad=0.2, columnspacing=1.1, bbox_to_anchor=(left, 0.2 * len(notes) / tall),
    )  # fmt: skip
    for row, note in enumerate(reversed(notes)):
        figure.text(left + 0.02, (0.07 + 0.2 * row) / tall, note, fontsize=7.5, color=INK, va="bottom")
