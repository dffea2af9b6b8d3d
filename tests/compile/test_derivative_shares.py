"""Derivatives through what is shared out, against differences and against conservation."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

import simengine as se
from simengine.kernel.allocation import allocate
from simengine.kernel.sharing import allocate_slope

MODEL = """{{UTF-8}}
user: town, farm, works ~~|
pprofile: ptype, ppriority, pwidth, pextra ~~|
asked[user] = 4, 5, 6 ~~|
profile[user,ptype] = {kind} ~~|
profile[town,ppriority] = 3 ~~|
profile[farm,ppriority] = 2.2 ~~|
profile[works,ppriority] = 2 ~~|
profile[user,pwidth] = 1.7 ~~|
profile[user,pextra] = 0 ~~|
water = {water} ~~|
given[user] = ALLOCATE AVAILABLE(asked[user], profile[town,ptype], water + Time/10) ~~|
plain[user] = ALLOCATE BY PRIORITY(asked[user], profile[user,ppriority], 3, 2.5, water) ~~|
total = SUM(given[user!]) ~~|
INITIAL TIME = 0 ~~|
FINAL TIME = 2 ~~|
TIME STEP = 1 ~~|
SAVEPER = 1 ~~|
"""


@pytest.mark.parametrize("kind", [1, 2, 3, 4])
@pytest.mark.parametrize("water", [9, 100])
def test_shares_have_the_derivatives_of_differences(kind: int, water: float, tmp_path: Path) -> None:
    path = tmp_path / "shares.mdl"
    path.write_text(MODEL.format(kind=kind, water=water), encoding="utf-8")
    model = se.load(path)
    wrt = ["asked", "water", "profile[farm,ppriority]", "profile[works,pwidth]"]
    value, derivative = model.gradient({}, wrt=wrt, outputs=["given", "plain", "total"])
    assert np.array_equal(value.sel(output="total").values, model.run()["total"].values)
    base = {
        "asked[town]": 4.0,
        "asked[farm]": 5.0,
        "asked[works]": 6.0,
        "water": water,
        "profile[farm,ppriority]": 2.2,
        "profile[works,pwidth]": 1.7,
    }
    step = 1e-5
    for name, at in base.items():
        high, low = (model.run({name: at + sign * step}).to_dataframe() for sign in (1, -1))
        for output in derivative["output"].values.tolist():
            expected = (high[output] - low[output]).to_numpy() / (2 * step)
            exact = derivative.sel(output=output, wrt=name).values
            assert np.allclose(exact, expected, rtol=2e-5, atol=1e-7), (name, output)
    scarce = water < 15
    assert np.allclose(derivative.sel(output="total", wrt="water").values, 1.0 if scarce else 0.0, atol=1e-12)
    assert np.allclose(derivative.sel(output="total", wrt="asked[town]").values, 0.0 if scarce else 1.0, atol=1e-12)


def test_random_shares_conserve_what_there_is() -> None:
    chance = np.random.default_rng(3)
    for _ in range(200):
        count = chance.integers(2, 7)
        request, centre = chance.uniform(0, 5, count), chance.uniform(0, 3, count)
        width, kind = chance.uniform(0.5, 3, count), chance.integers(3, 5, count).astype(float)
        there = np.full(count, chance.uniform(0.1, 0.9) * request.sum())
        slopes = (*chance.normal(size=(3, count)), np.full(count, chance.normal()))
        got = allocate_slope((request, kind, centre, width, there), slopes)
        assert got.sum() == pytest.approx(slopes[3][0], abs=1e-8)
        step = 1e-6
        ends = [
            allocate(
                request + sign * step * slopes[0],
                kind,
                centre + sign * step * slopes[1],
                width + sign * step * slopes[2],
                (there + sign * step * slopes[3])[0],
            )
            for sign in (1, -1)
        ]
        assert np.allclose(got, (ends[0] - ends[1]) / (2 * step), rtol=1e-4, atol=1e-5)
