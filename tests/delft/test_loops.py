"""The causal graph of Delft's models: signs as in each model alone, and the loops across sectors the domain names."""

from __future__ import annotations

from functools import cache

import networkx as nx
import pytest

import simengine as se
from models.hard_data import FOLDER
from simengine.loops.find import Loops, find_loops
from simengine.loops.graph import causal_graph
from simengine.loops.levels import at_level
from tests.delft.models import MODELS as PARTS
from tests.delft.models import load
from tests.hang import ends


@pytest.fixture(scope="module")
def model() -> se.Model:
    return se.load(FOLDER / "crossover.yaml")


@pytest.fixture(scope="module")
def graph(model: se.Model) -> nx.DiGraph[str]:
    return causal_graph(model)


@pytest.fixture(scope="module")
def unlinked(model: se.Model) -> nx.DiGraph[str]:
    return causal_graph(model, values={f"link {link.name}": 0 for link in model.definition.links})


@pytest.fixture(scope="module")
def loops(graph: nx.DiGraph[str]) -> Loops:
    return find_loops(graph, most=100)


@cache
def alone(part: str) -> nx.DiGraph[str]:
    """Return the graph of a model without the others."""
    return causal_graph(load(part))


@pytest.mark.parametrize("part", PARTS)
def test_signs_are_those_of_each_model_alone(part: str, unlinked: nx.DiGraph[str]) -> None:
    for u, v, d in alone(part).edges(data=True):
        if u == "TIME STEP" and f"{part}.{u}" not in unlinked:
            continue  # the shortest step is the whole's: it is shared
        inside = unlinked.edges[f"{part}.{u}", f"{part}.{v}"]
        assert (inside["polarity"], inside["kind"]) == (d["polarity"], d["kind"]), (u, v, inside["reason"])


@pytest.mark.parametrize("part", PARTS)
def test_with_links_a_sign_of_structure_stays(part: str, graph: nx.DiGraph[str]) -> None:
    for u, v, d in alone(part).edges(data=True):
        if d["basis"] == "structure" and u != "TIME STEP":
            assert graph.edges[f"{part}.{u}", f"{part}.{v}"]["polarity"] == d["polarity"], (u, v)


@pytest.mark.parametrize("part", PARTS)
def test_loops_are_those_of_each_model_alone(part: str, unlinked: nx.DiGraph[str]) -> None:
    own = find_loops(alone(part), most=1)
    inside = dict(find_loops(unlinked, most=1).within)[part]
    found = sorted((loop.polarity, sorted(m.removeprefix(f"{part}.") for m in loop.members)) for loop in inside)
    assert found == sorted((loop.polarity, sorted(loop.members)) for loop in own.independent)


def test_every_link_is_an_edge_with_the_sign_of_its_file(model: se.Model, graph: nx.DiGraph[str]) -> None:
    names = {v.key: v.name for v in model.definition.variables}
    for link in model.definition.links:
        edge = graph.edges[names[link.source], names[link.target]]
        assert edge["link"] == link.name
        assert edge["polarity"] == (link.sign or "+"), link.name  # X12 has none: it may help or hinder
        assert edge["delayed"] == bool(link.delay)
        assert (edge["kind"] == "off") == (not link.on)


def test_a_sector_level_has_all_links(model: se.Model, graph: nx.DiGraph[str]) -> None:
    found = sorted(d["link"] for _, _, d in at_level(graph, "sectors").edges(data=True))
    assert found == sorted(link.name for link in model.definition.links)


# name, links in any turn, polarity, a variable all must pass (else none), variables on the way
#
# Two are R and have B in their names. A ceiling of installers holds energy works back, but work that waits keeps asking
# for staff: more is left, so more is asked, so less is done. Unemployment takes room from works that would have made
# jobs: it feeds on itself, and counters only what the fiscal loop brings.
NAMED = [
    ("R green work", ("X2", "X6"), "R", "energy.insulating", {"energy.investment", "jobs.income index"}),
    (
        "R cool city",
        ("X7", "X9"),
        "R",
        "",
        {"water.private greening", "water.green share", "jobs.business climate", "jobs.income index"},
    ),
    ("R fiscal", ("X15", "X18", "X2"), "R", "", {"jobs.total jobs", "jobs.free room", "energy.investment"}),
    (
        "R bill",
        ("X6", "X8"),
        "R",
        "energy.total energy bill",
        {"energy.insulating", "energy.homes on gas badly insulated", "jobs.income index"},
    ),
    (
        "R living lab",
        ("X22", "X6"),
        "R",
        "energy.homes on gas badly insulated",
        {"energy.fossil free share", "jobs.business climate", "jobs.labour force", "jobs.income index"},
    ),
    (
        "B installer ceiling",
        ("X1", "X4"),
        "R",
        "",
        {"jobs.staff short for energy", "energy.share of work done", "energy.homes on gas badly insulated"},
    ),
    ("B installer ceiling, water", ("X3", "X5"), "R", "", {"water.share of work done", "water.combined sewers"}),
    ("B densification", ("X10", "X21"), "B", "", {"water.paved area", "jobs.business climate", "jobs.homes built"}),
    ("B social cost", ("X17", "X18", "X2"), "R", "", {"jobs.unemployed", "jobs.free room", "energy.investment"}),
]


@pytest.mark.parametrize(("name", "links", "polarity", "through", "passed"), NAMED, ids=[row[0] for row in NAMED])
def test_loops_the_domain_names(
    name: str,
    links: tuple[str, ...],
    polarity: str,
    through: str,
    passed: set[str],
    graph: nx.DiGraph[str],
    loops: Loops,
) -> None:
    found = find_loops(graph, through=through, most=100) if through else loops
    turns = {links[n:] + links[:n] for n in range(len(links))}
    (group,) = [g for g in found.across if g.links in turns]
    those = [loop for loop in group.loops if passed <= set(loop.members)]
    assert polarity in {loop.polarity for loop in those}, name
    best = next(loop for loop in those if loop.polarity == polarity)
    edges = list(zip(best.members, (*best.members[1:], best.members[0]), strict=True))
    assert sum(graph.edges[pair]["polarity"] == "-" for pair in edges) % 2 == (polarity == "B")
    assert best.delays >= sum(graph.edges[pair]["delayed"] for pair in edges if graph.edges[pair]["link"]) > 0


def test_where_the_search_is_cut_it_says_so(loops: Loops, graph: nx.DiGraph[str]) -> None:
    assert not loops.across_complete
    further = find_loops(graph, most=400)
    assert {g.links for g in loops.across} < {g.links for g in further.across}


def test_the_search_ends(graph: nx.DiGraph[str]) -> None:
    with ends():  # going through all loops would take hours
        find_loops(graph, most=100)
