"""Families of continuous distributions: their numbers, and their distribution and quantile functions from both ends.

In: numbers of a distribution, arrays. Out: arrays of the same shape.

A family is a row of `FAMILIES`. Each knows the probability below a value and the one above it, and the inverse of both:
near 1 a probability has no digits left for a tail, its complement has.

Invariant: `quantile` inverts `below`, `from_above` inverts `above`, and above + below = 1.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np

from simengine.sampling.inverse import Array, beta_quantile, gamma_from_above, gamma_quantile

Function: TypeAlias = Callable[[Array, Sequence[float]], Array]

_P95 = 1.6448536269514722  # the standard normal distribution stays below it in 95 of 100 cases: 2^0.5 erfinv(0.9)


@dataclass(frozen=True, slots=True)
class Family:
    """A family of distributions. Its numbers stand in the order they are written in."""

    numbers: tuple[str, ...]
    about: str
    below: Function
    """(x, numbers): the probability of what is at most x."""
    above: Function
    """(x, numbers): the probability of what is above x."""
    quantile: Function
    """(p, numbers): the value that has p below it."""
    from_above: Function
    """(q, numbers): the value that has q above it."""
    ends: Callable[[Sequence[float]], tuple[float, float]]
    """(numbers): the smallest and the largest value."""
    rising: tuple[tuple[str, str, bool], ...] = ()
    """Numbers that must rise: the first, the second, and whether they may be equal."""
    positive: tuple[str, ...] = ()
    """Numbers that must be above 0."""
    plain: tuple[str, ...] = ()
    """Numbers without a unit; the others have that of what is distributed."""


def _uniform(u: Array, n: Sequence[float]) -> Array:
    return n[0] + (n[1] - n[0]) * u


def _uniform_below(x: Array, n: Sequence[float]) -> Array:
    return np.clip((x - n[0]) / (n[1] - n[0]), 0.0, 1.0)


def _mirrored(function: Function) -> Function:
    """Return the same seen from the other end, of what is symmetric between its first two numbers."""
    return lambda x, n: function(x, (n[1], n[0]))


def _in_logarithm(function: Function) -> Function:
    def below(x: Array, n: Sequence[float]) -> Array:
        with np.errstate(divide="ignore"):
            return function(np.log(np.maximum(x, 0.0)), [math.log(v) for v in n])

    return below


def _out_of_logarithm(function: Function) -> Function:
    return lambda u, n: np.exp(function(u, [math.log(v) for v in n]))


def _normal(p: Array, n: Sequence[float]) -> Array:
    from scipy.special import ndtri

    return np.asarray(n[0] + n[1] * ndtri(p))


def _normal_from_above(q: Array, n: Sequence[float]) -> Array:
    from scipy.special import ndtri

    return np.asarray(n[0] - n[1] * ndtri(q))


def _normal_below(x: Array, n: Sequence[float]) -> Array:
    from scipy.special import ndtr

    return np.asarray(ndtr((x - n[0]) / n[1]))


def _normal_above(x: Array, n: Sequence[float]) -> Array:
    from scipy.special import ndtr

    return np.asarray(ndtr((n[0] - x) / n[1]))


def _of_logarithm(n: Sequence[float]) -> tuple[float, float]:
    """Return mean and standard deviation of the logarithm, of the median and the value 95 % stay below."""
    return math.log(n[0]), (math.log(n[1]) - math.log(n[0])) / _P95


def _lognormal(function: Function) -> Function:
    return lambda p, n: np.exp(function(p, _of_logarithm(n)))


def _lognormal_at(function: Function) -> Function:
    def at(x: Array, n: Sequence[float]) -> Array:
        with np.errstate(divide="ignore"):
            return function(np.log(np.maximum(x, 0.0)), _of_logarithm(n))

    return at


def _triangular_below(x: Array, n: Sequence[float]) -> Array:
    low, mode, high = n
    x = np.clip(x, low, high)
    whole = high - low
    with np.errstate(divide="ignore", invalid="ignore"):
        rising = (x - low) * (x - low) / (whole * (mode - low))
        falling = 1.0 - (high - x) * (high - x) / (whole * (high - mode))
    return np.where(x < mode, rising, np.where(x >= high, 1.0, falling))


def _triangular(p: Array, n: Sequence[float]) -> Array:
    low, mode, high = n
    whole = high - low
    rising = low + np.sqrt(p * (whole * (mode - low)))
    falling = high - np.sqrt((1.0 - p) * (whole * (high - mode)))
    return np.where(p * whole < mode - low, rising, falling)


def _triangular_mirrored(function: Function, *, value: bool) -> Function:
    """Return a function of the distribution mirrored at 0: what is above becomes what is below."""

    def mirrored(x: Array, n: Sequence[float]) -> Array:
        other = (-n[2], -n[1], -n[0])
        return -function(x, other) if value else function(-x, other)

    return mirrored


def _as_beta(n: Sequence[float]) -> tuple[float, float, float, float]:
    """Return shapes and ends of a PERT distribution: the beta distribution with mean (low + 4 mode + high)/6."""
    low, mode, high = n
    return 1.0 + 4.0 * (mode - low) / (high - low), 1.0 + 4.0 * (high - mode) / (high - low), low, high


def _beta(p: Array, n: Sequence[float]) -> Array:
    return n[2] + (n[3] - n[2]) * beta_quantile(n[0], n[1], p)


def _beta_from_above(q: Array, n: Sequence[float]) -> Array:
    return n[3] - (n[3] - n[2]) * beta_quantile(n[1], n[0], q)


def _beta_below(x: Array, n: Sequence[float]) -> Array:
    from scipy.special import betainc

    return np.asarray(betainc(n[0], n[1], _uniform_below(x, n[2:])))


def _beta_above(x: Array, n: Sequence[float]) -> Array:
    from scipy.special import betainc

    return np.asarray(betainc(n[1], n[0], _uniform_below(x, (n[3], n[2]))))


def _pert(function: Function) -> Function:
    return lambda x, n: function(x, _as_beta(n))


def _gamma(p: Array, n: Sequence[float]) -> Array:
    return n[1] * gamma_quantile(n[0], p)


def _gamma_from_above(q: Array, n: Sequence[float]) -> Array:
    return n[1] * gamma_from_above(n[0], q)


def _gamma_below(x: Array, n: Sequence[float]) -> Array:
    from scipy.special import gammainc

    return np.asarray(gammainc(n[0], np.maximum(x, 0.0) / n[1]))


def _gamma_above(x: Array, n: Sequence[float]) -> Array:
    from scipy.special import gammaincc

    return np.asarray(gammaincc(n[0], np.maximum(x, 0.0) / n[1]))


def _weibull(p: Array, n: Sequence[float]) -> Array:
    with np.errstate(divide="ignore"):
        return np.asarray(n[1] * (-np.log1p(-p)) ** (1.0 / n[0]))


def _weibull_from_above(q: Array, n: Sequence[float]) -> Array:
    with np.errstate(divide="ignore"):
        return np.asarray(n[1] * (-np.log(q)) ** (1.0 / n[0]))


def _weibull_below(x: Array, n: Sequence[float]) -> Array:
    return np.asarray(-np.expm1(-((np.maximum(x, 0.0) / n[1]) ** n[0])))


def _weibull_above(x: Array, n: Sequence[float]) -> Array:
    return np.asarray(np.exp(-((np.maximum(x, 0.0) / n[1]) ** n[0])))


def _line(n: Sequence[float]) -> tuple[float, float]:  # noqa: ARG001  (the rows of a table have one signature)
    return -math.inf, math.inf


def _from_zero(n: Sequence[float]) -> tuple[float, float]:  # noqa: ARG001
    return 0.0, math.inf


def _first_and_last(n: Sequence[float]) -> tuple[float, float]:
    return n[0], n[-1]


_MODE = (("low", "mode", True), ("mode", "high", True), ("low", "high", False))

FAMILIES: dict[str, Family] = {
    "uniform": Family(
        ("low", "high"), "all between two values alike",
        _uniform_below, _mirrored(_uniform_below), _uniform, _mirrored(_uniform), _first_and_last,
        rising=(("low", "high", False),),
    ),
    "loguniform": Family(
        ("low", "high"), "the logarithm is uniform between those of two values above 0",
        _in_logarithm(_uniform_below), _in_logarithm(_mirrored(_uniform_below)),
        _out_of_logarithm(_uniform), _out_of_logarithm(_mirrored(_uniform)), _first_and_last,
        rising=(("low", "high", False),), positive=("low",),
    ),
    "normal": Family(
        ("mean", "sd"), "mean and standard deviation",
        _normal_below, _normal_above, _normal, _normal_from_above, _line, positive=("sd",),
    ),
    "lognormal": Family(
        ("median", "p95"), "the logarithm is normal; told by its median and the value that 95 % stay below",
        _lognormal_at(_normal_below), _lognormal_at(_normal_above), _lognormal(_normal),
        _lognormal(_normal_from_above), _from_zero, rising=(("median", "p95", False),), positive=("median",),
    ),
    "triangular": Family(
        ("low", "mode", "high"), "lowest, most likely, highest",
        _triangular_below, _triangular_mirrored(_triangular_below, value=False), _triangular,
        _triangular_mirrored(_triangular, value=True), _first_and_last, rising=_MODE,
    ),
    "pert": Family(
        ("low", "mode", "high"),
        "lowest, most likely, highest: a beta distribution with mean (low + 4 mode + high)/6",
        _pert(_beta_below), _pert(_beta_above), _pert(_beta), _pert(_beta_from_above), _first_and_last, rising=_MODE,
    ),
    "beta": Family(
        ("alpha", "beta", "low", "high"), "a beta distribution with these two shapes, between two values",
        _beta_below, _beta_above, _beta, _beta_from_above, lambda n: (n[2], n[3]),
        rising=(("low", "high", False),), positive=("alpha", "beta"), plain=("alpha", "beta"),
    ),
    "gamma": Family(
        ("shape", "scale"), "a gamma distribution from 0 on: its mean is shape times scale",
        _gamma_below, _gamma_above, _gamma, _gamma_from_above, _from_zero,
        positive=("shape", "scale"), plain=("shape",),
    ),
    "weibull": Family(
        ("shape", "scale"), "a Weibull distribution from 0 on: 63 % stay below the scale",
        _weibull_below, _weibull_above, _weibull, _weibull_from_above, _from_zero,
        positive=("shape", "scale"), plain=("shape",),
    ),
}  # fmt: skip
"""Continuous distributions by name."""
