"""The generated models: the same seed gives the same text, nothing is wrong with them, and they are as large as said."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

import simengine as se
from benchmarks.generate import large, middle, sir
from simengine.model.variable import Role, role_of


@pytest.mark.parametrize("generate", [sir, middle, lambda: large(equations=1000)], ids=["sir", "middle", "large"])
def test_a_generated_model_is_right_and_runs(generate: Callable[[], str], tmp_path: Path) -> None:
    path = tmp_path / "model.mdl"
    path.write_text(generate(), encoding="utf-8")
    model = se.load(path)
    assert model.check() == ()
    values = model.run().to_dataframe().to_numpy()
    assert np.isfinite(values).all()
    assert np.abs(values).max() < 1e9


def test_the_same_seed_gives_the_same_text() -> None:
    assert middle(3) == middle(3) != middle(4)
    assert large(3, 1000) == large(3, 1000) != large(4, 1000)


def test_sizes_are_as_said(tmp_path: Path) -> None:
    path = tmp_path / "model.mdl"
    path.write_text(middle(), encoding="utf-8")
    roles = [role_of(v) for v in se.load(path).definition.variables]
    assert len(roles) == 300
    assert roles.count(Role.STOCK) == 30
    assert roles.count(Role.LOOKUP) == 40
    ends = large().count("\t|\n") - 1  # the heading of a group ends like an equation
    assert ends == 5000
