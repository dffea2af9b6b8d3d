"""A calibration as mathematics: predictions, exact derivatives and log-posterior of many parameter sets at once.

In: a settled calibration. Out: arrays. K parameter sets are the first axis of everything; D parameters, E scales of
errors that are estimated, n observations (those held out too: they are predicted, but count in no likelihood).

Two ways to write a set: `theta` (K, D) in the units of the parameters, with `scales` (K, E); and `x` (K, D + E), free
numbers without bounds, made of both by `transforms`.

Invariant: a `Problem` never changes, and may be sent to other processes and used from several threads; what is computed
for a set does not depend on the others. Only `counts`, of this process, go on.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from simengine.api.model import Model
from simengine.calibrate.parameter import Array, Bools, Parameter
from simengine.calibrate.series import Observations, Scale, Series
from simengine.calibrate.simulator import Simulator
from simengine.calibrate.tally import Counts, Tally
from simengine.inference.error import Likelihood
from simengine.inference.error_start import start_numbers
from simengine.inference.prior import Density, Prior
from simengine.inference.transform import Transform, transform_of
from simengine.sampling.marginal import Continuous
from simengine.source.diagnostic import InputError


class Slopes(NamedTuple):
    """Predictions (K, n) and their derivatives (K, n, D)."""

    predicted: Array
    jacobian: Array


class LeastSquares(NamedTuple):
    """Residuals (K, m) and their Jacobian (K, m, D): half their squares add up to minus the log-posterior of `theta`.

    But for what the parameters do not move. First the fitted observations, in order, then normal priors.
    """

    residuals: Array
    jacobian: Array


@dataclass(frozen=True, eq=False)
class Problem:
    """A calibration. Made by `simengine.calibrate.plan.read_calibration`."""

    model: Model
    parameters: tuple[Parameter, ...]
    scales: tuple[Scale, ...]
    series: tuple[Series, ...]
    observations: Observations
    simulator: Simulator
    differences: bool = False
    """Whether derivatives are finite differences, as the file asks."""
    tally: Tally = field(default_factory=Tally, repr=False)

    # ---- what is estimated

    @property
    def names(self) -> tuple[str, ...]:
        """The names of parameters (D)."""
        return tuple(p.name for p in self.parameters)

    @property
    def units(self) -> tuple[str, ...]:
        """Their units."""
        return tuple(p.unit for p in self.parameters)

    @property
    def all_names(self) -> tuple[str, ...]:
        """The names of parameters, then of scales (D + E): what `x` is made of."""
        return (*self.names, *(s.name for s in self.scales))

    @property
    def low(self) -> Array:
        """The lowest values of parameters (D); minus infinity where there is no bound."""
        return np.array([p.low for p in self.parameters])

    @property
    def high(self) -> Array:
        """The highest values of parameters (D)."""
        return np.array([p.high for p in self.parameters])

    @property
    def start(self) -> Array:
        """Where the search begins (D)."""
        return np.array([p.start for p in self.parameters])

    @property
    def transforms(self) -> tuple[Transform, ...]:
        """Between values and free numbers, of parameters and of scales (D + E)."""
        return self.prior.transforms

    @property
    def priors(self) -> tuple[Density, ...]:
        """Prior densities of parameters and of scales (D + E)."""
        return self.prior.densities

    @cached_property
    def prior(self) -> Prior:
        """The prior of parameters and scales together; of a scale its logarithm is uniform between its bounds."""
        of_scales = [_scale_prior(s) for s in self.scales]
        densities = [*(p.prior for p in self.parameters), *(d for d, _ in of_scales)]
        return Prior(tuple(densities), (*(p.transform for p in self.parameters), *(t for _, t in of_scales)))

    # ---- predictions

    @property
    def counts(self) -> Counts:
        """What was simulated so far, in this process."""
        return self.tally.counts

    @cached_property
    def why_not_exact(self) -> str | None:
        """Why there are no exact derivatives; None where there are."""
        return self.simulator.why_no_derivatives()

    @property
    def derivatives(self) -> str:
        """`exact`, `differences` (only where the file asks for them), or `none`."""
        if self.differences:
            return "differences"
        return "none" if self.why_not_exact else "exact"

    def predict(self, theta: ArrayLike) -> Array:
        """Return predictions of all observations, in the units of their series: (K, n); NaN where a run fails."""
        values = self.simulator.run(self._theta(theta), self.tally)
        with np.errstate(all="ignore"):
            return np.concatenate([s.moments.of(s.figure.values(values)) for s in self.series], axis=1)

    def slopes(self, theta: ArrayLike) -> Slopes:
        """Return predictions and their derivatives by the parameters, in one native call.

        Raises
        ------
        InputError
            If there are no derivatives, and differences were not asked for.

        """
        rows = self._theta(theta)
        if self.differences:
            return self._differences(rows)
        values, derivatives = self.simulator.slopes(rows, self.tally)
        predicted, jacobian = [], []
        with np.errstate(all="ignore"):
            for series in self.series:
                figure, moved = series.figure.slopes(values, derivatives)
                predicted.append(series.moments.of(figure))
                jacobian.append(series.moments.of(moved))
        return Slopes(np.concatenate(predicted, axis=1), np.concatenate(jacobian, axis=1))

    def jacobian(self, theta: ArrayLike) -> Array:
        """Return the derivatives of predictions by the parameters: (K, n, D); raises as `slopes` does."""
        return self.slopes(theta).jacobian

    def _differences(self, theta: Array) -> Slopes:
        """Return central differences: 2 D + 1 runs a set, in one call; at a bound the step beyond it is cut."""
        count, width = theta.shape
        sizes = np.array([_size_of(p) for p in self.parameters])
        steps = np.cbrt(np.finfo(np.float64).eps) * np.maximum(np.abs(theta), sizes)
        rows = np.repeat(theta[:, None, :], 2 * width + 1, axis=1)
        for d in range(width):
            rows[:, 2 * d + 1, d] = np.maximum(theta[:, d] - steps[:, d], self.low[d])
            rows[:, 2 * d + 2, d] = np.minimum(theta[:, d] + steps[:, d], self.high[d])
        found = self.predict(rows.reshape(-1, width)).reshape(count, 2 * width + 1, -1)
        out = np.empty((count, found.shape[2], width))
        for d in range(width):
            span = rows[:, 2 * d + 2, d] - rows[:, 2 * d + 1, d]
            out[:, :, d] = (found[:, 2 * d + 2] - found[:, 2 * d + 1]) / span[:, None]
        return Slopes(found[:, 0], out)

    # ---- likelihood and posterior

    def likelihoods(self, predicted: Array, scales: ArrayLike | None = None) -> Iterator[tuple[Series, Likelihood]]:
        """Yield every series with its likelihood (what is fitted of it) at predictions (K, n), with derivatives."""
        rows = self._scales(scales, len(predicted))
        weights, observed = self.observations.fit_weight, self.observations
        for s in self.series:
            own = rows[:, list(s.scales)]
            part = (observed.value[s.rows], predicted[:, s.rows], own, weights[s.rows], observed.time[s.rows])
            yield s, s.error.likelihood(*part)

    def log_likelihood(self, theta: ArrayLike, scales: ArrayLike | None = None) -> Array:
        """Return the log-likelihood of what is fitted: (K,); minus infinity where a run fails."""
        predicted = self.predict(theta)
        return np.asarray(sum((f.value for _, f in self.likelihoods(predicted, scales)), np.zeros(len(predicted))))

    def log_likelihood_gradient(self, theta: ArrayLike, scales: ArrayLike | None = None) -> tuple[Array, Array]:
        """Return the log-likelihood (K,) and its derivatives by parameters and scales (K, D + E)."""
        predicted, jacobian = self.slopes(theta)
        count, width = len(predicted), len(self.parameters)
        value, gradient = np.zeros(count), np.zeros((count, width + len(self.scales)))
        for s, found in self.likelihoods(predicted, scales):
            value += found.value
            weight = found.by_predicted[:, :, None]
            moved = np.where(weight != 0.0, weight * jacobian[:, s.rows], 0.0)  # what is not used may be no number
            gradient[:, :width] += moved.sum(axis=1)
            gradient[:, [width + e for e in s.scales]] += found.by_scales
        bad = ~(np.isfinite(value) & np.isfinite(gradient).all(axis=1))
        value[bad], gradient[bad] = np.where(np.isfinite(value[bad]), value[bad], -np.inf), 0.0
        return value, gradient

    def log_posterior(self, x: ArrayLike, *, jacobian: bool = True) -> Array:
        """Return the log-posterior density of free numbers, but for a constant: (K,).

        Without `jacobian` it is the density of the parameters and scales themselves, whose highest point does not
        depend on transforms.
        """
        rows, theta, scales, sound = self._split(x)
        value = self.log_likelihood(theta, scales) + self._log_prior(rows, jacobian=jacobian)[0]
        return np.where(sound & ~np.isnan(value), value, -np.inf)

    def log_posterior_gradient(self, x: ArrayLike, *, jacobian: bool = True) -> tuple[Array, Array]:
        """Return the log-posterior (K,) and its derivatives by free numbers (K, D + E); 0 where it is not finite."""
        rows, theta, scales, sound = self._split(x)
        value, gradient = self.log_likelihood_gradient(theta, scales)
        prior, by_prior = self._log_prior(rows, jacobian=jacobian)
        value, gradient = value + prior, gradient * self.prior.slopes(rows) + by_prior
        sound = sound & ~np.isnan(value) & np.isfinite(gradient).all(axis=1)
        value = np.where(sound, value, -np.inf)
        return value, np.where(np.isfinite(value)[:, None], gradient, 0.0)

    def _log_prior(self, x: Array, *, jacobian: bool) -> tuple[Array, Array]:
        """Return the log density of the prior, and its derivatives by free numbers."""
        if jacobian:
            return self.prior.free_log_density(x)
        value, gradient = self.prior.log_density(self.prior.values(x))
        return value, gradient * self.prior.slopes(x)

    # ---- least squares

    @cached_property
    def not_least_squares(self) -> Mapping[str, str]:
        """What is no sum of squares, with the reason: by series, and by parameter with a prior that is not normal."""
        out = {s.name: why for s in self.series if (why := s.error.not_least_squares) is not None}
        for p in self.parameters:
            if p.has_prior and _normal(p.prior) is None and not _flat(p.prior):
                out[p.name] = f"its prior, {p.prior_text}, is not normal"
        return out

    def least_squares(self, theta: ArrayLike, scales: ArrayLike | None = None) -> LeastSquares:
        """Return residuals and their Jacobian, scales as given.

        Raises
        ------
        InputError
            If a part is no sum of squares (`not_least_squares`), or there are no derivatives.

        """
        if self.not_least_squares:
            name, why = next(iter(self.not_least_squares.items()))
            raise InputError(f"`{name}` is no sum of squares: {why}")
        rows = self._theta(theta)
        predicted, jacobian = self.slopes(rows)
        own, seen, weights = self._scales(scales, len(rows)), self.observations, self.observations.fit_weight
        values, slopes = [], []
        for s in self.series:
            fitted = weights[s.rows] > 0.0
            found = s.error.residuals(
                seen.value[s.rows], predicted[:, s.rows], jacobian[:, s.rows], own[:, list(s.scales)],
                weights[s.rows], seen.time[s.rows],
            )  # fmt: skip
            assert found is not None
            values.append(found.value[:, fitted])
            slopes.append(found.jacobian[:, fitted])
        for d, parameter in enumerate(self.parameters):
            normal = _normal(parameter.prior)
            if normal is not None:
                values.append((rows[:, d : d + 1] - normal[0]) / normal[1])
                slopes.append(np.zeros((len(rows), 1, len(self.parameters))))
                slopes[-1][:, :, d] = 1.0 / normal[1]
        return LeastSquares(np.concatenate(values, axis=1), np.concatenate(slopes, axis=1))

    # ---- points

    def start_scales(self, theta: ArrayLike, predicted: Array | None = None) -> Array:
        """Return scales to begin with, as the errors at parameter sets suggest: (K, E), inside their bounds."""
        found = self.predict(theta) if predicted is None else predicted
        seen, weights = self.observations, self.observations.fit_weight
        out: list[list[Array]] = [[] for _ in self.scales]
        for s in self.series:
            if s.scales and np.any(weights[s.rows] > 0.0):
                each = start_numbers(s.error, seen.value[s.rows], found[:, s.rows], weights[s.rows])
                for column, place in enumerate(s.scales):
                    out[place].append(each[:, column])
        table = [np.mean(own, axis=0) if own else np.full(len(found), np.nan) for own in out]
        for place, scale in enumerate(self.scales):
            table[place] = np.clip(np.nan_to_num(table[place], nan=scale.low), *_inside(scale))
        return np.stack(table, axis=1) if table else np.zeros((len(found), 0))

    def points(self, u: ArrayLike) -> Array:
        """Return parameter sets that rows between 0 and 1 (K, D) stand for, spread as the prior is."""
        rows = np.atleast_2d(np.asarray(u, dtype=np.float64))
        columns = [p.prior.quantile(np.ascontiguousarray(rows[:, d])) for d, p in enumerate(self.parameters)]
        return np.clip(np.stack(columns, axis=1), self.low, self.high)

    def free(self, theta: ArrayLike, scales: ArrayLike | None = None) -> Array:
        """Return the free numbers of parameters and scales: (K, D + E); those at a bound a little inside."""
        rows = self._theta(theta)
        full = np.concatenate([rows, self._scales(scales, len(rows))], axis=1)
        ends = [*((p.low, p.high) for p in self.parameters), *((s.low, s.high) for s in self.scales)]
        inside = np.array([_within(low, high) for low, high in ends])
        return self.prior.free(np.clip(full, inside[:, 0], inside[:, 1]))

    def values(self, x: ArrayLike) -> tuple[Array, Array]:
        """Return the parameters (K, D) and scales (K, E) of free numbers."""
        full = self.prior.values(np.atleast_2d(np.asarray(x, dtype=np.float64)))
        width = len(self.parameters)
        return full[:, :width], full[:, width:]

    def _split(self, x: ArrayLike) -> tuple[Array, Array, Array, Bools]:
        """Return free numbers, parameters, scales, and which are numbers at all; the others stand at 0."""
        rows = np.atleast_2d(np.asarray(x, dtype=np.float64))
        sound: Bools = np.asarray(np.isfinite(rows).all(axis=1))
        rows = np.where(sound[:, None], rows, 0.0)
        return rows, *self.values(rows), sound

    def _theta(self, theta: ArrayLike) -> Array:
        rows = np.atleast_2d(np.asarray(theta, dtype=np.float64))
        if rows.ndim != 2 or rows.shape[1] != len(self.parameters):
            names = ", ".join(self.names)
            raise InputError(f"a parameter set has {len(self.parameters)} numbers ({names}), not {rows.shape[-1]}")
        return rows

    def _scales(self, scales: ArrayLike | None, count: int) -> Array:
        if scales is None and not self.scales:
            return np.zeros((count, 0))
        if scales is None:
            raise InputError(f"scales are needed: {', '.join(s.name for s in self.scales)}")
        rows = np.atleast_2d(np.asarray(scales, dtype=np.float64))
        if rows.shape[1] != len(self.scales) or len(rows) not in {1, count}:
            raise InputError(f"{len(self.scales)} scales are needed for each of {count} sets, not {rows.shape}")
        return np.array(np.broadcast_to(rows, (count, len(self.scales))))


def _scale_prior(scale: Scale) -> tuple[Density, Transform]:
    kind, word = ("uniform", "logit") if scale.low <= 0.0 else ("loguniform", "log logit")
    return Continuous(kind, (scale.low, scale.high)), transform_of(word, scale.low, scale.high)


def _size_of(parameter: Parameter) -> float:
    """Return a size of a parameter that is there where its value is 0."""
    width = parameter.high - parameter.low
    return 1e-3 * width if np.isfinite(width) else abs(parameter.start) or 1.0


def _within(low: float, high: float) -> tuple[float, float]:
    """Return bounds a millionth of the range inside, or, where there is none, what is just inside."""
    if np.isfinite(high - low):
        return low + 1e-6 * (high - low), high - 1e-6 * (high - low)
    inside_low = low + 1e-9 * max(1.0, abs(low)) if np.isfinite(low) else low
    return inside_low, high - 1e-9 * max(1.0, abs(high)) if np.isfinite(high) else high


def _inside(scale: Scale) -> tuple[float, float]:
    if scale.low > 0.0:
        return scale.low * (1.0 + 1e-6), scale.high * (1.0 - 1e-6)
    return _within(scale.low, scale.high)


def _normal(density: Density) -> tuple[float, float] | None:
    """Return mean and standard deviation of a normal density, cut or not; None where it is another."""
    if isinstance(density, Continuous) and density.kind == "normal":
        return density.numbers[0], density.numbers[1]
    return None


def _flat(density: Density) -> bool:
    return isinstance(density, Continuous) and density.kind == "uniform"
