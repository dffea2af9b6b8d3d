"""The ensemble Kalman filter on a model: for a linear one, the Kalman filter written out."""

from __future__ import annotations

import numpy as np
import pytest

from simengine.monitor.goals import BY_SHIFT, BY_STATE, find_reach
from simengine.monitor.members import Members
from simengine.monitor.observations import newest
from simengine.monitor.plan import MonitorPlan, read_monitoring
from simengine.monitor.state import Filter, corrected_model, correction_of, step_of
from simengine.source.diagnostic import InputError
from tests.monitor.conftest import MODEL, MONITORING, SCENARIOS, SEEN, Town

UNCERTAIN_START = SCENARIOS.replace(
    "  gas per home: {normal: [1200 m3/home/year, 60 m3/home/year]}\n",
    "  'bad homes[north]': {normal: [1000 home, 50 home]}\n  'bad homes[south]': {normal: [3000 home, 200 home]}\n",
)
WITH_STATE = MONITORING + "state: [bad homes]\n"


def plan_of(town: Town, monitoring: str, scenarios: str = SCENARIOS, seen: str = SEEN) -> MonitorPlan:
    plan, found = read_monitoring(town(monitoring, seen, town_yaml=scenarios))
    assert plan is not None, found
    return plan


def test_without_corrections_the_model_gives_its_own_bits(town: Town) -> None:
    model = plan_of(town, MONITORING).plan.model
    mine = corrected_model(model, ["bad homes"])
    assert correction_of("bad homes") == "correction of bad homes"
    assert np.array_equal(mine.run(save=["gas use"])["gas use"].values, model.run(save=["gas use"])["gas use"].values)


def test_of_a_linear_model_it_is_the_kalman_filter(town: Town) -> None:
    plan = plan_of(town, WITH_STATE, UNCERTAIN_START)
    assert plan.members is not None
    used = newest(plan.observations)
    ours = Filter.of(plan.plan, plan.members, plan.seed, plan.stocks, plan.watched, used).run("as now", ["bad homes"])
    start = (
        Members(plan.plan, plan.plan.names, plan.members, plan.seed).run("as now", ["bad homes"]).values["bad homes"]
    )
    mean, covariance = start[:, 0].mean(axis=0), np.cov(start[:, 0].T)
    move = np.eye(2) * (1 - 0.25 * 0.05) ** 4  # a year of Euler's method
    h = np.full((1, 2), 1200.0)
    for n in range(1, 11):
        mean, covariance = move @ mean, move @ covariance @ move.T
        measured = next((o for o in used if o.time == 2020 + n), None)
        if measured is not None:
            s = h @ covariance @ h.T + (0.02 * measured.value) ** 2
            gain = covariance @ h.T / s
            mean = mean + gain[:, 0] * (measured.value - float((h @ mean)[0]))
            covariance = covariance - gain @ h @ covariance
        members = ours.forecast.values["bad homes"][:, n]
        assert members.mean(axis=0) == pytest.approx(mean, rel=1e-9)
        # rounding: of numbers of a thousand, squared
        assert np.cov(members.T) == pytest.approx(covariance, rel=1e-6, abs=1e-3)


def test_scenarios_that_differ_later_share_corrections(town: Town) -> None:
    """What is shared is what each would have found by itself."""
    plan = plan_of(town, WITH_STATE)
    assert plan.members is not None
    used = newest(plan.observations)

    def fresh() -> Filter:
        return Filter.of(plan.plan, 50, plan.seed, plan.stocks, plan.watched, used)

    both = fresh().run_all(["as now", "faster"], ["gas use"])
    for name, found in both.items():
        assert not isinstance(found, InputError)
        alone = fresh().run(name, ["gas use"])
        assert np.array_equal(found.forecast.values["gas use"], alone.forecast.values["gas use"])
        assert found.innovations.keys() == alone.innovations.keys()


def test_goals_start_from_what_was_measured(town: Town) -> None:
    """Twice as much gas as planned: 2040 is out of reach at the planned rate, by state and by shift."""
    high = "variable,time,value\n" + "".join(f"gas use,{y},{7.0e6 * 0.97 ** (y - 2021)}\n" for y in range(2021, 2027))
    by_state = plan_of(town, WITH_STATE.replace("2 %", "1 %"), UNCERTAIN_START.replace("200 home", "900 home"), high)
    (goal,), _ = find_reach(by_state, newest(by_state.observations))
    assert goal.method == BY_STATE
    assert goal.likely == ("faster",)
    now = {s.scenario: s.now for s in goal.scenarios}
    last, years = 7.0 * 0.97**5, 2040 - 2026
    assert now["as now"] == pytest.approx(last * (1 - 0.0125) ** (4 * years), rel=0.08)  # from there on by the model
    shifted = plan_of(town, MONITORING, seen=high)
    (goal,), _ = find_reach(shifted, newest(shifted.observations))
    assert goal.method == BY_SHIFT
    planned = {s.scenario: s.planned for s in goal.scenarios}
    assert goal.is_out  # what was too high stays too high, whatever one does
    assert all(s.now > planned[s.scenario] for s in goal.scenarios)


PACE = """{UTF-8}
level = INTEG(1, 0) ~ year ~ |
INITIAL TIME = 2020 ~ year ~|
FINAL TIME = 2040 ~ year ~|
TIME STEP = 0.015625 ~ year ~|
SAVEPER = 1 ~ year ~|
"""
COUPLED = """simengine: 1
models: {town: town.mdl, pace: pace.mdl}
"""


def test_a_stock_that_goes_by_a_slower_clock_is_corrected_as_it_is_alone(town: Town) -> None:
    """Linked with a model of 16 times its steps: the same filter, the same states."""
    own = {"town_mdl": MODEL, "pace_mdl": PACE, "both_yaml": COUPLED}
    coupled = UNCERTAIN_START.replace("model: town.mdl", "model: both.yaml")
    found = []
    for scenarios in (UNCERTAIN_START, coupled):
        plan, said = read_monitoring(town(WITH_STATE, SEEN, town_yaml=scenarios, **own))
        assert plan is not None, said
        assert plan.members is not None
        used = [o for o in newest(plan.observations) if o.time > 2020]
        made = Filter.of(plan.plan, plan.members, plan.seed, plan.stocks, plan.watched, used)
        (stock,) = plan.stocks
        assert step_of(plan.plan, stock) == 0.25
        values = made.run("as now", [stock]).forecast.values[stock]
        plain = made.plain(["as now"], [stock])["as now"]
        assert not isinstance(plain, InputError)
        without = plain.values[stock]
        assert np.max(np.abs(values - without)) > 10.0  # homes: it is corrected
        found.append(values)
    assert found[1] == pytest.approx(found[0], rel=1e-12)
