"""Files: that what is read back is what was written, and that a file is whole or not there."""

from __future__ import annotations

import csv
import json
import math
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pytest
import xarray as xr
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

import simengine as se
from simengine.results.labels import Saved
from simengine.results.run import Ensemble, Run
from simengine.results.write import formats_for, long_table, write_result, write_whole
from tests.results.saved import DISTRICT, SAVED, TIMES, some_values, trajectory, variable

FLOATS = st.floats(allow_nan=True, allow_infinity=True, width=64)


def a_run() -> Run:
    return Run(SAVED, trajectory(some_values()))


def read_csv(path: Path, delimiter: str = ",", decimal: str = ".") -> tuple[list[str], np.ndarray]:
    with path.open(encoding="utf-8", newline="") as file:
        head, *rows = csv.reader(file, delimiter=delimiter)
    return head, np.asarray([[float(v.replace(decimal, ".")) if v else math.nan for v in row] for row in rows])


@given(values=arrays(np.float64, (3, 7), elements=FLOATS))
def test_csv_gives_the_same_bits(tmp_path_factory: pytest.TempPathFactory, values: np.ndarray) -> None:
    path = tmp_path_factory.mktemp("csv") / "run.csv"
    run = Run(SAVED, trajectory(values))
    run.to_csv(path)
    names, numbers = read_csv(path)
    assert names == ["time", *SAVED.names]
    np.testing.assert_array_equal(numbers[:, 0], TIMES)
    np.testing.assert_array_equal(numbers[:, 1:], run.table())


def test_csv_of_a_run_and_of_an_ensemble(tmp_path: Path) -> None:
    a_run().to_csv(tmp_path / "run.csv")
    lines = (tmp_path / "run.csv").read_text(encoding="utf-8").splitlines()
    assert lines[0].startswith('time,heat,"Homes, all[north,a]"')
    assert lines[1] == "2020.0,0.0," + ",".join(repr(n / 7) for n in (1, 2, 4, 5, 6))
    Ensemble(SAVED, trajectory(some_values(2))).to_csv(tmp_path / "all.csv")
    lines = (tmp_path / "all.csv").read_text(encoding="utf-8").splitlines()
    assert lines[0].startswith("run,time,heat,")
    assert [line.split(",")[0] for line in lines[1:]] == ["0"] * 3 + ["1"] * 3


def test_csv_for_excel_in_dutch(tmp_path: Path) -> None:
    values = some_values()
    values[0, 0] = math.nan
    Run(SAVED, trajectory(values)).to_csv(tmp_path / "nl.csv", decimal_comma=True)
    _, numbers = read_csv(tmp_path / "nl.csv", ";", ",")
    np.testing.assert_array_equal(numbers[:, 0], TIMES)
    np.testing.assert_array_equal(numbers[:, 1:], values[:, [0, 1, 2, 4, 5, 6]])


def test_parquet_is_tidy_and_says_what_it_is(tmp_path: Path) -> None:
    a_run().to_parquet(tmp_path / "run.parquet")
    frame = pd.read_parquet(tmp_path / "run.parquet")
    assert frame.columns.tolist() == ["variable", "element", "unit", "time", "value"]
    assert len(frame) == 6 * 3
    one = frame[(frame["variable"] == "Homes, all") & (frame["element"] == "south,a")]
    assert one["value"].tolist() == some_values()[:, 4].tolist()
    assert one["time"].tolist() == TIMES.tolist()
    assert set(one["unit"]) == {"home"}
    assert set(frame[frame["variable"] == "heat"]["element"]) == {""}
    about = json.loads(pq.read_schema(tmp_path / "run.parquet").metadata[b"simengine"])
    assert about == {"units": {"heat": "GJ/Year", "Homes, all": "home"}, "method": "euler", "backend": "interpreter"}


def test_parquet_of_an_ensemble_has_a_column_of_runs() -> None:
    frame = long_table(Ensemble(SAVED, trajectory(some_values(4)))).to_pandas()
    assert frame.columns.tolist() == ["run", "variable", "element", "unit", "time", "value"]
    one = frame[(frame["run"] == 3) & (frame["variable"] == "heat")]
    assert one["value"].tolist() == some_values(4)[3, :, 0].tolist()


def test_parquet_is_the_same_bytes_twice(tmp_path: Path) -> None:
    a_run().to_parquet(tmp_path / "a.parquet")
    a_run().to_parquet(tmp_path / "b.parquet")
    assert (tmp_path / "a.parquet").read_bytes() == (tmp_path / "b.parquet").read_bytes()


def test_netcdf_keeps_values_and_names(tmp_path: Path) -> None:
    odd = Saved((variable("a/b", 0, units="m³"), variable("a?b", 1), variable("(π)", 2, (DISTRICT,))))
    run = Run(odd, trajectory(some_values()[:, :4]))
    write_result(run, tmp_path / "run.nc", "nc")
    with xr.open_dataset(tmp_path / "run.nc") as data:
        names = {v.attrs["long_name"]: v for v in data.data_vars.values()}
        assert set(names) == {"a/b", "a?b", "(π)"}
        np.testing.assert_array_equal(names["(π)"].values, run.values("(π)"))
        assert names["(π)"].coords["District"].values.tolist() == ["north", "south"]
        assert names["a/b"].attrs["units"] == "m³"


def test_a_path_says_what_is_written(tmp_path: Path) -> None:
    assert formats_for(Path("a/b.CSV")) == ((Path("a/b.CSV"), "csv"),)
    assert formats_for(Path("a/b")) == ((Path("a/b/run.parquet"), "parquet"), (Path("a/b/run.csv"), "csv"))
    (tmp_path / "v1.2").mkdir()
    assert len(formats_for(tmp_path / "v1.2")) == 2
    with pytest.raises(se.InputError, match="`b.xlsx`: results are written as .csv, .parquet, .nc, or into a folder"):
        formats_for(Path("a/b.xlsx"))


def test_a_path_is_used_as_it_is_given(tmp_path: Path) -> None:
    a_run().to_csv(tmp_path / "new" / "run.txt")
    assert [p.name for p in (tmp_path / "new").iterdir()] == ["run.txt"]


def test_a_file_is_whole_or_as_it_was(tmp_path: Path) -> None:
    path = tmp_path / "run.csv"
    path.write_text("before")

    def half(draft: Path) -> None:
        draft.write_text("half")
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        write_whole(path, half)
    assert path.read_text() == "before"
    assert list(tmp_path.iterdir()) == [path]


def test_what_cannot_be_written_is_said(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(se.InputError, match="cannot be written: "):
        a_run().to_csv(tmp_path / "file" / "run.csv")
    (tmp_path / "folder.csv").mkdir()
    with pytest.raises(se.InputError, match="folder.csv` cannot be written: "):
        a_run().to_csv(tmp_path / "folder.csv")
    assert sorted(p.name for p in tmp_path.iterdir()) == ["file", "folder.csv"]
