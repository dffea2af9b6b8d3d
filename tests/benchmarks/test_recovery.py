"""Recovery of known parameters, in small: 90 % intervals hold the truth about as often as they say."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from benchmarks.calibration import BESIDE, JOINING, METHODS, SAME, compare
from benchmarks.recovery import Case, binomial_range, make_cases, recover


@pytest.fixture(scope="module")
def cases(tmp_path_factory: pytest.TempPathFactory) -> list[Case]:
    return make_cases(tmp_path_factory.mktemp("recovery"))


def test_intervals_hold_the_truth(cases: list[Case]) -> None:
    count = 24
    found = [recover(cases[0], 7, i, (0, 1, 2)) for i in range(count)]
    assert all(f.converged for f in found)
    low, high = binomial_range(0.9, count)
    for parameter in range(3):
        assert low <= np.mean([f.curvature[parameter] for f in found]) <= high
        assert low <= np.mean([f.profile[parameter] for f in found if f.profile is not None]) <= high


def test_thirty_parameters_are_found(cases: list[Case]) -> None:
    found = recover(cases[2], 7, 0)
    assert found.converged
    low, high = binomial_range(0.9, 30)  # of one repetition: thirty parameters, hardly tied
    assert low <= found.curvature.mean() <= high


def test_a_repetition_is_the_same_again(cases: list[Case]) -> None:
    one, again, other = (cases[1].drawn(7, i).observations.value for i in (0, 0, 1))
    np.testing.assert_array_equal(one, again)
    assert not np.array_equal(one, other)


def test_all_methods_find_the_same_optimum_and_ours_with_fewer_simulations(cases: list[Case]) -> None:
    tried, _ = compare(cases[0], 2, repeats=2)
    best = max(max(t.densities) for t in tried.values())
    assert {name: t.arrived(best) for name, t in tried.items()} == dict.fromkeys([JOINING, BESIDE, *METHODS], 2)
    joining, beside, ours, differences, powell = tried.values()
    assert joining.simulations(1.0) <= beside.simulations(1.0) <= ours.simulations(1.0)
    assert ours.simulations(1.0) < differences.simulations(1.0) < powell.simulations(1.0)
    assert ours.simulations(1.0) <= 0.2 * powell.simulations(1.0)
    assert SAME < 0.01


def test_files_are_where_they_are_said_to_be(tmp_path: Path) -> None:
    cases = make_cases(tmp_path / "new")
    assert [len(case.truth) for case in cases] == [3, 6, 30]
    for case in cases:
        assert np.all((case.problem.low < case.truth) & (case.truth < case.problem.high))
