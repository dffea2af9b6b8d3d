"""Simulate: a program with its parameters, one run or many.

Invariant: the values of a run do not depend on which other runs go with it.
"""

from __future__ import annotations

import time
from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from simengine.engine.adaptive import run_adaptive
from simengine.engine.clock import TimePlan, plan_time
from simengine.engine.failure import locate
from simengine.engine.fixed import clock_of, run_moving, run_steps
from simengine.engine.tableau import TABLEAUS
from simengine.engine.trajectory import Failure, RunInfo, Trajectory
from simengine.kernel.interpreter import Interpreter
from simengine.model.definition import Method
from simengine.program.program import Program
from simengine.source.diagnostic import InputError

BLOCK = 4096
"""Runs computed together: a block's values should fit in the cache."""


def simulate(
    program: Program,
    *,
    parameters: NDArray[np.float64] | None = None,
    runs: int | None = None,
    run_numbers: NDArray[np.int64] | None = None,
    seed: int = 0,
    slots: NDArray[np.int64] | None = None,
    method: Method = Method.EULER,
) -> Trajectory:
    """Return the trajectories of one run, or of many.

    Parameters
    ----------
    program
        What to run.
    parameters
        Values of `program.parameters`: (parameters,) for one run, (runs, parameters) for many; None: the defaults.
    runs, run_numbers
        How many runs, where parameters do not say it, and their numbers (0, 1, ...), which seed their noise.
    seed
        Seed of the random streams.
    slots
        Which slots to save; None: all.
    method
        How stocks are integrated.

    Raises
    ------
    InputError
        If the specs of the simulation make no run.

    """
    began = time.perf_counter()
    slots = np.arange(program.slot_count) if slots is None else np.asarray(slots, dtype=np.int64)
    given = program.defaults if parameters is None else np.asarray(parameters, dtype=np.float64)
    many = given.ndim == 2 or runs is not None
    with np.errstate(all="ignore"):
        if not many:
            times, values, plan = _one(program, given, seed, slots, method)
            failures = _failures(program, given[None], values[None], np.zeros(1, np.int64), seed, plan, method)
        else:
            count = given.shape[0] if given.ndim == 2 else int(runs or 0)
            numbers = np.arange(count, dtype=np.int64) if run_numbers is None else run_numbers
            rows = np.broadcast_to(given, (count, program.defaults.size))
            times, values, plan = _many(program, rows, numbers, seed, slots, method)
            failures = _failures(program, rows, values, numbers, seed, plan, method)
    info = RunInfo("interpreter", method.value, plan.steps if plan else len(times) - 1, time.perf_counter() - began)
    return Trajectory(times, values, failures, info)


def _specs(program: Program, values: NDArray[np.float64]) -> TimePlan:
    rows = values[list(program.specs)]
    if rows.ndim > 1:
        if np.any(rows != rows[:, :1]):
            raise InputError("start, stop, time step and save interval must be the same in all runs of an ensemble")
        rows = rows[:, 0]
    return plan_time(*(float(v) for v in rows))


def _one(
    program: Program, parameters: NDArray[np.float64], seed: int, slots: NDArray[np.int64], method: Method
) -> tuple[NDArray[np.float64], NDArray[np.float64], TimePlan | None]:
    interpreter = Interpreter(program, None, seed)
    values = np.zeros(program.slot_count)
    values[program.parameters] = parameters
    plan, moments = _begin(interpreter, values, method)
    times, rows = [], []
    for _, moment in moments:
        times.append(moment)
        rows.append(values[slots])
    return np.asarray(times), np.asarray(rows).reshape(len(times), slots.size), plan


def _many(
    program: Program,
    parameters: NDArray[np.float64],
    numbers: NDArray[np.int64],
    seed: int,
    slots: NDArray[np.int64],
    method: Method,
) -> tuple[NDArray[np.float64], NDArray[np.float64], TimePlan | None]:
    if method not in TABLEAUS or program.moving_specs:
        parts = [_one_of_many(program, parameters[n], int(r), seed, slots, method) for n, r in enumerate(numbers)]
        if len({p[0].tobytes() for p in parts}) > 1:
            raise InputError("the runs of an ensemble must be saved at the same times")
        return parts[0][0], np.stack([p[1] for p in parts]), parts[0][2]
    times: list[float] = []
    blocks = []
    plan: TimePlan | None = None
    for start in range(0, len(numbers), BLOCK):
        part = slice(start, start + BLOCK)
        interpreter = Interpreter(program, numbers[part], seed)
        values = np.zeros((program.slot_count, len(numbers[part])))
        values[program.parameters] = parameters[part].T
        plan, moments = _begin(interpreter, values, method)
        times, rows = [], []
        for _, moment in moments:
            times.append(moment)
            rows.append(values[slots])
        blocks.append(np.moveaxis(np.asarray(rows), 2, 0))
    if not blocks:
        raise InputError("an ensemble needs at least one run")
    return np.asarray(times), np.concatenate(blocks), plan


def _one_of_many(
    program: Program, parameters: NDArray[np.float64], run: int, seed: int, slots: NDArray[np.int64], method: Method
) -> tuple[NDArray[np.float64], NDArray[np.float64], TimePlan | None]:
    del run  # adaptive methods have no noise, and moving specs no grid: their streams are those of run 0
    return _one(program, parameters, seed, slots, method)


def _begin(
    interpreter: Interpreter, values: NDArray[np.float64], method: Method
) -> tuple[TimePlan | None, Iterator[tuple[int, float]]]:
    program = interpreter.program
    if program.moving_specs:
        if method not in TABLEAUS:
            raise InputError("an adaptive method needs a time step and an end that do not change in the run")
        interpreter.constants(values, clock_of(TimePlan(0.0, 0.0, 1.0, 1.0, 0, (0,))))
        return None, run_moving(interpreter, values, method)
    interpreter.constants(values, clock_of(TimePlan(0.0, 0.0, 1.0, 1.0, 0, (0,))))
    plan = _specs(program, values)
    if method in TABLEAUS:
        return plan, run_steps(interpreter, values, plan, method)
    return plan, run_adaptive(interpreter, values, plan, method)


def _failures(
    program: Program,
    parameters: NDArray[np.float64],
    values: NDArray[np.float64],
    numbers: NDArray[np.int64],
    seed: int,
    plan: TimePlan | None,
    method: Method,
) -> tuple[Failure, ...]:
    bad = np.flatnonzero(~np.isfinite(values).all(axis=(1, 2)))
    out: list[Failure] = []
    for place in bad.tolist():
        found = None
        if plan is not None and method in TABLEAUS and len(out) < 100:
            found = locate(program, parameters[place], int(numbers[place]), seed, plan, method)
        out.append(found or Failure(int(numbers[place]), float("nan"), "a value", "it is not a finite number"))
    return tuple(out)
