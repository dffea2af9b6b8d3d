"""Conveyors, queues and ovens: stocks whose outflows are written by a device.

In: the draft of a stock with a `<conveyor>`, `<queue>` or `<oven>`. Out: its spec; for a conveyor also the call
that runs it, and the hidden variables of what comes out and leaks.

Invariant: what of a device is not run is refused, and still stands in the spec.
References: XMILE 1.0, 4.2.1 (conveyors), 4.2.2 (queues), 4.3 (leakages).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from simengine.model.conveyor import NO_LENGTH, ConveyorSpec, Device, Leak, OvenSpec, QueueSpec
from simengine.model.expression import Binary, Call, Expression, Number, Operator, Reference, Subscript, Text
from simengine.model.variable import Equation, Variable
from simengine.source.diagnostic import error
from simengine.source.names import Key

if TYPE_CHECKING:
    from simengine.language.xmile.arrays import Place
    from simengine.language.xmile.document import Node
    from simengine.language.xmile.scope import Draft
    from simengine.language.xmile.variable import VariableReader

_QUEUE = "whether what flows in may leave in the same time step is not documented"
_OVEN = "whether it fills again in the time step in which it empties is not documented"
DEVICES = ("conveyor", "queue", "oven", "isee:oven")
_READ = frozenset({"len", "capacity", "in_limit", "sample", "arrest", "fill_time"})


def device_node(node: Node) -> Node | None:
    """Return the element that makes a stock a conveyor, queue or oven."""
    return next((c for c in node.children if c.tag in DEVICES), None) if node.tag == "stock" else None


def output_key(stock: Key, number: int) -> Key:
    """Return the key of what a conveyor gives: 0 its outflow, then each leakage."""
    return Key(f"{stock}>output {number}")


def split_outflows(reader: VariableReader, draft: Draft) -> tuple[list[Key], list[Key]]:
    """Return the outflows that leave at the end, and those that leak on the way."""
    flows = reader.stock_flows(draft).outflows
    leaks = [f for f in flows if f in reader.flows and _leak(reader.flows[f].node) is not None]
    return [f for f in flows if f not in leaks], leaks


def _leak(node: Node) -> Node | None:
    return node.first("leak") or node.first("leak_integers")


def read_device(reader: VariableReader, draft: Draft, place: Place) -> Device | None:
    """Return the spec of a stock's device, None for an ordinary stock; what is not run is reported."""
    node = device_node(draft.node)
    if node is None:
        return None
    for child in node.children:
        if child.tag not in _READ and not child.tag.startswith("isee:"):
            text = f"`<{child.tag}>` in the {node.tag} `{draft.name}` is not understood"
            reader.world.problems.append(error("unknown-element", text, child.span))
    flows = reader.stock_flows(draft)

    def part(tag: str) -> Expression | None:
        child = node.first(tag)
        return reader.parse(child, draft, place) if child is not None and child.text.value.strip() else None

    spec: Device
    length = part("len")
    if node.tag == "queue":
        overflows = tuple(f for f in flows.outflows if f in reader.flows and reader.flows[f].node.first("overflow"))
        spec = QueueSpec(flows.inflows, flows.outflows, overflows)
    else:
        if length is None:
            text = f"the {node.tag} `{draft.name}` has no `<len>`: how long things stay in it"
            reader.world.problems.append(error("missing-equation", text, node.span))
        ends, _ = split_outflows(reader, draft)
        end = ends[0] if ends else None
        if node.tag == "conveyor":
            spec = ConveyorSpec(
                length or NO_LENGTH,
                flows.inflows,
                end,
                _leaks(reader, draft, node, place),
                part("capacity"),
                part("in_limit"),
                part("sample"),
                part("arrest"),
                _flag(node, "discrete"),
                _flag(node, "batch_integrity"),
                _flag(node, "one_at_a_time", default=True),
            )
        else:
            spec = OvenSpec(
                length or NO_LENGTH, flows.inflows, end, part("capacity"), part("fill_time"), part("arrest")
            )
    _refuse(reader, draft, node, spec)
    return spec


def _flag(node: Node, name: str, *, default: bool = False) -> bool:
    text = node.get(name).strip().lower()
    return text in {"true", "1"} if text else default


def _leaks(reader: VariableReader, draft: Draft, conveyor: Node, place: Place) -> tuple[Leak, ...]:
    out = []
    for key in split_outflows(reader, draft)[1]:
        flow = reader.flows[key]
        node = _leak(flow.node)
        assert node is not None
        holder = node if node.text.value.strip() else flow.node.first("eqn")
        fraction: Expression = Number(0.0)
        if holder is not None and holder.text.value.strip():
            fraction = reader.parse(holder, flow, reader.place_of(flow, place.left))
        ends = [_number(flow.node.get(n) or node.get(n)) for n in ("leak_start", "leak_end")]
        out.append(
            Leak(
                key,
                fraction,
                _flag(node, "exponential", default=_flag(conveyor, "exponential_leak")),
                0.0 if ends[0] is None else ends[0],
                1.0 if ends[1] is None else ends[1],
                flow.node.first("leak_integers") is not None,
            )
        )
    return tuple(out)


def _number(text: str) -> float | None:
    try:
        return float(text)
    except ValueError:
        return None


def _refuse(reader: VariableReader, draft: Draft, node: Node, spec: Device) -> None:
    """Report what of a device this engine does not run."""
    match spec:
        case ConveyorSpec():
            limited = any(x is not None for x in (spec.capacity, spec.inflow_limit, spec.arrest))
            wanting = {
                "a limit of an inflow that something else decides": next(
                    (f for f in spec.inflows if limited and not _may_be_limited(reader, f, draft)), None
                ),
                "discrete batches": spec.discrete or None,
                "leakage of whole units": next((k for k in spec.leaks if k.integers), None),
            }
            what = [f"{name}" for name, given in wanting.items() if given is not None]
            if len(split_outflows(reader, draft)[0]) > 1:
                what.append("more than one outflow at its end")
            spread = [f for f in spec.inflows if f in reader.flows and _spread(reader.flows[f].node)]
            if spread:
                what.append(f"an inflow that is spread over its way (`{reader.flows[spread[0]].name}`)")
            text = f"the conveyor `{draft.name}` has {' and '.join(what)}, which this version does not run"
        case QueueSpec():
            what = [node.tag]
            text = f"the queue `{draft.name}` is not run: {_QUEUE}"
        case OvenSpec():
            what = [node.tag]
            text = f"the oven `{draft.name}` is not run: {_OVEN}"
    if what:
        reader.world.problems.append(error("unsupported-feature", text, node.span))


def _may_be_limited(reader: VariableReader, key: Key, draft: Draft) -> bool:
    """Return whether an inflow has one equation of its own over the conveyor's dimensions."""
    flow = reader.flows.get(key)
    if flow is None or key in reader.conveyor_flows or flow.node.first("element") is not None:
        return False
    return flow.dimensions == draft.dimensions and len(list(flow.node.all("eqn"))) == 1


def _spread(flow: Node) -> bool:
    return flow.get("isee:spreadflow").strip().lower() not in {"", "none", "beginning", "start"}


def conveyor_outputs(draft: Draft, spec: ConveyorSpec, whole: tuple[Subscript, ...]) -> list[Variable]:
    """Return the hidden variables around a conveyor: what its device writes (the outflow, each leakage), and reads."""
    written = {output_key(draft.key, n): Call("device_output", (), "conveyor") for n in range(1 + len(spec.leaks))}
    read = {key: value for key, value in _inputs(draft.key, spec) if not _is_plain(value)}
    dimensions, span = tuple(s.key for s in whole), draft.node.span
    return [
        Variable(key, key, (Equation(whole, value, span=span),), hidden=True, dimensions=dimensions, span=span)
        for key, value in (*written.items(), *read.items())
    ]


def _is_plain(value: Expression) -> bool:
    return isinstance(value, Number) or (isinstance(value, Reference) and not value.subscripts)


def _inputs(stock: Key, spec: ConveyorSpec) -> list[tuple[Key, Expression]]:
    """Return what a conveyor's device reads, each under the key it has where it needs a variable of its own."""
    length = spec.length
    if spec.sample is not None:
        length = Call("sample_if_true", (spec.sample, length, length), "SAMPLE", span=length.span)
    leaks = [(Key(f"{stock}>leak {n}"), leak.fraction) for n, leak in enumerate(spec.leaks)]
    arrest = [(Key(f"{stock}>arrest"), spec.arrest)] if spec.arrest is not None else []
    return [(Key(f"{stock}>length"), length), *leaks, *arrest]


def conveyor_call(
    reader: VariableReader, draft: Draft, spec: ConveyorSpec, initial: Expression, place: Place
) -> Expression:
    """Return the call that stands for a conveyor: inflow, contents, length, then each leakage."""
    inflow: Expression = Number(0.0)
    for number, key in enumerate(spec.inflows):
        term = reader.flow(key, draft, place)
        inflow = term if number == 0 else Binary(Operator.ADD, inflow, term, draft.node.span)
    here = tuple(s for _, s in place.left)
    length, *rest = (
        value if _is_plain(value) else Reference(key, key, here, value.span, value.span)
        for key, value in _inputs(draft.key, spec)
    )
    fractions, arrest = rest[: len(spec.leaks)], rest[len(spec.leaks) :]
    arguments = [inflow, initial, length]
    for leak, fraction in zip(spec.leaks, fractions, strict=True):
        kind = "exponential" if leak.exponential else "linear"
        arguments += [fraction, Text(f"{kind} {leak.start!r} {leak.end!r}")]
    arguments += arrest
    return Call("conveyor", tuple(arguments), "conveyor", span=initial.span or draft.node.span)
