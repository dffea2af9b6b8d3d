"""Tokens, names and comments."""

from __future__ import annotations

import pytest

from simengine.language.vensim.encoding import decode
from simengine.language.vensim.lexer import (
    BAD,
    END,
    NAME,
    NUMBER,
    STRING,
    blank_comments,
    needs_quotes,
    plain_name,
    tokens,
)
from simengine.source.names import Key


def kinds(body: str) -> list[str]:
    return [kind for kind, _, _ in tokens(body, 0)]


def texts(body: str) -> list[str]:
    return [body[start:end] for kind, start, end in tokens(body, 0) if kind != END]


def test_names_hold_blanks_and_signs() -> None:
    assert texts("worker's pay_2 $ + tax % x") == ["worker's pay_2 $", "+", "tax % x"]


@pytest.mark.parametrize("number", ["1", "1.", ".5", "1.5e-3", "2E+10", "0"])
def test_numbers(number: str) -> None:
    assert tokens(number, 7) == [(NUMBER, 7, 7 + len(number)), (END, 7 + len(number), 7 + len(number))]


@pytest.mark.parametrize(
    ("written", "canonical"),
    [
        (":and:", ":AND:"),
        (": NOT :", ":NOT:"),
        (":hold_backward:", ":HOLD BACKWARD:"),
        (":THE  CONDITION:", ":THE CONDITION:"),
    ],
)
def test_keywords_in_any_spelling(written: str, canonical: str) -> None:
    assert kinds(f"a {written} b") == [NAME, canonical, NAME, END]


def test_operators_longest_first() -> None:
    assert kinds("a<->b->c<=d>=e<>f:=g==h") == [
        *(NAME, "<->", NAME, "->", NAME, "<=", NAME, ">=", NAME, "<>", NAME, ":=", NAME, "==", NAME, END)
    ]


def test_strings_and_apostrophes() -> None:
    assert kinds("f('a b.xlsx', it's)") == [NAME, "(", STRING, ",", NAME, ")", END]


def test_quoted_name_with_escapes_is_one_token() -> None:
    assert texts(r'"a \"b\" | ~ c" + d') == [r'"a \"b\" | ~ c"', "+", "d"]


def test_continuation_inside_name() -> None:
    assert kinds("gas\\\r\n\t\t use + b\\\n\t\t") == [NAME, "+", NAME, END]


def test_lexing_stops_at_what_means_nothing() -> None:
    assert kinds("a + \x01 + b")[2:] == [BAD, END]


@pytest.mark.parametrize(
    ("text", "known", "name"),
    [
        ("gas\\\n\t\t use", (), "gas use"),
        ("gas \\\n\t\tuse", (), "gas use"),
        ("gas u\\\n\t\tse", (), "gas use"),
        ("gas\\\n\t\tuse", (Key("gas_use"),), "gas use"),
        ("gas\\\n\t\tuse", (), "gasuse"),
        ("gas\t  use", (), "gas use"),
    ],
)
def test_plain_name(text: str, known: tuple[Key, ...], name: str) -> None:
    assert plain_name(text, known)[0] == name


@pytest.mark.parametrize(
    ("name", "quoted"), [("a b", False), ("é_2", False), ("2 a", True), ("a-b", True), ("a.b", True), ("", True)]
)
def test_needs_quotes(name: str, quoted: bool) -> None:
    assert needs_quotes(name) is quoted


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("a{b}c", "a   c"),
        ("a {b {c} d} e", "a           e"),
        ('"{not}" {b}', '"{not}"    '),
        ("a {b", "a {b"),
        ("a { { b } c", "a         c"),
    ],
)
def test_blank_comments_keeps_offsets(text: str, shown: str) -> None:
    assert blank_comments(text, 0, len(text)) == shown


@pytest.mark.parametrize(
    "raw",
    [
        "{UTF-8}\r\né = 1 ~~|".encode(),
        b"\xef\xbb\xbf" + "{UTF-8}\r\né = 1 ~~|".encode(),
        "{UTF-8}\r\né = 1 ~~|".encode("utf-16"),
        "{UTF-8}\r\né = 1 ~~|".encode("utf-16-le"),
        "{UTF-8}\r\né = 1 ~~|".encode("utf-16-be"),
        "{UTF-8}\r\né = 1 ~~|".encode("utf-32"),
    ],
)
def test_decode_unicode(raw: bytes) -> None:
    assert decode(raw) == ("{UTF-8}\r\né = 1 ~~|", ())


def test_decode_code_page_and_old_line_ends() -> None:
    assert decode("é = 1\r~~|".encode("cp1252")) == ("é = 1\n~~|", ())


def test_decode_tells_what_is_wrong() -> None:
    text, problems = decode(b"{UTF-8}\n\xe9 = 1 ~~|")
    assert "= 1" in text
    assert [p.code for p in problems] == ["bad-encoding"]
    assert [p.code for p in decode(bytes(range(256)) * 20)[1]] == ["not-a-model"]
