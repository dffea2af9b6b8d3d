"""The expression tree: a closed union of immutable nodes, one for both dialects.

Invariant: every node carries the span it was read from; nodes compare by value, spans aside.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from enum import Enum
from typing import TypeAlias, assert_never

from simengine.model.lookup import Table
from simengine.source.file import Span
from simengine.source.names import Key, key_of

NOT_AVAILABLE = -(2.0**109)  # Vensim ref. ":NA:": missing data is the number -2^109


class Operator(Enum):
    """Binary operators; the value is the sign Vensim writes."""

    ADD = "+"
    SUBTRACT = "-"
    MULTIPLY = "*"
    DIVIDE = "/"
    POWER = "^"
    LESS = "<"
    LESS_EQUAL = "<="
    GREATER = ">"
    GREATER_EQUAL = ">="
    EQUAL = "="
    NOT_EQUAL = "<>"
    AND = ":AND:"
    OR = ":OR:"


class Sign(Enum):
    """Unary operators."""

    NEGATE = "-"
    NOT = ":NOT:"


def _span() -> Span | None:
    return field(default=None, compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class Number:
    """A literal number; `NOT_AVAILABLE` is how `:NA:` reads."""

    value: float
    span: Span | None = _span()


@dataclass(frozen=True, slots=True)
class Text:
    """A literal string, as in 'data.xlsx'."""

    value: str
    span: Span | None = _span()


@dataclass(frozen=True, slots=True)
class Subscript:
    """A dimension or element inside brackets; `reduce` is Vensim's `!`: run over all its elements."""

    name: str
    key: Key
    reduce: bool = False
    span: Span | None = _span()


@dataclass(frozen=True, slots=True)
class Position:
    """A computed subscript (XMILE): the position, from 1, in the dimension of the array at that place."""

    index: Expression
    span: Span | None = _span()


Index: TypeAlias = "Subscript | Position"


@dataclass(frozen=True, slots=True)
class Reference:
    """A variable by name, with subscripts; also a dimension or element used as its position (from 1)."""

    name: str
    key: Key
    subscripts: tuple[Index, ...] = ()
    span: Span | None = _span()
    name_span: Span | None = _span()


@dataclass(frozen=True, slots=True)
class Unary:
    """A sign before an operand."""

    sign: Sign
    operand: Expression
    span: Span | None = _span()


@dataclass(frozen=True, slots=True)
class Binary:
    """Two operands around an operator."""

    operator: Operator
    left: Expression
    right: Expression
    span: Span | None = _span()


@dataclass(frozen=True, slots=True)
class Call:
    """A builtin (`function` is its id in `simengine.builtins`) or macro (`function` is its key), with arguments.

    `name` is as written. `outputs` are the further results of a Vensim macro: `f(x : second, third)`.
    """

    function: str
    arguments: tuple[Expression, ...]
    name: str = ""
    outputs: tuple[Reference, ...] = ()
    span: Span | None = _span()
    name_span: Span | None = _span()


@dataclass(frozen=True, slots=True)
class LookupCall:
    """A named lookup (or data variable) applied as a function: `effect of price(price)`."""

    lookup: Reference
    argument: Expression
    span: Span | None = _span()


@dataclass(frozen=True, slots=True)
class TableLiteral:
    """A lookup written in place."""

    table: Table
    span: Span | None = _span()


@dataclass(frozen=True, slots=True)
class ArrayLiteral:
    """A constant array: rows (of the last dimension) of numbers, in order of the left side's elements.

    Vensim: `1,2,3;4,5,6;`. More than two dimensions repeat the rows over the leading ones, last fastest.
    """

    rows: tuple[tuple[float, ...], ...]
    tabbed: bool = False
    span: Span | None = _span()


Expression: TypeAlias = Number | Text | Reference | Unary | Binary | Call | LookupCall | TableLiteral | ArrayLiteral


def children(node: Expression) -> tuple[Expression, ...]:
    """Return the direct sub-expressions of a node (those inside subscripts too), in order of writing."""
    match node:
        case Number() | Text() | TableLiteral() | ArrayLiteral():
            return ()
        case Reference():
            return tuple(s.index for s in node.subscripts if isinstance(s, Position))
        case Unary():
            return (node.operand,)
        case Binary():
            return (node.left, node.right)
        case Call():
            return node.arguments
        case LookupCall():
            return (node.lookup, node.argument)
    assert_never(node)


def walk(node: Expression) -> Iterator[Expression]:
    """Yield the node and everything below it, parents first."""
    stack = [node]
    while stack:
        node = stack.pop()
        yield node
        stack.extend(reversed(children(node)))


def rewrite(node: Expression, change: Callable[[Expression], Expression | None]) -> Expression:
    """Return the tree with `change` applied from the leaves up; where it gives None the node stays."""
    match node:
        case Number() | Text() | TableLiteral() | ArrayLiteral():
            new: Expression = node
        case Reference():
            new = node
            if any(isinstance(s, Position) for s in node.subscripts):
                new = replace(node, subscripts=tuple(_rewrite_index(s, change) for s in node.subscripts))
        case Unary():
            operand = rewrite(node.operand, change)
            new = node if operand is node.operand else Unary(node.sign, operand, node.span)
        case Binary():
            left, right = rewrite(node.left, change), rewrite(node.right, change)
            same = left is node.left and right is node.right
            new = node if same else Binary(node.operator, left, right, node.span)
        case Call():
            arguments = tuple(rewrite(a, change) for a in node.arguments)
            same = all(a is b for a, b in zip(arguments, node.arguments, strict=True))
            new = node if same else replace(node, arguments=arguments)
        case LookupCall():
            lookup, argument = rewrite(node.lookup, change), rewrite(node.argument, change)
            if isinstance(lookup, Reference):
                same = lookup is node.lookup and argument is node.argument
                new = node if same else LookupCall(lookup, argument, node.span)
            else:  # a macro's parameter stood for a table written in place
                new = Call("with_lookup", (argument, lookup), "WITH LOOKUP", span=node.span)
        case _:
            assert_never(node)
    changed = change(new)
    return new if changed is None else changed


def _rewrite_index(index: Index, change: Callable[[Expression], Expression | None]) -> Index:
    return Position(rewrite(index.index, change), index.span) if isinstance(index, Position) else index


# Builders: what tests and rewriting passes write trees with.


def number(value: float) -> Number:
    """Return a literal."""
    return Number(float(value))


def subscript(name: str) -> Subscript:
    """Return a subscript; a name that ends in `!` runs over its elements."""
    plain = name.removesuffix("!").strip()
    return Subscript(plain, key_of(plain), name.endswith("!"))


def ref(name: str, *subscripts: str | Index) -> Reference:
    """Return a reference: `ref("heat", "district", "year!")`."""
    return Reference(name, key_of(name), tuple(subscript(s) if isinstance(s, str) else s for s in subscripts))


def call(function: str, *arguments: Expression) -> Call:
    """Return a call of the builtin with id `function`."""
    return Call(function, arguments, function)


def binary(operator: Operator, left: Expression, right: Expression) -> Binary:
    """Return two operands around an operator."""
    return Binary(operator, left, right)
