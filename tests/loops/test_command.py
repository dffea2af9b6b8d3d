"""`simengine graph`, as a user meets it."""

from __future__ import annotations

import json
from pathlib import Path

import networkx as nx
import pytest

from simengine.cli.main import main
from tests.loops.model_text import LOGISTIC, PREDATORS, load_text
from tests.loops.test_find import SECTORS

TEACUP = "tests/models/teacup.mdl"


def test_loops_are_listed(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["graph", TEACUP]) == 0
    shown = capsys.readouterr()
    assert shown.out == "B  2      Teacup Temperature -> Heat Loss to Room -> Teacup Temperature\n"
    assert "1 loop: 1 balancing" in shown.err


def test_a_doubt_is_explained(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    load_text(tmp_path, LOGISTIC)
    assert main(["graph", str(tmp_path / "small.mdl"), "--reasons"]) == 0
    assert "? population -> growth: changes sign between 4.5 and 5" in capsys.readouterr().err


def test_without_a_run_signs_are_those_of_structure(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    load_text(tmp_path, PREDATORS)
    assert main(["graph", str(tmp_path / "small.mdl"), "--no-run", "--reasons"]) == 0
    assert "depends on values that are not known" in capsys.readouterr().err


def test_loops_through_a_variable(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    load_text(tmp_path, PREDATORS)
    assert main(["graph", str(tmp_path / "small.mdl"), "--through", "prey births"]) == 0
    assert len(capsys.readouterr().out.splitlines()) == 1


def test_it_is_said_when_loops_are_left_out(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    load_text(tmp_path, PREDATORS)
    assert main(["graph", str(tmp_path / "small.mdl"), "--all", "--most", "2"]) == 0
    shown = capsys.readouterr()
    assert len(shown.out.splitlines()) == 2
    assert "there may be more: --most N looks further" in shown.err


def test_loops_across_sectors(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    load_text(tmp_path, SECTORS)
    assert main(["graph", str(tmp_path / "small.mdl")]) == 0
    shown = capsys.readouterr().out
    assert "2 sectors (energy 2, jobs 3 variables)" in shown
    assert "  R    X1 => X4  || 1" in shown


@pytest.mark.parametrize("ending", [".svg", ".dot", ".graphml", ".mmd", ".json"])
def test_files_are_written(ending: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = tmp_path / f"cup{ending}"
    assert main(["graph", TEACUP, "--out", str(out)]) == 0
    assert capsys.readouterr().out.strip() == str(out)
    assert "Heat Loss" in out.read_text(encoding="utf-8").replace("\n", " ")
    if ending == ".graphml":
        assert len(nx.read_graphml(out)) == 4


def test_a_smaller_picture_says_so(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["graph", "models/energy.mdl", "--out", str(tmp_path / "x.svg")]) == 0
    assert "are too many to read: stocks and flows are drawn" in capsys.readouterr().err


def test_json(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["graph", TEACUP, "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert found["loops"][0]["members"] == ["Teacup Temperature", "Heat Loss to Room"]


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        (["--out", "x.pdf"], 2, "it must end in .svg"),
        (["--most", "0"], 2, "it must be 1 or more"),
        (["--through", "Heat Los to Room"], 1, "did you mean `Heat Loss to Room`?"),
        (["--level", "sectors"], 1, "no sectors and no groups"),
    ],
)
def test_wrong_usage(arguments: list[str], code: int, words: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["graph", TEACUP, *arguments]) == code
    assert words in capsys.readouterr().err
