"""Simple ways through a sector, the shortest first, of a wanted sign.

In: a graph as lists of successors with the sign of every edge. Out: ways as tuples of nodes.

Each step is taken towards the end along what is left at least (A*, Hart, Nilsson and Raphael 1968): the length of the
shortest walk home that gives the way its sign.

Invariant: ways come by length; no way meets a node twice.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Collection, Iterator, Mapping, Sequence
from heapq import heappop, heappush

Signed = Mapping[int, Sequence[tuple[int, str]]]
Way = tuple[int, ...]

SIGNS = ("+", "-", "?")
_MOST_STEPS = 3_000
"""Steps after which the search for one way is given up."""
_ALL_STEPS = 300_000
"""Steps after which all searches in a graph are."""


def times(a: str, b: str) -> str:
    """Return the sign of two signs after another."""
    return "?" if "?" in {a, b} else "+" if a == b else "-"


class Ways:
    """Finds ways in one graph; what is known of an end is kept."""

    def __init__(self, successors: Signed) -> None:
        self.successors = successors
        self.before: dict[int, list[tuple[int, str]]] = {}
        for u, following in successors.items():
            for v, sign in following:
                self.before.setdefault(v, []).append((u, sign))
        self.steps = _ALL_STEPS
        self.known: dict[int, dict[tuple[int, str], int]] = {}

    def reaches(self, start: int, end: int) -> bool:
        """Return whether there is a way at all."""
        home = self._home(end)
        return any((start, sign) in home for sign in SIGNS)

    def shortest(self, start: int, end: int, sign: str, avoid: Collection[int] = ()) -> Iterator[Way]:
        """Yield simple ways of a sign that avoid some nodes; from a node to itself there is one, of no steps.

        Examples
        --------
        >>> ways = Ways({0: [(1, "+"), (2, "-")], 1: [(2, "+")]})
        >>> list(ways.shortest(0, 2, "+")), list(ways.shortest(0, 2, "-"))
        ([(0, 1, 2)], [(0, 2)])

        """
        if start == end:
            if sign == "+" and start not in avoid:
                yield (start,)
            return
        home, shut = self._home(end), frozenset(avoid)
        if start in shut or end in shut:
            return
        heap: list[tuple[int, Way, str]] = []
        self._push(heap, home, (start,), "+", sign)
        for _ in range(_MOST_STEPS):
            if not heap or not self.steps:
                return
            self.steps -= 1
            _, way, own = heappop(heap)
            if way[-1] == end:
                if own == sign:  # else a walk on from the end and back would give the sign: no simple way does
                    yield way
                continue
            for node, step in self.successors.get(way[-1], ()):
                if node not in way and node not in shut:
                    self._push(heap, home, (*way, node), times(own, step), sign)

    def _push(
        self, heap: list[tuple[int, Way, str]], home: dict[tuple[int, str], int], way: Way, own: str, sign: str
    ) -> None:
        """Note a way, where what is left of it may give the wanted sign."""
        rests = [rest for rest in SIGNS if times(own, rest) == sign]
        left = [home[way[-1], rest] for rest in rests if (way[-1], rest) in home]
        if left:
            heappush(heap, (len(way) + min(left), way, own))

    def _home(self, end: int) -> dict[tuple[int, str], int]:
        """Return the length of the shortest walk of every sign from every node to an end."""
        if end not in self.known:
            out = {(end, "+"): 0}
            todo = deque([(end, "+")])
            while todo:
                node, sign = todo.popleft()
                for other, step in self.before.get(node, ()):
                    state = (other, times(step, sign))
                    if state not in out:
                        out[state] = out[node, sign] + 1
                        todo.append(state)
            self.known[end] = out
        return self.known[end]
