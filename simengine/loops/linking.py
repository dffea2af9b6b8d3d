"""Links of a composed model, folded: source -> target, through the link.

In: a causal graph that shows the variables of links, and what the model tells of its links. Out: a graph without them:
an edge from what a link reads to its target carries the link's name, its sign and what its file says of it; who reads
the target `with links` reads the target.

The sign is that of the link at any gain above 0, whatever its gain is in the run: an edge of a link that is off in the
run has the kind `off`, and lies on no loop.

Invariant: every variable of a part stays, with all the edges it has alone.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from simengine.loops.polarity import Polarity, in_parallel, in_series
from simengine.model.link import Link, Part
from simengine.source.names import Key, key_of

if TYPE_CHECKING:
    import networkx as nx

OFF = "off"


@dataclass(frozen=True, slots=True)
class Linked:
    """The links of a model, those off in the run, the parts, names of variables by key, and names of those of time."""

    links: Sequence[Link]
    off: Collection[str]
    parts: Sequence[Part]
    names: dict[Key, str]
    clock: Collection[str]


def fold_links(graph: nx.DiGraph[str], linked: Linked) -> nx.DiGraph[str]:
    """Return a graph with links as edges."""
    return _Folding(graph, linked).folded()


def strength_words(link: Link) -> str:
    """Return a link's strength with its range and unit, as `7 [4, 8.8] person*yr/MEUR`.

    Examples
    --------
    >>> from simengine.source.names import key_of
    >>> keys = [key_of(name) for name in ("a.x", "b.y", "link L", "link L effect")]
    >>> strength_words(Link("L", *keys, value=7.0, unit="person*yr/MEUR", low=4.0, high=8.8))
    '7 [4, 8.8] person*yr/MEUR'

    """
    bounds = ""
    if link.low is not None or link.high is not None:
        low, high = ("" if bound is None else f"{bound:g}" for bound in (link.low, link.high))
        bounds = f" [{low}, {high}]"
    above, _, below = link.unit.removeprefix("(").removesuffix(")").partition(")/(")
    unit = "" if link.unit in {"", "Dmnl", "1"} or above == below else f" {link.unit}"
    return f"{link.value:g}{bounds}{unit}"


def scale_words(link: Link) -> str:
    """Return from which scale to which a link goes; empty where its file does not say."""
    return f"{link.scale_from} -> {link.scale_to}" if link.scale_from or link.scale_to else ""


def read_words(link: Link, parts: Sequence[Part]) -> str:
    """Return how a source with another time step is read: `mean of the last step`, `held` between its own; or nothing.

    A faster source is sampled over its target's step, a slower one holds its value from tick to tick.
    """
    if link.sampled:
        return "last value before the step" if link.sampled == "last" else f"{link.sampled} of the last step"
    steps = {part.key: part.time_step for part in parts}
    source, target = (steps.get(key_of(_part_of(key)), 0.0) for key in (link.source, link.target))
    return "held" if source > target * (1 + 1e-9) else ""


def _part_of(key: Key) -> str:
    return key.split(".", 1)[0]


class _Folding:
    def __init__(self, graph: nx.DiGraph[str], linked: Linked) -> None:
        self.graph, self.linked = graph, linked
        self.carried = _carriers(graph, linked.links)
        self.targets = {linked.names[link.target] for link in linked.links}
        self.combined = {f"{name} with links": name for name in self.targets if f"{name} with links" in graph}

    def folded(self) -> nx.DiGraph[str]:
        import networkx as nx  # heavy: only where a graph is asked for

        gone = {*self.carried, *self.combined}
        out: nx.DiGraph[str] = nx.DiGraph(**self.graph.graph)
        out.add_nodes_from((n, dict(d)) for n, d in self.graph.nodes(data=True) if n not in gone)
        for u, v, d in self.graph.edges(data=True):
            # a target read as it is: by its own sum with links, or by a link that starts from it
            if v in gone or u in self.carried:
                continue
            out.add_edge(self.combined.get(u, u), v, **d)
        out.remove_nodes_from([n for n in out if n in self.linked.clock and not out.degree(n)])
        for link in self.linked.links:
            for cause, polarity, initial in self._ways(link):
                self._add(out, cause, link, polarity, initial=initial)
        for _, target, d in out.edges(data=True):
            if d["link"] and d["kind"] != OFF and out.nodes[target]["role"] in {"constant", "data"}:
                out.nodes[target]["role"] = "auxiliary"
        return out

    def _ways(self, link: Link) -> list[tuple[str, Polarity, bool]]:
        """Return what a link reads, with the sign of all its ways to the target, and whether at the start only."""
        found: dict[str, list[tuple[Polarity, bool]]] = {}
        effect, arriving = self.linked.names[link.effect], self.linked.names.get(link.arriving or link.effect, "")
        combined = f"{self.linked.names[link.target]} with links"
        last = _polarity(self.graph.edges[arriving, combined])
        stack: list[tuple[str, tuple[Polarity, ...], bool]] = [(effect, (last,), False)]
        while stack:
            node, behind, initial = stack.pop()
            for cause, _, d in self.graph.in_edges(node, data=True):
                at_start = initial or d["kind"] == "initial"
                way = (_polarity(d), *behind)
                if self.carried.get(cause) == link.name:
                    stack.append((cause, way, at_start))
                elif cause not in self.linked.clock and cause not in self.carried:
                    found.setdefault(self.combined.get(cause, cause), []).append((in_series(way), at_start))
        target = self.linked.names[link.target]
        out = []
        for cause, ways in found.items():
            running = [polarity for polarity, at_start in ways if not at_start]
            if cause != target:
                out.append((cause, in_parallel(running or [p for p, _ in ways]), not running))
        return sorted(out, key=lambda way: int(self.graph.nodes[way[0]]["order"]))

    def _add(self, out: nx.DiGraph[str], cause: str, link: Link, polarity: Polarity, *, initial: bool) -> None:
        target = self.linked.names[link.target]
        off = link.name in self.linked.off
        made: dict[str, Any] = {
            "polarity": polarity.sign,
            "basis": polarity.basis,
            "reason": polarity.reason,
            "kind": "initial" if initial else OFF if off else "link",
            "delayed": bool(link.delay) and not initial,
            "link": link.name,
            "main": cause == self.linked.names[link.source],
            **link_data(link, self.linked.parts),
        }
        if not out.has_edge(cause, target):
            out.add_edge(cause, target, **made)
            return
        before = out.edges[cause, target]
        if made["kind"] in {"initial", OFF} and before["kind"] not in {"initial", OFF}:
            return  # what acts in the run says more
        if before["kind"] in {"initial", OFF} and made["kind"] not in {"initial", OFF}:
            out.add_edge(cause, target, **made)
            return
        both = in_parallel([_polarity(before), polarity])
        slow = before["delayed"] or made["delayed"]
        told = {key: "; ".join(t for t in (before.get(key, ""), made[key]) if t) for key in link_data(link, ())}
        names = ", ".join(name for name in (before["link"], link.name) if name)
        both_ways = {"polarity": both.sign, "basis": both.basis, "reason": both.reason}
        before.update({**told, **both_ways, "link": names, "delayed": slow, "main": True})


def link_data(link: Link, parts: Sequence[Part]) -> dict[str, str]:
    """Return what a link's file says of it, as texts for edges."""
    return {
        "how": link.how if link.how != "multiply" else f"multiply, {link.by}",
        "title": link.title,
        "strength": strength_words(link),
        "evidence": link.kind,
        "delay": link.delay,
        "scales": scale_words(link),
        "read": read_words(link, parts),
    }


def _polarity(edge: dict[str, Any]) -> Polarity:
    return Polarity(edge["polarity"], edge["basis"], edge["reason"])


def _carriers(graph: nx.DiGraph[str], links: Sequence[Link]) -> dict[str, str]:
    """Return the variables of links, each with its link: of two links that fit its name the longer one."""
    names = sorted((link.name for link in links), key=len)
    out = {}
    for name in names:
        own = f"link {name}".casefold()
        for node, d in graph.nodes(data=True):
            written = node.casefold()
            if d["group"] == "links" and (written == own or written.startswith(f"{own} ")):
                out[node] = name
    return out
