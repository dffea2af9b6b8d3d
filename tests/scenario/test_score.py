"""Indicators against closed forms: a variable that is a straight line, and one that is a wave."""

from __future__ import annotations

import math
from pathlib import Path

import pytest

from simengine.results.study import Score, Study
from simengine.scenario.plan import read_plan
from simengine.scenario.run import run_plan
from simengine.source.render import render_full

MODEL = """{UTF-8}
slope = 2 ~ t/year ~|
line = slope * (Time - 2020) ~ t/year ~|
fall = 10 - (Time - 2020) ~ kt/year ~|
wave = SIN(Time) ~ Dmnl ~|
total = INTEG(line, 0) ~ t ~|
INITIAL TIME = 2020 ~ year ~|
FINAL TIME = 2030 ~ year ~|
TIME STEP = 0.25 ~ year ~|
SAVEPER = TIME STEP ~ year ~|
"""


def scores(folder: Path, kpis: str, scenarios: str = "  a:\n  b: {set: {slope: 3}}\n", more: str = "") -> Study:
    (folder / "m.mdl").write_text(MODEL, encoding="utf-8")
    path = folder / "s.yaml"
    path.write_text(f"simengine: 1\nmodel: m.mdl\nscenarios:\n{scenarios}kpis:\n{kpis}{more}", encoding="utf-8")
    plan, found = read_plan(path)
    assert plan is not None, "\n".join(map(render_full, found))
    return run_plan(plan)


@pytest.mark.parametrize(
    ("kpi", "value", "unit"),
    [
        ("{value: line, at: 2025}", 10, "t/year"),
        ("{value: line}", 20, "t/year"),
        ("{value: line, final: on}", 20, "t/year"),
        ("{value: line, at: 2025, unit: kg/year}", 10_000, "kg/year"),
        ("{value: line, mean: on}", 10, "t/year"),
        ("{value: line, mean: [2022, 2026]}", 8, "t/year"),
        ("{value: line, sum: [2022, 2026], unit: t}", 32, "t"),
        ("{value: line, min: [2022, 2026]}", 4, "t/year"),
        ("{value: line, max: [2022, 2026]}", 12, "t/year"),
        ("{value: line, first_above: 9 t/year}", 2024.5, "year"),
        ("{value: line, first_above: 9.1}", 2024.75, "year"),
        ("{value: fall, first_below: 3000 t/year}", 2027, "year"),
        ("{value: fall, first_below: -1}", math.nan, "year"),
        ("{value: line, at: 2030, minus: b}", -10, "t/year"),
        ("{value: line, mean: on, minus: b}", -5, "t/year"),
    ],
)
def test_statistics(tmp_path: Path, kpi: str, value: float, unit: str) -> None:
    score = scores(tmp_path, f"  k: {kpi}\n").scores[0]
    assert score.value == pytest.approx(value, nan_ok=True, rel=1e-12)
    assert score.unit == unit


def test_a_total_has_the_unit_of_its_variable_times_time(tmp_path: Path) -> None:
    score = scores(tmp_path, "  k: {value: line, sum: on}\n").scores[0]
    assert (score.value, score.unit) == (100, "t")


def goal(folder: Path, kpi: str) -> Score:
    return scores(folder, f"  k: {kpi}\n").scores[0]


def test_goals(tmp_path: Path) -> None:
    met = goal(tmp_path, "{value: line, at: 2025, goal: '<= 12 t/year'}")
    assert (met.met, met.margin, met.reached) == (True, 2, None)  # it holds in 2025, and not to the end
    late = goal(tmp_path, "{value: line, at: 2030, goal: '>= 15'}")
    assert (late.met, late.margin, late.reached) == (True, 5, 2027.5)
    missed = goal(tmp_path, "{value: line, at: 2025, unit: kg/year, goal: '>= 12 t/year'}")
    assert (missed.met, missed.margin) == (False, pytest.approx(-2000))
    near = goal(tmp_path, "{value: line, at: 2025, goal: '== 9 within 1.5'}")
    assert (near.met, near.margin) == (True, pytest.approx(0.5))
    between = goal(tmp_path, "{value: line, at: 2025, goal: between 11 and 12}")
    assert (between.met, between.margin) == (False, -1)
    never = goal(tmp_path, "{value: fall, first_below: -1, goal: '<= 2030'}")
    assert (never.met, never.margin) == (False, None)
    mean = goal(tmp_path, "{value: line, mean: on, goal: '<= 12'}")
    assert (mean.met, mean.reached) == (True, None)


def test_what_is_drawn_has_goals_in_the_unit_shown(tmp_path: Path) -> None:
    study = scores(tmp_path, "  k: {title: Line, value: line, at: 2025, unit: kg/year, goal: '<= 12 t/year'}\n")
    (drawn,) = study.indicators
    assert (drawn.variable, drawn.title, drawn.unit) == ("line", "line", "kg/year")
    assert drawn.factor == 1000
    assert drawn.goals == ((2025, 12_000, "<="),)


CHECKS = """checks:
  - {it: below ten, variables: line, expect: {lte: 10}}
  - {it: below ten until then, variables: line, expect: {lte: 10, time: {before_incl: 2025}}}
  - {it: before is not until, variables: line, expect: {lt: 10, time: {before_excl: 2025}}}
  - {it: near, variables: line, expect: {approx: 10, tolerance: 1 t/year, time: {after_incl: 2025, before_incl: 2025.5}}}
  - {it: more slope never means less, given: {slope: {times: 2}}, variables: line, expect: {gte: {scenario: inherit}}}
  - {it: more slope never means more, given: {slope: {times: 2}}, variables: line, expect: {lte: {scenario: inherit}}}
  - {it: as in b, scenarios: a, variables: line, expect: {approx: {scenario: b}}}
  - {it: stocks, variables: stocks, expect: {gte: 0}}
"""


def test_checks(tmp_path: Path) -> None:
    found = {(f.scenario, f.name) for f in scores(tmp_path, "  k: {value: line}\n", more=CHECKS).findings}
    assert found == {
        ("a", "below ten"),
        ("b", "below ten"),
        ("b", "below ten until then"),
        ("b", "before is not until"),
        ("b", "near"),
        ("a", "more slope never means more"),
        ("b", "more slope never means more"),
        ("a", "as in b"),
    }


def test_a_finding_says_where_and_by_how_much(tmp_path: Path) -> None:
    study = scores(tmp_path, "  k: {value: line}\n", "  a:\n", CHECKS[: CHECKS.index("  - {it: below ten until")])
    assert study.findings[0].message == "`line` is 10.5 t/year at 2025.25, not at most 10"


def test_a_run_that_fails_is_never_below(tmp_path: Path) -> None:
    kpis = '  k: {value: ratio, first_below: 1, goal: "<= 2025"}\n'
    model = MODEL.replace("wave =", "ratio = 5 - 1 / slope ~ Dmnl ~|\nwave =")
    (tmp_path / "n.mdl").write_text(model, encoding="utf-8")
    text = f"simengine: 1\nmodel: n.mdl\nscenarios:\n  a: {{set: {{slope: 0}}}}\nkpis:\n{kpis}"
    (tmp_path / "n.yaml").write_text(text, encoding="utf-8")
    plan, found = read_plan(tmp_path / "n.yaml")
    assert plan is not None, found
    (one,) = run_plan(plan).scores
    assert math.isnan(one.value)
    assert one.met is False
