"""The surface that is searched: log-likelihood plus log prior, over parameters and scales of errors.

In: a `Problem`. Out: the density of full sets (K, D + E), D parameters then E scales, with derivatives; residuals;
scales that fit a set best.

It is searched in measures: the logarithm of what has a logarithmic transform, else the value itself, with bounds. (The
free numbers of `Problem` have no bounds, so that an estimate at a bound would lie at infinity.)

Invariant: the density is that of values, so its highest point depends on no transform. Scales have no prior here: they
are estimated by maximum likelihood, as intervals by profiles need.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from simengine.calibrate.measures import Measures
from simengine.calibrate.predictions import Slopes
from simengine.calibrate.problem import Problem
from simengine.inference.arrays import Array, Bools
from simengine.inference.prior import Prior
from simengine.inference.transform import Identity, Log, Transform, Transforms

_LOGARITHMIC = frozenset({"log", "log logit"})
FAILED = -np.inf


@dataclass(frozen=True, eq=False)
class Surface:
    """The density over parameters and scales."""

    problem: Problem
    priors: bool = True
    """Whether priors count; without them it is the likelihood in the ranges."""

    @property
    def width(self) -> int:
        """How many parameters there are."""
        return len(self.problem.names)

    @property
    def names(self) -> tuple[str, ...]:
        """The names of parameters, then of scales."""
        return self.problem.all_names

    @cached_property
    def low(self) -> Array:
        """The lowest values (D + E)."""
        return np.array([*self.problem.low, *(s.low for s in self.problem.scales)])

    @cached_property
    def high(self) -> Array:
        """The highest values (D + E)."""
        return np.array([*self.problem.high, *(s.high for s in self.problem.scales)])

    @cached_property
    def measures(self) -> Measures:
        """In which measure each is searched for."""
        own: list[Transform] = []
        for transform in self.problem.transforms[: self.width]:
            below = transform.low if isinstance(transform, Log) else 0.0
            own.append(Log(below) if transform.kind in _LOGARITHMIC else Identity())
        own += [Log() if scale.low > 0.0 else Identity() for scale in self.problem.scales]
        return Measures(tuple(own), self.low, self.high)

    @property
    def has_squares(self) -> bool:
        """Whether the likelihood is a sum of squares."""
        return all(s.error.not_least_squares is None for s in self.problem.series)

    # ---- the density

    @cached_property
    def _prior(self) -> Prior:
        return self.problem.prior.of_first(self.width)

    def log_prior(self, theta: Array) -> tuple[Array, Array]:
        """Return the log prior of parameters (K, D): (K,), (K, D)."""
        if not self.priors:
            return np.zeros(len(theta)), np.zeros_like(theta)
        return self._prior.log_density(theta)

    def density(self, full: Array) -> Array:
        """Return the log density of full sets: (K,); minus infinity where a run fails."""
        theta, scales = full[:, : self.width], full[:, self.width :]
        return _sound(self.problem.log_likelihood(theta, scales) + self.log_prior(theta)[0])

    def density_gradient(self, slopes: Slopes, full: Array) -> tuple[Array, Array]:
        """Return the log density and its derivatives by values: (K,), (K, D + E); 0 where a run fails.

        `slopes`: predictions at the full sets (K, D + E), with derivatives. Nothing is simulated.
        """
        value, gradient = self.problem.gradient_of(*slopes, full[:, self.width :])
        prior, by_prior = self.log_prior(full[:, : self.width])
        value = _sound(value + prior)
        gradient[:, : self.width] += by_prior
        return value, np.where(np.isfinite(value)[:, None], gradient, 0.0)

    def log_likelihood(self, full: Array) -> Array:
        """Return the log-likelihood of full sets: (K,)."""
        return self.problem.log_likelihood(full[:, : self.width], full[:, self.width :])

    def complete(self, theta: Array) -> tuple[Array, Array]:
        """Return full sets with scales that errors suggest, and their log density: one run each, one native call."""
        predicted = self.problem.predict(theta)
        scales = self.problem.start_scales(theta, predicted)
        return np.concatenate([theta, scales], axis=1), self._of_predicted(theta, predicted, scales)

    def _of_predicted(self, theta: Array, predicted: Array, scales: Array) -> Array:
        return _sound(self.problem.likelihood(predicted, scales).value + self.log_prior(theta)[0])

    def settle(self, full: Array, kept: Bools | None = None, predicted: Array | None = None) -> tuple[Array, float]:
        """Return a full set (D + E,) with the scales that fit its parameters best, and the log density.

        It takes one run, or none where predictions (1, n) are given. `kept`: which of the D + E stay as they are.
        """
        theta, scales = full[None, : self.width], full[None, self.width :]
        predicted = self.problem.predict(theta) if predicted is None else predicted
        stays = np.zeros(len(full), dtype=np.bool_) if kept is None else kept
        moves = ~stays[self.width :]
        if moves.any():
            begun = np.where(moves, self.problem.start_scales(theta, predicted), scales)
            found = [(float(self._of_predicted(theta, predicted, s)[0]), s) for s in (scales, begun)]
            value, scales = max(found, key=lambda pair: pair[0] if np.isfinite(pair[0]) else -np.inf)
            if np.isfinite(value):
                scales = _best_scales(self, predicted, scales, moves)
        return np.concatenate([theta, scales], axis=1)[0], float(self._of_predicted(theta, predicted, scales)[0])

    # ---- least squares

    def residuals(self, slopes: Slopes, full: Array) -> tuple[Array, Array]:
        """Return residuals of what is fitted and their derivatives by parameters, scales as given: (m,), (m, D).

        `slopes`: predictions at the full set (D + E,), with derivatives. Nothing is simulated.
        """
        found = self.problem.errors.residuals(*slopes, full[None, self.width :])
        return found.value[0], found.jacobian[0]


def _best_scales(surface: Surface, predicted: Array, scales: Array, moves: Bools) -> Array:
    """Return the scales that fit predictions best: nothing is simulated."""
    from scipy.optimize import minimize

    places = np.flatnonzero(moves)
    own = Transforms([surface.measures.own[surface.width + i] for i in places])
    low, high = surface.low[surface.width + places], surface.high[surface.width + places]
    begun = own.free(scales[0, places])
    ends = list(zip(own.free(low).tolist(), own.free(high).tolist(), strict=True))

    def minus(y: Array) -> tuple[float, Array]:
        at = scales.copy()
        at[0, places] = np.clip(own.value(y), low, high)
        found = surface.problem.likelihood(predicted, at)
        total, slope = float(found.value[0]), found.by_scales[0]
        if not np.isfinite(total):
            return 1e100, np.zeros(len(y))
        return -total, -slope[places] * own.slope(y)

    if np.max(np.abs(minus(begun)[1])) < 1e-7:
        return scales
    found = minimize(minus, begun, jac=True, method="L-BFGS-B", bounds=ends, options={"ftol": 1e-15, "gtol": 1e-7})
    out = scales.copy()
    out[0, places] = np.clip(own.value(found.x), low, high)
    return out


def _sound(value: Array) -> Array:
    return np.where(np.isnan(value), FAILED, value)
