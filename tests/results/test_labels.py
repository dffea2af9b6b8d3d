"""Names, places and labels of what was saved."""

from __future__ import annotations

import numpy as np
import pytest

import simengine as se
from simengine.program.program import Axis
from simengine.results.labels import Saved, coordinates, dimension_names
from simengine.results.run import Ensemble, Run
from tests.results.saved import DISTRICT, SAVED, TIMES, some_values, trajectory, variable

COLUMNS = ["heat", *(f"Homes, all[{e}]" for e in ("north,a", "north,b", "south,a", "south,b", "south,c"))]


def test_slots_are_those_of_the_program() -> None:
    assert SAVED.slots.tolist() == [4, 10, 11, 12, 13, 14, 15]
    assert Saved(()).slots.tolist() == []


def test_columns_are_named_as_in_the_model_and_leave_out_what_has_no_equation() -> None:
    assert SAVED.names == COLUMNS
    assert SAVED.column_places.tolist() == [0, 1, 2, 4, 5, 6]  # type: ignore[union-attr]


def test_no_column_is_copied_where_none_is_left_out() -> None:
    run = Run(Saved((variable("a", 0), variable("b", 1, (DISTRICT,)))), trajectory(some_values()[:, :3]))
    assert np.shares_memory(run.table(), run.values("b"))


def test_dimensions_used_twice_or_called_like_ours_are_numbered() -> None:
    odd = variable("odd", 0, (DISTRICT, DISTRICT, Axis("time", ("x",)), Axis("run", ("y",))))
    assert dimension_names(odd) == ["District", "District 2", "time 2", "run 2"]
    assert coordinates(odd)["District 2"] == ["north", "south"]


def test_a_run_is_a_labelled_array() -> None:
    run = Run(SAVED, trajectory(some_values()))
    heat, homes = run["HEAT"], run["homes,_all"]
    assert heat.dims == ("time",)
    assert heat.attrs == {"units": "GJ/Year", "long_name": "heat", "documentation": "What is used."}
    assert homes.dims == ("time", "District", "Kind")
    assert homes.shape == (3, 2, 3)
    assert homes.sel(time=2020.5, District="south", Kind="b").item() == some_values()[1, 5]
    assert np.isnan(homes.sel(District="north", Kind="c")).all()
    assert homes.name == "Homes, all"


def test_an_ensemble_has_its_runs_first() -> None:
    together = Ensemble(SAVED, trajectory(some_values(4)))
    homes = together["Homes, all"]
    assert homes.dims == ("run", "time", "District", "Kind")
    assert homes.sel(run=2, time=2021, District="north", Kind="b").item() == some_values(4)[2, 2, 2]
    assert together.size == 4
    assert together.to_dataframe().loc[(3, 2020.5), "heat"] == some_values(4)[3, 1, 0]
    assert together.to_dataframe().index.names == ["run", "time"]
    assert repr(together) == "<Ensemble of 4 runs; 2 variables at 3 times>"


def test_a_frame_has_an_index_of_time_and_the_units() -> None:
    frame = Run(SAVED, trajectory(some_values())).to_dataframe()
    assert frame.columns.tolist() == COLUMNS
    assert frame.index.name == "time"
    assert frame.index.tolist() == TIMES.tolist()
    assert frame.attrs["units"] == {"heat": "GJ/Year", "Homes, all": "home"}
    assert frame["Homes, all[south,a]"].tolist() == some_values()[:, 4].tolist()


def test_a_frame_may_be_changed_and_the_run_stays() -> None:
    run = Run(SAVED, trajectory(some_values()))
    frame = run.to_dataframe()
    frame.loc[2020.0, "heat"] = -1
    assert run["heat"].values[0] == 0
    with pytest.raises(ValueError, match="read-only"):
        run.table()[0, 0] = run.values("heat")[0] = 1


def test_a_dataset_has_every_variable() -> None:
    data = Run(SAVED, trajectory(some_values())).to_dataset()
    assert set(data.data_vars) == {"heat", "Homes, all"}
    assert dict(data.sizes) == {"time": 3, "District": 2, "Kind": 3}


def test_a_variable_called_like_a_dimension_gives_way() -> None:
    saved = Saved((variable("time", 0), variable("District", 1), variable("a", 2, (DISTRICT,))))
    data = Run(saved, trajectory(some_values()[:, :4])).to_dataset()
    assert set(data.data_vars) == {"time_", "District_", "a"}


def test_names_are_found_forgivingly_and_else_refused_with_the_nearest() -> None:
    run = Run(SAVED, trajectory(some_values()))
    assert "HOMES,all" in run
    assert "haet" not in run
    assert 3 not in run
    assert list(run) == ["heat", "Homes, all"]
    with pytest.raises(se.InputError, match="`heet` was not saved in this run; did you mean `heat`?"):
        run["heet"]


def test_a_run_of_nothing_is_a_frame_of_times() -> None:
    run = Run(Saved(()), trajectory(np.empty((3, 0))))
    assert run.to_dataframe().shape == (3, 0)
    assert run.names == ()
