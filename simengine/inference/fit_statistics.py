"""How well a series is met: errors, their shares after Theil, both kinds of R squared.

In: simulated and actual values, paired (n,); pairs of which one is NaN are left out and counted. Out: a table of
numbers.

References: J. D. Sterman (1984), "Appropriate summary statistics for evaluating the historical fit of system dynamics
models", Dynamica 10 (2), 51-66; the same, "Business Dynamics" (2000), ch. 21; H. Theil, "Economic Forecasts and
Policy", 2nd ed. (1961), 2.5 (U, from 0 to 1); "Applied Economic Forecasting" (1966), 2.5 (the shares). Deviations are
those of a population (1/n): only then the shares add up to 1.

Invariant: what can not be computed is NaN, and `reasons` says why.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from simengine.inference.arrays import Array, Bools, as_vector

_NAN = math.nan
_IN_UNITS = ("mean_simulated", "mean_actual", "deviation_simulated", "deviation_actual", "rmse", "mae")


@dataclass(frozen=True)
class FitStatistics:
    """Statistics of one series; e = simulated - actual."""

    n: int
    """Pairs used."""
    missing: int
    """Pairs left out, for one of them is no number or infinite."""
    zeros: int
    """Pairs whose actual value is 0, left out of `mape` and `rmspe`."""
    mean_simulated: float = _NAN
    mean_actual: float = _NAN
    deviation_simulated: float = _NAN
    deviation_actual: float = _NAN
    mse: float = _NAN
    rmse: float = _NAN
    mae: float = _NAN
    mape: float = _NAN
    """Mean of |e/A|: a share, not percent."""
    rmspe: float = _NAN
    """Root of the mean of (e/A)^2."""
    r_squared: float = _NAN
    """Square of the correlation: blind for errors of level and size."""
    efficiency: float = _NAN
    """1 - SSE/SST: below 0 where the mean of the actual values is nearer."""
    theil_u: float = _NAN
    """RMSE/(root mean S^2 + root mean A^2), from 0 to 1."""
    bias: float = _NAN
    """UM, the share of MSE by unequal means."""
    variation: float = _NAN
    """US, the share by unequal deviations."""
    covariation: float = _NAN
    """UC, the share by imperfect correlation: unsystematic error."""
    reasons: Mapping[str, str] = field(default_factory=dict)
    """Why what is NaN is NaN, by name."""


def fit_statistics(simulated: ArrayLike, actual: ArrayLike) -> FitStatistics:
    """Return the statistics of a series.

    Examples
    --------
    >>> found = fit_statistics([2.0, 3.0, 4.0], [1.0, 2.0, 3.0])
    >>> found.rmse, found.bias, found.r_squared, found.efficiency
    (1.0, 1.0, 1.0, -0.5)

    """
    s, a = as_vector(simulated), as_vector(actual)
    if s.shape != a.shape:
        raise ValueError(f"{len(s)} simulated values, but {len(a)} actual ones")
    there = np.isfinite(s) & np.isfinite(a)
    s, a, missing = s[there], a[there], int(np.sum(~there))
    nonzero = a != 0.0
    zeros = int(np.sum(~nonzero))
    if len(s) == 0:
        names = [k for k in FitStatistics.__dataclass_fields__ if k not in {"n", "missing", "zeros", "reasons"}]
        return FitStatistics(0, missing, zeros, reasons=dict.fromkeys(names, "there is no pair of values"))
    with np.errstate(over="ignore", invalid="ignore", divide="ignore", under="ignore"):
        # in units of a power of two, which changes no bit: squares of very large and very small values are numbers too
        power = int(np.frexp(max(np.max(np.abs(s)), np.max(np.abs(a))))[1])
        table, reasons = _figures(np.ldexp(s, -power), np.ldexp(a, -power), nonzero)
        for name in _IN_UNITS:
            table[name] = float(np.ldexp(table[name], power))
        table["mse"] = float(np.ldexp(table["mse"], 2 * power))
    beyond = [name for name, value in table.items() if not math.isfinite(value)]
    reasons |= dict.fromkeys(beyond, "the values are too large or too small for it to be computed")
    table = {name: value for name, value in table.items() if name not in beyond}
    return FitStatistics(len(s), missing, zeros, **table, reasons=reasons)


def _figures(s: Array, a: Array, nonzero: Bools) -> tuple[dict[str, float], dict[str, str]]:
    """Return what can be computed of pairs, and why the rest cannot."""
    e = s - a
    mse = float(np.mean(e * e))
    table = {
        "mean_simulated": float(np.mean(s)), "mean_actual": float(np.mean(a)),
        "deviation_simulated": float(np.std(s)), "deviation_actual": float(np.std(a)),
        "mse": mse, "rmse": math.sqrt(mse), "mae": float(np.mean(np.abs(e))),
    }  # fmt: skip
    reasons: dict[str, str] = {}
    if nonzero.any():
        relative = e[nonzero] / a[nonzero]
        table |= {"mape": float(np.mean(np.abs(relative))), "rmspe": math.sqrt(float(np.mean(relative * relative)))}
    else:
        reasons |= dict.fromkeys(("mape", "rmspe"), "all actual values are 0")
    size = math.sqrt(float(np.mean(s * s))) + math.sqrt(float(np.mean(a * a)))
    if size > 0.0:
        table["theil_u"] = table["rmse"] / size
    else:
        reasons["theil_u"] = "all values are 0"
    _explained(s, a, e, table, reasons)
    _shares(s, a, e, table, reasons)
    return table, reasons


def _constant(x: Array) -> bool:
    """Return whether values differ by no more than rounding."""
    return bool(np.ptp(x) <= 8.0 * np.finfo(float).eps * np.max(np.abs(x)))


def _explained(s: Array, a: Array, e: Array, table: dict[str, float], reasons: dict[str, str]) -> None:
    if _constant(a):
        reasons |= dict.fromkeys(("r_squared", "efficiency"), "the actual values do not vary")
        return
    table["efficiency"] = 1.0 - float(np.sum(e * e) / np.sum((a - np.mean(a)) ** 2))
    if _constant(s):
        reasons["r_squared"] = "the simulated values do not vary"
    else:
        ds, da = s - np.mean(s), a - np.mean(a)
        r = float(np.sum(ds * da) / math.sqrt(float(np.sum(ds * ds)) * float(np.sum(da * da))))
        table["r_squared"] = min(r * r, 1.0)


def _shares(s: Array, a: Array, e: Array, table: dict[str, float], reasons: dict[str, str]) -> None:
    """Set the shares, by differences of errors: no digits are lost where errors are small beside the values."""
    noise = 8.0 * np.finfo(float).eps * float(max(np.max(np.abs(s)), np.max(np.abs(a))))
    if table["rmse"] <= noise:
        names = ("bias", "variation", "covariation")
        reasons |= dict.fromkeys(names, "simulated and actual values are the same: there is no error to share out")
        return
    centred, sums = e - np.mean(e), table["deviation_simulated"] + table["deviation_actual"]
    wider = float(np.mean(centred * ((s - np.mean(s)) + (a - np.mean(a))))) / sums if sums > 0.0 else 0.0
    spread = float(np.mean(centred * centred))
    parts = np.array([float(np.mean(e)) ** 2, wider**2, max(spread - wider**2, 0.0)])
    shares = parts / parts.sum()
    table |= {"bias": float(shares[0]), "variation": float(shares[1]), "covariation": float(shares[2])}


class Skill(NamedTuple):
    """What a forecast is better than a naive one."""

    value: float
    """1 - RMSE/RMSE of the naive forecast: 1 perfect, 0 as good, below 0 worse; NaN where `reason` says why."""
    rmse: float
    naive_rmse: float
    naive: str
    """The naive forecast."""
    n: int
    reason: str | None = None


NAIVE = {
    "last": "the last value before stays",
    "drift": "the straight line through the first and the last value before goes on",
    "previous": "each value is the one before it, which a forecast of more than one step does not know",
}
"""Naive forecasts: R. J. Hyndman, G. Athanasopoulos, "Forecasting: Principles and Practice", 3rd ed. (2021), 5.2."""


def skill(
    simulated: ArrayLike,
    actual: ArrayLike,
    history: ArrayLike,
    *,
    naive: str = "last",
    times: ArrayLike | None = None,
    history_times: ArrayLike | None = None,
) -> Skill:
    """Return the skill over a held-out period, `history` being the actual values before it.

    Times matter to `drift` only; without, values are one step apart.

    Examples
    --------
    >>> skill([11.0, 12.5], [11.0, 12.0], [9.0, 10.0]).value.__round__(3)
    0.776

    """
    s, a, before = as_vector(simulated), as_vector(actual), as_vector(history)
    if naive not in NAIVE:
        raise ValueError(f"no naive forecast is called {naive!r}; there are {', '.join(NAIVE)}")
    past = np.arange(len(before)) if history_times is None else as_vector(history_times)
    now = len(before) + np.arange(len(a)) if times is None else as_vector(times)
    known = np.isfinite(before)
    if np.sum(known) < (2 if naive == "drift" else 1):
        return Skill(_NAN, _NAN, _NAN, NAIVE[naive], 0, "too few values before the period")
    values, at = before[known], past[known]
    match naive:
        case "drift":
            guess = values[-1] + (values[-1] - values[0]) / (at[-1] - at[0]) * (now - at[-1])
        case "previous":
            guess = np.concatenate([values[-1:], a[:-1]])
        case _:
            guess = np.full(len(a), values[-1])
    there = np.isfinite(s) & np.isfinite(a) & np.isfinite(guess)
    if not there.any():
        return Skill(_NAN, _NAN, _NAN, NAIVE[naive], 0, "there is no pair of values")
    power = int(np.frexp(max(float(np.max(np.abs(x[there]))) for x in (s, a, guess)))[1])
    rmse, other = (
        float(np.ldexp(np.sqrt(np.mean(np.square(np.ldexp(x[there], -power) - np.ldexp(a[there], -power)))), power))
        for x in (s, guess)
    )
    if other <= 8.0 * np.finfo(float).eps * float(np.max(np.abs(a[there]))):
        return Skill(_NAN, rmse, other, NAIVE[naive], int(there.sum()), "the naive forecast is without error")
    return Skill(1.0 - rmse / other, rmse, other, NAIVE[naive], int(there.sum()))


def systematic_probability(simulated: ArrayLike, actual: ArrayLike, taken: float = 0.0) -> float:
    """Return the probability that errors so systematic are chance: with a level, and a slope over what is simulated.

    The F test that both are 0 (J. A. Mincer, V. Zarnowitz, in: "Economic Forecasts and Expectations" (1969), 1-46);
    NaN where too few values are left to tell. `taken` are the degrees of freedom that fitting took of the errors: their
    variance is that of what is left.

    Examples
    --------
    >>> systematic_probability([1.0, 2.0, 3.0, 4.0], [3.0, 4.1, 4.9, 6.0]) < 0.01
    True

    """
    from scipy.special import fdtrc

    s, a = as_vector(simulated), as_vector(actual)
    there = np.isfinite(s) & np.isfinite(a)
    s, a = s[there], a[there]
    if not len(s):
        return _NAN
    power = int(np.frexp(max(np.max(np.abs(s)), np.max(np.abs(a))))[1])
    s, a = np.ldexp(s, -power), np.ldexp(a, -power)
    columns = [np.ones_like(s)] if _constant(s) else [np.ones_like(s), (s - np.mean(s)) / np.std(s)]
    freedom = len(s) - max(float(len(columns)), taken)
    if freedom < 1.0:
        return _NAN
    e, basis = a - s, np.linalg.qr(np.stack(columns, axis=1))[0]
    told = float(np.sum(np.square(basis.T @ e)))
    left = float(np.sum(e * e)) - told
    if not left > 1e-12 * told:
        return 0.0 if told > 0.0 else _NAN
    return float(fdtrc(len(columns), freedom, (told / len(columns)) / (left / freedom)))


class Coverage(NamedTuple):
    """How often observations lie in their bands."""

    share: float
    inside: int
    n: int
    expected: float
    low: float
    """The exact 95 % interval of the share, C. J. Clopper, E. S. Pearson (1934), Biometrika 26, 404-413."""
    high: float
    probability: float
    """Of a share at least so unlikely where the bands are right (exact binomial test; observations independent)."""


def coverage(actual: ArrayLike, low: ArrayLike, high: ArrayLike, expected: float) -> Coverage:
    """Return how many of the actual values lie in their bands, ends included; NaN are left out."""
    from scipy import stats

    a, under, over = as_vector(actual), as_vector(low), as_vector(high)
    there = ~(np.isnan(a) | np.isnan(under) | np.isnan(over))
    n, inside = int(there.sum()), int(np.sum((a >= under) & (a <= over) & there))
    if n == 0:
        return Coverage(_NAN, 0, 0, expected, _NAN, _NAN, _NAN)
    test = stats.binomtest(inside, n, expected)
    interval = test.proportion_ci(0.95, method="exact")
    return Coverage(inside / n, inside, n, expected, float(interval.low), float(interval.high), float(test.pvalue))
