"""Drawings: the same bytes every time, names of any letters, labels that lie apart, text that other programs read."""

from __future__ import annotations

import io
import json
import os
import re
import subprocess
import sys
import xml.etree.ElementTree as ET
from itertools import combinations
from pathlib import Path

import networkx as nx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import simengine as se
from simengine.loops.draw.layout import lay_out
from simengine.loops.draw.lettering import broken
from simengine.loops.draw.marks import RADIUS, place_marks
from simengine.loops.draw.route import route
from simengine.loops.draw.scene import make_scene
from simengine.loops.draw.svg import draw_svg
from simengine.loops.draw.text import write_dot, write_graphml, write_json, write_mermaid
from simengine.loops.find import find_loops
from simengine.loops.graph import causal_graph
from simengine.loops.levels import at_level, choose_level
from simengine.source.diagnostic import InputError
from tests.loops.model_text import PREDATORS, load_text
from tests.loops.test_find import SECTORS

ROOT = Path(__file__).resolve().parents[2]
NAMES = st.text(st.characters(codec="utf-8", exclude_categories=("Cs", "Cc")), min_size=1, max_size=14)
ROLES = st.sampled_from(["stock", "flow", "auxiliary", "constant"])
SVG = "{http://www.w3.org/2000/svg}"


@st.composite
def graphs(draw: st.DrawFn, most: int = 12, *, sectors: bool = True) -> nx.DiGraph[str]:
    """Return a causal graph of any names, such as a model could have."""
    names = draw(st.lists(NAMES, min_size=1, max_size=most, unique=True))
    out: nx.DiGraph[str] = nx.DiGraph(name="any")
    for order, name in enumerate(names):
        sector = draw(st.sampled_from(["", "a", "b & c"])) if sectors else ""
        out.add_node(name, role=draw(ROLES), units="m<3", group="", sector=sector, order=order)
    pairs = st.tuples(st.sampled_from(names), st.sampled_from(names))
    for u, v in draw(st.lists(pairs, max_size=2 * most, unique=True)):
        kind = "flow" if out.nodes[u]["role"] == "flow" and out.nodes[v]["role"] == "stock" else "link"
        sign = draw(st.sampled_from("+-")) if kind == "flow" else draw(st.sampled_from("+-?"))
        out.add_edge(u, v, polarity=sign, basis="", reason="", kind=kind, delayed=draw(st.booleans()), link="")
    return out


@settings(max_examples=60)
@given(graphs())
def test_any_graph_can_be_drawn(graph: nx.DiGraph[str]) -> None:
    picture = draw_svg(graph, find_loops(graph).independent, 'a "title" & <more>')
    root = ET.fromstring(picture)
    notes = [t.text or "" for t in root.iter(f"{SVG}title")]
    for name, d in graph.nodes(data=True):
        assert f"{name} [m<3]: {d['role']}" in notes
    assert picture == draw_svg(graph, find_loops(graph).independent, 'a "title" & <more>')


@settings(max_examples=60)
@given(graphs())
def test_graphml_keeps_every_attribute(graph: nx.DiGraph[str]) -> None:
    again = nx.read_graphml(io.BytesIO(write_graphml(graph).encode()))
    assert dict(again.nodes(data=True)) == dict(graph.nodes(data=True))
    assert {(u, v): d for u, v, d in again.edges(data=True)} == {(u, v): d for u, v, d in graph.edges(data=True)}


@settings(max_examples=60)
@given(graphs())
def test_dot_can_be_read_again(graph: nx.DiGraph[str]) -> None:
    text = write_dot(graph, graph.name)
    labels = dict(re.findall(r'^ +(n\d+) \[label="((?:[^"\\]|\\.)*)", shape=', text, re.MULTILINE))
    plain = {key: re.sub(r"\\(.)", r"\1", label) for key, label in labels.items()}
    assert sorted(plain.values()) == sorted(graph)
    found = re.findall(r'^ +(n\d+) -> (n\d+) \[label="([-+?])', text, re.MULTILINE)
    assert {(plain[u], plain[v], s) for u, v, s in found} == {
        (u, v, d["polarity"]) for u, v, d in graph.edges(data=True)
    }
    assert text.count("{") - sum(n.count("{") for n in graph) == text.count("}") - sum(n.count("}") for n in graph)


@settings(max_examples=60)
@given(graphs())
def test_mermaid_can_be_read_again(graph: nx.DiGraph[str]) -> None:
    text = write_mermaid(graph, graph.name)
    labels = dict(re.findall(r'^    (n\d+)[\[(>]"([^"]*)"[\])]$', text, re.MULTILINE))
    plain = {key: re.sub(r"#(\d+);", lambda m: chr(int(m[1])), label) for key, label in labels.items()}
    assert sorted(plain.values()) == sorted(graph)
    signs = {"#43;": "+", "#8722;": "-", "#63;": "?"}
    found = re.findall(r'^  (n\d+) (?:-->|-\.->|==>)\|"(#\d+;)[^"]*"\| (n\d+)$', text, re.MULTILINE)
    edges = {(u, v, d["polarity"]) for u, v, d in graph.edges(data=True)}
    assert {(plain[u], plain[v], signs[s]) for u, s, v in found} == edges


def test_json_holds_graph_and_loops(tmp_path: Path) -> None:
    graph = causal_graph(load_text(tmp_path, PREDATORS))
    found = json.loads(write_json(graph, find_loops(graph), "all"))
    assert [n["name"] for n in found["nodes"]] == list(graph)
    assert len(found["edges"]) == graph.number_of_edges()
    assert sorted(loop["polarity"] for loop in found["loops"]) == ["B", "B", "R", "R"]


@settings(max_examples=25)
@given(graphs(40, sectors=False))
def test_no_label_lies_over_another(graph: nx.DiGraph[str]) -> None:
    scene = make_scene(graph, "")
    lay_out(scene)
    assert_apart(scene.boxes)


def test_sixty_variables_lie_apart() -> None:
    # a ring with spokes and chords: as many nodes as are drawn without being asked for
    graph: nx.DiGraph[str] = nx.DiGraph(name="ring")
    for n in range(60):
        role = "stock" if n % 4 == 0 else "flow" if n % 4 == 1 else "auxiliary"
        graph.add_node(f"a variable of the ring {n}", role=role, units="", group="", sector="", order=n)
    names = list(graph)
    for n in range(60):
        for step in (1, 7):
            u, v = names[n], names[(n + step) % 60]
            graph.add_edge(u, v, polarity="+", basis="", reason="", kind="link", delayed=False, link="")
    scene = make_scene(graph, "")
    lay_out(scene)
    assert_apart(scene.boxes)
    assert choose_level(graph) == "all"


def assert_apart(boxes: list) -> None:
    for a, b in combinations(boxes, 2):
        left, top, right, bottom = a.rectangle
        other = b.rectangle
        assert not (left < other[2] and other[0] < right and top < other[3] and other[1] < bottom), (a.name, b.name)


def test_marks_lie_over_no_label(tmp_path: Path) -> None:
    graph = causal_graph(load_text(tmp_path, PREDATORS))
    scene = make_scene(graph, "")
    lay_out(scene)
    assert place_marks(scene, route(scene), find_loops(graph).independent) == 0
    assert sorted(m.text for m in scene.marks) == ["B1", "B2", "R1", "R2"]
    for mark in scene.marks:
        for box in scene.boxes:
            left, top, right, bottom = box.rectangle
            outside = mark.x < left - RADIUS or mark.x > right + RADIUS
            assert outside or mark.y < top - RADIUS or mark.y > bottom + RADIUS


def test_flows_are_pipes_from_stock_to_stock_or_cloud(tmp_path: Path) -> None:
    text = "a = INTEG(-move, 9) ~~| b = INTEG(move - gone, 0) ~~| move = a / 3 ~~| gone = b / 5 ~~|"
    scene = make_scene(causal_graph(load_text(tmp_path, text)), "")
    names = [b.name or b.role for b in scene.boxes]
    pipes = {(names[line.start], names[line.end]) for line in scene.lines if line.kind == "pipe"}
    assert pipes == {("a", "move"), ("move", "b"), ("b", "gone"), ("gone", "cloud")}


def test_sectors_are_areas_that_hold_their_own(tmp_path: Path) -> None:
    scene = make_scene(causal_graph(load_text(tmp_path, SECTORS)), "")
    lay_out(scene)
    assert set(scene.areas) == {"energy", "jobs"}
    for box in scene.boxes:
        for name, (left, top, right, bottom) in scene.areas.items():
            inside = left < box.x < right and top < box.y < bottom
            assert inside == (box.area == name), box.name
    assert_apart(scene.boxes)


def test_levels_leave_the_loops_of_what_is_shown(tmp_path: Path) -> None:
    graph = causal_graph(load_text(tmp_path, PREDATORS))
    stocks = at_level(graph, "stocks")
    assert {d["role"] for _, d in stocks.nodes(data=True)} == {"stock", "flow"}
    assert [loop.polarity for loop in find_loops(stocks).loops] == [loop.polarity for loop in find_loops(graph).loops]
    with pytest.raises(InputError, match="no sectors and no groups"):
        at_level(graph, "sectors")


def test_auxiliaries_between_become_part_of_the_edge(tmp_path: Path) -> None:
    text = """
    s = INTEG(f, 1) ~~| f = 5 - a + 0 * c ~~| a = 2 * b ~~| b = SMOOTH(s, 3) ~~| c = s - b ~~|
    g = INTEG(h, 1) ~~| h = p - q ~~| p = 2 * g ~~| q = 3 * g ~~|
    """
    stocks = at_level(causal_graph(load_text(tmp_path, text)), "stocks")
    assert (stocks.edges["s", "f"]["polarity"], stocks.edges["s", "f"]["delayed"]) == ("?", True)
    assert stocks.edges["g", "h"]["reason"] == "acts both ways, along different paths"


def test_sectors_count_their_links(tmp_path: Path) -> None:
    sectors = at_level(causal_graph(load_text(tmp_path, SECTORS)), "sectors")
    assert {(u, v): (d["polarity"], d["count"]) for u, v, d in sectors.edges(data=True)} == {
        ("energy", "jobs"): ("+", 1),
        ("jobs", "energy"): ("-", 1),
    }


def test_the_same_bytes_in_another_process(tmp_path: Path) -> None:
    model = ROOT / "models" / "energy.mdl"
    written = []
    for seed in ("1", "2"):
        out = tmp_path / f"{seed}.svg"
        environment = {**os.environ, "PYTHONHASHSEED": seed, "PYTHONPATH": str(ROOT)}
        command = [sys.executable, "-m", "simengine.cli.main", "graph", str(model), "--level", "all", "--out", str(out)]
        subprocess.run(command, check=True, env=environment, capture_output=True)
        written.append(out.read_bytes())
    assert written[0] == written[1]


def test_words_are_kept_when_lines_are_broken() -> None:
    assert " ".join(broken("homes on gas badly insulated", 12, 60)) == "homes on gas badly insulated"


def test_the_model_of_a_city_is_drawn_at_a_level_one_can_read() -> None:
    graph = causal_graph(se.load(ROOT / "models" / "energy.mdl"))
    assert choose_level(graph) == "stocks"
    assert len(at_level(graph, "stocks")) <= 60
