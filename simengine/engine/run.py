"""Simulate: a program with its parameters, one run or many.

In: a program, values of its parameters, a method, the slots to save. Out: a `Trajectory`.

Invariant: the values of a run do not depend on which other runs go with it.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from simengine.engine.adaptive import Stuck, changes_by_step
from simengine.engine.clock import TimePlan
from simengine.engine.failure import locate
from simengine.engine.keep import ALL, Keep
from simengine.engine.memory import check_memory
from simengine.engine.parameters import ParameterSets
from simengine.engine.sketch import Sketch
from simengine.engine.start import begin
from simengine.engine.tableau import TABLEAUS
from simengine.engine.trajectory import Failure, RunInfo, Trajectory
from simengine.kernel.interpreter import Interpreter
from simengine.model.definition import Method
from simengine.program.program import Program
from simengine.source.diagnostic import InputError

_BLOCK_BYTES = 32_000_000
_BLOCK_RUNS = (1024, 8192)
"""Runs computed together: their values should fit in the cache, but each operation is worth its call."""


def simulate(
    program: Program,
    *,
    parameters: NDArray[np.float64] | ParameterSets | None = None,
    runs: int | None = None,
    run_numbers: NDArray[np.int64] | None = None,
    seed: int = 0,
    slots: NDArray[np.int64] | None = None,
    method: Method = Method.EULER,
    clock_methods: Sequence[Method] | None = None,
    threads: int | None = None,
    backend: str | None = None,
    keep: Keep = ALL,
    levels: Sequence[float] = (),
    progress: Callable[[int, int], None] | None = None,
) -> Trajectory:
    """Return the trajectories of one run, or of many.

    Parameters
    ----------
    program
        What to run.
    parameters
        Values of `program.parameters`: (parameters,) for one run, (runs, parameters) or sets for many; None: the
        defaults.
    runs, run_numbers
        How many runs, where parameters do not say it, and their numbers (0, 1, ...), which seed their noise.
    seed
        Seed of the random streams.
    slots
        Which slots to save; None: all.
    method
        How stocks are integrated.
    clock_methods
        The same for the program's slower clocks, in their order; None: each by its own method.
    threads
        How many threads may work at most; None: as many as there are cores. The interpreter works in one.
    backend
        "native" or "interpreter"; None: native code where there is a way.
    keep
        Which of the saved times, or which statistics over them; they are kept for each block of runs alone, so that
        memory does not hold all times of all runs.
    levels
        Quantiles over runs (0 to 1) wanted in the place of runs; memory then holds no runs.
    progress
        Is told now and then how many runs are done, of how many; what it raises ends the work.

    Returns
    -------
    Values of shape (time, slot) for one run, (run, time, slot) for many. Runs that fail keep what they gave.

    Raises
    ------
    InputError
        If the specs of the simulation make no run, or the arguments do not fit.

    """
    began = time.perf_counter()
    methods = (method, *((c.method for c in program.clocks) if clock_methods is None else clock_methods))
    task = _task(program, parameters, runs, run_numbers, seed, slots, methods)
    why_not = _why_not_native(task, backend)
    with np.errstate(all="ignore"):
        if why_not is None:
            done = _native(task, threads, keep, quantiles=bool(levels), progress=progress)
        else:
            together = task.many and method in TABLEAUS and not program.moving_specs
            done = _kept(_together(task, progress) if together else _one_by_one(task, progress), keep)
            done = _sketched(done) if levels else done
        failures = _failures(task, _not_finite(done))
    notes = (*(done.notes if why_not is None else (why_not,)), *_notes(program, method), *_beats(program, done.plan))
    name = "native" if why_not is None else "interpreter"
    info = RunInfo(name, method.value, done.steps, time.perf_counter() - began, notes, done.threads)
    if done.sketch is not None:
        values = done.sketch.quantiles(levels)
        return Trajectory(done.times, values, failures, info, keep.statistics, tuple(levels), done.sketch.runs)
    values = done.values if task.many else done.values[0]
    return Trajectory(done.times, values, failures, info, keep.statistics)


@dataclass(frozen=True, slots=True)
class _Task:
    """Checked arguments."""

    program: Program
    parameters: ParameterSets
    numbers: NDArray[np.int64]
    seed: int
    slots: NDArray[np.int64]
    method: Method
    slow: tuple[Method, ...]
    """Methods of slower clocks."""
    many: bool


@dataclass(frozen=True, slots=True)
class _Done:
    """Times, values (run, time, slot), how many steps were taken, and what to tell of it."""

    times: NDArray[np.float64]
    values: NDArray[np.float64]
    steps: int
    notes: tuple[str, ...] = ()
    threads: int = 1
    sketch: Sketch | None = None
    plan: TimePlan | None = None


def _task(
    program: Program,
    parameters: NDArray[np.float64] | ParameterSets | None,
    runs: int | None,
    run_numbers: NDArray[np.int64] | None,
    seed: int,
    slots: NDArray[np.int64] | None,
    methods: Sequence[Method],
) -> _Task:
    _check_methods(program, methods)
    chosen = np.arange(program.slot_count) if slots is None else np.asarray(slots, dtype=np.int64)
    if chosen.size and int(chosen.view(np.uint64).max()) >= program.slot_count:  # below 0: beyond any
        raise InputError(f"slots lie between 0 and {program.slot_count - 1}")
    sets, many = _sets(program, parameters, runs)
    count = sets.runs
    return _Task(program, sets, _numbers(run_numbers, count), seed, chosen, methods[0], tuple(methods[1:]), many)


def _numbers(given: NDArray[np.int64] | None, count: int) -> NDArray[np.int64]:
    """Return the numbers of runs: those given, else 0, 1, ..."""
    if given is None:
        return np.arange(count, dtype=np.int64)
    numbers = np.atleast_1d(given).astype(np.int64)
    if numbers.shape != (count,) or (count and not 0 <= numbers.min() <= numbers.max() < 2**32):
        raise InputError(f"{count} run numbers between 0 and 2^32 are needed")
    return numbers


def _check_methods(program: Program, methods: Sequence[Method]) -> None:
    """Refuse methods that do not go with several clocks."""
    if len(methods) != 1 + len(program.clocks):
        raise InputError(f"{len(program.clocks)} methods of slower clocks are needed, given are {len(methods) - 1}")
    adaptive = [m for m in methods if m not in TABLEAUS]
    if program.clocks and adaptive:
        known = ", ".join(m.value for m in TABLEAUS)
        raise InputError(
            f"{adaptive[0].value} finds its own steps, but parts of this model move by clocks of their own "
            f"({', '.join(c.key for c in program.clocks)}), which tick at whole steps: integrate by {known}"
        )


def _sets(
    program: Program, parameters: NDArray[np.float64] | ParameterSets | None, runs: int | None
) -> tuple[ParameterSets, bool]:
    """Return the parameters of all runs, and whether these are an ensemble."""
    if isinstance(parameters, ParameterSets):
        shape: tuple[int, ...] = (parameters.runs, parameters.shared.size)
    else:
        parameters = np.asarray(program.defaults if parameters is None else parameters, dtype=np.float64)
        shape = parameters.shape
    if len(shape) not in {1, 2} or shape[-1] != program.defaults.size:
        raise InputError(f"{program.defaults.size} parameters are needed for each run, given are {shape}")
    many = len(shape) == 2
    count = shape[0] if many else 1 if runs is None else int(runs)
    if count < 1 or (many and runs not in {None, count}):
        raise InputError(f"{runs} runs with parameters for {count}" if count else "an ensemble needs at least one run")
    sets = parameters if isinstance(parameters, ParameterSets) else ParameterSets.of(parameters, count)
    return sets, many or runs is not None


def _why_not_native(task: _Task, backend: str | None) -> str | None:
    """Return why a task does not run in native code; None if it does."""
    if backend not in {None, "native", "interpreter"}:
        raise InputError(f"there is no back end `{backend}`: native or interpreter")
    if backend == "interpreter":
        return "the interpreter was asked for"
    if task.program.moving_specs:
        return "the specs of the simulation change in the run: only the interpreter follows them"
    if task.method not in TABLEAUS:
        return "SciPy's solvers call the interpreter"
    from simengine.kernel.llvm.compiled import is_available

    return None if is_available() else "llvmlite, which makes native code, is not installed on this machine"


def _kept(done: _Done, keep: Keep) -> _Done:
    if keep.statistics:
        return replace(done, times=np.empty(0), values=keep.reduce(done.values))
    places = keep.places(done.times)
    return replace(done, times=done.times[places], values=done.values[:, places])


def _sketched(done: _Done) -> _Done:
    sketch = Sketch(done.values.shape[1:])
    sketch.add(done.values, 0)
    return replace(done, sketch=sketch)


def _native(
    task: _Task, threads: int | None, keep: Keep, *, quantiles: bool, progress: Callable[[int, int], None] | None
) -> _Done:
    from simengine.engine.native import run_native

    result = run_native(
        task.program,
        task.parameters,
        task.numbers,
        task.seed,
        task.slots,
        TABLEAUS[task.method],
        slow=tuple(TABLEAUS[m] for m in task.slow),
        many=task.many,
        threads=threads,
        keep=keep,
        quantiles=quantiles,
        progress=progress,
    )
    called = result.compiled.called_back
    notes = [f"called back to Python for: {', '.join(called)}"] if called else []
    long = result.compiled.not_optimised
    notes += [f"not optimised, as their equations are very long: {', '.join(long)}"] if long else []
    return _Done(
        result.times, result.values, result.plan.steps, tuple(notes), result.threads, result.sketch, result.plan
    )


def _together(task: _Task, progress: Callable[[int, int], None] | None) -> _Done:
    """Run many runs at once, in blocks."""
    program, count = task.program, len(task.numbers)
    size = int(np.clip(_BLOCK_BYTES // (8 * max(1, program.slot_count)), *_BLOCK_RUNS))
    times: list[float] = []
    out: NDArray[np.float64] | None = None
    planned: TimePlan | None = None
    for start in range(0, count, size):
        part = slice(start, start + size)
        interpreter = Interpreter(program, task.numbers[part], task.seed)
        values, plan, moments = begin(interpreter, task.parameters.rows(part), task.method, task.slow)
        assert plan is not None
        if planned is None:
            saves, slots = len(plan.saved), task.slots.size
            check_memory(8 * count * saves * slots, f"{count:,} runs of {saves:,} times of {slots:,} values")
            planned, out = plan, np.empty((count, saves, slots))
        if plan != planned or out is None:
            raise InputError("start, stop, time steps and save interval must be the same in all runs of an ensemble")
        times = []
        for moment in moments:
            if moment.saved:
                out[part, len(times)] = values[task.slots].T
                times.append(moment.time)
        if progress is not None:
            progress(min(count, start + size), count)
    assert planned is not None
    assert out is not None
    return _Done(np.asarray(times), out, planned.steps, plan=planned)


def _one_by_one(task: _Task, progress: Callable[[int, int], None] | None) -> _Done:
    done = []
    for place in range(len(task.numbers)):
        done.append(_alone(task, place))
        if progress is not None:
            progress(place + 1, len(task.numbers))
    if any(d.times.shape != done[0].times.shape or np.any(d.times != done[0].times) for d in done):
        raise InputError("the runs of an ensemble must be saved at the same times")
    return _Done(done[0].times, np.concatenate([d.values for d in done]), done[0].steps, plan=done[0].plan)


def _alone(task: _Task, place: int) -> _Done:
    interpreter = Interpreter(task.program, int(task.numbers[place]), task.seed)
    row = task.parameters.rows(slice(place, place + 1))[0]
    values, plan, moments = begin(interpreter, row, task.method, task.slow)
    times: list[float] = []
    rows: list[NDArray[np.float64]] = []
    steps = 0
    try:
        for moment in moments:
            steps = moment.step
            if moment.saved:
                times.append(moment.time)
                rows.append(values[task.slots])
    except Stuck:  # only adaptive methods, which have a plan: what could not be reached is not a number
        assert plan is not None
        times = [plan.time(n) for n in plan.saved]
        rows += [np.full(task.slots.size, np.nan)] * (len(times) - len(rows))
    return _Done(np.asarray(times), np.asarray(rows).reshape(1, len(times), task.slots.size), steps, plan=plan)


_NONE = np.empty(0, dtype=np.int64)


def _not_finite(done: _Done) -> NDArray[np.int64]:
    """Return the places of the runs in which a value is not a number."""
    if done.sketch is not None:
        return np.sort(np.asarray(done.sketch.failed, dtype=np.int64))
    if math.isfinite(np.add.reduce(done.values, axis=None)):  # what is not a number makes the sum none
        return _NONE
    finite = np.isfinite(done.values)  # a sum may also be too large
    return _NONE if finite.all() else np.flatnonzero(~finite.all(axis=(1, 2)))


def _failures(task: _Task, bad: NDArray[np.int64]) -> tuple[Failure, ...]:
    if not bad.size:
        return ()
    rows, numbers = task.parameters.rows(bad), task.numbers[bad]
    found = locate(task.program, rows, numbers, task.seed, task.slots, task.method, task.slow)
    return tuple(found[n] for n in task.numbers[bad].tolist() if n in found)


def _notes(program: Program, method: Method) -> tuple[str, ...]:
    if method in TABLEAUS:
        return ()
    notes = ["the solver's steps are no longer than the model's time step"]
    if changes_by_step(program):
        notes.append("memories, devices and draws change once a time step: the solver starts anew at each")
    return tuple(notes)


def _beats(program: Program, plan: TimePlan | None) -> tuple[str, ...]:
    """Return how slower clocks went."""
    beats = () if plan is None else plan.beats
    return tuple(
        f"`{clock.key}` moves once in {beat.every} steps, by {beat.step:g}"
        for clock, beat in zip(program.clocks, beats, strict=True)
    )
