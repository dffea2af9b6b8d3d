"""Initial values from the code of a step: what both compute alike is written once.

In: a program, and the same with its still parts hoisted. Out: rounds. In a round what only initial values need is
computed, then what the step computes too, by calling the step's own functions: what else these compute rests on what is
not known yet, and is computed again in the first step.

Invariant: what a round gives is what the initial phase, in its own order, would.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from simengine.kernel.llvm.survey import is_foreign
from simengine.program.node import Node, Slots
from simengine.program.program import Assign, Program, Statement
from simengine.program.walk import nodes_below, slots_of

_MOST = 50
"""Rounds up to which they take little time beside the steps of a run."""


@dataclass(frozen=True, slots=True)
class Round:
    """Statements that are the initial phase's alone, then places of statements of the step."""

    own: tuple[Statement, ...]
    shared: frozenset[int]


def find_rounds(program: Program, ready: Program) -> tuple[Round, ...] | None:
    """Return the rounds of a program's initial phase; None where it is written out.

    Parameters
    ----------
    program
        The program.
    ready
        The same, hoisted: its steps have the same statements in the same order.

    """
    assigned = [s for s in program.step if isinstance(s, Assign)]
    first = [s for s in program.initial if isinstance(s, Assign)]
    if program.clocks or len(assigned) < len(program.step) or len(first) < len(program.initial):
        return None  # devices remember that they were asked
    if any(is_foreign(node) for node in nodes_below([s.value for s in assigned])):
        return None  # Python would be asked about what is not known yet
    late = np.zeros(ready.slot_count, dtype=np.bool_)
    for statement in ready.settled[len(program.settled) :]:
        assert isinstance(statement, Assign)
        late[statement.slots] = True
    shared = _shared(first, assigned, ready, late)
    in_step = np.zeros(program.slot_count, dtype=np.bool_)
    for statement in assigned:
        in_step[statement.slots] = True
    if any(np.any(in_step[s.slots]) for n, s in enumerate(first) if n not in shared):
        return None  # it begins as something else than the step would give
    return _sorted(first, shared, program.slot_count)


def _shared(first: list[Assign], assigned: list[Assign], ready: Program, late: NDArray[np.bool_]) -> dict[int, int]:
    """Return which statements of the initial phase are which of the step."""
    places = {id(s.value): place for place, s in enumerate(assigned)}
    out: dict[int, int] = {}
    for number, statement in enumerate(first):
        place = places.get(id(statement.value))
        if place is None or not np.array_equal(statement.slots, assigned[place].slots):
            continue
        now = ready.step[place]
        assert isinstance(now, Assign)
        if now.value is statement.value or not any(np.any(late[slots]) for slots in _reads(now.value)):
            out[number] = place
    return out


def _sorted(first: list[Assign], shared: dict[int, int], count: int) -> tuple[Round, ...] | None:
    known = np.zeros(count, dtype=np.int64)  # the round after which a slot has its value
    later = np.zeros(count, dtype=np.int64)  # the first round whose own statements may read it
    own: list[list[Statement]] = []
    places: list[set[int]] = []
    for number, statement in enumerate(first):
        when = known if number in shared else later
        at = max((int(np.max(when[slots])) for slots in _reads(statement.value)), default=0)
        while len(own) <= at:
            own.append([])
            places.append(set())
        if number in shared:
            places[at].add(shared[number])
        else:
            own[at].append(statement)
        known[statement.slots] = at
        later[statement.slots] = at + (number in shared)
    if len(own) > _MOST:
        return None
    return tuple(Round(tuple(a), frozenset(b)) for a, b in zip(own, places, strict=True))


def _reads(value: Node) -> list[Slots]:
    return [slots for slots in map(slots_of, nodes_below([value])) if slots is not None]
