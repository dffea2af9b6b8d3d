"""`posterior.nc`: draws as ArviZ reads them.

In: a `Fitted`, predictions at the best fit, a path. Out: netCDF with groups `posterior`, `sample_stats`,
`log_likelihood` (of each observation that is fitted; with AR(1) given the one before), `observed_data`,
`constant_data`.

Walkers of an ensemble are proposed from each other: R-hat between them says nothing. So an ensemble is one chain, in
the order it was drawn, with as many draws as one walker has, spread over its length.

Invariant: the same numbers give the same bytes; the rows are those of posterior.parquet.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from simengine.calibrate.posterior import Chain
from simengine.calibrate.problem import Problem
from simengine.calibrate.work import Fitted
from simengine.inference.arrays import Array

_AT_ONCE = 2048
_KINDS: dict[str, type] = {"diverging": np.bool_, "tree_depth": np.int64, "n_steps": np.int64}


def kept(chain: Chain, values: Array) -> Array:
    """Return of a chain's values (walkers, draws, ...) all; of an ensemble's so many as one walker has, in order."""
    walkers, length = chain.draws.shape[:2]
    steps = np.arange(length - 1, -1, -walkers)[::-1]
    return np.swapaxes(values[:, steps], 0, 1).reshape(-1, *values.shape[2:])


def write_netcdf(fitted: Fitted, predicted: Array, path: Path) -> None:
    """Write draws as ArviZ reads them."""
    import xarray as xr

    draws = np.stack([kept(c, c.draws) for c in fitted.chains])
    names, problem = fitted.surface.names, fitted.surface.problem
    units = {**dict(zip(problem.names, problem.units, strict=True)), **{s.name: s.unit for s in problem.scales}}
    places = {"chain": np.arange(draws.shape[0]), "draw": np.arange(draws.shape[1])}
    posterior = xr.Dataset(
        {
            _stored(n): (("chain", "draw"), draws[:, :, i], {"units": units.get(n, ""), "name": n})
            for i, n in enumerate(names)
        },
        coords=places,
        attrs=_about(fitted.chains[0]),
    )
    common = set.intersection(*(set(c.statistics) for c in fitted.chains))
    stats = xr.Dataset(
        {
            name: (("chain", "draw"), np.stack([kept(c, c.statistics[name]) for c in fitted.chains]).astype(kind))
            for name, kind in ((n, _KINDS.get(n, np.float64)) for n in sorted(common))
        },
        coords=places,
    )
    seen, data, fit = problem.observations, {}, {}
    for s in problem.series:
        own = _stored(f"time of {s.name}")
        data[_stored(s.name)] = (own, seen.value[s.rows], {"units": s.unit})
        fit[_stored(f"best fit of {s.name}")] = (own, predicted[s.rows], {"units": s.unit})
    coords = {_stored(f"time of {s.name}"): seen.time[s.rows] for s in problem.series}
    groups = {
        "posterior": posterior,
        "sample_stats": stats,
        "log_likelihood": xr.Dataset(*_likelihoods(problem, draws, places)),
        "observed_data": xr.Dataset(data, coords=coords),
        "constant_data": xr.Dataset(fit, coords=coords),
    }
    for number, (group, dataset) in enumerate(groups.items()):
        dataset.to_netcdf(path, mode="w" if number == 0 else "a", group=group, engine="h5netcdf")


def _about(chain: Chain) -> dict[str, Any]:
    walkers, length = chain.draws.shape[:2]
    if walkers == 1:
        return {"sampler": "NUTS"}
    return {
        "sampler": "affine-invariant ensemble",
        "walkers": walkers,
        "steps": length,
        "note": f"a chain is an ensemble of {walkers} walkers, all of them at every {walkers}th step, one step after "
        "another; its effective size is that in calibration.json, of all steps: by the order of draws here it would "
        "come out too large",
    }


def _likelihoods(problem: Problem, draws: Array, places: dict[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return log-likelihoods of each observation fitted, by series, and coordinates."""
    seen, d = problem.observations, len(problem.names)
    rows = draws.reshape(-1, draws.shape[2])
    begins = range(0, len(rows), _AT_ONCE)
    predicted = np.concatenate([problem.predict(rows[n : n + _AT_ONCE, :d]) for n in begins])
    values, coords = {}, dict(places)
    for s in problem.series:
        fitted = seen.fit_weight[s.rows] > 0.0
        if not fitted.any():
            continue
        found = s.error.pointwise(
            seen.value[s.rows], predicted[:, s.rows], rows[:, d:][:, list(s.scales)], seen.fit_weight[s.rows],
            seen.time[s.rows],
        )[:, fitted]  # fmt: skip
        own = _stored(f"fitted time of {s.name}")
        values[_stored(s.name)] = (("chain", "draw", own), found.reshape(*draws.shape[:2], -1))
        coords[own] = seen.time[s.rows][fitted]
    return values, coords


def _stored(name: str) -> str:
    """Return a name as netCDF can hold it: a slash would open a group."""
    return name.replace("/", "|")
