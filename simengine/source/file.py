"""Source files and spans: where a thing was written.

Invariant: a `Span` never leaves its file; offsets count characters (not bytes) of decoded text.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from dataclasses import dataclass
from functools import cached_property

_LINE_END = re.compile(r"\r\n|\r|\n")


class SourceFile:
    r"""The decoded text of one file, with the line table that turns offsets into places.

    A line ends with ``\n``, ``\r\n`` or, in files from old Macs, a lone ``\r``.

    Parameters
    ----------
    path
        The path as the user gave it: it is shown in diagnostics.
    text
        The decoded text, line ends as found.

    Examples
    --------
    >>> SourceFile("m.mdl", "a = 1\r\nb = 2").place(9)
    (2, 3)

    """

    def __init__(self, path: str, text: str) -> None:
        self.path = path
        self.text = text

    def __repr__(self) -> str:
        return f"SourceFile({self.path!r}, {len(self.text)} characters)"

    @cached_property
    def line_starts(self) -> list[int]:
        """Offset of the first character of every line."""
        starts = [0]
        if self.text.count("\r") != self.text.count("\r\n"):
            starts += [found.end() for found in _LINE_END.finditer(self.text)]
            return starts
        find = self.text.find
        at = find("\n")
        while at >= 0:
            starts.append(at + 1)
            at = find("\n", at + 1)
        return starts

    def place(self, offset: int) -> tuple[int, int]:
        """Return (line, column), both counted from 1, of a character offset; offsets off the text are drawn in."""
        offset = min(max(offset, 0), len(self.text))
        row = bisect_right(self.line_starts, offset) - 1
        return row + 1, offset - self.line_starts[row] + 1

    def line_bounds(self, number: int) -> tuple[int, int]:
        """Return the offsets where the text of line `number` (from 1) begins and ends, its line end left out."""
        start = self.line_starts[number - 1]
        end = self.line_starts[number] if number < len(self.line_starts) else len(self.text)
        while end > start and self.text[end - 1] in "\r\n":
            end -= 1
        return start, end

    def line(self, number: int) -> str:
        """Return the text of line `number` (from 1) without its line end."""
        start, end = self.line_bounds(number)
        return self.text[start:end]


@dataclass(frozen=True, slots=True)
class Span:
    """A stretch of characters `start` (included) to `end` (excluded) of one file."""

    file: SourceFile
    start: int
    end: int

    @property
    def text(self) -> str:
        """The characters of the stretch."""
        return self.file.text[self.start : self.end]

    @property
    def line(self) -> int:
        """Line of the first character, counted from 1."""
        return self.file.place(self.start)[0]

    @property
    def column(self) -> int:
        """Column of the first character, counted from 1."""
        return self.file.place(self.start)[1]

    def to(self, other: Span) -> Span:
        """Return the span from the start of this one to the end of `other`."""
        return Span(self.file, self.start, other.end)
