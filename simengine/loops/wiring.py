"""What the equations of a program read: links between its variables, those the compiler made included.

In: a program and what is known of its values. Out: links by effect, each with polarity, and whether it takes time or
counts at the start only.

Invariant: every variable a statement reads is the cause of a link.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from simengine.compile.differentiate import PURE_DELAYS
from simengine.loops.polarity import PLUS, History, Polarity, find_polarities
from simengine.program.node import Node, Slots
from simengine.program.pace import steps_of
from simengine.program.program import Assign, Device, Program
from simengine.program.walk import nodes_upward, slots_of


@dataclass(frozen=True, slots=True)
class Wire:
    """A link between two variables of a program, by their places."""

    cause: int
    effect: int
    polarity: Polarity
    delayed: bool = False
    initial: bool = False


@dataclass(frozen=True, slots=True)
class Wiring:
    """Links by effect, the polarity of tables (by number) read by an effect, and what holds a value over time."""

    into: dict[int, list[Wire]]
    tables: dict[tuple[int, int], Polarity]
    holders: frozenset[int]  # hidden stocks, and all that something reaches with a delay


def find_wires(program: Program, history: History) -> Wiring:
    """Return all links of a program."""
    into: dict[int, list[Wire]] = {}
    tables: dict[tuple[int, int], Polarity] = {}

    def add(wires: Iterable[Wire]) -> None:
        for wire in wires:
            into.setdefault(wire.effect, []).append(wire)

    seen = [history.at_ticks(number) for number in range(len(program.clocks))]

    def known(variable: int) -> History:
        clock = program.clock_of(variable)
        return history if clock < 0 else seen[clock]

    step = steps_of(program)
    running = {s.variable for s in (*program.constants, *program.settled, *step)}
    holders = {int(history.owner[s]) for group in program.groups for s in group.stocks.tolist()}
    holders |= {m.update.variable for group in program.groups for m in group.memories}
    for phase, starts in ((program.constants, False), (program.initial, True), (program.settled, False), (step, False)):
        for statement in phase:
            if isinstance(statement, Assign):
                effect = statement.variable
                initial = starts and (effect in running or effect in holders)
                add(_wires(statement, known(effect), tables, initial=initial))
    for group in program.groups:
        for memory in group.memories:
            add(_wires(memory.update, known(memory.update.variable), tables, delayed=True))
        for stock, rate in zip(group.stocks.tolist(), group.rates.tolist(), strict=True):
            add([Wire(int(history.owner[rate]), int(history.owner[stock]), PLUS)])
    for device in program.devices:
        add(_through(device, known(device.variable)))
    unique = {effect: _unique(wires) for effect, wires in into.items()}
    slow = {wire.effect for wires in unique.values() for wire in wires if wire.delayed}
    stocks = {int(history.owner[s]) for group in program.groups for s in group.stocks.tolist()}
    return Wiring(unique, tables, frozenset(slow | {n for n in stocks if program.variables[n].hidden}))


def _wires(
    statement: Assign,
    history: History,
    tables: dict[tuple[int, int], Polarity],
    *,
    delayed: bool = False,
    initial: bool = False,
) -> list[Wire]:
    found, read = find_polarities(statement.value, statement.axes, history)
    for number, polarity in read.items():
        if not initial:
            tables.setdefault((statement.variable, number), polarity)
    return [Wire(cause, statement.variable, polarity, delayed, initial) for cause, polarity in found.items()]


def _through(device: Device, history: History) -> list[Wire]:
    """Return the links through a device: what is put in comes out the same way up, of all else is nothing known."""
    effects = {int(history.owner[s]) for slots in device.outputs for s in np.ravel(slots).tolist() if s >= 0}
    name = device.kind.value.replace("_", " ")
    out: list[Wire] = []
    for effect in sorted(effects):
        for place, node in enumerate(device.advance):
            if place == 0 and device.kind in PURE_DELAYS:
                found, _ = find_polarities(node, device.axes, history)
                out += [Wire(cause, effect, polarity, delayed=True) for cause, polarity in found.items()]
            else:
                out += _of_device(node, effect, name, history, initial=False)
        for node in device.emit:
            out += _of_device(node, effect, name, history, initial=False)
        for node in device.start:
            out += _of_device(node, effect, name, history, initial=True)
    return out


def _of_device(node: Node, effect: int, name: str, history: History, *, initial: bool) -> list[Wire]:
    unknown = Polarity("?", reason=f"goes through a {name}")
    return [
        Wire(cause, effect, unknown, delayed=True, initial=initial)
        for cause in sorted({int(p) for s in _read(node) for p in np.unique(history.owner[s]) if p >= 0})
    ]


def _read(node: Node) -> list[Slots]:
    return [slots for slots in map(slots_of, nodes_upward([node])) if slots is not None]


def _unique(wires: list[Wire]) -> list[Wire]:
    return list(dict.fromkeys(wires))
