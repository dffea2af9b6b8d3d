"""What to beware of: found where it is, not found where it is not, and as large as it is told."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from scipy import stats

import simengine as se
from simengine.calibrate.integration import integration_of
from simengine.calibrate.leverage import dispersions, leverages
from simengine.calibrate.local import search_local
from simengine.calibrate.plan import Calibration, load_calibration, with_step
from simengine.calibrate.surface import Surface
from simengine.inference.dispersion import dispersion
from simengine.inference.residuals import serial_dependence
from tests.fitting.conftest import Make, logistic

TIMES = np.arange(0.0, 12.5, 1.0)
LINE = """out = a + b * Time / one year ~ m ~|
a = 3 ~ m ~|
b = 1 ~ m ~|
one year = 1 ~ year ~|
INITIAL TIME = 0 ~ year ~|
FINAL TIME = 40 ~ year ~|
TIME STEP = 0.25 ~ year ~|
SAVEPER = TIME STEP ~ year ~|
"""
TWO = "parameters: {a: {range: [-50, 50]}, b: {range: [-5, 5]}}\n"


def asked(folder: Path, values: np.ndarray, text: str, model: str = LINE) -> Path:
    """Write a calibration of a line, times from 1 on."""
    (folder / "model.mdl").write_text("{UTF-8}\n" + model, encoding="utf-8")
    rows = "".join(f"{t},{v!r}\n" for t, v in enumerate(values.tolist(), 1))
    (folder / "d.csv").write_text(f"time,out\n{rows}", encoding="utf-8")
    path = folder / "asked.yaml"
    path.write_text(f"simengine: 1\nmodel: model.mdl\ndata: {{d: {{file: d.csv}}}}\n{text}", encoding="utf-8")
    return path


def fit_of(error: str) -> str:
    return f"fit: {{out: {{output: out, data: d, error: {error}}}}}\n"


def warned(path: Path) -> se.CalibrationResult:
    return se.run_calibration(path, out=path.parent / "out")


# ---- integration


@pytest.mark.parametrize("sd", [0.5, 5.0])
def test_the_step_is_judged_by_how_far_estimates_move(make: Make, sd: float) -> None:
    values = 10.0 * np.exp(-0.35 * TIMES) + 0.5 * np.random.default_rng(7).normal(size=TIMES.size)
    text = """parameters: {speed: {range: [0.05, 2]}}
set: {share: 1}
fit: {kg: {output: amount, data: seen, error: {normal: SD}}}
""".replace("SD", str(sd))
    path = make("ridge", values, TIMES, text)
    path.write_text(path.read_text(encoding="utf-8").replace("rk4", "euler"), encoding="utf-8")
    made = load_calibration(path)
    surface = Surface(made.problem)
    full = search_local(surface, made.problem.start).full
    found = integration_of(made, full)
    assert abs(found["log likelihood"]) < 0.1  # by which it would be small
    finer = with_step(made, 1.0 / 256)
    assert finer is not None
    moved = search_local(Surface(finer), full).full - full
    _, jacobian = made.problem.slopes(full[None])
    error = sd / np.sqrt(np.sum(jacobian[0, :, 0] ** 2))
    assert found["shift"]["speed"] == pytest.approx(moved[0] / error, rel=0.15)
    assert found["small"] is bool(abs(moved[0] / error) < 0.1)
    assert found["small"] is (sd > 1.0)


def test_a_step_too_long_is_among_the_warnings(make: Make) -> None:
    path = make(
        "ridge",
        10.0 * np.exp(-0.35 * TIMES),
        TIMES,
        """parameters: {speed: {range: [0.05, 2]}}
set: {share: 1}
fit: {kg: {output: amount, data: seen, error: {normal: 0.1}}}
method: {starts: 1}
""",
    )
    text = path.read_text(encoding="utf-8")
    assert not any("time step" in w for w in warned(path).warnings)
    path.write_text(text.replace("rk4", "euler"), encoding="utf-8")
    found = se.run_calibration(path, out=path.parent / "euler")
    (told,) = (w for w in found.warnings if "time step" in w)
    assert told.startswith("the time step is too long: with a much shorter one the estimate of `speed` would be ")
    assert told.endswith("standard errors higher")


# ---- errors too small, too large


def test_residuals_are_compared_with_chi_squared() -> None:
    z = np.random.default_rng(1).normal(size=20) * 2.4
    found = dispersion(z, 2.0)
    assert found is not None
    tail = stats.chi2.sf(np.sum(z**2), 18.0)
    assert found.probability == pytest.approx(2.0 * tail, rel=1e-9)
    assert found.is_off
    few = np.random.default_rng(2).poisson(0.3, (4000, 40))
    alarms = [dispersion((row - 0.3) / np.sqrt(0.3), 0.0, 1.0 / 0.3) for row in few]
    share = np.mean([a is not None and a.probability < 0.05 for a in alarms])
    assert 0.03 < share < 0.08  # without the excess it would be 0.16
    assert dispersion([1.0, 2.0], 2.0) is None


@pytest.mark.parametrize(
    ("error", "said"),
    [("{normal: 0.02}", "times too narrow"), ("{normal: 40}", "times too wide"), ("{normal: 2}", ""), ("normal", "")],
)
def test_errors_that_are_not_what_was_said_are_told(tmp_path: Path, error: str, said: str) -> None:
    e = np.random.default_rng(3).normal(0.0, 2.0, 20)
    result = warned(asked(tmp_path, 3.0 + np.arange(1.0, 21.0) + e, TWO + fit_of(error) + "method: {starts: 2}\n"))
    told = [w for w in result.warnings if w.startswith("what is left of")]
    assert len(told) == (1 if said else 0)
    if said:
        assert said in told[0]
        found = result.series[0]["dispersion"]
        x = np.stack([np.ones(20), np.arange(1.0, 21.0)], axis=1)
        left = np.linalg.lstsq(x, e, rcond=None)[1][0]
        assert found["freedom"] == pytest.approx(18.0)
        assert found["factor"] == pytest.approx(np.sqrt(left / 18.0) / float(error[9:-1]), rel=1e-4)


def test_counts_that_scatter_more_than_poisson_are_told(tmp_path: Path) -> None:
    rng = np.random.default_rng(4)
    counts = rng.poisson(rng.gamma(2.0, (100.0 + 10.0 * np.arange(1.0, 21.0)) / 2.0)).astype(float)
    path = asked(tmp_path, counts, "parameters: {a: {range: [1, 500]}, b: {range: [0, 50]}}\n" + fit_of("poisson"))
    made = load_calibration(path)
    surface = Surface(made.problem)
    full = search_local(surface, np.array([100.0, 10.0])).full
    m = made.problem.predict(full[None])[0]
    z = (counts - m) / np.sqrt(m)
    found = dispersions(surface, full, z, leverages(surface, full))["out"]
    assert found["off"]
    assert found["factor"] == pytest.approx(np.sqrt(np.sum(z**2) / 18.0), rel=1e-6)


# ---- bounds, failing runs, priors, what is held out


def test_scales_at_their_bounds_are_told(tmp_path: Path) -> None:
    years = np.arange(1.0, 21.0)
    (tmp_path / "far").mkdir()
    exact = warned(asked(tmp_path, 3.0 + years, TWO + fit_of("normal") + "method: {starts: 1}\n"))
    assert "`scale of out` is at its lower bound: intervals follow from that bound rather than from the data" in (
        exact.warnings
    )
    narrow = "parameters: {b: {range: [0.5, 0.7]}}\nmethod: {starts: 1}\n"
    far = warned(asked(tmp_path / "far", 500.0 + 0.01 * years, narrow + fit_of("normal")))
    assert any(w.startswith("`scale of out` is at its upper bound") for w in far.warnings)


def test_runs_that_fail_are_counted(tmp_path: Path) -> None:
    model = LINE.replace("out = a + b * Time / one year", "out = a + b * Time / one year + 0 * SQRT(a - 2)")
    text = "parameters: {a: {range: [0, 8]}, b: {range: [0, 2]}}\n" + fit_of("{normal: 2}")
    result = warned(asked(tmp_path, 3.0 + np.arange(1.0, 21.0), text + "method: {starts: 9}\n", model))
    failed, runs = result.about["simulations"]["failed by"]["screening"]
    assert runs == 33
    assert 4 <= failed <= 12  # a quarter of the range
    assert any(w.startswith(f"runs fail within the ranges, {failed} of 33 of the screening") for w in result.warnings)


def test_a_range_beside_its_prior_is_told(tmp_path: Path) -> None:
    text = "parameters: {a: {range: [-50, 50]}, b: {range: [0.5, 2], prior: {normal: [0.1, 0.2]}}}\n"
    path = asked(tmp_path, 3.0 + np.arange(1.0, 21.0), text + fit_of("{normal: 2}") + "method: {starts: 1}\n")
    made = load_calibration(path)
    (told,) = made.diagnostics
    assert told.code == "little-prior"
    share = stats.norm.sf(0.5, 0.1, 0.2) - stats.norm.sf(2.0, 0.1, 0.2)
    assert f"holds {100.0 * share:.2g} % of its prior" in told.message
    assert f"the range of `b` holds but {100.0 * share:.2g} % of its prior" in warned(path).warnings


def test_a_series_held_out_whole_is_judged(make: Make) -> None:
    values = logistic(TIMES, 0.55, 40.0, 3.0)
    text = """parameters: {growth: {range: [0.05, 2]}, room: {range: [10, 200]}}
set: {first: 3}
fit:
  fish: {output: population, data: seen, error: {normal: 1}}
  born: {output: births, data: seen, series: population, unit: fish/year, error: {normal: 5}}
held out: {series: [born]}
method: {starts: 2}
"""
    result = warned(make("logistic", values, TIMES, text))
    born = next(s for s in result.series if s["name"] == "born")["statistics"]
    fit = result.fit[result.fit["series"] == "born"]
    assert born["held_out"]["n"] == 13
    assert born["held_out"]["rmse"] == pytest.approx(np.sqrt(np.mean(fit["residual"] ** 2)))
    assert born["coverage_held_out"]["n"] == 13
    assert born["fitted"]["n"] == 0
    assert born["skills"]["last"]["value"] is None


# ---- residuals


@pytest.mark.parametrize(("n", "terms"), [(5, 2), (8, 2), (12, 3)])
def test_few_residuals_of_a_fit_give_no_false_alarms(n: int, terms: int) -> None:
    """Of a line, or a parabola, fitted: 5 % of right models are below 5 %."""
    x = np.stack([np.linspace(-1.0, 1.0, n) ** k for k in range(terms)], axis=1)
    whole = np.eye(n) - x @ np.linalg.inv(x.T @ x) @ x.T
    rng = np.random.default_rng(5)
    null = rng.normal(size=(2000, n)) @ whole
    found = [serial_dependence(rng.normal(size=n) @ whole, null=null) for _ in range(600)]
    assert all(f.simulated for f in found)
    assert 0.03 < np.mean([f.probability < 0.05 for f in found]) < 0.075  # by 2.5 standard errors
    if n == 5:
        asymptotic = [serial_dependence(rng.normal(size=n) @ whole).probability < 0.05 for _ in range(600)]
        assert np.mean(asymptotic) > 0.1


def test_the_covariance_of_residuals_is_that_of_the_fit(fish: tuple[Calibration, np.ndarray, np.ndarray]) -> None:
    calibration, times, _ = fish
    surface = Surface(calibration.problem)
    full = search_local(surface, np.array([0.55, 40.0, 3.0, 0.8])).full
    (own,) = leverages(surface, full)
    _, jacobian = calibration.problem.slopes(full[None, :3])
    q = np.linalg.qr(jacobian[0])[0]
    np.testing.assert_allclose(own.covariance, np.eye(times.size) - q @ q.T, atol=1e-7)
    assert own.taken == pytest.approx(3.0)
    draws = own.draws(0)
    assert draws is not None
    np.testing.assert_allclose(np.cov(draws.T, bias=True), own.covariance, atol=0.12)


def test_swinging_errors_deflate_and_lasting_ones_inflate() -> None:
    rng = np.random.default_rng(6)
    e = rng.normal(size=400)
    lasting, swinging = np.convolve(e, [1.0, 0.7]), np.convolve(e, [1.0, -0.7])
    assert serial_dependence(lasting).inflation > 1.5
    assert serial_dependence(swinging).inflation < 0.6
    assert serial_dependence(e).inflation == pytest.approx(1.0, abs=0.5)


def test_profiles_are_those_of_the_best_and_a_better_fit_is_told(make: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    """Two hills: the only search climbs the lower one, whose profile comes upon the other."""
    monkeypatch.setattr("simengine.calibrate.work._AGAIN", 0)
    values = 10.0 * np.cos(0.9 * TIMES)
    text = """parameters: {speed: {range: [0.2, 1.6], start: 0.45}}
fit: {m: {output: place, data: seen, error: {normal: 12}}}
method: {starts: 1, profiles: on}
"""
    result = warned(make("swing", values, TIMES, text))
    best = result.estimates["speed"]
    assert best < 0.8
    (told,) = (w for w in result.warnings if "profiles of" in w)
    assert told == "profiles of `speed` came upon better fits again and again: the best is not found, more starts may"
    profile = result.profiles
    assert profile["value"].iloc[(profile["value"] - best).abs().argmin()] == pytest.approx(best)
    monkeypatch.setattr("simengine.calibrate.work._AGAIN", 1)
    again = se.run_calibration(result.folder.parent / "asked.yaml", out=result.folder.parent / "again")
    assert again.estimates["speed"] == pytest.approx(0.9, abs=1e-3)
    assert not any("profiles of" in w for w in again.warnings)
    (own,) = again.about["parameters"]
    assert own["intervals"]["profile"]["0.90"][0] < 0.9 < own["intervals"]["profile"]["0.90"][1]
