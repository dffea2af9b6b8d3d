"""What must hold of every Delft model: clean, conserving, sensible at the extremes, the same with half the step."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import numpy as np
import pytest

from models.hard_data import FOLDER
from models.parameters import differences, read_table, rows_of_models
from simengine.cli.main import main as command
from simengine.model.variable import Role
from tests.delft.models import MODELS, at, indicators, load


@pytest.mark.parametrize("name", MODELS)
def test_nothing_to_report(name: str) -> None:
    assert load(name).check(strict=True) == ()


@pytest.mark.parametrize("name", MODELS)
def test_every_variable_is_explained_and_grouped(name: str) -> None:
    for view in load(name).variables.values():
        assert view.documentation.strip(), view.name
        assert view.units.strip(), view.name
        assert view.group, view.name


def test_parameters_are_those_of_the_table() -> None:
    assert differences(rows_of_models(), read_table()) == []


def test_a_difference_from_the_table_is_said() -> None:
    table = read_table()
    table[0] = table[0] | {"value": "17"}
    said = differences(rows_of_models(), table[:-1])
    assert any("`17` in the table" in s for s in said)
    assert any("not in the table" in s for s in said)


def test_every_assumption_has_a_range_and_every_mark_is_known() -> None:
    for row in read_table():
        assert row["mark"] in {"S", "A", "F", "L", "I", "D"}, row
        is_lookup = "(" in row["value"]
        if row["mark"] in {"A", "F", "L", "I"} and not is_lookup and row["variable"] != "power of the return period":
            assert row["low"], row
            assert row["high"], row
            for value in map(float, row["value"].split()):
                assert float(row["low"]) <= value <= float(row["high"]), row


def test_inputs_are_neutral_or_stated() -> None:
    stated = {
        "new homes a year",
        "labour asked by energy works",
        "labour asked by water works",
        "largest precipitation deficit",
    }
    for row in read_table():
        if row["mark"] == "I" and row["variable"] not in stated:
            assert set(row["value"].split()) <= {"0"} or set(row["value"].split()) == {"1"}, row


# --- conservation


def test_homes_are_built_and_demolished_and_otherwise_kept() -> None:
    run = load("energy").run({"SAVEPER": 0.0625})
    built = (run["building homes"] - run["demolition"]).sum("wijk").values
    expected = at(run, "total homes", 2016) + 0.0625 * np.concatenate(([0.0], np.cumsum(built[:-1])))
    np.testing.assert_allclose(run["total homes"].values, expected, rtol=1e-9)
    each = sum(
        run[n]
        for n in (
            "homes on gas badly insulated",
            "homes on gas well insulated",
            "homes on heat network",
            "all electric homes",
        )
    )
    np.testing.assert_allclose(run["homes"], each, rtol=1e-12)


def test_network_begun_is_built_or_under_way() -> None:
    run = load("energy").run()
    all_of_it = run["heat network capacity"] + run["network being built"]
    assert float((all_of_it.diff("time") + 1e-9).min()) > 0
    assert np.all(run["homes on heat network"] <= run["heat network capacity"] + 1e-6)


def test_land_is_kept() -> None:
    run = load("water").run({"depaving programme": 10, "new homes a year": 1000})
    land = run["paved area"] + run["green area"] + run["open ground"]
    for wijk in land["wijk"]:
        series = land.sel(wijk=wijk).values
        np.testing.assert_allclose(series, series[0], rtol=1e-12)


def test_sewers_are_kept() -> None:
    run = load("water").run({"separation programme": 0.1})
    total = (run["combined sewers"] + run["separate sewers"]).sum("wijk").values
    np.testing.assert_allclose(total, 233, rtol=1e-12)


def test_people_are_kept() -> None:
    run = load("jobs").run({"homes for graduates": 200, "SAVEPER": 0.0625})
    net = (run["births"] + run["arriving"] - run["deaths"] - run["leaving"]).values
    expected = 101034 + 0.0625 * np.concatenate(([0.0], np.cumsum(net[:-1])))
    np.testing.assert_allclose(run["population"].values, expected, rtol=1e-9)
    employed = run["employed residents"] + run["total unemployed"]
    np.testing.assert_allclose(employed, run["total labour force"], rtol=1e-12)


def test_rain_goes_into_the_soil_or_out_of_it() -> None:
    """Over a run, rain = evapotranspiration + drainage + change of soil moisture (saved every step)."""
    run = load("soil").run(
        {"SAVEPER": 1 / 1024}, save=["rain", "evapotranspiration", "drainage", "soil moisture"], stop=2020
    )
    step = 1 / 1024
    net = (run["rain"] - run["evapotranspiration"] - run["drainage"]).values[:-1].sum() * step
    assert net == pytest.approx(at(run, "soil moisture", 2020) - at(run, "soil moisture", 2016), abs=1e-6)


# --- extremes

EXTREMES = {
    "energy": (
        {},
        {"badly insulated share in 2016": 0.0},
        {"installer capacity": 0},
        {"homes without installers": 1e6},
        {"income index": 0},
        {"insulation subsidy": 1, "heat pump subsidy": 1, "insulation programme": 20000, "installer capacity": 1e6},
        {"heat network plan": np.full(13, 5000.0), "geothermal capacity": 0},
        {"PV programme": 1000},
        {"gas tax": 3},
        {"gas tax": -5},
        {"new homes a year": 0, "municipal cofinancing": 1000},
        {"roof taken by green roofs": np.full(13, 1e9)},
        {"climate scenario": 3},
        {"change of urban heat island": -30},
    ),
    "water": (
        {},
        {"rain intensity factor of the scenario": 0},
        {"works without staff": 1e6},
        {"municipal cofinancing": 1000},
        {"depaving programme": 1000, "tree programme": 1e6, "green roof programme": 1e7},
        {"new homes a year": 100000},
        {"separation programme": 1, "renewal rate": 1},
        {"income index": 0},
        {"largest precipitation deficit": 600, "climate scenario": 3},
        {"capacity of combined sewers": 0, "capacity of separate sewers": 0, "storage in 2016": 0},
    ),
    "jobs": (
        {},
        {"free room in 2016": 0, "extra state grant": -290.9, "extra own income": -100},
        {"students in 2016": 0, "student capacity": 0},
        {"effect of heat on climate": -1, "effect of nuisance on climate": -1},
        {"labour asked by energy works": 1e5},
        {"labour asked by energy works": 0, "labour asked by water works": 0},
        {"jobs from energy works": -1e6},
        {"training places": 1e5},
        {"campus investment": 1000},
        {"acquisition": 50000},
        {"housing programme": 10000},
        {"extra social spending": 500},
    ),
    "soil": ({}, {"climate scenario": 3}, {"root zone capacity": 1}),
}
MAY_BE_NEGATIVE = {"sewer age"}


@pytest.mark.parametrize(("name", "values"), [(m, v) for m, cases in EXTREMES.items() for v in cases], ids=str)
def test_extreme_conditions(name: str, values: dict) -> None:
    model = load(name)
    stocks = [v.name for v in model.variables.values() if v.role is Role.STOCK]
    run = model.run(values, save=[*stocks, *indicators(name)])
    assert run.failed is None
    for variable in run.names:
        assert np.isfinite(run[variable].values).all(), (values, variable)
    for stock in stocks:
        if stock not in MAY_BE_NEGATIVE:
            # rounding leaves up to a thousand-millionth of the largest value below zero
            least = -1e-9 * max(1.0, float(np.abs(run[stock].values).max()))
            assert float(run[stock].min()) >= least, (values, stock)


def test_no_budget_no_room() -> None:
    run = load("jobs").run({"extra state grant": -100, "campus investment": 5})
    assert at(run, "free room", 2050) == 0
    assert at(run, "campus investment paid", 2050) == 0
    assert at(run, "reserve", 2050) < 0.01
    assert at(run, "cuts", 2050) == pytest.approx(90, abs=1)


def test_no_rain_no_nuisance() -> None:
    run = load("water").run({"rain intensity factor of the scenario": 0})
    assert at(run, "total nuisance events", 2030) < 1e-4
    assert at(run, "total damage", 2030) < 1e-3


def test_all_homes_insulated_nothing_to_insulate() -> None:
    run = load("energy").run({"badly insulated share in 2016": 0})
    assert float(run["insulating"].max()) == 0
    assert float(run["insulation investment"].max()) == 0
    assert at(run, "total gas use", 2016) == pytest.approx(1472.29, rel=1e-4)


def test_no_students_no_start_ups() -> None:
    run = load("jobs").run({"students in 2016": 0, "student capacity": 0})
    assert float(run["start ups"].max()) == 0
    assert float(run["graduates kept"].max()) == 0


def test_no_installers_nothing_is_treated() -> None:
    run = load("energy").run({"installer capacity": 0})
    assert (
        float(run["insulating"].max())
        == float(run["connecting"].max())
        == float(run["switching to a heat pump"].max())
        == 0
    )


# --- levers and inputs do what they say

EFFECTS = (
    ("energy", {"insulation subsidy": 0.5}, "total gas use", -1),
    ("energy", {"heat pump subsidy": 0.5}, "homes off gas share", 1),
    ("energy", {"insulation programme": 500}, "total gas use", -1),
    ("energy", {"PV programme": 5}, "solar generation", 1),
    ("energy", {"gas tax": 1}, "total gas use", -1),
    ("energy", {"heat network start": 2045}, "homes off gas share", -1),
    ("energy", {"heat source": 0}, "total CO2 emissions", 1),
    ("energy", {"income index": 1.2}, "total gas use", -1),
    ("energy", {"homes without installers": 500}, "total gas use", 1),
    ("energy", {"municipal cofinancing": 5}, "total gas use", -1),
    ("energy", {"change of urban heat island": -1}, "total electricity use", -1),
    ("energy", {"new homes a year": 700}, "total homes", 1),
    ("energy", {"grid carbon factor": 2}, "total CO2 emissions", 1),
    ("energy", {"climate scenario": 2}, "total gas use", -1),
    ("water", {"green roof programme": 20000}, "total nuisance events", -1),
    ("water", {"storage programme": 0.5}, "total nuisance events", -1),
    ("water", {"separation programme": 0.05}, "total combined share", -1),
    ("water", {"depaving programme": 3}, "total heat stress days", -1),
    ("water", {"tree programme": 1000}, "total green share", 1),
    ("water", {"water square programme": 2000}, "total damage", -1),
    ("water", {"climate scenario": 2}, "total nuisance events", 1),
    ("water", {"new homes a year": 700}, "total nuisance events", 1),
    ("water", {"income index": 1.5}, "total green share", 1),
    ("water", {"municipal cofinancing": 5}, "total nuisance events", -1),
    ("water", {"works without staff": 1}, "total combined share", 1),
    ("water", {"renewal rate": 0.03}, "total sewer age", -1),
    ("jobs", {"campus investment": 5}, "total jobs", 1),
    ("jobs", {"protected floor": 1}, "floor of a job", 1),
    ("jobs", {"floor programme": 20000}, "floor of a job", 1),
    ("jobs", {"homes for graduates": 100}, "graduate retention", 1),
    ("jobs", {"acquisition": 100}, "total jobs", 1),
    ("jobs", {"housing programme": 440}, "population", 1),
    ("jobs", {"labour asked by energy works": 400}, "technical vacancies", 1),
    ("jobs", {"jobs from energy works": {2016: 0, 2020: 500}}, "total unemployed", -1),
    ("jobs", {"effect of energy on climate": 0.1}, "total jobs", 1),
    ("jobs", {"extra own income": 5}, "free room", 1),
    ("jobs", {"extra social spending": 5}, "free room", -1),
)


@pytest.mark.parametrize(("name", "values", "indicator", "sign"), EFFECTS, ids=str)
def test_levers_and_inputs_act_the_right_way(name: str, values: dict, indicator: str, sign: int) -> None:
    before = load(name).run(save=[indicator])
    after = load(name).run(values, save=[indicator])
    assert sign * (at(after, indicator, 2050) - at(before, indicator, 2050)) > 1e-6 * abs(at(before, indicator, 2050))


def test_heat_from_surface_water_replaces_gas_in_the_networks() -> None:
    run = load("energy").run({"heat source": 0, "heat from surface water": 50})
    less = load("energy").run({"heat source": 0})
    saved = at(less, "total CO2 emissions", 2030) - at(run, "total CO2 emissions", 2030)
    assert saved == pytest.approx(50 * (0.036 - 0.006), rel=1e-6)


def test_trained_people_end_a_shortage() -> None:
    asked = {"labour asked by energy works": 400}
    without = load("jobs").run(asked, save=["technical vacancies"])
    with_places = load("jobs").run({**asked, "training places": 30}, save=["technical vacancies"])
    assert at(with_places, "technical vacancies", 2030) < at(without, "technical vacancies", 2030)


def test_opening_the_street_once_is_cheaper() -> None:
    trenching = {"heat network trenching": np.full(13, 0.2)}
    run = load("water").run(trenching)
    assert at(run, "total saved by shared digging", 2030) > 0
    assert at(load("water").run({**trenching, "work with work": 0}), "total saved by shared digging", 2030) == 0


# --- numerics


@pytest.mark.parametrize("name", MODELS)
def test_half_the_step_changes_little(name: str) -> None:
    model = load(name)
    shown = indicators(name)
    whole = float(model.variables["TIME STEP"].value)
    coarse, fine = model.run(save=shown), model.run(save=shown, time_step=whole / 2)
    for variable in shown:
        scale = float(np.abs(fine[variable].values).max())
        apart = float(np.abs(coarse[variable].values - fine[variable].values).max())
        assert apart <= 5e-3 * scale + 1e-12, (variable, apart / scale if scale else 0)


# --- peers


def copied(name: str, to: Path, **changed: str) -> Path:
    """Return a copy of a model with its data, its own times changed: PySD takes a hundred thousand times as long."""
    text = (FOLDER / f"{name}.mdl").read_text(encoding="utf-8")
    for key, value in changed.items():
        text, times = re.subn(rf"(?m)(?<=^{key.replace('_', ' ')}=\n\t)[\d.]+$", value, text)
        assert times == 1
    (to / f"{name}.mdl").write_text(text, encoding="utf-8")
    shutil.copytree(FOLDER / "data", to / "data")
    return to / f"{name}.mdl"


@pytest.mark.parametrize("name", ["energy", "water", "jobs"])
def test_simlin_agrees(name: str) -> None:
    pytest.importorskip("simlin")
    assert command(["compare", str(FOLDER / f"{name}.mdl"), "--with", "simlin", "--tolerance", "1e-9", "--json"]) == 0


@pytest.mark.parametrize(
    ("name", "changed"),
    [
        ("energy", {"FINAL_TIME": "2024", "TIME_STEP": "0.25"}),
        ("water", {"FINAL_TIME": "2024", "TIME_STEP": "0.25"}),
        ("jobs", {"FINAL_TIME": "2024", "TIME_STEP": "0.25"}),
        ("soil", {"FINAL_TIME": "2016.1"}),
    ],
    ids=str,
)
def test_pysd_agrees(name: str, changed: dict[str, str], tmp_path: Path) -> None:
    """On the years with data; a day of the soil takes PySD as long as a year of the others.

    With longer steps the numbers are worse ones, but both engines have to give the same.
    """
    pytest.importorskip("pysd")
    model = copied(name, tmp_path, **changed)
    assert command(["compare", str(model), "--with", "pysd", "--tolerance", "1e-9", "--json"]) == 0
