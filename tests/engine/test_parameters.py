"""Parameters of many runs: the same rows, without a copy of what does not differ."""

from __future__ import annotations

import tracemalloc

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

import simengine as se
from simengine.engine.parameters import ParameterSets
from tests.conftest import ROOT


@given(
    st.integers(1, 9).flatmap(
        lambda runs: st.lists(
            st.lists(st.sampled_from([0.0, 1.0, 2.0]), min_size=4, max_size=4), min_size=runs, max_size=runs
        )
    )
)
def test_sets_are_the_rows_they_were_made_of(rows: list[list[float]]) -> None:
    given_rows = np.asarray(rows)
    sets = ParameterSets.of(given_rows, len(rows))
    assert np.array_equal(sets.rows(slice(None)), given_rows)
    assert np.array_equal(sets.rows(np.asarray([len(rows) - 1, 0])), given_rows[[-1, 0]])
    last = len(rows) - 1
    padded = np.concatenate([given_rows[last:], given_rows[[last, last]]])  # beyond the last run it is repeated
    assert np.array_equal(sets.values(last, last + 3, np.asarray([3, 0])), padded[:, [3, 0]].T)
    assert np.array_equal(sets.differing(), np.any(given_rows != given_rows[0], axis=0))


def test_an_ensemble_needs_memory_for_what_it_keeps_only() -> None:
    model, runs = se.load(ROOT / "tests" / "models" / "teacup.mdl"), 200_000
    rooms = np.linspace(10, 90, runs)
    model.ensemble({"Room Temperature": rooms[:100]}, save=["Teacup Temperature"], keep=["final"])
    tracemalloc.start()
    model.ensemble({"Room Temperature": rooms}, save=["Teacup Temperature"], keep=["final"])
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    kept = 8 * runs
    assert peak < 6 * kept  # the values, run numbers, and parts in passing: not a copy of all parameters, nor all times
