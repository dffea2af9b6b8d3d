"""What a prior is near a value: how much it tells, as information, and whether it has a kink there.

In: a density, a value, a range. Out: a `PriorShape`.

Invariant: a flat prior tells nothing; a normal one what it says, wherever it is looked at.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from simengine.inference.arrays import Array
from simengine.inference.prior import Density

_FALL = 3.841458820694124  # chi-squared of one degree of freedom, 95 %


class PriorShape(NamedTuple):
    """What a prior is near a value."""

    information: float
    """What a normal prior of the same 95 % region has, 1/variance; 0 where it is flat or falls slower than a line."""
    deviation: float
    """The standard deviation of the prior; NaN where it has none."""
    kinked: bool
    """Whether the slope of its logarithm jumps there: no parabola fits, and the best fit is drawn to that value."""


def prior_shape(density: Density, at: float, low: float = -math.inf, high: float = math.inf) -> PriorShape:
    """Return what a prior is near a value, within a range.

    The second derivative tells nothing at a kink, and of a density that ends (PERT, triangular) too little anywhere.
    So the information is that of the parabola which falls as far where a likelihood ratio of the prior alone would
    end its 95 % interval, on each side: of a normal density it is 1/variance, exactly.
    """
    ends = (max(density.ends[0], low), min(density.ends[1], high))
    deviation = _deviation(density)
    size = deviation if math.isfinite(deviation) and deviation > 0.0 else 1e-2 * max(abs(at), 1e-300)

    def look(x: float | Array) -> tuple[Array, Array]:
        return density.log_density(np.atleast_1d(np.asarray(x, dtype=np.float64)))

    top, slope = (float(v[0]) for v in look(at))
    if not math.isfinite(top):
        return PriorShape(0.0, deviation, kinked=False)
    step = 1e-4 * size
    inside = ends[0] < at - step and at + step < ends[1]
    kinked = False
    if inside:
        _, slopes = look(np.array([at - step, at + step, at - step / 16.0, at + step / 16.0]))
        jumps = (float(slopes[0] - slopes[1]), float(slopes[2] - slopes[3]))
        # of a smooth density the jump shrinks with the step
        kinked = abs(jumps[1]) > 0.5 * abs(jumps[0]) and abs(jumps[1]) * size > 1e-2
        slope = 0.5 * float(slopes[0] + slopes[1]) if kinked else slope
    sides = [_bend(look, at, top, slope, sign, end, size) for sign, end in ((-1.0, ends[0]), (1.0, ends[1]))]
    known = [s for s in sides if s is not None]
    return PriorShape(float(np.mean(known)) if known else 0.0, deviation, kinked)


def _bend(
    look: Callable[[Array], tuple[Array, Array]], at: float, top: float, slope: float, sign: float, end: float,
    size: float,
) -> float | None:  # fmt: skip
    """Return how much the log density bends down to one side, by the parabola to where it has fallen enough."""
    room = sign * (end - at) * (1.0 - 1e-9)  # at the end itself rounding may be outside
    if not room > 1e-6 * size:
        return None
    most = min(room, 50.0 * size)
    distance = np.unique(
        np.concatenate([np.geomspace(1e-3 * min(size, most), most, 400), np.linspace(0, most, 400)[1:]])
    )
    with np.errstate(invalid="ignore"):
        fall = -2.0 * (look(at + sign * distance)[0] - top - slope * sign * distance)
    fall = np.where(np.isnan(fall), np.inf, fall)
    beyond = np.flatnonzero(fall >= _FALL)
    if len(beyond):
        k = int(beyond[0])
        before, after = (math.sqrt(max(float(fall[k - 1]), 0.0)), float(distance[k - 1])) if k else (0.0, 0.0)
        share = (math.sqrt(_FALL) - before) / (math.sqrt(fall[k]) - before) if math.isfinite(fall[k]) else 1.0
        where = after + share * (float(distance[k]) - after)
        return _FALL / where**2
    return max(float(fall[-1]) / float(distance[-1]) ** 2, 0.0)


def _deviation(density: Density, count: int = 2000) -> float:
    """Return the standard deviation of a density, by its quantiles."""
    with np.errstate(all="ignore"):
        x = density.quantile((np.arange(count) + 0.5) / count)
        found = float(np.std(x))
    return found if math.isfinite(found) else math.nan
