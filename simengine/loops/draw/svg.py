"""Scenes as SVG.

In: a causal graph and its loops. Out: the text of an SVG file, fit for a page or a screen.

Stocks are boxes, flows pipes with a valve, everything else words; areas are tinted. An arrow's head carries its sign:
blue + the same way, red − the other way, grey ? where it cannot be told. Two bars across an arrow are a delay, a dotted
arrow counts at the start only.

Invariant: numbers are rounded to a tenth of a pixel, names escaped; the file needs nothing from elsewhere.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING
from xml.sax.saxutils import escape, quoteattr

import numpy as np

from simengine.loops.draw.layout import bounds, lay_out
from simengine.loops.draw.lettering import LINE, width_of
from simengine.loops.draw.marks import RADIUS, place_marks
from simengine.loops.draw.route import Curve, route
from simengine.loops.draw.scene import VALVE, Box, Line, Mark, Scene, make_scene
from simengine.loops.find import Loop

if TYPE_CHECKING:
    import networkx as nx

INK, PIPE = "#26323b", "#8fa3b0"
COLOURS = {"+": "#1f6fa8", "-": "#c0482b", "?": "#7b7f85", "": "#7b7f85"}
MARKS = {"R": "#1f6fa8", "B": "#c0482b", "?": "#7b7f85"}
TINTS = ("#eaf2f8", "#eef6e8", "#fdf1e3", "#f4ecf7", "#e8f6f3", "#fbeeee", "#f3f3ea")
_MARGIN = 36.0
_FONT = "font-family=\"'Helvetica Neue', Helvetica, Arial, 'Liberation Sans', sans-serif\""


def draw_svg(graph: nx.DiGraph[str], loops: Sequence[Loop] = (), title: str = "") -> str:
    """Return a causal graph as SVG; the first few loops carry a mark and are told below the picture."""
    scene = make_scene(graph, title)
    lay_out(scene)
    curves = route(scene)
    left_out = place_marks(scene, curves, loops)
    frame = _frame(scene, curves)
    legend = _legend(scene, frame, left_out)
    width, height = (
        frame[2] - frame[0] + 2 * _MARGIN,
        frame[3] - frame[1] + 2 * _MARGIN + legend[1] + (34 if title else 0),
    )
    width = max(width, 560.0)
    top = frame[1] - _MARGIN - (34 if title else 0)
    left = frame[0] - _MARGIN - max(0.0, (width - (frame[2] - frame[0] + 2 * _MARGIN)) / 2)
    box = f"{_n(left)} {_n(top)} {_n(width)} {_n(height)}"
    size = f'viewBox="{box}" width="{_n(width)}" height="{_n(height)}"'
    name = quoteattr(title or "causal graph")
    out = [
        f'<svg xmlns="http://www.w3.org/2000/svg" {size} role="img" aria-label={name} {_FONT} fill="{INK}">',
        f"<title>{escape(title or 'causal graph')}</title>",
        f'<rect x="{_n(left)}" y="{_n(top)}" width="{_n(width)}" height="{_n(height)}" fill="#ffffff"/>',
    ]
    if title:
        out.append(_text(left + _MARGIN, top + 40, title, 20, anchor="start", weight="600"))
    out += _areas(scene)
    lines = sorted(zip(scene.lines, curves, strict=True), key=lambda pair: pair[0].kind != "pipe")
    out += [part for line, curve in lines for part in _line(line, curve)]
    out += [part for b in scene.boxes for part in _box(b)]
    out += _signs(scene, [(line, curve) for line, curve in lines if line.kind != "pipe"])
    out += [part for mark in scene.marks for part in _mark(mark)]
    out += _legend_text(scene, left + _MARGIN, frame[3] + 30, left_out)
    return "\n".join([*out, "</svg>"]) + "\n"


def _frame(scene: Scene, curves: Sequence[Curve]) -> tuple[float, float, float, float]:
    if not scene.boxes:
        return 0.0, 0.0, 200.0, 60.0
    sides = [bounds(scene.boxes), *scene.areas.values()]
    sides += [(*c.points.min(axis=0).tolist(), *c.points.max(axis=0).tolist()) for c in curves]
    sides += [(m.x - RADIUS, m.y - RADIUS, m.x + RADIUS, m.y + RADIUS) for m in scene.marks]
    left, top, right, bottom = (np.array(column) for column in zip(*sides, strict=True))
    frame = float(left.min()), float(top.min()), float(right.max()), float(bottom.max())
    words = max((width_of(f"{m.text}  {m.words}", 12) for m in scene.marks), default=0.0)
    return frame[0], frame[1], max(frame[2], frame[0] + min(words, 1500.0)), frame[3]


def _n(value: float) -> str:
    text = f"{value:.1f}"
    return "0" if text in {"-0.0", "0.0"} else text.removesuffix(".0")


def _text(
    x: float,
    y: float,
    text: str,
    size: float,
    *,
    anchor: str = "middle",
    weight: str = "",
    fill: str = "",
    halo: bool = False,
) -> str:
    extra = f' font-weight="{weight}"' if weight else ""
    extra += f' fill="{fill}"' if fill else ""
    extra += ' stroke="#ffffff" stroke-width="3" paint-order="stroke" stroke-linejoin="round"' if halo else ""
    return f'<text x="{_n(x)}" y="{_n(y)}" font-size="{_n(size)}" text-anchor="{anchor}"{extra}>{escape(text)}</text>'


def _areas(scene: Scene) -> list[str]:
    out = []
    for n, (name, (left, top, right, bottom)) in enumerate(scene.areas.items()):
        out.append(
            f'<rect class="area" x="{_n(left)}" y="{_n(top)}" width="{_n(right - left)}" height="{_n(bottom - top)}" '
            f'rx="18" fill="{TINTS[n % len(TINTS)]}"/>'
        )
        out.append(_text(left + 20, top + 29, name, 16, anchor="start", weight="600", fill="#51626e"))
    return out


# boxes


def _box(box: Box) -> list[str]:
    out = [f'<g class="{box.role}"><title>{escape(box.note)}</title>']
    left, top = box.x - box.width / 2, box.y - box.height / 2
    match box.role:
        case "stock":
            out.append(_rectangle(left, top, box.width, box.height, 2, "#ffffff", INK, 1.6))
            out += _label(box, box.y, weight="600")
        case "area":
            out.append(_rectangle(left, top, box.width, box.height, 16, TINTS[0], PIPE, 1.6))
            out += _label(box, box.y, weight="600")
        case "flow":
            out.append(_valve(box.x, box.y))
            away = VALVE + 3 + len(box.lines) * box.size * LINE / 2
            out += _label(box, box.y - away if box.above else box.y + away)
        case "cloud":
            out.append(_cloud(box.x, box.y))
        case "constant" | "lookup" | "data":
            out += _label(box, box.y, fill="#64717b")
        case _:
            out += _label(box, box.y)
    return [*out, "</g>"]


def _rectangle(
    x: float, y: float, width: float, height: float, round_: float, fill: str, line: str, thick: float
) -> str:
    return (
        f'<rect x="{_n(x)}" y="{_n(y)}" width="{_n(width)}" height="{_n(height)}" rx="{_n(round_)}" '
        f'fill="{fill}" stroke="{line}" stroke-width="{thick}"/>'
    )


def _label(box: Box, middle: float, weight: str = "", fill: str = "") -> list[str]:
    step = box.size * LINE
    first = middle - (len(box.lines) - 1) * step / 2 + box.size * 0.35
    halo = box.role not in {"stock", "area"}
    return [
        _text(box.x, first + n * step, line, box.size, weight=weight, fill=fill, halo=halo)
        for n, line in enumerate(box.lines)
    ]


def _valve(x: float, y: float) -> str:
    h = VALVE * 0.85
    points = f"M{_n(x - h)} {_n(y - h)} L{_n(x + h)} {_n(y + h)} L{_n(x + h)} {_n(y - h)} L{_n(x - h)} {_n(y + h)} Z"
    return f'<path d="{points}" fill="#ffffff" stroke="{INK}" stroke-width="1.5" stroke-linejoin="round"/>'


def _cloud(x: float, y: float) -> str:
    puffs = ((-9, 2, 7), (0, -4, 9), (9, 2, 7), (0, 4, 7))
    circles = "".join(f'<circle cx="{_n(x + a)}" cy="{_n(y + b)}" r="{r}"/>' for a, b, r in puffs)
    inner = "".join(f'<circle cx="{_n(x + a)}" cy="{_n(y + b)}" r="{r - 1.3:.1f}"/>' for a, b, r in puffs)
    return f'<g fill="{PIPE}">{circles}</g><g fill="#ffffff">{inner}</g>'


# lines


def _line(line: Line, curve: Curve) -> list[str]:
    colour = PIPE if line.kind == "pipe" else COLOURS[line.sign]
    path = (
        f"M{_n(curve.start[0])} {_n(curve.start[1])} Q{_n(curve.control[0])} {_n(curve.control[1])} "
        f"{_n(curve.end[0])} {_n(curve.end[1])}"
    )
    title = f"<title>{escape(line.note)}</title>"
    if line.kind == "pipe":
        out = [
            f'<path class="pipe" d="{path}" fill="none" stroke="{PIPE}" stroke-width="6.5">{title}</path>',
            f'<path d="{path}" fill="none" stroke="#ffffff" stroke-width="3.5"/>',
        ]
        return [*out, _head(curve, PIPE, 13.0)] if line.arrow else out
    thick = 3.6 if line.link else min(1.4 + 0.6 * max(len(line.signs) - 1, 0), 5.0)
    dots = {"initial": ' stroke-dasharray="2 4"', "off": ' stroke-dasharray="8 5"'}.get(line.kind, "")
    stroke = f'stroke="{colour}" stroke-width="{_n(thick)}"{dots}'
    out = [
        f'<path class="{line.kind}" d="{path}" fill="none" {stroke}>{title}</path>',
        _head(curve, colour, 8.5 + thick),
    ]
    return [*out, *_bars(curve, colour)] if line.delayed else out


def _head(curve: Curve, colour: str, size: float) -> str:
    way, tip = curve.heading(1.0), curve.end
    side = np.array([-way[1], way[0]])
    corners = [tip + way * 1.5, tip - way * size + side * size * 0.42, tip - way * size - side * size * 0.42]
    points = " ".join(f"{_n(x)},{_n(y)}" for x, y in corners)
    return f'<polygon points="{points}" fill="{colour}"/>'


def _bars(curve: Curve, colour: str) -> list[str]:
    """Return two bars across a line: a delay."""
    way, middle = curve.heading(0.5), curve.at(0.5)
    side = np.array([-way[1], way[0]])
    out = []
    for shift in (-2.6, 2.6):
        a, b = middle + way * shift - side * 7, middle + way * shift + side * 7
        ends = f'x1="{_n(a[0])}" y1="{_n(a[1])}" x2="{_n(b[0])}" y2="{_n(b[1])}"'
        out.append(f'<line class="delay" {ends} stroke="{colour}" stroke-width="1.8"/>')
    return out


def _signs(scene: Scene, lines: Sequence[tuple[Line, Curve]]) -> list[str]:
    """Return the signs at the heads of lines, each where it is free, on the outer side of the bend if it may be."""
    taken = [b.rectangle for b in scene.boxes]
    taken += [(m.x - RADIUS, m.y - RADIUS, m.x + RADIUS, m.y + RADIUS) for m in scene.marks]
    out = []
    for line, curve in lines:
        if not line.sign or line.kind == "initial":
            continue
        text = line.text.replace("-", "−")
        half = width_of(text, 15) / 2
        x, y = min(_spots(curve, half), key=lambda spot: _crowd(taken, spot, half))
        taken.append((x - half, y - 7, x + half, y + 7))
        out.append(_text(x, y + 5, text, 15, weight="700", fill=COLOURS[line.sign], halo=True))
    return out


def _spots(curve: Curve, half: float) -> list[tuple[float, float]]:
    length = max(float(np.hypot(*(curve.end - curve.start))), 1.0)
    out = []
    for back in (20.0, 30.0, 42.0, 12.0):
        t = max(1 - back / length, 0.5)
        way = curve.heading(t)
        side = np.array([-way[1], way[0]])
        outward = 1.0 if np.dot(side, curve.control - (curve.start + curve.end) / 2) >= 0 else -1.0
        for turn in (outward, -outward):
            x, y = curve.at(t) + side * turn * (10 + abs(float(side[0])) * max(half - 5, 0))
            out.append((float(x), float(y)))
    return out


def _crowd(taken: Sequence[tuple[float, float, float, float]], spot: tuple[float, float], half: float) -> int:
    """Return how many things a sign would lie over; of equal places the first is taken."""
    x, y = spot
    return sum(a < x + half - 1 and x - half + 1 < c and b < y + 6 and y - 6 < d for a, b, c, d in taken)


def _mark(mark: Mark) -> list[str]:
    colour = MARKS[mark.polarity]
    x, y, r = mark.x, mark.y, RADIUS - 2
    arc = f"M{_n(x - r * 0.87)} {_n(y + r * 0.5)} A{_n(r)} {_n(r)} 0 1 1 {_n(x + r * 0.87)} {_n(y + r * 0.5)}"
    tip = np.array([x + r * 0.87, y + r * 0.5])
    head = " ".join(f"{_n(tip[0] + a)},{_n(tip[1] + b)}" for a, b in ((-2.6, 4.6), (-4.2, -2.4), (3.6, -0.6)))
    return [
        f'<g class="loop"><title>{escape(f"{mark.text}: {mark.words}")}</title>',
        f'<circle cx="{_n(x)}" cy="{_n(y)}" r="{_n(RADIUS)}" fill="#ffffff" fill-opacity="0.85"/>',
        f'<path d="{arc}" fill="none" stroke="{colour}" stroke-width="1.5"/><polygon points="{head}" fill="{colour}"/>',
        _text(x, y + 4, mark.text, 11, weight="700", fill=colour) + "</g>",
    ]


def _legend(scene: Scene, frame: tuple[float, float, float, float], left_out: int) -> tuple[float, float]:
    lines = len(scene.marks) + bool(left_out) + 2
    return frame[2] - frame[0], 17.0 * lines + 14


def _legend_text(scene: Scene, x: float, y: float, left_out: int) -> list[str]:
    out = []
    for mark in scene.marks:
        colour = MARKS[mark.polarity]
        words = mark.words
        while width_of(words, 12) > 1480:
            words = f"{words[: int(len(words) * 0.9)].rstrip()} ..."
        out.append(
            f'<text x="{_n(x)}" y="{_n(y)}" font-size="12"><tspan font-weight="700" fill="{colour}">{mark.text}</tspan>'
            f'<tspan dx="8">{escape(words)}</tspan></text>'
        )
        y += 17
    if left_out:
        more = f"and {left_out} more loop{'s' if left_out > 1 else ''}: the command without --out lists them"
        out.append(_text(x, y, more, 12, anchor="start", fill="#64717b"))
        y += 17
    grey = "#64717b"
    lines = (
        "+ the same way · − the other way · ? not to be told · || delay · dotted: at the start only"
        + (" · thick: a link" if any(line.link for line in scene.lines) else ""),
        "R reinforcing · B balancing · U undetermined",
    )
    out += [_text(x, y + 5 + 17 * n, line, 11, anchor="start", fill=grey) for n, line in enumerate(lines)]
    return out
