"""What is left of each series where a model is right: how large, and how its residuals hang together.

In: a `Surface`, the best full set. Out: a `Leverage` for each series: what fitting took of it, draws of its residuals.

An observation that the fit follows leaves less than its error: of its degree of freedom the fit took the leverage, the
diagonal of R (R'R + P)^-1 R', R sensitivities in units of the errors, P what priors tell (D. A. Belsley, E. Kuh, R. E.
Welsch, "Regression Diagnostics" (1980), 2.1).

So standardised residuals of a right model that was fitted have the covariance I - R (R'R + P)^-1 R' (of parameters
whose prior is right): not independent, though errors are.

Invariant: the same fit gives the same draws; a series whose errors are estimated has no dispersion: they are what is
left.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from simengine.calibrate.curvature import prior_shapes, sensitivities_by_series
from simengine.calibrate.surface import Surface
from simengine.inference.arrays import Array
from simengine.inference.dispersion import dispersion, excess_of, is_told
from simengine.inference.error_count import CountLaw

DRAWS = 2000
LONG = 100
"""So many residuals are told by asymptotics: draws are of fewer."""


@dataclass(frozen=True, eq=False)
class Leverage:
    """What fitting took of a series."""

    taken: float
    """Degrees of freedom: the sum of leverages."""
    covariance: Array | None
    """(m, m), of standardised residuals that are fitted, in order; None where there are no derivatives, or many."""

    def draws(self, seed: int) -> Array | None:
        """Return residuals of a right model (`DRAWS`, m); None where they cannot be told, or need not be."""
        if self.covariance is None:
            return None
        values, vectors = np.linalg.eigh(self.covariance)
        root = vectors * np.sqrt(np.maximum(values, 0.0))
        return np.asarray(np.random.default_rng([seed, 6]).standard_normal((DRAWS, len(root))) @ root.T)


def dispersions(
    surface: Surface, full: Array, standardised: Array, own: Sequence[Leverage]
) -> dict[str, dict[str, Any]]:
    """Return what is told of series whose errors are given: `factor`, `probability`, `off`, `n`, `freedom`."""
    problem, d = surface.problem, surface.width
    fitted = problem.observations.fit_weight > 0.0
    theta, scales = full[None, :d], full[None, d:]
    predicted = problem.predict(theta)
    out = {}
    for s, leverage in zip(problem.series, own, strict=True):
        numbers = scales[:, list(s.scales)]
        if not is_told(s.error):
            continue
        z = np.where(fitted[s.rows], standardised[s.rows], np.nan)
        found = dispersion(z, leverage.taken, excess_of(s.error, predicted[:, s.rows], numbers)[0])
        if found is not None:
            out[s.name] = {**found._asdict(), "off": found.is_off, "counts": isinstance(s.error.law, CountLaw)}
    return out


def leverages(surface: Surface, full: Array) -> list[Leverage]:
    """Return what fitting took of each series; in equal parts where there are no derivatives."""
    problem, d = surface.problem, surface.width
    weights = problem.observations.fit_weight
    used = [int(np.sum(weights[s.rows] > 0.0)) for s in problem.series]
    if problem.derivatives == "none":
        return [Leverage(d * n / max(1, sum(used)), None) for n in used]
    rows = [np.nan_to_num(r) for r in sensitivities_by_series(surface, full)]
    priors = np.diag([p.information for p in prior_shapes(surface, full[:d])])
    information = priors + sum((r.T @ r for r in rows), np.zeros((d, d)))
    inverse = np.linalg.pinv(information, hermitian=True)
    out = []
    for r, n in zip(rows, used, strict=True):
        taken = float(np.clip(np.sum((r @ inverse) * r), 0.0, n))
        mean = r[:n]  # what the spread of relative errors tells comes after
        out.append(Leverage(taken, np.eye(n) - mean @ inverse @ mean.T if n < LONG else None))
    return out
