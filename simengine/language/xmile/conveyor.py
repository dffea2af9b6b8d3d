"""Conveyors, queues and ovens: stocks whose outflows are written by a device.

In: the draft of a stock with a `<conveyor>`, `<queue>` or `<oven>`. Out: its spec; for a conveyor also the call
that runs it, and the hidden variables of what comes out and leaks.

Invariant: what of a device is not run is refused, and still stands in the spec.
References: XMILE 1.0, 4.2.1 (conveyors), 4.2.2 (queues), 4.3 (leakages).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from simengine.model.conveyor import NO_LENGTH, ConveyorSpec, Device, Leak, OvenSpec, QueueSpec
from simengine.model.expression import Binary, Call, Expression, Number, Operator, Subscript
from simengine.model.variable import Equation, Variable
from simengine.source.diagnostic import error
from simengine.source.names import Key

if TYPE_CHECKING:
    from simengine.language.xmile.arrays import Place
    from simengine.language.xmile.document import Node
    from simengine.language.xmile.scope import Draft
    from simengine.language.xmile.variable import VariableReader

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
            wanting = {
                "a capacity": spec.capacity,
                "a limit of its inflow": spec.inflow_limit,
                "a sampled length": spec.sample,
                "an arrest": spec.arrest,
                "discrete batches": spec.discrete or None,
                "leakage in a part of its way": next((k for k in spec.leaks if (k.start, k.end) != (0.0, 1.0)), None),
                "leakage of whole units": next((k for k in spec.leaks if k.integers), None),
            }
            what = [f"{name}" for name, given in wanting.items() if given is not None]
            if len(split_outflows(reader, draft)[0]) > 1:
                what.append("more than one outflow at its end")
            spread = [f for f in spec.inflows if f in reader.flows and _spread(reader.flows[f].node)]
            if spread:
                what.append(f"an inflow that is spread over its way (`{reader.flows[spread[0]].name}`)")
            text = f"the conveyor `{draft.name}` has {' and '.join(what)}, which this version does not run"
        case _:
            what = [node.tag]
            text = (
                f"`{draft.name}` is {'an oven' if 'oven' in node.tag else 'a queue'}, which this version does not run"
            )
    if what:
        reader.world.problems.append(error("unsupported-feature", text, node.span))


def _spread(flow: Node) -> bool:
    return flow.get("isee:spreadflow").strip().lower() not in {"", "none", "beginning", "start"}


def conveyor_outputs(draft: Draft, spec: ConveyorSpec, whole: tuple[Subscript, ...]) -> list[Variable]:
    """Return the hidden variables a conveyor's device writes: what comes out, and each leakage."""
    out = []
    for number in range(1 + len(spec.leaks)):
        key = output_key(draft.key, number)
        equation = Equation(whole, Call("device_output", (), "conveyor"), span=draft.node.span)
        dimensions = tuple(s.key for s in whole)
        out.append(Variable(key, key, (equation,), hidden=True, dimensions=dimensions, span=draft.node.span))
    return out


def conveyor_call(
    reader: VariableReader, draft: Draft, spec: ConveyorSpec, initial: Expression, place: Place
) -> Expression:
    """Return the call that stands for a conveyor: inflow, contents, length, then each leakage."""
    inflow: Expression = Number(0.0)
    for number, key in enumerate(spec.inflows):
        term = reader.flow(key, draft, place)
        inflow = term if number == 0 else Binary(Operator.ADD, inflow, term, draft.node.span)
    arguments = [inflow, initial, spec.length]
    for leak in spec.leaks:
        arguments += [leak.fraction, Number(float(leak.exponential))]
    return Call("conveyor", tuple(arguments), "conveyor", span=initial.span or draft.node.span)
