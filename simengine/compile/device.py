"""Lower functions whose state is a device: pure delays, conveyors, batches.

In: a call that is a whole right-hand side. Out: a device, and the piece that shows its output.

Invariant: which argument goes where stands in `DEVICE_FUNCTIONS`; what a device does stands in
`kernel/devices`.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from simengine.compile.layout import strides
from simengine.compile.special import table_numbers
from simengine.model.expression import Call, Expression, Number, Reference, Subscript
from simengine.program.node import Load, Node, Slots
from simengine.program.op import DeviceKind
from simengine.program.program import Device

if TYPE_CHECKING:
    from simengine.compile.lower import Lowering
    from simengine.compile.whole import EquationPlace


@dataclass(frozen=True, slots=True)
class DeviceRule:
    """Positions of a call's arguments that a device reads at its start, when it shows, and when it advances."""

    kind: DeviceKind
    start: tuple[int, ...]
    advance: tuple[int, ...]
    emit: tuple[int, ...] = ()
    table: int | None = None


DEVICE_FUNCTIONS: dict[str, DeviceRule] = {
    "delay_fixed": DeviceRule(DeviceKind.DELAY_FIXED, start=(1, 2), advance=(0,)),
    "delay_xmile": DeviceRule(DeviceKind.DELAY_MATERIAL, start=(1, 2, 3), advance=(0, 1)),
    "delay_information": DeviceRule(DeviceKind.DELAY_INFORMATION, start=(2,), advance=(0, 1)),
    "delay_material": DeviceRule(DeviceKind.DELAY_MATERIAL, start=(1, 2, 3), advance=(0, 1)),
    "delay_conveyor": DeviceRule(DeviceKind.DELAY_CONVEYOR, start=(4, 5), emit=(1,), advance=(0, 2, 1), table=3),
    "history": DeviceRule(DeviceKind.HISTORY, start=(), emit=(0, 1), advance=(0,)),
    "delay_batch": DeviceRule(DeviceKind.DELAY_BATCH, start=(3, 4, 5), advance=(0, 1, 2)),
    "delay_profile": DeviceRule(DeviceKind.DELAY_PROFILE, start=(2, 3, 4), advance=(1, 2), table=0),
    "depreciate_straightline": DeviceRule(DeviceKind.DEPRECIATE_STRAIGHTLINE, start=(1, 2, 3), emit=(0,), advance=(0,)),
    "internal_rate_of_return": DeviceRule(DeviceKind.INTERNAL_RATE, start=(1, 2, 3), emit=(0,), advance=(0,)),
}


def lower_device(place: EquationPlace, call: Call) -> None:
    """Add the device a call means, one for each point of the left side."""
    rule = DEVICE_FUNCTIONS[call.function]
    call = _complete(call)
    used = sorted({*rule.start, *rule.emit, *rule.advance})
    place.prepare(*(call.arguments[n] for n in used))
    nodes = {n: place.lower(call.arguments[n]) for n in used}
    tables = None if rule.table is None else table_numbers(place.lowering, call.arguments[rule.table])
    if rule.kind is DeviceKind.DELAY_PROFILE and tables is not None:
        check_response(place, call, tables)
    place.add_device(
        Device(
            rule.kind,
            place.left.axes,
            tuple(nodes[n] for n in rule.start),
            tuple(nodes[n] for n in rule.emit),
            tuple(nodes[n] for n in rule.advance),
            (place.target(),),
            place.number,
            tables,
        )
    )


def check_response(place: EquationPlace, call: Call, tables: Slots) -> None:
    """Report profiles that are no distribution of delays.

    Vensim ref. "DELAY PROFILE": everywhere nonnegative, with at least one positive value.
    """
    for number in np.unique(tables).tolist():
        table = place.context.layout.tables[number]
        if min(table.y) < 0 or table.x[0] < 0 or not any(y > 0 for y in table.y) or table.x[-1] <= table.x[0]:
            message = f"the profile of `{call.name}` must be a lookup with x from 0 on and y above 0, never below"
            place.lowering.problem("bad-response", message, call.arguments[0])
            return


def lower_schedule(place: EquationPlace, call: Call) -> None:
    """Add a depreciation by schedule: the fractions, and what is still to come at the start, are elements of arrays.

    Vensim ref. "DEPRECIATE BY SCHEDULE": `sch` is given by the first element of its last subscript; `init` is an array
    of the same length, or a variable without elements of its own where there is nothing to come.
    """
    stream, schedule, initial, lifetime, begin = call.arguments
    place.prepare(stream, lifetime, begin)
    fractions = elements_from(place.lowering, schedule)
    if fractions is None:
        return
    before = elements_from(place.lowering, initial) if _is_first(place, initial) else None
    if before is None:
        place.prepare(initial)
        before = [place.lower(initial)] * len(fractions)
    if len(before) < len(fractions):
        message = f"`{call.name}` needs an initial value for each of the {len(fractions)} parts of its schedule"
        place.lowering.problem("bad-schedule", message, initial)
        return
    flow = place.lower(stream)
    start = (place.lower(lifetime), place.lower(begin), *fractions, *before[: len(fractions)])
    kind = DeviceKind.DEPRECIATE_BY_SCHEDULE
    place.add_device(Device(kind, place.left.axes, start, (flow,), (flow,), (place.target(),), place.number))


def _is_first(place: EquationPlace, initial: Expression) -> bool:
    """Return whether an argument is the first of the elements of an array, not one of a dimension of the left side."""
    if not isinstance(initial, Reference) or not initial.subscripts:
        return False
    last = initial.subscripts[-1]
    return isinstance(last, Subscript) and last.key not in place.lowering.symbols.dimensions


def elements_from(lowering: Lowering, node: Expression) -> list[Node] | None:
    """Return the elements of an array along its last subscript, from the one given on."""
    if not isinstance(node, Reference) or node.key not in lowering.symbols.variables:
        lowering.problem("not-an-array", "a schedule must be an array, with the first of its elements", node)
        return None
    coordinates = lowering.coordinates(node)
    if coordinates is None:
        return None
    variable = lowering.context.layout.variables[lowering.context.layout.by_key[node.key]]
    first = coordinates[-1] if coordinates else None
    if not isinstance(first, int):
        lowering.problem(
            "not-an-array", f"`{node.name}` must be given with the first element of its last subscript", node
        )
        return None
    out: list[Node] = []
    for place in range(first, variable.shape[-1]):
        slots = lowering.index([*coordinates[:-1], place], strides(variable.shape), variable.first)
        if slots is None:
            lowering.problem("computed-subscript", "the elements of a schedule must be known beforehand", node)
            return None
        out.append(Load(slots))
    return out


def _complete(call: Call) -> Call:
    """Return the call with optional arguments filled in; the initial value of a delay of XMILE."""
    if call.function == "delay_xmile":
        # XMILE 1.0, 3.5.3 "DELAY": without an initial value, the input's own
        initial = call.arguments[2] if len(call.arguments) > 2 else call.arguments[0]
        return replace(call, arguments=(*call.arguments[:2], initial, Number(0.0)))
    return call
