"""Nodes: the expressions of a program, over the loop axes of the statement they stand in.

Arrays inside nodes (slots, constants, table numbers) have as many dimensions as the statement has axes,
with size 1 along axes they do not depend on; a statement without axes has plain numbers.

Invariant: nodes are immutable values and may be shared; arrays in them are never written to.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from operator import attrgetter
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from simengine.model.lookup import Between
from simengine.program.op import AlongOp, ClockValue, Distribution, Fold, Op, TableQuery

Slots: TypeAlias = "int | NDArray[np.int64]"


@dataclass(frozen=True, slots=True, eq=False)
class Constant:
    """A number, or an array of numbers over the axes."""

    value: float | NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class Load:
    """The values in slots."""

    slots: Slots


@dataclass(frozen=True, slots=True, eq=False)
class Clock:
    """Time, or one of the simulation's specs."""

    what: ClockValue


@dataclass(frozen=True, slots=True, eq=False)
class Apply:
    """A primitive, elementwise."""

    op: Op
    arguments: tuple[Node, ...]


@dataclass(frozen=True, slots=True, eq=False)
class Reduce:
    """A reduction over axes; they remain, with size 1."""

    fold: Fold
    argument: Node
    axes: tuple[int, ...]


@dataclass(frozen=True, slots=True, eq=False)
class Lookup:
    """The value at x of table number `tables`; `between` overrules the tables' own rule.

    `missing` is given outside the first and last point instead of holding the ends (data series), where set.
    """

    tables: Slots
    x: Node
    between: Between | None = None
    missing: float | None = None


@dataclass(frozen=True, slots=True, eq=False)
class Ask:
    """Another question to table number `tables`."""

    query: TableQuery
    tables: Slots
    arguments: tuple[Node, ...]


@dataclass(frozen=True, slots=True, eq=False)
class Gather:
    """The value in slot `slots[..., index]` (index from 0, truncated); `outside` where there is none.

    `slots` has one dimension more than the statement has axes: the candidates.
    """

    slots: NDArray[np.int64]
    index: Node
    outside: float


@dataclass(frozen=True, slots=True, eq=False)
class Draw:
    """A random draw, fresh every time step (not every stage): stream number, distribution, its arguments.

    `seed` is the model's own seed argument, mixed into the key of the stream.
    """

    distribution: Distribution
    streams: Slots
    arguments: tuple[Node, ...]
    seed: Node


@dataclass(frozen=True, slots=True, eq=False)
class Along:
    """A vector operation along one axis. A market price lies between vectors along two: `second` is the other."""

    op: AlongOp
    axis: int
    arguments: tuple[Node, ...]
    second: int = -1


@dataclass(frozen=True, slots=True, eq=False)
class Inverse:
    """The inverse of square matrices whose rows and columns lie along two axes."""

    argument: Node
    axes: tuple[int, int]


Node: TypeAlias = "Constant | Load | Clock | Apply | Reduce | Lookup | Ask | Gather | Draw | Along | Inverse"


_OPERANDS: dict[type, Callable[[Any], tuple[Node, ...]]] = {
    Constant: lambda _: (),
    Load: lambda _: (),
    Clock: lambda _: (),
    Apply: attrgetter("arguments"),
    Ask: attrgetter("arguments"),
    Along: attrgetter("arguments"),
    Draw: lambda node: (*node.arguments, node.seed),
    Reduce: lambda node: (node.argument,),
    Inverse: lambda node: (node.argument,),
    Lookup: lambda node: (node.x,),
    Gather: lambda node: (node.index,),
}


def operands(node: Node) -> tuple[Node, ...]:
    """Return the nodes directly below a node."""
    return _OPERANDS[type(node)](node)
