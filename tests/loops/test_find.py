"""Feedback loops: of models whose loops are known, and of random graphs against networkx."""

from __future__ import annotations

from functools import reduce
from itertools import pairwise
from pathlib import Path

import networkx as nx
import pytest
from hypothesis import given
from hypothesis import strategies as st

import simengine as se
from simengine.loops.crossing import crossing_cycles
from simengine.loops.cycles import shortest_cycles
from simengine.loops.find import Loops, find_loops
from simengine.loops.graph import causal_graph
from simengine.loops.independent import independent_cycles
from simengine.loops.ways import Ways, times
from simengine.source.diagnostic import InputError
from tests.loops.model_text import LOGISTIC, LOGISTIC_APART, PREDATORS, load_text

GRAPHS = st.integers(1, 8).flatmap(
    lambda n: st.lists(st.tuples(st.integers(0, n - 1), st.integers(0, n - 1)), max_size=22, unique=True).map(
        lambda edges: (n, edges)
    )
)
Graph = tuple[int, list[tuple[int, int]]]


def successors_of(graph: Graph) -> list[list[int]]:
    out: list[list[int]] = [[] for _ in range(graph[0])]
    for u, v in graph[1]:
        out[u].append(v)
    return out


def networkx_of(graph: Graph) -> nx.DiGraph[int]:
    out: nx.DiGraph[int] = nx.DiGraph(graph[1])
    out.add_nodes_from(range(graph[0]))
    return out


def turned(cycle: list[int]) -> tuple[int, ...]:
    first = cycle.index(min(cycle))
    return tuple(cycle[first:] + cycle[:first])


@given(GRAPHS)
def test_all_cycles_are_found_the_shortest_first(graph: Graph) -> None:
    found, complete = shortest_cycles(successors_of(graph), 10**6)
    assert complete
    assert sorted(found) == sorted(turned(c) for c in nx.simple_cycles(networkx_of(graph)))
    assert [len(c) for c in found] == sorted(len(c) for c in found)


@given(GRAPHS, st.integers(1, 5))
def test_it_is_said_when_cycles_are_left_out(graph: Graph, most: int) -> None:
    every, _ = shortest_cycles(successors_of(graph), 10**6)
    found, complete = shortest_cycles(successors_of(graph), most)
    assert found == every[:most]
    assert complete == (len(every) <= most)


@given(GRAPHS, st.integers(0, 7))
def test_cycles_through_a_node(graph: Graph, node: int) -> None:
    node %= graph[0]
    every, _ = shortest_cycles(successors_of(graph), 10**6)
    found, complete = shortest_cycles(successors_of(graph), 10**6, through=node)
    assert complete
    assert sorted(found) == sorted(c for c in every if node in c)


@given(GRAPHS)
def test_independent_cycles_are_as_many_as_there_can_be(graph: Graph) -> None:
    # Kampmann: a strongly connected graph has E - N + 1 independent loops
    whole = networkx_of(graph)
    parts = [sorted(p) for p in nx.strongly_connected_components(whole)]
    found = independent_cycles(successors_of(graph), parts)
    wanted = sum(whole.subgraph(p).number_of_edges() - len(p) + 1 for p in parts)
    assert len(set(found)) == len(found) == wanted
    on_cycles = {e for c in nx.simple_cycles(whole) for e in zip(c, [*c[1:], c[0]], strict=True)}
    covered = {e for c in found for e in zip(c, [*c[1:], c[0]], strict=True)}
    assert covered == on_cycles


@given(GRAPHS, st.lists(st.sampled_from("abc"), min_size=8, max_size=8))
def test_cycles_across_sectors_are_cycles(graph: Graph, sectors: list[str]) -> None:
    own = sectors[: graph[0]]
    found, _ = crossing_cycles(successors_of(graph), own, 10**5)
    every = {turned(c) for c in nx.simple_cycles(networkx_of(graph))}
    assert set(found) <= every
    assert all(len({own[n] for n in c}) > 1 for c in found)
    if any(len({own[n] for n in c}) > 1 for c in every):
        assert found


def crossed(cycle: tuple[int, ...], sectors: list[str]) -> tuple[tuple[int, int], ...]:
    """Return the edges of a cycle that go from one sector to another, from the least."""
    edges = zip(cycle, (*cycle[1:], cycle[0]), strict=True)
    found = [(u, v) for u, v in edges if sectors[u] != sectors[v]]
    first = found.index(min(found))
    return tuple(found[first:] + found[:first])


@given(GRAPHS, st.lists(st.sampled_from("abc"), min_size=8, max_size=8))
def test_every_sequence_of_crossings_is_found(graph: Graph, sectors: list[str]) -> None:
    own = sectors[: graph[0]]
    found, complete = crossing_cycles(successors_of(graph), own, 10**5)
    across = [c for c in map(turned, nx.simple_cycles(networkx_of(graph))) if len({own[n] for n in c}) > 1]
    assert complete
    assert {crossed(c, own) for c in found} == {crossed(c, own) for c in across}


@given(GRAPHS, st.lists(st.sampled_from("+-?"), min_size=22, max_size=22), st.sampled_from("+-?"))
def test_ways_are_all_simple_ways_of_a_sign_the_shortest_first(graph: Graph, marks: list[str], sign: str) -> None:
    edges = dict(zip(graph[1], marks, strict=False))
    inner: dict[int, list[tuple[int, str]]] = {}
    for (u, v), mark in edges.items():
        inner.setdefault(u, []).append((v, mark))
    end = graph[0] - 1
    found = list(Ways(inner).shortest(0, end, sign))
    every = [tuple(p) for p in nx.all_simple_paths(networkx_of(graph), 0, end)] if end else [(0,)]
    wanted = [p for p in every if reduce(times, (edges[e] for e in pairwise(p)), "+") == sign]
    assert sorted(found) == sorted(wanted)
    assert [len(p) for p in found] == sorted(len(p) for p in found)


def signs(found: Loops) -> list[str]:
    return sorted(loop.polarity for loop in found.loops)


def test_a_teacup_has_one_balancing_loop() -> None:
    found = find_loops(se.load("tests/models/teacup.mdl"))
    assert [str(loop) for loop in found.loops] == ["B: Teacup Temperature -> Heat Loss to Room -> Teacup Temperature"]
    assert found.independent == found.loops
    assert found.complete


def test_predator_and_prey(tmp_path: Path) -> None:
    # prey grow by themselves (R) and are eaten (B); predators die (B) and grow on the prey they eat (R)
    found = find_loops(load_text(tmp_path, PREDATORS))
    assert {frozenset(loop.members): loop.polarity for loop in found.loops} == {
        frozenset({"Prey", "prey births"}): "R",
        frozenset({"Prey", "prey deaths"}): "B",
        frozenset({"Predators", "predator deaths"}): "B",
        frozenset({"Predators", "prey deaths", "predator births"}): "R",
    }


def test_an_epidemic(conformance: Path) -> None:
    # Sterman, Business Dynamics, 9.2: contagion R, depletion B, recovery B
    found = find_loops(se.load(conformance / "test-models/samples/SIR/SIR.mdl"))
    assert signs(found) == ["B", "B", "R"]


def test_what_turns_in_one_equation_is_undetermined_and_apart_is_not(tmp_path: Path) -> None:
    whole = find_loops(load_text(tmp_path, LOGISTIC))
    assert [loop.polarity for loop in whole.loops] == ["?"]
    assert whole.loops[0].doubts[0][:2] == ("population", "growth")
    apart = find_loops(load_text(tmp_path, LOGISTIC_APART))
    assert signs(apart) == ["B", "B", "R"]


@pytest.mark.parametrize("text", [PREDATORS, LOGISTIC_APART], ids=["predators", "logistic"])
def test_loops_are_those_of_simlin(tmp_path: Path, text: str) -> None:
    simlin = pytest.importorskip("simlin", reason="simlin has no wheel for this machine")
    found = find_loops(load_text(tmp_path, text))
    ours = {frozenset(m.lower().replace(" ", "_") for m in loop.members): loop.polarity for loop in found.loops}
    theirs = {
        frozenset(loop.variables): loop.polarity.name[0] for loop in simlin.load(str(tmp_path / "small.mdl")).loops
    }
    assert set(ours) == set(theirs)
    known = {members: sign for members, sign in theirs.items() if sign != "U"}  # it has no sign for some of ours
    assert {members: ours[members] for members in known} == known


def test_loops_through_a_variable(tmp_path: Path) -> None:
    model = load_text(tmp_path, PREDATORS)
    found = find_loops(model, through="PREY_births")
    assert [loop.members for loop in found.loops] == [("Prey", "prey births")]
    with pytest.raises(InputError, match="did you mean `prey births`"):
        find_loops(model, through="prey birth")


def test_delays_are_counted(tmp_path: Path) -> None:
    text = "s = INTEG(f, 1) ~~| f = 5 - seen ~~| seen = SMOOTH(s, 3) ~~|"
    (loop,) = find_loops(load_text(tmp_path, text)).loops
    assert (loop.polarity, loop.delays, loop.members) == ("B", 1, ("s", "seen", "f"))


SECTORS = """
"energy.stock" = INTEG("energy.flow", 1) ~~| "energy.flow" = 1 - "energy.stock" - "link X4 effect" ~~|
"jobs.staff" = INTEG("jobs.hiring", 1) ~~| "jobs.hiring" = "link X1 effect" - "jobs.staff" ~~|
"jobs.gap" = 5 - "jobs.staff" ~~|
"link X1 effect" = SMOOTH("energy.stock", 2) ~~| "link X4 effect" = "jobs.gap" * 0.1 ~~|
"""


def test_loops_across_sectors_are_grouped_by_their_links(tmp_path: Path) -> None:
    found = find_loops(load_text(tmp_path, SECTORS))
    (group,) = found.across
    # more energy stock -> more hiring -> more staff -> smaller gap -> less drag -> more energy stock
    assert (group.links, group.polarity, set(group.sectors)) == (("X1", "X4"), "R", {"energy", "jobs"})
    assert group.loops[0].delays == 1
    assert len(found.loops) == 3


def test_the_same_loops_every_time(tmp_path: Path) -> None:
    model = load_text(tmp_path, PREDATORS)
    assert find_loops(model) == find_loops(causal_graph(model))
