"""The functions Python calls: blocks of runs, steps of a run, what is saved.

In: names of the functions of each phase. Out: the text of `prepare` and `run`.

A slower clock's tick comes before the step it falls on; what goes by it moves after the last step before the next tick.

Invariant: time is start + number x step; everything of a step is computed before it is saved, and saved before
anything moves.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from simengine.kernel.llvm.body import Body, real_literal
from simengine.kernel.llvm.context import Beat, Field
from simengine.kernel.llvm.method import Course, Courses
from simengine.kernel.llvm.site import Site
from simengine.program.pace import by_clock
from simengine.program.program import Program

ARGUMENTS = "ptr noalias %U, ptr noalias %V, ptr noalias readonly %T, ptr noalias %X"
_GIVEN = "ptr %U, ptr %V, ptr %T, ptr %X"
_SEGMENTS = 200
"""Stretches of memory up to which copying them is written out."""

BEGIN_BLOCK = -1
"""What the callback is given for a number when a block of runs begins."""


class Module(Protocol):
    """What the driver asks of the module."""

    program: Program
    courses: Courses
    width: int
    columns: NDArray[np.int64]
    varying: NDArray[np.bool_]
    sites: list[Site]

    def keep(self, array: NDArray[Any]) -> str:
        """Return the name of a constant array."""


@dataclass(frozen=True, slots=True)
class Driver:
    """The text of the driver, and the functions it needs."""

    text: str
    needs: set[str]


def write_driver(module: Module, phases: Mapping[str, Sequence[str]]) -> Driver:
    """Return the functions that run a program."""
    parts, needs = [], set()
    functions = [_begin, _save, _advance, _prepare, _run]
    for number in range(len(module.program.clocks)):
        functions[3:3] = [partial(_tick, number=number), partial(_move, number=number)]
    for function in functions:
        writer = _Writer(module, phases)
        parts.append(function(writer))
        needs |= writer.body.needs
    return Driver("\n".join(parts), needs)


class _Writer:
    def __init__(self, module: Module, phases: Mapping[str, Sequence[str]]) -> None:
        self.module = module
        self.phases = phases
        self.body = Body(1)
        self.many = Body(module.width, self.body.sheet)

    def field(self, field: Field) -> str:
        return self.body.new(f"getelementptr inbounds i64, ptr %X, i64 {field.value}")

    def get(self, field: Field, kind: str = "i64") -> str:
        return self.body.new(f"load {kind}, ptr {self.field(field)}, align 8")

    def set(self, field: Field, value: str, kind: str = "i64") -> None:
        self.body.line(f"store {kind} {value}, ptr {self.field(field)}, align 8")

    def _beat(self, number: int, what: Beat) -> str:
        beats = self.get(Field.BEATS, "ptr")
        return self.at(beats, str(len(Beat) * number + what.value))

    def beat(self, number: int, what: Beat, kind: str = "i64") -> str:
        """Return a word about a slower clock."""
        return self.body.new(f"load {kind}, ptr {self._beat(number, what)}, align 8")

    def set_beat(self, number: int, what: Beat, value: str) -> None:
        self.body.line(f"store i64 {value}, ptr {self._beat(number, what)}, align 8")

    def copy(self, source: Field, target: Field) -> None:
        self.set(target, self.get(source))

    def call(self, phase: str) -> None:
        for name in self.phases.get(phase, ()):
            self.body.line(f"call void @{name}({_GIVEN})")

    def at(self, pointer: str, *terms: str) -> str:
        """Return a pointer so many words further."""
        for term in terms:
            pointer = self.body.new(f"getelementptr inbounds i64, ptr {pointer}, i64 {term}")
        return pointer

    def times(self, a: str, b: str | int) -> str:
        return self.body.new(f"mul nsw i64 {a}, {b}")

    def plus(self, a: str, b: str | int) -> str:
        return self.body.new(f"add nsw i64 {a}, {b}")

    def function(self, head: str, end: str = "ret void") -> str:
        lines = "\n".join(self.body.lines)
        return f"define {head} #2 {{\nentry:\n{lines}\n  {end}\n}}"


def _begin(w: _Writer) -> str:
    """Parameters and constants of a block."""
    module, body = w.module, w.body
    width, program = module.width, module.program
    w.set(Field.BLOCK, "%block")
    runs = w.times("%block", width)
    w.set(Field.RUNS, w.at(w.get(Field.ALL_RUNS, "ptr"), runs), "ptr")
    differing = program.parameters[module.varying[program.parameters]]
    if differing.size:
        slots = module.keep(np.ascontiguousarray(differing, dtype=np.int64))
        given, row = w.get(Field.PARAMETERS, "ptr"), w.get(Field.ROW)
        with body.counted(differing.size, "parameter") as place:
            value = body.new(f"load {w.many.real_type}, ptr {w.at(given, w.times(place, row), runs)}, align 8")
            slot = body.new(f"load i64, ptr {w.at(slots, place)}")
            body.line(f"store {w.many.real_type} {value}, ptr {w.at('%V', w.times(slot, width))}, align 8")
    for field, number in (
        (Field.TIME, 0.0),
        (Field.START, 0.0),
        (Field.STOP, 0.0),
        (Field.STEP, 1.0),
        (Field.SAVE, 1.0),
        (Field.BEGIN, 0.0),
    ):
        w.set(field, real_literal(number), "double")
    w.set(Field.NUMBER, "0")
    if module.sites:
        callee, handle = w.get(Field.CALLBACK, "ptr"), w.get(Field.HANDLE)
        body.line(f"call void {callee}(i64 {handle}, i64 {BEGIN_BLOCK}, ptr %U, ptr %V, ptr %X)")
    w.call("constants")
    return w.function(f"internal void @begin({ARGUMENTS}, i64 %block)")


def _save(w: _Writer) -> str:
    """What is saved of one step, as row `%row` of the output."""
    module, body = w.module, w.body
    width, columns = module.width, module.columns
    out = w.get(Field.OUT, "ptr")
    if width == 1:
        first = w.at(out, w.times("%row", columns.size))
        segments = _segments(columns)
        if len(segments) > _SEGMENTS:
            slots = module.keep(np.ascontiguousarray(columns, dtype=np.int64))
            with body.counted(columns.size, "column") as number:
                slot = body.new(f"load i64, ptr {w.at(slots, number)}")
                value = body.new(f"load double, ptr {w.at('%U', slot)}, align 8")
                body.line(f"store double {value}, ptr {w.at(first, number)}, align 8")
            segments = []
        for column, begin, count in segments:
            target, source = w.at(first, str(column)), w.at("%U", str(begin))
            if count < 8:
                for n in range(count):
                    value = body.new(f"load double, ptr {w.at(source, str(n))}, align 8")
                    body.line(f"store double {value}, ptr {w.at(target, str(n))}, align 8")
            else:
                body.needs.add("llvm.memcpy.p0.p0.i64")
                given = f"ptr align 8 {target}, ptr align 8 {source}, i64 {8 * count}, i1 false"
                body.line(f"call void @llvm.memcpy.p0.p0.i64({given})")
        return w.function(f"internal void @save({ARGUMENTS}, i64 %row)")
    # each run has its own rows: as many streams of writes as lanes, each through consecutive memory
    size = w.times(w.get(Field.SAVES), columns.size)
    first = w.at(out, w.times(w.times(w.get(Field.BLOCK), width), size), w.times("%row", columns.size))
    rows = [first]
    for _ in range(width - 1):
        rows.append(w.at(rows[-1], size))
    for lanes in (False, True):
        chosen = np.flatnonzero(module.varying[columns] == lanes)
        if not chosen.size:
            continue
        slots = module.keep(np.ascontiguousarray(columns[chosen], dtype=np.int64))
        places = module.keep(np.ascontiguousarray(chosen, dtype=np.int64))
        with body.counted(chosen.size, "column") as number:
            slot = body.new(f"load i64, ptr {w.at(slots, number)}")
            place = body.new(f"load i64, ptr {w.at(places, number)}")
            if lanes:
                value = body.new(f"load {w.many.real_type}, ptr {w.at('%V', w.times(slot, width))}, align 8")
            else:
                value = w.many.broadcast(body.new(f"load double, ptr {w.at('%U', slot)}, align 8"))
            for lane, row in enumerate(rows):
                one = body.new(f"extractelement {w.many.real_type} {value}, i32 {lane}")
                body.line(f"store double {one}, ptr {w.at(row, place)}, align 8")
    return w.function(f"internal void @save({ARGUMENTS}, i64 %row)")


def _segments(columns: NDArray[np.int64]) -> list[tuple[int, int, int]]:
    """Return (first column, first slot, count) of stretches of consecutive slots."""
    if not columns.size:
        return []
    starts = np.flatnonzero(np.diff(columns, prepend=columns[0] - 2) != 1)
    counts = np.diff(np.append(starts, columns.size))
    return list(zip(starts.tolist(), columns[starts].tolist(), counts.tolist(), strict=True))


def _advance(w: _Writer) -> str:
    """From one step to the next."""
    _stages(w, w.module.courses.own, "step", "")
    w.call("commit")
    return w.function(f"internal void @advance({ARGUMENTS})")


def _stages(w: _Writer, course: Course, step_phase: str, suffix: str) -> None:
    """Gather, and the stages of a method."""
    body = w.body
    w.call(f"gather{suffix}")
    for number, stage in enumerate(course.stages):
        w.call(f"move{number}{suffix}")
        begin, step = w.get(Field.BEGIN, "double"), w.get(Field.STEP, "double")
        w.set(Field.TIME, body.add(begin, body.mul(real_literal(stage.place), step)), "double")
        w.call(step_phase)
        w.call(f"keep{number}{suffix}")
    w.copy(Field.BEGIN, Field.TIME)


def _tick(w: _Writer, number: int) -> str:
    """A tick of a slower clock: what goes by it, and all that its step rests on."""
    body, course = w.body, w.module.courses.slow[number]
    _turn_to(w, number)
    w.call(f"slow{number}")
    full, done = body.label("tick.full"), body.label("tick.done")
    whole = body.new(f"icmp ne i64 {w.beat(number, Beat.FULL)}, 0")
    body.line(f"br i1 {whole}, label %{full}, label %{done}")
    body.place(full)
    _stages(w, course, f"slow{number}", f"_slow{number}")
    if course.stages:  # they left their own values in place of those of the tick
        w.call(f"restore_slow{number}")
        w.call(f"slow{number}")
    body.line(f"br label %{done}")
    body.place(done)
    w.copy(Field.PLAN_STEP, Field.STEP)
    return w.function(f"internal void @tick{number}({ARGUMENTS})")


def _move(w: _Writer, number: int) -> str:
    """The end of a slower clock's step."""
    _turn_to(w, number)
    w.call(f"commit_slow{number}")
    w.set_beat(number, Beat.NUMBER, w.plus(w.beat(number, Beat.NUMBER), 1))
    w.copy(Field.PLAN_STEP, Field.STEP)
    return w.function(f"internal void @move_slow{number}({ARGUMENTS})")


def _turn_to(w: _Writer, number: int) -> None:
    """Let the context show a slower clock at its last tick."""
    body = w.body
    step, count = w.beat(number, Beat.STEP, "double"), w.beat(number, Beat.NUMBER)
    real = body.new(f"sitofp i64 {count} to double")
    time = body.add(w.get(Field.START, "double"), body.mul(real, step))
    w.set(Field.STEP, step, "double")
    w.set(Field.TIME, time, "double")
    w.set(Field.BEGIN, time, "double")
    w.set(Field.NUMBER, count)


def _prepare(w: _Writer) -> str:
    first = w.get(Field.FIRST)
    w.body.line(f"call void @begin({_GIVEN}, i64 {first})")
    return w.function(f"void @prepare({ARGUMENTS})")


def _run(w: _Writer) -> str:
    body, module = w.body, w.module
    first, blocks = w.get(Field.FIRST), w.get(Field.BLOCKS)
    steps, saved, saves = w.get(Field.STEPS), w.get(Field.SAVED, "ptr"), w.get(Field.SAVES)
    halt = w.get(Field.HALT, "ptr")
    with body.counted(blocks, "block") as block:
        body.line(f"call void @begin({_GIVEN}, i64 {w.plus(first, block)})")
        for number, (plan, now) in enumerate(
            (
                (Field.PLAN_START, Field.START),
                (Field.PLAN_STOP, Field.STOP),
                (Field.PLAN_STEP, Field.STEP),
                (Field.PLAN_SAVE, Field.SAVE),
            )
        ):
            w.copy(plan, now)
            _check_spec(w, module.program.specs[number], partial(w.get, now, "double"))
        for number, clock in enumerate(module.program.clocks):
            _check_spec(w, clock.step, partial(w.beat, number, Beat.STEP, "double"))
            w.set_beat(number, Beat.NUMBER, "0")
            w.set_beat(number, Beat.LEFT, "0")
        w.copy(Field.START, Field.TIME)
        w.copy(Field.START, Field.BEGIN)
        _initial(w)
        w.call("settled")
        _steps(w, steps, saved, saves, halt)
    return w.function(f"void @run({ARGUMENTS})")


def _initial(w: _Writer) -> None:
    """Initial values, in stretches that see the time step of one clock each."""
    program = w.module.program
    if not program.clocks:
        w.call("initial")
        return
    for place, (clock, _) in enumerate(by_clock(program, program.initial)):
        if clock < 0:
            w.copy(Field.PLAN_STEP, Field.STEP)
        else:
            w.set(Field.STEP, w.beat(clock, Beat.STEP, "double"), "double")
        w.call(f"initial{place}")
    w.copy(Field.PLAN_STEP, Field.STEP)


def _check_spec(w: _Writer, slot: int, planned: Callable[[], str]) -> None:
    """Note where a spec of the simulation is not the same in all runs."""
    if not w.module.varying[slot]:
        return
    body, many, width = w.body, w.many, w.module.width
    value = body.new(f"load {many.real_type}, ptr {w.at('%V', str(slot * width))}, align 8")
    other = many.compare("une", value, many.broadcast(planned()))
    differs = many.any_lane(other)
    before = w.get(Field.UNEQUAL)
    w.set(Field.UNEQUAL, body.new(f"select i1 {differs}, i64 1, i64 {before}"))


def _steps(w: _Writer, steps: str, saved: str, saves: str, halt: str) -> None:
    body = w.body
    before = body.block
    head, more, save, after, go, done = (
        body.label(f"step.{n}") for n in ("head", "more", "save", "after", "go", "done")
    )
    number, row = f"%{head}.i", f"%{head}.row"
    body.line(f"br label %{head}")
    body.place(head)
    back = body.label("step.back") if w.module.program.clocks else go
    body.line(f"{number} = phi i64 [ 0, %{before} ], [ %{go}.n, %{back} ]")
    body.line(f"{row} = phi i64 [ 0, %{before} ], [ %{after}.row, %{back} ]")
    stop = body.new(f"load atomic i64, ptr {halt} unordered, align 8")
    body.line(f"br i1 {body.new(f'icmp ne i64 {stop}, 0')}, label %{done}, label %{more}")
    body.place(more)
    for clock in range(len(w.module.program.clocks)):
        _tick_if_due(w, clock, number, steps)
    last = body.block
    start, step = w.get(Field.START, "double"), w.get(Field.STEP, "double")
    real = body.new(f"sitofp i64 {number} to double")
    time = body.add(start, body.mul(real, step))
    w.set(Field.TIME, time, "double")
    w.set(Field.BEGIN, time, "double")
    w.set(Field.NUMBER, number)
    w.call("step")
    inside = body.new(f"icmp ult i64 {row}, {saves}")
    safe = body.new(f"select i1 {inside}, i64 {row}, i64 0")
    due = body.new(f"load i64, ptr {w.at(saved, safe)}")
    here = body.new(f"and i1 {inside}, {body.new(f'icmp eq i64 {due}, {number}')}")
    body.line(f"br i1 {here}, label %{save}, label %{after}")
    body.place(save)
    body.line(f"call void @save({_GIVEN}, i64 {row})")
    body.line(f"%{save}.row = add nuw nsw i64 {row}, 1")
    body.line(f"br label %{after}")
    body.place(after)
    body.line(f"%{after}.row = phi i64 [ {row}, %{last} ], [ %{save}.row, %{save} ]")
    body.line(f"br i1 {body.new(f'icmp ult i64 {number}, {steps}')}, label %{go}, label %{done}")
    body.place(go)
    body.line(f"call void @advance({_GIVEN})")
    body.line(f"%{go}.n = add nuw nsw i64 {number}, 1")
    for clock in range(len(w.module.program.clocks)):
        _move_if_due(w, clock)
    if w.module.program.clocks:
        body.line(f"br label %{back}")
        body.place(back)
    body.line(f"br label %{head}")
    body.place(done)


def _tick_if_due(w: _Writer, clock: int, number: str, steps: str) -> None:
    """Call a slower clock's tick where no step is left to it."""
    body = w.body
    tick, ticked = body.label("step.tick"), body.label("step.ticked")
    due = body.new(f"icmp eq i64 {w.beat(clock, Beat.LEFT)}, 0")
    body.line(f"br i1 {due}, label %{tick}, label %{ticked}")
    body.place(tick)
    every = w.beat(clock, Beat.EVERY)
    full = body.new(f"icmp ule i64 {w.plus(number, every)}, {steps}")
    w.set_beat(clock, Beat.LEFT, every)
    w.set_beat(clock, Beat.FULL, body.new(f"zext i1 {full} to i64"))
    body.line(f"call void @tick{clock}({_GIVEN})")
    body.line(f"br label %{ticked}")
    body.place(ticked)


def _move_if_due(w: _Writer, clock: int) -> None:
    """Count a step; move what goes by a slower clock where its step is over."""
    body = w.body
    move, moved = body.label("step.move"), body.label("step.over")
    left = w.plus(w.beat(clock, Beat.LEFT), -1)
    w.set_beat(clock, Beat.LEFT, left)
    over = body.new(f"icmp eq i64 {left}, 0")
    body.line(f"br i1 {over}, label %{move}, label %{moved}")
    body.place(move)
    body.line(f"call void @move_slow{clock}({_GIVEN})")
    body.line(f"br label %{moved}")
    body.place(moved)
