"""Errors that are measured: observation, prediction and scale make a standardised error, of some shape, perhaps AR(1).

In: observations there are (m,), predictions (K, m), numbers of the law (K, P). Out: log densities and
derivatives, residuals.

Three ways to measure, with s the scale and p the prediction:

    absolute   z = (y - p)/s
    relative   z = (y - p)/(s |p|): the standard deviation is s times the size of the *prediction*
    log        z = (ln y - ln p)/s: the prediction is the median; s is the standard deviation of the logarithm

Invariant: the log density is that of y, with the Jacobian of z: values of different kinds can be compared.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import NamedTuple

import numpy as np

from simengine.inference.arrays import Array, Bools
from simengine.inference.error_chain import Chain
from simengine.inference.error_shape import Shape


class Terms(NamedTuple):
    """A log-likelihood by its terms."""

    value: Array
    """(K, m): weighted log densities; with AR(1) of each given the one before."""
    by_predicted: Array
    """(K, m): the derivative of their sum."""
    by_numbers: Array
    """(K, P): likewise by the law's numbers."""


class Measure(Enum):
    """How an error is measured."""

    ABSOLUTE = "absolute"
    RELATIVE = "relative"
    LOG = "log"


class _Measured(NamedTuple):
    """Standardised errors and the logarithm of dz/dy, and their derivatives; each (K, m)."""

    z: Array
    by_predicted: Array
    by_scale: Array
    log: Array
    log_by_predicted: Array
    log_by_scale: Array


def _measured(measure: Measure, y: Array, m: Array, s: Array) -> _Measured:
    flat = np.zeros_like(m)
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        match measure:
            case Measure.ABSOLUTE:
                z, by, log, by_log = (y - m) / s, -1.0 / s + flat, -np.log(s) + flat, flat
            case Measure.RELATIVE:
                spread = s * np.abs(m)
                z = (y - m) / spread
                by, log, by_log = -1.0 / spread - z / m, -np.log(spread), -1.0 / m
            case Measure.LOG:
                z = (np.log(y) - np.log(m)) / s
                by, log, by_log = -1.0 / (s * m), -np.log(s) - np.log(y) + flat, flat
        return _Measured(z, by, -z / s, log, by_log, -1.0 / s + flat)


@dataclass(frozen=True)
class MeasuredLaw:
    """A measure, a shape, and whether errors are carried over. Its numbers: scale, the shape's own, autocorrelation."""

    measure: Measure
    shape: Shape
    chained: bool = False

    @property
    def names(self) -> tuple[str, ...]:
        """The names of its numbers, in order."""
        own = () if self.shape.number is None else (self.shape.number,)
        return ("scale", *own, *(("autocorrelation",) if self.chained else ()))

    @property
    def not_least_squares(self) -> str | None:
        """Why its log-likelihood is no sum of squares, None where it is one."""
        if self.measure is Measure.RELATIVE:
            return "its spread grows with the prediction, and that part of the likelihood is no sum of squares"
        if has_kink(self):
            return "its log density has a kink where the error is 0"
        return None

    def outside(self, y: Array) -> Bools:
        """Return which observations it can not be."""
        return np.asarray(y <= 0.0) if self.measure is Measure.LOG else np.zeros(y.shape, dtype=np.bool_)

    needs = "values above 0"

    def predictable(self, m: Array) -> Bools:
        """Return which predictions it takes."""
        match self.measure:
            case Measure.ABSOLUTE:
                return np.isfinite(m)
            case Measure.RELATIVE:
                return np.asarray(np.isfinite(m) & (m != 0.0))
            case Measure.LOG:
                return np.asarray(np.isfinite(m) & (m > 0.0))

    def _own(self, p: Array) -> Array:
        return p[:, 1:2] if self.shape.number is not None else np.ones((len(p), 1))

    def chain(self, p: Array, periods: Array) -> Chain:
        """Return how errors are carried over."""
        return Chain.of(p[:, -1:] if self.chained else np.zeros((1, 1)), periods if self.chained else periods * 0.0)

    def errors(self, y: Array, m: Array) -> Array:
        """Return errors measured with a scale of 1."""
        return _measured(self.measure, y, m, np.ones(1)).z

    def terms(self, y: Array, m: Array, p: Array, weights: Array, periods: Array) -> Terms:
        """Return weighted log densities and derivatives."""
        a, own = _measured(self.measure, y, m, p[:, :1]), self._own(p)
        if not self.chained:  # innovations are the errors themselves
            density, slope, by_own = self.shape.log_density(a.z, own)
            dz = weights * slope
            with np.errstate(divide="ignore", invalid="ignore"):
                numbers = [np.sum(dz * a.by_scale + weights * a.log_by_scale, axis=1)]
                if self.shape.number is not None:
                    numbers.append(np.sum(weights * by_own, axis=1))
                by_predicted = dz * a.by_predicted + weights * a.log_by_predicted
                return Terms(weights * (density + a.log), by_predicted, np.stack(numbers, axis=1))
        chain = self.chain(p, periods)
        w = chain.innovations(a.z)
        density, slope, by_own = self.shape.log_density(w, own)
        dw = weights * slope
        with np.errstate(divide="ignore", invalid="ignore"):
            dz = chain.by_error(dw)
            value = weights * (density + a.log - np.log(chain.c))
            numbers = [np.sum(dz * a.by_scale + weights * a.log_by_scale, axis=1)]
            if self.shape.number is not None:
                numbers.append(np.sum(weights * by_own, axis=1))
            numbers.append(chain.by_phi(a.z, w, dw, weights))
            return Terms(value, dz * a.by_predicted + weights * a.log_by_predicted, np.stack(numbers, axis=1))

    def residuals(
        self, y: Array, m: Array, p: Array, weights: Array, periods: Array, jacobian: Array
    ) -> tuple[Array, Array]:
        """Return r (K, m) whose half squares add up to minus the log-likelihood but for what predictions do not move.

        And their Jacobian, of that of the predictions.
        """
        root, (w, moved) = np.sqrt(weights), self.innovations(y, m, p, periods, jacobian)
        found = self.shape.loss(w, self._own(p))
        assert found is not None
        r, slope = found
        return root * r, (root * slope)[:, :, None] * moved

    def innovations(self, y: Array, m: Array, p: Array, periods: Array, jacobian: Array) -> tuple[Array, Array]:
        """Return innovations (K, m) and their derivatives by parameters (K, m, D), of those of the predictions."""
        a = _measured(self.measure, y, m, p[:, :1])
        moved = a.by_predicted[:, :, None] * jacobian
        if not self.chained:
            return a.z, moved
        chain = self.chain(p, periods)
        return chain.innovations(a.z), chain.jacobian(moved)

    def standardised(self, y: Array, m: Array, p: Array, periods: Array) -> Array:
        """Return innovations as standard normal scores: where the law is right they are draws of N(0, 1).

        P. K. Dunn, G. K. Smyth (1996), Randomized quantile residuals, J. Comput. Graph. Stat. 5, 236-244.
        """
        from scipy.special import ndtri

        w = self.chain(p, periods).innovations(_measured(self.measure, y, m, p[:, :1]).z)
        if self.shape.number is None and self.shape.loss(w[:1, :1], w[:1, :1]) is not None:  # normal: itself
            return w
        return np.asarray(np.sign(w) * -ndtri(np.maximum(self.shape.tail(np.abs(w), self._own(p)), 5e-324)))

    def whitened(self, m: Array, p: Array, weights: Array, periods: Array, jacobian: Array) -> Array:
        """Return rows (K, m or 2 m, D) whose squares add up to the expected information on the parameters.

        Of a relative error the spread tells of the prediction too: so much more, 2/p^2, is the second half of rows.
        With AR(1) its covariance is in `Chain.spread_rows`; weights scale rows, which then are not exact.
        """
        s, root = p[:, :1], np.sqrt(weights)
        with np.errstate(divide="ignore", invalid="ignore"):
            unit = {
                Measure.ABSOLUTE: 1.0 / s + 0.0 * m,
                Measure.RELATIVE: 1.0 / (s * np.abs(m)),
                Measure.LOG: 1.0 / (s * m),
            }
            rows = self.chain(p, periods).jacobian(unit[self.measure][:, :, None] * jacobian)
            rows = (root * np.sqrt(self.shape.information(self._own(p))))[:, :, None] * rows
            if self.measure is Measure.RELATIVE:
                chain = self.chain(p, periods)
                rows = np.concatenate([rows, root[..., None] * chain.spread_rows(jacobian / m[:, :, None])], axis=1)
        return np.asarray(rows)

    def _values(self, z: Array, m: Array, s: Array) -> Array:
        match self.measure:
            case Measure.ABSOLUTE:
                return m + s * z
            case Measure.RELATIVE:
                return m + s * np.abs(m) * z
            case Measure.LOG:
                return np.asarray(m * np.exp(s * z))

    def quantile(self, level: float, m: Array, p: Array) -> Array:
        """Return the value with so much below it, of one observation alone."""
        half = np.full((len(m), 1), min(level, 1.0 - level))
        size = self.shape.quantile_from_above(half, self._own(p)) if level != 0.5 else np.zeros_like(half)
        return self._values(size if level > 0.5 else -size, m, p[:, :1])

    def draw(self, rng: np.random.Generator, m: Array, p: Array, periods: Array) -> Array:
        """Return draws, with AR(1) carried over."""
        w = self.shape.draw(rng, self._own(p), (m.shape[0], m.shape[1]))
        return self._values(self.chain(p, periods).errors(w), m, p[:, :1])


def has_kink(law: object) -> bool:
    """Return whether a law's log density has a kink where the error is 0."""
    return isinstance(law, MeasuredLaw) and law.shape.loss(np.zeros((1, 1)), np.ones((1, 1))) is None
