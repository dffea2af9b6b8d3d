"""Scenarios run together: the bits of single runs, cross-overs around a scenario, what stands alone."""

from __future__ import annotations

import warnings

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from simengine.results.run import Run
from simengine.scenario.ensemble import Case
from simengine.scenario.plan import Plan
from simengine.scenario.run import run_plan, values_of
from simengine.scenario.study import StudyPlan
from simengine.source.diagnostic import InputError, RunWarning
from tests.scenario.conftest import Make

VALUES = {
    "gas tax": [
        "0.3",
        "0.4 EUR/m3",
        "{step: 0.4, at: 2028}",
        "{ramp: [inherit, 1], over: [2025, 2035], shape: s-curve}",
    ],
    "retrofit rate": ["3 %/year", "[0.01, 0.03, 0.02]", "{table: {2025: 1 %/year, 2040: 5 %/year}}"],
    '"retrofit rate[south]"': ["{times: 1.5}", "0.05", "{plus: {step: 1 %/year, at: 2030}}"],
    "subsidy": [
        "{pulse: 5, at: 2027, for: 2 year, every: 5 year, until: 2045}",
        "{csv: data/subsidy.csv, column: high}",
    ],
    "homes": ["2000", "[1, 2, 3]"],
    "bad homes": ["500", "[100, 200, 300]"],
    "CO2": ["100", "{table: {2020: 1, 2050: 2}, interp: step}"],
    "smoothing order": ["1", "5"],
    "effect of time": ["{points: [[0, 1], [10, 2]]}"],
    "link X1": ["0.5"],
}


@st.composite
def files(draw: st.DrawFn) -> str:
    names = draw(st.lists(st.sampled_from(["b", "c", "d", "e"]), min_size=1, max_size=4, unique=True))
    lines = ["scenarios:", "  a:"]
    known = ["a"]
    for name in names:
        chosen = draw(st.lists(st.sampled_from(list(VALUES)), unique=True, max_size=5))
        lines += [f"  {name}:", f"    extends: {draw(st.sampled_from(known))}"]
        if chosen:
            lines += ["    set:"]
            lines += [f"      {v}: {draw(st.sampled_from(VALUES[v]))}" for v in chosen]
        if draw(st.booleans()):
            lines += [f"    links: {{X2: {draw(st.sampled_from(['off', '0.5', '{gain: 0.5, around: a}']))}}}"]
        known.append(name)
    method = draw(st.sampled_from(["euler", "rk4"]))
    return "\n".join([f"time: {{step: 0.5, method: {method}, save_every: 1}}", *lines]) + "\n"


def alone(plan: Plan, name: str, like: Run) -> Run:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RunWarning)
        return plan.model.run(values_of(plan, name), save=list(like.names), integration=plan.timing.method)


@settings(max_examples=20, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(text=files())
def test_scenarios_together_are_bit_for_bit_scenarios_alone(make: Make, text: str) -> None:
    plan = make(text)
    study = run_plan(plan)
    assert [o.name for o in study.outcomes] == list(plan.scenarios)
    for outcome in study.outcomes:
        single = alone(plan, outcome.name, outcome.run)
        assert np.array_equal(single.table(), outcome.run.table(), equal_nan=True), (outcome.name, text)
        assert single.times.tolist() == outcome.run.times.tolist()


def test_one_ensemble_where_nothing_prevents_it(make: Make) -> None:
    plan = make(
        "scenarios:\n  a:\n  b: {set: {gas tax: 0.5}}\n  c: {set: {gas tax: {step: 1, at: 2030}}}\n"
        "  d: {set: {CO2: 5}}\n  e: {set: {smoothing order: 1}}\n  f: {set: {effect of time: {points: [[0, 1], [1, 2]]}}}\n"
    )
    cases = [Case(n, s.curves, s.lookups) for n, s in plan.scenarios.items()]
    groups = [[c.name for c in group] for group in plan.gathering.groups(cases)]
    assert groups == [["a", "b", "c"], ["d"], ["e"], ["f"]]


def test_a_model_without_scenarios_is_one(make: Make) -> None:
    plan = make("kpis: {gas: {value: gas use, at: 2030}}\n")
    study = run_plan(plan)
    assert [o.name for o in study.outcomes] == ["model"]
    assert study.scores[0].value == float(plan.model.run()["gas use"].sel(time=2030))


def test_a_value_is_what_the_file_says(make: Make) -> None:
    plan = make(
        "save: {variables: [gas tax, retrofit rate, subsidy]}\n"
        "scenarios:\n  a:\n    set:\n      gas tax: {step: 0.4 EUR/m3, at: 2028}\n      retrofit rate: 3 %/year\n"
        '      "retrofit rate[south]": {times: 1.5}\n'
        "      subsidy: {pulse: 5 MEUR/year, at: 2027, for: 2 year, every: 5 year, until: 2040}\n"
    )
    run = run_plan(plan).outcomes[0].run
    tax = run["gas tax"]
    assert tax.sel(time=slice(None, 2027.75)).values.tolist() == [0.2] * 32
    assert set(tax.sel(time=slice(2028, None)).values.tolist()) == {0.4}
    assert run["retrofit rate"].isel(time=5).values.tolist() == [0.03, 0.03 * 1.5, 0.03]
    on = run["subsidy"].to_series()
    assert on[on == 5].index.tolist() == [y + q for y in (2027, 2032, 2037) for q in np.arange(0, 2, 0.25)]


def test_around_a_scenario(make: Make) -> None:
    """At gain 1 the full model up to rounding; at gain 0 the target sees the other scenario's course, exactly."""
    plan = make(
        "scenarios:\n  base:\n  full: {set: {green roofs: {ramp: [inherit, 9], over: [2025, 2040]}}}\n"
        "  none: {extends: full, links: {X1: {gain: 0, around: base}}}\n"
        "  half: {extends: full, links: {X1: {gain: 0.5, around: base}}}\n"
        "  all: {extends: full, links: {X1: {gain: 1, around: base}}}\n"
        "  off: {extends: full, links: {X1: off}}\n"
    )
    runs = {o.name: o.run for o in run_plan(plan).outcomes}
    roofs = {n: r.values("from roofs") - r.values("link X2 effect") for n, r in runs.items()}
    effect = {n: r.values("link X1 effect") for n, r in runs.items()}
    np.testing.assert_allclose(roofs["none"], effect["base"], rtol=1e-9)
    np.testing.assert_allclose(roofs["all"], effect["full"], rtol=1e-9)
    np.testing.assert_allclose(roofs["half"], (effect["base"] + effect["full"]) / 2, rtol=1e-9)
    np.testing.assert_allclose(roofs["off"], 0, atol=1e-9)
    assert not np.allclose(effect["base"], effect["full"])


def test_a_failed_run_is_kept_and_told(make: Make) -> None:
    plan = make(
        "scenarios:\n  good:\n  bad: {set: {pump cost: 1e308, price growth: 1e10}}\nkpis: {d: {value: damage, goal: '<= 5'}}\n"
    )
    study = run_plan(plan)
    assert [o.run.failed is None for o in study.outcomes] == [True, False]
    assert study.scores[1].met is False


def test_the_public_face(make: Make) -> None:
    plan = StudyPlan(
        make("scenarios:\n  a:\n  b: {set: {gas tax: 0.5}}\ncrosses:\n  x: {scenarios: a, vary: {subsidy: [1, 2]}}\n")
    )
    assert plan.scenarios == ("a", "b", "a, subsidy 1", "a, subsidy 2")
    assert [o.name for o in plan.run("x").outcomes] == ["a, subsidy 1", "a, subsidy 2"]
    assert [o.name for o in plan.run(["b"], save=["gas use"]).outcomes] == ["b"]
    assert plan.run(["b"], save=["gas use"]).outcomes[0].run.names == ("gas use",)
    assert plan.values("b")["gas tax"] == 0.5
    assert "gas tax: 0.5" in plan.explain("b")
    with pytest.raises(InputError, match="there is no scenario `c`"):
        plan.run(["c"])
