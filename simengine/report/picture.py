"""A picture: its bytes, what it shows, and what it says to who cannot see it.

Invariant: every picture has a text.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from enum import Enum
from html import escape

from simengine.results.study import Indicator


class Kind(Enum):
    """What a picture is."""

    OVERVIEW = "overview"
    CHART = "chart"
    MAP = "map"


@dataclass(frozen=True, slots=True)
class Picture:
    """`path` is its place in the folder without ending; `alt` its text; `indicator` what it is about, if one."""

    path: str
    kind: Kind
    title: str
    alt: str
    svg: bytes = field(repr=False)
    png: bytes = field(repr=False)
    indicator: Indicator | None = None


_ID = re.compile(r'\bid="([^"]*)"')
_REFERENCE = re.compile(r'(url\(#|xlink:href="#|href="#)([^")]+)')
_OF_SCENARIO = re.compile(r"s(\d+)-[a-z]+(?:-\d+)?")


def inline_svg(picture: Picture, number: int) -> str:
    """Return a picture as SVG for a page: as wide as there is room, its ids its own, its elements marked by scenario.

    What belongs to a scenario has `data-scenario`, its number in the study.
    """
    text = picture.svg.decode()
    text = text[text.index("<svg") :].strip()
    text = re.sub(r"<metadata>.*?</metadata>", "", text, flags=re.DOTALL)
    text = _REFERENCE.sub(lambda m: f"{m[1]}p{number}-{m[2]}", text)
    text = _ID.sub(lambda m: _marked(m[1], number), text)
    head, rest = text.split(">", 1)
    box = re.search(r'viewBox="[^"]*"', head)
    label = escape(picture.alt, quote=True)
    opening = f'<svg xmlns:xlink="http://www.w3.org/1999/xlink" {box[0] if box else ""} role="img" aria-label="{label}"'
    return f'{opening} xmlns="http://www.w3.org/2000/svg">{rest}'


def _marked(name: str, number: int) -> str:
    scenario = _OF_SCENARIO.fullmatch(name)
    return f'data-scenario="{scenario[1]}"' if scenario else f'id="p{number}-{name}"'
