"""Verdicts: false alarms as often as said, breaks found, signs where no spread is known."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest
from scipy import stats

from simengine.inference.drift import cusum
from simengine.inference.predictive import predict
from simengine.monitor.judge import Series, State, Verdict, cusum_limit, judge
from simengine.monitor.note import Note
from simengine.monitor.words import in_words

SEEDS = 2000


def drawn(rng: np.random.Generator, n: int, known: int, shift: float = 0.0, members: int = 200) -> Series:
    """Return observations of a forecast whose members share an offset and a slope, and errors of their own."""
    times = np.arange(float(n))

    def courses(count: int) -> np.ndarray:
        return 10 + rng.normal(0, 1, (count, 1)) + rng.normal(0, 0.1, (count, 1)) * times

    observed = courses(1)[0] + rng.normal(0, 0.5, n) + np.where(times >= known + 2, shift, 0.0)
    return Series(times, observed, np.full(n, 0.5), courses(members), known)


@pytest.mark.parametrize(("n", "known"), [(1, 0), (4, 3), (8, 3), (24, 0)])
def test_on_track_is_called_drifting_no_more_often_than_said(n: int, known: int) -> None:
    rng = np.random.default_rng(n)
    runs = 600
    alarms = sum(judge(drawn(rng, n, known), 0.1).state is State.DRIFTING for _ in range(runs))
    assert alarms <= stats.binom.ppf(0.999, runs, 0.1)
    assert alarms >= stats.binom.ppf(0.001, runs, 0.04)  # it is a test, not a silence


def smooth(rng: np.random.Generator, n: int, members: int, error: float) -> Series:
    """Return observations of a forecast with twelve uncertain factors."""
    factors = np.arange(12.0)[:, None]
    effects = 3 * np.sin((factors + 1) * np.arange(n) / n * 1.7 + factors) / np.sqrt(1 + factors)
    seen = rng.standard_normal(12) @ effects + error * rng.standard_normal(n)
    return Series(np.arange(float(n)), seen, np.full(n, error), rng.standard_normal((members, 12)) @ effects)


@pytest.mark.parametrize("members", [8, 12, 20, 64, 200])
@pytest.mark.parametrize("error", [0.05, 0.5])
def test_few_members_give_no_more_false_alarms(members: int, error: float) -> None:
    rng = np.random.default_rng(members)
    for n in (1, 4, 8, 20):
        found = [judge(smooth(rng, n, members, error), 0.05).state for _ in range(120)]
        if members < n + 4:
            assert set(found) == {State.UNKNOWN}
            continue
        alarms = found.count(State.DRIFTING)
        assert alarms <= stats.binom.ppf(0.9999, 120, 0.05), n


def test_of_draws_alone_all_innovations_together_are_hotellings() -> None:
    """Against T^2 and the F distribution, written out."""
    rng = np.random.default_rng(11)
    draws, seen = rng.standard_normal((9, 3)), rng.standard_normal(3) * 3
    spread, off = np.cov(draws.T), seen - draws.mean(axis=0)
    none = np.zeros((3, 3))
    made = predict(off, spread, np.zeros(3), none, np.zeros(3, dtype=bool), 9)
    assert made is not None
    squared = off @ np.linalg.solve(spread, off) / (1 + 1 / 9)
    assert np.sum(made.plain**2) == pytest.approx(squared, rel=1e-12)
    one = predict(off[:1], spread[:1, :1], np.zeros(1), none[:1, :1], np.zeros(1, dtype=bool), 9)
    assert one is not None
    f = squared * (9 - 3) / (3 * 8)  # T^2 (N - n) / (n (N - 1)) of a new draw
    product = np.prod([1 + t**2 / (8 - k) for k, t in enumerate(made.plain / made.widening)])
    assert product == pytest.approx(1 + f * 3 / 6, rel=1e-12)  # additional information multiplies up to all
    t = off[0] / np.sqrt((1 + 1 / 9) * spread[0, 0])
    assert stats.norm.sf(abs(one.standardised[0])) == pytest.approx(stats.t.sf(abs(t), 8), rel=1e-10)


def test_values_that_go_together_exactly_ask_for_an_error() -> None:
    rng = np.random.default_rng(1)
    predicted = 10 + rng.standard_normal((50, 1)) * np.array([1.0, 2.0, 3.0])
    found = judge(Series(np.arange(3.0), np.array([10.0, 11.0, 9.0]), np.zeros(3), predicted), 0.05)
    assert (found.state, found.reason) == (State.UNKNOWN, Note.of("no own error", n=3))


def test_a_break_is_found_and_told_since_when() -> None:
    rng = np.random.default_rng(1)
    found = [judge(drawn(rng, 10, 3, shift=3.0), 0.05) for _ in range(100)]
    drifting = [v for v in found if v.state is State.DRIFTING]
    assert len(drifting) >= 95
    assert all(v.direction == 1 for v in drifting)
    assert np.median([v.since or 0.0 for v in drifting]) == 5.0


def test_limits_of_cumulative_sums_are_what_simulation_gives() -> None:
    rng = np.random.default_rng(3)
    for n in (1, 6):
        limit = cusum_limit(n, 0.05)
        alarms = sum(cusum(rng.standard_normal(n), limit=limit).alarm is not None for _ in range(SEEDS))
        assert stats.binom.ppf(0.001, SEEDS, 0.05) <= alarms <= stats.binom.ppf(0.999, SEEDS, 0.05)


def test_a_forecast_is_given_what_was_known() -> None:
    """Against the conditional normal distribution, written out."""
    rng = np.random.default_rng(5)
    one = drawn(rng, 4, 3)
    verdict = judge(one, 0.05)
    mean = one.predicted.mean(axis=0)
    joint = (1 + 1 / 200) * np.cov(one.predicted.T) + np.diag(one.errors**2)
    gain = joint[3, :3] @ np.linalg.inv(joint[:3, :3])
    assert verdict.forecast[0] == pytest.approx(mean[3] + gain @ (one.observed - mean)[:3], rel=1e-10)
    assert verdict.spread is not None
    # wider by what Student's distribution with 200 - 1 - 3 degrees of freedom has it, given T^2 of those known
    squared = (one.observed - mean)[:3] @ np.linalg.solve(joint[:3, :3], (one.observed - mean)[:3])
    wider = np.sqrt((199 + squared) / 196)
    assert verdict.spread[0] == pytest.approx(wider * np.sqrt(joint[3, 3] - gain @ joint[:3, 3]), rel=1e-10)


def signs(observed: list[float]) -> Verdict:
    n = len(observed)
    return judge(Series(np.arange(float(n)), np.array(observed), np.zeros(n), np.full((1, n), 10.0)), 0.05)


def test_without_a_spread_signs_judge() -> None:
    assert signs([11.0] * 6).state is State.DRIFTING  # 2/64
    assert signs([11.0] * 5).state is State.UNKNOWN  # 2/32: even that would not do
    assert signs([11.0, 9.0] * 4).state is State.ON_TRACK
    assert [t.name for t in signs([11.0] * 6).tests] == ["sign test"]
    told = in_words(SimpleNamespace(unit="", factor=1.0), signs([11.0] * 6))
    assert "were errors of years independent, which they rarely are" in told


def test_nothing_new() -> None:
    n = 3
    one = Series(np.arange(3.0), np.full(n, 10.0), np.ones(n), np.full((1, n), 10.0), known=3)
    assert judge(one, 0.05).state is State.NOTHING


def broken(one: Series, at: int, offset: float) -> Series:
    """Return a series that is of another definition, higher by an offset, from a place on."""
    n = len(one.times)
    moved = one.observed + np.where(np.arange(n) >= at, offset, 0.0)
    return Series(one.times, moved, one.errors, one.predicted, one.known, np.arange(n) == at)


def test_a_series_of_another_definition_is_no_drift() -> None:
    """A marked break of any size leaves the verdict what it is without one; false alarms stay as said."""
    rng = np.random.default_rng(7)
    alarms, runs = 0, 400
    for _ in range(runs):
        one = drawn(rng, 9, 3)
        small, large = judge(broken(one, 5, 0.0), 0.1), judge(broken(one, 5, 1e3), 0.1)
        assert small.state is large.state
        others = [0, 1, 3, 4, 5]
        assert np.array(large.standardised)[others] == pytest.approx(np.array(small.standardised)[others], abs=2e-2)
        alarms += small.state is State.DRIFTING
    assert stats.binom.ppf(0.001, runs, 0.04) <= alarms <= stats.binom.ppf(0.999, runs, 0.1)


def test_after_a_break_only_the_course_is_judged() -> None:
    """The innovations after it are those of differences from its first value, as generalised least squares has them."""
    rng = np.random.default_rng(8)
    one = broken(drawn(rng, 6, 0), 2, 40.0)
    found = judge(one, 0.05)
    joint = (1 + 1 / 200) * np.cov(one.predicted.T) + np.diag(one.errors**2)
    # values before, and differences to the first of the new: what no offset can change
    use = np.array(
        [[1, 0, 0, 0, 0, 0], [0, 1, 0, 0, 0, 0], [0, 0, -1, 1, 0, 0], [0, 0, -1, 0, 1, 0], [0, 0, -1, 0, 0, 1]]
    )
    z = np.linalg.solve(np.linalg.cholesky(use @ joint @ use.T), use @ (one.observed - one.predicted.mean(axis=0)))
    before = np.concatenate([[0.0], np.cumsum(z**2)[:-1]])
    freedom = 199 - np.arange(5)
    as_normal = stats.norm.ppf(stats.t.cdf(z * np.sqrt(freedom / (199 + before)), freedom))
    assert np.delete(found.standardised, 2) == pytest.approx(as_normal, abs=1e-2)
    assert found.spread is not None
    assert found.forecast[3] - found.observed[2] == pytest.approx(
        one.predicted.mean(axis=0)[3] - one.predicted.mean(axis=0)[2], abs=3.0
    )  # the forecast begins anew at the first value of the new definition
    drifting = Series(
        one.times, one.observed + 3.0 * np.maximum(one.times - 2.0, 0.0), one.errors, one.predicted, 0, one.breaks
    )
    assert judge(drifting, 0.05).state is State.DRIFTING


def test_the_first_value_of_another_definition_tells_nothing() -> None:
    one = Series(np.arange(2.0), np.array([10.0, 99.0]), np.ones(2), np.full((1, 2), 10.0), 1, np.array([False, True]))
    found = judge(one, 0.05)
    assert found.state is State.UNKNOWN
    assert found.reason == Note("one of another definition")
    alone = Series(np.arange(8.0), np.full(8, 99.0), np.zeros(8), np.full((1, 8), 10.0), 0, np.arange(8) == 2)
    assert judge(alone, 0.05).state is State.UNKNOWN  # two signs are left
