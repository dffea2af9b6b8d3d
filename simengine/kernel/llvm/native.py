"""Native runs: a compiled program, memory for it, and calls into it.

In: a module and values of the parameters. Out: what is saved, over time, columns and runs.

Invariant: what a run gives depends on its own parameters, number and seed only; not on the lane, the block or the
thread it is computed in.
"""

from __future__ import annotations

import ctypes
import struct
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from simengine.kernel.llvm.context import SIZE, Beat, Field
from simengine.kernel.llvm.foreign import Foreign
from simengine.kernel.llvm.machine import Loaded
from simengine.kernel.llvm.module import NativeModule

_CALL = ctypes.CFUNCTYPE(None, ctypes.c_int64, ctypes.c_int64, ctypes.c_void_p, ctypes.c_void_p, ctypes.c_void_p)

_RUN = struct.Struct("=4d4q")
"""Plan, steps, saves, and where these stand: the words from PLAN_START to OUT."""
_BLOCKS = struct.Struct("=2q")
"""The words FIRST and BLOCKS."""


class Worker:
    """Memory and context of one thread.

    Parameters
    ----------
    module, code
        What runs.
    shared
        Values of all parameters; of those that differ, `take` has the values.
    numbers
        Numbers of the runs, as many as there are lanes in all blocks.

    """

    def __init__(
        self,
        module: NativeModule,
        code: Loaded,
        shared: NDArray[np.float64],
        numbers: NDArray[np.int64],
        seed: int,
    ) -> None:
        self.module, self.code = module, code
        slots, width = module.outline.slot_count, module.width
        self.shared_memory = _aligned(slots)
        self.lane_memory = _aligned(slots * width if width > 1 else 8)
        program = module.program
        self._specs = np.asarray([*program.specs, *(clock.step for clock in program.clocks)])
        self.words = _aligned(SIZE).view(np.int64)
        self.words[:] = 0
        self._bytes = self.words.data.cast("B")
        self._halt = np.zeros(1, dtype=np.int64)
        self._beats = np.zeros((max(1, len(program.clocks)), len(Beat)), dtype=np.int64)
        self._memory = tuple(
            _address(a) for a in (self.shared_memory, self.lane_memory, module.tables.numbers, self.words)
        )
        self.foreign = Foreign(module, self.shared_memory, self.lane_memory, self.words, numbers, seed)
        self._callback = _CALL(self.foreign.called)
        self._set(Field.CALLBACK, ctypes.cast(self._callback, ctypes.c_void_p).value or 0)
        self._set(Field.HALT, _address(self._halt))
        self._set(Field.BEATS, _address(self._beats))
        self._give(shared, numbers, seed)

    def begin(self, shared: NDArray[np.float64], numbers: NDArray[np.int64], seed: int) -> None:
        """Begin anew, as if just made; only where nothing is called back for."""
        self.shared_memory[:] = 0.0
        self.lane_memory[:] = 0.0
        self._halt[0] = 0
        self._give(shared, numbers, seed)

    def _give(self, shared: NDArray[np.float64], numbers: NDArray[np.int64], seed: int) -> None:
        module = self.module
        self.shared_memory[module.program.parameters[module.shared]] = shared[module.shared]
        self.numbers = numbers  # kept while native code reads them
        self._taken = (0, 0)
        self._set(Field.SEED, seed & 0xFFFFFFFF)
        self._set(Field.ALL_RUNS, _address(numbers))

    def _set(self, field: Field, value: int) -> None:
        self.words[field] = value

    def has_taken(self, first: int, end: int) -> bool:
        """Return whether it has the parameters that differ of these runs, and no others."""
        return self._taken == (first, end)

    def take(self, differing: NDArray[np.float64], first: int) -> None:
        """Take the parameters that differ, (parameter, run), for the runs from `first` on."""
        self._taken = (first, first + differing.shape[1])
        self._differing = differing  # kept while native code reads it
        self._set(Field.ROW, max(1, differing.shape[1]))
        self._set(Field.PARAMETERS, differing.ctypes.data - first * differing.itemsize)

    def specs(self, block: int = 0) -> NDArray[np.float64]:
        """Return start, stop, step, save interval and steps of slower clocks of the first run of a block."""
        self._set(Field.FIRST, block)
        self._call(self.code.prepare)
        slots = self._specs
        if self.module.width == 1:
            alone: NDArray[np.float64] = self.shared_memory[slots]
            return alone
        lanes = self.lane_memory[slots * self.module.width]
        found: NDArray[np.float64] = np.where(self.module.varying[slots], lanes, self.shared_memory[slots])
        return found

    def run(
        self,
        plan: tuple[float, float, float, float],
        steps: int,
        saved: NDArray[np.int64],
        out: NDArray[np.float64],
        blocks: Sequence[int],
        *,
        first: int = 0,
        beats: Sequence[tuple[int, float]] = (),
    ) -> bool:
        """Run blocks `blocks[0]` up to `blocks[1]`; return whether the specs were the same in all runs.

        Parameters
        ----------
        plan
            Start, stop, step, save interval.
        steps
            How many steps.
        saved
            Numbers of the steps saved, rising.
        out
            (run, saved step, column), as many runs as lanes in all blocks.
        blocks
            First block, and the one after the last.
        first
            The run `out` begins with.
        beats
            Of slower clocks: in how many steps they tick once, and their own time steps.

        """
        for words, (every, step) in zip(self._beats, beats, strict=False):
            words[Beat.EVERY] = every
            words[Beat.STEP] = np.float64(step).view(np.int64)
        begin, end = blocks
        where = _address(out) - first * out.strides[0]
        _RUN.pack_into(self._bytes, 8 * Field.PLAN_START, *plan, steps, len(saved), _address(saved), where)
        _BLOCKS.pack_into(self._bytes, 8 * Field.FIRST, begin, end - begin)
        self.words[Field.UNEQUAL] = 0
        self._call(self.code.run)
        return not self.words[Field.UNEQUAL]

    def halt(self) -> None:
        """Stop at the next step; another thread may say so."""
        self._halt[0] = 1

    def _call(self, function: Any) -> None:
        function(*self._memory)
        if self.foreign.problem is not None:
            self.foreign.raise_problem()


def _address(array: NDArray[Any]) -> int:
    """Return where an array's memory begins: what `ctypes.data` does, in a tenth of the time."""
    if not array.size or not array.flags.writeable:
        return int(array.ctypes.data)
    return ctypes.addressof(ctypes.c_char.from_buffer(array.data))


def _aligned(count: int) -> NDArray[np.float64]:
    """Return zeros that begin where a vector register may be loaded from."""
    raw = np.zeros(count + 8)
    shift = (-raw.ctypes.data // 8) % 8
    return raw[shift : shift + count]
