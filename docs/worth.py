"""What measuring would tell: by how much a new observation would narrow the range of gas in 2040.

In: draws that stand for what is known. Out: for each thing that could be measured, how wide the 90 % range would be
afterwards, in the mean over what might be found, as a share of what it is now.

For each of many draws it is taken for the truth, an observation is made of it, and all draws are weighed by how near
they predict that (expected posterior width, by nested Monte Carlo). Beside it stands what exact derivatives give: with
covariance C of the parameters, g the gradient of the outcome, h that of the observation, s its error, the variance left
is g'Cg - (g'Ch)^2 / (h'Ch + s^2): the Fisher information of one more observation added to what is known.

Reference: K. Chaloner, I. Verdinelli (1995), "Bayesian Experimental Design: A Review", Statistical Science 10, 273-304.

Invariant: the same draws give the same figures.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from docs.prototype import ENERGY, GAS, OUTLOOK, PLAN
from simengine import Model, load

Array = NDArray[np.float64]
ERROR = 0.03
YEAR = 2027.0
TRUTHS = 400
LEVEL = (0.05, 0.95)


@dataclass(frozen=True)
class Candidate:
    """What could be measured: a variable (all its elements together) at times, or a parameter."""

    title: str
    variable: str
    times: tuple[float, ...] = (YEAR,)
    error: float = ERROR
    """Relative."""


CANDIDATES = (
    Candidate("gas of homes", GAS),
    Candidate("gas of homes in 2018, 2020, 2021 and 2022, as published, 2 % each", GAS,
              (2018.0, 2020.0, 2021.0, 2022.0), 0.02),
    Candidate("a count of homes on gas that are badly insulated", "homes on gas badly insulated"),
    Candidate("a count of homes insulated in the year", "insulating"),
    Candidate("a count of homes heated by heat pumps only", "all electric homes"),
    Candidate("electricity of homes", "total electricity use"),
    Candidate("solar power of homes", "solar generation"),
    Candidate("gas saved by insulating a home, from meters before and after", "saving by insulating"),
    Candidate("the rate of insulating itself, were it known", "insulation rate"),
    Candidate("the price elasticity itself, were it known", "price elasticity"),
    Candidate("the heat pump rate itself, were it known", "heat pump rate"),
    Candidate("the share of gas that follows the weather, from daily meters", "share that follows the weather"),
)  # fmt: skip


@dataclass(frozen=True)
class Worth:
    """What is left of the width of a range after measuring, in the mean."""

    title: str
    left: float
    """As a share, by weighing draws."""
    linear: float
    """As a share, of the standard deviation, by exact derivatives."""


def measure(sets: dict[str, Array]) -> list[Worth]:
    """Return what each candidate is worth for gas in 2040 without a network; most first. `sets`: (K,) by parameter."""
    model = load(ENERGY)
    gas, predicted = _runs(model, sets)
    slope, slopes = _slopes(model, {name: float(values.mean()) for name, values in sets.items()})
    spread = np.atleast_2d(np.cov(np.stack(list(sets.values()))))
    out = []
    for candidate, rows, h in zip(CANDIDATES, predicted, slopes, strict=True):
        errors = candidate.error * np.abs(rows.mean(axis=0))
        left = expected_width(gas, rows, candidate.error) / width(gas)
        out.append(Worth(candidate.title, left, linear_left(slope, h, spread, errors)))
    return sorted(out, key=lambda w: w.left)


def width(values: Array) -> float:
    """Return how wide the 90 % range of values is."""
    low, high = np.quantile(values, LEVEL)
    return float(high - low)


def expected_width(outcome: Array, predicted: Array, error: float, seed: int = 1) -> float:
    """Return how wide the 90 % range of an outcome (K,) is in the mean, once predictions (K, m) were observed.

    Errors are relative, normal and independent, with standard deviation `error`.
    """
    rng = np.random.default_rng(seed)
    truths = np.linspace(0, len(outcome) - 1, min(TRUTHS, len(outcome))).astype(np.int64)
    order = np.argsort(outcome)
    value, given = outcome[order], predicted[order]
    places = np.argsort(order)
    found = []
    for truth in places[truths]:
        seen = given[truth] * (1.0 + error * rng.standard_normal(given.shape[1]))
        off = (seen - given) / (error * given)
        density = -0.5 * np.sum(off**2, axis=1) - np.sum(np.log(np.abs(given)), axis=1)
        weights = np.exp(density - density.max())
        weights /= weights.sum()
        low, high = np.interp(LEVEL, np.cumsum(weights) - 0.5 * weights, value)
        found.append(high - low)
    return float(np.mean(found))


def linear_left(slope: Array, slopes: Array, spread: Array, errors: Array) -> float:
    """Return the share of the standard deviation of an outcome that is left: slopes (D,), (m, D), errors (m,)."""
    before = float(slope @ spread @ slope)
    shared = slopes @ spread @ slope
    told = float(shared @ np.linalg.solve(slopes @ spread @ slopes.T + np.diag(errors**2), shared))
    return float(np.sqrt(max(0.0, 1.0 - told / before)))


def _plan(model: Model) -> Array:
    return np.zeros(len(model.dimensions["wijk"]))


def _runs(model: Model, sets: dict[str, Array]) -> tuple[Array, list[Array]]:
    """Return gas in 2040 (K,), and what each candidate would be: (K, m) each."""
    count = len(next(iter(sets.values())))
    asked = [c for c in CANDIDATES if c.variable not in sets]
    times = sorted({OUTLOOK, *(t for c in asked for t in c.times)})
    names = list(dict.fromkeys([GAS, *(c.variable for c in asked)]))
    values: dict[str, Any] = {**sets, PLAN: np.tile(_plan(model), (count, 1))}
    found = model.ensemble(values, save=names, keep=times)

    def of(name: str, at: Sequence[float]) -> Array:
        rows = np.asarray(found[name].values, dtype=np.float64).reshape(count, len(times), -1).sum(axis=2)
        return rows[:, [times.index(t) for t in at]]

    return of(GAS, [OUTLOOK])[:, 0], [
        sets[c.variable][:, None] if c.variable in sets else of(c.variable, c.times) for c in CANDIDATES
    ]


def _slopes(model: Model, values: dict[str, float]) -> tuple[Array, list[Array]]:
    """Return exact derivatives by the parameters of gas in 2040 (D,), and of each candidate (m, D)."""
    wrt = list(values)
    asked = list(dict.fromkeys([GAS, *(c.variable for c in CANDIDATES if c.variable not in values)]))
    _, found = model.gradient({**values, PLAN: _plan(model)}, wrt=wrt, outputs=asked)
    columns = [str(name).split("[")[0] for name in found["output"].values]

    def of(name: str, at: Sequence[float]) -> Array:
        own = [i for i, column in enumerate(columns) if column == name]
        return np.asarray(found.sel(time=list(at)).values[:, own].sum(axis=1), dtype=np.float64)

    unit = np.eye(len(wrt))
    return of(GAS, [OUTLOOK])[0], [
        unit[[wrt.index(c.variable)]] if c.variable in values else of(c.variable, c.times) for c in CANDIDATES
    ]
