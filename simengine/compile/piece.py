"""Pieces: one equation of the model, lowered, before it is ordered into phases.

Invariant: every slot is written by at most one piece.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from enum import Enum

from simengine.program.node import Gather, Load, Node, Slots, operands
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
                known = self._reads[id(node)] = node, _slots_read(node)  # the node is held: its id stays its own
            yield from known[1]


def _slots_read(root: Node) -> tuple[Slots, ...]:
    out: list[Slots] = []
    seen: set[int] = set()
    stack = [root]
    while stack:
        node = stack.pop()
        if isinstance(node, Load | Gather):
            if id(node) in seen:
                continue
            seen.add(id(node))
            out.append(node.slots)
        below = operands(node)
        if len(below) == 1:
            stack.append(below[0])
        elif below and id(node) not in seen:
            seen.add(id(node))
            stack.extend(below)
    return tuple(out)
