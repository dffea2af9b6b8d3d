"""Notes about functions whose meaning no source settles in every point.

In: the symbol table. Out: a note for each such function a model uses, at its first use.

Invariant: a note changes nothing; what a function does is the same with and without it.
"""

from __future__ import annotations

from collections.abc import Iterator

from simengine.builtins.table_of_functions import BUILTINS
from simengine.check.symbols import Symbols
from simengine.model.expression import Call, walk
from simengine.source.diagnostic import Diagnostic, Severity


def check_unverified(symbols: Symbols) -> list[Diagnostic]:
    """Return what users of a model should know about how its functions are read here."""
    said: set[str] = set()
    out: list[Diagnostic] = []
    for call in _calls(symbols):
        builtin = BUILTINS.get(call.function)
        if builtin is None or not builtin.unverified or builtin.id in said:
            continue
        said.add(builtin.id)
        message = f"the manual leaves something open about `{call.name}`; here, {builtin.unverified}"
        out.append(Diagnostic(Severity.NOTE, "unverified-function", message, call.span))
    return out


def _calls(symbols: Symbols) -> Iterator[Call]:
    definition = symbols.definition
    everywhere = [definition.variables, *(m.variables for m in definition.macros)]
    for variables in everywhere:
        for variable in variables:
            for equation in variable.equations:
                if equation.expression is not None:
                    yield from (n for n in walk(equation.expression) if isinstance(n, Call))
