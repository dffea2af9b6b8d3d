"""Data variables without data: a warning, and :NA: at every time; what a switch leaves out does not matter."""

from __future__ import annotations

from pathlib import Path

import simengine as se
from simengine.model.expression import NOT_AVAILABLE

MODEL = """{UTF-8}
history ~~|
switch = 0 ~~|
level = (1 - switch) * Time + switch * history ~~|
copy = IF THEN ELSE(history = :NA:, -1, history) ~~|
INITIAL TIME = 0 ~~|
FINAL TIME = 4 ~~|
TIME STEP = 1 ~~|
SAVEPER = TIME STEP ~~|
"""


def test_a_model_runs_without_the_data_that_a_switch_leaves_out(tmp_path: Path) -> None:
    path = tmp_path / "model.mdl"
    path.write_text(MODEL, encoding="utf-8")
    model = se.load(path)
    assert [d.code for d in model.diagnostics if d.severity.value == "warning"] == ["missing-data"]
    found = model.run().to_dataframe()
    assert list(found["level"]) == [0, 1, 2, 3, 4]
    assert (found["history"] == NOT_AVAILABLE).all()
    assert (found["copy"] == -1).all()
