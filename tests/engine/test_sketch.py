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


@given(
    st.integers(0, 2**32),
    st.integers(1, 40),
    st.integers(1, 6),
    st.sampled_from([1e-3, 1.0, 100.0]),
    st.integers(0, 40),
)
def test_counts_make_the_sketch_again(seed: int, runs: int, cells: int, spread: float, cut: int) -> None:
    values = np.exp(
        spread * np.random.default_rng(seed).standard_normal((runs, cells))
    )  # near each other, or far apart
    whole = Sketch((cells,))
    whole.add(values, 0)
    cells_of, buckets, counts = whole.counts()
    keys = np.concatenate([bucket_of(values[:, n]) + (n << 32) for n in range(cells)])
    expected = np.unique(keys, return_counts=True)
    np.testing.assert_array_equal((cells_of << 32) + buckets, expected[0])
    np.testing.assert_array_equal(counts, expected[1])
    parts = []
    for part in (values[:cut], values[cut:]):
        made = Sketch((cells,))
        made.add(part, 0)
        parts.append(Sketch.of(made.shape, made.runs, made.counts(), made.ends))
    parts[0].merge(parts[1])
    levels = (0.0, 0.3, 1.0)
    np.testing.assert_array_equal(parts[0].quantiles(levels), whole.quantiles(levels))
    np.testing.assert_array_equal(parts[0].means(), whole.means())
    np.testing.assert_allclose(whole.means(), values.mean(axis=0), rtol=1 / 2000)


def bucket_of(values: np.ndarray) -> np.ndarray:  # type: ignore[type-arg]
    """Return the sign, exponent and first 10 bits of positive numbers, as a sketch numbers its buckets."""
    return (values.view(np.uint64) >> np.uint64(42)).astype(np.int64) + (1 << 21)


def test_many_runs_at_once_are_counted_as_one_by_one() -> None:
    """What is large is counted some cells at a time: the same buckets, ends and failures."""
    rng = np.random.default_rng(7)
    values = (3 + rng.normal(size=(700, 40, 50))) * np.exp(rng.normal(size=(40, 50)) * 20)
    values[3, 2, 1], values[5], values[:, 7, 7], values[9, 9, 9] = np.nan, -values[5], 0.0, -0.0
    whole, pieces = Sketch((40, 50)), Sketch((40, 50))
    whole.add(values, 0)
    for first in range(0, 700, 90):
        pieces.add(values[first : first + 90], first)
    for one, other in zip((*whole.counts(), *whole.ends), (*pieces.counts(), *pieces.ends), strict=True):
        np.testing.assert_array_equal(one, other)
    assert whole.failed == pieces.failed == [3]
    np.testing.assert_array_equal(whole.quantiles([0.1, 0.9]), pieces.quantiles([0.1, 0.9]))
