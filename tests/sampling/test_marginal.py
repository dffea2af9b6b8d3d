"""Distributions: SciPy's are the judge, in the middle and in the tails, whole and cut."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from simengine.sampling.family import FAMILIES
from simengine.sampling.inverse import beta_quantile, gamma_from_above, gamma_quantile
from simengine.sampling.marginal import Continuous, Discrete, sample

TAILS = np.array([1e-15, 1e-12, 1e-9, 1e-6, 1e-3, 0.01, 0.1, 0.25, 0.5, 0.75, 0.9, 0.99, 1 - 1e-6, 1 - 1e-12])

PEERS = {
    "uniform": ((-2.0, 5.0), stats.uniform(-2, 7)),
    "loguniform": ((0.01, 10.0), stats.loguniform(0.01, 10)),
    "normal": ((10.0, 2.5), stats.norm(10, 2.5)),
    "lognormal": ((9000.0, 15000.0), stats.lognorm(math.log(15 / 9) / stats.norm.ppf(0.95), scale=9000)),
    "triangular": ((5.0, 15.0, 30.0), stats.triang(0.4, 5, 25)),
    "pert": ((5.0, 15.0, 30.0), stats.beta(1 + 4 * 0.4, 1 + 4 * 0.6, 5, 25)),
    "beta": ((2.0, 5.0, -1.0, 3.0), stats.beta(2, 5, -1, 4)),
    "gamma": ((2.5, 3.0), stats.gamma(2.5, scale=3)),
    "weibull": ((1.7, 4.0), stats.weibull_min(1.7, scale=4)),
}


def test_every_family_has_a_peer() -> None:
    assert set(PEERS) == set(FAMILIES)


@pytest.mark.parametrize("kind", PEERS)
def test_quantiles_are_those_of_scipy(kind: str) -> None:
    numbers, peer = PEERS[kind]
    np.testing.assert_allclose(Continuous(kind, numbers).quantile(TAILS), peer.ppf(TAILS), rtol=2e-11)


@pytest.mark.parametrize("kind", PEERS)
def test_both_ends_of_a_family_agree(kind: str) -> None:
    numbers, peer = PEERS[kind]
    family = FAMILIES[kind]
    x = peer.ppf(np.linspace(0.001, 0.999, 200))
    np.testing.assert_allclose(family.below(x, numbers) + family.above(x, numbers), 1.0, rtol=1e-12)
    np.testing.assert_allclose(family.below(x, numbers), peer.cdf(x), rtol=1e-9)
    np.testing.assert_allclose(family.above(x, numbers), peer.sf(x), rtol=1e-9)
    q = np.array([1e-30, 1e-15, 1e-6, 0.1])
    np.testing.assert_allclose(family.from_above(q, numbers), peer.isf(q), rtol=2e-11)


@pytest.mark.parametrize("kind", PEERS)
def test_a_distribution_that_is_cut_has_the_rest_of_its_probability(kind: str) -> None:
    numbers, peer = PEERS[kind]
    low, high = (float(v) for v in peer.ppf([0.3, 0.9]))
    u = np.linspace(0.0, 1.0, 101)
    cut = Continuous(kind, numbers, (low, high))
    np.testing.assert_allclose(cut.quantile(u), peer.ppf(0.3 + 0.6 * u), rtol=1e-11)
    np.testing.assert_allclose(cut.level(cut.quantile(u)), u, atol=1e-12)
    assert cut.ends == pytest.approx((low, high))
    assert np.isnan(cut.level(np.array([low - 1e-3 * abs(low), high * 1.01]))).all()


def test_a_normal_distribution_is_cut_far_out_in_its_tail() -> None:
    """SciPy's truncated normal works with logarithms; a difference of distribution functions would be 0 there."""
    u = np.linspace(0.0, 1.0, 21)
    for low, high in ((9.0, 9.5), (20.0, 25.0), (-9.5, -9.0), (-25.0, -20.0), (35.0, math.inf)):
        within = (low, min(high, 1e6))
        np.testing.assert_allclose(
            Continuous("normal", (0.0, 1.0), within).quantile(u[1:-1]),
            stats.truncnorm(low, high).ppf(u[1:-1]), rtol=1e-9,
        )  # fmt: skip
    assert Continuous("normal", (0.0, 1.0), (50.0, 60.0)).mass == 0


@settings(max_examples=60)
@given(st.sampled_from(list(PEERS)), st.lists(st.floats(0, 1), min_size=2, max_size=40), st.data())
def test_quantiles_rise_and_do_not_depend_on_each_other(kind: str, u: list[float], data: st.DataObject) -> None:
    numbers, peer = PEERS[kind]
    within = None
    if data.draw(st.booleans()):
        a, b = sorted(data.draw(st.tuples(st.floats(1e-9, 1 - 1e-9), st.floats(1e-9, 1 - 1e-9))))
        within = (float(peer.ppf(a)), float(peer.ppf(b)))
    marginal = Continuous(kind, numbers, within)
    if within is not None and (not within[0] < within[1] or not marginal.mass > 0):
        return
    given_, rising = np.array(u), np.sort(np.array(u))
    values = marginal.quantile(given_)
    assert np.isfinite(values).all()
    low, high = marginal.ends
    assert ((values >= low) & (values <= high)).all()
    steps = np.diff(marginal.quantile(rising))
    assert (steps >= -1e-12 * np.abs(values).max()).all()
    alone = np.concatenate([marginal.quantile(given_[n : n + 1]) for n in range(len(u))])
    assert alone.tobytes() == values.tobytes()


@settings(max_examples=40)
@given(st.floats(0.05, 500), st.floats(0.05, 500))
def test_quantiles_in_bulk_are_as_accurate_as_those_one_by_one(a: float, b: float) -> None:
    inside = TAILS[3:-1]
    np.testing.assert_allclose(beta_quantile(a, b, inside), stats.beta.ppf(inside, a, b), rtol=1e-11)
    np.testing.assert_allclose(gamma_quantile(a, inside), stats.gamma.ppf(inside, a), rtol=1e-11)
    np.testing.assert_allclose(gamma_from_above(a, inside), stats.gamma.isf(inside, a), rtol=1e-11)


def test_quantiles_where_scipy_has_none() -> None:
    """I_x(a, b) is x^a / (a B(a, b)) as x goes to 0 (DLMF 8.17.7): its inverse there has this power."""
    found = beta_quantile(2.6, 3.4, np.array([1e-150, 1e-200, 1e-300]))
    assert np.diff(np.log(found)) == pytest.approx([-50 * np.log(10) / 2.6, -100 * np.log(10) / 2.6], rel=1e-12)


def test_the_mean_of_a_pert_distribution_is_that_of_its_name() -> None:
    u = (np.arange(20000) + 0.5) / 20000  # the midpoint rule; its error is largest where the density is steep
    assert Continuous("pert", (2.0, 5.0, 20.0)).quantile(u).mean() == pytest.approx((2 + 4 * 5 + 20) / 6, rel=1e-6)
    assert Continuous("pert", (2.0, 2.0, 20.0)).quantile(u).mean() == pytest.approx((2 + 4 * 2 + 20) / 6, rel=1e-5)


def test_a_lognormal_distribution_is_told_by_two_of_its_quantiles() -> None:
    assert Continuous("lognormal", (9000.0, 15000.0)).quantile(np.array([0.5, 0.95])) == pytest.approx([9000, 15000])


def test_what_has_no_end_has_none_at_0_and_1_either() -> None:
    ends = Continuous("normal", (0.0, 1.0)).quantile(np.array([0.0, 1.0]))
    assert np.isfinite(ends).all()
    assert ends[0] < -8
    assert ends[1] > 8
    assert Continuous("gamma", (1.0, 1.0)).quantile(np.array([0.0]))[0] >= 0


@settings(max_examples=50)
@given(st.lists(st.integers(1, 50), min_size=1, max_size=9), st.integers(1, 2000))
def test_discrete_values_come_as_often_as_they_weigh(weights: list[int], count: int) -> None:
    marginal = Discrete("discrete", np.arange(float(len(weights))) * 10, np.array(weights, dtype=float))
    u = (np.arange(count) + 0.5) / count
    counts = np.array([(marginal.quantile(u) == v).sum() for v in marginal.values])
    assert np.abs(counts / count - np.array(weights) / sum(weights)).max() <= 1 / count + 1e-12
    assert marginal.quantile(marginal.middles()).tolist() == marginal.values.tolist()
    assert marginal.level(marginal.values).tolist() == marginal.middles().tolist()
    assert marginal.quantile(np.array([0.0, 1.0])).tolist() == [marginal.values[0], marginal.values[-1]]
    assert np.isnan(marginal.level(np.array([5.0]))).all()


def test_whole_numbers_are_all_alike_and_cut() -> None:
    u = (np.arange(60) + 0.5) / 60
    values, counts = np.unique(Discrete.whole(1.0, 6.0).quantile(u), return_counts=True)
    assert values.tolist() == [1, 2, 3, 4, 5, 6]
    assert counts.tolist() == [10] * 6
    assert Discrete.whole(1.0, 6.0, (2.5, 4.0)).values.tolist() == [3, 4]


@settings(max_examples=50)
@given(st.lists(st.floats(-1e6, 1e6), min_size=2, max_size=60))
def test_a_sample_gives_its_own_values_as_often_as_it_has_them(values: list[float]) -> None:
    own = sample(values, smooth=False)
    u = (np.arange(len(values)) + 0.5) / len(values)
    assert np.sort(own.quantile(u)).tolist() == np.sort(np.array(values)).tolist()
    smooth = sample(values, smooth=True)
    levels = np.linspace(0, 1, 17)
    np.testing.assert_allclose(smooth.quantile(levels), np.quantile(values, levels), rtol=1e-12, atol=1e-7)
    assert smooth.ends == (min(values), max(values))
    assert not smooth.discrete
    assert smooth.middles() is None


def test_a_sample_is_cut_by_leaving_values_out() -> None:
    assert sample([1.0, 2.0, 3.0, 4.0], (1.5, 3.0), smooth=False).ends == (2.0, 3.0)


@pytest.mark.parametrize(("marginal", "text"), [
    (Continuous("normal", (1.5, 1.0), (-2.0, 5.0)), "normal [1.5, 1] within [-2, 5]"),
    (Discrete.whole(1.0, 6.0), "integer [1, 6]"),
    (Discrete("discrete", np.array([1.0, 2.0]), np.array([1.0, 3.0])), "discrete {1: 0.25, 2: 0.75}"),
    (sample([1.0, 2.0], smooth=True), "empirical of 2 values, smoothed"),
    (sample([float(n) for n in range(9)], smooth=False), "empirical of 9 values"),
])  # fmt: skip
def test_a_distribution_in_one_line(marginal: Continuous, text: str) -> None:
    assert marginal.text == text
