"""Whether a series behaves alike: Barlas's tests of trend, period, means, variations, phase, and discrepancy.

In: simulated and actual values (n,), evenly spaced. Out: each test with its figures and verdict.

References: Y. Barlas (1989), "Multiple tests for validation of system dynamics type of simulation models", European
Journal of Operational Research 42, 59-87; (1990), "An autocorrelation function test for output validation", Simulation
55, 7-16; (1996), "Formal aspects of model validity and validation in system dynamics", System Dynamics Review 12,
183-210; Y. Barlas, H. Topaloglu, S. Yilankaya (1997), "A behavior validity testing software (BTS)", Proc. 15th Int.
System Dynamics Conference. The steps and their order were checked against the last, which is on-line; E1, E2 and their
limits against theses that quote the first (chapter 2 of 2009-1-00497-TISI, library.binus.ac.id).

The discrepancy is Theil's inequality coefficient (1961, 2.5) of both series without their means, so it is from 0 to 1
by the triangle inequality; U^2 = 1 - 2 (1 + r) sS sA/(sS + sA)^2. The variance of an autocorrelation is M. S.
Bartlett's (1946; P. J. Brockwell, R. A. Davis, "Time Series: Theory and Methods", 2nd ed. (1991), 7.2) with the term of
lag i weighing (n - i)/(n + 2) instead of 1: for white noise it is (n - k)/(n (n + 2)), as G. M. Ljung and G. E. P. Box
(1978) have it. Tests show all of this.

# unverified: that Barlas's papers of 1989 and 1990 have these two in the same form; they were not at hand (nor was the
text with formulas of his conference paper of 1985, "Comparing the observed and model-generated behavior patterns").

Invariant: period and phase are looked for in what is left of both series when their own straight lines are taken away.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import ArrayLike

from simengine.inference.arrays import Array, as_vector
from simengine.inference.residuals import autocorrelations, count_gaps

MEANS_LIMIT, VARIATIONS_LIMIT = 0.05, 0.30


@dataclass(frozen=True)
class Trend:
    """Straight lines through both series."""

    slope_simulated: float
    slope_actual: float
    deviation: float
    """Standard deviation of the difference, of residuals taken as independent."""

    @property
    def alike(self) -> bool:
        """Whether the slopes differ by no more than two standard deviations."""
        return abs(self.slope_simulated - self.slope_actual) <= 2.0 * self.deviation


@dataclass(frozen=True)
class Behaviour:
    """The tests of one series. What is None could not be judged, and `reasons` says why."""

    n: int
    e1: float = math.nan
    """|mean S - mean A|/|mean A|."""
    e2: float = math.nan
    """|sS - sA|/sA."""
    discrepancy: float = math.nan
    """s of (S - mean S) - (A - mean A), over sS + sA: 0 alike, 1 mirrored."""
    trend: Trend | None = None
    autocorrelation_simulated: Array = field(default_factory=lambda: np.zeros(0))
    """Of the detrended series, of lags 1, 2, ..."""
    autocorrelation_actual: Array = field(default_factory=lambda: np.zeros(0))
    autocorrelation_deviation: Array = field(default_factory=lambda: np.zeros(0))
    """The standard error of their difference."""
    period_simulated: float = math.nan
    """Where the detrended series' autocorrelation has its highest peak beyond its first trough; NaN: there is none."""
    period_actual: float = math.nan
    lag: float = math.nan
    """By how much the simulated series is late: where the cross-correlation is largest. In units of time."""
    lag_correlation: float = math.nan
    reasons: Mapping[str, str] = field(default_factory=dict)

    @property
    def means_alike(self) -> bool | None:
        """Whether E1 is at most 5 %."""
        return None if math.isnan(self.e1) else self.e1 <= MEANS_LIMIT

    @property
    def variations_alike(self) -> bool | None:
        """Whether E2 is at most 30 %."""
        return None if math.isnan(self.e2) else self.e2 <= VARIATIONS_LIMIT

    @property
    def periods_alike(self) -> bool | None:
        """Whether all differences of autocorrelation are within two standard errors."""
        if not len(self.autocorrelation_deviation):
            return None
        difference = np.abs(self.autocorrelation_simulated - self.autocorrelation_actual)
        return bool(np.all(difference <= 2.0 * self.autocorrelation_deviation))

    @property
    def in_phase(self) -> bool | None:
        """Whether the cross-correlation is largest at no lag."""
        return None if math.isnan(self.lag) else self.lag == 0.0


def behaviour(simulated: ArrayLike, actual: ArrayLike, times: ArrayLike | None = None) -> Behaviour:
    """Return the tests of a series.

    Means, variations and discrepancy are of all pairs that are there; the others need at least 8, evenly spaced.
    """
    s, a = as_vector(simulated), as_vector(actual)
    at = np.arange(len(s), dtype=np.float64) if times is None else as_vector(times)
    both = np.where(np.isfinite(s) & np.isfinite(a), 0.0, np.nan)
    gaps, period = count_gaps(both, at)
    there = ~np.isnan(both)
    s, a, at = s[there], a[there], at[there]
    n, reasons = len(s), {}
    if n < 2:
        return Behaviour(n, reasons={"all": f"{n} pair{'s' * (n != 1)} of values: at least 2 are needed"})
    # in units of a power of two, which changes no bit: squares of very large and very small values are numbers too
    power = int(np.frexp(max(np.max(np.abs(s)), np.max(np.abs(a))))[1])
    s, a = np.ldexp(s, -power), np.ldexp(a, -power)
    ss, sa, mean = float(np.std(s)), float(np.std(a)), float(np.mean(a))
    noise = 8.0 * np.finfo(float).eps  # what varies by less, or has less of a mean, does so by rounding
    of_s, of_a = noise * float(np.max(np.abs(s))), noise * float(np.max(np.abs(a)))
    centred, still, both_still = abs(mean) <= of_a, sa <= of_a, ss <= of_s and sa <= of_a
    e1 = math.nan if centred else abs(float(np.mean(s)) - mean) / abs(mean)
    e2 = math.nan if still else abs(ss - sa) / sa
    discrepancy = math.nan if both_still else min(float(np.std(s - a)) / (ss + sa), 1.0)
    if centred:
        reasons["e1"] = "the mean of the actual values is 0"
    if still:
        reasons["e2"] = "the actual values do not vary"
    if both_still:
        reasons["discrepancy"] = "neither series varies"
    why = None
    if gaps:
        why = f"{gaps} gap{'s' * (gaps > 1)}: values are not all {period:g} apart"
    elif n < 8:
        why = f"{n} pairs of values: at least 8 are needed"
    if why:
        reasons |= dict.fromkeys(("trend", "period", "phase"), why)
        return Behaviour(n, e1, e2, discrepancy, reasons=reasons)
    return _patterns(Behaviour(n, e1, e2, discrepancy), s, a, at, period, reasons, power)


def _patterns(
    start: Behaviour, s: Array, a: Array, at: Array, period: float, reasons: dict[str, str], power: int
) -> Behaviour:
    (slope_s, error_s, rest_s), (slope_a, error_a, rest_a) = _line(s, at), _line(a, at)
    trend = Trend(*(float(np.ldexp(x, power)) for x in (slope_s, slope_a, math.hypot(error_s, error_a))))
    flat = [w for w, x, y in (("simulated", rest_s, s), ("actual", rest_a, a)) if _is_line(x, y)]
    if flat:
        reasons |= dict.fromkeys(
            ("period", "phase"), f"of the {' and '.join(flat)} values a straight line leaves nothing"
        )
        return Behaviour(start.n, start.e1, start.e2, start.discrepancy, trend, reasons=reasons)
    n = start.n
    lags = max(2, n // 4)
    full_s, full_a = autocorrelations(rest_s, n - 1), autocorrelations(rest_a, n - 1)
    error = np.sqrt(autocorrelation_variances(full_s, lags) + autocorrelation_variances(full_a, lags))
    lag, correlation = _lag(rest_s, rest_a, lags)
    periods = [_period(r, n) * period for r in (full_s, full_a)]
    if any(math.isnan(p) for p in periods):
        reasons["period"] = "an autocorrelation has no peak: no period is told"
    return Behaviour(
        n, start.e1, start.e2, start.discrepancy, trend, full_s[:lags], full_a[:lags], error, periods[0], periods[1],
        lag * period, correlation, reasons,
    )  # fmt: skip


def _line(x: Array, at: Array) -> tuple[float, float, Array]:
    """Return slope, its standard error and what a straight line leaves."""
    t = at - np.mean(at)
    slope = float(np.sum(t * x) / np.sum(t * t))
    rest = x - np.mean(x) - slope * t
    return slope, math.sqrt(float(np.sum(rest * rest)) / (len(x) - 2) / float(np.sum(t * t))), rest


def _is_line(rest: Array, x: Array) -> bool:
    # squares of what is smaller than 1e-140 have no digits left
    return bool(np.max(np.abs(rest)) <= max(1e-10 * float(np.max(np.abs(x))), 1e-140))


def autocorrelation_variances(rho: Array, lags: int) -> Array:
    """Return the variance of r(1) ... r(lags), of all autocorrelations r(1) ... r(n - 1).

    Var r(k) = sum over i from 1 to n - 1 of (n - i) (r(k - i) + r(k + i) - 2 r(k) r(i))^2/(n (n + 2)).
    """
    n = len(rho) + 1
    r = np.concatenate([[1.0], rho, np.zeros(lags + n)])
    i = np.arange(1, n)
    out = np.empty(lags)
    for k in range(1, lags + 1):
        terms = r[np.abs(k - i)] + r[k + i] - 2.0 * r[k] * r[i]
        out[k - 1] = np.sum((n - i) * terms * terms) / (n * (n + 2.0))
    return out


def _period(rho: Array, n: int) -> float:
    """Return the lag of the highest peak beyond the first trough below 0, between lags; NaN where there is none."""
    negative = np.flatnonzero(rho < 0.0)
    most = max(2, 3 * n // 4)
    if not len(negative):
        return math.nan
    inner = np.arange(max(int(negative[0]), 1), min(most, len(rho) - 1))
    peaks = [k for k in inner if rho[k] > 0.0 and rho[k] >= rho[k - 1] and rho[k] > rho[k + 1]]
    if not peaks:
        return math.nan
    k = max(peaks, key=lambda p: float(rho[p]))
    bend = rho[k - 1] - 2.0 * rho[k] + rho[k + 1]
    return float(k + 1 + 0.5 * (rho[k - 1] - rho[k + 1]) / bend)  # the top of the parabola through three points


def _lag(s: Array, a: Array, most: int) -> tuple[int, float]:
    """Return by how many steps s is late, and the cross-correlation there; the least lag of equal ones."""
    whole = math.sqrt(float(np.sum(s * s)) * float(np.sum(a * a)))
    n = len(s)
    found: dict[int, float] = {}
    for k in sorted(range(-most, most + 1), key=abs):
        late, early = (s[k:], a[: n - k]) if k >= 0 else (s[: n + k], a[-k:])
        found[k] = float(np.sum(late * early)) / whole
    best = max(found, key=lambda k: found[k])
    return best, found[best]
