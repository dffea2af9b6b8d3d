"""Convergence: what indices were with fewer runs, and how wide the widest interval is.

In: a function that gives indices of the first base points of a design. Out: rows by number of points.

A design that grows holds its smaller ones: the first 1/2, 1/4, 1/8 ... of its points. An index that has settled lies
within the intervals of the halves, and intervals shrink as the root of the number of points.

Invariant: the last row is that of all points.
References: Sarrazin, Pianosi and Wagener, Env. Modelling Software 79 (2016) 135; Nossent et al., same 26 (2011) 1515.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from simengine.analysis.indices import Indices

_LEAST = 16


@dataclass(frozen=True)
class Stage:
    """Indices of so many of the first base points."""

    points: int
    indices: Indices


def follow_convergence(compute: Callable[[int], Indices], points: int, *, stages: int = 6) -> list[Stage]:
    """Return indices of halves, quarters ... of the points, and of all.

    Parameters
    ----------
    compute
        Gives the indices of so many of the first base points.
    points
        How many there are.
    stages
        How many numbers of points, at most; none is below 16 but where there are no more.

    Examples
    --------
    >>> from simengine.analysis.sobol import sobol_indices
    >>> y = np.random.default_rng(0).random(64 * 4)
    >>> [s.points for s in follow_convergence(lambda n: sobol_indices(y[: 4 * n], 2), 64)]
    [16, 32, 64]

    """
    numbers = [points]
    while len(numbers) < stages and numbers[-1] // 2 >= _LEAST:
        numbers.append(numbers[-1] // 2)
    return [Stage(n, compute(n)) for n in reversed(numbers)]


@dataclass(frozen=True)
class Widest:
    """The widest interval: half its width, and of which measure, factor and output it is."""

    half_width: float
    measure: str
    factor: int
    output: int


def find_widest(indices: Indices, measure: str) -> Widest | None:
    """Return the widest interval of a measure; None where no output has one."""
    wide = indices[measure].half_width
    if not np.isfinite(wide).any():
        return None
    place = int(np.nanargmax(wide))
    factor, output = np.unravel_index(place, wide.shape)
    return Widest(float(wide[factor, output]), measure, int(factor), int(output))
