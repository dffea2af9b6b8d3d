"""What may be imported where: heavy libraries never at the top of a module, and none of the later stages' early."""

from __future__ import annotations

import ast

from tests.architecture.sources import sources

HEAVY = {
    "pandas",
    "xarray",
    "scipy",
    "pyarrow",
    "openpyxl",
    "xlrd",
    "matplotlib",
    "llvmlite",
    "networkx",
    "sympy",
    "SALib",
    "pysd",
    "simlin",
    "arviz",
    "cma",
    "emcee",
    "nutpie",
}


def imported_at_once(tree: ast.Module) -> set[str]:
    """Return the top names imported when the module is, those for type checkers left out."""
    names: set[str] = set()
    todo: list[ast.stmt] = list(tree.body)
    while todo:
        node = todo.pop()
        match node:
            case ast.Import():
                names |= {alias.name.split(".")[0] for alias in node.names}
            case ast.ImportFrom(module=str(module), level=0):
                names.add(module.split(".")[0])
            case ast.If(test=ast.Name(id="TYPE_CHECKING")):
                todo += node.orelse
            case ast.If() | ast.Try() | ast.With():
                todo += [n for n in ast.walk(node) if isinstance(n, ast.Import | ast.ImportFrom)]
    return names


def test_heavy_libraries_are_imported_where_they_are_used() -> None:
    early = {name: imported_at_once(module.tree) & HEAVY for name, module in sources().items()}
    assert {name: found for name, found in early.items() if found} == {}


def test_nothing_evaluates_text_of_a_model() -> None:
    called = {
        name: {n.func.id for n in ast.walk(module.tree) if isinstance(n, ast.Call) and isinstance(n.func, ast.Name)}
        for name, module in sources().items()
    }
    # the interpreter runs source that codegen wrote from a Program: numbers and slots, no text of a model
    allowed = {"kernel/interpreter.py": {"exec"}}
    banned = {name: names & {"eval", "exec", "__import__"} - allowed.get(name, set()) for name, names in called.items()}
    assert {name: found for name, found in banned.items() if found} == {}


def test_the_public_names_are_those_exported() -> None:
    import simengine

    assert simengine.__all__ == sorted(simengine.__all__)
    assert set(simengine.__all__) <= set(dir(simengine))
    for name in simengine.__all__:
        assert getattr(simengine, name).__name__ == name
