"""XML as a tree with places, read safely.

In: a source file. Out: the root `Node`, or one diagnostic that says where the XML breaks.

No document type is accepted (entities could grow without bound); nesting and the number of elements are
bounded. What stands inside `<views>` is drawing: it is passed over.

Invariant: every node and every character of text knows where in the file it stands.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass, field
from xml.parsers import expat

from simengine.source.diagnostic import Diagnostic, error, warning
from simengine.source.file import SourceFile, Span

DEEPEST = 100
MOST_ELEMENTS = 400_000
PASSED_OVER = frozenset({"views", "view"})
VENDORS = (("iseesystems", "isee:"), ("simengine", "simengine:"), ("xmile", ""))
"""What the address of a namespace holds, and how its tags begin here, whatever prefix the file gives them."""


class Text:
    """Decoded text in pieces, each with the offset of its first character in the file."""

    __slots__ = ("_length", "_offsets", "_pieces", "_starts", "file")

    def __init__(self, file: SourceFile) -> None:
        self.file = file
        self._pieces: list[str] = []
        self._starts: list[int] = []  # where pieces begin in `value`
        self._offsets: list[int] = []  # where they begin in the file
        self._length = 0

    @property
    def value(self) -> str:
        """The whole text."""
        if len(self._pieces) > 1:
            self._pieces = ["".join(self._pieces)]
        return self._pieces[0] if self._pieces else ""

    def add(self, piece: str, offset: int) -> None:
        """Append a piece that stands at an offset of the file."""
        self._starts.append(self._length)
        self._offsets.append(offset)
        self._pieces.append(piece)
        self._length += len(piece)

    def pieces(self) -> list[tuple[int, int]]:
        """Return where each piece begins in the text, and in the file."""
        return list(zip(self._starts, self._offsets, strict=True))

    def offset(self, place: int) -> int:
        """Return the offset in the file of a character of the text."""
        if not self._starts:
            return 0
        at = max(0, bisect_right(self._starts, place) - 1)
        return self._offsets[at] + place - self._starts[at]

    def span(self, start: int, end: int) -> Span:
        """Return the span of a stretch of the text."""
        if len(self._offsets) == 1:
            base = self._offsets[0]
            return Span(self.file, base + start, base + (end if end > start else start + 1))
        first = self.offset(start)
        return Span(self.file, first, max(first + 1, self.offset(max(start, end - 1)) + 1))


@dataclass(slots=True)
class Node:
    """An element. `tag` is the name without prefix for XMILE's own, with it for a vendor's: `isee:prefs`."""

    tag: str
    attributes: dict[str, str]
    span: Span
    text: Text
    children: list[Node] = field(default_factory=list)

    def all(self, tag: str) -> Iterator[Node]:
        """Yield the children with a tag."""
        return (c for c in self.children if c.tag == tag)

    def first(self, tag: str) -> Node | None:
        """Return the first child with a tag."""
        return next(self.all(tag), None)

    def content(self, tag: str) -> str | None:
        """Return the text of the first child with a tag, without blanks around it; None where there is none."""
        child = self.first(tag)
        return child.text.value.strip() if child is not None else None

    def get(self, name: str, default: str = "") -> str:
        """Return an attribute."""
        return self.attributes.get(name, default)

    def place(self, name: str) -> Span:
        """Return where the value of an attribute stands; the tag where it has none."""
        file = self.span.file
        end = file.text.find(">", self.span.start)
        found = re.compile(rf"\s{re.escape(name)}\s*=\s*[\"']([^\"'<]*)").search(file.text, self.span.end, max(0, end))
        return Span(file, *found.span(1)) if found is not None and found[1] else self.span


class _Refused(Exception):
    def __init__(self, code: str, message: str) -> None:
        self.code, self.message = code, message
        super().__init__(message)


class _Builder:
    def __init__(self, file: SourceFile, text: str) -> None:
        self.file = file
        self.raw = text.encode("utf-8", "surrogatepass")
        self.ascii = len(self.raw) == len(text)
        self.root: Node | None = None
        self.stack: list[Node] = []
        self.count = 0
        self.depth_passed = 0  # how deep inside an element that is passed over
        self.prefixes: dict[str, str] = {}
        self._mark = (0, 0)
        self.parser = expat.ParserCreate("utf-8", None)
        self.parser.buffer_text = False
        self.parser.StartElementHandler = self._start
        self.parser.EndElementHandler = self._end
        self.parser.CharacterDataHandler = self._data
        self.parser.StartDoctypeDeclHandler = self._doctype

    def offset(self) -> int:
        """Return the offset in characters of what the parser reads now; calls come in order of place."""
        byte = self.parser.CurrentByteIndex
        if self.ascii:
            return byte
        before, characters = self._mark
        if byte >= before:
            characters += len(self.raw[before:byte].decode("utf-8", "replace"))
            self._mark = (byte, characters)
            return characters
        return len(self.raw[:byte].decode("utf-8", "replace"))

    def _start(self, name: str, attributes: dict[str, str]) -> None:
        if self.depth_passed:
            self.depth_passed += 1
            return
        if len(self.stack) >= DEEPEST:
            raise _Refused("too-deep", f"elements are nested more than {DEEPEST} deep")
        self.count += 1
        if self.count > MOST_ELEMENTS:
            raise _Refused("too-large", f"the file has more than {MOST_ELEMENTS:,} elements")
        at = self.offset()
        if self.root is None:
            self._read_namespaces(attributes)
        tag = self._named(name)
        if self.prefixes and any(":" in a for a in attributes):
            attributes = {self._named(a): v for a, v in attributes.items()}
        node = Node(tag, attributes, Span(self.file, at, at + len(name) + 1), Text(self.file))
        if self.stack:
            self.stack[-1].children.append(node)
        else:
            self.root = node
        self.stack.append(node)
        if tag in PASSED_OVER:
            self.depth_passed = 1

    def _read_namespaces(self, attributes: dict[str, str]) -> None:
        for name, address in attributes.items():
            if name.startswith("xmlns:"):
                known = next((own for part, own in VENDORS if part in address.lower()), None)
                if known is not None:
                    self.prefixes[name[6:]] = known

    def _named(self, name: str) -> str:
        prefix, colon, rest = name.partition(":")
        return self.prefixes[prefix] + rest if colon and prefix in self.prefixes else name

    def _end(self, _name: str) -> None:
        if self.depth_passed:
            self.depth_passed -= 1
        if not self.depth_passed:
            self.stack.pop()

    def _data(self, data: str) -> None:
        if not self.depth_passed:
            self.stack[-1].text.add(data, self.offset())

    def _doctype(self, *_: object) -> None:
        raise _Refused("document-type", "a document type declaration is not accepted")


def parse_document(file: SourceFile) -> tuple[Node | None, tuple[Diagnostic, ...]]:
    """Return the root of the file's XML, and what is wrong with it.

    A variable whose end tag is missing is closed before the next one, with a warning, where blanks before
    that one leave room for the tag: every character keeps its place.
    """
    root, problem = _parse(file, file.text)
    if root is not None or problem is None or problem.code != "malformed-xml":
        return root, () if problem is None else (problem,)
    text, warnings = _close_variables(file)
    if warnings:
        repaired, _ = _parse(file, text)
        if repaired is not None:
            return repaired, warnings
    return None, (problem,)


def _parse(file: SourceFile, text: str) -> tuple[Node | None, Diagnostic | None]:
    builder = _Builder(file, text)
    try:
        builder.parser.Parse(builder.raw, True)
    except expat.ExpatError as broken:
        at = _place(file, broken.lineno, broken.offset)
        reason = expat.ErrorString(broken.code)
        opened = f" (inside `<{builder.stack[-1].tag}>`)" if builder.stack else ""
        return None, error("malformed-xml", f"this is not well-formed XML: {reason}{opened}", at)
    except _Refused as refused:
        at = Span(file, builder.offset(), builder.offset() + 1)
        return None, error(refused.code, refused.message, at)
    return builder.root, None


_TAG = re.compile(r"<(/?)(stock|flow|aux|gf|variables)\b[^<>]*?(/?)>")


def _close_variables(file: SourceFile) -> tuple[str, tuple[Diagnostic, ...]]:
    text, warnings = file.text, []
    opened: re.Match[str] | None = None
    for tag in _TAG.finditer(file.text):
        closes, name, empty = tag.groups()
        if name in {"gf", "variables"} and opened is not None and opened[2] != "gf" and not closes:
            continue
        if closes:
            opened = None if opened is not None and opened[2] == name else opened
        elif name == "variables":
            opened = None
        else:
            if opened is not None and name != "gf":
                end = f"</{opened[2]}>"
                start = tag.start() - len(end)
                if start <= opened.end() or file.text[start : tag.start()].strip():
                    return file.text, ()
                text = text[:start] + end + text[tag.start() :]
                span = Span(file, opened.start(), opened.end())
                message = f"`{opened[0]}` is not closed: it is taken to end before `{tag[0]}`"
                warnings.append(warning("unclosed-element", message, span, help=[f"write `{end}`"]))
            opened = None if empty else tag
    return text, tuple(warnings)


def _place(file: SourceFile, line: int, column: int) -> Span:
    starts = file.line_starts
    start = starts[min(line, len(starts)) - 1] + column
    start = min(start, max(0, len(file.text) - 1))
    return Span(file, start, start + 1)
