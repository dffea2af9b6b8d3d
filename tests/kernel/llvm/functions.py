"""Elementary functions compiled for a width, a processor and a level: what the tests call."""

from __future__ import annotations

import ctypes
from functools import cache

import numpy as np

from simengine.kernel.llvm.body import Body
from simengine.kernel.llvm.elementary import STEMS, library
from simengine.kernel.llvm.machine import Target, compile_text, host, link_code


def _loop(stem: str, width: int) -> tuple[str, set[str]]:
    count = STEMS[stem][0]
    body = Body(width)
    kind = body.real_type
    given = []
    for name in ("%x", "%y")[:count]:
        pointer = body.new(f"getelementptr double, ptr {name}, i64 %i")
        given.append(body.new(f"load {kind}, ptr {pointer}, align 8"))
    value = body.call(stem, *given)
    body.line(f"store {kind} {value}, ptr {body.new('getelementptr double, ptr %out, i64 %i')}, align 8")
    lines = "\n".join(body.lines)
    text = (
        f"define void @over_{stem}(ptr %x, ptr %y, ptr %out, i64 %n) {{\nentry:\n  br label %loop\nloop:\n"
        f"  %i = phi i64 [ 0, %entry ], [ %next, %loop ]\n{lines}\n  %next = add i64 %i, {width}\n"
        f"  %more = icmp ult i64 %next, %n\n  br i1 %more, label %loop, label %done\ndone:\n  ret void\n}}"
    )
    return text, body.needs


class Functions:
    """All functions at one width, for one processor, at one level."""

    def __init__(self, width: int, target: Target, level: int) -> None:
        parts, needs = [], set()
        for stem in STEMS:
            text, more = _loop(stem, width)
            parts.append(text)
            needs |= more
        self.width = width
        self.text = library(needs) + "\n" + "\n".join(parts)
        self.code = compile_text(self.text, target, level)
        self._held, self._places = link_code([self.code], target, [f"over_{stem}" for stem in STEMS])

    def __call__(self, stem: str, x: object, y: object = 0.0) -> np.ndarray:
        x, y = np.broadcast_arrays(np.atleast_1d(np.asarray(x, float)), np.asarray(y, float))
        room = -(-x.size // self.width) * self.width
        padded = [np.ascontiguousarray(np.pad(v, (0, room - v.size), mode="edge")) for v in (x, y)]
        out = np.empty(room)
        function = ctypes.CFUNCTYPE(None, *[ctypes.c_void_p] * 3, ctypes.c_int64)(self._places[f"over_{stem}"])
        function(*(v.ctypes.data for v in (*padded, out)), room)
        return out[: x.size]


@cache
def functions(width: int = 8, target: Target | None = None, level: int = 2) -> Functions:
    """Return the functions compiled."""
    return Functions(width, target or host(), level)
