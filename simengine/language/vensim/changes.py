"""Change files (`.cin`): constants, lookups and texts that a run takes instead of the model's.

    CONSTANT NAME = 123.4
    CONSTANT NAME[sub] = 3,2,7
    LOOKUP NAME((0,0),(1,1),(2,1))
    TEXT NAME :IS: 'file.xlsx'
    0.0 <= OPTIMISED[a] = .015 <= .1 FRAC

In: the text of a file. Out: what it changes, in order; the later change of one thing holds.

Invariant: only numbers, points and texts come out; whether the names exist is for the model to say.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TypeAlias

from simengine.language.vensim import table
from simengine.language.vensim.expression import Parser, Scope
from simengine.language.vensim.lexer import END, NUMBER, STRING, SyntaxProblem, blank_comments, plain_string, tokens
from simengine.model.expression import ArrayLiteral, Number, Reference
from simengine.model.lookup import Table
from simengine.source.diagnostic import Diagnostic, Severity, error
from simengine.source.file import SourceFile, Span
from simengine.source.names import Key

ChangedValue: TypeAlias = "float | ArrayLiteral | Table | str"

_LINE = re.compile(r"[^\n]*(?:\n|\Z)")
_CONTINUED = re.compile(r"\\[ \t]*\r?\n\Z")
_MOST_ERRORS = 100


@dataclass(frozen=True, slots=True)
class Change:
    """One change: the variable, with subscripts (elements, or whole dimensions), and its new value."""

    target: Reference
    value: ChangedValue
    span: Span | None = field(default=None, compare=False, repr=False)


def read_changes(file: SourceFile) -> tuple[tuple[Change, ...], tuple[Diagnostic, ...]]:
    """Return the changes in a file, in order, and everything found wrong with its text.

    Examples
    --------
    >>> changes, problems = read_changes(SourceFile("low.cin", "gas price[North] = 0.3"))
    >>> changes[0].target.key, changes[0].value
    ('gas_price', 0.3)

    """
    names: dict[str, tuple[str, Key]] = {}
    changes: list[Change] = []
    diagnostics: list[Diagnostic] = []
    for start, end in _entries(file.text):
        if len(diagnostics) >= _MOST_ERRORS:
            message = f"reading stopped after {_MOST_ERRORS} errors: there may be more"
            diagnostics.append(Diagnostic(Severity.NOTE, "too-many-errors", message, path=file.path))
            break
        parser = Parser(file, tokens(blank_comments(file.text, start, end), start), Scope(), names)
        try:
            changes.append(_change(parser))
        except SyntaxProblem as problem:
            diagnostics.append(problem.diagnostic)
    return tuple(changes), tuple(diagnostics)


def _entries(text: str) -> list[tuple[int, int]]:
    """Return where each entry begins and ends: a line, or more where brackets are open or a line is continued."""
    out: list[tuple[int, int]] = []
    start, depth, open_entry = 0, 0, False
    for match in _LINE.finditer(text):
        line = match[0]
        if not open_entry:
            start, depth = match.start(), 0
        depth += line.count("(") - line.count(")")
        stripped = line.strip()
        open_entry = bool(stripped) and (
            depth > 0 or _CONTINUED.search(line) is not None or stripped.endswith((",", "="))
        )
        end = match.start() + len(line.rstrip())
        if not open_entry and end > start and not stripped.startswith((";", ":")):
            out += _without_marks(text, start, end)
        if match.end() == len(text):
            break
    if open_entry:
        out += _without_marks(text, start, len(text.rstrip()))
    return out


def _without_marks(text: str, start: int, end: int) -> list[tuple[int, int]]:
    """Return the entry without the `~~|` of an equation copied from a model."""
    mark = text.find("~", start, end)
    end = mark if mark >= 0 else end
    body = text[start:end]
    left = len(body) - len(body.lstrip())
    return [(start + left, start + len(body.rstrip()))] if body.strip() else []


def _change(parser: Parser) -> Change:
    first = parser.at
    if parser.kind in (NUMBER, "-", "+"):  # a bound of an optimisation file
        table.number(parser)
        parser.expect("<=", "`<=` between a bound and the name")
    target = parser.reference("the name of a constant or lookup")
    value: ChangedValue
    if parser.kind == "(":
        value = _points(parser)
    elif parser.accept(":IS:"):
        value = _text(parser)
    else:
        parser.expect("=", "`=`, `(` or `:IS:` after the name")
        value = _number(parser)
        if parser.accept("<="):
            table.number(parser)
            if parser.kind != END:  # what remains is the unit or scale of the optimiser's step
                parser.at = len(parser.tokens) - 1
    if parser.kind != END:
        parser.fail("expected the end of the line", "stray-token")
    return Change(target, value, parser.span(first, max(parser.at - 1, first)))


def _points(parser: Parser) -> Table:
    first = parser.at
    parser.at += 1
    points = table.parse_points(parser, first)
    parser.expect(")", "`,` or `)` in the points of the lookup")
    return points


def _text(parser: Parser) -> str:
    if parser.kind != STRING:
        parser.fail("expected a text between quotes")
    _, start, end = parser.tokens[parser.at]
    parser.at += 1
    return plain_string(parser.text[start:end])


def _number(parser: Parser) -> float | ArrayLiteral:
    first = parser.at
    if parser.kind == END:
        message = "a number is missing"
        raise SyntaxProblem(
            error("missing-right-side", message, parser.span(first - 1), label="expected a number after this")
        )
    head = table.number(parser)
    if parser.kind in (",", ";"):
        return table.parse_rows(parser, first, Number(head))
    return head
