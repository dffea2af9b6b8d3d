"""Data equations: computed where the data have points, then interpolated by the equation's own keyword.

The expected numbers come from the rule of the manual ("Data Equations", "X IF MISSING") by NumPy: the formula at the
points that all sources share (or any of them has), `numpy.interp` between.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import simengine as se
from simengine.model.expression import NOT_AVAILABLE

CLOCK = "INITIAL TIME = 0 ~~|\nFINAL TIME = 12 ~~|\nTIME STEP = 0.5 ~~|\nSAVEPER = TIME STEP ~~|\n"
ONE = {0.0: 1.0, 4.0: 6.0, 6.0: 2.0, 10.0: 4.0}
TWO = {0.0: 3.0, 3.0: 5.0, 6.0: 7.0, 10.0: 1.0}
TIMES = np.arange(0.0, 12.5, 0.5)
BOTH = [0.0, 6.0, 10.0]

Run = Callable[[str], pd.DataFrame]


@pytest.fixture
def run(tmp_path: Path) -> Run:
    def of(equations: str) -> pd.DataFrame:
        series = {"one": ONE, "two": TWO, "many[a]": ONE, "many[b]": TWO}
        text = "\n".join(f"{n}\n" + "\n".join(f"{t}\t{v}" for t, v in s.items()) for n, s in series.items())
        (tmp_path / "points.dat").write_text(text + "\n", encoding="utf-8")
        names = "one ~~|\ntwo ~~|\nwho : a, b ~~|\nmany[who] ~~|\n"
        path = tmp_path / "model.mdl"
        path.write_text("{UTF-8}\n" + names + equations + CLOCK, encoding="utf-8")
        return se.load(path, data=[str(tmp_path / "points.dat")]).run().to_dataframe()

    return of


def line(points: dict[float, float]) -> np.ndarray:
    return np.interp(TIMES, list(points), list(points.values()))


def test_a_product_is_a_straight_line_between_the_points_both_have(run: Run) -> None:
    found = run("product := one * two * factor ~~|\nfactor = 10 ~~|\n")
    expected = line({t: ONE[t] * TWO[t] * 10 for t in BOTH})
    np.testing.assert_allclose(found["product"], expected, rtol=1e-12)


def test_an_auxiliary_takes_the_sources_between_their_points(run: Run) -> None:
    found = run("product = one * two ~~|\n")
    np.testing.assert_allclose(found["product"], line(ONE) * line(TWO), rtol=1e-12)


def test_raw_is_missing_between_points(run: Run) -> None:
    found = run("copy := one ~~|\nraw :RAW: := copy ~~|\n")["raw"]
    expected = [ONE.get(t, NOT_AVAILABLE) for t in TIMES]
    np.testing.assert_array_equal(found, expected)


@pytest.mark.parametrize(("keyword", "side"), [(":HOLD BACKWARD:", "right"), (":LOOK FORWARD:", "left")])
def test_keywords_take_the_point_before_or_after(run: Run, keyword: str, side: str) -> None:
    found = run(f"held {keyword} := one + Time ~~|\n")["held"]
    points = np.asarray(list(ONE))
    at = np.searchsorted(points, TIMES, side=side) - (1 if side == "right" else 0)  # type: ignore[call-overload]
    chosen = points[np.clip(at, 0, len(points) - 1)]
    np.testing.assert_allclose(found, [ONE[t] + t for t in chosen], rtol=1e-12)


def test_data_of_data_of_data(run: Run) -> None:
    found = run("first := one + two ~~|\nsecond := first * one ~~|\n")
    np.testing.assert_allclose(found["second"], line({t: (ONE[t] + TWO[t]) * ONE[t] for t in BOTH}), rtol=1e-12)


def test_elements_have_points_of_their_own(run: Run) -> None:
    found = run("square[who] := many[who] * many[who] ~~|\nsum := SUM(many[who!]) ~~|\n")
    for element, points in (("a", ONE), ("b", TWO)):
        np.testing.assert_allclose(found[f"square[{element}]"], line({t: v * v for t, v in points.items()}), rtol=1e-12)
    np.testing.assert_allclose(found["sum"], line({t: ONE[t] + TWO[t] for t in BOTH}), rtol=1e-12)


def test_x_if_missing_fills_in_where_one_has_no_point(run: Run) -> None:
    found = run("filled := X IF MISSING(one + two, 100) ~~|\nall := X IF MISSING(SUM(many[who!]), 100) ~~|\n")
    union = sorted({*ONE, *TWO})
    expected = line({t: ONE.get(t, 100.0) + TWO.get(t, 100.0) for t in union})
    np.testing.assert_allclose(found["filled"], expected, rtol=1e-12)
    np.testing.assert_allclose(found["all"], expected, rtol=1e-12)


def test_x_if_missing_of_computed_data(run: Run) -> None:
    found = run("both := one * two ~~|\nfilled :RAW: := X IF MISSING(one + both, 100) ~~|\n")["filled"]
    expected = [ONE[t] + (ONE[t] * TWO[t] if t in BOTH else 100.0) if t in ONE else NOT_AVAILABLE for t in TIMES]
    np.testing.assert_allclose(found, expected, rtol=1e-12)


def test_data_in_a_macro_and_a_simulated_argument(run: Run) -> None:
    macro = """:MACRO: COUNT(historical, simulated)
    COUNT = INTEG(pick / TIME STEP$, 0) ~~|
    pick = IF THEN ELSE(x = :NA: :OR: y = :NA:, 0, 1) ~~|
    x :RAW: := historical ~~|
    y := simulated ~~|
    :END OF MACRO:
    """
    found = run(macro + "level = INTEG(1, 5) ~~|\npoints = COUNT(one, level) ~~|\n")["points"]
    np.testing.assert_array_equal(found, [sum(p < t for p in ONE) for t in TIMES])


def test_constants_of_a_data_equation_can_be_set(tmp_path: Path) -> None:
    path = tmp_path / "model.mdl"
    path.write_text("{UTF-8}\none ~~|\nscaled := one * factor ~~|\nfactor = 10 ~~|\n" + CLOCK, encoding="utf-8")
    (tmp_path / "points.dat").write_text("one\n0\t1\n12\t3\n", encoding="utf-8")
    model = se.load(path, data=[str(tmp_path / "points.dat")])
    assert model.run({"factor": 2}).to_dataframe()["scaled"].iloc[-1] == 6


def test_no_point_in_common_is_missing_throughout(tmp_path: Path) -> None:
    path = tmp_path / "model.mdl"
    path.write_text("{UTF-8}\none ~~|\ntwo ~~|\nboth := one + two ~~|\n" + CLOCK, encoding="utf-8")
    (tmp_path / "points.dat").write_text("one\n0\t1\n12\t3\ntwo\n1\t1\n11\t3\n", encoding="utf-8")
    found = se.load(path, data=[str(tmp_path / "points.dat")]).run().to_dataframe()
    assert (found["both"] == NOT_AVAILABLE).all()
