"""How pictures look: colours all can tell apart, quiet axes, text that stays text.

In: scenarios. Out: a colour and a stroke for each; figures; SVG and PNG bytes.

Invariant: a scenario has the same colour in every picture; the same picture has the same bytes.

References
----------
Okabe, M., Ito, K. (2008): Color universal design. The yellow is left out: on white it cannot be seen.

"""

from __future__ import annotations

import io
import math
import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from simengine.results.record import Record

if TYPE_CHECKING:
    from matplotlib.figure import Figure

MOST_HIGHLIGHTED = 8
INK, QUIET, GRID, GREY = "#1f2933", "#5b6770", "#e4e7eb", "#aab2ba"
PALETTE = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#7B3F98")
BASE_COLOUR = "#1f2933"
DPI = 150
SETTINGS: dict[str, Any] = {
    "svg.hashsalt": "simengine",
    "svg.fonttype": "none",  # text that can be searched, read aloud and copied
    "font.family": ["sans-serif"],
    "font.sans-serif": ["DejaVu Sans"],  # comes with matplotlib: the same everywhere
    "font.size": 9,
    "text.color": INK,
    "axes.edgecolor": GREY,
    "axes.labelcolor": QUIET,
    "axes.linewidth": 0.8,
    "axes.titlesize": 11,
    "axes.unicode_minus": True,
    "xtick.color": QUIET,
    "ytick.color": QUIET,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "path.simplify": True,
    "figure.dpi": 100,
    "text.parse_math": False,  # names may hold a $
}


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


@contextmanager
def drawing() -> Iterator[None]:
    """Draw in the house's style while it lasts, whatever the user's own settings are."""
    import matplotlib as mpl  # heavy: only where something is drawn

    with mpl.rc_context():
        settings: Any = mpl.rcParams  # its stubs want every name as a literal
        settings.update(mpl.rcParamsDefault)
        settings.update(SETTINGS)
        yield


def svg_bytes(figure: Figure) -> bytes:
    """Return a figure as SVG without date; what scenario an element is of stands in its `id`."""
    out = io.BytesIO()
    figure.savefig(out, format="svg", metadata={"Date": None, "Creator": "simengine"}, facecolor="white")
    text = out.getvalue().decode()
    # a reader without our font takes one of about the same width
    text = re.sub(r"'DejaVu Sans'(?:, *sans-serif)?", "'DejaVu Sans', Verdana, sans-serif", text)
    return _ids_that_differ(text).encode()


def _ids_that_differ(text: str) -> str:
    """Return SVG in which what panels have in common is numbered: an id stands once in a document."""
    seen: dict[str, int] = {}

    def numbered(found: re.Match[str]) -> str:
        count = seen[found[1]] = seen.get(found[1], 0) + 1
        return found[0] if count == 1 else f' id="{found[1]}-{count}"'

    return re.sub(r' id="([^"]*)"', numbered, text)


def png_bytes(figure: Figure) -> bytes:
    """Return a figure as PNG, for programs that do not read SVG."""
    out = io.BytesIO()
    figure.savefig(out, format="png", dpi=DPI, metadata={"Software": "simengine"}, facecolor="white")
    return out.getvalue()
