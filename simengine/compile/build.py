"""Builders of nodes, folding what is known while building.

Invariant: folding never changes a bit: only operations whose result IEEE fixes are folded.
"""

from __future__ import annotations

import math

import numpy as np

from simengine.program.node import Apply, Constant, Node
from simengine.program.op import Op

ZERO = Constant(0.0)
ONE = Constant(1.0)


def constant(value: float) -> Constant:
    """Return a constant."""
    return Constant(float(value))


def apply(op: Op, *arguments: Node) -> Node:
    """Return a primitive of nodes, folded where all are numbers and the result is exact by IEEE."""
    numbers = [a.value for a in arguments if isinstance(a, Constant) and isinstance(a.value, float)]
    if len(numbers) == len(arguments):
        folded = _fold(op, numbers)
        if folded is not None:
            return Constant(folded)
    if op is Op.SELECT and isinstance(arguments[0], Constant) and isinstance(arguments[0].value, float):
        return arguments[1] if arguments[0].value != 0 else arguments[2]
    return Apply(op, arguments)


def _fold(op: Op, values: list[float]) -> float | None:
    with np.errstate(all="ignore"):
        match op:
            case Op.ADD:
                return values[0] + values[1]
            case Op.SUB:
                return values[0] - values[1]
            case Op.MUL:
                return values[0] * values[1]
            case Op.DIV:
                return float(np.float64(values[0]) / np.float64(values[1]))
            case Op.NEG:
                return -values[0]
            case Op.ABS:
                return abs(values[0])
            case Op.EQ:
                return float(values[0] == values[1])
            case Op.NE:
                return float(values[0] != values[1])
            case Op.LT:
                return float(values[0] < values[1])
            case Op.LE:
                return float(values[0] <= values[1])
            case Op.GT:
                return float(values[0] > values[1])
            case Op.GE:
                return float(values[0] >= values[1])
            case Op.NOT:
                return float(values[0] == 0)
            case Op.SELECT:
                return values[1] if values[0] != 0 else values[2]
            case Op.SQRT:
                return math.sqrt(values[0]) if values[0] >= 0 else None
    return None


def add(a: Node, b: Node) -> Node:
    """Return a + b."""
    return apply(Op.ADD, a, b)


def subtract(a: Node, b: Node) -> Node:
    """Return a - b."""
    return apply(Op.SUB, a, b)


def multiply(a: Node, b: Node) -> Node:
    """Return a * b."""
    return apply(Op.MUL, a, b)


def divide(a: Node, b: Node) -> Node:
    """Return a / b."""
    return apply(Op.DIV, a, b)


def select(condition: Node, then: Node, otherwise: Node) -> Node:
    """Return one of two values by a condition."""
    return apply(Op.SELECT, condition, then, otherwise)
