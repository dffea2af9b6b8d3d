"""Loops: what drives behaviour.

In: a model. Out: its causal graph with the sign of every arrow, its feedback loops, and drawings of them.

    from simengine.loops import causal_graph, draw_svg, find_loops
    graph = causal_graph(model)
    found = find_loops(graph)
    picture = draw_svg(graph, found.independent, "my model")

Invariant: nothing here changes a model.
"""

from simengine.loops.draw.svg import draw_svg
from simengine.loops.find import Loop, LoopGroup, Loops, find_loops
from simengine.loops.graph import causal_graph
from simengine.loops.levels import at_level

__all__ = ["Loop", "LoopGroup", "Loops", "at_level", "causal_graph", "draw_svg", "find_loops"]
