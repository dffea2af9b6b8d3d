"""The judge itself: references are read as they stand, and a wrong run does not pass."""

from __future__ import annotations

import csv
import itertools
import math
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from tests.conformance.reference import compare, loose, read_reference

CASES = Path(__file__).parents[3] / "shared" / "conformance"


def test_names_are_compared_loosely() -> None:
    assert loose('"Heat  Use"[Old_Town, 1]') == loose("heat_use[old town,1]")
    assert loose('"""a\\nb"""') == loose("A B")


def test_table_fills_constants_and_leaves_other_blanks(tmp_path: Path) -> None:
    path = tmp_path / "output.tab"
    path.write_text("Time\tk\t#inner>x#\tx\traw\n0\t3\t1\t1\t\n1\t\t\t2\t5\n\n2\t\t\t3\t\n")
    times, columns = read_reference(path)
    assert times == [0, 1, 2]
    assert set(columns) == {"k", "x", "raw"}
    assert columns["k"] == [3, 3, 3]
    assert columns["x"] == [1, 2, 3]
    assert [math.isnan(v) for v in columns["raw"]] == [True, False, True]


def test_dat_fills_constants_and_keeps_data_times_apart(tmp_path: Path) -> None:
    path = tmp_path / "out.dat"
    specs = "INITIAL TIME\n0\t0\nFINAL TIME\n0\t2\nSAVEPER\n0\t1\n2\t1\n"
    path.write_text(specs + "x\n0\t1\n1\t2\n2\t3\ndata\n-5\t9\n0\t8\n0.5\t7\n2\t6\n4\t5\n")
    times, columns = read_reference(path)
    assert times == [0, 1, 2]
    assert columns["SAVEPER"] == [1, 1, 1]
    assert columns["data"][0] == 8
    assert math.isnan(columns["data"][1])
    assert columns["data"][2] == 6


def frame(**columns: list[float]) -> pd.DataFrame:
    return pd.DataFrame(columns, index=[0.0, 1.0, 2.0])


def test_comparison_sees_what_is_wrong() -> None:
    reference = ([0.0, 1.0, 2.0], {"a b": [1.0, 2.0, 3.0], "raw": [math.nan, 5.0, math.nan]})
    assert compare(frame(A_B=[1, 2, 3], raw=[math.nan, 5, 7]), reference, 1e-3) == []
    assert compare(frame(A_B=[1, 2.001, 3], raw=[0, 5, 0]), reference, 1e-3) == []
    assert compare(frame(A_B=[1, 2.01, 3], raw=[0, 5, 0]), reference, 1e-3) == [
        "a b at 1: got 2.01, reference 2 (1 of 3 times)"
    ]
    assert compare(frame(A_B=[1, math.nan, 3], raw=[0, 5, 0]), reference, 1e-3)
    assert compare(frame(A_B=[1, 2, 99], raw=[0, 5, 0]), reference, 1e-3, until=1.0) == []
    assert compare(frame(A_B=[1, 2, 3]), reference, 1e-3) == ["missing column: raw"]
    assert compare(frame(a=[1, 2, 3]).iloc[:2], ([0.0, 2.0], {"a": [1.0, 3.0]}), 1e-3) == [
        "no row at time 2 (1 times without a row)"
    ]
    assert compare(frame(a=[1, math.inf, 3]), ([0.0, 1.0], {"a": [1.0, math.inf]}), 1e-3) == []
    assert compare(frame(a=[1, 1e300, 3]), ([0.0, 1.0], {"a": [1.0, math.inf]}), 1e-3) != []


def test_times_printed_with_six_digits_meet_their_row() -> None:
    run = pd.DataFrame({"x": np.arange(9.0)}, index=2000 + np.arange(9) / 8)
    assert compare(run, ([2000.0, 2000.13, 2000.25], {"x": [0.0, 1.0, 2.0]}), 1e-6) == []


def references() -> list[str]:
    if not CASES.is_dir():
        return []
    with (CASES / "cases.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    names = {str(Path(r["model"]).parent / name) for r in rows for name in r["references"].split(";")}
    return sorted(names)


@pytest.mark.skipif(not CASES.is_dir(), reason="the reference cases are not here")
def test_every_reference_reads_and_agrees_with_itself() -> None:
    for name in references():
        times, columns = read_reference(CASES / name)
        assert len(times) > 1, name
        assert all(b > a for a, b in itertools.pairwise(times)), name
        assert columns, name
        assert all(len(v) == len(times) and not all(map(math.isnan, v)) for v in columns.values()), name
        assert len({loose(c) for c in columns}) == len(columns), name
        run = pd.DataFrame(columns, index=times)
        assert compare(run, (times, columns), 0.0) == [], name
        column = next(iter(columns))
        wrong = run.assign(**{column: run[column] + 1 + 2e-5 * run[column].abs().max()})
        assert compare(wrong, (times, columns), 0.0), name
