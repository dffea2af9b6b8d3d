"""A large graph made smaller: stocks and flows only, or sectors only.

In: a causal graph. Out: one of the same kind, where what is left out has become part of the edges.

Invariant: an edge between what is shown stands for all paths between that pass nothing else shown.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from simengine.loops.linking import OFF
from simengine.loops.polarity import BOTH_WAYS
from simengine.source.diagnostic import InputError

if TYPE_CHECKING:
    import networkx as nx

ALL, STOCKS, SECTORS = "all", "stocks", "sectors"
LEVELS = (SECTORS, STOCKS, ALL)
READABLE = 60
"""Nodes that a drawing shows readably."""

_KEPT = {"stock", "flow"}


def choose_level(graph: nx.DiGraph[str]) -> str:
    """Return the level with most detail that is still readable."""
    if len(graph) <= READABLE:
        return ALL
    moving = sum(d["role"] in _KEPT for _, d in graph.nodes(data=True))
    if 0 < moving <= READABLE:
        return STOCKS
    return SECTORS if area_kind(graph) else STOCKS if moving else ALL


def area_kind(graph: nx.DiGraph[str]) -> str:
    """Return what divides a graph: sector, group, or nothing ("")."""
    for kind in ("sector", "group"):
        if len({d[kind] for _, d in graph.nodes(data=True) if d[kind]}) > 1:
            return kind
    return ""


def at_level(graph: nx.DiGraph[str], level: str) -> nx.DiGraph[str]:
    """Return the graph at a level of detail: "all", "stocks" (stocks and flows) or "sectors" (else groups).

    Of a composed model stocks stand beside what links begin and end at; between its sectors every link is an edge of
    its own: they are a `networkx.MultiDiGraph`.

    Raises
    ------
    InputError
        If the model has no sectors and no groups, or no stocks, to show.

    """
    if level == ALL:
        return graph
    if level == SECTORS:
        return _areas(graph)
    ends = {n for u, v, d in graph.edges(data=True) if d["link"] for n in (u, v)}
    kept = [n for n, d in graph.nodes(data=True) if d["role"] in _KEPT or n in ends or _arrives(graph, n)]
    if not kept:
        raise InputError("the model has no stocks or flows: ask for level `all`")
    return _folded(graph, kept)


def _arrives(graph: nx.DiGraph[str], node: str) -> bool:
    """Return whether a node carries a link into a sector."""
    sectors = {graph.nodes[after]["sector"] for after in graph.successors(node)}
    return not graph.nodes[node]["sector"] and bool(sectors - {""}) and graph.in_degree(node) > 0


def _areas(graph: nx.DiGraph[str]) -> nx.DiGraph[str]:
    import networkx as nx  # heavy: only where a graph is asked for

    kind = area_kind(graph)
    if kind == "sector" and any(d["link"] for _, _, d in graph.edges(data=True)):
        return _linked_sectors(graph)
    if not kind:
        raise InputError("the model has no sectors and no groups: ask for level `stocks` or `all`")
    out: nx.DiGraph[str] = nx.DiGraph(name=graph.graph.get("name", ""))
    inner = _folded(graph, [n for n, d in graph.nodes(data=True) if d[kind]])
    area = {n: str(d[kind]) for n, d in inner.nodes(data=True)}
    for node, name in area.items():
        if name not in out:
            out.add_node(name, role="area", units="", group="", sector="", order=len(out), count=0)
        out.nodes[name]["count"] += bool(node)
    for u, v, d in inner.edges(data=True):
        if area[u] == area[v] or d["kind"] == "initial":
            continue
        if not out.has_edge(area[u], area[v]):
            out.add_edge(area[u], area[v], **{**d, "kind": "link", "count": 0, "signs": ""})
        edge = out.edges[area[u], area[v]]
        edge["count"] += 1
        edge["signs"] += d["polarity"]
        edge["delayed"] = edge["delayed"] and d["delayed"]
    for _, _, edge in out.edges(data=True):
        same = len(set(edge["signs"])) == 1
        edge.update(signs="".join(sorted(edge["signs"], key="+-?".index)))
        edge.update(polarity=edge["signs"][0] if same else "?", basis=edge["basis"] if same else "")
        edge["reason"] = edge["reason"] if same else f"{edge['count']} links of several signs"
    return out


def _linked_sectors(graph: nx.DiGraph[str]) -> nx.MultiDiGraph[str]:
    """Return sectors with an edge for every link, and for every other edge between two."""
    import networkx as nx

    out: nx.MultiDiGraph[str] = nx.MultiDiGraph(name=graph.graph.get("name", ""))
    area = {n: str(d["sector"]) for n, d in graph.nodes(data=True) if d["sector"]}
    for name in dict.fromkeys(area.values()):
        count = sum(own == name for own in area.values())
        out.add_node(name, role="area", units="", group="", sector="", order=len(out), count=count)
    seen: set[tuple[str, str, str]] = set()
    # what a link reads beside its source (a reference, a weight) comes later: its file's source is the first
    edges = sorted(graph.edges(data=True), key=lambda e: (e[2]["kind"] == "initial", not e[2].get("main", False)))
    for u, v, d in edges:
        if u not in area or v not in area or not (d["link"] or area[u] != area[v]):
            continue
        what = (area[u], area[v], d["link"] or f"{u} -> {v}")
        if what not in seen:
            seen.add(what)
            out.add_edge(area[u], area[v], **{"source": u, "target": v, **d})
    return out


def _folded(graph: nx.DiGraph[str], kept: list[str]) -> nx.DiGraph[str]:
    import networkx as nx

    kept = _enough(graph, kept)
    shown = set(kept)
    rest = graph.subgraph([n for n in graph if n not in shown])
    order = list(nx.lexicographical_topological_sort(rest, key=lambda n: int(graph.nodes[n]["order"])))
    out: nx.DiGraph[str] = nx.DiGraph(name=graph.graph.get("name", ""))
    out.add_nodes_from((n, graph.nodes[n]) for n in graph if n in shown)
    for source in out:
        reach = _reach(graph, source, order, shown)
        for target in out:
            if target in reach:  # what is off reaches nothing
                out.add_edge(source, target, **_summary(graph, source, target, reach[target]))
    off = ((u, v, d) for u, v, d in graph.edges(data=True) if d["kind"] == OFF and u in shown and v in shown)
    out.add_edges_from((u, v, dict(d)) for u, v, d in off if not out.has_edge(u, v))
    return out


def _enough(graph: nx.DiGraph[str], kept: list[str]) -> list[str]:
    """Return the nodes to keep, and more where the others go in circles: those that a delay leads to."""
    import networkx as nx

    shown = set(kept)
    while True:
        rest = graph.subgraph([n for n in graph if n not in shown])
        circles = [c for c in nx.strongly_connected_components(rest) if len(c) > 1 or rest.has_edge(*(min(c),) * 2)]
        if not circles:
            return [n for n in graph if n in shown]
        for circle in circles:
            slow = {v for u, v, d in rest.edges(data=True) if d["delayed"] and u in circle and v in circle}
            shown |= slow or circle


_Way = tuple[str, bool, bool]  # sign, delayed, counts at the start only


def _reach(graph: nx.DiGraph[str], source: str, order: list[str], shown: set[str]) -> dict[str, set[_Way]]:
    """Return the ways from a node to all others, by what is not shown."""
    ways: dict[str, set[_Way]] = {}

    def lead(node: str, own: set[_Way]) -> None:
        for _, after, d in graph.out_edges(node, data=True):
            if d["kind"] == OFF:
                continue
            for sign, slow, initial in own:
                step = (_product(sign, d["polarity"]), slow or d["delayed"], initial or d["kind"] == "initial")
                ways.setdefault(after, set()).add(step)

    lead(source, {("+", False, False)})
    for node in order:
        if node in ways:
            lead(node, ways[node])
    return {node: own for node, own in ways.items() if node in shown}


def _product(a: str, b: str) -> str:
    return "?" if "?" in {a, b} else "+" if a == b else "-"


def _summary(graph: nx.DiGraph[str], source: str, target: str, ways: set[_Way]) -> dict[str, Any]:
    direct = graph.edges[source, target] if graph.has_edge(source, target) else None
    running = {way for way in ways if not way[2]} or ways
    signs = {sign for sign, _, _ in running}
    polarity = signs.pop() if len(signs) == 1 else "?"
    kind = "initial" if all(initial for _, _, initial in running) else "link"
    if direct is not None and (direct["kind"] == "flow" or direct["link"]):
        return {**direct}
    reason = "" if polarity != "?" else str(direct["reason"]) if direct and direct["reason"] else BOTH_WAYS
    if polarity == "?" and "?" in {sign for sign, _, _ in running} and not (direct and direct["reason"]):
        reason = "passes a link whose sign is not known"
    return {
        "polarity": polarity,
        "basis": str(direct["basis"]) if direct and len(ways) == 1 else "",
        "reason": reason,
        "kind": kind,
        "delayed": any(slow for _, slow, _ in running),
        "link": "",
    }
