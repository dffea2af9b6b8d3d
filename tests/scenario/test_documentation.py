"""The tutorial of scenario files does what it says."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

import simengine as se
from docs.reference import scenario_file
from simengine.cli.main import main
from simengine.sampling.design import GROWABLE, KINDS
from simengine.scenario.sections import DOCUMENT
from simengine.scenario.sweeps import OPTIONS
from simengine.scenario.uncertain_shape import CHANGES, DISTRIBUTION, NUMBERS
from simengine.sweep.draws import draws_of

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


def test_the_sweeps_of_the_page_can_be_drawn(town: Path) -> None:
    plan = se.load_study("wide.yaml").plan
    assert not plan.diagnostics
    for name, runs in (("wide", 1000), ("what matters", 512 * 7)):
        draws = draws_of(plan, name)
        assert draws.design.runs == runs
        for scenario in plan.uncertainty.sweeps[name].written.scenarios:
            ensemble = plan.model.ensemble(draws.values(scenario.value, 0, 8), save=list(plan.kept_of_sweeps or ()))
            assert ensemble["gas use"].sizes["run"] == 8
            assert not ensemble.failed


def _rows(heading: str) -> dict[str, list[str]]:
    """Return the cells of a table of the page by the word in its first column."""
    part = PAGE.read_text(encoding="utf-8").split(f"### {heading}\n")[1].split("\n#")[0]
    rows = [[c.strip() for c in line.strip("|").split(" | ")] for line in part.splitlines() if line.startswith("| `")]
    return {row[0].strip("| `"): row for row in rows}


def test_the_page_has_every_distribution_with_its_numbers() -> None:
    rows = _rows("Distributions")
    assert set(rows) == set(DISTRIBUTION.kinds) - set(CHANGES)
    for kind, numbers in NUMBERS.items():
        assert rows[kind][1] == ", ".join(numbers)


def test_the_page_has_every_design_with_its_options() -> None:
    rows = _rows("Designs")
    assert set(rows) == set(KINDS)
    for kind, options in OPTIONS.items():
        assert all(f"`{o}`" in rows[kind][2] for o in options), kind
        assert rows[kind][3].startswith("no") != (kind in GROWABLE), kind
