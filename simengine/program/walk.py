"""Walks over nodes: what they read, and how many axes they have.

Invariant: no recursion, so that the depth of an equation does not matter; shared nodes are met once.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from simengine.program.node import Ask, Constant, Draw, Gather, Load, Lookup, Node, Slots, operands


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
            stack.append((node, True))
            stack.extend((child, False) for child in reversed(operands(node)) if id(child) not in seen)
    return out


def slots_of(node: Node) -> Slots | None:
    """Return the slots a node reads itself; None for nodes that read none."""
    return node.slots if isinstance(node, Load | Gather) else None


def arrays_of(node: Node) -> tuple[NDArray[Any], ...]:
    """Return the arrays over the axes that a node holds itself (of a Gather: its first candidates)."""
    match node:
        case Constant():
            value: object = node.value
        case Load():
            value = node.slots
        case Lookup() | Ask():
            value = node.tables
        case Gather():
            value = node.slots[..., 0]
        case Draw():
            value = node.streams
        case _:
            return ()
    return (value,) if isinstance(value, np.ndarray) else ()


def rank_of(nodes: Iterable[Node]) -> int:
    """Return the number of axes among nodes (0: plain numbers)."""
    return max((array.ndim for node in nodes for array in arrays_of(node)), default=0)
