"""Places of boxes: near what they are linked with, none over another.

In: a scene. Out: the same, with places; areas side by side where the scene has any.

Distances follow the number of edges between two boxes (stress majorisation); what still overlaps is pushed apart.

Invariant: nothing here is random; the first places come from the distances alone.
References: Gansner, Koren and North, Graph drawing by stress majorization, LNCS 3383, 2005.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from simengine.loops.draw.scene import VALVE, Box, Scene

Places = NDArray[np.float64]

_PIPE, _LINK, _AREA_LINK = 105.0, 150.0, 330.0
_ROOM = 20.0
_ROUNDS = 260
_TOUCH = 0.5
_FRAME, _HEADING, _GAP = 34.0, 30.0, 190.0


def lay_out(scene: Scene) -> None:
    """Give every box of a scene its place."""
    areas = list(dict.fromkeys(b.area for b in scene.boxes if b.area))
    if len(areas) > 1:
        _lay_out_areas(scene, areas)
    else:
        _place(scene, list(range(len(scene.boxes))))
    _turn_labels(scene)


def _turn_labels(scene: Scene) -> None:
    """Put the label of a flow above its valve where more lines come from below, and nothing stands there."""
    below = [0.0] * len(scene.boxes)
    for line in scene.lines:
        for n, other in ((line.start, line.end), (line.end, line.start)):
            x, y = scene.boxes[other].x - scene.boxes[n].x, scene.boxes[other].y - scene.boxes[n].y
            steep = abs(y) > 0.35 * abs(x)
            below[n] += (2.0 if line.kind == "pipe" else 1.0) * (1 if y > 0 else -1) * steep
    for n, box in enumerate(scene.boxes):
        if box.role == "flow" and below[n] > 0:
            box.above = True
            if any(_overlap(box, other) for other in scene.boxes if other is not box):
                box.above = False


def _overlap(a: Box, b: Box) -> bool:
    left, top, right, bottom = a.rectangle
    other = b.rectangle
    return left < other[2] and other[0] < right and top < other[3] and other[1] < bottom


def _place(scene: Scene, members: Sequence[int]) -> None:
    """Place some boxes, the connected ones together, groups of them beside each other."""
    parts = _connected(scene, members)
    corners: list[tuple[float, float]] = []
    for part in parts:
        spots = _settle(scene, part)
        for n, (x, y) in zip(part, spots, strict=True):
            scene.boxes[n].x, scene.boxes[n].y = float(x), float(y)
        left, top, right, bottom = bounds([scene.boxes[n] for n in part])
        for n in part:
            scene.boxes[n].x -= left
            scene.boxes[n].y -= top
        corners.append((right - left, bottom - top))
    _pack(scene, parts, corners)


def _pack(scene: Scene, parts: Sequence[Sequence[int]], sizes: Sequence[tuple[float, float]]) -> None:
    """Set groups of boxes in rows, the widest group giving the width."""
    room = max(sum(w * h for w, h in sizes) ** 0.5 * 1.5, *(w for w, _ in sizes)) if sizes else 0.0
    x = y = row = 0.0
    for part, (width, height) in zip(parts, sizes, strict=True):
        if x and x + width > room:
            x, y, row = 0.0, y + row + 40, 0.0
        for n in part:
            scene.boxes[n].x += x
            scene.boxes[n].y += y
        x, row = x + width + 50, max(row, height)


def _connected(scene: Scene, members: Sequence[int]) -> list[list[int]]:
    """Return the connected parts, the largest first."""
    inside = set(members)
    near: dict[int, set[int]] = {n: set() for n in members}
    for line in scene.lines:
        if line.start in inside and line.end in inside:
            near[line.start].add(line.end)
            near[line.end].add(line.start)
    parts, seen = [], set[int]()
    for n in members:
        if n in seen:
            continue
        part, todo = [], deque([n])
        seen.add(n)
        while todo:
            node = todo.popleft()
            part.append(node)
            for other in sorted(near[node] - seen):
                seen.add(other)
                todo.append(other)
        parts.append(sorted(part))
    return sorted(parts, key=lambda p: (-len(p), p))


def _settle(scene: Scene, part: Sequence[int]) -> Places:
    count = len(part)
    if count == 1:
        return np.zeros((1, 2))
    wanted = _wanted(scene, part)
    places = _first_places(wanted)
    weight = np.where(wanted > 0, 1.0 / np.maximum(wanted, 1.0) ** 2, 0.0)
    total = weight.sum(axis=1)
    for _ in range(_ROUNDS):
        apart = places[:, None] - places[None]
        distance = np.sqrt((apart**2).sum(axis=2))
        pull = weight * np.where(distance > 1e-9, wanted / np.maximum(distance, 1e-9), 0.0)
        moved = (weight[:, :, None] * places[None] + pull[:, :, None] * apart).sum(axis=1) / total[:, None]
        if np.abs(moved - places).max() < 0.05:
            break
        places = moved
    return push_apart([scene.boxes[n] for n in part], _turned(places) * (1.22, 0.92))


def _wanted(scene: Scene, part: Sequence[int]) -> Places:
    """Return the distances boxes should have: along the lines between them, long labels taking more."""
    place = {n: i for i, n in enumerate(part)}
    wanted = np.full((len(part), len(part)), np.inf)
    np.fill_diagonal(wanted, 0.0)
    crowd = 1.0 + min(len(part), 60) / 150
    for line in scene.lines:
        if line.start in place and line.end in place and line.start != line.end:
            u, v = place[line.start], place[line.end]
            roles = {scene.boxes[line.start].role, scene.boxes[line.end].role}
            length = _PIPE if line.kind == "pipe" else _LINK * crowd
            length = 84.0 if "cloud" in roles else _AREA_LINK if "area" in roles else length
            wanted[u, v] = wanted[v, u] = min(wanted[u, v], length)
    for middle in range(len(part)):
        wanted = np.minimum(wanted, wanted[:, middle : middle + 1] + wanted[middle : middle + 1])
    return wanted


def _first_places(wanted: Places) -> Places:
    """Return places in a plane that keep the distances as well as a plane can (classical scaling)."""
    count = len(wanted)
    centre = np.eye(count) - 1.0 / count
    values, vectors = np.linalg.eigh(-0.5 * centre @ (wanted**2) @ centre)
    places = vectors[:, -2:][:, ::-1] * np.sqrt(np.maximum(values[-2:][::-1], 1.0))
    places = np.round(places, 6)
    for axis in range(2):  # an eigenvector may point either way
        first = np.flatnonzero(np.abs(places[:, axis]) > 1e-3)
        if first.size and places[first[0], axis] > 0:
            places[:, axis] *= -1
    # boxes that are alike in all their distances must not lie on each other
    turn = np.arange(count) * 2.399963
    out: Places = places + 4.0 * np.stack([np.cos(turn), np.sin(turn)], axis=1)
    return out


def _turned(places: Places) -> Places:
    """Return the places with the longest way across lying flat."""
    middle = places - places.mean(axis=0)
    _, vectors = np.linalg.eigh(middle.T @ middle)
    long = vectors[:, 1] * (1 if vectors[0, 1] >= 0 else -1)
    return np.stack([middle @ long, middle @ np.array([-long[1], long[0]])], axis=1)


def push_apart(boxes: Sequence[Box], places: Places, fixed: Sequence[tuple[float, float, float, float]] = ()) -> Places:
    """Return places near those given at which no box lies over another, or over what is fixed."""
    places = places.copy()
    half = np.array([[b.width / 2 + _ROOM / 2, b.height / 2 + _ROOM / 2] for b in boxes])
    lower = np.array([b.height / 2 - VALVE if b.role == "flow" else 0.0 for b in boxes])
    places[:, 1] += lower  # of flows the middle of symbol and label together
    for _ in range(400):
        moved = False
        for a in range(len(boxes) if fixed else 0):
            for left, top, right, bottom in fixed:
                middle = np.array([(left + right) / 2, (top + bottom) / 2])
                reach = half[a] + np.array([(right - left) / 2, (bottom - top) / 2])
                moved |= _push(places, a, None, middle, reach)
        over = np.all(half[:, None] + half[None] - np.abs(places[:, None] - places[None]) > _TOUCH, axis=2)
        for a, b in np.argwhere(np.triu(over, 1)).tolist():
            moved |= _push(places, a, b, places[b], half[a] + half[b])
        if not moved:
            break
    places[:, 1] -= lower
    return places


def _push(places: Places, a: int, b: int | None, middle: Places, reach: Places) -> bool:
    """Move one or two boxes along the axis on which they overlap less; return whether they did."""
    apart = places[a] - middle
    over = reach - np.abs(apart)
    if over[0] <= _TOUCH or over[1] <= _TOUCH:
        return False
    axis = 0 if over[0] < over[1] else 1
    step = over[axis] * (1.0 if apart[axis] >= 0 else -1.0)
    if b is None:
        places[a, axis] += step
    else:
        places[a, axis] += step / 2
        places[b, axis] -= step / 2
    return True


def bounds(boxes: Sequence[Box]) -> tuple[float, float, float, float]:
    """Return left, top, right and bottom of all boxes."""
    sides = [b.rectangle for b in boxes]
    return (
        min(s[0] for s in sides),
        min(s[1] for s in sides),
        max(s[2] for s in sides),
        max(s[3] for s in sides),
    )


# areas


def _lay_out_areas(scene: Scene, areas: Sequence[str]) -> None:
    members = {area: [n for n, b in enumerate(scene.boxes) if b.area == area] for area in areas}
    sizes = {}
    for area, own in members.items():
        _place(scene, own)
        left, top, right, bottom = bounds([scene.boxes[n] for n in own])
        _move(scene, own, _FRAME - left, _FRAME + _HEADING - top)
        sizes[area] = (right - left + 2 * _FRAME, bottom - top + 2 * _FRAME + _HEADING)
    columns = 2 if len(areas) <= 4 else 3
    y = 0.0
    for first in range(0, len(areas), columns):
        row, x = areas[first : first + columns], 0.0
        tallest = max(sizes[a][1] for a in row)
        for area in row:
            width, height = sizes[area]
            top = y + (tallest - height) / 2
            _move(scene, members[area], x, top)
            scene.areas[area] = (x, top, x + width, top + height)
            x += width + _GAP
        y += tallest + _GAP
    for _ in range(2):
        for area in areas:
            _turn_best(scene, members[area], scene.areas[area])
    _place_carriers(scene)


def _move(scene: Scene, members: Sequence[int], x: float, y: float) -> None:
    for n in members:
        scene.boxes[n].x += x
        scene.boxes[n].y += y


def _turn_best(scene: Scene, members: Sequence[int], frame: tuple[float, float, float, float]) -> None:
    """Mirror what is in an area such that its lines to others become short."""
    inside = set(members)
    outward = _links_out(scene, inside)
    boxes = [scene.boxes[n] for n in members]
    at = [(b.x, b.y) for b in boxes]
    best: tuple[float, list[tuple[float, float]]] | None = None
    for flat, steep in ((1, 1), (-1, 1), (1, -1), (-1, -1)):
        for b, (x, y) in zip(boxes, at, strict=True):
            b.x, b.y = x * flat, y * steep
        left, top, _, _ = bounds(boxes)
        for b in boxes:
            b.x += frame[0] + _FRAME - left
            b.y += frame[1] + _FRAME + _HEADING - top
        cost = sum(
            abs(scene.boxes[u].x - scene.boxes[v].x) + abs(scene.boxes[u].y - scene.boxes[v].y) for u, v in outward
        )
        if best is None or cost < best[0] - 1e-6:
            best = cost, [(b.x, b.y) for b in boxes]
    if best is not None:
        for b, (x, y) in zip(boxes, best[1], strict=True):
            b.x, b.y = x, y


def _links_out(scene: Scene, inside: set[int]) -> list[tuple[int, int]]:
    """Return pairs of a box inside and one of another area that lines join, by what carries links too."""
    near: dict[int, set[int]] = {}
    for line in scene.lines:
        near.setdefault(line.start, set()).add(line.end)
        near.setdefault(line.end, set()).add(line.start)
    out = []
    for n in sorted(inside):
        seen, todo = {n}, [n]
        while todo:
            for other in sorted(near.get(todo.pop(), set()) - seen):
                seen.add(other)
                if not scene.boxes[other].area:
                    todo.append(other)
                elif other not in inside:
                    out.append((n, other))
    return out


def _place_carriers(scene: Scene) -> None:
    """Place what lies in no area between the boxes it joins, outside of all areas."""
    carriers = [n for n, b in enumerate(scene.boxes) if not b.area]
    if not carriers:
        return
    near: dict[int, list[int]] = {n: [] for n in carriers}
    for line in scene.lines:
        for a, b in ((line.start, line.end), (line.end, line.start)):
            if a in near and a != b:
                near[a].append(b)
    left, top, right, bottom = bounds([b for b in scene.boxes if b.area])
    for n in carriers:
        scene.boxes[n].x, scene.boxes[n].y = (left + right) / 2, (top + bottom) / 2
    for _ in range(30):
        for n in carriers:
            if near[n]:
                scene.boxes[n].x = float(np.mean([scene.boxes[m].x for m in near[n]]))
                scene.boxes[n].y = float(np.mean([scene.boxes[m].y for m in near[n]]))
    places = np.array([[scene.boxes[n].x, scene.boxes[n].y] for n in carriers])
    frames = [scene.areas[a] for a in scene.areas]
    for n, (x, y) in zip(carriers, push_apart([scene.boxes[n] for n in carriers], places, frames), strict=True):
        scene.boxes[n].x, scene.boxes[n].y = float(x), float(y)
