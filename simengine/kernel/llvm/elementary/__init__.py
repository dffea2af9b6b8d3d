"""Temporary: libm through intrinsics, until our own functions stand here."""

from __future__ import annotations

from simengine.kernel.llvm.body import spread

_INTR = {"exp": "exp", "ln": "log", "pow": "pow", "log10": "log10", "sin": "sin", "cos": "cos", "round": "round",
 "tan": "tan", "asin": "asin", "acos": "acos", "atan": "atan", "atan2": "atan2", "sinh": "sinh", "cosh": "cosh", "tanh": "tanh"}


def library(needs: set[str]) -> str:
    out, seen = [], set()
    def intr(name):
        if name in seen: return
        seen.add(name)
        parts = name.split(".")
        k = parts[-1]
        t = "double" if k == "f64" else spread("double", int(k[1:-3])) if k.endswith("f64") else None
        if parts[1] == "vector":
            w = k[1:-2]
            out.append(f"declare i1 @{name}(<{w} x i1>)")
            return
        n = 2 if parts[1] in ("copysign", "pow", "atan2") else 1
        out.append(f"declare {t} @{name}({', '.join([t]*n)})")
    for name in sorted(needs):
        if name.startswith("llvm."):
            intr(name)
        elif name.startswith("se."):
            _, stem, w = name.split(".")
            w = int(w[1:]); t = spread("double", w); s = "f64" if w == 1 else f"v{w}f64"
            n = 2 if stem in ("pow", "rem", "mod", "atan2") else 1
            args = ", ".join(f"{t} %a{i}" for i in range(n))
            if stem == "rem":
                body = f"  %r = frem {t} %a0, %a1\n"
            elif stem == "mod":
                intr(f"llvm.floor.{s}")
                body = f"  %d = fdiv {t} %a0, %a1\n  %f = call {t} @llvm.floor.{s}({t} %d)\n  %m = fmul {t} %f, %a1\n  %r = fsub {t} %a0, %m\n"
            elif stem in _INTR:
                i = f"llvm.{_INTR[stem]}.{s}"; intr(i)
                body = f"  %r = call {t} @{i}({args})\n"
            else:
                body = f"  %r = fadd {t} %a0, %a0\n"
            out.append(f"define internal fastcc {t} @{name}({args}) {{\n{body}  ret {t} %r\n}}")
    return "\n".join(out)
