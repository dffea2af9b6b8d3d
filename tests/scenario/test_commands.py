"""Scenario files on the command line: tables, folders, up to date, exit codes, explanations."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pandas as pd
import pytest

from simengine.cli.main import main
from tests.scenario.conftest import CASES

TEXT = """simengine: 1
model: town.mdl
title: Town
time: {save_every: 1 year}
levers: {gas tax: {range: [0, 1]}}
scenarios:
  base: {title: As now}
  taxed: {extends: base, set: {gas tax: {step: 0.4 EUR/m3, at: 2028}}}
crosses:
  grid: {scenarios: base, vary: {gas tax: [0.1, 0.5]}}
kpis:
  gas: {title: Gas in 2030, value: gas use, at: 2030, unit: 1e6 m3/year, goal: "<= 6"}
checks:
  - {it: less than a little, variables: gas use, expect: {lte: 8e6}}
"""


@pytest.fixture
def town(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    shutil.copy(CASES / "town.mdl", tmp_path)
    (tmp_path / "town.yaml").write_text(TEXT, encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_a_run_shows_a_table_and_leaves_a_folder(town: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["run", "town.yaml"]) == 0
    said = capsys.readouterr()
    assert "Gas in 2030" in said.out
    assert "taxed" in said.out
    assert "met by" in said.out or "missed by" in said.out
    assert "check failed in `base`: less than a little" in said.out
    assert "4 scenarios" in said.err
    folder = town / "results" / "town"
    goals = pd.read_csv(folder / "goals.csv")
    assert set(goals["scenario"]) == {"base", "taxed", "base, gas tax 0.1", "base, gas tax 0.5"}
    assert (folder / "scenarios.yaml").read_text(encoding="utf-8").startswith("simengine: 1\n")
    assert main(["run", "town.yaml"]) == 0
    assert "up to date" in capsys.readouterr().out
    assert main(["check", str(folder / "scenarios.yaml")]) == 0


@pytest.mark.parametrize("change", ["model", "file", "set", "save", "scenario"])
def test_what_changes_a_run_makes_it_anew(town: Path, change: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["run", "town.yaml", "--out", "out"]) == 0
    more: list[str] = []
    if change == "model":
        text = (town / "town.mdl").read_text(encoding="utf-8")
        (town / "town.mdl").write_text(text.replace("0.0018", "0.0019"), encoding="utf-8")
    elif change == "file":
        (town / "town.yaml").write_text(TEXT.replace("2028", "2029"), encoding="utf-8")
    elif change == "set":
        more = ["--set", "gas tax={step: 0.4, at: 2028}"]
    elif change == "save":
        more = ["--save", "CO2"]
    else:
        more = ["--scenario", "taxed"]
    capsys.readouterr()
    assert main(["run", "town.yaml", "--out", "out", *more]) == 0
    assert "up to date" not in capsys.readouterr().out
    assert main(["run", "town.yaml", "--out", "out", *more]) == 0
    assert "up to date" in capsys.readouterr().out


def test_json(town: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["run", "town.yaml", "--out", "out", "--scenario", "grid", "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert [s["name"] for s in found["scenarios"]] == ["base, gas tax 0.1", "base, gas tax 0.5"]
    assert found["scores"][0]["unit"] == "1e6 m3/year"
    assert not found["up_to_date"]
    assert main(["run", "town.yaml", "--out", "out", "--scenario", "grid", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["up_to_date"]


def test_set_is_for_all_scenarios_and_checked(town: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["run", "town.yaml", "--out", "out", "--set", "gas taks=3"]) == 1
    assert "did you mean `gas tax`?" in capsys.readouterr().err
    assert main(["run", "town.yaml", "--out", "out", "--set", "gas tax=3"]) == 1
    assert "outside of its range" in capsys.readouterr().err
    assert not (town / "out").exists()


def test_wrong_use(town: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["run", "town.yaml", "--start", "2025"]) == 2
    assert main(["run", "town.mdl", "--scenario", "base"]) == 2
    assert main(["run", "town.yaml", "--scenario", "bsae"]) == 1
    assert "did you mean `base`?" in capsys.readouterr().err
    (town / "out").mkdir()
    (town / "out" / "mine.txt").write_text("keep")
    assert main(["run", "town.yaml", "--out", "out"]) == 1
    assert [p.name for p in (town / "out").iterdir()] == ["mine.txt"]


def test_a_failed_run_is_three(town: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (town / "town.yaml").write_text(
        TEXT.replace("  base: {title: As now}", "  base: {set: {price growth: 1e308, pump cost: 1e308}}"),
        encoding="utf-8",
    )
    text = TEXT.replace("save_every: 1 year", "save_every: 1 year") + "save: {variables: damage}\n"
    text = text.replace("  base: {title: As now}", "  base: {set: {price growth: 1e308, pump cost: 1e308}}")
    (town / "town.yaml").write_text(text, encoding="utf-8")
    assert main(["run", "town.yaml", "--out", "out"]) == 3
    assert "the run of `base` fails: `damage`" in capsys.readouterr().err
    assert (town / "out" / "goals.csv").is_file()


def test_explain(town: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["scenario", "explain", "town.yaml", "taxed"]) == 0
    said = capsys.readouterr().out
    assert "extends base" in said
    assert (
        "gas tax: what is inherited before 2028, 0.40 EUR/m3 from then on" in said or "0.4 EUR/m3 from then on" in said
    )
    assert "town.yaml:8  by `taxed`" in said
    assert main(["scenario", "explain", "town.yaml", "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert found["scenarios"][1]["sets"][0]["lines"][0]["place"] == "town.yaml:8"
    assert main(["scenario", "explain", "town.yaml", "--yaml"]) == 0
    assert "extends" not in capsys.readouterr().out


def test_check_names_what_is_wrong(town: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["check", "town.yaml"]) == 0
    (town / "town.yaml").write_text(TEXT.replace("gas use", "gas uze"), encoding="utf-8")
    assert main(["check", "town.yaml", "--json"]) == 1
    found = json.loads(capsys.readouterr().out)["diagnostics"]
    assert {d["code"] for d in found} == {"unknown-name"}
    assert all(d["line"] and d["column"] for d in found)
