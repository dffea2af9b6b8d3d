"""Notes about queues and ovens: what no text settles of them, and how it is read here.

In: the symbol table. Out: one note for each kind of stock that a model has.

Invariant: a note changes nothing.
"""

from __future__ import annotations

from simengine.check.symbols import Symbols
from simengine.model.conveyor import ConveyorSpec, OvenSpec, QueueSpec
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


def check_containers(symbols: Symbols) -> list[Diagnostic]:
    """Return what users of a model should know about how its queues and ovens are read here."""
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
