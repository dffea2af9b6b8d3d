"""Simulations as a whole: shapes, arguments, ensembles, specs that move."""

from __future__ import annotations

import numpy as np
import pytest

from simengine.engine.run import simulate
from simengine.model.definition import Method
from simengine.program.op import Op
from simengine.program.verify import verify
from simengine.source.diagnostic import InputError
from tests.kernel.build import TIME, Build, apply, load, number


def growth() -> tuple[Build, int, int]:
    build = Build(stop=5)
    rate = build.parameter("rate", 0.5)
    stock = build.stock("x", number(1))
    build.flow(stock, apply(Op.MUL, load(stock), load(rate)))
    return build, rate, int(stock)


def test_shapes_and_times() -> None:
    build, _, stock = growth()
    program = build.program()
    one = simulate(program)
    assert one.values.shape == (6, program.slot_count)
    assert one.times.tolist() == [0, 1, 2, 3, 4, 5]
    assert one.info.steps == 5
    assert one.info.backend == "native"
    assert one.failures == ()
    many = simulate(program, runs=3, slots=np.asarray([stock]))
    assert many.values.shape == (3, 6, 1)
    assert many.values[1, :, 0].tolist() == [1.5**n for n in range(6)]
    assert simulate(program, slots=np.asarray([], dtype=np.int64)).values.shape == (6, 0)


def test_parameters_of_each_run() -> None:
    build, _, stock = growth()
    program = build.program()
    rows = np.tile(program.defaults, (3, 1))
    rows[:, -1] = [0, 1, 2]
    values = simulate(program, parameters=rows, slots=np.asarray([stock])).values
    assert values[:, -1, 0].tolist() == [1, 32, 243]
    assert simulate(program, parameters=rows[2], slots=np.asarray([stock])).values[-1, 0] == 243


def test_blocks_do_not_show() -> None:
    build, _, stock = growth()
    program = build.program()
    count = 9000  # more than one block
    rows = np.tile(program.defaults, (count, 1))
    rows[:, -1] = np.linspace(-1, 1, count)
    values = simulate(program, parameters=rows, slots=np.asarray([stock])).values
    for place in (0, 8191, 8192, count - 1):
        alone = simulate(program, parameters=rows[place], slots=np.asarray([stock])).values
        assert np.array_equal(alone, values[place])


@pytest.mark.parametrize(
    "arguments",
    [
        {"parameters": np.zeros(3)},
        {"parameters": np.zeros((2, 2, 2))},
        {"runs": 0},
        {"parameters": np.zeros((2, 5)), "runs": 3},
        {"runs": 3, "run_numbers": np.arange(2)},
        {"runs": 1, "run_numbers": np.asarray([-1])},
        {"slots": np.asarray([99])},
    ],
)
def test_arguments_that_do_not_fit(arguments: dict[str, object]) -> None:
    build, _, _ = growth()
    with pytest.raises(InputError):
        simulate(build.program(), **arguments)


def test_runs_of_an_ensemble_have_the_same_times() -> None:
    build, _, _ = growth()
    program = build.program()
    rows = np.tile(program.defaults, (3, 1))
    rows[1, 1] = 6
    with pytest.raises(InputError, match="the same in all runs"):
        simulate(program, parameters=rows)
    rows[:, 1] = 6
    assert simulate(program, parameters=rows).times[-1] == 6


def test_a_time_step_computed_from_constants() -> None:
    build = Build(stop=2)
    per = build.parameter("per", 4)
    step = build.compute("step", apply(Op.DIV, number(1), load(per)), phase="constants")
    program = build.program(specs=(*build.specs[:2], step, step))
    assert verify(program) == []
    assert simulate(program).times.tolist() == [n / 4 for n in range(9)]


def moving(many: bool) -> None:
    """The times of conformance model control_vars."""
    build = Build()
    specs = [build.scalar(name) for name in ("first", "last", "width", "every")]
    before = lambda moment, then, other: apply(Op.SELECT, apply(Op.LT, TIME, number(moment)), then, other)  # noqa: E731
    build.assign("step", specs[0], before(3, number(0), number(0.2)))
    build.assign("step", specs[1], before(5, number(10), number(50)))
    build.assign("step", specs[2], before(4, number(1), number(0.5)))
    build.assign("step", specs[3], before(10, load(specs[2]), number(5)))
    x = build.stock("x", number(0))
    build.flow(x, number(1))
    program = build.program(specs=tuple(specs), moving_specs=True)
    assert verify(program) == []
    result = simulate(program, runs=2 if many else None, slots=np.asarray([x]))
    wanted = [0, 1, 2, 3, *np.arange(4, 10.5, 0.5), *range(15, 55, 5)]
    assert result.times.tolist() == wanted
    assert np.all(result.values[..., 0] == wanted)


@pytest.mark.parametrize("many", [False, True])
def test_specs_that_move(many: bool) -> None:
    moving(many)


def test_adaptive_methods_need_specs_that_stand_still() -> None:
    build, _, _ = growth()
    with pytest.raises(InputError, match="adaptive"):
        simulate(build.program(moving_specs=True), method=Method.RK45)


def test_initial_values_in_a_phase_of_their_own() -> None:
    build = Build(stop=1)
    a = build.variable("a")
    first = build.compute("first", apply(Op.ADD, TIME, number(5)), phase="initial")
    build.assign("initial", a, apply(Op.MUL, load(first), number(10)))
    x = build.stock("x", load(int(a)))
    settled = build.compute("settled", apply(Op.ADD, load(x), number(1)), phase="settled")
    build.assign("step", a, apply(Op.SUB, load(x), number(1)))
    build.flow(x, load(int(a)))
    program = build.program()
    assert verify(program) == []
    values = simulate(program, slots=np.asarray([int(a), x, settled])).values
    assert values.tolist() == [[49, 50, 51], [98, 99, 51]]


def test_no_warning_is_given_for_what_the_other_branch_does() -> None:
    # warnings are errors in tests
    build = Build(stop=1)
    x = build.parameter_array("x", np.asarray([-1.0, 4.0]))
    safe = apply(
        Op.SELECT, apply(Op.GT, load(x), number(0)), apply(Op.SQRT, load(x)), apply(Op.DIV, number(1), number(0))
    )
    out = build.compute("out", apply(Op.MIN, safe, number(9)), (2,))
    result = simulate(build.program(), slots=out)
    assert result.values[0].tolist() == [9, 2]
    assert result.failures == ()
