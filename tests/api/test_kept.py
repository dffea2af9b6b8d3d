"""Models kept on disk: a second load gives what the first gave, and nothing that has changed since is believed."""

from __future__ import annotations

import os
import pickle
import subprocess
import sys
import warnings
from multiprocessing import get_context
from pathlib import Path

import numpy as np
import openpyxl
import pytest

import simengine as se
from simengine.api import load as loading
from simengine.kernel import cache
from simengine.program.digest import digest_of
from simengine.program.program import Program
from simengine.source.late import Late
from simengine.source.packed import unpack
from tests.api.model_text import CONTROL
from tests.conformance.test_cases import cases, data_of
from tests.conftest import SHARED
from tests.language.xmile.build import aux, document

MODELS = sorted({c["model"] for c in cases()})


@pytest.fixture(autouse=True)
def own_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("SIMENGINE_CACHE", str(tmp_path / "cache"))
    return tmp_path / "cache"


@pytest.fixture
def compiled(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Return a list that grows by one at every model that is compiled anew."""
    made: list[str] = []
    compile_model = loading.compile_model

    def counting(definition, *more):  # type: ignore[no-untyped-def]
        made.append(definition.name)
        return compile_model(definition, *more)

    monkeypatch.setattr(loading, "compile_model", counting)
    return made


def write(folder: Path, equations: str) -> Path:
    path = folder / "model.mdl"
    path.write_text("{UTF-8}\n" + equations + CONTROL, encoding="utf-8")
    return path


def said(model: se.Model) -> list[tuple[object, ...]]:
    return [(str(d), d.severity, d.label, d.help, d.line, d.column) for d in model.diagnostics]


def described(program: Program) -> list[tuple[object, ...]]:
    return [
        (v.name, v.key, v.first, v.axes, v.units, v.documentation, v.hidden, v.lookup)
        + (() if v.defined is None else tuple(v.defined.ravel().tolist()))
        for v in program.variables
    ]


def values(model: se.Model) -> bytes:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        frame = model.run().to_dataframe()
    numbers = np.asarray(frame, dtype=np.float64)
    return repr(list(frame.columns)).encode() + np.where(np.isnan(numbers), np.nan, numbers).tobytes()


@pytest.mark.skipif(not MODELS and not os.environ.get("CI"), reason="the conformance models are not there")
@pytest.mark.parametrize("name", MODELS)
def test_a_kept_model_is_the_model(name: str, compiled: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    path = SHARED / "conformance" / name
    data = data_of(next(c for c in cases() if c["model"] == name), path.parent)
    own = os.environ["SIMENGINE_CACHE"]
    monkeypatch.setenv("SIMENGINE_CACHE", "")
    plain = se.load(str(path), data=data)
    monkeypatch.setenv("SIMENGINE_CACHE", own)
    first, again = se.load(str(path), data=data), se.load(str(path), data=data)
    assert len(compiled) == 2  # plain and first, not again
    assert said(plain) == said(first) == said(again)
    assert values(plain) == values(first) == values(again)
    assert repr(tuple(plain.definition.variables)) == repr(tuple(again.definition.variables))  # NaN is NaN
    assert digest_of(plain.program) == digest_of(again.program)
    assert described(plain.program) == described(again.program)
    assert [str(d) for d in plain.check()] == [str(d) for d in again.check()]


def test_nothing_is_unpacked_that_a_run_does_not_need(tmp_path: Path) -> None:
    path = write(tmp_path, "x=INTEG(-x/time to fall,1)~~|\ntime to fall=3~~|\n")
    se.load(path).run()
    model = se.load(path)
    model.run()
    for part in (model.definition.variables, model.program.step, model.program.initial):
        assert isinstance(part, Late)
        assert part._make is not None
    assert [v.name for v in model.definition.variables][:2] == ["x", "time to fall"]


def test_warnings_come_again(tmp_path: Path, compiled: list[str]) -> None:
    path = write(tmp_path, "x=INTEG(-x,1)~~|\nunused~m~|\n")
    first, again = se.load(path), se.load(path)
    assert len(compiled) == 1
    assert [d.code for d in again.diagnostics] == [d.code for d in first.diagnostics] == ["missing-data"]
    assert said(first) == said(again)
    assert again.diagnostics[0].span is not None
    assert again.diagnostics[0].span.file is again.definition.file


def test_a_changed_model_is_read_anew(tmp_path: Path, compiled: list[str]) -> None:
    for number in (1, 2, 1):
        assert se.load(write(tmp_path, f"x={number}~~|\n")).run()["x"].values[0] == number
    assert len(compiled) == 2


def test_a_changed_book_is_read_anew(tmp_path: Path, compiled: list[str]) -> None:
    path = write(tmp_path, "x=GET XLS CONSTANTS('book.xlsx','s','A1')~~|\n")
    for number in (1, 2):
        book = openpyxl.Workbook()
        book.active.title = "s"
        book.active["A1"] = number
        book.save(tmp_path / "book.xlsx")
        for _ in range(2):
            assert se.load(path).run()["x"].values[0] == number
    assert len(compiled) == 2


def test_changed_data_are_read_anew(tmp_path: Path, compiled: list[str]) -> None:
    path, data = write(tmp_path, "x~~|\ny=x~~|\n"), tmp_path / "data.csv"
    for number in (1, 2):
        data.write_text(f"time,x\n0,{number}\n9,{number}\n")
        for _ in range(2):
            assert se.load(path, data=[data]).run()["y"].values[0] == number
    assert len(compiled) == 2


def test_a_file_that_now_comes_first_is_read(
    tmp_path: Path, compiled: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    work = tmp_path / "work"
    work.mkdir()
    monkeypatch.chdir(work)
    path = write(tmp_path, "x~~|\ny=x~~|\n")
    (tmp_path / "data.csv").write_text("time,x\n0,1\n9,1\n")
    assert se.load(path, data="data.csv").run()["y"].values[0] == 1  # found beside the model
    (work / "data.csv").write_text("time,x\n0,2\n9,2\n")
    assert se.load(path, data="data.csv").run()["y"].values[0] == 2
    assert len(compiled) == 2


def test_a_folder_that_is_there_now_is_looked_into(
    tmp_path: Path, compiled: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    work = tmp_path / "work"
    work.mkdir()
    monkeypatch.chdir(work)
    path = write(tmp_path, "x~~|\ny=x~~|\n")
    for folder, name, number in ((tmp_path / "sub", "data.csv", 1), (work / "sub", "Data.csv", 2)):
        folder.mkdir()
        (folder / name).write_text(f"time,x\n0,{number}\n9,{number}\n")
        assert se.load(path, data="sub/data.csv").run()["y"].values[0] == number
    assert len(compiled) == 2


def test_a_book_is_read_anew_by_another_version_of_its_library(
    tmp_path: Path, compiled: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    import importlib.metadata

    path = write(tmp_path, "x=GET XLS CONSTANTS('book.xlsx','s','A1')~~|\n")
    book = openpyxl.Workbook()
    book.active.title = "s"
    book.active["A1"] = 1
    book.save(tmp_path / "book.xlsx")
    for version in ("1.0", "1.0", "2.0"):
        monkeypatch.setattr(importlib.metadata, "version", lambda name, version=version: f"{name} {version}")
        assert se.load(path).run()["x"].values[0] == 1
    assert len(compiled) == 2


def test_data_given_one_after_another_are_read(tmp_path: Path) -> None:
    path, data = write(tmp_path, "x~~|\ny=x~~|\n"), tmp_path / "data.csv"
    data.write_text("time,x\n0,3\n9,3\n")
    for _ in range(2):
        assert se.load(path, data=(one for one in [data])).run()["y"].values[0] == 3  # type: ignore[arg-type]


@pytest.mark.skipif(sys.platform != "linux", reason="names of files there are texts")
def test_a_name_that_is_no_text_is_a_name(tmp_path: Path, compiled: list[str]) -> None:
    path = os.path.join(os.fsdecode(tmp_path), os.fsdecode(b"\xff.mdl"))  # noqa: PTH118
    Path(path).write_text("{UTF-8}\nx=4~~|\n" + CONTROL, encoding="utf-8")
    for _ in range(2):
        assert se.load(path).run()["x"].values[0] == 4
    assert len(compiled) == 1


def test_what_is_no_path_is_no_model() -> None:
    with pytest.raises(se.ModelError, match="no file"):
        se.load("a\0b.mdl")


def test_a_changed_include_is_read_anew(tmp_path: Path, compiled: list[str]) -> None:
    path = tmp_path / "main.xmile"
    include = "<includes><include resource='other.xmile'/></includes></header>"
    path.write_text(document(aux("y", "twice(3)")).replace("</header>", include), encoding="utf-8")
    for number in (2, 4):
        macro = f'<macro name="twice"><parm>a</parm><eqn>a*{number}</eqn></macro>'
        other = f'<xmile version="1.0" xmlns="http://docs.oasis-open.org/xmile/ns/XMILE/v1.0">{macro}</xmile>'
        (tmp_path / "other.xmile").write_text(other, encoding="utf-8")
        for _ in range(2):
            assert se.load(path).run()["y"].values[0] == 3 * number
    assert len(compiled) == 2


def test_other_data_and_other_paths_are_other_models(tmp_path: Path, compiled: list[str]) -> None:
    path = write(tmp_path, "x~~|\ny=x~~|\n")
    for number in (1, 2):
        (tmp_path / f"{number}.csv").write_text(f"time,x\n0,{number}\n9,{number}\n")
        assert se.load(path, data=[tmp_path / f"{number}.csv"]).run()["y"].values[0] == number
    (tmp_path / "copy.mdl").write_bytes(path.read_bytes())
    assert se.load(tmp_path / "copy.mdl", data=[tmp_path / "1.csv"]).name == "copy"
    assert len(compiled) == 3


def test_a_wrong_model_is_told_every_time(tmp_path: Path, own_folder: Path) -> None:
    path = write(tmp_path, "x=y~~|\n")
    for _ in range(2):
        with pytest.raises(se.ModelError):
            se.load(path)
    assert not list(own_folder.glob("*.model"))


@pytest.mark.parametrize("junk", [b"", b"junk" * 30, pickle.dumps(os.getcwd)])
def test_junk_with_a_right_seal_is_not_believed(
    tmp_path: Path, own_folder: Path, compiled: list[str], junk: bytes
) -> None:
    path = write(tmp_path, "x=1~~|\n")
    se.load(path)
    (entry,) = own_folder.glob("*.model")
    cache.store(entry.stem, junk, cache.MODEL)
    assert se.load(path).run()["x"].values[0] == 1
    assert len(compiled) == 2


def test_only_values_are_unpacked() -> None:
    for foreign in (os.system, subprocess.Popen, np.load, se.load):
        with pytest.raises(ValueError, match="is no value"):
            unpack(pickle.dumps(foreign))


def test_a_folder_that_cannot_be_written_stops_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("SIMENGINE_CACHE", str(tmp_path / "file" / "below"))
    path = write(tmp_path, "x=1~~|\n")
    for _ in range(2):
        assert se.load(path).run()["x"].values[0] == 1


def test_nothing_is_kept_where_that_is_not_wanted(
    tmp_path: Path, own_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SIMENGINE_CACHE", "")
    se.load(write(tmp_path, "x=1~~|\n")).run()
    assert not own_folder.exists()


def _load_often(path: str, folder: str) -> None:
    os.environ["SIMENGINE_CACHE"] = folder
    for _ in range(5):
        assert se.load(path).run()["x"].values[0] == 7


def test_processes_may_load_at_once(tmp_path: Path, own_folder: Path) -> None:
    path = write(tmp_path, "x=7~~|\n")
    context = get_context("spawn")
    workers = [context.Process(target=_load_often, args=(str(path), str(own_folder))) for _ in range(3)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join(120)
    assert [w.exitcode for w in workers] == [0, 0, 0]


def test_another_process_finds_model_and_code(tmp_path: Path, own_folder: Path) -> None:
    path = write(tmp_path, "x=INTEG(-x/3,1)~~|\nz=RANDOM NORMAL(0,1,0,1,3)~~|\nq=DELAY FIXED(z,2,0)~~|\n")
    code = "import sys, simengine as se; print(se.load(sys.argv[1]).run().to_dataframe().to_numpy().tobytes().hex())"
    seen = []
    for hashing in ("1", "2"):  # whatever the order of sets
        given = {**os.environ, "PYTHONHASHSEED": hashing}
        done = subprocess.run(
            [sys.executable, "-c", code, str(path)], capture_output=True, text=True, env=given, check=True
        )
        seen.append((done.stdout, sorted(p.name for p in own_folder.iterdir())))
    assert seen[0] == seen[1]
