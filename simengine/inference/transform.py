"""Transforms between a parameter in its range and a free number, which has no bounds.

In: values of a parameter, or free numbers; of many parameters with `Transforms`. Out: the other, slopes, and the
logarithm of the Jacobian with its derivative, by which a density of the parameter becomes one of the free number.

References: Stan Development Team, Stan Reference Manual, "Constraint transforms" (log, logit on a range).

Invariant: `value` of any number is in the range, ends included where rounding needs it; `value` and `free` are inverse.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Protocol

import numpy as np

from simengine.inference.arrays import Array, Places

_LOG_2PI = math.log(2.0 * math.pi)


class Transform(Protocol):
    """A transform of one parameter."""

    @property
    def kind(self) -> str:
        """The word for it in calibration files."""

    def free(self, x: Array) -> Array:
        """Return the free numbers of values."""

    def value(self, u: Array) -> Array:
        """Return the values of free numbers."""

    def slope(self, u: Array) -> Array:
        """Return the derivative of the value by the free number; it is above 0."""

    def log_jacobian(self, u: Array) -> Array:
        """Return the logarithm of the slope, accurate where the slope is too small to be told from 0."""

    def log_jacobian_slope(self, u: Array) -> Array:
        """Return the derivative of the logarithm of the slope."""


@dataclass(frozen=True)
class Identity:
    """The parameter as it is."""

    kind = "none"

    def free(self, x: Array) -> Array:
        """Return x."""
        return np.asarray(x, dtype=np.float64)

    def value(self, u: Array) -> Array:
        """Return u."""
        return np.asarray(u, dtype=np.float64)

    def slope(self, u: Array) -> Array:
        """Return 1."""
        return np.ones_like(u, dtype=np.float64)

    def log_jacobian(self, u: Array) -> Array:
        """Return 0."""
        return np.zeros_like(u, dtype=np.float64)

    def log_jacobian_slope(self, u: Array) -> Array:
        """Return 0."""
        return np.zeros_like(u, dtype=np.float64)


@dataclass(frozen=True)
class Log:
    """The logarithm of what a parameter is above `low`.

    Examples
    --------
    >>> Log().value(np.array([0.0])).tolist()
    [1.0]

    """

    low: float | Array = 0.0
    kind = "log"

    def free(self, x: Array) -> Array:
        """Return ln(x - low): minus infinity at low, NaN below."""
        with np.errstate(divide="ignore", invalid="ignore"):
            return np.asarray(np.log(x - self.low))

    def value(self, u: Array) -> Array:
        """Return low + exp u."""
        with np.errstate(over="ignore"):
            return np.asarray(self.low + np.exp(u))

    def slope(self, u: Array) -> Array:
        """Return exp u."""
        with np.errstate(over="ignore"):
            return np.asarray(np.exp(u))

    def log_jacobian(self, u: Array) -> Array:
        """Return u."""
        return np.asarray(u, dtype=np.float64)

    def log_jacobian_slope(self, u: Array) -> Array:
        """Return 1."""
        return np.ones_like(u, dtype=np.float64)


@dataclass(frozen=True)
class _Range:
    """A range reached by a distribution function: value = low + (high - low) F(u)."""

    low: float | Array
    high: float | Array

    def __post_init__(self) -> None:
        if not np.all((self.low < self.high) & np.isfinite(self.high - self.low)):
            raise ValueError(f"a range needs two finite ends that rise, not {self.low!r} and {self.high!r}")

    def _from_low(self, share: Array, rest: Array) -> Array:
        """Return the value at a share of the range; measured from the nearer end, so that both ends are exact."""
        width = self.high - self.low
        x = np.where(share <= rest, self.low + width * share, self.high - width * rest)
        return np.asarray(np.clip(x, self.low, self.high))

    def _shares(self, x: Array) -> tuple[Array, Array]:
        width = self.high - self.low
        return np.asarray((x - self.low) / width), np.asarray((self.high - x) / width)


@dataclass(frozen=True)
class Logit(_Range):
    """The logit of where a parameter is in its range: ln((x - low)/(high - x)).

    Examples
    --------
    >>> Logit(2.0, 4.0).value(np.array([0.0, 1000.0])).tolist()
    [3.0, 4.0]

    """

    kind = "logit"

    def free(self, x: Array) -> Array:
        """Return ln((x - low)/(high - x)): infinite at the ends, NaN beyond."""
        share, rest = self._shares(x)
        with np.errstate(divide="ignore", invalid="ignore"):
            return np.asarray(np.log(share) - np.log(rest))

    def value(self, u: Array) -> Array:
        """Return low + (high - low)/(1 + exp(-u))."""
        return self._from_low(_expit(u), _expit(-np.asarray(u)))

    def slope(self, u: Array) -> Array:
        """Return the derivative of the value."""
        return np.asarray(np.exp(self.log_jacobian(u)))

    def log_jacobian(self, u: Array) -> Array:
        """Return ln(high - low) - ln(1 + exp u) - ln(1 + exp(-u))."""
        size = np.abs(u)
        return np.asarray(np.log(self.high - self.low) - size - 2.0 * np.log1p(np.exp(-size)))

    def log_jacobian_slope(self, u: Array) -> Array:
        """Return 1 - 2/(1 + exp(-u))."""
        return np.asarray(-np.tanh(np.asarray(u) / 2.0))


@dataclass(frozen=True)
class Probit(_Range):
    """The standard normal quantile of where a parameter is in its range."""

    kind = "probit"

    def free(self, x: Array) -> Array:
        """Return the quantile: infinite at the ends, NaN beyond."""
        from scipy.special import ndtri

        share, rest = self._shares(x)
        return np.asarray(np.where(share <= rest, ndtri(share), -ndtri(rest)))

    def value(self, u: Array) -> Array:
        """Return low + (high - low) Phi(u)."""
        from scipy.special import ndtr

        return self._from_low(np.asarray(ndtr(u)), np.asarray(ndtr(-np.asarray(u))))

    def slope(self, u: Array) -> Array:
        """Return the derivative of the value."""
        return np.asarray(np.exp(self.log_jacobian(u)))

    def log_jacobian(self, u: Array) -> Array:
        """Return ln(high - low) and the logarithm of the standard normal density."""
        return np.asarray(np.log(self.high - self.low) - 0.5 * (np.square(u) + _LOG_2PI))

    def log_jacobian_slope(self, u: Array) -> Array:
        """Return -u."""
        return -np.asarray(u, dtype=np.float64)


@dataclass(frozen=True)
class LogLogit:
    """The logit of where the logarithm of a parameter is between those of two values above 0.

    `log` where both ends of the range must hold: small and large values have equal room.
    """

    low: float | Array
    high: float | Array
    kind = "log logit"

    def __post_init__(self) -> None:
        if not np.all((self.low > 0.0) & (self.low < self.high) & (self.high < math.inf)):
            raise ValueError(f"the logarithm of a range needs ends above 0, not {self.low!r} and {self.high!r}")

    @cached_property
    def _inner(self) -> Logit:
        return Logit(np.log(self.low), np.log(self.high))

    def free(self, x: Array) -> Array:
        """Return the logit of where ln x is; infinite at the ends, NaN beyond."""
        with np.errstate(divide="ignore", invalid="ignore"):
            below, above = np.log(np.asarray(x) / self.low), np.log(self.high / np.asarray(x))
            return np.asarray(np.log(below) - np.log(above))

    def value(self, u: Array) -> Array:
        """Return the exponential of a logarithm within its range."""
        share, rest, width = _expit(u), _expit(-np.asarray(u)), np.log(self.high / self.low)
        x = np.where(share <= rest, self.low * np.exp(width * share), self.high * np.exp(-width * rest))
        return np.asarray(np.clip(x, self.low, self.high))

    def slope(self, u: Array) -> Array:
        """Return the derivative of the value."""
        return np.asarray(self.value(u) * self._inner.slope(u))

    def log_jacobian(self, u: Array) -> Array:
        """Return ln x + the inner logit's."""
        return np.asarray(self._inner.value(u) + self._inner.log_jacobian(u))

    def log_jacobian_slope(self, u: Array) -> Array:
        """Return the derivative of the logarithm of the slope."""
        return np.asarray(self._inner.slope(u) + self._inner.log_jacobian_slope(u))


def _expit(u: Array) -> Array:
    with np.errstate(over="ignore"):
        return np.asarray(1.0 / (1.0 + np.exp(-np.asarray(u, dtype=np.float64))))


_ON_RANGE: dict[str, Callable[[float, float], Transform]] = {"logit": Logit, "probit": Probit, "log logit": LogLogit}
KINDS = ("none", "log", *_ON_RANGE)
"""The words for transforms."""


def transform_of(kind: str, low: float = -math.inf, high: float = math.inf) -> Transform:
    """Return a transform by its word, for a range.

    `log` on a range whose lower end is finite and not above 0 starts there, else at 0; its upper end is not held (by
    the prior or by bounds of the optimiser, or take `log logit`).

    Raises
    ------
    ValueError
        Where there is no such transform, or the range does not fit it.

    Examples
    --------
    >>> transform_of("logit", 0.0, 1.0)
    Logit(low=0.0, high=1.0)

    """
    if kind == "none":
        return Identity()
    if kind == "log":
        return Log(low if math.isfinite(low) and low < 0.0 else 0.0)
    if kind not in _ON_RANGE:
        raise ValueError(f"no transform is called {kind!r}; there are {', '.join(KINDS)}")
    return _ON_RANGE[kind](low, high)


class Transforms:
    """Transforms of D parameters: those of a kind are computed at once, their ends side by side.

    Every method takes and gives (..., D). What is computed of a row does not depend on the others.

    Examples
    --------
    >>> Transforms([Identity(), Log(), Log(1.0)]).value(np.zeros((1, 3))).tolist()
    [[0.0, 1.0, 2.0]]

    """

    def __init__(self, own: Sequence[Transform]) -> None:
        self.own = tuple(own)
        places: dict[type[Transform], list[int]] = {}
        for place, transform in enumerate(self.own):
            places.setdefault(type(transform), []).append(place)
        self._groups: tuple[tuple[Places, Transform], ...] = tuple(
            (np.asarray(numbers), _side_by_side(kind, [self.own[n] for n in numbers]))
            for kind, numbers in places.items()
        )

    def free(self, x: Array) -> Array:
        """Return the free numbers of values."""
        return self._each(x, lambda transform, own: transform.free(own))

    def value(self, u: Array) -> Array:
        """Return the values of free numbers."""
        return self._each(u, lambda transform, own: transform.value(own))

    def slope(self, u: Array) -> Array:
        """Return the derivatives of values by free numbers."""
        return self._each(u, lambda transform, own: transform.slope(own))

    def log_jacobian(self, u: Array) -> Array:
        """Return the logarithms of the slopes."""
        return self._each(u, lambda transform, own: transform.log_jacobian(own))

    def log_jacobian_slope(self, u: Array) -> Array:
        """Return the derivatives of the logarithms of the slopes."""
        return self._each(u, lambda transform, own: transform.log_jacobian_slope(own))

    def _each(self, numbers: Array, what: Callable[[Transform, Array], Array]) -> Array:
        given = np.asarray(numbers, dtype=np.float64)
        if len(self._groups) == 1:
            return np.ascontiguousarray(what(self._groups[0][1], np.ascontiguousarray(given)))
        out = np.empty_like(given, order="C")
        for places, transform in self._groups:
            out[..., places] = what(transform, given.take(places, axis=-1))
        return out


def _side_by_side(kind: type[Transform], own: Sequence[Transform]) -> Transform:
    """Return one transform with the ends of several of a kind, in their order."""
    if kind is Identity:
        return own[0]
    ends = [np.array([getattr(t, name) for t in own]) for name in ("low", "high") if hasattr(own[0], name)]
    return kind(*ends)
