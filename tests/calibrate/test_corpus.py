"""Wrong calibration files: what is said of each, as people see it.

A case is `cases/NAME.yaml`, whose first comment says what is wrong, and `NAME.yaml.txt`, what is said. To add one: write
the first, let `SIMENGINE_UPDATE_GOLDEN=1` write the second, and read it.
"""

from __future__ import annotations

import json
from pathlib import Path

import jsonschema
import pytest
import yaml

from simengine.api.load import load
from simengine.calibrate.plan import read_calibration
from simengine.calibrate.reader import is_calibration_file
from simengine.calibrate.schema import calibration_schema
from simengine.cli.main import main
from simengine.scenario.reader import is_scenario_file
from simengine.source.codes import CODES
from simengine.source.diagnostic import has_errors
from simengine.source.render import render_full
from tests.golden import check_golden

CASES = Path(__file__).parent / "cases"
FILES = sorted(CASES.glob("*.yaml"))
SEVERAL = {"many-at-once", "unit-of-parameter"}
WARNED = {"little-prior", "rounded", "uneven-ar1"}
OF_THE_SHAPE = {"ar1-of-counts", "many-at-once", "misspelt-error", "misspelt-key"}
"""Cases that the schema alone must refuse."""


@pytest.mark.parametrize("path", FILES, ids=lambda p: p.stem)
def test_what_is_said(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(CASES)
    made, told = read_calibration(path.name)
    assert path.read_text(encoding="utf-8").startswith("# ")
    assert all(d.code in CODES for d in told)
    # a place in the file itself, or in a table beside it
    assert all(
        d.span is not None and (d.span.file.path == path.name or d.span.file.path.endswith(".csv")) for d in told
    )
    if path.stem in WARNED:
        assert made is not None
        assert not has_errors(told)
        assert told
    else:
        assert made is None
        assert len(told) == 1 or path.stem in SEVERAL, "one mistake, one error"
    check_golden(path.with_suffix(".yaml.txt"), "\n\n".join(map(render_full, told)))


def test_the_schema_refuses_what_no_model_is_needed_for() -> None:
    schema = json.loads(json.dumps(calibration_schema(load(CASES / "lakes.mdl"))))
    jsonschema.Draft7Validator.check_schema(schema)
    validator = jsonschema.Draft7Validator(schema)
    for path in FILES:
        data = yaml.safe_load(path.read_text(encoding="utf-8"))
        if path.stem in OF_THE_SHAPE:
            assert list(validator.iter_errors(data)), path.stem
    for good in ("rounded", "no-such-vintage", "touches-nothing-now", "all-held-out"):
        data = yaml.safe_load((CASES / f"{good}.yaml").read_text(encoding="utf-8"))
        assert list(validator.iter_errors(data)) == [], good


def test_the_kind_of_a_file_is_told() -> None:
    assert all(is_calibration_file(path) for path in FILES)
    scenarios = CASES.parents[1] / "scenario" / "cases" / "bad-goal.yaml"
    assert is_scenario_file(scenarios)
    assert not is_calibration_file(scenarios)
    assert not is_calibration_file(CASES / "lakes.mdl")


def test_the_commands_know_calibration_files(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    good = str(CASES.parent / "decay.yaml")
    assert main(["check", good, "--strict"]) == 0
    assert main(["check", str(CASES / "start-outside.yaml")]) == 1
    assert "lies outside of its range" in capsys.readouterr().err
    out = tmp_path / "schema.json"
    assert main(["schema", good, "--out", str(out)]) == 0
    assert json.loads(out.read_text(encoding="utf-8"))["title"] == "calibrations of decay"


def test_a_file_that_is_not_there_is_told(tmp_path: Path) -> None:
    for name, text, code in (("none.yaml", None, "missing-file"), ("empty.yaml", "", "missing-key"),
                             ("bad.yaml", "fit: [", "yaml-syntax")):  # fmt: skip
        if text is not None:
            (tmp_path / name).write_text(text, encoding="utf-8")
        made, told = read_calibration(tmp_path / name)
        assert made is None
        assert [d.code for d in told] == [code]
