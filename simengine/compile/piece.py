"""Pieces: one equation of the model, lowered, before it is ordered into phases.

Invariant: every slot is written by at most one piece.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from simengine.program.node import Node, Slots
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
