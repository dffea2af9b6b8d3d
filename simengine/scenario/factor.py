"""What is uncertain, settled for a model: factors, what each is drawn from, and what it changes.

Invariant: numbers of a factor are in `unit`; values of its `sets` in the unit of each variable.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from simengine.api.target import Target
from simengine.sampling.design import Design
from simengine.sampling.marginal import Marginal
from simengine.scenario.file import Sweep
from simengine.source.file import Span


@dataclass(frozen=True, slots=True)
class LookupPoint:
    """The point of a lookup at x."""

    lookup: Target
    x: float

    @property
    def text(self) -> str:
        """How it is written."""
        return f"{self.lookup.text}({self.x:g})"


@dataclass(frozen=True, eq=False)
class Sets:
    """Values of variables, and of points of lookups, by choice or by row of a file: (choices, targets and points)."""

    targets: tuple[Target, ...]
    values: NDArray[np.float64]
    points: tuple[LookupPoint, ...] = ()

    @property
    def texts(self) -> list[str]:
        """What the columns of values are for."""
        return [*(t.text for t in self.targets), *(p.text for p in self.points)]

    def of(self, number: int) -> dict[str, float]:
        """Return the values of one choice by variable."""
        return dict(zip(self.texts, self.values[number].tolist(), strict=True))


@dataclass(frozen=True, eq=False)
class Factor:
    """Something uncertain.

    `change` is "" where the value itself is drawn, else "times", "plus" or "later". A factor with `sets` draws one of
    their rows: it has no `target`, or (a choice between values) that of its only column.
    """

    name: str
    span: Span
    kind: str
    marginal: Marginal
    unit: str = ""
    target: Target | None = None
    change: str = ""
    numbers: Mapping[str, float] | None = None
    within: tuple[float, float] | None = None
    choices: tuple[tuple[str, float], ...] = ()  # names or values, with weights that add up to 1
    sets: Sets | None = None
    title: str = field(default="", compare=False)  # what people call it, where the file says so

    @property
    def targets(self) -> tuple[Target, ...]:
        """What it changes."""
        if self.sets is not None:
            return self.sets.targets
        return () if self.target is None else (self.target,)

    def rank(self, target: Target) -> tuple[bool, int]:
        """Return how narrowly a target is meant: of several draws for one element the least rank counts."""
        return self.sets is not None and self.target is None, target.places.size

    @property
    def text(self) -> str:
        """What is drawn, in one line."""
        drawn = self.marginal.text
        if self.choices:
            drawn = f"{self.kind} {{{', '.join(f'{name}: {weight:.4g}' for name, weight in self.choices)}}}"
        elif self.kind == "rows":
            drawn = f"one of {len(self.marginal.values)} rows"  # type: ignore[attr-defined]
        return f"{self.change} {drawn}".strip()


@dataclass(frozen=True, eq=False)
class SweepSettings:
    """A sweep as asked for, and the design it comes to: of `n` draws, over the factors of the file in their order."""

    written: Sweep
    design: Design
    seed: int
    same_draws: bool
    correlated: bool
    table: NDArray[np.float64] | None = None  # of a user's own table: values (row, factor); of choices their numbers


@dataclass(frozen=True, eq=False)
class Uncertainty:
    """What sweeps draw from: factors, the rank correlations between them, and the sweeps asked for."""

    factors: tuple[Factor, ...] = ()
    correlation: NDArray[np.float64] | None = None
    sweeps: Mapping[str, SweepSettings] = field(default_factory=dict)
