"""What is too long to compile in reasonable time is not optimised, what needs too much memory is refused."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

import simengine as se
from simengine.engine.native import run_native
from simengine.engine.parameters import ParameterSets
from simengine.engine.run import simulate
from simengine.engine.tableau import TABLEAUS
from simengine.kernel import memory
from simengine.kernel.llvm.chunk import OPERATIONS, STATEMENTS, share_out
from simengine.model.definition import Method

GROUP = 250
CONSTANTS = 40
LONG = 3_000


def model(tmp_path: Path, terms: int) -> se.Model:
    """Return a model whose `total` is a sum of so many products with its stock."""
    parts = [[f"c{n % CONSTANTS}*s" for n in range(k, min(terms, k + GROUP))] for k in range(0, terms, GROUP)]
    rows = [
        "{UTF-8}",
        *(f"c{n}={n % 7 + 1}~~|" for n in range(CONSTANTS)),
        "total=" + "+".join(f"({'+'.join(part)})" for part in parts) + "~~|",
        "s=INTEG(-s/10,1)~~|",
        "INITIAL TIME=0~~|",
        "FINAL TIME=9~~|",
        "TIME STEP=1~~|",
        "SAVEPER=1~~|",
    ]
    path = tmp_path / f"{terms}.mdl"
    path.write_text("\n".join(rows), encoding="utf-8")
    return se.load(path)


def test_a_very_long_equation_runs_unoptimised_and_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SIMENGINE_CACHE", "")
    loaded = model(tmp_path, LONG)
    program = loaded.program
    slots = np.arange(program.slot_count)
    sets = ParameterSets.of(program.defaults[None, :], 1)
    result = run_native(
        program, sets, np.zeros(1, dtype=np.int64), 0, slots, TABLEAUS[Method.EULER], many=False, level=1
    )
    assert result.compiled.not_optimised == ("total",)
    texts = result.compiled.module.texts
    assert len(texts.main) < len(texts.plain)  # the sum is in the part that is never optimised
    run = loaded.run(save=["total"])
    assert run.info.notes == ("not optimised, as their equations are very long: total",)
    exact = np.sum([n % CONSTANTS % 7 + 1 for n in range(LONG)]) * 0.9 ** np.arange(10)
    np.testing.assert_allclose(run["total"].values, exact, rtol=1e-12)
    same = simulate(program, slots=slots, backend="interpreter")
    np.testing.assert_allclose(result.values[0], same.values, rtol=1e-12)


def test_an_equation_of_usual_length_is_optimised(tmp_path: Path) -> None:
    assert model(tmp_path, 300).run().info.notes == ()


def test_chunks_hold_all_statements_in_order_and_none_is_long(tmp_path: Path) -> None:
    program = model(tmp_path, LONG).program
    many = [*program.step, *program.initial, *program.constants] * 400
    chunks = share_out(many, program.devices)
    assert [s for chunk in chunks for s in chunk.statements] == many
    assert all(len(c.statements) <= STATEMENTS for c in chunks)
    assert all(c.nodes <= OPERATIONS or len(c.statements) == 1 for c in chunks)
    assert any(c.is_long for c in chunks) and not all(c.is_long for c in chunks)


def test_code_that_needs_more_memory_than_there_is_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SIMENGINE_CACHE", "")
    loaded = model(tmp_path, 1_000)
    monkeypatch.setattr(memory, "LITTLE", 0)
    monkeypatch.setattr(memory, "free_memory", lambda: 5_000_000)
    said = r"native code of \d,\d{3} operations needs \d+ MB of memory, and 5 MB are free: save fewer variables"
    with pytest.raises(se.InputError, match=said):
        loaded.run()
    loaded.run(save=["s"])
