"""Maps: values by element, side by side, those that may be compared on one scale.

In: values by element, the polygons of a dimension. Out: sheets.

Invariant: maps of one scale share their colours; an element without a value to show is hatched, never coloured.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from simengine.report.axes import draw_foot, draw_head, foot_height, foot_of, ticks
from simengine.report.chart import unit_of
from simengine.report.geometry import Place
from simengine.report.letters import text_width, wrap
from simengine.report.sheet import WIDE, Sheet
from simengine.report.style import INK, QUIET, luminance
from simengine.report.words import Words
from simengine.results.record import Record
from simengine.results.study import Indicator, MapShape

_MOST = 8
UPWARDS = ("#f2f7d2", "#a5dab4", "#45a8be", "#1f66a5", "#15276a")
"""From little to much: ever darker, also in grey."""
ASIDE = ("#a84f00", "#eab070", "#f6f3ee", "#a89ecb", "#4b2c86")
"""From below zero to above it: darker to both sides."""


@dataclass(frozen=True, slots=True)
class Panel:
    """One map: a scenario at a time."""

    scenario: str
    time: float
    title: str


@dataclass(frozen=True, slots=True)
class Layer:
    """One map to be drawn: its title, a value for each element; `scale` says which maps share colours."""

    title: str
    values: Mapping[str, float]
    scale: int = 0


def panels_of(record: Record, words: Words) -> tuple[Panel, ...]:
    """Return the maps worth drawing side by side: how it begins, and how each scenario ends."""
    if not record.series:
        return ()
    times = record.series[0].times
    titles = record.titles()
    start, stop = float(times[0]), float(times[-1])
    first = Panel(record.base, start, words.time(start))
    ends = [Panel(s.name, stop, f"{titles[s.name]}, {words.time(stop)}") for s in record.scenarios]
    return (first, *ends[: _MOST - 1])


def values_on_map(record: Record, indicator: Indicator, panel: Panel) -> dict[str, float]:
    """Return the values a panel shows, by element; NaN where one is hidden."""
    found = record.by_indicator[indicator.variable]
    return {s.element: s.at(panel.time) for s in found if s.scenario == panel.scenario and s.element}


def draw_map(
    record: Record,
    indicator: Indicator,
    shape: MapShape,
    places: Sequence[Place],
    words: Words,
    width: float = WIDE,
) -> Sheet:
    """Return the maps of an indicator that has the dimension of a map."""
    layers = [Layer(p.title, values_on_map(record, indicator, p)) for p in panels_of(record, words)]
    missing = words.hidden if indicator.hidden_where else words.no_value
    source = f"{words.source}: {shape.source}" if shape.source else ""
    return draw_maps(
        layers,
        places,
        indicator.title,
        unit_of(indicator),
        words,
        width,
        missing=missing,
        notes=[source] if source else [],
    )


def draw_maps(
    layers: Sequence[Layer],
    places: Sequence[Place],
    title: str,
    unit: str,
    words: Words,
    width: float = WIDE,
    *,
    columns: int | None = None,
    below: str = "",
    missing: str = "",
    scales: Sequence[str] = ("",),
    notes: Sequence[str] = (),
) -> Sheet:
    """Return maps side by side, and a key of colours for each scale; `scales` says what each is of."""
    sheet = Sheet(width, 0.0)
    top = draw_head(sheet, title, below or unit) + 4
    columns = min(columns or columns_for(len(layers), narrow=sheet.is_narrow), len(layers) or 1)
    cell = (width - 24) / columns
    frame = Frame.of(places, cell - 8, 330.0)
    colours = [
        Colours.of([v for la in layers if la.scale == n for v in la.values.values()]) for n in range(len(scales))
    ]
    middles = {p.element: p.middle for p in places}
    for first in range(0, len(layers), columns):
        row = layers[first : first + columns]
        heads = [wrap(la.title, cell - 6, 8.5, bold=True) for la in row]
        head = max(len(h) for h in heads) * 10.4 + 4
        for column, (layer, lines) in enumerate(zip(row, heads, strict=True)):
            left = 12 + column * cell
            sheet.lines_of_text(left + cell / 2, top + head - 4 - 10.4 * (len(lines) - 1), lines, 8.5, bold=True,
                                anchor="middle", name="panel")  # fmt: skip
            spot = (left + (cell - frame.width) / 2, top + head)
            _draw_places(sheet, places, middles, layer.values, colours[layer.scale], frame, spot, words,
                         named=cell > 190)  # fmt: skip
        top += head + frame.height + 10
    for number, of in enumerate(scales):
        top = _legend(sheet, colours[number], words, f"{of} ({unit})" if of else unit, top)
    if any(math.isnan(la.values.get(p.element, math.nan)) for la in layers for p in places):
        notes = [f"▨ {missing or words.no_value}", *notes]
    foot = foot_of([" · ".join(notes)] if notes else [], width)
    sheet.height = top + foot_height(foot)
    draw_foot(sheet, foot)
    return sheet


def columns_for(count: int, *, narrow: bool) -> int:
    """Return how many maps stand side by side: so that as few places as can be stay empty."""
    if narrow:
        return min(2, max(1, count))
    if count <= 3:
        return max(1, count)
    return min((4, 3), key=lambda c: (math.ceil(count / c) * c - count, -c))


@dataclass(frozen=True, slots=True)
class Frame:
    """Where degrees lie on paper: a degree of longitude is narrower than one of latitude, by its cosine."""

    west: float
    north: float
    across: float
    up: float
    width: float
    height: float

    @classmethod
    def of(cls, places: Sequence[Place], width: float, most: float) -> Frame:
        """Return the frame that holds all places, no wider and no higher than asked."""
        points = np.concatenate([r for p in places for rings in p.polygons for r in rings])
        low, high = points.min(axis=0), points.max(axis=0)
        stretch = math.cos(math.radians(float(low[1] + high[1]) / 2))
        wide, tall = float(high[0] - low[0]) * stretch or 1.0, float(high[1] - low[1]) or 1.0
        up = min(width / wide, most / tall)
        return cls(float(low[0]), float(high[1]), up * stretch, up, wide * up, tall * up)

    def place(self, points: np.ndarray, spot: tuple[float, float]) -> np.ndarray:
        """Return points in degrees as places on paper, the frame's upper left corner at a spot."""
        x, y = points[..., 0], points[..., 1]
        return np.stack([spot[0] + (x - self.west) * self.across, spot[1] + (self.north - y) * self.up], axis=-1)


@dataclass(frozen=True, slots=True)
class Colours:
    """Classes of values between round bounds, and their colours: two hues around zero where signs differ."""

    bounds: tuple[float, ...]
    colours: tuple[str, ...]

    @classmethod
    def of(cls, values: Sequence[float]) -> Colours:
        """Return classes that hold all values."""
        finite = [v for v in values if math.isfinite(v)] or [0.0]
        low, high = min(finite), max(finite)
        both = low < 0 < high
        if both:
            low, high = -max(-low, high), max(-low, high)
        elif 0 <= low < 0.5 * high:
            low = 0.0
        if high <= low:
            low, high = low - (abs(low) * 0.5 or 1), high + (abs(high) * 0.5 or 1)
        inside = ticks(low, high, 8)
        step = inside[1] - inside[0] if len(inside) > 1 else high - low
        bounds = [inside[0] - step, *inside, inside[-1] + step]
        bounds = [b for n, b in enumerate(bounds) if n == len(bounds) - 1 or bounds[n + 1] > low]
        bounds = [round(b, 12) + 0.0 for n, b in enumerate(bounds) if n == 0 or bounds[n - 1] < high]
        count = len(bounds) - 1
        return cls(tuple(bounds), tuple(_between(ASIDE if both else UPWARDS, (n + 0.5) / count) for n in range(count)))

    def of_value(self, value: float) -> str:
        """Return the colour of a value."""
        place = int(np.searchsorted(self.bounds, value, side="right")) - 1
        return self.colours[min(max(place, 0), len(self.colours) - 1)]


def _between(stops: Sequence[str], share: float) -> str:
    """Return the colour at a share of the way through stops."""
    at = share * (len(stops) - 1)
    first = min(int(at), len(stops) - 2)
    one, other = ([int(c[n : n + 2], 16) for n in (1, 3, 5)] for c in stops[first : first + 2])
    return "#" + "".join(f"{round(a + (b - a) * (at - first)):02x}" for a, b in zip(one, other, strict=True))


def _draw_places(
    sheet: Sheet,
    places: Sequence[Place],
    middles: Mapping[str, tuple[float, float]],
    values: Mapping[str, float],
    colours: Colours,
    frame: Frame,
    spot: tuple[float, float],
    words: Words,
    *,
    named: bool,
) -> None:
    for place in places:
        value = values.get(place.element, math.nan)
        known = math.isfinite(value)
        fill = colours.of_value(value) if known else ""
        number = words.number(value) if known else ""
        tip = f"{place.label}: {number or '–'}"
        for rings in place.polygons:
            edge, width = ("#ffffff", 0.9) if known else ("#c3c9cf", 0.5)
            sheet.area([frame.place(r, spot) for r in rings], fill, edge=edge, width=width, hatched=not known,
                       holed=len(rings) > 1, name=f"place-{place.element}", tip=tip)  # fmt: skip
        x, y = frame.place(np.asarray(middles[place.element]), spot)
        lines = [*(_name_lines(place.label) if named else []), *([number] if number else [])]
        ink = INK if known else QUIET
        if known and luminance(fill) < 0.3:
            ink = "#ffffff"
        sheet.lines_of_text(x, y + 2.2 - 3.5 * (len(lines) - 1), lines, 6.0, ink, anchor="middle", name="value")


def _name_lines(label: str) -> list[str]:
    return wrap(label, 50.0, 6.0, most=3)


def _legend(sheet: Sheet, colours: Colours, words: Words, told: str, top: float) -> float:
    """Draw the classes in a row of boxes, their bounds below; return where there is room again."""
    count = len(colours.colours)
    step = min(46.0, (sheet.width * 0.62) / count)
    for n, colour in enumerate(colours.colours):
        sheet.box(16 + n * step, top + 2, step, 9, colour, edge="#ffffff", name="class")
    small = max(text_width(words.number(b, 4), 7.5) for b in colours.bounds) > step - 3
    for n, bound in enumerate(colours.bounds):
        if not small or n % 2 == 0:
            sheet.text(16 + n * step, top + 20, words.number(bound, 4), 7.5, QUIET, anchor="middle", name="bound")
    left = 16 + count * step + 9
    sheet.lines_of_text(left, top + 9.5, wrap(told, sheet.width - left - 8, 8.0, most=2), 8.0, QUIET, name="scale")
    return top + 28
