"""Shifts of estimates against least squares, the Kalman filter, and chance itself."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from simengine.inference.kalman import extended_update
from simengine.inference.shift import judge_shift


def least_squares(x: np.ndarray, y: np.ndarray, prior: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return estimate and information of a linear model with errors of 1 and a normal prior around 0."""
    information = x.T @ x + prior
    return np.linalg.solve(information, x.T @ y), information


@given(seed=st.integers(0, 2**32 - 1), width=st.integers(1, 5), new=st.integers(1, 4), prior=st.booleans())
def test_the_statistic_is_the_squared_innovation_of_the_kalman_filter(
    seed: int, width: int, new: int, prior: bool
) -> None:
    rng = np.random.default_rng(seed)
    x, y = rng.normal(size=(8 + new, width)), rng.normal(size=8 + new)
    own = np.eye(width) if prior else np.zeros((width, width))
    x[8:] *= 3.0  # new data tell much, so that no direction is left out
    before, known = least_squares(x[:8], y[:8], own)
    after, both = least_squares(x, y, own)
    found = judge_shift(before, after, known, both)
    update = extended_update(before, np.linalg.inv(known), y[8:], x[8:] @ before, x[8:], np.ones(new))
    assert update.mean == pytest.approx(after, rel=1e-6, abs=1e-8)
    if found.freedom == new:  # as many directions as new values: nothing of them is left out
        assert found.statistic == pytest.approx(update.innovation.squared, rel=1e-6)
    wanted = np.sqrt(np.diag(np.linalg.inv(known) - np.linalg.inv(both)))
    told = np.isfinite(found.deviations)
    assert found.deviations[told] == pytest.approx(wanted[told], rel=1e-6)


def test_by_chance_alone_probabilities_are_uniform() -> None:
    from scipy.stats import kstest

    rng = np.random.default_rng(1)
    x = rng.normal(size=(14, 3))
    found = []
    for _ in range(1000):
        truth = rng.normal(size=3)  # the prior is right
        y = x @ truth + rng.normal(size=14)
        before, known = least_squares(x[:9], y[:9], np.eye(3))
        after, both = least_squares(x, y, np.eye(3))
        shift = judge_shift(before, after, known, both)
        assert shift.freedom == 3
        found.append([shift.probability, *shift.probabilities])
    for column in np.array(found).T:
        assert kstest(column, "uniform").pvalue > 1e-3


def test_what_is_not_known_is_not_judged() -> None:
    """Of a parameter old data tell nothing of no shift is judged; of one new data tell nothing of neither."""
    before, after = np.diag([4.0, 0.0, 9.0, 0.0]), np.diag([8.0, 5.0, 9.0, 0.0])
    found = judge_shift(np.zeros(4), np.array([1.0, 50.0, 0.0, 7.0]), before, after)
    assert found.freedom == 1
    assert found.statistic == pytest.approx(1.0 / (1 / 4 - 1 / 8))
    assert np.isnan(found.deviations).tolist() == [False, True, True, True]
    nothing = judge_shift(np.zeros(1), np.ones(1), np.zeros((1, 1)), np.zeros((1, 1)))
    assert nothing.freedom == 0
    assert np.isnan(nothing.probability)
