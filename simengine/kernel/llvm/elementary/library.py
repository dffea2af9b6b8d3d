"""The table of functions, and their definitions on demand.

Invariant: a definition is text that depends on its stem and width only.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache

from simengine.kernel.llvm.body import Body, function_name, spread
from simengine.kernel.llvm.elementary.circular import cos, reduced_large, sin, tan
from simengine.kernel.llvm.elementary.coefficients import TWO_OVER_PI_WORDS
from simengine.kernel.llvm.elementary.exponential import exp, expm1
from simengine.kernel.llvm.elementary.hyperbolic import cosh, sinh, tanh
from simengine.kernel.llvm.elementary.inverse import acos, asin, atan, atan2
from simengine.kernel.llvm.elementary.logarithm import ln, log10
from simengine.kernel.llvm.elementary.normal import normal_cdf, normal_inv
from simengine.kernel.llvm.elementary.power import power
from simengine.kernel.llvm.elementary.remainder import mod, rem, round_half_away

STEMS: dict[str, tuple[int, Callable[..., str]]] = {
    "exp": (1, exp),
    "expm1": (1, expm1),
    "ln": (1, ln),
    "log10": (1, log10),
    "pow": (2, power),
    "sin": (1, sin),
    "cos": (1, cos),
    "tan": (1, tan),
    "asin": (1, asin),
    "acos": (1, acos),
    "atan": (1, atan),
    "atan2": (2, atan2),
    "sinh": (1, sinh),
    "cosh": (1, cosh),
    "tanh": (1, tanh),
    "rem": (2, rem),
    "mod": (2, mod),
    "round": (1, round_half_away),
    "normal_cdf": (1, normal_cdf),
    "normal_inv": (1, normal_inv),
}
"""Stem: number of arguments, writer."""

_REDUCED = ("reduced_high", "reduced_low", "reduced_quadrant")
"""Parts of the reduction of a large angle; over lanes, one lane after another."""


def library(needs: set[str]) -> str:
    """Return the definitions of functions by name (`se.exp.v8`), and declarations of intrinsics (`llvm.sqrt.f64`)."""
    wanted, done = sorted(needs), {}
    while wanted:
        name = wanted.pop()
        if name in done:
            continue
        if name.startswith("llvm."):
            done[name] = _declaration(name)
            continue
        _, stem, lanes = name.split(".")
        done[name], more = _definition(stem, int(lanes[1:]))
        wanted.extend(sorted(more - set(done)))
    parts = [done[name] for name in sorted(done)]
    if any("@two_over_pi" in part for part in parts):
        words = ", ".join(f"i64 {w}" for w in (0, *TWO_OVER_PI_WORDS))
        count = len(TWO_OVER_PI_WORDS) + 1
        parts.insert(0, f"@two_over_pi = private unnamed_addr constant [{count} x i64] [{words}], align 64")
    return "\n".join(parts)


@lru_cache(maxsize=256)
def _definition(stem: str, width: int) -> tuple[str, frozenset[str]]:
    body = Body(width)
    if stem in _REDUCED:
        count = 1
        value = _reduced(body, _REDUCED.index(stem), stem)
    else:
        count, write = STEMS[stem]
        value = write(body, *(f"%a{n}" for n in range(count)))
    kind = body.real_type
    arguments = ", ".join(f"{kind} %a{n}" for n in range(count))
    lines = "\n".join(body.lines)
    attributes = "nounwind willreturn memory(none)"
    text = (
        f"define internal fastcc {kind} @{function_name(stem, width)}({arguments}) {attributes} {{\n"
        f"entry:\n{lines}\n  ret {kind} {value}\n}}"
    )
    return text, frozenset(body.needs)


def _reduced(body: Body, part: int, stem: str) -> str:
    if body.width == 1:
        return reduced_large(body, "%a0")[part]
    one = Body(1, body.sheet)
    out = "poison"
    for lane in range(body.width):
        value = one.call(stem, one.new(f"extractelement {body.real_type} %a0, i32 {lane}"))
        out = body.new(f"insertelement {body.real_type} {out}, double {value}, i32 {lane}")
    return out


def _declaration(name: str) -> str:
    parts = name.split(".")
    kind = parts[-1]
    if name == "llvm.ctlz.i256":
        return f"declare i256 @{name}(i256, i1)"
    if parts[1] == "vector":
        return f"declare i1 @{name}(<{kind[1:-2]} x i1>)"
    real = "double" if kind == "f64" else spread("double", int(kind[1:-3]))
    count = 2 if parts[1] == "copysign" else 1
    return f"declare {real} @{name}({', '.join([real] * count)})"
