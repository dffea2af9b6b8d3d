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
from simengine.kernel.llvm.compiled import Compiled, written
from simengine.model.definition import Method
from simengine.program.digest import digest_of

GROUP = 250
CONSTANTS = 40
LONG = 3_000


def model_file(tmp_path: Path, terms: int) -> Path:
    """Return the file of a model whose `total` is a sum of so many products with its stock."""
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
    return path


def model(tmp_path: Path, terms: int) -> se.Model:
    """Return that model."""
    return se.load(model_file(tmp_path, terms))


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


def test_names_of_long_equations_are_those_of_the_program_that_runs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SIMENGINE_CACHE", str(tmp_path / "cache"))
    found = []
    for name, rows in (("array", ["d:e1,e2~~|", "p[e1]=1~~|", "p[e2]=2~~|"]), ("scalars", ["p1=1~~|", "p2=2~~|"])):
        text = model_file(tmp_path, LONG).read_text(encoding="utf-8").replace("c0=", "\n".join([*rows, "c0="]), 1)
        path = tmp_path / f"{name}.mdl"
        path.write_text(text, encoding="utf-8")
        program = se.load(path).program
        slots = np.arange(program.slot_count)
        module = written(program, [TABLEAUS[Method.EULER]], varied=None, columns=slots)
        compiled = Compiled(module, None, cached=False, level=0)  # type: ignore[arg-type]
        found.append((digest_of(program), module.key, compiled.not_optimised, len(program.variables)))
    array, scalars = found
    assert array[:2] == scalars[:2]  # the second takes the outline of the first
    assert array[3] != scalars[3]
    assert array[2] == scalars[2] == ("total",)
