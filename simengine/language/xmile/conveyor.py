"""Conveyors: a stock whose outflows are written by a device.

In: the draft of a stock with a `<conveyor>`. Out: the call that stands for it, and the hidden variables of what
comes out and leaks.

Invariant: what of a conveyor is not run is refused.
References: XMILE 1.0, 4.2.1.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from simengine.model.expression import Binary, Call, Expression, Number, Operator, Subscript
from simengine.model.variable import Equation, Variable
from simengine.source.diagnostic import error
from simengine.source.names import Key

if TYPE_CHECKING:
    from simengine.language.xmile.arrays import Place
    from simengine.language.xmile.scope import Draft
    from simengine.language.xmile.variable import VariableReader


def output_key(stock: Key, number: int) -> Key:
    """Return the key of what a conveyor gives: 0 its outflow, then each leakage."""
    return Key(f"{stock}>output {number}")


def split_outflows(reader: VariableReader, draft: Draft) -> tuple[list[Key], list[Key]]:
    """Return the outflows that leave at the end, and those that leak on the way."""
    flows = reader.stock_flows(draft).outflows
    leaks = [f for f in flows if f in reader.flows and reader.flows[f].node.first("leak") is not None]
    return [f for f in flows if f not in leaks], leaks


def conveyor_outputs(reader: VariableReader, draft: Draft) -> list[Variable]:
    """Return the hidden variables a conveyor's device writes: what comes out, and each leakage."""
    node = draft.node.first("conveyor")
    assert node is not None
    for child in node.children:
        if child.tag != "len" and not child.tag.startswith("isee:"):
            text = f"`<{child.tag}>` of the conveyor `{draft.name}` is not run by this version"
            reader.world.problems.append(error("unsupported-feature", text, child.span))
    ends, leaks = split_outflows(reader, draft)
    if len(ends) > 1:
        text = f"the conveyor `{draft.name}` has {len(ends)} outflows at its end: one is run"
        reader.world.problems.append(error("unsupported-feature", text, draft.node.span))
    whole = tuple(Subscript(reader.world.dimensions[d].name, d) for d in draft.dimensions)
    out = []
    for number in range(1 + len(leaks)):
        key = output_key(draft.key, number)
        equation = Equation(whole, Call("device_output", (), "conveyor"), span=draft.node.span)
        out.append(Variable(key, key, (equation,), hidden=True, dimensions=draft.dimensions, span=draft.node.span))
    return out


def read_conveyor(reader: VariableReader, draft: Draft, initial: Expression, place: Place) -> Expression:
    """Return the call that stands for a conveyor: inflow, contents, length, then each leakage."""
    node = draft.node.first("conveyor")
    assert node is not None
    length = node.first("len")
    if length is None:
        text = f"the conveyor `{draft.name}` has no `<len>`"
        reader.world.problems.append(error("missing-equation", text, node.span))
        return initial
    inflow: Expression = Number(0.0)
    for number, key in enumerate(reader.stock_flows(draft).inflows):
        term = reader.flow(key, draft, place)
        inflow = term if number == 0 else Binary(Operator.ADD, inflow, term, draft.node.span)
    arguments = [inflow, initial, reader.parse(length, draft, place)]
    for key in split_outflows(reader, draft)[1]:
        flow = reader.flows[key]
        leak, eqn = flow.node.first("leak"), flow.node.first("eqn")
        assert leak is not None
        kind = Number(float(leak.get("exponential") == "true" or node.get("exponential_leak") == "true"))
        fraction = reader.parse(eqn, flow, replace(place, scope=flow.scope)) if eqn is not None else Number(0.0)
        arguments += [fraction, kind]
    return Call("conveyor", tuple(arguments), "conveyor", span=initial.span or draft.node.span)
