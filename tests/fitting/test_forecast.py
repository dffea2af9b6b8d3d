"""What a calibration says of times after the data, and the quick sample that stands where no posterior was drawn."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from simengine.calibrate.plan import load_calibration
from simengine.calibrate.quick_sample import SETS, quick_sample
from simengine.calibrate.result import read_calibration
from simengine.calibrate.study import run_calibration
from tests.fitting.conftest import Make

TIMES = np.arange(0.0, 6.5, 1.0)
SHORT = """parameters: {speed: {range: [0.05, 2]}}
fit: {amount: {output: amount, data: seen, error: {relative: 5 %}}}
held out: {from: 6}
method: {starts: 2}
"""
RIDGE = """parameters: {share: {range: [0.05, 1]}, speed: {range: [0.05, 2], transform: log}}
fit: {amount: {output: amount, data: seen, error: {relative: 5 %}}}
method: {starts: 2}
"""


def decay(times: np.ndarray, k: np.ndarray | float) -> np.ndarray:
    return np.asarray(10.0 * np.exp(-np.multiply.outer(k, times)))


def seen() -> np.ndarray:
    return decay(TIMES, 0.2) * (1 + 0.05 * np.random.default_rng(5).standard_normal(TIMES.size))


def stopped_at(path: Path, stop: int) -> Path:
    text = path.read_text(encoding="utf-8").replace("{method: rk4}", f"{{method: rk4, stop: {stop}}}")
    path.write_text(text, encoding="utf-8")
    return path


def test_the_course_goes_on_to_the_models_own_end_and_is_what_was_compared(make: Make, tmp_path: Path) -> None:
    path = stopped_at(make("ridge", seen(), TIMES, SHORT), 7)
    result = run_calibration(path, out=tmp_path / "out")
    course = result.forecast
    assert course["time"].iloc[[0, -1]].tolist() == [0.0, 12.0]  # the calibration ends its runs at 7, the model at 12
    assert course["after the data"].tolist() == (course["time"] > 6.0).tolist()
    both = course.merge(result.fit.astype({"time": float}), on="time", suffixes=("", " then"))
    assert len(both) == len(TIMES)
    assert (both["predicted"] == both["predicted then"]).all()
    k = 0.5 * result.estimates["speed"]
    np.testing.assert_allclose(course["predicted"], decay(course["time"].to_numpy(), k), rtol=1e-5)  # rk4
    end = result.about["forecast"]["ends"][0]
    assert (end["time"], end["predicted"], end["low"]) == tuple(course[["time", "predicted", "low"]].iloc[-1])
    resources = {r["path"]: r for r in pd.read_json(result.folder / "datapackage.json", typ="series")["resources"]}
    fields = [f["name"] for f in resources["forecast.csv"]["schema"]["fields"]]
    assert fields == list(course.columns)


def test_its_band_holds_what_the_posterior_of_quadrature_allows(make: Make, tmp_path: Path) -> None:
    path = make("ridge", seen(), TIMES, SHORT)
    result = run_calibration(path, out=tmp_path / "out")
    problem = load_calibration(path).problem
    speed = np.linspace(0.05, 2.0, 8001)
    density = problem.log_likelihood(speed[:, None])
    weights = np.exp(density - density.max())
    share = np.cumsum(weights) / weights.sum()
    last = result.forecast.iloc[-1]
    # the amount falls as speed grows: the lower end of the band is of the fastest
    for level, end in ((0.05, last["high"]), (0.5, last["median"]), (0.95, last["low"])):
        at = float(np.interp(-np.log(end / 10.0) / 12.0 / 0.5, speed, share))
        assert abs(at - level) < 4.5 * np.sqrt(level * (1 - level) / SETS)  # half of the sets are copies at worst
    assert result.about["bands"]["of"] == "a quick sample"
    assert result.about["forecast"]["failed"] == 0


def test_a_quick_sample_of_a_ridge_is_the_posterior_of_quadrature(make: Make) -> None:
    problem = load_calibration(make("ridge", seen(), TIMES, RIDGE)).problem
    share, speed = np.meshgrid(np.linspace(0.05, 1, 400), np.linspace(0.05, 2, 800), indexing="ij")
    grid = np.stack([share.ravel(), speed.ravel()], axis=1)
    density = problem.log_likelihood(grid)
    weights = np.exp(density - density.max())
    found = quick_sample(problem, 7)
    assert found is not None
    assert np.array_equal(found, quick_sample(problem, 7))  # type: ignore[arg-type]
    for column in range(2):
        order = np.argsort(grid[:, column], kind="stable")
        edges, total = grid[order, column], np.cumsum(weights[order])
        for level in (0.1, 0.5, 0.9):
            at = float(np.interp(np.quantile(found[:, column], level), edges, total / total[-1]))
            # over 16 seeds without bias; along a ridge 512 sets scatter as 120 independent ones
            assert abs(at - level) < 3.0 * np.sqrt(level * (1 - level) / 120), (column, level)
    # far along the ridge, and narrow across it
    product = found[:, 0] * found[:, 1]
    assert np.std(product) / np.mean(product) < 0.05
    assert np.std(np.log(found[:, 0])) > 0.3


def test_what_no_run_allows_has_no_sample(make: Make) -> None:
    problem = load_calibration(make("ridge", seen(), TIMES, RIDGE)).problem

    class Nowhere(type(problem)):  # type: ignore[misc]
        def log_posterior(self, x: np.ndarray, *, jacobian: bool = True) -> np.ndarray:  # noqa: ARG002
            return np.full(len(x), -np.inf)

    nowhere = Nowhere(**{n: getattr(problem, n) for n in problem.__dataclass_fields__})
    assert quick_sample(nowhere, 1) is None


def test_a_total_over_a_year_stays_one_and_ends_with_the_run(make: Make, tmp_path: Path) -> None:
    text = SHORT.replace("output: amount,", "output: loss, over: {sum: 1 year}, series: amount,")
    path = make("ridge", np.exp(-0.2 * TIMES), TIMES, text)
    course = run_calibration(path, out=tmp_path / "out").forecast
    assert course["time"].iloc[-1] == 11.0  # the year after is beyond the run
    speed = read_calibration(tmp_path / "out").estimates["speed"]
    t = course["time"].to_numpy()
    exact = decay(t, 0.5 * speed) - decay(t + 1.0, 0.5 * speed)  # what is lost in a year
    np.testing.assert_allclose(course["predicted"], exact, rtol=1e-3)  # by the trapezoid rule over quarters


@pytest.mark.parametrize("kind", ["none", "ensemble"])
def test_the_same_question_gives_the_same_band(make: Make, tmp_path: Path, kind: str) -> None:
    text = SHORT.replace("{starts: 2}", f"{{starts: 2, posterior: {kind}, chains: 2, draws: 20, tune: 20}}")
    path = make("ridge", seen(), TIMES, text)
    files = []
    for name in ("a", "b"):
        run_calibration(path, out=tmp_path / name)
        files.append((tmp_path / name / "forecast.csv").read_bytes())
    assert files[0] == files[1]
    assert ("posterior" in read_calibration(tmp_path / "a").about["bands"]["of"]) == (kind == "ensemble")
