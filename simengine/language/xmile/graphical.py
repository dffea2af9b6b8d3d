"""Graphical functions.

In: a `<gf>` element. Out: a `Table`, or a diagnostic.

Invariant: a table returned has its x in rising order.
References: XMILE 1.0, 4.4 (graphical functions).
"""

from __future__ import annotations

from itertools import pairwise

from simengine.language.xmile.document import Node
from simengine.model.lookup import Between, Table
from simengine.source.diagnostic import Diagnostic, error

KINDS = {
    "": Between.INTERPOLATE,
    "continuous": Between.INTERPOLATE,
    "extrapolate": Between.EXTRAPOLATE,
    "discrete": Between.HOLD,
}


def read_graphical(node: Node, name: str) -> tuple[Table | None, Diagnostic | None]:
    """Return the table of a `<gf>`, or what is wrong with it."""
    kind = (node.get("type") or ("discrete" if node.get("discrete") == "true" else "")).strip().lower()
    if kind not in KINDS:
        return None, error("bad-graphical", f"`{kind}` is no type of graphical function (`{name}`)", node.span)
    points = node.first("ypts")
    if points is None:
        return None, error("bad-graphical", f"the graphical function of `{name}` has no `<ypts>`", node.span)
    y = _numbers(points)
    across = node.first("xpts")
    x = _numbers(across) if across is not None else _scale(node, len(y) if y else 0)
    if not x or not y:
        what = points if not y else across or node
        return None, error("bad-graphical", f"the points of `{name}` must be numbers", what.span)
    if len(x) != len(y):
        text = f"`{name}` has {len(x)} x and {len(y)} y points"
        return None, error("bad-graphical", text, points.span)
    if any(b < a for a, b in pairwise(x)):
        return None, error("bad-graphical", f"the x points of `{name}` must rise", (across or node).span)
    between = Between(node.get("simengine:type") or KINDS[kind].value)
    low, high = _ends(node, "yscale")
    box = (x[0], low, x[-1], high) if low is not None and high is not None else None
    return Table(tuple(x), tuple(y), between, box), None


def _numbers(node: Node) -> list[float] | None:
    separator = node.get("sep") or ","
    try:
        return [float(part) for part in node.text.value.strip().strip(separator).split(separator)]
    except ValueError:
        return None


def _ends(node: Node, tag: str) -> tuple[float | None, float | None]:
    scale = node.first(tag)
    if scale is None:
        return None, None
    try:
        return float(scale.get("min")), float(scale.get("max"))
    except ValueError:
        return None, None


def _scale(node: Node, count: int) -> list[float] | None:
    low, high = _ends(node, "xscale")
    if low is None or high is None or not count:
        return None
    if count == 1:
        return [low]
    return [low + (high - low) * n / (count - 1) for n in range(count)]
