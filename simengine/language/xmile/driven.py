"""Conveyors, queues and ovens as equations: the call that runs one, and the hidden variables around it.

In: the spec of a stock's device. Out: the call that stands for the stock (see `compile/container`), hidden variables
of what the device gives (`stock>output 0`, `stock>room`), and of what it reads where that is no plain name or number.

Invariant: every flow that a device decides is one of its outputs.
References: XMILE 1.0, 3.7.3, 4.2.1.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from simengine.language.xmile.device import device_kind, device_node, flag, leak_key, split_outflows
from simengine.model.conveyor import ConveyorSpec, Device, OvenSpec, QueueSpec
from simengine.model.expression import (
    Binary,
    Call,
    Expression,
    LookupCall,
    Number,
    Operator,
    Reference,
    Subscript,
    Text,
)
from simengine.model.variable import Equation, Variable
from simengine.source.names import Key

if TYPE_CHECKING:
    from collections.abc import Sequence

    from simengine.language.xmile.arrays import Place
    from simengine.language.xmile.scope import Draft
    from simengine.language.xmile.variable import VariableReader


def output_key(stock: Key, number: int) -> Key:
    """Return the key of what a device gives: of a conveyor 0 its outflow, then each leakage; of a queue its exits."""
    return Key(f"{stock}>output {number}")


def room_key(stock: Key) -> Key:
    """Return the key of the rate of inflow that a conveyor or oven has room for."""
    return Key(f"{stock}>room")


def driven_flows(reader: VariableReader, draft: Draft) -> dict[Key, Key]:
    """Return the flows that a stock's device decides, each with what it gives for it."""
    kind = device_kind(draft.node)
    if kind == "queue":
        keys: Sequence[Key | None] = reader.stock_flows(draft).outflows
    elif kind:
        ends, leaks = split_outflows(reader, draft)
        keys = [ends[0] if ends else None, *leaks]
    else:
        return {}
    return {key: output_key(draft.key, number) for number, key in enumerate(keys) if key is not None}


def hidden_variables(draft: Draft, spec: Device, whole: tuple[Subscript, ...]) -> list[Variable]:
    """Return the hidden variables around a device: what it writes, and what it reads."""
    written = [output_key(draft.key, n) for n in range(_exits(spec))]
    if not isinstance(spec, QueueSpec):
        written.append(room_key(draft.key))
    if isinstance(spec, OvenSpec):
        written += [Key(f"{draft.key}>state"), Key(f"{draft.key}>cook time")]
    equations: dict[Key, tuple[Equation, ...]] = {}
    equations |= {k: (Equation(whole, Call("device_output", (), "device"), span=draft.node.span),) for k in written}
    for key, value in _read(draft.key, spec):
        if not is_plain(value):
            equations[key] = (Equation(whole, value, span=draft.node.span),)
    for number, leak in enumerate(spec.leaks if isinstance(spec, ConveyorSpec) else ()):
        if leak.parts:
            equations[leak_key(draft.key, number)] = tuple(
                Equation(left, fraction, span=draft.node.span) for left, fraction in leak.parts
            )
    dimensions = tuple(s.key for s in whole)
    return [
        Variable(key, key, parts, hidden=True, dimensions=dimensions, span=draft.node.span)
        for key, parts in equations.items()
    ]


def _exits(spec: Device) -> int:
    match spec:
        case ConveyorSpec():
            return 1 + len(spec.leaks)
        case QueueSpec():
            return len(spec.outflows)
        case OvenSpec():
            return 1


def is_plain(value: Expression) -> bool:
    """Return whether a device can read something itself: a number, or a variable without subscripts."""
    return isinstance(value, Number) or (isinstance(value, Reference) and not value.subscripts)


def _read(stock: Key, spec: Device) -> list[tuple[Key, Expression]]:
    """Return what a device reads, each under the key it has where it needs a variable of its own."""
    match spec:
        case ConveyorSpec():
            length = spec.length
            if spec.sample is not None:
                length = Call("sample_if_true", (spec.sample, length, length), "SAMPLE", span=length.span)
            leaks = [(leak_key(stock, n), x.fraction) for n, x in enumerate(spec.leaks) if not x.parts]
            parts = {"length": length, "arrest": spec.arrest, "capacity": spec.capacity, "limit": spec.inflow_limit}
        case OvenSpec():
            leaks = []
            parts = {"length": spec.length, "capacity": spec.capacity, "fill": spec.fill_time}
            parts |= {"clean": spec.clean_time, "arrest": spec.arrest}
        case QueueSpec():
            return []
    return [*leaks, *((Key(f"{stock}>{name}"), part) for name, part in parts.items() if part is not None)]


# calls


def device_call(reader: VariableReader, draft: Draft, spec: Device, initial: Expression, place: Place) -> Expression:
    """Return the call that stands for a stock with a device: the arguments that `compile/container` reads."""
    span = initial.span or draft.node.span
    if isinstance(spec, QueueSpec):
        return Call("queue", (initial, *_queue(reader, draft, spec, place)), "queue", span=span)
    here = tuple(s for _, s in place.left)
    read: dict[str, Expression] = {}
    for key, value in _read(draft.key, spec):
        reference = Reference(key, key, here, value.span, value.span)
        read[key.split(">", 1)[1]] = value if is_plain(value) else reference
    spread = {s.flow for s in spec.spreads} if isinstance(spec, ConveyorSpec) else set()
    arguments = [_inflow(reader, draft, [k for k in spec.inflows if k not in spread], place), initial, read["length"]]
    if isinstance(spec, OvenSpec):
        for name in ("capacity", "fill", "clean", "arrest"):
            if name in read:
                arguments += [Text(name), read[name]]
        return Call("oven", tuple(arguments), "oven", span=span)
    for entry in spec.spreads:
        arguments += [Text(entry.how), reader.flow(entry.flow, draft, place)]
        if entry.profile is not None and isinstance(entry.profile, Reference):
            arguments += [Text("profile"), LookupCall(entry.profile, Number(0.0), draft.node.span)]
        if entry.upstream is not None:
            arguments += [Text("upstream"), Reference(entry.upstream, entry.upstream, here)]
            arguments += [Text("leakage"), Number(float(entry.number))]
    for number, leak in enumerate(spec.leaks):
        key = leak_key(draft.key, number)
        kind = "exponential" if leak.exponential else "linear"
        whole = " integers" if leak.integers else ""
        fraction = read.get(key.split(">", 1)[1], Reference(key, key, here))
        arguments += [Text(f"{kind} {leak.start!r} {leak.end!r}{whole}"), fraction]
    for name in ("arrest", "capacity", "limit"):
        if name in read:
            arguments += [Text(name), read[name]]
    # XMILE 1.0, 3.7.2: a conveyor with a queue before it is discrete
    if spec.discrete or any(reader.source_kind(k) == "queue" for k in spec.inflows):
        arguments += [Text("discrete"), Number(1.0)]
    return Call("conveyor", tuple(arguments), "conveyor", span=span)


def _inflow(reader: VariableReader, draft: Draft, inflows: Sequence[Key], place: Place) -> Expression:
    inflow: Expression = Number(0.0)
    for number, key in enumerate(inflows):
        term = reader.flow(key, draft, place)
        inflow = term if number == 0 else Binary(Operator.ADD, inflow, term, draft.node.span)
    return inflow


def _queue(reader: VariableReader, draft: Draft, spec: QueueSpec, place: Place) -> list[Expression]:
    out: list[Expression] = []
    for key in spec.inflows:
        out += [Text("inflow"), reader.flow(key, draft, place)]
    for key in spec.outflows:
        receiver = reader.receivers.get(key)
        kind = device_kind(receiver.node) if receiver is not None else ""
        over = " overflow" if key in spec.overflows else ""
        if receiver is None or kind not in {"conveyor", "oven"}:
            out += [Text(f"free{over}"), Number(0.0)]
            continue
        node = device_node(receiver.node)
        assert node is not None
        one = " one" if flag(node, "one_at_a_time", default=True) else ""
        whole = " whole" if flag(node, "batch_integrity") else ""
        out += [Text(f"{kind}{over}{one}{whole}"), _room(reader, draft, receiver, key, place)]
    return out


def _room(reader: VariableReader, draft: Draft, receiver: Draft, flow: Key, place: Place) -> Expression:
    """Return the rate that a conveyor or oven has room for, once its inflows of higher priority have had theirs."""
    key = room_key(receiver.key)
    span = draft.node.span
    room: Expression = Reference(key, key, tuple(s for _, s in place.left), span, span)
    inflows = reader.stock_flows(receiver).inflows
    for number, other in enumerate(inflows):
        if other == flow or (number > inflows.index(flow) and not reader.comes_anyway(other)):
            continue
        room = Binary(Operator.SUBTRACT, room, reader.flow(other, draft, place), span)
    return Call("max", (room, Number(0.0)), "MAX", span=span)
