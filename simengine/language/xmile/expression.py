"""XMILE equations: lexer and parser.

In: the text of an equation, with its places. Out: a tree of `Raw` references and the common nodes; names are
not yet looked up.

The result is the common expression tree, where `Reference.subscripts` may still hold `Star`, `Slice` and
names that mean elements or variables: `arrays` makes them explicit.

Invariant: parsing never raises to its caller: (tree or None, diagnostics).
References: XMILE 1.0, 3.3 (operators and precedence), 3.2.2 (identifiers), 3.7.1 (arrays).
"""

from __future__ import annotations

import math
import re
from typing import NamedTuple

from simengine.language.xmile.document import Text
from simengine.model.expression import (
    Binary,
    Call,
    Expression,
    Number,
    Operator,
    Position,
    Reference,
    Sign,
    Subscript,
    Unary,
)
from simengine.model.expression import Text as Literal
from simengine.source.diagnostic import Diagnostic, error
from simengine.source.file import Span
from simengine.source.names import key_of

DEEPEST = 100
LONGEST = 600
"""Operators in a row: each is a level of the tree."""

_TOKEN = re.compile(
    r"""(?P<blank>[\s\u00a0]+|\{[^}]*\})
    |(?P<number>(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?)
    |(?P<quoted>"(?:\\.|[^"\\])*"(?:\.(?:"(?:\\.|[^"\\])*"|[^\W\d][\w$\u00a0]*))*)
    |(?P<name>\.?[^\W\d][\w$\u00a0]*(?:\.(?:"(?:\\.|[^"\\])*"|\w[\w$\u00a0]*))*)
    |(?P<text>(?<=[(,\s])'(?:[^'\n]|'')*')
    |(?P<sign><>|<=|>=|!=|&&|\|\||//|[-+*/^()\[\],:=<>';!%?~@])""",
    re.VERBOSE | re.DOTALL,
)

STAR = "*"
"""Name of the subscript that stands for a whole dimension."""


class Token(NamedTuple):
    """A token: its kind, text (words of the language in lower case), and place in the file."""

    kind: str
    text: str
    start: int
    end: int


class _Stop(Exception):
    """The equation cannot be read further; the diagnostic is kept."""


_BINARY: dict[str, tuple[int, Operator | str]] = {
    "or": (1, Operator.OR),
    "||": (1, Operator.OR),
    "and": (2, Operator.AND),
    "&&": (2, Operator.AND),
    "=": (4, Operator.EQUAL),
    "<>": (4, Operator.NOT_EQUAL),
    "!=": (4, Operator.NOT_EQUAL),
    "<": (5, Operator.LESS),
    "<=": (5, Operator.LESS_EQUAL),
    ">": (5, Operator.GREATER),
    ">=": (5, Operator.GREATER_EQUAL),
    "+": (6, Operator.ADD),
    "-": (6, Operator.SUBTRACT),
    "*": (7, Operator.MULTIPLY),
    "/": (7, Operator.DIVIDE),
    "//": (7, "safediv"),  # Stella help, "Arithmetic operators": division that gives 0 where the divisor is 0
    "mod": (7, "mod"),
    "^": (9, Operator.POWER),
}
# XMILE 1.0, 3.3.1: NOT stands with the unary signs, before * and /; all but ^ and the signs group from the left
_SIGN = 8
_WORDS = frozenset({"if", "then", "else", "and", "or", "not", "mod"})


def tokenize(text: Text) -> tuple[list[Token], int | None]:
    """Return the tokens of an equation, and the place in the text of the first character none can begin with."""
    tokens: list[Token] = []
    value, pieces = text.value, text.pieces()
    at, length, match = 0, len(value), _TOKEN.match
    piece, base, following = 0, 0, 0  # the next piece; what to add to a place to find it in the file, up to which place
    while at < length:
        found = match(value, at)
        if found is None:
            return tokens, at
        kind, end = found.lastgroup or "", found.end()
        if kind != "blank":
            word = value[at:end]
            if kind == "name" and len(word) < 5 and word.lower() in _WORDS:
                kind, word = "word", word.lower()
            while at >= following:
                start, offset = pieces[piece]
                piece += 1
                base, following = offset - start, pieces[piece][0] if piece < len(pieces) else length
            last = end + base if end <= following else text.offset(end - 1) + 1
            tokens.append(Token(kind, word, at + base, last))
        at = end
    return tokens, None


def without_comments(text: str) -> str:
    """Return an equation without its comments and the blanks around it."""
    kept, at = [], 0
    begin = text.find("{")
    while begin >= 0:
        end = text.find("}", begin)
        if end < 0:
            break
        kept.append(text[at:begin])
        at = end + 1
        begin = text.find("{", at)
    return " ".join([*kept, text[at:]]).strip()


class Parser:
    """Parses one equation."""

    def __init__(self, text: Text, what: str) -> None:
        self.text = text
        self.what = what
        self.file = text.file
        self.tokens, bad = tokenize(text)
        self.at = 0
        self.depth = 0
        self.problems: list[Diagnostic] = []
        if bad is not None:
            self.tokens = []
            self._report_character(bad)

    def parse(self) -> Expression | None:
        """Return the tree, or None where the text is no equation."""
        if self.problems:
            return None
        try:
            tree = self.expression(0)
            if self.at < len(self.tokens):
                token = self.tokens[self.at]
                self._fail("unexpected-token", f"`{token.text}` is not expected here", "an operator, or the end")
        except _Stop:
            return None
        return tree

    # tokens

    def peek(self) -> str:
        """Return the text of the next token; empty at the end."""
        return self.tokens[self.at].text if self.at < len(self.tokens) else ""

    def take(self) -> Token:
        """Return the next token and move on."""
        token = self.tokens[self.at]
        self.at += 1
        return token

    def expect(self, sign: str, what: str) -> Token:
        """Take a sign, or say that it was expected."""
        if self.peek() != sign:
            self._fail("missing-token", f"`{sign}` is missing {what}", f"`{sign}`")
        return self.take()

    def span(self, start: int, end: int) -> Span:
        """Return the span between two places of the file."""
        return Span(self.file, start, end)

    def _report(self, code: str, message: str, start: int, end: int, label: str = "") -> None:
        self.problems.append(error(code, f"{message} (in {self.what})", self.span(start, end), label=label))

    def _report_character(self, bad: int) -> None:
        found, at = self.text.value[bad], self.text.offset(bad)
        if found == "{":
            self._report("unterminated-comment", "this comment is never closed", at, at + 1, "expected a `}` to come")
        elif found == '"':
            self._report("unterminated-quote", "this quoted name is never closed", at, at + 1, 'expected a `"` to come')
        else:
            self._report("unexpected-character", f"`{found}` has no meaning in an equation", at, at + 1)

    def _fail(self, code: str, message: str, expected: str) -> None:
        if self.at < len(self.tokens):
            token = self.tokens[self.at]
            self._report(code, message, token.start, token.end, f"expected {expected}")
        else:
            end = max(1, len(self.text.value.rstrip()))
            at = self.text.offset(end - 1)
            self._report(code, message, at, at + 1, f"expected {expected} after this")
        raise _Stop

    def _end(self) -> int:
        return self.tokens[self.at - 1].end

    # expressions

    def expression(self, power: int) -> Expression:
        """Return an expression whose operators bind at least as strongly as `power`."""
        self.depth += 1
        if self.depth > DEEPEST:
            self._fail("too-deep", f"parentheses are nested more than {DEEPEST} deep", "a simpler equation")
        start = self.tokens[self.at].start if self.at < len(self.tokens) else 0
        left = self.prefix()
        count = 0
        while True:
            sign = self.peek()
            found = _BINARY.get(sign)
            if found is None or found[0] < power:
                break
            strength, operator = found
            count += 1
            if count > LONGEST:
                self._fail("too-deep", f"more than {LONGEST} operators stand in a row", "a simpler equation")
            self.take()
            right = self.expression(strength if sign == "^" else strength + 1)
            span = self.span(start, self._end())
            if isinstance(operator, Operator):
                left = Binary(operator, left, right, span)
            else:
                left = Call(operator, (left, right), operator.upper(), span=span)
        self.depth -= 1
        return left

    def prefix(self) -> Expression:
        """Return an operand, with the signs before it."""
        sign = self.peek()
        if sign == "":
            self._fail("missing-operand", "the equation ends where a value is needed", "a number, name or parenthesis")
        token = self.take()
        match sign:
            case "-" | "+":
                operand = self.expression(_SIGN)
                span = self.span(token.start, self._end())
                if sign == "+":
                    return operand
                if isinstance(operand, Number):
                    return operand if math.isnan(operand.value) else Number(-operand.value, span)
                return Unary(Sign.NEGATE, operand, span)
            case "not" | "!":
                operand = self.expression(_SIGN)
                return Unary(Sign.NOT, operand, self.span(token.start, self._end()))
            case "(":
                inner = self.expression(0)
                self.expect(")", "to close the parenthesis")
                return inner
            case "if":
                return self._conditional(token)
        if token.kind == "number":
            return self._number(token)
        if token.kind == "text":
            return Literal(token.text[1:-1].replace("''", "'"), self.span(token.start, token.end))
        if token.kind in {"name", "quoted"}:
            return self._named(token)
        self.at -= 1
        self._fail("missing-operand", f"`{token.text}` stands where a value is needed", "a number, name or parenthesis")
        raise AssertionError

    def _number(self, token: Token) -> Expression:
        value = float(token.text)
        if math.isinf(value):
            self._report("bad-number", f"`{token.text}` is too large a number", token.start, token.end)
            raise _Stop
        return Number(value, self.span(token.start, token.end))

    def _conditional(self, token: Token) -> Expression:
        condition = self.expression(0)
        self.expect("then", "after the condition of IF")
        then = self.expression(0)
        self.expect("else", "after the value of THEN")
        otherwise = self.expression(0)
        span = self.span(token.start, self._end())
        return Call("if", (condition, then, otherwise), "IF THEN ELSE", span=span)

    def _named(self, token: Token) -> Expression:
        name, name_span = token.text, Span(self.file, token.start, token.end)
        if self.at < len(self.tokens) and self.tokens[self.at].kind == "name":
            name, name_span = self._long_name(token)
        if token.kind == "quoted" and not name.strip('" _\\'):
            self.at -= 1
            self._fail("missing-operand", "a name in quotes is empty", "a name")
        key = key_of(name)
        if token.kind == "quoted" and name.count('"') == 2 and "\\" not in name and "." not in name:
            name = name[1:-1]
        if key == "nan" and token.kind == "name" and self.peek() not in {"(", "["}:
            return Number(math.nan, name_span)
        if key == "nan" and token.kind == "name" and self.peek() == "(":
            # what Stella writes for a variable of a causal diagram that has no equation yet
            message = "the equation is not written yet: `NAN(...)` only lists what it will depend on"
            self._report("incomplete-equation", message, token.start, token.end, "to be replaced by an expression")
            raise _Stop
        subscripts: tuple[Subscript | Position, ...] = ()
        if self.peek() == "[":
            subscripts = self._subscripts()
        if self.peek() == "(":
            arguments = self._arguments()
            further = self._outputs()
            called = Reference(name, key, subscripts, name_span, name_span)
            span = self.span(token.start, self._end())
            return Call(key, arguments, name, (called, *further), span, name_span)
        if self.peek() == "'":
            self._fail("unsupported-feature", "transposed arrays (`'`) are not supported", "an operator, or the end")
        return Reference(name, key, subscripts, self.span(token.start, self._end()), name_span)

    def _long_name(self, token: Token) -> tuple[str, Span]:
        """Return a function's name of several words, as converters write: `EXPRESSION MACRO(...)`."""
        end = self.at
        while end < len(self.tokens) and self.tokens[end].kind == "name":
            end += 1
        if end > self.at and end < len(self.tokens) and self.tokens[end].text == "(":
            words = [token, *self.tokens[self.at : end]]
            self.at = end
            return "_".join(w.text for w in words), self.span(token.start, words[-1].end)
        return token.text, self.span(token.start, token.end)

    def _arguments(self) -> tuple[Expression, ...]:
        self.take()
        out: list[Expression] = []
        if self.peek() == ")":
            self.take()
            return ()
        while True:
            out.append(self.expression(0))
            if self.peek() == ",":
                self.take()
                continue
            if self.peek() != ":":
                self.expect(")", "to close the arguments")
            return tuple(out)

    def _outputs(self) -> tuple[Reference, ...]:
        """Return the further results of a macro of Vensim's, `f(x : second, third)`, which our own writer keeps."""
        out: list[Reference] = []
        while self.peek() in {":", ","} and self.tokens[self.at - 1].text != ")":
            self.take()
            part = self.prefix()
            if not isinstance(part, Reference):
                self._fail("missing-operand", "a further result of a macro must be a name", "a name")
            else:
                out.append(part)
            if self.peek() == ")":
                self.take()
        return tuple(out)

    def _subscripts(self) -> tuple[Subscript | Position, ...]:
        self.take()
        out: list[Subscript | Position] = []
        while True:
            out.append(self._subscript())
            if self.peek() == ",":
                self.take()
                continue
            self.expect("]", "to close the subscripts")
            return tuple(out)

    def _subscript(self) -> Subscript | Position:
        start = self.tokens[self.at].start if self.at < len(self.tokens) else 0
        if self.peek() == "*":
            self.take()
            if self.peek() != ":":
                return Subscript(STAR, key_of(STAR), reduce=True, span=self.span(start, self._end()))
            self.take()  # `*:Sub` runs over a part of the dimension (Stella)
            part = self.prefix()
            if not isinstance(part, Reference) or part.subscripts:
                self._fail("bad-subscript", "`*:` needs the name of a dimension", "a dimension")
                raise AssertionError
            return Subscript(part.name, part.key, reduce=True, span=self.span(start, self._end()))
        index = self.expression(0)
        if self.peek() == ":":
            self.take()
            last = self.expression(0)
            span = self.span(start, self._end())
            return Position(Call(":", (index, last), ":", span=span), span)
        span = self.span(start, self._end())
        if isinstance(index, Reference) and not index.subscripts:
            return Subscript(index.name, index.key, span=span)
        return Position(index, span)
