"""Kalman filters: on linear models all are the exact one, whose likelihood is that of one large normal distribution."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from simengine.inference.kalman import Method, ensemble_update, extended_forecast, extended_update

A = np.array([[0.9, 0.2, 0.0], [-0.1, 0.8, 0.1], [0.0, 0.3, 0.7]])
H = np.array([[1.0, 0.0, 1.0], [0.0, 2.0, 0.0]])
R = np.array([[0.5, 0.1], [0.1, 0.3]])
Q = np.diag([0.1, 0.2, 0.05])


def filtered(observed: np.ndarray) -> tuple[list[np.ndarray], list[np.ndarray], float]:
    """Return means, covariances and the log-likelihood of observations (T, 2), by textbook formulas."""
    mean, cov = np.ones(3), np.eye(3)
    means, covs, loglik = [], [], 0.0
    for y in observed:
        mean, cov = A @ mean, A @ cov @ A.T + Q
        s = H @ cov @ H.T + R
        gain = cov @ H.T @ np.linalg.inv(s)
        loglik += stats.multivariate_normal.logpdf(y, H @ mean, s)
        mean, cov = mean + gain @ (y - H @ mean), (np.eye(3) - gain @ H) @ cov
        means.append(mean)
        covs.append(cov)
    return means, covs, loglik


def test_the_extended_filter_of_a_linear_model_is_the_exact_one() -> None:
    observed = np.random.default_rng(1).normal(size=(6, 2))
    means, covs, loglik = filtered(observed)
    mean, cov, total = np.ones(3), np.eye(3), 0.0
    for t, y in enumerate(observed):
        mean, cov = A @ mean, extended_forecast(cov, A, Q)
        after = extended_update(mean, cov, y, H @ mean, H, R)
        mean, cov, total = after.mean, after.covariance, total + after.innovation.loglik
        np.testing.assert_allclose(mean, means[t], rtol=1e-10)
        np.testing.assert_allclose(cov, covs[t], rtol=1e-9, atol=1e-12)
    assert total == pytest.approx(loglik)


def test_the_likelihood_of_all_innovations_is_that_of_all_observations() -> None:
    # x[0] ~ N(1, I); all y are jointly normal: mean H A^t 1, covariances by hand
    observed = np.random.default_rng(2).normal(size=(3, 2))
    mean, cov, total = np.ones(3), np.eye(3), 0.0
    for y in observed:
        mean, cov = A @ mean, extended_forecast(cov, A, Q)
        after = extended_update(mean, cov, y, H @ mean, H, R)
        mean, cov, total = after.mean, after.covariance, total + after.innovation.loglik
    powers = [np.linalg.matrix_power(A, k) for k in range(4)]
    joint, centre = np.zeros((6, 6)), np.concatenate([H @ powers[t] @ np.ones(3) for t in (1, 2, 3)])
    for i in range(1, 4):
        for j in range(1, 4):
            cross = powers[i] @ powers[j].T + sum(powers[i - k] @ Q @ powers[j - k].T for k in range(1, min(i, j) + 1))
            joint[2 * i - 2 : 2 * i, 2 * j - 2 : 2 * j] = H @ cross @ H.T + (R if i == j else 0.0)
    assert total == pytest.approx(stats.multivariate_normal.logpdf(observed.ravel(), centre, joint))


@settings(max_examples=15, deadline=None)
@given(st.integers(0, 10_000), st.integers(2, 12))
def test_the_square_root_ensemble_is_the_exact_filter_of_its_own_moments(seed: int, members: int) -> None:
    rng = np.random.default_rng(seed)
    states, y = rng.normal(size=(members, 3)), rng.normal(size=2)
    after = ensemble_update(states, y, states @ H.T, R)
    exact = extended_update(states.mean(axis=0), np.cov(states.T), y, H @ states.mean(axis=0), H, R)
    np.testing.assert_allclose(after.ensemble.mean(axis=0), exact.mean, rtol=1e-8, atol=1e-9)
    np.testing.assert_allclose(np.cov(after.ensemble.T), exact.covariance, rtol=1e-7, atol=1e-9)
    assert after.innovation.loglik == pytest.approx(exact.innovation.loglik)
    # without dynamics' noise that stays so, step after step
    again = ensemble_update(after.ensemble @ A.T, y, after.ensemble @ A.T @ H.T, R)
    forecast = extended_forecast(exact.covariance, A)
    twice = extended_update(A @ exact.mean, forecast, y, H @ A @ exact.mean, H, R)
    np.testing.assert_allclose(again.ensemble.mean(axis=0), twice.mean, rtol=1e-7, atol=1e-8)


def test_the_stochastic_ensemble_comes_to_the_exact_filter() -> None:
    rng = np.random.default_rng(3)
    states, y = rng.normal(size=(20_000, 3)), np.array([1.0, -2.0])
    after = ensemble_update(states, y, states @ H.T, R, method=Method.STOCHASTIC, rng=rng)
    exact = extended_update(np.zeros(3), np.eye(3), y, np.zeros(2), H, R)
    # 20,000 members: a standard error of about 0.007 of a mean, 0.01 of a variance of 1
    np.testing.assert_allclose(after.ensemble.mean(axis=0), exact.mean, atol=0.03)
    np.testing.assert_allclose(np.cov(after.ensemble.T), exact.covariance, atol=0.04)
    with pytest.raises(ValueError, match="needs chance"):
        ensemble_update(states, y, states @ H.T, R, method=Method.STOCHASTIC)
    with pytest.raises(ValueError, match="at least 2"):
        ensemble_update(states[:1], y, states[:1] @ H.T, R)


def test_what_is_not_observed_changes_nothing() -> None:
    rng = np.random.default_rng(4)
    states = rng.normal(size=(8, 3))
    seen = states @ H.T
    half = ensemble_update(states, [math.nan, 1.0], seen, R)
    alone = ensemble_update(states, [1.0], seen[:, 1:], R[1:, 1:])
    np.testing.assert_allclose(half.ensemble, alone.ensemble)
    assert half.innovation.used.tolist() == [False, True]
    none = ensemble_update(states, [math.nan, math.nan], seen, R)
    np.testing.assert_allclose(none.ensemble, states)
    assert (none.innovation.loglik, none.innovation.probability, len(none.innovation.standardised)) == (0.0, 1.0, 0)
    mean = extended_update(np.ones(3), np.eye(3), [math.nan, math.nan], np.ones(2), H, [0.5, 0.3])
    assert mean.mean.tolist() == [1.0, 1.0, 1.0]
    wide = ensemble_update(states, [math.nan, math.nan], seen, R, inflation=1.5)
    np.testing.assert_allclose(np.cov(wide.ensemble.T), 2.25 * np.cov(states.T))


def test_innovations_are_standard_normal_where_the_model_is_right_and_not_where_it_is_wrong() -> None:
    rng = np.random.default_rng(5)
    truth = rng.multivariate_normal(np.ones(3), np.eye(3))
    right, wrong = [], []
    mean, cov = np.ones(3), np.eye(3)
    for _ in range(400):
        truth = A @ truth + rng.multivariate_normal(np.zeros(3), Q)
        y = H @ truth + rng.multivariate_normal(np.zeros(2), R)
        mean, cov = A @ mean, extended_forecast(cov, A, Q)
        after = extended_update(mean, cov, y, H @ mean, H, R)
        wrong.append(extended_update(mean, cov, y + 2.0, H @ mean, H, R).innovation.probability)
        right.append(after.innovation.standardised)
        assert after.innovation.squared == pytest.approx(np.sum(right[-1] ** 2))
        mean, cov = after.mean, after.covariance
    assert stats.kstest(np.concatenate(right), "norm").pvalue > 0.01
    assert np.mean(np.array(wrong) < 0.05) > 0.3


def test_a_parameter_in_the_state_is_estimated_by_the_ensemble() -> None:
    # x[t+1] = x[t] + r x[t], r unknown, x seen with noise
    rng = np.random.default_rng(6)
    x, ensemble = 10.0, np.column_stack([rng.normal(10, 1, 200), rng.normal(0.0, 0.1, 200)])
    for _ in range(25):
        x *= 1.05
        ensemble[:, 0] *= 1.0 + ensemble[:, 1]
        ensemble = ensemble_update(ensemble, [x + rng.normal(0, 0.5)], ensemble[:, :1], [0.25], inflation=1.01).ensemble
    assert ensemble[:, 1].mean() == pytest.approx(0.05, abs=0.005)
    assert ensemble[:, 1].std() < 0.01
