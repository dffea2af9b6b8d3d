"""Queues whose contents carry their age, and an attribute: QUEUE FIFO, QUEUE FIFO ATTRIB of Vensim.

| kind | start | emit | advance |
| --- | --- | --- | --- |
| FIFO | initial contents, age range, initial attribute | what is asked | inflow, outflow, attribute, its change |

Option: what the queue shows, a key of `VIEWS`. Everything that is asked about a queue is a device of its own, which
follows the same flows. The first half of the tables says where the initial contents lie along the age range, the
second what part of the initial attribute they have there.

What flowed in during one step is one cell; at the next step it is one TIME STEP old. Cells leave oldest first, in part
where need be. More than there is makes the queue negative: then it has one cell, of the step before.

References: Vensim reference manual, "QUEUE FIFO", "QUEUE FIFO ATTRIB", "QUEUE AGE ...", "QUEUE ATTRIB ...".

Invariant: contents change by what flowed in less what flowed out, whichever cells it is in.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from simengine.kernel.clock import ClockState
from simengine.kernel.devices.delay import steps_of
from simengine.kernel.library import sum_in_order
from simengine.model.expression import NOT_AVAILABLE
from simengine.model.lookup import Table

Array = NDArray[np.float64]

_RESIDUE = 1e-9
"""Of all that is in a queue: a cell with less is what rounding left of one that went out."""
_SLACK = 1e-6
"""Of a time step: ages are sums of steps, and rounding must not put one on the other side of a bound."""


@dataclass(frozen=True, slots=True)
class Cells:
    """What is in a queue, oldest first along the first axis."""

    content: Array
    age: Array
    attribute: Array
    step: float

    @property
    def total(self) -> Array:
        """All that is in the queue."""
        return sum_in_order(self.content)

    @property
    def present(self) -> NDArray[np.bool_]:
        """Which cells hold anything but rounding errors."""
        return np.abs(self.content) > _RESIDUE * np.abs(self.total)

    def oldest(self, quantity: Array) -> Array:
        """Return how much of each cell is among the oldest of a quantity; of all where it is 0 or more than all."""
        total = self.total
        wanted = np.where((quantity <= 0) | (quantity > total), total, quantity)
        before = np.cumsum(self.content, axis=0) - self.content
        return np.where(total < 0, self.content, np.clip(wanted - before, 0.0, np.maximum(self.content, 0.0)))


def _mean(values: Array, weights: Array) -> Array:
    """Return a weighted mean; 0 where there is nothing."""
    total = sum_in_order(weights)
    empty = total == 0
    return np.asarray(np.where(empty, 0.0, sum_in_order(values * weights) / np.where(empty, 1.0, total)))


def _within(cells: Cells, values: Array, low: Array, high: Array, slack: float) -> Array:
    """Return what lies between bounds; one that is missing bounds nothing."""
    above = (low == NOT_AVAILABLE) | (values >= low - slack)
    below = (high == NOT_AVAILABLE) | (values <= high + slack)
    return sum_in_order(np.where(above & below, cells.content, 0.0))


def _extreme(cells: Cells, values: Array, sign: float) -> Array:
    found = np.max(np.where(cells.present, sign * values, -np.inf), axis=0, initial=-np.inf)
    return np.asarray(np.where(np.isneginf(found), 0.0, sign * found))


def _by_attribute(cells: Cells, wanted: Array) -> Array:
    """Return the oldest quantity whose attributes add up to what is wanted; all where they do not."""
    load = cells.content * cells.attribute
    before = np.cumsum(load, axis=0) - load
    rest = wanted - before
    part = np.where(load > 0, np.clip(rest / np.where(load > 0, load, 1.0), 0.0, 1.0), rest > 0)
    return sum_in_order(part * cells.content)


View = Callable[[Cells, Sequence[Array]], Array]

# unverified: what Vensim shows for an empty queue is not published: 0
VIEWS: dict[str, View] = {
    "quantity": lambda cells, _: cells.total,
    "age average": lambda cells, a: _mean(cells.age, cells.oldest(a[0])),
    "age oldest": lambda cells, _: _extreme(cells, cells.age, 1.0),
    "age in range": lambda cells, a: _within(cells, cells.age, a[0], a[1], _SLACK * cells.step),
    "attribute average": lambda cells, a: _mean(cells.attribute, cells.oldest(a[0])),
    "attribute largest": lambda cells, _: _extreme(cells, cells.attribute, 1.0),
    "attribute smallest": lambda cells, _: _extreme(cells, cells.attribute, -1.0),
    "attribute in range": lambda cells, a: _within(cells, cells.attribute, a[0], a[1], 0.0),
    "attribute quantity": lambda cells, a: _by_attribute(cells, a[0]),
}


class Fifo:
    """Cells, oldest first: what each holds, when it came in, and its attribute."""

    def __init__(self, shape: tuple[int, ...], options: tuple[str, ...], tables: Sequence[Table] | None) -> None:
        assert tables is not None
        self.shape = shape
        self.view = VIEWS[options[0]]
        half = len(tables) // 2
        self.profiles, self.attributes = tables[:half], tables[half:]

    def start(self, arguments: Sequence[Array], clock: ClockState) -> None:
        """Begin: `(initial contents, age range, initial attribute)`.

        unverified: which ages the initial contents have within the range is not published. Cells one to n steps old
        hold the n equal parts of the profile: a queue that loses what reaches the age range, and gets as much, stands
        still.
        """
        initial, reach, attribute = (np.array(np.broadcast_to(a, self.shape), dtype=np.float64) for a in arguments)
        steps = steps_of(reach, clock)
        most = int(steps.max(initial=1))
        shares, factors = np.zeros((most, *self.shape)), np.ones((most, *self.shape))
        for element, place in enumerate(np.ndindex(self.shape[:-1])):
            profile = self.profiles[element % len(self.profiles)]
            multiplier = self.attributes[element % len(self.attributes)]
            for count in np.unique(steps[place]).tolist():
                runs = steps[place] == count
                shares[(slice(count), *place, runs)] = profile_shares(profile, count)[:, None]
                factors[(slice(count), *place, runs)] = _at_middles(multiplier, count)[:, None]
        self.content = (initial * shares)[::-1]
        self.attribute = (attribute * factors)[::-1]
        self.entered = clock.start - (np.arange(most)[::-1] + 1.0) * clock.step_size

    def emit(self, arguments: Sequence[Array], clock: ClockState) -> tuple[Array]:
        """Return what is asked about the queue at the beginning of the step."""
        asked = [np.broadcast_to(a, self.shape) for a in arguments]
        age = np.asarray(clock.begin - self.entered, dtype=np.float64).reshape((-1,) + (1,) * len(self.shape))
        return (self.view(Cells(self.content, age, self.attribute, float(clock.step_size)), asked),)

    def advance(self, arguments: Sequence[Array], clock: ClockState) -> None:
        """End a step: `(inflow, outflow, attribute, change of attributes)`.

        Vensim ref. "QUEUE FIFO": a negative inflow is an outflow, a negative outflow an inflow. Vensim ref. "QUEUE FIFO
        ATTRIB": attributes change by the rate times TIME STEP, also those of what has just come in.
        """
        inflow, outflow, attribute, change = (np.broadcast_to(a, self.shape) for a in arguments)
        dt = clock.step_size
        come = (np.maximum(inflow, 0.0) + np.maximum(-outflow, 0.0)) * dt
        go = (np.maximum(outflow, 0.0) + np.maximum(-inflow, 0.0)) * dt
        total = sum_in_order(self.content) + come - go
        content = np.concatenate([self.content, come[None]])
        lacking = (total < 0) | np.any(self.content < 0, axis=0)
        before = np.cumsum(content, axis=0) - content
        content = content - np.clip(go - before, 0.0, np.maximum(content, 0.0))
        content[:, lacking] = 0.0
        content[-1] = np.where(lacking, total, content[-1])
        keep = np.any(content != 0.0, axis=tuple(range(1, content.ndim)))
        keep[-1] = True  # there is always a cell to sum up
        self.content = content[keep]
        self.attribute = (np.concatenate([self.attribute, attribute[None]]) + change * dt)[keep]
        self.entered = np.append(self.entered, clock.begin)[keep]


def profile_shares(profile: Table, count: int) -> Array:
    """Return the shares of the area below a profile in equal parts of its range.

    Examples
    --------
    >>> profile_shares(Table((0.0, 4.0), (0.0, 1.0)), 2)
    array([0.25, 0.75])

    """
    x, y = np.asarray(profile.x, dtype=np.float64), np.maximum(np.asarray(profile.y, dtype=np.float64), 0.0)
    ends = np.linspace(x[0], x[-1], count + 1)
    points = np.union1d(x, ends)
    heights = np.interp(points, x, y)
    area = np.concatenate([[0.0], np.cumsum(np.diff(points) * (heights[1:] + heights[:-1]) / 2)])
    parts = np.diff(np.interp(ends, points, area))
    return np.asarray(parts / area[-1]) if area[-1] > 0 else np.full(count, 1.0 / count)


def _at_middles(multiplier: Table, count: int) -> Array:
    x = np.asarray(multiplier.x, dtype=np.float64)
    middles = np.interp(x[0] + (np.arange(count) + 0.5) / count * (x[-1] - x[0]), x, np.asarray(multiplier.y))
    return np.asarray(middles, dtype=np.float64)
