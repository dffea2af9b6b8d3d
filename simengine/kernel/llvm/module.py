"""A program as one LLVM module.

In: a program, a method, which parameters differ between runs, which slots are saved, the number of lanes. Out:
`NativeModule`: the text, and what Python must know to call it.

    prepare(U, V, T, X)    parameters and constants of the first block: the specs are known
    run(U, V, T, X)        blocks of runs, one after another: from parameters to what is saved

Invariant: the text depends on nothing but the arguments; compiled twice it gives the same code.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from simengine.kernel.llvm.assembly import Assembly
from simengine.kernel.llvm.chunk import OPERATIONS, Chunk, roots_of, share_out
from simengine.kernel.llvm.driver import ARGUMENTS, write_driver
from simengine.kernel.llvm.frame import Temporaries
from simengine.kernel.llvm.hoist import hoist
from simengine.kernel.llvm.method import Course, Courses, Method, plan_courses
from simengine.kernel.llvm.outline import Outline
from simengine.kernel.llvm.place import Places
from simengine.kernel.llvm.rounds import Round, find_rounds
from simengine.kernel.llvm.site import Site
from simengine.kernel.llvm.statement import ONCE, StatementWriter
from simengine.kernel.llvm.table import PackedTables, Shape, pack_tables
from simengine.kernel.memory import lacking
from simengine.program.node import Load, Lookup, Node
from simengine.program.pace import by_clock, steps_of
from simengine.program.program import Assign, Emit, Program, Statement
from simengine.program.reach import reached_slots
from simengine.program.walk import nodes_below, slots_of
from simengine.source.diagnostic import InputError
from simengine.source.pause import no_collection

_BYTES = 3_000
"""Memory that writing and compiling an operation takes, as measured with 5,000 equations (2,100) and some more."""

_SMALL = 60
"""Statements of a step up to which all functions may become one."""

PHASES = ("constants", "initial", "settled", "step")


@dataclass(frozen=True, slots=True)
class Texts:
    """The text of a module, in two: what is worth optimising, and what is not."""

    main: str
    plain: str
    """What runs once in a run, and functions too long to optimise; empty where there are none, and where a program is
    so small that all may become one function."""


@dataclass(frozen=True, eq=False)
class NativeModule:
    """A module: how to call its functions, and its text, which is written when it is asked for."""

    program: Program
    width: int
    key: str
    """What tells its text from all others; empty where nothing is kept."""
    columns: NDArray[np.int64]
    """Slots saved, in order."""
    shared: NDArray[np.int64]
    """Parameters (by position) that are the same in all runs."""
    differing: NDArray[np.int64]
    """Parameters that differ, in the order they are handed over."""
    varying: NDArray[np.bool_]
    tables: PackedTables
    outline: Outline
    writer: Callable[[], Texts]

    @cached_property
    def statements(self) -> int:
        """Return how many statements are evaluated in a step in which all clocks tick."""
        return len(self.program.step) + sum(len(clock.group.step) for clock in self.program.clocks)

    @cached_property
    def texts(self) -> Texts:
        """Return the text; it is the same whenever it is written."""
        return self.writer()


@dataclass(frozen=True, slots=True)
class Machine:
    """What the text may rely on."""

    permute: bool = False
    """Whether eight doubles are permuted by one instruction (AVX-512)."""


def write_module(
    program: Program,
    methods: Sequence[Method],
    *,
    varied: NDArray[np.bool_] | None,
    columns: NDArray[np.int64],
    width: int,
    machine: Machine,
    noise: bool = True,
    key: str = "",
    outline: Outline | None = None,
) -> NativeModule:
    """Return the module of a program.

    Parameters
    ----------
    program, methods
        What is run, and how stocks move: by the program's own clock, then by slower ones.
    varied
        Which parameters differ between runs; None: one run alone.
    columns
        Slots to save.
    width
        Runs side by side; 1 for one run alone.
    machine
        What it is for.
    noise
        Whether draws differ from run to run.
    key, outline
        The key of the module, and its outline, where that is known already: then no text is written yet.

    """
    none = np.zeros(program.parameters.size, dtype=np.bool_)
    alone = varied is None or width == 1
    varying = np.zeros(program.slot_count, dtype=np.bool_)
    if not alone:
        assert varied is not None
        varying = reached_slots(program, varied, noise=noise)
    packed = pack_tables(program.tables)

    def write() -> tuple[Texts, Outline]:
        with no_collection():
            ready = hoist(program)
            flags = varying
            if not alone and ready.slot_count > varying.size:
                assert varied is not None
                flags = reached_slots(ready, varied, noise=noise)
            elif alone:
                flags = np.zeros(ready.slot_count, dtype=np.bool_)
            courses = plan_courses(ready, methods, flags)
            small = len(steps_of(ready)) <= _SMALL  # then all may become one function, with the step in it once
            rounds = None if small else find_rounds(program, ready)
            differs = noise and not alone
            writer = ModuleWriter(ready, courses, width, columns, machine, packed, noise=differs, rounds=rounds)
            return writer.texts(), writer.outline()

    if outline is None:
        texts, outline = write()
        later = lambda: texts  # noqa: E731
    else:
        later = lambda: write()[0]  # noqa: E731
    differs = none if alone else varying[program.parameters]
    return NativeModule(
        program,
        width,
        key,
        columns,
        np.flatnonzero(~differs),
        np.flatnonzero(differs),
        varying,
        packed,
        outline,
        later,
    )


class ModuleWriter:
    """Gathers the functions of a module, and what they share."""

    def __init__(
        self,
        program: Program,
        courses: Courses,
        width: int,
        columns: NDArray[np.int64],
        machine: Machine,
        packed: PackedTables,
        *,
        noise: bool,
        rounds: tuple[Round, ...] | None = None,
    ) -> None:
        self.program = program
        self._rounds = rounds
        self.courses = courses
        self.width = width
        self.columns = columns
        self.machine = machine
        self.noise = noise
        self.varying = courses.varying
        self.varies = noise or bool(courses.varying.any())
        self.temporaries = Temporaries(courses.slot_count)
        self.places = Places(self)
        self.packed = packed
        self.sites: list[Site] = []
        self._chunks = _share_out(program, rounds)
        nodes = sum(chunk.nodes for chunks in self._chunks.values() for chunk in chunks)
        _check_room(nodes)
        self._is_small = len(steps_of(program)) <= _SMALL and nodes <= OPERATIONS
        self._main = Assembly(permute=machine.permute)
        self._plain = self._main if self._is_small else Assembly(permute=machine.permute)
        self._elsewhere: list[str] = []  # functions in the module that is not optimised
        self._turn_to(self._main)
        self._offsets: dict[tuple[int, tuple[int, ...]], tuple[Any, NDArray[np.int64], NDArray[np.int64]]] = {}
        self._started = {s.device for s in program.initial if isinstance(s, Emit)}
        self._read = self._slots_in_memory()

    # what statements ask

    def keep(self, array: NDArray[Any]) -> str:
        """Return the name of a constant array that holds these entries."""
        return self._now.keep(array)

    def is_read(self, slot: int, *, alone: bool) -> bool:
        """Return whether a slot's value must stand in memory; `alone`: where its writer holds it in a register."""
        return not alone or bool(self._read[slot])

    def starts_before(self, device: int) -> bool:
        """Return whether a device is started in the initial phase."""
        return device in self._started

    def add_site(self, site: Site) -> int:
        """Return the number of a new call site."""
        self.sites.append(site)
        return len(self.sites) - 1

    def shape(self, table: int, node: Lookup) -> Shape:
        """Return what the code of a lookup in a table depends on."""
        own = self.program.tables[table]
        return Shape(len(own.x), node.between or own.between, node.missing)

    def offsets(
        self, tables: NDArray[np.int64], numbers: tuple[int, ...]
    ) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Return for an array of tables which are among some, and where each begins (the first, for the others)."""
        key = (id(tables), numbers)
        known = self._offsets.get(key)
        if known is None:
            mine = np.isin(tables, numbers)
            first = self.packed.first[np.where(mine, tables, numbers[0])]
            known = self._offsets[key] = (tables, mine.astype(np.int64), first)
        return known[1], known[2]

    # functions

    def texts(self) -> Texts:
        """Return the whole module."""
        phases: dict[str, list[str]] = {}
        for phase, chunks in self._chunks.items():
            phases[phase] = []
            once = next((name for name in ONCE if phase.startswith(name)), "")
            for number, chunk in enumerate(chunks):
                self._turn_to(self._plain if once or chunk.is_long else self._main)
                name = f"{phase}{'' if phase in PHASES else '_'}{number}"
                phases[phase].append(self._function(name, once or "step", chunk.statements))
        if self._rounds is not None:
            phases["initial"] = [name for number in range(len(self._rounds)) for name in self._round(number, phases)]
        self._turn_to(self._main)
        self._write_course("", self.courses.own, phases)
        for number, course in enumerate(self.courses.slow):
            self._write_course(f"_slow{number}", course, phases)
        driver = write_driver(self, phases)
        self._main.add(driver.text, driver.needs)
        if self._is_small:
            return Texts(self._main.text(whole=True), "")
        return Texts(self._main.text(elsewhere=self._elsewhere), self._plain.text() if self._elsewhere else "")

    def _round(self, number: int, phases: dict[str, list[str]]) -> list[str]:
        """Return the functions of a round of the initial phase, in their order."""
        assert self._rounds is not None
        shared, first = self._rounds[number].shared, 0
        out = list(phases[f"initial{number}"])
        for name, chunk in zip(phases["step"], self._chunks["step"], strict=True):
            end = first + len(chunk.statements)
            if not shared.isdisjoint(range(first, end)):
                out.append(name)
            first = end
        return out

    def _write_course(self, suffix: str, course: Course, phases: dict[str, list[str]]) -> None:
        """Write what ends a step of one clock."""
        parts = {"gather": course.gather, "restore": course.restore if suffix else ()}
        for number, stage in enumerate(course.stages):
            parts |= {f"move{number}": stage.move, f"keep{number}": stage.keep}
        for name, statements in parts.items():
            kind = name.rstrip("0123456789")
            numbered = name if kind != name else f"{name}0"
            if statements or name != "restore":
                phases[f"{name}{suffix}"] = [self._function(f"{numbered}{suffix}", kind, statements)]
        writer = StatementWriter(self)
        for statement in course.follow:
            writer.write(statement, "follow")
        for device, taken in course.taken:
            writer.advance(device, taken)
        for statement in course.commit:
            writer.write(statement, "commit")
        phases[f"commit{suffix}"] = [self._finish(f"commit0{suffix}", writer)]

    def outline(self) -> Outline:
        """Return what Python must know of what was written."""
        steps = [chunks for phase, chunks in self._chunks.items() if phase.startswith(("slow", "step"))]
        long = [chunk.is_long for chunks in steps for chunk in chunks for _ in chunk.statements]
        room = self.temporaries.first + self.temporaries.most
        return Outline(room, tuple(self.sites), tuple(np.flatnonzero(long).tolist()), self._is_small)

    def _turn_to(self, assembly: Assembly) -> None:
        """Let what is written from now on go to a module."""
        self._now = assembly
        self.lookups = assembly.lookups

    def _function(self, name: str, phase: str, statements: Sequence[Statement]) -> str:
        writer = StatementWriter(self)
        for statement in statements:
            writer.write(statement, phase)
        return self._finish(name, writer)

    def _finish(self, name: str, writer: StatementWriter) -> str:
        body = writer.one
        lines = "\n".join([*writer.stack, *body.lines])
        seen = "internal "
        if self._now is not self._main:
            self._elsewhere.append(name)
            seen = ""
        self._now.add(f"define {seen}void @{name}({ARGUMENTS}) #1 {{\nentry:\n{lines}\n  ret void\n}}", body.needs)
        return name

    # memory

    def _slots_in_memory(self) -> NDArray[np.bool_]:
        """Return which slots are read from memory: all but scalars read only in the function that writes them."""
        program, courses = self.program, self.courses
        needed = np.zeros(courses.slot_count, dtype=np.bool_)
        needed[program.slot_count :] = True
        specs = [*program.specs, *(clock.step for clock in program.clocks)]
        moved = [part for group in program.groups for part in (group.stocks, group.rates)]
        for slots in (self.columns, *moved, np.asarray(specs)):
            needed[slots] = True
        writer = np.full(courses.slot_count, -1, dtype=np.int64)
        for number, chunk in enumerate(chunk for chunks in self._chunks.values() for chunk in chunks):
            for statement in chunk.statements:
                if isinstance(statement, Assign) and isinstance(statement.slots, int):
                    writer[statement.slots] = number
            for statement in chunk.statements:
                self._mark(needed, statement, writer, number)
        for node in nodes_below([s.value for course in (courses.own, *courses.slow) for s in course.ends]):
            _mark_all(needed, node)
        return needed

    def _mark(self, needed: NDArray[np.bool_], statement: Statement, writer: NDArray[np.int64], number: int) -> None:
        if isinstance(statement, Assign) and not isinstance(statement.slots, int):
            needed[statement.slots] = True
        for node in nodes_below(roots_of(statement, self.program.devices)):
            if isinstance(node, Load) and isinstance(node.slots, int):
                if writer[node.slots] != number:
                    needed[node.slots] = True
            else:
                _mark_all(needed, node)


def _share_out(program: Program, rounds: tuple[Round, ...] | None) -> dict[str, list[Chunk]]:
    """Return the statements of every phase in chunks; those of the initial phase by the clock they go by."""
    clocks = program.clocks
    initial = by_clock(program, program.initial) if rounds is None else [(-1, r.own) for r in rounds]
    parts: dict[str, Sequence[Statement]] = {"constants": program.constants}
    parts["initial"] = ()
    several = clocks or rounds is not None
    parts |= {f"initial{n}" if several else "initial": part for n, (_, part) in enumerate(initial)}
    parts |= {"settled": program.settled}
    parts |= {f"slow{number}": clock.group.step for number, clock in enumerate(clocks)}
    parts |= {"step": program.step}
    return {phase: share_out(statements, program.devices) for phase, statements in parts.items()}


def _check_room(nodes: int) -> None:
    reason = lacking(_BYTES * nodes)
    if reason is not None:
        raise InputError(
            f"to make native code of {nodes:,} operations needs {reason}: save fewer variables (save=...), "
            "so that only what they need is computed"
        )


def _mark_all(needed: NDArray[np.bool_], node: Node) -> None:
    slots = slots_of(node)
    if slots is not None:
        needed[slots] = True
