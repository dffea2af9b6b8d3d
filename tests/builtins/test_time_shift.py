"""TIME SHIFT: data seen earlier or later than they are."""

from __future__ import annotations

from pathlib import Path

import pytest

import simengine as se

_CLOCK = "INITIAL TIME = 0 ~~|\nFINAL TIME = 4 ~~|\nTIME STEP = 1 ~~|\nSAVEPER = 1 ~~|\n"


def _model(tmp_path: Path, equations: str) -> se.Model:
    model, data = tmp_path / "model.mdl", tmp_path / "data.csv"
    model.write_text("{UTF-8}\n" + equations + _CLOCK, encoding="utf-8")
    data.write_text("Time,sales data\n0,10\n1,20\n2,40\n4,80\n6,100\n", encoding="utf-8")
    return se.load(model, data=data)


def test_a_positive_shift_sees_the_data_of_the_future(tmp_path: Path) -> None:
    # Vensim ref. "TIME SHIFT": its example, TIME SHIFT(sales data, 1), is a glimpse into the future of sales
    frame = _model(tmp_path, "sales data ~~|\nnext := TIME SHIFT(sales data, 2) ~~|\n").run().to_dataframe()
    assert list(frame["next"]) == [40, 60, 80, 90, 100]


def test_a_negative_shift_sees_the_past_and_holds_the_first_point(tmp_path: Path) -> None:
    equations = "sales data ~~|\nlag = -1 ~~|\nlast := TIME SHIFT(sales data, lag) ~~|\n"
    assert list(_model(tmp_path, equations).run().to_dataframe()["last"]) == [10, 10, 20, 40, 60]


def test_only_data_can_be_shifted(tmp_path: Path) -> None:
    with pytest.raises(se.ModelError) as caught:
        _model(tmp_path, "sales data ~~|\nx = Time ~~|\nnext := TIME SHIFT(x, 2) ~~|\n")
    assert [d.code for d in caught.value.diagnostics] == ["not-a-lookup"]
