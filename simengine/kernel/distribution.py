"""Distributions: a uniform number shaped into a draw, truncated exactly.

In: uniforms in (0, 1), and the arguments of a distribution as `program.op.Distribution` lists them. Out: draws.

One uniform gives one draw, by the inverse of the distribution function. Bounds restrict the uniform to the
probabilities between them: the same distribution as drawing anew until a value falls inside.

Invariant: a draw depends on its own uniform and arguments only.
References: Vensim reference manual, "RANDOM ..." functions; XMILE 1.0, 3.5.2.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from simengine.kernel.primitive import power
from simengine.program.op import Distribution

Function = Callable[..., Any]


def draw(distribution: Distribution, uniform: Any, arguments: Sequence[Any]) -> Any:
    """Return draws, of the broadcast shape of the uniforms and arguments."""
    match distribution:
        case Distribution.UNIFORM:
            low, high = arguments
            return low + (high - low) * uniform
        case Distribution.BERNOULLI:
            return np.where(uniform < arguments[0], 1.0, 0.0)
        case Distribution.NORMAL:
            low, high, mean, sd = arguments
            return _continuous(_NORMAL, uniform, low, high, mean, sd, ())
        case Distribution.TRIANGULAR:
            low, high, *shape = arguments
            return _continuous(_TRIANGULAR, uniform, low, high, 0.0, 1.0, tuple(shape))
        case Distribution.LOGNORMAL:
            low, high, mean, sd, shift, stretch = arguments
            # mean and deviation are those of the log-normal itself
            variance = np.log1p(np.square(sd / mean))
            centre = np.log(mean) - variance / 2
            return _continuous(_LOGNORMAL, uniform, low, high, shift, stretch, (centre, np.sqrt(variance)))
        case Distribution.LOGISTIC:
            low, high, mean, scale = arguments
            return _continuous(_LOGISTIC, uniform, low, high, mean, scale, ())
        case Distribution.PARETO:
            low, high, shape, scale = arguments
            return _continuous(_PARETO, uniform, low, high, 0.0, scale, (shape,))
        case Distribution.GEOMETRIC:
            low, high, p = arguments
            return _discrete(_GEOMETRIC, uniform, low, high, 0.0, 1.0, (p,))
    low, high, *shape, shift, stretch = arguments
    if distribution in _DISCRETE:
        return _discrete(_DISCRETE[distribution], uniform, low, high, shift, stretch, tuple(shape))
    return _continuous(_CONTINUOUS[distribution], uniform, low, high, shift, stretch, tuple(shape))


def _continuous(
    pair: tuple[Function, Function], uniform: Any, low: Any, high: Any, shift: Any, stretch: Any, shape: tuple[Any, ...]
) -> Any:
    cdf, inverse = pair
    with np.errstate(all="ignore"):
        ends = [(low - shift) / stretch, (high - shift) / stretch]
        below, above = cdf(np.minimum(*ends), *shape), cdf(np.maximum(*ends), *shape)
        value = shift + stretch * inverse(below + uniform * (above - below), *shape)
        value = np.where(np.equal(stretch, 0.0), shift, value)  # no spread: the centre
    return np.clip(value, low, high)[()]  # rounding at the bounds only


def _discrete(
    pair: tuple[Function, Function], uniform: Any, low: Any, high: Any, shift: Any, stretch: Any, shape: tuple[Any, ...]
) -> Any:
    cdf, inverse = pair
    with np.errstate(all="ignore"):
        ends = [(low - shift) / stretch, (high - shift) / stretch]
        first, last = np.ceil(np.minimum(*ends)), np.floor(np.maximum(*ends))
        below = np.where(first <= 0, 0.0, cdf(first - 1, *shape))
        above = cdf(last, *shape)
        target = below + uniform * (above - below)
        count = np.maximum(np.ceil(inverse(target, *shape) - 1e-9), np.maximum(first, 0))
        # the inverse of a step function by special functions may be one off: settle it by the function itself
        count = np.where((count > 0) & (cdf(count - 1, *shape) >= target), count - 1, count)
        count = np.where(cdf(count, *shape) < target, count + 1, count)
        return (shift + stretch * np.minimum(count, last))[()]


def _special(name: str) -> Function:
    def function(*arguments: Any) -> Any:
        import scipy.special  # heavy: only where a model draws

        return getattr(scipy.special, name)(*arguments)

    return function


_ndtr, _ndtri = _special("ndtr"), _special("ndtri")
_NORMAL = (_ndtr, _ndtri)
_LOGNORMAL = (
    lambda x, m, s: np.where(x > 0, _ndtr((np.log(np.maximum(x, 1e-300)) - m) / s), 0.0),
    lambda p, m, s: np.exp(m + s * _ndtri(p)),
)
_LOGISTIC = (lambda x: 1 / (1 + np.exp(-x)), lambda p: np.log(p) - np.log1p(-p))
_PARETO = (lambda x, a: np.where(x > 1, 1 - power(x, -a), 0.0), lambda p, a: power(1 - p, -1 / a))


def _triangular_cdf(x: Any, start: Any, peak: Any, stop: Any) -> Any:
    width = stop - start
    rising = np.square(x - start) / (width * (peak - start))
    falling = 1 - np.square(stop - x) / (width * (stop - peak))
    return np.where(x <= start, 0.0, np.where(x >= stop, 1.0, np.where(x < peak, rising, falling)))


def _triangular_inverse(p: Any, start: Any, peak: Any, stop: Any) -> Any:
    width = stop - start
    rising = start + np.sqrt(p * width * (peak - start))
    falling = stop - np.sqrt((1 - p) * width * (stop - peak))
    return np.where(p * width < peak - start, rising, falling)


_TRIANGULAR = (_triangular_cdf, _triangular_inverse)
_CONTINUOUS: dict[Distribution, tuple[Function, Function]] = {
    Distribution.EXPONENTIAL: (lambda x: -np.expm1(-np.maximum(x, 0)), lambda p: -np.log1p(-p)),
    Distribution.GAMMA: (
        lambda x, a: _special("gammainc")(a, np.maximum(x, 0)),
        lambda p, a: _special("gammaincinv")(a, p),
    ),
    Distribution.BETA: (
        lambda x, a, b: _special("betainc")(a, b, np.clip(x, 0, 1)),
        lambda p, a, b: _special("betaincinv")(a, b, p),
    ),
    Distribution.WEIBULL: (
        lambda x, k: -np.expm1(-power(np.maximum(x, 0), k)),
        lambda p, k: power(-np.log1p(-p), 1 / k),
    ),
}
_GEOMETRIC = (
    lambda k, p: np.where(k < 1, 0.0, 1 - power(1 - p, k)),
    lambda u, p: np.maximum(1.0, np.log1p(-u) / np.log1p(-p)),
)
_DISCRETE: dict[Distribution, tuple[Function, Function]] = {
    Distribution.POISSON: (
        lambda k, mean: np.where(k < 0, 0.0, _special("pdtr")(np.maximum(k, 0), mean)),
        _special("pdtrik"),
    ),
    Distribution.BINOMIAL: (
        lambda k, p, n: np.where(k < 0, 0.0, np.where(k >= n, 1.0, _special("bdtr")(np.maximum(k, 0), n, p))),
        lambda u, p, n: _special("bdtrik")(u, n, p),
    ),
    Distribution.NEGATIVE_BINOMIAL: (
        lambda k, p, n: np.where(k < 0, 0.0, _special("nbdtr")(np.maximum(k, 0), n, p)),
        lambda u, p, n: _special("nbdtrik")(u, n, p),
    ),
}
