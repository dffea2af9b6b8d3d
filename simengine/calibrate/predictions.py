"""Predictions of all observations, and their exact derivatives, for many parameter sets at once.

In: parameter sets (K, D). Out: predictions (K, n) and derivatives (K, n, D), in the units of the series.

Invariant: a call is one ensemble of native code, with derivatives too; where there are no exact ones, finite
differences are taken only where they were asked for.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from simengine.api.model import Model
from simengine.calibrate.parameter import Array, Parameter
from simengine.calibrate.series import Observations, Series
from simengine.calibrate.simulator import Simulator
from simengine.calibrate.tally import Counts, Tally
from simengine.calibrate.unknowns import Unknowns
from simengine.inference.arrays import Places
from simengine.source.diagnostic import InputError


class Slopes(NamedTuple):
    """Predictions (K, n) and their derivatives (K, n, D)."""

    predicted: Array
    jacobian: Array


@dataclass(frozen=True, eq=False)
class Predictions(Unknowns):
    """Observations, and the model that predicts them."""

    model: Model
    series: tuple[Series, ...]
    observations: Observations
    simulator: Simulator
    differences: bool = False
    """Whether derivatives are finite differences, as the file asks."""
    tally: Tally = field(default_factory=Tally, repr=False)

    @property
    def counts(self) -> Counts:
        """What was simulated so far, in this process."""
        return self.tally.counts

    @cached_property
    def why_not_exact(self) -> str | None:
        """Why there are no exact derivatives; None where there are."""
        return self.simulator.why_no_derivatives()

    @cached_property
    def rounded(self) -> tuple[str, ...]:
        """Variables that round what depends on parameters: exact derivatives take the steps for flat there."""
        return self.simulator.rounded()

    @property
    def derivatives(self) -> str:
        """`exact`, `differences` (only where the file asks for them), or `none`."""
        if self.differences:
            return "differences"
        return "none" if self.why_not_exact else "exact"

    def predict(self, theta: ArrayLike) -> Array:
        """Return predictions of all observations, in the units of their series: (K, n); NaN where a run fails."""
        values = self.simulator.run(self.sets(theta), self.tally)
        with np.errstate(all="ignore"):
            return self._look.of(values, lambda s: s.moments.of(s.figure.values(values)))

    def slopes(self, theta: ArrayLike) -> Slopes:
        """Return predictions and their derivatives by the parameters, in one native call.

        Raises
        ------
        InputError
            If there are no derivatives, and differences were not asked for.

        """
        rows = self.sets(theta)
        if not self.differences and self.why_not_exact:
            raise InputError(f"there are no exact derivatives: {self.why_not_exact}")
        if self.differences:
            return self._differences(rows)
        values, derivatives = self.simulator.slopes(rows, self.tally)
        with np.errstate(all="ignore"):
            moved = self._look.of(derivatives, lambda s: s.moments.of(s.figure.slopes(values, derivatives)[1]))
            return Slopes(self._look.of(values, lambda s: s.moments.of(s.figure.values(values))), moved)

    @cached_property
    def _look(self) -> _Look:
        return _look_at(self.series, self.simulator.slots.size)

    def jacobian(self, theta: ArrayLike) -> Array:
        """Return the derivatives of predictions by the parameters: (K, n, D); raises as `slopes` does."""
        return self.slopes(theta).jacobian

    def _differences(self, theta: Array) -> Slopes:
        """Return central differences: 2 D + 1 runs a set, in one call; at a bound the step beyond it is cut."""
        count, width = theta.shape
        sizes = np.array([_size_of(p) for p in self.parameters])
        steps = np.cbrt(np.finfo(np.float64).eps) * np.maximum(np.abs(theta), sizes)
        rows = np.repeat(theta[:, None, :], 2 * width + 1, axis=1)
        for d in range(width):
            rows[:, 2 * d + 1, d] = np.maximum(theta[:, d] - steps[:, d], self.low[d])
            rows[:, 2 * d + 2, d] = np.minimum(theta[:, d] + steps[:, d], self.high[d])
        found = self.predict(rows.reshape(-1, width)).reshape(count, 2 * width + 1, -1)
        out = np.empty((count, found.shape[2], width))
        for d in range(width):
            span = rows[:, 2 * d + 2, d] - rows[:, 2 * d + 1, d]
            out[:, :, d] = (found[:, 2 * d + 2] - found[:, 2 * d + 1]) / span[:, None]
        return Slopes(found[:, 0], out)


@dataclass(frozen=True, eq=False)
class _Look:
    """Where in values (K, time, slot, ...) observations are: those of one slot at a time together, others by series."""

    count: int
    """How many observations there are."""
    places: Places
    """Of observations of one slot: which of time times slot they are made of."""
    factors: Array | None
    """What these are multiplied with; None: with 1."""
    begins: Places | None
    """Where among these each observation begins; None: each is one."""
    rows: Places
    """Which observations that is."""
    others: tuple[Series, ...]

    def of(self, values: Array, other: Callable[[Series], Array]) -> Array:
        """Return observations (K, n, ...); of the other series what a function gives."""
        flat = values.reshape(len(values), -1, *values.shape[3:])
        own = flat.take(self.places, axis=1)
        if self.factors is not None:
            own *= self.factors.reshape(1, -1, *(1,) * (own.ndim - 2))
        if self.begins is not None:
            own = np.add.reduceat(own, self.begins, axis=1)
        if not self.others:
            return own
        out = np.empty((len(values), self.count, *own.shape[2:]))
        out[:, self.rows] = own
        for s in self.others:
            out[:, s.rows] = other(s)
        return out


def _look_at(series: Sequence[Series], slots: int) -> _Look:
    """Return where observations of series are: their rows are in their order."""
    single = [s for s in series if s.figure.by is None and s.figure.slots.size == 1]
    places = [s.moments.times * slots + s.figure.slots[0] for s in single]
    factors = np.concatenate([*(s.moments.weights * s.figure.coefficients[0] for s in single), np.zeros(0)])
    lengths = np.concatenate([[0], np.cumsum([len(p) for p in places])[:-1]]) if single else np.zeros(0)
    begins = np.concatenate([*(s.moments.begins + b for s, b in zip(single, lengths, strict=True)), np.zeros(0)])
    every = np.concatenate([*places, np.zeros(0)]).astype(np.int64)
    rows = np.concatenate([*(np.arange(s.rows.start, s.rows.stop) for s in single), np.zeros(0)]).astype(np.int64)
    return _Look(
        max((s.rows.stop for s in series), default=0),
        every,
        None if np.all(factors == 1.0) else factors,
        None if begins.size == every.size else begins.astype(np.int64),
        rows,
        tuple(s for s in series if s.figure.by is not None or s.figure.slots.size != 1),
    )


def _size_of(parameter: Parameter) -> float:
    """Return a size of a parameter that is there where its value is 0."""
    width = parameter.high - parameter.low
    return 1e-3 * width if np.isfinite(width) else abs(parameter.start) or 1.0
