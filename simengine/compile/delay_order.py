"""The order of a delay: how many stages a DELAY N or SMOOTH N has, known before the run.

In: a call, and the subscripts of the left side it stands under. Out: its order, or what is wrong with it.

Invariant: an order shapes the program; the constants it rests on are recorded in `structural`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from simengine.builtins.stdlib import LEAST_ORDER, ORDERED
from simengine.check.symbols import Symbols
from simengine.compile.constant import constant_value, whole_number
from simengine.model.expression import Call, Expression, Reference, Subscript, call, rewrite, walk
from simengine.model.variable import Equation, Variable
from simengine.source.diagnostic import Diagnostic, error, warning
from simengine.source.names import Key

_IN_STEPS = frozenset({"delay_n_discrete", "smooth_n_discrete"})


def find_order(
    node: Call,
    symbols: Symbols,
    loops: tuple[Subscript, ...],
    structural: set[Key],
    hidden: Mapping[Key, Variable],
) -> int | Diagnostic:
    """Return the order of a call that has one; `hidden` are variables that are not yet in the symbols."""
    argument = node.arguments[ORDERED[node.function]]
    found = constant_value(argument, symbols, loops, structural, hidden)
    # unverified: what Vensim makes of an order of 2.5 is not published, so it is refused
    orders = {whole_number(n) for n in found} if found is not None else set()
    whole = orders.pop() if len(orders) == 1 else None
    least = LEAST_ORDER.get(node.function, 1)
    if whole is not None and whole >= least:
        return whole
    message = f"the order of `{node.name}` must be a constant whole number of at least {least}"
    return error("order-not-constant", message, argument.span or node.span)


def find_reduction(
    node: Call, order: int, symbols: Symbols, loops: tuple[Subscript, ...], hidden: Mapping[Key, Variable]
) -> Diagnostic | None:
    """Return a warning where a delay is known to be too short for its order.

    Vensim ref. "DELAY N": Vensim warns too, and reduces the order until the delay is longer than it times TIME STEP.
    """
    if node.function not in _IN_STEPS or order < 2:
        return None
    times = constant_value(node.arguments[1], symbols, loops, set(), hidden)
    step = constant_value(call("dt"), symbols, (), set())
    if times is None or step is None or not step[0] > 0:
        return None
    shortest = min(times)
    if shortest > order * step[0] * (1 + 1e-9):
        return None
    fits = max(1, int(shortest / step[0] * (1 - 1e-9)))
    message = f"`{node.name}` runs with order {fits}, not {order}: the delay time must be longer than order * TIME STEP"
    return warning(
        "order-reduced", message, node.span, help=[f"a TIME STEP below {shortest / order:g} keeps the order"]
    )


def split_by_order(
    equation: Equation, symbols: Symbols, structural: set[Key], hidden: Mapping[Key, Variable]
) -> list[Equation]:
    """Return the equation by element where a DELAY N or SMOOTH N in it has an order per element."""
    expression = equation.expression
    if expression is None or not equation.subscripts or equation.exceptions:
        return [equation]
    for node in walk(expression):
        if isinstance(node, Call) and node.function in ORDERED and len(node.arguments) > ORDERED[node.function]:
            order = node.arguments[ORDERED[node.function]]
            found = constant_value(order, symbols, equation.subscripts, structural, hidden)
            if found is not None and len(set(found)) > 1:
                return by_element(equation, symbols)
    return [equation]


def by_element(equation: Equation, symbols: Symbols) -> list[Equation]:
    """Return the equation once for every element of its left side."""
    parts = [equation]
    for place, subscript in enumerate(equation.subscripts):
        if subscript.key not in symbols.dimensions:
            continue
        elements = symbols.dimensions[subscript.key].elements
        parts = [_fix(p, place, Subscript(e.name, e.key, span=subscript.span)) for p in parts for e in elements]
    return parts


def _fix(equation: Equation, place: int, element: Subscript) -> Equation:
    """Return the equation for one element: its dimension's name gives way to the element on both sides."""
    dimension = equation.subscripts[place].key

    def change(n: Expression) -> Expression | None:
        if isinstance(n, Reference) and any(isinstance(s, Subscript) and s.key == dimension for s in n.subscripts):
            return replace(
                n,
                subscripts=tuple(
                    element if isinstance(s, Subscript) and s.key == dimension and not s.reduce else s
                    for s in n.subscripts
                ),
            )
        return None

    assert equation.expression is not None
    subscripts = (*equation.subscripts[:place], element, *equation.subscripts[place + 1 :])
    return replace(equation, subscripts=subscripts, expression=rewrite(equation.expression, change))
