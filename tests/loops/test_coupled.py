"""Loops of models that a cross-over file links, and graphs of models with everything the languages have."""

from __future__ import annotations

from pathlib import Path

import pytest

import simengine as se
from simengine.loops.draw.svg import draw_svg
from simengine.loops.find import find_loops
from simengine.loops.graph import causal_graph
from simengine.loops.levels import at_level, choose_level
from simengine.model.expression import Reference, walk
from tests.crossover.test_compose import ALL, linked


def test_loops_pass_the_links_of_a_cross_over_file(tmp_path: Path) -> None:
    # people make jobs (L1), jobs draw people (L2) and raise births (L4): two loops across, both reinforcing
    graph = causal_graph(linked(tmp_path, ALL))
    found = find_loops(graph)
    assert [(g.links, g.polarity) for g in found.across] == [(("L1", "L2"), "R"), (("L1", "L4"), "R")]
    assert [g.loops[0].delays for g in found.across] == [2, 1]
    assert found.across_complete


MODELS = [
    "test-models/samples/SIR/SIR.stmx",
    "test-models/tests/macro_stock/test_macro_stock.mdl",
    "test-models/tests/subscripted_delays/test_subscripted_delays.mdl",
    "test-models/tests/non_negative_stocks/test_non_negative_stocks.xmile",
    "sdeverywhere/allocate/allocate.mdl",
    "sdeverywhere/delayfixed/delayfixed.mdl",
    "sdeverywhere/mapping/mapping.mdl",
    "sdeverywhere/sample/sample.mdl",
    "sdeverywhere/vector/vector.mdl",
]


@pytest.mark.parametrize("name", MODELS)
def test_every_name_an_equation_reads_is_a_cause(name: str, conformance: Path) -> None:
    model = se.load(conformance / name)
    graph = causal_graph(model)
    shown = {v.key: v for v in model.definition.variables if v.name in graph}
    assert len(shown) == len(graph)
    for variable in shown.values():
        named = {
            node.key
            for equation in variable.equations
            if equation.expression is not None
            for node in walk(equation.expression)
            if isinstance(node, Reference)
        }
        missing = [shown[k].name for k in named & set(shown) if not graph.has_edge(shown[k].name, variable.name)]
        assert missing == [], variable.name
    found = at_level(graph, choose_level(graph))
    assert draw_svg(found, find_loops(found).independent, model.name).startswith("<svg")
