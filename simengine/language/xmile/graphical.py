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
    own = node.get("simengine:type")
    between = Between(own) if own in {b.value for b in Between} else KINDS[kind]
    low, high = _ends(node, "yscale")
    left, right = _ends(node, "xscale")
    box = None
    if low is not None and high is not None:
        box = (x[0] if left is None else left, low, x[-1] if right is None else right, high)
    return Table(tuple(x), tuple(y), between, box, _box_points(node)), None


def _box_points(node: Node) -> tuple[tuple[float, float], ...]:
    """Return the points that Vensim keeps beside its range, put there by our own writer."""
    text = node.content("simengine:box_points") or ""
    try:
        pairs = [tuple(float(v) for v in pair.split(",")) for pair in text.split(";") if pair]
        return tuple((x, y) for x, y in pairs)
    except ValueError:
        return ()


def _numbers(node: Node) -> list[float] | None:
    separator = node.get("sep") or ","
    try:
        parts = node.text.value.strip().strip(separator).split(None if separator.isspace() else separator)
        values = [float(part) for part in parts if part.strip()]
    except ValueError:
        return None
    return values if all(v - v == 0 for v in values) else None


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
