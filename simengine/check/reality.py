"""Names in reality checks: what test inputs change and constraints speak of must exist.

In: the symbol table. Out: diagnostics.

Invariant: a reality check changes nothing about a run.
"""

from __future__ import annotations

from collections.abc import Iterator

from simengine.check.symbols import Symbols
from simengine.model.expression import Expression, LookupCall, Reference, walk
from simengine.source.diagnostic import Diagnostic, error
from simengine.source.names import nearest_names


def check_reality(symbols: Symbols) -> list[Diagnostic]:
    """Return an error for every name in a test input or constraint that nothing has."""
    definition = symbols.definition
    tests = {t.key for t in definition.test_inputs} | {c.key for c in definition.constraints}
    names = [*symbols.known_names(), *(t.name for t in definition.test_inputs)]
    out: list[Diagnostic] = []
    for where, expression in _expressions(symbols):
        for node in walk(expression):
            reference = node.lookup if isinstance(node, LookupCall) else node
            if not isinstance(reference, Reference) or reference.key in tests:
                continue
            key = reference.key
            if key in symbols.variables or key in symbols.dimensions or key in symbols.elements:
                continue
            near = nearest_names(reference.name, names)
            hint = [f"did you mean `{near[0]}`?"] if near else []
            text = f"no variable or test input is called `{reference.name}` (in `{where}`)"
            out.append(error("unknown-name", text, reference.span, help=hint))
    return out


def _expressions(symbols: Symbols) -> Iterator[tuple[str, Expression]]:
    for test in symbols.definition.test_inputs:
        yield test.name, test.target
        yield test.name, test.expression
    for constraint in symbols.definition.constraints:
        yield constraint.name, constraint.condition
        yield constraint.name, constraint.consequence
