"""YAML as 1.2 has it: scalars against the core schema, places, and what is refused."""

from __future__ import annotations

import json
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from simengine.language.yaml.node import Listing, Mapping, Node, Scalar, read_yaml, walk
from simengine.source.file import SourceFile


def read(text: str) -> Node:
    node, problems = read_yaml(SourceFile("t.yaml", text))
    assert not problems, problems
    assert node is not None
    return node


def codes(text: str) -> list[str]:
    return [p.code for p in read_yaml(SourceFile("t.yaml", text))[1]]


@pytest.mark.parametrize(
    ("text", "number"),
    [
        # YAML 1.2.2, 10.3.2 "Tag Resolution"
        ("0", 0), ("-19", -19), ("0o7", 7), ("0x3A", 58), ("0.", 0), ("-0.0", 0), (".5", 0.5), ("+12e03", 12000), ("-2E+05", -200000),
        (".inf", math.inf), ("-.Inf", -math.inf), ("+.INF", math.inf), ("1e-3", 0.001), ("2026", 2026), ("1_000", None),
        ("NO", None), ("off", None), ("12:30", None), ("2024-01-01", None), ("0b101", None), ("1e", None), ('"1"', None), ("'1'", None),
        ("017", 17),
    ],
)  # fmt: skip
def test_numbers(text: str, number: float | None) -> None:
    node = read(f"- {text}\n")
    assert isinstance(node, Listing)
    (item,) = node.items
    assert isinstance(item, Scalar)
    assert item.number == number


def test_truth_and_nothing() -> None:
    node = read("[true, TRUE, False, yes, 'true', ~, null, '']")
    assert isinstance(node, Listing)
    scalars = [i for i in node.items if isinstance(i, Scalar)]
    assert [s.truth for s in scalars] == [True, True, False, None, None, None, None, None]
    assert [s.empty for s in scalars] == [False, False, False, False, False, True, True, False]


# JSON writes what lies beyond as pairs of escapes, which YAML does not join
texts = st.text(st.characters(max_codepoint=0xD7FF))
json_values = st.recursive(
    texts | st.floats(allow_nan=False, allow_infinity=False) | st.integers() | st.booleans() | st.none(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(texts.filter(lambda k: k != "<<"), inner, max_size=4),
    max_leaves=20,
)  # fmt: skip


def plain(node: Node) -> object:
    match node:
        case Listing(items=items):
            return [plain(i) for i in items]
        case Mapping(pairs=pairs):
            return {k.text: plain(v) for k, v in pairs}
        case Scalar():
            if node.empty:
                return None
            if node.truth is not None:
                return node.truth
            return node.text if node.number is None else node.number


@given(json_values)
def test_json_is_yaml(value: object) -> None:
    """YAML 1.2 was made to hold JSON; numbers here are floats. The text is ASCII: JSON escapes what YAML will not print."""
    assert plain(read(json.dumps(value))) == value


@given(json_values)
def test_every_node_stands_where_it_says(value: object) -> None:
    text = json.dumps(value)
    for node in walk(read(text)):
        shown = node.span.text
        assert shown
        if isinstance(node, Scalar) and not node.quoted:
            assert shown == node.text


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("a: 1\na: 2\n", "duplicate-key"),
        ("a: !!str 1\n", "yaml-syntax"),
        ("a: &x 1\n<<: *x\n", "yaml-syntax"),
        ("---\na: 1\n---\nb: 1\n", "yaml-syntax"),
        ("a: [1\n", "yaml-syntax"),
        ("\ta: 1\n", "yaml-syntax"),
        ("? [1]\n: 2\n", "yaml-syntax"),
        ("a: &a [*a]\n", "too-deep"),
        ("a: *b\n", "yaml-syntax"),
        ("[" * 200 + "]" * 200, "too-deep"),
        ("a: \x00\n", "yaml-syntax"),
    ],
)
def test_what_is_refused(text: str, code: str) -> None:
    assert codes(text) == [code]


@given(st.text(max_size=200))
def test_reading_never_raises(text: str) -> None:
    read_yaml(SourceFile("t.yaml", text))
