"""A picture: its bytes, what it shows, and what it says to who cannot see it.

Invariant: every picture has a text.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from enum import Enum
from html import escape

from simengine.report.raster import png_of
from simengine.report.sheet import NARROW, WIDE, Sheet
from simengine.report.svg import svg_of
from simengine.results.study import Indicator


class Kind(Enum):
    """What a picture is."""

    OVERVIEW = "overview"
    CHART = "chart"
    MAP = "map"
    # of a sweep
    CHANCES = "chances"
    RANGES = "ranges"
    FAN = "fan"
    TORNADO = "tornado"
    COURSES = "courses"
    SCATTER = "scatter"
    PARALLEL = "parallel"
    BOX = "box"
    TREE = "tree"
    SPREAD = "spread"
    ROBUST = "robust"
    CONVERGENCE = "convergence"
    # of a calibration
    FIT = "fit"
    INTERVALS = "intervals"
    PROFILES = "profiles"
    PAIRS = "pairs"
    CHAINS = "chains"
    WATERFALL = "waterfall"
    AUTOCORRELATION = "autocorrelation"


@dataclass(frozen=True, slots=True, eq=False)
class Picture:
    """A picture: `path` is its place in the folder without ending, `alt` its text.

    `indicator` is what it is about, if one; of a sweep `about` is the name of that indicator or output,
    of a calibration that of a series.

    It is drawn twice: wide for a desk and for paper, narrow for a phone.
    """

    path: str
    kind: Kind
    title: str
    alt: str
    wide: Sheet = field(repr=False)
    narrow: Sheet = field(repr=False)
    indicator: Indicator | None = None
    about: str = ""

    @property
    def svg(self) -> bytes:
        """The wide drawing as SVG."""
        return svg_of(self.wide)

    @property
    def png(self) -> bytes:
        """The wide drawing as PNG."""
        return png_of(self.wide)


def twice(draw: Callable[[float], Sheet]) -> tuple[Sheet, Sheet]:
    """Return a drawing for a desk and for a phone."""
    return draw(WIDE), draw(NARROW)


def svg_and_png(picture: Picture) -> dict[str, bytes]:
    """Return the files of a picture, by their paths inside the folder."""
    return {f"{picture.path}.svg": picture.svg, f"{picture.path}.png": picture.png}


def inline_svg(picture: Picture, number: int) -> str:
    """Return a picture as SVG for a page, for a desk and for a phone: as wide as there is room, its ids its own.

    What belongs to a scenario has `data-scenario`, its number in the study.
    """
    desk = _inline(svg_of(picture.wide), f"p{number}", picture.alt, "desk")
    return desk + _inline(svg_of(picture.narrow), f"n{number}", picture.alt, "phone")


def _inline(svg: bytes, prefix: str, alt: str, kind: str) -> str:
    text = svg.decode()
    text = text[text.index("<svg") :].strip().replace('id="hatch"', f'id="{prefix}-hatch"', 1)
    text = text.replace("url(#hatch)", f"url(#{prefix}-hatch)")
    head, rest = text.split(">", 1)
    head = _SIZE.sub("", head)
    return f'{head} class="{kind}" role="img" aria-label="{escape(alt, quote=True)}">{rest}'


_SIZE = re.compile(r' (?:width|height)="[^"]*"')
