"""Expressions as XMILE text.

In: a tree. Out: text that reads back as the same tree.

Invariant: what XMILE has no words for is written as a vendor function, `vensim.NAME(...)`, which this
engine reads, or refused.
References: XMILE 1.0, 3.2.2 (identifiers, vendor names), 3.3 (expressions).
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import assert_never

from simengine.builtins.builtin import Builtin
from simengine.builtins.table_of_functions import BUILTINS, find_builtin
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
from simengine.source.names import Key, key_of

_PLAIN = re.compile(r"[^\W\d][\w$]*")
_ESCAPED = re.compile(r'(?:[^"\\]|\\.)*', re.DOTALL)
"""A name in which quotes and backslashes are escaped already (Vensim's names keep their escapes)."""
_MADE = re.compile(r".+:(?:(?P<part>\d+:\d+)|again(?: again)*)")
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
    >>> identifier("Room Temperature"), identifier("R&D"), identifier("if"), identifier("hares.births")
    ('Room_Temperature', '"R&D"', '"if"', '"hares.births"')

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


def spelling_of(builtin: Builtin, written: str, count: int) -> tuple[str, tuple[int, ...]] | None:
    """Return how a builtin is called in XMILE with so many arguments, and the order they are given in.

    The way it was written is kept where it means the same; what XMILE has not is spelt `vensim.NAME`.
    """
    key, vendor = key_of(written), written[:7].lower() == "vensim."
    dialect = Dialect.VENSIM if vendor else Dialect.XMILE
    found = find_builtin(dialect, key_of(written[7:]) if vendor else key, count)
    if found is not None and found[0] is builtin and found[1].least <= count <= found[1].most:
        return written.replace(" ", "_"), found[1].order
    for dialect, prefix in ((Dialect.XMILE, ""), (Dialect.VENSIM, "vensim.")):
        for spelling in builtin.spellings:
            if spelling.dialect is dialect and spelling.least <= count <= spelling.most:
                return prefix + spelling.name.replace(" ", "_"), spelling.order
    return None


@dataclass
class Phrases:
    """Writes the expressions of one model; tables inside equations become graphical functions of their own."""

    names: Mapping[Key, str]
    axes: Mapping[Key, tuple[Key, ...]]
    elements: Mapping[Key, str] = field(default_factory=dict)  # how an element is written where it is a number
    places: Mapping[Key, tuple[int, ...]] = field(default_factory=dict)  # of Vensim's subranges in the whole range
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
                left, right = (own + 1, own) if node.operator is Operator.POWER else (own, own + 1)
                text = f"{self.write(node.left, left)} {sign} {self.write(node.right, right)}"
                return f"({text})" if power > own else text
            case Call():
                return self._call(node, power)
            case LookupCall():
                return f"{self.reference(node.lookup)}({self.write(node.argument)})"
            case TableLiteral():
                name = f"{self.where} table {len(self.tables) + 1}"
                self.tables.append((name, node.table))
                return identifier(name)
            case ArrayLiteral():
                return "; ".join(", ".join(number(v) for v in row) for row in node.rows)
            case Text():
                quoted = node.value.replace("'", "''")
                return f"'{quoted}'"
        assert_never(node)

    def reference(self, node: Reference) -> str:
        """Return a variable, dimension or element by name, with its subscripts."""
        if not node.subscripts and node.key not in self.names and node.key in self.elements:
            return self.elements[node.key]
        name = identifier(self.names.get(node.key, node.name))
        if not node.subscripts:
            return self._place(node.key, name)
        axes = self.axes.get(node.key, ())
        parts = []
        for place, s in enumerate(node.subscripts):
            along = axes[place] if place < len(axes) else None
            parts.append(self._subscript(s, along))
        return f"{name}[{', '.join(parts)}]"

    def _place(self, key: Key, name: str) -> str:
        """Return a name; of a part of a dimension, what gives its elements' places in the whole, as Vensim counts."""
        places = self.places.get(key, ())
        if all(p == n for n, p in enumerate(places, 1)):
            return name
        steps = {p - n for n, p in enumerate(places, 1)}
        if len(steps) == 1:
            return f"({name} + {steps.pop()})"
        whole = tuple(float(n) for n in range(1, len(places) + 1))
        table = TableLiteral(Table(whole, tuple(float(p) for p in places)))
        return f"LOOKUP({self.write(table)}, {name})"

    def _subscript(self, s: Subscript | Position, along: Key | None) -> str:
        if isinstance(s, Position):
            text = self.write(s.index)
            return f"({text})" if isinstance(s.index, Number) else text
        made = _MADE.fullmatch(s.name)
        if made is not None:  # a dimension made while reading
            return made["part"] or "*"
        name = s.name
        if s.reduce:
            return "*" if s.key == along else f"*:{identifier(s.name)}"
        return name if name.isdecimal() else identifier(name)

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
            case "power":
                return self.write(Binary(Operator.POWER, arguments[0], arguments[1]), power)
            case "log":
                return self.write(Binary(Operator.DIVIDE, Call("ln", arguments[:1]), Call("ln", arguments[1:])), power)
            case "with_lookup":
                return f"LOOKUP({self.write(arguments[1])}, {self.write(arguments[0])})"
        builtin = BUILTINS.get(node.function)
        if builtin is None:
            if node.function == "broken":
                return self.refuse("an equation that could not be read")
            return f"{identifier(node.name or node.function)}({self._list(arguments)}{self._further(node)})"
        spelt = spelling_of(builtin, node.name, len(arguments))
        if spelt is None:
            return self.refuse(f"the function `{node.name or node.function}`")
        name, order = spelt
        given = [arguments[n] for n in order[: len(arguments)]] if order else arguments
        if builtin.id in {"elmcount", "size"} and isinstance(given[0], Reference) and not given[0].subscripts:
            return f"{name}({identifier(self.names.get(given[0].key, given[0].name))})"
        return f"{name}({self._list(given)}{self._further(node)})" if given or "." in name else name

    def _list(self, arguments: Iterable[Expression]) -> str:
        return ", ".join(self.write(a) for a in arguments)

    def _further(self, node: Call) -> str:
        """Return the further results of a macro or function, as our own reader takes them."""
        return f" : {self._list(node.outputs)}" if node.outputs else ""

    def refuse(self, what: str) -> str:
        """Say that XMILE has no words for something."""
        raise ModelError([error("cannot-write", f"XMILE has no words for {what}, used in `{self.where}`")])
