"""Reality checks: changed copies of a model, held to what they imply."""

from __future__ import annotations

from pathlib import Path

import pytest

import simengine as se
from simengine.api.reality import RealityResult, run_reality_checks

MODEL = """{UTF-8}
D: a, b ~~|
workers[D] = 4, 5 ~~|
hours = 8 ~~|
productivity[D] = 0.5, 2 ~~|
output[D] = workers[D] * hours * productivity[D] ~~|
stock = INTEG(SUM(output[D!]) - sales, 100) ~~|
sales = MIN(50, stock) ~~|
INITIAL TIME = 0 ~~|
FINAL TIME = 10 ~~|
TIME STEP = 1 ~~|
SAVEPER = 1 ~~|
nothing works[D] :TEST INPUT: productivity[D] = RC STEP(productivity[D], 0) ~~|
"""


def results(text: str, folder: Path) -> list[RealityResult]:
    path = folder / "checked.mdl"
    path.write_text(MODEL + text, encoding="utf-8")
    return list(run_reality_checks(se.load(path).definition))


@pytest.mark.parametrize(
    ("constraint", "holds", "time"),
    [
        (
            "c[D] :THE CONDITION: nothing works[D] :IMPLIES: output[D] <= RC STEP CHECK(0.5, output[D], 0.001) ~~|",
            True,
            None,
        ),
        ("c[D] :THE CONDITION: nothing works[D] :IMPLIES: output[D] > 1 ~~|", False, 1.0),
        ("c :THE CONDITION: workers[a] = 0 :IMPLIES: output[a] = 0 ~~|", True, None),
        ("c :THE CONDITION: workers[a] = 0 :IMPLIES: output[b] = 0 ~~|", False, 0.0),
        ("c :THE CONDITION: hours = RC RAMP(hours, 0, 4, 2) :IMPLIES: stock <= 2000 ~~|", True, None),
        (
            "c :THE CONDITION: hours = RC DECAY(hours, 1, 2) :IMPLIES: hours >= RC DECAY CHECK(0, hours, 1, 2) ~~|",
            True,
            None,
        ),
        ("c :THE CONDITION: stock > 500 :IMPLIES: sales = 50 ~~|", True, None),
        ("c :THE CONDITION: stock > 500 :IMPLIES: sales > 50 ~~|", False, 9.0),
    ],
)
def test_what_a_constraint_comes_to(constraint: str, holds: bool, time: float | None, tmp_path: Path) -> None:
    (found,) = results(constraint, tmp_path)
    assert found.holds is holds, str(found)
    if time is not None:
        assert found.time == time


def test_the_element_is_named(tmp_path: Path) -> None:
    (found,) = results("c[D] :THE CONDITION: nothing works[D] :IMPLIES: output[D] > 1 ~~|", tmp_path)
    assert found.element == "a"
    assert "fails at time 1 for a" in str(found)


def test_what_cannot_be_run_says_why(tmp_path: Path) -> None:
    (found,) = results(
        "c :THE CONDITION: sales = stock * 0 + sales :IMPLIES: RC COMPARE CHECK('x', sales, 1, 1) = 1 ~~|", tmp_path
    )
    assert found.holds is None
    assert found.reason
