"""The polarity of a link: whether a cause moves its effect the same way (+), the other way (-), or not surely (?).

In: an expression of the program, and the moments of a run. Out: a `Polarity` for everything it reads.

Three answers are tried in order: `structure` holds whatever the values are; `ranges` for all values between the least
and the greatest that each variable took in the run; `run` at every moment of it. Where none can tell, it is `?`.

Invariant: a sign is claimed only where no slope within the intervals has the other one.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from simengine.engine.run import simulate
from simengine.loops.interval import Interval, between
from simengine.loops.slope import Moments, Slopes, find_slopes
from simengine.model.definition import Method
from simengine.program.node import Node
from simengine.program.program import Program

STRUCTURE, RANGES, RUN = "structure", "ranges", "run"
_STRENGTH = {STRUCTURE: 0, RANGES: 1, RUN: 2, "": 3}
_MOST_MOMENTS = 60
_MOST_POINTS = 400_000
_OFF_TICK = 1e-6
"""How far, in ticks, a saved time may be from the tick of a clock: times are rounded."""
_NOISE = 1e-9
"""How small, beside the largest slope of the run, a slope is taken for none where rounding hides its sign."""


@dataclass(frozen=True, slots=True)
class Polarity:
    """`sign` is "+", "-" or "?"; `basis` says where it is known from, `reason` why it is not."""

    sign: str
    basis: str = ""
    reason: str = ""

    def __str__(self) -> str:
        return self.sign if not self.reason else f"{self.sign} ({self.reason})"


PLUS, MINUS = Polarity("+", STRUCTURE), Polarity("-", STRUCTURE)
NOT_TOLD = "its sign cannot be told from the equation"
BOTH_WAYS = "acts both ways, along different paths"


def in_series(links: Iterable[Polarity]) -> Polarity:
    """Return the polarity of a chain of links.

    Examples
    --------
    >>> in_series([MINUS, PLUS, MINUS]).sign
    '+'

    """
    found = list(links)
    unknown = next((p for p in found if p.sign == "?"), None)
    if unknown is not None:
        return unknown
    sign = "-" if sum(p.sign == "-" for p in found) % 2 else "+"
    return Polarity(sign, max((p.basis for p in found), key=_STRENGTH.__getitem__, default=STRUCTURE))


def in_parallel(links: Iterable[Polarity]) -> Polarity:
    """Return the polarity of several paths from one cause to one effect."""
    found = list(links)
    unknown = next((p for p in found if p.sign == "?"), None)
    if unknown is not None:
        return unknown
    if len({p.sign for p in found}) > 1:
        return Polarity("?", reason=BOTH_WAYS)
    return Polarity(found[0].sign, max((p.basis for p in found), key=_STRENGTH.__getitem__))


@dataclass(frozen=True, slots=True, eq=False)
class History:
    """What a run says of all slots: nothing, between what they lay, and what they were at moments."""

    structure: Moments
    ranges: Moments | None
    moments: Moments | None
    times: NDArray[np.float64]
    owner: NDArray[np.int64]  # of every slot, the place of its variable
    slow: tuple[History, ...] = ()  # the same at the ticks of every slower clock, with that clock's step

    def at_ticks(self, clock: int) -> History:
        """Return what is known of what goes by a slower clock; without a run that is the same for all."""
        return self.slow[clock] if self.slow else self


def read_history(
    program: Program, method: Method, *, run: bool, parameters: NDArray[np.float64] | None = None
) -> History:
    """Return what is known of values, a run included where one is wanted; of the defaults but for `parameters`."""
    count = program.slot_count
    owner = np.full(count, -1, dtype=np.int64)
    for place, variable in enumerate(program.variables):
        owner[variable.first : variable.first + variable.size] = place
    any_time, any_step = between(np.full(1, -np.inf), np.full(1, np.inf)), between(np.zeros(1), np.full(1, np.inf))
    nothing = between(np.full((1, count), -np.inf), np.full((1, count), np.inf))
    structure = Moments(nothing, any_time, any_step, program.tables, certain=True)
    if not run:
        return History(structure, None, None, np.zeros(0), owner)
    trajectory = simulate(program, parameters=parameters, method=method)
    values, times = trajectory.values, trajectory.times
    specs = values[0]

    def seen(times: NDArray[np.float64], values: NDArray[np.float64], step: float) -> History:
        ranges, moments, chosen = _moments(program, times, values, step)
        return History(structure, ranges, moments, chosen, owner)

    own = seen(times, values, float(specs[program.specs[2]]))
    slow = []
    for clock in program.clocks:
        step = float(specs[clock.step])
        ticks = (times - times[0]) / step
        at = np.abs(ticks - np.round(ticks)) < _OFF_TICK
        # between ticks what is slow stands still, and what is fast is not what the slow part has read
        slow.append(seen(times[at], values[at], step))
    return replace(own, slow=tuple(slow))


def _moments(
    program: Program, times: NDArray[np.float64], values: NDArray[np.float64], step: float
) -> tuple[Moments, Moments, NDArray[np.float64]]:
    """Return between what all slots lay, what they were at some moments, and the times of these."""
    chosen = _chosen(len(times), values.shape[1])
    known = np.isfinite(values)
    low = np.where(known.all(axis=0), values.min(axis=0), -np.inf)
    high = np.where(known.all(axis=0), values.max(axis=0), np.inf)
    ranges = Moments(
        Interval(low[None], high[None]), between(times[:1], times[-1:]), between([step], [step]), program.tables, True
    )
    picked, lost = values[chosen], ~known[chosen]
    at = Interval(np.where(lost, -np.inf, picked), np.where(lost, np.inf, picked))
    steps = np.full(len(chosen), step)
    moments = Moments(at, between(times[chosen], times[chosen]), between(steps, steps), program.tables, False)
    return ranges, moments, times[chosen]


def _chosen(count: int, slots: int) -> NDArray[np.int64]:
    """Return the moments looked at: the first, the last, and some between, fewer in large models."""
    most = int(np.clip(_MOST_POINTS // max(slots, 1), 5, _MOST_MOMENTS))
    return np.unique(np.linspace(0, count - 1, min(count, most)).round().astype(np.int64))


def find_polarities(
    root: Node, axes: tuple[int, ...], history: History
) -> tuple[dict[int, Polarity], dict[int, Polarity]]:
    """Return the polarity of everything a node reads: by the place of a variable, and by the number of a table."""
    first = find_slopes(root, axes, history.structure)
    by_variable = _by_owner(first, history)
    known = {place: _certain_sign(slope, STRUCTURE) for place, slope in by_variable.items()}
    tables = {number: _certain_sign(slope, STRUCTURE) for number, slope in first.by_table.items()}
    for moments, basis in ((history.ranges, RANGES), (history.moments, RUN)):
        if moments is None or all(p is not None for p in (*known.values(), *tables.values())):
            break
        slopes = find_slopes(root, axes, moments)
        found = {**_by_owner(slopes, history)}
        for group, own in ((known, found), (tables, slopes.by_table)):
            for place, slope in own.items():
                if group.get(place) is None:
                    group[place] = _sign_along(slope, history.times) if basis == RUN else _certain_sign(slope, basis)
    unknown = Polarity("?", reason="depends on values that are not known")
    return {p: k or unknown for p, k in known.items()}, {n: k or unknown for n, k in tables.items()}


def _by_owner(slopes: Slopes, history: History) -> dict[int, Interval]:
    reading = slopes.by_slot
    owners = history.owner[reading.pairs[:, 1]]
    return {
        int(place): Interval(reading.slope.low[:, owners == place], reading.slope.high[:, owners == place])
        for place in np.unique(owners).tolist()
        if place >= 0
    }


def _certain_sign(slope: Interval, basis: str) -> Polarity | None:
    """Return the sign that all slopes have; None where they have none, or are all 0."""
    if np.all(slope.low >= 0) and np.any(slope.high > 0):
        return Polarity("+", basis)
    if np.all(slope.high <= 0) and np.any(slope.low < 0):
        return Polarity("-", basis)
    return None


def _sign_along(slope: Interval, times: NDArray[np.float64]) -> Polarity:
    """Return the sign of slopes at the moments of a run, or why there is none."""
    low, high = (bound.reshape(bound.shape[0], -1) for bound in (slope.low, slope.high))
    finite = np.concatenate([low[np.isfinite(low)], high[np.isfinite(high)], [0.0]])
    noise = _NOISE * float(np.abs(finite).max())
    straddles = (low < 0) & (high > 0)
    small = straddles & (high <= noise) & (low >= -noise)
    up, down = (high > 0) & ~straddles, (low < 0) & ~straddles
    if up.any() and down.any():
        return Polarity("?", reason=_turn(up, down, times))
    if np.any(straddles & ~small):
        return Polarity("?", reason=NOT_TOLD)
    if not up.any() and not down.any():
        return Polarity("?", reason="has no effect in the run")
    return Polarity("+" if up.any() else "-", RUN)


def _turn(up: NDArray[np.bool_], down: NDArray[np.bool_], times: NDArray[np.float64]) -> str:
    """Return when a slope that has both signs turns first; where it never does, elements differ."""
    signs = np.broadcast_to(up, (len(times), up.shape[1])) * 1 - np.broadcast_to(down, (len(times), up.shape[1])) * 1
    turns = []
    for column in signs.T:
        moving = np.flatnonzero(column)
        changes = np.flatnonzero(np.diff(column[moving]))
        if changes.size:
            turns.append((times[moving[changes[0]]], times[moving[changes[0] + 1]]))
    if not turns:
        return "differs between elements"
    first, last = min(turns)
    return f"changes sign between {first:g} and {last:g}"
