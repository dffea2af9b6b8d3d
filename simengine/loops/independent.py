"""The shortest loops none of which is a combination of others: a few that stand for all.

In: a graph as lists of successors. Out: cycles, for every strongly connected part of N nodes and E edges E - N + 1.

Candidates are the cycles made of an edge, the shortest way to it from some node, and the shortest way back; they are
taken by length, each that no combination of those before gives.

Invariant: every edge that lies on any cycle lies on one of these.
References: Oliva, Model structure analysis through graph theory: partition heuristics and feedback structure
decomposition, System Dynamics Review 20(4), 2004; Kampmann, Feedback loop gains and system behavior, System Dynamics
Review 28(4), 2012 (independent loop sets); Horton, A polynomial-time algorithm to find the shortest cycle basis of a
graph, SIAM J. Comput. 16, 1987 (the candidates).
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Sequence

import numpy as np

from simengine.loops.cycles import Cycle, Successors

_PRIME = 2_147_483_629  # the rank is that over a field of so many numbers


def independent_cycles(successors: Successors, parts: Sequence[Sequence[int]]) -> list[Cycle]:
    """Return the shortest independent cycles, part by part.

    Examples
    --------
    >>> independent_cycles([[1], [0, 2], [0]], [[0, 1, 2]])
    [(0, 1), (0, 1, 2)]

    """
    return [cycle for part in parts for cycle in _of_part(successors, sorted(part))]


def _of_part(successors: Successors, part: Sequence[int]) -> Iterator[Cycle]:
    inside = set(part)
    edges = [(u, v) for u in part for v in successors[u] if v in inside]
    place = {edge: n for n, edge in enumerate(edges)}
    wanted = len(edges) - len(part) + 1
    if wanted <= 0:
        return
    basis = _Basis(len(edges), wanted)
    for cycle in _candidates(successors, part, edges, inside):
        used = [place[u, v] for u, v in zip(cycle, (*cycle[1:], cycle[0]), strict=True)]
        if basis.add(used):
            yield cycle
        if basis.full:
            return


def _candidates(
    successors: Successors, part: Sequence[int], edges: Sequence[tuple[int, int]], inside: set[int]
) -> Iterator[Cycle]:
    """Yield simple cycles by length: through every node and edge the shortest one."""
    before: dict[int, list[int]] = {n: [] for n in part}
    ahead: dict[int, list[int]] = {n: [v for v in successors[n] if v in inside] for n in part}
    for u, v in edges:
        before[v].append(u)
    ways = {n: (_ways(ahead, n), _ways(before, n)) for n in part}
    found: set[tuple[int, int, int, int]] = set()
    for n in part:
        there, back = ways[n]
        found |= {(there[u][0] + 1 + back[v][0], n, u, v) for u, v in edges}
    seen: set[Cycle] = set()
    for _, n, u, v in sorted(found):
        there, back = ways[n]
        cycle = (*_walk(there, u)[::-1], *_walk(back, v))
        cycle = cycle[:-1] if len(cycle) > 1 else cycle
        if len(set(cycle)) == len(cycle):
            first = cycle.index(min(cycle))
            turned = cycle[first:] + cycle[:first]
            if turned not in seen:
                seen.add(turned)
                yield turned


def _ways(neighbours: dict[int, list[int]], home: int) -> dict[int, tuple[int, int]]:
    """Return for every node its distance from home, and the node before it on the way."""
    out = {home: (0, home)}
    todo = deque([home])
    while todo:
        node = todo.popleft()
        for other in neighbours[node]:
            if other not in out:
                out[other] = (out[node][0] + 1, node)
                todo.append(other)
    return out


def _walk(ways: dict[int, tuple[int, int]], node: int) -> tuple[int, ...]:
    """Return the nodes from one to the home of the ways."""
    out = [node]
    while ways[node][0]:
        node = ways[node][1]
        out.append(node)
    return tuple(out)


class _Basis:
    """Rows of a matrix over a prime field, reduced as they come."""

    def __init__(self, columns: int, wanted: int) -> None:
        self.rows = np.zeros((wanted, columns), dtype=np.int64)
        self.pivots: list[int] = []

    @property
    def full(self) -> bool:
        """Whether no further row can be independent."""
        return len(self.pivots) == len(self.rows)

    def add(self, ones: Sequence[int]) -> bool:
        """Add the row that is 1 at these places; return whether it is no combination of the others."""
        count = len(self.pivots)
        row = np.zeros(self.rows.shape[1], dtype=np.int64)
        row[list(ones)] = 1
        if count:
            used = row[self.pivots]  # rows are reduced: each has a 1 at its own pivot, 0 at those of others
            row = (row - self.rows[:count][used == 1].sum(axis=0)) % _PRIME
        places = np.flatnonzero(row)
        if not places.size:
            return False
        pivot = int(places[0])
        row = row * pow(int(row[pivot]), -1, _PRIME) % _PRIME
        others = self.rows[:count, pivot].copy()
        self.rows[:count] = (self.rows[:count] - others[:, None] * row) % _PRIME
        self.rows[count] = row
        self.pivots.append(pivot)
        return True
