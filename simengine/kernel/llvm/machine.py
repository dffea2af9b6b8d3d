"""The machine: what it can do, and LLVM's compiler for it.

In: the text of a module. Out: object code, and functions in memory.

Invariant: text is verified before it is compiled: LLVM aborts the process on what it cannot understand.
"""

from __future__ import annotations

import ctypes
import itertools
import sys
import threading
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from simengine.kernel.llvm.module import Machine

_LOCK = threading.Lock()
"""LLVM compiles one module at a time."""


@dataclass(frozen=True)
class Target:
    """A processor to compile for: LLVM's name of it, its features, and what follows from them."""

    cpu: str
    features: str

    @property
    def machine(self) -> Machine:
        """Return what the text of modules may rely on."""
        return Machine(permute="+avx512f" in self.features.split(","))

    @property
    def lanes(self) -> int:
        """Return how many doubles a register holds."""
        have = self.features.split(",")
        return 8 if "+avx512f" in have else 4 if "+avx" in have else 2


@lru_cache(maxsize=1)
def host() -> Target:
    """Return this machine."""
    import llvmlite.binding as llvm

    return Target(llvm.get_host_cpu_name(), llvm.get_host_cpu_features().flatten())


@lru_cache(maxsize=1)
def _ready() -> None:
    import llvmlite.binding as llvm

    llvm.initialize_native_target()
    llvm.initialize_native_asmprinter()


def _target_machine(target: Target, level: int) -> Any:
    import llvmlite.binding as llvm

    _ready()
    # MCJIT aborts the process with other models of relocation and code
    return llvm.Target.from_default_triple().create_target_machine(
        cpu=target.cpu, features=target.features, opt=level, reloc="pic", codemodel="small", jit=True
    )


def compile_text(text: str, target: Target, level: int = 2) -> bytes:
    """Return the object code of a module.

    Parameters
    ----------
    text
        The module.
    target
        What to compile for.
    level
        0: at once; 1: what nothing reads is left out; 2: all of LLVM's usual passes, which take some ten times
        longer. What is written is near its best already: level 2 pays where a program is so small that it becomes one
        function.

    Raises
    ------
    RuntimeError
        If the text is no module: a defect of the writer, never of a model.

    """
    import llvmlite.binding as llvm

    with _LOCK:
        machine = _target_machine(target, level)
        module = llvm.parse_assembly(text)
        module.verify()
        module.triple = machine.triple
        module.data_layout = str(machine.target_data)
        _optimise(module, machine, level)
        code: bytes = machine.emit_object(module)
        return code


def _optimise(module: Any, machine: Any, level: int) -> None:
    import llvmlite.binding as llvm

    options = llvm.create_pipeline_tuning_options(speed_level=2)
    options.loop_vectorization = False  # lanes are written out already
    options.slp_vectorization = True
    builder = llvm.create_pass_builder(machine, options)
    if level == 1:
        passes = llvm.create_new_module_pass_manager()
        passes.add_sroa_pass()
        passes.add_aggressive_dce_pass()  # what nothing reads; the rest is written as it should be
        passes.run(module, builder)
    elif level:
        builder.getModulePassManager().run(module, builder)


class Loaded:
    """Object code in memory. The functions live as long as this object.

    Parameters
    ----------
    code
        What `compile_text` gave, of one module or of several that name each other's functions.
    target
        What it was compiled for.

    """

    def __init__(self, code: Sequence[bytes], target: Target) -> None:
        with _LOCK:
            self._held, places = link_code(code, target, ("prepare", "run"))
        kind = ctypes.CFUNCTYPE(None, *[ctypes.c_void_p] * 4)
        self.prepare = kind(places["prepare"])
        self.run = kind(places["run"])


_NUMBERS = itertools.count()


def link_code(code: Sequence[bytes], target: Target, names: Sequence[str]) -> tuple[Any, dict[str, int]]:
    """Return what keeps object code in memory as long as it lives, and where functions of these names are.

    JITLink takes memory for all sections of an object in one piece. The older loader takes a piece for each: in a
    process that holds much memory they may lie more than 2 GB apart, beyond what the 32-bit offsets of the small code
    model reach, and then it aborts the process.
    """
    import llvmlite.binding as llvm

    if sys.platform == "win32":  # whose objects JITLink does not know
        return _load(code, target, names)
    jit = _linker()
    library = llvm.JITLibraryBuilder()
    for one in code:
        library.add_object_img(one)
    library.add_current_process()
    for name in names:
        library.export_symbol(name)
    tracker = library.link(jit, f"program {next(_NUMBERS)}")
    return (jit, tracker), {name: tracker[name] for name in names}


@lru_cache(maxsize=1)
def _linker() -> Any:
    import llvmlite.binding as llvm

    return llvm.create_lljit_compiler(_target_machine(host(), 2), use_jit_link=True)


def _load(code: Sequence[bytes], target: Target, names: Sequence[str]) -> tuple[Any, dict[str, int]]:
    import llvmlite.binding as llvm

    engine = llvm.create_mcjit_compiler(llvm.parse_assembly(""), _target_machine(target, 2))
    for one in code:
        engine.add_object_file(llvm.ObjectFileRef.from_data(one))
    engine.finalize_object()
    return engine, {name: engine.get_function_address(name) for name in names}
