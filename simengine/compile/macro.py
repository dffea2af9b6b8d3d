"""Macros looked at before they are expanded: those that call themselves or what they cannot, names they cannot see.

In: a model. Out: what is wrong, and what expansion must leave alone.

Invariant: each fault is reported once, at the macro, however often it is called.
References: Vensim reference manual, "Macros": a macro sees its own names only, and those marked `$`.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from simengine.check.symbols import Symbols
from simengine.compile.fifo import VIEWS
from simengine.model.definition import Macro, ModelDefinition
from simengine.model.expression import Call, Expression, Reference, walk
from simengine.source.diagnostic import Diagnostic, error
from simengine.source.names import Key, nearest_names

CLOCK = frozenset(map(Key, ("initial_time", "final_time", "time_step", "saveper", "time")))
"""Names of the simulation's clock, which macros may use without `$` (more lenient than Vensim)."""


OUTSIDE = frozenset(
    {"shift_if_true", "cumulate", "cumulate_final", "queue_fifo", "queue_fifo_attrib", "simultaneous", *VIEWS}
)
"""Functions that need to see the variable they are about: a macro's own variables are not known where these are met."""


@dataclass(frozen=True, slots=True)
class MacroFaults:
    """Macros that call themselves or what they cannot, names that no macro can see, and what is said about both."""

    unfit: frozenset[Key]
    blind: frozenset[Key]
    problems: tuple[Diagnostic, ...]


def check_macros(definition: ModelDefinition, symbols: Symbols) -> MacroFaults:
    """Return what is wrong with the macros of a model."""
    macros = {m.key: m for m in definition.macros}
    calls = {m.key: {Key(c.function) for c in _calls(m) if c.function in macros} for m in definition.macros}
    problems: list[Diagnostic] = []
    unfit: set[Key] = set()
    blind: set[Key] = set()
    for macro in definition.macros:
        if macro.key in _reached(macro.key, calls):
            unfit.add(macro.key)
            problems.append(error("macro-recursion", f"the macro `{macro.name}` calls itself", macro.span))
        for call in _calls(macro):
            if call.function in OUTSIDE:
                unfit.add(macro.key)
                text = f"`{call.name}` is not supported inside a macro"
                problems.append(error("unsupported-function", text, call.span))
        for reference in _unseen(macro, symbols):
            blind.add(reference.key)
            near = nearest_names(reference.name, [*(i.name for i in macro.inputs), *(v.name for v in macro.variables)])
            hint = f"did you mean `{near[0]}`?" if near else "a macro sees its own names only: pass it as an argument"
            text = f"no variable in the macro `{macro.name}` is called `{reference.name}`"
            problems.append(error("unknown-name", text, reference.span, help=[hint]))
    return MacroFaults(frozenset(unfit), frozenset(blind), tuple(problems))


def _expressions(macro: Macro) -> Iterator[Expression]:
    for variable in macro.variables:
        for equation in variable.equations:
            if equation.expression is not None:
                yield from walk(equation.expression)


def _calls(macro: Macro) -> list[Call]:
    return [n for n in _expressions(macro) if isinstance(n, Call)]


def _reached(start: Key, calls: dict[Key, set[Key]]) -> set[Key]:
    reached, queue = set(calls[start]), list(calls[start])
    while queue:
        for further in calls[queue.pop()] - reached:
            reached.add(further)
            queue.append(further)
    return reached


def _unseen(macro: Macro, symbols: Symbols) -> list[Reference]:
    inside = {v.key for v in macro.variables} | {r.key for r in (*macro.inputs, *macro.outputs)} | CLOCK
    inside |= {o.key for c in _calls(macro) for o in c.outputs}
    return [
        n
        for n in _expressions(macro)
        if isinstance(n, Reference)
        and n.key not in inside
        and not n.key.endswith("$")
        and n.key not in symbols.dimensions
        and n.key not in symbols.elements
    ]
