"""The error of integration beside a sweep: against what Euler's method does to a decay that is known."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from simengine.sweep.integration import SAMPLE, find_differences, has_noise
from simengine.sweep.study import load_sweep
from tests.sweep.conftest import HERE

DECAY = """{UTF-8}
rate = 0.1 ~ 1/day ~|
left = INTEG(-left * rate, 100) ~ g ~|
INITIAL TIME = 0 ~ day ~|
FINAL TIME = 10 ~ day ~|
TIME STEP = 1 ~ day ~|
SAVEPER = %s ~ day ~|
"""
STUDY = """simengine: 1
model: decay.mdl
time: {save_every: %s}
scenarios: {base: , slow: {set: {rate: 0.02}}}
uncertain: {rate: {uniform: [0.1, 0.2]}}
sweeps: {all: {scenarios: [base, slow], sample: random, n: 40, seed: 1}}
kpis:
  at the end: {value: left, goal: "<= 25"}
  half: {value: left, first_below: 50}
"""


@pytest.mark.parametrize(("saved", "every"), [("TIME STEP", "1"), ("2", "2"), ("1", "2")])
def test_differences_are_those_of_the_method(tmp_path: Path, saved: str, every: str) -> None:
    (tmp_path / "decay.mdl").write_text(DECAY % saved, encoding="utf-8")
    (tmp_path / "study.yaml").write_text(STUDY % every, encoding="utf-8")
    sweep = load_sweep(tmp_path / "study.yaml")
    found = {(d.scenario, d.indicator.name): d for d in find_differences(sweep)}
    rates = np.asarray([sweep.values("base", 40 * n // SAMPLE)["rate"] for n in range(SAMPLE)])
    one, two = 100 * (1 - rates) ** 10, 100 * (1 - rates / 2) ** 20  # Euler with a step of 1, and of 0.5
    base = found["base", "at the end"]
    assert base.runs == SAMPLE
    assert base.largest == pytest.approx(np.abs(one - two).max(), rel=1e-12)
    assert base.share == pytest.approx(np.abs(one - two).max() / max(one.max(), two.max()), rel=1e-12)
    assert base.turned == ((one <= 25) != (two <= 25)).sum() > 0
    assert base.is_large
    slow = found["slow", "at the end"]  # the scenario sets the rate itself
    assert slow.largest == pytest.approx(abs(0.98**10 - 0.99**20) * 100, rel=1e-11)
    assert not slow.is_large
    assert found["slow", "half"].largest == 0.0  # it is never reached: no value with either step


def test_noise_is_not_taken_for_an_error() -> None:
    sweep = load_sweep(HERE / "pond.yaml", "wide", 10)
    assert has_noise(sweep.plan.model)
    assert find_differences(sweep) == []


def test_clocks_are_halved_too(tmp_path: Path) -> None:
    (tmp_path / "decay.mdl").write_text(DECAY % "TIME STEP", encoding="utf-8")
    fast = (DECAY % "1").replace("left", "gone").replace("TIME STEP = 1", "TIME STEP = 0.25")
    (tmp_path / "fast.mdl").write_text(fast, encoding="utf-8")
    (tmp_path / "both.yaml").write_text("simengine: 1\nmodels: {slow: decay.mdl, fast: fast.mdl}\n", encoding="utf-8")
    text = (STUDY % "1").replace("decay.mdl", "both.yaml").replace("value: left", "value: slow.left")
    text = text.replace("{rate: 0.02}", "{slow.rate: 0.02}").replace("{rate: {uniform", "{slow.rate: {uniform")
    (tmp_path / "study.yaml").write_text(text, encoding="utf-8")
    sweep = load_sweep(tmp_path / "study.yaml")
    assert sweep.plan.model.program.clocks
    found = {(d.scenario, d.indicator.name): d for d in find_differences(sweep)}
    assert found["slow", "at the end"].largest == pytest.approx(abs(0.98**10 - 0.99**20) * 100, rel=1e-11)
