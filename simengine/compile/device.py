"""Lower functions whose state is a device: pure delays, batches, depreciation.

In: a call that is a whole right-hand side. Out: a device, and the piece that shows its output.

Invariant: which argument goes where stands in `DEVICE_FUNCTIONS`; what a device does stands in
`kernel/devices`.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from simengine.compile.constant import constant_value
from simengine.compile.piece import Piece, PieceKind
from simengine.compile.special import table_numbers
from simengine.model.expression import Binary, Call, Number, Operator
from simengine.model.expression import call as call_of
from simengine.program.op import DeviceKind
from simengine.program.program import Device

if TYPE_CHECKING:
    from simengine.compile.whole import EquationPlace


@dataclass(frozen=True, slots=True)
class DeviceRule:
    """Positions of a call's arguments that a device reads at its start, when it shows, and when it advances."""

    kind: DeviceKind
    start: tuple[int, ...]
    advance: tuple[int, ...]
    emit: tuple[int, ...] = ()
    table: int | None = None


_SAME_STEP = 1e-6  # a fiscal period written as 0.0833333 is a month's step of 1/12

DEVICE_FUNCTIONS: dict[str, DeviceRule] = {
    "delay_fixed": DeviceRule(DeviceKind.DELAY_FIXED, start=(1, 2), advance=(0,)),
    "delay_xmile": DeviceRule(DeviceKind.DELAY_MATERIAL, start=(1, 2, 3), advance=(0, 1)),
    "delay_information": DeviceRule(DeviceKind.DELAY_INFORMATION, start=(2,), advance=(0, 1)),
    "delay_material": DeviceRule(DeviceKind.DELAY_MATERIAL, start=(1, 2, 3), advance=(0, 1)),
    "delay_conveyor": DeviceRule(DeviceKind.DELAY_CONVEYOR, start=(4, 5), emit=(1,), advance=(0, 2, 1), table=3),
    "history": DeviceRule(DeviceKind.HISTORY, start=(), emit=(0, 1), advance=(0,)),
    "delay_batch": DeviceRule(DeviceKind.DELAY_BATCH, start=(3, 4, 5), advance=(0, 1, 2)),
    "depreciate_straightline": DeviceRule(DeviceKind.DEPRECIATE_STRAIGHTLINE, start=(1, 3), emit=(0,), advance=(0,)),
}


def lower_device(place: EquationPlace, call: Call) -> None:
    """Add the device a call means, one for each point of the left side."""
    rule = DEVICE_FUNCTIONS[call.function]
    call = _complete(place, call)
    used = sorted({*rule.start, *rule.emit, *rule.advance})
    place.prepare(*(call.arguments[n] for n in used))
    nodes = {n: place.lower(call.arguments[n]) for n in used}
    tables = None if rule.table is None else table_numbers(place.lowering, call.arguments[rule.table])
    target = place.target()
    number = len(place.out.devices)
    place.out.devices.append(
        Device(
            rule.kind,
            place.left.axes,
            tuple(nodes[n] for n in rule.start),
            tuple(nodes[n] for n in rule.emit),
            tuple(nodes[n] for n in rule.advance),
            (target,),
            place.number,
            tables,
        )
    )
    place.out.pieces.append(
        Piece(
            PieceKind.DEVICE, place.number, target, place.left.axes, device=number, whole=True, span=place.equation.span
        )
    )


def _complete(place: EquationPlace, call: Call) -> Call:
    """Return the call with optional arguments filled in; what a device cannot do is reported."""
    if call.function == "delay_xmile":
        # XMILE 1.0, 3.5.3 "DELAY": without an initial value, the input's own
        initial = call.arguments[2] if len(call.arguments) > 2 else call.arguments[0]
        return replace(call, arguments=(*call.arguments[:2], initial, Number(0.0)))
    return _in_fiscal_steps(place, call) if call.function == "depreciate_straightline" else call


def _in_fiscal_steps(place: EquationPlace, call: Call) -> Call:
    """Return the call where its fiscal period is the time step; refuse it where it is known to be another.

    Vensim ref. "DEPRECIATE STRAIGHTLINE": payments of a fiscal period are lumped together; of what is shown within one
    it says only that it "can lead to somewhat odd behavior". Where the step is set anew for a run, the values are
    not numbers, which the run reports.
    """
    stream, lifetime, period, initial = call.arguments
    symbols = place.lowering.symbols
    known = constant_value(period, symbols, place.equation.subscripts, set())
    step = constant_value(call_of("dt"), symbols, (), set())
    if known is None or step is None or any(abs(k - step[0]) > _SAME_STEP * step[0] for k in known):
        place.lowering.problem(
            "unsupported-function",
            f"`{call.name}` is supported with a constant fiscal period, as long as TIME STEP",
            period,
        )
        return call
    gap = Call("abs", (Binary(Operator.SUBTRACT, period, call_of("dt")),))
    fits = Binary(Operator.LESS, gap, Binary(Operator.MULTIPLY, Number(_SAME_STEP), call_of("dt")))
    guarded = Call("if", (fits, stream, Number(math.nan)), span=stream.span)
    return replace(call, arguments=(guarded, lifetime, period, initial))
