"""Elementary functions: error bounds against mpmath, edges against NumPy, the same bits everywhere."""

from __future__ import annotations

import itertools
import platform
import re

import llvmlite.binding as llvm
import mpmath
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from simengine.kernel.llvm.elementary import STEMS
from simengine.kernel.llvm.machine import Target, _target_machine, host
from simengine.kernel.primitive import FUNCTIONS
from tests.kernel.llvm.functions import Functions, functions

EXACT = {"rem", "mod", "round"}
ULPS = dict.fromkeys(STEMS, 2.0) | {"exp": 1.0, "ln": 1.0}


def normal_inverse(p: mpmath.mpf) -> mpmath.mpf:
    """Return the inverse of the normal distribution function, by Newton's method."""
    if not 0 < p < 1:
        return mpmath.mpf(0)
    if p > 0.5:
        return -normal_inverse(1 - p)
    x = -mpmath.sqrt(-2 * mpmath.log(p)) if p < 0.1 else mpmath.mpf(0)
    for _ in range(300):
        below = mpmath.erfc(-x / mpmath.sqrt(2)) / 2
        step = mpmath.log(p / below) * below * mpmath.sqrt(2 * mpmath.pi) / mpmath.exp(-x * x / 2)
        x += step
        if abs(step) < mpmath.mpf(2) ** -150:
            return x
    raise AssertionError(p)


TRUTH = {
    "exp": mpmath.exp,
    "expm1": mpmath.expm1,
    "ln": mpmath.log,
    "log10": mpmath.log10,
    "pow": lambda x, y: mpmath.power(x, y) if x else mpmath.mpf(0),  # at 0 the edges are tested
    "sin": mpmath.sin,
    "cos": mpmath.cos,
    "tan": mpmath.tan,
    "asin": mpmath.asin,
    "acos": mpmath.acos,
    "atan": mpmath.atan,
    "atan2": mpmath.atan2,
    "sinh": mpmath.sinh,
    "cosh": mpmath.cosh,
    "tanh": mpmath.tanh,
    "normal_cdf": lambda x: mpmath.erfc(-max(min(x, 40), -40) / mpmath.sqrt(2)) / 2,
    "normal_inv": normal_inverse,
}
EDGES = [
    0.0, -0.0, 1.0, -1.0, 2.0, -2.0, 0.5, -0.5, 3.0, -3.0, 1.5, -1.5, 2.5, 1e-320, -1e-320, 5e-324, 1e308, -1e308,
    np.inf, -np.inf, np.nan, 1e-300, 2.0**53, 2.0**53 + 2, -(2.0**53) - 2, 710.0, -746.0, 1e22, 0.1, 7.3, 1e-17,
    2.0**52, 4.5, 2**31 + 0.5, 709.7827128933841, -745.13, 1e16, np.pi, np.pi / 2, 2.0**-1022,
]  # fmt: skip
X86 = platform.machine() in {"x86_64", "AMD64"}
PLAIN, WIDE = Target("x86-64", ""), Target("x86-64-v3", "")
"""SSE2 only; AVX2 with fused multiply-add, which must not be used."""


def test_every_primitive_that_is_a_function_has_one() -> None:
    assert set(TRUTH) | EXACT == set(STEMS)


def inputs(stem: str, count: int, seed: int = 1) -> tuple[np.ndarray, np.ndarray]:
    """Return arguments over the whole range: all exponents, usual sizes, near 0, near 1."""
    random = np.random.default_rng(seed)

    def many() -> np.ndarray:
        parts = [
            random.integers(0, 2**64, count, dtype=np.uint64).view(float),
            random.uniform(-1, 1, count),
            random.uniform(-50, 50, count),
            random.uniform(-745, 745, count),
            random.uniform(-1e7, 1e7, count),
            random.uniform(0.9, 1.1, count),
            np.exp(random.uniform(-40, 40, count)) * random.choice([-1, 1], count),
        ]
        return np.concatenate(parts)

    x, y = many(), random.permutation(many())
    if stem in {"ln", "log10", "pow"}:
        x = np.abs(x)
    if stem == "pow":
        y = np.where(np.abs(y) < 300, y, random.uniform(-30, 30, y.size))
    if stem in {"asin", "acos"}:
        x = np.where(np.abs(x) <= 1, x, random.uniform(-1, 1, x.size))
    if stem == "normal_cdf":
        x = np.where(np.abs(x) <= 39, x, random.uniform(-39, 9, x.size))
    if stem == "normal_inv":
        small = np.exp(random.uniform(-744, 0, x.size))
        x = np.where((x > 0) & (x < 1), x, random.choice([small, 1 - small, random.uniform(0, 1, x.size)]))
    sound = np.isfinite(x) & np.isfinite(y)
    return x[sound], y[sound]


def error(stem: str, x: float, y: float, got: float) -> float:
    """Return the error of a value in units of the last place; 0 where the true value is no double."""
    with mpmath.workprec(200):
        true = TRUTH[stem](x, y) if STEMS[stem][0] == 2 else TRUTH[stem](mpmath.mpf(x))
        if isinstance(true, mpmath.mpc) or true == 0 or abs(true) > np.finfo(float).max:
            return 0.0
        place = max(int(mpmath.floor(mpmath.log(abs(true), 2))), -1022) - 52
        return float(abs(mpmath.mpf(got) - true) / mpmath.mpf(2) ** place) if np.isfinite(got) else np.inf


@pytest.mark.parametrize("stem", sorted(TRUTH))
def test_error_bounds(stem: str) -> None:
    x, y = inputs(stem, 150)
    got = functions()(stem, x, y)
    errors = [error(stem, *v) for v in zip(x.tolist(), y.tolist(), got.tolist(), strict=True)]
    worst = int(np.argmax(errors))
    assert errors[worst] <= ULPS[stem], (x[worst], y[worst], got[worst])


@pytest.mark.parametrize("stem", sorted(TRUTH))
@settings(max_examples=60)
@given(data=st.data())
def test_error_bounds_of_any_number(stem: str, data: st.DataObject) -> None:
    finite = st.floats(allow_nan=False, allow_infinity=False)
    x, y = data.draw(finite), data.draw(finite)
    if stem in {"ln", "log10", "pow"}:
        x = abs(x)
    if stem in {"asin", "acos"} and abs(x) > 1:
        x = 1 / x
    if stem == "normal_inv" and not 0 <= x <= 1:
        x = data.draw(st.floats(0, 1))
    x, y = x + 0.0, y + 0.0  # the judge, mpmath, has no negative zero: atan2(-0, -1) is pi there
    assert error(stem, x, y, functions(1)(stem, x, y)[0]) <= ULPS[stem]


@pytest.mark.parametrize("stem", sorted(STEMS))
def test_edges_are_those_of_the_interpreter(stem: str) -> None:
    reference = {op.mnemonic: f for op, f in FUNCTIONS.items()} | {"expm1": np.expm1}
    pairs = np.asarray(list(itertools.product(EDGES, EDGES))) if STEMS[stem][0] == 2 else np.asarray(EDGES)[:, None]
    x, y = pairs[:, 0], pairs[:, -1]
    got = functions()(stem, x, y)
    with np.errstate(all="ignore"):
        want = reference[stem](x, y) if STEMS[stem][0] == 2 else reference[stem](x)
        equal = (got == want) & (np.signbit(got) == np.signbit(want)) | (np.isnan(got) & np.isnan(want))
        if stem not in EXACT:  # NumPy's own last digits are not ours
            near = 16 if stem.startswith("normal") else 4  # SciPy's normal distribution is a little less exact
            equal |= (np.abs(got - want) <= near * np.spacing(np.maximum(np.abs(want), 2.0**-1022))) & (want != 0)
    assert not (~equal).any(), [(x[n], y[n], got[n], want[n]) for n in np.flatnonzero(~equal)[:5]]


def bits(values: np.ndarray) -> np.ndarray:
    """Return the bits of numbers, all NaN alike."""
    return np.where(np.isnan(values), np.int64(-1), values.view(np.int64))


VARIANTS = [(1, None, 0), (1, None, 2), (2, None, 1), (4, None, 2), (16, None, 1), (32, None, 2)]
if X86:
    VARIANTS += [(1, PLAIN, 0), (4, PLAIN, 2), (8, PLAIN, 1), (1, WIDE, 2), (8, WIDE, 2), (16, WIDE, 0)]


@pytest.mark.parametrize(("width", "target", "level"), VARIANTS)
def test_the_same_bits_at_every_width_level_and_instruction_set(width: int, target: Target | None, level: int) -> None:
    made = functions(width, target, level)
    for stem in STEMS:
        x, y = inputs(stem, 100, seed=2)
        x, y = np.concatenate([x, EDGES, np.full(len(EDGES), 3.0)]), np.concatenate([y, EDGES[::-1], EDGES])
        assert np.array_equal(bits(made(stem, x, y)), bits(functions()(stem, x, y))), stem


@pytest.mark.skipif(not X86, reason="the names of instructions are those of x86")
def test_nothing_is_contracted() -> None:
    for target in (host(), WIDE):
        text = Functions(8, target, 2).text
        module = llvm.parse_assembly(text)
        assert not re.search(r"\tvfn?m(add|sub)", _target_machine(target, 2).emit_assembly(module))
