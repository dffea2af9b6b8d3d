"""Net flows that our own writer gave a name, because XMILE wants a flow where a stock has an expression.

In: the variables of a file, and which flows are marked as somebody's net flow. Out: the same, with the expression
back in its stock and the flow gone, where nothing else uses it.

Invariant: a flow that other tools changed, gave a second stock, or use elsewhere, stays a flow.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from simengine.model.expression import Call, LookupCall, Reference, walk
from simengine.model.variable import Equation, Variable
from simengine.source.names import Key, key_of


def put_net_flows_back(variables: Sequence[Variable], helpers: Mapping[Key, str]) -> list[Variable]:
    """Return the variables; `helpers` names the stock of each flow that is only its net flow."""
    if not helpers:
        return list(variables)
    by_key = {v.key: v for v in variables}
    changed: dict[Key, Variable] = {}
    gone: set[Key] = set()
    for helper, name in helpers.items():
        stock, flow = by_key.get(key_of(name)), by_key.get(helper)
        if stock is not None and flow is not None and _is_net_flow(stock, flow, variables):
            pairs = zip(stock.equations, flow.equations, strict=True)
            changed[stock.key] = replace(stock, equations=tuple(_with(s, f) for s, f in pairs), flows=None)
            gone.add(helper)
    return [changed.get(v.key, v) for v in variables if v.key not in gone]


def _is_net_flow(stock: Variable, flow: Variable, variables: Sequence[Variable]) -> bool:
    if stock.flows is None or stock.flows.inflows != (flow.key,) or stock.flows.outflows:
        return False
    if flow.non_negative or stock.flows.non_negative or len(stock.equations) != len(flow.equations):
        return False
    for mine, its in zip(stock.equations, flow.equations, strict=True):
        call = mine.expression
        if not isinstance(call, Call) or call.function != "integ" or its.expression is None:
            return False
        same = [s.key for s in mine.subscripts] == [s.key for s in its.subscripts]
        if not same or not isinstance(call.arguments[0], Reference) or call.arguments[0].key != flow.key:
            return False
    return not any(_uses(v, flow.key) for v in variables if v is not stock)


def _uses(variable: Variable, key: Key) -> bool:
    if variable.flows is not None and key in (*variable.flows.inflows, *variable.flows.outflows):
        return True
    for equation in variable.equations:
        for node in walk(equation.expression) if equation.expression is not None else ():
            if (isinstance(node, Reference) and node.key == key) or (
                isinstance(node, LookupCall) and node.lookup.key == key
            ):
                return True
    return False


def _with(stock: Equation, flow: Equation) -> Equation:
    call, net = stock.expression, flow.expression
    assert isinstance(call, Call)
    assert net is not None
    return replace(stock, expression=replace(call, arguments=(net, *call.arguments[1:])))
