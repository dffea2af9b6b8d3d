"""From a value that is not finite back to the statement it came from, and why.

In: the values of one run at one moment. Out: the variable and the reason, or None where infinity was meant.

An infinite constant or input is meant, and so is what it makes infinite; anything that is not a number never is.

Invariant: tracing reads values and changes none.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from simengine.engine.fixed import Moment
from simengine.kernel.clock import ClockState
from simengine.kernel.interpreter import Interpreter
from simengine.kernel.random import RandomStreams
from simengine.program.node import Along, Apply, Constant, Gather, Inverse, Load, Node, Reduce, operands
from simengine.program.op import Op
from simengine.program.printer import SlotNames, print_node
from simengine.program.program import Assign, Emit, Program, Statement
from simengine.program.walk import nodes_upward, slots_of
from simengine.source.file import Span

_LONGEST = 120


@dataclass(frozen=True, slots=True)
class Origin:
    """Where a bad value began: the order of its statement, the slot, and the statement (None: it is held)."""

    order: int
    slot: int
    statement: Statement | None


@dataclass(frozen=True, slots=True)
class Cause:
    """A variable and why it is not finite."""

    variable: str
    reason: str
    span: Span | None


class Tracer:
    """Traces bad values of runs of a program.

    Parameters
    ----------
    program, seed
        The program and the seed of its draws, which are drawn anew.

    """

    def __init__(self, program: Program, seed: int) -> None:
        self.program = program
        self.seed = seed
        self.names = SlotNames(program)
        self.interpreter = Interpreter(program, 0, seed)
        parts: list[tuple[int, Sequence[Statement]]] = [
            (-1, (*program.constants, *program.initial, *program.settled)),
            *((number, clock.group.step) for number, clock in enumerate(program.clocks)),
            (-1, program.step),
        ]
        self.statements = [statement for _, statements in parts for statement in statements]
        self.clocks = [number for number, statements in parts for _ in statements]
        self.owner = np.full(program.slot_count, -1, dtype=np.int64)
        for order, statement in enumerate(self.statements):
            for slots in _targets(program, statement):
                self.owner[slots] = order
        self.held = np.zeros(program.slot_count, dtype=np.bool_)
        for group in program.groups:
            self.held[group.stocks] = True
            for memory in group.memories:
                self.held[memory.update.slots] = True

    def find(self, values: NDArray[np.float64], moment: Moment, watched: NDArray[np.int64], run: int) -> Cause | None:
        """Return the cause of the first bad value among watched slots.

        Parameters
        ----------
        values, moment
            The values of the run, [slot], and the step they are of.
        watched
            The slots that matter.
        run
            The number of the run.

        """
        self.interpreter.streams = RandomStreams(self.seed, run)
        bad = ~np.isfinite(values)
        origins = self._origins(values, np.flatnonzero(bad), first=moment.step == 0)
        found = [origins[s] for s in watched[bad[watched]].tolist() if origins[s] is not None]
        if not found:
            return None
        origin = min(found, key=lambda o: (o.order, o.slot))
        if not isinstance(origin.statement, Assign):
            return Cause(self.names.name(origin.slot), self._held_reason(origin, values), None)
        number = self.clocks[origin.order]
        clock = moment.clock if number < 0 else moment.clocks[number]
        reason = self._reason(origin.statement, origin.slot, values, clock)
        return Cause(self._shown(origin), reason, origin.statement.span)

    def _shown(self, origin: Origin) -> str:
        name = self.names.name(origin.slot)
        if name.startswith("'"):
            return f"net flow of {name[1:]}"
        if name.startswith("slot ") and isinstance(origin.statement, Assign):
            return self.program.variables[origin.statement.variable].name
        return name

    def _origins(self, values: NDArray[np.float64], bad: NDArray[np.int64], *, first: bool) -> dict[int, Any]:
        """Return the origin of every bad slot; None where it is meant to be infinite."""
        origins: dict[int, Origin | None] = {}
        by_statement: dict[int, list[int]] = {}
        for slot in bad.tolist():
            order = int(self.owner[slot])
            if order < 0 or (self.held[slot] and not first):
                given = order < 0 and np.isinf(values[slot])
                origins[slot] = None if given else Origin(-1, slot, None)
            else:
                by_statement.setdefault(order, []).append(slot)
        for order in sorted(by_statement):
            statement = self.statements[order]
            for slot in by_statement[order]:
                origins[slot] = self._origin(order, statement, slot, values, origins)
        return origins

    def _origin(
        self, order: int, statement: Statement, slot: int, values: NDArray[np.float64], known: dict[int, Any]
    ) -> Origin | None:
        own = Origin(order, slot, statement)
        if isinstance(statement, Emit):
            device = self.program.devices[statement.device]
            reads = [s for n in (*device.start, *device.emit, *device.advance) for s in _all_reads(n)]
        else:
            reads = _reads(statement, slot)
        before = [known[s] for s in dict.fromkeys(reads) if s in known]
        earlier = [o for o in before if o is not None]
        if earlier:
            return min(earlier, key=lambda o: (o.order, o.slot))  # type: ignore[no-any-return]
        if np.isinf(values[slot]):
            constant = isinstance(statement, Assign) and _has_infinity(statement.value)
            if before or constant:
                return None
        return own

    def _held_reason(self, origin: Origin, values: NDArray[np.float64]) -> str:
        value = values[origin.slot]
        if isinstance(origin.statement, Emit):
            return "what flows into it is not finite"
        if self.held[origin.slot]:
            return "it grew beyond all numbers" if np.isinf(value) else "what moves it was not a number"
        return "it was given as a value that is not a number"

    def _reason(self, statement: Assign, slot: int, values: NDArray[np.float64], clock: ClockState) -> str:
        """Return why a statement gave a bad value: the innermost operation that did, with its operands."""
        point = _point(statement, slot)
        node = statement.value
        while True:
            below = [c for c in self._chosen(node, point, values, clock) if self._bad(c, point, values, clock)]
            if not below:
                break
            node = below[0]
        operands_ = [float(self._at(c, point, values, clock)) for c in operands(node)]
        text = print_node(self.program, node)
        shown = f" in `{text}`" if len(text) <= _LONGEST else ""
        return _explain(node, operands_) + shown

    def _chosen(self, node: Node, point: list[int], values: NDArray[np.float64], clock: ClockState) -> tuple[Node, ...]:
        """Return the operands that count: of a choice, only the branch taken; of a reduction, its first bad point."""
        if isinstance(node, Apply) and node.op is Op.SELECT:
            taken = self._at(node.arguments[0], point, values, clock) != 0
            return (node.arguments[1 if taken else 2],)
        if isinstance(node, Reduce):
            inside = np.asarray(self.interpreter.evaluate(node.argument, values, clock))
            if inside.ndim:
                places = (slice(None) if a in node.axes else _clip(inside, a, point) for a in range(inside.ndim))
                view = inside[tuple(places)]
                place = np.argwhere(~np.isfinite(view))
                if place.size:
                    for axis, at in zip(sorted(node.axes), place[0].tolist(), strict=True):
                        point[axis] = at
        return operands(node)

    def _bad(self, node: Node, point: list[int], values: NDArray[np.float64], clock: ClockState) -> bool:
        return not isinstance(node, Constant | Load) and not np.isfinite(self._at(node, point, values, clock))

    def _at(self, node: Node, point: list[int], values: NDArray[np.float64], clock: ClockState) -> Any:
        value = np.asarray(self.interpreter.evaluate(node, values, clock))
        return value[tuple(_clip(value, axis, point) for axis in range(value.ndim))]


def _clip(value: NDArray[Any], axis: int, point: list[int]) -> int:
    return point[axis] if axis < len(point) and value.shape[axis] > 1 else 0


def _targets(program: Program, statement: Statement) -> list[Any]:
    return list(program.devices[statement.device].outputs) if isinstance(statement, Emit) else [statement.slots]


def _point(statement: Assign, slot: int) -> list[int]:
    """Return the place of a slot among the axes, and 0 for axes of reductions."""
    if isinstance(statement.slots, int):
        return [0] * 16
    return [*(int(n) for n in np.argwhere(statement.slots == slot)[0]), *([0] * 16)]


def _all_reads(node: Node) -> list[int]:
    found: list[int] = []
    for inner in nodes_upward([node]):
        slots = slots_of(inner)
        if slots is not None:
            found.extend(np.atleast_1d(slots).ravel().tolist())
    return found


def _reads(statement: Assign, slot: int) -> list[int]:
    """Return the slots that one element of a statement reads."""
    below = nodes_upward([statement.value])
    if isinstance(statement.slots, int) or any(isinstance(n, Along | Inverse | Gather) for n in below):
        return _all_reads(statement.value)
    point = _point(statement, slot)
    own = statement.slots.ndim
    found: list[int] = []
    for node in below:
        if isinstance(node, Load) and isinstance(node.slots, np.ndarray):
            place = tuple(_clip(node.slots, a, point) if a < own else slice(None) for a in range(node.slots.ndim))
            found.extend(np.atleast_1d(node.slots[place]).ravel().tolist())
        elif isinstance(node, Load) and isinstance(node.slots, int):
            found.append(node.slots)
    return found


def _has_infinity(node: Node) -> bool:
    return any(isinstance(n, Constant) and not np.isfinite(n.value).all() for n in nodes_upward([node]))


def _explain(node: Node, a: list[float]) -> str:
    if not isinstance(node, Apply):
        return "the result is not a number" if all(np.isfinite(a)) else "what goes in is not a number"
    match node.op:
        case Op.DIV:
            return "division by zero" if a[1] == 0 else "the quotient is too large"
        case Op.LN | Op.LOG10:
            return "the logarithm of 0" if a[0] == 0 else f"the logarithm of a negative number ({a[0]:g})"
        case Op.SQRT:
            return f"the square root of a negative number ({a[0]:g})"
        case Op.POW:
            if a[0] < 0 and a[1] != np.trunc(a[1]):
                return f"a negative number ({a[0]:g}) to a power that is not whole ({a[1]:g})"
            return "0 to a negative power" if a[0] == 0 else "the power is too large"
        case Op.EXP:
            return f"the exponential of {a[0]:g} is too large"
        case Op.ASIN | Op.ACOS:
            return f"{a[0]:g} is no sine or cosine: it lies beyond 1"
        case Op.REM | Op.MOD:
            return "the remainder of a division by zero"
        case Op.LNGAMMA:
            return f"the gamma function has no value at {a[0]:g}"
        case Op.NORMAL_INV:
            return f"{a[0]:g} is no probability between 0 and 1"
        case Op.ADD | Op.SUB | Op.MUL:
            return "the result is too large" if all(np.isfinite(a)) else "infinities cancel"
    return "the result is not a number"
