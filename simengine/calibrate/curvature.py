"""What curvature at the best fit tells: errors, who tells them, what moves together, bounds that were hit.

In: a `Surface`, the best full set. Out: a `Curvature`, of the parameters; scales of errors are taken as known.

Where scales are estimated, maximum likelihood has them too small in few observations: information of the data is that
of n - D degrees of freedom, and intervals have quantiles of Student's t (G. A. F. Seber, C. J. Wild, "Nonlinear
Regression" (1989), 5.1; exact for a linear model with one scale, for several about right). Priors need no such care: of
a variance to which the data add the share w, the degrees of freedom are those of the data over w squared (F. E.
Satterthwaite (1946), Biometrics Bulletin 2, 110-114).

Invariant: the information is the expected one of the data, plus that of a prior the file gives; verdicts are of the
data alone.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from simengine.calibrate.surface import Surface
from simengine.inference.arrays import Array, Bools
from simengine.inference.evidence import Evidence, cut_variances, evidence
from simengine.inference.identify import (
    BoundHit,
    Direction,
    Identification,
    Subset,
    bounds_hit,
    collinearity,
    directions,
    fisher,
    identification,
    ridges,
)
from simengine.inference.intervals import CurvatureIntervals, Parabola, curvature_intervals
from simengine.inference.prior_shape import PriorShape, prior_shape
from simengine.inference.transform import Transform
from simengine.inference.verdict import Verdict, verdicts

LEVELS = (0.90, 0.95)
_IN_RANGE = frozenset({"logit", "probit"})


@dataclass(frozen=True, eq=False)
class Curvature:
    """What curvature tells of the parameters."""

    found: Identification
    """With scales as they are, priors included."""
    of_data: Array
    """(D, D): the information of the data alone, with scales as they are."""
    told: Evidence
    """Who tells what, for scales that are estimated."""
    errors: Array
    """(D,): standard errors, for scales that are estimated."""
    parabola: Parabola
    """The log density near the best fit, for scales that are estimated."""
    freedom: float
    """Degrees of freedom of what the scales are estimated from; infinite where they are given."""
    intervals: dict[float, Array]
    """By level: (D, 2), inside the range."""
    notes: tuple[str, ...]
    """What is odd about an interval, "" where nothing is."""
    directions: tuple[Direction, ...]
    subsets: tuple[Subset, ...]
    """The most collinear subsets of two and three parameters."""
    left_out: int
    hits: tuple[BoundHit, ...]
    kinked: Bools
    """(D,): whether the prior has a kink at the estimate."""
    verdicts: tuple[Verdict, ...]
    """Of the data alone."""

    def is_by_prior(self, i: int) -> bool:
        """Whether a parameter is known by priors rather than by data."""
        return self.told.is_by_prior(i)


def look_at_curvature(surface: Surface, full: Array) -> Curvature:
    """Return what curvature tells at a full set."""
    problem, d = surface.problem, surface.width
    theta, names = full[:d], problem.names
    of_data = fisher(np.nan_to_num(sensitivities(surface, full)))
    shapes = prior_shapes(surface, theta)
    of_priors = np.array([s.information for s in shapes])
    found = identification(names, of_data + np.diag(of_priors))
    freedom, shrink = _freedom(surface)
    within = (problem.low, problem.high)
    told = evidence(names, of_data * shrink, of_priors, _spreads(shapes, theta, within), within, theta)
    parabola = Parabola(theta, _slope(surface, full), told.found.information, problem.low, problem.high)
    by_level = _intervals(surface, parabola, told, freedom)
    kinked = np.array([s.kinked for s in shapes])
    near = collinearity(found, largest=3)
    worst = sorted(near.subsets, key=lambda s: -s.gamma)[:20]
    return Curvature(
        found,
        of_data,
        told,
        told.found.errors,
        parabola,
        freedom,
        {level: own.ends for level, own in by_level.items()},
        tuple(_note(by_level[LEVELS[0]].notes[i], kinked=bool(kinked[i])) for i in range(d)),
        _together(found, theta, problem.low, problem.high),
        tuple(worst),
        near.left_out,
        bounds_hit(names, theta, problem.low, problem.high),
        kinked,
        verdicts(told.of_data, theta, problem.low, problem.high, told),
    )


def _spreads(shapes: list[PriorShape], theta: Array, within: tuple[Array, Array]) -> Array:
    """Return standard deviations of priors, taken for normal where the posterior is: only so they compare."""
    information = np.array([s.information for s in shapes])
    with np.errstate(divide="ignore"):
        normal = np.sqrt(cut_variances(theta, 1.0 / np.sqrt(information), *within))
    return np.where(information > 0.0, normal, [s.deviation for s in shapes])


def _together(found: Identification, theta: Array, low: Array, high: Array) -> tuple[Direction, ...]:
    """Return what is collinear, and ridges whose parameters are not in it."""
    told = directions(found, theta, low, high)
    names = {name for direction in told for name in direction.names}
    return (*told, *(r for r in ridges(found, theta, low, high) if not names.issuperset(r.names)))


def _freedom(surface: Surface) -> tuple[float, float]:
    """Return degrees of freedom of scales, and by how much information of the data is less than with scales known."""
    problem, d = surface.problem, surface.width
    used = int(np.sum(problem.observations.fit_weight > 0.0))
    if not any(s.number in {"scale", "size"} for s in problem.scales) or used <= d:
        return np.inf, 1.0
    return float(used - d), (used - d) / used


def _slope(surface: Surface, full: Array) -> Array:
    """Return the derivatives of the density by parameters (D,)."""
    _, gradient = surface.density_gradient(surface.problem.slopes(full[None, : surface.width]), full[None])
    return np.asarray(gradient[0, : surface.width])


def _intervals(surface: Surface, parabola: Parabola, told: Evidence, freedom: float) -> dict[float, CurvatureIntervals]:
    own: list[Transform] = [
        p.transform if p.measure in _IN_RANGE else searched
        for p, searched in zip(surface.problem.parameters, surface.measures.own, strict=False)
    ]
    share = np.where(np.isnan(told.share), 1.0, told.share)
    with np.errstate(divide="ignore"):
        each = np.where(share > 0.0, freedom / np.square(share), np.inf)
    return {
        level: curvature_intervals(parabola, told.found.errors, level, freedom=each, transforms=own) for level in LEVELS
    }


def _note(text: str, *, kinked: bool) -> str:
    kink = "the prior has a kink at the estimate, which draws it there: a parabola as wide as the prior stands in"
    return "; ".join(t for t in (text, kink if kinked else "") if t)


def prior_shapes(surface: Surface, theta: Array) -> list[PriorShape]:
    """Return what priors are near a set (D,); of those the file does not give, no information."""
    out = []
    for i, parameter in enumerate(surface.problem.parameters):
        shape = prior_shape(parameter.prior, float(theta[i]), parameter.low, parameter.high)
        out.append(shape if parameter.has_prior else PriorShape(0.0, shape.deviation, kinked=False))
    return out


def sensitivities(surface: Surface, full: Array) -> Array:
    """Return sensitivities in units of the errors, of what is fitted: (m, D); R'R is the expected information."""
    return np.concatenate([np.zeros((0, surface.width)), *sensitivities_by_series(surface, full)])


def sensitivities_by_series(surface: Surface, full: Array) -> list[Array]:
    """Return sensitivities in units of the errors, of what is fitted of each series: (m, D) each."""
    theta, scales = full[None, : surface.width], full[None, surface.width :]
    predicted, jacobian = surface.problem.slopes(theta)
    seen, weights = surface.problem.observations, surface.problem.observations.fit_weight
    out = []
    for s in surface.problem.series:
        found = s.error.whitened_jacobian(
            seen.value[s.rows], predicted[:, s.rows], jacobian[:, s.rows], scales[:, list(s.scales)],
            weights[s.rows], seen.time[s.rows],
        )  # fmt: skip
        out.append(found[0])
    return out
