"""Stocks that may not become negative, and full conveyors: flows held to what there is, or to the room there is.

In: the variables of a file. Out: the same, where the equation of a flow that drains such a stock reads
`min(flow, max(stock / dt + inflows - outflows before it, 0))`, named `drained`; the stock itself stays floored at 0.

Inflows of ovens, and of conveyors with a capacity or a limit of inflow, are held likewise, by `min`.

A flow is held only by a stock that it alone belongs to, and that has the same dimensions. Inflows that depend on
the outflow itself, round a circle of such stocks, are not counted.

Invariant: no algebraic loop comes about that the model did not have.
References: XMILE 1.0, 4.2 (non-negative stocks; outflows in the order written); Stella help, "Non-negative".
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from simengine.model.conveyor import ConveyorSpec, OvenSpec
from simengine.model.expression import (
    Binary,
    Call,
    Expression,
    LookupCall,
    Number,
    Operator,
    Reference,
    Sign,
    Subscript,
    Unary,
    walk,
)
from simengine.model.variable import Equation, Variable
from simengine.source.names import Key

DRAINED = "drained"
"""Name of the call that holds a flow: writers put what is inside in its place."""


@dataclass(slots=True)
class _Limit:
    """What holds a flow: the stock it drains, the inflows counted, and the outflows that come first."""

    stock: Variable
    inflows: list[Key] = field(default_factory=list)
    before: list[Key] = field(default_factory=list)
    reverse: bool = False  # an inflow that may run backwards


def hold_outflows(variables: Sequence[Variable]) -> list[Variable]:
    """Return the variables, with the flows that drain non-negative stocks held to what there is."""
    stocks = [v for v in variables if v.flows is not None and v.flows.non_negative and v.device is None]
    out = list(variables)
    if stocks:
        by_key = {v.key: v for v in variables}
        limits = _limits(stocks, by_key, variables)
        _open_circles(limits, by_key)
        out = [_held(v, limits[v.key], by_key) if v.key in limits else v for v in variables]
    for belt in variables:
        if isinstance(belt.device, ConveyorSpec | OvenSpec) and _is_limited(belt.device):
            out = _hold_inflows(belt, belt.device, out)
    return out


# conveyors and ovens


def _hold_inflows(stock: Variable, spec: ConveyorSpec | OvenSpec, variables: list[Variable]) -> list[Variable]:
    """Hold the inflows of a conveyor or oven, in the order written, to the room it has.

    What a queue gives is held by the queue itself.
    """
    by_key = {v.key: v for v in variables}
    # XMILE 1.0, 4.2: inflows have their turn in the order written; Stella help: what comes from a conveyor is not held
    given = _given(variables)
    before = [by_key[k] for k in spec.inflows if k in by_key and k in given]
    held: dict[Key, Variable] = {}
    for key in spec.inflows:
        flow = by_key.get(key)
        if flow is None or flow in before or any(e.expression is None for e in flow.equations):
            continue
        if not any(_made_by_device(e.expression) for e in flow.equations):
            equations = tuple(_within_room(e, stock, before) for e in flow.equations)
            held[key] = replace(flow, equations=equations)
        before.append(flow)
    return [held.get(v.key, v) for v in variables]


def _within_room(equation: Equation, stock: Variable, before: Sequence[Variable]) -> Equation:
    inner = equation.expression
    assert inner is not None
    key = Key(f"{stock.key}>room")
    room: Expression = Reference(key, key, equation.subscripts, inner.span, inner.span)
    for other in before:
        room = Binary(Operator.SUBTRACT, room, Reference(other.name, other.key, equation.subscripts), inner.span)
    most = Call("max", (room, Number(0.0)), "MAX", span=inner.span)
    held = inside_active(inner, lambda e: Call("min", (e, most), DRAINED, span=e.span))
    return replace(equation, expression=held)


def _given(variables: Sequence[Variable]) -> set[Key]:
    """Return the flows that conveyors and ovens give."""
    out: set[Key | None] = set()
    for variable in variables:
        match variable.device:
            case ConveyorSpec() as belt:
                out |= {belt.outflow, *(leak.flow for leak in belt.leaks)}
            case OvenSpec() as oven:
                out.add(oven.outflow)
    return {k for k in out if k is not None}


def _is_limited(spec: object) -> bool:
    match spec:
        case ConveyorSpec():
            return spec.capacity is not None or spec.inflow_limit is not None or spec.arrest is not None
        case OvenSpec():
            return True
    return False


def _limits(
    stocks: Iterable[Variable], by_key: Mapping[Key, Variable], variables: Iterable[Variable]
) -> dict[Key, _Limit]:
    uses: dict[tuple[str, Key], int] = {}
    for variable in variables:
        if variable.flows is not None:
            for side, keys in (("in", variable.flows.inflows), ("out", variable.flows.outflows)):
                for key in keys:
                    uses[side, key] = uses.get((side, key), 0) + 1
    out: dict[Key, _Limit] = {}
    for stock in stocks:
        assert stock.flows is not None
        inflows = [k for k in stock.flows.inflows if k in by_key and _alike(by_key[k], stock)]
        before: list[Key] = []
        for key in stock.flows.outflows:
            flow = by_key.get(key)
            if flow is None or not _alike(flow, stock):
                continue
            if uses["out", key] == 1:
                out[key] = _Limit(stock, list(inflows), list(before))
            before.append(key)
        for key in inflows:
            if uses["in", key] == 1 and key not in out and not by_key[key].non_negative:
                out[key] = _Limit(stock, reverse=True)
    return out


def _alike(flow: Variable, stock: Variable) -> bool:
    """Return whether a flow has a value of its own for each element of the stock."""
    fits = flow.dimensions == stock.dimensions
    return fits and all(e.expression is not None and not _made_by_device(e.expression) for e in flow.equations)


def _made_by_device(expression: Expression | None) -> bool:
    return isinstance(expression, Reference) and ">" in expression.key


# circles


def _open_circles(limits: Mapping[Key, _Limit], by_key: Mapping[Key, Variable]) -> None:
    """Drop what would make a flow depend on itself."""
    needs = {k: _needs(v) for k, v in by_key.items()}
    full = {k: set(n) for k, n in needs.items()}
    for key, limit in limits.items():
        full[key] |= {*limit.inflows, *limit.before}
    circle = _circles(full)
    for key, limit in limits.items():
        limit.inflows = [k for k in limit.inflows if circle.get(k) is None or circle.get(k) != circle.get(key)]
        needs[key] = needs[key] | set(limit.inflows)
    for key, limit in limits.items():
        for other in list(limit.before):
            if _reaches(other, key, needs):
                limit.before.remove(other)
            else:
                needs[key] = needs[key] | {other}


def _needs(variable: Variable) -> set[Key]:
    """Return what a variable needs at the same time: nothing, for a stock."""
    if variable.flows is not None or variable.device is not None:
        return set()
    out: set[Key] = set()
    for equation in variable.equations:
        if equation.expression is not None:
            for node in walk(equation.expression):
                if isinstance(node, Reference):
                    out.add(node.key)
                elif isinstance(node, LookupCall):
                    out.add(node.lookup.key)
    return out


def _reaches(start: Key, goal: Key, needs: Mapping[Key, set[Key]]) -> bool:
    seen, stack = {start}, [start]
    while stack:
        key = stack.pop()
        if key == goal:
            return True
        for following in needs.get(key, ()):
            if following not in seen:
                seen.add(following)
                stack.append(following)
    return False


def _circles(needs: Mapping[Key, set[Key]]) -> dict[Key, int]:
    """Return, for every key that needs itself round a circle, the number of its circle (Tarjan's algorithm)."""
    index: dict[Key, int] = {}
    low: dict[Key, int] = {}
    on, waiting = set(), []
    out: dict[Key, int] = {}
    for root in needs:
        if root in index:
            continue
        work = [(root, iter(needs.get(root, ())))]
        index[root] = low[root] = len(index)
        waiting.append(root)
        on.add(root)
        while work:
            key, rest = work[-1]
            following = next(rest, None)
            if following is None:
                work.pop()
                if work:
                    low[work[-1][0]] = min(low[work[-1][0]], low[key])
                if low[key] == index[key]:
                    _take_circle(key, waiting, on, out)
            elif following not in index:
                index[following] = low[following] = len(index)
                waiting.append(following)
                on.add(following)
                work.append((following, iter(needs.get(following, ()))))
            elif following in on:
                low[key] = min(low[key], index[following])
    return out


def _take_circle(key: Key, waiting: list[Key], on: set[Key], out: dict[Key, int]) -> None:
    members = []
    while True:
        member = waiting.pop()
        on.discard(member)
        members.append(member)
        if member == key:
            break
    if len(members) > 1:
        number = len(out)
        out.update(dict.fromkeys(members, number))


# equations


def inside_active(expression: Expression, change: Callable[[Expression], Expression]) -> Expression:
    """Return an equation changed; where it has one equation for the run and another for its beginning, both."""
    if isinstance(expression, Call) and expression.function == "active_initial":
        return replace(expression, arguments=tuple(change(a) for a in expression.arguments))
    return change(expression)


def _held(flow: Variable, limit: _Limit, by_key: Mapping[Key, Variable]) -> Variable:
    return replace(flow, equations=tuple(_held_equation(e, limit, by_key) for e in flow.equations))


def _held_equation(equation: Equation, limit: _Limit, by_key: Mapping[Key, Variable]) -> Equation:
    expression = equation.expression
    assert expression is not None

    def of(variable: Variable) -> Reference:
        subscripts: tuple[Subscript, ...] = equation.subscripts
        return Reference(variable.name, variable.key, subscripts, expression.span, expression.span)

    # unverified: that inflows of the same step may flow out again at once, and that a flow that runs backwards into
    # the stock is held to what the stock has
    there: Expression = Binary(Operator.DIVIDE, of(limit.stock), Call("dt", (), "DT"), expression.span)
    if limit.reverse:
        least = Unary(Sign.NEGATE, Call("max", (there, Number(0.0)), "MAX"), expression.span)
        held = inside_active(expression, lambda e: Call("max", (e, least), DRAINED, span=e.span))
        return replace(equation, expression=held)
    for sign, keys in ((Operator.ADD, limit.inflows), (Operator.SUBTRACT, limit.before)):
        for key in keys:
            flow: Expression = of(by_key[key])
            if sign is Operator.ADD and (multiplier := by_key[key].multiplier) is not None:
                flow = Binary(Operator.MULTIPLY, flow, multiplier, expression.span)
            there = Binary(sign, there, flow, expression.span)
    most = Call("max", (there, Number(0.0)), "MAX", span=expression.span)
    held = inside_active(expression, lambda e: Call("min", (e, most), DRAINED, span=e.span))
    return replace(equation, expression=held)
