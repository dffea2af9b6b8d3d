"""Conveyors, queues and ovens: what is written of them.

In: the draft of a stock with a `<conveyor>`, `<queue>` or `<oven>`. Out: its spec. `driven` makes equations of it.

Invariant: what of a device is not run is refused, and still stands in the spec.
References: XMILE 1.0, 3.7.2 and 3.7.3, 4.2.1 (conveyors), 4.3 (leakages, overflow); Stella help, "Oven Computation".
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from simengine.model.conveyor import NO_LENGTH, ConveyorSpec, Device, Leak, OvenSpec, QueueSpec, Spread
from simengine.model.expression import Expression, Number, Reference, Subscript
from simengine.source.diagnostic import error
from simengine.source.names import Key

if TYPE_CHECKING:
    from collections.abc import Sequence

    from simengine.language.xmile.arrays import Place
    from simengine.language.xmile.document import Node
    from simengine.language.xmile.scope import Draft
    from simengine.language.xmile.variable import VariableReader

DEVICES = ("conveyor", "queue", "oven", "isee:oven")
_BATCHES = frozenset({"batch_integrity", "one_at_a_time"})
_PARTS: dict[str, tuple[frozenset[str], frozenset[str]]] = {
    "conveyor": (
        frozenset({"len", "capacity", "in_limit", "sample", "arrest"}),
        # Stella writes `force_leak_fraction`. unverified: that it asks for what is done here in any case, that a linear
        # leakage takes its fraction of what came in, whatever has leaked before
        _BATCHES | {"discrete", "exponential_leak", "force_leak_fraction"},
    ),
    "queue": (frozenset(), frozenset()),
    # unverified: the names of an oven's parts, of which the standard and public help say nothing
    "oven": (frozenset({"len", "capacity", "fill_time", "clean_time", "arrest"}), _BATCHES),
}
"""Of each device: the elements and the attributes that are read."""


def device_node(node: Node) -> Node | None:
    """Return the element that makes a stock a conveyor, queue or oven."""
    return next((c for c in node.children if c.tag in DEVICES), None) if node.tag == "stock" else None


def device_kind(node: Node) -> str:
    """Return what a stock is: "conveyor", "queue", "oven", or "" for an ordinary one."""
    device = device_node(node)
    return "" if device is None else device.tag.removeprefix("isee:")


def split_outflows(reader: VariableReader, draft: Draft) -> tuple[list[Key], list[Key]]:
    """Return the outflow at a conveyor's end, and those that leak on the way.

    XMILE 1.0, 3.7.2: where leakages are not marked, the first outflow is the end, the others are leakages.
    """
    flows = reader.stock_flows(draft).outflows
    marked = [f for f in flows if f in reader.flows and _leak(reader.flows[f].node) is not None]
    end = next((f for f in flows if f not in marked), None)
    return ([] if end is None else [end]), [f for f in flows if f != end]


def _leak(node: Node) -> Node | None:
    return node.first("leak") or node.first("leak_integers")


def read_device(reader: VariableReader, draft: Draft, place: Place) -> Device | None:
    """Return the spec of a stock's device, None for an ordinary stock; what is not run is reported."""
    node = device_node(draft.node)
    if node is None:
        return None
    kind = device_kind(draft.node)
    _report_unknown(reader, draft, node, kind)
    flows = reader.stock_flows(draft)

    def part(tag: str) -> Expression | None:
        child = node.first(tag) or node.first(f"isee:{tag}")
        return reader.parse(child, draft, place) if child is not None and child.text.value.strip() else None

    spec: Device
    if kind == "queue":
        overflows = tuple(f for f in flows.outflows if f in reader.flows and reader.flows[f].node.first("overflow"))
        spec = QueueSpec(flows.inflows, flows.outflows, overflows)
    else:
        length = part("len")
        if length is None:
            text = f"the {kind} `{draft.name}` has no `<len>`: how long things stay in it"
            reader.world.problems.append(error("missing-equation", text, node.span))
        ends, _ = split_outflows(reader, draft)
        end = ends[0] if ends else None
        batches = (flag(node, "batch_integrity"), flag(node, "one_at_a_time", default=True))
        if kind == "conveyor":
            spec = ConveyorSpec(
                length or NO_LENGTH,
                flows.inflows,
                end,
                _leaks(reader, draft, node, place),
                part("capacity"),
                part("in_limit"),
                part("sample"),
                part("arrest"),
                flag(node, "discrete"),
                *batches,
                _spreads(reader, draft, flows.inflows, place),
            )
        else:
            times = (part("fill_time"), part("clean_time"), part("arrest"))
            spec = OvenSpec(length or NO_LENGTH, flows.inflows, end, part("capacity"), *times, *batches)
    _refuse(reader, draft, node, spec)
    return spec


def _report_unknown(reader: VariableReader, draft: Draft, node: Node, kind: str) -> None:
    """Report elements and attributes of a device that would mean something else than what is run."""
    elements, attributes = _PARTS[kind]
    for child in node.children:
        if child.tag.removeprefix("isee:") not in elements:
            text = f"`<{child.tag}>` in the {kind} `{draft.name}` is not understood"
            reader.world.problems.append(error("unknown-element", text, child.span))
    for name in node.attributes:
        if name.removeprefix("isee:") not in attributes and not name.startswith("simengine:"):
            text = f"the {kind} `{draft.name}` has `{name}`, which this version does not run"
            reader.world.problems.append(error("unsupported-feature", text, node.place(name)))


def flag(node: Node, name: str, *, default: bool = False) -> bool:
    """Return whether an attribute of a device, of the standard or Stella's own, says yes."""
    text = (node.get(name) or node.get(f"isee:{name}")).strip().lower()
    return text in {"true", "1"} if text else default


def _leaks(reader: VariableReader, draft: Draft, conveyor: Node, place: Place) -> tuple[Leak, ...]:
    out = []
    for number, key in enumerate(split_outflows(reader, draft)[1]):
        if key not in reader.flows:
            continue
        flow = reader.flows[key]
        node = _leak(flow.node)
        ends = [_number(flow.node.get(n) or (node.get(n) if node is not None else "")) for n in _ZONE]
        exponential = flag(conveyor, "exponential_leak")
        parts = _leak_parts(reader, draft, flow)
        fraction: Expression = _leak_fraction(reader, flow, node, place)
        if parts:
            name = leak_key(draft.key, number)
            fraction = Reference(name, name, tuple(s for _, s in place.left))
        out.append(
            Leak(
                key,
                fraction,
                exponential if node is None else flag(node, "exponential", default=exponential),
                0.0 if ends[0] is None else ends[0],
                1.0 if ends[1] is None else ends[1],
                flow.node.first("leak_integers") is not None,
                parts,
            )
        )
    return tuple(out)


_ZONE = ("leak_start", "leak_end")


def leak_key(stock: Key, number: int) -> Key:
    """Return the key of the fraction of a leakage, where it is a variable of its own."""
    return Key(f"{stock}>leak {number}")


def _leak_fraction(reader: VariableReader, flow: Draft, node: Node | None, place: Place) -> Expression:
    holder = node if node is not None and node.text.value.strip() else flow.node.first("eqn")
    if holder is None or not holder.text.value.strip():
        return Number(0.0)
    return reader.parse(holder, flow, reader.place_of(flow, place.left))


def _leak_parts(
    reader: VariableReader, draft: Draft, flow: Draft
) -> tuple[tuple[tuple[Subscript, ...], Expression], ...]:
    """Return the fraction of a leakage element by element, where it is written so."""
    out = []
    for element in flow.node.all("element"):
        holder = element.first("leak") or element.first("eqn")
        left = reader.element_left(element, flow)
        if holder is not None and holder.text.value.strip() and left is not None:
            fraction = reader.parse(holder, flow, reader.place_of(flow, left))
            out.append((tuple(s for _, s in left), fraction))
    if out and flow.dimensions != draft.dimensions:
        text = f"the leakage `{flow.name}` has other dimensions than its conveyor, which this version does not run"
        reader.world.problems.append(error("unsupported-feature", text, flow.node.span))
    return tuple(out)


def _number(text: str) -> float | None:
    try:
        return float(text)
    except ValueError:
        return None


# inflows along the way

_WAYS = {"even": "even", "evenly": "even", "dest": "dest", "dist": "dist", "source": "source"}


def _spreads(reader: VariableReader, draft: Draft, inflows: Sequence[Key], place: Place) -> tuple[Spread, ...]:
    """Return how inflows enter that do not enter at the begin (Stella help, "Spreading Conveyor Inputs")."""
    out = []
    for key in inflows:
        flow = reader.flows.get(key)
        text = flow.node.get("isee:spreadflow").strip().lower() if flow is not None else ""
        if flow is None or text in {"", "none", "beginning", "start"}:
            continue
        how = _WAYS.get(text, "")
        spread: Spread | None = Spread(key, how) if how in {"even", "dest"} else None
        if how == "dist":
            spread = _by_profile(reader, flow, key, place)
        elif how == "source":
            spread = _by_source(reader, draft, key)
        if spread is not None:
            out.append(spread)
            continue
        message = f"the inflow `{flow.name}` is spread in a way (`{text}`) that this version does not run"
        reader.world.problems.append(error("unsupported-feature", message, flow.node.place("isee:spreadflow")))
    return tuple(out)


def _by_profile(reader: VariableReader, flow: Draft, key: Key, place: Place) -> Spread | None:
    node = flow.node.first("isee:distrib_eq")
    if node is None or not node.text.value.strip():
        return None
    profile = reader.parse(node, flow, reader.place_of(flow, place.left))
    is_table = isinstance(profile, Reference) and profile.key in reader.world.tables and not profile.subscripts
    return Spread(key, "dist", profile) if is_table else None


def _by_source(reader: VariableReader, draft: Draft, key: Key) -> Spread | None:
    upstream = reader.drains.get(key)
    if upstream is None or device_kind(upstream.node) != "conveyor" or upstream.dimensions != draft.dimensions:
        return None
    leaks = split_outflows(reader, upstream)[1]
    return Spread(key, "source", None, upstream.key, leaks.index(key)) if key in leaks else None


# what is not run


def _refuse(reader: VariableReader, draft: Draft, node: Node, spec: Device) -> None:
    """Report what of a device this engine does not run, or what makes no sense."""
    match spec:
        case ConveyorSpec():
            what: list[str] = []
            if any(x is not None for x in (spec.capacity, spec.inflow_limit, spec.arrest)):
                what += _unlimited(reader, draft, spec.inflows, stops=spec.arrest is not None)
            kind = "conveyor"
        case QueueSpec():
            what = _wrong_exits(reader, draft, spec)
            kind = "queue"
        case OvenSpec():
            what = _unlimited(reader, draft, spec.inflows, stops=True)
            if spec.capacity is None and spec.fill_time is None:
                what.append("no `<capacity>` and no `<fill_time>` to close it")
            if len(reader.stock_flows(draft).outflows) > 1:
                what.append("more than one outflow")
            if len(spec.inflows) > 1:
                what.append("more than one inflow")
            kind = "oven"
    if what:
        text = f"the {kind} `{draft.name}` has {' and '.join(what)}, which this version does not run"
        reader.world.problems.append(error("unsupported-feature", text, node.span))


def _unlimited(reader: VariableReader, draft: Draft, inflows: Sequence[Key], *, stops: bool) -> list[str]:
    """Return what is wrong with inflows that must be held back, but cannot be; `stops`: at times they must be 0."""
    for key in inflows:
        flow = reader.flows.get(key)
        if flow is None or (stops and reader.source_kind(key) in {"conveyor", "oven"}):
            return ["a limit of an inflow that something else decides"]
        if flow.dimensions != draft.dimensions:
            return [f"a limit of an inflow with other dimensions (`{flow.name}`)"]
    return []


def _wrong_exits(reader: VariableReader, draft: Draft, spec: QueueSpec) -> list[str]:
    out = []
    if spec.overflows and spec.overflows[0] == spec.outflows[0]:
        out.append(f"an overflow that is its first outflow (`{reader.flows[spec.overflows[0]].name}`)")
    for key in (*spec.inflows, *spec.outflows):
        flow = reader.flows.get(key)
        if flow is not None and flow.dimensions != draft.dimensions:
            out.append(f"a flow with other dimensions (`{flow.name}`)")
    for key in spec.outflows:
        receiver = reader.receivers.get(key)
        if receiver is not None and device_kind(receiver.node) and receiver.dimensions != draft.dimensions:
            out.append(f"an outflow into `{receiver.name}`, which has other dimensions")
    return out
