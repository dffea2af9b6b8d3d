"""Designs: equal to SALib's and SciPy's, slices of one sequence, growing without waste, evenly spread."""

from __future__ import annotations

import pickle

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import qmc

from simengine.sampling.design import GROWABLE, KINDS, Design

FREE = sorted(set(KINDS) - {"table"})


def _design(kind: str, factors: int = 3, n: int = 8, seed: int = 5, **more: object) -> Design:
    n = max(n, 66) if kind == "fast" else n
    return Design(kind, factors, n, seed, levels=4, **more)  # type: ignore[arg-type]


def _problem(factors: int) -> dict[str, object]:
    return {"num_vars": factors, "names": [f"x{n}" for n in range(factors)], "bounds": [[0, 1]] * factors}


@pytest.mark.parametrize("second", [False, True])
@pytest.mark.parametrize("factors", [1, 2, 5])
def test_saltelli_blocks_are_those_of_salib(factors: int, second: bool) -> None:
    from SALib.sample import sobol

    ours = _design("sobol", factors, 16, seed=42, second_order=second)
    theirs = sobol.sample(_problem(factors), 16, calc_second_order=second, seed=42)
    assert ours.rows(0, ours.runs).tobytes() == theirs.tobytes()
    assert ours.block == (2 * factors + 2 if second else factors + 2)


def test_morris_and_fast_are_those_of_salib() -> None:
    from SALib.sample import fast_sampler, morris

    ours = Design("morris", 4, 6, seed=9, levels=6)
    assert ours.rows(0, ours.runs).tobytes() == morris.sample(_problem(4), 6, num_levels=6, seed=9).tobytes()
    ours = Design("fast", 4, 70, seed=9)
    np.testing.assert_array_equal(ours.rows(0, ours.runs), fast_sampler.sample(_problem(4), 70, seed=9))


def test_sequences_are_those_of_scipy() -> None:
    assert _design("sequence", n=32).rows(0, 32).tobytes() == qmc.Sobol(3, seed=5).random(32).tobytes()
    assert _design("halton", n=30).rows(0, 30).tobytes() == qmc.Halton(3, seed=5).random(30).tobytes()


@settings(max_examples=80)
@given(st.sampled_from(FREE), st.integers(1, 4), st.integers(1, 12), st.integers(0, 2**40), st.data())
def test_rows_are_slices_of_one_sequence(kind: str, factors: int, n: int, seed: int, data: st.DataObject) -> None:
    design = _design(kind, factors, n, seed, second_order=data.draw(st.booleans()))
    whole = design.rows(0, design.runs)
    assert whole.shape == (design.runs, factors)
    assert ((whole >= 0) & (whole <= 1)).all()
    assert design.runs % design.block == 0
    first = data.draw(st.integers(0, design.runs))
    count = data.draw(st.integers(0, design.runs - first))
    elsewhere = pickle.loads(pickle.dumps(design))
    assert elsewhere.rows(first, count).tobytes() == np.ascontiguousarray(whole[first : first + count]).tobytes()
    with pytest.raises(ValueError, match="rows"):
        design.rows(first, design.runs - first + 1)


@settings(max_examples=60)
@given(st.sampled_from(sorted(GROWABLE)), st.integers(1, 4), st.integers(1, 9), st.integers(1, 60))
def test_a_design_that_grows_begins_with_what_it_was(kind: str, factors: int, n: int, more: int) -> None:
    design = _design(kind, factors, n)
    longer = design.of_size(design.runs + more)
    assert longer.runs >= design.runs + more
    assert longer.runs - design.runs - more < design.block
    assert longer.rows(0, design.runs).tobytes() == design.rows(0, design.runs).tobytes()
    again = longer.of_size(longer.runs + more)
    assert again.rows(0, longer.runs).tobytes() == longer.rows(0, longer.runs).tobytes()


@pytest.mark.parametrize("kind", sorted(set(FREE) - GROWABLE))
def test_a_design_that_cannot_grow_says_so(kind: str) -> None:
    design = _design(kind)
    assert not design.is_growable
    assert design.of_size(design.runs) is design
    with pytest.raises(ValueError, match="it can be no other number"):
        design.of_size(design.runs + 1)


def test_other_seeds_give_other_points() -> None:
    for kind in ("random", "latin", "sobol", "sequence", "halton", "morris", "fast"):
        assert not np.array_equal(_design(kind, seed=1).rows(0, 4), _design(kind, seed=2).rows(0, 4)), kind


def test_every_cube_of_a_latin_hypercube_has_one_row_in_every_part() -> None:
    design = _design("latin", n=50).of_size(150)
    rows = design.rows(0, 150)
    for cube in range(3):
        part = rows[cube * 50 : cube * 50 + 50]
        for column in part.T:
            assert np.sort(np.ceil(column * 50)).tolist() == list(range(1, 51))
    assert not np.array_equal(rows[:50], rows[50:100])


@pytest.mark.parametrize(("kind", "most"), [("random", 2.0), ("latin", 1.0), ("sequence", 0.15), ("halton", 0.2)])
def test_points_are_evenly_spread(kind: str, most: float) -> None:
    """Against what is expected of independent points: (E D^2)^0.5 with E D^2 = ((5/4)^d - (13/12)^d)/n (Hickernell 1998)."""
    expected = np.sqrt(((5 / 4) ** 3 - (13 / 12) ** 3) / 512)
    for seed in range(3):
        rows = Design(kind, 3, 512, seed=seed).rows(0, 512)
        assert np.sqrt(qmc.discrepancy(rows)) < most * expected
        assert np.abs(rows.mean(axis=0) - 0.5).max() < 0.06


def test_morris_moves_one_factor_at_a_time_by_half_the_levels() -> None:
    design = Design("morris", 5, 10, seed=1, levels=4, between=(0.05, 0.95))
    rows = design.rows(0, design.runs).reshape(10, 6, 5)
    steps = np.diff(rows, axis=1)
    assert (np.count_nonzero(np.abs(steps) > 1e-12, axis=2) == 1).all()
    np.testing.assert_allclose(np.abs(steps).sum(axis=2), 2 / 3 * 0.9)
    assert rows.min() == pytest.approx(0.05)
    assert rows.max() == pytest.approx(0.95)


def test_grids_have_every_combination_once() -> None:
    middles = (None, np.array([0.2, 0.7]), None)
    grid = Design("grid", 3, 0, levels=(3, 9, 2), middles=middles)
    rows = grid.rows(0, grid.runs)
    assert grid.runs == 12
    assert len(np.unique(rows, axis=0)) == 12
    assert np.unique(rows[:, 0]).tolist() == [1 / 6, 0.5, 5 / 6]
    assert np.unique(rows[:, 1]).tolist() == [0.2, 0.7]
    ends = Design("factorial", 2, 0, levels=2, between=(0.1, 0.9))
    assert ends.rows(0, 4).tolist() == [[0.1, 0.1], [0.1, 0.9], [0.9, 0.1], [0.9, 0.9]]


def test_one_at_a_time_begins_in_the_middle() -> None:
    weights = (None, np.array([0.2, 0.5, 0.3]))
    design = Design("one at a time", 2, 0, levels=2, between=(0.05, 0.95), middles=(None, np.array([0.1, 0.45, 0.85])),
                    weights=weights)  # fmt: skip
    assert design.rows(0, design.runs).tolist() == [[0.5, 0.45], [0.05, 0.45], [0.95, 0.45], [0.5, 0.1], [0.5, 0.85]]


def test_a_table_is_what_it_is() -> None:
    given_ = np.array([[0.1, 0.2], [0.3, 0.4], [0.5, 0.6]])
    design = Design("table", 2, 3, given=given_)
    assert design.rows(1, 2).tolist() == [[0.3, 0.4], [0.5, 0.6]]
    assert design.of_size(2).runs == 2
    with pytest.raises(ValueError, match="it can be no other number"):
        design.of_size(4)
