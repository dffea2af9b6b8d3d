"""Sheets as PNG, for programs that do not read SVG.

In: a sheet. Out: PNG bytes.

Invariant: the same sheet gives the same bytes; it shows what the SVG shows.
"""

from __future__ import annotations

import io
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, assert_never

import numpy as np

from simengine.report.letters import font_path, has_letter, text_width
from simengine.report.sheet import Dots, Path, Points, Sheet, Text
from simengine.report.style import DPI
from simengine.report.svg import OUTLINES

_CIRCLE = np.stack([np.cos(np.linspace(0, 2 * np.pi, 33)[:-1]), np.sin(np.linspace(0, 2 * np.pi, 33)[:-1])], axis=1)
_TOUCHED = ("agg.", "path.", "text.", "hatch.")
"""Settings the renderer reads."""
MISSING = "□"
"""What stands for a letter the font has not; an SVG leaves it to the fonts of its reader."""
_SHIFTS = [(dx, dy) for dx in (-1.2, 0.0, 1.2) for dy in (-1.2, 0.0, 1.2) if dx or dy]
"""Where white copies of a text lie that make its halo."""


def png_of(sheet: Sheet) -> bytes:
    """Return a sheet as PNG, at 150 dots an inch."""
    from PIL import Image
    from PIL.PngImagePlugin import PngInfo

    with _settings():
        renderer: Any = _renderer(round(sheet.width * DPI / 72), round(sheet.height * DPI / 72))
        pen = _Pen(renderer, sheet.height)
        pen.path(Path((np.asarray([(0, 0), (sheet.width, 0), (sheet.width, sheet.height), (0, sheet.height)], float),),
                      closed=True, fill="#ffffff"))  # fmt: skip
        for mark in sheet.marks:
            match mark:
                case Path():
                    pen.path(mark)
                case Dots():
                    pen.dots(mark)
                case Text():
                    pen.text(mark)
                case _:
                    assert_never(mark)
        pixels = np.asarray(renderer.buffer_rgba())[..., :3]
    about = PngInfo()
    about.add_text("Software", "simengine")
    out = io.BytesIO()
    Image.fromarray(np.ascontiguousarray(pixels)).save(
        out, format="png", pnginfo=about, dpi=(DPI, DPI), compress_level=5
    )
    return out.getvalue()


@contextmanager
def _settings() -> Iterator[None]:
    """Draw the same whatever the user's own settings are."""
    import matplotlib as mpl

    own = {k: mpl.rcParams[k] for k in mpl.rcParams if k.startswith(_TOUCHED)}
    mpl.rcParams.update({k: v for k, v in mpl.rcParamsDefault.items() if k.startswith(_TOUCHED)})
    mpl.rcParams["text.hinting"] = "none"  # letters as wide as they are measured, and as a browser draws them
    try:
        yield
    finally:
        mpl.rcParams.update(own)


def _renderer(width: int, height: int) -> Any:
    from matplotlib.backends import backend_agg  # heavy: only where something is drawn

    make: Any = backend_agg.RendererAgg
    return make(width, height, DPI)


def _turning(ring: Points, *, left: bool) -> Points:
    """Return a ring that turns the way asked for: the renderer fills by winding, so holes turn the other way."""
    x, y = ring[:, 0], ring[:, 1]
    turns_left = float(np.dot(x, np.roll(y, -1)) - np.dot(y, np.roll(x, -1))) > 0
    return ring if turns_left is left else ring[::-1]


class _Pen:
    """Draws marks by matplotlib's renderer, which has y upwards."""

    def __init__(self, renderer: Any, height: float) -> None:
        from matplotlib import get_data_path
        from matplotlib.font_manager import FontProperties
        from matplotlib.transforms import Affine2D, IdentityTransform

        self.renderer = renderer
        self.scale = DPI / 72
        self.place = Affine2D().scale(1, -1).translate(0, height).scale(self.scale)
        self.still = IdentityTransform()
        self.fonts = [FontProperties(fname=font_path(get_data_path(), bold=b)) for b in (False, True)]

    def path(self, mark: Path) -> None:
        from matplotlib.path import Path as Outline

        codes: list[Any] = []
        for part in mark.parts:
            codes += [Outline.MOVETO] + [Outline.LINETO] * (len(part) - 1)
            codes += [Outline.CLOSEPOLY] if mark.closed else []
        parts = [_turning(p, left=not n) for n, p in enumerate(mark.parts)] if mark.holed else mark.parts
        corners = [np.vstack([p, p[:1]]) if mark.closed else p for p in parts]
        self._outline(Outline(np.concatenate(corners), codes), mark, hatched=mark.hatched, dash=mark.dash)

    def _outline(
        self, outline: Any, mark: Path | Dots, *, hatched: bool = False, dash: tuple[float, float] | None = None
    ) -> None:
        from matplotlib.colors import to_rgb

        gc = self._context(mark.edge, mark.width if mark.edge else 0.0, mark.opacity)
        if dash:
            gc.set_dashes(0, dash)  # in points, as widths: the renderer scales them
            gc.set_capstyle("butt")
        if hatched:
            gc.set_hatch("////")
            gc.set_hatch_color("#b5bcc3")
            gc.set_hatch_linewidth(0.8)
        fill = "#f4f5f6" if hatched else mark.fill
        self.renderer.draw_path(gc, outline, self.place, to_rgb(fill) if fill else None)

    def _context(self, colour: str, width: float, opacity: float) -> Any:
        gc = self.renderer.new_gc()
        gc.set_linewidth(width)
        gc.set_foreground(colour or "#000000")
        gc.set_alpha(opacity)
        gc.set_joinstyle("round")
        gc.set_capstyle("round")
        gc.set_antialiased(True)
        return gc

    def dots(self, mark: Dots) -> None:
        from matplotlib.path import Path as Outline

        around: Points = _CIRCLE if mark.shape == "circle" else np.asarray(OUTLINES[mark.shape])
        corners = mark.places[:, None, :] + mark.radius * np.concatenate([around, around[:1]])
        codes = [Outline.MOVETO] + [Outline.LINETO] * (len(around) - 1) + [Outline.CLOSEPOLY]
        self._outline(Outline(corners.reshape(-1, 2), codes * len(mark.places)), mark)

    def text(self, mark: Text) -> None:
        shift = {"start": 0.0, "middle": 0.5, "end": 1.0}[mark.anchor] * text_width(
            mark.text, mark.size, bold=mark.bold
        )
        turn = np.radians(mark.turn)
        x, y = mark.x - shift * np.cos(turn), mark.y + shift * np.sin(turn)
        font = self.fonts[mark.bold].copy()
        font.set_size(mark.size)
        if mark.halo:
            for dx, dy in _SHIFTS:
                self._write(x + dx, y + dy, mark, font, "#ffffff")
        self._write(x, y, mark, font, mark.colour)

    def _write(self, x: float, y: float, mark: Text, font: Any, colour: str) -> None:
        gc = self._context(colour, 1.0, 1.0)
        text = "".join(c if has_letter(c, bold=mark.bold) else MISSING for c in mark.text)
        self.renderer.draw_text(gc, x * self.scale, y * self.scale, text, font, mark.turn)
