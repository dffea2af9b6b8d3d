"""`Model.gradient`: exact, labelled, refused where it cannot be had."""

from __future__ import annotations

import warnings
from pathlib import Path

import numpy as np
import pytest

import simengine as se
from tests.conftest import ROOT

TEACUP = ROOT / "tests" / "models" / "teacup.mdl"


def test_the_teacup_has_the_derivatives_of_its_formula() -> None:
    model = se.load(TEACUP)
    wrt = ["Room Temperature", "Characteristic Time", "Teacup Temperature"]
    value, derivative = model.gradient({}, wrt=wrt, outputs=["Teacup Temperature"])
    assert value.dims == ("time", "output")
    assert derivative.dims == ("time", "output", "wrt")
    assert derivative["wrt"].values.tolist() == wrt
    assert np.array_equal(value.values[:, 0], model.run()["Teacup Temperature"].values)
    steps = np.arange(241)
    keep = 1 - 0.125 / 10
    assert np.allclose(derivative.sel(wrt="Teacup Temperature").values[:, 0], keep**steps, rtol=1e-12)
    assert np.allclose(derivative.sel(wrt="Room Temperature").values[:, 0], 1 - keep**steps, rtol=1e-12, atol=1e-15)
    by_time = (180 - 70) * steps * keep ** np.maximum(steps - 1, 0) * 0.125 / 100
    assert np.allclose(derivative.sel(wrt="Characteristic Time").values[:, 0], by_time, rtol=1e-12)


MODEL = """{UTF-8}
district: north, south ~~|
homes[district] = 100, 200 ~~|
rate = 0.1 ~~|
insulated[district] = INTEG(homes[district] * rate - insulated[district] / life, begin[district]) ~~|
begin[district] = 5 ~~|
life = 20 ~~|
total = SUM(insulated[district!]) ~~|
late = SMOOTH3(total, 3) ~~|
unused = 3 ~~|
table((0,0),(100,1),(1000,4)) ~~|
effect = table(total) * MAX(late, 50) ~~|
INITIAL TIME = 0 ~~|
FINAL TIME = 8 ~~|
TIME STEP = 0.5 ~~|
SAVEPER = 1 ~~|
"""


@pytest.fixture
def model(tmp_path: Path) -> se.Model:
    path = tmp_path / "homes.mdl"
    path.write_text(MODEL)
    return se.load(path)


@pytest.mark.parametrize("method", ["euler", "rk4"])
def test_arrays_delays_and_lookups_agree_with_differences(model: se.Model, method: str) -> None:
    outputs = ["effect", "late", "insulated"]
    values = {"rate": 0.13}
    value, derivative = model.gradient(
        values, wrt=["rate", "life", "homes", "begin[south]"], outputs=outputs, integration=method
    )
    assert derivative["wrt"].values.tolist() == ["rate", "life", "homes[north]", "homes[south]", "begin[south]"]
    assert set(value["output"].values.tolist()) == {"effect", "insulated[north]", "insulated[south]", "late"}
    base = {"rate": 0.13, "life": 20.0, "homes[north]": 100.0, "homes[south]": 200.0, "begin[south]": 5.0}
    for name, at in base.items():
        step = 1e-5 * at
        low, high = (
            model.run({**values, name: x}, save=outputs, integration=method).to_dataframe()
            for x in (at - step, at + step)
        )
        difference = (high - low) / (2 * step)
        exact = derivative.sel(wrt=name).to_pandas()
        assert np.allclose(exact.to_numpy(), difference[exact.columns].to_numpy(), rtol=2e-6, atol=1e-6), name


def test_an_initial_value_that_is_an_input_stands_for_itself(model: se.Model) -> None:
    _, derivative = model.gradient({}, wrt=["insulated", "begin"], outputs=["total"])
    keep = (1 - 0.5 / 20) ** (2 * np.arange(9))
    assert np.allclose(derivative.sel(wrt="insulated[north]").values[:, 0], keep, rtol=1e-13)
    assert np.all(derivative.sel(wrt="begin[north]").values == 0)


def test_what_an_output_does_not_need_has_derivative_zero(model: se.Model) -> None:
    _, derivative = model.gradient({}, wrt=["unused", "rate"], outputs=["total"])
    assert np.all(derivative.sel(wrt="unused").values == 0)
    assert np.any(derivative.sel(wrt="rate").values != 0)


def test_more_inputs_than_lanes(model: se.Model) -> None:
    names = ["rate", "life", "homes", "begin"]
    _, together = model.gradient({}, wrt=names, outputs=["effect"])
    for name in together["wrt"].values:
        _, alone = model.gradient({}, wrt=[name], outputs=["effect"])
        assert np.array_equal(alone.values[..., 0], together.sel(wrt=name).values)


@pytest.mark.parametrize(
    ("wrt", "message"),
    [
        (["rat"], "no variable is called `rat`; did you mean `rate`"),
        (["total"], "`total` is computed by an equation: derivatives are by constants"),
        ([], "none is given"),
        ("rate", "none is given"),
        (["rate", "Rate"], "named twice"),
        (["TIME STEP"], "no derivative passes through the steps of time"),
    ],
)
def test_what_is_refused(model: se.Model, wrt: object, message: str) -> None:
    with pytest.raises(se.InputError, match=message):
        model.gradient({}, wrt=wrt, outputs=["total"])  # type: ignore[arg-type]


def test_an_adaptive_method_is_refused(model: se.Model) -> None:
    with pytest.raises(se.InputError, match="fixed steps, not rk45"):
        model.gradient({}, wrt=["rate"], outputs=["total"], integration="rk45")


def test_draws_have_derivatives_by_their_arguments(tmp_path: Path) -> None:
    path = tmp_path / "noise.mdl"
    path.write_text(
        "mean = 2 ~~|\nsd = 3 ~~|\nx = RANDOM NORMAL(0, 9, mean, sd, 7) ~~|\n"
        "y = RANDOM LOGNORMAL(0, 1e9, mean, sd, 0, 1, 7) + RANDOM WEIBULL(0, 99, mean, 0, sd, 7) ~~|\n"
        "INITIAL TIME = 0 ~~|\nFINAL TIME = 20 ~~|\nTIME STEP = 1 ~~|\nSAVEPER = 1 ~~|\n"
    )
    model = se.load(path)
    _, derivative = model.gradient({}, wrt=["mean", "sd"], outputs=["x", "y"])
    for place, name in enumerate(("mean", "sd")):
        at, step = {"mean": 2.0, "sd": 3.0}, 1e-5
        above, below = (model.run(at | {name: at[name] + move}) for move in (step, -step))
        for column, output in enumerate(("x", "y")):
            slope = (above.values(output) - below.values(output)) / (2 * step)
            assert np.allclose(derivative.values[:, column, place], slope, rtol=1e-6, atol=1e-8)


def test_noise_is_the_same_in_every_direction(tmp_path: Path) -> None:
    path = tmp_path / "noise.mdl"
    path.write_text(
        "a = 2 ~~|\nb = 3 ~~|\nx = a * RANDOM UNIFORM(0, 1, 5) + b * RANDOM NORMAL(-9, 9, 0, 1, 7) ~~|\n"
        "INITIAL TIME = 0 ~~|\nFINAL TIME = 5 ~~|\nTIME STEP = 1 ~~|\nSAVEPER = 1 ~~|\n"
    )
    model = se.load(path)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        value, derivative = model.gradient({}, wrt=["a", "b"], outputs=["x"])
    assert np.array_equal(value.values[:, 0], model.run()["x"].values)
    assert np.allclose(2 * derivative.values[:, 0, 0] + 3 * derivative.values[:, 0, 1], value.values[:, 0], rtol=1e-13)
