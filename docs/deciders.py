"""Which uncertain things decide one output, or several together, from the runs of a Sobol' sweep.

In: indicators of a design in Saltelli's blocks. Out: for each factor the share of the goals' spread it has a part in.

The part a factor has in the spread of one indicator is its total-order index (Jansen 1999, as `analysis.sobol` has
it); in several, the mean of these over the goals, each goal counting alike. Intervals are of the bootstrap over base
points, taken for all goals together, since they are of the same runs: so is how often a factor is among the first.

Invariant: for one goal alone the value is what `sobol_indices` gives.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from simengine.analysis.resample import draw_counts, measure_of

Array = NDArray[np.float64]
RESAMPLES = 500
LEVEL = 0.95


@dataclass(frozen=True)
class Decider:
    """A factor: its part in the spread of all goals with its interval, and how often it is among the first `most`."""

    factor: int
    value: float
    low: float
    high: float
    often: float


def total_orders(values: NDArray[np.generic], factors: int, counts: Array) -> Array:
    """Return total-order indices, (resample, factor, goal), of values (run, goal) in blocks of `factors` + 2 runs.

    Blocks in which a run of any goal failed are left out.
    """
    cube = np.asarray(values, dtype=np.float64).reshape(-1, factors + 2, values.shape[1])
    sound = np.isfinite(cube).all(axis=(1, 2))
    cube, counts = cube[sound], counts[:, sound]
    cube = cube - cube.mean(axis=(0, 1))
    ends = cube[:, [0, -1]]
    many = counts.sum(axis=1)[:, None]
    mean = counts @ ends.mean(axis=1) / many
    variance = counts @ (ends**2).mean(axis=1) / many - mean**2
    moved = 0.5 * (cube[:, 1:-1] - cube[:, :1]) ** 2
    total = np.einsum("rp,pfg->rfg", counts, moved, optimize=True)
    return np.asarray(total / many[:, None] / variance[:, None])


def find_deciders(values: NDArray[np.generic], factors: int, most: int = 5, seed: int = 0) -> list[Decider]:
    """Return factors by their part in the spread of all goals, the largest first.

    Parameters
    ----------
    values
        Indicators (run, goal).
    factors
        How many factors.
    most
        Of how many it is told how often a factor is among them.
    seed
        Of the bootstrap.

    """
    counts = draw_counts(len(values) // (factors + 2), RESAMPLES, seed)
    together = total_orders(values, factors, counts).mean(axis=2)
    measure = measure_of(together[0], together[1:], LEVEL)
    order = np.argsort(-together, axis=1, kind="stable")[1:, :most]
    often = np.array([(order == factor).any(axis=1).mean() for factor in range(factors)])
    found = [
        Decider(n, float(measure.value[n]), float(measure.low[n]), float(measure.high[n]), float(often[n]))
        for n in range(factors)
    ]
    return sorted(found, key=lambda d: (-d.value, d.factor))
