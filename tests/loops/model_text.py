"""Small models with known loops, written as Vensim text."""

from __future__ import annotations

from pathlib import Path

import simengine as se
from simengine.loops.graph import causal_graph

CONTROL = """
INITIAL TIME = 0 ~~|
FINAL TIME = 20 ~~|
TIME STEP = 0.125 ~~|
SAVEPER = 0.5 ~~|
"""

PREDATORS = """
Prey = INTEG(prey births - prey deaths, 100) ~~|
Predators = INTEG(predator births - predator deaths, 20) ~~|
prey births = Prey * birth rate ~~|
prey deaths = predation rate * Prey * Predators ~~|
predator births = efficiency * prey deaths ~~|
predator deaths = death rate * Predators ~~|
birth rate = 0.5 ~~|
predation rate = 0.02 ~~|
efficiency = 0.2 ~~|
death rate = 0.4 ~~|
"""

LOGISTIC = """
population = INTEG(growth, 1) ~~|
growth = population * rate * (1 - population / capacity) ~~|
rate = 1 ~~|
capacity = 100 ~~|
"""

LOGISTIC_APART = """
population = INTEG(births - deaths, 1) ~~|
births = population * rate ~~|
deaths = births * population / capacity ~~|
rate = 1 ~~|
capacity = 100 ~~|
"""


def load_text(folder: Path, text: str, name: str = "small.mdl") -> se.Model:
    """Return a model of equations, the control variables added."""
    path = folder / name
    path.write_text("{UTF-8}\n" + text + CONTROL, encoding="utf-8")
    return se.load(path)


def links(folder: Path, text: str, *, run: bool = True) -> dict[tuple[str, str], dict[str, object]]:
    """Return the edges of the graph of equations."""
    graph = causal_graph(load_text(folder, text), run=run)
    return {(u, v): d for u, v, d in graph.edges(data=True)}
