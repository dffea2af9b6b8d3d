"""Every diagnostic code in use is explained, and every code explained is in use."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

from simengine.source.codes import CODES
from tests.architecture.sources import sources

SLUG = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")
WORDS = re.compile(r"[a-z]+(-[a-z]+)+")
MAKERS = {"error", "warning", "unknown"}
ROOMS = ("source/", "model/", "check/", "compile/", "language/", "api/")
"""Rooms that speak in diagnostics: there every literal of words joined by hyphens is a code."""


def literals(name: str) -> Iterator[tuple[str, int]]:
    """Yield every string literal of a module with its line."""
    for node in ast.walk(sources()[name].tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            yield node.value, node.lineno


def codes_of_calls(name: str) -> Iterator[tuple[str, int]]:
    """Yield the codes given as literals to the functions that make diagnostics, with their lines."""
    for node in ast.walk(sources()[name].tree):
        match node:
            case ast.Call(
                func=ast.Name(id=maker) | ast.Attribute(attr=maker), args=[ast.Constant(value=str(code)), *_]
            ) if maker in MAKERS and SLUG.fullmatch(code):
                yield code, node.lineno


def codes_in_use() -> Iterator[tuple[str, str]]:
    """Yield (code, place) of everything that is a code."""
    for name in sources():
        if name == "source/codes.py":
            continue
        yield from ((code, f"{name}:{line}") for code, line in codes_of_calls(name))
        if name.startswith(ROOMS):
            yield from ((t, f"{name}:{line}") for t, line in literals(name) if WORDS.fullmatch(t))


def test_codes_in_use_are_explained() -> None:
    missing = sorted({f"{code} ({place})" for code, place in codes_in_use() if code not in CODES})
    assert "\n".join(missing) == ""


def test_codes_explained_are_in_use() -> None:
    words = {text for name in sources() if name != "source/codes.py" for text, _ in literals(name)}
    assert sorted(code for code in CODES if code not in words) == []


def test_codes_are_slugs_and_explanations_are_sentences() -> None:
    for code, text in CODES.items():
        assert SLUG.fullmatch(code), code
        assert text.endswith(".") and text[0].isupper(), code


def test_codes_stand_once_in_the_table() -> None:
    table = sources()["source/codes.py"].text
    keys = re.findall(r'^    "([a-z0-9-]+)":', table, re.MULTILINE)
    assert sorted(keys) == sorted(set(keys))
    assert set(keys) == set(CODES)
