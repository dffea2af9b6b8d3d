"""Sobol' indices: SALib's numbers, and the truth within the stated intervals."""

import numpy as np
import pytest
from SALib.analyze import sobol as salib
from scipy.stats import binom

from simengine.analysis.indices import CONSTANT, FEW_RUNS
from simengine.analysis.sobol import sobol_indices
from tests.analysis.functions import (
    g_star,
    g_star_indices,
    ishigami,
    ishigami_indices,
    saltelli,
    sobol_design,
)


def problem(factors):
    return {"num_vars": factors, "names": [f"x{i}" for i in range(factors)], "bounds": [[0, 1]] * factors}


def outputs(x):
    """Outputs of many sizes, and means far from 0."""
    return np.stack([ishigami(x), 1e6 + ishigami(x), 1e-9 * x[:, 1], x.sum(axis=1) ** 3], axis=1)


@pytest.mark.parametrize("second_order", [False, True])
def test_numbers_are_those_of_salib(second_order):
    y = outputs(sobol_design(256, 3, 1, second_order))
    found = sobol_indices(y, 3, second_order=second_order, resamples=20)
    for k in range(y.shape[1]):
        with np.errstate(invalid="ignore"):
            their = salib.analyze(problem(3), y[:, k], second_order, num_resamples=2, seed=1)
        # sums in another order: rounding, which a mean of 1e6 sds makes larger
        np.testing.assert_allclose(found["S1"].value[:, k], their["S1"], atol=1e-8)
        np.testing.assert_allclose(found["ST"].value[:, k], their["ST"], atol=1e-8)
        if second_order:
            np.testing.assert_allclose(found["S2"].value[:, k], their["S2"][np.triu_indices(3, 1)], atol=1e-8)


def test_intervals_are_those_of_salib():
    y = ishigami(sobol_design(512, 3, 1, second_order=True))
    ours = sobol_indices(y, 3, second_order=True, resamples=1000)
    their = salib.analyze(problem(3), y, True, num_resamples=1000, seed=1)
    # both are standard deviations of 1000 resamples, known to 1 / sqrt(2000) = 2.2 %: their ratio to 3.2 %, four times that
    np.testing.assert_allclose(ours["S1"].half_width[:, 0], their["S1_conf"], rtol=0.13)
    np.testing.assert_allclose(ours["ST"].half_width[:, 0], their["ST_conf"], rtol=0.13)
    np.testing.assert_allclose(ours["S2"].half_width[:, 0], their["S2_conf"][np.triu_indices(3, 1)], rtol=0.13)


def linear(x):
    return x @ np.array([3.0, 2.0, 1.0])


LINEAR = np.array([9.0, 4.0, 1.0]) / 14
A9 = np.array([0.0, 0.1, 0.2, 0.3, 0.4, 0.8, 1.0, 2.0, 3.0, 4.0])
"""Coefficients of Saltelli et al. (2010), test case A: most factors matter."""
A_FEW = np.array([0.0, 1.0, 4.5, 9.0, 99.0, 99.0, 99.0, 99.0])
"""Those of the g-function of Saltelli and Sobol' (1995)."""
CASES = {
    "ishigami": (ishigami, 3, *ishigami_indices()[:2], 0.93),
    "linear": (linear, 3, LINEAR, LINEAR, 0.93),
    "g": (lambda x: g_star(x, A_FEW), 8, *g_star_indices(A_FEW), 0.93),
    "G*, concave": (lambda x: g_star(x, A9, 0.5, 0.3), 10, *g_star_indices(A9, 0.5), 0.90),
    "G*, convex": (lambda x: g_star(x, A9, 2.0, 0.7), 10, *g_star_indices(A9, 2.0), 0.75),
}
"""What to compute, factors, indices, and how many intervals hold the truth at least: most of the variance of the convex G* is
in a few products of many large terms, so that the variance itself is known badly and resamples of 512 points, in which such
products are missing, do not show it (at 8192 points 84 to 94 % hold it)."""


@pytest.mark.parametrize("name", CASES)
def test_the_truth_is_within_the_intervals(name):
    """Of random base points, for which the bootstrap is made: 95 % of intervals hold the truth.

    Each repetition is an output of its own. Their number of hits is binomial: bounds are those that one in a million
    misses, from 93 % (the estimators are ratios, whose intervals are a little short at 512 points) to 97 %.
    """
    function, factors, first, total, least = CASES[name]
    repetitions, points = 200, 512
    y = np.empty((points * (factors + 2), repetitions))
    for seed in range(repetitions):
        y[:, seed] = function(saltelli(np.random.default_rng([7, seed]).random((points, 2 * factors))))
    found = sobol_indices(y, factors, resamples=100)
    fewest, most = binom.ppf(1e-6, repetitions, least), binom.isf(1e-6, repetitions, 0.97)
    for measure, truth in (("S1", first), ("ST", total)):
        got = found[measure]
        hits = ((got.low <= truth[:, None]) & (truth[:, None] <= got.high)).sum(axis=1)
        counted = truth > 0.002  # a total order near 0 is an average of squares, far from normal
        assert (hits[counted] >= fewest).all(), hits
        assert (hits[counted] <= most).all() or measure == "ST", hits


@pytest.mark.parametrize("name", CASES)
def test_a_sequence_is_far_closer(name):
    function, factors, first, total, _ = CASES[name]
    found = sobol_indices(function(sobol_design(4096, factors, 3)), factors)
    for measure, truth in (("S1", first), ("ST", total)):
        got = found[measure]
        assert (np.abs(got.value[:, 0] - truth) <= got.half_width[:, 0] + 1e-12).all()


def test_pairs_of_ishigami():
    found = sobol_indices(ishigami(sobol_design(4096, 3, 3, second_order=True)), 3, second_order=True)
    truth = [0.0, ishigami_indices()[2], 0.0]
    assert (np.abs(found["S2"].value[:, 0] - truth) <= found["S2"].half_width[:, 0]).all()


def test_failed_runs_drop_whole_blocks():
    x = sobol_design(128, 3, 1)
    y = np.stack([ishigami(x), linear(x)], axis=1)
    broken = y.copy()
    broken[[7, 8, 301], 0] = [np.nan, np.inf, -np.inf]  # blocks 1 (twice) and 60
    found = sobol_indices(broken, 3)
    whole = np.delete(np.arange(128), [1, 60])
    alone = sobol_indices(y.reshape(128, 5, 2)[whole].reshape(-1, 2), 3)
    np.testing.assert_allclose(found["ST"].value[:, 0], alone["ST"].value[:, 0], rtol=1e-10)
    np.testing.assert_array_equal(found["S1"].value[:, 1], sobol_indices(y, 3)["S1"].value[:, 1])
    assert found.used.tolist() == [630, 640]
    assert found.dropped.tolist() == [10, 0]
    assert np.isfinite(found["ST"].low).all()


def test_what_has_no_indices_says_why():
    y = np.random.default_rng(0).random((50, 4))
    y[:, 1] = 0.1  # no binary fraction: its mean is off by rounding
    y[:, 2] = np.nan
    y[5:, 3] = np.nan  # one block is left
    found = sobol_indices(y, 3)
    assert found.reasons == ("", CONSTANT, FEW_RUNS, FEW_RUNS)
    assert np.isnan(found["S1"].value[:, 1:]).all()
    assert np.isnan(found["ST"].high[:, 1:]).all()
    assert np.isfinite(found["ST"].high[:, 0]).all()


def test_a_rare_outcome_has_indices():
    x = sobol_design(512, 3, 1)
    found = sobol_indices((x[:, 0] > 0.99).astype(float), 3)
    assert found.reasons == ("",)
    assert abs(found["ST"].value[0, 0] - 1) < 0.35
    assert found["ST"].value[1:, 0].tolist() == [0, 0]


def test_numbers_do_not_depend_on_threads_nor_on_the_other_outputs():
    y = np.random.default_rng(0).random((40 * 5, 300))
    one = sobol_indices(y, 3, threads=1)
    three = sobol_indices(y, 3, threads=3)
    for measure in ("S1", "ST"):
        for end in ("value", "low", "high"):
            np.testing.assert_array_equal(getattr(one[measure], end), getattr(three[measure], end))
    last = sobol_indices(y[:, 299], 3)
    np.testing.assert_allclose(last["S1"].value[:, 0], one["S1"].value[:, 299], rtol=1e-9, atol=1e-12)


def test_runs_that_are_no_blocks_are_refused():
    with pytest.raises(ValueError, match="11 runs are no whole blocks of 5, which 3 factors take"):
        sobol_indices(np.zeros(11), 3)
