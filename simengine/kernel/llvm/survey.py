"""What there is to know of a statement's nodes before a line is written.

In: the roots of a statement. Out: for every node below them the axes it varies along and whether it differs between
runs, and the size of every axis.

Invariant: nothing is written here.
"""

from __future__ import annotations

from collections.abc import Container, Sequence
from collections.abc import Set as AbstractSet
from typing import Any

import numpy as np
from numpy.typing import NDArray

from simengine.kernel.llvm.primitive import FOREIGN
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
from simengine.program.op import AlongOp, Distribution, Op
from simengine.program.walk import arrays_of, nodes_upward, rank_of

CHEAP = {
    Op.ADD, Op.SUB, Op.MUL, Op.NEG, Op.ABS, Op.MIN, Op.MAX, Op.LT, Op.LE, Op.GT, Op.GE, Op.EQ, Op.NE,
    Op.AND, Op.OR, Op.NOT, Op.SELECT,
}  # fmt: skip
"""Operations no dearer than reading their value from memory."""


def is_foreign(node: Node) -> bool:
    """Return whether a node is computed by a call back."""
    if isinstance(node, Load | Constant):
        return False
    if isinstance(node, Draw):
        return node.distribution is not Distribution.UNIFORM
    if isinstance(node, Apply):
        return node.op in FOREIGN
    return isinstance(node, Along | Ask | Inverse)


_NONE: frozenset[int] = frozenset()


class Survey:
    """The nodes of a statement.

    Parameters
    ----------
    roots
        Its right-hand sides.
    rank
        Axes of the target.
    varying
        Which slots differ between runs; None: nothing does, draws neither.
    noise
        Whether draws do.

    """

    def __init__(
        self, roots: Sequence[Node], rank: int, varying: NDArray[np.bool_] | None, *, noise: bool = False
    ) -> None:
        self.nodes = nodes_upward(roots)
        self.rank = max(rank_of(self.nodes), rank)
        self.axes: dict[int, AbstractSet[int]] = {}
        self.lanes: dict[int, bool] = {}
        self.sizes: dict[int, int] = {}
        self.calls_back = any(is_foreign(node) for node in self.nodes)
        """Whether any node is computed by a call back."""
        own = [id(node) for node in self.nodes]
        if varying is None:
            self.lanes = dict.fromkeys(own, False)
        else:
            for node in self.nodes:
                below = any(self.lanes[id(child)] for child in operands(node))
                self.lanes[id(node)] = below or _differs(node, varying, noise=noise)
        if self.rank:
            for node in self.nodes:
                self.axes[id(node)] = self._axes(node)
        else:
            self.axes = dict.fromkeys(own, _NONE)

    def _axes(self, node: Node) -> AbstractSet[int]:
        own: set[int] = set()
        for child in operands(node):
            own |= self.axes[id(child)]
        for array in arrays_of(node):
            for axis, size in enumerate(array.shape):
                if size != 1:
                    own.add(axis)
                    self.sizes[axis] = size
        match node:
            case Reduce():
                own = own - set(node.axes)
            case Along(op=AlongOp.MARKET_PRICE):
                own = own - {node.axis, node.second}
        return own

    def across(self, target: Slots) -> int | None:
        """Return an axis along which the elements of a statement can be computed side by side; None if there is none.

        They can where nothing differs between runs, and all that is read or written along the axis stands side by side.
        """
        if isinstance(target, int) or self.calls_back or any(self.lanes.values()):
            return None
        for axis in reversed(range(target.ndim)):
            if target.shape[axis] > 1:
                fits = _is_side_by_side(target, axis) and all(self._fits(node, axis) for node in self.nodes)
                return axis if fits else None
        return None

    def _fits(self, node: Node, axis: int) -> bool:
        match node:
            case Load():
                return isinstance(node.slots, int) or _is_side_by_side(node.slots, axis)
            case Constant():
                value = node.value
                return (
                    not isinstance(value, np.ndarray) or _size(value, axis) == 1 or set(value.shape[axis + 1 :]) <= {1}
                )
            case Lookup():
                return isinstance(node.tables, int) or _size(node.tables, axis) == 1
            case Draw() | Gather():
                return False
            case Reduce():
                return axis not in node.axes
        return True

    def spread(self, axis: int) -> None:
        """Let lanes be the elements of an axis."""
        self.lanes = {number: axis in axes for number, axes in self.axes.items()}

    def below(self, roots: Sequence[Node], stored: Container[int]) -> list[Node]:
        """Return the nodes at and below the roots, operands first, but none below those stored (which it gives)."""
        out: list[Node] = []
        seen: set[int] = set()
        stack: list[tuple[Node, bool]] = [(root, False) for root in reversed(roots)]
        while stack:
            node, ready = stack.pop()
            if ready:
                out.append(node)
            elif id(node) not in seen:
                seen.add(id(node))
                stack.append((node, True))
                if id(node) not in stored:
                    stack.extend((child, False) for child in reversed(operands(node)) if id(child) not in seen)
        return out

    def is_repeated(self, node: Node, axes: list[int]) -> bool:
        """Return whether a dear node would be computed more than once at a point, in loops over these axes."""
        if isinstance(node, Apply):
            if node.op in CHEAP:
                return False
        elif not isinstance(node, Reduce | Lookup | Draw | Gather):
            return False
        own = self.axes[id(node)]
        outer = [a for a in axes if a in own]
        if own - set(axes):
            return len(outer) != len(axes)
        return outer != axes[: len(outer)]


def _is_side_by_side(slots: NDArray[np.int64], axis: int) -> bool:
    """Return whether slots do not vary along an axis, or are neighbours along it."""
    if _size(slots, axis) == 1:
        return True
    along = slots.swapaxes(axis, -1)
    return bool((along[..., 1:] - along[..., :-1] == 1).all())


def _size(array: NDArray[Any], axis: int) -> int:
    return int(array.shape[axis]) if axis < array.ndim else 1


def _differs(node: Node, varying: NDArray[np.bool_], *, noise: bool) -> bool:
    match node:
        case Load() | Gather():
            differs = varying[node.slots]
            return bool(differs.any())
        case Draw():
            return noise
    return False
