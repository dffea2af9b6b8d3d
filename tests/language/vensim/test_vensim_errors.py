"""What is said about wrong models: code, exact place, and that reading goes on behind it."""

from __future__ import annotations

import pytest

from simengine.language.vensim.reader import MOST_ERRORS, read_vensim
from simengine.source.codes import CODES
from simengine.source.diagnostic import Diagnostic, Severity
from simengine.source.file import SourceFile
from simengine.source.render import render_full
from tests.hang import ends

TIMES = "INITIAL TIME = 0 ~~|\nFINAL TIME = 10 ~~|\nTIME STEP = 1 ~~|\n"


def problems(text: str) -> tuple[Diagnostic, ...]:
    """Read a model with a good equation behind the text, which must be read whatever stands before it."""
    definition, diagnostics = read_vensim(SourceFile("model.mdl", f"{text}\ngood = 1 ~~|\n{TIMES}"))
    assert definition.variable("good") is not None  # type: ignore[arg-type]
    return diagnostics


@pytest.mark.parametrize(
    ("text", "code", "place"),
    [
        ("x = 2 * (3 + ~~|", "missing-operand", "+"),
        ("x = ) ~~|", "missing-operand", ")"),
        ("x = MAX(1, ) ~~|", "missing-operand", ")"),
        ("x = 2 * * 3 ~~|", "missing-operand", "*"),
        ("x = (a ~~|", "unbalanced-parentheses", "a"),
        ("x = a) ~~|", "unbalanced-parentheses", ")"),
        ("x = a[b ~~|", "unbalanced-parentheses", "b"),
        ("x = (a b c ^ 2 \n d) ~~|", "stray-token", "d"),
        ("x = 5 apples ~~|", "stray-token", "apples"),
        ("x = 1 \ny = 2 ~~|", "stray-token", "y"),
        ("x = 1 < 2 < 3 ~~|", "syntax", "<"),
        ("x = ~~|", "missing-right-side", "="),
        ("= 3 ~~|", "syntax", "="),
        ("x == == 3 ~~|", "missing-operand", "=="),
        ("x = a \x01 b ~~|", "unknown-character", "\x01"),
        ('"no end = 3 ~~|', "unterminated-quote", '"no end = 3'),
        ("x = GET DIRECT DATA('a, b) ~~|", "unterminated-quote", "'"),
        ("{ no end\n", "unterminated-comment", "{"),
        ("x = 1e999 ~~|", "bad-number", "1e999"),
        ("x = A FUNCTION OF(a, b) ~~|", "incomplete-equation", "A FUNCTION OF"),
        ("x = SMOOTH(a) ~~|", "wrong-argument-count", "SMOOTH(a)"),
        ("x = SMOTH(a, b) ~~|", "unknown-function", "SMOTH"),
        ("x = SMOTH() ~~|", "unknown-function", "SMOTH"),
        ("x = 1 + FIND ZERO(a) ~~|", "unsupported-function", "FIND ZERO"),
        ("x = 1 + INTEG(a, b) ~~|", "not-whole", "INTEG(a, b)"),
        ("x((2,1),(1,2)) ~~|", "bad-lookup", "((2,1),(1,2)"),
        ("x(1,2,3) ~~|", "bad-lookup", "1,2,3"),
        ("x = 1, 2, a ~~|", "syntax", "a"),
        ("x = 1 ~ m [low, high] ~|", "bad-units-range", "[low, high]"),
        ("x = 1 ~ m [0, 1] m ~|", "bad-units-range", "[0, 1] m"),
        ("D: (A5-A1) ~~|", "bad-range", "(A5-A1)"),
        ("D: (A1-B2) ~~|", "bad-range", "(A1-B2)"),
        ("D: a ~~|\nD: b ~~|", "duplicate-dimension", "D"),
        ("D: a, b, a ~~|", "duplicate-element", "a"),
        ("D: E ~~|\nE: D ~~|", "dimension-cycle", "D"),
        ("D: a, b -> E ~~|", "unknown-dimension", "E"),
        ("D <-> E ~~|", "unknown-dimension", "E"),
        ("D: a, b -> (E: c) ~~|\nE: c, d ~~|", "bad-mapping", "(E: c)"),
        ("D: a -> (E: x) ~~|\nE: c ~~|", "bad-mapping", "x"),
        ("D: a, b -> E ~~|\nE: c ~~|", "bad-mapping", "E"),
        (":MACRO: M\nz = 1 ~~|", "bad-macro", ":MACRO:"),
        (":MACRO: M(a)\nz = 1 ~~|\n:END OF MACRO:", "bad-macro", "M"),
        (":MACRO: M(a)\nM = a ~~|\n:END OF MACRO:\n:MACRO: M(b)\nM = b ~~|\n:END OF MACRO:", "duplicate-macro", "M(b)"),
        (":MACRO: M(a)\nM = a ~~|\n:END OF MACRO:\nx = M(1, 2) ~~|", "wrong-argument-count", "M(1, 2)"),
        (":END OF MACRO:", "bad-macro", ":END OF MACRO:"),
        ("*****\n\t.Open | ", "bad-group", "*****"),
        ("x = 1 ~ m ~ doc\ny = 2 ~ m ~ doc |", "missing-bar", "y ="),
        ("x = 1 ~\ny = 2 ~~|", "missing-bar", "y = 2"),
        ("r :THE CONDITION: a > 1 :AT LEAST ONCE: b ~~|", "unsupported-function", ":AT LEAST ONCE:"),
        ("r :THE CONDITION: a > 1 ~~|", "syntax", "1"),
    ],
)
def test_problem_with_its_place(text: str, code: str, place: str) -> None:
    found = problems(text)
    assert [d.code for d in found] == [code], [str(d) for d in found]
    assert found[0].span is not None
    assert found[0].span.text == place
    assert render_full(found[0])
    assert code in CODES


def test_all_problems_are_told_at_once_in_order() -> None:
    found = problems("a = ( ~~|\nb = 1 ~~|\nc = ) ~~|\nd: (x3-x1) ~~|")
    assert [(d.code, d.line) for d in found] == [("missing-operand", 1), ("missing-operand", 3), ("bad-range", 4)]


def test_help_names_the_nearest_and_the_signature() -> None:
    assert problems("x = SMOTH(a, b) ~~|")[0].help[0].startswith("did you mean `SMOOTH`")
    assert problems("x = DELAY1(a) ~~|")[0].help == ("write `DELAY1(input, time)`",)


def test_the_opening_bracket_is_shown_too() -> None:
    found = problems("x = MAX(a, (b + c) ~~|")[0]
    assert (found.others[0].text, found.others[0].span.column) == ("opened here", 8)


def test_last_equation_cut_off() -> None:
    for text in ("x = 1", "x = 1 ~", "x = 1 ~ m ~ doc"):
        _, found = read_vensim(SourceFile("model.mdl", TIMES + text))
        assert [d.code for d in found] == ["unfinished-equation"]


@pytest.mark.parametrize("text", ["", "\n\n", "hello", "<?xml version='1.0'?><xmile/>", "a = 1", "~", "{UTF-8}"])
def test_not_a_model(text: str) -> None:
    _, found = read_vensim(SourceFile("model.mdl", text))
    assert [d.code for d in found] == ["not-a-model"]


@pytest.mark.parametrize(
    "body",
    [
        "(" * 10_000 + "1" + ")" * 10_000,
        "-" * 10_000 + "1",
        "MAX(" * 10_000 + "1",
        "a(" * 10_000 + "1",
        "+".join(["a"] * 10_000),
        "^".join(["a"] * 10_000),
        "a[" * 10_000,
        "WITH LOOKUP(" * 10_000,
        ":NOT:" * 10_000 + "a",
        "(((1,2)" * 10_000,
    ],
)
def test_depth_is_bounded(body: str) -> None:
    with ends():
        found = problems(f"x = {body} ~~|")
    assert len(found) == 1
    assert found[0].code in {"too-deep", "syntax", "unbalanced-parentheses", "missing-operand"}


def test_reading_stops_after_a_hundred_errors() -> None:
    _, found = read_vensim(SourceFile("model.mdl", "x = ( ~~|\n" * 5_000))
    assert [d.code for d in found[:MOST_ERRORS]] == ["missing-operand"] * MOST_ERRORS
    assert (found[-1].code, found[-1].severity) == ("too-many-errors", Severity.NOTE)


@pytest.mark.parametrize(
    "junk",
    [
        "~|" * 500_000,
        "{" * 1_000_000 + "~|",
        '"' + '\\"' * 500_000 + "~|",
        "x = 1 ~~|\n" + '\\"' * 500_000,
        "x = " + "(" * 1_000_000 + "~~|",
        "***\n" * 250_000 + "~|",
        "{" + "*" * 1_000_000 + "~|",
        ":MACRO: a(~~|" * 80_000,
        " " * 1_000_000 + "~|",
        "\\ " * 500_000 + "~|",
        "x = 1 ~ " + "[" * 1_000_000 + " ~|",
        "D: " + "a," * 300_000 + "~~|",
        "x = '" * 200_000 + "~|",
    ],
)
def test_junk_takes_bounded_time(junk: str) -> None:
    with ends():
        _, found = read_vensim(SourceFile("model.mdl", junk))
    assert found
