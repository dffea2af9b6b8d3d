"""Quantiles over runs, without the runs."""

from __future__ import annotations

import tracemalloc
import warnings
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pytest

import simengine as se
from tests.api.model_text import load_text
from tests.conftest import ROOT

TEACUP = ROOT / "tests" / "models" / "teacup.mdl"
ROOM = np.random.default_rng(3).normal(70, 9, 2000)


@pytest.fixture(scope="module")
def model() -> se.Model:
    return se.load(TEACUP)


def test_they_are_near_the_quantiles_of_the_runs(model: se.Model) -> None:
    runs = model.ensemble({"Room Temperature": ROOM}, save=["Teacup Temperature"])
    fan = model.quantiles({"Room Temperature": ROOM}, levels=[0, 0.1, 0.5, 1], save=["Teacup Temperature"])
    assert fan.size == 2000
    assert fan.levels == (0.0, 0.1, 0.5, 1.0)
    array = fan["Teacup Temperature"]
    assert array.dims == ("quantile", "time")
    exact = np.quantile(runs.values("Teacup Temperature"), fan.levels, axis=0, method="inverted_cdf")
    assert np.allclose(array.values, exact, rtol=5e-4)
    assert repr(fan) == "<Quantiles 0, 0.1, 0.5, 1 of 2000 runs; 1 variables>"


def test_they_do_not_depend_on_threads_nor_on_the_order_of_runs(model: se.Model) -> None:
    first = model.quantiles({"Room Temperature": ROOM}, threads=1)
    second = model.quantiles({"Room Temperature": ROOM[::-1]}, threads=2)
    for name in first:
        assert np.array_equal(first.values(name), second.values(name))


def test_of_statistics(model: se.Model) -> None:
    fan = model.quantiles({"Room Temperature": ROOM}, levels=[0.5], keep=["final", "maximum"])
    assert fan["Teacup Temperature"].dims == ("quantile", "statistic")
    assert fan.to_dataframe().index.names == ["quantile", "statistic"]


def test_runs_that_fail_are_told_and_not_counted(tmp_path: Path) -> None:
    path = tmp_path / "pole.mdl"
    path.write_text(
        "a = 1 ~~|\nx = 1 / a ~~|\nINITIAL TIME = 0 ~~|\nFINAL TIME = 2 ~~|\nTIME STEP = 1 ~~|\nSAVEPER = 1 ~~|\n"
    )
    model = se.load(path)
    with pytest.warns(se.RunWarning, match="1 of 3 runs of `pole` fail; the first, run 1: `x`"):
        fan = model.quantiles({"a": [1, 0, 2]}, levels=[0, 1])
    assert fan.size == 2
    assert list(fan.failed) == [1]
    assert np.allclose(fan.values("x")[:, 0], [0.5, 1], rtol=5e-4)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        model.quantiles({"a": [1, 3, 2]})


def test_files_have_a_column_of_levels(model: se.Model, tmp_path: Path) -> None:
    fan = model.quantiles({"Room Temperature": ROOM}, levels=[0.25, 0.75], save=["Teacup Temperature"])
    fan.to_csv(tmp_path / "fan.csv")
    fan.to_parquet(tmp_path / "fan.parquet")
    table = pd.read_csv(tmp_path / "fan.csv")
    assert table.columns.tolist() == ["quantile", "time", "Teacup Temperature"]
    assert np.array_equal(table["Teacup Temperature"].to_numpy(), fan.values("Teacup Temperature").ravel())
    assert sorted(set(pq.read_table(tmp_path / "fan.parquet")["quantile"].to_pylist())) == [0.25, 0.75]


def test_memory_holds_no_runs(model: se.Model) -> None:
    rooms = np.linspace(10, 90, 30_000)
    model.quantiles({"Room Temperature": rooms[:100]}, save=["Teacup Temperature"])
    tracemalloc.start()
    fan = model.quantiles({"Room Temperature": rooms}, save=["Teacup Temperature"], threads=1)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    runs = 8 * rooms.size * len(fan.times)
    assert peak < runs


@pytest.mark.parametrize("levels", [[], [1.5], ["much"], [-0.1]])
def test_levels_that_are_none(model: se.Model, levels: list[float]) -> None:
    with pytest.raises(se.InputError, match="levels of quantiles"):
        model.quantiles({"Room Temperature": ROOM}, levels=levels)


def test_the_interpreter_gives_them_too(tmp_path: Path) -> None:
    model = load_text(tmp_path)
    fan = model.quantiles({"clock": [1, 2, 3]}, integration="rk45")
    assert fan.info.backend == "interpreter"
    assert np.allclose(fan.values("clock")[:, -1], [1, 1, 2, 3, 3], rtol=5e-4)
