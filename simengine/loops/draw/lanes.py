"""A composed model as lanes: a box a sector, and below each its lane; one arrow a link, in a row of its own.

In: the sectors of a composed model, one edge a link (`levels.at_level`). Out: the text of an SVG file.

Links are told by sign (blue + the same way, red − the other way, grey ? not to be told), title, strength and range,
delay and kind of evidence; those that are off are dashed.

Invariant: no text lies on another, however many links there are; numbers are rounded, names escaped.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import permutations
from typing import TYPE_CHECKING, Any
from xml.sax.saxutils import escape, quoteattr

from simengine.loops.draw.lettering import width_of
from simengine.loops.linking import OFF

if TYPE_CHECKING:
    import networkx as nx

_INK, _GREY, _RULE = "#26323b", "#64717b", "#c9d3da"
_COLOURS = {"+": "#1f6fa8", "-": "#c0482b", "?": "#7b7f85"}
_TINTS = ("#fdf1e3", "#eaf2f8", "#f3f3ea", "#eef6e8", "#f4ecf7", "#e8f6f3", "#fbeeee")
_SIGNS = {"+": "+", "-": "−", "?": "?"}
_ROW, _HEAD, _TOP, _SIDE, _LANE, _LOOP = 46.0, 58.0, 74.0, 28.0, 22.0, 26.0
_NARROWEST = 300.0
_MOST_ORDERED = 7
"""Sectors whose best order is looked for; more stay as they are."""
_FONT = "font-family=\"'Helvetica Neue', Helvetica, Arial, 'Liberation Sans', sans-serif\""


@dataclass(frozen=True, slots=True)
class _Arrow:
    """A link: where it begins and ends, and its two lines of text."""

    start: int
    end: int
    name: str
    sign: str
    title: str
    detail: str
    note: str
    off: bool
    delayed: bool


def draw_lanes(graph: nx.DiGraph[str], title: str = "") -> str:
    """Return the sectors of a composed model and its links as SVG."""
    sectors = _ordered(graph)
    place = {name: n for n, name in enumerate(sectors)}
    arrows = sorted(
        (_arrow(place[u], place[v], d) for u, v, d in graph.edges(data=True)),
        key=lambda a: (a.start, abs(a.end - a.start), a.end, natural(a.name)),
    )
    gaps = _gaps(len(sectors), arrows)
    middles = [_SIDE + 80.0]
    for gap in gaps[:-1]:
        middles.append(middles[-1] + gap)
    width, height = middles[-1] + max(gaps[-1], 80.0) + _SIDE, _TOP + _HEAD + _ROW * len(arrows) + 84
    size = f'viewBox="0 0 {width:.0f} {height:.0f}" width="{width:.0f}" height="{height:.0f}" role="img"'
    name = title or "sectors and links"
    out = [
        f'<svg xmlns="http://www.w3.org/2000/svg" {size} aria-label={quoteattr(name)} {_FONT} fill="{_INK}">',
        f"<title>{escape(name)}</title>",
        f'<rect width="{width:.0f}" height="{height:.0f}" fill="#ffffff"/>',
        _text(_SIDE, 42, name, 22, weight="600"),
    ]
    bottom = _TOP + _HEAD + _ROW * len(arrows) + 18
    for n, (sector, x) in enumerate(zip(sectors, middles, strict=True)):
        out += _sector(sector, int(graph.nodes[sector]["count"]), x, bottom, _TINTS[n % len(_TINTS)])
    for row, arrow in enumerate(arrows):
        out += _drawn(arrow, middles, _TOP + _HEAD + _ROW * (row + 0.5) + 18)
    legend = "+ the same way · − the other way · ? not to be told · || with a delay · dashed: off in this run"
    out.append(_text(_SIDE, bottom + 34, legend, 12, fill=_GREY))
    return "\n".join([*out, "</svg>"]) + "\n"


def natural(name: str) -> tuple[tuple[int, str], ...]:
    """Return what sorts names as people do: X2 before X10.

    Examples
    --------
    >>> sorted(["X10", "X2", "X2b"], key=natural)
    ['X2', 'X2b', 'X10']

    """
    return tuple((int(part) if part.isdigit() else -1, part) for part in re.findall(r"\d+|\D+", name))


def _ordered(graph: nx.DiGraph[str]) -> list[str]:
    """Return the sectors so that arrows are short in all; of equal orders the first."""
    names = list(graph)
    if len(names) > _MOST_ORDERED:
        return names
    pairs = [(u, v) for u, v in graph.edges() if u != v]

    def length(order: Iterable[str]) -> int:
        place = {name: n for n, name in enumerate(order)}
        return sum(abs(place[u] - place[v]) ** 2 for u, v in pairs)

    return list(min(permutations(names), key=length))


def _arrow(start: int, end: int, d: dict[str, Any]) -> _Arrow:
    name, off = str(d["link"]), d["kind"] == OFF
    title = str(d.get("title", "")) or f"{d['source']} to {d['target']}"
    delay = f"|| {d['delay']}" if d.get("delay") else "||" if d["delayed"] else ""
    words = (d.get("strength", ""), delay, d.get("evidence", ""), d.get("read", ""), "off" if off else "")
    note = f"{d['source']} -> {d['target']}: {d['polarity']}{' (' + d['reason'] + ')' if d['reason'] else ''}"
    detail = " · ".join(str(word) for word in words if word)
    return _Arrow(start, end, name, str(d["polarity"]), title, detail, note, off, bool(d["delayed"]))


def _words_width(arrow: _Arrow) -> float:
    return max(width_of(f"{arrow.name}  {arrow.title}", 13) + 34, width_of(arrow.detail, 11)) + 30


def _gaps(count: int, arrows: Sequence[_Arrow]) -> list[float]:
    """Return how far each lane is from the next, so that the words of every arrow fit between two."""
    gaps = [_NARROWEST] * (count - 1) + [0.0]
    for arrow in arrows:
        where = arrow.start if arrow.start == arrow.end else min(arrow.start, arrow.end)
        room = _LANE + (_LOOP if arrow.start == arrow.end else 0.0)
        gaps[where] = max(gaps[where], _words_width(arrow) + room)
    return gaps


def _sector(name: str, count: int, x: float, bottom: float, tint: str) -> list[str]:
    half = max(width_of(name, 17) / 2 + 20, 74.0)
    lane = f'x="{x - _LANE / 2:.1f}" y="{_TOP + _HEAD - 4:.1f}" width="{_LANE:.0f}"'
    lane += f' height="{bottom - _TOP - _HEAD + 4:.1f}" rx="8"'
    box = f'x="{x - half:.1f}" y="{_TOP:.1f}" width="{2 * half:.1f}" height="{_HEAD:.1f}" rx="12"'
    return [
        f'<rect {lane} fill="{tint}" stroke="{_RULE}" stroke-width="0.8"/>',
        f'<rect class="area" {box} fill="{tint}" stroke="#8fa3b0" stroke-width="1.4"/>',
        _text(x, _TOP + 26, name, 17, anchor="middle", weight="600"),
        _text(x, _TOP + 45, f"{count} variable{'' if count == 1 else 's'}", 11.5, anchor="middle", fill=_GREY),
    ]


def _drawn(arrow: _Arrow, middles: Sequence[float], y: float) -> list[str]:
    colour = _COLOURS[arrow.sign]
    dash = ' stroke-dasharray="5 4"' if arrow.off else ""
    stroke = f'fill="none" stroke="{colour}" stroke-width="2.2"{dash}'
    half = _LANE / 2
    if arrow.start == arrow.end:
        x = middles[arrow.start] + half
        path = f"M{x:.1f} {y - 9:.1f} h8 a9 9 0 0 1 0 18 h-4"
        tip, way = (x + 1, y + 9), -1.0
        left = x + _LOOP
    else:
        way = 1.0 if arrow.end > arrow.start else -1.0
        x1, x2 = middles[arrow.start] + way * half, middles[arrow.end] - way * half
        path = f"M{x1:.1f} {y:.1f}{_bridges(arrow, middles, way)} H{x2 - way * 7:.1f}"
        tip = (x2, y)
        first = min(arrow.start, arrow.end)
        left = middles[first] + half + 14
    out = [f'<g class="link"><title>{escape(arrow.note)}</title>', f'<path d="{path}" {stroke}/>']
    x, level = tip
    out.append(
        f'<polygon points="{x:.1f},{level:.1f} {x - way * 11:.1f},{level - 5:.1f} {x - way * 11:.1f},{level + 5:.1f}" '
        f'fill="{colour}"/>'
    )
    if arrow.start != arrow.end and arrow.delayed:
        bar = middles[max(arrow.start, arrow.end)] - half - 24
        out += [f'<path d="M{b:.1f} {y - 6:.1f} v12" stroke="{colour}" stroke-width="2"/>' for b in (bar, bar - 5)]
    above = y - 7 if arrow.start != arrow.end else y - 2
    below = y + 15 if arrow.start != arrow.end else y + 13
    out.append(
        f'<text x="{left:.1f}" y="{above:.1f}" font-size="13"><tspan font-weight="700" fill="{colour}">'
        f"{escape(arrow.name)} {_SIGNS[arrow.sign]}</tspan>  {escape(arrow.title)}</text>"
    )
    out.append(_text(left, below, arrow.detail, 11, fill=_GREY))
    return [*out, "</g>"]


def _bridges(arrow: _Arrow, middles: Sequence[float], way: float) -> str:
    """Return the part of an arrow's path that leads over the lanes it passes."""
    half = _LANE / 2 + 3
    low, high = sorted((arrow.start, arrow.end))
    passed = middles[low + 1 : high] if way > 0 else middles[high - 1 : low : -1]
    return "".join(f" H{x - way * half:.1f} q{way * half:.1f} -15 {way * 2 * half:.1f} 0" for x in passed)


def _text(
    x: float, y: float, text: str, size: float, *, anchor: str = "start", weight: str = "", fill: str = ""
) -> str:
    extra = (f' font-weight="{weight}"' if weight else "") + (f' fill="{fill}"' if fill else "")
    return f'<text x="{x:.1f}" y="{y:.1f}" font-size="{size:g}" text-anchor="{anchor}"{extra}>{escape(text)}</text>'
