"""Maps: an indicator by element, one map a scenario or a year, all on one scale.

In: a `Record`, the polygons of a dimension. Out: matplotlib figures.

Invariant: panels of a figure share their colours; an element without a value to show is hatched, never coloured.
"""

from __future__ import annotations

import math
import textwrap
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from simengine.report.chart import caption, head
from simengine.report.geometry import Place
from simengine.report.style import INK, QUIET, luminance
from simengine.report.words import Words
from simengine.results.record import Record
from simengine.results.study import Indicator, MapShape

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.colors import BoundaryNorm, Colormap
    from matplotlib.figure import Figure

_WIDTH = 8.6
_MOST = 8


@dataclass(frozen=True, slots=True)
class Panel:
    """One map: a scenario at a time."""

    scenario: str
    time: float
    title: str


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
    panels: Sequence[Panel] | None = None,
) -> Figure:
    """Return the maps of an indicator that has the dimension of a map."""
    from matplotlib.figure import Figure  # heavy: only where something is drawn

    chosen = panels_of(record, words) if panels is None else tuple(panels)
    middles = {p.element: p.middle for p in places}
    values = [values_on_map(record, indicator, p) for p in chosen]
    bounds, colours, norm = _scale([v for found in values for v in found.values()])
    points = np.concatenate([r for p in places for rings in p.polygons for r in rings])
    low, high = points.min(axis=0), points.max(axis=0)
    stretch = math.cos(math.radians(float(low[1] + high[1]) / 2))
    ratio = float((high[1] - low[1]) / ((high[0] - low[0]) * stretch))
    columns = _columns(len(chosen))
    rows = math.ceil(len(chosen) / columns)
    cell = (_WIDTH - 0.3) / columns
    panel_height = min(cell * ratio, 4.6) + 0.32
    top, foot = 0.6, 0.85
    height = rows * panel_height + top + foot
    figure = Figure(figsize=(_WIDTH, height))
    head(figure, indicator, top=1 - 0.2 / height)
    for number, (panel, found) in enumerate(zip(chosen, values, strict=True)):
        row, column = divmod(number, columns)
        box = (
            (0.15 + column * cell + 0.05) / _WIDTH,
            1 - (top + (row + 1) * panel_height - 0.02) / height,
            (cell - 0.1) / _WIDTH,
            (panel_height - 0.32) / height,
        )
        axes = figure.add_axes(box)
        axes.set_aspect(1 / stretch)
        axes.set_axis_off()
        pad = 0.02 * (high - low)
        axes.set_xlim(low[0] - pad[0], high[0] + pad[0])
        axes.set_ylim(low[1] - pad[1], high[1] + pad[1])
        title = "\n".join(textwrap.wrap(panel.title, max(16, int(cell * 12)), max_lines=2, placeholder=" …"))
        axes.set_title(title, fontsize=8.5, fontweight="bold", color=INK, pad=3, y=1.0)
        _draw_places(axes, places, middles, found, colours, norm, words, small=columns > 2)
    _legend(figure, bounds, colours, norm, words, indicator.unit)
    notes = [f"{words.source}: {shape.source}"] if shape.source else []
    if any(math.isnan(found.get(p.element, math.nan)) for found in values for p in places):
        notes.insert(0, f"▨ {words.hidden if indicator.hidden_where else words.no_value}")
    caption(figure, [" · ".join(notes)] if notes else [])
    return figure


def _columns(count: int) -> int:
    """Return how many maps stand side by side: so that as few places as can be stay empty."""
    if count <= 3:
        return max(1, count)
    return min((4, 3), key=lambda c: (math.ceil(count / c) * c - count, -c))


def _scale(values: Sequence[float]) -> tuple[list[float], Colormap, BoundaryNorm]:
    """Return round class bounds over all values, and their colours: two hues around zero where signs differ."""
    import matplotlib as mpl
    from matplotlib.colors import BoundaryNorm, LinearSegmentedColormap
    from matplotlib.ticker import MaxNLocator

    finite = [v for v in values if math.isfinite(v)] or [0.0]
    low, high = min(finite), max(finite)
    if low < 0 < high:
        low, high = -max(-low, high), max(-low, high)
    elif 0 <= low < 0.5 * high:
        low = 0.0
    if high <= low:
        low, high = low - (abs(low) * 0.5 or 1), high + (abs(high) * 0.5 or 1)
    bounds = [float(b) for b in MaxNLocator(6, steps=[1, 2, 2.5, 5, 10]).tick_values(low, high)]
    bounds = [b for n, b in enumerate(bounds) if n == len(bounds) - 1 or bounds[n + 1] > low]
    bounds = [b for n, b in enumerate(bounds) if n == 0 or bounds[n - 1] < high]
    name = "PuOr_r" if low < 0 < high else "YlGnBu"
    whole = mpl.colormaps[name]
    part = whole if low < 0 < high else LinearSegmentedColormap.from_list("part", whole(np.linspace(0.06, 0.92, 256)))
    return bounds, part, BoundaryNorm(bounds, part.N, clip=True)


def _draw_places(
    axes: Axes,
    places: Sequence[Place],
    middles: Mapping[str, tuple[float, float]],
    values: Mapping[str, float],
    colours: Colormap,
    norm: BoundaryNorm,
    words: Words,
    *,
    small: bool,
) -> None:
    from matplotlib.colors import to_hex
    from matplotlib.patches import PathPatch
    from matplotlib.path import Path as Outline

    for place in places:
        value = values.get(place.element, math.nan)
        known = math.isfinite(value)
        fill = to_hex(colours(norm(value))) if known else "#f4f5f6"
        for rings in place.polygons:
            outline = Outline.make_compound_path(*(Outline(r, closed=True) for r in rings))
            look: dict[str, Any] = {"fc": fill, "ec": "white", "lw": 0.9}
            if not known:
                look |= {"hatch": "////", "ec": "#c3c9cf", "lw": 0.5}
            axes.add_patch(PathPatch(outline, gid=f"place-{place.element}", label=f"{value!r}", **look))
        ink = "#ffffff" if known and luminance(fill) < 0.3 else INK
        number = words.number(value) if known else ""
        name = textwrap.fill(place.label, 11, break_long_words=False)
        text = number if small else f"{name}\n{number}".rstrip()
        if text:
            x, y = middles[place.element]
            colour = ink if known else QUIET
            axes.text(x, y, text, ha="center", va="center", fontsize=6.3, color=colour, linespacing=1.05, clip_on=False)


def _legend(
    figure: Figure, bounds: Sequence[float], colours: Colormap, norm: BoundaryNorm, words: Words, unit: str
) -> None:
    """Draw the classes in a row of boxes, their bounds below."""
    height = figure.get_figheight()
    axes = figure.add_axes((0.02, 0.5 / height, 0.46, 0.14 / height))
    count = len(bounds) - 1
    for n in range(count):
        axes.add_patch(_box(n, colours(norm((bounds[n] + bounds[n + 1]) / 2))))
    axes.set_xlim(0, count)
    axes.set_ylim(0, 1)
    axes.set_yticks([])
    axes.set_xticks(range(count + 1), [words.number(b, 4) for b in bounds], fontsize=7.5)
    axes.tick_params(length=2, pad=2)
    axes.spines[:].set_visible(False)
    axes.text(count * 1.02, 0.5, unit, fontsize=8, color=QUIET, va="center")


def _box(left: float, colour: Any) -> Any:
    from matplotlib.patches import Rectangle

    return Rectangle((left, 0), 1, 1, fc=colour, ec="white", lw=0.8)
