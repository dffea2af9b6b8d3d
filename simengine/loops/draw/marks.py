"""Signs of loops: which are shown, and where.

In: a scene with places, and loops. Out: marks inside the loops they stand for, in free places.

Invariant: marks lie over no box and over no other mark.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from simengine.loops.draw.route import Curve
from simengine.loops.draw.scene import Mark, Scene
from simengine.loops.find import Loop

MOST_MARKS = 12
RADIUS = 14.0


def place_marks(scene: Scene, curves: Sequence[Curve], loops: Sequence[Loop]) -> int:
    """Add the marks of the first few loops whose members are all shown; return how many loops are left out."""
    place = {b.name: n for n, b in enumerate(scene.boxes) if b.name}
    shown = [loop for loop in loops if all(m in place for m in loop.members)]
    counts: dict[str, int] = {}
    for loop in shown[:MOST_MARKS]:
        counts[loop.polarity] = counts.get(loop.polarity, 0) + 1
        letter = "U" if loop.polarity == "?" else loop.polarity
        members = tuple(place[m] for m in loop.members)
        names = [_short(m) for m in loop.members]
        words = " → ".join([*names, names[0]])
        mark = Mark(f"{letter}{counts[loop.polarity]}", loop.polarity, members, words)
        mark.x, mark.y = _free(scene, curves, _middle(scene, curves, members))
        scene.marks.append(mark)
    return len(loops) - len(scene.marks)


def _short(name: str) -> str:
    return name.replace("_", " ").strip('"')


def _middle(scene: Scene, curves: Sequence[Curve], members: tuple[int, ...]) -> tuple[float, float]:
    """Return the middle of a loop: of all its lines and boxes."""
    steps = set(zip(members, (*members[1:], members[0]), strict=True))
    steps |= {(b, a) for a, b in steps}  # pipes out of a stock go against the edge
    points = [c.at(0.5) for line, c in zip(scene.lines, curves, strict=True) if (line.start, line.end) in steps]
    points += [np.array([scene.boxes[n].x, scene.boxes[n].y]) for n in members]
    middle = np.mean(points, axis=0)
    return float(middle[0]), float(middle[1])


def _free(scene: Scene, curves: Sequence[Curve], wanted: tuple[float, float]) -> tuple[float, float]:
    """Return the free place nearest to the one wanted, in rings around it."""
    rectangles = np.array([b.rectangle for b in scene.boxes])
    lines = np.concatenate([c.points for c in curves]) if curves else np.zeros((0, 2))
    best, least = wanted, math.inf
    for ring in range(16):
        for turn in range(1 if ring == 0 else 12):
            angle = turn * math.pi / 6
            x, y = wanted[0] + 9 * ring * math.cos(angle), wanted[1] + 9 * ring * math.sin(angle)
            over = np.any(
                (x > rectangles[:, 0] - RADIUS)
                & (x < rectangles[:, 2] + RADIUS)
                & (y > rectangles[:, 1] - RADIUS)
                & (y < rectangles[:, 3] + RADIUS)
            )
            near = any(math.hypot(x - m.x, y - m.y) < 2.3 * RADIUS for m in scene.marks)
            touched = int((np.hypot(lines[:, 0] - x, lines[:, 1] - y) < RADIUS + 3).sum())
            cost = ring + 2.5 * touched + 1000 * (bool(over) + near)
            if cost < least:
                best, least = (x, y), cost
    return best
