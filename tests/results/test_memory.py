"""Frames that share the memory of values: what is written to one is seen nowhere else, whoever lives longest."""

import copy
import gc
import pickle

import numpy as np
import pandas as pd
import pytest

import simengine as se
from simengine.results.memory import LEAST, frames_copy_late

TEXT = """
many: (a1-a300)~~|
s[many]=INTEG(-s[many]/30,1)~~|
INITIAL TIME=0~~|
FINAL TIME=1000~~|
TIME STEP=1~~|
SAVEPER=1~~|
"""

late = pytest.mark.skipif(not frames_copy_late(), reason="pandas before version 3 copies no frame late")


@pytest.fixture(scope="module")
def model(tmp_path_factory):
    path = tmp_path_factory.mktemp("memory") / "wide.mdl"
    path.write_text(TEXT, encoding="utf-8")
    return se.load(path)


def test_is_large(model):
    assert model.run().table().nbytes >= LEAST


@late
def test_a_frame_shares_memory_until_it_is_written_to(model):
    run = model.run()
    frame, values = run.to_dataframe(), run.table()
    assert np.shares_memory(frame.to_numpy(), values)
    frame.iloc[0, 0] = 77.0
    assert not np.shares_memory(frame.to_numpy(), values)


def test_writing_to_a_frame_changes_nothing_else(model):
    run = model.run()
    table, one = run.table(), run["s"]
    before, own = table.copy(), one.to_numpy().copy()
    first, second = run.to_dataframe(), run.to_dataframe()
    first.iloc[:, :] = 77.0
    second.loc[5.0] = 78.0
    second *= 2.0
    np.testing.assert_array_equal(table, before)
    np.testing.assert_array_equal(one.to_numpy(), own)
    assert run.to_dataframe().iloc[0, -1] == before[0, -1]
    assert (first.to_numpy() == 77.0).all()
    assert second.iloc[5, 0] == 156.0


def test_an_array_outlives_its_run(model):
    run = model.run()
    frame, values = run.to_dataframe(), run.values("s")[3]
    before = values.copy()
    del run
    gc.collect()
    frame.iloc[:, :] = 77.0
    np.testing.assert_array_equal(values, before)


def test_a_frame_outlives_its_run(model):
    frame = model.run().to_dataframe()
    gc.collect()
    memory = frame.to_numpy()
    held = memory.ctypes.data
    del memory
    frame.iloc[0, 0] = 77.0
    assert frame.iloc[0, 0] == 77.0
    if frames_copy_late():  # no one else sees it: nothing is copied
        assert frame.to_numpy().ctypes.data == held


def test_arrays_cannot_be_written_to(model):
    run = model.run()
    run.to_dataframe()
    with pytest.raises(ValueError, match="read-only"):
        run.table()[0, 0] = 1.0
    with pytest.raises(ValueError, match="WRITEABLE"):
        run.table().flags.writeable = True


def test_frames_have_names_of_their_own(model):
    run = model.run()
    first = run.to_dataframe()
    first.index.name, first.columns.name = "when", "what"
    first["more"] = 1.0
    first.attrs["units"]["s"] = "changed"
    second = run.to_dataframe()
    assert (second.index.name, second.columns.name) == ("time", None)
    assert "more" not in second
    assert second.attrs["units"]["s"] == ""


def test_ensembles_and_their_runs(model):
    many = model.ensemble({"INITIAL TIME": np.zeros(3)})
    before = many.table().copy()
    frame, one = many.to_dataframe(), many.run(1)
    own = one.to_dataframe()
    own.iloc[:, :] = 77.0
    frame.loc[0] = 78.0
    np.testing.assert_array_equal(many.table(), before)
    np.testing.assert_array_equal(one.table(), before[1])


@pytest.mark.parametrize("again", [copy.copy, copy.deepcopy, lambda r: pickle.loads(pickle.dumps(r))])  # noqa: S301
def test_copies_are_whole(model, again):
    run = model.run()
    frame = run.to_dataframe()
    other = again(run)
    made = other.to_dataframe()
    pd.testing.assert_frame_equal(made, frame)
    made.iloc[:, :] = 77.0
    np.testing.assert_array_equal(run.table(), frame.to_numpy())
    np.testing.assert_array_equal(other.table(), frame.to_numpy())


def test_an_older_pandas_gets_a_copy(model, monkeypatch):
    monkeypatch.setattr("simengine.results.run.frames_copy_late", lambda: False)
    run = model.run()
    frame, values = run.to_dataframe(), run.table()
    assert not np.shares_memory(frame.to_numpy(), values)
    pd.testing.assert_frame_equal(frame, pd.DataFrame(values, index=frame.index, columns=frame.columns))
