"""Distributions: a uniform number shaped into a draw, truncated exactly.

In: uniforms in (0, 1), and the arguments of a distribution as `program.op.Distribution` lists them. Out: draws.

One uniform gives one draw, by the inverse of the distribution function; those with a formula are primitives by now
(`compile.shaped`). Bounds restrict the uniform to the probabilities between them: the same distribution as drawing anew
until a value falls inside.

Invariant: a draw depends on its own uniform and arguments only.
References: Vensim reference manual, "RANDOM ..." functions; XMILE 1.0, 3.5.2.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from simengine.program.op import Distribution

Function = Callable[..., Any]


def draw(distribution: Distribution, uniform: Any, arguments: Sequence[Any]) -> Any:
    """Return draws, of the broadcast shape of the uniforms and arguments."""
    match distribution:
        case Distribution.UNIFORM:
            low, high = arguments
            return low + (high - low) * uniform
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


_CONTINUOUS: dict[Distribution, tuple[Function, Function]] = {
    Distribution.GAMMA: (
        lambda x, a: _special("gammainc")(a, np.maximum(x, 0)),
        lambda p, a: _special("gammaincinv")(a, p),
    ),
    Distribution.BETA: (
        lambda x, a, b: _special("betainc")(a, b, np.clip(x, 0, 1)),
        lambda p, a, b: _special("betaincinv")(a, b, p),
    ),
}
_GEOMETRIC = (
    lambda k, p: np.where(k < 1, 0.0, 1 - np.power(1 - p, k)),
    lambda u, p: np.maximum(1.0, np.log1p(-u) / np.log1p(-p)),
)
_DISCRETE: dict[Distribution, tuple[Function, Function]] = {
    Distribution.POISSON: (
        lambda k, mean: np.where(k < 0, 0.0, _special("pdtr")(np.maximum(k, 0), mean)),
        _special("pdtrik"),
    ),
    Distribution.BINOMIAL: (
        # Abramowitz and Stegun 26.5.24
        lambda k, p, n: np.where(
            k < 0, 0.0, np.where(k >= n, 1.0, _special("betainc")(np.maximum(n - k, 1e-9), np.maximum(k, 0) + 1, 1 - p))
        ),
        lambda u, p, n: _special("bdtrik")(u, n, p),
    ),
    Distribution.NEGATIVE_BINOMIAL: (
        lambda k, p, n: np.where(k < 0, 0.0, _special("betainc")(n, np.maximum(k, 0) + 1, p)),  # 26.5.26
        lambda u, p, n: _special("nbdtrik")(u, n, p),
    ),
}
