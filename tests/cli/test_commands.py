"""The command line, as a user meets it: output, exit codes, no traceback."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pandas as pd
import pytest

import simengine as se
from simengine.cli.main import main
from simengine.language.vensim.writer import write_vensim
from simengine.model.definition import Method

ROOT = Path(__file__).resolve().parents[2]
TEACUP = str(ROOT / "tests" / "models" / "teacup.mdl")


def run(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    env = {**os.environ, "PYTHONPATH": str(ROOT), **environment}
    command = [sys.executable, "-m", "simengine.cli.main", *arguments]
    return subprocess.run(command, capture_output=True, text=True, env=env, check=False)


def test_a_table_goes_to_standard_output(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["run", TEACUP, "--set", "Room Temperature=50", "--save", "*temperature*"]) == 0
    out = capsys.readouterr().out
    assert "Teacup Temperature" in out
    assert "Heat Loss" not in out
    assert "50" in out


def test_results_as_json(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["run", TEACUP, "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert found["variables"]["Teacup Temperature"][0] == 180
    assert found["failed"] is None


def test_results_in_files(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["run", TEACUP, "--out", str(tmp_path / "out")]) == 0
    printed = capsys.readouterr().out.split()
    assert [Path(p).name for p in printed] == ["run.parquet", "run.csv"]
    tidy = pd.read_parquet(tmp_path / "out" / "run.parquet")
    assert {"variable", "element", "time", "value"} <= set(tidy.columns)
    wide = pd.read_csv(tmp_path / "out" / "run.csv", index_col="time")
    tea = tidy[tidy["variable"] == "Teacup Temperature"].set_index("time")["value"]
    assert tea.tolist() == wide["Teacup Temperature"].tolist()
    assert sorted(p.name for p in (tmp_path / "out").iterdir()) == ["run.csv", "run.parquet"]
    assert main(["run", TEACUP, "--out", str(tmp_path / "nl.csv"), "--decimal-comma"]) == 0
    assert ";" in (tmp_path / "nl.csv").read_text().splitlines()[0]


def test_wrong_input_is_one(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    wrong = tmp_path / "wrong.mdl"
    wrong.write_text("{UTF-8}\na = b + 1 ~~|\n", encoding="utf-8")
    assert main(["check", str(wrong)]) == 1
    said = capsys.readouterr().err
    assert "unknown-name" in said
    assert "Traceback" not in said
    assert main(["run", str(wrong)]) == 1
    assert main(["run", TEACUP, "--set", "Rom Temperature=3"]) == 1
    assert "did you mean `Room Temperature`" in capsys.readouterr().err
    assert main(["run", TEACUP, "--set", "nonsense"]) == 2
    assert main(["run", str(tmp_path / "none.mdl")]) == 1


def test_wrong_usage_is_two(capsys: pytest.CaptureFixture[str]) -> None:
    assert main([]) == 2
    assert main(["frobnicate"]) == 2
    assert main(["run"]) == 2
    assert main(["run", TEACUP, "--nonsense"]) == 2
    assert "Traceback" not in capsys.readouterr().err


def test_a_failed_run_is_three(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    fails = tmp_path / "fails.mdl"
    fails.write_text(
        "{UTF-8}\na = 1 / (Time - 2) ~~|\nINITIAL TIME = 0 ~~|\nFINAL TIME = 4 ~~|\nTIME STEP = 1 ~~|\nSAVEPER = 1 ~~|\n",
        encoding="utf-8",
    )
    assert main(["run", str(fails), "--out", str(tmp_path / "kept.csv")]) == 3
    assert "`a` at time 2" in capsys.readouterr().err
    assert (tmp_path / "kept.csv").exists()


def test_strict_makes_unit_warnings_fail(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    text = Path(TEACUP).read_text(encoding="utf-8").replace("Degrees Fahrenheit/Minute", "Degrees Fahrenheit")
    wrong = tmp_path / "units.mdl"
    wrong.write_text(text, encoding="utf-8")
    assert main(["check", str(wrong)]) == 0
    assert main(["check", str(wrong), "--strict"]) == 1
    assert main(["check", str(wrong), "--strict", "--json"]) == 1
    out = capsys.readouterr().out
    assert json.loads(out)["diagnostics"][0]["code"] == "unit-mismatch"


def test_a_method_that_xmile_has_not_is_told(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    model, out = tmp_path / "tea.mdl", tmp_path / "tea.xmile"
    definition = se.load(TEACUP).definition
    changed = replace(definition, simulation=replace(definition.simulation, method=Method.MIDPOINT))
    model.write_text(write_vensim(changed), encoding="utf-8")
    assert main(["convert", str(model), str(out)]) == 0
    assert "XMILE has no integration method `midpoint`" in capsys.readouterr().err
    assert se.load(str(out)).definition.simulation.method is Method.MIDPOINT


@pytest.mark.parametrize("ending", [".mdl", ".xmile"])
def test_a_model_with_a_data_variable_without_data_is_converted(tmp_path: Path, ending: str) -> None:
    model, out = tmp_path / "m.mdl", tmp_path / f"again{ending}"
    clock = "INITIAL TIME = 0 ~~|\nFINAL TIME = 4 ~~|\nTIME STEP = 1 ~~|\nSAVEPER = 1 ~~|\n"
    model.write_text("{UTF-8}\nhistory ~~|\nx = IF THEN ELSE(history = :NA:, 2, 3) ~~|\n" + clock, encoding="utf-8")
    assert main(["convert", str(model), str(out)]) == 0
    assert se.load(out).run()["x"].values[-1] == 2


@pytest.mark.parametrize(("method", "told"), [("0", False), ("5", True)])
def test_converting_test_inputs_under_runge_kutta_is_told(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], method: str, told: bool
) -> None:
    model = tmp_path / "m.mdl"
    clock = "INITIAL TIME = 0 ~~|\nFINAL TIME = 4 ~~|\nTIME STEP = 1 ~~|\nSAVEPER = 1 ~~|\n"
    settings = f"\\\\\\---/// Sketch\n///---\\\\\\\n:L<%^E!@\n15:0,0,0,{method},0,0\n"
    model.write_text("{UTF-8}\nx = INTEG(STEP(1, 2), 0) ~~|\n" + clock + settings, encoding="utf-8")
    assert main(["convert", str(model), str(tmp_path / "m.xmile")]) == 0
    assert ("numbers may differ" in capsys.readouterr().err) is told
    assert main(["convert", str(model), str(tmp_path / "again.mdl")]) == 0
    assert "numbers may differ" not in capsys.readouterr().err


def test_converting_there_and_back_keeps_the_numbers(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["convert", TEACUP, str(tmp_path / "tea.xmile")]) == 0
    assert main(["convert", str(tmp_path / "tea.xmile"), str(tmp_path / "tea.mdl")]) == 0
    capsys.readouterr()
    outputs = []
    for path in (TEACUP, str(tmp_path / "tea.xmile"), str(tmp_path / "tea.mdl")):
        assert main(["run", path, "--save", "teacup temperature", "--json"]) == 0
        outputs.append(json.loads(capsys.readouterr().out)["variables"]["Teacup Temperature"])
    assert outputs[0] == outputs[1] == outputs[2]


def test_comparing_with_pysd(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["compare", TEACUP, "--with", "pysd", "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert found["ran"]
    assert found["largest"] < 1e-12


def test_help_and_version_from_outside() -> None:
    for command in ("run", "check", "compare", "convert"):
        shown = run(command, "--help")
        assert shown.returncode == 0
        assert "examples:" in shown.stdout
    assert run("--version").stdout.startswith("simengine ")
    assert "exit codes" in run("--help").stdout


def test_a_closed_pipe_is_no_fault() -> None:
    command = f'"{sys.executable}" -m simengine.cli.main run "{TEACUP}" --json | head -c 10'
    env = {**os.environ, "PYTHONPATH": str(ROOT)}
    found = subprocess.run(["bash", "-c", command], capture_output=True, text=True, env=env, check=False)
    assert "Traceback" not in found.stderr


def test_it_is_a_module_too() -> None:
    done = subprocess.run([sys.executable, "-m", "simengine", "--version"], capture_output=True, text=True, check=True)
    assert done.stdout.startswith("simengine ")
