"""Lower conveyors, queues and ovens: devices that write a stock, and the flows that they decide.

In: the call that stands for the stock. Out: a device that shows the contents, and a view of it that shows the flows:
hidden variables beside the stock, `stock>output 0`, ... (outflow, leakages), `stock>room` (the rate of inflow there is
room for), and what else is asked about (`stock>length`, `stock>state`).

A call's first arguments are its own; pairs of a text and an expression follow, whose text is an option of the device
(`kernel/devices`). Options in `READ` and leakages and outflows have the expression as an argument, others are flags.

Invariant: everything a view reads its device reads too, so that both differ between the same runs.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from simengine.model.expression import ArrayLiteral, Call, Expression, LookupCall, Number, Reference, Text
from simengine.program.node import Load, Node
from simengine.program.op import DeviceKind
from simengine.program.program import Device
from simengine.source.diagnostic import error
from simengine.source.names import Key

if TYPE_CHECKING:
    from simengine.compile.lower import Context
    from simengine.compile.whole import EquationPlace, Pieces

_READ = {
    "conveyor": (("linear", "exponential"), ("arrest", "capacity", "limit")),
    "queue": (("inflow",), ("conveyor", "oven")),
    "oven": ((), ("capacity", "fill", "clean", "arrest")),
}
"""Options with an argument: those of which there may be many, in the order given, then those of the limits."""


def lower_container(place: EquationPlace, call: Call) -> None:
    """Add the devices of a conveyor, queue or oven."""
    match call.function:
        case "conveyor":
            _lower_conveyor(place, call)
        case "queue":
            _lower_queue(place, call)
        case _:
            _lower_oven(place, call)


def _pairs(call: Call, first: int) -> list[tuple[str, Expression]]:
    rest = call.arguments[first:]
    return [(k.value, v) for k, v in zip(rest[0::2], rest[1::2], strict=True) if isinstance(k, Text)]


def _sorted(function: str, pairs: Sequence[tuple[str, Expression]]) -> tuple[list[str], list[Expression]]:
    """Return the options of a device, and the expressions it reads, in the order of its options."""
    many, limits = _READ[function]
    read = [p for p in pairs if p[0].split()[0] in many]
    if function == "queue":
        read += [p for p in pairs if p[0].split()[0] in limits]
    else:
        read += [p for name in limits for p in pairs if p[0] == name]
    return [p[0] for p in pairs if p[0] != "inflow"], [p[1] for p in read]


def _shown(options: Sequence[str]) -> list[str]:
    """Return the hidden variables of what else a device shows."""
    return [f">{o.removeprefix('show ')}" for o in options if o.startswith("show ")]


def _initial(initial: Expression) -> tuple[Expression, list[str]]:
    """Return initial contents; where they are a list, its sum, and the option that says what it holds."""
    if not isinstance(initial, ArrayLiteral):
        return initial, []
    values = [v for row in initial.rows for v in row]
    return Number(sum(values), initial.span), [f"values {' '.join(repr(v) for v in values)}"]


def _lower_conveyor(place: EquationPlace, call: Call) -> None:
    inflow, initial, length = call.arguments[:3]
    contents, values = _initial(initial)
    pairs = _pairs(call, 3)
    options, read = _sorted("conveyor", [p for p in pairs if p[0] not in _SPREADS])
    spread, ways, upstream = _spreads(place, pairs)
    place.prepare(inflow, contents, length, *spread, *read)
    nodes = tuple(place.lower(e) for e in read)
    reach = place.lower(length)
    leaks = sum(o.startswith(("linear", "exponential")) for o in options)
    number = len(place.out.devices)
    _add(
        place,
        DeviceKind.CONVEYOR,
        (place.lower(contents), reach),
        (place.lower(inflow), reach, *(place.lower(e) for e in spread), *nodes),
        nodes,
        ((), [*(f">output {n}" for n in range(1 + leaks)), ">room", *_shown(options)]),
        (*ways, *options, *values),
    )
    if upstream:
        place.out.upstream[number] = upstream


_SPREADS = frozenset({"even", "dest", "dist", "source", "profile", "upstream", "leakage"})


def _spreads(
    place: EquationPlace, pairs: Sequence[tuple[str, Expression]]
) -> tuple[list[Expression], list[str], list[Reference]]:
    """Return inflows that enter along the way, the option for each, and the conveyors they leak from."""
    flows: list[Expression] = []
    options: list[str] = []
    upstream: list[Reference] = []
    for name, value in pairs:
        match name, value:
            case (("even" | "dest" | "dist" | "source"), _):
                flows.append(value)
                options.append(f"spread {name}")
            case "profile", LookupCall():
                options[-1] += _profile(place, value)
            case "upstream", Reference():
                upstream.append(value)
            case "leakage", Number():
                options[-1] += f" {int(value.value)}"
    return flows, options, upstream


def _profile(place: EquationPlace, value: LookupCall) -> str:
    numbers = place.lowering.tables(value.lookup)
    if not isinstance(numbers, int | np.integer):
        text = f"`{value.lookup.name}`, by which an inflow is spread, is not one graphical function"
        place.lowering.problem("unsupported-feature", text, value.lookup)
        return ""
    table = place.context.layout.tables[int(numbers)]
    return "".join(f" {x!r} {y!r}" for x, y in zip(table.x, table.y, strict=True))


def find_sources(context: Context, out: Pieces) -> None:
    """Give conveyors that take leakages where they were the devices of the conveyors they leak from."""
    for number, upstream in out.upstream.items():
        device = out.devices[number]
        found = []
        for reference in upstream:
            variable = context.layout.by_key.get(reference.key)
            same = [n for n, d in enumerate(out.devices) if d.variable == variable and d.views is None]
            if len(same) != 1 or out.devices[same[0]].axes != device.axes:
                text = f"a leakage of `{reference.name}` comes in where it was, but not for all elements at once"
                context.problems.append(error("unsupported-feature", text, reference.span))
                return
            found.append(same[0])
        out.devices[number] = replace(device, sources=tuple(found))


def _lower_queue(place: EquationPlace, call: Call) -> None:
    initial = call.arguments[0]
    contents, values = _initial(initial)
    pairs = _pairs(call, 1)
    options, read = _sorted("queue", pairs)
    place.prepare(contents, *read)
    nodes = tuple(place.lower(e) for e in read)
    exits = sum(o.startswith(("free", "conveyor", "oven")) for o in options)
    options.insert(0, f"inflows {sum(name == 'inflow' for name, _ in pairs)}")
    _add(
        place,
        DeviceKind.QUEUE,
        (place.lower(contents),),
        nodes,
        nodes,
        (_shown(options), [f">output {n}" for n in range(exits)]),
        (*options, *values),
    )


def _lower_oven(place: EquationPlace, call: Call) -> None:
    inflow, initial, length = call.arguments[:3]
    options, read = _sorted("oven", _pairs(call, 3))
    place.prepare(inflow, initial, length, *read)
    nodes = (place.lower(length), *(place.lower(e) for e in read))
    _add(
        place,
        DeviceKind.OVEN,
        (place.lower(initial), *nodes),
        (place.lower(inflow), *nodes),
        nodes,
        ((">state", ">cook time"), (">output 0", ">room")),
        tuple(options),
    )


def _add(
    place: EquationPlace,
    kind: DeviceKind,
    start: tuple[Node, ...],
    advance: tuple[Node, ...],
    read: tuple[Node, ...],
    beside: tuple[Sequence[str], Sequence[str]],
    options: tuple[str, ...],
) -> None:
    """Add a device and its view; `beside` names the variables that each writes."""
    axes = place.left.axes
    contents = place.target()
    own = (contents, *(place.beside(suffix) for suffix in beside[0]))
    number = place.add_device(Device(kind, axes, start, (), advance, own, place.number, options=options))
    flows = tuple(place.beside(suffix) for suffix in beside[1])
    if not flows:
        return
    shown = place.context.layout.by_key[Key(f"{place.variable.key}{beside[1][0]}")]
    view = Device(kind, axes, (), (Load(contents), *read), (), flows, shown, options=options, views=number)
    place.add_device(view)
