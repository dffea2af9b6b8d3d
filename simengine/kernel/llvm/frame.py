"""The frame of a function: memory, registers, loops.

In: slots and blocks, by number or by where loops stand. Out: registers.

A slot that is the same in all runs stands in memory `%U`, one that differs in `%V`, a vector of lanes a slot; tables
in `%T`, the context in `%X`. A scalar that this function has computed stays in its register.

Lanes are runs side by side, or, in a statement whose values are the same in all runs, elements along one of its axes
(`across`): then they are neighbours in `%U`.

Invariant: a register is used only where it is known: within the loop it was computed in.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from simengine.kernel.llvm.body import Body
from simengine.kernel.llvm.context import Field
from simengine.kernel.llvm.place import Index, Places, flat_index, sum_of
from simengine.kernel.llvm.site import Block, Site
from simengine.kernel.llvm.survey import Survey
from simengine.kernel.llvm.table import PackedTables, Shape
from simengine.program.node import Lookup, Node, Slots
from simengine.program.program import Program


@dataclass(frozen=True, slots=True)
class Value:
    """A register or constant; over lanes, or the same in all."""

    register: str
    lanes: bool
    constant: float | None = None


class Temporaries:
    """Slots for values within a statement, after all others."""

    def __init__(self, first: int) -> None:
        self.first = first
        self.most = 0
        self._used = 0

    def clear(self) -> None:
        """Begin a statement: all are free."""
        self._used = 0

    def take(self, count: int) -> int:
        """Return the first of so many slots; both kinds of memory have all slots."""
        place = self.first + self._used
        self._used += count
        self.most = max(self.most, self._used)
        return place


class Module(Protocol):
    """What functions ask of the module they belong to."""

    program: Program
    width: int
    varying: NDArray[np.bool_]
    varies: bool
    noise: bool
    places: Places
    packed: PackedTables
    lookups: dict[str, tuple[Shape, int]]
    temporaries: Temporaries

    def keep(self, array: NDArray[Any]) -> str:
        """Return the name of a constant array that holds these entries."""

    def is_read(self, slot: int, *, alone: bool) -> bool:
        """Return whether a slot's value must stand in memory."""

    def starts_before(self, device: int) -> bool:
        """Return whether a device is started in the initial phase."""

    def add_site(self, site: Site) -> int:
        """Return the number of a new call site."""

    def shape(self, table: int, node: Lookup) -> Shape:
        """Return what the code of a lookup in a table depends on."""

    def offsets(
        self, tables: NDArray[np.int64], numbers: tuple[int, ...]
    ) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Return for an array of tables which are among some, and where each begins."""


class FrameWriter:
    """Memory, registers and loops of one function.

    Parameters
    ----------
    module
        What the function belongs to: memory, tables, call sites.

    """

    def __init__(self, module: Module) -> None:
        self.module = module
        self.one = Body(1)
        self.many = Body(module.width, self.one.sheet)
        self.stack: list[str] = []
        """Places on the stack, made at the function's entry."""
        self._registers: dict[int, Value] = {}  # of scalars by slot
        self._done: dict[Hashable, Value] = {}  # operations by what they did to which registers
        self._scopes: list[dict[int, Value]] = [{}]
        self._truths: list[dict[int, Value]] = [{}]
        self._index: dict[int, Index] = {}
        self._depth = 0
        self._unroll = False
        self._survey = Survey((), 0, module.varying)
        self._stored: dict[int, Block] = {}
        self._across: int | None = None
        """The axis whose elements are computed side by side; None where lanes are runs."""

    @property
    def _aligned(self) -> str:
        return f"align {min(64, 8 * self.module.width) if self._across is None else 8}"

    def _slot(self, place: Index, lanes: bool) -> str:
        kind, memory = (self.many.real_type, "%V") if lanes and self._across is None else ("double", "%U")
        return self.one.new(f"getelementptr inbounds {kind}, ptr {memory}, i64 {place}")

    def once(self, key: Hashable, make: Callable[[], Value]) -> Value:
        """Return what an operation gave when it was last done to the same registers; else do it."""
        known = self._done.get(key)
        if known is None:
            known = make()
            if not self._depth:  # what was computed within a loop is not known after it
                self._done[key] = known
        return known

    def wide(self, value: Value) -> str:
        """Return a value in every lane."""
        if value.lanes:
            return value.register
        if value.constant is not None:
            return self.many.real(value.constant)
        register = value.register
        many = self.many
        return self.once(("wide", many.width, register), lambda: Value(many.broadcast(register), lanes=True)).register

    def _wide_truth(self, truth: Value, *, lanes: bool) -> str:
        if truth.lanes or not lanes or self.many.width == 1:
            return truth.register
        return self.many.broadcast(truth.register, "i1")

    def _place(self, slots: Slots) -> tuple[Index, bool]:
        """Return the slot where the loops stand (of elements side by side, the first), and whether it is of lanes."""
        if isinstance(slots, int):
            return slots, bool(self.module.varying[slots])
        place = self.module.places.find(self.one, slots, self._index)
        return place, self._differs(slots) if self._across is None else slots.shape[self._across] > 1

    def _differs(self, slots: Slots) -> bool:
        """Return whether values of slots differ between lanes: those of one array all do, or none does."""
        return bool(self.module.varying[np.ravel(slots)[0]])

    def _read_slot(self, place: Index, lanes: bool) -> Value:
        pointer = self._slot(place, lanes)
        if lanes:
            return Value(self.one.new(f"load {self.many.real_type}, ptr {pointer}, {self._aligned}"), lanes=True)
        return Value(self.one.new(f"load double, ptr {pointer}, align 8"), lanes=False)

    def _write_slot(self, place: Index, lanes: bool, value: Value) -> None:
        if lanes:
            self.one.line(
                f"store {self.many.real_type} {self.wide(value)}, ptr {self._slot(place, lanes)}, {self._aligned}"
            )
        else:
            self.one.line(f"store double {value.register}, ptr {self._slot(place, lanes)}, align 8")

    def _forget(self, slots: Slots) -> None:
        """Drop registers of slots written in a loop or by a call."""
        flat = np.ravel(slots)
        low, high = int(flat.min()), int(flat.max())
        if high - low < len(self._registers):
            for slot in range(low, high + 1):
                self._registers.pop(slot, None)
            return
        for slot in [s for s in self._registers if low <= s <= high]:
            del self._registers[slot]

    def _field(self, field: Field) -> str:
        return self.one.new(f"getelementptr inbounds i64, ptr %X, i64 {field.value}")

    @contextmanager
    def _scope(self) -> Iterator[None]:
        self._scopes.append({})
        self._truths.append({})
        yield
        self._scopes.pop()
        self._truths.pop()

    def _loop(self, axis: int, inside: Callable[[], None]) -> None:
        size = self._survey.sizes[axis]
        if self._unroll:
            for place in range(size):
                self._index[axis] = place
                with self._scope():
                    inside()
        else:
            self._depth += 1
            with self._scope(), self.one.counted(size) as self._index[axis]:
                inside()
            self._depth -= 1
        del self._index[axis]

    def _put(self, block: Block, value: Value) -> None:
        place = sum_of(self.one, block.first, [(flat_index(self.one, block.shape, self._index), 1)])
        self._write_slot(place, block.lanes, value)

    def _fetch(self, block: Block) -> Value:
        place = sum_of(self.one, block.first, [(flat_index(self.one, block.shape, self._index), 1)])
        return self._read_slot(place, block.lanes)

    def _new_block(self, node: Node) -> Block:
        survey = self._survey
        own = survey.axes[id(node)]
        shape = tuple(survey.sizes[a] if a in own else 1 for a in range(survey.rank))
        lanes = survey.lanes[id(node)]
        return Block(self.module.temporaries.take(int(np.prod(shape, dtype=np.int64))), shape, lanes)

    def _body(self, *values: Value) -> tuple[Body, list[str], bool]:
        """Return the body and registers for an operation on values: over lanes if any of them is."""
        if any(v.lanes for v in values):
            return self.many, [self.wide(v) for v in values], True
        return self.one, [v.register for v in values], False
