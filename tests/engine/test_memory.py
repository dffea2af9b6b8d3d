"""Runs that need more memory than there is are refused, with what would need less."""

from __future__ import annotations

import numpy as np
import pytest

import simengine as se
from simengine.engine.memory import check_memory
from simengine.kernel import memory
from tests.conftest import ROOT

TEACUP = ROOT / "tests" / "models" / "teacup.mdl"


def test_what_is_free_is_known_here() -> None:
    free = memory.free_memory()
    assert free is None or free > 10_000_000


def test_a_run_too_large_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    model, rooms = se.load(TEACUP), np.linspace(1, 2, 200)
    monkeypatch.setattr(memory, "LITTLE", 0)
    monkeypatch.setattr(memory, "free_memory", lambda: 1_000_000)
    with pytest.raises(se.InputError, match=r"200 runs of 241 times of \d+ values need 3 MB of memory, and 1 MB are"):
        model.ensemble({"Room Temperature": rooms})
    model.ensemble({"Room Temperature": rooms}, save=["Teacup Temperature"])
    assert model.quantiles({"Room Temperature": rooms}).size == 200


def test_where_nothing_is_known_nothing_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(memory, "free_memory", lambda: None)
    check_memory(10**18, "something")
