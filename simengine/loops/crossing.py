"""Loops that leave a sector and come back by others.

In: a graph as lists of successors, the sector of every node ("" for those that carry a link), the sign of every edge,
and which edges are links. Out: cycles across sectors, found without going through all loops inside each.

What crosses - an edge from one sector to another, or one through a link - is a node of an outline; one crossing leads
to the next where its sector has a way between. Cycles of the outline are sequences of links; for each the shortest
ways through the sectors are taken, of every sign.

Invariant: of every sequence of crossings found there is one cycle at least; where there may be others it is said.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from itertools import islice, product

from simengine.loops.cycles import Cycle, Successors, shortest_cycles
from simengine.loops.ways import SIGNS, Way, Ways

Edge = tuple[int, int]

_MOST_WAYS = 2
"""Ways of each sign through a sector, from one place to another, that are told apart."""
_MOST_CHOICES = 64
"""Combinations of the shortest ways tried for one sequence of crossings."""
_MOST_TRIES = 200
"""Ways tried where all those combinations meet themselves."""


def crossing_cycles(
    successors: Successors,
    sectors: Sequence[str],
    most: int,
    signs: Mapping[Edge, str] | None = None,
    links: Collection[Edge] = (),
) -> tuple[list[Cycle], bool]:
    """Return simple cycles that pass more than one sector, and whether no sequence of crossings was left out.

    Parameters
    ----------
    successors, sectors
        The nodes each node leads to; the sector of each.
    most
        How many sequences of crossings at most, the shortest first.
    signs
        The sign of every edge, "+" where there is none.
    links
        Edges that are crossings even where they stay in a sector.

    """
    edges = [(u, v) for u, following in enumerate(successors) for v in following]
    chosen = set(links)
    crossings = sorted({(u, v) for u, v in edges if sectors[u] != sectors[v] or (u, v) in chosen})
    if not crossings:
        return [], True
    own = signs or {}
    crossed = set(crossings)
    inner: dict[int, list[tuple[int, str]]] = {}
    for u, v in edges:
        if (u, v) not in crossed:
            inner.setdefault(u, []).append((v, own.get((u, v), "+")))
    ways = Ways(inner)
    outline = [
        [n for n, (start, _) in enumerate(crossings) if sectors[start] == sectors[at] and ways.reaches(at, start)]
        for _, at in crossings
    ]
    frames, complete = shortest_cycles(outline, most)
    legs = _Legs(ways)
    out: dict[Cycle, None] = {}
    for frame in frames:
        passed = [crossings[n] for n in frame]
        if len({sectors[node] for edge in passed for node in edge} - {""}) < 2:
            continue
        found, sure = _cycles_of(passed, legs)
        complete = complete and (bool(found) or sure)
        out.update(dict.fromkeys(found))
    return list(out), complete


class _Legs:
    """The shortest ways from one place to another, of each sign that is known; else of none."""

    def __init__(self, ways: Ways) -> None:
        self.ways = ways
        self.known: dict[Edge, list[Way]] = {}

    def between(self, start: int, end: int) -> list[Way]:
        """Return the ways, looked for once."""
        if (start, end) not in self.known:
            found = [way for sign in "+-" for way in islice(self.ways.shortest(start, end, sign), _MOST_WAYS)]
            self.known[start, end] = found or list(islice(self.ways.shortest(start, end, "?"), _MOST_WAYS))
        return self.known[start, end]


def _cycles_of(passed: Sequence[Edge], legs: _Legs) -> tuple[list[Cycle], bool]:
    """Return simple cycles by a sequence of crossings; and, where there are none, whether there surely are none."""
    if len({u for u, _ in passed}) < len(passed) or len({v for _, v in passed}) < len(passed):
        return [], True  # no simple cycle leaves or enters a node twice
    ends = [(passed[n - 1][1], passed[n][0]) for n in range(len(passed))]
    found: list[Cycle] = []
    for choice in islice(product(*(legs.between(start, end) for start, end in ends)), _MOST_CHOICES):
        cycle = tuple(node for way in choice for node in way)
        if len(set(cycle)) == len(cycle):
            found.append(_turned(cycle))
    if found:
        return found, True
    search = _Apart(ends, legs.ways)
    apart = search.first()
    return ([] if apart is None else [_turned(apart)]), search.tries > 0 and legs.ways.steps > 0


class _Apart:
    """Looks for ways that do not meet, one leg after the other."""

    def __init__(self, ends: Sequence[Edge], ways: Ways) -> None:
        self.ends, self.ways, self.tries = ends, ways, _MOST_TRIES

    def first(self) -> Cycle | None:
        """Return the first cycle found; None where there is none, or no tries are left."""
        taken: list[Way] = []
        stack = [self._leg(0, taken)]
        while stack and self.tries > 0:
            self.tries -= 1
            way = next(stack[-1], None)
            if way is None:
                stack.pop()
                if taken:
                    taken.pop()
            elif len(stack) == len(self.ends):
                return tuple(node for leg in (*taken, way) for node in leg)
            else:
                taken.append(way)
                stack.append(self._leg(len(stack), taken))
        return None

    def _leg(self, number: int, taken: Sequence[Way]) -> Iterator[Way]:
        start, end = self.ends[number]
        met = {node for way in taken for node in way}
        return (way for sign in SIGNS for way in self.ways.shortest(start, end, sign, met))


def _turned(cycle: Cycle) -> Cycle:
    first = cycle.index(min(cycle))
    return cycle[first:] + cycle[:first]
