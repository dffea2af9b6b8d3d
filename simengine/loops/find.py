"""The feedback loops of a model: reinforcing, balancing, or not to be told.

In: a model, or its causal graph. Out: `Loops`.

Invariant: the same graph gives the same loops in the same order; where there are more than asked for it is said.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from simengine.api.model import Model
from simengine.loops.crossing import crossing_cycles, links_along
from simengine.loops.cycles import Cycle, shortest_cycles
from simengine.loops.graph import causal_graph
from simengine.loops.independent import independent_cycles
from simengine.model.definition import ModelDefinition
from simengine.source.diagnostic import InputError
from simengine.source.names import find_name, key_of, nearest_names

if TYPE_CHECKING:
    import networkx as nx

REINFORCING, BALANCING, UNKNOWN = "R", "B", "?"


@dataclass(frozen=True, slots=True)
class Loop:
    """A feedback loop.

    `polarity` is R (reinforcing), B (balancing) or ?. `delays` counts the edges that take time of their own, stocks
    not counted. `links` are the crossings from sector to sector, in order. `doubts` are the edges without a sign.
    """

    members: tuple[str, ...]
    polarity: str
    delays: int = 0
    links: tuple[str, ...] = ()
    sectors: tuple[str, ...] = ()
    doubts: tuple[tuple[str, str, str], ...] = ()

    def __str__(self) -> str:
        return f"{self.polarity}: {' -> '.join((*self.members, self.members[0]))}"


@dataclass(frozen=True, slots=True)
class LoopGroup:
    """Loops that cross sectors by the same links; `polarity` is ? where they differ."""

    links: tuple[str, ...]
    sectors: tuple[str, ...]
    polarity: str
    loops: tuple[Loop, ...]


@dataclass(frozen=True, slots=True)
class Loops:
    """The loops of a model.

    `independent` stand for all (see `independent`); `loops` are all, the shortest first, up to what was asked for:
    `complete` tells whether there are no others. `across` groups those that cross sectors; `across_complete` likewise.
    """

    independent: tuple[Loop, ...]
    loops: tuple[Loop, ...]
    complete: bool
    across: tuple[LoopGroup, ...] = ()
    across_complete: bool = True


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
    names = list(graph)
    place = {name: n for n, name in enumerate(names)}
    edges = [(place[u], place[v]) for u, v, d in graph.edges(data=True) if d["kind"] != "initial"]
    parts = _parts(len(names), edges)
    home = {n: number for number, part in enumerate(parts) for n in part}
    successors: list[list[int]] = [[] for _ in names]
    for u, v in sorted(edges):
        if home[u] == home[v]:
            successors[u].append(v)
    at = None if through is None else place[_named(through, names)]
    cycles, complete = shortest_cycles(successors, most, longest, at)
    chosen = independent_cycles(successors, parts)
    if at is not None:
        chosen = [cycle for cycle in chosen if at in cycle]
    sectors = [str(graph.nodes[name]["sector"]) for name in names]
    groups, all_groups = _groups(graph, names, successors, sectors, most, at)
    order = sorted(chosen, key=lambda c: (len(c), c))
    return Loops(
        tuple(_loop(graph, names, sectors, c) for c in order),
        tuple(_loop(graph, names, sectors, c) for c in cycles),
        complete,
        groups,
        all_groups,
    )


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


def _loop(graph: nx.DiGraph[str], names: Sequence[str], sectors: Sequence[str], cycle: Cycle) -> Loop:
    """Return a loop that begins at its first stock."""
    stock = next((n for n, c in enumerate(cycle) if graph.nodes[names[c]]["role"] == "stock"), 0)
    turned = cycle[stock:] + cycle[:stock]
    members = tuple(names[n] for n in turned)
    edges = [(u, v, graph.edges[u, v]) for u, v in zip(members, (*members[1:], members[0]), strict=True)]
    doubts = tuple((u, v, str(d["reason"])) for u, v, d in edges if d["polarity"] == "?")
    odd = sum(d["polarity"] == "-" for _, _, d in edges) % 2
    polarity = UNKNOWN if doubts else BALANCING if odd else REINFORCING
    links = links_along(turned, names, sectors)
    passed = tuple(dict.fromkeys(sectors[n] for n in turned if sectors[n]))
    return Loop(members, polarity, sum(bool(d["delayed"]) for _, _, d in edges), links, passed, doubts)


def _groups(
    graph: nx.DiGraph[str],
    names: Sequence[str],
    successors: Sequence[Sequence[int]],
    sectors: Sequence[str],
    most: int,
    at: int | None,
) -> tuple[tuple[LoopGroup, ...], bool]:
    if len(set(sectors) - {""}) < 2:
        return (), True
    cycles, complete = crossing_cycles(successors, sectors, most)
    grouped: dict[tuple[str, ...], list[Loop]] = {}
    for cycle in cycles:
        if at is not None and at not in cycle:
            continue
        loop = _loop(graph, names, sectors, cycle)
        if len(loop.links) > 1:
            grouped.setdefault(_first_named(loop.links), []).append(loop)
    out = []
    for links, loops in grouped.items():
        signs = {loop.polarity for loop in loops}
        out.append(LoopGroup(links, loops[0].sectors, signs.pop() if len(signs) == 1 else UNKNOWN, tuple(loops)))
    return tuple(sorted(out, key=lambda g: (len(g.links), g.links))), complete


def _first_named(links: tuple[str, ...]) -> tuple[str, ...]:
    """Return a sequence of links from wherever it reads first in the alphabet: loops have no first link."""
    return min(links[n:] + links[:n] for n in range(len(links)))
