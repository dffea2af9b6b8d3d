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


@pytest.mark.parametrize(
    ("constraint", "holds", "time"),
    [
        # in the run `base` sales are 10, 20, 30: from time 1 on the model has them, less a tenth
        ("c :THE CONDITION: sales = RC COMPARE('base', sales, 0.9) :IMPLIES: sales > 19 ~~|", False, 1.0),
        ("c :THE CONDITION: sales = RC COMPARE('base', sales, 0.9) :IMPLIES: stock >= 0 ~~|", True, None),
        # Vensim ref. "Reality Check Functions": held to after the time of grace
        (
            "c :THE CONDITION: sales = RC COMPARE('base', sales, 0.9) :IMPLIES: "
            "sales = RC COMPARE CHECK('base', sales, 0, 0.9) ~~|",
            True,
            None,
        ),
        ("c :THE CONDITION: hours = 8 :IMPLIES: sales = RC COMPARE CHECK('base', sales, 1, 1) ~~|", False, 2.0),
        (
            "c[D] :THE CONDITION: hours = 8 :IMPLIES: workers[D] < RC COMPARE CHECK('base', workers[D], 0, 2) ~~|",
            True,
            None,
        ),
        (
            "c[D] :THE CONDITION: hours = 8 :IMPLIES: workers[D] < RC COMPARE CHECK('base', workers[D], 0, 1) ~~|",
            False,
            1.0,
        ),
    ],
)
def test_another_run_is_compared_with(constraint: str, holds: bool, time: float | None, tmp_path: Path) -> None:
    table = "Time,sales,workers[a],workers[b]\n0,10,4,6\n1,20,4,6\n2,30,4,6\n"
    (tmp_path / "base.csv").write_text(table, encoding="utf-8")
    (found,) = results(constraint, tmp_path)
    assert found.holds is holds, str(found)
    assert found.time == time


def test_another_run_lies_beside_the_model(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    work = tmp_path / "work"
    work.mkdir()
    monkeypatch.chdir(work)
    for folder, sales in ((tmp_path, (10, 20, 30)), (work, (50, 50, 50))):
        rows = "".join(f"{time},{value}\n" for time, value in enumerate(sales))
        (folder / "base.csv").write_text(f"Time,sales\n{rows}", encoding="utf-8")
    constraint = "c :THE CONDITION: sales = RC COMPARE('base', sales, 0.9) :IMPLIES: sales > 19 ~~|"
    (found,) = results(constraint, tmp_path)
    assert (found.holds, found.time) == (False, 1.0)
    monkeypatch.chdir(tmp_path)
    (found,) = results(constraint, Path())  # a model named without its folder
    assert (found.holds, found.time) == (False, 1.0)


@pytest.mark.parametrize(
    "consequence",
    [
        "RC COMPARE CHECK('x', sales, 1, 1) = 1",  # no such run
        "sales > RC COMPARE CHECK('base', sales, 1, 1)",  # not in the run
        "sales > 2 * RC STEP CHECK(0, sales, 1)",
    ],
)
def test_what_cannot_be_run_says_why(consequence: str, tmp_path: Path) -> None:
    (tmp_path / "base.csv").write_text("Time,other\n0,10\n1,20\n", encoding="utf-8")
    (found,) = results(f"c :THE CONDITION: sales = stock * 0 + sales :IMPLIES: {consequence} ~~|", tmp_path)
    assert found.holds is None
    assert found.reason
