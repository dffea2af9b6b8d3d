"""DEPRECIATE STRAIGHTLINE runs only where its fiscal period is the time step, also when a run sets either anew."""

from __future__ import annotations

from pathlib import Path

import pytest

import simengine as se

_MODEL = """{UTF-8}
period = 1 ~~|
y = DEPRECIATE STRAIGHTLINE(8, 4, period, 8) ~~|
INITIAL TIME = 0 ~~|
FINAL TIME = 4 ~~|
TIME STEP = 1 ~~|
SAVEPER = 1 ~~|
"""


@pytest.fixture
def model(tmp_path: Path) -> se.Model:
    path = tmp_path / "model.mdl"
    path.write_text(_MODEL, encoding="utf-8")
    return se.load(path)


def test_what_is_steady_stays_steady(model: se.Model) -> None:
    assert list(model.run().to_dataframe()["y"]) == [8] * 5


@pytest.mark.parametrize(("values", "step"), [({"period": 2}, None), ({}, 0.5)])
def test_another_period_gives_no_numbers(model: se.Model, values: dict[str, float], step: float | None) -> None:
    with pytest.warns(se.RunWarning):
        run = model.run(values, time_step=step)
    assert run.to_dataframe()["y"].isna().all()


def test_period_and_step_may_change_together(model: se.Model) -> None:
    assert list(model.run({"period": 0.5}, time_step=0.5).to_dataframe()["y"]) == [8] * 5
