"""Sheets as SVG: text that stays text, no dates, as few bytes as the eye can tell apart.

In: a sheet. Out: SVG.

Invariant: the same sheet gives the same bytes; whatever a text holds is shown as text.
"""

from __future__ import annotations

import re
from html import escape
from typing import assert_never

from simengine.report.sheet import Dots, Mark, Path, Points, Sheet, Text

FONT = "'DejaVu Sans',Verdana,sans-serif"
"""A reader without our font takes one of about the same width."""
_HATCH = (
    '<defs><pattern id="hatch" width="5" height="5" patternUnits="userSpaceOnUse" patternTransform="rotate(45)">'
    '<rect width="5" height="5" fill="#f4f5f6"/><path d="M0 0V5" stroke="#b5bcc3" stroke-width="1.2"/>'
    "</pattern></defs>"
)
_NOT_XML = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]")


def svg_of(sheet: Sheet) -> bytes:
    """Return a sheet as SVG."""
    hatched = any(isinstance(m, Path) and m.hatched for m in sheet.marks)
    body = "\n".join(_mark(m) for m in sheet.marks)
    size = f"{_number(sheet.width)} {_number(sheet.height)}"
    return (
        '<?xml version="1.0" encoding="utf-8"?>\n'
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{_number(sheet.width)}pt" height="{_number(sheet.height)}pt" '
        f'viewBox="0 0 {size}" font-family="{FONT}">\n'
        f"{_HATCH if hatched else ''}"
        f'<rect width="100%" height="100%" fill="#fff"/>\n{body}\n</svg>\n'
    ).encode()


def _mark(mark: Mark) -> str:
    whose = f' data-scenario="{mark.scenario}"' if mark.scenario is not None else ""
    match mark:
        case Path():
            d = "".join(_path(p, closed=mark.closed) for p in mark.parts)
            return _shape("path", f' d="{d}"{_look(mark)}{whose}', mark.tip)
        case Dots():
            return _dots(mark, whose)
        case Text():
            return _text(mark, whose)
        case _:
            assert_never(mark)


def _shape(tag: str, attributes: str, tip: str) -> str:
    return f"<{tag}{attributes}><title>{_escaped(tip)}</title></{tag}>" if tip else f"<{tag}{attributes}/>"


def _look(mark: Path | Dots) -> str:
    fill = "url(#hatch)" if isinstance(mark, Path) and mark.hatched else mark.fill
    out = f' fill="{fill or "none"}"'
    if isinstance(mark, Path) and mark.holed:
        out += ' fill-rule="evenodd"'
    if mark.edge:
        out += f' stroke="{mark.edge}" stroke-width="{_number(mark.width)}"'
        if isinstance(mark, Path):
            out += ' stroke-linejoin="round"'
            if mark.dash:
                out += f' stroke-dasharray="{_number(mark.dash[0])} {_number(mark.dash[1])}"'
            elif not mark.closed:
                out += ' stroke-linecap="round"'
    if mark.opacity < 1:
        out += f' opacity="{mark.opacity:g}"'
    return out


def _path(points: Points, *, closed: bool) -> str:
    """Return the commands of a line: a place, then steps from place to place, in tenths of a point.

    Steps are taken between rounded places, so that rounding does not add up.
    """
    tenths = (points * 10).round().astype(int).tolist()
    x, y = tenths[0]
    out = [f"M{_tenth(x)} {_tenth(y)}"]
    for to_x, to_y in tenths[1:]:
        across, down = to_x - x, to_y - y
        if across or down:
            out.append(f"h{_tenth(across)}" if not down else (f"v{_tenth(down)}" if not across else
                       f"l{_tenth(across)} {_tenth(down)}"))  # fmt: skip
        x, y = to_x, to_y
    return "".join(out) + ("z" if closed else "")


def _dots(dots: Dots, whose: str) -> str:
    radius = dots.radius
    if dots.shape == "circle" and len(dots.places) == 1:
        x, y = dots.places[0]
        return _shape(
            "circle", f' cx="{_number(x)}" cy="{_number(y)}" r="{_number(radius)}"{_look(dots)}{whose}', dots.tip
        )
    if dots.shape == "circle":
        r = _number(radius)
        arc = f"a{r} {r} 0 1 0 {_number(2 * radius)} 0a{r} {r} 0 1 0 {_number(-2 * radius)} 0"
        d = "".join(f"M{_number(x - radius)} {_number(y)}{arc}" for x, y in dots.places)
    else:
        outline = OUTLINES[dots.shape]
        d = "".join(
            "M" + "L".join(f"{_number(x + radius * dx)} {_number(y + radius * dy)}" for dx, dy in outline) + "z"
            for x, y in dots.places
        )
    return _shape("path", f' d="{d}"{_look(dots)}{whose}', dots.tip)


OUTLINES = {
    "up": ((-1.0, 0.8), (1.0, 0.8), (0.0, -1.0)),
    "down": ((-1.0, -0.8), (1.0, -0.8), (0.0, 1.0)),
    "left": ((0.8, -1.0), (0.8, 1.0), (-1.0, 0.0)),
    "right": ((-0.8, -1.0), (-0.8, 1.0), (1.0, 0.0)),
    "diamond": ((-1.0, 0.0), (0.0, -1.0), (1.0, 0.0), (0.0, 1.0)),
    "tick": ((0.0, -1.0), (0.0, 1.0)),
}
"""Shapes of dots, in radiuses around their place, y down."""


def _text(mark: Text, whose: str) -> str:
    out = f'<text x="{_number(mark.x)}" y="{_number(mark.y)}" font-size="{_number(mark.size)}" fill="{mark.colour}"'
    if mark.anchor != "start":
        out += f' text-anchor="{mark.anchor}"'
    if mark.bold:
        out += ' font-weight="bold"'
    if mark.turn:
        out += f' transform="rotate({_number(-mark.turn)} {_number(mark.x)} {_number(mark.y)})"'
    if mark.halo:
        out += ' paint-order="stroke" stroke="#fff" stroke-width="3" stroke-linejoin="round"'
    return f"{out}{whose}>{_escaped(mark.text)}</text>"


def _escaped(text: str) -> str:
    return escape(_NOT_XML.sub("\ufffd", text), quote=False)


def _tenth(value: int) -> str:
    whole, rest = divmod(abs(value), 10)
    return f"{'-' if value < 0 else ''}{whole}{f'.{rest}' if rest else ''}"


def _number(value: float) -> str:
    return f"{value:.2f}".rstrip("0").rstrip(".") if value else "0"
