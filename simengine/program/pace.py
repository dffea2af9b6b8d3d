"""How clocks of one program go together.

In: time steps; statements. Out: how many steps lie between two ticks; statements by the clock they go by.

Invariant: a slower clock ticks at whole numbers of steps, never between them.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

from simengine.program.node import Ask, Clock
from simengine.program.op import ClockValue
from simengine.program.program import Assign, Emit, Program, Statement
from simengine.program.walk import nodes_below

_ROUNDING = 1e-9
"""How far, of itself, a ratio of steps may be from a whole number: steps such as 0.25 / 91 are rounded."""


def steps_between_ticks(slow: float, step: float) -> int | None:
    """Return how many steps a slower clock's step holds; None where these are not two or more, or no whole number.

    Examples
    --------
    >>> steps_between_ticks(0.25, 0.25 / 91), steps_between_ticks(0.25, 0.1), steps_between_ticks(1.0, 1.0)
    (91, None, None)

    """
    if not (math.isfinite(slow) and math.isfinite(step) and step > 0):
        return None
    ratio = slow / step
    whole = round(ratio)
    return whole if whole >= 2 and abs(ratio - whole) <= _ROUNDING * whole else None


def steps_of(program: Program) -> list[Statement]:
    """Return all that is evaluated in a run, in the order it would be where all clocks tick."""
    return [statement for group in program.groups for statement in group.step]


def by_clock(program: Program, statements: Sequence[Statement]) -> list[tuple[int, list[Statement]]]:
    """Return statements, in their order, in stretches that go by one clock each; -1 is the program's own.

    Of the initial phase, where all clocks show the same time, only what asks for the time step cares which it is.
    """
    if not program.clocks:
        return [(-1, list(statements))] if statements else []
    out: list[tuple[int, list[Statement]]] = []
    for statement in statements:
        cares = isinstance(statement, Emit) or _asks_step(statement)
        clock = program.clock_of(statement.variable) if cares else None
        if out and clock in {None, out[-1][0]}:
            out[-1][1].append(statement)
        else:
            out.append((-1 if clock is None else clock, [statement]))
    return out


def _asks_step(statement: Assign) -> bool:
    nodes = nodes_below([statement.value])
    return any(isinstance(n, Ask) or (isinstance(n, Clock) and n.what is ClockValue.STEP) for n in nodes)
