"""What levers are for: which goals each can move.

In: a model's equations, levers, indicators with goals. Out: warnings for a lever that serves no goal, and for a goal
that no lever touches.

A lever serves a goal where a chain of equations leads from it to the goal's variable, at once or over time.

Invariant: a chain is looked for by variables, not by elements: a lever told to serve none serves none.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence

from simengine.model.definition import ModelDefinition
from simengine.model.expression import LookupCall, Reference, walk
from simengine.model.variable import Variable
from simengine.scenario.indicator import Indicator
from simengine.scenario.limits import LeverRange
from simengine.source.diagnostic import Diagnostic, warning
from simengine.source.names import Key


def reached_from(definition: ModelDefinition, starts: Iterable[Key]) -> frozenset[Key]:
    """Return every variable that depends on one of these, themselves included."""
    follows: dict[Key, set[Key]] = defaultdict(set)
    for variable in definition.variables:
        for key in _reads(variable):
            follows[key].add(variable.key)
    reached, waiting = set(starts), list(starts)
    while waiting:
        new = follows[waiting.pop()] - reached
        reached |= new
        waiting += new
    return frozenset(reached)


def _reads(variable: Variable) -> Iterator[Key]:
    for equation in variable.equations:
        if equation.expression is None:
            continue
        for node in walk(equation.expression):
            if isinstance(node, Reference):
                yield node.key
            elif isinstance(node, LookupCall):
                yield node.lookup.key
    if variable.flows is not None:
        yield from (*variable.flows.inflows, *variable.flows.outflows)


def find_orphans(
    definition: ModelDefinition, levers: Sequence[LeverRange], indicators: Sequence[Indicator]
) -> tuple[Diagnostic, ...]:
    """Return warnings for levers that serve no goal, and goals that no lever touches."""
    goals = [i for i in indicators if i.goal is not None]
    if not goals or not levers:
        return ()
    reach = {lever.target.text: reached_from(definition, [lever.target.variable.key]) for lever in levers}
    out = []
    for lever in levers:
        if not any(g.target.variable.key in reach[lever.target.text] for g in goals):
            text = f"the lever `{lever.name.value}` serves no goal: nothing leads from it to the variable of one"
            out.append(warning("lever-without-goal", text, lever.name.span))
    for goal in goals:
        if not any(goal.target.variable.key in r for r in reach.values()):
            text = f"no lever touches the goal of `{goal.name}`: nothing leads from one to `{goal.column}`"
            out.append(warning("goal-without-lever", text, goal.span))
    return tuple(out)
