"""Intervals at bounds: exact ones of a normal mean that cannot be below 0, brute-force profiles, coverage."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import minimize
from scipy.stats import chi2, norm, t

from simengine.inference.intervals import Parabola, box_profile, curvature_intervals
from simengine.inference.transform import Identity, Log, Logit

N = 10


def mean_interval(mean: float, level: float) -> np.ndarray:
    """Return the interval of a mean of 10 normal observations of deviation 1 that cannot be below 0."""
    estimate = max(mean, 0.0)
    slope = N * (mean - estimate)
    parabola = Parabola(*(np.array(v) for v in ([estimate], [slope], [[float(N)]], [0.0], [np.inf])))
    return curvature_intervals(parabola, np.array([1 / math.sqrt(N)]), level).ends[0]


@pytest.mark.parametrize("mean", [-2.0, -0.4, -1e-6, 0.0, 0.1, 0.5, 3.0])
@pytest.mark.parametrize("level", [0.9, 0.95])
def test_a_normal_mean_at_its_bound_has_its_likelihood_ratio_interval(mean: float, level: float) -> None:
    # all m not below 0 with n (x - m)^2 - n (x - max(x, 0))^2 below the quantile
    quantile = chi2.ppf(level, 1) / N
    top = (mean - max(mean, 0.0)) ** 2
    low = max(0.0, mean - math.sqrt(quantile + top))
    np.testing.assert_allclose(
        mean_interval(mean, level), [low, mean + math.sqrt(quantile + top)], rtol=1e-7, atol=1e-9
    )


@pytest.mark.parametrize("truth", [0.0, 0.05, 0.2, 0.4, 0.6, 2.0])
def test_it_covers_at_least_as_often_as_it_says(truth: float) -> None:
    rng = np.random.default_rng(11)
    means = truth + rng.standard_normal(2000) / math.sqrt(N)
    ends = np.array([mean_interval(float(m), 0.9) for m in means])
    covered = np.mean((ends[:, 0] <= truth) & (truth <= ends[:, 1]))
    # exact: the observed means whose interval holds the truth
    z = norm.ppf(0.95) / math.sqrt(N)
    low = truth - z if truth >= z else (truth**2 - z**2) / (2 * truth) if truth > 0 else -np.inf
    exact = norm.cdf((truth + z - truth) * math.sqrt(N)) - norm.cdf((low - truth) * math.sqrt(N))
    assert exact >= 0.9 - 1e-12
    assert covered == pytest.approx(exact, abs=4 * math.sqrt(0.09 / 2000))
    if truth == 0.0:
        assert exact == pytest.approx(0.95)  # half of the time the estimate is 0, and 0 is in


@settings(max_examples=15, deadline=None)
@given(st.integers(0, 10_000))
def test_the_profile_of_a_parabola_in_its_box_is_the_one_of_a_search(seed: int) -> None:
    rng = np.random.default_rng(seed)
    rows = rng.normal(size=(8, 3))
    information = rows.T @ rows
    centre = rng.normal(size=3)
    low, high = np.full(3, -0.5), np.full(3, 0.5)

    def minus(theta: np.ndarray) -> tuple[float, np.ndarray]:
        d = theta - centre
        return 0.5 * float(d @ information @ d), information @ d

    def best(low: np.ndarray, high: np.ndarray) -> tuple[np.ndarray, float]:
        options = {"ftol": 1e-15, "gtol": 1e-10}
        found = minimize(
            minus, np.clip(centre, low, high), jac=True, bounds=list(zip(low, high, strict=True)), options=options
        )
        return found.x, float(found.fun)

    estimate, top = best(low, high)
    parabola = Parabola(
        estimate, -minus(estimate)[1] * ((estimate == low) | (estimate == high)), information, low, high
    )
    for i in range(3):
        rise = box_profile(parabola, i)
        for value in (-0.5, -0.1, 0.3, 0.5):
            own_low, own_high = low.copy(), high.copy()
            own_low[i] = own_high[i] = value
            assert rise(value) == pytest.approx(2 * (best(own_low, own_high)[1] - top), rel=1e-4, abs=1e-4)


def test_what_is_tied_to_a_parameter_at_its_bound_is_lopsided() -> None:
    # a + b is seen well, b wants to be above its bound: a can only go up, with b going down from there
    rows = np.array([[10.0, 10.0], [0.0, 1.0]])
    information = rows.T @ rows
    errors = np.sqrt(np.diag(np.linalg.inv(information)))
    held = Parabola(np.array([0.0, 1.0]), np.array([0.0, 2.0]), information, np.full(2, -9.0), np.array([9.0, 1.0]))
    found = curvature_intervals(held, errors, 0.95)
    assert found.ends[0, 0] == pytest.approx(-1.96 / 10, rel=1e-3)  # as if b were fixed
    assert found.ends[0, 1] > 0.5
    assert found.ends[1, 1] == 1.0
    assert "one-sided" in found.notes[1]
    free = curvature_intervals(held._replace(slope=np.zeros(2)), errors, 0.95)
    assert free.notes == ("", "")
    np.testing.assert_allclose(free.ends[0], 1.959964 * errors[0] * np.array([-1, 1]), rtol=1e-6)


def test_degrees_of_freedom_and_measures() -> None:
    parabola = Parabola(
        np.array([2.0, 0.5]), np.zeros(2), np.diag([25.0, 100.0]), np.array([0.0, 0.0]), np.array([9.0, 1.0])
    )
    errors = np.array([0.2, 0.1])
    found = curvature_intervals(parabola, errors, 0.9, freedom=np.array([3.0, np.inf]), transforms=[Log(), Logit(0, 1)])
    np.testing.assert_allclose(found.ends[0], 2.0 * np.exp(t.ppf(0.95, 3) * 0.1 * np.array([-1, 1])), rtol=1e-9)
    logit = norm.ppf(0.95) * 0.1 / 0.25 * np.array([-1, 1])
    np.testing.assert_allclose(found.ends[1], 1 / (1 + np.exp(-logit)), rtol=1e-9)
    nothing = curvature_intervals(parabola, np.array([np.inf, 0.1]), 0.9, transforms=[Identity(), Identity()])
    assert nothing.ends[0].tolist() == [0.0, 9.0]
