"""Links of cross-over files as edges of the causal graph, the command on them, and pictures of them."""

from __future__ import annotations

import json
from pathlib import Path
from xml.etree import ElementTree

import networkx as nx
import pytest

import simengine as se
from simengine.cli.main import main
from simengine.loops.draw.lanes import draw_lanes
from simengine.loops.draw.text import write_dot, write_graphml, write_mermaid
from simengine.loops.find import find_loops
from simengine.loops.graph import causal_graph
from simengine.loops.levels import at_level
from tests.crossover.test_clocks import MODELS
from tests.crossover.test_compose import ALL, PARTS, link, linked
from tests.golden import check_golden

GOLDEN = Path(__file__).parent / "golden"
OFF = "  L5: {from: people.total people, to: work.growth rate, how: multiply, strength: 0.001 /person, on: off}\n"


def edges_of(model: se.Model, name: str) -> dict[tuple[str, str], dict[str, object]]:
    graph = causal_graph(model)
    return {(u, v): d for u, v, d in graph.edges(data=True) if d["link"] == name}


def test_a_link_is_one_edge_with_all_its_file_tells(tmp_path: Path) -> None:
    model = linked(tmp_path, ALL)
    (pair,) = edges_of(model, "L1")
    d = edges_of(model, "L1")[pair]
    assert pair == ("people.people", "work.extra growth")
    assert (d["polarity"], d["kind"], d["delayed"], d["strength"]) == ("+", "link", True, "0.001 job/person/yr")
    assert not [n for n in causal_graph(model) if n.startswith("link ") or n.endswith(" with links")]


def test_the_variables_of_links_are_shown_on_demand(tmp_path: Path) -> None:
    shown = causal_graph(linked(tmp_path, ALL), link_variables=True)
    assert {"link L1", "link L1 effect", "link L1 strength", "work.extra growth with links"} <= set(shown)


def test_a_link_that_is_off_lies_on_no_loop_until_it_is_on(tmp_path: Path) -> None:
    model = linked(tmp_path, ALL + OFF)
    (d,) = edges_of(model, "L5").values()
    assert (d["kind"], d["polarity"]) == ("off", "+")
    assert not any("L5" in group.links for group in find_loops(model).across)
    on = find_loops(causal_graph(model, values={"link L5": 1}))
    assert ("L2", "L5") in {group.links for group in on.across}
    off = causal_graph(model, values={"link L1": 0, "link L2": 0, "link L4": 0})
    assert find_loops(off).across == ()


@pytest.mark.parametrize(("strength", "sign"), [("0.5", "+"), ("-0.5", "-")])
def test_the_sign_of_a_link_is_that_of_its_strength(tmp_path: Path, strength: str, sign: str) -> None:
    text = link("work.jobs", "people.attraction", "multiply", by="power", strength=strength)
    edges = edges_of(linked(tmp_path, text), "L")
    assert edges["work.jobs", "people.attraction"]["polarity"] == sign


def test_a_reference_acts_the_other_way(tmp_path: Path) -> None:
    text = link(
        "work.demand", "people.attraction", "multiply", reduce="sum", strength="0.1 /job", reference="work.jobs"
    )
    edges = edges_of(linked(tmp_path, text), "L")
    assert {pair: d["polarity"] for pair, d in edges.items()} == {
        ("work.demand", "people.attraction"): "+",
        ("work.jobs", "people.attraction"): "-",
    }


def test_array_links(tmp_path: Path) -> None:
    text = link("people.people", "work.customers", "replace")
    assert edges_of(linked(tmp_path, text), "L")["people.people", "work.customers"]["polarity"] == "+"
    text = link("people.people", "work.extra growth", "add", reduce="{mean by: weight}", strength="0.001 job/person/yr")
    edges = edges_of(linked(tmp_path, text), "L")
    assert edges["people.people", "work.extra growth"]["polarity"] == "+"
    assert ("people.weight", "work.extra growth") in edges


def test_two_links_of_one_pair_are_told_together(tmp_path: Path) -> None:
    one = "{from: work.jobs, to: people.attraction, how: add, strength: 0.01 /job, title: %s}\n"
    text = f"  A: {one % 'first'}  B: {one % 'second'}"
    (d,) = edges_of(linked(tmp_path, text), "A, B").values()
    assert (d["polarity"], d["title"]) == ("+", "first; second")


QUICK_LINKS = """\
  A: {from: brief.jobs, to: people.attraction, how: multiply, by: power, strength: 0.5, sampled: maximum}
  B: {from: people.total people, to: brief.extra growth, how: add, strength: 0.001 job/person/yr}
"""


def test_links_of_slower_and_faster_models(tmp_path: Path) -> None:
    model = linked(tmp_path, QUICK_LINKS, MODELS)
    read = {name: next(iter(edges_of(model, name).values())) for name in "AB"}
    assert [(d["polarity"], d["read"], d["delayed"]) for d in read.values()] == [
        ("+", "maximum of the last step", False),
        ("+", "held", False),
    ]
    (group,) = find_loops(model).across
    assert (group.links, group.polarity) == (("A", "B"), "R")


@pytest.mark.parametrize(("links", "models"), [(ALL, ""), (QUICK_LINKS, MODELS)], ids=["one clock", "two clocks"])
def test_parts_keep_the_signs_they_have_alone(tmp_path: Path, links: str, models: str) -> None:
    model = linked(tmp_path, links, models)
    graph = causal_graph(model, values={f"link {one.name}": 0 for one in model.definition.links})
    for part in model.definition.parts:
        alone = causal_graph(se.load(part.path))
        assert alone.number_of_edges() >= 5
        for u, v, d in alone.edges(data=True):
            inside = graph.edges[f"{part.name}.{u}", f"{part.name}.{v}"]
            assert inside["polarity"] == d["polarity"], (part.name, u, v, inside["reason"])


def test_stocks_keep_what_links_join(tmp_path: Path) -> None:
    stocks = at_level(causal_graph(linked(tmp_path, ALL + OFF)), "stocks")
    assert {"people.people", "work.jobs", "work.extra growth", "people.attraction", "people.birth rate"} <= set(stocks)
    assert [g.links for g in find_loops(stocks).across] == [("L1", "L2"), ("L1", "L4")]
    assert stocks.edges["people.total people", "work.growth rate"]["kind"] == "off"


def test_sectors_have_an_arrow_a_link(tmp_path: Path) -> None:
    sectors = at_level(causal_graph(linked(tmp_path, ALL + OFF)), "sectors")
    found = sorted((d["link"], u, v, d["polarity"]) for u, v, d in sectors.edges(data=True))
    assert found == [
        ("L1", "people", "work", "+"),
        ("L2", "work", "people", "+"),
        ("L3", "people", "work", "+"),
        ("L4", "work", "people", "+"),
        ("L5", "people", "work", "+"),
    ]


def test_lanes_tell_every_link_once(tmp_path: Path) -> None:
    text = draw_lanes(at_level(causal_graph(linked(tmp_path, ALL + OFF)), "sectors"), "a & b")
    root = ElementTree.fromstring(text)
    space = "{http://www.w3.org/2000/svg}"
    names = [t.text for t in root.iter(f"{space}tspan")]
    assert sorted(str(name) for name in names) == ["L1 +", "L2 +", "L3 +", "L4 +", "L5 +"]
    assert text.count("stroke-dasharray") == 1  # the one that is off
    rows = [float(t.get("y") or 0) for t in root.iter(f"{space}text") if t.find(f"{space}tspan") is not None]
    assert len(set(rows)) == len(rows)


@pytest.mark.parametrize("level", ["sectors", "stocks", "all"])
def test_texts_for_other_programs_tell_of_links(tmp_path: Path, level: str) -> None:
    text = link("work.jobs", "people.attraction", "multiply", by="power", strength="{value: 0.5, range: [0, 1]}",
                title="'Work | \"draws\"'", evidence="{kind: statement, source: someone}")  # fmt: skip
    graph = at_level(causal_graph(linked(tmp_path, text)), level)
    dot, mermaid = write_dot(graph, "x"), write_mermaid(graph, "x")
    assert 'link="L"' in dot and 'strength="0.5 [0, 1]"' in dot and 'evidence="statement"' in dot
    assert "L #43;" in mermaid and "0.5 [0, 1], statement" in mermaid and "#124; #34;draws" in mermaid
    (tmp_path / "x.graphml").write_text(write_graphml(graph), encoding="utf-8")
    kept = nx.read_graphml(tmp_path / "x.graphml")
    (d,) = [d for _, _, d in kept.edges(data=True) if d["link"]]
    assert (d["link"], d["polarity"], d["strength"], d["evidence"]) == ("L", "+", "0.5 [0, 1]", "statement")


# the command


@pytest.fixture
def path(tmp_path: Path) -> str:
    linked(tmp_path, ALL + OFF)
    return str(tmp_path / "linked.yaml")


@pytest.mark.parametrize(
    ("name", "arguments"),
    [
        ("loops", []),
        ("within", ["--within", "people"]),
        ("links", ["--links"]),
        ("of", ["--of", "total people", "--of", "jobs", "--at", "10"]),
    ],
)
def test_what_the_terminal_shows(
    path: str, name: str, arguments: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["graph", path, *arguments]) == 0
    check_golden(GOLDEN / f"{name}.txt", capsys.readouterr().out)


def test_contributions_as_data(path: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["graph", path, "--of", "jobs", "--at", "10", "--set", "growth rate=0", "--json"]) == 0
    rows = {row["link"]: row for row in json.loads(capsys.readouterr().out)}
    model = se.load(path)
    without = model.run({"growth rate": 0, "link L1": 0}, save=["work.jobs"])
    assert rows["L1"]["without"] == float(without["work.jobs"].sel(time=10)) == 50
    assert rows["L1"]["difference"] == rows["L1"]["with_all"] - 50
    assert rows["L3"]["difference"] == 0


def test_all_of_it_as_data(path: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["graph", path, "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert [row["on"] for row in found["links"]] == [True, True, True, True, False]
    assert [group["links"] for group in found["across"]] == [["L1", "L2"], ["L1", "L4"]]
    assert set(found["within"]) == set(PARTS)


def test_values_set_move_the_run(path: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["graph", path, "--set", "link L2=0"]) == 0
    shown = capsys.readouterr().out
    assert "L1 => L4" in shown and "L1 => L2  " not in shown and "L2, L5 off" in shown


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        (["--at", "10"], 2, "give --of too"),
        (["--links", "--of", "jobs"], 2, "ask for one"),
        (["--links", "--out", "x.svg"], 2, "it does not go with --links"),
        (["--within", "water"], 1, "it has people, work"),
        (["--of", "jbs"], 1, "jobs"),
        (["--of", "jobs", "--at", "10.1"], 1, "is not saved"),
    ],
)
def test_wrong_usage(
    path: str, arguments: list[str], code: int, words: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["graph", path, *arguments]) == code
    assert words in capsys.readouterr().err


@pytest.mark.parametrize("arguments", [["--links"], ["--of", "Teacup Temperature"]])
def test_a_model_without_links_says_so(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["graph", "tests/models/teacup.mdl", *arguments]) == 1
    assert "has no links" in capsys.readouterr().err
