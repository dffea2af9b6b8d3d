"""What an estimator gives: measures of factors by outputs, with intervals, and what they were computed from.

In: arrays. Out: `Indices`.

Invariant: what could not be computed is NaN and has its reason beside it; it is never 0.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]

CONSTANT = "the output is the same in all runs: it has no sensitivity to anything"
NO_RUNS = "no runs are left that did not fail"
FEW_RUNS = "too few runs are left that did not fail"


@dataclass(frozen=True)
class Measure:
    """A number for each factor and output, (factor, output), with the ends of its interval; NaN where there is none."""

    value: Array
    low: Array
    high: Array

    @property
    def half_width(self) -> Array:
        """Half of the width of the intervals."""
        return 0.5 * (self.high - self.low)


@dataclass(frozen=True)
class Indices:
    """Measures by one method.

    Attributes
    ----------
    method
        The method's name.
    measures
        For each measure (factor, output).
    used, dropped
        Runs that were used and left out, by output.
    reasons
        Why an output has no measures; "" where it has.
    pairs
        Measures of pairs of factors, (pair, output), in the order of `itertools.combinations`.
    notes
        What a reader of the numbers must know.
    fits
        Numbers of a whole output rather than a factor, such as R2: (output,).

    """

    method: str
    measures: Mapping[str, Measure]
    used: NDArray[np.int64]
    dropped: NDArray[np.int64]
    reasons: tuple[str, ...]
    pairs: Mapping[str, Measure] = field(default_factory=dict)
    notes: tuple[str, ...] = ()
    fits: Mapping[str, Measure] = field(default_factory=dict)

    @property
    def factors(self) -> int:
        """Number of factors."""
        return len(next(iter(self.measures.values())).value)

    @property
    def outputs(self) -> int:
        """Number of outputs."""
        return len(self.reasons)

    def __getitem__(self, measure: str) -> Measure:
        return self.measures[measure] if measure in self.measures else self.pairs[measure]


def as_columns(values: NDArray[np.generic], runs: int | None = None) -> Array:
    """Return outputs as (run, output); one output may be given as (run,).

    Raises
    ------
    ValueError
        If it is neither, or the number of runs is another than that of the factors.

    """
    out = np.asarray(values)
    out = out[:, None] if out.ndim == 1 else out
    if out.ndim != 2:
        raise ValueError(f"outputs are (run, output), not of {out.ndim} dimensions")
    if runs is not None and len(out) != runs:
        raise ValueError(f"there are outputs of {len(out)} runs, and factors of {runs}")
    return out if out.dtype == np.float64 else out.astype(np.float64)


def as_factors(values: NDArray[np.generic]) -> Array:
    """Return factors as (run, factor).

    Raises
    ------
    ValueError
        If it is not that, or some are not finite numbers.

    """
    out = np.asarray(values, dtype=np.float64)
    if out.ndim != 2:
        raise ValueError(f"factors are (run, factor), not of {out.ndim} dimensions")
    if not np.isfinite(out).all():
        raise ValueError("factors must be finite numbers: a run's factors are known even where it failed")
    return out


def all_sound(values: Array) -> NDArray[np.bool_]:
    """Return which blocks (block, row, output) have numbers in all rows, (block, output)."""
    return np.asarray(np.isfinite(values).all(axis=1), dtype=np.bool_)


def is_constant(mean: Array, variance: Array) -> NDArray[np.bool_]:
    """Return which outputs vary by no more than the rounding of what they are."""
    return np.asarray(np.sqrt(np.maximum(variance, 0.0)) <= 1e-13 * np.abs(mean), dtype=np.bool_)


def reasons_of(enough: NDArray[np.bool_], constant: NDArray[np.bool_], few: str = FEW_RUNS) -> tuple[str, ...]:
    """Return why outputs have no measures, "" for those that have."""
    return tuple("" if e and not c else (CONSTANT if e else few) for e, c in zip(enough, constant, strict=True))
