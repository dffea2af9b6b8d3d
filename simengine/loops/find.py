"""The feedback loops of a model: reinforcing, balancing, or not to be told.

In: a model, or its causal graph. Out: `Loops`.

Invariant: the same graph gives the same loops in the same order; where there are more than asked for it is said.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from simengine.api.model import Model
from simengine.loops.crossing import crossing_cycles
from simengine.loops.cycles import Cycle, shortest_cycles
from simengine.loops.graph import causal_graph
from simengine.loops.independent import independent_cycles
from simengine.loops.linking import OFF
from simengine.model.definition import ModelDefinition
from simengine.source.diagnostic import InputError
from simengine.source.names import find_name, key_of, nearest_names

if TYPE_CHECKING:
    import networkx as nx

REINFORCING, BALANCING, UNKNOWN = "R", "B", "?"
_IDLE = frozenset({"initial", OFF})
"""Kinds of edges that carry nothing from one moment of the run to the next."""


@dataclass(frozen=True, slots=True)
class Loop:
    """A feedback loop.

    `polarity` is R (reinforcing), B (balancing) or ?. `delays` counts the edges that take time of their own, stocks
    not counted. `links` are the links it passes, and other crossings from sector to sector, in order; `steps` says of
    every member by which link it leads on, "" by none. `doubts` are the edges without a sign.
    """

    members: tuple[str, ...]
    polarity: str
    delays: int = 0
    links: tuple[str, ...] = ()
    sectors: tuple[str, ...] = ()
    doubts: tuple[tuple[str, str, str], ...] = ()
    steps: tuple[str, ...] = ()

    def __str__(self) -> str:
        return f"{self.polarity}: {' -> '.join((*self.members, self.members[0]))}"


@dataclass(frozen=True, slots=True)
class LoopGroup:
    """Loops that cross sectors by the same links, the shortest first.

    `polarity` is ? where they differ, `signs` are all they have.
    """

    links: tuple[str, ...]
    sectors: tuple[str, ...]
    polarity: str
    loops: tuple[Loop, ...]

    @property
    def signs(self) -> tuple[str, ...]:
        """The polarities of its loops, those that are known first."""
        own = {loop.polarity for loop in self.loops}
        return tuple(sign for sign in (REINFORCING, BALANCING, UNKNOWN) if sign in own)

    @property
    def shortest(self) -> tuple[Loop, ...]:
        """The shortest loop of each polarity."""
        return tuple(next(loop for loop in self.loops if loop.polarity == sign) for sign in self.signs)


@dataclass(frozen=True, slots=True)
class Loops:
    """The loops of a model.

    `independent` stand for all (see `independent`); `loops` are all, the shortest first, up to what was asked for:
    `complete` tells whether there are no others. `across` groups those that cross sectors; `across_complete` likewise.
    `within` are the independent loops inside each sector.
    """

    independent: tuple[Loop, ...]
    loops: tuple[Loop, ...]
    complete: bool
    across: tuple[LoopGroup, ...] = ()
    across_complete: bool = True
    within: tuple[tuple[str, tuple[Loop, ...]], ...] = ()


def find_loops(
    model: Model | ModelDefinition | nx.DiGraph[str],
    *,
    through: str | None = None,
    most: int = 1000,
    longest: int | None = None,
) -> Loops:
    r"""Return the feedback loops of a model.

    Parameters
    ----------
    model
        What `simengine.load` gave, a definition, or a graph that `causal_graph` made.
    through
        A variable that all loops must pass.
    most, longest
        How many loops are listed, and of how many variables, at most.

    Raises
    ------
    InputError
        If no variable of the graph has the name `through`.

    Examples
    --------
    >>> import simengine
    >>> found = find_loops(simengine.load("tests/models/teacup.mdl"))
    >>> print(*found.loops, sep="\n")
    B: Teacup Temperature -> Heat Loss to Room -> Teacup Temperature

    """
    graph = causal_graph(model) if isinstance(model, Model | ModelDefinition) else model
    search = _Search(graph, None if through is None else _named(through, list(graph)))
    cycles, complete = shortest_cycles(search.successors, most, longest, search.at)
    groups, all_groups = search.across(most)
    return Loops(
        search.independent(search.parts),
        tuple(search.loop(c) for c in cycles),
        complete,
        groups,
        all_groups,
        search.within(),
    )


class _Search:
    """A graph by numbers, and the loops made of its cycles."""

    def __init__(self, graph: nx.DiGraph[str], through: str | None) -> None:
        self.graph, self.names = graph, list(graph)
        place = {name: n for n, name in enumerate(self.names)}
        self.at = None if through is None else place[through]
        edges = [(place[u], place[v]) for u, v, d in graph.edges(data=True) if d["kind"] not in _IDLE]
        self.parts = _parts(len(self.names), edges)
        home = {n: number for number, part in enumerate(self.parts) for n in part}
        self.successors: list[list[int]] = [[] for _ in self.names]
        for u, v in sorted(edges):
            if home[u] == home[v]:
                self.successors[u].append(v)
        self.sectors = [str(graph.nodes[name]["sector"]) for name in self.names]

    def edge(self, u: int, v: int) -> dict[str, Any]:
        """Return what is known of an edge."""
        return self.graph.edges[self.names[u], self.names[v]]

    def independent(self, parts: Sequence[Sequence[int]]) -> tuple[Loop, ...]:
        """Return the shortest independent loops of strongly connected parts."""
        chosen = independent_cycles(self.successors, parts)
        return tuple(self.loop(c) for c in sorted(chosen, key=lambda c: (len(c), c)) if self.at is None or self.at in c)

    def within(self) -> tuple[tuple[str, tuple[Loop, ...]], ...]:
        """Return the independent loops inside every sector."""
        sectors = list(dict.fromkeys(sector for sector in self.sectors if sector))
        if len(sectors) < 2:
            return ()
        out = []
        for sector in sectors:
            own = [n for n, its in enumerate(self.sectors) if its == sector]
            place = {n: k for k, n in enumerate(own)}
            edges = [(place[u], place[v]) for u in own for v in self.successors[u] if v in place]
            parts = [[own[k] for k in part] for part in _parts(len(own), edges)]
            out.append((sector, self.independent(parts)))
        return tuple(out)

    def loop(self, cycle: Cycle) -> Loop:
        """Return a loop that begins at its first stock."""
        stock = next((n for n, c in enumerate(cycle) if self.graph.nodes[self.names[c]]["role"] == "stock"), 0)
        turned = cycle[stock:] + cycle[:stock]
        members = tuple(self.names[n] for n in turned)
        edges = [self.edge(u, v) for u, v in zip(turned, (*turned[1:], turned[0]), strict=True)]
        following = (*members[1:], members[0])
        doubts = tuple(
            (u, v, str(d["reason"])) for u, v, d in zip(members, following, edges, strict=True) if d["polarity"] == "?"
        )
        odd = sum(d["polarity"] == "-" for d in edges) % 2
        polarity = UNKNOWN if doubts else BALANCING if odd else REINFORCING
        steps = tuple(str(d["link"]) for d in edges)
        links = links_along(members, [self.sectors[n] for n in turned], steps)
        passed = tuple(dict.fromkeys(self.sectors[n] for n in turned if self.sectors[n]))
        return Loop(members, polarity, sum(bool(d["delayed"]) for d in edges), links, passed, doubts, steps)

    def across(self, most: int) -> tuple[tuple[LoopGroup, ...], bool]:
        """Return the loops across sectors by the links they pass, and whether these are all such sequences."""
        if len(set(self.sectors) - {""}) < 2:
            return (), True
        edges = {(u, v): self.edge(u, v) for u, following in enumerate(self.successors) for v in following}
        signs = {pair: str(d["polarity"]) for pair, d in edges.items()}
        # what leads to the node that all must pass is told apart as links are: so no way past it hides one through it
        links = [pair for pair, d in edges.items() if d["link"] or pair[1] == self.at]
        cycles, complete = crossing_cycles(self.successors, self.sectors, most, signs, links)
        grouped: dict[tuple[str, ...], list[Loop]] = {}
        for cycle in cycles:
            if self.at is None or self.at in cycle:
                loop = self.loop(cycle)
                grouped.setdefault(_first_named(loop.links), []).append(loop)
        return tuple(sorted((_group(*item) for item in grouped.items()), key=_rank)), complete


def _group(links: tuple[str, ...], loops: list[Loop]) -> LoopGroup:
    loops = sorted(loops, key=lambda loop: (len(loop.members), loop.members))
    signs = {loop.polarity for loop in loops}
    return LoopGroup(links, loops[0].sectors, signs.pop() if len(signs) == 1 else UNKNOWN, tuple(loops))


def _rank(group: LoopGroup) -> tuple[int, int, tuple[str, ...]]:
    return len(group.links), len(group.loops[0].members), group.links


def links_along(members: Sequence[str], sectors: Sequence[str], steps: Sequence[str]) -> tuple[str, ...]:
    """Return the links a cycle passes, in order: those of its steps, those its members carry, else `from -> to`.

    Examples
    --------
    >>> links_along(["a.x", "link X1 effect", "b.y"], ["a", "", "b"], ["", "", ""])
    ('X1', 'b.y -> a.x')
    >>> links_along(["a.x", "b.y"], ["a", "b"], ["X1", "X2"])
    ('X1', 'X2')

    """
    count = len(members)
    start = next((n for n in range(count) if sectors[n] and sectors[n] != sectors[n - 1]), 0)
    out: list[str] = []
    carried = ""
    for place in range(start, start + count):
        here, following = place % count, (place + 1) % count
        if steps[here]:
            out.append(steps[here])
        elif not sectors[following]:
            carried = carried or _label(members[following])
        elif carried:
            out.append(carried)
            carried = ""
        elif sectors[following] != sectors[here]:
            out.append(f"{members[here]} -> {members[following]}")
    return tuple(out)


def _label(name: str) -> str:
    words = name.split()
    return words[1] if len(words) > 1 else name


def _parts(count: int, edges: Sequence[tuple[int, int]]) -> list[list[int]]:
    """Return the strongly connected parts, by their first node."""
    import networkx as nx  # heavy: only where loops are asked for

    numbered: nx.DiGraph[int] = nx.DiGraph()
    numbered.add_nodes_from(range(count))
    numbered.add_edges_from(edges)
    return sorted(sorted(part) for part in nx.strongly_connected_components(numbered))


def _named(name: str, names: Sequence[str]) -> str:
    known = {key_of(n): n for n in names}
    key = find_name(name, known)
    if key is None:
        near = nearest_names(name, names, count=1)
        hint = f"; did you mean `{near[0]}`?" if near else ""
        raise InputError(f"no variable is called `{name}`{hint}")
    return known[key]


def _first_named(links: tuple[str, ...]) -> tuple[str, ...]:
    """Return a sequence of links from wherever it reads first in the alphabet: loops have no first link."""
    return min(links[n:] + links[:n] for n in range(len(links)))
