"""The hash code is found by: everything code depends on is in it."""

from __future__ import annotations

from dataclasses import fields, replace

import numpy as np
import pytest

from simengine.program.digest import digest_of
from simengine.program.node import Constant, Load
from simengine.program.op import DeviceKind, Op
from simengine.program.program import Assign, Device, Memory, Program
from tests.kernel.build import Build, apply, load, number

NO_MATTER_OF_CODE = {
    "variables": "names and labels",
    "defaults": "values are handed over",
    "by_key": "names",
    "digest": "itself",
}


def program() -> Program:
    """Return a program with something of everything."""
    build = Build(stop=3)
    rate = build.parameter("rate", 0.1)
    stock = build.stock("people", number(5.0))
    build.flow(stock, apply(Op.MUL, load(rate), load(stock)))
    build.memory("held", number(0.0), load(stock))
    out = build.scalar("late")
    build.emit(Device(DeviceKind.DELAY_FIXED, (), (number(2.0), number(7.0)), (), (load(stock),), (out,), 0))
    return build.program()


CHANGES = {
    "slot_count": lambda p: p.slot_count + 1,
    "parameters": lambda p: p.parameters[::-1],
    "constants": lambda p: (*p.constants, Assign(0, (), Constant(1.0), 0)),
    "initial": lambda p: p.initial[:-1],
    "settled": lambda p: (*p.settled, Assign(0, (), Constant(1.0), 0)),
    "step": lambda p: p.step[:-1],
    "memories": lambda p: (Memory(replace(p.memories[0].update, value=Constant(3.0))),),
    "devices": lambda p: (),
    "stocks": lambda p: p.stocks + 1,
    "rates": lambda p: p.rates + 1,
    "floors": lambda p: ~p.floors,
    "tables": lambda p: None,
    "specs": lambda p: p.specs[::-1],
    "moving_specs": lambda p: not p.moving_specs,
}
OF_DEVICE = {
    "kind": DeviceKind.DELAY_MATERIAL,
    "axes": (2,),
    "start": (Constant(2.0), Constant(8.0)),
    "emit": (Constant(1.0),),
    "advance": (Load(0),),
    "outputs": (0,),
    "tables": 0,
    "options": ("linear",),
    "views": 0,
    "sources": (0,),
}


def test_every_field_is_known_here() -> None:
    assert {f.name for f in fields(Program)} == set(CHANGES) | set(NO_MATTER_OF_CODE)
    assert {f.name for f in fields(Device)} == set(OF_DEVICE) | {"variable"}


@pytest.mark.parametrize("name", sorted(set(CHANGES) - {"tables"}))
def test_what_code_depends_on_changes_the_hash(name: str) -> None:
    plain = program()
    changed = replace(plain, **{name: CHANGES[name](plain)})
    assert digest_of(changed) != digest_of(plain)
    assert digest_of(program()) == digest_of(plain)


@pytest.mark.parametrize("name", sorted(OF_DEVICE))
def test_so_does_every_part_of_a_device(name: str) -> None:
    plain = program()
    changed = replace(plain, devices=(replace(plain.devices[0], **{name: OF_DEVICE[name]}),))
    assert digest_of(changed) != digest_of(plain)


def test_values_are_no_matter_of_code() -> None:
    plain = program()
    assert digest_of(replace(plain, defaults=plain.defaults + 1.0)) == digest_of(plain)
    assert np.array_equal(plain.defaults, program().defaults)
