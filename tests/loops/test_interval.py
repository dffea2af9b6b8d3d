"""Intervals hold what they say: results of numbers in them lie in the results of intervals."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from simengine.loops.interval import (
    Interval,
    added,
    between,
    divided,
    exactly,
    multiplied,
    power,
    squared,
    subtracted,
)

BOUND = st.floats(-50, 50).map(lambda x: round(x, 3))
PART = st.floats(0, 1)
OPERATIONS: dict[str, tuple[Callable[..., Interval], Callable[[float, float], float]]] = {
    "add": (added, lambda a, b: a + b),
    "subtract": (subtracted, lambda a, b: a - b),
    "multiply": (multiplied, lambda a, b: a * b),
    "divide": (divided, lambda a, b: a / b),
    "power": (power, lambda a, b: a**b),
}


def box(a: float, b: float) -> tuple[float, float]:
    return min(a, b), max(a, b)


@pytest.mark.parametrize("name", OPERATIONS)
@given(ends=st.tuples(BOUND, BOUND, BOUND, BOUND), at=st.tuples(PART, PART))
def test_operations_hold_what_numbers_give(name: str, ends: tuple[float, ...], at: tuple[float, float]) -> None:
    interval, number = OPERATIONS[name]
    (a, b), (c, d) = box(*ends[:2]), box(*ends[2:])
    x, y = a + (b - a) * at[0], c + (d - c) * at[1]
    if name == "power":
        c, d, y = c / 10, d / 10, y / 10
    try:
        value = number(x, y)
    except (ZeroDivisionError, OverflowError):
        return
    if isinstance(value, complex) or not math.isfinite(value):
        return
    out = interval(between(a, b), between(c, d))
    assert out.low <= value <= out.high


@given(ends=st.tuples(BOUND, BOUND), exponent=st.integers(-4, 4), at=PART)
def test_whole_powers_of_any_sign(ends: tuple[float, float], exponent: int, at: float) -> None:
    a, b = box(*ends)
    x = a + (b - a) * at
    if abs(x) < 1e-9 and exponent < 0:
        return
    out = power(between(a, b), exactly(float(exponent)))
    value = float(np.power(x, float(exponent)))
    assert out.low <= value <= out.high


@given(ends=st.tuples(BOUND, BOUND), at=PART)
def test_a_square_is_never_below_nought(ends: tuple[float, float], at: float) -> None:
    a, b = box(*ends)
    x = a + (b - a) * at
    out = squared(between(a, b))
    assert 0 <= out.low <= x * x <= out.high


def test_nought_times_anything_is_nought() -> None:
    out = multiplied(exactly(0.0), between(-np.inf, np.inf))
    assert (float(out.low), float(out.high)) == (0, 0)


def test_a_divisor_that_begins_at_nought_keeps_its_sign() -> None:
    out = divided(exactly(1.0), between(0.0, 4.0))
    assert out.low > 0.2499
    assert out.high == np.inf
