"""What a variable's own equations name: its causes, and in what part of the equation they stand.

In: a definition. Out: for every variable the names it reads, each with the parts it plays: `plain`, `input` of a
delay, `timing` of one, `initial` value; and the flows of every stock with their signs.

Invariant: every variable that is named in an equation is found, whatever becomes of it when the model is compiled.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import fields

from simengine.builtins import queue, state
from simengine.builtins.table_of_functions import BUILTINS
from simengine.model.conveyor import Leak, Spread
from simengine.model.definition import ModelDefinition
from simengine.model.expression import (
    Binary,
    Call,
    Expression,
    LookupCall,
    Operator,
    Position,
    Reference,
    Sign,
    Unary,
    children,
)
from simengine.model.variable import Variable
from simengine.source.names import Key

PLAIN, INPUT, TIMING, INITIAL = "plain", "input", "timing", "initial"

_MEMORIES = {b.id for b in (*state.ROWS, *queue.ROWS)} | {"history"}
_PARTS = {"input": INPUT, "time": TIMING, "delay time": TIMING, "average time": TIMING, "order": TIMING}
_KEPT = {"initial": "x", "reinitial": "x"}
"""Functions that keep what an argument is at the start."""
_STEP_BACK = {"previous": "x"}


def find_causes(variable: Variable) -> dict[Key, set[str]]:
    """Return the keys of all names a variable's equations read, each with the parts it plays."""
    out: dict[Key, set[str]] = {}
    for equation in variable.equations:
        if equation.expression is not None:
            for key, part in _reads(equation.expression, PLAIN):
                out.setdefault(key, set()).add(part)
    if variable.multiplier is not None:
        for key, part in _reads(variable.multiplier, PLAIN):
            out.setdefault(key, set()).add(part)
    for key in _device_causes(variable):
        out.setdefault(key, set()).add(PLAIN)
    return out


def _reads(root: Expression, part: str) -> Iterator[tuple[Key, str]]:
    stack = [(root, part)]
    while stack:
        node, own = stack.pop()
        match node:
            case Reference():
                yield node.key, own
                stack += [(s.index, own) for s in node.subscripts if isinstance(s, Position)]
            case Call():
                stack += zip(node.arguments, _parts(node, own), strict=True)
                # what a macro gives besides its value is no cause of the equation it stands in
            case LookupCall():
                stack += [(node.lookup, own), (node.argument, own)]
            case _:
                stack += [(child, own) for child in children(node)]


def _parts(call: Call, own: str) -> list[str]:
    """Return the part each argument of a call plays."""
    builtin = BUILTINS.get(call.function)
    if builtin is None or builtin.id not in _MEMORIES:
        return [own] * len(call.arguments)
    names = [name.strip(" []") for name in builtin.signature.split(",")]
    names += [""] * (len(call.arguments) - len(names))
    return [_part(call.function, name, own) for name, _ in zip(names, call.arguments, strict=False)]


def _part(function: str, name: str, own: str) -> str:
    if own in {INITIAL, TIMING}:
        return own
    if _KEPT.get(function) == name or name.startswith("initial"):
        return INITIAL
    if _STEP_BACK.get(function) == name:
        return INPUT
    part = _PARTS.get(name, own)
    # SAMPLE IF TRUE passes its input on at once
    return own if part == INPUT and function == "sample_if_true" else part


def _device_causes(variable: Variable) -> Iterator[Key]:
    if variable.device is None:
        return
    for field in fields(variable.device):
        value = getattr(variable.device, field.name)
        for item in value if isinstance(value, tuple) else (value,):
            inner = item.fraction if isinstance(item, Leak) else item.profile if isinstance(item, Spread) else item
            if isinstance(inner, Expression):
                yield from (key for key, _ in _reads(inner, PLAIN))


def find_flows(definition: ModelDefinition) -> dict[Key, dict[Key, str]]:
    """Return for every stock the flows into it (+) and out of it (-): what its net flow adds and takes away whole."""
    out: dict[Key, dict[Key, str]] = {}
    for variable in definition.variables:
        own = _declared_flows(variable)
        if not own:
            for equation in variable.equations:
                match equation.expression:
                    case Call(function="integ" | "integ_non_negative", arguments=(net, *_)):
                        for key, sign in _terms(net):
                            own.setdefault(key, sign)
        if own:
            own.pop(variable.key, None)
            out[variable.key] = own
    return out


def _declared_flows(variable: Variable) -> dict[Key, str]:
    if variable.device is not None:
        return {
            **dict.fromkeys(variable.device.inflows, "+"),
            **dict.fromkeys(_outflows(variable), "-"),
        }
    if variable.flows is None:
        return {}
    return {**dict.fromkeys(variable.flows.inflows, "+"), **dict.fromkeys(variable.flows.outflows, "-")}


def _outflows(variable: Variable) -> list[Key]:
    device = variable.device
    single = getattr(device, "outflow", None)
    several = [*getattr(device, "outflows", ()), *getattr(device, "overflows", ())]
    return [*([single] if single is not None else []), *several, *(leak.flow for leak in getattr(device, "leaks", ()))]


def _terms(net: Expression) -> Iterator[tuple[Key, str]]:
    stack = [(net, "+")]
    while stack:
        node, sign = stack.pop()
        other = "-" if sign == "+" else "+"
        match node:
            case Reference():
                yield node.key, sign
            case Unary(sign=Sign.NEGATE):
                stack.append((node.operand, other))
            case Binary(operator=Operator.ADD):
                stack += [(node.right, sign), (node.left, sign)]
            case Binary(operator=Operator.SUBTRACT):
                stack += [(node.right, other), (node.left, sign)]
            case Call(function="sum", arguments=(inner,)):
                stack.append((inner, sign))
