"""What the page of Delft's calibrations tells beside the calibrations: older range, hindsight, worth, fitted values."""

from __future__ import annotations

import csv
import json
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from scipy.optimize import minimize

import simengine as se
from docs import couplings, fitted, hindsight, past, prototype, weighing, worth
from docs.past_page import FIGURES
from models.hard_data import read_energy
from simengine.calibrate.plan import load_calibration

ROOT = Path(__file__).resolve().parents[2]


@cache
def figures() -> dict[str, Any]:
    return dict(json.loads(FIGURES.read_text(encoding="utf-8")))


@cache
def weighed() -> weighing.Draws:
    return weighing.draw(load_calibration(ROOT / "calibration" / "energy.yaml").problem, 2**15)


@cache
def near() -> weighing.Draws:
    return weighing.draw_near(weighed(), 2**14)


def everything() -> np.ndarray:
    return past.everything(weighed())


# --- the prototype's way


def test_the_ridge_of_a_way_is_what_a_general_minimiser_finds() -> None:
    """Level and elasticity together, by Nelder and Mead on single runs: nothing of the code is shared."""
    way = next(w for w in prototype.WAYS if w.level and not w.network and not w.values)
    model = se.load(prototype.ENERGY)
    measured = read_energy()["total gas use"]
    none = np.zeros(len(model.dimensions["wijk"]))

    def gas(elasticity: float) -> np.ndarray:
        run = model.run(
            {"insulation rate": 0.05, "price elasticity": elasticity, "heat network plan": none}, save=["total gas use"]
        )
        return run["total gas use"].sel(time=[*measured, 2040.0]).values

    def squares(x: np.ndarray) -> float:
        return float(np.sum((x[1] * gas(x[0])[:-1] / np.array(list(measured.values())) - 1.0) ** 2))

    best = minimize(squares, [-0.3, 1.0], method="Nelder-Mead", options={"xatol": 1e-6, "fatol": 1e-14}).x
    found = prototype.find_ridge(way)
    place = prototype.RATES.index(0.05)
    assert found.elasticity[place] == pytest.approx(best[0], abs=2e-4)
    assert found.gas[place] == pytest.approx(best[1] * gas(best[0])[-1], abs=0.2)


def test_ways_of_the_page_are_found_again() -> None:
    for way, kept in zip(prototype.WAYS, figures()["prototype"]["ways"], strict=True):
        ridge = prototype.find_ridge(way)
        np.testing.assert_allclose(ridge.marks, kept["marks"], rtol=1e-6)
        assert prototype.distance(ridge) == pytest.approx(kept["distance"], rel=1e-4)


def test_the_range_of_the_prototype_is_that_of_a_ridge_without_a_network() -> None:
    kept = figures()["prototype"]
    assert kept["nearest"]["without"][0] < 0.5
    assert kept["nearest"]["with"][0] > 3.0
    assert kept["alike"] > 0
    assert kept["alike with the network"] == 0
    assert kept["tried"] == len(prototype.many_ways())
    near = next(w for w in kept["ways"] if w["distance"] < 1.0)
    assert near["marks"][2:4] == pytest.approx([954.0, 814.0], abs=5.0)


# --- draws of priors, weighed


def test_weights_are_the_likelihood_of_what_is_used() -> None:
    draws = weighed()
    weights = draws.weights(everything())
    expected = draws.problem.log_likelihood(draws.theta[:50])
    np.testing.assert_allclose(np.diff(np.log(weights[:50])), np.diff(expected), rtol=1e-9, atol=1e-9)
    np.testing.assert_allclose(draws.weights(~everything()), 1.0 / len(draws.theta))
    assert weighing.effective(draws.weights(~everything())) == pytest.approx(len(draws.theta))


def test_quantiles_of_equal_weights_are_those_of_numpy() -> None:
    values = np.random.default_rng(3).normal(size=501)
    found = weighing.quantiles(values, np.full(501, 1 / 501), (0.05, 0.5, 0.95))
    np.testing.assert_allclose(found, np.quantile(values, (0.05, 0.5, 0.95), method="hazen"), rtol=1e-12)


def test_resampled_draws_come_as_often_as_their_weights_say() -> None:
    weights = np.array([0.5, 0.0, 0.25, 0.25])
    assert np.bincount(weighing.resample(weights, 400), minlength=4).tolist() == [200, 0, 100, 100]


def test_draws_near_the_data_are_weighed_as_those_of_the_priors() -> None:
    """The mean of every parameter, by both: within four standard errors of the smaller sample."""
    by_prior, by_near = weighed().weights(everything()), near().weights(everything())
    assert weighing.effective(by_near) > 6 * weighing.effective(by_prior)
    for d, name in enumerate(weighed().problem.names):
        mean, other = by_prior @ weighed().theta[:, d], by_near @ near().theta[:, d]
        spread = np.sqrt(by_near @ (near().theta[:, d] - other) ** 2)
        assert abs(mean - other) < 4.0 * spread / np.sqrt(weighing.effective(by_prior)), name


def test_the_answer_of_the_page_is_found_again_and_by_the_walk_too() -> None:
    found, kept = past.percentiles(near()), figures()["gas in 2040"]
    for key in ("plan", "none"):
        assert list(found[key].values()) == pytest.approx(list(kept[key].values()), abs=12.0), key
    walked = figures()["gas in 2040, by NUTS"]
    ends = [kept["none"][name] for name in ("low 90", "middle", "high 90")]
    assert walked == pytest.approx(ends, abs=25.0), "1,000 draws of a walk: some 10 TJ of standard error at the ends"


def test_hindsight_of_the_page_is_found_again_and_held() -> None:
    kept = figures()["hindsight"]["held"]
    found = hindsight.look_back(weighed(), past.first_values())
    assert [(h.check, h.series, h.year, h.measured, h.naive) for h in found] == [
        (k["check"], k["series"], k["year"], k["measured"], k["naive"]) for k in kept
    ]
    for h, k in zip(found, kept, strict=True):
        assert h.middle == pytest.approx(k["middle"], rel=0.03), (h.check, h.series, h.year)
        assert (h.low, h.high) == pytest.approx((k["low"], k["high"]), rel=0.08)
        assert h.inside == k["inside"]
    gas = next(h for h in found if (h.check, h.series, h.year) == ("forecast from 2019", "gas", 2023))
    assert gas.inside
    assert abs(gas.middle - gas.measured) < 0.3 * abs(gas.naive - gas.measured)


def test_panels_counted_at_the_end_of_2019_are_near_those_of_the_model() -> None:
    found = hindsight.solar(weighed().problem)
    assert found == figures()["hindsight"]["solar"]
    assert found["model"] == pytest.approx(found["counted"], rel=0.05)
    assert "CC BY" in hindsight.counted()["source"]


# --- the worth of measuring


def test_worth_is_that_of_the_normal_distribution_where_all_is_normal() -> None:
    """Outcome and observation of correlation 0.8; an error as large as the spread of the observation."""
    rng = np.random.default_rng(4)
    common, own = rng.standard_normal((2, 4096))
    outcome = 900.0 + 80.0 * (0.8 * common + 0.6 * own)
    seen = 1000.0 + common
    left = worth.expected_width(outcome, seen[:, None], 0.001) / worth.width(outcome)
    expected = np.sqrt(1.0 - 0.8**2 * 1.0 / (1.0 + 1.0))
    assert left == pytest.approx(expected, rel=0.03)
    slope, spread = np.array([80 * 0.8, 80 * 0.6]), np.eye(2)
    assert worth.linear_left(slope, np.array([[1.0, 0.0]]), spread, np.array([1.0])) == pytest.approx(expected)


def test_what_is_measured_twice_as_well_tells_more_and_nothing_tells_nothing() -> None:
    slope, spread, h = np.array([3.0, 1.0]), np.diag([1.0, 4.0]), np.array([[1.0, 1.0]])
    lefts = [worth.linear_left(slope, h, spread, np.array([error])) for error in (1e9, 2.0, 1.0)]
    assert lefts[0] == pytest.approx(1.0)
    assert lefts[0] > lefts[1] > lefts[2]


def test_worth_of_the_page_is_found_again() -> None:
    kept = {w["title"]: w for w in figures()["worth"]}
    found = worth.measure(past.standing(near()))
    assert [w.title for w in found][0] == figures()["worth"][0]["title"]
    for w in found:
        assert w.left == pytest.approx(kept[w.title]["left"], abs=0.06), w.title
        assert w.linear == pytest.approx(kept[w.title]["linear"], abs=0.06), w.title
        assert w.linear == pytest.approx(w.left, abs=0.1), "exact derivatives and weighed draws tell the same"


# --- values of the models


def test_every_fitted_number_of_the_models_has_its_calibration() -> None:
    with (ROOT / "models" / "parameters.csv").open(encoding="utf-8") as file:
        marked = {(r["model"], r["variable"]): r["source"] for r in csv.DictReader(file) if r["mark"] == "F"}
    assert set(marked) == set(fitted.FROM) | {("energy", name) for name in fitted.RIDGE}
    for key, (calibration, _) in fitted.FROM.items():
        assert f"(calibration/{calibration}.yaml)" in marked[key]


def test_fitted_numbers_are_what_no_data_could_tell_from_the_estimates() -> None:
    for f, kept in zip(fitted.measure(), figures()["fitted"], strict=True):
        assert f.off < fitted.ALIKE, f
        assert f.estimate == pytest.approx(kept["estimate"], rel=1e-3)


def test_rate_and_elasticity_in_the_model_are_a_point_of_the_ridge() -> None:
    variables = se.load(prototype.ENERGY).variables
    assert float(variables["insulation rate"].value) == fitted.CHOSEN
    point = next(p for p in figures()["ridge, others fixed"] if p["rate"] == fitted.CHOSEN)
    assert float(variables["price elasticity"].value) == pytest.approx(point["elasticity"], abs=5e-4)


# --- links


def test_links_reach_as_far_as_the_page_says() -> None:
    kept = figures()["couplings"]
    assert [r["moved"] for r in kept] == sorted((r["moved"] for r in kept), reverse=True)
    found = couplings.measure(only=("link X1 strength",))
    assert found[0].moved == pytest.approx(kept[0]["moved"], rel=1e-6)
    assert found[0].link == kept[0]["link"]
    assert found[0].worse == pytest.approx(kept[0]["worse"], rel=1e-6)


@pytest.mark.parametrize("name", past.FILES)
def test_every_range_says_where_it_is_from(name: str) -> None:
    for parameter in load_calibration(ROOT / "calibration" / f"{name}.yaml").problem.parameters:
        assert parameter.note, parameter.name
