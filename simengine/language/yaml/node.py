"""YAML as a tree of nodes that know where they stand.

In: the text of a file. Out: its tree, and every problem found.

PyYAML's composer, which is libyaml where that is built in, gives marks and texts; what a plain scalar means is ours:
YAML 1.2's core schema (10.3.2), in which `no`, `off` and `12:30` are texts and `1e-3` is a number.

Invariant: keys of a mapping are texts, and differ.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

from simengine.source.diagnostic import Diagnostic, Label, error
from simengine.source.file import SourceFile, Span

if TYPE_CHECKING:
    import yaml

MOST_REPEATED = 100_000
"""More values met again through aliases are refused: a few lines of aliases of aliases can mean billions."""
_DEEPEST = 100

_NUMBER = re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?")
_OTHER_INTEGER = re.compile(r"0o[0-7]+|0x[0-9a-fA-F]+")
_SPECIAL = {".inf": float("inf"), "+.inf": float("inf"), "-.inf": float("-inf"), ".nan": float("nan")}


@dataclass(frozen=True, slots=True)
class Scalar:
    """A text, quoted or plain. What a plain one means by YAML 1.2 is in its properties."""

    text: str
    span: Span
    quoted: bool = False

    @property
    def number(self) -> float | None:
        """The number it is, None if it is none."""
        if self.quoted:
            return None
        if _NUMBER.fullmatch(self.text):
            return float(self.text)
        if _OTHER_INTEGER.fullmatch(self.text):
            return float(int(self.text, 0))
        return _SPECIAL.get(self.text.lower())

    @property
    def truth(self) -> bool | None:
        """The truth value it is, None if it is none."""
        known = {"true": True, "True": True, "TRUE": True, "false": False, "False": False, "FALSE": False}
        return None if self.quoted else known.get(self.text)

    @property
    def empty(self) -> bool:
        """Whether it is YAML's null: nothing was written."""
        return not self.quoted and self.text in {"", "~", "null", "Null", "NULL"}


@dataclass(frozen=True, slots=True)
class Listing:
    """A list of nodes."""

    items: tuple[Node, ...]
    span: Span


@dataclass(frozen=True, slots=True)
class Mapping:
    """Keys and what stands under them, in the order written."""

    pairs: tuple[tuple[Scalar, Node], ...]
    span: Span

    def get(self, key: str) -> Node | None:
        """Return what stands under a key."""
        return next((node for k, node in self.pairs if k.text == key), None)


Node: TypeAlias = Scalar | Listing | Mapping


def read_yaml(file: SourceFile) -> tuple[Node | None, tuple[Diagnostic, ...]]:
    """Return the tree of a file, None where it is empty or no YAML, and what is wrong with it."""
    import yaml

    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    try:
        documents = list(yaml.compose_all(file.text, Loader=loader))
    except yaml.MarkedYAMLError as problem:
        return None, (_syntax(file, problem),)
    except yaml.YAMLError as problem:  # a character that YAML does not allow
        at = getattr(problem, "position", 0)
        return None, (error("yaml-syntax", "a character that YAML does not allow stands here", Span(file, at, at + 1)),)
    except RecursionError:
        return None, (error("too-deep", f"it is nested deeper than {_DEEPEST} levels", path=file.path),)
    if len(documents) > 1:
        at = documents[1].start_mark.index
        return None, (error("yaml-syntax", "a second document begins here: a file holds one", Span(file, at, at + 1)),)
    if not documents:
        return None, ()
    tree = _Tree(file)
    try:
        node = tree.node(documents[0], 0)
    except _Stop:
        return None, tuple(tree.problems)
    return node, tuple(tree.problems)


def walk(node: Node) -> Iterator[Node]:
    """Yield a node and all below it, in order of writing."""
    yield node
    match node:
        case Listing():
            for item in node.items:
                yield from walk(item)
        case Mapping():
            for key, value in node.pairs:
                yield key
                yield from walk(value)


class _Stop(Exception):
    """What was found makes going on pointless."""


class _Tree:
    """Our nodes from PyYAML's."""

    def __init__(self, file: SourceFile) -> None:
        self.file = file
        self.problems: list[Diagnostic] = []
        self.seen: set[int] = set()
        self.repeated = 0

    def node(self, raw: yaml.Node, depth: int) -> Node:
        import yaml

        self.repeated += id(raw) in self.seen
        self.seen.add(id(raw))
        span = self.span(raw)
        if self.repeated > MOST_REPEATED or depth > _DEEPEST:
            deep = f"it is nested deeper than {_DEEPEST} levels, or its aliases hold themselves"
            text = deep if depth > _DEEPEST else f"its aliases repeat more than {MOST_REPEATED:,} values"
            self.problems.append(error("too-deep", text, span))
            raise _Stop
        match raw:
            case yaml.ScalarNode():
                self.refuse_tag(span)
                return Scalar(raw.value, span, bool(raw.style))
            case yaml.SequenceNode():
                self.refuse_tag(span)
                return Listing(tuple(self.node(item, depth + 1) for item in raw.value), span)
        assert isinstance(raw, yaml.MappingNode)
        self.refuse_tag(span)
        return self.mapping(raw, span, depth)

    def mapping(self, raw: yaml.MappingNode, span: Span, depth: int) -> Mapping:
        pairs: list[tuple[Scalar, Node]] = []
        first: dict[str, Scalar] = {}
        for raw_key, raw_value in raw.value:
            key = self.node(raw_key, depth + 1)
            if not isinstance(key, Scalar):
                self.problems.append(
                    error("yaml-syntax", "a key is a text, not a list or a mapping", key.span,
                          help=["a text that begins with `[` or `{` stands in quotes"])
                )  # fmt: skip
                continue
            if raw.flow_style and self.is_without_colon(raw_key, raw_value):
                self.problems.append(
                    error("yaml-syntax", f"`{key.text}` has no value: a comma ends an entry within `{{...}}`", key.span,
                          help=["a text with a comma in it stands in quotes"])
                )  # fmt: skip
                continue
            value = self.node(raw_value, depth + 1)
            if key.text == "<<" and not key.quoted:
                text = "`<<` merges nothing in YAML 1.2"
                self.problems.append(error("yaml-syntax", text, key.span, help=["a scenario takes over by `extends`"]))
                continue
            other = first.setdefault(key.text, key)
            if other is not key:
                self.problems.append(
                    error(
                        "duplicate-key",
                        f"`{key.text}` stands here a second time",
                        key.span,
                        others=[Label(other.span, "the first time")],
                    )
                )
                continue
            pairs.append((key, value))
        return Mapping(tuple(pairs), span)

    def is_without_colon(self, key: yaml.Node, value: yaml.Node) -> bool:
        """Tell whether an entry of `{...}` is a key alone, as the second half of `{en: room for 10,000 jobs}` is."""
        return value.start_mark.index == value.end_mark.index and not self.file.text[
            key.end_mark.index : value.start_mark.index
        ].strip().startswith(":")

    def refuse_tag(self, span: Span) -> None:
        if span.text.startswith("!"):
            self.problems.append(error("yaml-syntax", "tags (`!...`) mean nothing in this file", span))

    def span(self, raw: yaml.Node) -> Span:
        """Return where a node stands; a block is shown by its first line."""
        start, end = raw.start_mark.index, raw.end_mark.index
        line_end = self.file.line_bounds(self.file.place(start)[0])[1]  # YAML knows more line ends than we do
        if end > line_end:
            end = max(line_end, start)
        text = self.file.text[start:end]
        return Span(self.file, start, start + max(len(text.rstrip()), 1 if text.strip() else 0))


_HINTS = (
    ("\\t", "indentation is by blanks: a tab stands here"),
    ("'%'", "a text that begins with `%` stands in quotes"),
    ("'@'", "a text that begins with `@` stands in quotes"),
    ("'`'", "a text that begins with a backquote stands in quotes"),
    ("mapping values are not allowed here", "a text with `: ` in it stands in quotes; or a key is indented too far"),
    ("undefined alias", "a text that begins with `*` stands in quotes"),
    ("expected alphabetic or numeric character", "a text that begins with `*` or `&` stands in quotes"),
    ("did not find expected alphabetic", "a text that begins with `*` or `&` stands in quotes"),
    ("block sequence entries are not allowed", 'a `-` that is no list item stands in quotes: `"-"`'),
    ("could not find expected ':'", "a key is followed by `: ` and its value"),
    ("expected <block end>", "keys of one level stand exactly under each other"),
    ("did not find expected key", "keys of one level stand exactly under each other"),
    ("did not find expected ',' or", "a list `[...]` or a mapping `{...}` is not closed"),
)


def _syntax(file: SourceFile, problem: yaml.MarkedYAMLError) -> Diagnostic:
    mark = problem.problem_mark or problem.context_mark
    at = mark.index if mark is not None else 0
    said = str(problem.problem or problem.context or "it cannot be read")
    others = []
    if problem.context_mark is not None and problem.context_mark.index != at:
        begin = problem.context_mark.index
        others.append(Label(Span(file, begin, begin + 1), str(problem.context or "it began here")))
    if file.text[at : at + 1] == "\t":
        hints = ["indentation is by blanks: a tab stands here"]
    else:
        hints = [hint for mark_, hint in _HINTS if mark_ in said][:1]
    return error("yaml-syntax", f"this is no YAML: {said}", Span(file, at, at + 1), others=others, help=hints)
