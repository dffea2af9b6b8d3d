"""The reference interpreter: a program's phases as functions over NumPy values.

In: a `Program`, and how many runs at once (None: one, without a run axis). Out: an `Interpreter`.

Invariant: it is the judge of every other back end, so it favours plainness over speed.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from simengine.kernel.clock import ClockState
from simengine.kernel.codegen import Source, StatementWriter, rank_of, write_functions
from simengine.kernel.lookup import by_element
from simengine.kernel.query import answer
from simengine.kernel.random import RandomStreams
from simengine.program.node import Along, Ask, Draw, Gather, Inverse, Node
from simengine.program.program import Assign, Program, Statement

Phase = Callable[[NDArray[np.float64], ClockState], None]


class Interpreter:
    """The phases of a program, ready to run.

    Parameters
    ----------
    program
        What to run.
    runs
        The numbers of the runs (they seed random streams); None for one run without a run axis.
    seed
        The seed of all random streams.

    """

    def __init__(self, program: Program, runs: NDArray[np.int64] | None = None, seed: int = 0) -> None:
        self.program = program
        self.many = runs is not None
        self.streams = RandomStreams(seed, runs)
        self._devices: list[Any] = []
        self._compiled: dict[int, Any] = {}
        self._source = Source(program, self.many)
        namespace = self._namespace()
        names = {
            phase: write_functions(self._source, phase, getattr(program, phase))
            for phase in ("constants", "initial", "settled", "step")
        }
        names["update"] = self._write_updates()
        namespace.update(self._source.names)
        exec(compile("\n".join(self._source.lines), "<program>", "exec"), namespace)  # noqa: S102
        self.constants = _chain([namespace[n] for n in names["constants"]])
        self.settled = _chain([namespace[n] for n in names["settled"]])
        self.step = _chain([namespace[n] for n in names["step"]])
        self._initial = _chain([namespace[n] for n in names["initial"]])
        self._update = namespace["update"] if names["update"] else None

    def initial(self, values: NDArray[np.float64], clock: ClockState) -> None:
        """Compute the initial values; devices begin anew."""
        self._devices = [None] * len(self.program.devices)
        self._initial(values, clock)

    def update(self, values: NDArray[np.float64], clock: ClockState) -> None:
        """End a time step: memories and devices take what they need from its values."""
        if self._update is not None:
            self._update(values, clock)

    def statement(self, statement: Statement) -> Phase:
        """Return one statement as a function of its own, to find where a number went wrong."""
        source = Source(self.program, self.many)
        source.lines.append("def only(V, clock):")
        StatementWriter(source).statement(statement)
        namespace = self._namespace()
        namespace.update(source.names)
        exec(compile("\n".join(source.lines), "<statement>", "exec"), namespace)  # noqa: S102
        function: Phase = namespace["only"]
        return function

    # generated code calls these

    def _namespace(self) -> dict[str, Any]:
        many = self.many
        return {
            "__builtins__": {},
            "float64": np.float64,
            "where": np.where,
            "square": np.square,
            "nan": np.nan,
            "inf": np.inf,
            "by_element": by_element,
            "fold_sum": _fold(np.add, many=many),
            "fold_product": _fold(np.multiply, many=many),
            "fold_min": _extreme(np.min, many=many),
            "fold_max": _extreme(np.max, many=many),
            "drop": _drop(many=many),
            "gather": self._gather,
            "ask": self._ask,
            "draw": self._draw,
            "along": self._along,
            "inverse": self._inverse,
            "emit": self._emit,
            "advance": self._advance,
        }

    def _write_updates(self) -> list[str]:
        memories, devices = self.program.memories, self.program.devices
        if not memories and not devices:
            return []
        source = self._source
        source.lines.append("def update(V, clock):")
        # everything is computed from the values of the step before anything is replaced
        for number, memory in enumerate(memories):
            writer = StatementWriter(source)
            writer.temporary = 1000 * number
            writer.rank = rank_of(memory.update.value)
            value = writer.expression(memory.update.value)
            left = 0 if isinstance(memory.update.slots, int) else memory.update.slots.ndim
            if writer.rank > left:
                value = f"drop({value}, {left}, {writer.rank})"
            source.lines.append(f"    m{number} = {value} * 1.0")
        for number, device in enumerate(devices):
            source.lines.append(f"    advance({number}, V, clock{self._arguments(device.advance, 10**6 + number)})")
        for number, memory in enumerate(memories):
            slots = memory.update.slots
            target = f"V[{slots}]" if isinstance(slots, int) else StatementWriter(source).target(slots)
            source.lines.append(f"    {target} = m{number}")
        return ["update"]

    def _arguments(self, nodes: Sequence[Node], number: int) -> str:
        writer = StatementWriter(self._source)
        writer.temporary = 1000 * number
        out = []
        for node in nodes:
            writer.rank = rank_of(node)
            out.append(f", {writer.expression(node)}")
        return "".join(out)

    def _gather(self, values: NDArray[np.float64], node: Gather, index: Any) -> Any:
        slots = node.slots
        count = slots.shape[-1]
        if slots.ndim == 1:
            slots = slots.reshape((1,) * 0 + slots.shape)
        place = np.trunc(index)
        inside = (place >= 0) & (place < count)
        safe = np.where(inside, place, 0).astype(np.int64)
        axes = slots.ndim - 1
        if not self.many:
            safe_full = np.broadcast_to(safe, np.broadcast_shapes(np.shape(safe), slots.shape[:-1])) if axes else safe
            rows = np.broadcast_to(slots, (*np.shape(safe_full), count)) if axes else slots
            chosen = np.take_along_axis(rows, np.asarray(safe_full)[..., None], axis=-1)[..., 0] if axes else rows[safe]
            return np.where(inside, values[chosen], node.outside)[()]
        runs = values.shape[1]
        shape = np.broadcast_shapes(np.shape(safe), (*slots.shape[:-1], runs))
        safe_full = np.broadcast_to(safe, shape)
        rows = np.broadcast_to(slots[..., None, :], (*shape, count))
        chosen = np.take_along_axis(rows, safe_full[..., None], axis=-1)[..., 0]
        return np.where(inside, values[chosen, np.arange(runs)], node.outside)

    def _ask(self, node: Ask, clock: ClockState, *arguments: Any) -> Any:
        return answer(self.program.tables, node, arguments, clock, many=self.many)

    def _draw(self, node: Draw, clock: ClockState, seed: Any, *arguments: Any) -> Any:
        return self.streams.draw(node, clock.step_number, seed, arguments)

    def _along(self, node: Along, rank: int, *arguments: Any) -> Any:
        from simengine.kernel.along import apply_along

        full = [self._full(a, rank) for a in arguments]
        out = apply_along(node.op, node.axis, full)
        return out if self.many else out[..., 0]

    def _full(self, value: Any, rank: int) -> NDArray[np.float64]:
        """Return a value with all axes and a run axis."""
        full: NDArray[np.float64] = np.asarray(value, dtype=np.float64)
        if not self.many:
            return np.expand_dims(full.reshape((1,) * rank) if full.ndim < rank else full, -1)
        return full if full.ndim == rank + 1 else full.reshape((1,) * rank + full.shape[-1:])

    def _inverse(self, node: Inverse, value: Any) -> Any:
        moved = np.moveaxis(value, node.axes, (-2, -1))
        try:
            inverse = np.linalg.inv(moved)
        except np.linalg.LinAlgError:
            inverse = np.full(moved.shape, np.nan)
        return np.moveaxis(inverse, (-2, -1), node.axes)

    # devices

    def _device_inputs(self, nodes: Sequence[Node], values: NDArray[np.float64], clock: ClockState) -> list[Any]:
        out = []
        for node in nodes:
            rank = rank_of(node)
            out.append(self._full(self._evaluate(node, values, clock), rank))
        return out

    def _evaluate(self, node: Node, values: NDArray[np.float64], clock: ClockState) -> Any:
        function = self._compiled.get(id(node))
        if function is None:
            source = Source(self.program, self.many)
            source.lines.append("def only(V, clock):")
            writer = StatementWriter(source)
            writer.rank = rank_of(node)
            source.lines.append(f"    return {writer.expression(node)}")
            namespace = self._namespace()
            namespace.update(source.names)
            exec(compile("\n".join(source.lines), "<device>", "exec"), namespace)  # noqa: S102
            function = self._compiled[id(node)] = namespace["only"]
        return function(values, clock)

    def _emit(self, number: int, values: NDArray[np.float64], clock: ClockState) -> None:
        from simengine.kernel.devices import make_device

        device = self.program.devices[number]
        if self._devices[number] is None:
            tables = [self.program.tables[n] for n in np.ravel(device.tables if device.tables is not None else [])]
            runs = values.shape[1] if self.many else 1
            state = make_device(device.kind, device.axes, runs, device.options, tables)
            state.start(self._device_inputs(device.start, values, clock), clock)
            self._devices[number] = state
        shown = self._devices[number].emit(self._device_inputs(device.emit, values, clock), clock)
        for slots, output in zip(device.outputs, shown, strict=True):
            values[slots] = output if self.many else output[..., 0]

    def _advance(self, number: int, values: NDArray[np.float64], clock: ClockState, *arguments: Any) -> None:
        device = self.program.devices[number]
        full = [self._full(a, rank_of(n)) for a, n in zip(arguments, device.advance, strict=True)]
        self._devices[number].advance(full, clock)
        del values


def _chain(functions: Sequence[Phase]) -> Phase:
    if len(functions) == 1:
        return functions[0]

    def run(values: NDArray[np.float64], clock: ClockState) -> None:
        for function in functions:
            function(values, clock)

    return run


def _fold(ufunc: Any, *, many: bool) -> Callable[[Any, tuple[int, ...], int], Any]:
    def fold(value: Any, axes: tuple[int, ...], rank: int) -> Any:
        if np.ndim(value) < rank + many:
            return value
        for axis in axes:  # one after the other, in order: the same bits however the array lies in memory
            value = np.take(ufunc.accumulate(value, axis=axis), [-1], axis=axis)
        return value

    return fold


def _extreme(function: Any, *, many: bool) -> Callable[[Any, tuple[int, ...], int], Any]:
    def fold(value: Any, axes: tuple[int, ...], rank: int) -> Any:
        return value if np.ndim(value) < rank + many else function(value, axis=axes, keepdims=True)

    return fold


def _drop(*, many: bool) -> Callable[[Any, int, int], Any]:
    def drop(value: Any, left: int, rank: int) -> Any:
        if np.ndim(value) < rank + many:
            return value
        return value[(slice(None),) * left + (0,) * (rank - left)]

    return drop


__all__ = ["Assign", "Interpreter"]
