"""Reality checks: test inputs and constraints.

    no capital :TEST INPUT: Capital = 0
    no capital no production :THE CONDITION: no capital :IMPLIES: production = 0

Invariant: reality checks are no part of the causal structure; they never become variables.
"""

from __future__ import annotations

from typing import NoReturn

from simengine.language.vensim.expression import Parser
from simengine.language.vensim.leftside import LeftSide
from simengine.language.vensim.lexer import END, SyntaxProblem
from simengine.model.definition import Constraint, TestInput
from simengine.model.expression import Reference
from simengine.source.diagnostic import error

_UNSUPPORTED = frozenset({":CROSSING:", ":AT LEAST ONCE:", ":IGNORE:"})


def parse_test_input(parser: Parser, left: LeftSide, documentation: str = "", group: str = "") -> TestInput:
    """Parse what stands behind `name :TEST INPUT:`."""
    target = parser.reference("the variable the test input changes")
    parser.expect("=", "`=` after the variable the test input changes")
    expression = parser.expression()
    if parser.kind != END:
        _refuse(parser)
    return TestInput(left.name, left.key, _references(left), target, expression, left.span, documentation, group)


def parse_constraint(parser: Parser, left: LeftSide, documentation: str = "", group: str = "") -> Constraint:
    """Parse what stands behind `name :THE CONDITION:`."""
    condition = parser.expression()
    if parser.kind != ":IMPLIES:":
        _refuse(parser)
    parser.at += 1
    consequence = parser.expression()
    if parser.kind != END:
        _refuse(parser)
    return Constraint(left.name, left.key, _references(left), condition, consequence, left.span, documentation, group)


def _references(left: LeftSide) -> tuple[Reference, ...]:
    return tuple(Reference(s.name, s.key, (), s.span, s.span) for s in left.subscripts)


def _refuse(parser: Parser) -> NoReturn:
    if parser.kind in _UNSUPPORTED:
        message = f"`{parser.kind}` in a reality check is not supported"
        raise SyntaxProblem(error("unsupported-function", message, parser.span(parser.at), label="not supported"))
    parser.fail("expected an operator, `:IMPLIES:` or the end of the reality check")
