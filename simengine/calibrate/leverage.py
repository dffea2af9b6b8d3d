"""Whether what is left of each series is as large as its `error` says, by what each took of the parameters.

In: a `Surface`, the best full set, standardised residuals (n,). Out: plain data, by series.

An observation that the fit follows leaves less than its error: of its degree of freedom the fit took the leverage, the
diagonal of R (R'R + P)^-1 R', R sensitivities in units of the errors, P what priors tell (D. A. Belsley, E. Kuh, R. E.
Welsch, "Regression Diagnostics" (1980), 2.1).

Invariant: series whose errors are estimated are left out: they are what is left.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from simengine.calibrate.curvature import prior_shapes, sensitivities_by_series
from simengine.calibrate.surface import Surface
from simengine.inference.arrays import Array
from simengine.inference.dispersion import dispersion


def dispersions(surface: Surface, full: Array, standardised: Array) -> dict[str, dict[str, Any]]:
    """Return what is told of series whose errors are given: `factor`, `probability`, `off`, `n`, `freedom`."""
    problem, d = surface.problem, surface.width
    fitted = problem.observations.fit_weight > 0.0
    theta, scales = full[None, :d], full[None, d:]
    predicted = problem.predict(theta)
    out = {}
    for s, taken in zip(problem.series, leverages(surface, full), strict=True):
        own = scales[:, list(s.scales)]
        if not s.error.is_told:
            continue
        z = np.where(fitted[s.rows], standardised[s.rows], np.nan)
        found = dispersion(z, taken, s.error.excess(predicted[:, s.rows], own)[0])
        if found is not None:
            out[s.name] = {**found._asdict(), "off": found.is_off, "counts": s.error.counts}
    return out


def leverages(surface: Surface, full: Array) -> list[float]:
    """Return how many degrees of freedom fitting took of each series; in equal parts where there are no derivatives."""
    problem, d = surface.problem, surface.width
    weights = problem.observations.fit_weight
    used = [int(np.sum(weights[s.rows] > 0.0)) for s in problem.series]
    if problem.derivatives == "none":
        return [d * n / max(1, sum(used)) for n in used]
    rows = [np.nan_to_num(r) for r in sensitivities_by_series(surface, full)]
    priors = np.diag([p.information for p in prior_shapes(surface, full[:d])])
    information = priors + sum((r.T @ r for r in rows), np.zeros((d, d)))
    inverse = np.linalg.pinv(information, hermitian=True)
    return [float(np.clip(np.sum((r @ inverse) * r), 0.0, n)) for r, n in zip(rows, used, strict=True)]
