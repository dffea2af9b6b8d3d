"""Values: what may be given to what, what it does, and how the rest is refused."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pandas as pd
import pytest
import xarray as xr

import simengine as se

N, S, W = 0, 1, 2


def first_and_last(model: se.Model, values: dict[str, Any], column: str) -> tuple[float, float]:
    series = model.run(values).to_dataframe()[column]
    return float(series.iloc[0]), float(series.iloc[-1])


@pytest.mark.parametrize("name", ["insulation rate", "Insulation_Rate", "INSULATIONRATE", " insulation  rate "])
def test_names_match_forgivingly(town: se.Model, name: str) -> None:
    assert first_and_last(town, {name: 0.5}, "insulation rate") == (0.5, 0.5)


@pytest.mark.parametrize(
    ("value", "number"),
    [
        (0.05, 0.05),
        (1, 1.0),
        (np.float32(0.5), 0.5),
        (np.asarray(0.25), 0.25),
        ("0.05", 0.05),
        ("5 %/year", 0.05),
        ("5 %/Year", 0.05),
        ("0.1 /month", 1.2),
    ],
)
def test_numbers_and_quantities(town: se.Model, value: Any, number: float) -> None:
    assert first_and_last(town, {"insulation rate": value}, "insulation rate")[0] == pytest.approx(number, rel=1e-15)


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"insulaton rate": 1}, "no variable is called `insulaton rate`; did you mean `insulation rate`?"),
        ({"zzz": 1}, "no variable is called `zzz`"),
        ({3: 1}, "values are given by the name of a variable, not by 3"),
        ({"insulation rate": "5 kg"}, "`insulation rate`: cannot convert `kg` to `1/Year`"),
        ({"order": "5 kg"}, "`order`: it has no unit in the model, so `5 kg` cannot be converted"),
        ({"insulation rate": "much"}, "`insulation rate`: `much` is no quantity"),
        ({"insulation rate": None}, "`insulation rate` takes one number, not None"),
        ({"insulation rate": [1, 2]}, "`insulation rate` takes one number; given is an array of shape (2,)"),
        ({"insulation rate": math.nan}, "`insulation rate`: a value is not a number (NaN)"),
        ({"insulation rate[north]": 1}, "`insulation rate` has no subscripts, but `[north]` was given"),
        ({"first homes": [1, 2]}, "`first homes` takes one number, or an array over District (3)"),
        ({"first homes": [[1, 2, 3]]}, "given is an array of shape (1, 3)"),
        ({"first homes": [[1, 2], [3]]}, "`first homes` takes one number, or an array"),
        ({"first homes[nort]": 1}, "`first homes` has no element `nort` along `District`; did you mean `north`?"),
        ({"first homes[up]": 1}, "no element `up` along `District`; it has north, south, west"),
        ({"first homes[north,south]": 1}, "`first homes` is subscripted by `District`, but `[north,south]` was given"),
        ({"first homes": 1, "first homes[west]": 2}, "give values for the same variable"),
        ({"bank": 1, "Bank": 2}, "`Bank` and `bank` give values for the same variable"),
        ({"sparse": [1, 2, 3]}, "`sparse` cannot be given as an array: `sparse[north]` has no equation"),
        ({"sparse[north]": 3}, "`sparse[north]` has no equation"),
        ({"effect": 3}, "`effect` is a lookup: give it points"),
        ({"effect": {}}, "`effect`: no points are given"),
        ({"effect": {"a": 1}}, "`effect`: 'a' is no number to put a point at"),
        ({"clock": [(1, 2), (1, 3)]}, "`clock`: the series has two values at one time"),
        ({"clock": {0: [1, 2]}}, "`clock`: each point takes one number"),
    ],
)
def test_what_does_not_fit_is_refused_with_the_reason(town: se.Model, values: Any, message: str) -> None:
    with pytest.raises(se.InputError) as caught:
        town.run(values)
    assert message in str(caught.value)


def test_values_must_be_a_mapping(town: se.Model) -> None:
    with pytest.raises(se.InputError, match="values are given as {name: value}, not as list"):
        town.run([1, 2])  # type: ignore[arg-type]


def test_an_array_for_a_subscripted_constant(town: se.Model) -> None:
    run = town.run({"first homes": [7, 8, 9]})
    assert run.values("poor homes")[0].tolist() == [7, 8, 9]


@pytest.mark.parametrize(
    ("name", "value", "expected"),
    [
        ("first homes", 5, [5, 5, 5]),
        ("first homes[south]", 5, [100, 5, 300]),
        ("first homes[SOUTH ]", 5, [100, 5, 300]),
        ("first homes[Coast]", [5, 6], [5, 200, 6]),
        ("first homes[Coast]", 5, [5, 200, 5]),
        ("first homes[*]", [1, 2, 3], [1, 2, 3]),
        ("first homes[District]", [1, 2, 3], [1, 2, 3]),
        ("first homes", ["0.1 thousand home", 2, 3], [100, 2, 3]),
    ],
)
def test_elements_and_subranges(town: se.Model, name: str, value: Any, expected: list[float]) -> None:
    assert town.run({name: value}).values("first homes")[0].tolist() == expected


def test_a_labelled_array_is_taken_by_its_labels(town: se.Model) -> None:
    value = xr.DataArray([3.0, 1.0, 2.0], dims="District", coords={"District": ["west", "north", "south"]})
    assert town.run({"first homes": value}).values("first homes")[0].tolist() == [1, 2, 3]
    with pytest.raises(se.InputError, match="the elements along `District` are not those of the variable"):
        town.run({"first homes": value.assign_coords(District=["a", "b", "c"])})
    with pytest.raises(se.InputError, match="given are the dimensions x"):
        town.run({"first homes": value.rename(District="x")})


def test_what_one_run_gives_another_takes(town: se.Model) -> None:
    run = town.run()
    again = town.run({"poor homes": run["poor homes"].isel(time=-1)})
    assert again.values("poor homes")[0].tolist() == run.values("poor homes")[-1].tolist()


# stocks


def test_a_number_for_a_stock_is_its_initial_value(town: se.Model) -> None:
    first, last = first_and_last(town, {"bank": 50}, "bank")
    assert first == 50
    assert last == pytest.approx(50 * 1.03**10, rel=1e-14)


@pytest.mark.parametrize(
    ("name", "value", "expected"),
    [
        ("poor homes", 5, [5, 5, 5]),
        ("poor homes", [5, 6, 7], [5, 6, 7]),
        ("poor homes[south]", 5, [100, 5, 300]),
        ("poor homes[Coast]", [5, 6], [5, 200, 6]),
        ("each", 9, [9, 9, None]),
        ("each[south]", 9, [5, 9, None]),
    ],
)
def test_initial_values_of_array_stocks(town: se.Model, name: str, value: Any, expected: list[float]) -> None:
    got = town.run({name: value}).values(name.partition("[")[0])[0].tolist()
    assert [g for g in got if not math.isnan(g)] == [e for e in expected if e is not None]


def test_two_elements_of_a_stock_are_set_one_by_one(town: se.Model) -> None:
    run = town.run({"poor homes[north]": 1, "poor homes[west]": 3})
    assert run.values("poor homes")[0].tolist() == [1, 200, 3]


def test_a_stock_may_follow_a_series(town: se.Model) -> None:
    assert first_and_last(town, {"bank": {0: 1, 10: 2}}, "bank") == (1, 2)


# what has an equation


def test_a_number_replaces_an_equation(town: se.Model) -> None:
    assert first_and_last(town, {"clock": 3}, "clock") == (3, 3)
    assert town.run({"price path": [1, 2, 3]}).values("price path")[-1].tolist() == [1, 2, 3]


def test_a_number_replaces_the_equation_of_one_element(town: se.Model) -> None:
    assert town.run({"price path[south]": -1}).values("price path")[-1].tolist() == [1000, -1, 3000]
    assert town.run({"partly[north]": 4}).values("partly")[0, :2].tolist() == [4, 0.06]
    assert town.run({"partly[south]": 4}).values("partly")[0, :2].tolist() == [1, 4]
    assert town.run({"partly": 4}).values("partly")[0, :2].tolist() == [4, 4]


def test_elements_without_an_equation_stay_without(town: se.Model) -> None:
    frame = town.run({"partly": 4, "sparse": 5}).to_dataframe()
    assert [c for c in frame.columns if c.startswith(("partly", "sparse"))] == [
        "partly[north]",
        "partly[south]",
        "sparse[south]",
        "sparse[west]",
    ]


def test_a_series_is_straight_between_its_points_and_held_beyond(town: se.Model) -> None:
    got = town.run({"clock": {2: 10, 4: 20}}).values("clock").tolist()
    assert got == [10, 10, 10, 15, 20, 20, 20, 20, 20, 20, 20]


@pytest.mark.parametrize(
    "series", [{0: 1, 10: 2}, [(0, 1), (10, 2)], [(10, 2), (0, 1)], {"0": "1 Year", 10: "24 months"}]
)
def test_a_series_may_be_written_in_several_ways(town: se.Model, series: Any) -> None:
    assert first_and_last(town, {"clock": series}, "clock") == (1, 2)


def test_a_pandas_series_is_a_series(town: se.Model) -> None:
    assert first_and_last(town, {"clock": pd.Series([1, 2], index=[0, 10])}, "clock") == (1, 2)


def test_a_series_for_all_or_one_element(town: se.Model) -> None:
    assert town.run({"first homes": {0: 1, 10: 2}}).values("first homes")[-1].tolist() == [2, 2, 2]
    run = town.run({"first homes[south]": {0: 1, 10: 2}})
    assert run.values("first homes")[-1].tolist() == [100, 2, 300]
    assert run.values("poor homes")[0].tolist() == [100, 1, 300]


def test_points_replace_those_of_a_lookup(town: se.Model) -> None:
    assert first_and_last(town, {"effect": {0: 1, 10: 50}}, "answer") == (1, 50)
    assert first_and_last(town, {"effect": [(0, 1), (5, 3)]}, "answer") == (1, 3)
    run = town.run({"effects[south]": {0: 0, 10: 60}})
    assert run.values("answers")[-1].tolist() == [5, 60, 7]


def test_a_constant_that_shapes_the_model_may_be_set(town: se.Model) -> None:
    third = town.run({"order": 3}, save=["delayed"]).values("delayed")
    first = town.run({"order": 1}, save=["delayed"]).values("delayed")
    assert third.tolist() == town.run(save=["delayed"]).values("delayed").tolist()
    assert first.tolist() != third.tolist()


# time and method


def test_begin_end_and_step_are_set(town: se.Model) -> None:
    run = town.run(start=2, stop=4, time_step=0.5)
    assert run.times.tolist() == [2, 2.5, 3, 3.5, 4]
    assert run.to_dataframe().iloc[0][["INITIAL TIME", "FINAL TIME", "TIME STEP", "SAVEPER"]].tolist() == [
        2,
        4,
        0.5,
        0.5,
    ]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"stop": -1}, "ends at -1, before it starts at 0"),
        ({"time_step": 0}, "the time step must be above 0"),
        ({"time_step": -1}, "the time step must be above 0"),
        ({"stop": math.inf}, "stop must be a number, not inf"),
        ({"start": "2020"}, "start must be a number, not '2020'"),
        ({"values": {"final time": 5}, "stop": 6}, "stop and `FINAL TIME` say the same"),
        ({"integration": "rk5"}, "no integration method is called `rk5`; there are euler, rk2"),
    ],
)
def test_times_and_methods_that_make_no_run(town: se.Model, arguments: Any, message: str) -> None:
    with pytest.raises(se.InputError) as caught:
        town.run(**arguments)
    assert message in str(caught.value)


@pytest.mark.parametrize("method", ["euler", "rk2", "midpoint", "rk4", "RK45", "bdf"])
def test_methods_come_near_to_growth(town: se.Model, method: str) -> None:
    # alone: with the model's DELAY N, which changes once a step, a solver starts anew at each
    last = town.run({"bank": 1}, save=["bank"], integration=method, time_step=0.125).values("bank")[-1]
    assert last == pytest.approx(math.exp(0.3), rel=1e-3)
    if method not in {"euler", "rk2", "midpoint"}:
        assert last == pytest.approx(math.exp(0.3), rel=1e-7)
