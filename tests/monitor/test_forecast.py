"""A forecast from the runs a sweep has kept."""

from __future__ import annotations

import json

import numpy as np
import pytest

from simengine.cli.main import main
from simengine.monitor.judge import judge, put_together
from simengine.monitor.plan import read_monitoring
from simengine.monitor.watch import find_verdicts
from simengine.sweep.result import read_sweep
from tests.monitor.conftest import MONITORING, SCENARIOS, Town

SWEPT = (
    SCENARIOS
    + """sweeps:
  wide: {scenarios: [as now], sample: latin, n: 64, seed: 3}
save: {sweeps_keep: {runs: all, variables: [gas use]}}
"""
)
BY_SWEEP = MONITORING.replace("members: 50", "forecast: {sweep: swept}")


def swept(town: Town, monitoring: str = BY_SWEEP, scenarios: str = SWEPT) -> str:
    path = town(monitoring, town_yaml=scenarios)
    assert main(["sweep", str(path.parent / "town.yaml"), "--out", str(path.parent / "swept"), "--no-draw"]) == 0
    return str(path)


def test_the_runs_of_a_sweep_are_the_forecast(town: Town, capsys: pytest.CaptureFixture[str]) -> None:
    path = swept(town)
    plan, found = read_monitoring(path)
    assert plan is not None, found
    (one,), _, notes = find_verdicts(plan)
    assert [n.key for n in notes] == ["shown"]
    sweep = read_sweep(plan.path.parent / "swept")
    times = [2021.0, 2022.0, 2023.0]
    observed = [4565000.0, 4340000.0, 4130000.0]
    predicted = np.array([np.interp(times, sweep.times, row) for row in sweep.series("gas use", "as now")])
    by_hand = judge(put_together(times, observed, [0.02 * v for v in observed], predicted, 2, [False] * 3), 0.05)
    assert one.verdict == by_hand
    capsys.readouterr()
    assert main(["monitor", path, "--json"]) == 0
    data = json.loads(capsys.readouterr().out)
    assert data["indicators"][0]["state"] == "on track"
    assert any("64 runs" in note for note in data["notes"])


def test_what_a_sweep_does_not_hold_is_said(town: Town) -> None:
    other = BY_SWEEP.replace("scenario: as now", "scenario: faster")
    path = swept(town, other)
    plan, (found,) = read_monitoring(path)
    assert plan is None
    assert (found.code, found.message) == (
        "unknown-scenario",
        "there is no scenario in the sweep `swept` that is called `faster`",
    )
    more = BY_SWEEP + "  north: {value: 'bad homes[north]'}\n"
    plan, (found,) = read_monitoring(town(more, town_yaml=SWEPT))
    assert plan is None
    assert found.code == "unknown-name"
    assert "`bad homes[north]`" in found.message


def test_a_sweep_without_runs_over_time_does_not_tell_the_forecast(town: Town) -> None:
    path = swept(town, scenarios=SWEPT.replace("runs: all", "runs: kpis"))
    plan, (found,) = read_monitoring(path)
    assert plan is None
    assert found.code == "missing-spread"
