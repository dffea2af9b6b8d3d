"""Ridges: pairs the data tie together and leave wide; not what is wide alone, nor what is tied but known."""

from __future__ import annotations

import numpy as np
import pytest

from simengine.inference.identify import identification, ridges
from simengine.inference.verdict import verdicts

LOW, HIGH = np.zeros(2), np.ones(2)
AT = np.array([0.5, 0.5])


def told(tied: float, error: float) -> list[tuple[str, ...]]:
    """Ridges of two parameters with a correlation of information, and standard errors with the other fixed."""
    information = np.array([[1.0, tied], [tied, 1.0]]) / error**2
    found = identification(["a", "b"], information)
    return [ridge.names for ridge in ridges(found, AT, LOW, HIGH)]


def test_what_is_tied_and_wide_is_a_ridge() -> None:
    assert told(0.98, 0.1) == [("a", "b")]  # standard errors 0.5: the whole range


@pytest.mark.parametrize(("tied", "error"), [(0.98, 0.002), (0.5, 0.5), (0.0, 5.0)])
def test_what_is_known_or_not_tied_is_none(tied: float, error: float) -> None:
    assert told(tied, error) == []


def test_a_ridge_is_told_in_words_with_the_change_that_offsets() -> None:
    information = np.array([[1.0, -0.98], [-0.98, 1.0]]) / 0.1**2
    found = identification(["a", "b"], information)
    (ridge,) = ridges(found, AT, LOW, HIGH)
    # along the ridge the derivative of the density by b is 0: F_ba da + F_bb db = 0
    assert ridge.changes == pytest.approx((0.1, 0.098))
    assert ridge.left == pytest.approx(np.sqrt(1.0 - 0.98**2))
    assert ridge.index == pytest.approx(1.0 / np.sqrt(1.0 - 0.98))
    assert "move together: +10 % of the first is offset by +9.8 % of the second" in ridge.text
    assert [v.word for v in verdicts(found, AT, LOW, HIGH)] == ["together", "together"]


def test_a_parameter_without_a_range_is_wide_by_its_size() -> None:
    information = np.array([[1.0, 0.98], [0.98, 1.0]]) / 0.1**2
    found = identification(["a", "b"], information)
    free = np.array([np.inf, np.inf])
    assert [r.names for r in ridges(found, AT, -free, free)] == [("a", "b")]
    assert ridges(found, 100.0 * AT, -free, free) == ()
