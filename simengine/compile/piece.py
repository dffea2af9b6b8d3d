"""Pieces: one equation of the model, lowered, before it is ordered into phases.

Invariant: every slot is written by at most one piece.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from enum import Enum

from simengine.program.node import Node, Slots
from simengine.program.walk import nodes_upward, slots_of
from simengine.source.file import Span


class PieceKind(Enum):
    """What the value of a piece is over a run."""

    COMPUTED = "computed"  # at every evaluation
    STOCK = "stock"  # held, moved by its rate
    RATE = "rate"  # what moves a stock
    MEMORY = "memory"  # held, replaced at the end of a step
    INITIAL = "initial"  # held from the start
    DEVICE = "device"  # shown by a device


@dataclass(frozen=True, slots=True, eq=False)
class Piece:
    """One left side and its nodes: `initial` at the start time, `step` at evaluations, `update` at a step's end.

    `whole` pieces compute a vector at once and are never split by element.
    """

    kind: PieceKind
    variable: int
    slots: Slots
    axes: tuple[int, ...]
    initial: Node | None = None
    step: Node | None = None
    update: Node | None = None
    device: int = -1
    whole: bool = False
    span: Span | None = None
    _reads: dict[int, tuple[Node, tuple[Slots, ...]]] = field(default_factory=dict, init=False, repr=False)

    def reads(self, nodes: Sequence[Node]) -> Iterator[Slots]:
        """Give the slots that nodes of this piece read; each node is walked once, however often it is asked."""
        for node in nodes:
            known = self._reads.get(id(node))
            if known is None:
                slots = tuple(s for s in map(slots_of, nodes_upward((node,))) if s is not None)
                known = self._reads[id(node)] = node, slots  # the node is held: its id stays its own
            yield from known[1]
