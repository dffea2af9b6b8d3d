"""Conveyors, queues and ovens: stocks whose outflows are not equations, as read.

Expressions have explicit subscripts over the stock's own dimensions, as in its equations.

Invariant: a spec holds all that was written of the device.
References: XMILE 1.0, 3.7.3 (queues), 4.2.1 (conveyors); Stella help, "Oven Computation".
"""

from __future__ import annotations

from dataclasses import dataclass

from simengine.model.expression import Expression, Number, Subscript
from simengine.source.names import Key


@dataclass(frozen=True, slots=True)
class Leak:
    """A leakage: the flow it leaves by, the fraction that leaks, and between which parts of the way (0 to 1).

    `fraction` is of what came in, over the whole way, where leakage is linear; of what is there, each time unit,
    where it is exponential. `parts` holds it element by element where it was written so. `integers`: only whole
    units leak.
    """

    flow: Key
    fraction: Expression
    exponential: bool = False
    start: float = 0.0
    end: float = 1.0
    integers: bool = False
    parts: tuple[tuple[tuple[Subscript, ...], Expression], ...] = ()


@dataclass(frozen=True, slots=True)
class Spread:
    """An inflow that enters along the way: `even`, `dest` (as what is there), `dist` (by a profile), `source`.

    `profile` is the lookup whose x is the part of the transit time that is still to come. `source`: where the leakage
    it is had come to; `upstream` is the conveyor it leaks from, `number` the place of the leakage there.
    """

    flow: Key
    how: str
    profile: Expression | None = None
    upstream: Key | None = None
    number: int = 0


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
    spreads: tuple[Spread, ...] = ()


@dataclass(frozen=True, slots=True)
class QueueSpec:
    """A queue: first in, first out; outflows in order of priority, of which `overflows` take what others refuse."""

    inflows: tuple[Key, ...] = ()
    outflows: tuple[Key, ...] = ()
    overflows: tuple[Key, ...] = ()


@dataclass(frozen=True, slots=True)
class OvenSpec:
    """An oven: it fills up to its capacity or for a time, cooks its load, gives it all at once, and is cleaned.

    None: any load, any time for filling, no time for cleaning, never arrested.
    """

    length: Expression
    inflows: tuple[Key, ...] = ()
    outflow: Key | None = None
    capacity: Expression | None = None
    fill_time: Expression | None = None
    clean_time: Expression | None = None
    arrest: Expression | None = None
    batch_integrity: bool = False
    one_at_a_time: bool = True


Device = ConveyorSpec | QueueSpec | OvenSpec

NO_LENGTH = Number(float("nan"))
"""Stands for a transit time that is missing, which the reader has reported."""

CONTAINER_CALLS = frozenset({"conveyor", "queue", "oven"})
"""The calls that stand for them, as whole right-hand sides."""


def initial_place(call_name: str) -> int:
    """Return which argument of a stock's call is its initial value: those of queues have no inflow before it."""
    return 0 if call_name == "queue" else 1
