"""Folders that are broken: each mistake is said with file and line, and what was expected."""

from __future__ import annotations

from pathlib import Path

import pytest

from simengine.results.folder import write_study
from simengine.results.reading import read_folder, read_runs
from simengine.source.diagnostic import InputError
from tests.results.studies import some_study


@pytest.fixture
def written(tmp_path: Path) -> Path:
    write_study(some_study(tmp_path / "inputs"), tmp_path / "out")
    return tmp_path / "out"


def replace_in(path: Path, old: str, new: str) -> None:
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new, 1), encoding="utf-8")


@pytest.mark.parametrize(
    ("name", "old", "new", "said"),
    [
        (
            "all.csv",
            "scenario,variable",
            "scenario,varable",
            r"all.csv:1: there is no column `variable`; it has scenario, varable",
        ),
        ("all.csv", "2020.5", "half", r"all.csv:3: `time` is `half`; a number was expected"),
        ("all.csv", "base,gas use", "base;gas use", r"all.csv:2: 9 cells where the first line names 10 columns"),
        ("goals.csv", "false", "no", r"goals.csv:2: `met` is `no`; true or false was expected"),
        ("study.json", '"title": "A city', '"titel": "A city', r"study.json: there is no `title`; a text was expected"),
        ("study.json", '"factor": 1000.0', '"factor": "x"', r'`indicators` 1: `factor` is "x"; a number was expected'),
        ("study.json", '"format"', "format", r"study.json:2:3: this is no JSON"),
        ("datapackage.json", "{", "", r"datapackage.json:\d+:\d+: this is no JSON"),
    ],
)
def test_a_broken_file_is_named_with_its_line(written: Path, name: str, old: str, new: str, said: str) -> None:
    replace_in(written / name, old, new)
    with pytest.raises(InputError, match=said):
        read_folder(written)


def test_what_is_no_result_folder_is_said(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="is not there"):
        read_folder(tmp_path / "nowhere")
    with pytest.raises(InputError, match=r"is no result folder: it has no study.json; `simengine run"):
        read_folder(tmp_path)
    (tmp_path / "file").write_text("", encoding="utf-8")
    with pytest.raises(InputError, match="is a file; a result folder was expected"):
        read_folder(tmp_path / "file")


def test_a_lost_table_is_said(written: Path) -> None:
    (written / "all.csv").unlink()
    with pytest.raises(InputError, match=r"all.csv` cannot be read: No such file"):
        read_folder(written)


def test_a_broken_run_is_said(written: Path) -> None:
    record = read_folder(written)
    (written / "runs" / "base.parquet").write_bytes(b"PAR1 and no more")
    with pytest.raises(InputError, match=r"base.parquet` cannot be read"):
        list(read_runs(written, record))
