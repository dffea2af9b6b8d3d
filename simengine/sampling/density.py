"""Log densities of continuous distributions, and their derivatives: the distributions of `family` as priors.

In: values, numbers of a distribution. Out: the logarithm of the density and its derivative by the value.

References: the densities stand in N. L. Johnson, S. Kotz, N. Balakrishnan, "Continuous Univariate Distributions", 2nd
ed., vol. 1 (1994) and 2 (1995); tests compare them with SciPy's.

Invariant: the same families as `FAMILIES`, of the same numbers, whole (not cut): what is outside has minus infinity.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import TypeAlias

import numpy as np

from simengine.sampling.family import FAMILIES, _as_beta, _of_logarithm
from simengine.sampling.inverse import Array

Density: TypeAlias = Callable[[Array, Sequence[float]], tuple[Array, Array]]

_HALF_LOG_2PI = 0.5 * math.log(2.0 * math.pi)


def log_density(kind: str, x: Array, numbers: Sequence[float]) -> tuple[Array, Array]:
    """Return log density and its derivative at x: minus infinity and 0 outside the ends.

    Examples
    --------
    >>> value, slope = log_density("uniform", np.array([1.0, 9.0]), (0.0, 4.0))
    >>> np.exp(value).tolist(), slope.tolist()
    ([0.25, 0.0], [0.0, 0.0])

    """
    low, high = FAMILIES[kind].ends(numbers)
    x = np.asarray(x, dtype=np.float64)
    inside = (x >= low) & (x <= high)
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        value, slope = DENSITIES[kind](x, numbers)
    return np.where(inside, value, -np.inf), np.where(inside & np.isfinite(value), slope, 0.0)


def _uniform(x: Array, n: Sequence[float]) -> tuple[Array, Array]:
    return np.full_like(x, -math.log(n[1] - n[0])), np.zeros_like(x)


def _loguniform(x: Array, n: Sequence[float]) -> tuple[Array, Array]:
    return -np.log(x) - math.log(math.log(n[1] / n[0])), -1.0 / x


def _normal(x: Array, n: Sequence[float]) -> tuple[Array, Array]:
    z = (x - n[0]) / n[1]
    return -0.5 * z * z - math.log(n[1]) - _HALF_LOG_2PI, -z / n[1]


def _lognormal(x: Array, n: Sequence[float]) -> tuple[Array, Array]:
    mean, deviation = _of_logarithm(n)
    z = (np.log(x) - mean) / deviation
    value = -0.5 * z * z - np.log(x) - math.log(deviation) - _HALF_LOG_2PI
    return np.where(x > 0.0, value, -np.inf), -(z / deviation + 1.0) / x


def _triangular(x: Array, n: Sequence[float]) -> tuple[Array, Array]:
    low, mode, high = n
    rising = (x < mode) | ((x == mode) & (mode == high))
    distance = np.where(rising, x - low, high - x)
    side = np.where(rising, mode - low, high - mode)
    return np.log(2.0 * distance / (side * (high - low))), np.where(rising, 1.0, -1.0) / distance


def _power(exponent: float, x: Array) -> tuple[Array, Array]:
    """Return exponent times ln x, and its derivative; 0 where the exponent is 0, at x = 0 too."""
    return (np.zeros_like(x), np.zeros_like(x)) if exponent == 0.0 else (exponent * np.log(x), exponent / x)


def _beta(x: Array, n: Sequence[float]) -> tuple[Array, Array]:
    from scipy.special import betaln

    a, b, low, high = n
    width = high - low
    (first, up), (second, down) = _power(a - 1.0, (x - low) / width), _power(b - 1.0, (high - x) / width)
    return first + second - float(betaln(a, b)) - math.log(width), (up - down) / width


def _pert(x: Array, n: Sequence[float]) -> tuple[Array, Array]:
    return _beta(x, _as_beta(n))


def _gamma(x: Array, n: Sequence[float]) -> tuple[Array, Array]:
    shape, scale = n
    value, slope = _power(shape - 1.0, x / scale)
    return value - x / scale - math.lgamma(shape) - math.log(scale), (slope - 1.0) / scale


def _weibull(x: Array, n: Sequence[float]) -> tuple[Array, Array]:
    shape, scale = n
    y = x / scale
    value, slope = _power(shape - 1.0, y)
    tail, more = y**shape, shape * (np.ones_like(y) if shape == 1.0 else y ** (shape - 1.0))
    return value - tail + math.log(shape / scale), (slope - more) / scale


DENSITIES: dict[str, Density] = {
    "uniform": _uniform, "loguniform": _loguniform, "normal": _normal, "lognormal": _lognormal,
    "triangular": _triangular, "pert": _pert, "beta": _beta, "gamma": _gamma, "weibull": _weibull,
}  # fmt: skip
"""Log density and derivative of each family."""
