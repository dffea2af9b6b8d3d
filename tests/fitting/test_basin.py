"""Searches that join: only where they would have ended there; hills of their own, ridges and bounds are not joined."""

from __future__ import annotations

import numpy as np
import pytest

from simengine.calibrate.basin import Basin, joins_one_of, waves
from simengine.calibrate.local import Found, search_local
from simengine.calibrate.many import spread_points
from simengine.calibrate.plan import Calibration, load_calibration
from simengine.calibrate.surface import Surface
from tests.fitting.conftest import Make

TIMES = np.arange(0.0, 12.5, 1.0)
Fish = tuple[Calibration, np.ndarray, np.ndarray]


def search_in_waves(surface: Surface, full: np.ndarray) -> list[Found]:
    """Return searches as a calibration makes them, one after another."""
    out: list[Found] = []
    for wave in waves(len(full)):
        basins = [Basin(str(n), f.full, f.density, f.curve) for n, f in enumerate(out) if f.curve.size]
        joins = joins_one_of(surface, basins)
        out += [search_local(surface, full[n], joins=joins) for n in wave]
    return out


def test_waves_are_as_large_as_all_before() -> None:
    assert [list(w) for w in waves(3)] == [[0, 1, 2]]
    assert waves(21) == [range(4), range(4, 8), range(8, 16), range(16, 21)]
    assert waves(0) == []


def test_who_joins_would_have_ended_there_and_takes_fewer_steps(fish: Fish) -> None:
    surface = Surface(fish[0].problem)
    full = surface.complete(spread_points(surface.problem, 16, 3))[0]
    alone = [search_local(surface, f) for f in full]
    found = search_in_waves(surface, full)
    joined = [n for n, f in enumerate(found) if f.status == "joined"]
    assert len(joined) > 6
    for n in joined:
        other = found[int(found[n].joined)]
        assert other.status == "converged"  # none joins one that joined
        assert int(found[n].joined) < n
        assert found[n].density == other.density
        assert alone[n].density == pytest.approx(found[n].density, abs=1e-6)
        np.testing.assert_allclose(alone[n].full, found[n].full, rtol=1e-4)
        assert found[n].steps < alone[n].steps
    for n in set(range(16)) - set(joined):
        assert found[n].full.tobytes() == alone[n].full.tobytes()


def test_hills_of_their_own_are_all_found(make: Make) -> None:
    values = 10.0 * np.cos(2.65 * TIMES)
    text = """parameters: {speed: {range: [0.2, 6]}}
fit: {place: {output: place, data: seen, error: {normal: 1}}}
"""
    surface = Surface(load_calibration(make("swing", values, TIMES, text)).problem)
    full = surface.complete(np.linspace(0.3, 5.9, 20)[:, None])[0]
    alone = [search_local(surface, f) for f in full]
    found = search_in_waves(surface, full)
    assert len({round(f.density, 3) for f in alone}) > 3  # hills
    assert sum(f.status == "joined" for f in found) > 1
    np.testing.assert_allclose([f.full[0] for f in found], [f.full[0] for f in alone], atol=1e-5)


def test_a_ridge_and_a_bound_are_not_joined(make: Make) -> None:
    values = 10.0 * np.exp(-0.2 * TIMES)
    text = """parameters: {share: {range: [0.1, 1]}, speed: {range: [0.1, 2]}}
fit: {kg: {output: amount, data: seen, error: {normal: 1}}}
"""
    ridge = Surface(load_calibration(make("ridge", values, TIMES, text)).problem)
    at_bound = text.replace("share: {range: [0.1, 1]}", "share: {range: [0.5, 1]}").replace("[0.1, 2]", "[0.5, 2]")
    bound = Surface(load_calibration(make("ridge", values, TIMES, at_bound, "bound")).problem)
    for surface in (ridge, bound):
        full = surface.complete(spread_points(surface.problem, 8, 1))[0]
        found = search_in_waves(surface, full)
        assert {f.status for f in found} == {"converged"}
        assert not any(f.curve.size for f in found)


def test_what_a_parabola_does_not_tell_is_not_joined(fish: Fish) -> None:
    surface = Surface(fish[0].problem)
    best = search_local(surface, surface.complete(surface.problem.start[None])[0][0], joins=lambda *_: None)
    basin = Basin("start", best.full, best.density, best.curve)
    deviation = np.linalg.inv(basin.factor.T)[:, 0]
    measured = surface.measures.of(best.full)
    slopes = surface.problem.slopes

    def explained(steps: float, told: Basin = basin) -> bool:
        theta = surface.measures.full(np.concatenate([measured[:3] + steps * deviation, measured[3:]]))[:3]
        return told.explains(surface, theta, slopes(theta[None]))

    assert [explained(s) for s in (0.0, 0.2, -0.2)] == [True, True, True]
    assert not explained(40.0)  # far away
    assert not explained(0.2, Basin("start", best.full, best.density + 0.1, best.curve))  # of another height
    assert not explained(0.2, Basin("start", best.full, best.density, 4.0 * best.curve))  # of another shape
