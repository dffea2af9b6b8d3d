"""The house is kept small: sizes of modules, functions and classes, names of rooms, words where they are owed."""

from __future__ import annotations

import ast

from tests.architecture.sources import public_definitions, sources

LONGEST_MODULE = 500
LONGEST_FUNCTION = 60
MOST_METHODS = 15
MOST_RULES = 30
"""For a class that walks over a grammar or a closed union of nodes: a method for each is its nature."""
NAMELESS = {"utils", "util", "helpers", "helper", "common", "base", "misc", "tools", "stuff"}


def code_lines(node: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    """Return the lines of a function, its docstring left out."""
    first = node.body[0]
    lines = (node.end_lineno or node.lineno) - node.lineno + 1
    if ast.get_docstring(node) is not None:
        lines -= (first.end_lineno or first.lineno) - first.lineno + 1
    return lines


WALKS = ("Parser", "Reader", "Walker", "Lowering", "Interpreter", "Writer")


def most_methods(node: ast.ClassDef) -> int:
    """Return how many methods a class may have."""
    return MOST_RULES if node.name.endswith(WALKS) else MOST_METHODS


def test_modules_are_short() -> None:
    lengths = {name: len(module.text.splitlines()) for name, module in sources().items()}
    assert {name: lines for name, lines in lengths.items() if lines > LONGEST_MODULE} == {}


def test_functions_are_short() -> None:
    lengths = {
        f"{name}: {node.name}": code_lines(node)
        for name, module in sources().items()
        for node in ast.walk(module.tree)
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
    }
    assert {name: lines for name, lines in lengths.items() if lines > LONGEST_FUNCTION} == {}


def test_classes_have_few_methods() -> None:
    counts = {
        f"{name}: {node.name}": (sum(isinstance(n, ast.FunctionDef) for n in node.body), most_methods(node))
        for name, module in sources().items()
        for node in ast.walk(module.tree)
        if isinstance(node, ast.ClassDef)
    }
    assert {name: count for name, (count, most) in counts.items() if count > most} == {}


def test_rooms_have_nouns_for_names() -> None:
    parts = {name: set(name.removesuffix(".py").split("/")) for name in sources()}
    assert [name for name, words in parts.items() if words & NAMELESS] == []


def test_modules_say_what_they_are_for() -> None:
    assert [name for name, module in sources().items() if not ast.get_docstring(module.tree)] == []


def test_public_things_say_what_they_are() -> None:
    silent = [
        f"{name}: {thing}"
        for name, module in sources().items()
        for thing, node in public_definitions(module.tree)
        if not ast.get_docstring(node)
    ]
    assert silent == []


def test_rooms_state_an_invariant() -> None:
    rooms = [name for name in sources() if name.count("/") == 1 and name.endswith("/__init__.py")]
    assert [n for n in rooms if "Invariant:" not in (ast.get_docstring(sources()[n].tree) or "")] == []
