"""The tutorial of scenario files does what it says."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

import simengine as se
from docs.reference import scenario_file
from simengine.cli.main import main
from simengine.scenario.sections import DOCUMENT

PAGE = Path(__file__).resolve().parents[2] / "docs" / "scenarios.md"
TITLED = re.compile(r'```\w+ title="(?P<name>[^"]+)"\n(?P<text>.*?)```', re.DOTALL)
CROSS = re.compile(r"```yaml\n(?P<text>crosses:.*?)```", re.DOTALL)


@pytest.fixture
def town(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    text = PAGE.read_text(encoding="utf-8")
    for found in TITLED.finditer(text):
        (tmp_path / found["name"]).write_text(found["text"], encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_the_first_study_runs(town: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["check", "town.mdl", "town.yaml", "--strict"]) == 0
    assert main(["run", "town.yaml"]) == 0
    said = capsys.readouterr()
    assert "check failed" not in said.out
    assert (town / "results" / "town" / "goals.csv").is_file()
    assert main(["run", "town.yaml"]) == 0
    assert "up to date" in capsys.readouterr().out


def test_what_explain_says_stands_in_the_page(town: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["scenario", "explain", "town.yaml", "both"]) == 0
    said = capsys.readouterr().out.splitlines()
    shown = PAGE.read_text(encoding="utf-8").split("which line set it:\n\n")[1].split("\n\nFiles are")[0]
    block = [line[4:] for line in shown.splitlines() if line.startswith("    ") and "..." not in line]
    assert said[: len(block)] == block


def test_the_python_of_the_page(town: Path) -> None:
    plan = se.load_study("town.yaml")
    study = plan.run()
    assert {s.scenario for s in study.scores} == {"as now", "tax", "insulate", "both"}
    run = plan.model.run(plan.values("both"), save=["gas use"])
    assert float(run["gas use"].sel(time=2040)) == study.outcomes[3].run.values("gas use")[20]


def test_the_cross_of_the_page(town: Path) -> None:
    cross = CROSS.search(PAGE.read_text(encoding="utf-8"))
    assert cross is not None
    with (town / "town.yaml").open("a", encoding="utf-8") as file:
        file.write("\n" + cross["text"])
    names = se.load_study("town.yaml").scenarios
    assert len(names) == 4 + 10
    assert "tax, insulation rate 3 %/year, gas per home 1200" in names


def test_the_reference_has_every_key() -> None:
    page = scenario_file()

    def keys(shape: Any, depth: int = 0) -> set[str]:
        out = {f.key for f in getattr(shape, "fields", ())}
        for inner in [f.shape for f in getattr(shape, "fields", ())] + [
            getattr(shape, name) for name in ("shape", "mapping", "listing") if getattr(shape, name, None) is not None
        ]:
            out |= keys(inner, depth + 1) if depth < 8 else set()
        return out

    missing = [k for k in keys(DOCUMENT) if f"`{k}`" not in page]
    assert missing == []
