"""Expressions as XMILE text.

In: a tree. Out: text that reads back as the same tree.

Invariant: what XMILE has no words for is written as a vendor function, `vensim.NAME(...)`, which this
engine reads, or refused.
References: XMILE 1.0, 3.2.2 (identifiers, vendor names), 3.3 (expressions).
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import assert_never

from simengine.builtins.table_of_functions import BUILTINS
from simengine.model.definition import Dialect
from simengine.model.expression import (
    NOT_AVAILABLE,
    ArrayLiteral,
    Binary,
    Call,
    Expression,
    LookupCall,
    Number,
    Operator,
    Position,
    Reference,
    Sign,
    Subscript,
    TableLiteral,
    Text,
    Unary,
)
from simengine.model.lookup import Table
from simengine.source.diagnostic import ModelError, error
from simengine.source.names import Key

_PLAIN = re.compile(r"[^\W\d]\w*(?:\.[^\W\d]\w*)*")
_ESCAPED = re.compile(r'(?:[^"\\]|\\.)*', re.DOTALL)
"""A name in which quotes and backslashes are escaped already (Vensim's names keep their escapes)."""
_WORDS = frozenset({"if", "then", "else", "and", "or", "not", "mod", "nan", "self"})

POWERS: dict[Operator, int] = {
    Operator.OR: 1,
    Operator.AND: 2,
    Operator.EQUAL: 4,
    Operator.NOT_EQUAL: 4,
    Operator.LESS: 5,
    Operator.LESS_EQUAL: 5,
    Operator.GREATER: 5,
    Operator.GREATER_EQUAL: 5,
    Operator.ADD: 6,
    Operator.SUBTRACT: 6,
    Operator.MULTIPLY: 7,
    Operator.DIVIDE: 7,
    Operator.POWER: 9,
}
SIGNS = {Operator.AND: "AND", Operator.OR: "OR"}
_UNARY, _HIGHEST = 8, 10


def identifier(name: str) -> str:
    """Return a name as it stands in an equation.

    Examples
    --------
    >>> identifier("Room Temperature"), identifier("R&D"), identifier("if")
    ('Room_Temperature', '"R&D"', '"if"')

    """
    joined = re.sub(r"[\s\u00a0]+", "_", name.strip())
    if _PLAIN.fullmatch(joined) and joined.lower() not in _WORDS:
        return joined
    if not _ESCAPED.fullmatch(name):
        name = name.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{name}"'


def number(value: float) -> str:
    """Return a number that reads back as the same bits."""
    if math.isnan(value):
        return "NAN"
    if math.isinf(value):
        return "INF" if value > 0 else "-INF"
    if value == int(value) and abs(value) < 1e15:
        return str(int(value)) if math.copysign(1.0, value) > 0 or value else "-0"
    return repr(value)


@dataclass
class Phrases:
    """Writes the expressions of one model; tables inside equations become graphical functions of their own."""

    names: Mapping[Key, str]
    axes: Mapping[Key, tuple[Key, ...]]
    where: str = ""
    tables: list[tuple[str, Table]] = field(default_factory=list)

    def write(self, node: Expression, power: int = 0) -> str:
        """Return the text of an expression, in parentheses where it binds less than `power`."""
        match node:
            case Number():
                text = number(NOT_AVAILABLE if node.value == NOT_AVAILABLE else node.value)
                return f"({text})" if text.startswith("-") and power > _UNARY else text
            case Reference():
                return self.reference(node)
            case Unary():
                sign = "-" if node.sign is Sign.NEGATE else "NOT "
                text = sign + self.write(node.operand, _UNARY)
                return f"({text})" if power > _UNARY else text
            case Binary():
                own = POWERS[node.operator]
                sign = SIGNS.get(node.operator, node.operator.value)
                text = f"{self.write(node.left, own)} {sign} {self.write(node.right, own + 1)}"
                return f"({text})" if power > own else text
            case Call():
                return self._call(node, power)
            case LookupCall():
                if isinstance(node.lookup, Reference):
                    return f"LOOKUP({self.reference(node.lookup)}, {self.write(node.argument)})"
                return self._refuse("a lookup of its own kind")
            case TableLiteral():
                name = f"{self.where} table {len(self.tables) + 1}"
                self.tables.append((name, node.table))
                return identifier(name)
            case ArrayLiteral():
                return "; ".join(", ".join(number(v) for v in row) for row in node.rows)
            case Text():
                return self._refuse(f"the text '{node.value}'")
        assert_never(node)

    def reference(self, node: Reference) -> str:
        """Return a variable, dimension or element by name, with its subscripts."""
        name = identifier(self.names.get(node.key, node.name))
        if not node.subscripts:
            return name
        axes = self.axes.get(node.key, ())
        parts = []
        for place, s in enumerate(node.subscripts):
            along = axes[place] if place < len(axes) else None
            parts.append(self._subscript(s, along))
        return f"{name}[{', '.join(parts)}]"

    def _subscript(self, s: Subscript | Position, along: Key | None) -> str:
        if isinstance(s, Position):
            text = self.write(s.index)
            return f"({text})" if isinstance(s.index, Number) else text
        if s.reduce:
            return "*" if s.key == along else f"*:{identifier(s.name)}"
        return s.name if s.name.isdigit() else identifier(s.name)

    def _call(self, node: Call, power: int) -> str:
        arguments = node.arguments
        match node.function:
            case "if":
                condition, then, otherwise = (self.write(a) for a in arguments)
                text = f"IF {condition} THEN {then} ELSE {otherwise}"
                return f"({text})"
            case "mod" if len(arguments) == 2:
                text = f"{self.write(arguments[0], 7)} MOD {self.write(arguments[1], 8)}"
                return f"({text})" if power > 7 else text
            case "time" | "dt" | "starttime" | "stoptime" | "pi" | "inf" if not arguments:
                return node.function.upper()
            case "power":
                return self.write(Binary(Operator.POWER, arguments[0], arguments[1]), power)
            case "log":
                return self.write(Binary(Operator.DIVIDE, Call("ln", arguments[:1]), Call("ln", arguments[1:])), power)
            case "zidz":
                pass
            case "with_lookup":
                return f"LOOKUP({self.write(arguments[1])}, {self.write(arguments[0])})"
        builtin = BUILTINS.get(node.function)
        if builtin is None:
            if node.outputs:
                return self._refuse(f"the macro `{node.name}` with several results")
            return f"{identifier(node.name or node.function)}({', '.join(self.write(a) for a in arguments)})"
        for dialect, prefix in ((Dialect.XMILE, ""), (Dialect.VENSIM, "vensim.")):
            for spelling in builtin.spellings:
                if spelling.dialect is dialect and spelling.least <= len(arguments) <= spelling.most:
                    given = [arguments[n] for n in spelling.order[: len(arguments)]] if spelling.order else arguments
                    name = prefix + spelling.name.replace(" ", "_")
                    return name if not given else f"{name}({', '.join(self.write(a) for a in given)})"
        return self._refuse(f"the function `{node.name or node.function}`")

    def _refuse(self, what: str) -> str:
        raise ModelError([error("cannot-write", f"XMILE has no words for {what}, used in `{self.where}`")])
