"""Simple cycles of a graph, the shortest first, until there are enough.

In: a graph as lists of successors, nodes being numbers. Out: cycles as tuples of nodes, the smallest first, and whether
these are all.

Invariant: cycles come by length, then by their nodes; no cycle comes twice.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Sequence

Successors = Sequence[Sequence[int]]
Cycle = tuple[int, ...]

_MOST_STEPS = 1_000_000
"""Steps after which a search gives up: a graph may have more cycles than anyone can list."""


def shortest_cycles(
    successors: Successors, most: int, longest: int | None = None, through: int | None = None
) -> tuple[list[Cycle], bool]:
    """Return up to `most` simple cycles, shortest first, and whether these are surely all there are.

    Parameters
    ----------
    successors
        The nodes each node leads to.
    most, longest
        How many cycles, and of how many nodes, at most.
    through
        A node that all must pass; None: any.

    Examples
    --------
    >>> shortest_cycles([[1], [0, 2], [0]], most=10)
    ([(0, 1), (0, 1, 2)], True)

    """
    starts = range(len(successors)) if through is None else (through,)
    limit = len(successors) if longest is None else min(longest, len(successors))
    homes = {s: _distances_to(successors, s, above=through is None) for s in starts}
    search = _Search(successors, _MOST_STEPS)
    found: list[Cycle] = []
    for length in range(1, limit + 1):
        search.cut = False
        for start in starts:
            for cycle in search.of_length(start, length, homes[start]):
                if len(found) == most:
                    return found, False
                found.append(_turned(cycle))
            if not search.steps:
                return found, False
        if not search.cut:
            return found, True
    return found, limit == len(successors) or not search.cut


class _Search:
    """Goes along paths. `cut` tells whether one was left because it could not come home in time."""

    def __init__(self, successors: Successors, steps: int) -> None:
        self.successors, self.steps, self.cut = successors, steps, False

    def of_length(self, start: int, length: int, home: dict[int, int]) -> Iterator[Cycle]:
        """Yield the cycles of a length that begin at a node, by nodes from which it can be reached; stop when tired."""
        path, on_path = [start], {start}
        stack = [iter(self.successors[start])]
        while stack and self.steps:
            self.steps -= 1
            node = next(stack[-1], None)
            if node is None:
                stack.pop()
                on_path.discard(path.pop())
            elif node == start:
                if len(path) == length:
                    yield tuple(path)
            elif node in home and node not in on_path:
                if len(path) + home[node] <= length:
                    path.append(node)
                    on_path.add(node)
                    stack.append(iter(self.successors[node]))
                else:
                    self.cut = True


def _distances_to(successors: Successors, home: int, *, above: bool) -> dict[int, int]:
    """Return how far every node is from home, going there; only by nodes not before it where `above`."""
    before: list[list[int]] = [[] for _ in successors]
    for node, following in enumerate(successors):
        for other in following:
            before[other].append(node)
    out = {home: 0}
    todo = deque([home])
    while todo:
        node = todo.popleft()
        for other in before[node]:
            if other not in out and (other > home or not above):
                out[other] = out[node] + 1
                todo.append(other)
    return out


def _turned(cycle: Cycle) -> Cycle:
    first = cycle.index(min(cycle))
    return cycle[first:] + cycle[:first]
