"""Right sides, units and the gathering of equations into variables.

In: left sides with parsers waiting behind them. Out: variables in order of first appearance, each with all
its equations.

Invariant: nothing written beside an equation is lost: units, range, documentation and flags of any of a
variable's equations are kept.
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass, field

from simengine.language.vensim import table
from simengine.language.vensim.expression import Parser
from simengine.language.vensim.file import Part
from simengine.language.vensim.leftside import Form, LeftSide
from simengine.language.vensim.lexer import END, NAME, STRING, SyntaxProblem, blank_comments
from simengine.model.expression import Call, Expression, TableLiteral, Text
from simengine.model.variable import Equation, Range, Role, Variable
from simengine.source.diagnostic import Diagnostic, error, warning
from simengine.source.file import SourceFile, Span
from simengine.source.names import Key

_RANGE = re.compile(r"\[([^\[\]]*)\]\s*")
_OPEN = frozenset({"", "?", "inf", "+inf", "-inf", "nan"})  # the last four: written by other programs
_NUMBER = re.compile(r"[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?")


@dataclass(slots=True)
class _Draft:
    """A variable while its equations are gathered."""

    left: LeftSide
    group: str
    equations: list[Equation] = field(default_factory=list)
    documentation: list[str] = field(default_factory=list)
    units: str = ""
    units_span: Span | None = None
    range: Range | None = None
    supplementary: bool = False
    declared: Role | None = None

    def variable(self) -> Variable:
        """Return the finished variable."""
        return Variable(
            self.left.name,
            self.left.key,
            tuple(self.equations),
            units=self.units,
            units_span=self.units_span,
            documentation="\n".join(self.documentation),
            range=self.range,
            group=self.group,
            supplementary=self.supplementary,
            declared=self.declared,
            span=self.left.name_span,
        )


@dataclass(slots=True)
class Gathered:
    """The variables of a model or macro by key, in order of first appearance."""

    by_key: dict[Key, Variable] = field(default_factory=dict)

    def variables(self) -> tuple[Variable, ...]:
        """Return them in order."""
        return tuple(self.by_key.values())


class Gatherer:
    """Collects the equations of one model or macro."""

    def __init__(self, file: SourceFile) -> None:
        self.file = file
        self.drafts: dict[Key, _Draft] = {}
        self.problems: list[Diagnostic] = []

    @property
    def gathered(self) -> Gathered:
        """The finished variables."""
        return Gathered({key: draft.variable() for key, draft in self.drafts.items()})

    def add(self, part: Part, left: LeftSide, parser: Parser, group: str) -> None:
        """Parse a right side and add the equation to its variable."""
        expression = _right_side(left, parser)
        draft = self.drafts.get(left.key)
        if draft is None:
            draft = self.drafts[left.key] = _Draft(left, group)
        equation = Equation(left.subscripts, expression, left.exceptions, left.span, left.interpolation)
        draft.equations.append(equation)
        if left.form is Form.DATA:
            draft.declared = Role.DATA
        elif left.form is Form.UNCHANGEABLE and draft.declared is None:
            draft.declared = Role.CONSTANT
        draft.supplementary = draft.supplementary or part.supplementary
        if part.documentation and part.documentation not in draft.documentation:
            draft.documentation.append(part.documentation)
        if part.units_end > part.units_start:
            self._units(part, draft)

    def add_broken(self, part: Part, left: LeftSide, group: str) -> None:
        """Keep the name of a variable whose right side could not be read: others may use it without further errors."""
        draft = self.drafts.get(left.key)
        if draft is None:
            draft = self.drafts[left.key] = _Draft(left, group)
        span = Span(self.file, part.start, part.end)
        draft.equations.append(Equation(left.subscripts, Call("broken", (), span=span), left.exceptions, left.span))

    def _units(self, part: Part, draft: _Draft) -> None:
        """Read the units field: units, and a range in brackets behind them."""
        text = blank_comments(self.file.text, part.units_start, part.units_end)
        opens = min((at for at in (text.find("["), text.find("]")) if at >= 0), default=len(text))
        units = text[:opens]
        if "\\" in units:
            units = re.sub(r"\\[ \t]*\r?\n[ \t]*", "", units)
        units = " ".join(units.split())
        if opens < len(text):
            found = _RANGE.fullmatch(text, opens)
            bounds = _range(found[1]) if found is not None else None
            draft.range = draft.range or bounds
            if bounds is None:
                where = Span(self.file, part.units_start + opens, part.units_start + len(text.rstrip()))
                message = f"`{text[opens:].strip()[:60]}` is not a range of numbers: it is ignored"
                self.problems.append(warning("bad-units-range", message, where, label="expected `[low, high, step]`"))
        if units and not draft.units:
            draft.units = units
            start = part.units_start + len(text) - len(text.lstrip())
            draft.units_span = Span(self.file, start, part.units_start + len(text[:opens].rstrip()))


def _range(text: str) -> Range | None:
    """Return the range in `low, high, step`, each a number or `?`; None where it is not one."""
    fields = [f.strip() for f in text.split(",")]
    if not 1 <= len(fields) <= 3 or any(f.lower() not in _OPEN and not _NUMBER.fullmatch(f) for f in fields):
        return None
    values = [None if f.lower() in _OPEN else float(f) for f in fields]
    return Range(*(v if v is not None and math.isfinite(v) else None for v in values))


def _right_side(left: LeftSide, parser: Parser) -> Expression | None:
    match left.form:
        case Form.NOTHING:
            return None
        case Form.LOOKUP:
            return _lookup(parser)
        case Form.TEXT:
            return _text(parser)
    if parser.kind == END:
        message = f"`{left.name}` has no right side"
        raise SyntaxProblem(
            error("missing-right-side", message, parser.span(parser.at - 1), label="expected an expression after this")
        )
    return parser.right_side()


def _lookup(parser: Parser) -> Expression:
    """Parse `(points)` or `(GET DIRECT LOOKUPS(...))` behind a lookup's name."""
    first = parser.at
    parser.at += 1
    if parser.kind == NAME:
        found = parser.expression()
        if not isinstance(found, Call) or found.function not in {"get_lookups", "get_vdf_lookups"}:
            problem = error("bad-lookup", "the points of a lookup must be numbers", found.span, label="expected points")
            raise SyntaxProblem(problem)
        parser.whole.clear()
    else:
        points = table.parse_points(parser, first)
        found = TableLiteral(points, parser.span(first, parser.at - 1))
    parser.expect(")", "`,` or `)` in the points of the lookup")
    if parser.kind != END:
        parser.fail("expected the end of the lookup with `~`")
    return found


def _text(parser: Parser) -> Expression:
    """Parse the text behind `:IS:`."""
    if parser.kind != STRING:
        parser.fail("expected a text between quotes, as in `'file.xlsx'`")
    found = parser.expression()
    assert isinstance(found, Text), "a string token is a whole text"
    if parser.kind != END:
        parser.fail("expected the end of the equation")
    return found
