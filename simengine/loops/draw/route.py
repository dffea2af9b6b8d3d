"""The ways lines take: bent so that they pass no box, and apart from those that go back.

In: a scene with places. Out: for every line the points of its curve, from the edge of one symbol to that of the other.

Invariant: lines are bent one after the other in their order, so the same scene gives the same curves.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from simengine.loops.draw.scene import VALVE, Box, Line, Scene

Points = NDArray[np.float64]

_BENDS = (0.16, -0.16, 0.28, -0.28, 0.06, -0.06, 0.42, -0.42, 0.6, -0.6)
_SAMPLES = 41
_MARGIN = 5.0
_CROWDED = 200
"""Lines above which crossings are not looked at: there are too many to avoid, or to count in time."""


@dataclass(frozen=True, slots=True, eq=False)
class Curve:
    """A quadratic curve, by its ends and the point that draws it; `points` lie along it."""

    start: Points
    control: Points
    end: Points
    points: Points

    def at(self, t: float) -> Points:
        """Return the point at a part of the way, 0 to 1."""
        return (1 - t) ** 2 * self.start + 2 * t * (1 - t) * self.control + t**2 * self.end

    def heading(self, t: float) -> Points:
        """Return the direction at a part of the way, of length 1."""
        way = 2 * (1 - t) * (self.control - self.start) + 2 * t * (self.end - self.control)
        return way / max(float(np.hypot(*way)), 1e-9)


def route(scene: Scene) -> list[Curve]:
    """Return the curve of every line."""
    rectangles = np.array([b.rectangle for b in scene.boxes])
    pairs = {(line.start, line.end) for line in scene.lines}
    drawn: list[Curve] = []
    crowded = len(scene.lines) > _CROWDED
    for line in scene.lines:
        start, end = scene.boxes[line.start], scene.boxes[line.end]
        if line.start == line.end:
            drawn.append(_own_loop(start))
            continue
        if line.kind == "pipe":
            drawn.append(_curve(start, end, 0.0))
            continue
        bends: tuple[float, ...] = _BENDS
        if (line.end, line.start) in pairs:  # each keeps to its own side
            bends = tuple(b for b in _BENDS if b > 0.1)
        best = min(
            (_cost(_curve(start, end, bend), line, rectangles, [] if crowded else drawn, bend), n)
            for n, bend in enumerate(bends)
        )
        drawn.append(_curve(start, end, bends[best[1]]))
    return drawn


def _curve(start: Box, end: Box, bend: float) -> Curve:
    a, b = np.array([start.x, start.y]), np.array([end.x, end.y])
    across = b - a
    control = (a + b) / 2 + bend * np.array([across[1], -across[0]])
    t = np.linspace(0, 1, _SAMPLES)[:, None]
    points = (1 - t) ** 2 * a + 2 * t * (1 - t) * control + t**2 * b
    first, last = _leaves(points, start), _leaves(points[::-1], end)
    t0, t1 = first / (_SAMPLES - 1), 1 - last / (_SAMPLES - 1)
    if t1 <= t0:
        t0, t1 = 0.0, 1.0
    return _part(a, control, b, t0, t1)


def _part(a: Points, control: Points, b: Points, t0: float, t1: float) -> Curve:
    """Return the part of a curve between two parts of its way."""

    def blend(u: float, v: float) -> Points:
        return (1 - u) * (1 - v) * a + (u * (1 - v) + v * (1 - u)) * control + u * v * b

    start, middle, end = blend(t0, t0), blend(t0, t1), blend(t1, t1)
    t = np.linspace(0, 1, 25)[:, None]
    return Curve(start, middle, end, (1 - t) ** 2 * start + 2 * t * (1 - t) * middle + t**2 * end)


def _leaves(points: Points, box: Box) -> float:
    """Return where, in samples, a curve that begins in a box's symbol has left it."""
    half = np.asarray(box.symbol) + (2.0 if box.role in {"stock", "flow", "area", "cloud"} else _MARGIN)
    place = np.array([box.x, box.y])
    rooms = [(place - half, place + half)]
    if box.role == "flow":  # its label stands above or below the valve
        left, top, right, bottom = box.rectangle
        label = (top, box.y - VALVE) if box.above else (box.y + VALVE, bottom)
        rooms.append((np.array([left - 2, label[0] - 2]), np.array([right + 2, label[1] + 2])))

    def inside(at: Points) -> NDArray[np.bool_]:
        out: NDArray[np.bool_] = np.zeros(len(at), dtype=np.bool_)
        for low, high in rooms:
            out |= np.all((at >= low) & (at <= high), axis=1)
        return out

    within = np.flatnonzero(inside(points[: len(points) // 2 + 1]))
    if not within.size or within[-1] + 1 >= len(points):
        return 0.0
    last = int(within[-1])
    fine = points[last] + np.linspace(0, 1, 11)[:, None] * (points[last + 1] - points[last])
    return last + float(np.argmax(~inside(fine))) / 10


def _cost(curve: Curve, line: Line, rectangles: Points, drawn: list[Curve], bend: float) -> float:
    points = curve.points[1:-1]
    inside = (
        (points[:, None, 0] > rectangles[None, :, 0] - _MARGIN)
        & (points[:, None, 1] > rectangles[None, :, 1] - _MARGIN)
        & (points[:, None, 0] < rectangles[None, :, 2] + _MARGIN)
        & (points[:, None, 1] < rectangles[None, :, 3] + _MARGIN)
    )
    inside[:, [line.start, line.end]] = False
    close = sum(float(np.abs(curve.at(0.9) - other.at(0.9)).sum() < 16) for other in drawn)
    crossings = sum(_crosses(curve.points, other.points) for other in drawn)
    return 3.0 * float(inside.sum()) + 1.2 * crossings + 2.0 * close + 4.0 * abs(abs(bend) - 0.14)


def _crosses(a: Points, b: Points) -> int:
    """Return how often two curves cross, seen coarsely."""
    if (
        a[:, 0].max() < b[:, 0].min()
        or b[:, 0].max() < a[:, 0].min()
        or a[:, 1].max() < b[:, 1].min()
        or b[:, 1].max() < a[:, 1].min()
    ):
        return 0
    p, q = a[::4], b[::4]
    r, s = np.diff(p, axis=0), np.diff(q, axis=0)
    gap = q[None, :-1] - p[:-1, None]
    cross = r[:, None, 0] * s[None, :, 1] - r[:, None, 1] * s[None, :, 0]
    with np.errstate(all="ignore"):
        t = (gap[..., 0] * s[None, :, 1] - gap[..., 1] * s[None, :, 0]) / cross
        u = (gap[..., 0] * r[:, None, 1] - gap[..., 1] * r[:, None, 0]) / cross
    return int(((t > 0) & (t < 1) & (u > 0) & (u < 1)).sum())


def _own_loop(box: Box) -> Curve:
    """Return the curve of a line that comes back to where it began: over the top of the symbol."""
    half, top = box.symbol[0] * 0.6, box.y - box.symbol[1] - 3
    start, end = np.array([box.x - half, top]), np.array([box.x + half, top])
    control = np.array([box.x, top - 62.0])
    t = np.linspace(0, 1, 25)[:, None]
    return Curve(start, control, end, (1 - t) ** 2 * start + 2 * t * (1 - t) * control + t**2 * end)
