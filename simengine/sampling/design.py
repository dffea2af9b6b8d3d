"""Designs: which points between 0 and 1 a number of runs looks at.

In: the name of a design, its size and seed. Out: rows (run, factor).

Invariant: row n depends on the design, its seed and n only: `rows(a, b)` are a slice of one sequence, whoever asks for
which, and a design that grows begins with what it was.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, fields, replace
from functools import cached_property
from typing import Any

import numpy as np

from simengine.sampling.inverse import Array
from simengine.sampling.points import (
    fast_points,
    grid_points,
    halton_points,
    latin_points,
    morris_points,
    random_points,
    saltelli_points,
    sequence_points,
    single_points,
)

KINDS: dict[str, str] = {
    "random": "independent draws",
    "latin": "a Latin hypercube: of n runs each n-th part of a distribution has one; more runs are further hypercubes",
    "sobol": "n blocks on a Sobol sequence in Saltelli's order, factors + 2 runs each: what Sobol indices need",
    "sequence": "a scrambled Sobol sequence: evenly spread, best for powers of 2",
    "halton": "a scrambled Halton sequence: evenly spread for any number of runs",
    "morris": "n Morris trajectories, factors + 1 runs each: screening by elementary effects",
    "fast": "n runs a factor along a curve: what FAST needs; such a design cannot grow",
    "grid": "every combination of each factor's levels, the middles of equal shares of its distribution",
    "factorial": "every combination of each factor's levels from its lowest to its highest; of a choice all",
    "one at a time": "all factors at their middle, then each at its levels with the others at theirs",
    "table": "the rows of a file",
}
"""Designs by the word for them in scenario files."""

GROWABLE = frozenset({"random", "latin", "sobol", "sequence", "halton", "morris"})
LEAST_FAST = 65  # Saltelli, Tarantola, Chan 1999: more than 4 M^2 runs a factor, M = 4 harmonics


@dataclass(frozen=True, eq=False)
class Design:
    """Points of one design.

    Parameters
    ----------
    kind
        One of `KINDS`.
    factors
        How many columns.
    n
        Its size as asked for: runs; of `sobol` blocks, of `morris` trajectories, of `fast` runs a factor, of `table`
        rows. Grids have a size of their own.
    seed
        The seed of what is random in it.
    second_order
        Of `sobol`: whether blocks have 2 factors + 2 runs.
    levels
        Of `morris` an even number of them; of grids and one at a time: levels of each factor, one number for all or one
        a factor.
    between
        Of `morris`, `factorial`, `one at a time`: the lowest and highest quantile looked at.
    middles
        Of each factor None, or where it has values only: a number between 0 and 1 for each.
    weights
        Likewise: how likely each value is. One at a time begins at the likeliest.
    given
        Of `table`: the rows.
    cube
        Of `latin`: runs of one hypercube; 0: n.

    Examples
    --------
    >>> Design("halton", factors=2, n=4, seed=1).rows(0, 4).shape
    (4, 2)
    >>> Design("sobol", factors=3, n=8, seed=1).runs
    40

    """

    kind: str
    factors: int
    n: int
    seed: int = 0
    second_order: bool = False
    levels: int | tuple[int, ...] = 0
    between: tuple[float, float] = (0.0, 1.0)
    middles: tuple[Array | None, ...] = ()
    weights: tuple[Array | None, ...] = ()
    given: Array | None = None
    cube: int = 0

    def __getstate__(self) -> dict[str, Any]:
        return {f.name: getattr(self, f.name) for f in fields(self)}  # points made are made again elsewhere

    @property
    def block(self) -> int:
        """How many rows belong together: an estimator uses all of them or none."""
        match self.kind:
            case "sobol":
                return 2 * self.factors + 2 if self.second_order else self.factors + 2
            case "morris":
                return self.factors + 1
            case "fast":
                return self.n
            case _:
                return 1

    @property
    def runs(self) -> int:
        """How many rows there are."""
        match self.kind:
            case "sobol" | "morris":
                return self.n * self.block
            case "fast":
                return self.n * self.factors
            case "grid" | "factorial":
                return math.prod(len(p) for p in self._positions)
            case "one at a time":
                return len(self._whole)
            case _:
                return self.n

    @property
    def is_growable(self) -> bool:
        """Whether more rows can follow the last."""
        return self.kind in GROWABLE

    def of_size(self, runs: int) -> Design:
        """Return the design with at least so many runs, in whole blocks; a shorter one is the begin of a longer.

        Raises
        ------
        ValueError
            If it has another size, and cannot grow or shrink.

        """
        if runs == self.runs:
            return self
        if self.kind == "table" and runs < self.n:
            return replace(self, n=runs)
        if not self.is_growable:
            raise ValueError(f"a design of kind `{self.kind}` has {self.runs} runs: it can be no other number")
        return replace(self, n=-(-runs // self.block), cube=self.cube or self.n)

    def rows(self, first: int, count: int) -> Array:
        """Return rows, (count, factors), from one on: numbers from 0 to 1.

        Raises
        ------
        ValueError
            If there are not so many.

        """
        if first < 0 or count < 0 or first + count > self.runs:
            raise ValueError(f"rows {first} to {first + count} of a design of {self.runs}")
        if not count:
            return np.empty((0, self.factors))
        chosen = slice(first, first + count)
        match self.kind:
            case "random":
                return random_points(self.factors, self.seed, first, count)
            case "sequence":
                return sequence_points(self.factors, self.seed, first, count)
            case "halton":
                return halton_points(self.factors, self.seed, first, count)
            case "sobol":
                return saltelli_points(self.factors, self.seed, first, count, second_order=self.second_order)
            case "latin":
                return self._latin(first, count)
            case "grid" | "factorial":
                return grid_points(self._positions, first, count)
            case "table":
                assert self.given is not None
                return np.asarray(self.given[chosen])
            case _:
                return np.asarray(self._whole[chosen])

    def _latin(self, first: int, count: int) -> Array:
        size = self.cube or self.n
        parts = []
        for number in range(first // size, -(-(first + count) // size)):
            cube = self._first_cube if number == 0 else latin_points(self.factors, self.seed, number, size)
            begin = number * size
            parts.append(cube[max(first - begin, 0) : first + count - begin])
        return np.concatenate(parts)

    @cached_property
    def _first_cube(self) -> Array:
        return latin_points(self.factors, self.seed, 0, self.cube or self.n)

    @cached_property
    def _whole(self) -> Array:
        """All rows, of what cannot be made in parts."""
        match self.kind:
            case "morris":
                points = morris_points(self.factors, self.seed, self.n, self._level_of(0))
                return self.between[0] + (self.between[1] - self.between[0]) * points
            case "fast":
                return fast_points(self.factors, self.seed, self.n)
            case "one at a time":
                return single_points(self._positions, self._centre)
        raise ValueError(f"there is no design `{self.kind}`")

    @cached_property
    def _positions(self) -> tuple[Array, ...]:
        """The levels of every factor."""
        return tuple(self._positions_of(n) for n in range(self.factors))

    @cached_property
    def _centre(self) -> tuple[float, ...]:
        """The middle of every factor: its median, or its likeliest value."""
        known = self.middles or (None,) * self.factors
        return tuple(
            0.5 if m is None or w is None else float(m[np.argmax(w)])
            for m, w in zip(known, self.weights or known, strict=True)
        )

    def _positions_of(self, factor: int) -> Array:
        middles = self.middles[factor] if self.middles else None
        if middles is not None:
            return middles
        levels = self._level_of(factor)
        if self.kind == "grid":
            return np.asarray((np.arange(levels) + 0.5) / levels)
        low, high = self.between
        return np.linspace(low, high, levels)

    def _level_of(self, factor: int) -> int:
        return self.levels[factor] if isinstance(self.levels, tuple) else self.levels
