"""Predictions and derivatives against solutions in closed form and complex steps; likelihood and posterior.

Complex steps: J. R. R. A. Martins, P. Sturdza, J. J. Alonso (2003), ACM Trans. Math. Softw. 29, 245-262: exact to
rounding where the reference is analytic.
"""

from __future__ import annotations

import pickle
from typing import Any

import numpy as np
import pytest
from scipy import stats

from simengine.calibrate.plan import Calibration
from simengine.calibrate.problem import Problem
from simengine.calibrate.surface import Surface
from simengine.source.diagnostic import InputError
from tests.calibrate.conftest import Make

TIMES = """INITIAL TIME = 0 ~ year ~|
FINAL TIME = 8 ~ year ~|
TIME STEP = 0.25 ~ year ~|
SAVEPER = TIME STEP ~ year ~|
"""
DECAY = "rate = 0.3 ~ 1/year ~|\nstock = INTEG(-rate * stock, 10) ~ kg ~|\n" + TIMES
TABLE = "variable,time,value\n" + "".join(f"stock,{t},{9 - t}\n" for t in range(8))
FISH = (
    """lake: north, south ~~|
growth rate[lake] = 0.3, 0.5 ~ 1/year ~|
capacity[lake] = 100, 200 ~ tonne ~|
fish[lake] = INTEG(growth rate[lake] * fish[lake] * (1 - fish[lake] / capacity[lake]) - catch[lake], 10) ~ tonne ~|
effort = 0.2 ~ dmnl ~|
effect((0, 0), (1, 0.6), (2, 1)) ~ dmnl ~|
catch[lake] = effect(effort) * fish[lake] / 4 ~ tonne/year ~|
price[lake] = 2 + 20 / fish[lake] ~ EUR/tonne ~|
"""
    + TIMES
)
SERIES = "variable,time,value\n" + "".join(
    f"{name},{t},{10 + 2 * t}\n" for name in ("total", "mean", "price", "caught", "grown", "north") for t in range(1, 7)
)
FITS = """
data: {d: {file: d.csv}}
parameters:
  growth rate[north]: {range: [0.1, 0.9]}
  growth rate[south]: {range: [0.1, 0.9], transform: log}
  capacity: {change: times, range: [0.5, 2]}
  fish: {range: [5, 20], prior: {normal: [10, 2]}}
  effect(1): {range: [0.1, 1]}
fit:
  total: {output: {sum: fish}, data: d, error: {normal: 3 tonne}}
  mean: {output: {weighted: fish, weights: {north: 1, south: 3}}, data: d, error: relative}
  price: {output: {weighted: price, by: fish}, data: d, error: {student: estimate, degrees of freedom: estimate}}
  caught: {output: {sum: catch}, data: d, over: {sum: 1 year}, error: {lognormal: estimate}}
  grown: {output: {mean: fish}, data: d, over: {change: 1 year, stamped: end}, error: {normal: estimate, ar1: estimate}}
  north: {output: "fish[north]", data: d, over: {mean: 1 year, stamped: middle}, error: {huber: 2 tonne}}
held out: {from: 6}
"""


def euler(theta: Any) -> dict[str, Any]:
    """Return fish (time, lake), catch and price of the model by NumPy; `theta` may be complex."""
    rates, capacity = theta[:2], theta[2] * np.array([100.0, 200.0])
    stock, rows = np.array([theta[3], theta[3]]), []
    effect = 0.2 * theta[4]
    for _ in range(33):
        rows.append(stock)
        stock = stock + 0.25 * (rates * stock * (1 - stock / capacity) - effect * stock / 4)
    fish = np.array(rows)
    return {"fish": fish, "catch": effect * fish / 4, "price": 2 + 20 / fish}


def trapezoid(values: Any, begin: float, end: float) -> Any:
    part = values[round(begin * 4) : round(end * 4) + 1]
    return 0.25 * (part.sum(axis=0) - (part[0] + part[-1]) / 2)


def by_hand(theta: Any) -> Any:
    """Return the predictions of FITS."""
    found, times = euler(theta), range(1, 7)
    fish, catch, price = found["fish"], found["catch"], found["price"]
    mean = (fish[:, 0] + 3 * fish[:, 1]) / 4
    return np.concatenate([
        [fish[4 * t].sum() for t in times],
        [mean[4 * t] for t in times],
        [(price[4 * t] * fish[4 * t]).sum() / fish[4 * t].sum() for t in times],
        [trapezoid(catch.sum(axis=1), t, t + 1) for t in times],
        [fish[4 * t].mean() - fish[4 * t - 4].mean() for t in times],
        [trapezoid(fish[:, 0], t - 0.5, t + 0.5) for t in times],
    ])  # fmt: skip


@pytest.fixture
def fish(make: Make) -> Problem:
    return make(FISH, FITS, d=SERIES).problem


SETS = np.array([[0.3, 0.5, 1.0, 10.0, 0.6], [0.45, 0.2, 1.7, 7.0, 0.3], [0.8, 0.85, 0.6, 18.0, 0.9]])


def test_decay_is_that_of_euler_in_closed_form(make: Make) -> None:
    text = "data: {d: {file: d.csv}}\nparameters: {rate: {range: [0.01, 1]}, stock: {range: [1, 20]}}\n"
    problem = make(DECAY, text + "fit: {stock: {output: stock, data: d}}\n", d=TABLE).problem
    t, theta = np.arange(8.0), np.array([[0.3, 10.0], [0.7, 3.0]])
    expected = theta[:, 1:] * (1 - theta[:, :1] / 4) ** (4 * t)
    predicted, jacobian = problem.slopes(theta)
    np.testing.assert_allclose(predicted, expected, rtol=1e-13)
    by_rate = -theta[:, 1:] * t * (1 - theta[:, :1] / 4) ** (4 * t - 1)
    np.testing.assert_allclose(jacobian[:, :, 0], by_rate, rtol=1e-12, atol=1e-300)
    np.testing.assert_allclose(jacobian[:, :, 1], expected / theta[:, 1:], rtol=1e-13)


def test_decay_by_runge_kutta_is_near_the_exponential(decay: Calibration) -> None:
    problem = decay.problem
    t = problem.observations.time
    predicted, jacobian = problem.slopes([[0.3, 10.0]])
    np.testing.assert_allclose(predicted[0], 10 * np.exp(-0.3 * t), rtol=1e-6)  # the method's error at this step
    np.testing.assert_allclose(jacobian[0, :, 0], -10 * t * np.exp(-0.3 * t), rtol=1e-5)


def test_logistic_growth_is_near_its_solution(make: Make) -> None:
    model = (
        "r = 0.8 ~ 1/year ~|\nk = 50 ~ kg ~|\nstock = INTEG(r * stock * (1 - stock / k), 2) ~ kg ~|\n" + TIMES
    ).replace("0.25", "0.0625")
    text = """time: {method: rk4}
data: {d: {file: d.csv}}
parameters: {r: {range: [0.1, 2]}, k: {range: [10, 90]}, stock: {range: [1, 5]}}
fit: {stock: {output: stock, data: d}}
"""
    problem = make(model, text, d=TABLE).problem
    t = problem.observations.time

    def solution(r: Any, k: Any, first: Any) -> Any:
        return k / (1 + (k - first) / first * np.exp(-r * t))

    theta = [0.8, 50.0, 2.0]
    predicted, jacobian = problem.slopes([theta])
    np.testing.assert_allclose(predicted[0], solution(*theta), rtol=1e-6)
    for d in range(3):
        moved = [complex(v, 1e-30 if n == d else 0.0) for n, v in enumerate(theta)]
        exact = np.imag(solution(*moved)) / 1e-30
        np.testing.assert_allclose(jacobian[0, :, d], exact, rtol=1e-5, atol=1e-5 * np.abs(exact).max())


def test_figures_and_periods_are_those_by_hand(fish: Problem) -> None:
    assert fish.names == ("growth rate[north]", "growth rate[south]", "capacity", "fish", "effect(1)")
    predicted, jacobian = fish.slopes(SETS)
    for k, theta in enumerate(SETS):
        np.testing.assert_allclose(predicted[k], by_hand(theta), rtol=1e-12)
        for d in range(5):
            step = np.where(np.arange(5) == d, 1e-30j, 0.0)
            exact = np.imag(by_hand(theta + step)) / 1e-30
            np.testing.assert_allclose(jacobian[k, :, d], exact, rtol=1e-10, atol=1e-12 * np.abs(exact).max())


def test_a_set_has_the_same_bits_alone_and_among_others(fish: Problem) -> None:
    many = np.concatenate([SETS, fish.points(np.random.default_rng(1).random((30, 5)))])
    predicted, jacobian = fish.slopes(many)
    assert np.array_equal(predicted, fish.predict(many))
    scales = fish.start_scales(many)
    x = fish.free(many, scales)
    value, gradient = fish.log_posterior_gradient(x)
    assert np.array_equal(value, fish.log_posterior(x))
    for k in (0, 7, 32):
        alone = fish.slopes(many[k])
        assert np.array_equal(alone.predicted[0], predicted[k])
        assert np.array_equal(alone.jacobian[0], jacobian[k])
        own = fish.log_posterior_gradient(x[k])
        assert own[0][0] == value[k]
        assert np.array_equal(own[1][0], gradient[k])


def test_a_call_is_one_ensemble(fish: Problem) -> None:
    before = fish.counts
    fish.predict(SETS)
    fish.slopes(SETS)
    after = fish.counts
    assert (after.calls - before.calls, after.runs - before.runs) == (2, 3)
    assert (after.gradients - before.gradients, after.lanes - before.lanes) == (3, 15)
    assert after.simulations >= after.runs + 2 * after.gradients


@pytest.mark.parametrize("jacobian", [True, False])
def test_the_gradient_of_the_posterior_is_that_of_differences(fish: Problem, jacobian: bool) -> None:
    x = fish.free(SETS, fish.start_scales(SETS))
    _, gradient = fish.log_posterior_gradient(x, jacobian=jacobian)
    for d in range(x.shape[1]):
        # fourth order: an error of about h^4
        h = 1e-3 * np.eye(x.shape[1])[d]
        near, far = (
            fish.log_posterior(x + n * h, jacobian=jacobian) - fish.log_posterior(x - n * h, jacobian=jacobian)
            for n in (1, 2)
        )
        difference = (8 * near - far) / 12e-3
        np.testing.assert_allclose(gradient[:, d], difference, rtol=2e-6, atol=1e-6 * np.abs(gradient).max())


def test_the_posterior_is_likelihood_and_prior_by_scipy(decay: Calibration) -> None:
    problem = decay.problem
    theta, scale = np.array([[0.28, 9.0]]), np.array([[0.4]])
    x = problem.free(theta, scale)
    seen, kept = problem.observations, problem.observations.fitted
    assert seen.time.tolist() == [0, 1, 2, 6, 9]
    assert seen.value.tolist() == [10.2, 7.3, 5.6, 1.7, 0.65]
    assert problem.series[0].missing == 1
    density = stats.norm.logpdf(seen.value, problem.predict(theta)[0], 0.4)
    weights = np.array([1.0, 0.5, 1.0, 1.0, 1.0])
    likelihood = float(np.sum((weights * density)[kept]))
    low, high = problem.scales[0].low, problem.scales[0].high
    mass = stats.norm.cdf(20, 10, 1) - stats.norm.cdf(1, 10, 1)
    prior = -np.log(0.99) + stats.norm.logpdf(9, 10, 1) - np.log(mass) - np.log(0.4 * np.log(high / low))
    assert problem.log_likelihood(theta, scale)[0] == pytest.approx(likelihood, rel=1e-12)
    assert problem.log_posterior(x, jacobian=False)[0] == pytest.approx(likelihood + prior, rel=1e-10)
    slopes = np.log(problem.prior.slopes(x)).sum()
    assert problem.log_posterior(x)[0] == pytest.approx(likelihood + prior + slopes, rel=1e-10)


def test_least_squares_are_the_likelihood(make: Make) -> None:
    fits = FITS.split("  mean:", maxsplit=1)[0] + "  north: {output: 'fish[north]', data: d, error: {huber: 2 tonne}}\n"
    surface = Surface(make(FISH, fits, d=SERIES).problem)
    assert surface.has_squares
    found = [surface.residuals(surface.problem.slopes(one[None]), one) for one in SETS]
    value, gradient = surface.problem.log_likelihood_gradient(SETS)
    halves = np.array([-0.5 * np.sum(r**2) for r, _ in found])
    np.testing.assert_allclose(value - value[0], halves - halves[0], rtol=1e-9)
    np.testing.assert_allclose(np.array([-r @ j for r, j in found]), gradient, rtol=1e-8, atol=1e-9)


def test_what_is_no_sum_of_squares_is_searched_otherwise(fish: Problem) -> None:
    assert not Surface(fish).has_squares  # `mean` has relative errors


def test_free_numbers_and_values_are_inverse(fish: Problem) -> None:
    scales = fish.start_scales(SETS)
    theta, again = fish.values(fish.free(SETS, scales))
    np.testing.assert_allclose(theta, SETS, rtol=1e-12)
    np.testing.assert_allclose(again, scales, rtol=1e-9)
    at_bounds = np.stack([fish.low, fish.high])
    assert np.isfinite(fish.free(at_bounds, scales[:2])).all()
    assert fish.all_names[5:] == (
        "scale of mean", "scale of price", "degrees of freedom of price", "scale of caught", "scale of grown",
        "autocorrelation of grown",
    )  # fmt: skip
    assert len(fish.priors) == len(fish.transforms) == 11


def test_what_fails_is_minus_infinity(make: Make) -> None:
    model = DECAY.replace("-rate * stock", "IF THEN ELSE(rate > 0.9, LN(-1), -rate * stock)")
    text = "data: {d: {file: d.csv}}\nparameters: {rate: {range: [0.01, 1]}}\nfit: {stock: {output: stock, data: d}}\n"
    problem = make(model, text, d=TABLE).problem
    x = problem.free([[0.3], [0.95]], [[1.0]])
    value, gradient = problem.log_posterior_gradient(x)
    assert np.isfinite(value[0])
    assert value[1] == -np.inf
    assert gradient[1].tolist() == [0.0, 0.0]
    assert problem.log_posterior(x).tolist() == value.tolist()
    assert problem.log_posterior([[np.nan, 0.0]]).tolist() == [-np.inf]


def test_a_problem_is_sent_elsewhere(fish: Problem) -> None:
    fish.predict(SETS)
    again = pickle.loads(pickle.dumps(fish))  # noqa: S301  (our own)
    assert again.counts.runs == 0
    x = fish.free(SETS, fish.start_scales(SETS))
    for mine, theirs in zip(fish.log_posterior_gradient(x), again.log_posterior_gradient(x), strict=True):
        assert np.array_equal(mine, theirs)


def test_sets_of_wrong_size_are_refused(fish: Problem) -> None:
    with pytest.raises(InputError, match=r"a parameter set has 5 numbers \(growth rate\[north\]"):
        fish.predict([[1.0, 2.0]])
    with pytest.raises(InputError, match="scales are needed: scale of mean"):
        fish.log_likelihood(SETS)
    with pytest.raises(InputError, match="6 scales are needed for each of 3 sets"):
        fish.log_likelihood(SETS, [[1.0]])


def test_differences_are_taken_where_asked_for_only(make: Make) -> None:
    exact = make(FISH, FITS, d=SERIES).problem
    rough = make(FISH, FITS + "method: {derivatives: differences}\n", d=SERIES).problem
    assert (exact.derivatives, rough.derivatives) == ("exact", "differences")
    before = rough.counts.runs
    found = rough.jacobian(SETS)
    assert rough.counts.runs - before == 3 * 11
    assert rough.counts.gradients == 0
    wanted = exact.jacobian(SETS)
    np.testing.assert_allclose(found, wanted, rtol=1e-6, atol=1e-6 * np.abs(wanted).max())
    at_bound = rough.jacobian(rough.low)  # one-sided there
    np.testing.assert_allclose(at_bound, exact.jacobian(exact.low), rtol=1e-2, atol=1e-3 * np.abs(wanted).max())


def test_without_derivatives_the_reason_is_told(make: Make) -> None:
    model = (
        DECAY.replace("-rate * stock", "-late")
        + "late = DELAY FIXED(stock * 0.1, lag, 0.5) ~ kg/year ~|\nlag = 1 ~ year ~|\n"
    )
    text = "data: {d: {file: d.csv}}\nparameters: {lag: {range: [0.5, 4]}}\nfit: {stock: {output: stock, data: d}}\n"
    problem = make(model, text + "method: {local: none, global: de}\n", d=TABLE).problem
    assert problem.derivatives == "none"
    assert "no derivative passes through" in (problem.why_not_exact or "")
    assert problem.predict([[1.0]]).shape == (1, 8)
    with pytest.raises(InputError, match="there are no exact derivatives: no derivative passes through"):
        problem.jacobian([[1.0]])
    asked = make(model, text + "method: {derivatives: differences}\n", d=TABLE).problem
    assert asked.jacobian([[1.1]]).shape == (1, 8, 1)


LINE = """out = a + b * Time ~ m ~ |
a = 3 ~ m ~ |
b = 1 ~ m/year ~ |
INITIAL TIME = 0 ~ year ~ |
FINAL TIME = 24 ~ year ~ |
TIME STEP = 0.25 ~ year ~ |
SAVEPER = TIME STEP ~ year ~ |
"""
CARRIED = """data: {d: {file: d.csv}}
parameters: {a: {range: [-20, 20]}, b: {range: [-5, 5]}}
fit: {out: {output: out, data: d, error: {normal: estimate, ar1: estimate}}}
"""


def rows_of(times: list[float]) -> str:
    values = np.random.default_rng(2).normal(size=len(times)).cumsum()
    return "time,out\n" + "".join(f"{t:g},{v:.6g}\n" for t, v in zip(times, values.tolist(), strict=True))


def test_dates_held_out_do_not_decide_the_fit(make: Make) -> None:
    years = list(map(float, range(1, 21)))
    sets, scales = np.array([[3.0, 1.0]]), np.array([[2.0, -0.3]])
    alone = make(LINE, CARRIED, d=rows_of(years)).problem
    held = make(LINE, CARRIED + "held out: {from: 20.1}\n", d=rows_of([*years, 20.5, 21.0])).problem
    assert held.log_likelihood(sets, scales) == alone.log_likelihood(sets, scales)
    assert held.all_names == alone.all_names
    assert [s.low for s in held.scales] == [s.low for s in alone.scales]
    (series,) = held.series
    assert series.error.period == 1.0


def test_between_whole_periods_an_autocorrelation_is_sought_from_0_on(make: Make) -> None:
    made = make(LINE, CARRIED, d=rows_of([1.0, 2.0, 3.0, 4.0, 5.25, 6.25]))
    (told,) = made.diagnostics
    assert told.code == "irregular-times"
    assert "from 0 on" in told.message
    assert made.problem.scales[1].low == 0.0
    full = np.array([[3.0, 1.0, 2.0, 0.0]])
    assert np.isfinite(made.problem.log_likelihood(full[:, :2], full[:, 2:])).all()
    assert not make(LINE, CARRIED, d=rows_of([1.0, 2.0, 3.0, 4.0, 6.0, 9.0])).diagnostics
