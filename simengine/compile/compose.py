"""Builtins put together from a few primitives: one function each.

In: the lowered arguments, and the nodes of the clock. Out: a node.

Invariant: the keys of `COMPOSITIONS` are exactly the builtins of kind COMPOSED (tested).
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from simengine.compile.build import ONE, ZERO, add, apply, constant, divide, multiply, select, subtract
from simengine.program.node import Node
from simengine.program.op import Op


@dataclass(frozen=True, slots=True)
class ClockNodes:
    """Nodes for time and the simulation's specs.

    `inputs` is the time that test inputs and data go by: in Vensim that of the beginning of the step, so that they
    stay the same in all stages of a Runge-Kutta step (reference manual, "Integration").
    """

    time: Node
    start: Node
    stop: Node
    step: Node
    inputs: Node


Composition = Callable[[Sequence[Node], ClockNodes], Node]

_HALF = constant(0.5)


def _between(x: Node, low: Node, high: Node) -> Node:
    """Return low <= x < high, on the grid of time steps: half a step of slack keeps rounding out."""
    return apply(Op.AND, apply(Op.GE, x, low), apply(Op.LT, x, high))


def _slack(clock: ClockNodes) -> Node:
    return add(clock.inputs, multiply(_HALF, clock.step))


def _step(a: Sequence[Node], clock: ClockNodes) -> Node:
    # Vensim ref. "STEP": the height from the time step at which Time + TIME STEP/2 passes the step time
    return select(apply(Op.GT, _slack(clock), a[1]), a[0], ZERO)


def _ramp(a: Sequence[Node], clock: ClockNodes) -> Node:
    # Vensim ref. "RAMP": slope * (time - start) within, slope * (end - start) after
    time = clock.inputs
    end = apply(Op.MIN, time, a[2])
    return select(apply(Op.GT, time, a[1]), multiply(a[0], subtract(end, a[1])), ZERO)


def _ramp_xmile(a: Sequence[Node], clock: ClockNodes) -> Node:
    if len(a) > 2:
        return _ramp(a, clock)
    return select(apply(Op.GT, clock.inputs, a[1]), multiply(a[0], subtract(clock.inputs, a[1])), ZERO)


def _pulse(a: Sequence[Node], clock: ClockNodes) -> Node:
    # Vensim ref. "PULSE": at least one time step wide, compared half a time step later
    width = apply(Op.MAX, a[1], clock.step)
    return _between(_slack(clock), a[0], add(a[0], width))


def _pulse_train(a: Sequence[Node], clock: ClockNodes) -> Node:
    # Vensim ref. "PULSE TRAIN": pulses repeat while the time is not past the end
    now = _slack(clock)
    start, width, between, end = a
    width = apply(Op.MAX, width, clock.step)
    phase = apply(Op.MOD, subtract(now, start), between)
    inside = apply(Op.AND, apply(Op.GE, now, start), apply(Op.LT, phase, width))
    return apply(Op.AND, inside, apply(Op.LE, clock.inputs, end))


def _pulse_xmile(a: Sequence[Node], clock: ClockNodes) -> Node:
    # XMILE 1.0, 3.5.4 "PULSE": magnitude / DT at the first time, then every interval; interval 0 or none: once
    first = a[1] if len(a) > 1 else clock.start
    height = divide(a[0], clock.step)
    now = _slack(clock)
    once = _between(now, first, add(first, clock.step))
    if len(a) < 3:
        return select(once, height, ZERO)
    phase = apply(Op.MOD, subtract(now, first), a[2])
    train = apply(Op.AND, apply(Op.GE, now, first), apply(Op.LT, phase, clock.step))
    return select(select(apply(Op.GT, a[2], ZERO), train, once), height, ZERO)


def _quantum(a: Sequence[Node], _clock: ClockNodes) -> Node:
    x, q = a
    return select(apply(Op.LE, q, ZERO), x, multiply(q, apply(Op.TRUNC, divide(x, q))))


def _safediv(a: Sequence[Node], _clock: ClockNodes) -> Node:
    otherwise = a[2] if len(a) > 2 else ZERO
    return select(apply(Op.EQ, a[1], ZERO), otherwise, divide(a[0], a[1]))


def _factorial(n: Node) -> Node:
    # the gamma function of n + 1, rounded: exact up to 18!
    value = apply(Op.EXP, apply(Op.LNGAMMA, add(n, ONE)))
    return select(apply(Op.LT, value, constant(2.0**53)), apply(Op.ROUND, value), value)


def _choices(a: Sequence[Node], *, ordered: bool) -> Node:
    n, r = a
    log = subtract(apply(Op.LNGAMMA, add(n, ONE)), apply(Op.LNGAMMA, add(subtract(n, r), ONE)))
    if not ordered:
        log = subtract(log, apply(Op.LNGAMMA, add(r, ONE)))
    value = apply(Op.EXP, log)
    return select(apply(Op.LT, value, constant(2.0**53)), apply(Op.ROUND, value), value)


def _normal_cdf(a: Sequence[Node], _clock: ClockNodes) -> Node:
    mean = a[2] if len(a) > 2 else ZERO
    sd = a[3] if len(a) > 3 else ONE
    right = apply(Op.NORMAL_CDF, divide(subtract(a[1], mean), sd))
    return subtract(right, apply(Op.NORMAL_CDF, divide(subtract(a[0], mean), sd)))


def _normal_inv(a: Sequence[Node], _clock: ClockNodes) -> Node:
    mean = a[1] if len(a) > 1 else ZERO
    sd = a[2] if len(a) > 2 else ONE
    return add(mean, multiply(sd, apply(Op.NORMAL_INV, a[0])))


def _wave(op: Op) -> Composition:
    def wave(a: Sequence[Node], clock: ClockNodes) -> Node:
        # Stella help, "SINWAVE", "COSWAVE": the wave runs from time 0, wherever the simulation begins
        angle = divide(multiply(constant(2 * math.pi), clock.time), a[1])
        return multiply(a[0], apply(op, angle))

    return wave


def _cgrowth(a: Sequence[Node], clock: ClockNodes) -> Node:
    # Stella help, "CGROWTH": ((1 + percentage / 100) ^ DT - 1) / DT
    growth = apply(Op.POW, add(ONE, divide(a[0], constant(100.0))), clock.step)
    return divide(subtract(growth, ONE), clock.step)


def _growth(rate: Node, periods: Node) -> tuple[Node, Node]:
    """Return what 1 grows to, and what payments of 1 at the end of each period grow to."""
    grown = apply(Op.POW, add(ONE, rate), periods)
    still = apply(Op.EQ, rate, ZERO)
    return grown, select(still, periods, divide(subtract(grown, ONE), select(still, ONE, rate)))


# Stella help, "Financial builtins": value now * growth + payment * growth of payments + value then = 0


def _future_value(a: Sequence[Node], _clock: ClockNodes) -> Node:
    grown, payments = _growth(a[0], a[1])
    return apply(Op.NEG, add(multiply(a[3], grown), multiply(a[2], payments)))


def _present_value(a: Sequence[Node], _clock: ClockNodes) -> Node:
    grown, payments = _growth(a[0], a[1])
    return apply(Op.NEG, divide(add(multiply(a[2], payments), a[3]), grown))


def _payment(a: Sequence[Node], _clock: ClockNodes) -> Node:
    grown, payments = _growth(a[0], a[1])
    return apply(Op.NEG, divide(add(multiply(a[2], grown), a[3]), payments))


def _counter(a: Sequence[Node], clock: ClockNodes) -> Node:
    # unverified: Stella help, "COUNTER", shows whole steps only
    start, finish = a
    # half a step of slack keeps what rounds below the finish from showing it
    gone = subtract(clock.inputs, clock.start)
    turns = apply(Op.FLOOR, divide(add(gone, multiply(constant(1e-6), clock.step)), subtract(finish, start)))
    return add(start, subtract(gone, multiply(turns, subtract(finish, start))))


def _allocated(a: Sequence[Node], _clock: ClockNodes) -> Node:
    # Vensim ref. "ALLOC P", "ALLOCATE BY PRIORITY": what of a request, spread over the width, lies above the priority
    request, priority, width, price = a
    none = apply(Op.EQ, width, ZERO)
    above = add(divide(subtract(priority, price), select(none, ONE, width)), _HALF)
    share = apply(Op.MIN, apply(Op.MAX, above, ZERO), ONE)
    return multiply(apply(Op.MAX, request, ZERO), select(none, apply(Op.GE, priority, price), share))


COMPOSITIONS: dict[str, Composition] = {
    "counter": _counter,
    "run_count": lambda _a, _c: ONE,
    "sinwave": _wave(Op.SIN),
    "coswave": _wave(Op.COS),
    "cgrowth": _cgrowth,
    "percent": lambda a, _: multiply(a[0], constant(100.0)),
    "log": lambda a, _: divide(apply(Op.LN, a[0]), apply(Op.LN, a[1])),
    "quantum": _quantum,
    "pi": lambda _a, _c: constant(math.pi),
    "inf": lambda _a, _c: constant(math.inf),
    "if": lambda a, _: select(a[0], a[1], a[2]),
    "zidz": lambda a, _: apply(Op.XIDZ, a[0], a[1], ZERO),
    "safediv": _safediv,
    "factorial": lambda a, _: _factorial(a[0]),
    "combinations": lambda a, _: _choices(a, ordered=False),
    "permutations": lambda a, _: _choices(a, ordered=True),
    "rootn": lambda a, _: apply(Op.POW, a[0], divide(ONE, a[1])),
    "normal_cdf": _normal_cdf,
    "normal_inv": _normal_inv,
    "game": lambda a, _: a[0],
    "time": lambda _a, clock: clock.time,
    "dt": lambda _a, clock: clock.step,
    "starttime": lambda _a, clock: clock.start,
    # Vensim ref. "TIME BASE": same as START + Time * SLOPE
    "time_base": lambda a, clock: add(a[0], multiply(clock.time, a[1])),
    "stoptime": lambda _a, clock: clock.stop,
    "step": _step,
    "ramp": _ramp,
    "ramp_xmile": _ramp_xmile,
    "pulse": _pulse,
    "pulse_train": _pulse_train,
    "pulse_xmile": _pulse_xmile,
    "future_value": _future_value,
    "present_value": _present_value,
    "payment": _payment,
    "alloc_p": _allocated,
}
