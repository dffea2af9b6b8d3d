"""The verifier: silent about what is right, and every invariant broken once."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest

from simengine.model.definition import Method
from simengine.program.node import Along, Apply, Constant, Inverse, Load, Lookup, Reduce
from simengine.program.op import AlongOp, DeviceKind, Fold, Op
from simengine.program.program import Assign, Device, Emit, Group, Memory, Program, SlowClock
from simengine.program.verify import verify
from simengine.source.names import Key
from tests.kernel.build import TIME, Build, apply, load, number, table
from tests.program.test_printer import small


def test_a_right_program_is_passed_in_silence() -> None:
    assert verify(small().program()) == []


def broken(change: Callable[[Build], object]) -> str:
    build = small()
    program = change(build)
    return "\n".join(verify(program if isinstance(program, Program) else build.program()))


def two(build: Build) -> np.ndarray:
    return build.parameter_array("two", np.asarray([1.0, 2.0]))


CASES: list[tuple[Callable[[Build], object], str]] = [
    (lambda b: b.compute("x", Load(999)), "a slot that is read lies outside"),
    (lambda b: b.compute("x", Apply(Op.ADD, (TIME,))), "add takes 2 arguments, it has 1"),
    (lambda b: b.compute("x", load(two(b)), (3,)), "a value of shape (2,) for axes (3,)"),
    (lambda b: b.compute("x", apply(Op.ADD, load(two(b)), Constant(np.ones(3))), (3,)), "do not fit together"),
    (lambda b: b.compute("x", Reduce(Fold.SUM, load(two(b)), (0,)), (2,)), "a reduction over axes (0,)"),
    (lambda b: b.compute("x", load(two(b))), "a value of shape (2,) for axes ()"),
    (
        lambda b: b.compute("x", apply(Op.ADD, load(two(b)), Constant(np.ones((2, 1)))), (2,)),
        "an array with 1 axes among 2",
    ),
    (lambda b: b.compute("x", Along(AlongOp.SORTED, 3, (load(two(b)), number(1))), (2,)), "a vector along axis 3"),
    (
        lambda b: b.compute("x", Along(AlongOp.MARKET_PRICE, 0, (load(two(b)),) * 10, 0), (2,)),
        "market_price with a second axis 0",
    ),
    (lambda b: b.compute("x", Inverse(load(two(b)), (0, 0)), (2,)), "a matrix over axes (0, 0)"),
    (lambda b: b.compute("x", Lookup(7, TIME)), "a table that is not there"),
    (lambda b: b.compute("x", Lookup(np.asarray([0, -1]), TIME), (2,)), "a table that is not there"),
    (lambda b: b.assign("step", np.asarray([5, 5]), number(1)), "written twice by one statement"),
    (lambda b: b.phases["step"].append(Assign(5, (2,), number(1), 0)), "slots of shape () over axes (2,)"),
    (lambda b: b.phases["step"].append(Assign(5, (), number(1), 99)), "there is no variable 99"),
    (lambda b: b.phases["step"].append(Emit(4, 0)), "there is no device 4"),
    (lambda b: b.compute("x", load(b.scalar("never"))), "`never` is not written before it is read"),
    (
        lambda b: (b.assign("step", b.scalar("x"), load(b.slots)), b.compute("later", TIME)),
        "`later` is not written before",
    ),
    (lambda b: b.assign("step", b.compute("x", TIME), number(1)), "`x` is written twice"),
    (lambda b: b.assign("step", b.stocks[0][0], number(1)), "`people` is held, but written"),
    (lambda b: b.assign("constants", b.scalar("x"), load(b.stocks[0][0])), "`people` is not written before it is read"),
    (lambda b: b.phases["initial"].pop(0), "initial: `people` is not written at the start"),
    (lambda b: b.phases["step"].pop(0), "stocks: `'people` is not written in the run"),
    (lambda b: b.memories.append(Memory(Assign(b.scalar("m"), (), TIME, 0))), "`m` is not written at the start"),
    (lambda b: replace(b.program(), specs=(0, 1, 2, 500)), "specs: a slot lies outside"),
    (lambda b: replace(b.program(), specs=(0, 1, 2, b.stocks[0][0])), "`people` is not written after the constants"),
    (lambda b: replace(b.program(), defaults=np.zeros(2)), "not as many defaults"),
    (lambda b: replace(b.program(), rates=np.zeros(0, dtype=np.int64)), "not as many rates"),
    (lambda b: replace(b.program(), slot_count=10), "outside the vector"),
    (lambda b: replace(b.program(), parameters=np.asarray([4] * 11)), "a slot stands twice"),
    (
        lambda b: b.emit(Device(DeviceKind.DELAY_FIXED, (2,), (), (), (), (b.scalar("o"),), 0, tables=9)),
        "slots of shape () over axes (2,)",
    ),
]


@pytest.mark.parametrize(("change", "said"), CASES)
def test_what_is_broken_is_said(change: Callable[[Build], object], said: str) -> None:
    assert said in broken(change)


def test_moving_specs_are_known_in_the_run_only() -> None:
    build = Build()
    step = build.compute("step", apply(Op.ADD, TIME, number(1)))
    specs = (*build.specs[:2], step, step)
    assert verify(build.program(specs=specs)) != []
    assert verify(build.program(specs=specs, moving_specs=True)) == []


def test_a_slower_clock_is_evaluated_first() -> None:
    build = Build(step=0.5)
    slow_step = build.parameter("slow step", 2.0)
    fast, slow = build.scalar("fast"), build.scalar("slow")
    build.assign("initial", fast, number(1))  # its value at the start is no excuse
    none = np.zeros(0, dtype=np.int64)

    def with_clock(read: int, step: int = slow_step, devices: tuple[int, ...] = ()) -> Program:
        group = Group((Assign(slow, (), load(read), 0),), (), devices, none, none, none.astype(bool))
        return replace(build.program(), clocks=(SlowClock(Key("slow"), step, Method.EULER, group),))

    build.assign("step", fast, load(slow))
    assert verify(with_clock(slow_step)) == []
    assert verify(with_clock(fast)) == ["step of slow, slow: `fast` is not written before it is read"]
    assert verify(with_clock(slow_step, step=fast)) == ["specs: `fast` is not written after the constants"]
    assert verify(with_clock(slow_step, step=99)) == ["specs: a slot lies outside the vector"]
    assert verify(with_clock(slow_step, devices=(0,))) == ["clocks: a device that is not there"]


def test_tables_of_a_program() -> None:
    build = Build()
    build.tables.append(table((0, 0)))
    build.compute("x", Lookup(0, TIME))
    assert verify(build.program()) == []
