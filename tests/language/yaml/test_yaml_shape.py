"""Shapes: what they read is what their schema allows."""

from __future__ import annotations

import json
from typing import Any

import jsonschema
import pytest
from hypothesis import given
from hypothesis import strategies as st

from simengine.language.yaml.node import read_yaml
from simengine.language.yaml.reading import Reading
from simengine.language.yaml.record import Field, Record, Tagged
from simengine.language.yaml.shape import Amount, Choice, Kinds, Many, Mapped, Named, Number, Shape, Switch, Text, Words
from simengine.source.file import SourceFile


def make(**found: Any) -> tuple[str, ...]:
    return tuple(sorted(found))


RECORD = Record(
    "a thing", make, (Field("n", Number(0, 10, whole=True), "a number", required=True), Field("t", Text(), "a text"))
)
SHAPES: list[Shape[Any]] = [
    Text(),
    Number(),
    Number(low=0),
    Number(1, 5, whole=True),
    Amount(),
    Amount(strict=True),
    Choice({"red": "r", "blue": "b"}),
    Switch(),
    Words(),
    Many(Number()),
    Many(Number(), single=True),
    Many(Text(), least=2),
    Named(Number()),
    Named(Many(Number()), "a name"),
    RECORD,
    Record("options", make, (Field("a", Number(), "a"), Field("b", Switch(), "b"))),
    Tagged("a kind", {"n": RECORD, "m": Record("another", make, (Field("m", Number(), "m", required=True),))}),
    Kinds("either", scalar=Number(), listing=Many(Number()), mapping=RECORD),
    Mapped(Number(), lambda read, node, to: read),
]

leaves = (
    st.sampled_from(["red", "blue", "on", "off", "3 %/yr", "x", "", "1", "NO", "inherit"])
    | st.integers(-3, 12)
    | st.floats(-3, 12).map(lambda v: round(v, 1))
    | st.booleans()
    | st.none()
)
values = st.recursive(
    leaves,
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(["n", "m", "t", "a", "b", "z", "nl"]), inner, max_size=3)
    ),
    max_leaves=6,
)


@pytest.mark.parametrize("shape", SHAPES, ids=lambda s: type(s).__name__)
@given(value=values)
def test_what_is_read_is_allowed(shape: Shape[Any], value: object) -> None:
    """The invariant of the room: the schema allows what reads without an error."""
    node, problems = read_yaml(SourceFile("t.yaml", json.dumps(value)))
    assert not problems
    assert node is not None
    to = Reading()
    read = shape.read(node, to)
    if to.problems:
        assert all(p.span is not None for p in to.problems)
        return
    assert read is not None
    jsonschema.Draft7Validator(shape.schema()).validate(value)


@pytest.mark.parametrize("shape", SHAPES, ids=lambda s: type(s).__name__)
@given(value=values)
def test_what_cannot_be_read_says_why(shape: Shape[Any], value: object) -> None:
    node, _ = read_yaml(SourceFile("t.yaml", json.dumps(value)))
    assert node is not None
    to = Reading()
    if shape.read(node, to) is None:
        assert to.problems
