"""Error models: how observations of one series scatter around predictions.

In: observations (n,), NaN where there is none; predictions of K parameter sets (K, n); the numbers of the error model
that are estimated (K, E), in the order of `estimated`; weights and times (n,) where there are. Out: log-likelihoods
(K,) and exact derivatives, residuals for least squares, standardised residuals, quantiles, draws.

A weight w counts an observation w times: its log density is multiplied by w (0 leaves it out, and counts it as
missing); draws and quantiles are of observations of weight 1. With AR(1), a scale is that of the error itself, not of
the innovation (`error_chain`). A prediction that fails (NaN), or that the law can not have (a lognormal one at 0),
makes the log-likelihood minus infinity and its derivatives 0.

Invariant: what is missing changes nothing but the count of what is used; every method takes all K at once.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import NamedTuple, Protocol

import numpy as np
from numpy.typing import ArrayLike

from simengine.inference.arrays import Array, Bools, as_rows, as_vector
from simengine.inference.error_chain import periods_between
from simengine.inference.error_count import CountLaw, NegativeBinomial, Poisson
from simengine.inference.error_law import Measure, MeasuredLaw, Terms
from simengine.inference.error_shape import Gaussian, Huber, Laplace, Student


class Law(Protocol):
    """What observations that are there do around predictions that may be."""

    @property
    def names(self) -> tuple[str, ...]:
        """The names of its numbers, in order."""

    @property
    def needs(self) -> str:
        """What observations must be."""

    @property
    def not_least_squares(self) -> str | None:
        """Why its log-likelihood is no sum of squares, None where it is one."""

    def outside(self, y: Array) -> Bools:
        """Return which observations it can not be."""

    def predictable(self, m: Array) -> Bools:
        """Return which predictions it takes."""

    def terms(self, y: Array, m: Array, p: Array, weights: Array, periods: Array) -> Terms:
        """Return weighted log densities and derivatives."""

    def residuals(
        self, y: Array, m: Array, p: Array, weights: Array, periods: Array, jacobian: Array
    ) -> tuple[Array, Array]:
        """Return residuals for least squares and their Jacobian."""

    def standardised(self, y: Array, m: Array, p: Array, periods: Array) -> Array:
        """Return standardised residuals."""

    def whitened(self, m: Array, p: Array, weights: Array, periods: Array, jacobian: Array) -> Array:
        """Return rows whose squares add up to the expected information."""

    def quantile(self, level: float, m: Array, p: Array) -> Array:
        """Return a quantile."""

    def draw(self, rng: np.random.Generator, m: Array, p: Array, periods: Array) -> Array:
        """Return draws."""


class ErrorNumber(NamedTuple):
    """A number of an error model: where it may be, how it is freed, what it is where nobody says."""

    name: str
    low: float
    high: float
    transform: str
    default: float | None
    """None: it must be given or estimated."""
    of_output: bool = False
    """Whether it has the unit of what is observed."""


class Likelihood(NamedTuple):
    """A log-likelihood with its derivatives."""

    value: Array
    """(K,)"""
    by_predicted: Array
    """(K, n): 0 where nothing was observed."""
    by_scales: Array
    """(K, E)"""


class Residuals(NamedTuple):
    """Residuals for least squares, with their Jacobian."""

    value: Array
    """(K, n): 0 where nothing was observed, NaN where the prediction failed."""
    jacobian: Array
    """(K, n, D)"""


_LAWS: dict[str, Law] = {
    "normal": MeasuredLaw(Measure.ABSOLUTE, Gaussian()),
    "lognormal": MeasuredLaw(Measure.LOG, Gaussian()),
    "relative": MeasuredLaw(Measure.RELATIVE, Gaussian()),
    "student": MeasuredLaw(Measure.ABSOLUTE, Student()),
    "laplace": MeasuredLaw(Measure.ABSOLUTE, Laplace()),
    "huber": MeasuredLaw(Measure.ABSOLUTE, Huber()),
    "poisson": CountLaw(Poisson()),
    "negative binomial": CountLaw(NegativeBinomial()),
}
KINDS = tuple(_LAWS)
"""The words for error models."""

_NUMBERS = {
    "scale": ErrorNumber("scale", 0.0, math.inf, "log", None),
    # below 1 no mean, above 200 a normal distribution; 4: C. Liu, D. B. Rubin (1995), Statistica Sinica 5, 19-39
    "degrees of freedom": ErrorNumber("degrees of freedom", 1.0, 200.0, "log logit", 4.0),
    # 95 % efficient where errors are normal: P. J. Huber, Robust Statistics (1981), 4.5
    "threshold": ErrorNumber("threshold", 0.1, 10.0, "log logit", 1.345),
    "autocorrelation": ErrorNumber("autocorrelation", -0.999, 0.999, "logit", None),
    "size": ErrorNumber("size", 0.0, math.inf, "log", None),
}


@dataclass(frozen=True)
class ErrorModel:
    """An error model of one series; made by `error_model`."""

    kind: str
    law: Law
    given: Mapping[str, float] = field(default_factory=dict)
    period: float | None = None
    """What AR(1) counts time in; None: the shortest gap of the times of what is used, or of all that is drawn."""

    @property
    def numbers(self) -> tuple[ErrorNumber, ...]:
        """All its numbers, in order."""
        of_output = self.kind in {"normal", "student", "laplace", "huber"}
        return tuple(_NUMBERS[name]._replace(of_output=of_output and name == "scale") for name in self.law.names)

    @property
    def estimated(self) -> tuple[ErrorNumber, ...]:
        """The numbers that are not given, in order: the columns of `scales`."""
        return tuple(number for number in self.numbers if number.name not in self.given)

    @property
    def not_least_squares(self) -> str | None:
        """Why its log-likelihood is no sum of squares of residuals, None where it is one."""
        return self.law.not_least_squares

    def problem(self, observed: ArrayLike) -> str | None:
        """Return why observations can not be of this model, None where they can."""
        y = as_vector(observed)
        there = y[~np.isnan(y)]
        bad = int(np.sum(self.law.outside(there) | ~np.isfinite(there)))
        return f"{self.kind} errors need {self.law.needs}: {bad} of {len(there)} are not" if bad else None

    def used(self, observed: ArrayLike, weights: ArrayLike | None = None) -> Bools:
        """Return which observations are used: not missing, and of a weight above 0."""
        y = as_vector(observed)
        return np.asarray(~np.isnan(y) & (_weights(weights, len(y)) > 0.0))

    def loglik(
        self,
        observed: ArrayLike,
        predicted: ArrayLike,
        scales: ArrayLike | None = None,
        weights: ArrayLike | None = None,
        times: ArrayLike | None = None,
    ) -> Array:
        """Return the log-likelihood: (K,)."""
        return self.likelihood(observed, predicted, scales, weights, times).value

    def likelihood(
        self,
        observed: ArrayLike,
        predicted: ArrayLike,
        scales: ArrayLike | None = None,
        weights: ArrayLike | None = None,
        times: ArrayLike | None = None,
    ) -> Likelihood:
        """Return the log-likelihood with its derivatives by predictions and by the numbers estimated."""
        s = self.settled(observed, predicted, scales, weights, times)
        with np.errstate(all="ignore"):  # what overflows is minus infinity, and told so
            terms = self.law.terms(s.y, s.m, s.numbers, s.weights, s.periods)
            value = np.where(s.sound, np.sum(np.ascontiguousarray(terms.value), axis=1), -np.inf)
        good = (s.sound & np.isfinite(value))[:, None]
        columns = [i for i, number in enumerate(self.numbers) if number.name not in self.given]
        by_scales = np.where(good, terms.by_numbers[:, columns], 0.0)
        return Likelihood(
            np.where(np.isnan(value), -np.inf, value), s.spread(np.where(good, terms.by_predicted, 0.0)), by_scales
        )

    def pointwise(
        self,
        observed: ArrayLike,
        predicted: ArrayLike,
        scales: ArrayLike | None = None,
        weights: ArrayLike | None = None,
        times: ArrayLike | None = None,
    ) -> Array:
        """Return weighted log densities (K, n), with AR(1) of each given the one before; NaN where there is none."""
        s = self.settled(observed, predicted, scales, weights, times)
        with np.errstate(all="ignore"):
            value = self.law.terms(s.y, s.m, s.numbers, s.weights, s.periods).value
        return s.spread(np.where(s.sound[:, None], value, -np.inf), np.nan)

    def residuals(
        self,
        observed: ArrayLike,
        predicted: ArrayLike,
        jacobian: ArrayLike,
        scales: ArrayLike | None = None,
        weights: ArrayLike | None = None,
        times: ArrayLike | None = None,
    ) -> Residuals | None:
        """Return residuals whose half squares add up to minus the log-likelihood, but for what predictions do not move.

        jacobian: derivatives of the predictions, (K, n, D). None where the model is no sum of squares
        (`not_least_squares` says why).
        """
        if self.law.not_least_squares is not None:
            return None
        s = self.settled(observed, predicted, scales, weights, times)
        moved = np.asarray(jacobian, dtype=np.float64)
        moved = np.broadcast_to(moved if moved.ndim == 3 else moved[None], (*s.shape, moved.shape[-1]))
        with np.errstate(all="ignore"):
            value, slopes = self.law.residuals(s.y, s.m, s.numbers, s.weights, s.periods, moved[:, s.used])
        failed = ~s.sound[:, None]
        return Residuals(
            s.spread(np.where(failed, np.nan, value)), s.spread(np.where(failed[:, :, None], np.nan, slopes))
        )

    def standardised(
        self,
        observed: ArrayLike,
        predicted: ArrayLike,
        scales: ArrayLike | None = None,
        times: ArrayLike | None = None,
    ) -> Array:
        """Return residuals that are about N(0, 1) and independent where the model is right: (K, n), NaN where none.

        Innovations where errors are carried over; of counts Pearson's.
        """
        s = self.settled(observed, predicted, scales, None, times)
        with np.errstate(all="ignore"):
            value = self.law.standardised(s.y, s.m, s.numbers, s.periods)
        return s.spread(np.where(s.sound[:, None], value, np.nan), np.nan)

    def whitened_jacobian(
        self,
        observed: ArrayLike,
        predicted: ArrayLike,
        jacobian: ArrayLike,
        scales: ArrayLike | None = None,
        weights: ArrayLike | None = None,
        times: ArrayLike | None = None,
    ) -> Array:
        """Return rows R (K, rows, D) with R'R the expected (Fisher) information on the parameters, scales as known.

        Of `observed` only what is missing matters. Rows are one an observation used, two of a relative error.
        """
        s = self.settled(observed, predicted, scales, weights, times)
        moved = np.asarray(jacobian, dtype=np.float64)
        moved = np.broadcast_to(moved if moved.ndim == 3 else moved[None], (*s.shape, moved.shape[-1]))
        rows = self.law.whitened(s.m, s.numbers, s.weights, s.periods, moved[:, s.used])
        return np.where(s.sound[:, None, None], rows, np.nan)

    def quantiles(self, levels: ArrayLike, predicted: ArrayLike, scales: ArrayLike | None = None) -> Array:
        """Return quantiles of single observations: (levels, K, n); NaN where the prediction can not be."""
        m = as_rows(predicted)
        p, good = self.all_numbers(scales, len(m)), self.law.predictable(m)
        rows = [
            np.where(good, self.law.quantile(float(q), np.where(good, m, 1.0), p), np.nan) for q in as_vector(levels)
        ]
        return np.stack(rows)

    def draw(
        self,
        rng: np.random.Generator,
        predicted: ArrayLike,
        scales: ArrayLike | None = None,
        times: ArrayLike | None = None,
    ) -> Array:
        """Return observations as they might be: (K, n); NaN where the prediction can not be."""
        m = as_rows(predicted)
        p, good = self.all_numbers(scales, len(m)), self.law.predictable(m)
        periods = periods_between(np.arange(float(m.shape[1])) if times is None else as_vector(times), self.period)
        return np.where(good, self.law.draw(rng, np.where(good, m, 1.0), p, periods), np.nan)

    def all_numbers(self, scales: ArrayLike | None, rows: int) -> Array:
        """Return all numbers, those given and those estimated: (K, P)."""
        estimated = self.estimated
        free = np.zeros((rows, 0)) if scales is None else as_rows(scales)
        if free.shape[-1] != len(estimated):
            names = ", ".join(number.name for number in estimated) or "nothing"
            raise ValueError(f"{self.kind} errors: {free.shape[-1]} numbers, but {names} is estimated")
        columns = {number.name: free[:, i] for i, number in enumerate(estimated)}
        all_of = [columns.get(n.name, np.full(len(free), self.given.get(n.name, np.nan))) for n in self.numbers]
        table = np.stack(all_of, axis=1) if all_of else np.zeros((rows, 0))
        return np.array(np.broadcast_to(table, (rows, len(all_of))))

    def settled(
        self,
        observed: ArrayLike,
        predicted: ArrayLike,
        scales: ArrayLike | None,
        weights: ArrayLike | None,
        times: ArrayLike | None,
    ) -> Settled:
        """Return what is used of a series, side by side."""
        y, m = as_vector(observed), as_rows(predicted)
        if m.shape[1] != len(y):
            raise ValueError(f"{len(y)} observations, but {m.shape[1]} predictions")
        used = self.used(y, weights)
        at = np.arange(len(y), dtype=np.float64) if times is None else as_vector(times)
        p, inner = self.all_numbers(scales, len(m)), np.compress(used, m, axis=1)
        good = self.law.predictable(inner)
        own = np.all([(p[:, i] > n.low) & (p[:, i] < np.inf) for i, n in enumerate(self.numbers)], axis=0)
        sound = np.all(good, axis=1) & own & (not np.any(self.law.outside(y[used])))
        # what can not be is computed with numbers that can, and left out after
        safe = np.where(own[:, None], p, 0.5 * np.ones_like(p)) if p.shape[1] else p
        periods = periods_between(at[used], self.period)
        return Settled(
            y[used], np.where(good, inner, 1.0), safe, _weights(weights, len(y))[used], periods, used, m.shape, sound
        )


class Settled(NamedTuple):
    """What is used of a series, side by side."""

    y: Array
    m: Array
    numbers: Array
    weights: Array
    periods: Array
    used: Bools
    shape: tuple[int, ...]
    sound: Bools
    """(K,): whether all predictions and numbers can be."""

    def spread(self, values: Array, empty: float = 0.0) -> Array:
        """Return values of what is used in their places among all observations."""
        out = np.full((values.shape[0], len(self.used), *values.shape[2:]), empty)
        out[:, self.used] = values
        return out


def _weights(weights: ArrayLike | None, n: int) -> Array:
    if weights is None:
        return np.ones(n)
    w = np.broadcast_to(as_vector(weights), (n,))
    if np.any(~(w >= 0.0)) or np.any(np.isinf(w)):
        raise ValueError("weights must be numbers of at least 0")
    return w


def error_model(kind: str, given: Mapping[str, float] | None = None, *, autocorrelated: bool = False) -> ErrorModel:
    """Return an error model by its word.

    Parameters
    ----------
    kind
        One of `KINDS`.
    given
        Numbers that are known; the others are estimated. `degrees of freedom` and `threshold` have defaults, and are
        estimated where NaN is given.
    autocorrelated
        Whether errors are carried over, AR(1).

    Raises
    ------
    ValueError
        Where there is no such model, it has no such number, or counts were to be autocorrelated.

    Examples
    --------
    >>> model = error_model("normal", {"scale": 2.0})
    >>> model.loglik([1.0, float("nan"), 3.0], [[1.0, 9.0, 5.0]]).round(6).tolist()
    [-3.724171]
    >>> [n.name for n in error_model("student", autocorrelated=True).estimated]
    ['scale', 'autocorrelation']

    """
    if kind not in _LAWS:
        raise ValueError(f"no error model is called {kind!r}; there are {', '.join(KINDS)}")
    law = _LAWS[kind]
    if autocorrelated:
        if not isinstance(law, MeasuredLaw):
            raise ValueError(f"{kind} errors can not be autocorrelated: a count has no error that is carried over")
        law = MeasuredLaw(law.measure, law.shape, chained=True)
    known = {name: default for name in law.names if (default := _NUMBERS[name].default) is not None}
    for name, value in (given or {}).items():
        if name not in law.names:
            raise ValueError(f"{kind} errors have no {name!r}; they have {', '.join(law.names) or 'no numbers'}")
        number = _NUMBERS[name]
        if math.isnan(value):
            known.pop(name, None)
        elif number.low < value < math.inf and (name != "autocorrelation" or value < 1.0):
            known[name] = value
        else:
            raise ValueError(f"{name} of {kind} errors must be above {number.low:g}, not {value!r}")
    return ErrorModel(kind, law, known)
