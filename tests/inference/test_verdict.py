"""Who tells of a parameter: normal data and priors are known; priors with kinks; what is said in words."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from simengine.inference.evidence import cut_variances, evidence
from simengine.inference.identify import directions, identification
from simengine.inference.prior_shape import prior_shape
from simengine.inference.profile import Point, Side, join_sides
from simengine.inference.verdict import Verdict, judge, known, verdicts, with_prior
from simengine.sampling.marginal import Continuous

NAMES = ("a", "b")
LOW, HIGH, MIDDLE = np.zeros(2), np.full(2, 10.0), np.full(2, 5.0)


def said(of_data: np.ndarray, of_priors: list[float], estimate: np.ndarray = MIDDLE) -> list[str]:
    told = evidence(NAMES, of_data, np.array(of_priors))
    found = verdicts(told.of_data, estimate, LOW, HIGH, told)
    return [with_prior(v, known(told, i, estimate, LOW, HIGH)).word for i, v in enumerate(found)]


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 10_000), st.integers(1, 5))
def test_shares_are_those_of_many_estimates(seed: int, d: int) -> None:
    """C F C is the variance over data, C P C over priors: of a linear model both are sums one can write down."""
    rng = np.random.default_rng(seed)
    rows = rng.normal(size=(d + 1, d))
    priors = rng.uniform(0.1, 3.0, d)
    told = evidence([str(i) for i in range(d)], rows.T @ rows, priors)
    gain = np.linalg.solve(rows.T @ rows + np.diag(priors), rows.T)  # estimate = gain @ data, priors around 0
    by_noise = np.diag(gain @ gain.T)
    by_prior = np.diag((gain @ rows - np.eye(d)) @ np.diag(1 / priors) @ (gain @ rows - np.eye(d)).T)
    np.testing.assert_allclose(by_noise + by_prior, told.found.errors**2, rtol=1e-8)
    np.testing.assert_allclose(told.share, by_noise / (by_noise + by_prior), rtol=1e-7, atol=1e-12)


def test_the_share_and_contraction_of_one_normal() -> None:
    told = evidence(["a"], np.array([[4.0]]), np.array([1.0]), np.array([1.0]))
    assert told.share[0] == pytest.approx(0.8)
    assert told.contraction[0] == pytest.approx(0.8)  # of normals both are F/(F + P)
    assert told.errors_without[0] == pytest.approx(0.5)
    assert np.isnan(evidence(["a"], np.zeros((1, 1)), np.zeros(1)).share[0])
    np.testing.assert_allclose(
        cut_variances(np.zeros(2), np.ones(2), np.array([0.0, -np.inf]), np.full(2, np.inf)), [1 - 2 / math.pi, 1.0]
    )


def test_a_prior_is_never_taken_for_data() -> None:
    sharp, none = 100.0, 0.0
    assert said(np.diag([sharp, sharp]), [none, none]) == ["identified", "identified"]
    assert said(np.diag([sharp, none]), [none, none]) == ["identified", "not identified"]
    # the same width, from the prior
    assert said(np.diag([sharp, none]), [none, sharp]) == ["identified", "by prior"]
    assert said(np.diag([sharp, 0.01]), [none, sharp]) == ["identified", "by prior"]
    # a prior that leaves it wide makes nothing known
    assert said(np.diag([sharp, none]), [none, 0.2]) == ["identified", "not identified"]
    # data that are sharp alone stay so, however sharp the prior is
    assert said(np.diag([sharp, sharp]), [none, 1e4]) == ["identified", "identified"]
    # a product: only the prior of one tells of both
    product = 100.0 * np.array([[1.0, 1.0], [1.0, 1.0]])
    assert said(product, [none, none]) == ["not identified", "not identified"]
    assert said(product, [4.0, none]) == ["by prior", "by prior"]
    # what a vague prior of another settles by a little counts as the data's
    nearly = np.array([[4.0, 0.2], [0.2, 0.01]])
    assert said(nearly, [none, 4.0]) == ["identified", "by prior"]


def test_words_of_a_known_ridge_have_the_right_sign_and_strength() -> None:
    # y = a b^2 t: +10 % of a is offset by -5 % of b; y = a/b t: by +10 %; b is the one that tells
    t = np.linspace(1.0, 5.0, 9)
    for power, change in ((2.0, -0.05), (-1.0, 0.1), (1.0, -0.1)):
        a, b = 2.0, 4.0
        rows = np.column_stack([b**power * t, power * a * b ** (power - 1) * t, np.ones(9)])
        found = identification(("a", "b", "c"), rows.T @ rows)
        one = directions(found, np.array([a, b, 3.0]), np.zeros(3), np.full(3, 10.0))
        assert len(one) == 1
        by = dict(zip(one[0].names, one[0].changes, strict=True))
        assert set(by) == {"a", "b"}
        assert by["b"] / by["a"] == pytest.approx(change / 0.1)
        assert one[0].left < 1e-6
    orthogonal = identification(("a", "b"), np.diag([25.0, 16.0]))
    assert directions(orthogonal, np.ones(2), np.zeros(2), np.full(2, 10.0)) == ()


@pytest.mark.parametrize(
    ("prior", "at", "deviation", "kinked"),
    [
        (Continuous("normal", (1.0, 0.5)), 1.4, 0.5, False),
        (Continuous("triangular", (0.0, 1.0, 2.0)), 1.0, 0.435, True),
        (Continuous("triangular", (0.0, 1.0, 2.0)), 1.0 + 1e-7, 0.435, True),
        (Continuous("pert", (0.0, 1.0, 2.0)), 1.0, 0.401, False),
        (Continuous("uniform", (0.0, 2.0)), 1.3, math.inf, False),
        (Continuous("loguniform", (0.1, 2.0)), 0.5, math.inf, False),
        (Continuous("triangular", (0.0, 1.0, 2.0)), 0.4, 0.25, False),
    ],
)
def test_priors_count_by_where_they_have_fallen_not_by_a_second_derivative(
    prior: Continuous, at: float, deviation: float, kinked: bool
) -> None:
    found = prior_shape(prior, at)
    assert found.kinked is kinked
    assert (math.inf if found.information == 0 else found.information**-0.5) == pytest.approx(deviation, rel=0.05)
    u = (np.arange(20_000) + 0.5) / 20_000
    assert found.deviation == pytest.approx(float(np.std(prior.quantile(u))), rel=1e-2)


def profile_of(low_rise: float, high_rise: float) -> object:
    def side(upward: bool, rise: float) -> Side:
        points = tuple(
            Point(5.0 + (1 if upward else -1) * s * 5.0, -0.5 * rise * s * s, np.zeros(1)) for s in (0.0, 0.5, 1.0)
        )
        return Side(upward, points, "crossed" if rise > 6.7 else "bound", 3)

    return join_sides(0, side(False, low_rise), side(True, high_rise))


def test_profiles_of_the_likelihood_decide() -> None:
    curved = Verdict("a", "identified", "by curvature")
    for rises, word in (
        ((9.0, 9.0), "identified"), ((9.0, 1.0), "one side"), ((1.0, 9.0), "one side"),
        ((1.0, 1.0), "practically not identified"), ((1e-5, 1e-5), "not identified"),
    ):  # fmt: skip
        assert judge("a", curved, profile_of(*rises)).word == word
    found = judge("a", curved, profile_of(9.0, 1.0))
    assert found.text.startswith("the data say it is above 1.")
    assert judge("a", curved, profile_of(9.0, 1.0), hit=True).word == "at bound"
    # a profile closed by the ranges of others is not closed by data
    singular = judge("a", curved, profile_of(9.0, 9.0), singular=True)
    assert singular.word == "not identified"
    assert "ranges of others" in singular.text
    assert judge("a", curved, None) is curved
    assert judge("a", None, None).word == "unknown"
