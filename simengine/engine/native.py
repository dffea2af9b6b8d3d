"""Simulations in native code: one run alone, or blocks of runs over threads.

In: a task (a program, parameters, run numbers, a seed, slots, a method). Out: times and values.

Invariant: which thread computes a block changes nothing; an interrupt stops all threads at their next step.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from simengine.engine.clock import TimePlan, plan_run
from simengine.engine.keep import ALL, Keep
from simengine.engine.memory import check_memory
from simengine.engine.parameters import ParameterSets
from simengine.engine.sketch import Sketch
from simengine.engine.tableau import Tableau
from simengine.engine.tier import level_for, level_to_begin
from simengine.kernel.llvm.compiled import Compiled, compile_module, lanes_for, written
from simengine.kernel.llvm.machine import Target, host
from simengine.kernel.llvm.module import NativeModule
from simengine.kernel.llvm.native import Worker
from simengine.program.program import Program
from simengine.source.diagnostic import InputError

_PARTS = (8, 100)
"""Parts of the work per thread: small enough that no thread waits long for the last, and progress is seen."""

_LENT = 256
"""Runs up to which memory and context are used again: of many they would hold on to much, to spare little."""

Progress = Callable[[int, int], None]
"""Is told now and then how many runs are done, of how many."""


@dataclass(frozen=True, slots=True)
class NativeResult:
    """Values (run, time or statistic, slot), the plan of time, and the code that ran."""

    plan: TimePlan
    times: NDArray[np.float64]
    values: NDArray[np.float64]
    compiled: Compiled
    threads: int
    sketch: Sketch | None = None
    """In the place of values of runs, where only quantiles are wanted."""


def run_native(
    program: Program,
    parameters: ParameterSets,
    numbers: NDArray[np.int64],
    seed: int,
    slots: NDArray[np.int64],
    tableau: Tableau,
    *,
    many: bool,
    slow: Sequence[Tableau] = (),
    threads: int | None = None,
    width: int | None = None,
    target: Target | None = None,
    level: int | None = None,
    keep: Keep = ALL,
    quantiles: bool = False,
    progress: Progress | None = None,
) -> NativeResult:
    """Return the values of runs.

    Parameters
    ----------
    program, seed, slots, tableau
        What to run, the seed of draws, the slots to save, the method.
    parameters
        Those of all runs.
    numbers
        The numbers of the runs.
    many
        False for one run alone.
    slow
        Methods of the program's slower clocks.
    threads
        How many threads may work at most; None: as many as there are cores.
    width
        How many runs side by side; None: what suits the machine.
    target, level
        What to compile for, and how hard to optimise; None: this machine, and what is worth it.
    keep
        Which times, or statistics.
    quantiles
        Whether values are counted only, for quantiles over runs.
    progress
        Is told, in the caller's thread, how many runs are done; what it raises ends the work.

    Raises
    ------
    InputError
        If the specs of the simulation make no run, or differ between runs.

    """
    count = len(numbers)
    lanes, varied = (width or lanes_for(count), parameters.differing()) if many else (1, None)
    noise = many and bool(np.any(numbers != numbers[:1]))  # runs of one number draw the same
    machine = target or host()
    module = written(program, (tableau, *slow), varied=varied, columns=slots, width=lanes, noise=noise, target=machine)
    compiled = compile_module(module, machine, level_to_begin(module, machine) if level is None else level)
    blocks = -(-count // lanes)
    room = blocks * lanes
    padded = numbers if room == count else np.concatenate([numbers, np.full(room - count, numbers[-1])])
    row = parameters.first()

    first = _worker(compiled, row, padded, seed)
    given = _Given(parameters, lanes)
    given.hand(first, (0, 1))
    plan = plan_run(program, [float(v) for v in first.specs()])
    worth = level_for(module, compiled.level, _whole_steps(program, plan) * blocks) if level is None else level
    if worth != compiled.level:
        compiled = compile_module(module, machine, worth)
        first = _worker(compiled, row, padded, seed)
    times, saved, direct = _saved(plan, keep)
    shape = (saved.size if direct else len(keep.statistics), slots.size)
    sketches = _Sketches(shape, count) if quantiles else None
    if not quantiles:
        check_memory(8 * room * shape[0] * shape[1], f"{count:,} runs of {shape[0]:,} times of {shape[1]:,} values")
    out = np.empty((0 if quantiles else room, *shape))
    work = _Work(plan, saved, out, blocks, None if direct else keep, given, sketches)
    if progress is not None:
        work.tell = lambda done: progress(min(count, done * lanes), count)
    used = 1 if blocks == 1 else min(threads or os.cpu_count() or 1, blocks)
    others = [Worker(compiled.module, compiled.code, row, padded, seed) for _ in range(used - 1)]
    if not (_run_threads([first, *others], work) if others else _run_alone(first, work)):
        raise InputError("start, stop, time steps and save interval must be the same in all runs of an ensemble")
    work.tell(blocks)
    if room <= _LENT:
        compiled.give_back(first)
    sketch = None if sketches is None else sketches.all()
    return NativeResult(plan, np.empty(0) if keep.statistics else times, out[:count], compiled, used, sketch)


def _worker(compiled: Compiled, row: NDArray[np.float64], numbers: NDArray[np.int64], seed: int) -> Worker:
    """Return memory and context for runs: of few runs, what those before them have left, where that can be had."""
    used = compiled.lend() if len(numbers) <= _LENT else None
    if used is None:
        return Worker(compiled.module, compiled.code, row, numbers, seed)
    used.begin(row, numbers, seed)
    return used


def _whole_steps(program: Program, plan: TimePlan) -> int:
    """Return how many steps of all that a program computes its steps and ticks come to."""
    if not plan.beats:
        return plan.steps
    slow = [(len(clock.group.step), beat.every) for clock, beat in zip(program.clocks, plan.beats, strict=True)]
    once = len(program.step) + sum(count / every for count, every in slow)
    return round(plan.steps * once / max(1, len(program.step) + sum(count for count, _ in slow)))


def _saved(plan: TimePlan, keep: Keep) -> tuple[NDArray[np.float64], NDArray[np.int64], bool]:
    """Return the times kept, the numbers of the steps saved, and whether native code itself saves what is kept."""
    times, saved = plan.times(), plan.numbers
    if not keep.keeps_all:
        places = keep.places(times)
        times, saved = times[places], saved[places]
    if keep.statistics == ("final",):
        return times, saved[-1:], True  # the statistic is the value: nothing more need be saved
    return times, saved, not keep.statistics


@dataclass(frozen=True, slots=True)
class _Given:
    """What differs between runs, handed to workers part by part."""

    parameters: ParameterSets
    width: int

    def hand(self, worker: Worker, blocks: Sequence[int]) -> None:
        """Hand a worker the parameters of some blocks; lanes to spare repeat the last run."""
        differing = worker.module.differing
        if not differing.size:
            return
        first, end = (n * self.width for n in blocks)
        if not worker.has_taken(first, end):
            worker.take(self.parameters.values(first, end, differing), first)


class _Sketches:
    """A sketch for each thread."""

    def __init__(self, shape: tuple[int, ...], runs: int) -> None:
        self.shape, self.runs = shape, runs
        self._own: dict[int, Sketch] = {}

    def add(self, values: NDArray[np.float64], first: int) -> None:
        """Count the values of a block; lanes to spare are none of the runs."""
        thread = threading.get_ident()
        if thread not in self._own:
            self._own[thread] = Sketch(self.shape)
        self._own[thread].add(values[: self.runs - first], first)

    def all(self) -> Sketch:
        """Return the counts of all threads."""
        total = Sketch(self.shape)
        for own in self._own.values():
            total.merge(own)
        return total


class _Work:
    """Blocks still to run, and where their values, or statistics of them, go."""

    def __init__(
        self,
        plan: TimePlan,
        saved: NDArray[np.int64],
        out: NDArray[np.float64],
        blocks: int,
        keep: Keep | None,
        given: _Given,
        sketches: _Sketches | None,
    ) -> None:
        self.plan, self.saved, self.out, self.blocks, self.keep, self.given = plan, saved, out, blocks, keep, given
        self.sketches = sketches
        self.tell: Callable[[int], None] = lambda _done: None
        """Is told how many blocks are done."""
        self.done = 0
        self._next = 0
        self._lock = threading.Lock()

    def operations(self, module: NativeModule) -> int:
        """Return how many statements are to be executed, times steps, times runs."""
        return _whole_steps(module.program, self.plan) * self.blocks * module.width * max(1, module.statements)

    def take(self, size: int) -> tuple[int, int] | None:
        """Return the next blocks, as (first, end); None if all are taken."""
        with self._lock:
            first = self._next
            self._next = min(self.blocks, first + size)
            return (first, self._next) if first < self._next else None

    def finish(self, blocks: Sequence[int]) -> None:
        """Note that blocks are done."""
        with self._lock:
            self.done += blocks[1] - blocks[0]

    def do(self, worker: Worker, blocks: Sequence[int]) -> bool:
        """Run blocks; return whether the specs were the same in all runs."""
        plan, keep = self.plan, self.keep
        specs = (plan.start, plan.stop, plan.step, plan.save)
        beats = tuple((beat.every, beat.step) for beat in plan.beats)
        self.given.hand(worker, blocks)
        if keep is None and self.sketches is None:
            return worker.run(specs, plan.steps, self.saved, self.out, blocks, beats=beats)
        width, equal = worker.module.width, True
        room = np.empty((width, self.saved.size, self.out.shape[2]))
        for block in range(*blocks):
            part, place = (block, block + 1), block * width
            equal &= worker.run(specs, plan.steps, self.saved, room, part, first=place, beats=beats)
            values = room if keep is None else keep.reduce(room)
            if self.sketches is None:
                self.out[block * width : (block + 1) * width] = values
            else:
                self.sketches.add(values, block * width)
        return equal


def _run_alone(worker: Worker, work: _Work) -> bool:
    """Run all blocks here if they are soon over, else in a thread beside this one, so that an interrupt is heard."""
    if work.operations(worker.module) < _SHORT:
        return work.do(worker, (0, work.blocks))
    return _run_threads([worker], work)


_SHORT = 50_000_000
"""Statements, times steps, times runs, that take less time than anyone needs to interrupt them."""


def _run_threads(workers: Sequence[Worker], work: _Work) -> bool:
    """Run all blocks in threads; the caller's, which hears interrupts, is one of them only where all is soon over.

    A new thread is often put on the processor of the one that made it, and moved away some milliseconds later.
    """
    operations = work.operations(workers[0].module)
    short = operations < _SHORT and len(workers) > 1
    parts = 2 if operations < _SHORT else int(np.clip(operations / _SHORT / len(workers), *_PARTS))
    size = max(1, work.blocks // (parts * len(workers)))
    equal, problems = [True], []

    def loop(worker: Worker) -> None:
        try:
            while (blocks := work.take(size)) is not None:
                equal[0] &= work.do(worker, blocks)
                work.finish(blocks)
        except BaseException as problem:  # noqa: BLE001  (raised in the caller's thread)
            problems.append(problem)
            stop()

    def stop() -> None:
        work.take(work.blocks)
        for worker in workers:
            worker.halt()

    threads = [threading.Thread(target=loop, args=(w,), daemon=True) for w in workers[short:]]
    for thread in threads:
        thread.start()
    try:
        if short:
            loop(workers[0])
        for thread in threads:
            while thread.is_alive():
                thread.join(0.2)
                work.tell(work.done)
    except BaseException:
        stop()
        for thread in threads:
            thread.join()
        raise
    if problems:
        raise problems[0]
    return equal[0]
