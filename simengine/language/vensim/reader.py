"""The reader: from the text of an `.mdl` file to a `ModelDefinition`.

Two rounds over the parts of the file: left sides, dimensions and macro headers first, so that every name of
the model is known; then the right sides.

Invariant: reading never raises on bad input; every equation that could not be read has an error with its place.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import PurePath

from simengine.builtins.table_of_functions import macro_key, spelt
from simengine.language.vensim.broken_name import join_left, join_right
from simengine.language.vensim.dimension import DataFiles, WrittenDimension, open_dimensions, parse_dimension
from simengine.language.vensim.equation import Gathered, Gatherer
from simengine.language.vensim.expression import MacroHeader, Parser, Scope
from simengine.language.vensim.file import Part, PartKind, cut
from simengine.language.vensim.leftside import Form, LeftSide, parse_left
from simengine.language.vensim.lexer import SyntaxProblem, blank_comments, tokens
from simengine.language.vensim.macro import parse_header
from simengine.language.vensim.reality import parse_constraint, parse_test_input
from simengine.language.vensim.settings import read_settings, read_specs
from simengine.model.definition import Constraint, Dialect, Group, Macro, ModelDefinition, TestInput
from simengine.source.diagnostic import Diagnostic, Label, Severity, error
from simengine.source.file import SourceFile, Span
from simengine.source.names import Key
from simengine.source.pause import no_collection

MOST_ERRORS = 100


def read_vensim(
    file: SourceFile, directory: str = ".", tags: Mapping[str, str] | None = None
) -> tuple[ModelDefinition, tuple[Diagnostic, ...]]:
    """Return the model in a Vensim file and everything found wrong with its text.

    Parameters
    ----------
    file
        The decoded text (see `simengine.language.vensim.encoding.decode`).
    directory
        Where data files named in the model are sought.
    tags
        Files for Vensim's tags: `{"?data": "book.xlsx"}`; they override those in the model's settings.

    """
    # The tree is many small objects that all live on: looking for garbage among them doubles the time.
    with no_collection():
        return _Reader(file, directory, tags or {}).read()


@dataclass(slots=True)
class _Pending:
    """An equation whose left side is read; its parser waits at the right side."""

    part: Part
    left: LeftSide
    parser: Parser
    group: str


@dataclass(slots=True)
class _Room:
    """The model, or one macro: a space of names with its equations."""

    scope: Scope
    header: MacroHeader | None = None
    pending: list[_Pending] = field(default_factory=list)
    names: dict[Key, str] = field(default_factory=dict)


class _Reader:
    def __init__(self, file: SourceFile, directory: str, tags: Mapping[str, str]) -> None:
        self.file = file
        self.directory = directory
        self.errors: list[Diagnostic] = []
        self.count = 0
        self.texts: dict[str, tuple[str, Key]] = {}
        self.macros: dict[Key, MacroHeader] = {}
        self.known: dict[Key, str] = {}
        self.groups: list[Group] = []
        self.group = ""
        self.model = _Room(Scope(self.known, self.macros), names=self.known)
        self.rooms: list[_Room] = []
        self.written: list[WrittenDimension] = []
        self.test_inputs: list[TestInput] = []
        self.constraints: list[Constraint] = []
        self.parts = cut(file)
        self.settings = read_settings(self.parts.settings, file.path)
        self.files = DataFiles(directory, {**dict(self.settings.tags), **tags})

    def read(self) -> tuple[ModelDefinition, tuple[Diagnostic, ...]]:
        """Read the whole file."""
        self.read_left_sides()
        for diagnostic in self.parts.diagnostics:
            self.report(diagnostic)
        dimensions, problems = open_dimensions(self.written)
        for diagnostic in [*self.files.problems, *problems]:
            self.report(diagnostic)
        macros = tuple(self.macro(room) for room in self.rooms)
        main = self.right_sides(self.model)
        specs, missing = read_specs(main.by_key, self.settings.method, self.file.path)
        definition = ModelDefinition(
            name=PurePath(self.file.path).stem,
            dialect=Dialect.VENSIM,
            file=self.file,
            variables=main.variables(),
            dimensions=dimensions,
            macros=macros,
            simulation=specs,
            groups=tuple(self.groups),
            unit_synonyms=self.settings.synonyms,
            test_inputs=tuple(self.test_inputs),
            constraints=tuple(self.constraints),
            sketch=self.parts.sketch.replace("\r\n", "\n"),
            settings=self.parts.settings.replace("\r\n", "\n"),
            directory=os.fspath(self.directory),
            tags=self.settings.tags,
        )
        return definition, self.finish(missing)

    def report(self, diagnostic: Diagnostic) -> None:
        """Note a diagnostic; errors beyond the first hundred are only counted."""
        if diagnostic.severity is Severity.ERROR:
            self.count += 1
            if self.count > MOST_ERRORS:
                return
        self.errors.append(diagnostic)

    @property
    def overrun(self) -> bool:
        """Whether too many errors were found to go on."""
        return self.count >= MOST_ERRORS

    def finish(self, missing: list[Diagnostic]) -> tuple[Diagnostic, ...]:
        """Return all diagnostics in order of place."""
        out = sorted(self.errors, key=lambda d: d.span.start if d.span is not None else -1)
        out += self.settings.diagnostics
        if not any(d.code == "not-a-model" for d in out):
            out += missing
        if self.overrun:
            message = f"reading stopped after {MOST_ERRORS} errors: there may be more"
            out.append(Diagnostic(Severity.NOTE, "too-many-errors", message, path=self.file.path))
        return tuple(out)

    # First round

    def read_left_sides(self) -> None:
        """Read left sides, dimensions, groups and macro headers."""
        room = self.model
        for part in self.parts.parts:
            if self.overrun:
                return
            if part.kind is PartKind.EQUATION:
                self.left_side(part, room)
            elif part.kind is PartKind.GROUP:
                self.begin_group(part)
            elif part.kind is PartKind.MACRO:
                room = self.begin_macro(part, room)
            else:
                if room.header is None and not self.rooms:
                    where = Span(self.file, part.start, part.end)
                    self.report(
                        error("bad-macro", "`:END OF MACRO:` ends no macro", where, label="no `:MACRO:` before it")
                    )
                room = self.model
        if room is not self.model and room.header is not None:
            message = f"the macro `{room.header.name}` is never ended"
            self.report(
                error(
                    "bad-macro", message, room.header.span, label="begins here", help=["end it with `:END OF MACRO:`"]
                )
            )

    def begin_group(self, part: Part) -> None:
        """Note a group heading: the equations after it belong to the group."""
        name = " ".join(self.file.text[part.start : part.end].split()).removeprefix(".")
        self.group = name
        if all(g.name != name for g in self.groups):
            self.groups.append(Group(name, part.documentation))

    def parser(self, part: Part, scope: Scope) -> Parser:
        """Return a parser at the beginning of a part."""
        body = blank_comments(self.file.text, part.start, part.end)
        return Parser(self.file, join_left(self.file.text, tokens(body, part.start)), scope, self.texts)

    def begin_macro(self, part: Part, room: _Room) -> _Room:
        """Read the header of a macro and open its space of names."""
        if room is not self.model:
            where = Span(self.file, part.start, part.end)
            self.report(
                error("bad-macro", "a macro begins inside another macro", where, label="before `:END OF MACRO:`")
            )
        names: dict[Key, str] = {}
        inside = _Room(Scope(names, self.macros, inside_macro=True, locals=names), names=names)
        self.rooms.append(inside)
        try:
            header = parse_header(self.parser(part, self.model.scope))
        except SyntaxProblem as problem:
            self.report(problem.diagnostic)
            return inside
        before = self.macros.setdefault(header.key, header)
        if before is not header:
            message = f"the macro `{header.name}` is defined twice"
            others = [Label(before.span, "first defined here")]
            self.report(error("duplicate-macro", message, header.span, label="defined again", others=others))
        inside.header = header
        names.update({r.key: r.name for r in (*header.inputs, *header.outputs)})
        return inside

    def left_side(self, part: Part, room: _Room) -> None:
        """Read the left side of an equation; a dimension is read to its end."""
        parser = self.parser(part, room.scope)
        left: LeftSide | None = None
        try:
            left = parse_left(parser)
            if left.form in (Form.DIMENSION, Form.ALIAS):
                self.dimension(parser, left, part, room)
                return
        except SyntaxProblem as problem:
            self.report(problem.diagnostic)
            if left is not None and room is self.model:
                # a dimension without elements stands in: what uses its name is not reported again
                self.written.append(WrittenDimension(left, (), (), None, part.documentation, self.group))
            return
        except RecursionError:
            self.report(_too_deep(self.file, part))
            return
        room.names[left.key] = left.name
        room.pending.append(_Pending(part, left, parser, "" if room.header else self.group))

    def dimension(self, parser: Parser, left: LeftSide, part: Part, room: _Room) -> None:
        """Read a dimension."""
        if room is not self.model:
            message = f"a macro cannot define a dimension: `{left.name}`"
            raise SyntaxProblem(error("bad-macro", message, left.name_span, label="inside a macro"))
        self.written.append(parse_dimension(parser, left, part.documentation, self.group, self.files))
        for diagnostic in parser.problems:
            self.report(diagnostic)

    # Second round

    def macro(self, room: _Room) -> Macro:
        """Return a macro with its equations."""
        inside = self.right_sides(room)
        header = room.header
        if header is None:
            return Macro("", Key(""), (), (), inside.variables())
        for output in header.outputs:
            if output.key not in inside.by_key and not self.overrun:
                message = f"the macro `{header.name}` has no equation for `{output.name}`"
                self.report(error("bad-macro", message, output.span, label="never defined in the macro"))
        own = macro_key(header.key)
        return Macro(header.name, own, header.inputs, header.outputs, inside.variables(), span=header.span)

    def right_sides(self, room: _Room) -> Gathered:
        """Read the right sides of a space of names and gather its variables."""
        gatherer = Gatherer(self.file)
        for one in room.pending:
            if self.overrun:
                break
            parser = one.parser
            parser.tokens = join_right(self.file.text, parser.tokens, parser.at, lambda k: self.is_name(k, room))
            try:
                self.right_side(one, gatherer)
            except SyntaxProblem as problem:
                self.report(problem.diagnostic)
                self.keep_name(one, gatherer)
            except RecursionError:
                self.report(_too_deep(self.file, one.part))
                self.keep_name(one, gatherer)
            for diagnostic in parser.problems:
                self.report(diagnostic)
        for diagnostic in gatherer.problems:
            self.report(diagnostic)
        return gatherer.gathered

    def is_name(self, key: Key, room: _Room) -> bool:
        """Return whether anything has a name: a variable, dimension, macro or function."""
        if key in room.names or key in self.macros or key in spelt(Dialect.VENSIM):
            return True
        return any(key == d.left.key for d in self.written)

    def keep_name(self, one: _Pending, gatherer: Gatherer) -> None:
        """Keep the variable of an equation that could not be read."""
        if one.left.form not in {Form.TEST_INPUT, Form.CONSTRAINT}:
            gatherer.add_broken(one.part, one.left, one.group)

    def right_side(self, one: _Pending, gatherer: Gatherer) -> None:
        """Read one right side."""
        if one.left.form is Form.TEST_INPUT:
            self.test_inputs.append(parse_test_input(one.parser, one.left, one.part.documentation, one.group))
        elif one.left.form is Form.CONSTRAINT:
            self.constraints.append(parse_constraint(one.parser, one.left, one.part.documentation, one.group))
        else:
            gatherer.add(one.part, one.left, one.parser, one.group)


def _too_deep(file: SourceFile, part: Part) -> Diagnostic:
    span = Span(file, part.start, part.end)
    place = replace(span, end=min(span.end, span.start + 60))
    return error("too-deep", "the expression is nested too deeply", place, help=["split it into several variables"])
