"""The calibrations of Delft: what they find, what they say of it, and the page about them."""

from __future__ import annotations

import csv
import json
from functools import cache
from pathlib import Path

import numpy as np
import pytest

from docs import past
from docs.past_page import FIGURES, PAGE, write
from models.hard_data import read_history, read_rows
from models.history import SHARE_OF_DELFT
from simengine.calibrate.curvature import look_at_curvature
from simengine.calibrate.local import Found, search_local
from simengine.calibrate.plan import Calibration, load_calibration
from simengine.calibrate.surface import Surface
from tests.delft.models import load

ROOT = Path(__file__).resolve().parents[2]
LIMITS = {"gas": 0.02, "electricity": 0.02, "solar": 0.15}


@cache
def calibration(name: str) -> Calibration:
    return load_calibration(ROOT / "calibration" / f"{name}.yaml")


@cache
def searched(name: str) -> tuple[Surface, Found]:
    surface = Surface(calibration(name).problem)
    return surface, search_local(surface, surface.complete(surface.problem.start[None])[0][0])


@pytest.mark.parametrize("name", past.FILES)
def test_calibrations_have_nothing_wrong(name: str) -> None:
    assert [d.code for d in calibration(name).diagnostics] == []
    assert calibration(name).problem.derivatives == "exact"


def test_energy_is_within_its_limits() -> None:
    surface, best = searched("energy")
    predicted = surface.problem.predict(best.full[None, : surface.width])[0]
    for s in surface.problem.series:
        errors = np.abs(predicted[s.rows] / surface.problem.observations.value[s.rows] - 1.0)
        assert errors.max() <= LIMITS[s.fit], s.fit


def test_energy_tells_its_ridge_and_its_bound() -> None:
    surface, best = searched("energy")
    told = look_at_curvature(surface, best.full)
    assert [h.name for h in told.hits] == ["insulation rate"]
    assert [set(d.names) for d in told.directions] == [{"insulation rate", "price elasticity"}]
    assert "move together" in told.directions[0].text
    words = {v.name: v.word for v in told.verdicts}
    assert (words["insulation rate"], words["price elasticity"]) == ("at bound", "together")


def test_the_ridge_is_there_in_the_coupled_model_too() -> None:
    surface, best = searched("coupled")
    told = look_at_curvature(surface, best.full)
    assert [set(d.names) for d in told.directions] == [{"energy.insulation rate", "energy.price elasticity"}]
    predicted = surface.problem.predict(best.full[None, : surface.width])[0]
    np.testing.assert_allclose(predicted, surface.problem.observations.value, rtol=0.02)


def test_ranges_of_parameters_are_those_of_the_models() -> None:
    """But for the elasticity: its range in the table is what an earlier fit found."""
    with (ROOT / "models" / "parameters.csv").open(encoding="utf-8") as file:
        table = {r["variable"]: r for r in csv.DictReader(file) if r["model"] == "energy"}
    for p in (*calibration("energy").problem.parameters, *calibration("services").problem.parameters):
        if p.name != "price elasticity":
            assert (p.low, p.high) == pytest.approx((float(table[p.name]["low"]), float(table[p.name]["high"])))


def test_the_region_of_2000_is_where_jobs_begin() -> None:
    sectors = ("knowledge sector", "service sector", "other sector")
    begun = [calibration("jobs").fixed[f"regional jobs in 2016[{s}]"] for s in sectors]
    expected = [read_history("jobs")["jobs", s][2000] / SHARE_OF_DELFT for s in sectors]
    np.testing.assert_allclose(np.asarray(begun, dtype=np.float64), expected)


def test_rain_is_the_published_table_and_its_formula_holds_where_it_was_not_fitted() -> None:
    with (ROOT / "calibration" / "rain.csv").open(encoding="utf-8") as file:
        rows = [float(r["value"]) for r in csv.DictReader(file)]
    assert rows == [float(r["ref"]) for r in read_rows("extreme_rain")]
    surface, best = searched("water")
    seen = surface.problem.observations
    predicted = surface.problem.predict(best.full[None, :2])[0]
    assert int(seen.held_out.sum()) == 1
    np.testing.assert_allclose(predicted, seen.value, rtol=0.02)
    power = float(load("water").variables["power of the return period"].value)
    assert best.full[1] == pytest.approx(power, rel=0.01)


def test_students_run_into_their_bound_and_miss_what_was_held_out() -> None:
    surface, best = searched("students")
    told = look_at_curvature(surface, best.full)
    assert [(h.name, h.end) for h in told.hits] == [("student capacity", "high")]
    seen = surface.problem.observations
    error = surface.problem.predict(best.full[None, :2])[0] / seen.value - 1.0
    assert np.abs(error[~seen.held_out]).max() < 0.01
    assert error[seen.held_out][-1] > 0.05


# --- the page


@cache
def figures() -> dict[str, object]:
    return dict(json.loads(FIGURES.read_text(encoding="utf-8")))


def test_the_page_is_what_its_figures_make() -> None:
    assert PAGE.read_text(encoding="utf-8") == write(figures())


def test_the_ridge_of_the_page_is_found_again() -> None:
    kept = figures()["ridge, others fixed"]
    assert isinstance(kept, list)
    for point, old in zip(past.ridge(others=False), kept, strict=True):
        assert point.elasticity == pytest.approx(old["elasticity"], abs=2e-3)
        assert point.gas == pytest.approx(old["gas"], abs=2.0)
        assert point.gas_without_network == pytest.approx(old["gas_without_network"], abs=2.0)


def test_gas_of_2040_is_a_range_that_covers_that_of_the_prototype() -> None:
    gas = figures()["gas in 2040"]
    assert isinstance(gas, dict)
    assert gas["none"]["low 90"] < 814.0
    assert gas["none"]["high 90"] > 954.0
