"""The governance board: initiatives by who leads and whether they are new, as a picture.

In: cards, each with its side, kind, status and size. Out: SVG that says in text what it shows in colour.

The board has four fields: government and society side by side, what is known below what is innovative. A card is a mark
(its shape and colour are its status, its area its effect) and its name beside it.

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
           "size": "area: effect on", "none": "nothing here", "hollow": "hollow: no effect in the model"},
    "nl": {"government": "overheid", "society": "samenleving", "innovative": "vernieuwend", "known": "bekend",
           "idea": "idee", "planned": "gepland", "running": "loopt", "done": "klaar", "stopped": "gestopt",
           "size": "oppervlak: effect op", "none": "hier is niets", "hollow": "open: geen effect in het model"},
}  # fmt: skip
_LARGEST, _SMALLEST = 460.0, 50.0


@dataclass(frozen=True)
class Card:
    """An initiative on the board. `size`: how much it moves the indicator sizes go by; None: not known."""

    name: str
    title: str
    owner: str
    status: str
    by: str
    kind: str
    size: float | None = None
    unit: str = ""


def draw_board(
    cards: Sequence[Card], title: str, size_by: str = "", language: str = "en", *, narrow: bool = False
) -> bytes:  # fmt: skip
    """Return the board as SVG.

    Parameters
    ----------
    cards
        The initiatives, in the order they are drawn.
    title
        What is written above.
    size_by
        The indicator that areas go by; "" where all are equal.
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
    head, foot = (0.75, 0.95) if narrow else (0.75, 0.45)
    tall = head + foot + sum(0.62 * n + (0.55 if narrow else 0.25) for n in most)
    salt = "board, narrow" if narrow else "board"
    with mpl.rc_context({"svg.fonttype": "none", "svg.hashsalt": salt, "font.family": "sans-serif"}):
        figure = Figure(figsize=(4.4 if narrow else 9.0, tall))
        grid = figure.add_gridspec(
            len(rows), columns, height_ratios=most, left=0.02 if narrow else 0.05, right=0.985, top=1 - head / tall,
            bottom=foot / tall, wspace=0.03, hspace=0.55 / (sum(most) / len(most) * 0.62) if narrow else 0.08,
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
        _draw_legend(figure, size_by, words, hollow=any(c.size is None for c in cards), narrow=narrow)
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
        hollow = card.size is None
        axes.scatter([0.075 if narrow else 0.065], [y], s=area(card.size, largest), marker=mark, linewidths=1.4,
                     facecolors="none" if hollow else colour, edgecolors=readable(colour), gid=f"card-{n}")  # fmt: skip
        lines = textwrap.wrap(card.title, 38 if narrow else 46)[:2]
        axes.text(0.16 if narrow else 0.13, y - 0.12, "\n".join(lines), va="center", fontsize=8.5, color=INK)
        below = f"{words[card.status]} · {card.owner}"
        if card.size is not None and largest > 0:
            below += f" · {_signed(card.size)} {card.unit}".rstrip()
        low = y + (0.28 if len(lines) > 1 else 0.2)
        short = textwrap.shorten(below, 54 if narrow else 66, placeholder="…")
        axes.text(0.16 if narrow else 0.13, low, short, va="center", fontsize=7, color=QUIET)


def area(size: float | None, largest: float) -> float:
    """Return the area of a mark, in points squared: in proportion to the effect, but never too small to be seen.

    Examples
    --------
    >>> area(5.0, 10.0), area(0.0, 10.0), area(None, 10.0)
    (230.0, 50.0, 50.0)

    """
    if size is None or not largest > 0.0 or not math.isfinite(size):
        return _SMALLEST
    return max(_LARGEST * abs(size) / largest, _SMALLEST)


def _signed(value: float) -> str:
    return f"{value:+.0f}" if abs(value) >= 100 else f"{value:+.2g}"


def _draw_legend(figure: Any, size_by: str, words: dict[str, str], *, hollow: bool, narrow: bool) -> None:
    from matplotlib.lines import Line2D

    marks = [
        Line2D([], [], marker=mark, linestyle="none", markersize=7, color=colour, label=words[status])
        for status, (mark, colour) in STATUS_LOOKS.items()
    ]
    notes = [f"{words['size']} {size_by}"] if size_by else []
    notes += [words["hollow"]] if hollow and size_by else []
    marks += [Line2D([], [], linestyle="none", label=note) for note in notes]
    figure.legend(
        handles=marks, loc="lower left", ncols=3 if narrow else len(marks), fontsize=7.5, frameon=False,
        handletextpad=0.2, columnspacing=1.1, bbox_to_anchor=(0.0 if narrow else 0.04, 0.0),
    )  # fmt: skip
