"""What an ensemble keeps: times, or statistics, the same as from all times."""

from __future__ import annotations

import numpy as np
import pytest

import simengine as se
from simengine.engine.keep import STATISTICS
from simengine.engine.run import simulate
from tests.conftest import ROOT

TEACUP = ROOT / "tests" / "models" / "teacup.mdl"
RUNS = {"Room Temperature": np.linspace(10, 90, 50), "Characteristic Time": np.linspace(5, 15, 50)}
SAVE = ["Teacup Temperature", "Heat Loss to Room"]


@pytest.fixture(scope="module")
def model() -> se.Model:
    return se.load(TEACUP)


def test_times(model: se.Model) -> None:
    every = model.ensemble(RUNS, save=SAVE)
    some = model.ensemble(RUNS, save=SAVE, keep=[30, 0, 12.5])
    assert some.times.tolist() == [0, 12.5, 30]
    for name in SAVE:
        assert some[name].dims == ("run", "time")
        assert np.array_equal(some[name].values, every[name].sel(time=[0, 12.5, 30]).values)


@pytest.mark.parametrize("threads", [1, 2])
def test_statistics(model: se.Model, threads: int) -> None:
    every = model.ensemble(RUNS, save=SAVE)
    kept = model.ensemble(RUNS, save=SAVE, keep=list(STATISTICS), threads=threads)
    assert kept.statistics == ("final", "minimum", "maximum", "mean")
    for name in SAVE:
        values = every[name].values
        got = kept[name]
        assert got.dims == ("run", "statistic")
        assert np.array_equal(got.sel(statistic="final").values, values[:, -1])
        assert np.array_equal(got.sel(statistic="minimum").values, values.min(axis=1))
        assert np.array_equal(got.sel(statistic="maximum").values, values.max(axis=1))
        assert np.allclose(got.sel(statistic="mean").values, values.mean(axis=1), rtol=1e-14)
    frame = kept.to_dataframe()
    assert frame.index.names == ["run", "statistic"]
    assert repr(kept) == "<Ensemble of 50 runs; 2 variables final, minimum, maximum, mean>"


def test_a_statistic_of_a_run_does_not_depend_on_the_others(model: se.Model) -> None:
    many = model.ensemble(RUNS, save=SAVE, keep=list(STATISTICS))
    few = model.ensemble({k: v[7:9] for k, v in RUNS.items()}, save=SAVE, keep=list(STATISTICS))
    for name in SAVE:
        assert np.array_equal(many[name].values[7:9], few[name].values)


def test_the_interpreter_keeps_the_same(model: se.Model) -> None:
    from simengine.engine.keep import read_keep

    program = model.program
    parameters = np.tile(program.defaults, (5, 1))
    for keep in ("mean", [0.0, 30.0], None):
        native, slow = (
            simulate(program, parameters=parameters, keep=read_keep(keep), backend=b) for b in ("native", "interpreter")
        )
        assert np.allclose(native.values, slow.values, rtol=1e-13)
        assert native.times.tolist() == slow.times.tolist()


@pytest.mark.parametrize(
    ("keep", "message"),
    [
        ([3.3], "time 3.3 is not saved; nearest is 3.25"),
        (["median"], "no statistic `median`: final, minimum, maximum, mean"),
        ([], "nothing is to be kept"),
        ([True], "what is kept are times, or statistics"),
    ],
)
def test_what_is_refused(model: se.Model, keep: object, message: str) -> None:
    with pytest.raises(se.InputError, match=message):
        model.ensemble(RUNS, save=SAVE, keep=keep)  # type: ignore[arg-type]


def test_statistics_are_written_by_pandas(model: se.Model, tmp_path) -> None:
    kept = model.ensemble(RUNS, save=SAVE, keep="final")
    with pytest.raises(se.InputError, match="which pandas can write"):
        kept.to_parquet(tmp_path / "x.parquet")
