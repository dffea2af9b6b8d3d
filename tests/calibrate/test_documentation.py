"""The page of calibration files does what it says."""

from __future__ import annotations

import re
from dataclasses import asdict
from pathlib import Path
from typing import Any

import pytest

from docs.reference import calibration_file
from simengine.calibrate.error_shape import ERROR_KINDS
from simengine.calibrate.plan import load_calibration
from simengine.calibrate.sections import CALIBRATION, METHOD, OUTPUT_KINDS, OVER_ABOUT, PARAMETER
from simengine.calibrate.settings import Settings
from simengine.calibrate.touch import POINTS
from simengine.cli.main import main
from simengine.language.yaml.record import Record
from simengine.sampling.family import FAMILIES

PAGE = Path(__file__).resolve().parents[2] / "docs" / "calibration-file.md"
TITLED = re.compile(r'```\w+ title="(?P<name>[^"]+)"\n(?P<text>.*?)```', re.DOTALL)
PYTHON = re.compile(r"```python\n(?P<text>.*?)```", re.DOTALL)


@pytest.fixture
def lake(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for found in TITLED.finditer(PAGE.read_text(encoding="utf-8")):
        (tmp_path / found["name"]).write_text(found["text"], encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_the_example_is_right(lake: Path) -> None:
    assert main(["check", "lake.mdl", "lake.yaml", "--strict"]) == 0
    problem = load_calibration(lake / "lake.yaml").problem
    seen = problem.observations
    assert [s.name for s in problem.series] == ["fish[north]", "fish[south]", "catch"]
    assert seen.value.tolist() == [21, 41, 58, 19, 50, 88, 4.4, 5.3, 7.7, 9.1, 14.6]
    assert problem.series[2].missing == 1
    assert seen.held_out.sum() == 3
    assert problem.start.tolist()[2:] == [20.0, 0.1]


def test_the_python_of_the_page(lake: Path) -> None:
    code = PYTHON.search(PAGE.read_text(encoding="utf-8"))
    assert code is not None
    names: dict[str, Any] = {}
    exec(code["text"], names)  # noqa: S102  (the page's own)
    shapes = re.findall(r"#[^\n]*?((?:\(\d+(?:, \d+)*,?\)(?:, )?)+)", code["text"])
    told = [tuple(map(int, re.findall(r"\d+", s))) for line in shapes for s in re.findall(r"\([^)]*\)", line)]
    made = [names[n].shape for n in ("predicted", "jacobian", "value", "gradient")]
    assert told == made


def keys(shape: Any, depth: int = 0) -> set[str]:
    """Return the keys of records in a shape, those of paths and distributions left out."""
    out: set[str] = set()
    if isinstance(shape, Record):
        for field in shape.fields:
            out |= {field.key} | (keys(field.shape, depth + 1) if field.key not in {"set", "links", "prior"} else set())
    kinds = getattr(shape, "kinds", {})
    for inner in [*kinds.values(), *(getattr(shape, n, None) for n in ("shape", "mapping", "listing", "scalar"))]:
        out |= keys(inner, depth + 1) if inner is not None and depth < 9 else set()
    return out


def test_the_reference_has_every_key() -> None:
    page = calibration_file()
    found = keys(CALIBRATION)
    assert {"weight by quality", "stamped", "ar1", "by", "range"} <= found
    assert [k for k in sorted(found) if f"`{k}`" not in page] == []


def words_of(shape: Any) -> set[str]:
    """Return the words that keys of a record take."""
    return {word for field in shape.fields for word in getattr(field.shape, "words", ())}


def test_the_page_has_every_key_and_word() -> None:
    page = PAGE.read_text(encoding="utf-8")
    prose = re.sub(r"```.*?```", "", page, flags=re.DOTALL)
    code = set(re.findall(r"`([^`]+)`", prose)) | {
        key for block in re.findall(r"```yaml.*?```", page, re.DOTALL) for key in re.findall(r"[\w ]+(?=:)", block)
    }
    told = {part.strip() for text in code for part in re.split(r"[:{},\[\]]", text)}
    words = words_of(METHOD) | words_of(PARAMETER)
    assert {"trf", "cma", "differences", "log logit"} <= words
    assert sorted((keys(CALIBRATION) | words | set(FAMILIES) | {"empirical", "within", "smooth"}) - told) == []


def test_the_page_tells_the_defaults_of_methods() -> None:
    page = PAGE.read_text(encoding="utf-8")
    own = asdict(Settings())
    shown = {True: "`on`", False: "`off`"}
    for field in METHOD.fields:
        value = own[field.name or field.key]
        told = shown[value] if isinstance(value, bool) else f"`{value}`" if isinstance(value, str) else str(value)
        told = "as many as `draws`" if field.key == "tune" else told
        assert f"| `{field.key}` | {told} |" in page


def test_numbers_of_priors_stand_in_their_order() -> None:
    page = PAGE.read_text(encoding="utf-8")
    for kind, family in FAMILIES.items():
        assert f"| `{kind}` | {', '.join(family.numbers)} |" in page, kind


def test_the_page_tells_all_kinds() -> None:
    page = PAGE.read_text(encoding="utf-8")
    for kind in [*ERROR_KINDS, *OUTPUT_KINDS, *OVER_ABOUT]:
        assert f"{{{kind}: " in page or f"`{kind}`" in page, kind
    assert f"at {POINTS} points of its range" in page
