"""Definitions as text: every kind of node and every part of a model shows."""

from __future__ import annotations

import pytest

from simengine.language.vensim.reader import read_vensim
from simengine.model.conveyor import ConveyorSpec, Leak
from simengine.model.definition import Dialect, ModelDefinition
from simengine.model.expression import (
    NOT_AVAILABLE,
    ArrayLiteral,
    Call,
    Expression,
    LookupCall,
    Number,
    Operator,
    Position,
    Reference,
    Sign,
    TableLiteral,
    Text,
    Unary,
    binary,
    call,
    number,
    ref,
)
from simengine.model.lookup import Between, Table
from simengine.model.printer import print_definition, print_expression
from simengine.model.variable import Equation, Variable
from simengine.source.file import SourceFile
from simengine.source.names import Key


@pytest.mark.parametrize(
    ("node", "text"),
    [
        (number(0.1), "0.1"),
        (number(1 / 3), "0.3333333333333333"),
        (Number(NOT_AVAILABLE), ":NA:"),
        (Text("a.xlsx"), "'a.xlsx'"),
        (ref("heat", "home!", "a"), "heat[home!, a]"),
        (Reference("x", Key("x"), (Position(number(2)),)), "x[at 2]"),
        (Unary(Sign.NEGATE, ref("a")), "-a"),
        (Unary(Sign.NOT, ref("a")), ":not: a"),
        (Unary(Sign.NOT, Reference("a- b", Key("a-_b"))), ":not: a- b"),
        (binary(Operator.OR, ref("a"), binary(Operator.LESS_EQUAL, ref("b"), number(1))), "(a :or: (b <= 1))"),
        (Call("f", (ref("a"),), "f", (ref("second"),)), "f(a : second)"),
        (call("time"), "time()"),
        (LookupCall(ref("effect", "a"), call("time")), "effect[a](time())"),
        (TableLiteral(Table((0.0, 1.0), (2.0, 3.5))), "table (0, 2) (1, 3.5)"),
        (TableLiteral(Table((0.0,), (2.0,), Between.HOLD)), "table hold (0, 2)"),
        (ArrayLiteral(((1.0, 2.0), (3.0, 4.0))), "{1, 2; 3, 4}"),
    ],
)
def test_every_kind_of_node(node: Expression, text: str) -> None:
    assert print_expression(node) == text


def test_a_conveyor_shows_what_is_given_and_nothing_else() -> None:
    leaks = (Leak(Key("lost"), number(0.1), end=0.5), Leak(Key("gone"), ref("share"), exponential=True))
    spec = ConveyorSpec(number(5), (Key("come"), Key("join")), Key("leave"), leaks, capacity=ref("room"))
    stock = Variable("line", Key("line"), (Equation((), call("conveyor", number(0))),), device=spec)
    definition = ModelDefinition("m", Dialect.XMILE, SourceFile("m.xmile", ""), (stock,))
    assert print_definition(definition).splitlines()[-1].strip() == (
        "conveyor: length 5, inflows come join, outflow leave, leaks lost (0.1 between 0 and 0.5) "
        "gone (share exponential), capacity room, one_at_a_time true"
    )


def test_a_long_table_is_cut_and_says_how_much_is_left_out() -> None:
    text = print_expression(TableLiteral(Table(tuple(map(float, range(30))), (0.0,) * 30)))
    assert text.endswith("(9, 0) ... 19 more ... (29, 0)")
    assert text.count("(") == 11


MODEL = """{UTF-8}
:MACRO: TWICE(x)
TWICE = x * 2 ~~|
:END OF MACRO:
Home: north, south -> (Land: up, down) ~~|
Land: up, down ~~|
Place <-> Home ~~|
stock[Home] = INTEG(flow[Home], 5) ~ home ~|
flow[Home] :EXCEPT: [north] = TWICE(rate) ~ home/year ~|
flow[north] = -0.5 ~~|
rate :HOLD BACKWARD: ~~|
low :TEST INPUT: rate = 0 ~~|
stays :THE CONDITION: low :IMPLIES: flow[south] = 0 ~~|
INITIAL TIME = 0 ~~|
FINAL TIME = 10 ~~|
TIME STEP = 1 ~~|
SAVEPER = TIME STEP ~~|
"""

PRINTED = """m (vensim), 7 variables
from INITIAL TIME to FINAL TIME by TIME STEP, saved every SAVEPER, euler
dimension Home: north, south
    maps to Land: north = up, south = down
dimension Land: up, down
dimension Place: north, south same as home
macro TWICE(x) gives TWICE
    auxiliary TWICE
        TWICE = (x * 2)
stock stock {home}
    stock[Home] = integ(flow[Home], 5)
auxiliary flow {home/year}
    flow[Home] except [north] = twice(rate)
    flow[north] = -0.5
data rate
    rate (hold): data
constant INITIAL TIME
    INITIAL TIME = 0
constant FINAL TIME
    FINAL TIME = 10
constant TIME STEP
    TIME STEP = 1
auxiliary SAVEPER
    SAVEPER = TIME STEP
test input low: rate = 0
constraint stays: low implies (flow[south] = 0)
"""


def test_every_part_of_a_model() -> None:
    definition, problems = read_vensim(SourceFile("m.mdl", MODEL), ".", None)
    assert [str(p) for p in problems] == []
    assert print_definition(definition) == PRINTED
