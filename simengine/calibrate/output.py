"""What of a model's run is compared with observations: figures over elements, over times.

In: values (set, time, slot) and their derivatives. Out: predictions (set, observation) and their derivatives.

Invariant: derivatives are exact: everything is linear in the values but a mean weighted by a variable, which has the
rule of quotients.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from simengine.calibrate.parameter import Array

Places = NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class Figure:
    """A figure at each time: a sum of slots with coefficients; with `by`, their mean weighted by these slots."""

    slots: Places
    coefficients: Array
    by: Places | None = None

    def values(self, values: Array) -> Array:
        """Return the figure: (K, time)."""
        if self.by is None:
            return _total(values, self.slots, self.coefficients)
        own, weights = values[:, :, self.slots], values[:, :, self.by]
        with np.errstate(divide="ignore", invalid="ignore"):
            return np.asarray((own * weights).sum(axis=2) / weights.sum(axis=2))

    def slopes(self, values: Array, derivatives: Array) -> tuple[Array, Array]:
        """Return the figure and its derivatives: (K, time), (K, time, D)."""
        figure = self.values(values)
        if self.by is None:
            return figure, _total(derivatives, self.slots, self.coefficients)
        moved, shifted, weights = derivatives[:, :, self.slots], derivatives[:, :, self.by], values[:, :, self.by]
        own = values[:, :, self.slots] - figure[:, :, None]
        above = (moved * weights[..., None]).sum(axis=2) + (shifted * own[..., None]).sum(axis=2)
        with np.errstate(divide="ignore", invalid="ignore"):
            return figure, above / weights.sum(axis=2)[:, :, None]


def _total(values: Array, slots: Places, coefficients: Array) -> Array:
    """Return a sum over slots (K, time, ...): one by one, so that its bits do not depend on how many sets there are."""
    out = np.zeros(values.shape[:2] + values.shape[3:])
    for slot, coefficient in zip(slots.tolist(), coefficients.tolist(), strict=True):
        out += values[:, :, slot] * coefficient
    return out


@dataclass(frozen=True, eq=False)
class Moments:
    """For each observation the times it is about, with their weights; `begins` tells where each one's begin."""

    times: Places
    weights: Array
    begins: Places

    @property
    def count(self) -> int:
        """How many observations there are."""
        return self.begins.size

    def of(self, figure: Array) -> Array:
        """Return (K, n, ...) of a figure (K, time, ...)."""
        shape = (1, -1) + (1,) * (figure.ndim - 2)
        return np.add.reduceat(figure[:, self.times] * self.weights.reshape(shape), self.begins, axis=1)


@dataclass(frozen=True)
class Moment:
    """The times that one observation is about."""

    times: tuple[float, ...]
    weights: tuple[float, ...]


def moments_of(moments: list[Moment], times: Array) -> Moments:
    """Return moments by their places among all times that are looked at."""
    lengths = [len(m.times) for m in moments]
    every = np.asarray([t for m in moments for t in m.times])
    weights = np.asarray([w for m in moments for w in m.weights])
    begins = np.concatenate([[0], np.cumsum(lengths)[:-1]]).astype(np.int64)
    return Moments(np.searchsorted(times, every), weights, begins)


@dataclass(frozen=True)
class Clockwork:
    """The times that are saved, and what of them an observation is about."""

    saved: Array = field(repr=False)

    def place(self, time: float) -> int | None:
        """Return the place of a saved time; None where it is not saved."""
        place = int(np.clip(np.searchsorted(self.saved, time), 0, self.saved.size - 1))
        near = min((place, max(place - 1, 0)), key=lambda p: abs(self.saved[p] - time))
        gap = float(np.diff(self.saved).min(initial=1.0))
        return near if abs(self.saved[near] - time) <= 1e-6 * gap else None

    def at(self, time: float, *, between: bool) -> Moment | None:
        """Return what a value at a time is about; None where it is between saved times, and may not be."""
        place = self.place(time)
        if place is not None:
            return Moment((float(self.saved[place]),), (1.0,))
        after = int(np.searchsorted(self.saved, time))
        if not between or not 0 < after < self.saved.size:
            return None
        low, high = float(self.saved[after - 1]), float(self.saved[after])
        part = (time - low) / (high - low)
        return Moment((low, high), (1.0 - part, part))

    def over(self, kind: str, begin: float, end: float, *, between: bool) -> Moment | None:
        """Return what a mean, sum or change over a period is about; None as for `at`."""
        first, last = self.at(begin, between=between), self.at(end, between=between)
        if first is None or last is None:
            return None
        if kind == "change":
            return _joined([(first, -1.0), (last, 1.0)])
        gap = 1e-6 * float(np.diff(self.saved).min(initial=1.0))
        inner = self.saved[(self.saved > begin + gap) & (self.saved < end - gap)]
        knots = [first, *(Moment((float(t),), (1.0,)) for t in inner), last]
        steps = np.diff([begin, *inner.tolist(), end])
        weights = np.zeros(len(knots))
        weights[:-1] += steps / 2
        weights[1:] += steps / 2
        scale = 1.0 / (end - begin) if kind == "mean" else 1.0
        return _joined([(m, float(w) * scale) for m, w in zip(knots, weights, strict=True)])


def _joined(parts: list[tuple[Moment, float]]) -> Moment:
    found: dict[float, float] = {}
    for moment, factor in parts:
        for time, weight in zip(moment.times, moment.weights, strict=True):
            found[time] = found.get(time, 0.0) + weight * factor
    return Moment(tuple(found), tuple(found.values()))
