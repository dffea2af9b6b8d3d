"""What does not change in a run is computed once, by the same operations on the same numbers."""

from pathlib import Path

import numpy as np
import pytest

import simengine as se
from benchmarks.generate import middle
from simengine.engine.run import simulate
from simengine.kernel.llvm import module
from simengine.kernel.llvm.compiled import forget
from simengine.kernel.llvm.hoist import hoist
from simengine.program.op import Op
from simengine.program.program import Assign, Program
from simengine.program.verify import verify
from simengine.program.walk import nodes_upward
from tests.compile.model_text import program_of

TEXT = """
D: a, b, c ~~|
share[D] = 0.2, 0.4, 0.6 ~~|
delay = 3 ~~|
begun = INITIAL(Stock[a] + Stock[b]) ~~|
effect((0,1),(1,0.5)) ~~|
Stock[D] = INTEG(inflow[D] - Stock[D] / delay, 10) ~~|
inflow[D] = 5 * EXP(-share[D]) + effect(share[D]) * Stock[D] / 10 + SUM(SQRT(share[D!])) ~~|
other[D] = Stock[D] * EXP(-share[D]) + LN(begun) ~~|
first = Time / SIN(delay) ~~|
second = MAX(Time * SIN(delay), 1) ~~|
"""


def operations(statements: object) -> list[Op]:
    """Return the primitives that statements hold."""
    nodes = nodes_upward([s.value for s in statements if isinstance(s, Assign)])  # type: ignore[attr-defined]
    return [n.op for n in nodes if hasattr(n, "op")]


def sample() -> Program:
    """Return the program above."""
    return program_of(TEXT)


def test_dear_parts_that_are_still_leave_the_step() -> None:
    program = hoist(sample())
    assert verify(program) == []
    assert not {Op.EXP, Op.SQRT, Op.LN, Op.SIN} & set(operations(program.step))
    assert Op.DIV in operations(program.step)  # of a stock by a constant: no product would give the same bits
    assert Op.LN in operations(program.settled), "what rests on initial values waits for them"


def test_equal_parts_are_computed_once() -> None:
    added = hoist(sample()).constants[len(sample().constants) :]
    assert sum(Op.SIN in operations([s]) for s in added) == 1


def test_a_program_without_such_parts_stays_as_it_is() -> None:
    program = program_of("Stock = INTEG(-Stock / delay, 10) ~~|\ndelay = 3 ~~|\n")
    ready = hoist(program)
    assert ready.slot_count == program.slot_count
    assert all(a is b for a, b in zip(ready.step, program.step, strict=True))


@pytest.mark.parametrize("runs", [1, 5])
def test_no_bit_changes(runs: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SIMENGINE_CACHE", "")
    path = tmp_path / "middle.mdl"
    path.write_text(middle(1), encoding="utf-8")
    for program in (se.load(path).program, sample()):
        varied = np.tile(program.defaults, (runs, 1))
        varied[:, :3] *= np.random.default_rng(0).uniform(0.9, 1.1, (runs, 3))
        given = varied if runs > 1 else None
        slots = np.arange(program.slot_count)
        with_it = simulate(program, parameters=given, slots=slots).values
        forget()
        monkeypatch.setattr(module, "hoist", lambda program: program)
        without = simulate(program, parameters=given, slots=slots).values
        monkeypatch.undo()
        monkeypatch.setenv("SIMENGINE_CACHE", "")
        forget()
        assert with_it.tobytes() == without.tobytes()
