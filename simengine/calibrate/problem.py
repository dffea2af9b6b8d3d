"""A calibration as mathematics: predictions, exact derivatives and log-posterior of many parameter sets at once.

In: a settled calibration. Out: arrays. K parameter sets are the first axis of everything; D parameters, E scales of
errors that are estimated, n observations (those held out too: they are predicted, but count in no likelihood).

Two ways to write a set: `theta` (K, D) in the units of the parameters, with `scales` (K, E); and `x` (K, D + E), free
numbers without bounds, made of both by `transforms`.

Invariant: a `Problem` never changes, and may be sent to other processes and used from several threads; what is computed
for a set does not depend on the others. Only `counts`, of this process, go on.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import ArrayLike

from simengine.calibrate.parameter import Array
from simengine.calibrate.predictions import Predictions
from simengine.calibrate.unknowns import inside_scale
from simengine.inference.error import Likelihood
from simengine.inference.error_block import Errors, Member
from simengine.inference.error_start import start_numbers


@dataclass(frozen=True, eq=False)
class Problem(Predictions):
    """A calibration: how well parameter sets fit. Made by `simengine.calibrate.plan.read_calibration`."""

    @cached_property
    def errors(self) -> Errors:
        """The error models of all series, of what is fitted."""
        members = [Member(s.error, s.rows, s.scales) for s in self.series]
        seen = self.observations
        return Errors(members, seen.value, seen.fit_weight, seen.time)

    def likelihood(self, predicted: Array, scales: ArrayLike | None = None) -> Likelihood:
        """Return the log-likelihood of what is fitted at predictions (K, n), with its derivatives by these."""
        return self.errors.likelihood(predicted, self.scale_sets(scales, len(predicted)))

    def log_likelihood(self, theta: ArrayLike, scales: ArrayLike | None = None) -> Array:
        """Return the log-likelihood of what is fitted: (K,); minus infinity where a run fails."""
        return self.likelihood(self.predict(theta), scales).value

    def log_likelihood_gradient(self, theta: ArrayLike, scales: ArrayLike | None = None) -> tuple[Array, Array]:
        """Return the log-likelihood (K,) and its derivatives by parameters and scales (K, D + E)."""
        predicted, jacobian = self.slopes(theta)
        return self.gradient_of(predicted, jacobian, scales)

    def gradient_of(self, predicted: Array, jacobian: Array, scales: ArrayLike | None = None) -> tuple[Array, Array]:
        """Return what `log_likelihood_gradient` does, of predictions and their derivatives: nothing is simulated."""
        found = self.likelihood(predicted, scales)
        weight, value = found.by_predicted[:, :, None], found.value
        moved = np.where(weight != 0.0, weight * jacobian, 0.0)  # what is not used may be no number
        gradient = np.concatenate([moved.sum(axis=1), found.by_scales], axis=1)
        bad = ~(np.isfinite(value) & np.isfinite(gradient).all(axis=1))
        value[bad], gradient[bad] = np.where(np.isfinite(value[bad]), value[bad], -np.inf), 0.0
        return value, gradient

    def log_posterior(self, x: ArrayLike, *, jacobian: bool = True) -> Array:
        """Return the log-posterior density of free numbers, but for a constant: (K,).

        Without `jacobian` it is the density of the parameters and scales themselves, whose highest point does not
        depend on transforms.
        """
        rows, theta, scales, sound = self.split(x)
        value = self.log_likelihood(theta, scales) + self._log_prior(rows, theta, scales, jacobian=jacobian)[0]
        return np.where(sound & ~np.isnan(value), value, -np.inf)

    def log_posterior_gradient(self, x: ArrayLike, *, jacobian: bool = True) -> tuple[Array, Array]:
        """Return the log-posterior (K,) and its derivatives by free numbers (K, D + E); 0 where it is not finite."""
        rows, theta, scales, sound = self.split(x)
        value, gradient = self.log_likelihood_gradient(theta, scales)
        prior, by_values, bend = self._log_prior(rows, theta, scales, jacobian=jacobian)
        value, gradient = value + prior, (gradient + by_values) * np.exp(bend)
        if jacobian:
            gradient += self.prior.bend_slopes(rows)
        sound = sound & ~np.isnan(value) & np.isfinite(gradient).all(axis=1)
        value = np.where(sound, value, -np.inf)
        return value, np.where(np.isfinite(value)[:, None], gradient, 0.0)

    def _log_prior(self, x: Array, theta: Array, scales: Array, *, jacobian: bool) -> tuple[Array, Array, Array]:
        """Return the log density of the prior, its derivatives by values, and logarithms of the slopes of values."""
        value, gradient = self.prior.log_density(np.concatenate([theta, scales], axis=1))
        bend = self.prior.bends(x)
        return value + bend.sum(axis=1) if jacobian else value, gradient, bend

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
            table[place] = np.clip(np.nan_to_num(table[place], nan=scale.low), *inside_scale(scale))
        return np.stack(table, axis=1) if table else np.zeros((len(found), 0))
