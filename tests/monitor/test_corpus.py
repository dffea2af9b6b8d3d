"""Wrong monitoring files, observations and initiatives, each with what is said about it, whole, as people see it.

A case is `cases/NAME.yaml`, whose first comment says what is wrong, and `cases/NAME.yaml.txt`, what is said. To add one:
write the file, run `SIMENGINE_UPDATE_GOLDEN=1 pytest tests/monitor/test_corpus.py`, read the text.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from simengine.cli.main import main
from simengine.monitor.plan import read_monitoring
from simengine.source.codes import CODES
from simengine.source.render import render_full
from tests.golden import check_golden

CASES = Path(__file__).parent / "cases"
FILES = sorted(p for p in CASES.glob("*.yaml") if p.stem != "town")
SEVERAL = {"rows-many", "calibration-with-errors", "scenarios-with-errors", "who-side", "who-two-values"}
"""Cases of which more than one thing is said: they have several mistakes, or one in a file that is then of no use."""


@pytest.mark.parametrize("file", FILES, ids=lambda p: p.stem)
def test_what_is_said(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(CASES)
    assert file.read_text(encoding="utf-8").startswith("# ")
    plan, found = read_monitoring(file.name)
    assert plan is None
    assert all(d.file is not None and d.code in CODES for d in found)
    assert len(found) == 1 or file.stem in SEVERAL, "one mistake, one error"
    check_golden(file.with_suffix(".yaml.txt"), "\n\n".join(map(render_full, found)))


def test_every_golden_file_has_its_case() -> None:
    assert {p.name for p in CASES.glob("*.txt")} == {f"{p.name}.txt" for p in FILES}


@pytest.mark.parametrize("name", ["rows-unit", "who-unknown-lever", "no-calibration"])
def test_a_wrong_file_writes_nothing(
    name: str, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert main(["monitor", str(CASES / f"{name}.yaml"), "--out", "there"]) == 1
    assert list(tmp_path.iterdir()) == []
    assert "Traceback" not in capsys.readouterr().err
