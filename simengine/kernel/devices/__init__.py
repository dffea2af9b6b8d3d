"""Devices: state too big for a stock, moved by code once a time step.

In: the nodes a program's `Device` names, as arrays of shape (axes..., runs). Out: outputs of that shape.

A device's `emit` shows what it gives at the time of the clock and changes nothing: it may be called for
every stage of a step. `advance` ends the step. Devices that show more than one thing, of which one depends on the
other, have a second method of that kind, `flows`; the program's device that views them calls it.

Invariant: every element and every run has its own device; none sees another.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Any, Protocol

from numpy.typing import NDArray

from simengine.kernel.clock import ClockState
from simengine.kernel.devices.batch import BatchDelay
from simengine.kernel.devices.belt import ConveyorDelay
from simengine.kernel.devices.conveyor import Conveyor
from simengine.kernel.devices.delay import FixedDelay, InformationDelay, MaterialDelay
from simengine.kernel.devices.depreciation import Schedule, StraightLine
from simengine.kernel.devices.fifo import Fifo
from simengine.kernel.devices.history import History
from simengine.kernel.devices.oven import Oven
from simengine.kernel.devices.profile import ProfileDelay
from simengine.kernel.devices.queue import Queue
from simengine.kernel.devices.rate_of_return import InternalRate
from simengine.model.lookup import Table
from simengine.program.op import DeviceKind


class DeviceState(Protocol):
    """What the interpreter asks of a device."""

    def start(self, arguments: Sequence[NDArray[Any]], clock: ClockState) -> None:
        """Begin a run."""

    def emit(self, arguments: Sequence[NDArray[Any]], clock: ClockState) -> tuple[NDArray[Any], ...]:
        """Return what the device gives now, one array an output."""

    def advance(self, arguments: Sequence[NDArray[Any]], clock: ClockState) -> None:
        """End the time step."""


KINDS: dict[DeviceKind, Any] = {
    DeviceKind.DELAY_FIXED: FixedDelay,
    DeviceKind.DELAY_INFORMATION: InformationDelay,
    DeviceKind.DELAY_MATERIAL: MaterialDelay,
    DeviceKind.DELAY_CONVEYOR: ConveyorDelay,
    DeviceKind.CONVEYOR: Conveyor,
    DeviceKind.QUEUE: Queue,
    DeviceKind.OVEN: Oven,
    DeviceKind.HISTORY: History,
    DeviceKind.DELAY_BATCH: BatchDelay,
    DeviceKind.DEPRECIATE_STRAIGHTLINE: StraightLine,
    DeviceKind.DEPRECIATE_BY_SCHEDULE: Schedule,
    DeviceKind.DELAY_PROFILE: ProfileDelay,
    DeviceKind.INTERNAL_RATE: InternalRate,
    DeviceKind.FIFO: Fifo,
}


def make_device(
    kind: DeviceKind,
    shape: tuple[int, ...],
    runs: int,
    options: tuple[str, ...] = (),
    tables: Sequence[Table] | None = None,
) -> DeviceState:
    """Return new devices of a kind, one for each element and run."""
    state: DeviceState = KINDS[kind]((*shape, runs), options, tables)
    return state


def connect(state: DeviceState, sources: Sequence[int], states: Sequence[Any]) -> None:
    """Tell a conveyor which of all devices leak into it; they may begin later than it does."""
    if isinstance(state, Conveyor):
        state.sources = tuple(partial(states.__getitem__, number) for number in sources)
