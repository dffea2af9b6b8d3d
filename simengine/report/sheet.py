"""A sheet of paper: lines, areas, dots and texts, in the order they are drawn.

In: shapes in points, x to the right, y down. Out: marks, which `svg.py` and `raster.py` write.

Invariant: a sheet knows nothing of scenarios' values or axes; what it holds is drawn the same in SVG and PNG.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from simengine.report.style import INK

Anchor = Literal["start", "middle", "end"]
Shape = Literal["circle", "up", "down", "left", "right", "diamond", "tick"]
Points = NDArray[np.float64]
"""Shape (point, 2)."""

WIDE, NARROW = 620.0, 310.0
"""How wide a sheet is for a desk or paper, and for a phone: letters have the same size on both."""


@dataclass(frozen=True, slots=True, eq=False)
class Path:
    """Lines or polygons of one look; `name` says what it is, `tip` what is told of it, `scenario` whose it is."""

    parts: tuple[Points, ...]
    closed: bool = False
    fill: str = ""
    edge: str = ""
    width: float = 1.0
    dash: tuple[float, float] | None = None
    opacity: float = 1.0
    hatched: bool = False
    holed: bool = False
    name: str = ""
    tip: str = ""
    scenario: int | None = None


@dataclass(frozen=True, slots=True, eq=False)
class Dots:
    """Marks of one look at places."""

    places: Points
    radius: float
    shape: Shape = "circle"
    fill: str = ""
    edge: str = ""
    width: float = 1.0
    opacity: float = 1.0
    name: str = ""
    tip: str = ""
    scenario: int | None = None


@dataclass(frozen=True, slots=True)
class Text:
    """One line of text; `y` is its base line; `turn` is in degrees against the clock."""

    x: float
    y: float
    text: str
    size: float = 9.0
    colour: str = INK
    anchor: Anchor = "start"
    bold: bool = False
    turn: float = 0.0
    halo: bool = False
    name: str = ""
    scenario: int | None = None


Mark = Path | Dots | Text


@dataclass(slots=True)
class Sheet:
    """A sheet being drawn on."""

    width: float
    height: float
    marks: list[Mark] = field(default_factory=list)

    @property
    def is_narrow(self) -> bool:
        """Whether it is for a phone."""
        return self.width < 450

    def line(
        self,
        xs: ArrayLike,
        ys: ArrayLike,
        colour: str,
        width: float = 1.0,
        *,
        dash: tuple[float, float] | None = None,
        opacity: float = 1.0,
        name: str = "",
        tip: str = "",
        scenario: int | None = None,
    ) -> None:
        """Draw a line; it has a gap where a value is not finite."""
        parts = tuple(_pieces(_points(xs, ys)))
        if parts:
            self.marks.append(
                Path(parts, edge=colour, width=width, dash=dash, opacity=opacity, name=name, tip=tip, scenario=scenario)
            )

    def area(
        self,
        rings: Sequence[ArrayLike],
        fill: str,
        *,
        edge: str = "",
        width: float = 0.8,
        opacity: float = 1.0,
        hatched: bool = False,
        holed: bool = False,
        name: str = "",
        tip: str = "",
        scenario: int | None = None,
    ) -> None:
        """Fill polygons; holed: one polygon, of which all rings but the first are holes."""
        parts = tuple(np.asarray(r, dtype=np.float64) for r in rings)
        if parts:
            self.marks.append(
                Path(
                    parts,
                    closed=True,
                    fill=fill,
                    edge=edge,
                    width=width,
                    opacity=opacity,
                    hatched=hatched,
                    holed=holed,
                    name=name,
                    tip=tip,
                    scenario=scenario,
                )
            )

    def box(
        self,
        left: float,
        top: float,
        width: float,
        height: float,
        fill: str,
        *,
        edge: str = "",
        edge_width: float = 0.8,
        opacity: float = 1.0,
        hatched: bool = False,
        name: str = "",
        tip: str = "",
        scenario: int | None = None,
    ) -> None:
        """Fill a rectangle."""
        ring = [(left, top), (left + width, top), (left + width, top + height), (left, top + height)]
        self.area(
            [ring],
            fill,
            edge=edge,
            width=edge_width,
            opacity=opacity,
            hatched=hatched,
            name=name,
            tip=tip,
            scenario=scenario,
        )

    def dots(
        self,
        xs: ArrayLike,
        ys: ArrayLike,
        radius: float,
        fill: str,
        *,
        shape: Shape = "circle",
        edge: str = "",
        width: float = 1.0,
        opacity: float = 1.0,
        name: str = "",
        tip: str = "",
        scenario: int | None = None,
    ) -> None:
        """Mark places; those that are not finite are left out."""
        places = _points(xs, ys)
        places = places[np.isfinite(places).all(axis=1)]
        if len(places):
            self.marks.append(Dots(places, radius, shape, fill, edge, width, opacity, name, tip, scenario))

    def text(
        self,
        x: float,
        y: float,
        text: str,
        size: float = 9.0,
        colour: str = INK,
        *,
        anchor: Anchor = "start",
        bold: bool = False,
        turn: float = 0.0,
        halo: bool = False,
        name: str = "",
        scenario: int | None = None,
    ) -> None:
        """Write a line of text on its base line; with a halo where lines may pass behind it."""
        if text:
            self.marks.append(Text(x, y, text, size, colour, anchor, bold, turn, halo, name, scenario))

    def lines_of_text(
        self,
        x: float,
        y: float,
        lines: Sequence[str],
        size: float = 9.0,
        colour: str = INK,
        *,
        anchor: Anchor = "start",
        bold: bool = False,
        halo: bool = False,
        name: str = "",
        scenario: int | None = None,
    ) -> float:
        """Write lines of text below each other; return the base line that would come next."""
        for line in lines:
            self.text(x, y, line, size, colour, anchor=anchor, bold=bold, halo=halo, name=name, scenario=scenario)
            y += size * LEADING
        return y

    def named(self, name: str) -> list[Mark]:
        """Return the marks of a name, in the order they were drawn."""
        return [m for m in self.marks if m.name == name]

    @property
    def texts(self) -> list[str]:
        """Every text, in the order it was written."""
        return [m.text for m in self.marks if isinstance(m, Text)]


LEADING = 1.22
"""The distance of base lines, by the size of letters."""


def _points(xs: ArrayLike, ys: ArrayLike) -> Points:
    x, y = np.broadcast_arrays(np.asarray(xs, dtype=np.float64), np.asarray(ys, dtype=np.float64))
    return np.stack([x.ravel(), y.ravel()], axis=1)


def _pieces(points: Points) -> list[Points]:
    """Return a line's pieces between gaps; a piece of one point is none."""
    good = np.isfinite(points).all(axis=1)
    if good.all():
        return [points] if len(points) > 1 else []
    edges = np.flatnonzero(np.diff(np.concatenate([[False], good, [False]]).astype(np.int8)))
    return [points[a:b] for a, b in zip(edges[::2], edges[1::2], strict=True) if b - a > 1]
