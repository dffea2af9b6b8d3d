"""Dimensions: members, numeric ranges, aliases and mappings.

    Region: North, South, (Zone1-Zone3), Islands -> Country, (Market: Home, Abroad)
    Area <-> Region
    Product: GET DIRECT SUBSCRIPT('file.xlsx', 'Sheet1', 'A2', 'A9', '')

Parsing gathers what is written; `open_dimensions` then replaces subranges among the members by their
elements, in whatever order the dimensions stand in the file.

Invariant: a `Dimension` that leaves here has its elements in order, each once.
"""

from __future__ import annotations

import re
from collections.abc import Mapping as Dictionary
from dataclasses import dataclass, field

from simengine.language.vensim.expression import Parser
from simengine.language.vensim.leftside import Form, LeftSide
from simengine.language.vensim.lexer import END, NAME, SyntaxProblem, needs_quotes, plain_name
from simengine.model.dimension import Dimension, Element, Mapping
from simengine.model.expression import Call
from simengine.source.diagnostic import Diagnostic, Label, error
from simengine.source.file import Span
from simengine.source.names import Key, key_of, nearest_names

_NUMBERED = re.compile(r"(.*?)(\d+)")
_LARGEST_RANGE = 1_000_000


@dataclass(frozen=True, slots=True)
class Member:
    """One member as written: the elements it stands for, or the name of an element or subrange."""

    name: str
    key: Key
    span: Span
    listed: tuple[Element, ...] = ()


@dataclass(frozen=True, slots=True)
class WrittenMapping:
    """One mapping as written."""

    target: str
    target_key: Key
    members: tuple[Member, ...]
    span: Span


@dataclass(frozen=True, slots=True)
class WrittenDimension:
    """One dimension as written."""

    left: LeftSide
    members: tuple[Member, ...]
    mappings: tuple[WrittenMapping, ...]
    alias_of: Member | None
    documentation: str
    group: str


@dataclass(slots=True)
class DataFiles:
    """Where GET XLS SUBSCRIPT looks for its files."""

    directory: str
    tags: Dictionary[str, str]
    problems: list[Diagnostic] = field(default_factory=list)


def parse_dimension(
    parser: Parser, left: LeftSide, documentation: str, group: str, files: DataFiles
) -> WrittenDimension:
    """Parse what stands behind `name :` or `name <->`."""
    if left.subscripts or left.exceptions or left.interpolation:
        message = f"a dimension has no subscripts of its own: `{left.name}`"
        raise SyntaxProblem(error("syntax", message, left.span, label="expected only a name"))
    if left.form is Form.ALIAS:
        alias = Member(*parser.element_name("the dimension it equals"))
        _end(parser)
        return WrittenDimension(left, (), (), alias, documentation, group)
    members = _members(parser, files)
    mappings: list[WrittenMapping] = []
    if parser.accept("->"):
        mappings.append(_mapping(parser))
        while parser.accept(","):
            parser.accept("->")
            mappings.append(_mapping(parser))
    _end(parser)
    return WrittenDimension(left, members, tuple(mappings), None, documentation, group)


def _end(parser: Parser) -> None:
    if parser.kind != END:
        parser.fail("expected `,`, `->` or the end of the dimension")


def _members(parser: Parser, files: DataFiles) -> tuple[Member, ...]:
    out = [_member(parser, files)]
    while parser.accept(","):
        if parser.kind in (END, "->"):  # a comma too much at the end
            break
        out.append(_member(parser, files))
    return tuple(out)


def _member(parser: Parser, files: DataFiles) -> Member:
    if parser.kind == "(":
        return _range(parser)
    if parser.kind == NAME and parser.ahead() == "(":
        return _from_file(parser, files)
    name, key, span = parser.element_name("an element")
    return Member(f'"{name}"' if needs_quotes(name) else name, key, span)


def _range(parser: Parser) -> Member:
    """Parse `(A1-A5)`."""
    first = parser.at
    parser.at += 1
    low = parser.element_name("the first element of a range")
    parser.expect("-", "`-` between the ends of a range")
    high = parser.element_name("the last element of a range")
    parser.expect(")", "`)` after the range")
    span = parser.span(first, parser.at - 1)
    start, stop = _NUMBERED.fullmatch(low[0]), _NUMBERED.fullmatch(high[0])
    if start is None or stop is None or key_of(start[1] + "0") != key_of(stop[1] + "0"):
        message = f"`({low[0]}-{high[0]})` is not a range: both ends must be the same name with a number behind it"
        raise SyntaxProblem(error("bad-range", message, span, label="expected as in `(A1-A5)`"))
    count = int(stop[2]) - int(start[2]) + 1 if max(len(start[2]), len(stop[2])) < 12 else _LARGEST_RANGE + 1
    if not 0 < count <= _LARGEST_RANGE:
        what = "runs backwards" if count <= 0 else "is too long"
        raise SyntaxProblem(
            error("bad-range", f"the range `({low[0]}-{high[0]})` {what}", span, label="expected as in `(A1-A5)`")
        )
    width = len(start[2]) if start[2].startswith("0") else 0
    names = [f"{start[1]}{n:0{width}d}" for n in range(int(start[2]), int(stop[2]) + 1)]
    elements = tuple(Element(n, key_of(n)) for n in names)
    return Member(" ".join(span.text.split()), Key(""), span, elements)


def _from_file(parser: Parser, files: DataFiles) -> Member:
    """Parse GET XLS SUBSCRIPT and its like, and read the elements."""
    first = parser.at
    found = parser.expression()
    span = parser.span(first, parser.at - 1)
    if not isinstance(found, Call) or found.function != "get_subscript":
        message = f"`{span.text[:60]}` does not give elements"
        raise SyntaxProblem(error("syntax", message, span, label="expected elements, or GET DIRECT SUBSCRIPT"))
    parser.whole.clear()
    written = " ".join(span.text.split())
    if parser.problems:
        return Member(written, Key(""), span, (Element("?", Key("?")),))
    from simengine.language.data.subscripts import read_elements  # reads spreadsheets: only when needed

    names, problems = read_elements(found, files.directory, files.tags)
    files.problems += problems
    return Member(written, Key(""), span, tuple(Element(n, key_of(n)) for n in names))


def _mapping(parser: Parser) -> WrittenMapping:
    """Parse `Target`, or `(Target: member, member)`."""
    first = parser.at
    if not parser.accept("("):
        name, key, span = parser.element_name("the dimension mapped to")
        return WrittenMapping(name, key, (), span)
    name, key, _ = parser.element_name("the dimension mapped to")
    members: list[Member] = []
    if parser.accept(":"):
        members.append(_mapped(parser))
        while parser.accept(","):
            members.append(_mapped(parser))
    parser.expect(")", "`,` or `)` in the mapping")
    return WrittenMapping(name, key, tuple(members), parser.span(first, parser.at - 1))


def _mapped(parser: Parser) -> Member:
    return _range(parser) if parser.kind == "(" else Member(*parser.element_name("an element or subrange"))


def open_dimensions(written: list[WrittenDimension]) -> tuple[tuple[Dimension, ...], list[Diagnostic]]:
    """Return the dimensions with subranges opened up into elements and mappings resolved."""
    opener = _Opener(written)
    return opener.dimensions(), opener.problems


class _Opener:
    """Opens up the dimensions of one model; `opened` remembers those done."""

    def __init__(self, written: list[WrittenDimension]) -> None:
        self.problems: list[Diagnostic] = []
        self.by_key: dict[Key, WrittenDimension] = {}
        self.opened: dict[Key, tuple[Element, ...]] = {}
        self.opening: list[Key] = []
        for one in written:
            before = self.by_key.setdefault(one.left.key, one)
            if before is not one:
                message = f"the dimension `{one.left.name}` is defined twice"
                others = [Label(before.left.name_span, "first defined here")]
                self.problems.append(
                    error("duplicate-dimension", message, one.left.name_span, label="defined again", others=others)
                )

    def dimensions(self) -> tuple[Dimension, ...]:
        """Return every dimension, in order of appearance."""
        for key in self.by_key:
            self.elements(key)
        return tuple(self._dimension(one) for one in self.by_key.values())

    def elements(self, key: Key) -> tuple[Element, ...]:
        """Return the elements of a dimension, opening it up if that was not done yet."""
        found = self.opened.get(key)
        if found is not None:
            return found
        one = self.by_key[key]
        if key in self.opening or len(self.opening) > 100:
            names = " -> ".join(f"`{self.by_key[k].left.name}`" for k in [*self.opening, key])
            message = f"the dimension `{one.left.name}` is part of itself: {names}"
            self.problems.append(error("dimension-cycle", message, one.left.name_span, label="defined by itself"))
            self.opened[key] = ()
            return ()
        self.opening.append(key)
        elements = self._alias_elements(one) if one.alias_of is not None else self._gather(one)
        self.opening.pop()
        return self.opened.setdefault(key, elements)

    def _alias_elements(self, one: WrittenDimension) -> tuple[Element, ...]:
        assert one.alias_of is not None
        if one.alias_of.key in self.by_key:
            return self.elements(one.alias_of.key)
        self._unknown(
            one.alias_of, f"`{one.left.name}` equals the dimension `{one.alias_of.name}`, which is not defined"
        )
        return ()

    def _gather(self, one: WrittenDimension) -> tuple[Element, ...]:
        out: dict[Key, Element] = {}
        for member in one.members:
            for element in self.members_of(member):
                if element.key in out:
                    message = f"`{element.name}` is listed twice in the dimension `{one.left.name}`"
                    self.problems.append(error("duplicate-element", message, member.span, label="listed before"))
                out.setdefault(element.key, element)
        return tuple(out.values())

    def members_of(self, member: Member) -> tuple[Element, ...]:
        """Return the elements one written member stands for."""
        if member.listed or not member.key:
            return member.listed
        if member.key in self.by_key:
            return self.elements(member.key)
        return (Element(plain_name(member.name)[0], member.key),)

    def _unknown(self, member: Member, message: str) -> None:
        near = nearest_names(member.name, [d.left.name for d in self.by_key.values()])
        helps = [f"did you mean {' or '.join(f'`{n}`' for n in near)}?"] if near else []
        self.problems.append(error("unknown-dimension", message, member.span, label="not a dimension", help=helps))

    def _dimension(self, one: WrittenDimension) -> Dimension:
        left = one.left
        mappings = tuple(m for w in one.mappings if (m := self._mapping(one, w)) is not None)
        return Dimension(
            left.name,
            left.key,
            self.opened[left.key],
            mappings,
            one.alias_of.key if one.alias_of is not None else None,
            tuple(m.name for m in one.members),
            one.documentation,
            left.name_span,
            one.group,
        )

    def _mapping(self, one: WrittenDimension, written: WrittenMapping) -> Mapping | None:
        """Return the mapping with, for every element of the source, the elements of the target."""
        target = Member(written.target, written.target_key, written.span)
        if written.target_key not in self.by_key:
            self._unknown(target, f"`{one.left.name}` is mapped to `{written.target}`, which is not a dimension")
            return None
        source, whole = self.opened[one.left.key], self.elements(written.target_key)
        if not written.members:
            if len(source) != len(whole):
                self._misfit(one, written, len(source), len(whole))
                return None
            return Mapping(written.target, written.target_key, (), written.span)
        sets = [tuple(e.key for e in self.members_of(m)) for m in written.members]
        inside = {e.key for e in whole}
        for member, keys in zip(written.members, sets, strict=True):
            if not inside.issuperset(keys):
                message = f"`{member.name}` is not in the dimension `{written.target}`"
                self.problems.append(error("bad-mapping", message, member.span, label="not an element of it"))
                return None
        pairs = self._pairs(one, source, sets)
        if pairs is None:
            self._misfit(one, written, len(source), len(sets))
            return None
        return Mapping(written.target, written.target_key, pairs, written.span)

    def _pairs(
        self, one: WrittenDimension, source: tuple[Element, ...], sets: list[tuple[Key, ...]]
    ) -> tuple[tuple[Key, ...], ...] | None:
        """Return the target keys of every source element, whichever way the list was meant."""
        if len(sets) == len(source):  # Vensim ref. "Mapping of Subscript Ranges": one for one, each perhaps a subrange
            return tuple(sets)
        groups = [self.members_of(m) for m in one.members]
        if len(sets) == len(groups):  # subranges on both sides
            out: list[tuple[Key, ...]] = []
            for group, keys in zip(groups, sets, strict=True):
                out += [(k,) for k in keys] if len(group) == len(keys) else [keys] * len(group)
            return tuple(out)
        single = [(k,) for keys in sets for k in keys]
        return tuple(single) if len(single) == len(source) else None

    def _misfit(self, one: WrittenDimension, written: WrittenMapping, source: int, target: int) -> None:
        message = (
            f"the mapping from `{one.left.name}` to `{written.target}` does not fit: {source} elements against {target}"
        )
        self.problems.append(
            error(
                "bad-mapping",
                message,
                written.span,
                label=f"{target} here",
                others=[Label(one.left.name_span, f"{source} here")],
            )
        )
