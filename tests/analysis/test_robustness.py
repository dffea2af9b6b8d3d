"""Robustness: published examples, and what must hold of any table."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from simengine.analysis.robustness import Wanted, score_robustness

RETURNS = np.array([[-4.0, 4, 12], [-2.0, 3, 8], [3.0, 2, 1]])
"""Stocks, bonds, money market where interest rises, stays, falls: the textbook's example of regret."""


def test_the_textbooks_example():
    found = score_robustness(RETURNS, Wanted(low=2))
    assert found["worst"].value.tolist() == [-4, -2, 1]
    assert found["worst"].rank.tolist() == [3, 2, 1]
    assert found["best"].value.tolist() == [12, 8, 3]
    assert found["best"].rank.tolist() == [1, 2, 3]
    assert found["regret"].value.tolist() == [7, 5, 11]
    assert found["regret"].rank.tolist() == [2, 1, 3]
    assert found["mean"].value == pytest.approx([4, 3, 2])
    assert found["hurwicz"].value == pytest.approx([4, 3, 2])
    assert found["domain"].value == pytest.approx([2 / 3, 2 / 3, 2 / 3])
    assert found["domain"].rank.tolist() == [1, 1, 1]
    assert found["undesirable"].value == pytest.approx([8, 5, 1])
    assert found["mean and spread"].value == pytest.approx((RETURNS.mean(1) + 1) / (RETURNS.std(1) + 1))


def test_where_less_is_better():
    found = score_robustness(-RETURNS, Wanted(high=-2))
    assert found["worst"].value.tolist() == [4, 2, -1]
    assert found["regret"].value.tolist() == [7, 5, 11]
    for measure in ("worst", "best", "mean", "hurwicz", "regret", "regret 90", "undesirable", "domain"):
        other = score_robustness(RETURNS, Wanted(low=2))[measure]
        np.testing.assert_array_equal(found[measure].rank, other.rank)
    assert found["mean and spread"].value == pytest.approx((-RETURNS.mean(1) + 1) * (RETURNS.std(1) + 1))


def test_a_band_counts_the_distance_to_it():
    found = score_robustness(np.array([[1.0, 5, 9], [4.0, 5, 6]]), Wanted(4, 6))
    assert found["worst"].value.tolist() == [3, 0]
    assert found["domain"].value == pytest.approx([1 / 3, 1])


def test_a_state_in_which_a_policy_failed_counts_for_none():
    broken = np.column_stack([RETURNS, [100.0, np.nan, 100.0]])
    found = score_robustness(broken, Wanted(low=2))
    assert (found.states, found.dropped) == (3, 1)
    for one, other in zip(found.scores, score_robustness(RETURNS, Wanted(low=2)).scores, strict=True):
        np.testing.assert_array_equal(one.value, other.value)


def test_no_state_is_left():
    found = score_robustness(np.full((2, 3), np.nan), Wanted(low=0))
    assert found.states == 0
    assert all(np.isnan(s.value).all() and (s.rank == 0).all() for s in found.scores)


def test_a_goal_that_says_nothing_is_refused():
    with pytest.raises(ValueError, match="say nothing of what is wanted"):
        Wanted()


tables = hnp.arrays(float, st.tuples(st.integers(1, 4), st.integers(1, 12)), elements=st.floats(-100, 100, width=32))


@settings(max_examples=60, deadline=None)
@given(tables, st.booleans())
def test_what_holds_of_any_table(values, less):
    found = score_robustness(values, Wanted(high=3) if less else Wanted(low=3), resamples=10)
    regret = found["regret"].value
    assert (regret >= 0).all()
    if values.shape[1] == 1:
        assert regret.min() == 0  # the best policy of the one state
    assert (found["regret 90"].value <= regret + 1e-9).all()
    worst, mean, best = (found[m].value for m in ("worst", "mean", "best"))
    sign = 1 if less else -1
    assert (sign * worst >= sign * mean - 1e-9).all()
    assert (sign * mean >= sign * best - 1e-9).all()
    assert ((found["domain"].value >= 0) & (found["domain"].value <= 1)).all()
    for score in found.scores:
        assert score.rank.min() == 1
