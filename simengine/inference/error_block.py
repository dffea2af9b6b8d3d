"""Error models of many series at once: those of the same law are rows of one table.

In: error models with their observations; predictions of all series (K, n), scales (K, E). Out: the likelihood of all
together, residuals, the information on parameters: what the error models give one by one, but for rounding.

A calibration of thirty series of a dozen observations each took twenty times as long over their error models as over
the runs. Here S series of one law and about as many observations are S rows for each of K sets; what a shorter series
lacks is filled with observations of weight 0.

Invariant: what is computed for a set does not depend on the others, bit for bit.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from simengine.inference.arrays import Array, Bools, Places
from simengine.inference.error import ErrorModel, Law, Likelihood, Residuals
from simengine.inference.error_chain import periods_between
from simengine.inference.error_law import MeasuredLaw

_NUMBER = 0.5
"""A number of any law: what stands where the one asked for cannot be; the result is then not used."""


class Member(NamedTuple):
    """A series: its error model, its places among all observations, which of the scales are its own."""

    error: ErrorModel
    rows: slice
    scales: tuple[int, ...]


class _Rows(NamedTuple):
    """Observations of S series for K sets, side by side: each (K S, m), numbers (K S, P)."""

    y: Array
    m: Array
    numbers: Array
    weights: Array
    periods: Array
    sound: Bools
    """(K, S): whether all predictions and numbers of a series can be."""


@dataclass(frozen=True, eq=False)
class _Block:
    """S series of one law, m observations each at most."""

    law: Law
    y: Array
    weights: Array
    periods: Array
    """(m,): the same for all series, where errors are carried over."""
    places: Places
    """(S, m): which observation of all it is."""
    there: Bools
    """(S, m): false where a series is shorter."""
    known: Array
    """(S, P): the law's numbers that are given."""
    columns: Places
    """(S, P): which scale is the number; -1: it is given."""
    low: Array
    """(P,): what numbers are above."""
    possible: Bools
    """(S,): whether observations can be of this law."""

    def rows(self, predicted: Array, scales: Array) -> _Rows:
        """Return what is computed with."""
        count, (series, width) = len(predicted), self.places.shape
        m = predicted.take(self.places, axis=1)  # in order of memory: sums then do not depend on how many sets
        good: Bools = np.logical_or(self.law.predictable(m), ~self.there)
        m = np.where(good & self.there, m, 1.0)
        numbers = np.broadcast_to(self.known, (count, *self.known.shape))
        estimated = self.columns >= 0
        if estimated.any():
            numbers = np.where(estimated, scales.take(np.maximum(self.columns, 0), axis=1), numbers)
        own: Bools = np.asarray(((numbers > self.low) & (numbers < np.inf)).all(axis=2))
        numbers = np.where(own[:, :, None], numbers, _NUMBER).reshape(count * series, self.low.size)
        y, weights = (self._of_all(v, count) for v in (self.y, self.weights))
        return _Rows(
            y,
            m.reshape(count * series, width),
            numbers,
            weights,
            self.periods,
            np.asarray(good.all(axis=2) & own & self.possible),
        )

    def _of_all(self, values: Array, count: int) -> Array:
        """Return values of series (S, m) for all sets (K S, m), or what is the same in sums."""
        if count == 1 or len(values) == 1:
            return values
        return np.broadcast_to(values, (count, *values.shape)).reshape(-1, values.shape[1])


class Errors:
    """The error models of all series of a calibration.

    Parameters
    ----------
    members
        The series.
    observed, weights, times
        All observations (n,). Only those there are (no NaN), of a weight above 0, are used.

    Examples
    --------
    >>> from simengine.inference.error import error_model
    >>> normal = error_model("normal", {"scale": 1.0})
    >>> both = Errors([Member(normal, slice(0, 2), ()), Member(normal, slice(2, 3), ())], *np.ones((3, 3)))
    >>> both.likelihood(np.array([[1.0, 1.0, 2.0]]), np.zeros((1, 0))).value.round(4).tolist()
    [-3.2568]

    """

    def __init__(self, members: Sequence[Member], observed: Array, weights: Array, times: Array) -> None:
        used = ~np.isnan(observed) & (weights > 0.0)
        self.used: Places = np.flatnonzero(used)
        """Which observations are used: residuals are of these, in their order."""
        groups: dict[object, list[tuple[Member, Places, Array]]] = {}
        for member in members:
            own = np.flatnonzero(used[member.rows])
            if not own.size:
                continue
            chained = isinstance(member.error.law, MeasuredLaw) and member.error.law.chained
            periods = periods_between(times[member.rows][own], member.error.period) if chained else np.zeros(0)
            key = (member.error.law, int(np.ceil(np.log2(own.size))), periods.tobytes())
            groups.setdefault(key, []).append((member, own + (member.rows.start or 0), periods))
        self._blocks = [_block(group, observed, weights) for group in groups.values()]

    def likelihood(self, predicted: Array, scales: Array) -> Likelihood:
        """Return the log-likelihood (K,), its derivatives by predictions (K, n) and by scales (K, E)."""
        total, by_predicted, by_scales = np.zeros(len(predicted)), np.zeros(predicted.shape), np.zeros(scales.shape)
        for block in self._blocks:
            r = block.rows(predicted, scales)
            with np.errstate(all="ignore"):  # what overflows is minus infinity, and told so
                terms = block.law.terms(r.y, r.m, r.numbers, r.weights, r.periods)
                every = np.sum(np.ascontiguousarray(terms.value), axis=1).reshape(r.sound.shape)
            shape = (*r.sound.shape, -1)
            value = np.where(r.sound, every, -np.inf)
            good = r.sound & np.isfinite(value)
            total += np.where(np.isnan(value), -np.inf, value).sum(axis=1)
            moved = np.where(good[:, :, None], terms.by_predicted.reshape(shape), 0.0)
            by_predicted[:, block.places[block.there]] = moved[:, block.there]
            for series, number in np.argwhere(block.columns >= 0).tolist():
                own = terms.by_numbers.reshape(shape)[:, series, number]
                by_scales[:, block.columns[series, number]] += np.where(good[:, series], own, 0.0)
        return Likelihood(total, by_predicted, by_scales)

    def residuals(self, predicted: Array, jacobian: Array, scales: Array) -> Residuals:
        """Return residuals of the observations used (K, m), and derivatives by parameters (K, m, D).

        All laws must be sums of squares (`ErrorModel.not_least_squares`). Where a prediction or a number cannot be,
        those of its series are NaN.
        """
        count, width = len(predicted), jacobian.shape[2]
        value, slopes = np.zeros(predicted.shape), np.zeros(jacobian.shape)
        for block in self._blocks:
            r = block.rows(predicted, scales)
            shape = (*r.sound.shape, -1)
            moved = jacobian.take(block.places, axis=1).reshape(*r.m.shape, width)
            with np.errstate(all="ignore"):
                own, by = block.law.residuals(r.y, r.m, r.numbers, r.weights, r.periods, moved)
            own = np.where(r.sound[:, :, None], own.reshape(shape), np.nan)
            by = np.where(r.sound[:, :, None, None], by.reshape(*shape, width), np.nan)
            places = block.places[block.there]
            value[:, places], slopes[:, places] = own[:, block.there], by[:, block.there]
        if self.used.size == predicted.shape[1]:
            return Residuals(value, slopes)
        return Residuals(value.take(self.used, axis=1), slopes.take(self.used, axis=1).reshape(count, -1, width))

    def whitened(self, predicted: Array, jacobian: Array, scales: Array) -> Array:
        """Return rows R (rows, D) of one set with R'R the expected information on the parameters, scales as known.

        The rows are in no order of the observations.
        """
        out = [np.zeros((0, jacobian.shape[2]))]
        for block in self._blocks:
            r = block.rows(predicted, scales)
            moved = np.where(block.there[:, :, None], jacobian.take(block.places, axis=1), 0.0)
            with np.errstate(all="ignore"):
                own = block.law.whitened(
                    r.m, r.numbers, r.weights, r.periods, moved.reshape(*r.m.shape, moved.shape[-1])
                )
            out.append(own.reshape(-1, moved.shape[-1]))
        return np.concatenate(out)


def _block(group: Sequence[tuple[Member, Places, Array]], observed: Array, weights: Array) -> _Block:
    longest = max(places.size for _, places, _ in group)
    law, numbers = group[0][0].error.law, group[0][0].error.numbers
    shape = (len(group), longest)
    y, w, there = np.ones(shape), np.zeros(shape), np.zeros(shape, dtype=np.bool_)
    places = np.zeros(shape, dtype=np.int64)
    known, columns = np.full((len(group), len(numbers)), np.nan), np.full((len(group), len(numbers)), -1)
    possible = np.ones(len(group), dtype=np.bool_)
    for row, (member, own, _) in enumerate(group):
        inside = slice(0, own.size)
        y[row, inside], w[row, inside], there[row, inside], places[row, inside] = observed[own], weights[own], True, own
        possible[row] = not np.any(law.outside(observed[own]))
        columns_of = dict(zip((n.name for n in member.error.estimated), member.scales, strict=True))
        for column, number in enumerate(numbers):
            known[row, column] = member.error.given.get(number.name, np.nan)
            columns[row, column] = columns_of.get(number.name, -1)
    y[~possible] = 1.0  # what cannot be is not computed with
    low = np.array([n.low for n in numbers])
    periods = group[0][2] if group[0][2].size else np.zeros(longest)
    return _Block(law, y, w, periods, places, there, known, columns, low, possible)
