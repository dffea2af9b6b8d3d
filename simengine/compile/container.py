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
from typing import TYPE_CHECKING

import numpy as np

from simengine.compile.piece import Piece, PieceKind
from simengine.model.expression import ArrayLiteral, Call, Expression, Number, Text
from simengine.program.node import Load, Node
from simengine.program.op import DeviceKind
from simengine.program.program import Device
from simengine.source.names import Key

if TYPE_CHECKING:
    from simengine.compile.whole import EquationPlace

CONTAINERS = frozenset({"conveyor", "queue", "oven"})
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


def _initial(initial: Expression) -> tuple[Expression, list[str]]:
    """Return initial contents; where they are a list, its sum, and the option that says what it holds."""
    if not isinstance(initial, ArrayLiteral):
        return initial, []
    values = [v for row in initial.rows for v in row]
    return Number(sum(values), initial.span), [f"values {' '.join(repr(v) for v in values)}"]


def _lower_conveyor(place: EquationPlace, call: Call) -> None:
    inflow, initial, length = call.arguments[:3]
    contents, values = _initial(initial)
    options, read = _sorted("conveyor", _pairs(call, 3))
    place.prepare(inflow, contents, length, *read)
    nodes = tuple(place.lower(e) for e in read)
    reach = place.lower(length)
    leaks = sum(o.startswith(("linear", "exponential")) for o in options)
    _add(
        place,
        DeviceKind.CONVEYOR,
        (place.lower(contents), reach),
        (place.lower(inflow), reach, *nodes),
        nodes,
        ((), [*(f">output {n}" for n in range(1 + leaks)), ">room"]),
        (*options, *values),
    )


def _lower_queue(place: EquationPlace, call: Call) -> None:
    initial = call.arguments[0]
    contents, values = _initial(initial)
    pairs = _pairs(call, 1)
    options, read = _sorted("queue", pairs)
    place.prepare(contents, *read)
    nodes = tuple(place.lower(e) for e in read)
    shown = [o.removeprefix("show ") for o in options if o.startswith("show ")]
    exits = sum(o.startswith(("free", "conveyor", "oven")) for o in options)
    options.insert(0, f"inflows {sum(name == 'inflow' for name, _ in pairs)}")
    _add(
        place,
        DeviceKind.QUEUE,
        (place.lower(contents),),
        nodes,
        nodes,
        ([f">{what}" for what in shown], [f">output {n}" for n in range(exits)]),
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
    axes, devices, variable = place.left.axes, place.out.devices, place.number
    contents = place.target()
    own = (contents, *(place.beside(suffix) for suffix in beside[0]))
    number = len(devices)
    devices.append(Device(kind, axes, start, (), advance, own, variable, options=options))
    _add_piece(place, variable, number)
    flows = tuple(place.beside(suffix) for suffix in beside[1])
    if not flows:
        return
    shown = place.context.layout.by_key[Key(f"{place.variable.key}{beside[1][0]}")]
    devices.append(Device(kind, axes, (), (Load(contents), *read), (), flows, shown, options=options, views=number))
    _add_piece(place, shown, number + 1)


def _add_piece(place: EquationPlace, variable: int, number: int) -> None:
    slots = np.concatenate([np.atleast_1d(np.asarray(o)).ravel() for o in place.out.devices[number].outputs])
    place.out.pieces.append(
        Piece(
            PieceKind.DEVICE, variable, slots, place.left.axes, device=number, whole=True, span=place.equation.span
        )
    )
