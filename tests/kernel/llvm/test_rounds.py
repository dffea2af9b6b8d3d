"""Initial values by the step's own code are those that the initial phase, written out, gives."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

import simengine as se
from benchmarks.generate import large
from simengine.engine.run import simulate
from simengine.kernel.llvm import module
from simengine.kernel.llvm.compiled import forget
from simengine.kernel.llvm.hoist import hoist
from simengine.kernel.llvm.rounds import Round, find_rounds
from simengine.program.program import Program
from tests.compile.model_text import program_of

CHAIN = """
Stock = INTEG(1 - Stock / 10, 7) ~~|
a = Stock * 2 + Time ~~|
Second = INTEG(a - Second, a / 3) ~~|
b = Second + a ~~|
Third = INTEG(b - Third, b * b) ~~|
c = Third - b ~~|
begun = INITIAL(c) ~~|
d = c / begun ~~|
"""


def rounds_of(program: Program) -> tuple[Round, ...] | None:
    return find_rounds(program, hoist(program))


def test_a_round_waits_for_what_it_reads() -> None:
    program = program_of(CHAIN)
    rounds = rounds_of(program)
    assert rounds is not None
    shown = [
        (
            [program.variables[s.variable].key for s in r.own],
            [program.variables[program.step[n].variable].key for n in sorted(r.shared)],
        )
        for r in rounds
    ]
    assert shown == [(["stock"], ["a"]), (["second"], ["b"]), (["third"], ["c"]), (["begun"], [])]


@pytest.mark.parametrize(
    "text",
    [
        "Stock = INTEG(-x, x) ~~|\nx = ACTIVE INITIAL(Stock / 2, 3) ~~|\n",  # begins as something else
        "Stock = INTEG(-x, x) ~~|\nx = DELAY FIXED(Time, 2, 5) ~~|\n",  # a device remembers
        "Stock = INTEG(-x, x) ~~|\nx = GAMMA LN(Time + 1) ~~|\n",  # Python is asked
    ],
)
def test_what_must_be_written_out(text: str) -> None:
    assert rounds_of(program_of(text)) is None


@pytest.mark.parametrize("runs", [1, 5])
def test_no_bit_changes(runs: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("llvmlite")
    path = tmp_path / "large.mdl"
    path.write_text(large(2, 1000).replace("FINAL TIME =\n\t120", "FINAL TIME =\n\t2"), encoding="utf-8")
    program = se.load(path).program
    rounds = rounds_of(program)
    assert rounds is not None
    assert len(rounds) > 1
    given = None
    if runs > 1:
        given = np.tile(program.defaults, (runs, 1))
        given[:, :3] *= np.random.default_rng(0).uniform(0.9, 1.1, (runs, 3))
    found = []
    monkeypatch.setenv("SIMENGINE_CACHE", "")
    for finder in (find_rounds, lambda _program, _ready: None):
        monkeypatch.setattr(module, "find_rounds", finder)
        forget()
        found.append(simulate(program, parameters=given, slots=np.arange(program.slot_count)).values.tobytes())
    forget()
    assert found[0] == found[1]
