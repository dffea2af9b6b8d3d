"""Programs as text."""

from __future__ import annotations

import numpy as np

from simengine.model.lookup import Between
from simengine.program.node import Along, Ask, Constant, Draw, Gather, Lookup, Reduce
from simengine.program.op import AlongOp, DeviceKind, Distribution, Fold, Op, TableQuery
from simengine.program.printer import print_node, print_program
from simengine.program.program import Device
from tests.kernel.build import TIME, Build, apply, load, number, table


def small() -> Build:
    build = Build(stop=10, step=0.5)
    build.tables.append(table((0, 0), (1, 1)))
    rate = build.parameter("birth rate", 0.1)
    size = build.compute("size", apply(Op.MUL, load(rate), number(1000)), phase="constants")
    stock = build.stock("people", load(size), floor=True)
    build.flow(stock, apply(Op.MUL, load(stock), load(rate)))
    heat = build.parameter_array("heat", np.arange(6.0).reshape(2, 3))
    shared = apply(Op.SUB, load(heat), TIME)
    build.compute("sum", Reduce(Fold.SUM, apply(Op.MUL, shared, shared), (1,)), (2,))
    build.memory("last", number(0), load(stock))
    out = build.scalar("late")
    build.emit(Device(DeviceKind.DELAY_FIXED, (), (number(2), number(0)), (), (load(stock),), (out,), 0))
    return build


def test_a_program() -> None:
    assert (
        print_program(small().program())
        == """\
11 variables in 18 slots, 1 tables
from start to stop by dt, saved every save
parameters:
    start = 0
    stop = 10
    dt = 0.5
    save = 1
    birth rate = 0.1
    heat[a0,b0] = 0
    heat[a0,b1] = 1
    heat[a0,b2] = 2
    heat[a1,b0] = 3
    heat[a1,b1] = 4
    heat[a1,b2] = 5
constants:
    size <- birth rate * 1000
initial:
    people <- size
    last <- 0
    emit device 0
step:
    'people <- people * birth rate
    $1 = (heat[@0,@1] - time)
    sum[@0] <- sum(@1: $1 * $1)
    emit device 0
memories:
    last <- people
devices:
    0: delay_fixed -> late
        start: 2, 0
        advance: people
stocks:
    people += dt * 'people, at least 0
"""
    )


def test_nodes() -> None:
    build = small()
    program = build.program()
    heat = next(v for v in program.variables if v.name == "heat")
    grid = heat.first + np.arange(6).reshape(2, 3)

    def shown(node: object) -> str:
        return print_node(program, node)

    assert shown(load(grid[:, :1])) == "heat[@0,b0]"
    assert shown(load(grid[1:2, 1:])) == "heat[a1,@1:b1|b2]"
    assert shown(load(grid.T)) == "heat[@1,@0]"
    assert shown(Lookup(0, TIME)) == "table 0(time)"
    assert shown(Lookup(0, TIME, Between.FORWARD, -1.0)) == "table 0 forward else -1(time)"
    assert shown(Ask(TableQuery.AREA, 0, (number(0), TIME))) == "area(table 0, 0, time)"
    assert shown(Gather(grid[0], TIME, 0.0)) == "heat[a0,@0][[time]] else 0"
    draw = Draw(Distribution.UNIFORM, 12, (number(0), number(1)), number(3))
    assert shown(draw) == "uniform(0, 1, seed 3, stream 12)"
    along = Along(AlongOp.SORTED, 0, (load(grid[:, 0]), number(1)))
    assert shown(along) == "sorted(@0: heat[@0,b0], 1)"
    assert shown(Constant(np.asarray([1.0, 0.1]))) == "{1|0.1}"
    assert shown(apply(Op.MAX, apply(Op.NEG, TIME), apply(Op.ADD, TIME, number(0.1)))) == "max(-time, time + 0.1)"
    assert (
        shown(apply(Op.MUL, apply(Op.ADD, TIME, number(1)), apply(Op.SUB, TIME, number(1))))
        == "((time + 1) * (time - 1))"
    )


def test_deep_nodes_need_no_recursion() -> None:
    build = small()
    node = TIME
    for _ in range(3000):
        node = apply(Op.ADD, node, number(1))
    assert print_node(build.program(), node).count("+") == 3000
