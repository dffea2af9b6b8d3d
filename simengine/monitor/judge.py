"""Whether an indicator is on track or drifting: what was measured against what was forecast, by tests that are named.

In: forecasts of an indicator at times (members, times), observations, the errors of these. Out: a `Verdict`.

Where the spread of the forecast is known, observations are one draw of a normal distribution: its covariance is that of
the members plus that of the errors of observation. Its Cholesky factor, in order of time, makes of them what a filter
calls standardised innovations: each is what a value adds to all before, those included that were known when the
forecast was made. That the covariance is told by so many members and no more, `inference/predictive.py` reckons with;
they are then independent and standard normal where nothing has changed. Two tests look at them, a third
where there are 20 and evenly spaced: each has an equal share of the probability of a false alarm, so that together they
do not exceed it (Bonferroni).

Where no spread is known, the signs of errors are all that can be judged by. Their probability is that of independent
years, which errors of one run rarely are: the promise of false alarms is not made there, and the words say so.

A value marked as a break begins a series of another definition: how far that is from the old one nobody knows. From
there on values have an offset in common on which nothing is held (a diffuse prior): the first of them tells nothing of
the forecast, the others whether the course is as forecast since. Signs are not counted from there on.

References: E. S. Page (1954), Biometrika 41, 100-115 (CUSUM); A. Wald, "Sequential Analysis" (1947); G. M. Ljung,
G. E. P. Box (1978), Biometrika 65, 297-303; W. J. Conover, "Practical Nonparametric Statistics", 3rd ed. (1999), 3.4
(sign test); A. C. Harvey, "Forecasting, Structural Time Series Models and the Kalman Filter" (1989), 3.4 (diffuse
priors) and 7.6 (interventions); R. K. Mehra, J. Peschon (1971), Automatica 7, 637-640 (innovations as a test).

Invariant: where a spread is known, what is on track is called drifting with no more than the probability asked for.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum
from functools import cache

import numpy as np
from numpy.typing import NDArray

from simengine.inference.drift import cusum, run_length_probability
from simengine.inference.predictive import least_draws, predict
from simengine.inference.residuals import serial_dependence
from simengine.monitor.note import Note

Array = NDArray[np.float64]
Bools = NDArray[np.bool_]
_DIFFUSE = 1e7
"""How many times the variance of values that of an unknown offset is."""
_LONG = 20
"""Innovations from which on the chi-squared distribution of Ljung and Box is near enough."""


class State(Enum):
    """What became of a forecast."""

    ON_TRACK = "on track"
    DRIFTING = "drifting"
    UNKNOWN = "too few values to tell"
    NOTHING = "nothing new"


@dataclass(frozen=True)
class Test:
    """A test: its statistic, and how likely one at least as large is where nothing has changed."""

    name: str
    statistic: float
    limit: float
    """What the statistic must not exceed; the probability of that is its share of the false alarms."""
    false_alarm: float
    probability: float
    alarm: bool
    says: str


@dataclass(frozen=True)
class Verdict:
    """What became of a forecast: values in the model's unit."""

    state: State
    times: tuple[float, ...]
    observed: tuple[float, ...]
    forecast: tuple[float, ...]
    """Given what was known when it was made."""
    spread: tuple[float, ...] | None
    """One standard deviation, errors of observation included; None where it is not known."""
    standardised: tuple[float, ...] = ()
    tests: tuple[Test, ...] = ()
    since: float | None = None
    direction: int = 0
    """1: higher than planned, -1: lower, 0: neither can be said."""
    reason: Note | None = None
    """Why nothing can be told."""

    @property
    def innovation(self) -> float | None:
        """The last observation less its forecast."""
        return self.observed[-1] - self.forecast[-1] if self.observed else None


@dataclass(frozen=True)
class Series:
    """Observations of one indicator and what was forecast for them, those `known` before the forecast first.

    times, observed, errors (n,); predicted (members, n).
    """

    times: Array
    observed: Array
    errors: Array
    predicted: Array
    known: int = 0
    breaks: Bools | None = None
    """Which begin a series of another definition; None: none."""

    @property
    def first_of_new(self) -> Bools:
        """Which begin a series of another definition."""
        return np.zeros(len(self.times), dtype=np.bool_) if self.breaks is None else self.breaks


def judge(series: Series, false_alarm: float) -> Verdict:
    """Return whether new observations are as forecast.

    Examples
    --------
    >>> times = np.arange(8.0)
    >>> one = Series(times, np.full(8, 13.0), np.ones(8), np.full((1, 8), 10.0))
    >>> judge(one, 0.05).state.value, judge(one, 0.05).since
    ('drifting', 0.0)

    """
    n = len(series.times)
    new = slice(series.known, n)
    times = tuple(series.times[new].tolist())
    observed = tuple(series.observed[new].tolist())
    members, mean = len(series.predicted), series.predicted.mean(axis=0)
    moved = series.predicted - mean
    spread_of = moved.T @ moved / (members - 1) if members > 1 else np.zeros((n, n))
    own = np.diag(spread_of) + series.errors**2
    plain = tuple(mean[new].tolist())
    if series.known == n:
        return Verdict(State.NOTHING, times, observed, plain, None)
    if not np.all(own > 0.0):
        until = int(np.argmax(series.first_of_new[new])) if series.first_of_new[new].any() else n
        return _by_signs(times, observed, plain, false_alarm, until)
    begins = series.first_of_new
    least = least_draws(int(np.sum(~begins)))
    if 1 < members < least:
        reason = Note.of("few members", members=members, n=n, least=least)
        return Verdict(State.UNKNOWN, times, observed, plain, None, reason=reason)
    offsets = _offsets(begins, float(np.mean(own)))
    made = predict(
        series.observed - mean, spread_of, series.errors**2, offsets, begins, members if members > 1 else None
    )  # fmt: skip
    if made is None:
        return Verdict(State.UNKNOWN, times, observed, plain, None, reason=Note.of("no own error", n=n))
    lower, z = made.factor, made.plain
    given, spread = mean.copy(), np.sqrt(own)
    k = series.known
    given[k:] = mean[k:] + lower[k:, :k] @ z[:k]
    within = np.tril(lower[k:, k:])
    for column in np.flatnonzero(begins[k:]):  # what a break makes unknown is learned by its first value
        given[k + column + 1 :] += within[column + 1 :, column] * z[k + column]
        within[:, column] = 0.0
    wider = float(made.widening[k])
    spread[k:] = np.where(begins[k:], spread[k:], wider * np.sqrt(np.sum(within**2, axis=1)))
    told = ~begins[new]
    fresh = made.standardised[new]
    if not told.any():
        reason = Note.of("one of another definition")
        return Verdict(State.UNKNOWN, times, observed, tuple(given[new].tolist()), tuple(spread[new].tolist()),
                       reason=reason)  # fmt: skip
    tests, since, direction = _by_innovations(fresh[told], series.times[new][told], false_alarm)
    state = State.DRIFTING if any(t.alarm for t in tests) else State.ON_TRACK
    gap = float(np.mean((series.observed - given)[new][told]))
    direction = direction or (int(np.sign(gap)) if state is State.DRIFTING else 0)
    return Verdict(
        state, times, observed, tuple(given[new].tolist()), tuple(spread[new].tolist()), tuple(fresh.tolist()), tests,
        since if state is State.DRIFTING else None, direction,
    )  # fmt: skip


def _by_innovations(z: Array, times: Array, false_alarm: float) -> tuple[tuple[Test, ...], float | None, int]:
    from scipy.special import chdtrc, chdtri, ndtr

    n = len(z)
    serial = serial_dependence(z, times) if n >= _LONG else None
    with_serial = serial is not None and math.isfinite(serial.probability)
    share = false_alarm / (1 + (n > 1) + with_serial)
    limit = cusum_limit(n, share)
    sums = cusum(z, limit=limit)
    largest = float(max(sums.upper.max(), sums.lower.max()))
    alarm = sums.alarm is not None
    says = "cumulative sums of standardised innovations, allowance 1/2: they see small lasting departures"
    once = float(run_length_probability(n, 0.5, largest)) if largest > 0.0 else 1.0
    p = float(2 * ndtr(-largest - 0.5)) if n == 1 and largest > 0.0 else 1.0 - (1.0 - once) ** 2
    share_said = share if n == 1 else sums.false_alarm
    tests = [Test("CUSUM", largest, limit, share_said, p, alarm, says)]
    if n > 1:
        squared = float(np.sum(z * z))
        p = float(chdtrc(n, squared))
        says = "the sum of squares of standardised innovations: it sees single large departures, to either side"
        tests.append(Test("chi-squared", squared, float(chdtri(n, share)), share, p, p < share, says))
    if serial is not None and with_serial:
        says = "autocorrelations of innovations: each departure tells of the next"
        p = serial.probability
        limit = float(chdtri(serial.freedom, share))
        tests.append(Test("Ljung-Box", serial.ljung_box, limit, share, p, p < share, says))
    since = float(times[sums.since]) if sums.since is not None else None
    if since is None and any(t.alarm for t in tests):
        since = float(times[int(np.argmax(np.abs(z)))])
    return tuple(tests), since, sums.direction


def _offsets(begins: Bools, size: float) -> Array:
    """Return the covariance of offsets that hold from breaks on, so wide that next to nothing is held of them."""
    after = np.cumsum(np.eye(len(begins))[begins], axis=1)
    return np.asarray(_DIFFUSE * size * after.T @ after)


@cache
def cusum_limit(n: int, false_alarm: float, allowance: float = 0.5) -> float:
    """Return the limit at which two-sided sums of n values give an alarm with a probability, nothing having changed."""
    low, high = 0.0, 40.0
    if n == 1:
        from scipy.special import ndtri

        return max(float(-ndtri(false_alarm / 2)) - allowance, 1e-6)  # exactly: no sum before it
    for _ in range(40):
        middle = (low + high) / 2
        once = run_length_probability(n, allowance, middle) if middle > 0 else 1.0
        if 1.0 - (1.0 - once) ** 2 > false_alarm:
            low = middle
        else:
            high = middle
    return high


def _by_signs(
    times: tuple[float, ...], observed: tuple[float, ...], forecast: tuple[float, ...], false_alarm: float,
    until: int,
) -> Verdict:  # fmt: skip
    """Judge by how many values are higher than forecast: half of them, where only chance moves them."""
    from scipy.stats import binomtest

    errors = (np.array(observed) - np.array(forecast))[:until]
    above, below = int(np.sum(errors > 0)), int(np.sum(errors < 0))
    n = above + below
    p = float(binomtest(above, n, 0.5).pvalue) if n else 1.0
    least = 2.0 * 0.5**n if n else 1.0
    says = (
        f"of {n} values {above} are higher than forecast: half would be, were there only chance and years independent"
    )
    found = Test("sign test", float(above), math.nan, false_alarm, p, p < false_alarm, says)
    if least >= false_alarm:
        reason = Note.of("few signs", n=n, share=f"{100 * least:.3g}")
        return Verdict(State.UNKNOWN, times, observed, forecast, None, tests=(found,), reason=reason)
    drifting = p < false_alarm
    side = (1 if above > below else -1) if drifting else 0
    since = times[0] if drifting else None
    return Verdict(
        State.DRIFTING if drifting else State.ON_TRACK, times, observed, forecast, None, (), (found,), since, side
    )  # fmt: skip


def put_together(
    times: Sequence[float], observed: Sequence[float], errors: Sequence[float], predicted: Array, known: int,
    breaks: Sequence[bool],
) -> Series:  # fmt: skip
    """Return a series of plain sequences."""
    columns = [np.asarray(column, float) for column in (times, observed, errors)]
    return Series(columns[0], columns[1], columns[2], predicted, known, np.asarray(breaks, dtype=np.bool_))
