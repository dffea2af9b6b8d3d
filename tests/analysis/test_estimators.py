"""The other estimators beside SALib, SciPy and what is known."""

import warnings

import numpy as np
import pytest
from SALib.analyze import delta as salib_delta
from SALib.analyze import fast as salib_fast
from SALib.analyze import morris as salib_morris
from SALib.analyze import pawn as salib_pawn
from SALib.analyze import rbd_fast as salib_rbd
from SALib.sample import fast_sampler
from scipy import stats

from simengine.analysis.delta import count_classes, delta_indices
from simengine.analysis.dgsm import UNIFORM, dgsm_indices, poincare_constant
from simengine.analysis.fast import BROKEN_CURVE, easi_indices, fast_indices
from simengine.analysis.indices import CONSTANT, FEW_RUNS
from simengine.analysis.morris import morris_indices
from simengine.analysis.pawn import pawn_indices
from simengine.analysis.regional import ALL_HAVE, NONE_HAS, regional_indices
from simengine.analysis.regression import COLLINEAR, regression_indices
from simengine.analysis.scoring import feature_scores
from tests.analysis.functions import ishigami, ishigami_indices, trajectories


def problem(factors):
    return {"num_vars": factors, "names": [f"x{i}" for i in range(factors)], "bounds": [[0, 1]] * factors}


def outputs(x):
    return np.stack([ishigami(x), 1e6 + ishigami(x), np.exp(3 * x[:, 0]) * x[:, 1], np.round(4 * x[:, 2])], axis=1)


X = np.random.default_rng(1).random((1000, 3))
Y = outputs(X)


def test_morris_is_that_of_salib():
    x = trajectories(40, 3, 1)
    y = outputs(x)
    found = morris_indices(x, y, resamples=2000)
    for k in range(y.shape[1]):
        their = salib_morris.analyze(problem(3), x, y[:, k], num_resamples=2000, seed=1)
        for name in ("mu", "mu_star", "sigma"):
            np.testing.assert_allclose(found[name].value[:, k], their[name].astype(float), rtol=1e-8, atol=1e-9)
        # standard deviations of 2000 resamples, each known to 1.6 %; theirs are of the size of the same effects
        np.testing.assert_allclose(
            found["mu_star"].half_width[:, k], their["mu_star_conf"].astype(float), rtol=0.09, atol=1e-9
        )


def test_morris_drops_trajectories():
    x = trajectories(10, 4, 2)
    y = x @ [1.0, -2, 3, 0]
    y[[3, 4, 17]] = np.nan
    y = np.stack([y, np.ones(50)], axis=1)
    found = morris_indices(x, y)
    assert found.used.tolist() == [40, 50]
    np.testing.assert_allclose(found["mu"].value[:, 0], [1, -2, 3, 0], atol=1e-12)
    np.testing.assert_allclose(found["mu_star"].value[:, 0], [1, 2, 3, 0], atol=1e-12)
    assert found.reasons == ("", CONSTANT)


def test_morris_refuses_what_are_no_trajectories():
    with pytest.raises(ValueError, match="each run must change one factor"):
        morris_indices(np.random.default_rng(0).random((8, 3)), np.zeros(8))
    with pytest.raises(ValueError, match="7 runs are no whole trajectories of 4"):
        morris_indices(np.zeros((7, 3)), np.zeros(7))


@pytest.mark.parametrize("length", [256, 257])
def test_fast_is_that_of_salib(length):
    x = fast_sampler.sample(problem(3), length, seed=1)
    y = outputs(x)
    found = fast_indices(y, 3)
    for k in range(y.shape[1]):
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", UserWarning)  # that its intervals are of no use: we give none
            their = salib_fast.analyze(problem(3), y[:, k], num_resamples=2)
        np.testing.assert_allclose(found["S1"].value[:, k], their["S1"], atol=1e-8)
        np.testing.assert_allclose(found["ST"].value[:, k], their["ST"], atol=1e-8)
    assert np.isnan(found["S1"].low).all()


def test_a_broken_curve_has_no_index_and_others_have():
    y = outputs(fast_sampler.sample(problem(3), 256, seed=1))
    y[300, 0] = np.nan
    y[::256, 1] = np.nan
    found = fast_indices(y, 3)
    assert np.isnan(found["S1"].value[:, 0]).tolist() == [False, True, False]
    assert found.reasons == ("", BROKEN_CURVE, "", "")
    assert found.dropped.tolist() == [256, 768, 0, 0]


def test_easi_is_that_of_salib():
    found = easi_indices(X, Y)
    for k in range(Y.shape[1]):
        their = salib_rbd.analyze(problem(3), X, Y[:, k], num_resamples=2, seed=1)
        np.testing.assert_allclose(found["S1"].value[:, k], their["S1"], atol=1e-8)


def test_pawn_is_that_of_salib():
    found = pawn_indices(X, Y)
    for k in range(Y.shape[1]):
        their = salib_pawn.analyze(problem(3), X, Y[:, k], S=10)
        # SALib leaves out the run with a factor's largest value: 1 of the 100 in the last class
        np.testing.assert_allclose(found["median"].value[:, k], their["median"], atol=0.006)
        np.testing.assert_allclose(found["mean"].value[:, k], their["mean"], atol=0.002)
        np.testing.assert_allclose(found["maximum"].value[:, k], their["maximum"], atol=0.012)


def test_pawn_is_the_distance_of_kolmogorov_and_smirnov():
    x = np.random.default_rng(3).integers(4, size=400)
    y = np.random.default_rng(4).integers(20, size=400) + x
    truth = [stats.ks_2samp(y[x == c], y).statistic for c in range(4)]
    found = pawn_indices(x[:, None], y)
    assert found["median"].value[0, 0] == pytest.approx(np.median(truth), abs=1e-12)
    assert found["maximum"].value[0, 0] == pytest.approx(max(truth), abs=1e-12)


@pytest.mark.parametrize("estimate", [pawn_indices, delta_indices])
def test_idle_is_what_a_factor_that_does_nothing_has(estimate):
    """On average over 30 outputs: each is a median, or mean, of many distances, that varies by a fifth of itself or less."""
    y = np.random.default_rng(1).random((400, 30))
    found = estimate(np.random.default_rng(0).random((400, 1)), y, resamples=0)
    measure = next(iter(found.measures))
    assert found["idle"].value.mean() == pytest.approx(found[measure].value.mean(), rel=0.2)


def test_delta_is_that_of_salib():
    many = count_classes(len(X))
    m = np.linspace(0, len(X), many + 1)
    found = delta_indices(X, Y[:, :3])
    for k in range(3):
        grid = np.linspace(Y[:, k].min(), Y[:, k].max(), 100)
        for i in range(3):
            their = salib_delta.calc_delta(Y[:, k], grid, X[:, i], m)
            # counts on a grid of a fifth of the step between places, in place of single runs
            assert found["delta"].value[i, k] == pytest.approx(their, abs=2e-3)
            assert found["S1"].value[i, k] == pytest.approx(salib_delta.sobol_first(Y[:, k], X[:, i], m), abs=1e-8)


def test_delta_of_a_known_density():
    """Y = X1 + X2, both standard normal: half of the area between two normal densities, over all X1, by integration."""
    x = stats.norm.ppf(np.random.default_rng(0).random((20000, 3)))
    found = delta_indices(x, x[:, 0] + x[:, 1], resamples=4)
    at, y = np.linspace(-6, 6, 601), np.linspace(-9, 9, 1801)
    areas = np.trapezoid(np.abs(stats.norm.pdf(y, 0, 2**0.5) - stats.norm.pdf(y, at[:, None], 1)), y, axis=1)
    truth = 0.5 * np.trapezoid(areas * stats.norm.pdf(at), at)
    # kernels of 417 runs a class blur it (0.3 of its width: 4 % of its variance), and chance adds a part of `idle`
    np.testing.assert_allclose(found["delta"].value[:2, 0], truth, rtol=0.05)
    assert found["delta"].value[2, 0] == pytest.approx(found["idle"].value[2, 0], abs=0.01)


def test_regression_is_that_of_least_squares():
    x = X.copy()
    x[:, 1] += 0.7 * x[:, 0]
    for ranks in (False, True):
        found = regression_indices(x, Y, ranks=ranks)
        names = ("SRRC", "PRCC", "spearman", "R2 of ranks") if ranks else ("SRC", "PCC", "pearson", "R2")
        for k in range(Y.shape[1]):
            a, b = (stats.rankdata(x, axis=0), stats.rankdata(Y[:, k])) if ranks else (x, Y[:, k])
            z, w = (a - a.mean(0)) / a.std(0), (b - b.mean()) / b.std()
            slope, *_ = np.linalg.lstsq(z, w)
            np.testing.assert_allclose(found[names[0]].value[:, k], slope, atol=1e-9)
            assert found.fits[names[3]].value[k] == pytest.approx(1 - ((w - z @ slope) ** 2).mean(), abs=1e-9)
            for i in range(3):
                others = np.delete(z, i, axis=1)
                one = z[:, i] - others @ np.linalg.lstsq(others, z[:, i])[0]
                two = w - others @ np.linalg.lstsq(others, w)[0]
                assert found[names[1]].value[i, k] == pytest.approx(stats.pearsonr(one, two)[0], abs=1e-8)
                plain = (stats.spearmanr if ranks else stats.pearsonr)(x[:, i], Y[:, k])[0]
                assert found[names[2]].value[i, k] == pytest.approx(plain, abs=1e-9)


def test_factors_on_a_line_have_no_coefficients_but_correlations():
    x = np.column_stack([X, X[:, 0] - X[:, 1]])
    found = regression_indices(x, Y)
    assert found.notes == (COLLINEAR,)
    assert np.isnan(found["SRC"].value).all()
    assert np.isfinite(found["pearson"].value).all()


def test_the_bound_of_derivatives():
    """Ishigami in factors from 0 to 1: E[f'^2] by integration; the bounds hold, and are what they should be."""
    x = np.random.default_rng(0).random((20000, 3))
    z = np.pi * (2 * x - 1)
    slopes = (
        2
        * np.pi
        * np.stack(
            [np.cos(z[:, 0]) * (1 + 0.1 * z[:, 2] ** 4), 7 * np.sin(2 * z[:, 1]), 0.4 * z[:, 2] ** 3 * np.sin(z[:, 0])],
            axis=1,
        )
    )
    found = dgsm_indices(slopes[:, None, :], ishigami(x))
    scale = 4 * np.pi**2
    truth = scale * np.array([0.5 * (1 + 0.2 * np.pi**4 / 5 + 0.01 * np.pi**8 / 9), 24.5, 0.08 * np.pi**6 / 7])
    assert (np.abs(found["nu"].value[:, 0] - truth) <= 2 * found["nu"].half_width[:, 0]).all()  # 4 standard errors
    bound = found["bound"].value[:, 0]
    assert (bound >= ishigami_indices()[1]).all()
    np.testing.assert_allclose(bound, truth * UNIFORM / ishigami(x).var(), rtol=0.05)


def test_constants_of_distributions():
    assert poincare_constant(lambda u: 3 + 5 * u) == pytest.approx(25 / np.pi**2, rel=1e-4)
    # of a normal one, cut at 1/800 on either side: below the variance, and near it
    cut = poincare_constant(lambda u: stats.norm.ppf(u, scale=2.0))
    assert 0.8 * 4 < cut < 4
    assert poincare_constant(lambda u: stats.norm.ppf(u, scale=2.0), 4000) > cut
    with pytest.raises(ValueError, match="same value twice"):
        poincare_constant(np.round)


def test_a_run_without_a_derivative_does_not_count():
    slopes = np.random.default_rng(0).random((50, 2, 3))
    slopes[7, 0, 1] = np.nan
    found = dgsm_indices(slopes, np.random.default_rng(1).random((50, 2)))
    assert found.used.tolist() == [49, 50]
    np.testing.assert_allclose(found["nu"].value[:, 0], (np.delete(slopes[:, 0], 7, axis=0) ** 2).mean(axis=0))


def test_regions_are_those_of_scipy():
    met = np.stack([Y[:, 0] > 5, Y[:, 3] > 2, Y[:, 0] > 1e9, Y[:, 0] < 1e9], axis=1)
    found = regional_indices(X, met)
    for k in range(2):
        for i in range(3):
            their = stats.ks_2samp(X[met[:, k], i], X[~met[:, k], i], method="asymp")
            assert found["distance"].value[i, k] == pytest.approx(their.statistic, abs=1e-12)
            assert found["p"].value[i, k] == pytest.approx(their.pvalue, abs=0.05)  # theirs is by the exact sum
    assert found.reasons == ("", "", NONE_HAS, ALL_HAVE)
    assert np.argmax(found["distance"].value[:, 1]) == 2
    assert found["shift"].value[2, 1] > 1


def test_regions_of_choices_have_no_order():
    x = np.random.default_rng(0).integers(3, size=(900, 2)).astype(float)
    met = x[:, 0] == 1
    found = regional_indices(x, met, choices=[0, 1])
    assert found["distance"].value[0, 0] == 1
    assert found["p"].value[0, 0] < 1e-9
    assert found["distance"].value[1, 0] < 0.1
    assert np.isnan(found["shift"].value).all()


def test_scores_find_what_matters_and_say_where_they_are_noise():
    y = np.stack([ishigami(X), np.random.default_rng(5).random(1000)], axis=1)
    found = feature_scores(X, y, trees=60, resamples=2)
    np.testing.assert_allclose(found["score"].value.sum(axis=0), 1)
    assert found["score"].value[:, 0].argmax() in {0, 1}
    assert found.fits["R2 out of bag"].value[0] > 0.4
    assert found.fits["R2 out of bag"].value[1] < 0.1
    again = feature_scores(X, y, trees=60, resamples=2, threads=1)
    np.testing.assert_array_equal(found["score"].value, again["score"].value)


GIVEN = [easi_indices, pawn_indices, delta_indices, regression_indices]


@pytest.mark.parametrize("estimate", GIVEN)
def test_given_data_leaves_out_failed_runs_and_constant_outputs(estimate):
    y = np.stack([Y[:, 0], Y[:, 0], np.full(1000, 0.1), np.full(1000, np.nan), Y[:, 2]], axis=1)
    y[::7, 1] = np.nan
    found = estimate(X, y)
    alone = estimate(np.delete(X, np.s_[::7], axis=0), np.delete(Y[:, 0], np.s_[::7]))
    first = next(iter(found.measures))
    if estimate is not delta_indices:  # whose idle factor is drawn by run
        np.testing.assert_allclose(found[first].value[:, 1], alone[first].value[:, 0], atol=1e-12)
    assert found.reasons == ("", "", CONSTANT, FEW_RUNS, "")
    assert found.dropped.tolist() == [0, 143, 0, 1000, 0]
    assert np.isnan(found[first].value[:, 2:4]).all()
    assert np.isfinite(found[first].low[:, [0, 1, 4]]).all()
    np.testing.assert_array_equal(found[first].low, estimate(X, y, threads=1)[first].low)


@pytest.mark.parametrize(
    ("estimate", "measure", "truth"),
    [(easi_indices, "S1", ishigami_indices()[0]), (regression_indices, "SRC", [2 / 5**0.5, 1 / 5**0.5, 0])],
)
def test_intervals_of_given_data_hold_the_truth(estimate, measure, truth):
    """95 of 100, within what chance gives 40 repetitions (one in a million beyond), from 90 %: halves are approximate."""
    hits = np.zeros(3)
    for seed in range(40):
        x = np.random.default_rng([9, seed]).random((400, 3))
        y = ishigami(x) if measure == "S1" else 2 * x[:, 0] + x[:, 1]
        got = estimate(x, y, resamples=40)[measure]
        hits += (got.low[:, 0] <= truth) & (truth <= got.high[:, 0])
    assert (hits >= stats.binom.ppf(1e-6, 40, 0.9)).all(), hits
