"""Conveyors, queues and ovens: stocks whose outflows are not equations, as read.

Expressions have explicit subscripts over the stock's own dimensions, as in its equations.

Invariant: a spec holds all that was written of the device; whether it can be run is the compiler's business.
References: XMILE 1.0, 4.2.1 (conveyors), 4.2.2 (queues); Stella help, "Ovens".
"""

from __future__ import annotations

from dataclasses import dataclass

from simengine.model.expression import Expression, Number
from simengine.source.names import Key


@dataclass(frozen=True, slots=True)
class Leak:
    """A leakage: the flow it leaves by, the fraction that leaks, and between which parts of the way (0 to 1).

    `fraction` is of what came in, over the whole way, where leakage is linear; of what is there, each time unit,
    where it is exponential. `integers`: only whole units leak.
    """

    flow: Key
    fraction: Expression
    exponential: bool = False
    start: float = 0.0
    end: float = 1.0
    integers: bool = False


@dataclass(frozen=True, slots=True)
class ConveyorSpec:
    """A conveyor: its transit time, what flows in, the flow at its end, and leakages in order of priority.

    None: no capacity, no limit of inflow (each time unit), the length read at every step, never arrested.
    """

    length: Expression
    inflows: tuple[Key, ...] = ()
    outflow: Key | None = None
    leaks: tuple[Leak, ...] = ()
    capacity: Expression | None = None
    inflow_limit: Expression | None = None
    sample: Expression | None = None
    arrest: Expression | None = None
    discrete: bool = False
    batch_integrity: bool = False
    one_at_a_time: bool = True


@dataclass(frozen=True, slots=True)
class QueueSpec:
    """A queue: first in, first out; outflows in order of priority, of which `overflows` take what others refuse."""

    inflows: tuple[Key, ...] = ()
    outflows: tuple[Key, ...] = ()
    overflows: tuple[Key, ...] = ()


@dataclass(frozen=True, slots=True)
class OvenSpec:
    """An oven: it fills up to its capacity or for a time, processes its load, then gives it all at once."""

    length: Expression
    inflows: tuple[Key, ...] = ()
    outflow: Key | None = None
    capacity: Expression | None = None
    fill_time: Expression | None = None
    arrest: Expression | None = None


Device = ConveyorSpec | QueueSpec | OvenSpec

NO_LENGTH = Number(float("nan"))
"""Stands for a transit time that is missing, which the reader has reported."""
