"""Notes about what no source settles in every point, and how it is read here: functions, queues, ovens, conveyors.

In: the symbol table. Out: a note for each such function or kind of stock that a model has, at the first.

Invariant: a note changes nothing; what is computed is the same with and without it.
"""

from __future__ import annotations

from collections.abc import Iterator

from simengine.builtins.table_of_functions import BUILTINS
from simengine.check.symbols import Symbols
from simengine.model.conveyor import ConveyorSpec, OvenSpec, QueueSpec
from simengine.model.expression import Call, walk
from simengine.source.diagnostic import Diagnostic, Severity

# unverified: all of these
_OPEN: dict[type, str] = {
    QueueSpec: "whether a batch may leave a queue in the time step it comes in; here it may (XMILE 1.0, 3.7.3: "
    "outflows are determined by what flows in, too)",
    OvenSpec: "when an oven begins to fill, and how long its load cooks; here the time for filling begins with what "
    "comes in first, and what came in during the step that filled it leaves one cook time later",
}
_INTEGERS = (
    "which whole units leak from a conveyor; here what is owed waits until it makes a unit, which is taken where "
    "material has come furthest"
)


def check_unverified(symbols: Symbols) -> list[Diagnostic]:
    """Return what users of a model should know about how its functions and containers are read here."""
    return [*_functions(symbols), *_containers(symbols)]


def _functions(symbols: Symbols) -> list[Diagnostic]:
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


def _containers(symbols: Symbols) -> list[Diagnostic]:
    said: set[str] = set()
    out: list[Diagnostic] = []
    for variable in symbols.definition.variables:
        text = _OPEN.get(type(variable.device))
        if isinstance(variable.device, ConveyorSpec) and any(k.integers for k in variable.device.leaks):
            text = _INTEGERS
        if text is None or text in said:
            continue
        said.add(text)
        message = f"no text settles {text}"
        out.append(Diagnostic(Severity.NOTE, "unverified-feature", message, variable.span))
    return out


def _calls(symbols: Symbols) -> Iterator[Call]:
    definition = symbols.definition
    everywhere = [definition.variables, *(m.variables for m in definition.macros)]
    for variables in everywhere:
        for variable in variables:
            for equation in variable.equations:
                if equation.expression is not None:
                    yield from (n for n in walk(equation.expression) if isinstance(n, Call))
