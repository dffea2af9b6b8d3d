"""`Model.gradients`: for each run what `Model.gradient` gives it alone, in one ensemble."""

from __future__ import annotations

import warnings
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import simengine as se
from simengine.source.diagnostic import InputError, RunWarning
from tests.api.test_gradient import MODEL

WRT = ["rate", "homes[south]", "insulated", "table", "unused", "life"]
OUTPUTS = ["effect", "insulated", "late"]


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> se.Model:
    path: Path = tmp_path_factory.mktemp("gradients") / "homes.mdl"
    path.write_text(MODEL)
    return se.load(path)


def assert_same(model: se.Model, values: dict[str, Any], integration: str | None = None) -> None:
    value, derivative = model.gradients(values, WRT, OUTPUTS, integration)
    assert value.dims == ("run", "time", "output")
    assert derivative.dims == ("run", "time", "output", "wrt")
    for run in range(value.sizes["run"]):
        own = {n: v[run] if isinstance(v, np.ndarray) else v for n, v in values.items()}
        alone_value, alone = model.gradient(own, WRT, OUTPUTS, integration)
        assert alone["wrt"].values.tolist() == derivative["wrt"].values.tolist()
        assert np.array_equal(value.values[run], alone_value.values)
        assert np.array_equal(derivative.values[run], alone.values)


@pytest.mark.parametrize("integration", [None, "rk4"])
def test_every_run_has_the_bits_it_has_alone(model: se.Model, integration: str | None) -> None:
    rates = np.linspace(0.05, 0.3, 11)
    begin = np.linspace(1.0, 40.0, 22).reshape(11, 2)
    assert_same(model, {"rate": rates, "insulated": begin, "life": 15.0}, integration)


@settings(max_examples=8, deadline=None)
@given(st.lists(st.floats(0.01, 0.5), min_size=1, max_size=5))
def test_whatever_other_runs_there_are(model: se.Model, rates: list[float]) -> None:
    assert_same(model, {"rate": np.array(rates)})


def test_initial_values_of_the_model_are_those_of_each_run(model: se.Model) -> None:
    values = {"begin[north]": np.array([3.0, 8.0])}
    value, derivative = model.gradients(values, ["insulated"], ["insulated"])
    assert value.values[:, 0, 0].tolist() == [3.0, 8.0]
    assert derivative.values[:, 0].tolist() == [np.eye(2).tolist()] * 2


def test_points_of_lookups_may_differ(model: se.Model) -> None:
    tops = np.array([3.0, 5.0])
    _, derivative = model.gradients({"table": [(0, 0), (100, tops / 3), (1000, tops)]}, ["table"], ["effect"])
    assert derivative["wrt"].values.tolist() == ["table(0)", "table(100)", "table(1000)"]
    assert np.isfinite(derivative).all()


def test_failed_runs_are_told_and_change_no_other(model: se.Model) -> None:
    lives = np.array([20.0, 0.0, 10.0])
    with pytest.warns(RunWarning, match="1 of 3 runs"):
        _, derivative = model.gradients({"life": lives}, ["rate"], ["total"])
    assert np.isfinite(derivative.values[[0, 2]]).all()
    assert not np.isfinite(derivative.values[1]).all()
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        _, good = model.gradients({"life": lives[[0, 2]]}, ["rate"], ["total"])
    assert np.array_equal(good.values, derivative.values[[0, 2]])


def test_what_makes_no_ensemble_is_refused(model: se.Model) -> None:
    with pytest.raises(InputError, match="at least one array"):
        model.gradients({"rate": 0.2}, ["rate"], ["total"])
    with pytest.raises(InputError, match="computed by an equation"):
        model.gradients({"rate": np.array([0.1, 0.2])}, ["total"], ["total"])
    with pytest.raises(InputError, match="method of fixed steps"):
        model.gradients({"rate": np.array([0.1, 0.2])}, ["rate"], ["total"], "rk45")
