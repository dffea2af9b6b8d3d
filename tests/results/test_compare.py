"""Scenarios compared: differences, times worth showing, goals; against numbers worked out by hand."""

from __future__ import annotations

import math
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from simengine.cli.terminal import table
from simengine.results.compare import (
    compare_scenarios,
    comparison_table,
    comparison_times,
    goal_rows,
    goal_table,
)
from simengine.results.record import Record, Scenario, Series, record_of
from simengine.results.study import Indicator
from tests.golden import check_golden
from tests.results.studies import some_study

GOLDEN = Path(__file__).parent / "golden"


@pytest.fixture
def record(tmp_path: Path) -> Record:
    return record_of(some_study(tmp_path / "inputs"))


def made(times: np.ndarray, *values: np.ndarray, goals: tuple[tuple[float, float, str], ...] = ()) -> Record:
    names = [f"s{n}" for n in range(len(values))]
    return Record(
        "made",
        tuple(Scenario(n, n, n) for n in names),
        (Indicator("x", "X", "m", goals),),
        tuple(Series(n, "x", "", times, v) for n, v in zip(names, values, strict=True)),
        base="s0",
    )


def test_differences_are_from_the_base() -> None:
    times = np.asarray([0.0, 10.0])
    rows = compare_scenarios(
        made(times, np.asarray([4.0, -8.0]), np.asarray([5.0, -6.0]), np.asarray([0.0, np.nan])), [0, 10]
    )
    assert [(r.scenario, r.time, r.value, r.difference, r.share) for r in rows[:4]] == [
        ("s0", 0, 4, 0, 0),
        ("s0", 10, -8, 0, 0),
        ("s1", 0, 5, 1, 0.25),
        ("s1", 10, -6, 2, 0.25),  # more than a negative base is more
    ]
    assert math.isnan(rows[5].difference)


def test_no_share_of_nothing_and_no_value_between_times() -> None:
    rows = compare_scenarios(made(np.asarray([0.0, 1.0]), np.zeros(2), np.ones(2)), [0.0, 0.5])
    assert [(r.value, r.difference) for r in rows if r.scenario == "s1" and r.time == 0] == [(1, 1)]
    assert all(math.isnan(r.share) for r in rows)
    assert all(math.isnan(r.value) for r in rows if r.time == 0.5)


def test_times_are_those_of_goals_round_ones_and_the_last() -> None:
    times = np.arange(2016, 2050.25, 0.25)
    assert comparison_times(made(times, times)) == (2020, 2030, 2040, 2050)
    assert comparison_times(made(times, times, goals=((2027.5, 1.0, "<="),))) == (2020, 2027.5, 2030, 2040, 2050)
    assert comparison_times(made(np.asarray([0.0]), np.zeros(1))) == (0,)
    assert comparison_times(made(np.empty(0), np.empty(0))) == ()
    half = made(times, times)
    other = replace(half.series[0], scenario="s1", times=times[:-1], values=times[:-1])
    both = replace(half, scenarios=(*half.scenarios, Scenario("s1", "", "s1")), series=(*half.series, other))
    assert comparison_times(both)[-1] == 2049.75  # the last that both have


@given(st.integers(1, 4000), st.floats(1e-3, 1e3), st.floats(-1e4, 1e4))
def test_times_compared_were_saved_and_are_few(count: int, step: float, start: float) -> None:
    times = np.unique(np.round(start + step * np.arange(count), 6))
    chosen = comparison_times(made(times, times))
    assert chosen[-1] == pytest.approx(times[-1])
    assert len(chosen) <= 6
    assert all(np.isclose(times, t, rtol=1e-9, atol=1e-9).any() for t in chosen)


def test_goals_stand_by_scenario(record: Record) -> None:
    rows = goal_rows(record)
    assert [(r.title, r.goal, [s.met for s in r.scores if s]) for r in rows] == [
        ("Gas in 2030", "<= 20", [False, True])
    ]


def test_a_scenario_without_a_goal_has_none(record: Record) -> None:
    less = replace(record, scores=record.scores[1:])
    assert [s is None for s in goal_rows(less)[0].scores] == [True, False]


def test_elements_are_compared_where_asked(record: Record) -> None:
    assert {r.element for r in compare_scenarios(record)} == {""}
    assert {r.element for r in compare_scenarios(record, elements=True)} == {
        "",
        "N1",
        "S2",
        "N1,a",
        "N1,b",
        "S2,a",
        "S2,b",
        "S2,c",
    }
    found = compare_scenarios(record, [2021], elements=True)
    hidden = [r for r in found if (r.variable, r.element) == ("gas per home", "N1")]
    assert len(hidden) == 2
    assert all(math.isnan(r.value) for r in hidden)


def test_tables_for_the_terminal(record: Record) -> None:
    text = f"{table(*comparison_table(record), left=2)}\n\n{table(*goal_table(record), left=3)}"
    check_golden(GOLDEN / "comparison.txt", text)
