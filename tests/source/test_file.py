"""Places in a text: against the plainest way to find them."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from simengine.source.file import SourceFile, Span

TEXTS = st.text(alphabet="ab é\t\n\r", max_size=60)


def plain_places(text: str) -> list[tuple[int, int]]:
    """Return (line, column) of every offset, the end included, by walking the text."""
    places, line, column = [], 1, 1
    for at, character in enumerate(text):
        places.append((line, column))
        ends = character == "\n" or (character == "\r" and text[at + 1 : at + 2] != "\n")
        line, column = (line + 1, 1) if ends else (line, column + 1)
    return [*places, (line, column)]


@given(TEXTS)
def test_every_place_is_where_a_walk_finds_it(text: str) -> None:
    file = SourceFile("m", text)
    assert [file.place(at) for at in range(len(text) + 1)] == plain_places(text)


@given(TEXTS)
def test_lines_hold_the_whole_text_but_its_line_ends(text: str) -> None:
    file = SourceFile("m", text)
    lines = [file.line(number) for number in range(1, len(file.line_starts) + 1)]
    assert lines == text.replace("\r\n", "\n").replace("\r", "\n").split("\n")


def test_an_empty_text_has_one_empty_line() -> None:
    file = SourceFile("m", "")
    assert file.place(0) == (1, 1)
    assert file.line(1) == ""


def test_offsets_off_the_text_are_drawn_in() -> None:
    file = SourceFile("m", "ab\ncd")
    assert file.place(-3) == (1, 1)
    assert file.place(99) == (2, 3)


def test_spans_join() -> None:
    file = SourceFile("m", "a = b + c")
    joined = Span(file, 4, 5).to(Span(file, 8, 9))
    assert joined.text == "b + c"
    assert (joined.line, joined.column) == (1, 5)
