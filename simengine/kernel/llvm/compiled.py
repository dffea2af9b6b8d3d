"""Programs compiled for this machine, kept while in use and on disk.

In: a program, a method, which parameters differ between runs, which slots are saved. Out: `Compiled`.

Invariant: code from the cache is the code that compiling would give.
"""

from __future__ import annotations

import platform
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from simengine.kernel import cache
from simengine.kernel.llvm.machine import Loaded, Target, compile_text, host
from simengine.kernel.llvm.method import Method
from simengine.kernel.llvm.module import NativeModule, write_module
from simengine.kernel.llvm.native import Worker
from simengine.kernel.llvm.outline import pack_outline, read_outline
from simengine.kernel.llvm.ring import NATIVE
from simengine.kernel.llvm.site import Call
from simengine.program.digest import digest_of
from simengine.program.node import Along, Apply, Ask, Draw
from simengine.program.pace import steps_of
from simengine.program.program import Program
from simengine.source.packed import pack, unpack


@dataclass(frozen=True, eq=False)
class Compiled:
    """A module, its functions in memory, and how they came there."""

    module: NativeModule
    code: Loaded
    cached: bool
    level: int
    _spare: list[Worker] = field(default_factory=list)

    def lend(self) -> Worker | None:
        """Return memory and context of a run that is over, for another run; None if there are none to spare."""
        try:
            return self._spare.pop()  # whole, whatever other threads do
        except IndexError:
            return None

    def give_back(self, worker: Worker) -> None:
        """Keep what a run needs no longer: making it anew takes longer than a short run.

        Of what calls back, Python remembers the run before: that is not kept.
        """
        if not self._spare and not self.module.outline.sites:
            self._spare.append(worker)

    @property
    def not_optimised(self) -> tuple[str, ...]:
        """Return the names of variables whose equations are too long to be optimised."""
        program = self.module.program
        steps = steps_of(program) if self.module.outline.long else []
        names = (program.variables[steps[place].variable].name for place in self.module.outline.long)
        return tuple(dict.fromkeys(names))

    @property
    def called_back(self) -> tuple[str, ...]:
        """Return what is computed by Python, called from native code."""
        names = set()
        for site in self.module.outline.sites:
            if site.call is not Call.NODE:
                kind = self.module.program.devices[site.device].kind
                if kind not in NATIVE:  # those are only begun by Python
                    names.add(kind.value)
            elif isinstance(site.node, Apply):
                names.add(site.node.op.mnemonic)
            elif isinstance(site.node, Along):
                names.add(site.node.op.value)
            elif isinstance(site.node, Ask):
                names.add(site.node.query.value)
            elif isinstance(site.node, Draw):
                names.add(f"{site.node.distribution.value} draws")
            else:
                names.add("matrix inverse")
        return tuple(sorted(names))


def lanes_for(runs: int, target: Target | None = None) -> int:
    """Return how many runs should go side by side: the most, unless many lanes of the last block would stay empty.

    Parameters
    ----------
    runs
        How many runs there are.
    target
        The processor; None: this one.

    """
    register = (target or host()).lanes
    most = 4 * register
    while most > register and runs <= most // 2:
        most //= 2
    if most == 4 * register and _lanes_in_all(runs, most // 2) <= _FEWER * _lanes_in_all(runs, most):
        most //= 2
    return most


_FEWER = 0.9
"""Part of the lanes, those to spare included, from which down half as many side by side are worth it."""


def _lanes_in_all(runs: int, width: int) -> int:
    return -(-runs // width) * width


def full_level(module: NativeModule) -> int:
    """Return how hard to optimise where that is worth its time, as for `compile_text`."""
    return 2 if module.outline.small else 1


def written(
    program: Program,
    methods: Sequence[Method],
    *,
    varied: NDArray[np.bool_] | None,
    columns: NDArray[np.int64] | Sequence[int],
    width: int = 1,
    noise: bool = True,
    target: Target | None = None,
) -> NativeModule:
    """Return the module of a program, not yet compiled; written once while it is in use.

    Parameters
    ----------
    program, methods
        What to run, and how stocks move: by the program's own clock, then by slower ones.
    varied
        Which parameters differ between runs; None for one run alone.
    columns
        Slots to save.
    width
        How many runs side by side; 1 for one run alone.
    noise
        Whether draws differ from run to run.
    target
        The processor to compile for; None: this one.

    """
    slots = np.ascontiguousarray(columns, dtype=np.int64)
    flags = None if varied is None else np.ascontiguousarray(varied, dtype=np.bool_).tobytes()
    module: NativeModule = _written(program, tuple(methods), flags, slots.tobytes(), width, noise, target or host())
    return module


@lru_cache(maxsize=32)
def _written(
    program: Program,
    methods: tuple[Any, ...],
    varied: bytes | None,
    columns: bytes,
    width: int,
    noise: bool,
    target: Target,
) -> NativeModule:
    differs = None if varied is None else np.frombuffer(varied, dtype=np.bool_)
    slots = np.frombuffer(columns, dtype=np.int64)
    key, outline = "", None
    if cache.is_wanted():
        numbers = repr((*((m.c, m.a, m.b) for m in methods), width, noise, target.machine, varied is None))
        key = cache.key_of(cache.engine(), digest_of(program), numbers, varied or b"", columns)
        outline = read_outline(cache.load(key, cache.OUTLINE))
    module = write_module(
        program,
        methods,
        varied=differs,
        columns=slots,
        width=width,
        machine=target.machine,
        noise=noise,
        key=key,
        outline=outline,
    )
    if key and outline is None:
        cache.store(key, pack_outline(module.outline), cache.OUTLINE)
    return module


@lru_cache(maxsize=32)
def compile_module(module: NativeModule, target: Target, level: int) -> Compiled:
    """Return a module compiled, from the cache on disk where it is there."""
    key = _key(module, target, level)
    code = _read_code(cache.load(key)) if key else None
    cached = code is not None
    if code is None:
        plain = _plain(module, target)
        code = (compile_text(module.texts.main, target, level), *([plain] if plain else []))
        if key:
            cache.store(key, pack(code))
    return Compiled(module, Loaded(code, target), cached, level)


@lru_cache(maxsize=32)
def _plain(module: NativeModule, target: Target) -> bytes | None:
    """Return the code of what is not optimised: the same at every level."""
    return compile_text(module.texts.plain, target, 0) if module.texts.plain else None


def _read_code(data: bytes | None) -> tuple[bytes, ...] | None:
    if data is None:
        return None
    try:
        code = unpack(data)
    except ValueError:
        return None
    return code if isinstance(code, tuple) and all(isinstance(part, bytes) for part in code) else None


def is_kept(module: NativeModule, target: Target, level: int) -> bool:
    """Return whether the cache on disk has the code of a module."""
    key = _key(module, target, level)
    return bool(key) and cache.holds(key)


@lru_cache(maxsize=64)
def _key(module: NativeModule, target: Target, level: int) -> str:
    """Return the key of a module's code: of what its text is written from, and what compiles it; "": none is kept."""
    import llvmlite

    if not module.key:
        return ""
    machine = f"{platform.machine()} {platform.system()} {target.cpu} {target.features}"
    return cache.key_of(module.key, machine, llvmlite.__version__, str(level))


def forget() -> None:
    """Drop all modules and code kept in memory; what is in use lives on."""
    _written.cache_clear()
    compile_module.cache_clear()
    _plain.cache_clear()
    _key.cache_clear()


def is_available() -> bool:
    """Return whether native code can be made on this machine."""
    try:
        import llvmlite.binding  # noqa: F401
    except (ImportError, OSError):
        return False
    return True
