"""Error models: SciPy's densities are the judge of values, differences of derivatives, exact covariances of AR(1)."""

from __future__ import annotations

import dataclasses
import math

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from scipy import integrate, stats

from simengine.inference.error import KINDS, ErrorModel, error_model
from simengine.inference.error_start import start_numbers

COUNTS = {"poisson", "negative binomial"}
VALUES = {"scale": 0.7, "degrees of freedom": 3.3, "threshold": 1.1, "autocorrelation": 0.45, "size": 2.2}
FREED = {"student": {"degrees of freedom": math.nan}, "huber": {"threshold": math.nan}}
ALL = [(kind, ar) for kind in KINDS for ar in (False, True) if not (ar and kind in COUNTS)]


def model_of(kind: str, autocorrelated: bool) -> ErrorModel:
    """Return the model with all its numbers estimated."""
    return error_model(kind, FREED.get(kind, {}), autocorrelated=autocorrelated)


def numbers_of(model: ErrorModel, rows: int, rng: np.random.Generator) -> np.ndarray:
    """Return numbers of each row, a little apart."""
    return np.array([[VALUES[n.name] for n in model.estimated]] * rows) * rng.uniform(0.8, 1.2, (rows, 1))


def series(kind: str, rng: np.random.Generator, n: int = 12) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return observations with one missing, predictions of three sets, weights with one 0."""
    y = rng.poisson(4.0, n) + (0.0 if kind in COUNTS else 0.3)
    y[4] = np.nan
    w = rng.uniform(0.3, 1.5, n)
    w[7] = 0.0
    return y, rng.uniform(2.0, 6.0, (3, n)), w


def huber_density(w: float, c: float) -> float:
    return math.exp(-0.5 * w * w if abs(w) <= c else -c * abs(w) + 0.5 * c * c)


HUBER_MASS = integrate.quad(lambda w: huber_density(w, 1.1), -60, 60, points=[-1.1, 1.1], limit=200)[0]


def expected_density(kind: str, y: np.ndarray, m: np.ndarray) -> np.ndarray:
    """Return log densities as SciPy has them."""
    s = VALUES["scale"]
    match kind:
        case "normal":
            return stats.norm.logpdf(y, m, s)
        case "lognormal":
            return stats.lognorm.logpdf(y, s, scale=m)
        case "relative":
            return stats.norm.logpdf(y, m, s * np.abs(m))
        case "student":
            return stats.t.logpdf(y, 3.3, m, s)
        case "laplace":
            return stats.laplace.logpdf(y, m, s)
        case "huber":
            return np.array(
                [math.log(huber_density((a - b) / s, 1.1) / s / HUBER_MASS) for a, b in zip(y, m, strict=True)]
            )
        case "poisson":
            return stats.poisson.logpmf(y, m)
        case _:
            return stats.nbinom.logpmf(y, 2.2, 2.2 / (2.2 + m))


@pytest.mark.parametrize("kind", KINDS)
def test_log_densities_are_those_of_scipy(kind: str) -> None:
    rng = np.random.default_rng(3)
    y, m, w = series(kind, rng)
    model = model_of(kind, autocorrelated=False)
    numbers = [VALUES[n.name] for n in model.estimated]
    used = model.used(y, w)
    assert used.sum() == 10
    each = np.stack([expected_density(kind, y[used], row[used]) for row in m])
    rows = np.tile(numbers, (3, 1))
    np.testing.assert_allclose(model.loglik(y, m, rows, w), np.sum(w[used] * each, axis=1), rtol=1e-9)
    points = model.pointwise(y, m, rows)
    np.testing.assert_allclose(points[:, used], each, rtol=1e-9)
    assert np.isnan(points[:, 4]).all()
    assert model.loglik(y, m[0], numbers).tolist() == model.loglik(y, m, rows).tolist()[:1]


@pytest.mark.parametrize(("kind", "autocorrelated"), ALL)
def test_what_a_set_gives_does_not_depend_on_the_others(kind: str, autocorrelated: bool) -> None:
    rng = np.random.default_rng(11)
    model = model_of(kind, autocorrelated)
    y, _, w = series(kind, rng, 37)
    m, numbers = rng.uniform(2.0, 6.0, (5, 37)), numbers_of(model, 5, rng)
    jacobian = rng.normal(size=(5, 37, 2))
    together = model.likelihood(y, m, numbers, w)
    for k in range(5):
        alone = model.likelihood(y, m[k], numbers[k], w)
        for one, other in zip(alone, together, strict=True):
            assert one[0].tolist() == other[k].tolist()
    residuals = model.residuals(y, m, jacobian, numbers, w)
    if residuals is not None:
        alone = model.residuals(y, m[3], jacobian[3], numbers[3], w)
        assert alone.value[0].tolist() == residuals.value[3].tolist()
        assert alone.jacobian[0].tolist() == residuals.jacobian[3].tolist()


def test_numbers_that_are_given_are_no_columns() -> None:
    rng = np.random.default_rng(12)
    y, m, w = series("student", rng)
    some = error_model("student", {"scale": 0.7, "degrees of freedom": math.nan}, autocorrelated=True)
    whole = model_of("student", autocorrelated=True)
    assert [n.name for n in some.estimated] == ["degrees of freedom", "autocorrelation"]
    part, full = some.likelihood(y, m, [[3.3, 0.45]] * 3, w), whole.likelihood(y, m, [[0.7, 3.3, 0.45]] * 3, w)
    assert part.value.tolist() == full.value.tolist()
    assert part.by_scales.tolist() == full.by_scales[:, 1:].tolist()
    assert [n.of_output for n in whole.estimated] == [True, False, False]


def covariance(n: int, phi: float, scale: float) -> np.ndarray:
    """Return the covariance of a stationary AR(1) process."""
    at = np.arange(n)
    return scale**2 * phi ** np.abs(at[:, None] - at[None, :])


@pytest.mark.parametrize("phi", [0.6, -0.5])
def test_autocorrelated_errors_are_a_gaussian_process_though_some_are_missing(phi: float) -> None:
    rng = np.random.default_rng(4)
    y, m, _ = series("normal", rng)
    used = ~np.isnan(y)
    model = error_model("normal", {"scale": 0.7}, autocorrelated=True)
    cov = covariance(len(y), phi, 0.7)[np.ix_(used, used)]
    expected = [stats.multivariate_normal.logpdf(y[used], row[used], cov) for row in m]
    np.testing.assert_allclose(model.loglik(y, m, [[phi]] * 3), expected, rtol=1e-12)
    # times say the same as places, and two years apart are one period where all are
    np.testing.assert_allclose(model.loglik(y, m, [[phi]] * 3, times=2016 + 2.0 * np.arange(12)), expected, rtol=1e-12)
    jacobian = rng.standard_normal((12, 4))
    rows = model.whitened_jacobian(y, m, jacobian, [[phi]] * 3)
    exact = jacobian[used].T @ np.linalg.solve(cov, jacobian[used])
    np.testing.assert_allclose(np.swapaxes(rows, 1, 2) @ rows, np.stack([exact] * 3), rtol=1e-10)


def test_lognormal_and_relative_autocorrelated_errors_are_gaussian_processes_of_what_they_measure() -> None:
    rng = np.random.default_rng(5)
    y, m = rng.uniform(1, 5, 8), rng.uniform(1, 5, 8)
    cov = covariance(8, 0.6, 0.3)
    lognormal = error_model("lognormal", {"scale": 0.3, "autocorrelation": 0.6}, autocorrelated=True)
    expected = stats.multivariate_normal.logpdf(np.log(y), np.log(m), cov) - np.log(y).sum()
    np.testing.assert_allclose(lognormal.loglik(y, m), [expected], rtol=1e-12)
    relative = error_model("relative", {"scale": 0.3, "autocorrelation": 0.6}, autocorrelated=True)
    expected = stats.multivariate_normal.logpdf(y, m, m[:, None] * cov * m[None, :])
    np.testing.assert_allclose(relative.loglik(y, m), [expected], rtol=1e-12)


@pytest.mark.parametrize("phi", [0.0, 0.6, -0.4])
def test_information_of_relative_errors_is_that_of_mean_and_covariance(phi: float) -> None:
    rng = np.random.default_rng(13)
    m, jacobian = rng.uniform(1, 5, 9), rng.normal(size=(9, 2))
    y = np.where(np.arange(9) == 3, np.nan, 1.0)
    used = ~np.isnan(y)
    model = error_model("relative", {"scale": 0.3, "autocorrelation": phi}, autocorrelated=True)
    rows = model.whitened_jacobian(y, m, jacobian)[0]
    mu, slopes = m[used], jacobian[used]
    cov = mu[:, None] * covariance(9, phi, 0.3)[np.ix_(used, used)] * mu[None, :]
    inverse = np.linalg.inv(cov)
    moved = [(slopes[:, i] / mu)[:, None] * cov + cov * (slopes[:, i] / mu)[None, :] for i in range(2)]
    exact = slopes.T @ inverse @ slopes
    exact += 0.5 * np.array([[np.trace(inverse @ a @ inverse @ b) for b in moved] for a in moved])
    np.testing.assert_allclose(rows.T @ rows, exact, rtol=1e-10)


def five_points(f, x: np.ndarray, i: int, h: float = 2e-3) -> np.ndarray:
    """Return the derivative by column i: differences of fourth order."""
    step = np.zeros(x.shape[1])
    step[i] = h
    return (8.0 * (f(x + step) - f(x - step)) - (f(x + 2 * step) - f(x - 2 * step))) / (12.0 * h)


@pytest.mark.parametrize(("kind", "autocorrelated"), ALL)
@settings(max_examples=8, deadline=None)
@given(seed=st.integers(0, 2**32 - 1))
def test_derivatives_are_those_of_the_value(kind: str, autocorrelated: bool, seed: int) -> None:
    rng = np.random.default_rng(seed)
    y, m, w = series(kind, rng)
    model = model_of(kind, autocorrelated)
    numbers = numbers_of(model, 3, rng)
    found = model.likelihood(y, m, numbers, w)
    kinked = kind in {"laplace", "huber"}  # differences say little where a kink is near
    h, tolerance = (1e-6, 1e-5) if kinked else (2e-3, 1e-6)
    for i in range(len(y)):
        near = five_points(lambda x: model.loglik(y, x, numbers, w), m, i, h)
        if kinked:
            other = five_points(lambda x: model.loglik(y, x, numbers, w), m, i, 3e-7)
            near = np.where(np.abs(near - other) < 1e-5, near, found.by_predicted[:, i])
        np.testing.assert_allclose(found.by_predicted[:, i], near, rtol=tolerance, atol=tolerance)
    for i in range(numbers.shape[1]):
        near = five_points(lambda x: model.loglik(y, m, x, w), numbers, i, h)
        np.testing.assert_allclose(found.by_scales[:, i], near, rtol=1e-5, atol=1e-5)
    assert (found.by_predicted[:, [4, 7]] == 0.0).all()


@pytest.mark.parametrize(("kind", "autocorrelated"), ALL)
@settings(max_examples=8, deadline=None)
@given(seed=st.integers(0, 2**32 - 1))
def test_residuals_are_the_likelihood_as_a_sum_of_squares(kind: str, autocorrelated: bool, seed: int) -> None:
    rng = np.random.default_rng(seed)
    y, m, w = series(kind, rng)
    model = model_of(kind, autocorrelated)
    numbers = numbers_of(model, 3, rng)
    jacobian = rng.standard_normal((3, 12, 2))
    one, other = model.residuals(y, m, jacobian, numbers, w), model.residuals(y, m[::-1], jacobian, numbers, w)
    if kind in {"relative", "laplace"}:
        assert one is None
        assert model.not_least_squares
        return
    assert one is not None
    assert other is not None
    assert model.not_least_squares is None
    likelihood = model.likelihood(y, m, numbers, w)
    gained = model.loglik(y, m[::-1], numbers, w) - likelihood.value
    squares = 0.5 * np.sum(one.value**2, axis=1) - 0.5 * np.sum(other.value**2, axis=1)
    np.testing.assert_allclose(gained, squares, rtol=1e-9, atol=1e-9)
    gradient = -np.einsum("kn,knd->kd", one.value, one.jacobian)
    np.testing.assert_allclose(
        gradient, np.einsum("kn,knd->kd", likelihood.by_predicted, jacobian), rtol=1e-8, atol=1e-8
    )
    assert (one.value[:, [4, 7]] == 0.0).all()


@pytest.mark.parametrize("kind", ["poisson", "negative binomial", "student"])
def test_residuals_are_smooth_through_no_error(kind: str) -> None:
    model = model_of(kind, autocorrelated=False)
    numbers = [VALUES[n.name] for n in model.estimated]
    m = 5.0 + np.array([[-1e-5, -1e-9, 0.0, 1e-9, 1e-5]])
    found = model.residuals(np.full(5, 5.0), m, np.ones((1, 5, 1)), numbers)
    assert found is not None
    slope = found.jacobian[0, 2, 0]
    np.testing.assert_allclose(found.jacobian[0, :, 0], slope, rtol=1e-4)
    np.testing.assert_allclose(found.value[0], (m[0] - 5.0) * slope, rtol=1e-4)


@pytest.mark.parametrize(("kind", "autocorrelated"), ALL)
def test_draws_have_the_quantiles_and_standardised_residuals_are_standard_normal(
    kind: str, autocorrelated: bool
) -> None:
    rng = np.random.default_rng(6)
    model = model_of(kind, autocorrelated)
    n = 6000
    m = np.full((1, n), 40.0 if kind in COUNTS else 5.0)
    numbers = [VALUES[x.name] for x in model.estimated]
    y = model.draw(rng, m, numbers)[0]
    levels = [0.05, 0.5, 0.95]
    bands = model.quantiles(levels, m, numbers)[:, 0]
    # of AR(1) errors 0.05 or so are worth fewer: their binomial deviation is 0.003 alone; shapes but the normal: nearly so
    room = 0.03 if autocorrelated else 0.02
    for level, band in zip(levels, bands, strict=True):
        above = level + (np.mean(y == band) if kind in COUNTS else 0.0)
        assert level - room <= np.mean(y <= band) <= above + room
    z = model.standardised(y, m, numbers)[0]
    if kind in COUNTS:
        assert abs(z.mean()) < 0.05
        assert abs(z.std() - 1.0) < 0.05
    else:
        assert stats.kstest(z, "norm").pvalue > 0.01
        assert abs(np.corrcoef(z[1:], z[:-1])[0, 1]) < 0.04


@pytest.mark.parametrize("kind", KINDS)
def test_information_is_the_mean_square_of_the_derivative(kind: str) -> None:
    rng = np.random.default_rng(7)
    model = model_of(kind, autocorrelated=False)
    numbers = [VALUES[x.name] for x in model.estimated]
    n = 60_000
    m = np.full((1, n), 3.0)
    y = model.draw(rng, m, numbers)[0]
    score = model.likelihood(y, m, numbers).by_predicted
    rows = model.whitened_jacobian(y[:1], m[:, :1], np.ones((1, 1)), numbers)
    # the mean of 60,000 squares, whose deviation is about 1.4 to 3 times the mean: 1 % or so
    np.testing.assert_allclose(np.mean(score**2), np.sum(rows**2), rtol=0.04)


@pytest.mark.parametrize("kind", KINDS)
def test_a_prediction_that_failed_is_minus_infinity_and_leaves_the_others_alone(kind: str) -> None:
    rng = np.random.default_rng(8)
    y, m, _ = series(kind, rng)
    model = model_of(kind, autocorrelated=False)
    numbers = numbers_of(model, 3, rng)
    alone = model.likelihood(y, m[2:], numbers[2:])
    m[0, 1], m[1, 4] = np.nan, np.nan
    found = model.likelihood(y, m, numbers)
    assert found.value[0] == -np.inf
    assert np.isfinite(found.value[1])  # nothing was observed there
    assert (found.by_predicted[0] == 0).all()
    assert (found.by_scales[0] == 0).all()
    np.testing.assert_array_equal(found.by_predicted[2], alone.by_predicted[0])
    if numbers.shape[1]:
        numbers[2, 0] = -1.0
        assert model.loglik(y, m, numbers)[2] == -np.inf


def test_what_can_not_be_is_told() -> None:
    assert (
        error_model("lognormal").problem([1.0, 0.0, np.nan]) == "lognormal errors need values above 0: 1 of 2 are not"
    )
    assert (
        error_model("poisson").problem([1.5, 2.0]) == "poisson errors need whole numbers of at least 0: 1 of 2 are not"
    )
    assert error_model("normal").problem([-1.5, 2.0, np.nan]) is None
    assert error_model("lognormal", {"scale": 1.0}).loglik([2.0, 1.0], [[1.0, 0.0], [1.0, 1.0]])[0] == -np.inf
    with pytest.raises(ValueError, match="can not be autocorrelated"):
        error_model("poisson", autocorrelated=True)
    with pytest.raises(ValueError, match="no error model is called 'cauchy'"):
        error_model("cauchy")
    with pytest.raises(ValueError, match="normal errors have no 'size'"):
        error_model("normal", {"size": 2.0})
    with pytest.raises(ValueError, match="must be above 0"):
        error_model("normal", {"scale": 0.0})
    with pytest.raises(ValueError, match="scale is estimated"):
        error_model("normal").loglik([1.0], [[1.0]])
    with pytest.raises(ValueError, match="must rise"):
        error_model("normal").loglik([1.0, 2.0], [[1.0, 1.0]], [[1.0]], times=[2.0, 1.0])


@pytest.mark.parametrize("kind", ["normal", "lognormal", "relative", "laplace"])
def test_the_scale_to_start_from_is_the_best_one(kind: str) -> None:
    rng = np.random.default_rng(9)
    y, m, w = series(kind, rng)
    model = error_model(kind)
    best = start_numbers(model, y, m, w)
    np.testing.assert_allclose(model.likelihood(y, m, best, w).by_scales, 0.0, atol=1e-10)


def test_numbers_to_start_from_are_near_the_truth() -> None:
    rng = np.random.default_rng(10)
    m = np.full((1, 4000), 9.0)
    chained = error_model("normal", autocorrelated=True)
    np.testing.assert_allclose(start_numbers(chained, chained.draw(rng, m, [2.0, 0.6])[0], m), [[2.0, 0.6]], rtol=0.1)
    counts = error_model("negative binomial")
    np.testing.assert_allclose(start_numbers(counts, counts.draw(rng, m, [3.0])[0], m), [[3.0]], rtol=0.1)
    assert start_numbers(chained, [1.0, 1.0], [[1.0, 1.0]]).tolist() == [
        [1.0, 0.0]
    ]  # no error: a scale of 0 can not be


@pytest.mark.parametrize(("kind", "autocorrelated"), ALL)
@settings(max_examples=25, deadline=None)
@example(m=[8.99e307, 8.99e307, 0.0], size=1.0)  # each is a number, their sum is none
@given(
    m=st.lists(st.floats(allow_nan=True, allow_infinity=True), min_size=3, max_size=3),
    size=st.sampled_from([0.0, 1e-300, 1e-8, 1.0, 1e8, 1e300, math.inf, math.nan]),
)
def test_no_prediction_and_no_number_breaks_it(kind: str, autocorrelated: bool, m: list[float], size: float) -> None:
    model = model_of(kind, autocorrelated)
    numbers = [VALUES[n.name] for n in model.estimated]
    if numbers:
        numbers[0] = size
    found = model.likelihood([1.0, 2.0, 4.0], m, numbers)
    assert not np.isnan(found.value).any()
    assert found.value[0] < math.inf
    assert not np.isnan(found.by_predicted).any()
    assert not np.isnan(found.by_scales).any()
    if found.value[0] == -math.inf:
        assert (found.by_predicted == 0).all()


def test_a_negative_autocorrelation_says_nothing_between_periods() -> None:
    model = error_model("normal", {"scale": 1.0}, autocorrelated=True)
    y, at = np.random.default_rng(6).normal(size=5), np.array([0.0, 1.0, 2.3, 3.3, 5.3])
    zero = np.zeros((2, 5))
    apart = model.loglik(y[:2], zero[:, :2], [[-0.4], [0.4]]) + model.loglik(y[2:4], zero[:, :2], [[-0.4], [0.4]])
    found = model.loglik(y[:4], zero[:, :4], [[-0.4], [0.4]], times=at[:4])
    assert found[0] == pytest.approx(apart[0], rel=1e-12)  # 1.3 periods later it stands alone
    assert found[1] != pytest.approx(apart[1], rel=1e-3)
    assert np.isfinite(model.likelihood(y, zero, [[-0.4], [0.4]], times=at).by_scales).all()
    assert np.isfinite(model.draw(np.random.default_rng(1), zero, [[-0.4], [0.4]], at)).all()


def test_what_is_not_used_does_not_decide_the_period() -> None:
    model = error_model("normal", {"scale": 1.0}, autocorrelated=True)
    y, at = np.random.default_rng(6).normal(size=5), np.arange(5.0)
    alone = model.loglik(y, np.zeros((1, 5)), [[0.5]], times=at)
    more, later = np.append(y, math.nan), np.append(at, 4.25)
    assert model.loglik(more, np.zeros((1, 6)), [[0.5]], times=later) == alone
    settled = dataclasses.replace(model, period=1.0)
    one, two = (m.standardised(np.append(y, 0.0), np.zeros((1, 6)), [[0.5]], later)[0] for m in (settled, model))
    np.testing.assert_allclose(one[:5], model.standardised(y, np.zeros((1, 5)), [[0.5]], at)[0], rtol=1e-12)
    assert abs(two[1] - one[1]) > 0.1
