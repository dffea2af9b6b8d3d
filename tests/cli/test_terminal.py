"""What people see: tables, chosen columns and times, diagnostics."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import simengine as se
from simengine.cli.terminal import print_diagnostics, shortened, summary, table
from simengine.cli.view import main_columns, result_table, round_times
from simengine.source.diagnostic import error, warning

TEACUP = Path(__file__).resolve().parents[1] / "models" / "teacup.mdl"


def test_a_table_lines_up() -> None:
    assert table(["name", "unit", "2020"], [["gas", "m3", "1"], ["homes", "", "1000"]], left=2).splitlines() == [
        "name   unit  2020",
        "-----  ----  ----",
        "gas    m3       1",
        "homes        1000",
    ]


def test_long_names_leave_room() -> None:
    assert shortened("short") == "short"
    assert len(shortened("x" * 100)) == 46


@pytest.mark.parametrize(
    ("first", "last", "step", "count", "shown"),
    [
        (2016, 2050, 0.25, 7, [2016, 2020, 2030, 2040, 2050]),
        (0, 30, 0.125, 7, [0, 5, 10, 15, 20, 25, 30]),
        (0, 3, 1, 7, [0, 1, 2, 3]),
        (0, 100, 1, 2, [0, 100]),
        (0, 100, 1, 1, [100]),
        (1900, 2100, 0.5, 7, [1900, 1950, 2000, 2050, 2100]),
        (-1, 1, 0.001, 6, [-1, -0.5, 0, 0.5, 1]),
    ],
)
def test_times_shown_are_round(first: float, last: float, step: float, count: int, shown: list[float]) -> None:
    times = np.linspace(first, last, round((last - first) / step) + 1)
    assert [round(times[n], 9) for n in round_times(times, count)] == shown


@given(st.floats(-1e6, 1e6), st.floats(1e-3, 1e4), st.integers(1, 500), st.integers(1, 9))
def test_times_shown_are_few_in_order_and_end_with_the_last(start: float, step: float, steps: int, count: int) -> None:
    times = start + step * np.arange(steps)
    shown = round_times(times, count)
    assert 1 <= len(shown) <= count
    assert shown == sorted(set(shown))
    assert shown[-1] == steps - 1
    assert shown[0] == 0 or count == 1


def test_what_moves_is_shown_stocks_first() -> None:
    model = se.load(TEACUP)
    run = model.run()
    assert [c.name for c in main_columns(model, run)] == ["Teacup Temperature", "Heat Loss to Room"]
    still = model.run(save=["Room Temperature"])
    assert [c.name for c in main_columns(model, still)] == ["Room Temperature"]
    lines = result_table(model, run, main_columns(model, run)).splitlines()
    assert lines[0].split() == ["teacup", "unit", "0", "5", "10", "15", "20", "25", "30"]
    assert lines[2].split()[:4] == ["Teacup", "Temperature", "Degrees", "Fahrenheit"]


def test_of_an_array_a_few_elements_are_shown_after_scalars(tmp_path: Path) -> None:
    path = tmp_path / "m.mdl"
    path.write_text(
        "{UTF-8}\nD: (d1-d9) ~~|\na[D] = Time ~~|\ns[D] = INTEG(1, 0) ~~|\nt = Time ~~|\nINITIAL TIME=0~~|\n"
        "FINAL TIME=4~~|\nTIME STEP=1~~|\nSAVEPER=1~~|\n"
    )
    model = se.load(path)
    names = [c.name for c in main_columns(model, model.run())]
    assert names == ["t", "s[d1]", "s[d2]", "s[d3]", "a[d1]", "a[d2]", "a[d3]"]


def test_diagnostics_are_counted_and_apart(capsys: pytest.CaptureFixture[str]) -> None:
    found = [error("syntax", "one"), warning("bad-unit", "two"), error("syntax", "three")]
    assert summary(found) == "2 errors, 1 warning"
    print_diagnostics(found)
    assert capsys.readouterr().err == (
        "error[syntax]: one\n\nwarning[bad-unit]: two\n\nerror[syntax]: three\n\n2 errors, 1 warning\n"
    )
    print_diagnostics(found[:1], concise=True)
    assert capsys.readouterr().err == "error[syntax]: one\n"
    print_diagnostics([])
    print_diagnostics(found, as_json=True)
    out, err = capsys.readouterr()
    assert [d["message"] for d in json.loads(out)["diagnostics"]] == ["one", "two", "three"]
    assert err == ""
