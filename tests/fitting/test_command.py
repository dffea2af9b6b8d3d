"""`simengine calibrate` as people and scripts use it: the table, JSON, exit codes, an interrupt."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

from simengine.cli.main import main
from tests.conftest import ROOT
from tests.fitting.conftest import FISH, Make, logistic
from tests.golden import check_golden

GOLDEN = Path(__file__).parent / "golden"
TIMES = np.arange(0.0, 12.5, 1.0)
SHORT = FISH.replace("starts: 6, seed: 7", "starts: 3, seed: 7, profiles: on") + "held out: {from: 11}\n"


@pytest.fixture
def asked(make: Make, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    values = logistic(TIMES, 0.55, 40.0, 3.0) + np.random.default_rng(3).normal(0.0, 0.8, TIMES.size)
    monkeypatch.chdir(tmp_path)
    return make("logistic", values, TIMES, SHORT)


def test_it_shows_estimates_intervals_and_fit(asked: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["calibrate", "asked.yaml", "--no-draw"]) == 0
    said = capsys.readouterr()
    check_golden(GOLDEN / "table.txt", said.out)
    lines = said.err.splitlines()
    assert lines[0] == "asked: 3 parameters from 11 observations (2 more held out) of 1 series, 3 searches, profiles"
    told = [json.loads(line) for line in lines if line.startswith("{")]
    assert [t["kind"] for t in told if t["event"] == "unit"] == ["screening", *["starts"] * 3, *["profiles"] * 6]
    assert lines[-1].startswith("results/asked holds it all")
    assert main(["calibrate", "asked.yaml", "--no-draw"]) == 0
    again = capsys.readouterr()
    assert again.out == said.out
    assert "; all is there" in again.err
    assert "is up to date" in again.err
    assert main(["calibrate", "asked.yaml", "--no-draw", "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert found["up_to_date"] is True
    assert [p["name"] for p in found["parameters"]] == ["growth", "room", "first"]


def test_a_parameter_at_its_bound_and_a_ridge_are_told_in_words(
    make: Make, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    values = 10.0 * np.exp(-0.2 * TIMES) + np.random.default_rng(5).normal(0.0, 0.2, TIMES.size)
    text = """parameters: {share: {range: [0.1, 1]}, speed: {range: [0.05, 2], transform: log}}
fit: {kg: {output: amount, data: seen, error: {normal: estimate}}}
method: {starts: 3, profiles: on}
"""
    make("ridge", values, TIMES, text)
    assert main(["calibrate", "asked.yaml", "--no-draw"]) == 0
    said = capsys.readouterr().out
    assert said.count("not identified") >= 2
    assert "`share` and `speed` move together" in said.replace("`speed` and `share`", "`share` and `speed`")
    make("logistic", logistic(TIMES, 0.55, 40.0, 3.0), TIMES, """parameters: {growth: {range: [0.05, 0.4]}, room: {range: [10, 200]}}
set: {first: 3}
fit: {fish: {output: population, data: seen, error: {normal: estimate}}}
method: {starts: 2}
""", "bound")  # fmt: skip
    assert main(["calibrate", "bound.yaml", "--no-draw"]) == 0
    assert "at its upper bound, 0.4" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["model.mdl"], "this is none"),
        (["asked.yaml", "--starts", "0"], "--starts takes a whole number from 1, not 0"),
        (["asked.yaml", "--posterior", "gibbs"], "gibbs"),
        (["asked.yaml", "--seed", "-1"], "--seed takes a whole number from 0, not -1"),
    ],
)
def test_wrong_usage(asked: Path, capsys: pytest.CaptureFixture[str], arguments: list[str], said: str) -> None:
    assert main(["calibrate", *arguments]) == 2
    assert said in capsys.readouterr().err
    assert not Path("results").exists()


def test_wrong_input_writes_nothing(asked: Path, capsys: pytest.CaptureFixture[str]) -> None:
    asked.write_text(asked.read_text(encoding="utf-8").replace("growth:", "growt:"), encoding="utf-8")
    assert main(["calibrate", "asked.yaml"]) == 1
    assert "did you mean `growth`" in capsys.readouterr().err
    assert main(["calibrate", "nowhere.yaml"]) == 1
    assert not Path("results").exists()


def test_no_run_that_works_is_told(
    make: Make, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    text = FISH.replace("{normal: estimate}", "lognormal").replace(
        "first: {range: [0.5, 20], transform: log}", "first: {range: [-20, -0.5]}"
    )
    make("logistic", logistic(TIMES, 0.55, 40.0, 3.0), TIMES, text)
    assert main(["calibrate", "asked.yaml", "--no-draw"]) == 1
    assert "no search came to anything" in capsys.readouterr().err


@pytest.mark.skipif(sys.platform == "win32", reason="signals of POSIX")
def test_interrupted_it_leaves_with_130_and_goes_on(
    asked: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    script = [
        sys.executable,
        "-m",
        "simengine.cli.main",
        "calibrate",
        str(asked),
        "--no-draw",
        "--posterior",
        "ensemble",
        "--out",
        str(tmp_path / "out"),
    ]
    child = subprocess.Popen(script, cwd=ROOT, stderr=subprocess.PIPE, stdout=subprocess.DEVNULL, text=True)
    while child.poll() is None and len(list((tmp_path / "out").glob("work/*/*.npz"))) < 4:
        time.sleep(0.005)
    child.send_signal(signal.SIGINT)
    said = child.communicate()[1]
    assert child.returncode == 130
    assert "keeps what is finished" in said
    there = {p.name for p in (tmp_path / "out").glob("work/*/*.npz")}
    assert len(there) >= 4
    assert main(["calibrate", str(asked), "--no-draw", "--out", str(tmp_path / "out")]) == 0
    told = [json.loads(line) for line in capsys.readouterr().err.splitlines() if line.startswith("{")]
    assert sum(not t["fresh"] for t in told if t["event"] == "unit") >= 4
