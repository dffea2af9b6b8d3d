"""Statistics of fit: analytic cases, statsmodels, scikit-learn; what must hold of any series."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from scipy import stats
from sklearn.metrics import mean_absolute_percentage_error, r2_score
from statsmodels.stats.diagnostic import acorr_ljungbox
from statsmodels.stats.stattools import durbin_watson
from statsmodels.tools import eval_measures
from statsmodels.tsa.stattools import acf

from simengine.inference.behaviour import autocorrelation_variances, behaviour
from simengine.inference.fit_statistics import FitStatistics, coverage, fit_statistics, skill, systematic_probability
from simengine.inference.residuals import autocorrelations, serial_dependence

VALUES = st.floats(-1e6, 1e6).map(lambda x: round(x, 3))
PAIRS = st.integers(2, 30).flatmap(
    lambda n: st.tuples(hnp.arrays(float, n, elements=VALUES), hnp.arrays(float, n, elements=VALUES))
)


def test_figures_are_those_of_peers() -> None:
    rng = np.random.default_rng(1)
    a = rng.uniform(5, 10, 40)
    s = a + rng.normal(0.3, 1, 40)
    found = fit_statistics(s, a)
    assert found.mse == pytest.approx(eval_measures.mse(s, a))
    assert found.rmse == pytest.approx(eval_measures.rmse(s, a))
    assert found.mae == pytest.approx(eval_measures.meanabs(s, a))
    assert found.mape == pytest.approx(mean_absolute_percentage_error(a, s))
    assert found.rmspe == pytest.approx(eval_measures.rmspe(a, s) / 10)  # theirs: the root of 100 times the mean
    assert found.efficiency == pytest.approx(r2_score(a, s))
    assert found.r_squared == pytest.approx(stats.pearsonr(s, a).statistic ** 2)
    r = stats.pearsonr(s, a).statistic
    assert found.bias == pytest.approx((s.mean() - a.mean()) ** 2 / found.mse)
    assert found.variation == pytest.approx((s.std() - a.std()) ** 2 / found.mse)
    assert found.covariation == pytest.approx(2 * (1 - r) * s.std() * a.std() / found.mse)
    assert found.theil_u == pytest.approx(found.rmse / (math.sqrt(np.mean(s**2)) + math.sqrt(np.mean(a**2))))
    assert found.reasons == {}


def test_each_kind_of_error_is_one_share() -> None:
    a = np.array([1.0, 2.0, 4.0, 3.0, 0.5])
    moved, wider = fit_statistics(a + 3.0, a), fit_statistics(a.mean() + 2.0 * (a - a.mean()), a)
    mirrored = fit_statistics(2 * a.mean() - a, a)
    assert (moved.bias, moved.variation, moved.covariation) == pytest.approx((1, 0, 0), abs=1e-12)
    assert (wider.bias, wider.variation, wider.covariation) == pytest.approx((0, 1, 0), abs=1e-12)
    assert (mirrored.bias, mirrored.variation, mirrored.covariation) == pytest.approx((0, 0, 1), abs=1e-12)
    assert mirrored.r_squared == pytest.approx(1.0)
    assert mirrored.efficiency == pytest.approx(-3.0)
    assert fit_statistics(-a, a).theil_u == pytest.approx(1.0)


@given(PAIRS)
def test_shares_add_up_to_one_and_all_stays_in_its_range(pair) -> None:
    s, a = pair
    found = fit_statistics(s, a)
    shares = (found.bias, found.variation, found.covariation)
    if math.isnan(found.bias):
        assert found.rmse <= 1e-8 * max(1.0, np.abs(a).max())
        assert "bias" in found.reasons
    else:
        assert sum(shares) == pytest.approx(1.0, abs=1e-12)
        assert all(-1e-15 <= share <= 1 for share in shares)
        assert found.bias == pytest.approx((s.mean() - a.mean()) ** 2 / found.mse, abs=1e-6)
        assert found.variation == pytest.approx((s.std() - a.std()) ** 2 / found.mse, abs=1e-6)
    assert math.isnan(found.theil_u) or -1e-15 <= found.theil_u <= 1 + 1e-12
    assert math.isnan(found.r_squared) or 0 <= found.r_squared <= 1
    assert found.mae <= found.rmse * (1 + 1e-12)
    assert math.isnan(found.efficiency) or found.efficiency <= 1
    missing = {
        name
        for name in ("mape", "rmspe", "r_squared", "efficiency", "theil_u", "bias")
        if math.isnan(getattr(found, name))
    }
    assert missing == set(found.reasons) - {"variation", "covariation"}


def test_shares_of_small_errors_of_large_values_keep_their_digits() -> None:
    a = 1e9 + np.array([0.0, 1.0, 2.0, 3.0])
    found = fit_statistics(a + np.array([0.5, -0.25, 0.25, 0.5]), a)
    same = fit_statistics(a - 1e9 + np.array([0.5, -0.25, 0.25, 0.5]), a - 1e9)
    assert (found.bias, found.variation, found.covariation) == pytest.approx(
        (same.bias, same.variation, same.covariation), rel=1e-9
    )


def test_edges_are_told() -> None:
    nothing = fit_statistics([math.nan], [1.0])
    assert (nothing.n, nothing.missing) == (0, 1)
    assert nothing.reasons["rmse"] == "there is no pair of values"
    exact = fit_statistics([1.0, 2.0, math.nan], [1.0, 2.0, 3.0])
    assert (exact.n, exact.missing, exact.mse, exact.r_squared, exact.efficiency) == (2, 1, 0.0, 1.0, 1.0)
    assert "no error to share out" in exact.reasons["covariation"]
    zeros = fit_statistics([1.0, 3.0, 1.0], [0.0, 2.0, 0.0])
    assert (zeros.zeros, zeros.mape, zeros.rmspe) == (2, 0.5, 0.5)
    constant = fit_statistics([1.0, 2.0], [3.0, 3.0])
    assert constant.reasons == dict.fromkeys(("r_squared", "efficiency"), "the actual values do not vary")
    assert fit_statistics([2.0, 2.0], [1.0, 4.0]).reasons == {"r_squared": "the simulated values do not vary"}
    assert "theil_u" in fit_statistics([0.0, 0.0], [0.0, 0.0]).reasons
    with pytest.raises(ValueError, match="2 simulated values, but 1 actual"):
        fit_statistics([1.0, 2.0], [1.0])


def test_skill_against_naive_forecasts() -> None:
    history = [4.0, math.nan, 8.0, 10.0, math.nan]
    drift = skill([15.0, 16.0], [14.0, 17.0], history, naive="drift")
    assert drift.naive_rmse == pytest.approx(math.sqrt(((14 - 14) ** 2 + (16 - 17) ** 2) / 2))
    assert drift.value == pytest.approx(1 - 1 / math.sqrt(0.5))
    last = skill([15.0, 16.0, math.nan], [14.0, 17.0, 3.0], history)
    assert (last.n, last.naive_rmse) == (2, pytest.approx(math.sqrt((16 + 49) / 2)))
    previous = skill([15.0, 16.0], [14.0, 17.0], history, naive="previous")
    assert previous.naive_rmse == pytest.approx(math.sqrt((16 + 9) / 2))
    assert skill([1.0], [10.0], history).reason == "the naive forecast is without error"
    assert skill([1.0], [10.0], [math.nan]).reason == "too few values before the period"
    timed = skill([15.0], [14.0], [1.0, 3.0], naive="drift", times=[2030.0], history_times=[2010.0, 2020.0])
    assert timed.naive_rmse == pytest.approx(abs(5.0 - 14.0))
    with pytest.raises(ValueError, match="no naive forecast"):
        skill([1.0], [1.0], [1.0], naive="seasonal")


def test_coverage_is_a_share_with_its_interval() -> None:
    found = coverage([1.0, 2.0, 3.0, math.nan], [0.0, 2.0, 4.0, 0.0], [1.0, 3.0, 5.0, 1.0], 0.9)
    assert (found.inside, found.n, found.share) == (2, 3, pytest.approx(2 / 3))
    assert found.low == pytest.approx(stats.beta.ppf(0.025, 2, 2))
    assert found.probability == pytest.approx(1 - 0.9**3)
    assert coverage([math.nan], [0.0], [1.0], 0.9).n == 0


def test_serial_dependence_is_that_of_statsmodels() -> None:
    rng = np.random.default_rng(2)
    e = np.zeros(60)
    for t in range(1, 60):
        e[t] = 0.8 * e[t - 1] + rng.normal()
    found = serial_dependence(e)
    assert found.durbin_watson == pytest.approx(durbin_watson(e))
    np.testing.assert_allclose(found.autocorrelation, acf(e, nlags=10)[1:])
    peer = acorr_ljungbox(e, lags=[10])
    assert found.ljung_box == pytest.approx(peer["lb_stat"].iloc[0])
    assert found.probability == pytest.approx(peer["lb_pvalue"].iloc[0])
    peer = acorr_ljungbox(e, lags=[6], model_df=1)
    fitted = serial_dependence(e, lags=6, fitted=1)
    assert fitted.probability == pytest.approx(peer["lb_pvalue"].iloc[0])
    assert found.probability < 0.01


def test_gaps_are_told_and_nothing_is_made_up() -> None:
    e = [1.0, -1.0, math.nan, 2.0, 0.5, 1.0]
    found = serial_dependence(e)
    assert (found.gaps, found.n) == (1, 5)
    assert found.reason == "1 gap: residuals are not all 1 apart"
    assert math.isnan(found.durbin_watson)
    assert serial_dependence([math.nan, *e[3:]]).gaps == 0  # what is missing at an end leaves no gap
    assert serial_dependence([1.0, 2.0, 4.0, 3.0], [2016, 2017, 2019, 2020]).gaps == 1
    assert "at least 3" in str(serial_dependence([1.0, 2.0]).reason)
    assert serial_dependence([1.0] * 5).reason == "all residuals are the same"


def test_variances_of_autocorrelations() -> None:
    # white noise, exactly: Ljung and Box (1978)
    n, lags = 50, 12
    k = np.arange(1, lags + 1)
    np.testing.assert_allclose(autocorrelation_variances(np.zeros(n - 1), lags), (n - k) / (n * (n + 2)))
    # AR(1), long: Bartlett's formula, Var r(k) = ((1 + p^2)(1 - p^2k)/(1 - p^2) - 2 k p^2k)/n
    p, n = 0.6, 4000
    bartlett = ((1 + p**2) * (1 - p ** (2 * k)) / (1 - p**2) - 2 * k * p ** (2 * k)) / n
    np.testing.assert_allclose(autocorrelation_variances(p ** np.arange(1, n), lags), bartlett, rtol=0.01)


def test_behaviour_of_waves() -> None:
    t = np.arange(0.0, 60.0, 0.5)
    actual = 20 + 0.3 * t + 3 * np.sin(2 * np.pi * t / 12)
    late = 20 + 0.3 * t + 3 * np.sin(2 * np.pi * (t - 2) / 12)
    found = behaviour(late, actual, t)
    assert found.lag == pytest.approx(2.0)
    assert found.in_phase is False
    assert found.period_actual == pytest.approx(12, rel=0.03)
    assert found.period_simulated == pytest.approx(12, rel=0.03)
    assert found.periods_alike
    assert found.trend is not None
    assert found.means_alike
    assert found.variations_alike
    slow = behaviour(20 + 0.3 * t + 3 * np.sin(2 * np.pi * t / 20), actual, t)
    assert slow.periods_alike is False
    assert slow.period_simulated == pytest.approx(20, rel=0.05)
    steep = behaviour(actual + t, actual, t)
    assert steep.trend is not None
    assert steep.trend.slope_simulated - steep.trend.slope_actual == pytest.approx(1.0)
    assert not steep.trend.alike
    np.testing.assert_allclose(
        [found.trend.slope_actual, steep.trend.deviation / math.sqrt(2)],
        [stats.linregress(t, actual).slope, stats.linregress(t, actual).stderr],
    )


def test_means_variations_and_discrepancy() -> None:
    a = np.array([1.0, 3.0, 2.0, 5.0])
    found = behaviour(1.04 * a, a)
    assert found.e1 == pytest.approx(0.04)
    assert found.e2 == pytest.approx(0.04)
    assert found.discrepancy == pytest.approx(0.04 / 2.04)
    assert found.means_alike
    assert behaviour(1.4 * a, a).variations_alike is False
    mirrored = behaviour(2 * a.mean() - a, a)
    assert mirrored.discrepancy == pytest.approx(1.0)
    assert "at least 8" in mirrored.reasons["phase"]
    assert mirrored.in_phase is None
    assert behaviour([1.0, 2.0], [3.0, 3.0]).reasons["e2"] == "the actual values do not vary"
    assert behaviour([1.0], [1.0]).reasons["all"].startswith("1 pair of values")
    line = behaviour(np.arange(10.0), np.arange(10.0) ** 2)
    assert line.reasons["period"] == "of the simulated values a straight line leaves nothing"


@settings(max_examples=40, deadline=None)
@given(
    hnp.arrays(float, st.integers(8, 40), elements=st.floats(-100, 100).map(lambda x: round(x, 2))),
    st.floats(0.1, 10),
    st.floats(-50, 50),
)
def test_a_series_behaves_like_itself_moved_and_scaled(a: np.ndarray, factor: float, move: float) -> None:
    found = behaviour(factor * a + move, a)
    assert math.isnan(found.discrepancy) or -1e-9 <= found.discrepancy <= 1 + 1e-9
    if "period" not in found.reasons or "no peak" in found.reasons["period"]:
        assert found.periods_alike
        assert found.lag == 0
        assert found.lag_correlation == pytest.approx(1)


def test_autocorrelations_of_a_constant_are_nothing() -> None:
    assert np.isnan(autocorrelations(np.ones(5), 2)).all()


EDGES = [
    ([1.0], [2.0]),
    ([1.0, 2.0], [1.0, 3.0]),
    ([1.0, 2.0, 3.0], [3.0, 1.0, 2.0]),
    ([5.0, 5.0, 5.0], [5.0, 5.0, 5.0]),
    ([0.1, 0.1, 0.1], [0.3, 0.3, 0.3]),
    ([2.0, 2.0, 2.0], [1.0, 2.0, 3.0]),
    ([0.0, 0.0], [0.0, 0.0]),
    ([1.0, 2.0], [0.0, 0.0]),
    ([math.nan, 1.0], [1.0, math.nan]),
    ([math.inf, 1.0, 2.0], [1.0, 2.0, 2.5]),
    ([1e300, -1e300, 2e300], [-1e300, 1e300, 3e300]),
    ([1e-200, 3e-200, 2e-200], [2e-200, 1e-200, 2e-200]),
]


@pytest.mark.parametrize(("simulated", "actual"), EDGES)
def test_every_figure_is_a_number_or_has_a_reason(simulated: list[float], actual: list[float]) -> None:
    found = fit_statistics(simulated, actual)
    for name in FitStatistics.__dataclass_fields__:
        value = getattr(found, name)
        if isinstance(value, float):
            assert math.isfinite(value) != (name in found.reasons), name
    whole = behaviour(simulated, actual)
    for name in ("e1", "e2", "discrepancy"):
        assert math.isfinite(getattr(whole, name)) != (name in whole.reasons or "all" in whole.reasons), name
    for naive in ("last", "drift"):
        one = skill(simulated, actual, [1.0, 2.0], naive=naive)
        assert math.isfinite(one.value) != (one.reason is not None)
    serial = serial_dependence(np.subtract(simulated, actual) if np.isfinite(simulated).all() else simulated)
    assert math.isfinite(serial.durbin_watson) or serial.reason is not None


def test_figures_do_not_depend_on_the_unit() -> None:
    s, a = np.array([3.0, 1.0, 4.0, 1.5]), np.array([2.5, 1.0, 3.0, 2.0])
    one, small = fit_statistics(s, a), fit_statistics(s * 2.0**-700, a * 2.0**-700)
    assert small.rmse == one.rmse * 2.0**-700
    for name in ("mape", "r_squared", "efficiency", "theil_u", "bias", "variation", "covariation"):
        assert getattr(small, name) == getattr(one, name)


def test_the_discrepancy_is_theils_u_of_what_is_left_of_the_means() -> None:
    s, a = np.random.default_rng(3).normal(size=(2, 20)) + np.array([[5.0], [2.0]])
    found = behaviour(s, a)
    assert found.discrepancy == pytest.approx(fit_statistics(s - s.mean(), a - a.mean()).theil_u)
    r, ss, sa = np.corrcoef(s, a)[0, 1], s.std(), a.std()
    assert found.discrepancy**2 == pytest.approx(1 - 2 * (1 + r) * ss * sa / (ss + sa) ** 2)


def test_what_was_fitted_to_the_errors_costs_degrees_of_freedom() -> None:
    e = np.random.default_rng(4).normal(size=40)
    table = acorr_ljungbox(e - e.mean(), lags=[8], model_df=1)
    found = serial_dependence(e, fitted=1)
    assert (found.lags, found.freedom) == (8, 7)
    assert found.probability == pytest.approx(float(table["lb_pvalue"].iloc[0]))
    short = serial_dependence(e[:6], fitted=1)
    assert (short.lags, short.freedom) == (2, 1)
    assert "no degree of freedom" in str(serial_dependence(e, lags=1, fitted=1).reason)


def test_systematic_errors_are_told_from_chance_as_statsmodels_does() -> None:
    rng = np.random.default_rng(8)
    s = np.linspace(10.0, 30.0, 12)
    a = 2.0 + 0.8 * s + rng.normal(size=12)
    by_hand = np.linalg.lstsq(np.stack([np.ones(12), s], axis=1), a, rcond=None)[1][0]
    f = (np.sum((a - s) ** 2) - by_hand) / 2.0 / (by_hand / 10.0)
    assert systematic_probability(s, a) == pytest.approx(stats.f.sf(f, 2, 10), rel=1e-9)
    alarms = [systematic_probability(s, s + rng.normal(size=12)) < 0.05 for _ in range(2000)]
    assert 0.038 < np.mean(alarms) < 0.063
    assert math.isnan(systematic_probability(s[:2], a[:2]))
    assert math.isnan(systematic_probability([], []))
    assert systematic_probability(np.full(5, 3.0), np.full(5, 3.0) + rng.normal(size=5)) > 0.0
