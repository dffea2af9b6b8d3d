"""The text of one LLVM module: functions, the constant arrays and the functions of our own that they need.

In: functions, one after another. Out: the module's text.

Invariant: what a function names is defined or declared in the same text.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from simengine.kernel.llvm.body import spread
from simengine.kernel.llvm.driver import ARGUMENTS
from simengine.kernel.llvm.elementary import library
from simengine.kernel.llvm.table import Shape, lookup_function


class Assembly:
    """Gathers the functions of a module, and what they share.

    Parameters
    ----------
    permute
        Whether eight doubles are permuted by one instruction (AVX-512).

    """

    def __init__(self, *, permute: bool) -> None:
        self.lookups: dict[str, tuple[Shape, int]] = {}
        self._permute = permute
        self._needs: set[str] = set()
        self._arrays: dict[tuple[str, bytes], str] = {}
        self._globals: list[str] = []
        self._functions: list[str] = []

    def keep(self, array: NDArray[Any]) -> str:
        """Return the name of a constant array that holds these entries."""
        kind = "i64" if array.dtype == np.int64 else "double"
        key = (kind, array.tobytes())
        name = self._arrays.get(key)
        if name is None:
            name = self._arrays[key] = f"@a{len(self._arrays)}"
            words = array.ravel().view(np.uint64)
            if kind == "double":
                entries = ", ".join(f"double 0x{w:016X}" for w in words.tolist())
            else:
                entries = ", ".join(f"i64 {w}" for w in array.ravel().tolist())
            self._globals.append(
                f"{name} = private unnamed_addr constant [{array.size} x {kind}] [{entries}], align 64"
            )
        return name

    def add(self, text: str, needs: set[str]) -> None:
        """Add functions, with the names of those they need."""
        self._functions.append(text)
        self._needs |= needs

    def text(self, *, elsewhere: Sequence[str] = (), whole: bool = False) -> str:
        """Return the module.

        Parameters
        ----------
        elsewhere
            Functions over the memory of a run that another module defines.
        whole
            Whether all functions may become one.

        """
        lookups, needs = [], set(self._needs)
        for shape, width in self.lookups.values():
            text, own = lookup_function(shape, width, permute=self._permute)
            lookups.append(text)
            needs |= own
        declared = sorted(n for n in needs if n.startswith("llvm.") and not _known_to_library(n))
        parts = [
            *self._globals,
            library(needs.difference(declared)),
            *(_declare(name) for name in declared),
            # called by an address in a table: for such calls room is counted when code is loaded
            # (`machine.Loaded`); for calls by stubs, LLVM's default, it is not, and llvmlite aborts the process
            *(f"declare void @{name}({ARGUMENTS}) nonlazybind" for name in elsewhere),
            *lookups,
            *self._functions,
            "attributes #0 = { nounwind willreturn memory(argmem: read) noinline }",
            # small programs become one function, whose values stay in registers from step to step
            f"attributes #1 = {{ nounwind{'' if whole else ' noinline'} }}",
            "attributes #2 = { nounwind }",
            "!0 = !{}",
            "!llvm.module.flags = !{!1}",
            '!1 = !{i32 7, !"RtLibUseGOT", i32 1}',  # the same of calls that LLVM puts in by itself, such as fmod
        ]
        return "\n".join(parts)


def _known_to_library(name: str) -> bool:
    return not name.startswith(("llvm.x86.", "llvm.masked.", "llvm.memcpy"))


def _declare(name: str) -> str:
    """Return the declaration of an intrinsic that only lookups, gathers and copies use."""
    if name.startswith("llvm.masked.gather."):
        kind = name.split(".")[3]
        width, scalar = (kind[1:-3], "double") if kind.endswith("f64") else (kind[1:-3], "i64")
        vector = spread(scalar, int(width))
        return f"declare {vector} @{name}(<{width} x ptr>, i32, <{width} x i1>, {vector})"
    if name.startswith("llvm.masked.scatter."):
        width = name.split(".")[3][1:-3]
        return f"declare void @{name}(<{width} x double>, <{width} x ptr>, i32, <{width} x i1>)"
    if name == "llvm.x86.avx512.permvar.df.512":
        return f"declare <8 x double> @{name}(<8 x double>, <8 x i64>)"
    if name == "llvm.x86.avx512.vpermi2var.pd.512":
        return f"declare <8 x double> @{name}(<8 x double>, <8 x i64>, <8 x double>)"
    return f"declare void @{name}(ptr, ptr, i64, i1)"
