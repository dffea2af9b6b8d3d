"""Rewrites of nodes over axes: all axes of a left side as one, and a choice of its points.

In: a piece that reads itself, element by element. Out: the same piece over some of its elements.

Invariant: a chosen point computes exactly what it computed before.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any, assert_never

import numpy as np
from numpy.typing import NDArray

from simengine.compile.piece import Piece
from simengine.program.node import (
    Along,
    Apply,
    Ask,
    Clock,
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

Change = Callable[[NDArray[Any], int], NDArray[Any]]
"""Takes an array and how many dimensions of it, at the end, are not axes."""


def arrays_of(node: Node) -> Iterator[tuple[NDArray[Any], frozenset[int]]]:
    """Yield every array in a node, with the axes that are reduced above it."""
    stack: list[tuple[Node, frozenset[int]]] = [(node, frozenset())]
    while stack:
        at, reduced = stack.pop()
        for array in own_arrays(at):
            yield array, reduced
        inside = reduced | frozenset(at.axes) if isinstance(at, Reduce) else reduced
        stack.extend((child, inside) for child in operands(at))


def own_arrays(node: Node) -> tuple[NDArray[Any], ...]:
    """Return the arrays a node holds itself, without a Gather's candidates."""
    match node:
        case Constant():
            values: tuple[Any, ...] = (node.value,)
        case Load():
            values = (node.slots,)
        case Lookup() | Ask():
            values = (node.tables,)
        case Gather():
            values = (node.slots[..., 0],)
        case Draw():
            values = (node.streams,)
        case _:
            values = ()
    return tuple(v for v in values if isinstance(v, np.ndarray))


def extent(node: Node, axis: int) -> int:
    """Return how many points a node has along an axis (1: it does not depend on it)."""
    best = 1
    for array, reduced in arrays_of(node):
        if axis not in reduced and array.ndim > axis:
            best = max(best, array.shape[axis])
    return best


def change_arrays(node: Node, change: Change, axis: Callable[[int], int]) -> Node:
    """Return the node with every array changed, and every axis number with it."""

    def at(values: Any) -> Any:
        return change(values, 0) if isinstance(values, np.ndarray) else values

    def down(inner: Node) -> Node:
        return change_arrays(inner, change, axis)

    match node:
        case Constant():
            return Constant(at(node.value))
        case Load():
            return Load(at(node.slots))
        case Clock():
            return node
        case Apply():
            return Apply(node.op, tuple(down(a) for a in node.arguments))
        case Reduce():
            return Reduce(node.fold, down(node.argument), tuple(axis(a) for a in node.axes))
        case Lookup():
            return Lookup(at(node.tables), down(node.x), node.between, node.missing)
        case Ask():
            return Ask(node.query, at(node.tables), tuple(down(a) for a in node.arguments))
        case Gather():
            return Gather(change(node.slots, 1), down(node.index), node.outside)
        case Draw():
            return Draw(node.distribution, at(node.streams), tuple(down(a) for a in node.arguments), down(node.seed))
        case Along():
            second = axis(node.second) if node.second >= 0 else -1
            return Along(node.op, axis(node.axis), tuple(down(a) for a in node.arguments), second)
        case Inverse():
            return Inverse(down(node.argument), (axis(node.axes[0]), axis(node.axes[1])))
    assert_never(node)


def _merge(sizes: tuple[int, ...]) -> Change:
    """Return the change that makes the first axes one."""
    count = len(sizes)
    points = int(np.prod(sizes, dtype=np.int64))

    def change(array: NDArray[Any], extra: int) -> NDArray[Any]:
        del extra
        rest = array.shape[count:]
        if all(n == 1 for n in array.shape[:count]):
            return array.reshape((1, *rest))
        return np.broadcast_to(array, (*sizes, *rest)).reshape((points, *rest))

    return change


def as_one_axis(piece: Piece) -> Piece:
    """Return a piece over one axis instead of several."""
    if len(piece.axes) <= 1:
        return piece
    merge = _merge(piece.axes)
    count = len(piece.axes)

    def axis(number: int) -> int:
        return number - count + 1

    def down(node: Node | None) -> Node | None:
        return None if node is None else change_arrays(node, merge, axis)

    assert isinstance(piece.slots, np.ndarray)
    return replace(
        piece,
        slots=piece.slots.reshape(-1),
        axes=(piece.slots.size,),
        initial=down(piece.initial),
        step=down(piece.step),
        update=down(piece.update),
    )


def choose_points(piece: Piece, points: NDArray[np.int64]) -> Piece:
    """Return a one-axis piece over some of its points."""

    def change(array: NDArray[Any], extra: int) -> NDArray[Any]:
        del extra
        return array if array.shape[0] == 1 else array[points]

    def down(node: Node | None) -> Node | None:
        return None if node is None else change_arrays(node, change, lambda a: a)

    slots: Slots = piece.slots[points] if isinstance(piece.slots, np.ndarray) else piece.slots
    return replace(
        piece,
        slots=slots,
        axes=(len(points),),
        initial=down(piece.initial),
        step=down(piece.step),
        update=down(piece.update),
    )
