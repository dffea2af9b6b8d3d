"""Profile likelihoods: how good the best fit is with one parameter fixed, from the estimate outwards.

What is profiled is what the function gives: the likelihood, or the density with priors; only the former says whether
data identify a parameter.

In: a function that fits with one parameter fixed; the best fit; the parameter's range. Out: points of the profile,
where it crosses the thresholds of a likelihood ratio, and what that says of the parameter.

A side is walked from the estimate with steps that aim at equal rises of D = 2 (l best - l), each fit started from the
one before, drawn on along the line through the last two. It ends where D is beyond the largest threshold, at the
bound, or where fits fail. Crossings are then closed in on, in root D, which is a straight line where the likelihood
is normal.

References: A. Raue et al. (2009), "Structural and practical identifiability analysis of partially observed dynamical
models by exploiting the profile likelihood", Bioinformatics 25, 1923-1929; thresholds of one degree of freedom: S. S.
Wilks (1938), Annals of Mathematical Statistics 9, 60-62.

Invariant: a side depends on what it is given only: sides and parameters may be walked apart, in any order.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple, TypeAlias

import numpy as np

from simengine.inference.arrays import Array

THRESHOLDS: Mapping[float, float] = {0.90: 2.705543454095404, 0.95: 3.841458820694124, 0.99: 6.634896601021213}
"""Levels and quantiles of chi-squared with one degree of freedom."""
FLAT = 0.01
"""A rise of D below this over the whole range is none: what is left of it are differences between fits."""

Fit: TypeAlias = Callable[[int, float, Array], tuple[Array, float]]
"""(which parameter, its value, where to start (D,)): the best of the others (D,) and the log-likelihood there."""


class Point(NamedTuple):
    """A point of a profile."""

    value: float
    loglik: float
    theta: Array


@dataclass(frozen=True)
class Side:
    """One side of a profile, from the estimate outwards."""

    upward: bool
    points: tuple[Point, ...]
    end: str
    """`crossed`: beyond the largest threshold; `bound`; `failed`: fits came to nothing; `long`: too many points."""
    fits: int
    """How often was fitted."""


@dataclass(frozen=True)
class Profile:
    """A profile: its points in rising order, intervals, verdict."""

    index: int
    points: tuple[Point, ...]
    best: float
    """The largest log-likelihood met: that of the best fit, or of a better one a profile came upon."""
    intervals: Mapping[float, tuple[float, float]]
    """By level; an end that is open is the bound, or the last value looked at."""
    open_low: Mapping[float, bool]
    open_high: Mapping[float, bool]
    verdict: str
    """`identified`; `practically not`, open on a side; `structurally not`, flat; `unknown`, where fits failed."""
    text: str
    better: Point | None = None
    """A better fit than the best, where there was one: start again from there."""
    fits: int = 0

    def rises(self) -> tuple[Array, Array]:
        """Return values and D."""
        return np.array([p.value for p in self.points]), np.array([2.0 * (self.best - p.loglik) for p in self.points])


@dataclass
class _Walk:
    fit: Fit
    index: int
    best: float
    points: list[Point]
    fits: int = 0
    known: dict[float, Point] = field(default_factory=dict)

    def rise(self, point: Point) -> float:
        return 2.0 * (self.best - point.loglik)

    def at(self, value: float, start: Array) -> Point | None:
        """Return the fit there; None where it failed."""
        theta, loglik = self.fit(self.index, value, start)
        self.fits += 1
        if not math.isfinite(loglik):
            return None
        return Point(value, float(loglik), np.asarray(theta, dtype=np.float64))

    def drawn(self, value: float) -> Array:
        """Return where to start: on the line through the last two points."""
        last = self.points[-1]
        start = last.theta.copy()
        if len(self.points) > 1:
            before = self.points[-2]
            if last.value != before.value:
                start = last.theta + (value - last.value) / (last.value - before.value) * (last.theta - before.theta)
        start[self.index] = value
        return start


def walk_side(
    fit: Fit,
    index: int,
    theta: Array,
    loglik: float,
    bound: float,
    step: float,
    *,
    thresholds: Sequence[float] = tuple(THRESHOLDS.values()),
    most: int = 60,
    precision: float = 0.01,
) -> Side:
    """Return one side of a profile, of the parameter from its estimate towards a bound.

    Parameters
    ----------
    fit
        Fits the others.
    index, theta, loglik
        Which parameter; the best fit, and its log-likelihood. In the measure it is searched in: a parameter whose range
        spans decades is walked better as its logarithm.
    bound
        Where the range ends; which side it is follows from where it lies.
    step
        The size of the first step: a tenth of a standard error, say.
    thresholds
        Of D; the walk ends beyond the largest.
    most
        Fits at most, those that close in on crossings apart.
    precision
        How near D must be to a threshold at its crossing, as a share of it.

    """
    theta = np.asarray(theta, dtype=np.float64)
    x = float(theta[index])
    sign, top = (1.0 if bound > x else -1.0), max(thresholds)
    walk = _Walk(fit, index, loglik, [Point(x, loglik, theta)])
    room = abs(bound - x)
    if not room > 0.0:
        return Side(sign > 0, tuple(walk.points), "bound", 0)
    h, aim, end = min(abs(step), room / 8.0), top * 0.15, "long"
    while walk.fits < most:
        last = walk.points[-1]
        value = last.value + sign * h
        if (bound - value) * sign <= 1e-3 * h:
            value = bound
        point = walk.at(value, walk.drawn(value))
        if point is None:
            h /= 4.0
            if h < 1e-4 * min(abs(step), room / 8.0):
                end = "failed"
                break
            continue
        rise = walk.rise(point) - walk.rise(last)
        if rise > 3.0 * aim and walk.rise(point) > 0.0 and abs(value - last.value) > 1e-9 * max(abs(x), room):
            h = abs(value - last.value) / 2.0
            if walk.rise(point) < 2.0 * top or walk.fits >= most - 1:  # near enough to keep; else nearer first
                walk.points.append(point)
        else:
            walk.points.append(point)
            h = min(h * float(np.clip(aim / max(abs(rise), 1e-12), 0.5, 2.0)), room / 8.0)
        if walk.points[-1] is point:
            if walk.rise(point) > top:
                end = "crossed"
                break
            if value == bound:
                end = "bound"
                break
    points = _closed_in(walk, thresholds, precision)
    return Side(sign > 0, points, end, walk.fits)


def _closed_in(walk: _Walk, thresholds: Sequence[float], precision: float) -> tuple[Point, ...]:
    """Return the points with those at crossings added."""
    points = walk.points
    for level in sorted(thresholds):
        place = _crossing(points, walk.rise, level)
        if place is None:
            continue
        for _ in range(8):
            inner, outer = points[place - 1], points[place]
            if min(abs(walk.rise(p) - level) for p in (inner, outer)) <= precision * level:
                break
            value = _between(inner, outer, walk.rise, level)
            share = (value - inner.value) / (outer.value - inner.value)
            start = inner.theta + share * (outer.theta - inner.theta)
            start[walk.index] = value
            point = walk.at(value, start)
            if point is None:
                break
            points = [*points[:place], point, *points[place:]]
            place = place if walk.rise(point) > level else place + 1
    return tuple(points)


def _crossing(points: Sequence[Point], rise: Callable[[Point], float], level: float) -> int | None:
    """Return the place of the first point beyond a threshold, None where there is none."""
    return next((i for i in range(1, len(points)) if rise(points[i]) > level), None)


def _between(inner: Point, outer: Point, rise: Callable[[Point], float], level: float) -> float:
    """Return where root D is that of the threshold, on the line between two points."""
    a, b = math.sqrt(max(rise(inner), 0.0)), math.sqrt(max(rise(outer), 0.0))
    share = float(np.clip((math.sqrt(level) - a) / (b - a), 0.0, 1.0)) if b > a else 0.5
    return inner.value + share * (outer.value - inner.value)


def join_sides(index: int, low_side: Side, high_side: Side, levels: Mapping[float, float] = THRESHOLDS) -> Profile:
    """Return the profile of two sides, with intervals and verdict."""
    low, high = low_side.points, high_side.points
    points = (*reversed(low[1:]), *high)
    best_point = max(points, key=lambda p: p.loglik)
    start = low[0]
    best = best_point.loglik

    def rise(point: Point) -> float:
        return 2.0 * (best - point.loglik)

    intervals: dict[float, tuple[float, float]] = {}
    open_low: dict[float, bool] = {}
    open_high: dict[float, bool] = {}
    for level, threshold in levels.items():
        ends = []
        for side, is_open in ((low, open_low), (high, open_high)):
            place = _crossing(side, rise, threshold)
            is_open[level] = place is None
            ends.append(side[-1].value if place is None else _between(side[place - 1], side[place], rise, threshold))
        intervals[level] = (ends[0], ends[1])
    # a fit that is better by less than this is the same fit, ended elsewhere
    better = best_point if best - start.loglik > 1e-3 else None
    verdict, text = _judged(max(rise(p) for p in points), low_side, high_side, open_low, open_high, levels)
    return Profile(
        index, points, best, intervals, open_low, open_high, verdict, text, better, low_side.fits + high_side.fits
    )


def _judged(
    most: float,
    low: Side,
    high: Side,
    open_low: Mapping[float, bool],
    open_high: Mapping[float, bool],
    levels: Mapping[float, float],
) -> tuple[str, str]:
    level = 0.95 if 0.95 in levels else max(levels)
    sides = [side for side, is_open in ((low, open_low[level]), (high, open_high[level])) if is_open]
    if not sides:
        return "identified", f"the {level:.0%} interval is closed on both sides"
    if all(side.end == "bound" for side in (low, high)) and most < FLAT:
        return "structurally not", "the profile is flat: other parameters offset every change of it"
    broken = [side for side in sides if side.end in {"failed", "long"}]
    if broken:
        why = "fits failed" if broken[0].end == "failed" else "it rises too slowly to be followed to the bound"
        return "unknown", f"the profile was not walked to its end {_where(broken)}: {why}"
    return "practically not", f"the range ends before the data rule values out {_where(sides)}, at {level:.0%}"


def peak_of(profile: Profile) -> float:
    """Return the value at which a profile is highest."""
    return float(max(profile.points, key=lambda p: p.loglik).value)


def _where(sides: Sequence[Side]) -> str:
    return "on both sides" if len(sides) == 2 else f"on the {'upper' if sides[0].upward else 'lower'} side"


def profile(
    fit: Fit,
    index: int,
    theta: Array,
    loglik: float,
    low: float,
    high: float,
    step: float,
    levels: Mapping[float, float] = THRESHOLDS,
    *,
    most: int = 60,
) -> Profile:
    """Return the profile of one parameter: both sides, walked one after the other."""
    thresholds = tuple(levels.values())
    sides = [walk_side(fit, index, theta, loglik, end, step, thresholds=thresholds, most=most) for end in (low, high)]
    return join_sides(index, sides[0], sides[1], levels)
