"""What curvature and profiles tell: linear regression is the judge, a brute search, models known not to be identifiable."""

from __future__ import annotations

import math

import numpy as np
import pytest
import statsmodels.api as sm
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import least_squares, minimize_scalar
from scipy.stats import chi2

from simengine.inference.error import error_model
from simengine.inference.identify import (
    bounds_hit,
    collinearity,
    directions,
    fisher,
    identification,
)
from simengine.inference.intervals import normal_intervals
from simengine.inference.profile import THRESHOLDS, Side, join_sides, profile, walk_side
from simengine.inference.transform import Log, Logit
from simengine.inference.verdict import verdicts


def regression() -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(1)
    x = np.column_stack([np.ones(30), rng.normal(size=30), rng.uniform(0, 2, 30)])
    return x, x @ [1.0, 2.0, -0.5] + rng.normal(0, 0.4, 30)


def test_errors_and_intervals_are_those_of_a_regression() -> None:
    x, y = regression()
    peer = sm.OLS(y, x).fit()
    model = error_model("normal", {"scale": math.sqrt(peer.scale)})
    rows = model.whitened_jacobian(y, peer.fittedvalues[None, :], x)[0]
    found = identification(["a", "b", "c"], fisher(rows))
    np.testing.assert_allclose(found.covariance, peer.cov_params(), rtol=1e-9)
    np.testing.assert_allclose(found.errors, peer.bse, rtol=1e-9)
    ends = normal_intervals(peer.params, found.errors, 0.90)
    np.testing.assert_allclose(ends, peer.params[:, None] + 1.6448536269514722 * peer.bse[:, None] * [-1, 1], rtol=1e-9)
    held = identification(["a", "b", "c"], fisher(rows, np.array([1e12, 0.0, 0.0])))
    fixed = sm.OLS(y, x[:, 1:]).fit()
    np.testing.assert_allclose(held.errors[1:], fixed.bse / math.sqrt(fixed.scale / peer.scale), rtol=1e-6)


def test_collinearity_is_known_for_two() -> None:
    # two columns at an angle: the eigenvalues of [[1, r], [r, 1]] are 1 + |r| and 1 - |r|
    for r in (0.0, 0.9, -0.995):
        found = identification(["a", "b"], np.array([[4.0, 2.0 * r], [2.0 * r, 1.0]]))
        assert found.collinearity == pytest.approx(1 / math.sqrt(1 - abs(r)))
        np.testing.assert_allclose(found.spectrum, [1 + abs(r), 1 - abs(r)])
        assert found.correlation[0, 1] == pytest.approx(-r)
    assert collinearity(found).subsets[0].gamma == pytest.approx(1 / math.sqrt(0.005))


@settings(max_examples=10, deadline=None)
@given(st.integers(0, 10_000))
def test_collinearity_of_a_subset_is_by_its_columns_and_grows_with_it(seed: int) -> None:
    rng = np.random.default_rng(seed)
    rows = rng.normal(size=(12, 5)) * [1, 100, 0.01, 1, 1]
    names = list("abcde")
    found = collinearity(identification(names, fisher(rows)))
    assert len(found.subsets) == 10 + 10 + 5 + 1
    index = {frozenset(s.names): s.gamma for s in found.subsets}
    for subset, value in index.items():
        columns = rows[:, [names.index(n) for n in sorted(subset)]]
        singular = np.linalg.svd(columns / np.linalg.norm(columns, axis=0), compute_uv=False)
        assert value == pytest.approx(1 / singular[-1], rel=1e-6)
        assert value >= 1
        for other, more in index.items():
            assert not subset < other or more >= value * (1 - 1e-9)
    few = collinearity(identification(names, fisher(rows)), most=20)
    assert (len(few.subsets), few.left_out) == (20, 6)


def test_what_moves_together_is_said() -> None:
    # y = a b t: only the product is seen, +10 % of a is offset by -10 % of b
    t = np.linspace(1, 5, 9)
    rows = np.column_stack([0.5 * t, 2.0 * t, np.ones(9)])
    found = identification(["a", "b", "c"], fisher(rows))
    said = directions(found, np.array([2.0, 0.5, 1.0]), np.zeros(3), np.full(3, 10.0))
    assert len(said) == 1
    assert (
        said[0].text
        == "`a` and `b` move together: +10 % of the first is offset by -10 % of the second (nothing of its effect is left)"
    )
    assert np.isinf(found.errors).tolist() == [True, True, False]
    assert found.errors[2] == pytest.approx(
        identification(["ab", "c"], fisher(rows[:, 1:])).errors[1]
    )  # what the others are does not matter
    words = [v.word for v in verdicts(found, np.array([2.0, 0.5, 1.0]), np.zeros(3), np.full(3, 10.0))]
    assert words == ["not identified", "not identified", "identified"]


def test_three_may_move_together_and_a_parameter_may_be_0() -> None:
    rng = np.random.default_rng(2)
    u, v = rng.normal(size=(2, 20))
    rows = np.column_stack([u, v, u + v + 1e-3 * rng.normal(size=20)])
    found = identification(["a", "b", "c"], fisher(rows))
    said = directions(found, np.array([1.0, 2.0, 0.0]), np.zeros(3), np.array([1.0, 4.0, 10.0]))[0]
    by = dict(zip(said.names, zip(said.changes, said.of_range, strict=True), strict=True))
    # a change of c by 1 of 10 is offset by -1 of a and -1 of b, which is 2: -100 % and -50 %; here of 10 % of the first
    assert by["a"][0] * 1.0 == pytest.approx(by["b"][0] * 2.0, rel=0.01)
    assert by["c"][0] * 10.0 == pytest.approx(-by["a"][0] * 1.0, rel=0.01)
    assert by["c"][1]
    assert not by["a"][1]
    assert " % of the range" in said.text
    assert said.left < 0.01
    nothing = identification(["a", "b"], np.diag([1.0, 0.0]))
    said = directions(nothing, np.ones(2), np.zeros(2), np.full(2, 2.0))
    assert [d.text for d in said] == ["the data say nothing of `b`: no observation moves with it"]


def test_two_ridges_are_told_apart() -> None:
    # y1 = a b t, y2 = c d t: any mixture of both ridges is flat too, but is told as two
    t = np.linspace(1, 5, 9)
    rows = np.zeros((18, 4))
    rows[:9, 0], rows[:9, 2] = 3.0 * t, 2.0 * t
    rows[9:, 1], rows[9:, 3] = 7.0 * t, 0.5 * t
    found = identification(["a", "c", "b", "d"], fisher(rows))
    said = directions(found, np.array([2.0, 0.5, 3.0, 7.0]), np.zeros(4), np.full(4, 10.0))
    assert sorted(sorted(d.names) for d in said) == [["a", "b"], ["c", "d"]]
    assert all(d.changes == pytest.approx((0.1, -0.1)) for d in said)
    # a weaker one beside is not mixed with them
    more = np.column_stack([rows, np.r_[t, -t] ** 2, np.r_[t, -t] ** 2 + 1e-2 * np.cos(np.arange(18))])
    found = identification(["a", "c", "b", "d", "e", "f"], fisher(more))
    said = directions(found, np.ones(6), np.zeros(6), np.full(6, 10.0))
    assert [sorted(d.names) for d in said][2] == ["e", "f"]
    assert 10 < said[2].index < 1e5
    assert np.isinf([d.index for d in said[:2]]).all()


def test_a_direction_of_many_small_parts_is_never_told_of_one_alone() -> None:
    rng = np.random.default_rng(3)
    parts = rng.normal(size=(200, 40))
    rows = np.column_stack([parts.sum(axis=1) + 1e-3 * rng.normal(size=200), parts])
    said = directions(
        identification([f"p{i}" for i in range(41)], fisher(rows)), np.ones(41), np.zeros(41), np.full(41, 9.0)
    )
    assert len(said) == 1
    assert len(said[0].names) >= 2
    assert said[0].names[0] == "p0"
    assert said[0].left > 0.3  # two alone offset little, and that is said


def test_a_range_without_end_is_measured_by_the_estimate() -> None:
    found = identification(["a", "b"], np.diag([1e4, 0.3]))
    said = verdicts(found, np.array([2.0, 2.0]), np.zeros(2), np.full(2, np.inf))
    assert [v.word for v in said] == ["identified", "wide"]
    assert "twice its size" in said[1].text
    with np.errstate(all="raise"):
        ends = normal_intervals(np.array([2.0, 0.5]), np.full(2, np.inf), 0.9, [Log(), Logit(0.0, 1.0)])
    assert ends.tolist() == [[0.0, np.inf], [0.0, 1.0]]


def test_bounds_and_verdicts() -> None:
    names, low, high = ["a", "b", "c", "d"], np.zeros(4), np.full(4, 10.0)
    estimate = np.array([0.0005, 5.0, 5.0, 9.9995])
    hits = bounds_hit(names, estimate, low, high)
    assert [(h.name, h.end, h.bound) for h in hits] == [("a", "low", 0.0), ("d", "high", 10.0)]
    found = identification(names, np.diag([1e4, 1e4, 0.1, 1e4]))
    words = [v.word for v in verdicts(found, estimate, low, high)]
    assert words == ["at bound", "identified", "wide", "at bound"]
    near = identification(["a", "b"], np.array([[1e4, 9999.0], [9999.0, 1e4]]))
    assert [v.word for v in verdicts(near, np.full(2, 5.0), np.zeros(2), np.full(2, 10.0))] == ["together"] * 2
    with pytest.raises(ValueError, match="not finite"):
        identification(["a"], np.array([[math.nan]]))


def test_a_saddle_is_no_information() -> None:
    # not at a maximum: the observed information has a negative eigenvalue
    found = identification(["a", "b"], np.array([[1.0, 2.0], [2.0, 1.0]]))
    assert np.isinf(found.errors).all()
    assert np.isinf(found.collinearity)
    assert np.isinf(identification(["a", "b"], np.array([[1.0, 0.0], [0.0, -3.0]])).errors).tolist() == [False, True]


def test_intervals_with_transforms_stay_in_the_range() -> None:
    ends = normal_intervals(np.array([0.9, 2.0]), np.array([0.2, 3.0]), 0.95, [Logit(0.0, 1.0), Log()])
    assert 0 < ends[0, 0] < 0.9 < ends[0, 1] < 1
    np.testing.assert_allclose(ends[1], 2.0 * np.exp(np.array([-1, 1]) * 1.959963984540054 * 1.5))


class Problem:
    """Least squares with errors of standard deviation s, as a `Fit`."""

    def __init__(self, predict, y: np.ndarray, s: float, low, high) -> None:
        self.predict, self.y, self.s = predict, y, s
        self.low, self.high = np.array(low, float), np.array(high, float)

    def loglik(self, theta: np.ndarray) -> float:
        return -0.5 * float(np.sum(((self.y - self.predict(theta)) / self.s) ** 2))

    def solve(self, free: list[int], start: np.ndarray) -> tuple[np.ndarray, float]:
        theta = np.clip(start, self.low, self.high)

        def residuals(part: np.ndarray) -> np.ndarray:
            whole = theta.copy()
            whole[free] = part
            return (self.predict(whole) - self.y) / self.s

        width = self.high[free] - self.low[free]
        inside = np.clip(theta[free], self.low[free] + 1e-9 * width, self.high[free] - 1e-9 * width)
        out = least_squares(
            residuals,
            inside,
            bounds=(self.low[free], self.high[free]),
            xtol=1e-12,
            ftol=1e-12,
            gtol=1e-12,
            x_scale="jac",
        )
        theta[free] = out.x
        return theta, self.loglik(theta)

    def __call__(self, index: int, value: float, start: np.ndarray) -> tuple[np.ndarray, float]:
        start = start.copy()
        start[index] = value
        return self.solve([i for i in range(len(start)) if i != index], start)


def test_the_profile_of_a_linear_model_is_its_parabola() -> None:
    x, y = regression()
    problem = Problem(lambda p: x @ p, y, 0.4, [-50] * 3, [50] * 3)
    best, loglik = problem.solve([0, 1, 2], np.zeros(3))
    errors = 0.4 * np.sqrt(np.diag(np.linalg.inv(x.T @ x)))
    for index in range(3):
        found = profile(problem, index, best, loglik, -50.0, 50.0, 0.1 * errors[index])
        for level, threshold in THRESHOLDS.items():
            assert threshold == pytest.approx(chi2.ppf(level, 1))
            np.testing.assert_allclose(
                found.intervals[level],
                best[index] + math.sqrt(threshold) * errors[index] * np.array([-1, 1]),
                rtol=1e-4,
            )
        values, rises = found.rises()
        np.testing.assert_allclose(rises, ((values - best[index]) / errors[index]) ** 2, atol=1e-5)
        assert (np.diff(values) > 0).all()
        assert found.verdict == "identified"
        assert found.fits < 40
        assert found.better is None


def test_a_profile_that_is_no_parabola_is_the_one_of_a_search() -> None:
    t = np.arange(0.0, 8.0)
    rng = np.random.default_rng(3)
    y = 5 * np.exp(-0.4 * t) + rng.normal(0, 0.5, 8)
    problem = Problem(lambda p: p[0] * np.exp(-p[1] * t), y, 0.5, [0, 0.01], [50, 5])
    best, loglik = problem.solve([0, 1], np.array([4.0, 0.5]))
    found = profile(problem, 1, best, loglik, 0.01, 5.0, 0.005)

    def searched(rate: float) -> float:
        at = minimize_scalar(
            lambda a: -problem.loglik(np.array([a, rate])), bounds=(0, 50), method="bounded", options={"xatol": 1e-10}
        )
        return 2 * (loglik + at.fun)

    for level, threshold in THRESHOLDS.items():
        assert searched(found.intervals[level][0]) == pytest.approx(threshold, rel=0.02)
        assert searched(found.intervals[level][1]) == pytest.approx(threshold, rel=0.02)
    low, high = found.intervals[0.99]
    assert high - best[1] > 1.1 * (best[1] - low)  # it is not symmetric


def test_only_a_product_is_structurally_not_identifiable() -> None:
    t = np.arange(1.0, 6.0)
    problem = Problem(lambda p: p[0] * p[1] * t, 6.0 * t + [0.1, -0.1, 0.0, 0.1, -0.1], 0.1, [1, 1], [5, 5])
    best, loglik = problem.solve([0, 1], np.array([2.0, 2.0]))
    found = profile(problem, 0, best, loglik, 1.25, 4.75, 0.1)
    assert found.verdict == "structurally not"
    assert found.intervals[0.95] == (1.25, 4.75)
    assert found.open_low[0.95]
    assert found.open_high[0.95]


def test_what_is_open_on_one_side_is_practically_not_identifiable() -> None:
    # y = v x/(k + x) seen only far below k: that k is large is seen, how large is not
    x = np.array([0.1, 0.2, 0.3, 0.4, 0.5])
    rng = np.random.default_rng(4)
    y = 30 * x / (10 + x) + rng.normal(0, 0.05, 5)
    problem = Problem(lambda p: p[0] * x / (p[1] + x), y, 0.05, [0.01, 0.01], [3000, 900])
    best, loglik = problem.solve([0, 1], np.array([30.0, 10.0]))
    found = profile(problem, 1, best, loglik, 0.01, 900.0, 1.0)
    assert found.verdict == "practically not"
    assert not found.open_low[0.95]
    assert found.open_high[0.95]
    assert found.text == "the range ends before the data rule values out on the upper side, at 95%"


@pytest.mark.parametrize(("steep", "better"), [(20.0, False), (1.0, True)])
def test_a_better_fit_on_the_way_is_told(steep: float, better: bool) -> None:
    def loglik(v: float) -> float:
        return -steep * (v**2 - 1) ** 2 + v  # two tops, the right one 2 higher

    top = minimize_scalar(lambda v: -loglik(v), bounds=(-1.2, -0.5), method="bounded", options={"xatol": 1e-12}).x
    found = profile(lambda _, v, start: (np.array([v]), loglik(v)), 0, np.array([top]), loglik(top), -2.0, 2.0, 0.01)
    # where the valley is deeper than the threshold the walk ends in it, as it must
    assert (found.better is not None) == better
    if found.better is not None:
        assert found.better.value == pytest.approx(1.1, abs=0.15)
        assert found.best == found.better.loglik


def test_fits_that_fail_are_told() -> None:
    def fit(index: int, value: float, start: np.ndarray) -> tuple[np.ndarray, float]:
        return start, -math.inf if value > 0.5 else -0.5 * value**2

    found = profile(fit, 0, np.zeros(1), 0.0, -5.0, 5.0, 0.1)
    assert found.verdict == "unknown"
    assert found.text == "the profile was not walked to its end on the upper side: fits failed"
    assert found.intervals[0.95][0] == pytest.approx(-1.96, rel=0.01)


def test_sides_walked_apart_are_the_profile_and_an_estimate_at_a_bound_has_one_side() -> None:
    x, y = regression()
    problem = Problem(lambda p: x @ p, y, 0.4, [-50] * 3, [50] * 3)
    best, loglik = problem.solve([0, 1, 2], np.zeros(3))
    sides = [walk_side(problem, 1, best, loglik, end, 0.01) for end in (50.0, -50.0)]
    joined = join_sides(1, sides[1], sides[0])
    whole = profile(problem, 1, best, loglik, -50.0, 50.0, 0.01)
    assert joined.intervals == whole.intervals
    side = walk_side(problem, 1, best, loglik, float(best[1]), 0.01)
    assert isinstance(side, Side)
    assert (side.end, side.fits, len(side.points)) == ("bound", 0, 1)
