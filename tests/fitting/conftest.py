"""Models with known solutions, and calibrations of them."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path

import numpy as np
import pytest

from simengine.calibrate.plan import Calibration, load_calibration

HEAD = "{UTF-8}\n"
TAIL = """INITIAL TIME = 0 ~ year ~|
FINAL TIME = 12 ~ year ~|
TIME STEP = 0.25 ~ year ~|
SAVEPER = TIME STEP ~ year ~|
"""
MODELS = {
    "logistic": """population = INTEG(births, first) ~ fish ~|
births = growth * population * (1 - population / room) ~ fish/year ~|
growth = 0.3 ~ 1/year ~|
room = 50 ~ fish ~|
first = 5 ~ fish ~|
""",
    # what is seen knows the product of the two only: a ridge
    "ridge": """amount = INTEG(-loss, 10) ~ kg ~|
loss = share * speed * amount ~ kg/year ~|
share = 0.5 ~ dmnl ~|
speed = 0.4 ~ 1/year ~|
""",
    # two frequencies of a swing look alike from afar: many hills
    "swing": """place = 10 * COS(speed * Time / one year) ~ m ~|
one year = 1 ~ year ~|
speed = 1 ~ dmnl ~|
""",
}
Make = Callable[..., Path]


def logistic(times: np.ndarray, growth: float, room: float, first: float) -> np.ndarray:
    """Return the solution."""
    return room / (1.0 + (room / first - 1.0) * np.exp(-growth * times))


def write_files(
    folder: Path, model: str, values: np.ndarray, times: np.ndarray, text: str, name: str = "asked"
) -> Path:
    """Write a model, its data and a calibration file, and return that file's path."""
    output = MODELS[model].split(" =", 1)[0]
    (folder / "model.mdl").write_text(HEAD + MODELS[model] + TAIL, encoding="utf-8")
    rows = "".join(f"{t:g},{v!r}\n" for t, v in zip(times.tolist(), values.tolist(), strict=True))
    (folder / "data.csv").write_text(f"time,{output}\n{rows}", encoding="utf-8")
    path = folder / f"{name}.yaml"
    head = "simengine: 1\nmodel: model.mdl\ntime: {method: rk4}\ndata: {seen: {file: data.csv}}\n"
    path.write_text(head + text, encoding="utf-8")
    return path


@pytest.fixture
def make(tmp_path: Path) -> Make:
    """Return what writes a model, its data and a calibration file, and returns the file's path."""
    return partial(write_files, tmp_path)


@pytest.fixture
def fish(make: Make) -> tuple[Calibration, np.ndarray, np.ndarray]:
    """Return a calibration of the logistic model, with its times and data."""
    times = np.arange(0.0, 12.5, 1.0)
    values = logistic(times, 0.55, 40.0, 3.0) + np.random.default_rng(3).normal(0.0, 0.8, times.size)
    return load_calibration(make("logistic", values, times, FISH)), times, values


FISH = """parameters:
  growth: {range: [0.05, 2], transform: log}
  room: {range: [10, 200]}
  first: {range: [0.5, 20], transform: log}
fit: {fish: {output: population, data: seen, error: {normal: estimate}}}
method: {starts: 6, seed: 7}
"""
