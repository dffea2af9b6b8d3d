"""Methods against solutions known in closed form, and against each other."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
import pytest

from simengine.engine.run import simulate
from simengine.engine.tableau import TABLEAUS, Tableau
from simengine.model.definition import Method
from simengine.program.node import Clock, Draw
from simengine.program.op import ClockValue, Distribution, Op
from simengine.program.program import Program
from simengine.program.verify import verify
from tests.kernel.build import TIME, Build, apply, load, number

FIXED = [Method.EULER, Method.RK2, Method.MIDPOINT, Method.RK4]
ORDERS = {Method.EULER: 1, Method.RK2: 2, Method.MIDPOINT: 2, Method.RK4: 4}


def decay(step: float, stop: float = 2.0) -> tuple[Program, int]:
    build = Build(stop=stop, step=step, save=stop)
    stock = build.stock("x", number(1))
    build.flow(stock, apply(Op.NEG, load(stock)))
    return build.program(), int(stock)


def oscillator(step: float, stop: float = 2.0) -> tuple[Program, int]:
    build = Build(stop=stop, step=step, save=stop)
    x, v = build.stock("x", number(1)), build.stock("v", number(0))
    build.flow(x, load(v))
    build.flow(v, apply(Op.NEG, load(x)))
    return build.program(), int(x)


def logistic(step: float, stop: float = 2.0) -> tuple[Program, int]:
    build = Build(stop=stop, step=step, save=stop)
    x = build.stock("x", number(0.1))
    build.flow(x, apply(Op.MUL, load(x), apply(Op.SUB, number(1), load(x))))
    return build.program(), int(x)


def driven(step: float, stop: float = 2.0) -> tuple[Program, int]:
    """dx/dt = cos t - x: depends on time within a step."""
    build = Build(stop=stop, step=step, save=stop)
    x = build.stock("x", number(0.5))
    build.flow(x, apply(Op.SUB, apply(Op.COS, TIME), load(x)))
    return build.program(), int(x)


EXACT: list[tuple[Callable[[float], tuple[Program, int]], float]] = [
    (decay, math.exp(-2)),
    (oscillator, math.cos(2)),
    (logistic, 1 / (1 + 9 * math.exp(-2))),
    (driven, (math.cos(2) + math.sin(2)) / 2),
]


def final(model: Callable[[float], tuple[Program, int]], step: float, method: Method) -> float:
    program, slot = model(step)
    assert verify(program) == []
    return float(simulate(program, method=method, slots=np.asarray([slot])).values[-1, 0])


@pytest.mark.parametrize("method", FIXED)
@pytest.mark.parametrize(("model", "exact"), EXACT)
def test_order_of_convergence(model: Callable[[float], tuple[Program, int]], exact: float, method: Method) -> None:
    errors = [abs(final(model, step, method) - exact) for step in (1 / 16, 1 / 32, 1 / 64)]
    orders = [math.log2(a / b) for a, b in zip(errors, errors[1:], strict=False)]
    assert orders == pytest.approx([ORDERS[method]] * 2, abs=0.15)


@pytest.mark.parametrize("method", [Method.RK45, Method.BDF])
@pytest.mark.parametrize(("model", "exact"), EXACT)
def test_adaptive_methods_are_accurate(
    model: Callable[[float], tuple[Program, int]], exact: float, method: Method
) -> None:
    assert final(model, 0.5, method) == pytest.approx(exact, rel=1e-6)


def test_euler_is_the_difference_equation_bit_for_bit() -> None:
    program, slot = decay(0.1)
    x = 1.0
    for _ in range(20):
        x = x + 0.1 * -x
    assert simulate(program, slots=np.asarray([slot])).values[-1, 0] == x


@pytest.mark.parametrize("method", FIXED)
def test_tableaus_are_consistent(method: Method) -> None:
    tableau: Tableau = TABLEAUS[method]
    assert sum(tableau.b) == pytest.approx(1)
    assert [sum(row) for row in tableau.a] == pytest.approx(list(tableau.c))
    if len(tableau.b) > 1:
        assert sum(b * c for b, c in zip(tableau.b, tableau.c, strict=True)) == pytest.approx(0.5)


def test_the_two_rk2_are_those_of_stella_and_vensim() -> None:
    # dx/dt = x^2 from 1, one step of 0.5: worked out by hand
    build = Build(stop=0.5, step=0.5, save=0.5)
    x = build.stock("x", number(1))
    build.flow(x, apply(Op.MUL, load(x), load(x)))
    ends = {m: simulate(build.program(), method=m, slots=np.asarray([x])).values[-1, 0] for m in FIXED}
    assert ends[Method.RK2] == 1 + 0.5 * (1 + 1.5**2) / 2
    assert ends[Method.MIDPOINT] == 1 + 0.5 * 1.25**2


@pytest.mark.parametrize("method", FIXED)
def test_auxiliaries_saved_are_those_of_the_begin_of_the_step(method: Method) -> None:
    build = Build(stop=3, step=0.5)
    x = build.stock("x", number(1))
    twice = build.compute("twice", apply(Op.MUL, load(x), number(2)))
    clock = build.compute("clock", TIME)
    build.flow(x, load(twice))
    result = simulate(build.program(), method=method, slots=np.asarray([x, twice, clock]))
    assert np.array_equal(result.values[:, 1], 2 * result.values[:, 0])
    assert np.array_equal(result.values[:, 2], result.times)


def test_the_begin_of_the_step_holds_still_within_it() -> None:
    build = Build(stop=1, step=1)
    held, moving = build.stock("held", number(0)), build.stock("moving", number(0))
    build.flow(held, Clock(ClockValue.BEGIN))
    build.flow(moving, TIME)
    values = simulate(build.program(), method=Method.RK4, slots=np.asarray([held, moving])).values
    assert values[-1].tolist() == [0, 0.5]


@pytest.mark.parametrize("method", FIXED)
def test_draws_and_memories_hold_still_within_a_step(method: Method) -> None:
    build = Build(stop=5)
    noise = build.compute("noise", Draw(Distribution.UNIFORM, 3, (number(0), number(1)), number(0)))
    memory = build.memory("m", number(1), apply(Op.ADD, load(noise), TIME))
    x = build.stock("x", number(0))
    build.flow(x, apply(Op.ADD, load(noise), load(memory)))
    values = simulate(build.program(), method=method, slots=np.asarray([noise, memory, x])).values
    assert np.diff(values[:, 2]) == pytest.approx(values[:-1, 0] + values[:-1, 1], rel=1e-12)
    assert np.array_equal(values[1:, 1], values[:-1, 0] + np.arange(5))


@pytest.mark.parametrize("method", [Method.RK45, Method.BDF])
def test_adaptive_methods_step_with_memories_and_draws(method: Method) -> None:
    build = Build(stop=5)
    noise = build.compute("noise", Draw(Distribution.UNIFORM, 3, (number(0), number(1)), number(0)))
    memory = build.memory("m", number(1), apply(Op.ADD, load(noise), TIME))
    x = build.stock("x", number(0))
    build.flow(x, apply(Op.ADD, load(noise), load(memory)))
    slots = np.asarray([noise, memory, x])
    result = simulate(build.program(), method=method, slots=slots, runs=2)
    euler = simulate(build.program(), slots=slots, runs=2)
    assert result.values == pytest.approx(euler.values, rel=1e-6)
    assert any("memories" in note for note in result.info.notes)


@pytest.mark.parametrize("method", [Method.RK45, Method.BDF])
def test_adaptive_methods_do_not_miss_a_pulse(method: Method) -> None:
    build = Build(stop=100, step=0.5, save=100)
    x = build.stock("x", number(0))
    inside = apply(Op.AND, apply(Op.GE, TIME, number(50)), apply(Op.LT, TIME, number(51)))
    build.flow(x, inside)
    assert simulate(build.program(), method=method, slots=np.asarray([x])).values[-1, 0] == pytest.approx(1, abs=1e-3)


@pytest.mark.parametrize("method", [*FIXED, Method.RK45, Method.BDF])
def test_floors_are_not_passed(method: Method) -> None:
    build = Build(stop=5, step=0.5)
    free, kept = build.stock("free", number(1)), build.stock("kept", number(1), floor=True)
    for stock in (free, kept):
        build.flow(stock, number(-0.7))
    values = simulate(build.program(), method=method, slots=np.asarray([free, kept])).values
    assert values[-1] == pytest.approx([1 - 3.5, 0], abs=1e-9)
    assert values[:, 1].min() >= 0
    many = simulate(build.program(), method=method, slots=np.asarray([free, kept]), runs=2).values
    assert np.array_equal(many[1], values)


def test_a_stiff_model_is_left_to_bdf() -> None:
    build = Build(stop=10, step=1, save=5)
    x = build.stock("x", number(0))
    build.flow(x, apply(Op.MUL, number(1e5), apply(Op.SUB, apply(Op.COS, TIME), load(x))))
    value = simulate(build.program(), method=Method.BDF, slots=np.asarray([x])).values[-1, 0]
    assert value == pytest.approx(math.cos(10), abs=1e-4)
