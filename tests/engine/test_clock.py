"""Rules of time: steps, ends, and what is saved."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from simengine.engine.clock import plan_time
from simengine.source.diagnostic import InputError


@pytest.mark.parametrize(
    ("start", "stop", "step", "save", "times"),
    [
        (0, 3, 1, 1, [0, 1, 2, 3]),
        (0, 1, 0.25, 0.5, [0, 0.5, 1]),
        (5, 5, 1, 1, [5]),
        (-1, 1, 1, 1, [-1, 0, 1]),
        (0, 3, 1, 0.1, [0, 1, 2, 3]),  # a save interval below the time step saves every step
        (0, 3, 1, 0, [0, 1, 2, 3]),
        (0, 10, 3, 3, [0, 3, 6, 9]),  # the last step not past the end
        (0, 10, 1, 4, [0, 4, 8, 10]),  # and the end
        (0, 4, 1, 1.5, [0, 2, 3, 4]),  # the first step that reaches the time
        (0, 1, 0.1, 0.5, [0, 0.5, 1]),
        (0, 3, 1 / 3, 1, [0, 1, 2, 3]),
    ],
)
def test_saved_times(start: float, stop: float, step: float, save: float, times: list[float]) -> None:
    plan = plan_time(start, stop, step, save)
    assert [plan.time(n) for n in plan.saved] == pytest.approx(times)


@pytest.mark.parametrize("step", [0.333333, 0.3333333, 0.33333334, 0.142857, 0.0078125, 0.1, 0.7, 0.05, 1 / 30])
def test_a_time_step_written_with_few_digits_reaches_the_end(step: float) -> None:
    whole = round(1 / step) * step
    plan = plan_time(0.0, 100 * whole, step, whole)
    assert plan.steps == 100 * round(1 / step)
    assert len(plan.saved) == 101
    assert plan.time(plan.saved[-1]) == pytest.approx(100 * whole)


@pytest.mark.parametrize("per", [3, 7, 10, 30])
def test_a_rounded_time_step_saves_at_whole_times(per: int) -> None:
    plan = plan_time(0.0, 50.0, round(1 / per, 6), 1.0)
    assert [round(plan.time(n), 2) for n in plan.saved[:-1]] == pytest.approx(range(len(plan.saved) - 1), abs=0.02)
    assert len(plan.saved) in {51, 52}


def test_time_is_never_accumulated() -> None:
    plan = plan_time(0.0, 1e5, 0.1, 1.0)
    assert plan.steps == 1_000_000
    assert plan.time(300_001) == 300_001 * 0.1
    assert plan.time(plan.saved[-1]) == 1e5


@given(st.floats(-1e4, 1e4), st.integers(0, 1000), st.floats(1e-3, 10), st.integers(1, 7))
def test_the_first_and_the_last_step_are_saved(start: float, steps: int, step: float, every: int) -> None:
    plan = plan_time(start, start + steps * step, step, every * step)
    assert plan.steps == steps
    assert plan.saved[0] == 0
    assert plan.saved[-1] == steps
    assert all(n % every == 0 for n in plan.saved[:-1])
    assert list(plan.saved) == sorted(set(plan.saved))


@pytest.mark.parametrize(
    ("arguments", "word"),
    [
        ((0, 10, 0, 1), "time step"),
        ((0, 10, -1, 1), "time step"),
        ((0, 10, math.nan, 1), "time step"),
        ((0, math.inf, 1, 1), "stop"),
        ((10, 0, 1, 1), "before it starts"),
        ((0, 1e9, 1e-3, 1), "too small"),
        ((1e20, 2e20, 1e3, 1e3), "time step"),
    ],
)
def test_times_that_make_no_run(arguments: tuple[float, float, float, float], word: str) -> None:
    with pytest.raises(InputError, match=word):
        plan_time(*arguments)
