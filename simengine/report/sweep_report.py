"""Drawing the folder of a sweep: its charts, its maps, its page.

In: the folder. Out: files in `charts/` and `maps/`, `index.html`; or one HTML file elsewhere.

Invariant: the same folder gives the same bytes; pictures of what is no longer measured do not stay.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from simengine.report.geometry import read_places
from simengine.report.picture import Picture, svg_and_png
from simengine.report.pictures import Atlas, free_to_write
from simengine.report.sweep_around import read_surroundings
from simengine.report.sweep_page import build_sweep_page
from simengine.report.sweep_pictures import draw_sweep
from simengine.report.sweep_record import SweepRecord
from simengine.report.sweep_words import SweepWords, sweep_words
from simengine.results.atomic import write_changed
from simengine.results.study import History
from simengine.results.write import write_text

PAGE = "index.html"


def is_sweep(folder: Path) -> bool:
    """Return whether a folder is that of a sweep."""
    return (folder / "sweep.json").is_file()


@dataclass(frozen=True, slots=True)
class Drawn:
    """A sweep with its pictures, its page, and the words they are in."""

    pictures: tuple[Picture, ...]
    page: str


def draw_sweep_folder(folder: Path) -> list[str]:
    """Draw charts, maps and the page into the folder of a sweep; return the files, paths inside it."""
    drawn = _drawn(folder, None)
    files: dict[str, bytes] = {}
    for picture in drawn.pictures:
        files |= svg_and_png(picture)
    files[PAGE] = drawn.page.encode()
    for name, data in files.items():
        write_changed(folder / name, data)
    _clear(folder, files)
    return list(files)


def _clear(folder: Path, files: dict[str, bytes]) -> None:
    """Remove pictures that an earlier sweep in this folder had and this one has not."""
    for part in ("charts", "maps"):
        for path in sorted((folder / part).glob("*")):
            if path.suffix in {".svg", ".png"} and f"{part}/{path.name}" not in files:
                path.unlink()


def make_sweep_report(folder: Path, out: Path, language: str | None = None) -> None:
    """Write the page of a sweep to a file, whole or not at all; pictures are drawn again.

    Raises
    ------
    InputError
        If it is no folder of a sweep, or the file is one of its own tables.

    """
    free_to_write(folder, out)
    write_text(_drawn(folder, language).page, out)


def _drawn(folder: Path, language: str | None) -> Drawn:
    record = SweepRecord(folder)
    words: SweepWords = sweep_words(language or record.language)
    around = read_surroundings(record)
    atlases = tuple(Atlas(shape, read_places(folder / shape.path, shape)) for shape in around.maps)
    pictures = tuple(draw_sweep(record, atlases, around.history, words))
    told = _measured(around.history, atlases)
    return Drawn(pictures, build_sweep_page(record, pictures, words, around.sources, told))


def _measured(history: Sequence[History], atlases: Sequence[Atlas]) -> list[str]:
    return [*(h.source for h in history), *(a.shape.source for a in atlases)]
