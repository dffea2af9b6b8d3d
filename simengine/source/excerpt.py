"""Excerpts: one line of a source with marks under it and labels at the marks.

In: the text, where the line stands in it, and marks. Out: rows of text, equally wide characters assumed.

Invariant: the cost is bounded by the marks and the width shown, however long the line is.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

WIDEST = 160
"""Columns of a source line that are shown; more is cut at both sides."""

_TAB = 4
_CUT = "..."


@dataclass(frozen=True, slots=True)
class Mark:
    """Characters `start` to `end` of the text, all in one line, underlined with `sign` and labelled with `label`."""

    start: int
    end: int
    sign: str
    label: str = ""


@dataclass(frozen=True, slots=True)
class Row:
    """A row of an excerpt: text, with the stretches of it (begin, end, sign) that are underlines."""

    text: str
    underlines: tuple[tuple[int, int, str], ...] = ()


def shown(text: str) -> str:
    """Return text on one line, as it can be printed: white space as blanks, what has no shape as a stand-in."""
    if text.isprintable():
        return text
    return "".join(c if c.isprintable() else _stand_in(c) for c in text)


def _stand_in(character: str) -> str:
    if character == "\t":
        return " " * _TAB
    return " " if character.isspace() else "\N{REPLACEMENT CHARACTER}"


def width_of(text: str) -> int:
    """Return the columns a text takes when shown: wide characters two, combining ones none."""
    return len(text) if text.isascii() and text.isprintable() else sum(map(_character_width, text))


def _character_width(character: str) -> int:
    if " " <= character <= "~":
        return 1
    if not character.isprintable():
        return _TAB if character == "\t" else 1
    if unicodedata.category(character) in {"Mn", "Me"}:
        return 0
    return 2 if unicodedata.east_asian_width(character) in "WF" else 1


def excerpt(text: str, bounds: tuple[int, int], marks: Iterable[Mark]) -> list[list[Row]]:
    """Return the rows that show a line with its marks.

    Parameters
    ----------
    text
        The whole text.
    bounds
        Offsets of the line's begin and end in it.
    marks
        What to underline.

    Returns
    -------
    One list of rows, the source first; several where the line is long and the marks far apart.

    """
    ordered = sorted(marks, key=lambda m: (m.start, m.end))
    begin, end = bounds
    if end - begin <= WIDEST and width_of(text[begin:end]) <= WIDEST:
        return [_window(text, bounds, bounds, ordered)]
    groups: list[list[Mark]] = []
    for mark in ordered:
        if groups and mark.end - groups[-1][0].start <= WIDEST // 2:
            groups[-1].append(mark)
        else:
            groups.append([mark])
    return [_window(text, bounds, _around(text, bounds, group[0].start), group) for group in groups]


def _around(text: str, bounds: tuple[int, int], at: int) -> tuple[int, int]:
    """Return the stretch of a long line to show around an offset: a quarter before it, the rest behind."""
    begin, end = bounds
    first, columns = at, 0
    while first > begin and at - first < WIDEST and columns < WIDEST // 4:
        first -= 1
        columns += _character_width(text[first])
    last = first
    columns = 0
    while last < end and last - first < 2 * WIDEST:
        columns += _character_width(text[last])
        if columns > WIDEST:
            break
        last += 1
    return first, last


def _window(text: str, line: tuple[int, int], window: tuple[int, int], marks: Sequence[Mark]) -> list[Row]:
    first, last = window
    before = f"{_CUT} " if first > line[0] else ""
    after = f" {_CUT}" if last < line[1] else ""
    rows = [Row((before + shown(text[first:last]) + after).rstrip())]
    for level in _levels(marks):
        underlines = []
        for mark in level:
            start = min(max(mark.start, first), last)
            left = len(before) + width_of(text[first:start])
            length = max(1, width_of(text[start : min(max(mark.end, start), last)]))
            underlines.append((left, left + length, mark))
        rows += _labelled(underlines)
    return rows


def _levels(marks: Iterable[Mark]) -> list[list[Mark]]:
    """Return the marks in rows in which none covers or touches another."""
    levels: list[list[Mark]] = []
    for mark in marks:
        for level in levels:
            if max(level[-1].end, level[-1].start + 1) < mark.start:
                level.append(mark)
                break
        else:
            levels.append([mark])
    return levels


def _labelled(underlines: Sequence[tuple[int, int, Mark]]) -> list[Row]:
    """Return a row of underlines, the last label beside it, the others in the rows below, each under its mark."""
    text = ""
    for left, right, mark in underlines:
        text = text.ljust(left) + mark.sign * (right - left)
    rows = [Row(f"{text} {shown(underlines[-1][2].label)}".rstrip(), tuple((a, b, m.sign) for a, b, m in underlines))]
    below: list[list[tuple[int, str]]] = []
    for left, _, mark in reversed(underlines[:-1]):
        label = shown(mark.label)
        if not label:
            continue
        for row in below:
            if left + width_of(label) + 2 <= row[0][0]:
                row.insert(0, (left, label))
                break
        else:
            below.append([(left, label)])
    for row in below:
        text = ""
        for left, label in row:
            text += " " * (left - width_of(text)) + label
        rows.append(Row(text))
    return rows
