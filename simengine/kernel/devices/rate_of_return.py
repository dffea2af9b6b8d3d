"""The internal rate of return of a stream: the rate at which its present value is 0.

| kind | start | emit | advance |
| --- | --- | --- | --- |
| INTERNAL_RATE | fiscal period, initial payment, its time | stream | stream |

What flows during a fiscal period counts as paid at its end, also during a period that is not over. The rate is one per
fiscal period, from -1 to 1; missing where there is none. Of several the one nearest to 0 is given.

References: Vensim reference manual, "INTERNAL RATE OF RETURN".

Invariant: at the rate that is shown, all payments so far, grown to the end of the period, add up to 0.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray

from simengine.kernel.clock import ClockState
from simengine.kernel.devices.depreciation import FiscalPeriods
from simengine.kernel.library import sum_in_order
from simengine.model.expression import NOT_AVAILABLE

Array = NDArray[np.float64]

_GRID = 128
"""Intervals on each side of 0 that are looked at for a change of sign."""
_HALVINGS = 60


class InternalRate:
    """What was paid in each fiscal period, and at the initial time."""

    def __init__(self, shape: tuple[int, ...], options: tuple[str, ...], tables: object) -> None:
        del options, tables
        self.shape = shape

    def start(self, arguments: Sequence[Array], clock: ClockState) -> None:
        """Begin: `(fiscal period, initial payment, its time)`, read once."""
        period, self.initial, time = (np.array(np.broadcast_to(a, self.shape), dtype=np.float64) for a in arguments)
        self.periods = FiscalPeriods(np.full(self.shape, clock.start), period, clock)
        self.moment = (time - clock.start) / self.periods.length
        self.paid = np.zeros((1, *self.shape))

    def _with(self, stream: Array, clock: ClockState) -> Array:
        """Return the payments of all periods, with those of the step that begins."""
        place = self.periods.number(clock).astype(np.int64)
        more = int(place.max(initial=0)) + 1 - len(self.paid)
        paid = np.concatenate([self.paid, np.zeros((max(0, more), *self.shape))])
        added = np.take_along_axis(paid, place[None], axis=0) + stream * clock.step_size
        np.put_along_axis(paid, place[None], added, axis=0)
        return paid

    def emit(self, arguments: Sequence[Array], clock: ClockState) -> tuple[Array]:
        """Return the rate: `(stream,)` counts from its own step on."""
        paid = self._with(np.broadcast_to(arguments[0], self.shape), clock)
        flat = paid.reshape(len(paid), -1)
        initial, moment = self.initial.ravel(), self.moment.ravel()
        rates = [_rate(np.append(initial[n], flat[:, n]), float(moment[n])) for n in range(flat.shape[1])]
        return (np.asarray(rates, dtype=np.float64).reshape(self.shape),)

    def advance(self, arguments: Sequence[Array], clock: ClockState) -> None:
        """End a step: `(stream,)`."""
        self.paid = self._with(np.broadcast_to(arguments[0], self.shape), clock)


def _rate(payments: Array, moment: float) -> float:
    """Return the rate of a first payment at a moment and the others at the ends of periods 1, 2 ...

    Examples
    --------
    >>> round(_rate(np.array([-100.0, 0.0, 121.0]), 0.0), 9)
    0.1

    """
    if not np.all(np.isfinite(payments)):
        return float("nan")
    if not (np.any(payments > 0) and np.any(payments < 0)):
        return NOT_AVAILABLE
    when = np.append(moment, np.arange(1.0, len(payments)))
    years = when.max() - when  # grown to the last payment: finite also at a rate of -1

    def value(rate: Array) -> Array:
        return sum_in_order(payments[:, None] * (1.0 + rate[None]) ** years[:, None])

    outward = np.linspace(0.0, 1.0, _GRID + 1)
    found: list[float] = []
    for ends in (outward, -outward):
        at = value(ends)
        hits = np.flatnonzero(np.sign(at[:-1]) * np.sign(at[1:]) <= 0)
        if hits.size:
            first = int(hits[0])
            found.append(_root(value, float(ends[first]), float(ends[first + 1])))
    return min(found, key=abs) if found else NOT_AVAILABLE


def _root(value: Callable[[Array], Array], low: float, high: float) -> float:
    """Return where a function changes its sign between two numbers."""
    sign = float(np.sign(value(np.array([low]))[0]))
    if sign == 0.0:
        return low
    for _ in range(_HALVINGS):
        middle = 0.5 * (low + high)
        if float(np.sign(value(np.array([middle]))[0])) == sign:
            low = middle
        else:
            high = middle
    return high
