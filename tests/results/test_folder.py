"""The folder of a study: whole or not at all, the same bytes each time, and what stands in it."""

from __future__ import annotations

import csv
import hashlib
import json
import math
import shutil
from dataclasses import replace
from pathlib import Path

import jsonschema
import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from simengine.results import folder as folder_room
from simengine.results.filename import file_names
from simengine.results.folder import write_study
from simengine.results.provenance import (
    changed_files,
    digest_of,
    files_in,
    is_current,
    read_provenance,
    study_digest,
)
from simengine.results.reading import read_folder, read_runs
from simengine.results.record import record_of
from simengine.results.study import Indicator, Outcome, Study
from simengine.source.diagnostic import InputError
from tests.golden import check_golden
from tests.results.studies import SAVED, bare_study, some_run, some_study

GOLDEN = Path(__file__).parent / "golden"


@pytest.fixture
def study(tmp_path: Path) -> Study:
    return some_study(tmp_path / "inputs")


@pytest.fixture
def written(study: Study, tmp_path: Path) -> Path:
    write_study(study, tmp_path / "out")
    return tmp_path / "out"


def bytes_of(folder: Path) -> dict[str, bytes]:
    return {name: (folder / name).read_bytes() for name in files_in(folder)}


def test_a_folder_reads_back_to_the_record_it_was_made_of(study: Study, written: Path) -> None:
    assert read_folder(written) == record_of(study)


def test_a_bare_study_reads_back_too(tmp_path: Path) -> None:
    study = bare_study()
    write_study(study, tmp_path / "out")
    assert read_folder(tmp_path / "out") == record_of(study)
    assert read_folder(tmp_path / "out").scenarios[0].failed == "`gas use` at time 2022: 0 / 0"


def test_with_decimal_comma_it_reads_back_to_the_same_bits(study: Study, tmp_path: Path) -> None:
    write_study(study, tmp_path / "nl", decimal_comma=True)
    assert read_folder(tmp_path / "nl") == record_of(study)
    table = pd.read_csv(tmp_path / "nl" / "all.csv", sep=";", decimal=",")
    assert table["value"].tolist()[:2] == [1000 / 7, 13000 / 7]
    assert (tmp_path / "nl" / "all.csv").read_bytes().startswith(b"\xef\xbb\xbf")  # by which Excel knows UTF-8


@pytest.mark.parametrize(
    "name", ["all.csv", "goals.csv", "comparison.csv", "history.csv", "findings.csv", "study.json"]
)
def test_tables_are_as_they_were_reviewed(written: Path, name: str) -> None:
    check_golden(GOLDEN / f"folder-{name}", (written / name).read_text(encoding="utf-8"))


def test_the_package_is_as_it_was_reviewed(written: Path) -> None:
    package = json.loads((written / "datapackage.json").read_text(encoding="utf-8"))
    check_golden(GOLDEN / "folder-datapackage.json", json.dumps(package, ensure_ascii=False, indent=2))


def test_the_same_study_gives_the_same_bytes(study: Study, tmp_path: Path) -> None:
    write_study(study, tmp_path / "one", seconds=1.0)
    write_study(study, tmp_path / "two", seconds=2.0)
    one, two = bytes_of(tmp_path / "one"), bytes_of(tmp_path / "two")
    assert {n for n in one if one[n] != two[n]} == {"provenance.json"}
    first, second = (read_provenance(tmp_path / n) for n in ("one", "two"))
    assert {k for k in first if first[k] != second[k]} == {"when", "seal"}
    assert set(one) == set(two)


def test_runs_hold_the_bits_of_the_run(study: Study, written: Path) -> None:
    for outcome, (scenario, table) in zip(study.outcomes, read_runs(written, read_folder(written)), strict=True):
        frame = pd.read_parquet(written / "runs" / f"{scenario.file}.parquet")
        assert list(frame.columns) == table.column_names
        assert frame["scenario"].unique().tolist() == [outcome.name]
        columns = outcome.run.columns
        assert len(frame) == len(columns) * len(outcome.run.times)
        for n, column in enumerate(columns):
            part = frame[(frame["variable"] == column.variable.name) & (frame["element"] == column.element)]
            np.testing.assert_array_equal(part["value"].to_numpy(), outcome.run.table()[:, n])
            np.testing.assert_array_equal(part["time"].to_numpy(), outcome.run.times)
            assert set(part["unit"]) == {column.variable.units}
        jobs = frame[frame["variable"] == "jobs"]
        assert (jobs["District"].astype(str) + "," + jobs["Unit (dimension)"].astype(str) == jobs["element"]).all()
        assert frame[frame["variable"] == "gas use"]["District"].isna().all()


def test_the_table_of_runs_has_a_row_a_run(written: Path) -> None:
    table = pq.read_table(written / "runs.parquet")
    rows = table.to_pylist()
    assert [r["scenario"] for r in rows] == ["base", 'more: "50 %" <b>']
    assert [r["gas 2030"] for r in rows] == [34.5, 12.25]
    assert [r["extends"] for r in rows] == ["", "base"]
    assert math.isnan(rows[0]["never"])
    assert rows[1]["never"] is None
    assert table.schema.field("gas 2030").metadata == {b"unit": b"m3/Year"}


RESOURCE = {
    "type": "object",
    "required": ["name", "path", "profile", "format", "mediatype"],
    "properties": {
        "name": {"pattern": "^[a-z0-9._-]+$"},
        "path": {"pattern": r"^(?!/)(?!.*\.\.)"},
        "hash": {"pattern": "^sha256:[0-9a-f]{64}$"},
        "schema": {
            "type": "object",
            "required": ["fields"],
            "properties": {
                "fields": {
                    "type": "array",
                    "minItems": 1,
                    "items": {
                        "required": ["name", "type", "description"],
                        "properties": {"type": {"enum": ["string", "number", "boolean"]}},
                    },
                }
            },
        },
    },
}
PACKAGE = {
    "type": "object",
    "required": ["name", "title", "profile", "resources"],
    "properties": {
        "profile": {"const": "data-package"},
        "name": {"pattern": "^[a-z0-9._-]+$"},
        "resources": {"type": "array", "minItems": 1, "items": RESOURCE},
        "sources": {"type": "array", "items": {"required": ["title"]}},
    },
}
"""What Frictionless' version 1 asks of the parts we use, told anew."""


@pytest.mark.parametrize("comma", [False, True])
def test_the_package_describes_the_files(study: Study, tmp_path: Path, comma: bool) -> None:
    out = tmp_path / "out"
    write_study(study, out, decimal_comma=comma)
    package = json.loads((out / "datapackage.json").read_text(encoding="utf-8"))
    jsonschema.validate(package, PACKAGE)
    names = [r["name"] for r in package["resources"]]
    assert len(set(names)) == len(names)
    for resource in package["resources"]:
        data = (out / resource["path"]).read_bytes()
        if resource["format"] != "parquet":
            assert resource["bytes"] == len(data)
            assert resource["hash"] == f"sha256:{hashlib.sha256(data).hexdigest()}"
        fields = [f["name"] for f in resource.get("schema", {}).get("fields", [])]
        if resource["format"] == "csv":
            head, *rows = csv.reader(data.decode("utf-8-sig").splitlines(), delimiter=resource["dialect"]["delimiter"])
            assert head == fields
            kinds = {f["name"]: f for f in resource["schema"]["fields"]}
            for row in rows:
                for name, cell in zip(head, row, strict=True):
                    if cell and kinds[name]["type"] == "number":
                        float(cell.replace(kinds[name].get("decimalChar", "."), "."))
        elif resource["format"] == "parquet":
            assert pq.read_schema(out / resource["path"]).names == fields
    listed = {r["path"] for r in package["resources"]} | {"datapackage.json", "provenance.json"}
    assert listed == set(files_in(out))
    assert {(s["title"], s.get("licence")) for s in package["sources"]} == {
        ("Own counts", "CC0"),
        ("Gas of a city", "CC-BY-4.0"),
    }


def test_is_current_until_any_file_changes(study: Study, written: Path, tmp_path: Path) -> None:
    digest = digest_of(study)
    assert is_current(written, digest)
    assert not is_current(written, digest[::-1])
    assert not is_current(tmp_path / "nowhere", digest)
    for name in files_in(written):
        path = written / name
        data = path.read_bytes()
        path.write_bytes(data[:-2] + b" " + data[-2:])
        assert not is_current(written, digest), name
        assert changed_files(written) == (name,) if name != "provenance.json" else changed_files(written), name
        path.unlink()
        assert not is_current(written, digest), name
        path.write_bytes(data)
        assert is_current(written, digest)
    (written / "my notes.txt").write_text("mine", encoding="utf-8")
    assert is_current(written, digest)


def test_the_digest_is_of_what_decides_the_numbers(study: Study) -> None:
    digest = digest_of(study)
    moved = replace(study, inputs=tuple(replace(i, path=f"/elsewhere/{Path(i.path).name}") for i in study.inputs))
    assert digest_of(moved) == digest
    assert digest_of(replace(study, inputs=study.inputs[::-1])) == digest
    assert study_digest(study.inputs, study.settings, study.resolved) == digest
    others = [
        replace(study, settings={**study.settings, "time step": 0.25}),
        replace(study, resolved=study.resolved + " "),
        replace(study, inputs=study.inputs[:-1]),
        replace(study, inputs=(replace(study.inputs[0], sha256="0" * 64), *study.inputs[1:])),
    ]
    assert len({digest, *map(digest_of, others)}) == 5


class Stop(BaseException):
    """What an interrupt is like."""


def stop(*_: object, **__: object) -> None:
    raise Stop


@pytest.mark.parametrize(
    "where", ["package.package_of", "run_table", "sealed", "_keep_foreign", "_put_in_place", "draw"]
)
def test_an_interrupted_write_leaves_the_old_folder(
    study: Study, written: Path, monkeypatch: pytest.MonkeyPatch, where: str
) -> None:
    before = bytes_of(written)
    other = replace(study, title="Another")
    if where == "draw":
        with pytest.raises(Stop):
            write_study(other, written, draw=stop)
    else:
        monkeypatch.setattr(f"simengine.results.folder.{where}", stop)
        with pytest.raises(Stop):
            write_study(other, written)
    assert bytes_of(written) == before
    assert sorted(p.name for p in written.parent.iterdir()) == ["inputs", "out"]


@pytest.mark.parametrize("exchange", [True, False])
def test_a_folder_is_replaced(study: Study, written: Path, monkeypatch: pytest.MonkeyPatch, exchange: bool) -> None:
    if not exchange:
        monkeypatch.setattr(folder_room, "_exchange", lambda *_: False)
    (written / "notes").mkdir()
    (written / "notes" / "mine.txt").write_text("mine", encoding="utf-8")
    less = replace(study, title="Less", outcomes=study.outcomes[:1], scores=(), findings=(), history=(), maps=())
    listed = write_study(less, written)
    assert read_folder(written).title == "Less"
    assert not (written / "goals.csv").exists()
    assert (written / "notes" / "mine.txt").read_text(encoding="utf-8") == "mine"
    assert {p.relative_to(written).as_posix() for p in listed} == set(files_in(written)) - {"notes/mine.txt"}
    assert is_current(written, digest_of(less))
    assert sorted(p.name for p in written.parent.iterdir()) == ["inputs", "out"]


def test_a_failing_rename_puts_the_old_folder_back(
    study: Study, written: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(folder_room, "_exchange", lambda *_: False)
    before, rename, calls = bytes_of(written), Path.rename, []

    def second_fails(self: Path, target: Path) -> Path:
        calls.append(self)
        if len(calls) == 2:
            raise OSError(5, "no more disk")
        return rename(self, target)

    monkeypatch.setattr(Path, "rename", second_fails)
    with pytest.raises(InputError, match="no more disk"):
        write_study(study, written)
    assert bytes_of(written) == before
    assert sorted(p.name for p in written.parent.iterdir()) == ["inputs", "out"]


def test_what_is_not_ours_is_not_replaced(study: Study, tmp_path: Path) -> None:
    (tmp_path / "home").mkdir()
    (tmp_path / "home" / "thesis.txt").write_text("all I have", encoding="utf-8")
    with pytest.raises(InputError, match="no results of simengine"):
        write_study(study, tmp_path / "home")
    with pytest.raises(InputError, match="is a file"):
        write_study(study, tmp_path / "home" / "thesis.txt")
    assert files_in(tmp_path / "home") == ["thesis.txt"]
    (tmp_path / "empty").mkdir()
    write_study(study, tmp_path / "empty")
    assert read_folder(tmp_path / "empty") == record_of(study)


def test_a_study_that_does_not_fit_together_is_refused(study: Study, tmp_path: Path) -> None:
    wrong = {
        "no run": replace(study, indicators=(Indicator("gass use", "", ""),)),
        "no scenario": replace(study, base="bas"),
        "two scenarios": replace(study, outcomes=(study.outcomes[0], study.outcomes[0])),
        "save it too": replace(study, indicators=(replace(study.indicators[1], hidden_where="houses"),)),
    }
    for message, bad in wrong.items():
        with pytest.raises(InputError, match=message):
            write_study(bad, tmp_path / "out")
        assert not (tmp_path / "out").exists()


@given(st.lists(st.text(min_size=1, max_size=12), unique=True, max_size=8))
def test_names_of_files_are_safe_and_differ(names: list[str]) -> None:
    files = file_names(names)
    assert list(files) == names
    assert len({f.casefold() for f in files.values()}) == len(names)
    for file in files.values():
        assert file
        assert set(file) <= set("abcdefghijklmnopqrstuvwxyz0123456789_-")
        assert file not in {"con", "nul", "aux", "prn"}


def test_a_name_cannot_steal_the_file_of_another() -> None:
    taken = file_names(["Base", "base"])["base"]
    files = file_names(["Base", "base", taken])
    assert len(set(files.values())) == 3


@given(st.text(min_size=1, max_size=30))
def test_scenarios_of_any_name_are_written(tmp_path_factory: pytest.TempPathFactory, name: str) -> None:
    name = name.encode("utf-8", "ignore").decode()  # what a YAML file can hold
    if not name:
        return
    place = tmp_path_factory.mktemp("names") / "out"
    study = Study(name, (Outcome(name, name, some_run()),), indicators=(Indicator("gas use", name, name),))
    write_study(study, place)
    assert read_folder(place) == record_of(study)
    shutil.rmtree(place)


def test_provenance_says_what_it_was_made_with(study: Study, written: Path) -> None:
    found = read_provenance(written)
    assert found["digest"] == digest_of(study)
    assert [(i["role"], i["sha256"]) for i in found["inputs"]] == [(i.role, i.sha256) for i in study.inputs]
    assert found["libraries"]["numpy"] == np.__version__
    assert found["runs"]["base"] == {"method": "euler", "steps": 20, "backend": "native"}
    assert set(found["files"]) == set(files_in(written)) - {"provenance.json"}
    assert len(SAVED.columns) == 11


def test_a_map_that_is_not_there_is_said(study: Study, tmp_path: Path) -> None:
    lost = replace(study, maps=(replace(study.maps[0], path="nowhere.geojson"),))
    with pytest.raises(InputError, match=r"the map `nowhere.geojson` cannot be read: No such file"):
        write_study(lost, tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_history_is_named_and_scaled_as_the_indicator(study: Study) -> None:
    other = replace(study, history=(replace(study.history[0], column="GAS_Use"),))
    assert record_of(other).history == record_of(study).history
    assert record_of(study).history[0].column == "gas use"
    assert record_of(study).history[0].values == (500.0, 250.0)
