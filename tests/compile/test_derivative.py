"""Rules of differentiation against differences of mpmath's functions in many digits."""

from __future__ import annotations

from collections.abc import Callable

import mpmath
import numpy as np
import pytest

from simengine.compile.derivative import FLAT, NO_RULE, RULES
from simengine.compile.differentiate import NotDifferentiable, differentiate
from simengine.engine.run import simulate
from simengine.model.lookup import Between
from simengine.program.node import Along, Gather, Load, Lookup, Node, Reduce
from simengine.program.op import AlongOp, DeviceKind, Fold, Op
from simengine.program.program import Device
from simengine.program.verify import verify
from tests.kernel.build import TIME, Build, apply, load, number, table

TRUTH: dict[Op, tuple[Callable[..., object], tuple[float, ...]]] = {
    Op.ADD: (lambda a, b: a + b, (1.3, -0.4)),
    Op.SUB: (lambda a, b: a - b, (1.3, -0.4)),
    Op.MUL: (lambda a, b: a * b, (1.3, -0.4)),
    Op.DIV: (lambda a, b: a / b, (1.3, -0.4)),
    Op.POW: (mpmath.power, (1.3, 2.7)),
    Op.NEG: (lambda a: -a, (1.3,)),
    Op.ABS: (abs, (-1.3,)),
    Op.MIN: (min, (1.3, 0.4)),
    Op.MAX: (max, (1.3, 0.4)),
    Op.SQRT: (mpmath.sqrt, (1.3,)),
    Op.EXP: (mpmath.exp, (1.3,)),
    Op.LN: (mpmath.log, (1.3,)),
    Op.LOG10: (mpmath.log10, (1.3,)),
    Op.SIN: (mpmath.sin, (1.3,)),
    Op.COS: (mpmath.cos, (1.3,)),
    Op.TAN: (mpmath.tan, (1.3,)),
    Op.ASIN: (mpmath.asin, (0.3,)),
    Op.ACOS: (mpmath.acos, (0.3,)),
    Op.ATAN: (mpmath.atan, (1.3,)),
    Op.ATAN2: (mpmath.atan2, (1.3, -0.4)),
    Op.SINH: (mpmath.sinh, (1.3,)),
    Op.COSH: (mpmath.cosh, (1.3,)),
    Op.TANH: (mpmath.tanh, (1.3,)),
    Op.REM: (mpmath.fmod, (7.3, 2.1)),
    Op.MOD: (lambda a, b: a - b * mpmath.floor(a / b), (-7.3, 2.1)),
    Op.SELECT: (lambda c, a, b: a if c else b, (1.0, 1.3, -0.4)),
    Op.XIDZ: (lambda a, b, c: c if abs(b) < 1e-6 else a / b, (1.3, -0.4, 2.0)),
    Op.NORMAL_CDF: (mpmath.ncdf, (0.7,)),
    Op.NORMAL_INV: (lambda p: mpmath.sqrt(2) * mpmath.erfinv(2 * p - 1), (0.3,)),
}


def test_every_primitive_has_a_rule_or_a_reason() -> None:
    assert set(RULES) | FLAT | NO_RULE == set(Op)
    assert set(TRUTH) == set(RULES)


def by_parameters(build: Build, output: int, parameters: list[int]) -> np.ndarray:
    """Return derivatives of a slot by parameters, (time, parameter), in native code and the interpreter alike."""
    program = build.program()
    places = [program.parameters.tolist().index(p) for p in parameters]
    made = differentiate(program, places)
    assert verify(made.program) == []
    given = np.tile(made.program.defaults, (len(places), 1))
    given[np.arange(len(places)), made.directions] = 1.0
    slots = np.asarray([output, *([made.shadow[output]] if made.shadow[output] >= 0 else [])])
    runs = np.zeros(len(places), dtype=np.int64)
    native, slow = (
        simulate(made.program, parameters=given, run_numbers=runs, slots=slots, backend=b).values
        for b in ("native", "interpreter")
    )
    plain = simulate(program, slots=np.asarray([output])).values
    assert np.array_equal(native[0, :, :1], plain), "values are those of a plain run, bit for bit"
    assert np.allclose(native, slow, rtol=1e-12, atol=1e-300)
    return native[:, :, 1].T if len(slots) > 1 else np.zeros((len(plain), len(places)))


@pytest.mark.parametrize("op", sorted(TRUTH, key=lambda op: op.name))
def test_rules(op: Op) -> None:
    function, point = TRUTH[op]
    build = Build(stop=1)
    parameters = [build.parameter(f"p{n}", v) for n, v in enumerate(point)]
    out = build.compute("y", apply(op, *(load(p) for p in parameters)))
    got = by_parameters(build, out, parameters)[0]
    with mpmath.workprec(300):
        step = mpmath.mpf(10) ** -40
        for place, value in enumerate(point):
            if op is Op.SELECT and place == 0:
                continue
            low, high = list(map(mpmath.mpf, point)), list(map(mpmath.mpf, point))
            low[place], high[place] = value - step, value + step
            want = float((function(*high) - function(*low)) / (2 * step))
            assert got[place] == pytest.approx(want, rel=1e-13, abs=1e-15), place


def test_growth_has_the_derivative_of_its_formula() -> None:
    build = Build(stop=10, step=0.5)
    rate, begin = build.parameter("rate", 0.1), build.parameter("begin", 100.0)
    stock = build.stock("people", load(begin))
    build.flow(stock, apply(Op.MUL, load(rate), load(stock)))
    got = by_parameters(build, stock, [rate, begin])
    steps = np.arange(0, 21, 2)
    assert np.allclose(got[:, 0], 100 * steps * 0.5 * 1.05 ** (steps - 1), rtol=1e-13)
    assert np.allclose(got[:, 1], 1.05**steps, rtol=1e-13)


@pytest.mark.parametrize(
    ("between", "at", "want"),
    [
        (Between.INTERPOLATE, 1.5, 3.0),
        (Between.INTERPOLATE, 1.0, 3.0),  # at a point: the segment to its right
        (Between.INTERPOLATE, 5.0, 0.0),
        (Between.INTERPOLATE, -5.0, 0.0),
        (Between.EXTRAPOLATE, 5.0, 3.0),
        (Between.EXTRAPOLATE, -5.0, 2.0),
        (Between.HOLD, 1.5, 0.0),
    ],
)
def test_lookups(between: Between, at: float, want: float) -> None:
    build = Build(stop=1)
    build.tables.append(table((0, 0), (1, 2), (2, 5), between=between))
    x = build.parameter("x", at)
    out = build.compute("y", Lookup(0, load(x)))
    assert by_parameters(build, out, [x])[0, 0] == want


@pytest.mark.parametrize(
    ("fold", "values", "want"),
    [
        (Fold.SUM, [1.0, 2.0, 3.0], [1, 1, 1]),
        (Fold.PRODUCT, [2.0, 3.0, 4.0], [12, 8, 6]),
        (Fold.PRODUCT, [2.0, 0.0, 4.0], [0, 8, 0]),
        (Fold.PRODUCT, [0.0, 0.0, 4.0], [0, 0, 0]),
        (Fold.MINIMUM, [2.0, 1.0, 4.0], [0, 1, 0]),
        (Fold.MAXIMUM, [2.0, 1.0, 4.0], [0, 0, 1]),
    ],
)
def test_reductions(fold: Fold, values: list[float], want: list[float]) -> None:
    build = Build(stop=1)
    x = build.parameter_array("x", np.asarray(values))
    out = build.compute("y", Reduce(fold, Load(x), (0,)))
    assert by_parameters(build, out, x.tolist())[0].tolist() == want


def test_gathers_orders_and_memories() -> None:
    build = Build(stop=3)
    x = build.parameter_array("x", np.asarray([3.0, 1.0, 2.0]))
    place = build.parameter("place", 2.0)
    chosen = build.compute("chosen", Gather(x, load(place), 0.0))
    assert by_parameters(build, chosen, [*x.tolist(), place])[0].tolist() == [0, 0, 1, 0]
    ordered = build.compute("ordered", Along(AlongOp.SORTED, 0, (Load(x), number(1.0))), (3,))
    assert by_parameters(build, int(ordered[0]), x.tolist())[0].tolist() == [0, 1, 0]
    held = build.memory("held", number(0.0), apply(Op.MUL, load(int(x[0])), TIME))
    assert by_parameters(build, held, x.tolist())[:, 0].tolist() == [0, 0, 1, 2]


def test_a_pure_delay_passes_derivatives_on() -> None:
    build = Build(stop=5)
    p = build.parameter("p", 2.0)
    out = build.scalar("late")
    value: Node = apply(Op.MUL, load(p), apply(Op.MUL, TIME, TIME))
    device = Device(
        DeviceKind.DELAY_FIXED, (), (number(2.0), apply(Op.MUL, load(p), number(7.0))), (), (value,), (out,), 0
    )
    build.emit(device)
    assert by_parameters(build, out, [p])[:, 0].tolist() == [7, 7, 0, 1, 4, 9]


def test_a_stock_held_at_zero_has_derivative_zero() -> None:
    build = Build(stop=4)
    begin, drain = build.parameter("begin", 5.0), build.parameter("drain", 2.0)
    stock = build.stock("tank", load(begin), floor=True)
    build.flow(stock, apply(Op.NEG, load(drain)))
    got = by_parameters(build, stock, [begin, drain])
    assert got[:, 0].tolist() == [1, 1, 1, 0, 0]
    assert got[:, 1].tolist() == [0, -1, -2, 0, 0]


def test_what_has_no_derivative_is_refused() -> None:
    build = Build(stop=1)
    p = build.parameter("p", 2.0)
    build.compute("volume", apply(Op.LNGAMMA, load(p)))
    with pytest.raises(NotDifferentiable, match="no derivative passes through lngamma, in `volume`"):
        differentiate(build.program(), [4])
    with pytest.raises(NotDifferentiable, match="the steps of time"):
        differentiate(build.program(), [2])
