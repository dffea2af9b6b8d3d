"""Steps and the rise left where the log density has kinks: errors whose log density falls off in straight lines.

In: a `Surface`, a full set with predictions and derivatives there. Out: the best step of a model of the surface, and by
how much that model rises.

Of errors by Laplace the log density is minus a sum of |w|, and at its top some w are 0: slopes jump there, and are
never small. So the w are taken as linear in the parameters, the rest of the density as a parabola, and of

    g s - s'H s/2 - sum a |w + A s|

the highest point is found by its dual, min over -1 <= v <= 1 of q'H^-1 q/2 - sum a v w, with q = g - A'(a v), s =
H^-1 q, which is smooth with bounds. The rise of the model where H has 1 added, in units of the standard errors, is how
much higher the density may be nearby: of a smooth one it is half the square of the slope.

An autocorrelation moves with the parameters, for it moves what the kinks are of; scales do not, and are settled apart.

References: J. V. Burke, M. C. Ferris (1995), Mathematical Programming 71, 179-194 (Gauss-Newton of convex composites);
M. R. Osborne, G. A. Watson (1971), Computer Journal 14, 184-188 (of sums of absolute values).

Invariant: nothing is simulated here; a rise is never below 0, and 0 at a highest point only.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from simengine.calibrate.predictions import Slopes
from simengine.calibrate.surface import Surface
from simengine.inference.arrays import Array, Bools, Places
from simengine.inference.error_innovations import innovations_of
from simengine.inference.error_law import has_kink


@dataclass(frozen=True, eq=False)
class Kinks:
    """The surface near a set, in units y of the standard errors, of the f numbers that move."""

    w: Array
    """(m,): errors with a kink at 0."""
    by: Array
    """(m, f)"""
    weights: Array
    """(m,)"""
    slope: Array
    """(f,): of the rest."""
    curvature: Array
    """(f, f): of the rest, not below 0."""
    below: Array
    """(f,): how far each may go down, not above 0."""
    above: Array
    """(f,): and up."""

    def step(self, held: float) -> tuple[Array, float]:
        """Return the best step (f,), and the rise of the model, where `held` is added to its curvature."""
        free: Bools = np.ones(self.slope.size, dtype=np.bool_)
        step, rise = np.zeros(self.slope.size), 0.0
        for _ in range(self.slope.size + 1):
            step = np.zeros(self.slope.size)
            step[free], rise = self._of(np.flatnonzero(free), held)
            stuck = free & (((step > 0.0) & (self.above <= 1e-9)) | ((step < 0.0) & (self.below >= -1e-9)))
            if not stuck.any():
                break
            free &= ~stuck
        return np.clip(step, self.below, self.above), rise

    def _of(self, free: Places, held: float) -> tuple[Array, float]:
        from scipy.optimize import minimize

        if not free.size:
            return np.zeros(0), 0.0
        by, slope = self.by[:, free], self.slope[free]
        inverse = np.linalg.inv(self.curvature[np.ix_(free, free)] + held * np.eye(free.size))

        def dual(v: Array) -> tuple[float, Array]:
            q = slope - by.T @ (self.weights * v)
            s = inverse @ q
            return 0.5 * float(q @ s) - float(np.sum(self.weights * v * self.w)), -self.weights * (self.w + by @ s)

        found = minimize(
            dual, np.sign(self.w), jac=True, method="L-BFGS-B", bounds=[(-1.0, 1.0)] * self.w.size,
            options={"ftol": 1e-13, "gtol": 1e-7, "maxiter": 300, "maxfun": 400, "maxcor": 20},
        )  # fmt: skip
        rise = float(found.fun) + float(np.sum(self.weights * np.abs(self.w)))
        return np.asarray(inverse @ (slope - by.T @ (self.weights * found.x))), max(0.0, rise)


def has_kinks(surface: Surface) -> bool:
    """Return whether the likelihood has kinks: slopes that jump where an error is 0."""
    return any(has_kink(s.error.law) for s in surface.problem.series)


def jointly(surface: Surface) -> Bools:
    """Return which of a full set (D + E,) move together: parameters, and autocorrelations of errors with kinks."""
    problem = surface.problem
    chained = {p for s in problem.series if has_kink(s.error.law) for p in s.scales}
    own = [n in chained and scale.number == "autocorrelation" for n, scale in enumerate(problem.scales)]
    return np.array([*(True for _ in problem.names), *own], dtype=np.bool_)


def kinks_of(surface: Surface, full: Array, slopes: Slopes, places: Places, size: Array) -> Kinks:
    """Return the surface near a full set (D + E,), of numbers at `places` of it; `size` (f,) are units of measures."""
    d, problem = surface.width, surface.problem
    seen, weights = problem.observations, problem.observations.fit_weight
    measured = surface.measures.of(full)
    units = surface.measures.slopes(measured)[places] * size
    _, gradient = surface.density_gradient(slopes, full[None])
    w, by, counted, rest = [np.zeros(0)], [np.zeros((0, full.size))], [np.zeros(0)], [np.zeros((0, d))]
    for s in problem.series:
        numbers = full[None, d:][:, list(s.scales)]
        asked = (seen.value[s.rows], slopes.predicted[:, s.rows], slopes.jacobian[:, s.rows], numbers,
                 weights[s.rows], seen.time[s.rows])  # fmt: skip
        if not has_kink(s.error.law):
            rest.append(s.error.whitened_jacobian(*asked)[0])
            continue
        used = s.error.used(asked[0], asked[4])
        own, moved, by_phi = innovations_of(s.error, *asked)
        w.append(own[0, used])
        by.append(np.zeros((w[-1].size, full.size)))
        by[-1][:, :d] = moved[0, used]
        for place in s.scales:
            if problem.scales[place].number == "autocorrelation":
                by[-1][:, d + place] = by_phi[0, used]
        counted.append(asked[4][used])
    errors, rows, each, smooth = (np.nan_to_num(np.concatenate(parts)) for parts in (w, by, counted, rest))
    slope = gradient[0] + rows.T @ (each * np.sign(errors))
    smooth = np.concatenate([smooth, np.zeros((len(smooth), full.size - d))], axis=1)[:, places] * units
    low, high = (ends[places] for ends in surface.measures.ends)
    return Kinks(
        errors, rows[:, places] * units, each, slope[places] * units, smooth.T @ smooth,
        np.minimum((low - measured[places]) / size, 0.0), np.maximum((high - measured[places]) / size, 0.0),
    )  # fmt: skip
