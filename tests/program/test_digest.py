"""The hash code is found by: everything code depends on is in it."""

from __future__ import annotations

from dataclasses import fields, replace

import numpy as np
import pytest

from simengine.model.definition import Method
from simengine.model.lookup import Between, Table
from simengine.program.digest import digest_of
from simengine.program.node import (
    Along,
    Apply,
    Ask,
    Clock,
    Constant,
    Draw,
    Gather,
    Inverse,
    Load,
    Lookup,
    Node,
    Reduce,
)
from simengine.program.op import AlongOp, ClockValue, DeviceKind, Distribution, Fold, Op, TableQuery
from simengine.program.program import Assign, Device, Group, Memory, Program, SlowClock
from simengine.source.names import Key
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


def slow_clock(p: Program) -> SlowClock:
    """Return a clock by which all of a program goes."""
    return SlowClock(
        Key("slow"), p.specs[2], Method.EULER, Group(p.step, p.memories, (0,), p.stocks, p.rates, p.floors)
    )


LINE = Table((0.0, 1.0), (2.0, 3.0))

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
    "tables": lambda p: (*p.tables, LINE),
    "specs": lambda p: p.specs[::-1],
    "moving_specs": lambda p: not p.moving_specs,
    "clocks": lambda p: (slow_clock(p),),
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


@pytest.mark.parametrize("name", sorted(CHANGES))
def test_what_code_depends_on_changes_the_hash(name: str) -> None:
    plain = program()
    changed = replace(plain, **{name: CHANGES[name](plain)})
    assert digest_of(changed) != digest_of(plain)
    assert digest_of(program()) == digest_of(plain)


@pytest.mark.parametrize("name", [f.name for f in fields(Group)])
def test_so_does_every_part_of_a_slower_clock(name: str) -> None:
    plain = program()
    clock = slow_clock(plain)
    changed = () if name == "devices" else CHANGES[name](plain)
    other = replace(clock, group=replace(clock.group, **{name: changed}))
    assert digest_of(replace(plain, clocks=(other,))) != digest_of(replace(plain, clocks=(clock,)))
    later = replace(clock, step=clock.step + 1)
    assert digest_of(replace(plain, clocks=(later,))) != digest_of(replace(plain, clocks=(clock,)))


@pytest.mark.parametrize("name", sorted(OF_DEVICE))
def test_so_does_every_part_of_a_device(name: str) -> None:
    plain = program()
    changed = replace(plain, devices=(replace(plain.devices[0], **{name: OF_DEVICE[name]}),))
    assert digest_of(changed) != digest_of(plain)


def test_values_are_no_matter_of_code() -> None:
    plain = program()
    assert digest_of(replace(plain, defaults=plain.defaults + 1.0)) == digest_of(plain)
    assert np.array_equal(plain.defaults, program().defaults)


ONE, TWO = Constant(1.0), Constant(2.0)
SLOTS, OTHERS = np.array([1, 2, 3]), np.array([1, 2, 4])
NODES: dict[Node, dict[str, object]] = {
    ONE: {"value": -1.0},
    Constant(np.array([0.0, 1.0])): {"value": np.array([-0.0, 1.0])},
    Load(SLOTS): {"slots": OTHERS},
    Clock(ClockValue.TIME): {"what": ClockValue.STEP},
    Apply(Op.ADD, (ONE, TWO)): {"op": Op.SUB, "arguments": (TWO, ONE)},
    Reduce(Fold.SUM, Load(SLOTS), (0,)): {"fold": Fold.PRODUCT, "argument": Load(OTHERS), "axes": (1,)},
    Lookup(0, ONE): {"tables": 1, "x": TWO, "between": Between.HOLD, "missing": 0.0},
    Ask(TableQuery.AREA, 0, (ONE, TWO)): {"query": TableQuery.SLOPE, "tables": 1, "arguments": (TWO, ONE)},
    Gather(SLOTS, ONE, 0.0): {"slots": OTHERS, "index": TWO, "outside": 1.0},
    Draw(Distribution.UNIFORM, 5, (ONE, TWO), ONE): {
        "distribution": Distribution.NORMAL,
        "streams": 6,
        "arguments": (TWO, ONE),
        "seed": TWO,
    },
    Along(AlongOp.RANK, 0, (ONE,)): {"op": AlongOp.SORTED, "axis": 1, "arguments": (TWO,), "second": 1},
    Inverse(Load(SLOTS), (0, 1)): {"argument": Load(OTHERS), "axes": (1, 0)},
}


def with_node(node: Node) -> Program:
    plain = program()
    return replace(plain, step=(*plain.step, Assign(0, (), node, 0)))


def test_so_does_every_part_of_a_node() -> None:
    assert {type(node).__name__ for node in NODES} == set(Node.split(" | "))  # type: ignore[attr-defined]
    for node, changes in NODES.items():
        assert {f.name for f in fields(node)} == set(changes)
        for name, value in changes.items():
            changed = replace(node, **{name: value})  # type: ignore[arg-type]
            assert digest_of(with_node(changed)) != digest_of(with_node(node)), (node, name)


def test_so_does_every_part_of_a_statement_but_its_name() -> None:
    plain, own = program(), Assign(np.array([1, 2]), (2,), ONE, 0)
    first = digest_of(replace(plain, step=(own,)))
    for changed in (replace(own, slots=np.array([2, 1])), replace(own, axes=(1, 2)), replace(own, value=TWO)):
        assert digest_of(replace(plain, step=(changed,))) != first
    assert digest_of(replace(plain, step=(replace(own, variable=1),))) == first


def test_of_a_table_the_count_and_the_rule_matter_and_not_the_points() -> None:
    plain = program()
    first = digest_of(replace(plain, tables=(LINE,)))
    for changed in (replace(LINE, between=Between.HOLD), Table((0.0, 1.0, 2.0), (2.0, 3.0, 4.0))):
        assert digest_of(replace(plain, tables=(changed,))) != first
    assert digest_of(replace(plain, tables=(Table((5.0, 6.0), (7.0, 8.0)),))) == first


def test_a_node_that_is_shared_is_told_from_one_that_is_written_twice() -> None:
    shared, again = Apply(Op.ADD, (ONE, ONE)), Apply(Op.ADD, (ONE, Constant(1.0)))
    assert digest_of(with_node(shared)) != digest_of(with_node(again))
