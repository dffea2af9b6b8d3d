"""How statements are shared out among functions: LLVM takes more than proportionally long over long ones.

In: the statements of a phase. Out: chunks of them, each with how much there is to write.

Measured: where a function holds some thousand operations, each takes LLVM 0.02 ms; in one of 30,000, 0.2 to 0.8 ms.
What is not optimised takes 0.005 ms, however long the function.

Invariant: chunks hold all statements, in their order.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from simengine.program.node import Node
from simengine.program.program import Assign, Device, Statement
from simengine.program.walk import nodes_below

STATEMENTS = 300
"""Statements a function holds at most."""

OPERATIONS = 4_000
"""Operations a function holds at most; a statement that alone has more is not worth the time to optimise it."""


@dataclass(frozen=True, slots=True)
class Chunk:
    """Statements of one function, and the nodes they have."""

    statements: tuple[Statement, ...]
    nodes: int

    @property
    def is_long(self) -> bool:
        """Return whether it is too long to be optimised."""
        return self.nodes > OPERATIONS


def share_out(statements: Sequence[Statement], devices: Sequence[Device]) -> list[Chunk]:
    """Return statements in chunks."""
    out: list[Chunk] = []
    now: list[Statement] = []
    total = 0
    for statement in statements:
        nodes = len(nodes_below(roots_of(statement, devices)))
        if now and (len(now) == STATEMENTS or total + nodes > OPERATIONS):
            out.append(Chunk(tuple(now), total))
            now, total = [], 0
        now.append(statement)
        total += nodes
    return [*out, Chunk(tuple(now), total)] if now else out


def roots_of(statement: Statement, devices: Sequence[Device]) -> tuple[Node, ...]:
    """Return what a statement computes."""
    if isinstance(statement, Assign):
        return (statement.value,)
    device = devices[statement.device]
    return (*device.start, *device.emit)
