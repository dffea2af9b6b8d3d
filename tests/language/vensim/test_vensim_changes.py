"""Change files."""

from __future__ import annotations

import pytest

from simengine.language.vensim.changes import Change, read_changes
from simengine.model.expression import ArrayLiteral, ref
from simengine.model.lookup import Table
from simengine.source.file import SourceFile


def read(text: str) -> tuple[Change, ...]:
    changes, problems = read_changes(SourceFile("low.cin", text))
    assert problems == ()
    return changes


# Vensim ref. "Constant Input Files": the forms of an entry
@pytest.mark.parametrize(
    ("text", "change"),
    [
        ("CONSTANT NAME  1= 123.4", Change(ref("CONSTANT NAME 1"), 123.4)),
        ("c[a, D] = -2E3", Change(ref("c", "a", "D"), -2000.0)),
        ("c[sub]= 3,2,7", Change(ref("c", "sub"), ArrayLiteral(((3.0, 2.0, 7.0),)))),
        ("c = 3 {old value 4}", Change(ref("c"), 3.0)),
        ("c = 3 ~~|", Change(ref("c"), 3.0)),
        ("t( 1,2,3, 4,5,6)", Change(ref("t"), Table((1.0, 2.0, 3.0), (4.0, 5.0, 6.0)))),
        ("t((0,0),\r\n  (1,1))", Change(ref("t"), Table((0.0, 1.0), (0.0, 1.0)))),
        ("t([(0,0)-(9,9)],(0,0),(1,1))", Change(ref("t"), Table((0.0, 1.0), (0.0, 1.0), box=(0.0, 0.0, 9.0, 9.0)))),
        ("f :IS: 'other.xlsx'", Change(ref("f"), "other.xlsx")),
        ("0.0<= NORM FRAC BIRTH[CHINA] = .015 <= .1 FRAC", Change(ref("NORM FRAC BIRTH", "CHINA"), 0.015)),
        ("long \\\n\t\tname = 2", Change(ref("long name"), 2.0)),
    ],
)
def test_entry(text: str, change: Change) -> None:
    assert read(text) == (change,)


def test_entries_blank_lines_and_order() -> None:
    changes = read("a = 1\n\n; a remark\nb = 2\r\na = 3\n")
    assert [(c.target.key, c.value) for c in changes] == [("a", 1.0), ("b", 2.0), ("a", 3.0)]


@pytest.mark.parametrize(
    ("text", "code", "place"),
    [
        ("a", "syntax", "a"),
        ("a = b", "syntax", "b"),
        ("a = 1 2", "stray-token", "2"),
        ("a[b = 1", "syntax", "="),
        ("t((1,1),(0,0))", "bad-lookup", "((1,1),(0,0)"),
        ("f :IS: 3", "syntax", "3"),
    ],
)
def test_problem(text: str, code: str, place: str) -> None:
    changes, found = read_changes(SourceFile("low.cin", f"{text}\ngood = 1"))
    assert [c.target.key for c in changes] == ["good"]
    assert [d.code for d in found] == [code]
    assert found[0].span is not None
    assert found[0].span.text == place
