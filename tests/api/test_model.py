"""The public face: load, look, run, change."""

from __future__ import annotations

import pickle
from pathlib import Path

import numpy as np
import pytest

import simengine as se

TEXT = """{UTF-8}
D: north, south ~~|
rate = 0.1 ~ 1/Year [0,1,0.01] ~ How fast. |
size[D] = 1, 2 ~ home ~|
level[D] = INTEG(rate * level[D], size[D]) ~ home ~|
total = SUM(level[D!]) ~ home ~|
price table((0,1),(10,2)) ~ EUR ~|
price = price table(Time) ~ EUR ~|
plan = 3 * rate ~ 1/Year ~|
odd = 1 / (Time - 5) ~ ~|
INITIAL TIME = 0 ~ Year ~|
FINAL TIME = 4 ~ Year ~|
TIME STEP = 0.5 ~ Year ~|
SAVEPER = 1 ~ Year ~|
"""


@pytest.fixture
def model(tmp_path: Path) -> se.Model:
    path = tmp_path / "homes.mdl"
    path.write_text(TEXT, encoding="utf-8")
    return se.load(path)


def test_variables_are_found_however_they_are_typed(model: se.Model) -> None:
    assert model.variables["RATE"].units == "1/Year"
    assert model.variables["pricetable"].name == "price table"
    assert model.variables["level"].elements == (("north", "south"),)
    assert model.variables["rate"].range is not None
    assert "How fast" in model.variables["rate"].documentation
    with pytest.raises(KeyError, match="did you mean `total`"):
        model.variables["totl"]


def test_a_run_gives_labelled_values(model: se.Model) -> None:
    run = model.run()
    level = run["level"]
    assert level.dims == ("time", "D")
    assert level.attrs["units"] == "home"
    assert list(level.coords["D"].values) == ["north", "south"]
    assert run.times.tolist() == [0, 1, 2, 3, 4]
    # Euler: (1 + 0.1 * 0.5) a step, two steps a year
    np.testing.assert_allclose(level.sel(D="south").values, 2 * 1.05 ** (2 * np.arange(5)), rtol=1e-14)
    frame = run.to_dataframe()
    assert frame.index.name == "time"
    assert {"level[north]", "level[south]", "total", "rate", "FINAL TIME"} <= set(frame.columns)
    assert "price table" not in frame.columns


def test_values_of_every_kind(model: se.Model) -> None:
    assert model.run({"rate": 0.2}, save=["rate"])["rate"].values[0] == 0.2
    assert model.run({"rate": "20 %/year"}, save=["rate"])["rate"].values[0] == pytest.approx(0.2)
    assert model.run({"size": [3, 4]}, save=["level"])["level"].values[0].tolist() == [3, 4]
    assert model.run({"size[south]": 9}, save=["level"])["level"].values[0].tolist() == [1, 9]
    series = model.run({"rate": {0: 0, 4: 0.4}}, save=["rate"])["rate"].values
    np.testing.assert_allclose(series, [0, 0.1, 0.2, 0.3, 0.4])
    assert model.run({"price table": {0: 5, 10: 5}}, save=["price"])["price"].values.tolist() == [5] * 5
    assert model.run({"plan": 7}, save=["plan"])["plan"].values.tolist() == [7] * 5
    assert model.run({"level": 10}, save=["level"])["level"].values[0].tolist() == [10, 10]
    assert model.run({"level": [3, 5]}, save=["level"])["level"].values[0].tolist() == [3, 5]
    assert model.run(start=1, stop=2, time_step=0.25, save=["total"]).times.tolist() == [1, 2]


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"rat": 1}, "did you mean `rate`"),
        ({"rate": "3 EUR"}, "rate"),
        ({"rate": "fast"}, "fast"),
        ({"rate": [1, 2]}, "one number"),
        ({"size": [1, 2, 3]}, "D \\(2\\)"),
        ({"size[west]": 1}, "no element `west`"),
        ({"size[north,south]": 1}, "subscripted by"),
        ({"price table": 3}, "lookup"),
        ({"rate": {}}, "no points"),
    ],
)
def test_what_does_not_fit_is_refused(model: se.Model, values: dict[str, object], message: str) -> None:
    with pytest.raises(se.InputError, match=message):
        model.run(values)


def test_what_to_save_may_be_a_pattern(model: se.Model) -> None:
    assert model.run(save=["pri*"]).names == ("price",)
    with pytest.raises(se.InputError, match="did you mean `total`"):
        model.run(save=["totall"])
    with pytest.raises(se.InputError, match="was not saved"):
        model.run(save=["total"])["price"]


@pytest.mark.parametrize("save", [3, [3], [None]])
def test_what_to_save_is_given_by_names(model: se.Model, save: object) -> None:
    with pytest.raises(se.InputError, match="by names, not by"):
        model.run(save=save)


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"seed": "x"}, "seed must be a whole number"),
        ({"seed": 1.5}, "seed must be a whole number"),
        ({"threads": 0}, "at least one thread"),
        ({"threads": "two"}, "at least one thread"),
    ],
)
def test_seeds_and_threads_are_whole_numbers(model: se.Model, given: dict[str, object], message: str) -> None:
    with pytest.raises(se.InputError, match=message):
        model.ensemble({"rate": [0.1, 0.2]}, **given)
    model.ensemble({"rate": [0.1, 0.2]}, seed=np.int64(3), threads=np.int64(1))


def test_an_ensemble_equals_its_single_runs_bit_for_bit(model: se.Model) -> None:
    rates = np.linspace(-0.3, 0.7, 17)
    ensemble = model.ensemble({"rate": rates}, save=["level", "price"])
    assert ensemble["level"].dims == ("run", "time", "D")
    for number, rate in enumerate(rates):
        alone = model.run({"rate": float(rate)}, save=["level", "price"])
        np.testing.assert_array_equal(ensemble.values("level")[number], alone.values("level"))
    with pytest.raises(se.InputError, match="must have one length"):
        model.ensemble({"rate": [1, 2, 3], "plan": [1, 2]})


def test_a_failed_run_is_told_and_kept(tmp_path: Path) -> None:
    path = tmp_path / "fails.mdl"
    path.write_text(TEXT.replace("FINAL TIME = 4", "FINAL TIME = 8"), encoding="utf-8")
    model = se.load(path)
    with pytest.warns(se.RunWarning, match="`odd` at time 5"):
        run = model.run()
    assert run.failed is not None
    assert run.failed.variable == "odd"
    assert run.failed.time == 5
    assert np.isfinite(run["total"].values).all()
    with pytest.warns(se.RunWarning, match="2 of 2 runs"):
        failures = model.ensemble({"rate": [0.1, 0.2]}, save=["odd"]).failed
    assert sorted(failures) == [0, 1]


def test_a_model_can_be_pickled(model: se.Model) -> None:
    again = pickle.loads(pickle.dumps(model))
    np.testing.assert_array_equal(again.run().values("level"), model.run().values("level"))


def test_unknown_methods_and_files_are_refused(model: se.Model, tmp_path: Path) -> None:
    with pytest.raises(se.InputError, match="there are euler, .*bdf"):
        model.run(integration="rk5")
    with pytest.raises(se.ModelError) as missing:
        se.load(tmp_path / "home.mdl")
    assert "homes.mdl" in missing.value.diagnostics[0].help[0]
    docx = tmp_path / "model.docx"
    docx.write_bytes(b"")
    with pytest.raises(se.ModelError) as other:
        se.load(docx)
    assert other.value.diagnostics[0].code == "unsupported-file"


@pytest.mark.parametrize("method", ["rk2", "rk4", "rk45", "bdf"])
def test_better_methods_come_nearer_the_solution(model: se.Model, method: str) -> None:
    exact = 2 * np.exp(0.1 * np.arange(5))
    euler = np.abs(model.run()["level"].sel(D="south").values - exact).max()
    better = np.abs(model.run(integration=method)["level"].sel(D="south").values - exact).max()
    assert better < euler / 50
