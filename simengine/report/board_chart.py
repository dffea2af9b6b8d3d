"""A small chart of an indicator: measured against forecast, to stand in a row of a table.

In: an indicator of a watch as plain data. Out: SVG.

Invariant: the same data give the same text; what is shown is said in its label.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from html import escape
from typing import Any

from simengine.report.style import GREY, INK, PALETTE, QUIET

WIDTH, HEIGHT = 260.0, 92.0
_LEFT, _RIGHT, _TOP, _BOTTOM = 6.0, 6.0, 8.0, 18.0
_BEFORE, _AFTER = 8.0, 5.0
"""How many units of time are shown before the forecast, and after the last value."""


def draw_course(one: Mapping[str, Any], as_of: float, alt: str) -> str:
    """Return the chart of an indicator; nothing where there is nothing to draw."""
    course = one["course"]
    seen = [(k["time"], k["value"]) for k in one["known"] if k["time"] >= as_of - _BEFORE]
    new = list(zip(one["times"], one["observed"], strict=True))
    until = max([as_of, *(t for t, _ in new)]) + _AFTER
    inside = [n for n, t in enumerate(course["times"]) if as_of - _BEFORE <= t <= until]
    if not inside:
        return ""
    rows = {k: [course[k][n] for n in inside] for k in ("times", "median", "low", "high")}
    rows = {k: _finite(v) for k, v in rows.items()}
    values = [*rows["low"], *rows["high"], *(v for _, v in (*seen, *new))]
    place = _Frame.of(rows["times"][0], rows["times"][-1], min(values), max(values))
    colour = PALETTE[0]
    above, below = (list(zip(rows["times"], rows[side], strict=True)) for side in ("high", "low"))
    median = list(zip(rows["times"], rows["median"], strict=True))
    then = f"{place.x(as_of):.1f}"
    parts = [
        f'<polygon points="{place.points([*above, *reversed(below)])}" fill="{colour}" opacity=".18"/>',
        f'<polyline points="{place.points(median)}" fill="none" stroke="{colour}" stroke-width="1.6"/>',
        f'<path d="M{then} {_TOP:g}V{HEIGHT - _BOTTOM:g}" stroke="{GREY}" stroke-dasharray="3 3"/>',
        *(f'<circle {place.at(t, v)} r="2.8" fill="#fff" stroke="{INK}"/>' for t, v in seen),
        *(f'<circle {place.at(t, v)} r="3.4" fill="{INK}"><title>{t:g}: {v:.4g}</title></circle>' for t, v in new),
    ]
    for time, anchor in ((rows["times"][0], "start"), (as_of, "middle"), (rows["times"][-1], "end")):
        if anchor == "middle" and not WIDTH * 0.2 < place.x(time) < WIDTH * 0.8:
            continue
        x = {"start": _LEFT, "middle": place.x(time), "end": WIDTH - _RIGHT}[anchor]
        parts.append(
            f'<text x="{x:.1f}" y="{HEIGHT - 5:g}" font-size="10" fill="{QUIET}" text-anchor="{anchor}">{time:g}</text>'
        )
    return (
        f'<svg class="course" viewBox="0 0 {WIDTH:g} {HEIGHT:g}" width="{WIDTH:g}" height="{HEIGHT:g}" role="img" '
        f'aria-label="{escape(alt, quote=True)}">{"".join(parts)}</svg>'
    )


def _finite(values: Sequence[float | None]) -> list[float]:
    return [0.0 if v is None or not math.isfinite(v) else v for v in values]


class _Frame:
    """Where times and values lie."""

    def __init__(self, ends: tuple[float, float], low: float, high: float) -> None:
        self.ends, self.low, self.high = ends, low, high

    @classmethod
    def of(cls, begin: float, end: float, low: float, high: float) -> _Frame:
        """Return a frame with a little room above and below."""
        room = 0.06 * (high - low) or max(abs(high), 1.0) * 0.05
        return cls((begin, end if end > begin else begin + 1.0), low - room, high + room)

    def x(self, time: float) -> float:
        """Return where a time lies."""
        return _LEFT + (WIDTH - _LEFT - _RIGHT) * (time - self.ends[0]) / (self.ends[1] - self.ends[0])

    def y(self, value: float) -> float:
        """Return where a value lies."""
        return HEIGHT - _BOTTOM - (HEIGHT - _TOP - _BOTTOM) * (value - self.low) / (self.high - self.low)

    def at(self, time: float, value: float) -> str:
        """Return the middle of a circle."""
        return f'cx="{self.x(time):.1f}" cy="{self.y(value):.1f}"'

    def points(self, pairs: Sequence[tuple[float, float]]) -> str:
        """Return points as SVG has them."""
        return " ".join(f"{self.x(t):.1f},{self.y(v):.1f}" for t, v in pairs)
