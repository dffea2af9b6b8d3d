"""Curves: their formulas, and that a run sees them exactly at every step."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import simengine as se
from simengine.scenario.curve import (
    Clock,
    Combined,
    Curve,
    Flat,
    Pulsed,
    Ramped,
    Stepped,
    Tabled,
    points_of,
    repeated,
    value_at,
    values_at,
)

START, STOP = 2020.0, 2030.0
numbers = st.floats(-1e3, 1e3).map(lambda v: round(v, 3))
moments = st.floats(START - 2, STOP + 2).map(lambda v: round(v, 2))
flats = st.builds(Flat, numbers)


@st.composite
def ramps(draw: st.DrawFn, inner: st.SearchStrategy[Curve]) -> Curve:
    begin = draw(moments)
    return Ramped(draw(inner), draw(inner), begin, begin + draw(st.floats(0.5, 5)), draw(st.booleans()))


@st.composite
def pulses(draw: st.DrawFn, inner: st.SearchStrategy[Curve]) -> Curve:
    length = draw(st.floats(0.1, 3))
    every = draw(st.none() | st.floats(length, 6))
    clock = Clock(START, STOP, draw(st.sampled_from([0.25, 0.1])))
    stretches = repeated(clock, draw(moments), length, every, draw(st.none() | moments))
    return Pulsed(draw(inner), draw(inner), stretches)


@st.composite
def tables(draw: st.DrawFn) -> Curve:
    times = sorted(set(draw(st.lists(moments, min_size=1, max_size=5))))
    return Tabled(tuple(times), tuple(draw(numbers) for _ in times), draw(st.booleans()))


curves: st.SearchStrategy[Curve] = st.recursive(
    flats | tables(),
    lambda inner: (
        st.builds(Stepped, inner, inner, moments)
        | ramps(inner)
        | pulses(inner)
        | st.builds(Combined, inner, inner, st.sampled_from([0, 1, -1]))
    ),
    max_leaves=4,
)


@given(curves, st.lists(moments, min_size=1, max_size=20))
def test_a_curve_is_a_pure_function_of_time(curve: Curve, times: list[float]) -> None:
    together = values_at(curve, np.array(times))
    assert together.tolist() == [value_at(curve, t) for t in times]
    assert together.tolist() == values_at(curve, np.array(times[::-1])).tolist()[::-1]


@settings(max_examples=200)
@given(curves, st.sampled_from([0.25, 0.1, 1 / 3, 1.0]))
def test_its_points_are_the_curve_at_every_step(curve: Curve, step: float) -> None:
    """Also at the steps and half steps between, where straight lines join the points."""
    clock = Clock(START, STOP, step)
    points = points_of(curve, clock)
    times = clock.times
    drawn = np.interp(times, list(points), list(points.values()))
    exact = values_at(curve, times)
    assert np.allclose(drawn, exact, rtol=1e-9, atol=1e-9 * max(1.0, float(np.abs(exact).max())))
    for time in times:
        if float(time) in points:
            assert points[float(time)] == value_at(curve, float(time))


@given(numbers, numbers, st.booleans())
def test_a_ramp_stays_between_its_ends_and_never_turns(a: float, b: float, smooth: bool) -> None:
    values = values_at(Ramped(Flat(a), Flat(b), 2022.0, 2028.0, smooth), np.linspace(2019, 2031, 200))
    assert values[0] == a
    assert values[-1] == b
    moves = np.diff(values) * np.sign(b - a)
    assert (moves >= -1e-9).all()


def test_an_s_curve_is_its_formula() -> None:
    """3u^2 - 2u^3: a quarter of the way 5/32, half 1/2; level at both ends."""
    curve = Ramped(Flat(0.0), Flat(32.0), 2020.0, 2024.0, smooth=True)
    assert [value_at(curve, t) for t in (2020, 2021, 2022, 2023, 2024)] == [0, 5, 16, 27, 32]
    slope = (value_at(curve, 2020.0001) - value_at(curve, 2020)) / 1e-4
    assert abs(slope) < 0.01


def test_a_step_belongs_to_its_moment() -> None:
    curve = Stepped(Flat(1.0), Flat(2.0), 2025.0)
    assert value_at(curve, float(np.nextafter(2025, 0))) == 1
    assert value_at(curve, 2025.0) == 2


def test_pulses_begin_last_repeat_and_end() -> None:
    curve = Pulsed(Flat(0.0), Flat(5.0), repeated(Clock(2020.0, 2030.0, 0.5), 2021.0, 1.0, 3.0, 2027.5))
    on = [t for t in np.arange(2020, 2031, 0.5) if value_at(curve, float(t)) == 5]
    assert on == [2021, 2021.5, 2024, 2024.5, 2027]


@pytest.mark.parametrize("step", [0.1, 0.25, 1 / 3, 0.7])
def test_a_pulse_lasts_as_many_steps_as_it_should(step: float) -> None:
    """However its times round: 3 steps on, 2 off, from the 5th step on."""
    clock = Clock(2020.0, 2020.0 + 100 * step, step)
    pulse = Pulsed(Flat(0.0), Flat(1.0), repeated(clock, 2020 + 5 * step, 3 * step, 5 * step))
    on = values_at(pulse, clock.times)
    assert on.tolist() == [1.0 if n >= 5 and n % 5 < 3 else 0.0 for n in range(101)]


def test_a_table_is_held_beyond_its_ends() -> None:
    line, hold = Tabled((2022.0, 2026.0), (1.0, 3.0)), Tabled((2022.0, 2026.0), (1.0, 3.0), hold=True)
    assert [value_at(line, t) for t in (2020, 2022, 2024, 2026, 2030)] == [1, 1, 2, 3, 3]
    assert [value_at(hold, t) for t in (2020, 2022, 2024, 2026, 2030)] == [1, 1, 1, 3, 3]


MODEL = """{UTF-8}
lever = 1 ~~|
seen = lever ~~|
total = INTEG(lever, 0) ~~|
INITIAL TIME = 2020 ~~|
FINAL TIME = 2030 ~~|
TIME STEP = 0.1 ~~|
SAVEPER = TIME STEP ~~|
"""


@pytest.mark.parametrize("method", ["euler", "rk4"])
@pytest.mark.parametrize(
    "curve",
    [
        Stepped(Flat(1.0), Flat(2.0), 2023.3),
        Ramped(Flat(1.0), Flat(7.0), 2021.7, 2026.1, smooth=True),
        Pulsed(Flat(0.25), Flat(4.0), repeated(Clock(2020.0, 2030.0, 0.1), 2021.1, 0.7, 1.9)),
        Tabled((2021.3, 2024.9, 2028.2), (1.0, -2.0, 9.0), hold=True),
        Combined(Ramped(Flat(1.0), Flat(2.0), 2021.0, 2029.0), Ramped(Flat(3.0), Flat(1.0), 2020.0, 2030.0), 0),
    ],
    ids=["step", "s-curve", "pulse", "held table", "product"],
)
def test_a_run_sees_the_curve_itself_at_every_step(tmp_path: Path, curve: Curve, method: str) -> None:
    path = tmp_path / "m.mdl"
    path.write_text(MODEL, encoding="utf-8")
    model = se.load(path)
    clock = Clock(2020.0, 2030.0, 0.1)
    run = model.run({"lever": points_of(_snapped(curve, clock), clock)}, integration=method)
    assert run.times.tolist() == clock.times.tolist()
    exact = values_at(_snapped(curve, clock), clock.times)
    assert np.array_equal(run.values("seen"), exact)
    if method == "euler":  # Euler adds up the values at the steps and nothing else
        assert run.values("total")[-1] == pytest.approx(0.1 * exact[:-1].sum(), rel=1e-12)


def _snapped(curve: Curve, clock: Clock) -> Curve:
    match curve:
        case Stepped(before=b, after=a, at=at):
            return Stepped(b, a, clock.snap(at))
        case Tabled(times=times, values=values, hold=hold):
            return Tabled(tuple(map(clock.snap, times)), values, hold)
    return curve


def test_moments_between_steps_stay_where_they_are() -> None:
    clock = Clock(2020.0, 2030.0, 0.25)
    assert clock.snap(2025.1) == 2025.1
    assert clock.snap(2025.25 + 1e-9) == 2025.25
