"""Nodes over axes: loads, reductions, tables, choices, vectors, matrices, devices, memories."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from simengine.engine.run import simulate
from simengine.kernel.clock import ClockState
from simengine.kernel.interpreter import Interpreter
from simengine.kernel.lookup import evaluator, evaluator_of_few, evaluator_of_many
from simengine.kernel.matrix import inverse
from simengine.model.expression import NOT_AVAILABLE
from simengine.model.lookup import Between, Table
from simengine.program.node import Along, Ask, Clock, Constant, Gather, Inverse, Load, Lookup, Node, Reduce
from simengine.program.op import AlongOp, ClockValue, DeviceKind, Fold, Op, TableQuery
from simengine.program.program import Device
from simengine.program.verify import verify
from tests.kernel.build import TIME, Build, apply, load, number, table


def value_of(build: Build, slots: int | np.ndarray) -> np.ndarray:
    """Return the first values of slots, once it is sure that one run and three give the same."""
    program = build.program()
    assert verify(program) == []
    flat = np.atleast_1d(slots).ravel()
    one = simulate(program, slots=flat).values
    for run in simulate(program, runs=3, slots=flat).values:
        assert np.array_equal(run, one, equal_nan=True)
    return one[0].reshape(np.shape(slots))


def compute(build: Build, node: Node, shape: tuple[int, ...] = ()) -> np.ndarray:
    return value_of(build, build.compute("out", node, shape))


# arrays


def test_arrays_are_broadcast_over_axes() -> None:
    build = Build(stop=0)
    a = build.parameter_array("a", np.asarray([1.0, 2.0, 3.0]))
    b = build.parameter_array("b", np.asarray([10.0, 20.0]))
    total = apply(Op.ADD, load(a[:, None]), load(b[None, :]))
    assert compute(build, total, (3, 2)).tolist() == [[11, 21], [12, 22], [13, 23]]


def test_arrays_in_any_order_of_slots() -> None:
    build = Build(stop=0)
    a = build.parameter_array("a", np.arange(6.0).reshape(2, 3))
    assert compute(build, load(a.T), (3, 2)).tolist() == [[0, 3], [1, 4], [2, 5]]
    build = Build(stop=0)
    a = build.parameter_array("a", np.arange(4.0))
    assert compute(build, load(a[::-1]), (4,)).tolist() == [3, 2, 1, 0]


def test_a_scalar_written_from_an_array_and_read_again() -> None:
    build = Build(stop=0)
    a = build.variable("a", (3,))
    build.assign("step", a, Constant(np.asarray([1.0, 2.0, 3.0])))
    twice = build.compute("twice", apply(Op.MUL, load(int(a[1])), number(2)))
    build.assign("step", build.variable("c", (3,)), apply(Op.ADD, load(a), load(int(twice))))
    assert value_of(build, build.variables[-1].first + np.arange(3)).tolist() == [5, 6, 7]


@pytest.mark.parametrize(
    ("fold", "expected"),
    [(Fold.SUM, [6, 15]), (Fold.PRODUCT, [6, 120]), (Fold.MINIMUM, [1, 4]), (Fold.MAXIMUM, [3, 6])],
)
def test_reductions(fold: Fold, expected: list[float]) -> None:
    build = Build(stop=0)
    a = build.parameter_array("a", np.arange(1.0, 7.0).reshape(2, 3))
    assert compute(build, Reduce(fold, load(a), (1,)), (2,)).tolist() == expected


def test_a_reduction_over_all_axes_gives_a_number() -> None:
    build = Build(stop=0)
    a = build.parameter_array("a", np.arange(1.0, 7.0).reshape(2, 3))
    mean = apply(Op.DIV, Reduce(Fold.SUM, load(a), (0, 1)), number(6))
    off = apply(Op.SUB, load(a), mean)
    assert compute(build, Reduce(Fold.SUM, apply(Op.MUL, off, off), (0, 1))) == 17.5


@pytest.mark.parametrize("fold", list(Fold))
def test_nothing_to_reduce_gives_the_start(fold: Fold) -> None:
    build = Build(stop=0)
    empty = Load(np.zeros((2, 0), dtype=np.int64))
    build.compute("a", number(1))
    program = build.program()
    for runs in (0, np.arange(3)):
        interpreter = Interpreter(program, runs)
        values = np.zeros((program.slot_count, *np.shape(runs)))
        assert np.all(interpreter.evaluate(Reduce(fold, empty, (1,)), values, ClockState()) == fold.value[1])


@settings(max_examples=30)
@given(st.lists(st.floats(-1e6, 1e6), min_size=1, max_size=40), st.sampled_from([1, 2, 70, 300]))
def test_sums_do_not_depend_on_how_many_runs_go_together(numbers: list[float], runs: int) -> None:
    build = Build(stop=0)
    a = build.parameter_array("a", np.asarray(numbers))
    out = np.asarray([build.compute("out", Reduce(Fold.SUM, load(a), (0,)))])
    program = build.program()
    total = numbers[0]
    for value in numbers[1:]:
        total += value
    assert simulate(program, slots=out).values[0, 0] == total
    assert np.all(simulate(program, runs=runs, slots=out).values == total)


def test_minimum_has_but_one_zero() -> None:
    for signs in ([0.0, -0.0], [-0.0, 0.0]):
        build = Build(stop=0)
        a = build.parameter_array("a", np.asarray(signs))
        assert math.copysign(1, float(compute(build, Reduce(Fold.MINIMUM, load(a), (0,))))) == 1


def test_shared_nodes_in_a_statement() -> None:
    build = Build(stop=0)
    a = build.parameter("a", 3.0)
    shared = apply(Op.EXP, load(a))
    twice = apply(Op.ADD, shared, apply(Op.SELECT, apply(Op.GT, shared, number(1)), shared, number(0)))
    assert compute(build, twice) == 2 * np.exp(3.0)


def test_the_clock() -> None:
    build = Build(start=2, stop=8, step=0.5, save=3)
    kinds = [ClockValue.TIME, ClockValue.START, ClockValue.STOP, ClockValue.STEP, ClockValue.SAVE, ClockValue.BEGIN]
    slots = [build.compute(kind.value + "?", Clock(kind)) for kind in kinds]
    values = simulate(build.program(), slots=np.asarray(slots)).values
    assert values.tolist() == [[2, 2, 8, 0.5, 3, 2], [5, 2, 8, 0.5, 3, 5], [8, 2, 8, 0.5, 3, 8]]


def test_long_phases_are_cut_and_joined() -> None:
    build = Build(stop=0)
    last: int | np.ndarray = build.parameter("x0", 1.0)
    for place in range(1, 1000):
        last = build.compute(f"x{place}", apply(Op.ADD, load(last), number(1)))
    assert value_of(build, last) == 1000


# tables

POINTS = table((0, 1), (1, 3), (1, 5), (4, 2))


@pytest.mark.parametrize(
    ("between", "missing", "expected"),
    [
        (Between.INTERPOLATE, None, [1, 1, 2, 5, 3.5, 2, 2]),
        (Between.EXTRAPOLATE, None, [-1, 1, 2, 5, 3.5, 2, 1]),
        (Between.HOLD, None, [1, 1, 1, 5, 5, 2, 2]),
        (Between.FORWARD, None, [1, 1, 3, 3, 2, 2, 2]),
        (Between.INTERPOLATE, -9.0, [-9, 1, 2, 5, 3.5, 2, -9]),
        (Between.HOLD, -9.0, [-9, 1, 1, 5, 5, 2, -9]),
        (Between.FORWARD, -9.0, [-9, 1, 3, 3, 2, 2, -9]),
        (Between.RAW, None, [NOT_AVAILABLE, 1, NOT_AVAILABLE, 3, NOT_AVAILABLE, 2, NOT_AVAILABLE]),
    ],
)
def test_between_and_beyond_points(between: Between, missing: float | None, expected: list[float]) -> None:
    x = np.asarray([-1, 0, 0.5, 1, 2.5, 4, 5])
    one = evaluator(POINTS, between, missing, one=True)
    assert [float(one(np.float64(v))) for v in x] == expected
    assert evaluator(POINTS, between, missing, one=False)(x).tolist() == expected
    many = evaluator_of_many([table((0, 0), (9, 9)), POINTS], np.asarray([[1], [0]]), between, missing)
    assert many(x)[0].tolist() == expected


TABLES = st.lists(st.tuples(st.floats(-100, 100), st.floats(-1e6, 1e6)), min_size=1, max_size=20).map(
    lambda points: Table(*zip(*sorted(points, key=lambda p: p[0]), strict=True))
)


@settings(max_examples=60)
@given(st.lists(TABLES, min_size=1, max_size=4), st.sampled_from(list(Between)), st.data())
def test_a_number_and_an_array_give_the_same_bits(tables: list[Table], between: Between, data: st.DataObject) -> None:
    some = st.one_of(st.floats(-120, 120), st.sampled_from([*tables[0].x, math.nan, math.inf, -math.inf]))
    x = np.asarray(data.draw(st.lists(some, min_size=1, max_size=8)))
    missing = data.draw(st.sampled_from([None, -7.0]))
    with np.errstate(all="ignore"):
        together = evaluator_of_many(tables, np.arange(len(tables))[:, None], between, missing)(x)
        for row, points in zip(together, tables, strict=True):
            one = evaluator(points, between, missing, one=True)
            alone = np.asarray([one(np.float64(v)) for v in x])
            assert alone.tobytes() == evaluator(points, between, missing, one=False)(x).tobytes()
            assert alone.tobytes() == row.tobytes()
        numbers = np.resize(np.arange(len(tables)), x.shape)
        few, many = (make(tables, numbers, between, missing) for make in (evaluator_of_few, evaluator_of_many))
        assert few(x).tobytes() == many(x).tobytes()
        assert few(x[0]).tobytes() == many(x[0]).tobytes()


@settings(max_examples=60)
@given(TABLES)
def test_a_point_gives_its_own_value(points: Table) -> None:
    at = evaluator(points, None, None, one=True)
    last = dict(zip(points.x, points.y, strict=True))  # of several at one x the last counts
    for x, y in last.items():
        assert float(at(np.float64(x))) == y


def test_lookups_in_a_program() -> None:
    build = Build(stop=0)
    build.tables = [POINTS, table((0, 0), (10, 100))]
    x = build.parameter_array("x", np.asarray([2.5, 2.5]))
    build.compute("one", Lookup(0, number(2.5)))
    out = build.compute("two", Lookup(np.asarray([0, 1]), load(x)), (2,))
    assert value_of(build, out).tolist() == [3.5, 25]
    assert value_of(build, build.variables[-2].first) == 3.5


@pytest.mark.parametrize(
    ("query", "arguments", "expected"),
    [
        (TableQuery.INVERT, (2.0,), 0.5),
        (TableQuery.INVERT, (0.0,), NOT_AVAILABLE),
        (TableQuery.INVERT, (9.0,), NOT_AVAILABLE),
        (TableQuery.INVERT_HELD, (0.0,), 0.0),
        (TableQuery.INVERT_HELD, (9.0,), 4.0),
        (TableQuery.AREA, (0.0, 1.0), 2.0),
        (TableQuery.AREA, (1.0, 0.0), -2.0),
        (TableQuery.AREA, (-2.0, 4.0), 2 + 2 + 10.5),
        (TableQuery.AREA, (4.0, 6.0), 4.0),
        (TableQuery.AREA_WITHIN, (6.0, -2.0), 12.5),
        (TableQuery.SLOPE, (0.5,), 2.0),
        (TableQuery.SLOPE, (1.0,), -1.0),
        (TableQuery.SLOPE, (1.0, -1.0), 2.0),
        (TableQuery.SLOPE, (9.0,), 0.0),
        (TableQuery.FIRST_TIME, (), 0.0),
        (TableQuery.LAST_TIME, (), 4.0),
        (TableQuery.MEAN, (0.5, 4.0), 10 / 3),
        (TableQuery.MINIMUM, (0.0, 1.0), 1.0),
        (TableQuery.MAXIMUM, (0.0, 9.0), 5.0),
        (TableQuery.STANDARD_DEVIATION, (1.0, 1.0), 1.0),
        (TableQuery.POINTS, (1.0, 4.0), 3.0),
        (TableQuery.POINTS, (2.0, 3.0), 0.0),
        (TableQuery.MEAN, (2.0, 3.0), NOT_AVAILABLE),
        (TableQuery.VALUE_BETWEEN, (2.0, 0.0), 4.0),
        (TableQuery.VALUE_BETWEEN, (2.0, 1.0), 2.0),
        (TableQuery.VALUE_BETWEEN, (2.0, -1.0), 5.0),
    ],
)
def test_questions_to_tables(query: TableQuery, arguments: tuple[float, ...], expected: float) -> None:
    build = Build(stop=0)
    build.tables = [POINTS, table((0, 0), (1, 1))]
    slots = [build.parameter(f"a{n}", a) for n, a in enumerate(arguments)]
    build.compute("one", Ask(query, 0, tuple(map(load, slots))))
    build.compute("many", Ask(query, np.asarray([1, 0]), tuple(map(load, slots))), (2,))
    assert value_of(build, build.variables[-2].first) == expected
    assert value_of(build, build.variables[-1].first + 1) == expected


def test_every_question_is_tried() -> None:
    from simengine.kernel.query import QUERIES

    assert set(QUERIES) == set(TableQuery)


def test_an_extrapolated_table_is_inverted_beyond_its_ends() -> None:
    build = Build(stop=0)
    build.tables = [table((0, 0), (2, 1), (3, 3), between=Between.EXTRAPOLATE)]
    above = build.compute("above", Ask(TableQuery.INVERT_HELD, 0, (number(5),)))
    below = build.compute("below", Ask(TableQuery.INVERT_HELD, 0, (number(-1),)))
    assert value_of(build, np.asarray([above, below])).tolist() == [4, -2]


# positions known in the run only


@pytest.mark.parametrize(("index", "expected"), [(0, 1), (2.9, 3), (-0.5, 1), (3, -7), (-1, -7), (math.nan, -7)])
def test_gather(index: float, expected: float) -> None:
    build = Build(stop=0)
    a = build.parameter_array("a", np.asarray([1.0, 2.0, 3.0]))
    at = build.parameter("at", index)
    assert compute(build, Gather(a, load(at), -7.0)) == expected


def test_gather_over_axes() -> None:
    build = Build(stop=0)
    a = build.parameter_array("a", np.arange(6.0).reshape(2, 3))
    at = build.parameter_array("at", np.asarray([2.0, 0.0]))
    assert compute(build, Gather(a, load(at), -7.0), (2,)).tolist() == [2, 3]
    build = Build(stop=0)
    a = build.parameter_array("a", np.arange(3.0))
    at = build.parameter_array("at", np.asarray([2.0, 5.0, 1.0, 0.0]))
    assert compute(build, Gather(a[None, :], load(at), -7.0), (4,)).tolist() == [2, -7, 1, 0]


def test_gather_differs_by_run() -> None:
    build = Build(stop=0)
    a = build.parameter_array("a", np.asarray([1.0, 2.0, 3.0]))
    at = build.parameter("at", 0)
    out = build.compute("out", Gather(a, load(at), -7.0))
    program = build.program()
    rows = np.tile(program.defaults, (4, 1))
    rows[:, -1] = [0, 1, 2, 3]
    assert simulate(program, parameters=rows, slots=np.asarray([out])).values.ravel().tolist() == [1, 2, 3, -7]


# vectors and matrices


def test_vectors_along_an_axis() -> None:
    build = Build(stop=0)
    a = build.parameter_array("a", np.asarray([[3.0, 1.0, 2.0], [4.0, 6.0, 5.0]]))
    order = Along(AlongOp.SORT_ORDER, 1, (load(a), number(1)))
    assert compute(build, order, (2, 3)).tolist() == [[1, 2, 0], [0, 2, 1]]


def test_inverse() -> None:
    build = Build(stop=0)
    a = build.parameter_array("a", np.asarray([[0.0, 2.0], [4.0, 1.0]]))
    assert compute(build, Inverse(load(a), (0, 1)), (2, 2)) == pytest.approx(np.asarray([[-0.125, 0.25], [0.5, 0]]))


@given(st.integers(1, 8), st.integers(0, 1000))
def test_inverses_agree_with_linear_algebra(size: int, seed: int) -> None:
    matrices = np.random.default_rng(seed).standard_normal((5, size, size))
    together = inverse(matrices)
    assert together @ matrices == pytest.approx(np.broadcast_to(np.eye(size), matrices.shape), abs=1e-6)
    for matrix, one in zip(matrices, together, strict=True):
        assert inverse(matrix).tobytes() == one.tobytes()


def test_a_singular_matrix_spoils_only_its_own_run() -> None:
    matrices = np.asarray([np.eye(2), np.ones((2, 2)), 2 * np.eye(2)])
    with np.errstate(all="ignore"):
        found = inverse(matrices)
    assert not np.isfinite(found[1]).all()
    assert np.array_equal(found[[0, 2]], [np.eye(2), np.eye(2) / 2])


# memories and devices


def test_memories_take_what_the_step_began_with() -> None:
    build = Build(stop=3)
    first, second = build.scalar("first"), build.scalar("second")
    from simengine.program.program import Assign, Memory

    for slot, begin, other in ((first, 1.0, second), (second, 2.0, first)):
        build.assign("initial", slot, number(begin))
        build.memories.append(Memory(Assign(slot, (), load(other), 0)))
    values = simulate(build.program(), slots=np.asarray([first, second])).values
    assert values.tolist() == [[1, 2], [2, 1], [1, 2], [2, 1]]
    assert np.array_equal(simulate(build.program(), runs=2, slots=np.asarray([first, second])).values[1], values)


def test_memories_over_axes() -> None:
    from simengine.program.program import Assign, Memory

    build = Build(stop=2)
    slots = build.variable("m", (2, 3))
    build.assign("initial", slots, Constant(np.arange(6.0).reshape(2, 3)))
    build.memories.append(Memory(Assign(slots, (2, 3), apply(Op.MUL, load(slots[:, ::-1]), number(2)), 4)))
    program = build.program()
    assert verify(program) == []
    values = simulate(program, slots=slots.ravel()).values.reshape(3, 2, 3)
    assert values[1].tolist() == [[4, 2, 0], [10, 8, 6]]
    assert values[2].tolist() == [[0, 4, 8], [12, 16, 20]]
    assert np.array_equal(simulate(program, runs=3, slots=slots.ravel()).values[2].reshape(3, 2, 3), values)


def test_devices_over_an_axis() -> None:
    build = Build(stop=5)
    out = build.variable("out", (2,))
    delay = Constant(np.asarray([1.0, 3.0]))
    build.emit(Device(DeviceKind.DELAY_FIXED, (2,), (delay, number(-1)), (), (TIME,), (out,), len(build.variables) - 1))
    program = build.program()
    assert verify(program) == []
    values = simulate(program, slots=out).values
    assert values.T.tolist() == [[-1, 0, 1, 2, 3, 4], [-1, -1, -1, 0, 1, 2]]
    assert np.array_equal(simulate(program, runs=2, slots=out).values[1], values)


def test_a_device_without_axes() -> None:
    build = Build(stop=3)
    out = build.scalar("out")
    start = build.parameter("begin", 9.0)
    device = Device(DeviceKind.DELAY_FIXED, (), (number(2), load(start)), (), (TIME,), (out,), 0)
    build.emit(device)
    values = simulate(build.program(), slots=np.asarray([out])).values
    assert values.ravel().tolist() == [9, 9, 0, 1]
    rows = np.tile(build.program().defaults, (2, 1))
    rows[1, -1] = 7
    assert simulate(build.program(), parameters=rows, slots=np.asarray([out])).values[1].ravel().tolist() == [
        7,
        7,
        0,
        1,
    ]


@pytest.mark.parametrize("op", [AlongOp.ALLOCATE_BY_PRIORITY, AlongOp.ALLOCATE_AVAILABLE, AlongOp.RANK, AlongOp.SORTED])
def test_vectors_of_runs_are_treated_alone_bit_for_bit(op: AlongOp) -> None:
    from simengine.kernel.along import apply_along

    random, size, runs = np.random.default_rng(1), 20, 15  # so long that NumPy's own sum would pair
    request, priority, width = random.random((3, size, runs)) * 10
    supply, kind = random.random((1, runs)) * 50, random.integers(0, 5, (size, runs)) * 1.0
    arguments = {
        AlongOp.ALLOCATE_BY_PRIORITY: [request, priority, width, supply],
        AlongOp.ALLOCATE_AVAILABLE: [request, kind, priority, width, width, supply],
    }.get(op, [request, np.ones((1, runs))])
    together = apply_along(op, 0, arguments)
    for run in range(runs):
        alone = apply_along(op, 0, [a[:, run : run + 1] for a in arguments])
        assert alone[:, 0].tobytes() == together[:, run].tobytes()
