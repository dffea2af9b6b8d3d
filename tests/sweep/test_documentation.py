"""The page on sweeps does what it says."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import simengine as se
from simengine.cli.main import main
from tests.conftest import ROOT

PAGE = ROOT / "docs" / "sweeps.md"
TITLED = re.compile(r'```\w+ title="(?P<name>[^"]+)"\n(?P<text>.*?)```', re.DOTALL)


@pytest.fixture
def town(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return a folder with the town of the page on scenarios, and what this page adds."""
    for found in TITLED.finditer((ROOT / "docs" / "scenarios.md").read_text(encoding="utf-8")):
        (tmp_path / found["name"]).write_text(found["text"], encoding="utf-8")
    (added,) = re.findall(r"```yaml\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL)
    text = (tmp_path / "town.yaml").read_text(encoding="utf-8")
    text = re.sub(r"(?ms)^kpis:.*?(?=^checks:)", lambda _: added, text)
    (tmp_path / "town.yaml").write_text(text, encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_the_first_sweep_runs(town: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["check", "town.yaml"]) == 0
    capsys.readouterr()
    assert main(["sweep", "town.yaml", "--runs", "256", "--no-draw"]) == 0
    said = capsys.readouterr()
    assert "wide: 3 scenarios, 3 factors, sequence: 768 runs; none is there, up to" in said.err
    assert "gas 2040" in said.out
    assert re.search(r"^  sure +>= 80 % +(met|missed)", said.out, re.MULTILINE)
    shown = PAGE.read_text(encoding="utf-8").split("## The folder")[1].split("KEY is a hash")[0]
    names = set(re.findall(r"\b[a-z]+\.(?:csv|parquet|json)\b", shown)) - {"indices.parquet", "history.csv"}
    assert {"sweep.json", "runs.parquet", "goals.csv", "shares.csv", "provenance.json"} <= names
    made = {p.name for p in (town / "results" / "town-wide").iterdir()}
    assert names - {"series.parquet", "sketch.parquet"} <= made


def test_the_python_of_the_page(town: Path) -> None:
    (code,) = re.findall(r"```python\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL)
    code = code.replace('out="results/wide"', 'out="results/wide", runs=64')
    values: dict[str, Any] = {}
    exec(code, values)  # noqa: S102  (our own page)
    result, sweep = values["result"], values["sweep"]
    assert result.size == 64
    run = sweep.plan.model.run(sweep.values("tax", 17), save=["gas use"])
    np.testing.assert_array_equal(result.series("gas use", "tax")[17], run.values("gas use"))
    assert isinstance(sweep.run("tax", 17), se.Run)
