"""The pictures of a result folder: a chart an indicator, all at a glance, maps; and a text for each.

In: a `Record` and its folder. Out: pictures as SVG and PNG; the files in `charts/` and `maps/`, and the page.

Invariant: pictures are made of the folder's files, not of runs: who has the folder can draw them again.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from simengine.report.chart import draw_chart
from simengine.report.geometry import Place, read_places
from simengine.report.map import draw_map, panels_of
from simengine.report.page import build_page
from simengine.report.panels import draw_elements, draw_overview
from simengine.report.picture import Kind, Picture, svg_and_png, twice
from simengine.report.words import Words, words_for
from simengine.results.filename import file_names
from simengine.results.reading import read_folder
from simengine.results.record import Record
from simengine.results.study import Indicator, MapShape
from simengine.results.write import write_text
from simengine.source.diagnostic import InputError

__all__ = ["Atlas", "draw_folder", "draw_pictures", "make_report", "read_atlases"]


@dataclass(frozen=True, slots=True)
class Atlas:
    """A map's shape with its places."""

    shape: MapShape
    places: tuple[Place, ...]

    @property
    def labels(self) -> dict[str, str]:
        """The names people know, by element."""
        return {p.element: p.label for p in self.places}


def read_atlases(folder: Path, record: Record) -> tuple[Atlas, ...]:
    """Return the maps of a folder."""
    return tuple(Atlas(shape, read_places(folder / shape.path, shape)) for shape in record.maps)


def draw_folder(folder: Path) -> None:
    """Draw charts, maps and the page into a folder whose data are written; for `write_study(..., draw=draw_folder)`."""
    record = read_folder(folder)
    words = words_for(record.language)
    atlases = read_atlases(folder, record)
    pictures = list(draw_pictures(record, atlases, words))
    for picture in pictures:
        for name, data in svg_and_png(picture).items():
            path = folder / name
            path.parent.mkdir(exist_ok=True)
            path.write_bytes(data)
    (folder / "index.html").write_text(
        build_page(folder, record, pictures, words, _labels(atlases)), encoding="utf-8", newline="\n"
    )


def draw_pictures(record: Record, atlases: tuple[Atlas, ...], words: Words) -> Iterator[Picture]:
    """Yield the pictures of a record: all at a glance, then each indicator and its maps."""
    if sum(_has(record, i, scalar=True) for i in record.indicators) > 1:
        drawn = twice(partial(draw_overview, record, words))
        yield Picture("charts/overview", Kind.OVERVIEW, words.overview, words.overview, *drawn)
    files = file_names([i.variable for i in record.indicators])
    for indicator in record.indicators:
        yield from _of_indicator(record, indicator, atlases, files[indicator.variable], words)


def _of_indicator(
    record: Record, indicator: Indicator, atlases: tuple[Atlas, ...], name: str, words: Words
) -> Iterator[Picture]:
    """Yield the pictures of an indicator: its chart, a panel for each element, its maps."""
    title, alt = indicator.title, _alt(record, indicator, words)
    if _has(record, indicator, scalar=True):
        drawn = twice(partial(draw_chart, record, indicator, words))
        yield Picture(f"charts/{name}", Kind.CHART, title, alt, *drawn, indicator)
    if _has(record, indicator, scalar=False):
        drawn = twice(partial(draw_elements, record, indicator, _labels(atlases), words))
        yield Picture(f"charts/{name}-by-element", Kind.CHART, title, alt, *drawn, indicator)
    for atlas in atlases:
        if _fits(record, indicator, atlas):
            drawn = twice(partial(draw_map, record, indicator, atlas.shape, atlas.places, words))
            panels = "; ".join(p.title for p in panels_of(record, words))
            told = words.map_of.format(title=title, unit=indicator.unit, panels=panels)
            yield Picture(f"maps/{name}", Kind.MAP, title, told, *drawn, indicator)


def _has(record: Record, indicator: Indicator, *, scalar: bool) -> bool:
    return any(bool(s.element) is not scalar and s.times.size for s in record.by_indicator[indicator.variable])


def _fits(record: Record, indicator: Indicator, atlas: Atlas) -> bool:
    """Return whether an indicator has the dimension of a map and no other, or elements of it."""
    elements = {s.element for s in record.by_indicator[indicator.variable] if len(s.elements) == 1}
    return bool(elements & set(atlas.labels))


def _alt(record: Record, indicator: Indicator, words: Words) -> str:
    """Return in words what a chart shows: what it is of, and where each scenario ends."""
    series = [s for s in record.by_indicator[indicator.variable] if s.times.size]
    titles = record.titles()
    text = words.chart_of.format(
        title=indicator.title,
        unit=indicator.unit,
        start=words.time(float(series[0].times[0])),
        stop=words.time(float(series[0].times[-1])),
        count=len({s.scenario for s in series}),
    )
    ends = [
        words.ends_at.format(scenario=titles[s.scenario], value=words.number(float(s.shown[-1])))
        for s in series
        if not s.element and math.isfinite(s.shown[-1])
    ]
    return text + (f" {'; '.join(ends)}." if ends else "")


def make_report(folder: Path, out: Path, language: str | None = None) -> None:
    """Write the page of a result folder to a file, whole or not at all; pictures are drawn again.

    Raises
    ------
    InputError
        If it is no result folder, or the file is one of its own tables.

    """
    record = read_folder(folder)
    free_to_write(folder, out)
    words = words_for(language or record.language)
    atlases = read_atlases(folder, record)
    pictures = list(draw_pictures(record, atlases, words))
    write_text(build_page(folder, record, pictures, words, _labels(atlases)), out)


def free_to_write(folder: Path, out: Path) -> None:
    """See that a page may be written to a file.

    Raises
    ------
    InputError
        If it is a folder, or one of the folder's own tables.

    """
    inside = out.resolve().is_relative_to(folder.resolve())
    if out.is_dir() or (inside and out.exists() and out.suffix.casefold() not in {".html", ".htm"}):
        raise InputError(f"`{out}` is {'a folder' if out.is_dir() else 'a file of the results'}; name an .html file")


def _labels(atlases: tuple[Atlas, ...]) -> dict[str, str]:
    """Return what people call elements."""
    return {e: label for a in atlases for e, label in a.labels.items()}
