"""Values that must be known before a program has its shape: orders of delays.

In: an expression. Out: its value at the start time for each element of the left side, if it follows from
constants and the clock alone. (Vensim ref. "DELAY N": the order is read once, at the start.)

Invariant: the constants it was computed from are reported, so that setting one means compiling anew.
"""

from __future__ import annotations

import math
import operator
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from simengine.check.symbols import Symbols
from simengine.model.expression import (
    ArrayLiteral,
    Binary,
    Call,
    Expression,
    Number,
    Operator,
    Reference,
    Sign,
    Subscript,
    Unary,
)
from simengine.model.variable import Variable
from simengine.source.names import Key

_ARITHMETIC: dict[Operator, Callable[[float, float], float]] = {
    Operator.ADD: operator.add,
    Operator.SUBTRACT: operator.sub,
    Operator.MULTIPLY: operator.mul,
    Operator.DIVIDE: operator.truediv,
}

_ROUNDING_ERROR = 1e-9

_ROUNDING: dict[str, Callable[[float], float]] = {
    "trunc": math.trunc,
    "floor": math.floor,
    "round": lambda x: math.floor(x + 0.5),
}


@dataclass(frozen=True, slots=True)
class Known:
    """Where names lead: the model's variables, and those made for the arguments of macros; and what was read."""

    symbols: Symbols
    used: set[Key]
    hidden: Mapping[Key, Variable] = field(default_factory=dict)

    def variable(self, key: Key) -> Variable | None:
        """Return the variable of a key."""
        return self.symbols.variables.get(key) or self.hidden.get(key)


def constant_value(
    expression: Expression,
    symbols: Symbols,
    left: Sequence[Subscript],
    used: set[Key],
    hidden: Mapping[Key, Variable] | None = None,
) -> list[float] | None:
    """Return the values of a constant expression over the elements of a left side, or None.

    `used` receives the keys of the constants it rests on; `hidden` are variables that are not yet in the symbols.
    """
    known = Known(symbols, used, hidden or {})
    combinations: list[dict[Key, Key]] = [{}]
    for subscript in left:
        if subscript.key in symbols.dimensions:
            elements = symbols.dimensions[subscript.key].elements
            combinations = [{**c, subscript.key: e.key} for c in combinations for e in elements]
    values = [_value(expression, known, c, 0) for c in combinations]
    return None if any(v is None for v in values) else [v for v in values if v is not None]


def whole_number(value: float) -> int | None:
    """Return the whole number a value is, but for the rounding of the arithmetic that made it; else None.

    Examples
    --------
    >>> whole_number(0.3 / 0.1), whole_number(2.5)
    (3, None)

    """
    if not math.isfinite(value) or abs(value - round(value)) > _ROUNDING_ERROR * max(1.0, abs(value)):
        return None
    return round(value)


def _value(node: Expression, known: Known, at: dict[Key, Key], depth: int) -> float | None:
    if depth > 50:
        return None
    match node:
        case Number():
            return node.value
        case Unary(sign=Sign.NEGATE):
            inner = _value(node.operand, known, at, depth + 1)
            return None if inner is None else -inner
        case Binary(operator=op) if op in _ARITHMETIC:
            left = _value(node.left, known, at, depth + 1)
            right = _value(node.right, known, at, depth + 1)
            if left is None or right is None or (op is Operator.DIVIDE and right == 0):
                return None
            return _ARITHMETIC[op](left, right)
        case Reference():
            return _reference_value(node, known, at, depth)
        case Call():
            return _call_value(node, known, at, depth)
    return None


def _call_value(node: Call, known: Known, at: dict[Key, Key], depth: int) -> float | None:
    specs = known.symbols.definition.simulation
    if node.function in {"time", "starttime"}:
        return _value(specs.start, known, {}, depth + 1)
    if node.function == "dt":
        return _value(specs.time_step, known, {}, depth + 1)
    if node.function in {"elmcount", "size"} and isinstance(node.arguments[0], Reference):
        dimension = known.symbols.dimensions.get(node.arguments[0].key)
        return None if dimension is None else float(len(dimension.elements))
    found = [_value(a, known, at, depth + 1) for a in node.arguments]
    values = [v for v in found if v is not None]
    if len(values) != len(found):
        return None
    match node.function:
        case "step":
            start = _value(specs.start, known, {}, depth + 1)
            step = _value(specs.time_step, known, {}, depth + 1)
            return None if start is None or step is None else values[0] if start + step / 2 > values[1] else 0.0
        case "trunc" | "floor" | "round":
            return float(_ROUNDING[node.function](values[0]))
        case "min" | "max":
            return min(values) if node.function == "min" else max(values)
        case "initial" | "game":
            return values[0]
    return None


def _reference_value(node: Reference, known: Known, at: dict[Key, Key], depth: int) -> float | None:
    symbols, variable = known.symbols, known.variable(node.key)
    if variable is None:
        return None
    keys = [at.get(s.key, s.key) for s in node.subscripts if isinstance(s, Subscript)]
    for equation in variable.equations:
        inner: dict[Key, Key] = {}
        for subscript, key in zip(equation.subscripts, keys, strict=False):
            if subscript.key in symbols.dimensions:
                if key not in symbols.element_set(subscript.key):
                    break
                inner[subscript.key] = key
            elif subscript.key != key:
                break
        else:
            known.used.add(node.key)
            return _equation_value(equation.expression, equation.subscripts, known, inner, depth)
    return None


def _equation_value(
    expression: Expression | None,
    left: Sequence[Subscript],
    known: Known,
    at: dict[Key, Key],
    depth: int,
) -> float | None:
    if isinstance(expression, ArrayLiteral):
        flat = [v for row in expression.rows for v in row]
        place = 0
        for subscript in left:
            if subscript.key in known.symbols.dimensions:
                index = known.symbols.axis_along(subscript.key).index
                place = place * len(index) + index[at[subscript.key]]
        return flat[place] if place < len(flat) else None
    return None if expression is None else _value(expression, known, at, depth + 1)
