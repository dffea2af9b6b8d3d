"""Wrong models, each with what is said about it, whole, as people see it.

A case is `cases/NAME.mdl` or `.xmile`, whose first comment says what ought to be said, and `cases/NAME.txt`, what
is said. To add one: write the model, run `SIMENGINE_UPDATE_GOLDEN=1 pytest tests/diagnostics`, read the text.
"""

from __future__ import annotations

from pathlib import Path

import pytest

import simengine as se
from simengine.source.diagnostic import Diagnostic, has_errors
from simengine.source.render import render_full
from tests.golden import check_golden

CASES = Path(__file__).parent / "cases"
MODELS = sorted(p for p in CASES.iterdir() if p.suffix in {".mdl", ".xmile", ".stmx", ".xml"})


def said_of(path: str) -> tuple[Diagnostic, ...]:
    """Return everything loading and checking a model say."""
    try:
        return se.load(path).check()
    except se.ModelError as problem:
        return problem.diagnostics


WANTING: dict[str, str] = {
    # what is said is not yet what ought to be said: no golden text is kept; take a case out when it is mended
}


@pytest.mark.parametrize("model", MODELS, ids=lambda p: p.name)
def test_what_is_said(model: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(CASES)
    if model.name in WANTING:
        pytest.xfail(WANTING[model.name])
    found = said_of(model.name)
    assert all(d.file is not None for d in found), "a diagnostic names no file"
    summary = "refused" if has_errors(found) else "loads"
    check_golden(model.with_suffix(model.suffix + ".txt"), "\n\n".join([*map(render_full, found), summary]))


def test_every_golden_file_has_its_model() -> None:
    assert {p.name for p in CASES.glob("*.txt")} == {f"{p.name}.txt" for p in MODELS if p.name not in WANTING}


def test_the_corpus_is_large() -> None:
    assert len(MODELS) >= 120
