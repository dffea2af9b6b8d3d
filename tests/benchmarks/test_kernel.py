"""The benchmark of runs: C gives the interpreter's numbers, and the quick table is made."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

import simengine as se
from benchmarks.generate import middle, sir
from benchmarks.kernel import difference, main
from benchmarks.native import build
from simengine.engine.run import simulate


@pytest.mark.skipif(shutil.which("gcc") is None, reason="gcc is not installed")
@pytest.mark.parametrize("generate", [sir, middle])
@pytest.mark.parametrize("binary", [False, True])
def test_c_gives_the_interpreters_numbers(tmp_path: Path, generate: object, binary: bool) -> None:  # noqa: FBT001
    assert callable(generate)
    path = tmp_path / "model.mdl"
    path.write_text(generate(), encoding="utf-8")
    program = se.load(path).program
    own = simulate(program)
    native = build(program, list(range(program.slot_count)), len(own.times) - 1, tmp_path, binary=binary)
    assert difference(own.values, native.run()) < 1e-9


def test_quick_table(tmp_path: Path) -> None:
    out = tmp_path / "kernel.md"
    main(["--quick", "--out", str(out)])
    text = out.read_text(encoding="utf-8")
    assert "| sir | one run | C |" in text
    assert "| middle | ensemble, per run | PySD |" in text
    assert "| middle | tangents to 8 | one run, whole |" in text
    assert "| middle | compile |" in text
    assert "- middle: simengine" in text
