"""The exact Jacobian of the rates by the stocks, for stiff solvers.

In: a program. Out: d(rates)/d(stocks) at a state, dense or sparse.

The step phase is differentiated as `gradient` does it, with stocks in the place of parameters. Stocks that no rate has
in common share a direction, so that a sparse model needs few.

Invariant: nothing is approximated; where a program has no derivative there is no Jacobian, and the solver differences.
References: Curtis, Powell and Reid, On the estimation of sparse Jacobian matrices (1974).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from simengine.compile.differentiate import Differentiated, NotDifferentiable, differentiate
from simengine.kernel.clock import ClockState
from simengine.kernel.interpreter import Interpreter
from simengine.program.node import Apply, Clock, Constant, Draw, Load, Lookup
from simengine.program.program import Assign, Program
from simengine.program.walk import nodes_upward, slots_of

Values = NDArray[np.float64]

_SPARSE = (60, 0.25)
"""Stocks from which on, and share of entries up to which, the matrix is handed over sparse."""
_LARGEST = 500_000_000
"""Stocks times slots up to which the pattern is worth its memory."""
_POINTWISE = Apply | Clock | Constant | Draw | Load | Lookup


@dataclass(frozen=True, slots=True, eq=False)
class _Plan:
    """What the Jacobian of a program needs, whatever the run: the step with derivatives, the pattern, the groups."""

    made: Differentiated
    pattern: NDArray[np.bool_]
    group: NDArray[np.int64]


def stock_jacobian(program: Program, run: int, seed: int) -> StockJacobian | None:
    """Return what computes the Jacobian; None where there is none.

    That is where a program has devices, something without derivative, or stocks held at 0: there the rate jumps, and
    differences, which smear the jump, serve the solver better.
    """
    plan = _plan(program)
    return None if plan is None else StockJacobian(program, plan, run, seed)


@lru_cache(maxsize=8)
def _plan(program: Program) -> _Plan | None:
    large = program.stocks.size * program.slot_count > _LARGEST
    if not program.stocks.size or program.devices or program.floors.any() or large:
        return None
    held = replace(
        program,
        constants=(),
        initial=(),
        settled=(),
        memories=(),
        parameters=np.concatenate([program.parameters, program.stocks]),
        defaults=np.concatenate([program.defaults, np.zeros(program.stocks.size)]),
        stocks=program.stocks[:0],
        rates=program.rates[:0],
        floors=program.floors[:0],
    )
    first = program.parameters.size
    try:
        made = differentiate(held, range(first, first + program.stocks.size))
    except NotDifferentiable:
        return None
    pattern = jacobian_pattern(program)
    return _Plan(made, pattern, _groups(pattern))


class StockJacobian:
    """Computes d(rates)/d(stocks).

    Parameters
    ----------
    program
        Whose rates and stocks.
    plan
        Its step with derivatives by the stocks, and which stocks share a direction.
    run, seed
        Number of the run and seed of all: draws are those of the run.

    """

    def __init__(self, program: Program, plan: _Plan, run: int, seed: int) -> None:
        self.program, self.pattern, self.group = program, plan.pattern, plan.group
        self._made = made = plan.made
        count = int(self.group.max(initial=0)) + 1
        self._interpreter = Interpreter(made.program, np.full(count, run, dtype=np.int64), seed)
        self._seeds = made.program.parameters[made.directions]
        self._rates = made.shadow[program.rates]

    def matrix(self, values: Values, clock: ClockState) -> Any:
        """Return the Jacobian (rate, stock) where `values` hold the stocks and all that is held within a step."""
        program, group = self.program, self.group
        count = self._interpreter.streams.runs.size
        full = np.zeros((self._made.program.slot_count, count))
        full[: program.slot_count] = values[:, None]
        full[self._seeds, group] = 1.0
        self._interpreter.step(full, clock)
        slopes = np.where((self._rates >= 0)[:, None], full[self._rates], 0.0)
        dense = np.where(self.pattern, slopes[:, group], 0.0)
        least, share = _SPARSE
        if len(dense) >= least and self.pattern.mean() <= share:
            from scipy.sparse import csc_matrix  # heavy: only for large models

            return csc_matrix(dense)
        return dense


def jacobian_pattern(program: Program) -> NDArray[np.bool_]:
    """Return which rates (rows) may depend on which stocks (columns) within an evaluation."""
    count = program.stocks.size
    depends = np.zeros((program.slot_count, count), dtype=np.bool_)
    depends[program.stocks, np.arange(count)] = True
    for statement in program.step:
        if not isinstance(statement, Assign):
            continue
        nodes = nodes_upward((statement.value,))
        pointwise = all(isinstance(node, _POINTWISE) for node in nodes)
        read = [np.asarray(slots) for slots in map(slots_of, nodes) if slots is not None]
        if isinstance(statement.slots, int) or not pointwise:
            found = np.zeros(count, dtype=np.bool_)
            for slots in read:
                found |= depends[slots.ravel()].any(axis=0)
            depends[np.ravel(statement.slots)] = found
        else:
            depends[statement.slots] = _point_by_point(depends, statement, read)
    return depends[program.rates]


def _point_by_point(
    depends: NDArray[np.bool_], statement: Assign, read: Sequence[NDArray[np.int64]]
) -> NDArray[np.bool_]:
    found = np.zeros((*statement.axes, depends.shape[1]), dtype=np.bool_)
    for slots in read:
        found |= depends[np.broadcast_to(slots, statement.axes)]
    return found


def _groups(pattern: NDArray[np.bool_]) -> NDArray[np.int64]:
    """Return a group for every column, such that no row has two columns of one group."""
    taken: list[NDArray[np.bool_]] = []
    group = np.zeros(pattern.shape[1], dtype=np.int64)
    for column in range(pattern.shape[1]):
        rows = pattern[:, column]
        number = next((n for n, own in enumerate(taken) if not np.any(own & rows)), len(taken))
        if number == len(taken):
            taken.append(np.zeros_like(rows))
        taken[number] |= rows
        group[column] = number
    return group
