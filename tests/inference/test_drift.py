"""Cumulative sums: published run lengths, simulated alarms, drifts that are seen."""

from __future__ import annotations

import math

import numpy as np
import pytest

from simengine.inference.drift import average_run_length, cusum, run_length_probability


@pytest.mark.parametrize(
    ("limit", "shift", "published"),
    [(4, 0, 168), (4, 0.5, 26.6), (4, 1, 8.38), (4, 2, 3.34), (5, 0, 465), (5, 0.5, 38.0), (5, 1, 10.4), (5, 2, 4.01)],
)
def test_run_lengths_are_those_of_the_textbook(limit: float, shift: float, published: float) -> None:
    # D. C. Montgomery, Introduction to Statistical Quality Control, table 9.3: allowance 1/2, two-sided
    assert average_run_length(0.5, limit, shift) == pytest.approx(published, rel=0.006)


def test_false_alarms_are_as_frequent_as_told() -> None:
    rng = np.random.default_rng(1)
    told = cusum(rng.normal(size=12), limit=3.0).false_alarm
    seen = np.mean([cusum(rng.normal(size=12), limit=3.0).alarm is not None for _ in range(1500)])
    # 1,500 series: a standard error of 0.008 or so
    assert seen == pytest.approx(told, abs=0.03)
    assert run_length_probability(0) == 0.0


def test_a_drift_is_seen_and_dated_and_holes_change_nothing() -> None:
    rng = np.random.default_rng(2)
    z = np.concatenate([rng.normal(0, 0.3, 10), rng.normal(-1.5, 0.3, 8)])
    found = cusum(z)
    assert found.direction == -1
    assert found.since is not None
    assert found.alarm is not None
    assert 9 <= found.since <= 10
    assert 12 <= found.alarm <= 15
    holes = np.insert(z, [3, 12], math.nan)
    other = cusum(holes)
    assert other.lower[~np.isnan(holes)].tolist() == found.lower.tolist()
    assert other.false_alarm == found.false_alarm
    none = cusum(z[:10])
    assert (none.alarm, none.since, none.direction) == (None, None, 0)
    by_hand = [0.0]
    for value in z:
        by_hand.append(max(0.0, by_hand[-1] - value - 0.5))
    np.testing.assert_allclose(found.lower, by_hand[1:])
