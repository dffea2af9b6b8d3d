"""Wrong scenario files, each with what is said about it, whole, as people see it.

A case is `cases/NAME.yaml`, whose first comment says what is wrong, and `cases/NAME.yaml.txt`, what is said. To add one:
write the file, run `SIMENGINE_UPDATE_GOLDEN=1 pytest tests/scenario/test_corpus.py`, read the text.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from simengine.cli.main import main
from simengine.scenario.plan import read_plan
from simengine.source.codes import CODES
from simengine.source.diagnostic import has_errors
from simengine.source.render import render_full
from tests.golden import check_golden

CASES = Path(__file__).parent / "cases"
FILES = sorted(CASES.glob("*.yaml"))


@pytest.mark.parametrize("file", FILES, ids=lambda p: p.stem)
def test_what_is_said(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(CASES)
    plan, found = read_plan(file.name)
    assert found, "nothing is said"
    assert all(d.file is not None and d.code in CODES for d in found)
    assert (plan is None) == has_errors(found)
    summary = "refused" if plan is None else "loads"
    check_golden(file.with_suffix(".yaml.txt"), "\n\n".join([*map(render_full, found), summary]))


def test_every_golden_file_has_its_case() -> None:
    assert {p.name for p in CASES.glob("*.txt")} == {f"{p.name}.txt" for p in FILES}


def test_the_corpus_is_large_and_of_many_kinds() -> None:
    assert len(FILES) >= 120
    said = {line.split("[")[1].split("]")[0] for p in CASES.glob("*.txt")
            for line in p.read_text(encoding="utf-8").splitlines() if line.startswith(("error[", "warning["))}  # fmt: skip
    assert len(said) >= 36


@pytest.mark.parametrize("name", ["misspelt-variable", "not-balanced", "yaml-tab", "bad-goal"])
def test_a_wrong_file_writes_nothing(
    name: str, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert main(["run", str(CASES / f"{name}.yaml")]) == 1
    assert main(["run", str(CASES / f"{name}.yaml"), "--out", "there"]) == 1
    assert list(tmp_path.iterdir()) == []
    assert "Traceback" not in capsys.readouterr().err
