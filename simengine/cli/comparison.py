"""How the results of two engines differ.

In: two frames (index time). Out: a `Comparison`.

Invariant: names match without regard to case, blanks, underscores and quotes; rounding errors of time do not count.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from simengine.source.names import loose_key

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True, slots=True)
class Comparison:
    """The largest difference of every variable both have, largest first, and what only one has."""

    differences: dict[str, float]
    only_here: tuple[str, ...]
    only_there: tuple[str, ...]
    times: int

    @property
    def largest(self) -> float:
        """The largest difference of all."""
        return next(iter(self.differences.values()), 0.0)


def compare(ours: pd.DataFrame, theirs: pd.DataFrame) -> Comparison:
    """Return how two frames differ, at the times both have; names match as everywhere."""
    here, there = _shared_times(ours.index.to_numpy(float), theirs.index.to_numpy(float))
    columns = {_plain(str(c)): c for c in theirs.columns}
    rows: list[tuple[str, float]] = []
    alone: list[str] = []
    for name in ours.columns:
        other = columns.pop(_plain(name), None)
        if other is None:
            alone.append(name)
            continue
        mine, its = ours[name].to_numpy(float)[here], theirs[other].to_numpy(float)[there]
        rows.append((name, difference(mine, its)))
    rows.sort(key=lambda r: -r[1])
    return Comparison(dict(rows), tuple(alone), tuple(map(str, columns.values())), len(here))


def _plain(column: str) -> str:
    return loose_key(column.replace('"', ""))


def _shared_times(a: NDArray[np.float64], b: NDArray[np.float64]) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """Return the places of the times that two series share, rounding errors aside."""
    nearest = np.clip(np.searchsorted(b, a), 1, max(len(b) - 1, 1))
    nearest -= np.abs(a - b[nearest - 1]) <= np.abs(a - b[np.minimum(nearest, len(b) - 1)])
    span = max(float(np.abs(a).max(initial=0.0)), 1e-300)
    here = np.flatnonzero(np.abs(a - b[nearest]) <= 1e-9 * span)
    return here, nearest[here]


def difference(a: NDArray[np.float64], b: NDArray[np.float64]) -> float:
    """Return the largest difference, relative to the largest value either has; infinite where one has no number."""
    good = np.isfinite(a) & np.isfinite(b)
    same = (np.isnan(a) & np.isnan(b)) | (a == b)
    if np.any(~good & ~same):
        return float("inf")
    if not good.any():
        return 0.0
    apart = float(np.abs(a[good] - b[good]).max())
    return apart / max(float(np.abs(a[good]).max()), float(np.abs(b[good]).max())) if apart else 0.0
