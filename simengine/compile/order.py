"""Order pieces by causality, and split those that refer to themselves element by element.

In: pieces. Out: pieces in an order where everything read is known, for the start and for the run; or the
loop, its members in order.

Invariant: the order depends only on the model, never on hashing.
References: Tarjan, SIAM J. Comput. 1 (1972), for strongly connected components.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from simengine.compile.flatten import as_one_axis, choose_points
from simengine.compile.piece import Piece
from simengine.program.node import Node, Slots

Chooser = Callable[[Piece], "tuple[Node, ...] | None"]
"""Which nodes of a piece count for an order, that of the start or that of the run; None: it has no part in it."""


@dataclass(frozen=True)
class Cycle:
    """Pieces that need each other, in order: each needs the next, the last the first."""

    pieces: tuple[Piece, ...]


def owners(pieces: Sequence[Piece], slot_count: int, choose: Chooser) -> NDArray[np.int64]:
    """Return, for every slot, the piece that writes it in this order; -1 for none."""
    owner = np.full(slot_count, -1, dtype=np.int64)
    for number, piece in enumerate(pieces):
        if choose(piece) is not None:
            owner[piece.slots] = number
    return owner


def writers_of(slots: Slots, owner: NDArray[np.int64]) -> list[int]:
    """Return the pieces that write slots, once each; -1 where none does."""
    return [int(owner[slots])] if isinstance(slots, int) else np.unique(owner[slots]).tolist()


def needs(pieces: Sequence[Piece], owner: NDArray[np.int64], choose: Chooser) -> list[list[int]]:
    """Return, for every piece, the pieces it reads."""
    out: list[list[int]] = []
    for piece in pieces:
        found: dict[int, None] = {}
        for slots in piece.reads(choose(piece) or ()):
            found.update(dict.fromkeys(writers_of(slots, owner)))
        found.pop(-1, None)
        out.append(list(found))
    return out


def components(edges: Sequence[Sequence[int]]) -> list[list[int]]:
    """Return the strongly connected components, what is needed first (Tarjan, without recursion)."""
    count = len(edges)
    index, low, on_stack = [-1] * count, [0] * count, [False] * count
    stack: list[int] = []
    out: list[list[int]] = []
    counter = 0
    for root in range(count):
        if index[root] >= 0:
            continue
        work = [(root, 0)]
        while work:
            node, at = work.pop()
            if at == 0:
                index[node] = low[node] = counter
                counter += 1
                stack.append(node)
                on_stack[node] = True
            below = edges[node]
            descended = False
            for place in range(at, len(below)):
                child = below[place]
                if index[child] < 0:
                    work += [(node, place + 1), (child, 0)]
                    descended = True
                    break
                if on_stack[child]:
                    low[node] = min(low[node], index[child])
            if descended:
                continue
            if low[node] == index[node]:
                members = []
                while True:
                    top = stack.pop()
                    on_stack[top] = False
                    members.append(top)
                    if top == node:
                        break
                out.append(members[::-1])
            if work:
                parent = work[-1][0]
                low[parent] = min(low[parent], low[node])
    return out


def split_pieces(pieces: Sequence[Piece], slot_count: int, choose: Chooser) -> tuple[list[Piece], list[Cycle]]:
    """Return pieces without loops among them: those in a loop are split by element, by levels.

    What remains a loop element by element is reported as a cycle.
    """
    owner = owners(pieces, slot_count, choose)
    edges = needs(pieces, owner, choose)
    loops = [c for c in components(edges) if len(c) > 1 or c[0] in edges[c[0]]]
    if not loops:
        return list(pieces), []
    replaced: dict[int, list[Piece]] = {}
    cycles: list[Cycle] = []
    for members in loops:
        parts, cycle = _split_component([pieces[m] for m in members], slot_count, choose)
        if cycle is not None:
            cycles.append(cycle)
        else:
            for member in members:
                replaced[member] = []
            replaced[min(members)] = parts
    out: list[Piece] = []
    for number, piece in enumerate(pieces):
        out.extend(replaced.get(number, [piece]))
    return out, cycles


def _split_component(members: Sequence[Piece], slot_count: int, choose: Chooser) -> tuple[list[Piece], Cycle | None]:
    """Split pieces that need each other into pieces over the points that can be computed at once."""
    flat = [p if p.whole else as_one_axis(p) for p in members]
    starts = np.cumsum([0] + [1 if p.whole else _points(p) for p in flat])
    owner = np.full(slot_count, -1, dtype=np.int64)
    for number, piece in enumerate(flat):
        if choose(piece) is None:
            continue
        own = starts[number] if piece.whole else starts[number] + np.arange(_points(piece))
        owner[piece.slots] = own if isinstance(piece.slots, np.ndarray) else starts[number]
    edges: list[list[int]] = []
    for piece in flat:
        edges.extend(_point_needs(piece, owner, choose))
    groups = components(edges)
    loop = next((g for g in groups if len(g) > 1 or g[0] in edges[g[0]]), None)
    if loop is not None:
        return [], Cycle(tuple(_point(flat, starts, n) for n in _around(loop, edges)))
    level = [0] * len(edges)
    for (node,) in groups:
        level[node] = 1 + max((level[e] for e in edges[node]), default=0)
    parts: list[tuple[int, int, Piece]] = []
    for number, piece in enumerate(flat):
        if piece.whole:
            parts.append((level[starts[number]], number, piece))
            continue
        levels = np.asarray(level[starts[number] : starts[number + 1]])
        for at in np.unique(levels):
            points = np.flatnonzero(levels == at)
            chosen = piece if len(points) == len(levels) else choose_points(piece, points)
            parts.append((int(at), number, chosen))
    parts.sort(key=lambda p: p[:2])
    return [p for _, _, p in parts], None


def _points(piece: Piece) -> int:
    return int(np.size(piece.slots))


def _point(flat: Sequence[Piece], starts: NDArray[np.int64], number: int) -> Piece:
    at = int(np.searchsorted(starts, number, side="right")) - 1
    piece = flat[at]
    if piece.whole or not piece.axes:
        return piece
    return choose_points(piece, np.asarray([number - starts[at]]))


def _point_needs(piece: Piece, owner: NDArray[np.int64], choose: Chooser) -> list[list[int]]:
    """Return, for every point of a one-axis piece, the points it reads."""
    count = 1 if piece.whole else _points(piece)
    found: list[dict[int, None]] = [{} for _ in range(count)]
    for slots in piece.reads(choose(piece) or ()):
        if isinstance(slots, int) or piece.whole or not piece.axes or slots.shape[0] == 1:
            shared = [n for n in writers_of(slots, owner) if n >= 0]
            for point in found:
                for n in shared:
                    point.setdefault(n)
            continue
        rows = owner[slots.reshape(slots.shape[0], -1)]
        for point, row in zip(found, rows, strict=True):
            for n in row.tolist():
                if n >= 0:
                    point.setdefault(n)
    return [list(f) for f in found]


def _around(loop: Sequence[int], edges: Sequence[Sequence[int]]) -> list[int]:
    """Return one shortest cycle through the first member of a component."""
    inside = set(loop)
    start = min(loop)
    came: dict[int, int] = {}
    queue = [start]
    for node in queue:
        for child in edges[node]:
            if child == start:
                path = [node]
                while path[-1] != start:
                    path.append(came[path[-1]])
                return path[::-1]
            if child in inside and child not in came:
                came[child] = node
                queue.append(child)
    return list(loop)


def sort_pieces(pieces: Sequence[Piece], slot_count: int, choose: Chooser) -> list[int]:
    """Return the numbers of pieces in an order where what is needed comes first."""
    edges = needs(pieces, owners(pieces, slot_count, choose), choose)
    return [n for group in components(edges) for n in group]
