"""Left sides: what an equation defines, and which kind of equation it is.

In: the tokens of one equation. Out: a `LeftSide`; the parser then stands at the right side.

Invariant: the kind of an equation is decided here and nowhere else.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from simengine.language.vensim.expression import Parser
from simengine.language.vensim.lexer import END, NAME, NUMBER
from simengine.model.expression import Subscript
from simengine.model.lookup import Between
from simengine.source.file import Span
from simengine.source.names import Key


class Form(Enum):
    """The forms an equation takes."""

    EQUAL = "="
    UNCHANGEABLE = "=="
    DATA = ":="
    TEXT = ":IS:"
    LOOKUP = "("
    NOTHING = ""  # a data variable
    DIMENSION = ":"
    ALIAS = "<->"
    TEST_INPUT = ":TEST INPUT:"
    CONSTRAINT = ":THE CONDITION:"


@dataclass(frozen=True, slots=True)
class LeftSide:
    """Name, subscripts, exceptions and interpolation on a left side, and the form of the equation."""

    form: Form
    name: str
    key: Key
    name_span: Span
    span: Span
    subscripts: tuple[Subscript, ...] = ()
    exceptions: tuple[tuple[Subscript, ...], ...] = ()
    interpolation: Between | None = None


_INTERPOLATION = {
    ":RAW:": Between.RAW,
    ":INTERPOLATE:": Between.INTERPOLATE,
    ":LOOK FORWARD:": Between.FORWARD,
    ":HOLD BACKWARD:": Between.HOLD,
}
_FORMS = {
    "=": Form.EQUAL,
    "==": Form.UNCHANGEABLE,
    ":=": Form.DATA,
    ":IS:": Form.TEXT,
    ":": Form.DIMENSION,
    "<->": Form.ALIAS,
    ":TEST INPUT:": Form.TEST_INPUT,
    ":THE CONDITION:": Form.CONSTRAINT,
}


def parse_left(parser: Parser) -> LeftSide:
    """Parse the left side of an equation, up to and with its `=` or other mark."""
    first = parser.at
    name, key, name_span = _defined_name(parser)
    subscripts = parser.subscripts() if parser.kind == "[" else ()
    last = parser.at - 1
    exceptions: list[tuple[Subscript, ...]] = []
    interpolation: Between | None = None
    while True:
        kind = parser.kind
        if kind in _INTERPOLATION:
            interpolation = _INTERPOLATION[kind]
            parser.at += 1
        elif kind == ":EXCEPT:":
            parser.at += 1
            exceptions += _exceptions(parser)
        else:
            break
    span = parser.span(first, last)
    form = _FORMS.get(parser.kind)
    if form is not None:
        parser.at += 1
    elif parser.kind == "(":
        form = Form.LOOKUP
    elif parser.kind == END:
        form = Form.NOTHING
    else:
        parser.fail("expected `=`, `:` or `(` after the name being defined")
    return LeftSide(form, name, key, name_span, span, subscripts, tuple(exceptions), interpolation)


def _defined_name(parser: Parser) -> tuple[str, Key, Span]:
    if parser.kind == NUMBER and parser.ahead() != NAME:
        parser.fail("expected the name of a variable")
    return parser.element_name("the name of a variable")


def _exceptions(parser: Parser) -> list[tuple[Subscript, ...]]:
    out = []
    while True:
        if parser.kind != "[":
            parser.fail("expected `[` with the excepted elements")
        out.append(parser.subscripts())
        if not (parser.kind == "," and parser.ahead() == "["):
            return out
        parser.at += 1
