"""DEPRECIATE STRAIGHTLINE in fiscal periods of any length, also when a run sets period or step anew."""

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


@pytest.mark.parametrize("period", [0.25, 0.5, 1, 2, 4])
@pytest.mark.parametrize("step", [0.5, 1])
def test_what_is_steady_stays_steady(model: se.Model, period: float, step: float) -> None:
    # Vensim ref. "DEPRECIATE STRAIGHTLINE": if the stream stays at the initial value, so does the output
    frame = model.run({"period": period}, time_step=step).to_dataframe()
    assert frame["y"].to_list() == pytest.approx([8] * 5)
