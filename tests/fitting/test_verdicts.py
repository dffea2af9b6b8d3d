"""What calibrations with priors say: verdicts are of the data, intervals of both; steps of all clocks; bands."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from scipy import stats

from simengine.calibrate.about import about_of
from simengine.calibrate.bands import make_bands, sets_of
from simengine.calibrate.finer import with_slower_clocks_by
from simengine.calibrate.forecast import make_forecast
from simengine.calibrate.integration import slower_steps
from simengine.calibrate.plan import load_calibration
from simengine.calibrate.store import Store
from simengine.calibrate.work import work_off
from tests.fitting.conftest import Make

TIMES = np.arange(0.0, 12.5, 1.0)
ROOT = Path(__file__).parents[2]


def told(path: Path, folder: Path) -> dict[str, dict[str, object]]:
    calibration = load_calibration(path)
    fitted = work_off(calibration, Store(folder))
    problem = calibration.problem
    predicted = problem.predict(fitted.best.found.full[None, : len(problem.names)])[0]
    sets = sets_of(fitted, 0)
    bands = make_bands(fitted, sets.full, 0)
    about = about_of(calibration, fitted, predicted, bands, make_forecast(calibration, fitted, sets), None)
    return {p["name"]: p for p in about["parameters"]}


@pytest.mark.parametrize("prior", ["{normal: [0.5, 0.02]}", "{triangular: [0.4, 0.5, 0.6]}"])
def test_what_only_the_prior_tells_is_not_said_to_be_identified(make: Make, tmp_path: Path, prior: str) -> None:
    values = 10.0 * np.exp(-0.2 * TIMES) + np.random.default_rng(5).normal(0.0, 0.2, TIMES.size)
    text = f"""parameters:
  share: {{range: [0.1, 1], prior: {prior}}}
  speed: {{range: [0.05, 2], transform: log}}
fit: {{kg: {{output: amount, data: seen, error: {{normal: 0.2}}}}}}
method: {{starts: 2, profiles: on}}
"""
    found = told(make("ridge", values, TIMES, text), tmp_path / "out")
    for name in ("share", "speed"):
        one = found[name]
        assert one["verdict"] == "by prior", one["why"]
        assert one["by prior"] is True
        assert one["told by"]["data share"] < 0.2  # type: ignore[index]
        assert one["profile"]["verdict"] == "identified"  # type: ignore[index]  # with the prior it is closed
        assert one["profile"]["of"] == "density"  # type: ignore[index]
        assert one["likelihood profile"]["verdict"] != "identified"  # type: ignore[index]
    assert found["share"]["told by"]["prior has a kink"] is ("triangular" in prior)  # type: ignore[index]
    low, high = found["share"]["intervals"]["curvature"]["0.90"]  # type: ignore[index]
    own = found["share"]["intervals"]["profile"]["0.90"]  # type: ignore[index]
    # by curvature as wide as by profile: a kink no longer makes it a point
    assert (high - low) / (own[1] - own[0]) == pytest.approx(1.0, abs=0.15)


def test_data_stay_data_beside_a_prior(make: Make, tmp_path: Path) -> None:
    values = 10.0 * np.exp(-0.2 * TIMES) + np.random.default_rng(5).normal(0.0, 0.2, TIMES.size)
    text = """parameters: {speed: {range: [0.05, 2], transform: log, prior: {lognormal: [0.4, 0.9]}}}
set: {share: 0.5}
fit: {kg: {output: amount, data: seen, error: {normal: 0.2}}}
method: {starts: 2, profiles: on}
"""
    one = told(make("ridge", values, TIMES, text), tmp_path / "out")["speed"]
    assert one["verdict"] == "identified"
    assert one["told by"]["data share"] > 0.95  # type: ignore[index]
    assert one["told by"]["contraction"]["curvature"] > 0.95  # type: ignore[index]
    assert one["likelihood profile"]["of"] == "likelihood"  # type: ignore[index]


def test_bands_of_few_data_have_the_tails_of_student(make: Make, tmp_path: Path) -> None:
    times = TIMES[:5]
    values = 10.0 * np.exp(-0.2 * times) + np.random.default_rng(5).normal(0.0, 0.2, times.size)
    text = """parameters: {speed: {range: [0.05, 2]}}
set: {share: 0.5}
fit: {kg: {output: amount, data: seen, error: {normal: estimate}}}
method: {starts: 2}
"""
    calibration = load_calibration(make("ridge", values, times, text))
    fitted = work_off(calibration, Store(tmp_path / "out"))
    sets, _ = sets_of(replace(fitted), 1)
    curvature = fitted.curvature
    assert curvature is not None
    z = (sets[:, 0] - fitted.best.found.full[0]) / curvature.errors[0]
    assert stats.kstest(z, stats.t(4).cdf).pvalue > 0.01
    ratio = 5.0 * (fitted.best.found.full[1] / sets[:, 1]) ** 2
    assert stats.kstest(ratio, stats.chi2(4).cdf).pvalue > 0.01


def test_slower_clocks_are_halved_with_the_step() -> None:
    import simengine as se

    model = se.load(ROOT / "models" / "crossover.yaml")
    before, after = slower_steps(model), slower_steps(with_slower_clocks_by(model, 0.5))
    assert before
    assert after == {name: step / 2.0 for name, step in before.items()}
