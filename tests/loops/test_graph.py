"""Causal graphs of small models: who reads whom, and which way."""

from __future__ import annotations

from pathlib import Path

import pytest

from simengine.loops.graph import causal_graph
from tests.loops.model_text import LOGISTIC, PREDATORS, links, load_text


def sign(edges: dict[tuple[str, str], dict[str, object]], cause: str, effect: str) -> str:
    return str(edges[cause, effect]["polarity"])


def test_flows_have_the_sign_of_their_place(tmp_path: Path) -> None:
    edges = links(tmp_path, PREDATORS)
    assert sign(edges, "prey births", "Prey") == "+"
    assert sign(edges, "prey deaths", "Prey") == "-"
    assert {str(d["kind"]) for (_, v), d in edges.items() if v == "Prey"} == {"flow"}
    assert len(edges) == 13  # a line for every name on a right side, counted by hand


def test_roles_are_told(tmp_path: Path) -> None:
    graph = causal_graph(load_text(tmp_path, PREDATORS))
    assert graph.nodes["Prey"]["role"] == "stock"
    assert graph.nodes["prey births"]["role"] == "flow"
    assert graph.nodes["birth rate"]["role"] == "constant"


def test_a_definition_will_do(tmp_path: Path) -> None:
    model = load_text(tmp_path, PREDATORS)
    assert list(causal_graph(model.definition).edges) == list(causal_graph(model).edges)


def test_the_clock_is_shown_only_where_it_is_read(tmp_path: Path) -> None:
    assert "FINAL TIME" not in causal_graph(load_text(tmp_path, PREDATORS))
    shown = causal_graph(load_text(tmp_path, "a = FINAL TIME - 1 ~~|"))
    assert list(shown.edges) == [("FINAL TIME", "a")]


def test_structure_alone_tells_signs_that_need_no_values(tmp_path: Path) -> None:
    text = "a = 1 ~~| b = 2 ~~| y = EXP(a) - MAX(b, 0) ~~| z = a * b ~~|"
    edges = links(tmp_path, text, run=False)
    assert (sign(edges, "a", "y"), sign(edges, "b", "y")) == ("+", "-")
    assert edges["a", "y"]["basis"] == "structure"
    assert sign(edges, "a", "z") == "?"
    assert sign(links(tmp_path, text), "a", "z") == "+"


def test_a_sign_that_turns_is_not_claimed(tmp_path: Path) -> None:
    edges = links(tmp_path, LOGISTIC)
    edge = edges["population", "growth"]
    assert edge["polarity"] == "?"
    # 1 - 2 p / K turns at half the capacity, which p = K / (1 + 99 exp(-t)) reaches at ln 99 = 4.6; Euler is later
    assert edge["reason"] == "changes sign between 4.5 and 5"


def test_conditions_act_through_what_they_choose(tmp_path: Path) -> None:
    text = """
    a = 3 + SIN(Time) ~~| limit = 3 ~~| low = 1 ~~| high = 5 ~~| up = IF THEN ELSE(a > limit, high, low) ~~|
    down = IF THEN ELSE(a > limit, low, high) ~~|
    """
    edges = links(tmp_path, text)
    assert (sign(edges, "a", "up"), sign(edges, "limit", "up")) == ("+", "-")
    assert (sign(edges, "a", "down"), sign(edges, "limit", "down")) == ("-", "+")
    assert sign(edges, "low", "up") == "+"


def test_a_branch_never_taken_has_no_effect(tmp_path: Path) -> None:
    edges = links(tmp_path, "on = 0 ~~| a = 2 ~~| y = on * a ~~|")
    assert (edges["a", "y"]["polarity"], edges["a", "y"]["reason"]) == ("?", "has no effect in the run")


def test_lookups_count_where_they_are_visited(tmp_path: Path) -> None:
    text = """
    hill((0,0),(10,10),(20,0)) ~~| early = 2 + Time / 10 ~~| whole = Time ~~|
    up = hill(early) ~~| both = hill(whole) ~~| late = 15 + Time / 10 ~~| down = hill(late) ~~|
    """
    edges = links(tmp_path, text)
    assert (sign(edges, "early", "up"), sign(edges, "late", "down")) == ("+", "-")
    assert edges["whole", "both"]["reason"] == "changes sign between 9.5 and 10.5"
    assert sign(edges, "hill", "up") == "+"


def test_elements_may_differ(tmp_path: Path) -> None:
    text = "D: p, q ~~| k[p] = 1 ~~| k[q] = -1 ~~| x = 2 + SIN(Time) ~~| y[D] = k[D] * x ~~| s = SUM(y[D!]) ~~|"
    edges = links(tmp_path, text)
    assert (edges["x", "y"]["polarity"], edges["x", "y"]["reason"]) == ("?", "differs between elements")
    assert sign(edges, "y", "s") == "+"


def test_delays_are_edges_with_a_mark(tmp_path: Path) -> None:
    text = """
    x = 3 + STEP(2, 5) ~~| lag = 4 ~~| start = 3 ~~|
    a = SMOOTH3(x, lag) ~~| b = 10 - DELAY1I(x, lag, start) ~~| c = DELAY FIXED(x, lag, start) ~~|
    d = SAMPLE IF TRUE(Time > 3, x, 0) ~~|
    """
    edges = links(tmp_path, text)
    for effect, expected in (("a", "+"), ("b", "-"), ("c", "+")):
        edge = edges["x", effect]
        assert (edge["polarity"], edge["delayed"], edge["kind"]) == (expected, True, "link"), effect
        assert edges["lag", effect]["reason"] == "sets how long a delay takes"
    assert edges["start", "b"]["kind"] == edges["start", "c"]["kind"] == "initial"
    assert sign(edges, "start", "b") == "-"


def test_initial_values_are_told_apart(tmp_path: Path) -> None:
    edges = links(tmp_path, "n = 2 ~~| s = INTEG(f, 3 - n) ~~| f = n ~~| first = INITIAL(f) ~~|")
    assert (edges["n", "s"]["kind"], edges["n", "s"]["polarity"]) == ("initial", "-")
    assert edges["f", "first"]["kind"] == "initial"
    assert edges["n", "f"]["kind"] == "link"


def test_macros_are_folded_away(tmp_path: Path) -> None:
    text = """
    :MACRO: KEPT(input, share)
    KEPT = input - lost ~~|
    lost = input * share ~~|
    :END OF MACRO:
    x = 5 ~~| part = 0.2 ~~| y = KEPT(x, part) ~~|
    """
    graph = causal_graph(load_text(tmp_path, text))
    assert set(graph) == {"x", "part", "y"}
    assert graph.edges["part", "y"]["polarity"] == "-"
    # x less a share of x: paths of both signs, which are not weighed against each other
    assert graph.edges["x", "y"]["reason"] == "acts both ways, along different paths"


def test_names_have_sectors_where_all_do(tmp_path: Path) -> None:
    text = '"north.a" = 1 ~~| "south.b" = "link X1 effect" ~~| "link X1 effect" = "north.a" ~~|'
    graph = causal_graph(load_text(tmp_path, text))
    assert [d["sector"] for _, d in graph.nodes(data=True)] == ["north", "south", ""]
    plain = causal_graph(load_text(tmp_path, text + "c = 2 ~~|"))
    assert {d["sector"] for _, d in plain.nodes(data=True)} == {""}


def test_signs_are_those_of_simlin(tmp_path: Path) -> None:
    simlin = pytest.importorskip("simlin", reason="simlin has no wheel for this machine")
    load_text(tmp_path, PREDATORS)
    theirs = {
        (link.from_var, link.to_var): link.polarity.name[0]
        for link in simlin.load(str(tmp_path / "small.mdl")).get_links()
    }
    ours = links(tmp_path, PREDATORS)
    names = {"+": "P", "-": "N"}
    mine = {
        (u.lower().replace(" ", "_"), v.lower().replace(" ", "_")): names[str(d["polarity"])]
        for (u, v), d in ours.items()
    }
    known = {pair: s for pair, s in theirs.items() if s != "U"}
    assert set(mine) == set(theirs)
    assert {pair: mine[pair] for pair in known} == known


EXPRESSIONS = [
    "a * b - LN(a) * 3",
    "MIN(a, b) / (1 + EXP(-a))",
    "IF THEN ELSE(b > 1, a ^ 2, -a)",
    "ZIDZ(a, b) + SQRT(a * b)",
    "XIDZ(b, a - a, a) - ABS(b - 5)",
    "SIN(a / 10) * COS(b / 10) - POWER(b, a / 4)",
    "STEP(a, b) + RAMP(b, 1, 8) - PULSE(2, 3) * a",
    "MAX(a - Time, 0) * b",
    "(a - 2) * (b - Time) / 10",
    "ARCTAN(a) - TANH(b) + QUANTUM(a * b, 0.5)",
    "LOG(a + 1, 10) - MODULO(b, 2)",
]


@pytest.mark.parametrize("expression", EXPRESSIONS)
def test_no_sign_is_claimed_that_exact_derivatives_contradict(expression: str, tmp_path: Path) -> None:
    model = load_text(tmp_path, f"a = 1.5 ~~| b = 2.5 ~~| y = {expression} ~~|")
    graph = causal_graph(model)
    _, derivative = model.gradient({}, wrt=["a", "b"], outputs=["y"])
    for cause in ("a", "b"):
        slopes = derivative.sel(wrt=cause).to_numpy()
        claimed = graph.edges[cause, "y"]["polarity"]
        if claimed == "+":
            assert slopes.min() >= -1e-12
        elif claimed == "-":
            assert slopes.max() <= 1e-12
        else:  # what has one sign all along is told, but for steps and remainders, which are flat or jump
            stepped = any(word in expression for word in ("MODULO", "XIDZ", "QUANTUM"))
            assert stepped or not (slopes.min() > 0 or slopes.max() < 0)
