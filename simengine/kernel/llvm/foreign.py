"""What native code calls back for: devices, and nodes that are no instructions.

In: call sites, and the memory of one worker. Out: results, written to that memory.

The same NumPy code as in the interpreter computes them, over the lanes of a block.

Invariant: an error never passes through native code: it stops the run, and is raised when that returns.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from simengine.kernel.along import apply_along, apply_market_price
from simengine.kernel.clock import ClockState
from simengine.kernel.devices import connect, make_device
from simengine.kernel.devices.delay import FixedDelay
from simengine.kernel.llvm.context import Field
from simengine.kernel.llvm.driver import BEGIN_BLOCK
from simengine.kernel.llvm.module import NativeModule
from simengine.kernel.llvm.site import Block, Call, Site
from simengine.kernel.matrix import inverse
from simengine.kernel.primitive import FUNCTIONS
from simengine.kernel.query import answer
from simengine.kernel.random import RandomStreams
from simengine.program.node import Along, Apply, Ask, Draw, Inverse
from simengine.program.op import AlongOp

Array = NDArray[np.float64]


class Foreign:
    """Answers calls from native code.

    Parameters
    ----------
    module
        Whose sites call.
    shared, lanes
        Memory of one worker.
    words
        Its context.
    numbers, seed
        Numbers of all runs, and the seed of draws.

    """

    def __init__(
        self,
        module: NativeModule,
        shared: Array,
        lanes: Array,
        words: NDArray[np.int64],
        numbers: NDArray[np.int64],
        seed: int,
    ) -> None:
        self.module = module
        self.program = module.program
        width = module.width
        self.shared = shared.reshape(-1, 1)
        self.lanes = lanes.reshape(-1, width) if width > 1 else self.shared
        self.words, self.reals = words, words.view(np.float64)
        self.numbers, self.seed = numbers, seed
        self.devices: list[Any] = []
        self.rings = np.zeros((max(1, len(self.program.devices)), 3), dtype=np.int64)
        words[Field.RINGS] = self.rings.ctypes.data
        self.streams: dict[bool, RandomStreams] = {}
        self.problem: BaseException | None = None

    def called(self, handle: int, number: int, _shared: int, _lanes: int, _words: int) -> None:
        """Answer a call of a site."""
        del handle
        if self.problem is not None:
            return
        try:
            with np.errstate(all="ignore"):
                self._answer(number)
        except BaseException as problem:  # noqa: BLE001  (kept, and raised outside native code)
            self.problem = problem

    def raise_problem(self) -> None:
        """Raise what went wrong in a call, if anything did."""
        if self.problem is not None:
            problem, self.problem = self.problem, None
            raise problem

    def _answer(self, number: int) -> None:
        if number == BEGIN_BLOCK:
            self._begin()
            return
        site = self.module.outline.sites[number]
        match site.call:
            case Call.NODE:
                self._node(site)
            case Call.EMIT:
                self._emit(site)
            case Call.ADVANCE:
                self._advance(site)

    def _begin(self) -> None:
        self.devices = [None] * len(self.program.devices)
        first = int(self.words[Field.BLOCK]) * self.module.width
        runs = self.numbers[first : first + self.module.width]
        self.streams = {True: RandomStreams(self.seed, runs), False: RandomStreams(self.seed, runs[:1])}

    @property
    def _clock(self) -> ClockState:
        f = self.reals
        return ClockState(
            f[Field.TIME],
            f[Field.START],
            f[Field.STOP],
            f[Field.STEP],
            f[Field.SAVE],
            int(self.words[Field.NUMBER]),
            f[Field.BEGIN],
        )

    def _memory(self, lanes: bool) -> Array:
        return self.lanes if lanes else self.shared

    def _block(self, block: Block) -> Array:
        """Return the values of a block, over its axes and the lanes (one, if the same in all runs)."""
        count = int(np.prod(block.shape, dtype=np.int64))
        memory = self._memory(block.lanes)
        return memory[block.first : block.first + count].reshape(*block.shape, memory.shape[1])

    # nodes

    def _node(self, site: Site) -> None:
        arguments = [np.array(self._block(b)) for b in site.arguments]
        assert site.result is not None
        out = self._block(site.result)
        out[...] = self._compute(site, arguments)

    def _compute(self, site: Site, arguments: list[Array]) -> Any:
        match site.node:
            case Along(op=AlongOp.MARKET_PRICE) as node:
                return apply_market_price(node.axis, node.second, arguments)
            case Along() as node:
                return apply_along(node.op, node.axis, arguments)
            case Apply() as node:
                return FUNCTIONS[node.op](*arguments)
            case Ask() as node:
                return answer(self.program.tables, node, arguments, self._clock, many=True)
            case Draw() as node:
                seed, own = arguments[-1], arguments[:-1]
                return self.streams[site.lanes].draw(node, int(self.words[Field.NUMBER]), seed, own)
            case Inverse() as node:
                full = np.moveaxis(arguments[0], node.axes, (-2, -1))
                return np.moveaxis(inverse(full), (-2, -1), node.axes)
        raise AssertionError(site.node)

    # devices

    def _emit(self, site: Site) -> None:
        device = self.program.devices[site.device]
        arguments = [np.array(self._block(b)) for b in site.arguments]
        state = self.devices[site.device if device.views is None else device.views]
        if state is None:
            memory = self._memory(site.lanes)
            state = make_device(
                device.kind, device.axes, memory.shape[1], device.options, self.program.tables_of(device)
            )
            connect(state, device.sources, self.devices)
            state.start(tuple(arguments[: site.starts]), self._clock)
            self.devices[site.device] = state
            if isinstance(state, FixedDelay):
                self.rings[site.device] = [a.ctypes.data for a in (state.buffer, state.place, state.steps)]
        show = state.emit if device.views is None else state.flows
        shown = show(tuple(arguments[site.starts :]), self._clock)
        for slots, output in zip(device.outputs, shown, strict=True):
            self._memory(site.lanes)[slots] = output

    def _advance(self, site: Site) -> None:
        state = self.devices[site.device]
        if state is not None:
            memory = self._memory(site.lanes)
            state.advance(tuple(np.array(memory[slots]) for slots in site.taken), self._clock)
