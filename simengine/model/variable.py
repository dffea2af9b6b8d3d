"""Variables and their equations, as read.

Invariant: a `Variable` has at least one `Equation`; together the left sides say which elements exist.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum

from simengine.model.conveyor import CONTAINER_CALLS, Device
from simengine.model.expression import ArrayLiteral, Call, Expression, Number, Subscript, TableLiteral, Unary
from simengine.model.lookup import Between
from simengine.source.file import Span
from simengine.source.names import Key


class Role(Enum):
    """What a variable is in the model, in the field's words."""

    STOCK = "stock"
    FLOW = "flow"
    AUXILIARY = "auxiliary"
    CONSTANT = "constant"
    LOOKUP = "lookup"
    DATA = "data"


@dataclass(frozen=True, slots=True)
class Equation:
    """One left side and what it equals.

    `expression` is None where a data variable has no equation. A stock's expression is the call
    `integ(net flow, initial value)`; an active initial is the call `active_initial(active, initial)`.
    """

    subscripts: tuple[Subscript, ...]
    expression: Expression | None
    exceptions: tuple[tuple[Subscript, ...], ...] = ()
    span: Span | None = field(default=None, compare=False, repr=False)  # left side
    interpolation: Between | None = None  # :RAW: :INTERPOLATE: ... of a data variable


@dataclass(frozen=True, slots=True)
class Range:
    """Bounds and step a modeller gave for sliders: `[0, 1, 0.1]`; None where left open."""

    low: float | None = None
    high: float | None = None
    step: float | None = None


@dataclass(frozen=True, slots=True)
class StockFlows:
    """The flows of an XMILE stock by key, in the order written: Stella drains outflows in that order."""

    inflows: tuple[Key, ...] = ()
    outflows: tuple[Key, ...] = ()
    non_negative: bool = False


@dataclass(frozen=True, slots=True)
class Variable:
    """A variable: its equations and what the modeller wrote beside them."""

    name: str
    key: Key
    equations: tuple[Equation, ...]
    units: str = ""
    units_span: Span | None = field(default=None, compare=False, repr=False)
    documentation: str = ""
    range: Range | None = None
    group: str = ""
    supplementary: bool = False
    declared: Role | None = None  # what the file calls it, where it does (XMILE <flow>, <stock>, <aux>)
    flows: StockFlows | None = None
    non_negative: bool = False  # XMILE <non_negative/> of a flow
    dimensions: tuple[Key, ...] = ()  # declared dimensions (XMILE), in order
    access: str = ""  # XMILE module access: "input" or "output"
    span: Span | None = field(default=None, compare=False, repr=False)  # its name, where first defined
    device: Device | None = None  # a conveyor, queue or oven (XMILE)
    multiplier: Expression | None = None  # XMILE <multiplier>: what of a flow arrives downstream, beside what leaves
    clock: Key | None = None  # the slower clock it goes by; None: that of the model
    hidden: bool = False  # made by the compiler (a delay's stock, a macro's local): kept out of results


_LOOKUP_CALLS = frozenset({"get_lookups", "get_vdf_lookups"})
_DATA_CALLS = frozenset({"get_data", "get_vdf_data", "series"})
_CONSTANT_CALLS = frozenset({"get_constants", "get_vdf_constants"})


def role_of(variable: Variable) -> Role:
    """Return what the variable is, from its equations; flows are told apart where the file declares them."""
    if variable.declared in {Role.STOCK, Role.FLOW}:
        return variable.declared
    if not variable.equations:  # what it had could not be read
        return variable.declared or Role.AUXILIARY
    expression = variable.equations[0].expression
    match expression:
        case None:
            return Role.DATA
        case Call(function="integ" | "integ_non_negative"):
            return Role.STOCK
        case Call(function=name) if name in CONTAINER_CALLS:
            return Role.STOCK
        case TableLiteral():
            return Role.LOOKUP
        case Call(function=name) if name in _LOOKUP_CALLS:
            return Role.LOOKUP
        case Call(function=name) if name in _DATA_CALLS:
            return Role.DATA
        case Call(function=name) if name in _CONSTANT_CALLS:
            return Role.CONSTANT
    if all(is_constant(e.expression) for e in variable.equations):
        return Role.CONSTANT
    return Role.AUXILIARY


def is_constant(expression: Expression | None) -> bool:
    """Return whether an expression is a plain number or an array of them: what a user may set."""
    match expression:
        case Number() | ArrayLiteral():
            return True
        case Unary(operand=Number()):
            return True
        case Call(function=name) if name in _CONSTANT_CALLS:
            return True
    return False
