"""The reference interpreter: a program's phases as functions over NumPy values.

In: a `Program`, and how many runs at once. Out: an `Interpreter`, which holds what a simulation remembers
besides the values: devices and random streams.

Invariant: it is the judge of every other back end, so it favours plainness over speed.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple, TypeAlias

import numpy as np
from numpy.typing import NDArray

from simengine.kernel.clock import ClockState
from simengine.kernel.codegen import generate, generate_node
from simengine.kernel.library import library
from simengine.kernel.matrix import inverse
from simengine.kernel.query import answer
from simengine.kernel.random import RandomStreams
from simengine.program.node import Along, Ask, Draw, Gather, Node
from simengine.program.op import AlongOp
from simengine.program.program import Program

Values: TypeAlias = NDArray[np.float64]
Phase: TypeAlias = Callable[[Values, ClockState], None]


class Pending(NamedTuple):
    """What memories and devices will take when the step ends: computed from the values of its beginning."""

    memories: tuple[Any, ...]
    devices: tuple[tuple[Any, ...], ...]


class Interpreter:
    """The phases of a program, ready to run.

    Values are [slot] for one run, [slot, run] for many.

    Parameters
    ----------
    program
        What to run.
    runs
        The numbers of the runs, which seed random streams; one number for one run without a run axis.
    seed
        The seed of all random streams.

    """

    def __init__(self, program: Program, runs: NDArray[np.int64] | int = 0, seed: int = 0) -> None:
        self.program = program
        self.many = not isinstance(runs, int)
        self.streams = RandomStreams(seed, runs)
        self._devices: list[Any] = [None] * len(program.devices)
        code = generate(program, self.many)
        self._space: dict[str, Any] = {**self._library(), **code.names}
        exec(code.compiled, self._space)  # noqa: S102  (source made by kernel/codegen, without text of the model)
        self.constants, self.settled, self.step = (
            self._chain(code.phases[p]) for p in ("constants", "settled", "step")
        )
        self.slow = tuple(self._chain(functions) for functions in code.slow)
        """The steps of slower clocks, whose clock they must be given."""
        self._initial = tuple(zip(code.initial_clocks, (self._space[n] for n in code.phases["initial"]), strict=True))
        self._own_devices = program.own_group.devices

    def initial(self, values: Values, clock: ClockState) -> None:
        """Compute the initial values; devices begin anew."""
        self._devices = [None] * len(self.program.devices)
        own = clock.step_size
        for number, function in self._initial:
            clock.step_size = own if number < 0 else self._slow_step(values, number)
            function(values, clock)
        clock.step_size = own

    def _slow_step(self, values: Values, number: int) -> Any:
        """Return the time step of a slower clock, which is the same in all runs."""
        return np.float64(np.ravel(values[self.program.clocks[number].step])[0])

    def collect(self, values: Values, clock: ClockState, slow: int = -1) -> Pending:
        """Return what memories and devices take at the end of a step, from the values of its beginning.

        Parameters
        ----------
        values, clock
            Those of the beginning.
        slow
            Which of the slower clocks steps; -1: the program's own.

        """
        devices = tuple(self._space[f"advance{n}"](values, clock) for n in self._devices_of(slow))
        return Pending(self._space[f"collect{_suffix(slow)}"](values, clock), devices)

    def commit(self, values: Values, clock: ClockState, pending: Pending, slow: int = -1) -> None:
        """End a step: memories and devices take what was collected. The clock still shows its beginning."""
        for number, arguments in zip(self._devices_of(slow), pending.devices, strict=True):
            device = self._devices[number]
            if device is not None:
                device.advance(arguments, clock)
        self._space[f"commit{_suffix(slow)}"](values, pending.memories)

    def _devices_of(self, slow: int) -> tuple[int, ...]:
        return self._own_devices if slow < 0 else self.program.clocks[slow].group.devices

    def _chain(self, names: Sequence[str]) -> Phase:
        return _chain([self._space[name] for name in names])

    def evaluate(self, node: Node, values: Values, clock: ClockState) -> Any:
        """Return the value of one node, over all its axes: to look into a statement."""
        code = generate_node(self.program, node, many=self.many)
        space = {**self._space, **code.names}
        exec(code.compiled, space)  # noqa: S102
        return space["only"](values, clock)

    # generated code calls these

    def _library(self) -> dict[str, Any]:
        return {
            **library(many=self.many),
            "full": self._full,
            "gather": self._gather,
            "ask": self._ask,
            "draw": self._draw,
            "along": self._along,
            "inverse": self._inverse,
            "emit": self._emit,
        }

    def _full(self, value: Any, rank: int) -> Values:
        """Return a copy of a value with all its axes and a run axis, of size 1 where it does not depend on them."""
        full: Values = np.array(value, dtype=np.float64)
        if not self.many:
            full = full[..., None]
        return full.reshape((1,) * (rank + 1 - full.ndim) + full.shape)

    def _gather(self, values: Values, node: Gather, index: Any) -> Any:
        axes, count = node.slots.shape[:-1], node.slots.shape[-1]
        place = np.trunc(index)
        inside = (place >= 0) & (place < count)
        safe = np.where(inside, place, 0).astype(np.int64)
        runs: tuple[Any, ...] = (np.arange(values.shape[1]),) if self.many else ()
        if all(n == 1 for n in axes):
            chosen = node.slots.reshape(-1)[safe]
        else:
            lead = (*axes, values.shape[1]) if self.many else axes
            shape = np.broadcast_shapes(safe.shape, lead)
            rows = node.slots[..., None, :] if self.many else node.slots
            rows = np.broadcast_to(rows, (*shape, count))
            chosen = np.take_along_axis(rows, np.broadcast_to(safe, shape)[..., None], axis=-1)[..., 0]
        return np.where(inside, values[(chosen, *runs)], node.outside)[()]

    def _ask(self, node: Ask, clock: ClockState, *arguments: Any) -> Any:
        return answer(self.program.tables, node, arguments, clock, many=self.many)

    def _draw(self, node: Draw, clock: ClockState, seed: Any, *arguments: Any) -> Any:
        return self.streams.draw(node, clock.step_number, seed, arguments)

    def _along(self, node: Along, rank: int, *arguments: Any) -> Any:
        from simengine.kernel.along import apply_along, apply_market_price

        full = [self._full(a, rank) for a in arguments]
        if node.op is AlongOp.MARKET_PRICE:
            out = apply_market_price(node.axis, node.second, full)
        else:
            out = apply_along(node.op, node.axis, full)
        return out if self.many else out[..., 0]

    def _inverse(self, value: Any, axes: tuple[int, int], rank: int) -> Any:
        full = np.moveaxis(self._full(value, rank), axes, (-2, -1))
        out = np.moveaxis(inverse(full), (-2, -1), axes)
        return out if self.many else out[..., 0]

    def _emit(self, number: int, values: Values, clock: ClockState) -> None:
        device = self.program.devices[number]
        state = self._devices[number if device.views is None else device.views]
        if state is None:
            from simengine.kernel.devices import connect, make_device

            runs = values.shape[1] if self.many else 1
            state = make_device(device.kind, device.axes, runs, device.options, self.program.tables_of(device))
            connect(state, device.sources, self._devices)
            state.start(self._space[f"start{number}"](values, clock), clock)
            self._devices[number] = state
        show = state.emit if device.views is None else state.flows
        shown = show(self._space[f"emit{number}"](values, clock), clock)
        for slots, output in zip(device.outputs, shown, strict=True):
            values[slots] = output if self.many else output[..., 0]


def _suffix(slow: int) -> str:
    return "" if slow < 0 else str(slow)


def _chain(functions: Sequence[Phase]) -> Phase:
    if len(functions) == 1:
        return functions[0]

    def run(values: Values, clock: ClockState) -> None:
        for function in functions:
            function(values, clock)

    return run
