"""Stocks and flows: what may not be negative, the order of outflows, conveyors, queues and ovens."""

from __future__ import annotations

from pathlib import Path

import pytest

from simengine.model.conveyor import ConveyorSpec, Leak
from simengine.model.expression import Binary, Call, Number, Operator, Reference, number, ref
from simengine.model.variable import Role, StockFlows, role_of
from simengine.source.names import Key
from tests.language.xmile.build import (
    D2,
    aux,
    codes,
    document,
    expression,
    flow,
    good,
    run,
    stock,
    values,
    variable,
)

NON_NEGATIVE = "<non_negative/>"


def test_a_stock_integrates_its_flows() -> None:
    definition = good(document(stock("s", "10", "f g", "h"), flow("f", "1"), flow("g", "2"), flow("h", "3")))
    net = Binary(Operator.SUBTRACT, Binary(Operator.ADD, ref("f"), ref("g")), ref("h"))
    assert expression(definition, "s") == Call("integ", (net, number(10)), "INTEG")
    variable = definition.variables[0]
    assert variable.flows == StockFlows((Key("f"), Key("g")), (Key("h"),))
    assert [role_of(v) for v in definition.variables[:2]] == [Role.STOCK, Role.FLOW]


def test_a_stock_of_arrays_has_initial_values_by_element(tmp_path: Path) -> None:
    text = "".join(f'<element subscript="{e}"><eqn>{n}</eqn></element>' for e, n in zip("abc", "123", strict=True))
    frame = run(document(stock("s", "", "f", "", text, dims="D"), flow("f", "10", dims="D"), dims=D2), tmp_path)
    assert [values(frame, f"s[{e}]")[1] for e in "abc"] == [11, 12, 13]


def test_flows_of_more_dimensions_are_summed(tmp_path: Path) -> None:
    frame = run(
        document(stock("s", "0", "f", "g"), flow("f", "D", dims="D"), flow("g", "1", dims="N"), dims=D2), tmp_path
    )
    assert values(frame, "s") == [0, 4, 8, 12, 16]


def test_flows_of_fewer_dimensions_are_spread(tmp_path: Path) -> None:
    frame = run(document(stock("s", "0", "f", "", dims="D"), flow("f", "2"), dims=D2), tmp_path)
    assert values(frame, "s[b]") == [0, 2, 4, 6, 8]


def test_a_flow_that_may_not_be_negative(tmp_path: Path) -> None:
    definition = good(document(flow("f", "TIME - 2", NON_NEGATIVE), flow("g", "TIME - 2")))
    assert [v.non_negative for v in definition.variables[:2]] == [True, False]
    frame = run(document(flow("f", "TIME - 2", NON_NEGATIVE), flow("g", "TIME - 2")), tmp_path)
    assert values(frame, "f") == [0, 0, 0, 1, 2]
    assert values(frame, "g") == [-2, -1, 0, 1, 2]


def test_the_behavior_of_all_and_of_one(tmp_path: Path) -> None:
    head = "<behavior><flow><non_negative/></flow></behavior>"
    off = flow("g", "TIME - 2", "<non_negative>false</non_negative>")
    frame = run(document(flow("f", "TIME - 2"), off, head=head), tmp_path)
    assert values(frame, "f") == [0, 0, 0, 1, 2]
    assert values(frame, "g") == [-2, -1, 0, 1, 2]


def test_outflows_are_held_to_what_there_is_in_their_order(tmp_path: Path) -> None:
    variables = (stock("s", "10", "i", "o p", NON_NEGATIVE), flow("i", "1"), flow("o", "4"), flow("p", "3"))
    frame = run(document(*variables), tmp_path)
    assert values(frame, "s") == [10, 4, 0, 0, 0]
    assert values(frame, "o") == [4, 4, 1, 1, 1]
    assert values(frame, "p") == [3, 1, 0, 0, 0]
    turned = (stock("s", "10", "i", "p o", NON_NEGATIVE), *variables[1:])
    frame = run(document(*turned), tmp_path)
    assert values(frame, "o") == [4, 2, 0, 0, 0]
    assert values(frame, "p") == [3, 3, 1, 1, 1]


def test_what_is_held_does_not_arrive(tmp_path: Path) -> None:
    frame = run(document(stock("s", "3", "", "f", NON_NEGATIVE), stock("t", "0", "f"), flow("f", "2")), tmp_path)
    assert values(frame, "t") == [0, 2, 3, 3, 3]


def test_a_circle_of_stocks_is_no_loop(tmp_path: Path) -> None:
    frame = run(
        document(
            stock("s", "5", "back", "there", NON_NEGATIVE),
            stock("t", "0", "there", "back", NON_NEGATIVE),
            flow("there", "3"),
            flow("back", "1"),
        ),
        tmp_path,
    )
    total = [a + b for a, b in zip(values(frame, "s"), values(frame, "t"), strict=True)]
    assert total == [5] * 5
    assert min(values(frame, "s") + values(frame, "t")) >= 0


def test_a_flow_of_two_stocks_is_not_held(tmp_path: Path) -> None:
    frame = run(document(stock("s", "3", "", "f", NON_NEGATIVE), stock("t", "9", "", "f"), flow("f", "2")), tmp_path)
    assert values(frame, "f") == [2] * 5
    assert values(frame, "s") == [3, 1, 0, 0, 0]


def test_a_flow_that_runs_backwards_is_held_too(tmp_path: Path) -> None:
    frame = run(document(stock("s", "3", "f", "", NON_NEGATIVE), stock("t", "0", "", "f"), flow("f", "-2")), tmp_path)
    assert values(frame, "s") == [3, 1, 0, 0, 0]
    assert values(frame, "t") == [0, 2, 3, 3, 3]


def test_held_arrays_and_graphical_flows(tmp_path: Path) -> None:
    graph = '<gf><xscale min="0" max="4"/><ypts>2,2</ypts></gf>'
    frame = run(
        document(
            stock("s", "3", "", "f", NON_NEGATIVE, dims="D"),
            flow("f", "TIME", graph, dims="D"),
            stock("u", "3", "", "g", NON_NEGATIVE),
            flow("g", "TIME", graph, NON_NEGATIVE),
            dims=D2,
        ),
        tmp_path,
    )
    assert values(frame, "f[b]") == values(frame, "g") == [2, 1, 0, 0, 0]


def test_an_initial_equation(tmp_path: Path) -> None:
    frame = run(document(aux("a", "TIME + 1", "<init_eqn>5</init_eqn>"), aux("b", "INIT(a)")), tmp_path)
    assert values(frame, "a") == [1, 2, 3, 4, 5]
    assert values(frame, "b") == [5] * 5


# devices


def belt(inside: str = "<len>2</len>", attributes: str = "") -> str:
    """Return a conveyor."""
    return f"<conveyor {attributes}>{inside}</conveyor>"


def test_a_conveyor_is_kept_and_run(tmp_path: Path) -> None:
    text = document(stock("s", "4", "in", "out", belt()), flow("in", "10"), flow("out", ""))
    spec = good(text).variables[0].device
    assert spec == ConveyorSpec(number(2), (Key("in"),), Key("out"))
    frame = run(text, tmp_path)
    assert values(frame, "out") == [2, 2, 10, 10, 10]
    assert values(frame, "s") == [4, 12, 20, 20, 20]


def test_leakages(tmp_path: Path) -> None:
    variables = (
        stock("s", "0", "in", "out loss", belt("<len>4</len>", 'exponential_leak="true"')),
        flow("in", "10"),
        flow("out", "0"),
        flow("loss", "0.5", NON_NEGATIVE, "<leak/>"),
    )
    definition = good(document(*variables))
    spec = definition.variables[0].device
    assert isinstance(spec, ConveyorSpec)
    assert spec.leaks == (Leak(Key("loss"), Number(0.5), exponential=True),)
    frame = run(document(*variables), tmp_path)
    change = [b - a for a, b in zip(values(frame, "s"), values(frame, "s")[1:], strict=False)]
    flows = [10 - o - x for o, x in zip(values(frame, "out"), values(frame, "loss"), strict=True)]
    assert change == pytest.approx(flows[:-1])
    valued = document(*variables[:3], flow("loss", "", NON_NEGATIVE, "<leak>0.5</leak>"))
    assert good(valued).variables[0].device == spec


def test_an_arrayed_conveyor(tmp_path: Path) -> None:
    length = "".join(f'<element subscript="{e}"><eqn>{n}</eqn></element>' for e, n in zip("abc", "123", strict=True))
    text = document(
        stock("s", "0", "in", "out", belt("<len>way</len>"), dims="D"),
        flow("in", "D", dims="D"),
        flow("out", "", dims="D"),
        aux("way", "", length, dims="D"),
        dims=D2,
    )
    frame = run(text, tmp_path)
    assert values(frame, "out[a]") == [0, 1, 1, 1, 1]
    assert values(frame, "out[c]") == [0, 0, 0, 3, 3]


@pytest.mark.parametrize(
    ("variables", "found"),
    [
        ([stock("s", "1", "nobody")], ["unknown-name"]),
        ([stock("s", "1", "a"), aux("a", "1")], ["not-a-flow"]),
        ([stock("s", "1", "", "", "<conveyor/>")], ["missing-equation"]),
        ([stock("s", "1", "", "", "<conveyor><speed>1</speed><len>1</len></conveyor>")], ["unknown-element"]),
        ([stock("s", "")], ["missing-equation"]),
        ([aux("a", "1", "<colour>red</colour>")], ["unknown-element"]),
        ([aux("a", "1", "<queue/>")], ["unsupported-feature"]),
        ([aux("", "1")], ["missing-name"]),
        ([aux(".", "1")], ["missing-name"]),
        ([aux("..", "1")], ["missing-name"]),
        ([aux("_", "1"), aux("y", "_ + 1")], []),
        ([aux("a", "1"), aux("A", "2")], ["doubly-defined"]),
        (["<thing/>"], ["unknown-element"]),
        ([aux("a", "{nothing}")], ["missing-equation"]),
        ([aux("a", "1", "<gf><ypts>1,2</ypts></gf>")], ["bad-graphical"]),
        ([aux("a", "1", '<gf type="wavy"><xscale min="0" max="1"/><ypts>1,2</ypts></gf>')], ["bad-graphical"]),
        ([aux("a", "1", "<gf><xpts>0,1,nan</xpts><ypts>1,2,3</ypts></gf>")], ["bad-graphical"]),
        ([aux("a", "1", "<gf><xpts>2,1</xpts><ypts>1,2</ypts></gf>")], ["bad-graphical"]),
    ],
)
def test_what_is_wrong(variables: list[str], found: list[str]) -> None:
    assert codes(document(*variables)) == found


def test_what_is_for_display_is_passed_over() -> None:
    shown = '<format precision="1"/><display color="red"/><event_poster min="0" max="1"/><isee:summing/><scale min="0" max="9"/>'
    variable = good(document(aux("a", "1", shown))).variables[0]
    assert variable.equations[0].expression == Number(1)
    assert variable.range is not None


def test_a_conveyors_outflow_reads_what_the_device_gives() -> None:
    text = document(stock("s", "4", "in", "out", belt()), flow("in", "10"), flow("out", "99"))
    found = expression(good(text), "out")
    assert isinstance(found, Reference)
    assert found.key == "s>output 0"


def test_functions_of_stella(tmp_path: Path) -> None:
    frame = run(
        document(
            aux("wave", "SINWAVE(3, 4)"),
            aux("cosine", "COSWAVE(3, 4)"),
            aux("growth", "CGROWTH(10)"),
            aux("share", "PERCENT(0.25)"),
            aux("down", "INT(-2.5)"),
            aux("pulse", "PULSE(6, 1, 2)"),
            aux("ramp", "RAMP(2, 1)"),
            aux("least", "MIN(3, 1, 2)"),
            aux("safe", "SAFEDIV(1, 0, 7)"),
            aux("before", "PREVIOUS(TIME, 9)"),
        ),
        tmp_path,
    )
    assert values(frame, "wave") == pytest.approx([0, 3, 0, -3, 0], abs=1e-12)
    assert values(frame, "cosine") == pytest.approx([3, 0, -3, 0, 3], abs=1e-12)
    assert values(frame, "growth")[0] == pytest.approx(0.1)
    assert values(frame, "share")[0] == 25
    assert values(frame, "down")[0] == -3
    assert values(frame, "pulse") == [0, 6, 0, 6, 0]
    assert values(frame, "ramp") == [0, 0, 2, 4, 6]
    assert values(frame, "least")[0] == 1
    assert values(frame, "safe")[0] == 7
    assert values(frame, "before") == [9, 0, 1, 2, 3]


@pytest.mark.parametrize("function", ["CLOCKTIME()", "SENSIRUNCOUNT()", "CTMEAN(x)", "IRR(x)", "THROUGHPUT(x)"])
def test_functions_of_stella_that_are_refused(function: str) -> None:
    assert codes(document(aux("y", function), aux("x", "1"))) == ["unsupported-function"]


def test_a_conveyor_takes_what_it_has_room_for(tmp_path: Path) -> None:
    text = document(
        stock("q", "100", "", "in more", NON_NEGATIVE),
        stock("s", "0", "in more", "out", belt("<len>2</len><capacity>10</capacity><in_limit>8</in_limit>")),
        flow("in", "6"),
        flow("more", "5"),
        flow("out", ""),
    )
    frame = run(text, tmp_path)
    assert values(frame, "in") == [6, 2, 6, 2, 6]
    assert values(frame, "more") == [2, 0, 2, 0, 2]
    assert values(frame, "s") == [0, 8, 10, 10, 10]
    assert values(frame, "q")[1] == 92


def test_a_conveyors_length_is_read_when_sampled(tmp_path: Path) -> None:
    text = document(
        stock("s", "0", "in", "out", belt("<len>IF TIME &lt; 1 THEN 1 ELSE 3</len><sample>TIME &lt; 0.5</sample>")),
        flow("in", "1"),
        flow("out", ""),
    )
    assert values(run(text, tmp_path), "out") == [0, 1, 1, 1, 1]


def test_a_conveyor_with_initial_values_by_element(tmp_path: Path) -> None:
    start = "".join(f'<element subscript="{e}"><eqn>{n}</eqn></element>' for e, n in zip("abc", "246", strict=True))
    text = document(
        stock("s", "", "in", "out loss", start, belt("<len>way * 1</len>", 'exponential_leak="true"'), dims="D"),
        flow("in", "0", dims="D"),
        flow("out", "", dims="D"),
        flow("loss", "way * 0", "<leak/>", dims="D"),
        aux("way", "2", dims="D"),
        dims=D2,
    )
    frame = run(text, tmp_path)
    assert [values(frame, f"out[{e}]")[0] for e in "abc"] == [1, 2, 3]


def test_an_arrested_conveyor_stands_still(tmp_path: Path) -> None:
    text = document(
        stock("s", "4", "in", "out loss", belt("<len>2</len><arrest>TIME = 1</arrest>", 'exponential_leak="true"')),
        flow("in", "10"),
        flow("out", ""),
        flow("loss", "0.5", "<leak/>"),
    )
    frame = run(text, tmp_path)
    assert values(frame, "in") == [10, 0, 10, 10, 10]
    # steady contents: 4 in the ratio 2 to 1, the older part of which leaks half and leaves
    assert values(frame, "out")[:3] == pytest.approx([2 / 3, 0, 2 / 3])
    assert values(frame, "loss")[:3] == pytest.approx([2, 0, 17 / 3])
    assert values(frame, "s")[:4] == pytest.approx([4, 34 / 3, 34 / 3, 15])


def test_a_leakage_in_a_part_of_the_way(tmp_path: Path) -> None:
    text = document(
        stock("s", "0", "in", "out loss", belt("<len>4</len>")),
        flow("in", "IF TIME = 0 THEN 8 ELSE 0"),
        flow("out", ""),
        variable("flow", "loss", "0.5", "<leak/>", attributes='leak_start="0.5" leak_end="1"'),
        specs="<sim_specs><start>0</start><stop>6</stop><dt>1</dt></sim_specs>",
    )
    frame = run(text, tmp_path)
    assert values(frame, "loss") == [0, 0, 0, 2, 2, 0, 0]
    assert values(frame, "out") == [0, 0, 0, 0, 4, 0, 0]
