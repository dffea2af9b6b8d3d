"""Recalibration: what is old and new, fits that are kept, shifts told from chance, the forecast with either fit."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from simengine.calibrate.plan import read_calibration
from simengine.cli.main import main
from simengine.monitor.amend import amend
from simengine.monitor.observations import Observation
from simengine.monitor.plan import MonitorPlan, read_monitoring
from simengine.monitor.recalibrate import Recalibrated, recalibrate
from tests.monitor.conftest import MONITORING, Town

CALIBRATION = """simengine: 1
model: town.mdl
time: {stop: 2026}
data: {measured: {file: measured.csv}}
parameters:
  insulation rate: {range: [0, 0.5], start: 0.1}
  gas per home: {range: [500, 3000], prior: {normal: [1200, 50]}}
fit:
  gas: {output: gas use, data: measured, error: {relative: 1 %}}
method: {starts: 2}
"""
WITH_RECALIBRATION = MONITORING.replace("as of: 2022", "as of: 2024").replace(
    "members: 50", "members: 20\nrecalibration: {file: calibration.yaml, folder: kept}"
)
YEARS = range(2021, 2025)


def gas(rate: float, years: range, seed: int = 0, *, since: int = 2021, before: float = 0.05) -> dict[int, float]:
    """Return gas use measured: homes insulated at a rate (since a year; another before), an error of 1 %."""
    rng, homes, out = np.random.default_rng(seed), 4000.0, {}
    for year in range(2021, max(years) + 1):
        homes *= (1 - 0.25 * (rate if year >= since else before)) ** 4
        out[year] = 1200.0 * homes * (1 + 0.01 * rng.standard_normal())
    return {year: value for year, value in out.items() if year in years}


def table(values: dict[int, float]) -> str:
    return "variable,time,value\n" + "".join(f"gas use,{t},{v!r}\n" for t, v in values.items())


def watched(
    town: Town, old: dict[int, float], seen: dict[int, float], monitoring: str = WITH_RECALIBRATION
) -> MonitorPlan:
    path = town(monitoring, table(seen), calibration_yaml=CALIBRATION, measured_csv=table(old))
    plan, found = read_monitoring(path)
    assert plan is not None, found
    return plan


def found_of(plan: MonitorPlan) -> Recalibrated:
    found = recalibrate(plan)
    assert found is not None
    return found


def test_what_is_as_before_moves_no_estimate_and_what_is_not_does(town: Town) -> None:
    old = gas(0.05, YEARS)
    same = found_of(watched(town, old, gas(0.05, range(2025, 2031), seed=1)))
    assert same.fitted == (4, 10)  # until 2030: the runs, which end in 2026, go on
    assert same.has_moved is False
    moved = found_of(watched(town, old, gas(0.2, range(2025, 2031), seed=1, since=2025)))
    assert moved.has_moved is True
    rate = next(p for p in moved.parameters if p.name == "insulation rate")
    assert rate.probability is not None
    assert rate.probability < 1e-3
    assert rate.in_errors is not None
    assert rate.in_errors > 3.0
    assert rate.before == pytest.approx(0.05, abs=0.01)
    assert rate.after > 0.08
    assert rate.before_interval is not None
    assert rate.before_interval[0] < 0.05 < rate.before_interval[1]
    goal = next(f for f in moved.forecasts if f.name == "gas 2040")
    # the planned scenario with the estimates of either fit, worked out by hand
    per_home = {p.name: p for p in moved.parameters}["gas per home"]
    for value, parameters in (
        (goal.before, (rate.before, per_home.before)),
        (goal.after, (rate.after, per_home.after)),
    ):
        homes = 4000.0 * (1 - 0.25 * parameters[0]) ** 80
        assert value == pytest.approx(homes * parameters[1] / 1e6, rel=1e-9)
    assert goal.met == (False, False, True)


def test_old_values_are_those_known_in_the_year_of_the_forecast(town: Town) -> None:
    """Rows of the calibration's own table that are later count as new; older vintages stay old."""
    values = gas(0.05, range(2021, 2027))
    plan = watched(town, values, gas(0.05, range(2021, 2022)))
    assert plan.calibration is not None
    found = amend(plan.calibration, 2024, plan.observations, plan.unit_of)
    assert (found.later, found.added, found.used) == (2, 0, 2)
    assert found.before.problem.observations.time.tolist() == [2021, 2022, 2023, 2024]
    revised = [Observation("gas use", 2023, 4.0e6, 2025.5), Observation("gas use", 2022, 4.1e6, 2022.5),
               Observation("gas use", 2027, 3.0e6, None), Observation("bad homes[north]", 2027, 900.0)]  # fmt: skip
    more = amend(plan.calibration, 2024, revised, plan.unit_of)
    assert (more.later, more.added, more.unused) == (2, 2, ("bad homes[north]",))
    seen = dict(zip(more.after.problem.observations.time, more.after.problem.observations.value, strict=True))
    assert seen[2023] == 4.0e6
    assert seen[2027] == 3.0e6
    assert seen[2022] == values[2022]  # published before the forecast: what the calibration has it from is its business


def test_with_nothing_new_both_are_the_file_itself(town: Town) -> None:
    plan = watched(town, gas(0.05, YEARS), gas(0.05, range(2021, 2022)))
    found = found_of(plan)
    assert found.shift is None
    assert found.words() == "there is nothing new to fit: recalibration would change nothing"
    assert found.folders[0] == found.folders[1]
    original, _ = read_calibration(plan.path.parent / "calibration.yaml")
    assert original is not None
    assert original.amended == ""


def test_no_more_is_done_than_is_told(town: Town) -> None:
    """Where intervals are by curvature, neither profiles nor chains are made, whatever the calibration file asks for."""
    plan = watched(town, gas(0.05, YEARS), gas(0.05, range(2025, 2027)), WITH_RECALIBRATION)
    assert plan.calibration is not None
    asked = replace(plan.calibration, settings=replace(plan.calibration.settings, profiles=True, posterior="ensemble"))
    folders = found_of(replace(plan, calibration=asked)).folders
    for folder in folders:
        assert not (folder / "posterior.parquet").exists()
        assert not (folder / "profiles.csv").exists()


def test_held_out_values_stay_so_and_new_ones_do_not(town: Town) -> None:
    path = town(WITH_RECALIBRATION, table(gas(0.05, range(2025, 2027))), measured_csv=table(gas(0.05, YEARS)),
                calibration_yaml=CALIBRATION + "held out: {from: 2024}\n")  # fmt: skip
    plan, found = read_monitoring(path)
    assert plan is not None, found
    assert plan.calibration is not None
    more = amend(plan.calibration, 2024, plan.observations, plan.unit_of)
    assert more.after.problem.observations.held_out.tolist() == [False, False, False, True, False, False]


def test_what_is_there_is_not_done_again_and_a_calibrations_own_result_is_used(
    town: Town, capsys: pytest.CaptureFixture[str]
) -> None:
    old, new = gas(0.05, YEARS), gas(0.05, range(2025, 2028), seed=1)
    own = WITH_RECALIBRATION.replace("folder: kept", "folder: kept, result: own")
    path = town(own, table(new), calibration_yaml=CALIBRATION, measured_csv=table(old))
    folder = path.parent
    assert main(["calibrate", str(folder / "calibration.yaml"), "--out", str(folder / "own"), "--no-draw"]) == 0
    capsys.readouterr()
    assert main(["monitor", str(path), "--json"]) == 0
    said = capsys.readouterr()
    again = json.loads(said.out)["recalibration"]
    assert again["folders"] == [str(folder / "own"), str(folder / "kept" / "after")]
    assert '"fresh": true' in said.err
    assert not (folder / "kept" / "before").exists()
    stamps = {p: p.stat().st_mtime_ns for p in folder.rglob("*") if p.is_file()}
    assert main(["monitor", str(path), "--json"]) == 0
    said = capsys.readouterr()
    assert json.loads(said.out)["recalibration"] == again
    assert '"fresh"' not in said.err
    assert {p: p.stat().st_mtime_ns for p in folder.rglob("*") if p.is_file()} == stamps
    assert main(["monitor", str(path), "--no-recalibration", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["recalibration"] is None


def test_page_and_terminal_tell_it(town: Town, capsys: pytest.CaptureFixture[str]) -> None:
    dutch = WITH_RECALIBRATION.replace("as of", "title: {nl: De stad}\nas of")
    path = town(dutch, table(gas(0.2, range(2025, 2031), seed=1, since=2025)), calibration_yaml=CALIBRATION,
                measured_csv=table(gas(0.05, YEARS)))  # fmt: skip
    assert main(["monitor", str(path), "--out", str(path.parent / "out")]) == 0
    told = capsys.readouterr().out
    assert "move the estimates by more than chance" in " ".join(told.split())
    assert "missed -> met" in told
    page = (path.parent / "out" / "index.html").read_text(encoding="utf-8")
    for words in (
        "verschuiven de schattingen meer dan toevallig",
        "In één oogopslag",
        "wijkt af, lager dan gepland",
        "gehaald",
    ):
        assert words in page
    for words in ("on track", "was forecast", "out of reach", "move the estimates"):
        assert words not in page


def test_what_cannot_be_fitted_is_noted_and_the_rest_is_told(town: Town, capsys: pytest.CaptureFixture[str]) -> None:
    early = WITH_RECALIBRATION.replace("as of: 2024", "as of: 2020.5")
    path = town(
        early, table(gas(0.05, range(2025, 2027))), calibration_yaml=CALIBRATION, measured_csv=table(gas(0.05, YEARS))
    )
    assert main(["monitor", str(path), "--json"]) == 0
    data = json.loads(capsys.readouterr().out)
    assert data["recalibration"] is None
    assert [n for n in data["notes"] if n.startswith("what recalibration would change cannot be told: ")]
    assert not (Path(path.parent) / "kept").exists()
