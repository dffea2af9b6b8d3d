"""MARKETP: the priority at which requests, shared out by ALLOC P, take up a supply.

In: a call with the first elements of its requests and priorities. Out: the same over all of them, and its node.

Invariant: what ALLOC P gives at the priority of MARKETP adds up to the supply, or to all requests where that is less.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from simengine.check.symbols import Symbols
from simengine.compile.constant import constant_value
from simengine.model.expression import Call, Expression, Number, Reference, Subscript
from simengine.program.node import Along, Node, Reduce
from simengine.program.op import AlongOp, Fold
from simengine.source.diagnostic import Diagnostic, error

if TYPE_CHECKING:
    from simengine.compile.lower import Lowering


def over_elements(node: Call, symbols: Symbols, problems: list[Diagnostic]) -> Expression | None:
    """Return the call with `!` over the elements that its first ones stand for; None where it has them already.

    Vensim ref. "MARKETP": request and priority are given by their first elements, `size` of them are meant.
    """
    request, priority, size = node.arguments[:3]
    if any(isinstance(s, Subscript) and s.reduce for a in (request, priority) for s in getattr(a, "subscripts", ())):
        return None
    found = constant_value(size, symbols, (), set())
    wide = [_whole(a, symbols, found[0] if found else None) for a in (request, priority)]
    first, second = wide
    if first is None or second is None or first.subscripts[-1] != second.subscripts[-1]:
        message = f"`{node.name}` must be given the first of all elements of a dimension, and how many there are"
        problems.append(error("not-an-array", message, node.span))
        return Number(float("nan"), node.span)
    return replace(node, arguments=(first, second, *node.arguments[2:]))


def _whole(argument: Expression, symbols: Symbols, size: float | None) -> Reference | None:
    """Return a reference over the dimension whose first element it names."""
    if not isinstance(argument, Reference) or not argument.subscripts or argument.key not in symbols.variables:
        return None
    axis, last = symbols.axes[argument.key][-1], argument.subscripts[-1]
    if not isinstance(last, Subscript) or last.key != axis.elements[0] or size != len(axis.elements):
        return None
    over = Subscript(axis.name, axis.dimension, reduce=True, span=last.span)
    return replace(argument, subscripts=(*argument.subscripts[:-1], over))


def lower_market_priority(lowering: Lowering, node: Call) -> Node:
    """Return the node of a call over `!`."""
    before = lowering.loops
    axes = lowering.within(node)
    request, priority, _, width, supply = (lowering.lower(a) for a in node.arguments)
    lowering.loops = before
    if len(axes) != 1:
        message = f"`{node.name}` needs requests and priorities over the same dimension"
        return lowering.problem("not-an-array", message, node)
    arguments = (request, priority, width, supply)
    return Reduce(Fold.MAXIMUM, Along(AlongOp.CLEARING_PRIORITY, axes[0], arguments), axes)
