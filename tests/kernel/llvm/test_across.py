"""Elements of an axis computed side by side: the same bits as one after another."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

import simengine as se
from simengine.engine.native import NativeResult, run_native
from simengine.engine.parameters import ParameterSets
from simengine.engine.tableau import TABLEAUS
from simengine.kernel.llvm.compiled import forget
from simengine.kernel.llvm.statement import parts
from simengine.kernel.llvm.survey import Survey
from simengine.model.definition import Method


def text(size: int) -> str:
    """Return a model with arrays of so many elements: along one axis, two, transposed, summed, looked up."""
    numbers = ",".join(f"{0.37 * n + 0.11:.3f}" for n in range(size))
    return f"""{{UTF-8}}
D: (d1-d{size}) ~~|
E: e1, e2, e3 ~~|
weight[D] = {numbers} ~~|
other[E] = 1.5, -2, 0.25 ~~|
table((0,1),(1,3),(4,-2),(9,8)) ~~|
Level[D] = INTEG(flow[D], weight[D]) ~~|
flow[D] = MIN(weight[D], 3) * EXP(-Level[D]/10) + table(weight[D]/3 + Time/20) - share[D] ~~|
share[D] = XIDZ(Level[D], SUM(Level[D!]), 1) ~~|
grid[D,E] = weight[D] * other[E] + SQRT(ABS(Level[D])) ~~|
turned[E,D] = IF THEN ELSE(grid[D,E] > 1 :AND: other[E] > 0, grid[D,E], -grid[D,E]) ~~|
most[D] = VMAX(grid[D,E!]) ~~|
total[E] = SUM(turned[E,D!]) ~~|
INITIAL TIME = 0 ~~|
FINAL TIME = 6 ~~|
TIME STEP = 0.25 ~~|
SAVEPER = TIME STEP ~~|
"""


def run(model: se.Model, parameters: np.ndarray, width: int) -> NativeResult:
    """Return runs with all slots saved."""
    program = model.program
    sets = ParameterSets.of(parameters, len(parameters))
    slots = np.arange(program.slot_count)
    numbers = np.arange(len(parameters))
    method = TABLEAUS[Method.EULER]
    many = len(parameters) > 1
    return run_native(program, sets, numbers, 0, slots, method, many=many, width=width, level=1)


@pytest.mark.parametrize("size", [2, 3, 5, 8, 13, 16, 17, 40])
def test_elements_side_by_side_have_the_bits_of_elements_alone(
    size: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SIMENGINE_CACHE", "")  # code is found by its program: that of another writer would be taken
    path = tmp_path / "arrays.mdl"
    path.write_text(text(size), encoding="utf-8")
    model = se.load(path)
    one = model.program.defaults[None, :]
    places = {v.name: v.first for v in model.program.variables}
    changed = np.flatnonzero(model.program.parameters == places["other"])
    several = np.repeat(one, 5, axis=0)
    several[:, changed] = np.arange(5)[:, None] / 3  # what reads `other` differs from run to run; the rest does not
    given = [(one, 1), (several, 4)]
    fast = [run(model, parameters, width) for parameters, width in given]
    assert any(f"<{parts(size)[0][0]} x double>" in r.compiled.module.texts.main for r in fast[:1])

    monkeypatch.setattr(Survey, "across", lambda _self, _target: None)
    forget()
    slow = [run(model, parameters, width) for parameters, width in given]
    assert "x double>" not in slow[0].compiled.module.texts.main.split("define internal void @step0")[1].split("\n}")[0]
    for a, b in zip(fast, slow, strict=True):
        assert np.array_equal(a.values.view(np.int64), b.values.view(np.int64))
    forget()


def test_parts_cover_every_element_once() -> None:
    for size in range(2, 200):
        seen = [first + n for width, first, count in parts(size) for n in range(width * count)]
        assert seen == list(range(size))
