"""Causal graphs as text for other programs: DOT, GraphML, Mermaid, JSON.

In: a causal graph and its loops. Out: the text of a file.

Invariant: any name can be written; what is written depends on nothing but the graph.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from simengine.loops.find import Loop, Loops
from simengine.loops.linking import OFF

if TYPE_CHECKING:
    import networkx as nx

_SHAPES = {"stock": "box", "flow": "invtriangle", "area": "box"}
_COLOURS = {"+": "#1f6fa8", "-": "#c0482b", "?": "#7b7f85"}


def write_dot(graph: nx.DiGraph[str], title: str) -> str:
    """Return a graph in the language of Graphviz; sectors are clusters."""
    ids = _ids(graph)
    out = [f"digraph {_quoted(title)} {{", "  rankdir=LR;", '  node [shape=plaintext, fontname="Helvetica"];']
    for sector in dict.fromkeys(str(d["sector"]) for _, d in graph.nodes(data=True)):
        own = [(n, d) for n, d in graph.nodes(data=True) if d["sector"] == sector]
        lines = [f"{ids[n]} [label={_quoted(n)}, shape={_SHAPES.get(d['role'], 'plaintext')}];" for n, d in own]
        if sector:
            out += [f"  subgraph {_quoted(f'cluster {sector}')} {{", f"    label={_quoted(sector)};"]
            out += [*(f"    {line}" for line in lines), "  }"]
        else:
            out += [f"  {line}" for line in lines]
    for u, v, d in graph.edges(data=True):
        style = "dotted" if d["kind"] == "initial" else "bold" if d["kind"] == "flow" else "solid"
        style = "dashed" if d["kind"] == OFF else style
        label = f"{d['polarity']}{' ||' if d['delayed'] else ''}"
        colour = _COLOURS[d["polarity"]]
        told = ""
        if d["link"]:
            label = f"{d['link']} {label}"
            names = ("link", "title", "strength", "evidence", "delay")
            told = "".join(f", {name}={_quoted(str(d[name]))}" for name in names)
            told += f", penwidth=2.5, tooltip={_quoted(link_words(d, ': '))}"
        out.append(f'  {ids[u]} -> {ids[v]} [label={_quoted(label)}, color="{colour}", style={style}{told}];')
    return "\n".join([*out, "}"]) + "\n"


def write_mermaid(graph: nx.DiGraph[str], title: str) -> str:
    """Return a graph in the language of Mermaid, as pages of Markdown show it."""
    ids = _ids(graph)
    out = ["---", f"title: {json.dumps(title, ensure_ascii=False)}", "---", "flowchart LR"]
    around = {"stock": ("[", "]"), "flow": (">", "]"), "area": ("[", "]")}
    for sector in dict.fromkeys(str(d["sector"]) for _, d in graph.nodes(data=True)):
        own = [(n, d) for n, d in graph.nodes(data=True) if d["sector"] == sector]
        if sector:
            out.append(f"  subgraph area{len(out)}[{_entities(sector)}]")
        for n, d in own:
            before, after = around.get(str(d["role"]), ("(", ")"))
            out.append(f"    {ids[n]}{before}{_entities(n)}{after}")
        if sector:
            out.append("  end")
    for u, v, d in graph.edges(data=True):
        dotted = d["kind"] in {"initial", OFF}
        arrow = "-.->" if dotted else "==>" if d["kind"] == "flow" or d["link"] else "-->"
        sign = {"+": "plus", "-": "minus", "?": "unknown"}[d["polarity"]]
        label = {"plus": "#43;", "minus": "#8722;", "unknown": "#63;"}[sign] + (" #124;#124;" if d["delayed"] else "")
        if d["link"]:
            label = f"{_escaped(d['link'])} {label} {_escaped(link_words(d, ' '))}".rstrip()
        out.append(f'  {ids[u]} {arrow}|"{label}"| {ids[v]}')
    return "\n".join(out) + "\n"


def write_graphml(graph: nx.DiGraph[str]) -> str:
    """Return a graph as GraphML, every attribute of nodes and edges kept."""
    import networkx as nx  # heavy: only where a graph is written

    return "\n".join(nx.generate_graphml(graph)) + "\n"


def write_json(graph: nx.DiGraph[str], loops: Loops, level: str) -> str:
    """Return a graph and its loops as JSON."""
    return json.dumps(as_data(graph, loops, level), ensure_ascii=False, indent=1) + "\n"


def as_data(graph: nx.DiGraph[str], loops: Loops, level: str) -> dict[str, Any]:
    """Return a graph and its loops as plain data."""
    return {
        "model": str(graph.graph.get("name", "")),
        "level": level,
        "nodes": [{"name": n, **{k: v for k, v in d.items() if k != "order"}} for n, d in graph.nodes(data=True)],
        "edges": [{"from": u, "to": v, **d} for u, v, d in graph.edges(data=True)],
        "independent_loops": [loop_data(loop) for loop in loops.independent],
        "loops": [loop_data(loop) for loop in loops.loops],
        "complete": loops.complete,
        "across": [
            {
                "links": list(g.links),
                "sectors": list(g.sectors),
                "polarity": g.polarity,
                "loops": [loop_data(loop) for loop in g.loops],
            }
            for g in loops.across
        ],
        "across_complete": loops.across_complete,
        "within": {sector: [loop_data(loop) for loop in own] for sector, own in loops.within},
    }


def loop_data(loop: Loop) -> dict[str, Any]:
    """Return a loop as plain data."""
    return {
        "polarity": loop.polarity,
        "members": list(loop.members),
        "delays": loop.delays,
        "links": list(loop.links),
        "steps": list(loop.steps),
        "doubts": [{"from": u, "to": v, "reason": reason} for u, v, reason in loop.doubts],
    }


def _ids(graph: nx.DiGraph[str]) -> dict[str, str]:
    return {name: f"n{n}" for n, name in enumerate(graph)}


def _quoted(text: str) -> str:
    plain = text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", " ")
    return f'"{plain}"'


def _entities(text: str) -> str:
    """Return a text in quotes as Mermaid reads it: what has a meaning there stands as an entity."""
    return f'"{_escaped(text)}"'


def _escaped(text: str) -> str:
    return "".join(f"#{ord(c)};" if c in '"#;`&<>|' else c for c in text.replace("\n", " "))


def link_words(edge: dict[str, Any], between: str) -> str:
    """Return what an edge tells of its link: title, strength, evidence, and whether it is off."""
    off = "off" if edge["kind"] == OFF else ""
    rest = ", ".join(str(word) for word in (edge["strength"], edge["evidence"], off) if word)
    return between.join(word for word in (str(edge["title"]), rest) if word)


def sequence_words(loops: Sequence[Loop]) -> str:
    """Return how many loops of each kind there are, in words."""
    words = {"R": "reinforcing", "B": "balancing", "?": "undetermined"}
    counts = [(sum(loop.polarity == sign for loop in loops), word) for sign, word in words.items()]
    return ", ".join(f"{count} {word}" for count, word in counts if count)
