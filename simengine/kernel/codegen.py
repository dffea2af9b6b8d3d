"""Straight-line Python from a program: what the interpreter runs.

In: a program. Out: `Code`: functions over a vector of values `V`, and the objects they name. No text of a model
enters the source: only slot numbers, numbers, and names made here.

`V` is [slot] for one run, [slot, run] for many. A node over axes has the shape of the axes (and the runs).

    constants0(V, clock) ...    the phases, in functions of a few hundred statements
    slow0_0(V, clock) ...       the step of the first slower clock
    collect(V, clock)           next values of all memories of the program's own clock, as copies; collect0: of a slower
    commit(V, pending)          memories take them
    start0, emit0, advance0     what device 0 reads, over (axes, runs)

Invariant: the source depends only on the program and on whether it is for one run or many.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from types import CodeType
from typing import Any, assert_never

import numpy as np

from simengine.kernel.expression import ExpressionWriter, Text
from simengine.program.node import Node, Slots
from simengine.program.pace import by_clock
from simengine.program.program import Assign, Device, Emit, Memory, Program, Statement
from simengine.program.walk import nodes_upward, slots_of

CHUNK = 300
"""Statements a generated function holds: long functions compile no slower, but short ones keep memory low."""

PHASES = ("constants", "initial", "settled", "step")


@dataclass(frozen=True, eq=False)
class Code:
    """Compiled source of a program, the objects it names, and the functions of each phase in order.

    `initial_clocks` are those the functions of the initial phase go by, -1 for the program's own; `slow` are the
    functions of the steps of slower clocks.
    """

    program: Program
    many: bool
    text: str
    compiled: CodeType
    names: Mapping[str, Any]
    phases: Mapping[str, tuple[str, ...]]
    initial_clocks: tuple[int, ...] = ()
    slow: tuple[tuple[str, ...], ...] = ()


@dataclass
class Names:
    """Objects that generated source refers to by name."""

    objects: dict[str, Any] = field(default_factory=dict)
    _bound: dict[int, str] = field(default_factory=dict)

    def bind(self, value: Any, prefix: str) -> str:
        """Return the name by which generated code knows an object."""
        known = self._bound.get(id(value))
        if known is None:
            known = f"{prefix}{len(self.objects)}"
            self.objects[known] = value  # held here, so that no other object gets its id
            self._bound[id(value)] = known
        return known


@lru_cache(maxsize=16)
def generate(program: Program, many: bool) -> Code:
    """Return the code of a program, for one run or many."""
    names = Names()
    lines: list[str] = []
    parts = _parts(program)
    made = {name: _phase(program, many, names, lines, name, statements) for name, _, statements in parts}
    phases = {p: tuple(f for name, of, _ in parts if of == p for f in made[name]) for p in PHASES}
    clocks = by_clock(program, program.initial)
    initial_clocks = [c for n, (c, _) in enumerate(clocks) for _ in made[f"initial{n}_" if n else "initial"]]
    slow = tuple(made[f"slow{n}_"] for n in range(len(program.clocks)))
    for suffix, group in (("", program.own_group), *((str(n), c.group) for n, c in enumerate(program.clocks))):
        _memories(program, many, names, lines, suffix, group.memories)
    for number, device in enumerate(program.devices):
        for what in ("start", "emit", "advance"):
            _device(program, many, names, lines, f"{what}{number}", device, getattr(device, what))
    text = "\n".join(lines)
    return Code(
        program, many, text, compile(text, "<program>", "exec"), names.objects, phases, tuple(initial_clocks), slow
    )


def _parts(program: Program) -> list[tuple[str, str, Sequence[Statement]]]:
    """Return what functions are made of: how their names begin, the phase, statements that go by one clock."""
    initial = by_clock(program, program.initial)
    return [
        ("constants", "constants", program.constants),
        *((f"initial{n}_" if n else "initial", "initial", part) for n, (_, part) in enumerate(initial)),
        ("settled", "settled", program.settled),
        *((f"slow{n}_", "slow", clock.group.step) for n, clock in enumerate(program.clocks)),
        ("step", "step", program.step),
    ]


def generate_node(program: Program, node: Node, *, many: bool) -> Code:
    """Return the code of one node as a function `only(V, clock)`: to look into a statement."""
    names = Names()
    lines = ["def only(V, clock):"]
    writer = ExpressionWriter(program, many, names, lines)
    lines.append(f"    return {writer.write(node)}")
    text = "\n".join(lines)
    return Code(program, many, text, compile(text, "<node>", "exec"), names.objects, {})


def _phase(
    program: Program, many: bool, names: Names, lines: list[str], name: str, statements: Sequence[Statement]
) -> tuple[str, ...]:
    out = []
    for start in range(0, len(statements), CHUNK):
        chunk = statements[start : start + CHUNK]
        out.append(f"{name}{start // CHUNK}")
        lines.append(f"def {out[-1]}(V, clock):")
        writer = ExpressionWriter(program, many, names, lines)
        if not many:
            _load_often_read(writer, chunk)
        for statement in chunk:
            _statement(writer, statement)
    return tuple(out)


def _load_often_read(writer: ExpressionWriter, statements: Sequence[Statement]) -> None:
    """Put scalars that are read more than once, and not written here, into local variables first."""
    reads: dict[int, int] = {}
    written: set[int] = set()
    for statement in statements:
        if isinstance(statement, Emit):
            return
        for node in nodes_upward([statement.value]):
            slots = slots_of(node)
            if isinstance(slots, int):
                reads[slots] = reads.get(slots, 0) + 1
        if isinstance(statement.slots, int):
            written.add(statement.slots)
        else:
            written.update(statement.slots.ravel().tolist())
    for slot, count in reads.items():
        if count > 1 and slot not in written:
            writer.lines.append(f"    v{slot} = V[{slot}]")
            writer.locals[slot] = Text(f"v{slot}")


def _statement(writer: ExpressionWriter, statement: Statement) -> None:
    match statement:
        case Emit():
            writer.lines.append(f"    emit({statement.device}, V, clock)")
            writer.locals.clear()
        case Assign():
            _assign(writer, statement)
        case _:
            assert_never(statement)


def _assign(writer: ExpressionWriter, statement: Assign) -> None:
    slots = statement.slots
    axes = 0 if isinstance(slots, int) else slots.ndim
    if isinstance(slots, int) and writer.many:
        value = writer.write(statement.value, axes, out=f"V[{slots}]")
        if value != f"V[{slots}]":
            writer.lines.append(f"    V[{slots}] = {value}")
    elif isinstance(slots, int):
        text = writer.whole(statement.value, axes)
        writer.lines.append(f"    v{slots} = V[{slots}] = {text.code}")
        writer.locals[slots] = Text(f"v{slots}", text.numpy)
    else:
        value = writer.write(statement.value, axes)
        for slot in [s for s in writer.locals if np.any(slots == s)]:
            del writer.locals[slot]
        writer.lines.append(f"    {writer.target(slots)} = {value}")


def _memories(
    program: Program, many: bool, names: Names, lines: list[str], suffix: str, memories: Sequence[Memory]
) -> None:
    lines.append(f"def collect{suffix}(V, clock):")
    writer = ExpressionWriter(program, many, names, lines)
    for number, memory in enumerate(memories):
        slots: Slots = memory.update.slots
        value = writer.write(memory.update.value, 0 if isinstance(slots, int) else slots.ndim)
        lines.append(f"    m{number} = copy({value})")
    lines.append(f"    return ({''.join(f'm{n}, ' for n in range(len(memories)))})")
    lines.append(f"def commit{suffix}(V, pending):")
    for number, memory in enumerate(memories):
        slots = memory.update.slots
        target = f"V[{slots}]" if isinstance(slots, int) else writer.target(slots)
        lines.append(f"    {target} = pending[{number}]")
    lines.append("    return None")


def _device(
    program: Program, many: bool, names: Names, lines: list[str], name: str, device: Device, nodes: Sequence[Node]
) -> None:
    lines.append(f"def {name}(V, clock):")
    writer = ExpressionWriter(program, many, names, lines)
    axes = len(device.axes)
    values = []
    for number, node in enumerate(nodes):
        lines.append(f"    a{number} = full({writer.write(node, axes)}, {axes})")
        values.append(f"a{number}, ")
    lines.append(f"    return ({''.join(values)})")
