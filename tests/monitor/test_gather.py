"""Scenarios run together: every member has the bits it has alone, by one program where that can be."""

from __future__ import annotations

import numpy as np
import pytest

from simengine.monitor.members import Forecast, Members
from simengine.monitor.plan import read_monitoring
from simengine.source.diagnostic import InputError
from tests.monitor.conftest import MODEL, MONITORING, SCENARIOS, Town

RICH = MODEL.replace(
    "gas use = SUM(bad homes[district!]) * gas per home",
    "price([(0,0)-(60,2)],(0,1),(60,1)) ~~|\nweather = 1 + 0 * Time ~~|\nnorm[district] = 1, 2 ~ Dmnl ~|\n"
    "share = SUM(norm[district!]) / 3 ~ Dmnl ~|\n"
    "gas use = SUM(bad homes[district!]) * gas per home * price(Time - 2020) * weather * share",
)
WIDE = SCENARIOS.replace(
    "  faster: {set: {insulation rate: {step: 0.3, at: 2030}}}\n",
    """  faster: {set: {insulation rate: {step: 0.3, at: 2030}}}
  table: {set: {insulation rate: {table: {2020: 0.1, 2025: 0.2, 2035: 0.05}, interp: linear}}}
  flat: {set: {insulation rate: 0.2, 'norm[north]': 3}}
  whole: {set: {norm: 2}}
  path: {set: {'norm[south]': {ramp: [inherit, 4], over: [2025, 2030]}}}
  own: {extends: flat, set: {gas per home: 1000}}
  warm: {set: {weather: 0.5}}
  dear: {set: {price: {points: [[0, 1], [60, 0.5]]}}}
""",
).replace("levers: {insulation rate: {unit: 1/year, range: [0, 0.5]}}\n", "").replace(
    "kpis:", "  insulation rate: {times: {uniform: [0.9, 1.1]}}\nkpis:"
)  # fmt: skip


def made(town: Town, count: int = 7) -> Members:
    plan, found = read_monitoring(town(MONITORING, town_mdl=RICH, town_yaml=WIDE))
    assert plan is not None, found
    return Members(plan.plan, plan.plan.names, count, 3)


def test_members_have_the_bits_they_have_alone(town: Town) -> None:
    members = made(town)
    names, save = list(members.plan.scenarios), ["gas use", "bad homes"]
    found = members.run_all(names, save)
    assert list(found) == names
    seen = []
    for name, together in found.items():
        assert isinstance(together, Forecast)
        alone = members.run(name, save)
        for variable in save:
            assert np.array_equal(together.values[variable], alone.values[variable]), name
        seen.append(together.values["gas use"][:, -1].tobytes())
    assert len(set(seen)) == len(names)
    assert [sorted(g.names) for g in members._groups] == [  # noqa: SLF001  (what is run together)
        sorted({*names} - {"warm", "dear"}), ["warm"], ["dear"],
    ]  # fmt: skip
    some = members.run_all(["table", "as now"], save)
    one = some["table"]
    whole = found["table"]
    assert isinstance(one, Forecast)
    assert isinstance(whole, Forecast)
    assert np.array_equal(one.values["gas use"], whole.values["gas use"])


def test_one_scenario_that_fails_is_told_and_the_others_are_run(town: Town) -> None:
    failing = RICH.replace("weather = 1 + 0 * Time", "weather = SQRT(0.25 - insulation rate)")
    plan, found = read_monitoring(
        town(MONITORING, town_mdl=failing, town_yaml=WIDE.replace("  warm: {set: {weather: 0.5}}\n", ""))
    )
    assert plan is not None, found
    runs = Members(plan.plan, plan.plan.names, 7, 3).run_all(["as now", "faster"], ["gas use"])
    assert isinstance(runs["as now"], Forecast)
    assert isinstance(runs["faster"], InputError)
    assert str(runs["faster"]) == "7 of 7 runs of the ensemble failed"


def test_values_between_those_saved_are_on_straight_lines(town: Town) -> None:
    members = made(town)
    forecast = members.run("as now", ["gas use"])
    times = [2019.0, 2020.0, 2020.3, 2031.0, 2039.99, 2040.0, 2050.0]
    for row, found in zip(forecast.column("gas use", 0), forecast.at("gas use", 0, times), strict=True):
        assert found == pytest.approx(np.interp(times, forecast.times, row), rel=0, abs=0)
