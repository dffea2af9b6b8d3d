"""Which slots depend on which parameters.

In: a program, and some of its parameters. Out: for each slot whether it may depend on them.

Used for what differs between the runs of an ensemble (the rest is computed once for all), and for what has a
derivative.

Invariant: a variable is treated as one; a load never mixes slots of both kinds.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator

import numpy as np
from numpy.typing import NDArray

from simengine.program.node import Draw, Node, Slots
from simengine.program.program import Assign, Program
from simengine.program.walk import nodes_upward, slots_of


def reached_slots(program: Program, chosen: NDArray[np.bool_], *, noise: bool) -> NDArray[np.bool_]:
    """Return which slots may depend on some parameters.

    Parameters
    ----------
    program
        The program.
    chosen
        Which of its parameters.
    noise
        Whether draws count as dependent too.

    """
    group = _groups(program)
    follows: dict[int, set[int]] = defaultdict(set)
    seeds = set(group[program.parameters[chosen]].tolist())
    for nodes, targets in _dependences(program):
        written = {g for slots in targets for g in _of(group, slots)}
        for node in nodes_upward(nodes):
            slots = slots_of(node)
            if slots is not None:
                read = _of(group, slots)
                for one in read:
                    follows[one] |= written | read
            elif isinstance(node, Draw) and noise:
                seeds |= written
        for one in written:
            follows[one] |= written
    for part in program.groups:
        for stock, rate in zip(group[part.stocks].tolist(), group[part.rates].tolist(), strict=True):
            follows[rate].add(stock)
    reached = set(seeds)
    waiting = list(seeds)
    while waiting:
        for following in follows[waiting.pop()] - reached:
            reached.add(following)
            waiting.append(following)
    marked = np.zeros(int(group.max(initial=0)) + 1, dtype=np.bool_)
    marked[list(reached)] = True
    return np.asarray(marked[group], dtype=np.bool_)


def _groups(program: Program) -> NDArray[np.int64]:
    """Return the number of the variable each slot belongs to."""
    group = np.arange(program.slot_count, dtype=np.int64)
    for variable in program.variables:
        group[variable.first : variable.first + variable.size] = variable.first
    return group


def _of(group: NDArray[np.int64], slots: Slots) -> set[int]:
    return set(np.unique(group[slots]).tolist())


def _dependences(program: Program) -> Iterator[tuple[Iterable[Node], Iterable[Slots]]]:
    """Yield nodes with the slots that depend on them."""
    groups = program.groups
    for phase in (program.constants, program.initial, program.settled, *(g.step for g in groups)):
        for statement in phase:
            if isinstance(statement, Assign):
                yield (statement.value,), (statement.slots,)
    for memory in (m for g in groups for m in g.memories):
        yield (memory.update.value,), (memory.update.slots,)
    for device in program.devices:
        yield (*device.start, *device.emit, *device.advance), device.outputs
