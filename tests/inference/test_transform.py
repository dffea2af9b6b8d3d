"""Transforms and priors: inverse to each other, with slopes; densities are SciPy's, cut ones normalised."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import integrate, stats

from simengine.inference.prior import Prior
from simengine.inference.transform import KINDS, Identity, Log, Logit, LogLogit, Probit, transform_of
from simengine.sampling.density import DENSITIES
from simengine.sampling.family import FAMILIES
from simengine.sampling.marginal import Continuous, sample
from tests.sampling.test_marginal import PEERS

TRANSFORMS = [Identity(), Log(), Log(-3.0), Logit(0.5, 8.0), Probit(-2.0, 3.0), LogLogit(0.01, 10.0)]


@pytest.mark.parametrize("transform", TRANSFORMS, ids=str)
@given(u=st.floats(-5.0, 5.0))
def test_transforms_are_inverse_and_know_their_slopes(transform, u: float) -> None:
    u = np.array([u])
    x, h = transform.value(u), 1e-3
    np.testing.assert_allclose(transform.free(x), u, rtol=1e-9, atol=1e-9)

    def difference(f):
        return (8.0 * (f(u + h) - f(u - h)) - (f(u + 2 * h) - f(u - 2 * h))) / (12.0 * h)

    np.testing.assert_allclose(transform.slope(u), difference(transform.value), rtol=1e-7)
    np.testing.assert_allclose(transform.log_jacobian(u), np.log(transform.slope(u)), rtol=1e-9, atol=1e-12)
    np.testing.assert_allclose(
        transform.log_jacobian_slope(u), difference(transform.log_jacobian), rtol=1e-7, atol=1e-9
    )


@pytest.mark.parametrize("kind", ["logit", "probit", "log logit"])
def test_far_out_is_the_end_of_the_range(kind: str) -> None:
    transform = transform_of(kind, 0.1, 0.3)
    assert transform.value(np.array([-1e4, 1e4])).tolist() == [0.1, 0.3]
    assert np.isfinite(transform.log_jacobian(np.array([-700.0, 700.0]))).all()


def test_transforms_that_can_not_be() -> None:
    assert set(KINDS) == {"none", "log", "logit", "probit", "log logit"}
    with pytest.raises(ValueError, match="two finite ends"):
        transform_of("logit", 1.0, 1.0)
    with pytest.raises(ValueError, match="above 0"):
        transform_of("log logit", 0.0, 1.0)
    with pytest.raises(ValueError, match="no transform is called"):
        transform_of("sqrt", 0.0, 1.0)


@pytest.mark.parametrize("kind", PEERS)
def test_log_densities_are_those_of_scipy(kind: str) -> None:
    numbers, peer = PEERS[kind]
    x = peer.ppf(np.linspace(0.0005, 0.9995, 101))
    value, slope = Continuous(kind, numbers).log_density(x)
    np.testing.assert_allclose(value, peer.logpdf(x), rtol=1e-10, atol=1e-10)
    h = 1e-5 * (x[-1] - x[0])
    inner = slice(2, -2)
    near = (peer.logpdf(x + h) - peer.logpdf(x - h)) / (2 * h)
    smooth = np.abs(x - numbers[1]) > 2 * h if kind == "triangular" else np.ones_like(x, dtype=bool)
    # second order differences of SciPy's values: 1e-5 of the range apart
    np.testing.assert_allclose(slope[smooth][inner], near[smooth][inner], rtol=1e-4, atol=1e-6)
    assert set(DENSITIES) == set(FAMILIES)


@pytest.mark.parametrize("kind", PEERS)
def test_a_density_that_is_cut_integrates_to_one(kind: str) -> None:
    numbers, peer = PEERS[kind]
    low, high = (float(v) for v in peer.ppf([0.3, 0.9]))
    cut = Continuous(kind, numbers, (low, high))
    points = [numbers[1]] if kind == "triangular" else None
    total = integrate.quad(lambda x: math.exp(float(cut.log_density(np.array([x]))[0][0])), low, high, points=points)[0]
    assert total == pytest.approx(1.0, abs=1e-8)
    assert cut.log_density(np.array([low - 1e-6, high + 1e-6]))[0].tolist() == [-np.inf, -np.inf]


def test_the_density_of_a_smoothed_sample_is_that_of_its_quantiles() -> None:
    smooth = sample([0.0, 1.0, 3.0, 3.5], smooth=True)
    value, slope = smooth.log_density(np.array([-1.0, 0.5, 2.0, 3.2, 3.5, 4.0]))
    np.testing.assert_allclose(np.exp(value), [0.0, 1 / 3, 1 / 6, 2 / 3, 2 / 3, 0.0])
    assert (slope == 0).all()


def test_ends_of_densities_without_a_slope_there() -> None:
    assert Continuous("gamma", (1.0, 2.0)).log_density(np.array([0.0]))[0][0] == pytest.approx(-math.log(2.0))
    assert Continuous("beta", (1.0, 1.0, 0.0, 4.0)).log_density(np.array([0.0, 4.0]))[0] == pytest.approx(
        -math.log(4.0)
    )
    assert Continuous("lognormal", (2.0, 5.0)).log_density(np.array([0.0, -1.0]))[0].tolist() == [-np.inf, -np.inf]


@given(st.lists(st.floats(-4.0, 4.0), min_size=4, max_size=4))
def test_a_prior_of_free_numbers_has_the_jacobian_and_its_gradient(free: list[float]) -> None:
    prior = Prior(
        (Continuous("uniform", (0.5, 8.0)), Continuous("lognormal", (2.0, 5.0)), Continuous("normal", (1.0, 2.0)),
         Continuous("beta", (2.0, 5.0, -1.0, 3.0))),
        (Logit(0.5, 8.0), Log(), Identity(), Probit(-1.0, 3.0)),
    )  # fmt: skip
    u = np.array([free])
    value, gradient = prior.free_log_density(u)
    np.testing.assert_allclose(prior.free(prior.values(u)), u, rtol=1e-6, atol=1e-6)
    h = 1e-3
    for d in range(4):
        step = np.zeros(4)
        step[d] = h
        near = [prior.free_log_density(u + k * step)[0] for k in (1, -1, 2, -2)]
        np.testing.assert_allclose(gradient[:, d], (8 * (near[0] - near[1]) - near[2] + near[3]) / (12 * h), atol=1e-6)
    # of the first: a uniform distribution seen through a logit is the logistic one
    alone = Prior(prior.densities[:1], prior.transforms[:1]).free_log_density(u[:, :1])[0]
    np.testing.assert_allclose(alone, stats.logistic.logpdf(u[:, 0]), rtol=1e-9)
    assert np.isfinite(value).all()


def test_draws_of_a_prior_are_quantiles() -> None:
    prior = Prior((Continuous("uniform", (0.0, 4.0)), Continuous("normal", (1.0, 2.0))), (Logit(0.0, 4.0), Identity()))
    np.testing.assert_allclose(prior.draws(np.array([[0.25, 0.5]])), [[1.0, 1.0]])
    np.testing.assert_allclose(prior.slopes(np.array([[0.0, 3.0]])), [[1.0, 1.0]])
    with pytest.raises(ValueError, match="1 densities but 2 transforms"):
        Prior(prior.densities[:1], prior.transforms)
