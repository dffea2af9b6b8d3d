"""Walks over nodes: what they read, and how many axes they have.

Invariant: no recursion, so that the depth of an equation does not matter; shared nodes are met once.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from operator import attrgetter
from typing import Any

import numpy as np
from numpy.typing import NDArray

from simengine.program.node import (
    Along,
    Apply,
    Ask,
    Constant,
    Draw,
    Gather,
    Inverse,
    Load,
    Lookup,
    Node,
    Reduce,
    Slots,
    operands,
)
from simengine.program.op import AlongOp


def nodes_upward(roots: Iterable[Node]) -> list[Node]:
    """Return every node at and below the roots once, operands before what uses them."""
    out: list[Node] = []
    seen: set[int] = set()
    stack: list[tuple[Node, bool]] = [(root, False) for root in reversed(list(roots))]
    while stack:
        node, ready = stack.pop()
        if ready:
            out.append(node)
        elif id(node) not in seen:
            seen.add(id(node))
            below = operands(node)
            if below:
                stack.append((node, True))
                stack += [(child, False) for child in reversed(below) if id(child) not in seen]
            else:
                out.append(node)
    return out


def nodes_below(roots: Iterable[Node]) -> list[Node]:
    """Return every node at and below the roots once, in any order."""
    out: list[Node] = []
    seen: set[int] = set()
    stack = list(roots)
    while stack:
        node = stack.pop()
        if id(node) not in seen:
            seen.add(id(node))
            out.append(node)
            stack += operands(node)
    return out


def slots_of(node: Node) -> Slots | None:
    """Return the slots a node reads itself; None for nodes that read none."""
    return node.slots if isinstance(node, Load | Gather) else None


def arrays_of(node: Node) -> tuple[NDArray[Any], ...]:
    """Return the arrays over the axes that a node holds itself (of a Gather: its first candidates)."""
    own = _ARRAY.get(type(node))
    value = None if own is None else own(node)
    return (value,) if isinstance(value, np.ndarray) else ()


_ARRAY: dict[type, Callable[[Any], object]] = {
    Constant: attrgetter("value"),
    Load: attrgetter("slots"),
    Lookup: attrgetter("tables"),
    Ask: attrgetter("tables"),
    Gather: lambda node: node.slots[..., 0],
    Draw: attrgetter("streams"),
}


def rank_of(nodes: Iterable[Node]) -> int:
    """Return the number of axes among nodes (0: plain numbers)."""
    return max((array.ndim for node in nodes for array in arrays_of(node)), default=0)


def axes_used_up(node: Node) -> tuple[int, ...]:
    """Return the axes of which a node leaves one point."""
    match node:
        case Reduce():
            return node.axes
        case Along(op=AlongOp.MARKET_PRICE):
            return (node.axis, node.second)
    return ()


def shapes_of(nodes: Sequence[Node], rank: int) -> dict[int, tuple[int, ...]]:
    """Return the shape over the axes of every node, by id; `nodes` holds operands before what uses them."""
    out: dict[int, tuple[int, ...]] = {}
    for node in nodes:
        parts = [out[id(child)] for child in operands(node)]
        parts += [array.shape for array in arrays_of(node)]
        shape = np.broadcast_shapes((1,) * rank, *parts)
        gone = axes_used_up(node)
        out[id(node)] = tuple(1 if axis in gone else size for axis, size in enumerate(shape))
    return out


def with_operands(node: Node, below: tuple[Node, ...]) -> Node:
    """Return the node with other nodes directly below it, in the order of `operands`."""
    match node:
        case Apply() | Ask() | Along():
            return replace(node, arguments=below)
        case Draw():
            return replace(node, arguments=below[:-1], seed=below[-1])
        case Reduce() | Inverse():
            return replace(node, argument=below[0])
        case Lookup():
            return replace(node, x=below[0])
        case Gather():
            return replace(node, index=below[0])
    return node
