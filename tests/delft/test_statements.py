"""Statements of people: read, bound, made into ranges; contradictions are said."""

from __future__ import annotations

from pathlib import Path

import pytest

from models.statements import contradictions, main, range_of, read_statements

HEAD = "statement,target,sign,confidence,low,high,by,when,source\n"


def written(folder: Path, *rows: str) -> Path:
    file = folder / "statements.csv"
    file.write_text(HEAD + "\n".join(rows) + "\n", encoding="utf-8")
    return file


def test_the_statements_of_delft_are_bound_and_sourced(capsys: pytest.CaptureFixture[str]) -> None:
    statements, problems = read_statements()
    assert problems == []
    assert all(s.source for s in statements)
    assert range_of(statements, "link X1") == (4, 8.8)
    assert main() == 0
    assert "contradictions:" in capsys.readouterr().out


def test_contradictions_of_delft_are_known() -> None:
    said = contradictions(read_statements()[0])
    assert [s.split(":")[0] for s in said] == ["jobs.floor per job", "link X12"]


def test_opposite_signs_ranges_apart_and_a_missed_default_are_said(tmp_path: Path) -> None:
    statements, problems = read_statements(written(
        tmp_path,
        "a,water.cooling by green,+,0.5,1,2,one,2020,here",
        "b,water.cooling by green,-,0.5,3,4,two,2020,here",
    ))  # fmt: skip
    assert problems == []
    said = "\n".join(contradictions(statements))
    assert "`a` (one) says +, `b` (two) says -" in said
    assert "leave no common range" in said
    assert "the model has 6" in said
    assert range_of(statements, "water.cooling by green") == (1, 4)
    assert range_of(statements, "link X1") is None


@pytest.mark.parametrize(("row", "rule", "column"), [
    ("a,water.cooling by gren,+,0.5,1,2,one,2020,here", "unknown-target", "target"),
    ("a,nothing.x,+,0.5,1,2,one,2020,here", "unknown-target", "target"),
    ("a,link Y1,+,0.5,1,2,one,2020,here", "unknown-target", "target"),
    ("a,link X1,plus,0.5,1,2,one,2020,here", "unknown-word", "sign"),
    ("a,link X1,+,1.5,1,2,one,2020,here", "out-of-range", "confidence"),
    ("a,link X1,+,0.5,2,1,one,2020,here", "range-upside-down", "low"),
    ("a,link X1,+,0.5,2,,one,2020,here", "range-open", "high"),
    ("a,link X1,+,0.5,1,2,one,2020,", "value-missing", "source"),
    ("a,link X1,+,0.5,1,2,,2020,here", "value-missing", "by"),
    ("a,link X1,+,0.5", "cells", None),
])  # fmt: skip
def test_a_wrong_statement_is_refused(tmp_path: Path, row: str, rule: str, column: str | None) -> None:
    problems = read_statements(written(tmp_path, row))[1]
    assert [(p.rule, p.row, p.column) for p in problems] == [(rule, 2, column)]


def test_the_same_statement_twice_is_refused(tmp_path: Path) -> None:
    row = "a,link X1,+,0.5,1,2,one,2020,here"
    assert [p.rule for p in read_statements(written(tmp_path, row, row))[1]] == ["key-twice"]
