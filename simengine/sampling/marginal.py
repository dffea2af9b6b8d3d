"""What one factor is worth: its distribution, as values of numbers between 0 and 1.

In: a distribution's numbers, the range it is cut to. Out: `quantile`, which turns rows of a design into values.

Invariant: `quantile` is rising, and what it gives for one number does not depend on what else it is asked for.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Protocol

import numpy as np

from simengine.sampling.density import log_density
from simengine.sampling.family import FAMILIES
from simengine.sampling.inverse import Array

_LEAST, _MOST = 2.0**-54, 1.0 - 2.0**-53  # what 0 and 1 are where a distribution has no end


class Marginal(Protocol):
    """A distribution of one factor."""

    @property
    def kind(self) -> str:
        """The word for it in scenario files."""

    @property
    def discrete(self) -> bool:
        """Whether there are values of positive probability."""

    @property
    def ends(self) -> tuple[float, float]:
        """The smallest and the largest value; infinite where there is none."""

    @property
    def text(self) -> str:
        """The distribution in one line."""

    def quantile(self, u: Array) -> Array:
        """Return the values that numbers between 0 and 1 stand for."""

    def level(self, x: Array) -> Array:
        """Return numbers that stand for values: `quantile` gives the values back; NaN for what is no value."""

    def middles(self) -> Array | None:
        """Return a number for each value of a discrete distribution, in the middle of what stands for it; else None."""


@dataclass(frozen=True)
class Continuous:
    """A distribution of a family of `FAMILIES`, perhaps cut to a range.

    Examples
    --------
    >>> Continuous("normal", (10.0, 2.0)).quantile(np.array([0.5])).tolist()
    [10.0]
    >>> Continuous("uniform", (0.0, 1.0), (0.5, 2.0)).quantile(np.array([0.0, 0.5, 1.0])).tolist()
    [0.5, 0.75, 1.0]

    """

    kind: str
    numbers: tuple[float, ...]
    within: tuple[float, float] | None = None

    @property
    def discrete(self) -> bool:
        """It has no values of positive probability."""
        return False

    @property
    def ends(self) -> tuple[float, float]:
        """The smallest and the largest value."""
        low, high = FAMILIES[self.kind].ends(self.numbers)
        return (low, high) if self.within is None else (max(low, self.within[0]), min(high, self.within[1]))

    @property
    def text(self) -> str:
        """The distribution in one line."""
        return f"{self.kind} [{', '.join(f'{n:.6g}' for n in self.numbers)}]{_cut(self.within)}"

    @cached_property
    def _tails(self) -> tuple[float, float, float]:
        """The probability below the range, above it, and in it, each as accurate as can be."""
        if self.within is None:
            return 0.0, 0.0, 1.0
        family, (low, high) = FAMILIES[self.kind], np.asarray(self.within)
        below, above = (float(family.below(low, self.numbers)), float(family.above(high, self.numbers)))
        if below > 0.5:
            return below, above, float(family.above(low, self.numbers)) - above
        return below, above, float(family.below(high, self.numbers)) - below

    @property
    def mass(self) -> float:
        """How much of the whole distribution lies in the range: 0 where it holds nothing of it."""
        return self._tails[2]

    def quantile(self, u: Array) -> Array:
        """Return the values that numbers between 0 and 1 stand for."""
        family = FAMILIES[self.kind]
        low, high = self.ends
        u = np.ascontiguousarray(u, dtype=np.float64)
        if not (math.isfinite(low) and math.isfinite(high)):
            u = np.clip(u, _LEAST, _MOST)
        below, above, mass = self._tails
        p, q = below + u * mass, above + (1.0 - u) * mass
        upper = q < p
        out = np.empty_like(p)
        out[~upper] = family.quantile(p[~upper], self.numbers)
        out[upper] = family.from_above(q[upper], self.numbers)
        return np.clip(out, low, high)

    def level(self, x: Array) -> Array:
        """Return the probability of what is at most x; NaN beyond the ends."""
        family, (low, high) = FAMILIES[self.kind], self.ends
        x = np.ascontiguousarray(x, dtype=np.float64)
        below, above, mass = self._tails
        under, over = family.below(x, self.numbers), family.above(x, self.numbers)
        share = np.where(under <= over, (under - below) / mass, 1.0 - (over - above) / mass)
        return np.where((x >= low) & (x <= high), np.clip(share, 0.0, 1.0), np.nan)

    def log_density(self, x: Array) -> tuple[Array, Array]:
        """Return the logarithm of the density, and its derivative: minus infinity and 0 beyond the ends.

        Examples
        --------
        >>> value, _ = Continuous("uniform", (0.0, 4.0), (1.0, 3.0)).log_density(np.array([2.0, 3.5]))
        >>> np.exp(value).tolist()
        [0.5, 0.0]

        """
        low, high = self.ends
        value, slope = log_density(self.kind, x, self.numbers)
        inside = (np.asarray(x) >= low) & (np.asarray(x) <= high)
        return np.where(inside, value - math.log(self.mass), -np.inf), np.where(inside, slope, 0.0)

    def middles(self) -> None:
        """Return None: every value has probability 0."""
        return


@dataclass(frozen=True, eq=False)
class Discrete:
    """Values with weights, in the order given; a choice is one between the numbers 0, 1, 2, ..."""

    kind: str
    values: Array
    weights: Array
    numbers: tuple[float, ...] = ()  # as written, where they are more telling than the values
    within: tuple[float, float] | None = None

    @staticmethod
    def whole(low: float, high: float, within: tuple[float, float] | None = None) -> Discrete:
        """Return all whole numbers between two, alike; none where the range holds none."""
        first, last = (low, high) if within is None else (max(low, within[0]), min(high, within[1]))
        values = np.arange(math.ceil(first), math.floor(last) + 1.0)
        return Discrete("integer", values, np.ones_like(values), (low, high), within)

    @property
    def discrete(self) -> bool:
        """It has values of positive probability only."""
        return True

    @property
    def ends(self) -> tuple[float, float]:
        """The smallest and the largest value."""
        return float(self.values.min()), float(self.values.max())

    @property
    def text(self) -> str:
        """The distribution in one line."""
        if self.numbers:
            return f"{self.kind} [{', '.join(f'{n:.6g}' for n in self.numbers)}]{_cut(self.within)}"
        if len(self.values) > 8:
            return f"{self.kind} of {len(self.values)} values{_cut(self.within)}"
        shares = self.weights / self.weights.sum()
        pairs = ", ".join(f"{v:.6g}: {w:.4g}" for v, w in zip(self.values, shares, strict=True))
        return f"{self.kind} {{{pairs}}}{_cut(self.within)}"

    @cached_property
    def _edges(self) -> Array:
        """Where the share of each value ends, between 0 and 1."""
        return np.asarray(np.cumsum(self.weights) / self.weights.sum())

    def places(self, u: Array) -> np.ndarray[tuple[int, ...], np.dtype[np.int64]]:
        """Return which of the values numbers between 0 and 1 stand for: (n,), from 0."""
        found = np.searchsorted(self._edges[:-1], u, side="right")
        return np.asarray(found, dtype=np.int64)

    def quantile(self, u: Array) -> Array:
        """Return the values that numbers between 0 and 1 stand for."""
        return np.asarray(self.values[self.places(u)])

    def middles(self) -> Array:
        """Return a number for each value, in the middle of what stands for it."""
        edges = np.concatenate([[0.0], self._edges])
        return np.asarray((edges[:-1] + edges[1:]) / 2.0)

    def level(self, x: Array) -> Array:
        """Return the middles of values; NaN for what is none of them."""
        order = np.argsort(self.values, kind="stable")
        place = order[np.minimum(np.searchsorted(self.values[order], x), len(order) - 1)]
        return np.where(self.values[place] == x, self.middles()[place], np.nan)


@dataclass(frozen=True, eq=False)
class Smoothed:
    """A sample made continuous: straight lines between sorted values, the i-th of n having (i - 1)/(n - 1) below."""

    values: Array  # rising
    within: tuple[float, float] | None = None
    kind: str = field(default="empirical", init=False)

    @property
    def discrete(self) -> bool:
        """It has no values of positive probability, but where the sample repeats itself."""
        return False

    @property
    def ends(self) -> tuple[float, float]:
        """The smallest and the largest value."""
        return float(self.values[0]), float(self.values[-1])

    @property
    def text(self) -> str:
        """The distribution in one line."""
        return f"empirical of {len(self.values)} values, smoothed{_cut(self.within)}"

    @cached_property
    def _levels(self) -> Array:
        return np.linspace(0.0, 1.0, len(self.values))

    def quantile(self, u: Array) -> Array:
        """Return the values that numbers between 0 and 1 stand for."""
        return np.asarray(np.interp(u, self._levels, self.values))

    def level(self, x: Array) -> Array:
        """Return how much of the distribution is at most x; NaN beyond the ends."""
        return np.asarray(np.interp(x, self.values, self._levels, left=np.nan, right=np.nan))

    def log_density(self, x: Array) -> tuple[Array, Array]:
        """Return the logarithm of the density, and its derivative, which is 0: the density is one of steps.

        Infinite where values of the sample are the same; minus infinity beyond the ends. At a value of the sample it is
        that of the interval above, at the last that of the one below.
        """
        x = np.asarray(x, dtype=np.float64)
        gaps = np.diff(self.values)
        place = np.clip(np.searchsorted(self.values, x, side="right") - 1, 0, len(gaps) - 1)
        inside = (x >= self.values[0]) & (x <= self.values[-1])
        with np.errstate(divide="ignore"):
            value = -np.log(gaps[place]) - math.log(len(gaps))
        return np.where(inside, value, -np.inf), np.zeros_like(x)

    def middles(self) -> None:
        """Return None: every value has probability 0."""
        return


def sample(values: Sequence[float] | Array, within: tuple[float, float] | None = None, *, smooth: bool) -> Marginal:
    """Return the distribution of a sample: its own values, each as likely as it is frequent, or smoothed between them.

    Examples
    --------
    >>> sample([3.0, 1.0, 2.0], smooth=False).quantile(np.array([0.0, 0.5, 0.9])).tolist()
    [1.0, 2.0, 3.0]
    >>> sample([3.0, 1.0, 2.0], smooth=True).quantile(np.array([0.25])).tolist()
    [1.5]

    """
    numbers = np.sort(np.asarray(values, dtype=np.float64))
    if within is not None:
        numbers = numbers[(numbers >= within[0]) & (numbers <= within[1])]
    if smooth:
        return Smoothed(numbers, within)
    distinct, counts = np.unique(numbers, return_counts=True)
    return Discrete("empirical", distinct, counts.astype(np.float64), within=within)


def _cut(within: tuple[float, float] | None) -> str:
    return "" if within is None else f" within [{within[0]:.6g}, {within[1]:.6g}]"
