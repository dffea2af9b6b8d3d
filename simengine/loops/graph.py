"""The causal graph of a model: who reads whom, and which way it moves them.

In: a model, or a definition. Out: a `networkx.DiGraph` over its variables, arrays as one.

Nodes carry `role`, `units`, `group`, `sector` and `order`; edges `polarity` ("+", "-", "?"), `basis` and `reason`
(see `polarity`), `kind` ("flow" into or out of a stock, "link", "initial" where it counts at the start only) and
`delayed`, `link` (that of a cross-over file it goes through, see `linking`). What the compiler makes is folded away: a
SMOOTH inside an equation is a delayed edge.

Invariant: nodes and edges stand in the order of the model, so that all made from them is always the same.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from simengine.api.model import Model
from simengine.api.programs import Programs
from simengine.api.values import ValueReader
from simengine.compile.pipeline import compile_model
from simengine.loops.causes import INITIAL, INPUT, TIMING, find_causes, find_flows
from simengine.loops.folding import Path, fold
from simengine.loops.linking import Linked, fold_links
from simengine.loops.polarity import MINUS, NOT_TOLD, PLUS, History, Polarity, in_parallel, read_history
from simengine.loops.wiring import Wiring, find_wires
from simengine.model.definition import ModelDefinition
from simengine.model.expression import Reference, TableLiteral
from simengine.model.link import Link
from simengine.model.variable import Role, Variable, role_of
from simengine.program.program import Program
from simengine.source.diagnostic import ModelError, has_errors
from simengine.source.names import Key, key_of

if TYPE_CHECKING:
    import networkx as nx

_TIMING = Polarity("?", reason="sets how long a delay takes")
_SHAPE = Polarity("?", reason=NOT_TOLD)
LINK_NAME = "link "
"""How the variables begin that carry a link of a cross-over file."""


def causal_graph(
    model: Model | ModelDefinition,
    *,
    run: bool = True,
    values: Mapping[str, Any] | None = None,
    link_variables: bool = False,
) -> nx.DiGraph[str]:
    """Return the causal graph of a model.

    Parameters
    ----------
    model
        What `simengine.load` gave, or a definition.
    run
        Whether the model is run once, for signs that depend on values.
    values
        What is changed in that run, as for `Model.run`: constants and stocks.
    link_variables
        Whether the variables of a cross-over file's links (gain, strength, effect, ...) are nodes; else a link is one
        edge.

    Raises
    ------
    ModelError
        If a definition cannot be compiled.
    InputError
        If a value does not fit the model.

    Examples
    --------
    >>> import simengine
    >>> graph = causal_graph(simengine.load("tests/models/teacup.mdl"))
    >>> [(u, v, d["polarity"]) for u, v, d in graph.in_edges("Heat Loss to Room", data=True)]
    [('Teacup Temperature', 'Heat Loss to Room', '+'), ('Room Temperature', 'Heat Loss to Room', '-'), \
('Characteristic Time', 'Heat Loss to Room', '-')]

    """
    definition, program = _compiled(model)
    parameters = None
    if values:
        prepared = Programs(definition, program).prepare(ValueReader(definition, program).read(values))
        program, parameters = prepared.program, prepared.parameters.shared
    history = read_history(program, definition.simulation.method, run=run, parameters=parameters)
    wiring = find_wires(program, history)
    graph = _Builder(definition, program, wiring).graph()
    if link_variables or not definition.links:
        return graph
    return fold_links(graph, _linked(definition, program, history))


def _linked(definition: ModelDefinition, program: Program, history: History) -> Linked:
    off = [link.name for link in definition.links if _is_off(link, program, history)]
    names = {v.key: v.name for v in definition.variables}
    specs = {"INITIAL TIME", "FINAL TIME", "TIME STEP", "SAVEPER"}
    clock = {name for name in names.values() if name.split(".")[-1].upper() in specs}
    clock |= {names[key] for key in _clock(definition) if key in names}
    return Linked(definition.links, off, definition.parts, names, clock)


def _is_off(link: Link, program: Program, history: History) -> bool:
    if history.ranges is None:
        return not link.on
    return float(history.ranges.slots.high[0, program.variables[program.by_key[link.gain]].first]) == 0.0


def _compiled(model: Model | ModelDefinition) -> tuple[ModelDefinition, Program]:
    if isinstance(model, Model):
        return model.definition, model.program
    program, problems = compile_model(model)
    if program is None or has_errors(problems):
        raise ModelError(problems)
    return model, program


class _Builder:
    """Joins what equations name with what the program computes."""

    def __init__(self, definition: ModelDefinition, program: Program, wiring: Wiring) -> None:
        self.definition, self.program, self.wiring = definition, program, wiring
        self.flows = find_flows(definition)
        self.shown = _shown(definition)
        self.by_key = {v.key: v for v in self.shown}
        self.causes = {v.key: find_causes(v) for v in self.shown}
        self.known: dict[Key, dict[Key, Path]] = {}

    def graph(self) -> nx.DiGraph[str]:
        import networkx as nx  # heavy: only where a graph is asked for

        graph: nx.DiGraph[str] = nx.DiGraph(name=self.definition.name)
        flows = {key for own in self.flows.values() for key in own}
        clock = _clock(self.definition)
        sectors = sectors_of([v for v in self.shown if v.key not in clock])
        for order, v in enumerate(self.shown):
            role = role_of(v)
            if v.key in flows and role in {Role.AUXILIARY, Role.CONSTANT}:
                role = Role.FLOW
            graph.add_node(
                v.name,
                role=role.value,
                units=v.units,
                group=v.group,
                sector=sectors.get(v.key, ""),
                order=order,
            )
        for effect in self.shown:
            for cause in self._causes_of(effect):
                graph.add_edge(self.by_key[cause].name, effect.name, **self._edge(cause, effect))
        return graph

    def _causes_of(self, effect: Variable) -> list[Key]:
        found = {*self.causes[effect.key], *self._folded(effect), *self.flows.get(effect.key, {})}
        found |= {stock for stock, own in self.flows.items() if own.get(effect.key) == "-" and self._holds(stock)}
        # a stock whose own value does not change it is no cause of itself
        return [v.key for v in self.shown if v.key in found]

    def _holds(self, stock: Key) -> bool:
        """Return whether a stock decides what leaves it: a conveyor, queue or oven."""
        return self.by_key[stock].device is not None

    def _folded(self, effect: Variable) -> dict[Key, Path]:
        if effect.key not in self.known:
            place = self.program.by_key.get(effect.key)
            self.known[effect.key] = {} if place is None else fold(place, self.program, self.wiring)
        return self.known[effect.key]

    def _edge(self, cause: Key, effect: Variable) -> dict[str, Any]:
        parts = self.causes[effect.key].get(cause, set())
        sign = self.flows.get(effect.key, {}).get(cause)
        if sign is not None:
            polarity, kind, delayed = PLUS if sign == "+" else MINUS, "flow", False
        elif self.flows.get(cause, {}).get(effect.key) == "-" and self._holds(cause):
            polarity, kind, delayed = PLUS, "link", True
        else:
            path = self._folded(effect).get(cause)
            initial = parts == {INITIAL} if parts else bool(path and path.initial)
            kind = "initial" if initial else "link"
            slow = bool(path and path.delayed and not initial) and not (parts and parts <= {TIMING, INITIAL})
            delayed = INPUT in parts or slow
            polarity = _TIMING if TIMING in parts else path.polarity if path else self._table(cause, effect)
        return {
            "polarity": polarity.sign,
            "basis": polarity.basis,
            "reason": polarity.reason,
            "kind": kind,
            "delayed": delayed,
            "link": "",
        }

    def _table(self, cause: Key, effect: Variable) -> Polarity:
        """Return the polarity of a lookup: of its y, which lifts what is read from it."""
        own = [e.expression for e in self.by_key[cause].equations]
        tables = [e.table for e in own if isinstance(e, TableLiteral)]
        places = [p for p in (self.program.by_key.get(effect.key),) if p is not None]
        found = [
            polarity
            for (place, number), polarity in self.wiring.tables.items()
            if place in places and self.program.tables[number] in tables
        ]
        return in_parallel(found) if found else _SHAPE


def _shown(definition: ModelDefinition) -> list[Variable]:
    """Return the variables that are nodes: all but hidden ones, and but those of time that no equation reads."""
    clock = _clock(definition)
    visible = [v for v in definition.variables if not v.hidden]
    read = {key for v in visible if v.key not in clock for key in find_causes(v)}
    return [v for v in visible if v.key not in clock or v.key in read]


def _clock(definition: ModelDefinition) -> set[Key]:
    """Return the keys of the variables that say when a run begins and ends, and its steps."""
    specs = definition.simulation
    given = (specs.start, specs.stop, specs.time_step, specs.save_every)
    named = {e.key for e in given if isinstance(e, Reference)}
    return named | {key_of(n) for n in ("INITIAL TIME", "FINAL TIME", "TIME STEP", "SAVEPER")}


def sectors_of(variables: list[Variable]) -> dict[Key, str]:
    """Return the sector of every variable: what stands before the first dot, where all names have one.

    Names that begin with `link ` need none: they carry links between sectors.
    """
    named = {v.key: v.name.split(".", 1) for v in variables if not v.name.casefold().startswith(LINK_NAME)}
    if not named or any(len(parts) < 2 for parts in named.values()):
        return {}
    return {key: parts[0].strip('" ') for key, parts in named.items()}
