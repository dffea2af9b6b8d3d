"""Call sites: where native code calls back, and what it hands over.

In: nodes and devices of a program. Out: `Site` values: which blocks of slots hold the arguments, which receive the
results.

Invariant: a site says all that the callee needs; it holds no state of a run.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from simengine.program.node import Along, Apply, Ask, Draw, Inverse, Slots


class Call(Enum):
    """What is called."""

    NODE = "node"
    EMIT = "emit"  # a device shows what it gives; arguments are those of its start (if any), then of its emit
    ADVANCE = "advance"


@dataclass(frozen=True, slots=True, eq=False)
class Block:
    """Values over axes, in consecutive slots of the memory of lanes, or of what all runs share."""

    first: int
    shape: tuple[int, ...]
    lanes: bool


@dataclass(frozen=True, slots=True, eq=False)
class Site:
    """One place in the code that calls back.

    `results` are slots (of a device) or a block (of a node); `starts` is how many arguments are for the start.
    """

    call: Call
    lanes: bool
    arguments: tuple[Block, ...]
    node: Along | Apply | Ask | Draw | Inverse | None = None
    result: Block | None = None
    device: int = -1
    starts: int = 0
    taken: tuple[Slots, ...] = ()
