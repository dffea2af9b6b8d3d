"""Points of lookups and series: one set a run in an ensemble, and derivatives by them."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import simengine as se
from tests.api.model_text import load_text

POINTS = [{0: 0, 10: 5}, {0: 0, 5: 3, 10: 5}, [(0, 1), (4, 2), (4, 7), (20, 7)]]

MODEL = """
D: a, b, c ~~|
level = INTEG(effect(Time) * shape(level/50) - level * share[b], 10) ~~|
effect((0,1),(3,4),(10,2)) ~~|
shape((0,1),(0.5,1.5),(1,0.7),(2,0)) ~~|
each[a]((0,1),(10,3)) ~~|
each[b]((0,2),(4,3),(10,1)) ~~|
each[c]((0,1),(10,3)) ~~|
alike[D]((0,0.01),(10,0.03)) ~~|
share[D] = alike[D](Time) * each[D](Time) ~~|
onto = WITH LOOKUP(level, ((0,0),(20,1),(100,5))) ~~|
area = LOOKUP AREA(effect, 0, 5) ~~|
total = SUM(share[D!]) + onto ~~|
"""


@pytest.fixture
def model(tmp_path: Path) -> se.Model:
    return load_text(tmp_path, MODEL)


@pytest.mark.parametrize("name", ["effect", "effects[south]", "effects"])
def test_runs_with_points_of_their_own_are_those_runs_alone(town: se.Model, name: str) -> None:
    rates = [0.1, 0.2, 0.3]
    together = town.ensemble({name: POINTS, "insulation rate": rates})
    for run, points in enumerate(POINTS):
        alone = town.run({name: dict(points) if run < 2 else points, "insulation rate": rates[run]})
        for variable in ("answer", "answers", "total", "bank"):
            assert np.array_equal(together[variable].values[run], alone[variable].values), (run, variable)


def test_a_frame_has_a_series_a_run(town: se.Model) -> None:
    frame = pd.DataFrame({"low": [1.0, 2, 3], "high": [4.0, 5, 7]}, index=[0, 5, 10])
    clock = town.ensemble({"clock": frame})["clock"].values
    for run, column in enumerate(frame):
        assert np.array_equal(clock[run], np.interp(np.arange(11), frame.index, frame[column]))


def test_what_asks_more_of_a_lookup_than_its_value_keeps_its_points(model: se.Model) -> None:
    with pytest.raises(se.InputError, match="the points of `effect` cannot vary: its area is asked for"):
        model.ensemble({"effect": [{0: 1, 5: 2}, {0: 2, 5: 3}]})
    fine = model.ensemble({"effect": [{0: 1, 5: 2}, {0: 2, 5: 3}]}, save=["level"])
    assert fine["level"].sizes["run"] == 2


def test_lookups_need_points_in_every_run(town: se.Model) -> None:
    with pytest.raises(se.InputError, match="for points that differ between runs, a list of such, one a run"):
        town.ensemble({"effect": [1, 2]})
    with pytest.raises(se.InputError, match="must have one length"):
        town.ensemble({"effect": POINTS, "insulation rate": [0.1, 0.2]})


def test_derivatives_by_points_agree_with_differences(model: se.Model) -> None:
    wrt = ["effect", "shape", "each[b]", "alike", "onto"]
    value, derivative = model.gradient({}, wrt=wrt, outputs=["total", "level"])
    assert np.array_equal(value.sel(output="level").values, model.run()["level"].values)
    labels = derivative["wrt"].values.tolist()
    assert labels[:3] == ["effect(0)", "effect(3)", "effect(10)"]
    assert {"each[b](4)", "alike[D](10)", "onto(20)"} <= set(labels)
    own = {
        "effect": [(0, 1), (3, 4), (10, 2)],
        "shape": [(0, 1), (0.5, 1.5), (1, 0.7), (2, 0)],
        "each[b]": [(0, 2), (4, 3), (10, 1)],
        "alike": [(0, 0.01), (10, 0.03)],
    }
    step = 1e-6
    for name, points in own.items():
        for place, (x, y) in enumerate(points):
            ends = []
            for sign in (1, -1):
                moved = [*points[:place], (x, y + sign * step), *points[place + 1 :]]
                ends.append(model.run({name: moved}, save=["total"])["total"].values)
            label = f"{'alike[D]' if name == 'alike' else name}({x:g})"
            exact = derivative.sel(output="total", wrt=label).values
            assert np.allclose(exact, (ends[0] - ends[1]) / (2 * step), rtol=1e-5, atol=1e-8), label
    # `onto` is a straight line between its points: its derivatives are their weights
    level = model.run()["level"].values
    weights = np.interp(level, [0, 20, 100], [0, 1, 0])
    assert np.allclose(derivative.sel(output="total", wrt="onto(20)").values, weights, rtol=1e-12)


def test_derivatives_come_in_the_order_asked(model: se.Model) -> None:
    orders = [["total", "level"], ["level", "total"], ["share", "level", "t*"]]
    found = [model.gradient({}, wrt=["level"], outputs=outputs)[1] for outputs in orders]
    assert found[0]["output"].values.tolist() == ["total", "level"]
    assert found[1]["output"].values.tolist() == ["level", "total"]
    assert found[2]["output"].values.tolist() == ["share[a]", "share[b]", "share[c]", "level", "total", "TIME STEP"]
    assert np.array_equal(found[0].values[:, ::-1], found[1].values)


def test_points_given_are_those_that_count(model: se.Model) -> None:
    _, derivative = model.gradient({"effect": {0: 2, 7: 3}}, wrt=["effect", "level"], outputs=["level"])
    assert derivative["wrt"].values.tolist() == ["effect(0)", "effect(7)", "level"]
    with pytest.raises(se.InputError, match=r"`alike\[a\]` shares its points with other elements: name `alike\[D\]`"):
        model.gradient({}, wrt=["alike[a]"], outputs=["level"])
    with pytest.raises(se.InputError, match="`total` is computed by an equation"):
        model.gradient({}, wrt=["total"], outputs=["level"])
