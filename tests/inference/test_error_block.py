"""Error models of many series at once: what they give one by one, of every kind, and whatever fails."""

from __future__ import annotations

import numpy as np
import pytest

from simengine.inference.error import ErrorModel, error_model
from simengine.inference.error_block import Errors, Member

SIZES = (5, 9, 8, 5, 12, 6, 5, 7, 5, 6, 9, 10)
MODELS = (
    error_model("normal", {"scale": 2.0}), error_model("normal"), error_model("normal"), error_model("normal"),
    error_model("normal", autocorrelated=True), error_model("lognormal", {"scale": 0.3}), error_model("huber"),
    error_model("student", {"degrees of freedom": float("nan")}), error_model("poisson"),
    error_model("negative binomial"), error_model("normal", {"autocorrelation": 0.5}, autocorrelated=True),
    error_model("normal", {"scale": 3.0}, autocorrelated=True),
)  # fmt: skip
MORE = (error_model("relative"), error_model("laplace"), error_model("relative", autocorrelated=True))
"""No sums of squares."""


def laid_out(models: tuple[ErrorModel, ...], sizes: tuple[int, ...]) -> tuple[list[Member], int, int]:
    members, row, scale = [], 0, 0
    for number, (model, size) in enumerate(zip(models, sizes, strict=True)):
        own = len(model.estimated)
        # the fourth shares the scale of the third
        scales = members[2].scales if number == 3 else tuple(range(scale, scale + own))
        members.append(Member(model, slice(row, row + size), scales))
        row, scale = row + size, scale if number == 3 else scale + own
    return members, row, scale


def drawn(models: tuple[ErrorModel, ...], sizes: tuple[int, ...], count: int = 3):  # type: ignore[no-untyped-def]  # noqa: ANN201
    """Return members, observations, weights, times; predictions, derivatives and scales of `count` sets."""
    rng = np.random.default_rng(5)
    members, n, width = laid_out(models, sizes)
    observed = rng.poisson(8.0, n).astype(np.float64) + 1.0
    observed[3] = np.nan
    weights = rng.choice([0.0, 0.5, 1.0, 2.0], n, p=[0.1, 0.2, 0.5, 0.2])
    times = np.concatenate([np.cumsum(rng.choice([1.0, 2.0], size)) for size in sizes])
    predicted, jacobian = rng.uniform(4.0, 12.0, (count, n)), rng.normal(size=(count, n, 2))
    scales = rng.uniform(0.2, 0.9, (count, width))
    for member in members:
        for number, place in zip(member.error.estimated, member.scales, strict=True):
            scales[:, place] += {"degrees of freedom": 4.0, "size": 3.0}.get(number.name, 0.0)
    return members, observed, weights, times, predicted, jacobian, scales


def one_by_one(members: list[Member], given: tuple[np.ndarray, ...], predicted: np.ndarray, scales: np.ndarray):  # type: ignore[no-untyped-def]  # noqa: ANN201
    observed, weights, times = given
    value, by_predicted, by_scales = np.zeros(len(predicted)), np.zeros(predicted.shape), np.zeros(scales.shape)
    for m in members:
        part = (observed[m.rows], predicted[:, m.rows], scales[:, list(m.scales)], weights[m.rows], times[m.rows])
        found = m.error.likelihood(*part)
        value += found.value
        by_predicted[:, m.rows] = found.by_predicted
        for column, place in enumerate(m.scales):
            by_scales[:, place] += found.by_scales[:, column]
    return value, by_predicted, by_scales


def test_the_likelihood_is_that_of_the_models_one_by_one() -> None:
    members, *given, predicted, _, scales = drawn(MODELS + MORE, (*SIZES, 9, 5, 8))
    found = Errors(members, *given).likelihood(predicted, scales)
    value, by_predicted, by_scales = one_by_one(members, given, predicted, scales)
    assert np.isfinite(value).all()
    np.testing.assert_allclose(found.value, value, rtol=1e-14)
    np.testing.assert_allclose(found.by_predicted, by_predicted, rtol=1e-13, atol=1e-14)
    np.testing.assert_allclose(found.by_scales, by_scales, rtol=1e-13, atol=1e-13)


def test_what_can_not_be_is_minus_infinity_as_one_by_one() -> None:
    members, *given, predicted, _, scales = drawn(MODELS + MORE, (*SIZES, 9, 5, 8), 7)
    given[1][:] = 1.0
    lognormal, relative = members[5], members[12]
    predicted[1, lognormal.rows.start] = -1.0
    predicted[2, relative.rows.start + 2] = 0.0
    predicted[3, 0] = np.nan
    scales[4, members[1].scales[0]] = 0.0
    predicted[5, 3] = np.nan  # where nothing was observed: it does not count
    scales[6, members[2].scales[0]] = np.inf
    found = Errors(members, *given).likelihood(predicted, scales)
    value, by_predicted, by_scales = one_by_one(members, given, predicted, scales)
    assert np.isfinite(found.value).tolist() == [True, False, False, False, False, True, False]
    np.testing.assert_allclose(found.value, value, rtol=1e-14)
    np.testing.assert_allclose(found.by_predicted, by_predicted, rtol=1e-13, atol=1e-14)
    np.testing.assert_allclose(found.by_scales, by_scales, rtol=1e-13, atol=1e-13)
    given[0][members[5].rows.start] = -2.0  # no logarithm
    assert Errors(members, *given).likelihood(predicted[:1], scales[:1]).value.tolist() == [-np.inf]


def test_residuals_and_information_are_those_one_by_one() -> None:
    members, *given, predicted, jacobian, scales = drawn(MODELS, SIZES)
    given[1][members[6].rows.start + 1] = 1.0
    predicted[1, members[6].rows.start + 1] = np.nan
    observed, weights, times = given
    errors = Errors(members, *given)
    used = ~np.isnan(observed) & (weights > 0.0)
    assert errors.used.tolist() == np.flatnonzero(used).tolist()
    value, slopes = errors.residuals(predicted, jacobian, scales)
    expected, moved, rows = [], [], []
    for m in members:
        part = (observed[m.rows], predicted[:, m.rows], jacobian[:, m.rows], scales[:, list(m.scales)],
                weights[m.rows], times[m.rows])  # fmt: skip
        own = m.error.residuals(*part)
        assert own is not None
        expected.append(own.value[:, used[m.rows]])
        moved.append(own.jacobian[:, used[m.rows]])
        rows.append(m.error.whitened_jacobian(*part)[0])
    np.testing.assert_allclose(value, np.concatenate(expected, axis=1), rtol=1e-14, atol=1e-15)
    np.testing.assert_allclose(slopes, np.concatenate(moved, axis=1), rtol=1e-14, atol=1e-15)
    assert np.isnan(value[1]).any()
    found, alone = errors.whitened(predicted[:1], jacobian[:1], scales[:1]), np.concatenate(rows)
    np.testing.assert_allclose(found.T @ found, alone.T @ alone, rtol=1e-12)


@pytest.mark.parametrize("models", [MODELS, MORE])
def test_a_set_has_the_same_bits_alone_and_among_others(models: tuple[ErrorModel, ...]) -> None:
    members, *given, predicted, jacobian, scales = drawn(models, SIZES[: len(models)], 9)
    errors = Errors(members, *given)
    together = errors.likelihood(predicted, scales)
    for k in (0, 4, 8):
        own = slice(k, k + 1)
        alone = errors.likelihood(predicted[own], scales[own])
        assert all(np.array_equal(a[0], b[k]) for a, b in zip(alone, together, strict=True))
        if models is MODELS:
            pair = errors.residuals(predicted[own], jacobian[own], scales[own])
            all_of = errors.residuals(predicted, jacobian, scales)
            assert all(np.array_equal(a[0], b[k]) for a, b in zip(pair, all_of, strict=True))


def test_without_observations_nothing_is_said() -> None:
    errors = Errors([Member(MODELS[0], slice(0, 2), ())], np.full(2, np.nan), np.ones(2), np.arange(2.0))
    found = errors.likelihood(np.ones((3, 2)), np.zeros((3, 0)))
    assert found.value.tolist() == [0.0, 0.0, 0.0]
    assert errors.residuals(np.ones((3, 2)), np.ones((3, 2, 1)), np.zeros((3, 0))).jacobian.shape == (3, 0, 1)
