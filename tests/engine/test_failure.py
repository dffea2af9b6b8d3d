"""Where a run went wrong: which variable, which element, when, and why."""

from __future__ import annotations

import math

import numpy as np
import pytest

from simengine.engine.run import simulate
from simengine.engine.trajectory import Failure
from simengine.model.definition import Method
from simengine.program.node import Constant, Draw, Reduce
from simengine.program.op import DeviceKind, Distribution, Fold, Op
from simengine.program.program import Device
from tests.kernel.build import TIME, Build, apply, load, number

INF = math.inf


def only_failure(build: Build, **arguments: object) -> Failure:
    (failure,) = simulate(build.program(), **arguments).failures
    return failure


def test_a_division_by_zero_is_found_where_it_began() -> None:
    build = Build(stop=10)
    capacity = build.compute("capacity", apply(Op.SUB, number(4), TIME))
    load_factor = build.compute("load factor", apply(Op.DIV, number(3), load(capacity)))
    build.compute("price", apply(Op.MUL, load(load_factor), number(2)))
    failure = only_failure(build)
    assert (failure.variable, failure.time, failure.run) == ("load factor", 4.0, 0)
    assert failure.reason == "division by zero in `(3 / capacity)`"
    assert str(failure) == "`load factor` at time 4: division by zero in `(3 / capacity)`"


@pytest.mark.parametrize(
    ("node", "reason"),
    [
        (apply(Op.LN, apply(Op.SUB, number(0), TIME)), "the logarithm of 0"),
        (apply(Op.SQRT, apply(Op.SUB, number(-1), TIME)), "the square root of a negative number (-1)"),
        (apply(Op.POW, number(-8), number(0.5)), "a negative number (-8) to a power that is not whole (0.5)"),
        (apply(Op.POW, TIME, number(-2)), "0 to a negative power"),
        (apply(Op.EXP, number(1000)), "the exponential of 1000 is too large"),
        (apply(Op.ASIN, number(2)), "2 is no sine or cosine"),
        (apply(Op.MOD, number(1), TIME), "the remainder of a division by zero"),
        (apply(Op.MUL, number(1e200), number(1e200)), "the result is too large"),
        (apply(Op.NORMAL_INV, number(2)), "2 is no probability"),
        (apply(Op.LNGAMMA, number(0)), "the gamma function has no value at 0"),
    ],
)
def test_reasons(node: object, reason: str) -> None:
    build = Build(stop=1)
    build.compute("x", apply(Op.ADD, node, number(1)))
    assert reason in only_failure(build).reason


def test_the_element_is_named() -> None:
    build = Build(stop=2)
    divisor = build.parameter_array("divisor", np.asarray([[1.0, 2.0], [0.0, 3.0]]))
    share = build.compute("share", apply(Op.DIV, TIME, load(divisor)), (2, 2))
    build.compute("total", Reduce(Fold.SUM, load(share), (0, 1)))
    failure = only_failure(build)
    assert failure.variable == "share[a1,b0]"
    assert failure.time == 0


def test_only_the_element_that_is_read_counts() -> None:
    build = Build(stop=2)
    divisor = build.parameter_array("divisor", np.asarray([0.0, 1.0]))
    share = build.compute("share", apply(Op.DIV, number(1), load(divisor)), (2,))
    other = build.compute("other", apply(Op.LN, apply(Op.SUB, load(share), number(1))), (2,))
    slots = np.asarray([int(other[1])])
    failure = only_failure(build, slots=slots)
    assert failure.variable == "other[a1]"
    assert "logarithm of 0" in failure.reason


def test_a_reduction_names_what_went_in() -> None:
    build = Build(stop=2)
    divisor = build.parameter_array("divisor", np.asarray([[1.0, 2.0], [0.0, 3.0]]))
    build.compute("total", Reduce(Fold.SUM, apply(Op.DIV, number(1), load(divisor)), (1,)), (2,))
    failure = only_failure(build)
    assert failure.variable == "total[a1]"
    assert failure.reason == "division by zero in `(1 / divisor[@0,@1])`"


def test_only_the_branch_taken_counts() -> None:
    build = Build(stop=3)
    wrong = apply(Op.DIV, number(1), number(0))
    node = apply(
        Op.SELECT,
        apply(Op.LT, TIME, number(2)),
        apply(Op.MIN, wrong, number(1)),
        apply(Op.LN, apply(Op.SUB, number(1), TIME)),
    )
    build.compute("x", node)
    failure = only_failure(build)
    assert failure.time == 2
    assert "logarithm of a negative number (-1)" in failure.reason


def test_what_is_passed_over_is_no_failure() -> None:
    build = Build(stop=3)
    wrong = build.compute("wrong", apply(Op.DIV, number(1), TIME))
    right = build.compute("right", apply(Op.MIN, load(wrong), number(7)))
    assert simulate(build.program(), slots=np.asarray([right])).failures == ()
    assert len(simulate(build.program()).failures) == 1


def test_what_moves_a_stock_counts_though_it_is_not_saved() -> None:
    build = Build(stop=3)
    rate = build.compute("rate", apply(Op.DIV, number(1), apply(Op.SUB, TIME, number(1))))
    x = build.stock("x", number(0))
    build.flow(x, load(rate))
    failure = only_failure(build, slots=np.asarray([x]))
    assert (failure.variable, failure.time) == ("rate", 1.0)


def test_a_net_flow_is_named_by_its_stock() -> None:
    build = Build(stop=3)
    x = build.stock("x", number(0))
    build.flow(x, apply(Op.DIV, number(1), load(x)))
    failure = only_failure(build)
    assert failure.variable == "net flow of x"
    assert failure.reason == "division by zero in `(1 / x)`"


def test_a_stock_that_grows_beyond_all_numbers() -> None:
    build = Build(stop=400, step=1)
    x = build.stock("x", number(1))
    build.flow(x, apply(Op.MUL, load(x), number(9)))
    for method in (Method.EULER, Method.RK4):
        failure = only_failure(build, method=method)
        assert failure.variable in {"x", "net flow of x"}
        assert "too large" in failure.reason or "beyond all numbers" in failure.reason
        result = simulate(build.program(), method=method, slots=np.asarray([x]))
        assert np.isfinite(result.values[: int(failure.time), 0]).all()


def test_infinity_that_was_meant_is_no_failure() -> None:
    build = Build(stop=2)
    limit = build.parameter("limit", INF)
    top = build.compute("top", number(INF))
    build.compute("least", apply(Op.MIN, load(limit), load(top)))
    assert simulate(build.program()).failures == ()
    build.compute("difference", apply(Op.SUB, load(limit), load(top)))
    failure = only_failure(build)
    assert failure.variable == "difference"
    assert "infinities cancel" in failure.reason


def test_a_parameter_that_is_not_a_number() -> None:
    build = Build(stop=2)
    rate = build.parameter("rate", math.nan)
    build.compute("x", apply(Op.MUL, load(rate), number(2)))
    failure = only_failure(build)
    assert (failure.variable, failure.reason) == ("rate", "it was given as a value that is not a number")


def test_missing_data_are_numbers() -> None:
    build = Build(stop=2)
    build.compute("x", number(-(2.0**109)))
    assert simulate(build.program()).failures == ()


def test_initial_values_that_fail() -> None:
    build = Build(stop=2)
    part = build.compute("part", apply(Op.DIV, number(1), TIME), phase="initial")
    x = build.stock("x", load(part))
    build.flow(x, number(1))
    failure = only_failure(build)
    assert (failure.variable, failure.time) == ("part", 0.0)


def test_memories_that_fail() -> None:
    build = Build(stop=4)
    memory = build.memory("m", number(1), apply(Op.DIV, number(1), apply(Op.SUB, TIME, number(1))))
    build.compute("x", load(memory))
    failure = only_failure(build)
    assert (failure.variable, failure.time) == ("m", 2.0)


def test_devices_that_fail() -> None:
    build = Build(stop=4)
    bad = build.compute("bad", apply(Op.DIV, number(1), TIME))
    out = build.scalar("out")
    build.emit(Device(DeviceKind.DELAY_FIXED, (), (number(2), number(0)), (), (load(bad),), (out,), 5))
    failure = only_failure(build, slots=np.asarray([out]))
    assert failure.time == 2
    assert failure.variable in {"out", "bad"}


def test_runs_fail_alone() -> None:
    build = Build(stop=6)
    zero = build.parameter("zero", 100)
    x = build.stock("x", number(1))
    ratio = build.compute("ratio", apply(Op.DIV, number(1), apply(Op.SUB, load(zero), TIME)))
    build.flow(x, load(ratio))
    program = build.program()
    rows = np.tile(program.defaults, (5, 1))
    rows[:, -1] = [100, 3, 100, 0, 7]
    numbers = np.asarray([4, 7, 9, 2, 30])
    result = simulate(program, parameters=rows, run_numbers=numbers)
    assert [(f.run, f.time, f.variable) for f in result.failures] == [(7, 3.0, "ratio"), (2, 0.0, "ratio")]
    for place in range(5):
        alone = simulate(program, parameters=rows[place])
        assert np.array_equal(alone.values, result.values[place], equal_nan=True)


def test_a_failing_draw_is_drawn_again() -> None:
    build = Build(stop=50)
    noise = Draw(Distribution.UNIFORM, 3, (number(0), number(1)), number(0))
    build.compute("x", apply(Op.LN, apply(Op.SUB, noise, number(0.1))))
    result = simulate(build.program(), runs=20, slots=np.asarray([4]))
    assert result.failures
    for failure in result.failures:
        values = result.values[failure.run, :, 0]
        assert np.isfinite(values[: int(failure.time)]).all()
        assert not np.isfinite(values[int(failure.time)])
        assert "logarithm of a negative number" in failure.reason


@pytest.mark.parametrize("method", [Method.RK45, Method.BDF])
def test_adaptive_methods_keep_what_they_reached(method: Method) -> None:
    build = Build(stop=4)
    x = build.stock("x", number(1))
    build.flow(x, apply(Op.NEG, apply(Op.SQRT, apply(Op.SUB, load(x), number(0.5)))))
    # x reaches 0.5 at time sqrt(2) and stays there, by the formula; solvers may step beyond: then nothing is a number
    pole = Build(stop=4)
    y = pole.stock("y", number(1))
    pole.flow(y, apply(Op.MUL, load(y), load(y)))  # infinite at time 1
    result = simulate(pole.program(), method=method, slots=np.asarray([y]))
    assert result.times.tolist() == [0, 1, 2, 3, 4]
    assert result.values[0, 0] == 1
    assert np.isnan(result.values[2:, 0]).all() or not np.isfinite(result.values[-1, 0])
    assert len(result.failures) == 1


def test_arrays_of_constants_that_are_infinite() -> None:
    build = Build(stop=1)
    build.compute("x", Constant(np.asarray([1.0, INF])), (2,))
    assert simulate(build.program()).failures == ()
