"""Quantiles from counts: near the exact ones, whatever the order of runs."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from simengine.engine.sketch import Sketch

LEVELS = [0.0, 0.05, 0.25, 0.5, 0.75, 0.95, 1.0]
VALUE = st.one_of(st.floats(-1e6, 1e6), st.sampled_from([0.0, -0.0, 1.0, 1e300, -1e300, 5e-324, 0.1]))


@given(st.lists(st.tuples(VALUE, VALUE), min_size=1, max_size=60), st.integers(1, 9))
def test_quantiles_are_near_the_exact_ones(rows: list[tuple[float, float]], part: int) -> None:
    values = np.asarray(rows)
    sketch = Sketch((2,))
    for start in range(0, len(values), part):
        sketch.add(values[start : start + part], start)
    got = sketch.quantiles(LEVELS)
    want = np.quantile(values, LEVELS, axis=0, method="inverted_cdf")
    assert np.all(np.abs(got - want) <= np.abs(want) / 2000 + 1e-300)
    assert np.array_equal(got[-1], values.max(axis=0) + 0.0) or np.allclose(got[-1], want[-1], rtol=5e-4)


def test_neither_order_nor_parts_matter() -> None:
    values = np.random.default_rng(1).lognormal(size=(3000, 4))
    one, first, second = Sketch((4,)), Sketch((4,)), Sketch((4,))
    one.add(values, 0)
    first.add(values[2000:][::-1], 2000)
    second.add(values[:2000], 0)
    first.merge(second)
    assert np.array_equal(one.quantiles(LEVELS), first.quantiles(LEVELS))


def test_what_is_the_same_in_all_runs_is_exact() -> None:
    sketch = Sketch((1,))
    sketch.add(np.full((7, 1), 0.1), 0)
    assert sketch.quantiles([0.5]).tolist() == [[0.1]]


def test_failed_runs_are_told_and_not_counted() -> None:
    sketch = Sketch((2,))
    sketch.add(np.asarray([[1, 2], [np.nan, 3], [5, 6], [1, np.inf]]), 10)
    assert sketch.failed == [11, 13]
    assert sketch.runs == 2
    assert np.allclose(sketch.quantiles([1.0]), [[5, 6]], rtol=5e-4)
    assert np.isnan(Sketch((2,)).quantiles([0.5])).all()
