"""Loops that leave a sector and come back by others.

In: a graph as lists of successors, and the sector of every node ("" for those that carry a link). Out: cycles across
sectors, found without going through all loops inside each; and the links a cycle passes.

Between the places where a sector is entered and left, the shortest few ways are taken.

Invariant: every sequence of links that some loop passes is found, as long as there are not more than asked for.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Sequence
from itertools import product

from simengine.loops.cycles import Cycle, Successors, shortest_cycles

_MOST_WAYS = 4
"""Ways through a sector, from one place to another, that are told apart."""
_MOST_STEPS = 20_000


def links_along(cycle: Sequence[int], names: Sequence[str], sectors: Sequence[str]) -> tuple[str, ...]:
    """Return the links a cycle passes, in order: by the variables that carry them, else as `from -> to`.

    Examples
    --------
    >>> names = ["a.x", "link X1 effect", "b.y"]
    >>> links_along([0, 1, 2], names, ["a", "", "b"])
    ('X1', 'b.y -> a.x')

    """
    starts = [n for n, node in enumerate(cycle) if sectors[node] and sectors[node] != sectors[cycle[n - 1]]]
    if not starts:
        return ()
    turned = [*cycle[starts[0] :], *cycle[: starts[0]], cycle[starts[0]]]
    out: list[str] = []
    last, carried = turned[0], ""
    for node in turned[1:]:
        if not sectors[node]:
            carried = carried or _label(names[node])
            continue
        if carried or sectors[node] != sectors[last]:
            out.append(carried or f"{names[last]} -> {names[node]}")
        last, carried = node, ""
    return tuple(out)


def _label(name: str) -> str:
    words = name.split()
    return words[1] if len(words) > 1 else name


def crossing_cycles(successors: Successors, sectors: Sequence[str], most: int) -> tuple[list[Cycle], bool]:
    """Return simple cycles that pass more than one sector, and whether no sequence of links was left out."""
    gates = sorted({n for u, vs in enumerate(successors) for v in vs if sectors[u] != sectors[v] for n in (u, v)})
    if not gates:
        return [], True
    place = {node: n for n, node in enumerate(gates)}
    ways: dict[tuple[int, int], list[Cycle]] = {}
    for u in gates:
        for v in gates:
            if v in successors[u] and sectors[u] != sectors[v]:
                ways[u, v] = [(u, v)]
            elif u != v and sectors[u] == sectors[v]:
                found = list(_paths(successors, sectors, u, v, set(gates)))
                if found:
                    ways[u, v] = found
    outline: list[list[int]] = [[] for _ in gates]
    for u, v in ways:
        outline[place[u]].append(place[v])
    frames, complete = shortest_cycles([sorted(following) for following in outline], most)
    out: dict[Cycle, None] = {}
    for frame in frames:
        nodes = [gates[n] for n in frame]
        legs = [ways[u, v] for u, v in zip(nodes, (*nodes[1:], nodes[0]), strict=True)]
        for choice in product(*legs):
            cycle = tuple(node for leg in choice for node in leg[:-1])
            if len(set(cycle)) == len(cycle) and len({sectors[n] for n in cycle} - {""}) > 1:
                first = cycle.index(min(cycle))
                out[cycle[first:] + cycle[:first]] = None
            if len(out) >= most:
                return list(out), False
    return list(out), complete


def _paths(successors: Successors, sectors: Sequence[str], start: int, end: int, gates: set[int]) -> Iterator[Cycle]:
    """Yield the shortest simple ways inside a sector that pass no other gate."""
    todo: deque[Cycle] = deque([(start,)])
    count = steps = 0
    while todo and count < _MOST_WAYS and steps < _MOST_STEPS:
        path = todo.popleft()
        steps += 1
        for node in successors[path[-1]]:
            if node == end:
                count += 1
                yield (*path, node)
                if count == _MOST_WAYS:
                    return
            elif sectors[node] == sectors[start] and node not in path and node not in gates:
                todo.append((*path, node))
