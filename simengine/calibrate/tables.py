"""Tables of a calibration's folder: starts, fit, profiles, posterior.

In: a `Fitted`, bands. Out: sheets; the posterior as Parquet.

Invariant: the same numbers give the same bytes.
"""

from __future__ import annotations

import io
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import numpy as np

from simengine.calibrate.bands import Bands, standardised
from simengine.calibrate.forecast import Forecast
from simengine.calibrate.inference_data import kept
from simengine.calibrate.parameter import Parameter
from simengine.calibrate.work import Fitted
from simengine.inference.arrays import Array
from simengine.results.sheet import Cell, Field, Sheet
from simengine.scenario.names import place_names

if TYPE_CHECKING:
    import pyarrow as pa

STARTS, FIT, PROFILES, OF_DATA, FORECAST = "starts", "fit", "profiles", "likelihood-profiles", "forecast"
TITLES = {
    STARTS: "Every search: where it began and where it ended",
    FIT: "Observations beside the best fit, with bands",
    PROFILES: "Profiles: the log density, priors included, with one parameter fixed, the others at their best",
    OF_DATA: "Profiles of the likelihood alone, without priors: what the data say",
    FORECAST: "The model at the best fit from its begin to its end, with bands of what is not known of parameters",
    "posterior": "A row a draw of the posterior, parameters in the model's units",
}


def starts_sheet(fitted: Fitted) -> Sheet:
    """Return a row a search."""
    names, problem = fitted.surface.names, fitted.surface.problem
    units = (*problem.units, *(s.unit for s in problem.scales))
    best = fitted.best.found.density
    fields = [
        Field("search", "string", "where it began: the file's start, a point of the design, the global search"),
        Field("log density at the start", "number", "log-likelihood and log prior where it began"),
        Field("log density", "number", "where it ended"),
        Field("below the best", "number", "how much lower than the best"),
        Field(
            "status", "string", "converged, joined (it ran to what another search had found), stopped, failed, screened"
        ),
        Field("joined", "string", "the search it joined: where it ended is where that one did"),
        Field("steps", "number", "how often the surface was looked at"),
        *(Field(f"start of {n}", "number", "where it began", u) for n, u in zip(names, units, strict=True)),
        *(Field(n, "number", "where it ended", u) for n, u in zip(names, units, strict=True)),
    ]
    rows = [
        (s.name, _known(s.begun_density), _known(s.found.density), _known(best - s.found.density), s.found.status,
         s.found.joined or None, float(s.found.steps), *map(float, s.begun), *map(float, s.found.full))
        for s in fitted.searches
    ]  # fmt: skip
    return Sheet(STARTS, TITLES[STARTS], tuple(fields), tuple(rows))


def _known(value: float) -> float | None:
    return float(value) if np.isfinite(value) else None


def fit_sheet(fitted: Fitted, predicted: Array, bands: Bands) -> Sheet:
    """Return a row an observation."""
    problem, full = fitted.surface.problem, fitted.best.found.full
    seen = problem.observations
    z = standardised(fitted.surface, full, predicted[None])
    fields = (
        Field("series", "string", "the name of the series"),
        Field("unit", "string", "its unit"),
        Field("time", "number", "the time of the observation"),
        Field("observed", "number", "what was measured"),
        Field("predicted", "number", "what the model gives at the estimate"),
        Field("low", "number", "the lower end of the 90 % band of observations"),
        Field("high", "number", "its upper end"),
        Field("residual", "number", "observed less predicted"),
        Field(
            "standardised", "number", "the residual as the error model standardises it: about N(0, 1) where it is right"
        ),
        Field("weight", "number", "how much it counts"),
        Field("held out", "boolean", "whether it was not fitted"),
        Field("quality", "string", "its quality, as the data say"),
        Field("source", "string", "who measured it"),
    )
    rows: list[tuple[Cell, ...]] = []
    for s in problem.series:
        for i in range(s.rows.start, s.rows.stop):
            numbers = (seen.time[i], seen.value[i], predicted[i], bands.low[i], bands.high[i],
                       seen.value[i] - predicted[i], z[i], seen.weight[i])  # fmt: skip
            known: list[Cell] = [_known(x) for x in numbers]
            rows.append((s.name, s.unit, *known, bool(seen.held_out[i]), seen.quality[i], seen.source[i]))
    return Sheet(FIT, TITLES[FIT], fields, tuple(rows))


def forecast_sheet(forecast: Forecast) -> Sheet:
    """Return a row a time of a series' course."""
    fields = (
        Field("series", "string", "the name of the series"),
        Field("unit", "string", "its unit"),
        Field("time", "number", "the time"),
        Field("predicted", "number", "what the model gives at the estimate"),
        Field("low", "number", f"the lower end of the 90 % band of the model's values, by {forecast.made_of}"),
        Field("median", "number", "the middle of them"),
        Field("high", "number", "the upper end"),
        Field("after the data", "boolean", "whether it comes after the last observation, fitted or held out"),
    )
    rows: list[tuple[Cell, ...]] = []
    for c in forecast.courses:
        for n, time in enumerate(c.times.tolist()):
            numbers = (_known(x[n]) for x in (c.predicted, c.low, c.median, c.high))
            rows.append((c.series.name, c.series.unit, time, *numbers, bool(c.beyond[n])))
    return Sheet(FORECAST, TITLES[FORECAST], fields, tuple(rows))


def profiles_sheet(fitted: Fitted, *, of_data: bool = False) -> Sheet:
    """Return a row a point of a profile: of the density, or of the likelihood alone."""
    profiles, what = (fitted.data_profiles, "likelihood") if of_data else (fitted.profiles, "density")
    names, problem = fitted.surface.names, fitted.surface.problem
    units = (*problem.units, *(s.unit for s in problem.scales))
    fields = (
        Field("parameter", "string", "the parameter fixed"),
        Field("value", "number", "its value"),
        Field("rise", "number", f"2 (best log {what} - this): 2.71, 3.84, 6.63 are the ends of 90, 95, 99 % intervals"),
        Field(f"log {what}", "number", "the highest with it fixed"),
        *(Field(f"of {n}", "number", "the value of the others there", u) for n, u in zip(names, units, strict=True)),
    )
    rows: list[tuple[Cell, ...]] = [
        (names[p.index], float(q.value), 2.0 * (p.best - q.loglik), float(q.loglik), *map(float, q.theta))
        for p in profiles
        for q in p.points
    ]
    table = OF_DATA if of_data else PROFILES
    return Sheet(table, TITLES[table], fields, tuple(rows))


def posterior_table(fitted: Fitted) -> pa.Table:
    """Return a row a draw: chain, draw, parameters, scales; what parameters set, where that is called otherwise.

    So a sweep that draws rows finds a column for each variable, element and point of a lookup.
    """
    import pyarrow as pa

    own = [(n, kept(c, c.draws)) for n, c in enumerate(fitted.chains)]
    rows = np.concatenate([draws for _, draws in own])
    columns: dict[str, Any] = {
        "chain": np.concatenate([np.full(len(d), n, dtype=np.int64) for n, d in own]),
        "draw": np.concatenate([np.arange(len(d), dtype=np.int64) for _, d in own]),
    }
    problem = fitted.surface.problem
    units = {**dict(zip(problem.names, problem.units, strict=True)), **{s.name: s.unit for s in problem.scales}}
    for i, name in enumerate(fitted.surface.names):
        columns[name] = np.ascontiguousarray(rows[:, i])
    for number, parameter in enumerate(problem.parameters):
        for name, unit, by in _set_by(parameter):
            if name not in columns:
                columns[name], units[name] = np.ascontiguousarray(rows[:, number] * by), unit
    fields = []
    for name, values in columns.items():
        kind = pa.int64() if values.dtype == np.int64 else pa.float64()
        fields.append(pa.field(name, kind, metadata={"unit": units[name]} if units.get(name) else None))
    return pa.table([pa.array(v) for v in columns.values()], schema=pa.schema(fields))


def _set_by(parameter: Parameter) -> Iterator[tuple[str, str, float]]:
    """Yield what a parameter sets: names as scenarios have them, units, by what it is multiplied there."""
    for setter in parameter.setters:
        target, factors = setter.target, setter.coefficients.tolist()
        unit = target.variable.units
        if setter.points is not None:
            for x, by in zip(setter.xs, factors, strict=True):
                yield f"{target.text}({x:.15g})", unit, by
        elif len(set(factors)) == 1:
            yield target.text, unit, factors[0]
        else:
            yield from ((name, unit, by) for name, by in zip(place_names(target), factors, strict=True))


def parquet_bytes(table: pa.Table) -> bytes:
    """Return a table as Parquet."""
    import pyarrow.parquet as pq

    out = io.BytesIO()
    pq.write_table(table, out, compression="zstd")
    return out.getvalue()
