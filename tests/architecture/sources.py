"""The package's own source, read once as text and tree: what the architecture tests look at."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

PACKAGE = Path(__file__).resolve().parents[2] / "simengine"

Definition = ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef


@dataclass(frozen=True, slots=True)
class Module:
    """One module: its text and its tree."""

    text: str
    tree: ast.Module


@cache
def sources() -> Mapping[str, Module]:
    """Return every module of the package by its path inside it, as in `source/file.py`."""
    out = {}
    for path in sorted(PACKAGE.rglob("*.py")):
        text = path.read_text(encoding="utf-8")
        out[path.relative_to(PACKAGE).as_posix()] = Module(text, ast.parse(text))
    return out


def public_definitions(tree: ast.Module) -> Iterator[tuple[str, Definition]]:
    """Yield public functions and classes, and public methods of public classes."""
    for node in tree.body:
        if not isinstance(node, Definition) or node.name.startswith("_"):
            continue
        yield node.name, node
        if isinstance(node, ast.ClassDef):
            for method in node.body:
                if isinstance(method, Definition) and not method.name.startswith("_"):
                    yield f"{node.name}.{method.name}", method
