"""How hard to optimise: not at all as long as a program runs little.

In: a module, and how many steps are to be run. Out: a level for `compile_module`.

Invariant: the level changes no bit of what is computed.
"""

from __future__ import annotations

from weakref import WeakKeyDictionary, WeakSet

from simengine.kernel.llvm.compiled import full_level, is_kept
from simengine.kernel.llvm.machine import Target
from simengine.kernel.llvm.module import NativeModule

_TINY = 150
"""Statements up to which optimising takes no time one would notice."""

TURN = 80_000
"""Steps (of a block of runs) of a program from which on optimising it takes less time than it saves.

A statement that is optimised takes some 0.4 ms more to compile, and saves some 5 ns at every step.
"""

_STEPS: WeakKeyDictionary[NativeModule, int] = WeakKeyDictionary()
"""Steps each module has run, or is about to run, in code that is not optimised."""

_OPTIMISED: WeakSet[NativeModule] = WeakSet()
"""Modules that were found worth it: asking the disk again and again costs more than a short run."""


def level_to_begin(module: NativeModule, target: Target) -> int:
    """Return how hard to optimise while it is not known how long the run is."""
    full = full_level(module)
    if module in _OPTIMISED:
        return full
    if module.statements < _TINY or is_kept(module, target, full):
        _OPTIMISED.add(module)
        return full
    return 0


def level_for(module: NativeModule, level: int, steps: int) -> int:
    """Count steps that code of some level is to run; return the level they are worth."""
    if level:
        return level
    _STEPS[module] = total = _STEPS.get(module, 0) + steps
    if total <= TURN:
        return 0
    _OPTIMISED.add(module)
    return full_level(module)
