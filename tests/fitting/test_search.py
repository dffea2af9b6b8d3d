"""Searches: the truth where it is known, and the optimum that SciPy finds by itself on the solution in closed form."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from scipy import stats
from scipy.optimize import least_squares, linprog, minimize

from simengine.calibrate.curvature import look_at_curvature
from simengine.calibrate.local import search_local
from simengine.calibrate.many import screen_starts, spread_points
from simengine.calibrate.plan import Calibration, load_calibration
from simengine.calibrate.profiles import first_step, walk_profile
from simengine.calibrate.surface import Surface
from simengine.calibrate.world import search_world
from simengine.inference.profile import THRESHOLDS, join_sides
from tests.fitting.conftest import FISH, Make, logistic

TIMES = np.arange(0.0, 12.5, 1.0)
Fish = tuple[Calibration, np.ndarray, np.ndarray]


def best_of(surface: Surface, starts: int = 6) -> tuple[np.ndarray, float]:
    found = [search_local(surface, s.full) for s in screen_starts(surface, starts, 7)]
    assert {f.status for f in found} == {"converged"}
    best = max(found, key=lambda f: f.density)
    return best.full, best.density


def test_exact_data_give_the_truth(make: Make) -> None:
    text = """parameters:
  growth: {range: [0.05, 2], transform: log}
  room: {range: [10, 200]}
  first: {range: [0.5, 20]}
fit: {fish: {output: population, data: seen, error: {normal: 0.1}}}
"""
    surface = Surface(load_calibration(make("logistic", np.zeros(TIMES.size) + 1.0, TIMES, text)).problem)
    truth = np.array([0.55, 40.0, 3.0])
    exact = surface.problem.predict(truth[None])[0]
    np.testing.assert_allclose(exact, logistic(TIMES, *truth), rtol=2e-5)  # the error of RK4 at this step
    surface = Surface(load_calibration(make("logistic", exact, TIMES, text)).problem)
    np.testing.assert_allclose(best_of(surface)[0], truth, rtol=1e-7)


def test_the_optimum_is_that_of_scipy_alone(fish: Fish) -> None:
    calibration, times, values = fish
    full, density = best_of(Surface(calibration.problem))
    alone = least_squares(lambda p: logistic(times, *p) - values, [0.4, 50.0, 4.0], xtol=1e-14, ftol=1e-14)
    np.testing.assert_allclose(full[:3], alone.x, rtol=1e-4)  # the closed form has no error of RK4
    scale = np.sqrt(np.mean(alone.fun**2))
    assert full[3] == pytest.approx(scale, rel=1e-4)
    loglik = -0.5 * len(values) * (1.0 + np.log(2.0 * np.pi * scale**2))
    assert calibration.problem.log_likelihood(full[None, :3], full[None, 3:])[0] == pytest.approx(loglik, rel=1e-6)
    errors = np.sqrt(np.diag(np.linalg.inv(alone.jac.T @ alone.jac)) * scale**2)
    found = look_at_curvature(Surface(calibration.problem), full)
    np.testing.assert_allclose(found.found.errors, errors, rtol=1e-3)
    np.testing.assert_allclose(found.errors, errors * np.sqrt(13 / 10), rtol=1e-3)
    reach = stats.t.ppf(0.95, 10) * found.errors[1]
    np.testing.assert_allclose(found.intervals[0.90][1], [full[1] - reach, full[1] + reach], rtol=1e-9)
    assert [v.word for v in found.verdicts] == ["identified"] * 3
    assert density == pytest.approx(Surface(calibration.problem).density(full[None])[0], rel=1e-12)


@pytest.mark.parametrize(
    ("error", "minus"),
    [
        ("{student: 0.7}", lambda r, m: 2.5 * np.sum(np.log1p((r / 0.7) ** 2 / 4.0))),
        ("poisson", lambda r, m: np.sum(m - (r + m) * np.log(m))),
        ("{relative: 8 %}", lambda r, m: np.sum(0.5 * (r / (0.08 * m)) ** 2 + np.log(m))),
        ("{huber: 0.5}", lambda r, m: np.sum(np.where(np.abs(r / 0.5) < 1.345, 0.5 * (r / 0.5) ** 2, 1.345 * np.abs(r / 0.5) - 0.5 * 1.345**2))),
    ],
)  # fmt: skip
def test_other_errors_have_their_own_optimum(make: Make, error: str, minus: object) -> None:
    values = np.round(logistic(TIMES, 0.55, 40.0, 3.0) + np.random.default_rng(4).normal(0.0, 1.0, TIMES.size))
    values[5] += 9.0  # an outlier
    text = f"""parameters:
  growth: {{range: [0.05, 2], transform: log}}
  room: {{range: [10, 200]}}
fit: {{fish: {{output: population, data: seen, error: {error}}}}}
set: {{first: 3}}
"""
    surface = Surface(load_calibration(make("logistic", np.maximum(values, 0.0), TIMES, text)).problem)
    full, _ = best_of(surface, 4)

    def alone(p: np.ndarray) -> float:
        m = surface.problem.predict(p[None])[0]
        return float(minus(np.maximum(values, 0.0) - m, m))  # type: ignore[operator]

    tried = [
        minimize(alone, x, method="Nelder-Mead", options={"xatol": 1e-9, "fatol": 1e-11, "maxiter": 600})
        for x in ([0.5, 42.0],)
    ]
    np.testing.assert_allclose(full, min(tried, key=lambda f: f.fun).x, rtol=1e-4)


def test_a_prior_that_is_not_normal_moves_the_optimum(make: Make, fish: Fish) -> None:
    text = """parameters:
  growth: {range: [0.05, 2], transform: log, prior: {lognormal: [0.3, 0.33]}}
  room: {range: [10, 200]}
set: {first: 3}
fit: {fish: {output: population, data: seen, error: {normal: 2}}}
"""
    problem = load_calibration(make("logistic", fish[2], TIMES, text)).problem
    surface = Surface(problem)
    full, density = best_of(surface, 3)
    found = minimize(
        lambda p: -surface.density(p[None])[0],
        full * 1.2,
        method="Nelder-Mead",
        options={"xatol": 1e-9, "fatol": 1e-11},
    )
    assert density >= -found.fun - 1e-9
    np.testing.assert_allclose(full, found.x, rtol=1e-4)
    assert full[0] < 0.5


def test_a_ridge_is_told_and_its_profiles_are_flat(make: Make) -> None:
    values = 10.0 * np.exp(-0.2 * TIMES) + np.random.default_rng(5).normal(0.0, 0.2, TIMES.size)
    text = """parameters: {share: {range: [0.1, 1]}, speed: {range: [0.05, 2], transform: log}}
fit: {kg: {output: amount, data: seen, error: {normal: estimate}}}
"""
    surface = Surface(load_calibration(make("ridge", values, TIMES, text)).problem)
    full, density = best_of(surface, 4)
    assert full[0] * full[1] == pytest.approx(0.2, rel=0.1)
    found = look_at_curvature(surface, full)
    assert [set(d.names) for d in found.directions] == [{"share", "speed"}]
    sides = [
        walk_profile(surface, full, density, 0, upward=up, step=first_step(found, 0, 0.1, 1.0)) for up in (False, True)
    ]
    profile = join_sides(0, sides[0], sides[1])
    assert profile.verdict == "structurally not"
    assert profile.points[0].value == 0.1
    assert profile.points[-1].value == 1.0


def test_profiles_end_where_the_likelihood_ratio_says(fish: Fish) -> None:
    calibration, times, values = fish
    surface = Surface(calibration.problem)
    full, density = best_of(surface, 3)
    curvature = look_at_curvature(surface, full)
    step = first_step(curvature, 0, 0.05, 2.0)
    sides = [walk_profile(surface, full, density, 0, upward=up, step=step) for up in (False, True)]
    found = join_sides(0, sides[0], sides[1])
    assert found.better is None
    least = np.sum((logistic(times, *full[:3]) - values) ** 2)
    for end in found.intervals[0.90]:
        rest = least_squares(lambda p, end=end: logistic(times, end, *p) - values, full[1:3]).fun
        assert len(values) * np.log(np.sum(rest**2) / least) == pytest.approx(THRESHOLDS[0.90], rel=0.02)


@pytest.mark.parametrize("kind", ["de", "cma"])
def test_global_search_finds_the_hill_that_local_search_misses(make: Make, kind: str) -> None:
    times = TIMES / 2.0  # dense enough that no other speed looks alike
    values = 10.0 * np.cos(2.65 * times)
    text = """parameters: {speed: {range: [0.05, 6], start: 0.2}}
fit: {m: {output: place, data: seen, error: {normal: 1}}}
"""
    surface = Surface(load_calibration(make("swing", values, times, text)).problem)
    nearby = search_local(surface, surface.complete(surface.problem.start[None])[0][0])
    assert abs(nearby.full[0] - 2.65) > 0.1
    state = np.random.get_state()[1].tolist()
    met = search_world(surface, kind, 11)
    assert np.random.get_state()[1].tolist() == state  # nobody else's numbers are used up
    assert search_local(surface, met.full).full[0] == pytest.approx(2.65, rel=1e-6)
    again = search_world(surface, kind, 11)
    assert (again.full.tobytes(), again.density, again.runs) == (met.full.tobytes(), met.density, met.runs)


def test_starts_are_the_same_for_a_seed_and_the_files_own_is_first(fish: Fish) -> None:
    problem = fish[0].problem
    surface = Surface(problem)
    one, two = screen_starts(surface, 5, 1), screen_starts(surface, 5, 1)
    assert [s.full.tobytes() for s in one] == [s.full.tobytes() for s in two]
    assert one[0].point == -1
    np.testing.assert_array_equal(one[0].full[:3], problem.start)
    assert [s.density for s in one[1:]] == sorted((s.density for s in one[1:]), reverse=True)
    assert screen_starts(surface, 5, 2)[1].full.tobytes() != one[1].full.tobytes()
    points = spread_points(problem, 30, 1)
    assert points.shape == (32, 3)
    assert np.all((points >= problem.low) & (points <= problem.high))


def test_an_estimate_at_a_bound_is_at_it(make: Make) -> None:
    text = """parameters: {growth: {range: [0.05, 0.4], transform: log}, room: {range: [10, 200]}}
set: {first: 3}
fit: {fish: {output: population, data: seen, error: {normal: estimate}}}
"""
    surface = Surface(load_calibration(make("logistic", logistic(TIMES, 0.55, 40.0, 3.0), TIMES, text)).problem)
    full, _ = best_of(surface, 3)
    assert full[0] == 0.4
    assert [(h.name, h.end) for h in look_at_curvature(surface, full).hits] == [("growth", "high")]


def test_intervals_cover_the_truth_as_often_as_they_say(make: Make) -> None:
    truth = np.array([0.55, 40.0, 3.0])
    problem = load_calibration(make("logistic", logistic(TIMES, *truth), TIMES, FISH)).problem
    exact, rng, covered, count = problem.predict(truth[None])[0], np.random.default_rng(1), np.zeros(3), 100
    for _ in range(count):
        values = exact + rng.normal(0.0, 0.8, TIMES.size)
        own = Surface(replace(problem, observations=replace(problem.observations, value=values)))
        ends = look_at_curvature(own, search_local(own, own.complete(problem.start[None])[0][0]).full).intervals[0.90]
        covered += (ends[:, 0] <= truth) & (truth <= ends[:, 1])
    # 90 % of 100: between 83 and 97 but for one case in fifty
    assert np.all(covered >= 83), covered
    assert np.all(covered <= 97), covered


def test_with_kinks_the_optimum_is_that_of_linear_programming(make: Make) -> None:
    """A line by least absolute deviations: the share of a known curve, and a constant, are linear."""
    rng = np.random.default_rng(11)
    values = 3.0 + 2.0 * 10.0 * np.cos(0.7 * TIMES) + rng.laplace(0.0, 2.0, TIMES.size)
    text = """parameters:
  size: {range: [-9, 9]}
  level: {range: [-50, 50]}
fit: {m: {output: place, data: seen, error: laplace}}
"""
    path = make("swing", values, TIMES, text)
    model = path.parent / "model.mdl"
    own = "place = level + size * 10 * COS(0.7 * Time / one year) ~ m ~|\nsize = 1 ~ dmnl ~|\nlevel = 0 ~ m ~|\n"
    model.write_text(
        own.join(model.read_text(encoding="utf-8").split("place = 10 * COS(speed * Time / one year) ~ m ~|\n"))
    )
    surface = Surface(load_calibration(path).problem)
    found = [search_local(surface, s.full) for s in screen_starts(surface, 6, 7)]
    a, n = np.stack([10.0 * np.cos(0.7 * TIMES), np.ones(TIMES.size)], axis=1), TIMES.size
    exact = linprog(
        np.r_[0.0, 0.0, np.ones(2 * n)], A_eq=np.c_[a, np.eye(n), -np.eye(n)], b_eq=values,
        bounds=[(None, None)] * 2 + [(0.0, None)] * (2 * n),
    ).x[:2]  # fmt: skip
    scale = np.mean(np.abs(values - a @ exact))
    top = float(surface.density(np.array([[*exact, scale]]))[0])
    for one in found:
        assert one.status == "converged"
        assert one.density == pytest.approx(top, abs=1e-5)
        np.testing.assert_allclose(one.full, [*exact, scale], rtol=1e-3)


@pytest.mark.parametrize("error", ["laplace", "{laplace: estimate, ar1: estimate}"])
def test_with_kinks_and_bends_no_neighbour_is_higher(make: Make, error: str) -> None:
    values = logistic(TIMES, 0.55, 40.0, 3.0) + np.random.default_rng(12).laplace(0.0, 1.0, TIMES.size)
    text = f"""parameters:
  growth: {{range: [0.05, 2], transform: log, prior: {{lognormal: [0.5, 0.9]}}}}
  room: {{range: [10, 200]}}
  first: {{range: [0.5, 20], transform: log}}
fit: {{fish: {{output: population, data: seen, error: {error}}}}}
"""
    surface = Surface(load_calibration(make("logistic", values, TIMES, text)).problem)
    full, density = best_of(surface, 3)
    rng = np.random.default_rng(13)
    sizes = np.abs(full) * 10.0 ** rng.uniform(-7.0, -1.0, (2000, 1))
    near = np.clip(full + sizes * rng.normal(size=(2000, full.size)), surface.low, surface.high)
    assert surface.density(near).max() < density + 2e-5
    off = full.copy()
    off[0] *= 1.02
    again = search_local(surface, off)
    assert again.density == pytest.approx(density, abs=2e-5)


def test_a_search_with_kinks_that_is_cut_short_has_not_converged(make: Make) -> None:
    values = logistic(TIMES, 0.55, 40.0, 3.0) + np.random.default_rng(12).laplace(0.0, 1.0, TIMES.size)
    text = FISH.replace("{normal: estimate}", "laplace")
    surface = Surface(load_calibration(make("logistic", values, TIMES, text)).problem)
    assert search_local(surface, np.array([0.2, 100.0, 8.0, 1.0]), most=4).status == "stopped"
