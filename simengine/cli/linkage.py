"""The links of a composed model as tables: what each is, and what each contributes.

In: a composed model, its causal graph, contributions. Out: lines of text, and plain data.

Invariant: links without any effect are named, in one line.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from simengine.cli.terminal import number, table
from simengine.loops.contribution import Contribution
from simengine.loops.draw.lanes import natural
from simengine.loops.linking import OFF, link_data
from simengine.model.definition import ModelDefinition

if TYPE_CHECKING:
    import networkx as nx

_HEADER = ("link", "", "from", "to", "how", "strength [range] unit", "delay", "scales", "evidence", "read", "")


def link_rows(definition: ModelDefinition, graph: nx.DiGraph[str]) -> list[dict[str, Any]]:
    """Return what is known of every link, as plain data."""
    names = {v.key: v.name for v in definition.variables}
    out = []
    for link in sorted(definition.links, key=lambda one: natural(one.name)):
        source, target = names[link.source], names[link.target]
        edge = graph.edges[source, target] if graph.has_edge(source, target) else None
        out.append(
            {
                "link": link.name,
                "title": link.title,
                "mechanism": link.mechanism,
                "from": source,
                "to": target,
                "sign": edge["polarity"] if edge is not None else "?",
                "value": link.value,
                "low": link.low,
                "high": link.high,
                "unit": link.unit,
                **link_data(link, definition.parts),
                "source": link.evidence,
                "on": edge is not None and edge["kind"] != OFF,
            }
        )
    return out


def link_table(rows: Sequence[dict[str, Any]]) -> str:
    """Return links as a table."""
    keys = ("link", "sign", "from", "to", "how", "strength", "delay", "scales", "evidence", "read")
    lines = [[*(str(row[key]) for key in keys), "" if row["on"] else "off"] for row in rows]
    return table(_HEADER, lines, left=len(_HEADER))


def contribution_table(found: Sequence[Contribution], *, links: int) -> str:
    """Return contributions to variables as tables, one a variable: what a link adds to all others, and alone."""
    out = []
    for column in dict.fromkeys(c.column for c in found):
        own = [c for c in found if c.column == column]
        first = own[0]
        unit = f" [{first.unit}]" if first.unit else ""
        out.append(
            f"{column}{unit} at {first.time:g}: {number(first.full)} with all links, {number(first.none)} without"
        )
        acting = [c for c in own if c.last != 0 or c.first != 0]
        if acting:
            rows = [
                [c.link, number(c.full), number(c.without), _signed(c.last), _signed(c.first), _share(c)]
                for c in acting
            ]
            header = ("link", "with all", "without it", "difference", "alone", "% of without")
            out += [f"  {line}" for line in table(header, rows).splitlines()]
        idle = sorted((c.link for c in own if c.last == 0 and c.first == 0), key=natural)
        if idle:
            which = ", ".join(idle) if len(idle) < links else "none of the links has any"
            out.append(f"  no effect: {which}" if len(idle) < links else f"  {which} effect")
        out.append("")
    return "\n".join(out[:-1])


def _signed(value: float) -> str:
    return f"{value:+.4g}" if value else "0"


def _share(c: Contribution) -> str:
    return f"{100 * c.last / abs(c.without):+.2f} %" if c.without else ""


def contribution_data(found: Sequence[Contribution]) -> list[dict[str, Any]]:
    """Return contributions as plain data."""
    return [
        {
            "variable": c.column,
            "unit": c.unit,
            "time": c.time,
            "link": c.link,
            "with_all": c.full,
            "without": c.without,
            "difference": c.last,
            "alone": c.first,
            "with_none": c.none,
        }
        for c in found
    ]
