"""Points of lookups and lists of numbers.

    [(0,0)-(10,10),(2,3)],(0,1),(5,2)     points, with the range of the graph before them or not
    0,5,10, 1,2,4                         all x, then all y
    1,2,3; 4,5,6;                         a constant array
    TABBED ARRAY( 1 2 3 <line> 4 5 6 )    the same, pasted from a spreadsheet

Invariant: a `Table` that leaves here has at least one point and its x never falls.
"""

from __future__ import annotations

import math
import re
from typing import TYPE_CHECKING

from simengine.language.vensim.lexer import END, NUMBER, SyntaxProblem
from simengine.model.expression import NOT_AVAILABLE, ArrayLiteral, Number
from simengine.model.lookup import Table
from simengine.source.diagnostic import error
from simengine.source.file import Span

if TYPE_CHECKING:
    from simengine.language.vensim.expression import Parser

_CONTINUATION = re.compile(r"\\[ \t]*\r?\n")


def begins_table(parser: Parser) -> bool:
    """Return whether the `(` to come opens a table: `([`, `((1,` or `(1,`."""
    ahead = parser.ahead
    kind = ahead(1)
    if kind == "[":
        return True
    at = 2 if kind == "(" else 1
    if ahead(at) in ("-", "+"):
        at += 1
    return ahead(at) in (NUMBER, ":NA:") and ahead(at + 1) == ","


def number(parser: Parser) -> float:
    """Parse a number with its sign, or :NA:."""
    sign = 1.0
    while parser.kind in ("-", "+"):
        sign = -sign if parser.kind == "-" else sign
        parser.at += 1
    kind, start, end = parser.tokens[parser.at]
    if kind == ":NA:":
        parser.at += 1
        return NOT_AVAILABLE
    if kind != NUMBER:
        parser.fail("expected a number")
    parser.at += 1
    value = float(parser.text[start:end])
    if value == math.inf:
        message = f"the number `{parser.text[start:end][:60]}` is too large"
        raise SyntaxProblem(error("bad-number", message, Span(parser.file, start, end), label="beyond 1.8e308"))
    return sign * value


def parse_points(parser: Parser, first: int) -> Table:
    """Parse the inside of a table's parentheses; `first` is the token number where the table begins."""
    box: tuple[float, float, float, float] | None = None
    box_points: tuple[tuple[float, float], ...] = ()
    if parser.kind == "[":
        box, box_points = _box(parser)
        parser.accept(",")
    if parser.kind == "(":
        points = _pairs(parser)
        x, y = tuple(p[0] for p in points), tuple(p[1] for p in points)
    else:
        x, y = _halves(parser)
    falls = next((i for i in range(1, len(x)) if x[i] < x[i - 1]), None)
    if falls is not None:
        message = f"the x values of a lookup must not fall: {x[falls]:g} comes after {x[falls - 1]:g}"
        where = parser.span(first, max(parser.at - 1, first))
        raise SyntaxProblem(
            error("bad-lookup", message, where, label="these points", help=["put the points in order of x"])
        )
    return Table(x, y, box=box, box_points=box_points)


def _box(parser: Parser) -> tuple[tuple[float, float, float, float], tuple[tuple[float, float], ...]]:
    """Parse `[(xmin,ymin)-(xmax,ymax),(x,y)...]`; the points are those of a reference line in the graph."""
    parser.at += 1
    low = _pair(parser)
    parser.expect("-", "`-` between the corners of the range")
    high = _pair(parser)
    points = []
    while parser.accept(","):
        points.append(_pair(parser))
    parser.expect("]", "`,` or `]` after the range of the lookup")
    return (*low, *high), tuple(points)


def _pair(parser: Parser) -> tuple[float, float]:
    parser.expect("(", "a point `(x,y)`")
    x = number(parser)
    parser.expect(",", "`,` between x and y")
    y = number(parser)
    parser.expect(")", "`)` after the point")
    return x, y


def _pairs(parser: Parser) -> list[tuple[float, float]]:
    points = [_pair(parser)]
    while parser.accept(",") or parser.kind == "(":
        points.append(_pair(parser))
    return points


def _halves(parser: Parser) -> tuple[tuple[float, ...], tuple[float, ...]]:
    """Parse the old form: all x, then all y."""
    first = parser.at
    values = [number(parser)]
    while parser.accept(","):
        values.append(number(parser))
    half, odd = divmod(len(values), 2)
    if odd:
        message = (
            f"a lookup written as x values and then y values needs as many of both; here are {len(values)} numbers"
        )
        raise SyntaxProblem(error("bad-lookup", message, parser.span(first, parser.at - 1), label="an odd number"))
    return tuple(values[:half]), tuple(values[half:])


def parse_rows(parser: Parser, first: int, head: Number) -> ArrayLiteral:
    """Parse the rest of `1,2,3;4,5,6;` after its first number."""
    rows: list[tuple[float, ...]] = []
    row = [head.value]
    while True:
        if parser.accept(","):
            if parser.kind in (END, ";"):
                continue
            row.append(number(parser))
        elif parser.accept(";"):
            rows.append(tuple(row))
            row = []
            if parser.kind == END:
                break
            row.append(number(parser))
        elif parser.kind == END:
            break
        else:
            parser.fail("expected `,` or `;` between numbers; a list may hold only numbers")
    if row:
        rows.append(tuple(row))
    return ArrayLiteral(tuple(rows), span=parser.span(first, parser.at - 1))


def parse_tabbed_array(parser: Parser, name_span: Span) -> ArrayLiteral:
    """Parse `TABBED ARRAY(` and lines of numbers: the `(` is to come."""
    parser.at += 1
    rows: list[tuple[float, ...]] = []
    row: list[float] = []
    before = parser.tokens[parser.at - 1][2]
    while parser.kind not in (")", END):
        if row and "\n" in _CONTINUATION.sub("", parser.text[before : parser.tokens[parser.at][1]]):
            rows.append(tuple(row))
            row = []
        row.append(number(parser))
        before = parser.tokens[parser.at - 1][2]
        parser.accept(",")
    parser.expect(")", "a number or `)` after the numbers")
    if row:
        rows.append(tuple(row))
    span = Span(parser.file, name_span.start, parser.tokens[parser.at - 1][2])
    if not rows:
        raise SyntaxProblem(error("syntax", "`TABBED ARRAY` holds no numbers", span, label="expected numbers"))
    return ArrayLiteral(tuple(rows), tabbed=True, span=span)
