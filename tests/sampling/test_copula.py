"""Correlated factors: what rank correlations come out, and that nothing else changes."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from scipy import stats

from simengine.sampling.copula import correlate, smallest_eigenvalue
from simengine.sampling.design import Design
from simengine.sampling.marginal import Continuous


def _matrix(size: int, **pairs: float) -> np.ndarray:
    out = np.eye(size)
    for name, rho in pairs.items():
        i, j = int(name[1]), int(name[2])
        out[i, j] = out[j, i] = rho
    return out


@pytest.mark.parametrize("rho", [-0.95, -0.5, -0.1, 0.3, 0.7, 0.99])
def test_the_rank_correlation_that_is_asked_for_comes_out(rho: float) -> None:
    unit = Design("sequence", 2, 2**14, seed=3).rows(0, 2**14)
    out = correlate(unit, _matrix(2, p01=rho))
    assert stats.spearmanr(out)[0] == pytest.approx(rho, abs=0.003)
    skewed = np.stack([Continuous("lognormal", (1.0, 9.0)).quantile(out[:, 0]), out[:, 1]], axis=1)
    assert stats.spearmanr(skewed)[0] == pytest.approx(stats.spearmanr(out)[0], abs=1e-12)


def test_many_correlations_at_once_and_uniform_columns() -> None:
    ranks = _matrix(5, p02=0.6, p04=-0.4, p24=-0.5)
    unit = Design("sequence", 5, 2**14, seed=1).rows(0, 2**14)
    out = correlate(unit, ranks)
    found = stats.spearmanr(out)[0]
    assert np.abs(found - ranks).max() < 0.01
    for column in out.T:
        assert stats.kstest(column, "uniform").statistic < 0.005
    assert out[:, [1, 3]].tobytes() == unit[:, [1, 3]].tobytes()
    assert out[:, 0].tobytes() == unit[:, 0].tobytes()


@settings(max_examples=40)
@given(st.integers(2, 6), st.integers(0, 100), st.integers(1, 50), st.data())
def test_a_row_depends_on_itself_alone(size: int, seed: int, count: int, data: st.DataObject) -> None:
    generator = np.random.default_rng(seed)
    ranks = np.eye(size)
    for i, j in ((i, j) for i in range(size) for j in range(i)):
        ranks[i, j] = ranks[j, i] = generator.choice([0.0, 0.2, -0.3])
    assume(smallest_eigenvalue(ranks) > 0.01)
    unit = generator.random((count, size))
    whole = correlate(unit, ranks)
    first = data.draw(st.integers(0, count - 1))
    assert correlate(unit[first : first + 1], ranks).tobytes() == whole[first : first + 1].tobytes()
    assert ((whole >= 0) & (whole <= 1)).all()


def test_ends_stay_finite() -> None:
    out = correlate(np.array([[0.0, 1.0], [1.0, 0.0], [0.0, 0.0]]), _matrix(2, p01=0.9))
    assert np.isfinite(out).all()


def test_ranks_that_hold_together_may_be_those_of_no_copula() -> None:
    ranks = _matrix(3, p01=-0.4999, p02=-0.4999, p12=-0.4999)
    assert np.linalg.eigvalsh(ranks)[0] > 0
    assert smallest_eigenvalue(ranks) < 0
    with pytest.raises(np.linalg.LinAlgError):
        correlate(np.full((2, 3), 0.5), ranks)
