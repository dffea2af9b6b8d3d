"""Lower functions whose state is a device: pure delays, conveyors, batches.

In: a call that is a whole right-hand side. Out: a device, and the piece that shows its output.

Invariant: which argument goes where stands in `DEVICE_FUNCTIONS`; what a device does stands in
`kernel/devices`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from simengine.compile.piece import Piece, PieceKind
from simengine.model.expression import Call
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
    options: tuple[str, ...] = ()


DEVICE_FUNCTIONS: dict[str, DeviceRule] = {
    "delay_fixed": DeviceRule(DeviceKind.DELAY_FIXED, start=(1, 2), advance=(0,)),
    "delay_xmile": DeviceRule(DeviceKind.DELAY_MATERIAL, start=(1, 2, 3), advance=(0, 1)),
    "delay_information": DeviceRule(DeviceKind.DELAY_INFORMATION, start=(2,), advance=(0, 1)),
    "delay_material": DeviceRule(DeviceKind.DELAY_MATERIAL, start=(1, 2, 3), advance=(0, 1)),
    "delay_batch": DeviceRule(DeviceKind.DELAY_BATCH, start=(3, 4, 5), advance=(0, 1, 2)),
    "depreciate_straightline": DeviceRule(DeviceKind.DEPRECIATE_STRAIGHTLINE, start=(1,), emit=(0,), advance=(0,)),
}


def lower_device(place: EquationPlace, call: Call) -> None:
    """Add the device a call means, one for each point of the left side."""
    rule = DEVICE_FUNCTIONS[call.function]
    place.prepare(*call.arguments)
    nodes = {n: place.lower(call.arguments[n]) for n in {*rule.start, *rule.emit, *rule.advance} if n < len(call.arguments)}
    target = place.target()
    number = len(place.out.devices)
    place.out.devices.append(
        Device(
            rule.kind,
            place.left.axes,
            tuple(nodes[n] for n in rule.start if n in nodes),
            tuple(nodes[n] for n in rule.emit if n in nodes),
            tuple(nodes[n] for n in rule.advance if n in nodes),
            (target,),
            place.number,
            options=rule.options,
        )
    )
    slots = target if isinstance(target, int) else np.asarray(target)
    place.out.pieces.append(
        Piece(PieceKind.DEVICE, place.number, slots, place.left.axes, device=number, whole=True, span=place.equation.span)
    )
