"""Lookups in native code: the value the interpreter gives, at, between and beyond points, jumps included."""

from __future__ import annotations

from itertools import product

import numpy as np
import pytest

from simengine.engine.native import run_native
from simengine.engine.parameters import ParameterSets
from simengine.engine.tableau import TABLEAUS
from simengine.kernel.lookup import evaluator
from simengine.model.definition import Method
from simengine.model.lookup import Between
from simengine.program.node import Lookup
from tests.kernel.build import Build, load, table

RULES = [Between.INTERPOLATE, Between.EXTRAPOLATE, Between.HOLD, Between.FORWARD, Between.RAW]


def curve(count: int, *, jumps: bool) -> list[tuple[float, float]]:
    """Return points; with jumps, x stands still at the first, the last and within."""
    x = [0.7 * n - 1 for n in range(count)]
    if jumps and count > 3:
        x[1], x[-1], x[count // 2] = x[0], x[-2], x[count // 2 - 1]
    return [(a, float((7 * n) % 5) - 1.3) for n, a in enumerate(sorted(x))]


CASES = list(product(RULES, [None, -7.0], [1, 2, 3, 5, 8, 9, 16, 17, 30], [False, True]))


@pytest.mark.parametrize("width", [1, 4, 8, 16])
def test_every_lane_gives_what_the_interpreter_gives(width: int) -> None:
    build = Build(stop=1)
    at = build.parameter("x", 0.0)
    slots = []
    for number, (rule, missing, count, jumps) in enumerate(CASES):
        build.tables.append(table(*curve(count, jumps=jumps), between=rule))
        slots.append(build.compute(f"y{number}", Lookup(number, load(at), missing=missing)))
    program = build.program()
    own = [x for x, _ in curve(30, jumps=False)]
    xs = [*own, *(x + 0.3 for x in own), own[0] - 2, own[-1] + 2, np.inf, -np.inf, np.nan, -0.0]
    parameters = np.tile(program.defaults, (len(xs), 1))
    parameters[:, program.parameters.tolist().index(at)] = xs
    found = []
    for rows in [parameters] if width > 1 else parameters[:, None]:
        sets, numbers, method = ParameterSets.of(rows, len(rows)), np.arange(len(rows)), TABLEAUS[Method.EULER]
        done = run_native(program, sets, numbers, 0, np.asarray(slots), method, many=width > 1, width=width)
        found.append(done.values[:, 0])
    got = np.concatenate(found)
    for number, case in enumerate(CASES):
        expected = np.asarray([evaluator(program.tables[number], None, case[1], one=True)(x) for x in xs])
        with np.errstate(all="ignore"):
            same = np.isclose(got[:, number], expected, rtol=1e-15, atol=0) | (
                np.isnan(got[:, number]) & np.isnan(expected)
            )
        assert same.all(), (case, np.asarray(xs)[~same], got[~same, number], expected[~same])
