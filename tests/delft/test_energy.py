"""Delft's first energy model: sound, near the data, conserving homes, the same in other engines."""

from __future__ import annotations

import numpy as np
import pytest

import simengine as se
from models.demo import TOLERANCE, main
from models.hard_data import FOLDER, read_energy

MODEL = FOLDER / "energy.mdl"


@pytest.fixture(scope="module")
def model() -> se.Model:
    return se.load(MODEL)


def test_nothing_to_report(model: se.Model) -> None:
    assert model.check(strict=True) == ()


@pytest.mark.parametrize("name", list(TOLERANCE))
def test_near_the_hard_data(model: se.Model, name: str) -> None:
    run = model.run(save=[name])
    for year, value in read_energy()[name].items():
        assert float(run[name].sel(time=year)) == pytest.approx(value, rel=TOLERANCE[name])


def test_districts_add_up_to_the_city(model: se.Model) -> None:
    run = model.run()
    np.testing.assert_allclose(run["gas use"].sum("wijk"), run["total gas use"], rtol=1e-12)


def test_homes_are_only_built_never_lost(model: se.Model) -> None:
    run = model.run(save=["total homes", "new homes a year"])
    built = 263.0 * (run.times - run.times[0])
    np.testing.assert_allclose(run["total homes"].values, run["total homes"].values[0] + built, rtol=1e-9)


def test_extreme_conditions(model: se.Model) -> None:
    stocks = ["homes on gas badly insulated", "homes on gas well insulated", "homes on heat network", "solar power"]
    for values in ({"insulation rate": 0}, {"insulation rate": 1}, {"heat pump rate": 1}, {"new homes a year": 0}):
        run = model.run(values, save=stocks)
        assert run.failed is None
        for name in stocks:
            # a ratio of two vanishing stocks shares out the connections: rounding leaves a millionth of a home
            assert float(run[name].min()) >= -1e-6, (values, name)


def test_half_the_step_changes_little(model: se.Model) -> None:
    coarse = model.run(save=["total gas use", "CO2 emissions"])
    fine = model.run(save=["total gas use", "CO2 emissions"], time_step=0.0625)
    for name in coarse.names:
        np.testing.assert_allclose(coarse[name].values, fine[name].values, rtol=5e-3)


def test_the_ridge_between_insulation_and_price(model: se.Model) -> None:
    """Two fits equally near the data, apart in 2040: what no single best fit would show."""
    low = model.run({"insulation rate": 0.02, "price elasticity": -0.31}, save=["total gas use"])
    high = model.run({"insulation rate": 0.06, "price elasticity": -0.256}, save=["total gas use"])
    data = read_energy()["total gas use"]
    for run in (low, high):
        assert max(abs(float(run["total gas use"].sel(time=y)) / v - 1) for y, v in data.items()) < 0.02
    apart = [float(r["total gas use"].sel(time=2040)) for r in (low, high)]
    assert apart[0] - apart[1] > 40


def test_the_demo_keeps_what_it_promises(capsys: pytest.CaptureFixture[str]) -> None:
    assert main() == 0
    assert "2050" in capsys.readouterr().out


def test_pysd_agrees() -> None:
    from simengine.cli.main import main as command

    assert command(["compare", str(MODEL), "--with", "pysd", "--tolerance", "1e-10", "--json"]) == 0
