"""Wrong cross-over files, each with what is said about it, whole, as people see it.

A case is `cases/NAME.yaml`, whose first comment says what is wrong; `cases/NAME.yaml.txt` is what is said.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from simengine.source.diagnostic import has_errors
from simengine.source.render import render_full
from tests.diagnostics.test_corpus import said_of
from tests.golden import check_golden

CASES = Path(__file__).parent / "cases"
FILES = sorted(CASES.glob("*.yaml"))


@pytest.mark.parametrize("file", FILES, ids=lambda p: p.stem)
def test_what_is_said(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(CASES)
    found = said_of(file.name)
    assert has_errors(found)
    assert all(d.file is not None for d in found), "a diagnostic names no file"
    check_golden(file.with_suffix(".yaml.txt"), "\n\n".join(map(render_full, found)))


def test_every_golden_file_has_its_case() -> None:
    assert {p.name for p in CASES.glob("*.txt")} == {f"{p.name}.txt" for p in FILES}


def test_the_corpus_is_large() -> None:
    assert len(FILES) >= 40
