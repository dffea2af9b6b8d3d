r"""Cutting a file into its parts: equations, groups, macro marks; sketch and settings.

    equation ~ units [range] ~ documentation ~ :SUPPLEMENTARY |
    ********************
        .Group
    ********************~
        documentation |
    :MACRO: name(inputs : outputs) ... :END OF MACRO:
    \\\---/// sketch
    ///---\\\
    settings

Invariant: no expression is looked into here; time is linear in the text; every character of the equation
part lands in one part, or in a diagnostic.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum

from simengine.language.vensim.lexer import comment_end, stops
from simengine.source.diagnostic import Diagnostic, error
from simengine.source.file import SourceFile, Span


class PartKind(Enum):
    """What a part of the file is."""

    EQUATION = "equation"
    GROUP = "group"
    MACRO = "macro"  # body is the header `name(inputs : outputs)`
    END_OF_MACRO = "end of macro"


@dataclass(frozen=True, slots=True)
class Part:
    """One part: offsets of its equation text, of its units, and its documentation as cleaned text."""

    kind: PartKind
    start: int
    end: int
    units_start: int = 0
    units_end: int = 0
    documentation: str = ""
    supplementary: bool = False


@dataclass(frozen=True, slots=True)
class Parts:
    """A file cut up. `parts` is cut while it is read; only then is `diagnostics` complete."""

    parts: Iterator[Part]
    sketch: str
    settings: str
    diagnostics: list[Diagnostic]


_SKETCH = re.compile(r"^[ \t]*\\{2,3}---///", re.MULTILINE)
_SETTINGS = re.compile(r"^///---\\\\\\|^:L\x7f?<%\^E!@", re.MULTILINE)
_BLANK = re.compile(r"\s*(?:\\[ \t]*\r?\n\s*)*")
_STOP_IN_FIELD = re.compile(r"[~|]")
_STARS = re.compile(r"\*{3,}")
_MACRO = re.compile(r":[ \t]*MACRO[ \t]*:", re.IGNORECASE)
_END_OF_MACRO = re.compile(r":[ \t]*END[ \t_]+OF[ \t_]+MACRO[ \t]*:", re.IGNORECASE)
_COMMENT = re.compile(r"\{([^{}]*)\}")
_MACRO_HEADER = re.compile(r'[^()~|"]*(?:"[^"\r\n]*"[^()~|"]*)?\([^()~|]*\)')
_FLAG = re.compile(r"(?:\A|~)\s*:\s*SUP[A-Z]*\s*:?\Z", re.IGNORECASE)
_BREAK = re.compile(r"\\[ \t]*\r?\n\t*")
_NEXT_LINE = re.compile(r"\n[^\n]*=")  # units may hold a `=`, as in `index 1990=100`
_SWALLOWED = re.compile(r'(?:^|\n)[ \t]*((?:"[^"\n]*"|[A-Za-z])[^\n=~|]*=)[^=~|]*~[^~|]*~')
_LONGEST_HEADING = 2_000
_EDGES = " \t\n\f\v~"
_ENOUGH = 4_000_000
_MOST_ERRORS = 100
_MOST_PARTS = 200_000
_LONGEST_EQUATION = 20_000_000


def cut(file: SourceFile) -> Parts:
    """Return the parts of a file."""
    text = file.text
    sketch_at = _SKETCH.search(text)
    settings_at = _SETTINGS.search(text, sketch_at.end() if sketch_at else 0)
    end = min(m.start() for m in (sketch_at, settings_at) if m is not None) if sketch_at or settings_at else len(text)
    settings_start = settings_at.start() if settings_at else len(text)
    sketch = text[sketch_at.start() : settings_start] if sketch_at else ""
    cutter = _Cutter(file, end)
    if not _looks_like_model(text, end):
        return Parts(iter(()), sketch, text[settings_start:], [_not_a_model(file, end)])
    return Parts(cutter.run(), sketch, text[settings_start:], cutter.diagnostics)


def _looks_like_model(text: str, end: int) -> bool:
    return "|" in text[: min(end, _ENOUGH)] and "~" in text[: min(end, _ENOUGH)]


def _not_a_model(file: SourceFile, end: int) -> Diagnostic:
    head = file.text[:200].lstrip()
    if not file.text[:end].strip():
        return error("not-a-model", "the file holds no equations", path=file.path)
    helps = ["an equation is written `name = expression ~ units ~ documentation |`"]
    if head.startswith("<"):
        helps = ["this looks like XML: give an XMILE model the extension `.xmile`, `.stmx` or `.xml`"]
    return error("not-a-model", "no Vensim equation was found in the file", path=file.path, help=helps)


class _Cutter:
    """Walks over the equation part once; `at` is where the next part begins."""

    def __init__(self, file: SourceFile, end: int) -> None:
        self.file = file
        self.text = file.text
        self.end = end
        self.at = 0
        self.diagnostics: list[Diagnostic] = []

    def run(self) -> Iterator[Part]:
        """Yield part by part, until the text is used up or too much is wrong."""
        count = 0
        while len(self.diagnostics) < _MOST_ERRORS:
            yield from self._skip_blanks_and_comments()
            if self.at >= self.end:
                return
            count += 1
            if count > _MOST_PARTS:
                message = f"the file holds more than {_MOST_PARTS:,} equations: the rest is not read"
                self.diagnostics.append(error("too-large", message, Span(self.file, self.at, self.at + 1)))
                return
            if self.text[self.at] == "*" and _STARS.match(self.text, self.at, self.end):
                yield from self._cut_group()
            elif self.text[self.at] == ":" and (found := _END_OF_MACRO.match(self.text, self.at, self.end)):
                yield Part(PartKind.END_OF_MACRO, self.at, found.end())
                self.at = found.end()
            elif self.text[self.at] == ":" and (found := _MACRO.match(self.text, self.at, self.end)):
                yield from self._cut_macro(found.end())
            else:
                yield from self._cut_equation()

    def _skip_blanks_and_comments(self) -> Iterator[Part]:
        """Step to the next part; a comment may be a group heading of the old style."""
        text = self.text
        while self.at < self.end:
            blank = _BLANK.match(text, self.at, self.end)
            assert blank is not None
            self.at = blank.end()
            if self.at >= self.end or text[self.at] != "{":
                return
            old = _COMMENT.match(text, self.at, min(self.end, self.at + _LONGEST_HEADING))
            if old is not None and (name := _old_group(old[1])):
                start = text.index(name, self.at)
                yield Part(PartKind.GROUP, start, start + len(name))
            stop = comment_end(text, self.at, self.end)
            if stop is None:
                self._unclosed_comment(self.at)
                line = text.find("\n", self.at, self.end)
                stop = self.end if line < 0 else line
            self.at = stop

    def _unclosed_comment(self, at: int) -> None:
        where = Span(self.file, at, at + 1)
        self.diagnostics.append(
            error(
                "unterminated-comment",
                "a comment that opens with `{` is never closed",
                where,
                label="opens here",
                help=["add `}`"],
            )
        )

    def _cut_group(self) -> Iterator[Part]:
        text = self.text
        opening = _STARS.match(text, self.at, self.end)
        assert opening is not None
        closing = _STARS.search(text, opening.end(), min(self.end, opening.end() + _LONGEST_HEADING))
        bar = text.find("|", opening.end(), self.end)
        bar = self.end if bar < 0 else bar
        unnamed = closing is None or not "".join(text[opening.end() : closing.start()].split()).strip(".\\")
        if closing is None or closing.start() > bar or unnamed:
            where = Span(self.file, self.at, opening.end())
            message = "a group heading needs a name and a second row of `*`"
            said = error("bad-group", message, where, label="opens here")
            self.diagnostics.append(said)
            self.at = bar + 1
            return
        documentation = text[closing.end() : bar]
        start, end = _trim(text, opening.end(), closing.start())
        yield Part(PartKind.GROUP, start, end, documentation=clean_text(documentation))
        self.at = bar + 1

    def _cut_macro(self, after: int) -> Iterator[Part]:
        header = _MACRO_HEADER.match(self.text, after, self.end)
        if header is None:
            where = Span(self.file, self.at, after)
            said = error(
                "bad-macro",
                "a macro needs a name and arguments: `:MACRO: name(first, second)`",
                where,
                label="begins here",
            )
            self.diagnostics.append(said)
            line = self.text.find("\n", after, self.end)
            self.at = self.end if line < 0 else line
            return
        start, end = _trim(self.text, after, header.end())
        yield Part(PartKind.MACRO, start, end)
        self.at = header.end()

    def _cut_equation(self) -> Iterator[Part]:
        text, end, start = self.text, self.end, self.at
        for sign, body_end, after in stops(text, start, min(end, start + _LONGEST_EQUATION)):
            if sign != "{":
                break
            if after is None:
                self._unclosed_comment(body_end)
                if len(self.diagnostics) >= _MOST_ERRORS:
                    return
        else:
            self._unfinished(start)
            return
        assert after is not None
        if sign == "|":
            yield Part(PartKind.EQUATION, start, _trim(text, start, body_end)[1])
            self.at = after
            return
        field = _STOP_IN_FIELD.search(text, after, end)
        units = _trim(text, after, field.start() if field else end)
        if _NEXT_LINE.search(text, after, units[1]):
            where = Span(self.file, *units)
            message = "an equation stands in the units of the one before it"
            said = error(
                "missing-bar", message, where, label="expected units", help=["close the equation before it with `|`"]
            )
            self.diagnostics.append(said)
        documentation, supplementary = "", False
        after = field.end() if field else end
        if field is not None and field[0] == "~":
            bar = text.find("|", field.end(), end)
            if bar < 0:
                bar = self._missing_bar(start, body_end)
            documentation, supplementary = _documentation(text[field.end() : bar])
            self._look_for_swallowed(field.end(), bar)
            after = min(bar + 1, end)
        elif field is None:
            self._missing_bar(start, body_end)
        stop_at = _trim(text, start, body_end)[1]
        yield Part(PartKind.EQUATION, start, stop_at, *units, documentation, supplementary)
        self.at = after

    def _look_for_swallowed(self, start: int, end: int) -> None:
        """Report an equation that ended up in the documentation of the one before, for want of a `|`."""
        if self.text.count("~", start, end) < 2:
            return
        found = _SWALLOWED.search(self.text[start:end])
        if found is not None:
            where = Span(self.file, start + found.start(1), start + found.end(1))
            message = "an equation stands in the documentation of the one before it"
            said = error(
                "missing-bar",
                message,
                where,
                label="this equation is not read",
                help=["close the equation before it with `|`"],
            )
            self.diagnostics.append(said)

    def _missing_bar(self, start: int, end: int) -> int:
        where = Span(self.file, start, _line_end(self.text, start, end))
        message = "the file ends inside an equation: its closing `|` is missing"
        self.diagnostics.append(error("unfinished-equation", message, where, label="begins here"))
        return self.end

    def _unfinished(self, start: int) -> None:
        """Report text after the last equation that is not one."""
        self.at = self.end
        where = Span(self.file, start, _line_end(self.text, start, self.end))
        message = "the file ends inside an equation: `~` and `|` are missing"
        self.diagnostics.append(
            error(
                "unfinished-equation",
                message,
                where,
                label="begins here",
                help=["an equation ends with `~ units ~ documentation |`"],
            )
        )


def _old_group(comment: str) -> str:
    """Return the name in a group heading of the old style, `{**name**}`; empty where the comment is none."""
    comment = comment.strip()
    return comment.strip("* \t\r\n") if comment.startswith("**") and comment.endswith("**") else ""


def _documentation(field: str) -> tuple[str, bool]:
    """Return the cleaned documentation, and whether the flag :SUPPLEMENTARY stands behind it."""
    text, flagged = clean_text(field), False
    while (found := _FLAG.search(text)) is not None:
        text, flagged = clean_text(text[: found.start()]), True
    return text, flagged


def clean_text(text: str) -> str:
    """Return free text with continuations joined, line ends as line feeds, without tildes at its ends."""
    if "\\" in text:
        text = _BREAK.sub("", text)
    if "\r" in text:
        text = text.replace("\r", "")
    return text.strip(_EDGES).rstrip(_EDGES + "\\")


def _trim(text: str, start: int, end: int) -> tuple[int, int]:
    """Return the stretch without blanks at both ends."""
    piece = text[start:end]
    left = len(piece) - len(piece.lstrip())
    right = len(piece.rstrip())
    return (start + left, start + right) if right > left else (start, start)


def _line_end(text: str, start: int, end: int) -> int:
    """Return the end of the line of `start`, at most `end`."""
    line = text.find("\n", start, end)
    stop = end if line < 0 else line
    return start + len(text[start:stop].rstrip())
