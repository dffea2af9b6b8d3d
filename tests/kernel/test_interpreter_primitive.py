"""Primitives: what they compute, and that a number and an array holding it give the same bits."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from simengine.engine.run import simulate
from simengine.kernel.primitive import COMPARE, FUNCTIONS, INFIX, LOGIC, power
from simengine.program.op import Op
from tests.kernel.build import TIME, Build, apply, load, number

NAN, INF = math.nan, math.inf

EXPECTED = [
    (Op.ADD, (0.1, 0.2), 0.30000000000000004),
    (Op.SUB, (1.0, 3.0), -2.0),
    (Op.MUL, (1e200, 1e200), INF),
    (Op.DIV, (1.0, 0.0), INF),
    (Op.DIV, (-1.0, 0.0), -INF),
    (Op.DIV, (0.0, 0.0), NAN),
    (Op.POW, (2.0, 10.0), 1024.0),
    (Op.POW, (0.0, 0.0), 1.0),
    (Op.POW, (-8.0, 1 / 3), NAN),
    (Op.POW, (-2.0, 3.0), -8.0),
    (Op.POW, (9.0, 0.5), 3.0),
    (Op.POW, (4.0, -1.0), 0.25),
    (Op.POW, (0.0, -1.0), INF),
    (Op.NEG, (3.0,), -3.0),
    (Op.ABS, (-3.0,), 3.0),
    (Op.MIN, (1.0, 2.0), 1.0),
    (Op.MIN, (1.0, NAN), NAN),
    (Op.MIN, (NAN, 1.0), NAN),
    (Op.MAX, (1.0, 2.0), 2.0),
    (Op.MAX, (NAN, 1.0), NAN),
    (Op.SQRT, (-1.0,), NAN),
    (Op.LN, (0.0,), -INF),
    (Op.LOG10, (1000.0,), 3.0),
    (Op.ATAN2, (1.0, -1.0), 3 * math.pi / 4),
    (Op.LNGAMMA, (5.0,), math.log(24)),
    (Op.TRUNC, (-1.7,), -1.0),
    (Op.FLOOR, (-1.2,), -2.0),
    (Op.CEIL, (-1.2,), -1.0),
    (Op.ROUND, (2.5,), 3.0),
    (Op.ROUND, (-2.5,), -3.0),
    (Op.ROUND, (0.49999999999999994,), 0.0),
    (Op.REM, (-7.0, 3.0), -1.0),
    (Op.REM, (7.0, -3.0), 1.0),
    (Op.MOD, (-7.0, 3.0), 2.0),
    (Op.MOD, (7.0, -3.0), -2.0),
    (Op.LT, (1.0, 2.0), 1.0),
    (Op.LE, (2.0, 2.0), 1.0),
    (Op.GT, (NAN, 2.0), 0.0),
    (Op.GE, (1.0, 2.0), 0.0),
    (Op.EQ, (2.0, 2.0), 1.0),
    (Op.NE, (2.0, 2.0), 0.0),
    (Op.AND, (2.0, -1.0), 1.0),
    (Op.AND, (2.0, 0.0), 0.0),
    (Op.OR, (0.0, 0.5), 1.0),
    (Op.NOT, (0.0,), 1.0),
    (Op.NOT, (0.5,), 0.0),
    (Op.SELECT, (0.5, 1.0, 2.0), 1.0),
    (Op.SELECT, (0.0, NAN, 2.0), 2.0),
    (Op.XIDZ, (1.0, 9e-7, 5.0), 5.0),
    (Op.XIDZ, (1.0, 4.0, 5.0), 0.25),
    (Op.XIDZ, (1.0, -1e-6, 5.0), -1e6),
    (Op.NORMAL_CDF, (0.0,), 0.5),
    (Op.NORMAL_INV, (0.5,), 0.0),
]

NUMBERS = st.one_of(
    st.floats(allow_nan=True, allow_infinity=True),
    st.floats(min_value=-50, max_value=50),
    st.sampled_from([0.0, -0.0, 0.5, -1.0, 1.0, 2.0, 1e-6, 1e-7, NAN, INF, -INF]),
)


def results(op: Op, rows: list[tuple[float, ...]], how: str) -> list[float]:
    """Return a primitive of rows of arguments: one run each, many runs, or as elements of an array."""
    build = Build(stop=0)
    if how == "elements":
        columns = [build.parameter_array(f"a{n}", np.asarray(c)) for n, c in enumerate(zip(*rows, strict=True))]
        out = build.compute("out", apply(op, *map(load, columns)), (len(rows),))
        return simulate(build.program(), slots=out).values[0].tolist()
    slots = [build.parameter(f"a{n}", 0.0) for n in range(op.arity)]
    out = build.compute("out", apply(op, *map(load, slots)))
    program = build.program()
    given_rows = np.asarray([[*program.defaults[:4], *row] for row in rows])
    if how == "many":
        return simulate(program, parameters=given_rows, slots=np.asarray([out])).values[:, 0, 0].tolist()
    return [float(simulate(program, parameters=row, slots=np.asarray([out])).values[0, 0]) for row in given_rows]


def bits(values: list[float]) -> list[int]:
    """Return values as integers, all NaN alike."""
    array = np.asarray(values)
    return np.where(np.isnan(array), np.nan, array).view(np.int64).tolist()


def test_every_primitive_is_known_and_tried() -> None:
    known = {*INFIX, *COMPARE, *LOGIC, *FUNCTIONS}
    assert known == set(Op)
    tried = {op for op, _, _ in EXPECTED} | {Op.EXP, Op.SIN, Op.COS, Op.TAN, Op.ASIN, Op.ACOS, Op.ATAN}
    assert tried | {Op.SINH, Op.COSH, Op.TANH} == set(Op)


@pytest.mark.parametrize("how", ["one", "many", "elements"])
@pytest.mark.parametrize(("op", "arguments", "expected"), EXPECTED)
def test_values(op: Op, arguments: tuple[float, ...], expected: float, how: str) -> None:
    (value,) = results(op, [arguments], how)
    assert value == pytest.approx(expected, rel=1e-15, abs=0, nan_ok=True)


@pytest.mark.parametrize("op", list(Op))
@settings(max_examples=12)
@given(st.data())
def test_one_run_many_runs_and_elements_agree_bit_by_bit(op: Op, data: st.DataObject) -> None:
    rows = data.draw(st.lists(st.tuples(*[NUMBERS] * op.arity), min_size=1, max_size=5))
    one = bits(results(op, rows, "one"))
    assert bits(results(op, rows, "many")) == one
    assert bits(results(op, rows, "elements")) == one


@pytest.mark.parametrize(
    "name",
    "exp log log10 sin cos tan arcsin arccos arctan sinh cosh tanh sqrt square arctan2 fmod mod power".split(),
)
def test_library_functions_do_not_depend_on_how_numbers_lie_in_memory(name: str) -> None:
    # if a NumPy breaks this, `kernel/primitive.py` must evaluate otherwise: one run and many would differ
    function = power if name == "power" else getattr(np, name)
    random = np.random.default_rng(5)
    for scale in (1.0, 30.0, 1e5):
        arguments = [
            random.standard_normal(1003) * scale for _ in range(2 if name in {"arctan2", "fmod", "mod", "power"} else 1)
        ]
        if name == "power":
            arguments[1][::7] = random.choice([2.0, 0.5, -1.0, 3.0, 0.0, 1.0], arguments[1][::7].shape)
        with np.errstate(all="ignore"):
            whole = bits(function(*arguments))
            assert bits([function(*a) for a in zip(*arguments, strict=True)]) == whole
            spread = [np.repeat(a, 3)[::3] for a in arguments]
            assert bits(function(*spread)) == whole
            assert (
                bits(np.concatenate([function(*(a[n : n + 5] for a in arguments)) for n in range(0, 1003, 5)])) == whole
            )


def test_numbers_of_python_are_divided_as_numpy_does() -> None:
    # nothing here is a NumPy number until the division: Python would raise
    build = Build(stop=2)
    build.compute("a", apply(Op.DIV, number(1), apply(Op.SUB, TIME, number(1))))
    build.compute("b", apply(Op.DIV, number(1), apply(Op.LT, TIME, number(1))))
    build.compute("c", apply(Op.DIV, number(0), apply(Op.SUB, number(2), number(2))))
    build.compute("d", apply(Op.DIV, TIME, apply(Op.MIN, number(0), number(3))))
    values = simulate(build.program()).values[:, 4:]
    assert values[:, 0].tolist() == [-1.0, INF, 1.0]
    assert values[:, 1].tolist() == [1.0, INF, INF]
    assert np.isnan(values[:, 2]).all()
    assert values[1:, 3].tolist() == [INF, INF]
    assert np.array_equal(simulate(build.program(), runs=2).values[1][:, 4:], values, equal_nan=True)


def test_deep_and_wide_equations_need_no_recursion() -> None:
    build = Build(stop=0)
    x = build.parameter("x", 1.0)
    deep = load(x)
    for _ in range(5000):
        deep = apply(Op.ADD, deep, number(1))
    for _ in range(60):
        deep = apply(Op.ADD, deep, deep)  # shared: computed once each, not 2 ** 60 times
    out = build.compute("out", deep)
    values = simulate(build.program(), slots=np.asarray([out])).values
    assert values[0, 0] == 5001 * 2.0**60
