"""Weights of derivatives in slots of their own: the same in all directions, they are computed once for all of them.

In: the derivative of an array statement. Out: statements that compute what in it depends on no direction, and the
derivative, which reads them.

Scalars need no slots: what a function has computed once, it knows.

Invariant: nothing is computed otherwise than where it stood.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from simengine.program.node import Clock, Constant, Load, Node, Reduce, operands
from simengine.program.program import Assign
from simengine.program.walk import nodes_upward, rank_of, shapes_of, slots_of, with_operands

_MOST = 100_000
"""Elements of a weight up to which it is worth its memory."""


class WeightKeeper:
    """Moves weights to slots.

    Parameters
    ----------
    first
        The first slot of derivatives: what reads none of them depends on no direction.
    take
        Gives so many new slots, the first of them.

    """

    def __init__(self, first: int, take: Callable[[int], int]) -> None:
        self.first = first
        self.take = take

    def keep(self, derivative: Node, variable: int) -> tuple[list[Assign], Node]:
        """Return the statements that compute the weights, and the derivative that reads them."""
        nodes = nodes_upward([derivative])
        rank = rank_of(nodes)
        if not rank:
            return [], derivative
        shapes = shapes_of(nodes, rank)
        moving = {id(n): self._reads_derivatives(n) for n in nodes}
        out: list[Assign] = []
        new: dict[int, Node] = {}
        for node in nodes:
            children = operands(node)
            moving[id(node)] |= any(moving[id(c)] for c in children)
            if not moving[id(node)]:
                new[id(node)] = node
                continue
            changed = []
            for child in children:
                kept = new[id(child)]
                if not moving[id(child)] and kept is child:
                    kept = new[id(child)] = self._slots(child, shapes[id(child)], variable, out)
                changed.append(kept)
            new[id(node)] = with_operands(node, tuple(changed))
        return out, new[id(derivative)]

    def _reads_derivatives(self, node: Node) -> bool:
        slots = slots_of(node)
        return slots is not None and bool(np.any(np.asarray(slots) >= self.first))

    def _slots(self, node: Node, shape: tuple[int, ...], variable: int, out: list[Assign]) -> Node:
        """Return where a weight is read; a statement is added that computes it, if that is worth it."""
        size = int(np.prod(shape, dtype=np.int64))
        if isinstance(node, Constant | Load | Clock) or not 1 < size <= _MOST:
            return node
        own = max(axis for axis, count in enumerate(shape) if count > 1) + 1
        if any(axis < own for n in nodes_upward([node]) if isinstance(n, Reduce) for axis in n.axes):
            return node  # a statement's own axes stand before those of its sums
        first = self.take(size)
        slots = np.arange(first, first + size, dtype=np.int64)
        out.append(Assign(slots.reshape(shape[:own]), shape[:own], node, variable))
        return Load(slots.reshape(shape))
