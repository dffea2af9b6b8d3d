"""Expressions: a Pratt parser from tokens to the tree.

In: the tokens of one equation and what names mean (macros, names of the model). Out: an `Expression`.
Functions are resolved here: to a builtin (by its id, arguments in canonical order), a macro, or else a
lookup applied to its argument.

Invariant: a `SyntaxProblem` with the exact place leaves the parser for any malformed input; nesting is bounded
by `DEEPEST`, so that no input exhausts the stack.
"""

from __future__ import annotations

import math
from collections.abc import Container, Mapping
from dataclasses import dataclass, field, replace
from typing import NoReturn

from simengine.builtins.builtin import Builtin, Kind, Spelling
from simengine.builtins.table_of_functions import macro_key, spelt
from simengine.language.vensim import function, table
from simengine.language.vensim.lexer import (
    BAD,
    END,
    NAME,
    NUMBER,
    STRING,
    SyntaxProblem,
    Token,
    plain_name,
    plain_string,
)
from simengine.model.definition import Dialect
from simengine.model.expression import (
    NOT_AVAILABLE,
    Binary,
    Call,
    Expression,
    LookupCall,
    Number,
    Operator,
    Reference,
    Sign,
    Subscript,
    TableLiteral,
    Text,
    Unary,
)
from simengine.source.diagnostic import Diagnostic, Label, error
from simengine.source.file import SourceFile, Span
from simengine.source.names import Key

DEEPEST = 120  # parentheses and calls within each other
_TOO_LARGE = math.inf
LONGEST = 600  # operators in a chain, each a level of the tree

# Vensim ref. "Operators": conventional precedence. That unary minus binds less than ^ (so that -3^2 is -9)
# is how Vensim computes, against the table on that page (SDEverywhere issue 569).
_OR, _AND, _NOT, _COMPARE, _ADD, _MULTIPLY, _SIGN, _POWER = range(1, 9)

_PREFIXES = frozenset({"-", "+", ":NOT:"})
_BINARY: dict[str, tuple[int, Operator]] = {
    ":OR:": (_OR, Operator.OR),
    ":AND:": (_AND, Operator.AND),
    "=": (_COMPARE, Operator.EQUAL),
    "<": (_COMPARE, Operator.LESS),
    ">": (_COMPARE, Operator.GREATER),
    "<=": (_COMPARE, Operator.LESS_EQUAL),
    ">=": (_COMPARE, Operator.GREATER_EQUAL),
    "<>": (_COMPARE, Operator.NOT_EQUAL),
    "+": (_ADD, Operator.ADD),
    "-": (_ADD, Operator.SUBTRACT),
    "*": (_MULTIPLY, Operator.MULTIPLY),
    "/": (_MULTIPLY, Operator.DIVIDE),
    "^": (_POWER, Operator.POWER),
}


@dataclass(frozen=True, slots=True)
class MacroHeader:
    """What a call needs to know of a macro."""

    name: str
    key: Key
    inputs: tuple[Reference, ...]
    outputs: tuple[Reference, ...]
    span: Span


@dataclass(slots=True)
class Scope:
    """What names mean where an expression stands."""

    known: Container[Key] = ()
    macros: Mapping[Key, MacroHeader] = field(default_factory=dict)
    inside_macro: bool = False
    locals: Container[Key] = ()  # a macro's own names: these may hide Time


class Parser:
    """Reads the tokens of one equation from left to right."""

    __slots__ = ("at", "depth", "file", "names", "problems", "scope", "text", "tokens", "whole")

    def __init__(self, file: SourceFile, tokens: list[Token], scope: Scope, names: dict[str, tuple[str, Key]]) -> None:
        self.file = file
        self.text = file.text
        self.tokens = tokens
        self.at = 0
        self.depth = 0
        self.scope = scope
        self.names = names  # texts of name tokens already understood
        self.problems: list[Diagnostic] = []  # errors that need not stop the parsing
        self.whole: list[Call] = []  # calls that may only stand as a whole right side

    # Tokens

    @property
    def kind(self) -> str:
        """Kind of the token to come."""
        return self.tokens[self.at][0]

    def ahead(self, count: int = 1) -> str:
        """Kind of a token further on."""
        at = self.at + count
        return self.tokens[at][0] if at < len(self.tokens) else END

    def span(self, first: int, last: int | None = None) -> Span:
        """Return the place of tokens number `first` to `last`."""
        return Span(self.file, self.tokens[first][1], self.tokens[first if last is None else last][2])

    def accept(self, kind: str) -> bool:
        """Step over the token if it is of this kind."""
        if self.tokens[self.at][0] == kind:
            self.at += 1
            return True
        return False

    def expect(self, kind: str, purpose: str) -> None:
        """Step over a token of this kind, or report that it is missing."""
        if self.tokens[self.at][0] != kind:
            self.fail(f"expected {purpose}")
        self.at += 1

    def fail(self, expected: str, code: str = "syntax") -> NoReturn:
        """Leave the equation: the token to come is not what was expected."""
        kind, start, end = self.tokens[self.at]
        if kind == END:
            where = self._behind_last()
            message = f"the equation ends where more is needed: {expected}"
            raise SyntaxProblem(error(code, message, where, label=expected))
        if kind == BAD:
            raise SyntaxProblem(self._unknown_character(start, end))
        shown = self.text[start:end] if end - start < 60 else self.text[start : start + 57] + "..."
        raise SyntaxProblem(
            error(
                code,
                f"`{' '.join(shown.split())}` is out of place: {expected}",
                Span(self.file, start, end),
                label=expected,
            )
        )

    def _behind_last(self) -> Span:
        end = self.tokens[self.at - 1][2] if self.at else self.tokens[self.at][1]
        return Span(self.file, max(end - 1, 0), end)

    def _unknown_character(self, start: int, end: int) -> Diagnostic:
        character = self.text[start:end]
        if character == '"':
            line = self.text.find("\n", start)
            stop = min(line if line >= 0 else len(self.text), self.tokens[-1][2])
            where = Span(self.file, start, max(stop, end))
            return error(
                "unterminated-quote", 'a name that opens with `"` is not closed on its line', where, label="opens here"
            )
        if character == "'":
            return error(
                "unterminated-quote",
                "a text that opens with `'` is not closed on its line",
                Span(self.file, start, end),
                label="opens here",
            )
        shown = character if character.isprintable() else f"U+{ord(character):04X}"
        message = f"`{shown}` means nothing in an equation"
        return error(
            "unknown-character",
            message,
            Span(self.file, start, end),
            help=['put quotes around a name that holds it: `"..."`'],
        )

    def name(self, at: int) -> tuple[str, Key]:
        """Return name and key of the name token number `at`."""
        _, start, end = self.tokens[at]
        text = self.text[start:end]
        found = self.names.get(text)
        if found is None:
            found = plain_name(text, self.scope.known)
            if not found[1].strip("_"):
                raise SyntaxProblem(
                    error("syntax", "a name is empty", Span(self.file, start, end), label="expected a name")
                )
            self.names[text] = found
        return found

    # Expressions

    def expression(self, floor: int = 0) -> Expression:
        """Parse an expression whose operators bind tighter than `floor`."""
        tokens = self.tokens
        first = self.at
        kind = tokens[first][0]
        left = self._prefixed(kind) if kind in _PREFIXES else self._primary()
        links = 0
        while True:
            found = _BINARY.get(tokens[self.at][0])
            if found is None or found[0] <= floor:
                return left
            level, operator = found
            self.at += 1
            links += 1
            if links > LONGEST:
                self._too_deep(first, f"more than {LONGEST} operators in a row")
            # unverified: Vensim's documents do not say how a^b^c groups; the grammar of xmutil, by one of
            # Vensim's authors, groups from the right.
            right = self._nested(level - 1) if level == _POWER else self.expression(level)
            if level == _COMPARE and _BINARY.get(tokens[self.at][0], (0,))[0] == _COMPARE:
                self.fail("a comparison cannot be compared again; join two with `:AND:`")
            left = Binary(operator, left, right, Span(self.file, tokens[first][1], tokens[self.at - 1][2]))

    def _nested(self, floor: int) -> Expression:
        """Parse a deeper expression, within bounds."""
        self.depth += 1
        if self.depth > DEEPEST:
            self._too_deep(self.at, f"nested deeper than {DEEPEST} levels")
        found = self.expression(floor)
        self.depth -= 1
        return found

    def _too_deep(self, at: int, what: str) -> NoReturn:
        message = f"the expression is {what}"
        raise SyntaxProblem(
            error("too-deep", message, self.span(at), label="too deep here", help=["split it into several variables"])
        )

    def _prefixed(self, kind: str) -> Expression:
        first = self.at
        self.at += 1
        if kind == "-" and self.kind == NUMBER and self.ahead() != "^":
            _, start, end = self.tokens[self.at]
            self.at += 1
            value = -float(self.text[start:end])
            if value == -_TOO_LARGE:
                self._overflow(start, end)
            return Number(value, Span(self.file, self.tokens[first][1], end))
        operand = self._nested(_NOT if kind == ":NOT:" else _SIGN)
        if kind == "+":
            return operand
        sign = Sign.NOT if kind == ":NOT:" else Sign.NEGATE
        return Unary(sign, operand, self.span(first, self.at - 1))

    def _primary(self) -> Expression:
        kind, start, end = self.tokens[self.at]
        if kind == NAME:
            return self._named()
        if kind == NUMBER:
            self.at += 1
            value = float(self.text[start:end])
            return Number(value, Span(self.file, start, end)) if value < _TOO_LARGE else self._overflow(start, end)
        if kind == "(":
            if table.begins_table(self):
                return self.table_in_parentheses()
            self.at += 1
            inside = self._nested(0)
            self._close(start)
            return inside
        if kind == ":NA:":
            self.at += 1
            return Number(NOT_AVAILABLE, Span(self.file, start, end))
        if kind != STRING:
            self.fail("expected a number, a name, a function or `(`", "missing-operand")
        self.at += 1
        return Text(plain_string(self.text[start:end]), Span(self.file, start, end))

    def _overflow(self, start: int, end: int) -> NoReturn:
        message = f"the number `{self.text[start:end][:60]}` is too large"
        raise SyntaxProblem(error("bad-number", message, Span(self.file, start, end), label="beyond 1.8e308"))

    def table_in_parentheses(self) -> TableLiteral:
        """Parse a lookup written in place, `([(0,0)-(1,1)],(0,0),(1,1))`."""
        first = self.at
        self.at += 1
        points = table.parse_points(self, first)
        self._close(self.tokens[first][1])
        return TableLiteral(points, self.span(first, self.at - 1))

    def _close(self, opened: int) -> None:
        """Step over `)`; where it is missing, point at the bracket that was opened too."""
        if self.tokens[self.at][0] == ")":
            self.at += 1
            return
        kind, start, end = self.tokens[self.at]
        if kind == BAD:
            self.fail("expected `)`")
        where = self._behind_last() if kind == END else Span(self.file, start, end)
        message = (
            "`(` is never closed"
            if kind == END
            else f"`{self.text[start:end][:60]}` is out of place: expected an operator or `)`"
        )
        opening = Label(Span(self.file, opened, opened + 1), "opened here")
        code = "unbalanced-parentheses" if kind == END else "stray-token"
        raise SyntaxProblem(error(code, message, where, label="expected `)`", others=[opening]))

    # Names, subscripts and calls

    def _named(self) -> Expression:
        at = self.at
        start, end = self.tokens[at][1], self.tokens[at][2]
        name, key = self.name(at)
        span = Span(self.file, start, end)
        self.at = at + 1
        follows = self.tokens[at + 1][0]
        if follows == "(":
            return self._call(name, key, span)
        if follows == "[":
            subscripts = self.subscripts()
            reference = Reference(name, key, subscripts, Span(self.file, start, self.tokens[self.at - 1][2]), span)
            return self._apply(reference) if self.tokens[self.at][0] == "(" else reference
        if key == "time" and key not in self.scope.locals:
            return Call("time", (), name, (), span, span)
        if self.scope.inside_macro and key[-1] == "$":
            special = function.GLOBAL_OF_MACRO.get(key)
            if special is not None:
                return Call(special, (), name, (), span, span)
        return Reference(name, key, (), span, span)

    def reference(self, purpose: str) -> Reference:
        """Parse a name with or without subscripts."""
        if self.kind != NAME:
            self.fail(f"expected {purpose}")
        first = self.at
        name, key = self.name(first)
        self.at += 1
        subscripts = self.subscripts() if self.kind == "[" else ()
        return Reference(name, key, subscripts, self.span(first, self.at - 1), self.span(first))

    def subscripts(self) -> tuple[Subscript, ...]:
        """Parse `[first, second!]`."""
        opened = self.at
        self.at += 1
        out = []
        while True:
            name, key, span = self.element_name("a dimension or element")
            out.append(Subscript(name, key, self.accept("!"), span))
            if self.accept(","):
                continue
            if self.accept("]"):
                return tuple(out)
            if self.kind == END:
                where, opening = self._behind_last(), Label(self.span(opened), "opened here")
                raise SyntaxProblem(
                    error(
                        "unbalanced-parentheses", "`[` is never closed", where, label="expected `]`", others=[opening]
                    )
                )
            self.fail("expected `,` or `]`")

    def element_name(self, purpose: str) -> tuple[str, Key, Span]:
        """Parse the name of a dimension or element; here a name may also begin with a digit."""
        first = self.at
        if self.kind == NAME:
            self.at += 1
            return (*self.name(first), self.span(first))
        if self.kind != NUMBER:
            self.fail(f"expected {purpose}")
        self.at += 1
        while self.kind in (NAME, NUMBER) and self.text[self.tokens[self.at - 1][2] : self.tokens[self.at][1]] in (
            "",
            " ",
        ):
            self.at += 1
        span = self.span(first, self.at - 1)
        return (*plain_name(span.text), span)

    def _apply(self, lookup: Reference) -> Expression:
        """Parse the argument of a lookup: the `(` is to come."""
        opened = self.tokens[self.at][1]
        first = lookup.span
        self.at += 1
        argument = self._nested(0)
        if self.kind == ",":
            if lookup.key in self.scope.known or lookup.key in self.scope.locals:
                message = f"`{lookup.name}` is a lookup: it takes one argument"
                raise SyntaxProblem(error("wrong-argument-count", message, lookup.name_span, label="given more"))
            message = f"no function or macro is called `{lookup.name}`"
            helps = function.nearest_function(lookup.name, self.scope.macros)
            raise SyntaxProblem(
                error("unknown-function", message, lookup.name_span, label="not a known function", help=helps)
            )
        self._close(opened)
        assert first is not None
        return LookupCall(lookup, argument, Span(self.file, first.start, self.tokens[self.at - 1][2]))

    def _call(self, name: str, key: Key, name_span: Span) -> Expression:
        """Parse what follows the name of a function, macro or lookup: the `(` is to come."""
        macro = self.scope.macros.get(key)
        candidates = spelt(Dialect.VENSIM).get(key) if macro is None else None
        if macro is None and candidates is None:
            if key == "a_function_of":
                raise SyntaxProblem(function.incomplete(name_span))
            if key == "tabbed_array":
                return table.parse_tabbed_array(self, name_span)
            if self.ahead() == ")":
                raise SyntaxProblem(function.unknown(name, name_span, self.scope.macros))
            return self._apply(Reference(name, key, (), name_span, name_span))
        opened = self.tokens[self.at][1]
        arguments = self._arguments()
        further = macro is not None or (candidates is not None and candidates[0][0].outputs > 0)
        outputs = self._outputs() if further and self.kind == ":" else ()
        self._close(opened)
        span = Span(self.file, name_span.start, self.tokens[self.at - 1][2])
        if macro is not None:
            wrong = function.check_macro(macro, len(arguments), len(outputs), span)
            if wrong is not None:
                self.problems.append(wrong)
            return Call(macro_key(key), arguments, name, outputs, span, name_span)
        assert candidates is not None
        call = self._builtin(name, candidates, arguments, span, name_span)
        wrong = function.check_outputs(name, candidates[0][0].outputs, len(outputs), span)
        if wrong is not None:
            self.problems.append(wrong)
        return replace(call, outputs=outputs) if outputs else call

    def _builtin(
        self,
        name: str,
        candidates: tuple[tuple[Builtin, Spelling], ...],
        arguments: tuple[Expression, ...],
        span: Span,
        name_span: Span,
    ) -> Call:
        builtin, spelling = function.choose(candidates, len(arguments))
        if builtin.kind is Kind.UNSUPPORTED:
            self.problems.append(function.unsupported(builtin, name, name_span))
        elif not spelling.least <= len(arguments) <= spelling.most:
            self.problems.append(function.wrong_count(name, candidates, len(arguments), span))
        elif spelling.order:
            arguments = function.to_canonical(arguments, spelling)
        call = Call(builtin.id, arguments, name, (), span, name_span)
        if builtin.kind is Kind.WHOLE:
            self.whole.append(call)
        return call

    def _arguments(self) -> tuple[Expression, ...]:
        self.at += 1
        if self.kind == ")":
            return ()
        out = [self._nested(0)]
        while self.accept(","):
            out.append(self._nested(0))
        return tuple(out)

    def _outputs(self) -> tuple[Reference, ...]:
        self.at += 1
        out = [self.reference("the name of an output")]
        while self.accept(","):
            out.append(self.reference("the name of an output"))
        return tuple(out)

    def right_side(self) -> Expression:
        """Parse a whole right side: an expression, or a list of numbers; nothing may follow it."""
        first = self.at
        found = self.expression()
        if self.kind in (",", ";") and isinstance(found, Number):
            found = table.parse_rows(self, first, found)
        if self.kind != END:
            self._stray()
        for call in self.whole:
            if call is not found:
                self.problems.append(function.not_whole(call))
        return found

    def _stray(self) -> NoReturn:
        if self.kind == ")":
            message = "`)` closes nothing"
            raise SyntaxProblem(error("unbalanced-parentheses", message, self.span(self.at), label="no `(` before it"))
        self.fail("expected an operator, or the end of the equation with `~` or `|`", "stray-token")
