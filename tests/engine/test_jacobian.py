"""The exact Jacobian of rates by stocks: against differences, its pattern, and what stiff solvers make of it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import scipy.integrate
from scipy.sparse import issparse

import simengine as se
from simengine.engine import adaptive, jacobian
from simengine.engine.jacobian import jacobian_pattern, stock_jacobian
from simengine.kernel.clock import ClockState
from simengine.kernel.interpreter import Interpreter
from simengine.program.program import Program

CONTROL = "INITIAL TIME = 0 ~~|\nFINAL TIME = {} ~~|\nTIME STEP = {} ~~|\nSAVEPER = TIME STEP ~~|\n"
# Robertson (1966), the usual test of stiff solvers; values at time 40: Hairer and Wanner, Solving ODEs II, IV.10
ROBERTSON = (
    "a = INTEG(-0.04 * a + 1e4 * b * c, 1) ~~|\n"
    "b = INTEG(0.04 * a - 1e4 * b * c - 3e7 * b * b, 0) ~~|\n"
    "c = INTEG(3e7 * b * b, 0) ~~|\n" + CONTROL.format(40, 40)
)
CHAIN = (
    "cell: (c1-c100) ~~|\nleft: (c1-c99) ~~|\nright: (c2-c100) -> left ~~|\nk = 50 ~~|\n"
    "flow[left] = k * (heat[left] - after[left]) ~~|\nafter[left] = VECTOR ELM MAP(heat[c1], left) ~~|\n"
    "out[cell] = 0.1 * heat[cell] * heat[cell] ~~|\n"
    "heat[cell] = INTEG(-out[cell] + IF THEN ELSE(cell = c1, 1, 0), 1) ~~|\n" + CONTROL.format(5, 0.5)
)


def load(folder: Path, text: str) -> se.Model:
    path = folder / "model.mdl"
    path.write_text("{UTF-8}\n" + text)
    return se.load(path)


def states(program: Program) -> tuple[Interpreter, np.ndarray]:
    interpreter, clock = Interpreter(program), ClockState()
    values = np.zeros(program.slot_count)
    values[program.parameters] = program.defaults
    interpreter.constants(values, clock)
    interpreter.initial(values, clock)
    interpreter.settled(values, clock)
    values[program.stocks] += 0.3
    return interpreter, values


def differences(interpreter: Interpreter, values: np.ndarray) -> np.ndarray:
    program, columns = interpreter.program, []
    for stock in program.stocks:
        ends = []
        for move in (1e-6, -1e-6):
            moved = values.copy()
            moved[stock] += move
            interpreter.step(moved, ClockState())
            ends.append(moved[program.rates])
        columns.append((ends[0] - ends[1]) / 2e-6)
    return np.stack(columns, axis=1)


@pytest.mark.parametrize("text", [ROBERTSON, CHAIN], ids=["robertson", "chain"])
def test_it_is_the_limit_of_differences(tmp_path: Path, text: str) -> None:
    program = load(tmp_path, text).program
    interpreter, values = states(program)
    exact = stock_jacobian(program, 0, 0)
    assert exact is not None
    matrix = exact.matrix(values, ClockState())
    dense = matrix.toarray() if issparse(matrix) else matrix
    near = differences(interpreter, values)
    assert np.allclose(dense, near, rtol=1e-6, atol=1e-6 * np.abs(near).max())
    assert not np.any((near != 0) & ~jacobian_pattern(program))


def test_stocks_that_share_no_rate_share_a_direction(tmp_path: Path) -> None:
    text = (
        "cell: (c1-c100) ~~|\nrate[cell] = 0.1 * heat[cell] ~~|\nheat[cell] = INTEG(-rate[cell], 1) ~~|\n"
        + CONTROL.format(5, 1)
    )
    program = load(tmp_path, text).program
    assert jacobian_pattern(program).sum() == 100
    exact = stock_jacobian(program, 0, 0)
    assert exact is not None
    assert exact.group.max() == 0
    matrix = exact.matrix(states(program)[1], ClockState())
    assert issparse(matrix)
    assert np.allclose(matrix.toarray(), -0.1 * np.eye(100))


def test_a_stiff_model_needs_fewer_evaluations(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    model, counts = load(tmp_path, ROBERTSON), list[int]()
    solve = scipy.integrate.solve_ivp

    def counting(slope: Callable[..., object], *given: object, **options: object) -> object:
        counts.append(0)

        def counted(*at: object) -> object:
            counts[-1] += 1
            return slope(*at)

        return solve(counted, *given, **options)

    monkeypatch.setattr(scipy.integrate, "solve_ivp", counting)
    run = model.run(integration="bdf")
    assert run.values("a")[-1] == pytest.approx(0.7158270687, rel=1e-7)
    assert run.values("b")[-1] == pytest.approx(0.9185534764e-5, rel=1e-6)
    assert run.values("c")[-1] == pytest.approx(0.2841637457, rel=1e-7)
    monkeypatch.setattr(adaptive, "stock_jacobian", lambda *_: None)
    again = model.run(integration="bdf")
    assert again.values("a")[-1] == pytest.approx(run.values("a")[-1], rel=1e-7)
    exact, approximate = counts
    assert exact < approximate


def test_there_is_none_where_there_is_no_derivative(tmp_path: Path) -> None:
    text = "x = DELAY FIXED(s, 1, 0) ~~|\ns = INTEG(x - s, 1) ~~|\n" + CONTROL.format(5, 0.5)
    model = load(tmp_path, text)
    assert jacobian.stock_jacobian(model.program, 0, 0) is None
    assert np.isfinite(model.run(integration="bdf").values("s")).all()


def test_where_rates_jump_the_solver_finds_its_way(tmp_path: Path) -> None:
    text = "s = INTEG(IF THEN ELSE(s > 0, -0.7, 0), 1) ~~|\n" + CONTROL.format(5, 0.5)
    model = load(tmp_path, text)
    assert model.run(integration="bdf").values("s")[-1] == pytest.approx(0, abs=1e-6)
