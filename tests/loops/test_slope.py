"""No slope is claimed that numbers contradict: random expressions, random boxes, random pairs of points in them."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from simengine.builtins.builtin import Kind
from simengine.builtins.table_of_functions import BUILTINS
from simengine.kernel.lookup import evaluator
from simengine.kernel.primitive import COMPARE, FUNCTIONS, INFIX, LOGIC
from simengine.loops.interval import Interval, between
from simengine.loops.monotone import SLOPES, VALUES
from simengine.loops.slope import Moments, find_slopes
from simengine.model.lookup import Between, Table
from simengine.program.node import Apply, Constant, Load, Lookup, Node, Reduce
from simengine.program.op import Fold, Op

SLOTS = 3
TABLES = (
    Table((0, 1, 3, 4), (0, 2, 3, 5)),
    Table((0, 1, 3, 4), (0, 2, -1, -1)),
    Table((0, 1, 3, 4), (5, 2, 2, 1), Between.EXTRAPOLATE),
    Table((0, 1, 3, 4), (0, 1, 2, 2), Between.HOLD),
    Table((0, 1, 3, 4), (0, 3, 2, 4), Between.FORWARD),
    Table((0, 2, 2, 4), (0, 1, 3, 4)),
)
EXACT = {
    "+": np.add,
    "-": np.subtract,
    "*": np.multiply,
    "/": np.divide,
    "<": np.less,
    "<=": np.less_equal,
    ">": np.greater,
    ">=": np.greater_equal,
    "==": np.equal,
    "!=": np.not_equal,
}


def evaluate(node: Node, slots: list[float]) -> float:
    """Return the value of a node, by the interpreter's own functions."""
    match node:
        case Constant():
            return float(node.value)  # type: ignore[arg-type]
        case Load():
            return slots[node.slots]  # type: ignore[index]
        case Lookup():
            at = evaluate(node.x, slots)
            return float(evaluator(TABLES[node.tables], None, None, one=True)(at))  # type: ignore[index]
        case Apply():
            given_ = [np.float64(evaluate(a, slots)) for a in node.arguments]
            with np.errstate(all="ignore"):
                if node.op in INFIX or node.op in COMPARE:
                    return float(EXACT[(INFIX | COMPARE)[node.op]](*given_))
                if node.op in LOGIC:
                    a, b = (bool(g != 0) for g in given_)
                    return float(a and b if node.op is Op.AND else a or b)
                if node.op is Op.SELECT:
                    return float(given_[1] if given_[0] != 0 else given_[2])
                return float(FUNCTIONS[node.op](*given_))
    raise AssertionError(node)


def moments(lows: list[float], highs: list[float], *, certain: bool = True) -> Moments:
    slots = Interval(np.array([lows]), np.array([highs]))
    return Moments(slots, between([0.0], [1.0]), between([0.1], [0.1]), TABLES, certain)


def slope_by(root: Node, slot: int, at: Moments) -> tuple[float, float]:
    reading = find_slopes(root, (), at).by_slot
    own = reading.pairs[:, 1] == slot
    if not own.any():
        return 0.0, 0.0
    return float(reading.slope.low[0, own][0]), float(reading.slope.high[0, own][0])


def nodes(depth: int) -> st.SearchStrategy[Node]:
    leaves = st.one_of(
        st.integers(0, SLOTS - 1).map(Load),
        st.floats(-3, 3).map(lambda x: Constant(round(x, 2))),
    )

    def grow(inner: st.SearchStrategy[Node]) -> st.SearchStrategy[Node]:
        applied = st.sampled_from(list(Op)).flatmap(
            lambda op: st.tuples(*[inner] * op.arity).map(lambda a: Apply(op, a))
        )
        looked = st.tuples(st.integers(0, len(TABLES) - 1), inner).map(lambda p: Lookup(p[0], p[1]))
        return st.one_of(applied, applied, looked)

    return st.recursive(leaves, grow, max_leaves=depth)


BOXES = st.lists(
    st.tuples(st.floats(-4, 4).map(lambda x: round(x, 2)), st.floats(0, 3).map(lambda x: round(x, 2))),
    min_size=SLOTS,
    max_size=SLOTS,
)
SHARES = st.lists(st.floats(0, 1), min_size=SLOTS + 1, max_size=SLOTS + 1)


def check(root: Node, box: list[tuple[float, float]], shares: list[float], moved: int) -> None:
    lows, highs = [low for low, _ in box], [low + wide for low, wide in box]
    first = [a + (b - a) * s for a, b, s in zip(lows, highs, shares, strict=False)]
    second = list(first)
    second[moved] = lows[moved] + (highs[moved] - lows[moved]) * shares[-1]
    gap = second[moved] - first[moved]
    assume(abs(gap) > 1e-3)
    values = evaluate(root, first), evaluate(root, second)
    assume(all(map(math.isfinite, values)))
    assume(max(map(abs, values)) < 1e6)
    assume(_defined(root, first) and _defined(root, second))
    low, high = slope_by(root, moved, moments(lows, highs))
    quotient = (values[1] - values[0]) / gap
    noise = 1e-8 * (1 + max(map(abs, values))) / abs(gap)
    assert low - noise <= quotient <= high + noise


def _defined(root: Node, slots: list[float]) -> bool:
    """Return whether every part has a finite value: a run that means anything has no others."""
    stack, out = [root], True
    while stack and out:
        node = stack.pop()
        out = math.isfinite(evaluate(node, slots))
        stack += node.arguments if isinstance(node, Apply) else [node.x] if isinstance(node, Lookup) else []
    return out


POSITIVE = {Op.SQRT, Op.LN, Op.LOG10, Op.LNGAMMA}
SMALL = {Op.ASIN, Op.ACOS, Op.NORMAL_INV}
"""Primitives that are defined only above 0, only between 0 and 1 (or -1 and 1)."""


def test_every_primitive_has_a_value_and_a_slope() -> None:
    assert set(VALUES) == set(SLOPES) == set(Op)


@pytest.mark.parametrize("op", list(Op), ids=lambda op: op.mnemonic)
@settings(max_examples=150, suppress_health_check=[HealthCheck.filter_too_much])
@given(box=BOXES, shares=SHARES, moved=st.integers(0, SLOTS - 1))
def test_slopes_of_each_primitive(op: Op, box: list[tuple[float, float]], shares: list[float], moved: int) -> None:
    if op in POSITIVE:
        box = [(abs(low) + 0.01, wide) for low, wide in box]
    if op in SMALL:
        box = [(min(abs(low), 3) / 8 + 0.01, wide / 8) for low, wide in box]
    moved %= op.arity
    check(Apply(op, tuple(Load(n) for n in range(op.arity))), box, shares, moved)


@pytest.mark.parametrize("number", range(len(TABLES)))
@given(box=BOXES, shares=SHARES)
def test_slopes_of_tables(number: int, box: list[tuple[float, float]], shares: list[float]) -> None:
    check(Lookup(number, Load(0)), box, shares, 0)


@settings(max_examples=1000, suppress_health_check=[HealthCheck.filter_too_much, HealthCheck.too_slow])
@given(root=nodes(8), box=BOXES, shares=SHARES, moved=st.integers(0, SLOTS - 1))
def test_slopes_of_random_expressions(
    root: Node, box: list[tuple[float, float]], shares: list[float], moved: int
) -> None:
    check(root, box, shares, moved)


SMOOTH = [Op.ADD, Op.SUB, Op.MUL, Op.DIV, Op.NEG, Op.EXP, Op.SIN, Op.COS, Op.TANH, Op.ATAN, Op.SINH, Op.COSH]


@settings(max_examples=400, suppress_health_check=[HealthCheck.filter_too_much, HealthCheck.too_slow])
@given(data=st.data(), at=st.lists(st.floats(0.5, 3), min_size=SLOTS, max_size=SLOTS), moved=st.integers(0, SLOTS - 1))
def test_at_a_moment_smooth_expressions_have_their_derivative(data: st.DataObject, at: list[float], moved: int) -> None:
    # by central differences: at single values the slope is the derivative, to rounding
    leaf = st.integers(0, SLOTS - 1).map(Load)
    root = data.draw(
        st.recursive(
            leaf,
            lambda inner: st.sampled_from(SMOOTH).flatmap(
                lambda op: st.tuples(*[inner] * op.arity).map(lambda a: Apply(op, a))
            ),
            max_leaves=6,
        )
    )
    step = 1e-5
    up, down = list(at), list(at)
    up[moved] += step
    down[moved] -= step
    values = [evaluate(root, at), evaluate(root, up), evaluate(root, down)]
    assume(all(math.isfinite(v) and abs(v) < 1e4 for v in values))
    low, high = slope_by(root, moved, moments(at, at, certain=False))
    derivative = (values[1] - values[2]) / (2 * step)
    assume(abs(values[1] - 2 * values[0] + values[2]) < 1e-6 * (1 + abs(values[0])))
    assume(math.isfinite(low) and math.isfinite(high))
    assert low == pytest.approx(high, rel=1e-5, abs=1e-6)
    assert (low + high) / 2 == pytest.approx(derivative, rel=1e-3, abs=1e-4)


def test_several_readings_of_one_variable_add_up() -> None:
    x = Load(0)
    root = Apply(Op.SUB, (x, Apply(Op.MUL, (Constant(3.0), Load(0)))))
    low, high = slope_by(root, 0, moments([0.0] * 3, [1.0] * 3))
    assert low == pytest.approx(-2)
    assert high == pytest.approx(-2)


def test_a_sum_over_elements_counts_every_one() -> None:
    # sum over e of a * x[e]: by a the sum of x, by x[e] just a
    x, a = Load(np.array([1, 2], dtype=np.int64)), Load(np.array([0], dtype=np.int64))
    root = Reduce(Fold.SUM, Apply(Op.MUL, (a, x)), (0,))
    lows, highs = [2.0, -1.0, 5.0], [2.0, -1.0, 5.0]
    at = moments(lows, highs)
    assert slope_by(root, 0, at) == pytest.approx((4, 4))
    assert slope_by(root, 1, at) == pytest.approx((2, 2))


def test_a_product_over_elements_moves_by_all_others() -> None:
    root = Reduce(Fold.PRODUCT, Load(np.array([0, 1, 2], dtype=np.int64)), (0,))
    at = moments([2.0, -3.0, 5.0], [2.0, -3.0, 5.0])
    assert slope_by(root, 0, at) == pytest.approx((-15, -15))
    assert slope_by(root, 2, at) == pytest.approx((-6, -6))


def test_every_elementwise_builtin_comes_down_to_primitives_with_slopes() -> None:
    ops = {b.primitive for b in BUILTINS.values() if b.kind is Kind.ELEMENTWISE}
    assert ops <= set(SLOPES)
