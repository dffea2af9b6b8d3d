"""The benchmark of sweeps: its wiring, the peers' numbers, and the quick table."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

import simengine as se
from benchmarks.kernel import quiet
from benchmarks.sweep import SECTOR, SHOWN, bare, draw, equations_a_run, load, main, ratios, sector_sweep, simlin_loop
from simengine.sweep.batch import make_batch
from simengine.sweep.run import Threads
from simengine.sweep.study import complete_sweep


def test_the_bare_kernel_makes_the_runs_of_the_sweep() -> None:
    sweep = load(16)
    kernel = bare(sweep, 16)
    made = kernel.run(1)
    batch = make_batch(sweep, "everything", 0, 16)
    np.testing.assert_array_equal(made.values.reshape(batch.series.shape), batch.series)
    assert equations_a_run(kernel, 2016, 2050) > 34 * 1024  # one at every step of the soil, at least


def test_ratios_are_of_turns() -> None:
    assert ratios([2.0, 4.0, 9.0], [1.0, 2.0, 3.0]) == (2.0, 2.0, 3.0)


def test_the_sector_sweep_has_the_draws_of_the_peers(tmp_path: Path) -> None:
    pytest.importorskip("simlin")
    draws = draw(3)
    found = complete_sweep(sector_sweep(tmp_path, draws), tmp_path / "out", Threads(1)).series(SHOWN, "as now")
    model = se.load(SECTOR)
    own = model.ensemble(draws, save=[SHOWN]).values(SHOWN)
    np.testing.assert_array_equal(found[:, -1], own[:, -1])
    with quiet():
        np.testing.assert_allclose(simlin_loop(draws, 3)[:, -1], own[:, -1], rtol=1e-9)


def test_quick_table(tmp_path: Path) -> None:
    out = tmp_path / "sweep.md"
    main(["--quick", "--out", str(out)])
    text = out.read_text(encoding="utf-8")
    assert "| share of the bare kernel | two threads each, by the clock |" in text
    assert "| two threads | the sweep, by the clock |" in text
    assert "| a loop over pysimlin, 1 thread | 2 |" in text
    assert "0 runs failed" in text
