"""`simengine sweep` as people and scripts use it: tables, JSON, exit codes, errors."""

from __future__ import annotations

import json
import re
import signal
import subprocess
import sys
import time
from pathlib import Path
from types import SimpleNamespace

import pandas as pd
import pytest

from simengine.cli.main import main
from tests.conftest import ROOT
from tests.golden import check_golden
from tests.sweep.conftest import HERE, files_of

GOLDEN = HERE / "golden"


@pytest.fixture
def here(pond: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return the folder of the pond, which is the current one."""
    monkeypatch.chdir(pond)
    return pond


def sweep(*arguments: str) -> int:
    """Run the command without what is learned and drawn."""
    return main(["sweep", "pond.yaml", "--no-learn", "--no-draw", *arguments])


def test_it_shows_indicators_goals_and_failures(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert sweep("--sweep", "wide", "--runs", "120") == 3
    said = capsys.readouterr()
    told = [line for line in said.err.splitlines() if not line.startswith("{")]
    check_golden(GOLDEN / "table.txt", f"{said.out}--- stderr\n" + "\n".join(told))
    lines = [json.loads(line) for line in said.err.splitlines() if line.startswith("{")]
    assert {"event", "runs_done", "runs_wanted", "runs_per_second", "seconds_left", "failed"} <= set(lines[0])
    assert max(line.get("runs_done", 0) for line in lines) == 360
    failures = pd.read_csv(here / "results" / "pond-wide" / "failures.csv")
    assert set(failures["variable"]) == {"depth of pond"}

    assert sweep("--sweep", "wide", "--runs", "120") == 3
    again = capsys.readouterr()
    assert again.out == said.out
    assert "is up to date" in again.err
    assert "all are there" in again.err


def test_json_is_all_on_stdout_and_progress_on_stderr(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert sweep("--sweep", "few", "--json", "--out", "out", "--workers", "1") == 3
    said = capsys.readouterr()
    told = json.loads(said.out)
    assert told["runs"] == 16 * (4 + 2)
    assert [s["name"] for s in told["scenarios"]] == ["base", "cut"]
    assert sum(s["failed"] for s in told["scenarios"]) == len(pd.read_csv("out/failures.csv"))
    assert {g["indicator"] for g in told["goals"]} == {"water at the end", "dry"}
    assert [json.loads(line)["event"] for line in said.err.splitlines()][0] == "plan"
    assert main(["sweep", "pond.yaml", "--sweep", "none", "--json"]) == 1
    assert json.loads(capsys.readouterr().out)["diagnostics"][0]["code"] == "bad-input"


def test_parts_are_put_together_by_the_same_command(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert sweep("--sweep", "few", "--out", "whole") == 3
    for part in ("2/2", "1/2"):
        assert sweep("--sweep", "few", "--out", "parts", "--shard", part) == 0
    assert not Path("parts/runs.parquet").exists()
    capsys.readouterr()
    assert sweep("--sweep", "few", "--out", "parts") == 3
    assert "all are there" in capsys.readouterr().err
    assert files_of(Path("parts")) == files_of(Path("whole"))


WRONG = {
    "no-name": ["sweep", "pond.yaml"],
    "other-name": ["sweep", "pond.yaml", "--sweep", "wid"],
    "no-sweeps": ["sweep", "plain.yaml"],
    "a-model": ["sweep", "pond.mdl"],
    "no-file": ["sweep", "ponds.yaml"],
    "no-runs": ["sweep", "pond.yaml", "--sweep", "wide", "--runs", "0"],
    "bad-part": ["sweep", "pond.yaml", "--sweep", "wide", "--shard", "4/3"],
    "part-until": ["sweep", "pond.yaml", "--sweep", "wide", "--shard", "1/3", "--until-ci", "0.1"],
    "workers-and-cluster": ["sweep", "pond.yaml", "--workers", "2", "--cluster", "c.yaml"],
    "foreign-folder": ["sweep", "pond.yaml", "--sweep", "wide", "--out", "."],
    "a-file": ["sweep", "pond.yaml", "--sweep", "wide", "--out", "pond.mdl"],
    "share-of-no-goal": ["sweep", "share.yaml"],
    "iamc": ["export", "made", "--to", "iamc"],
    "geojson": ["export", "made", "--to", "geojson"],
    "wide-csv": ["export", "made", "--to", "csv", "--wide"],
    "other-scenario": ["export", "made", "--to", "csv", "--scenario", "bse"],
}


def test_errors_say_what_was_expected(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    text = (here / "pond.yaml").read_text(encoding="utf-8")
    plain = re.sub(r"(?ms)^sweeps:.*?(?=^draw)", "", text)
    (here / "plain.yaml").write_text(plain, encoding="utf-8")
    (here / "share.yaml").write_text(text.replace("share_of_runs: water at the end", "share_of_runs: low"))
    assert sweep("--sweep", "few", "--out", "made") == 3
    capsys.readouterr()
    parts = []
    for name, arguments in WRONG.items():
        code = main(arguments)
        said = capsys.readouterr()
        assert code in {1, 2}, name
        assert "Traceback" not in said.err
        parts.append(f"$ simengine {' '.join(arguments)}\n{said.out}{said.err}exit code {code}\n")
    check_golden(GOLDEN / "errors.txt", "\n".join(parts))


def test_a_disk_that_is_too_small_is_told_before(
    here: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("shutil.disk_usage", lambda _: SimpleNamespace(free=10**6))
    assert sweep("--sweep", "wide", "--runs", "100000") == 1
    said = capsys.readouterr().err
    assert re.search(r"takes up to \d+ MB, and the disk of `results/pond-wide` has 1\.0 MB: keep fewer", said)
    assert not Path("results/pond-wide/shards").exists()


@pytest.mark.parametrize("kept", ["all", "kpis", "none"])
def test_it_takes_no_more_room_than_was_told(here: Path, kept: str, capsys: pytest.CaptureFixture[str]) -> None:
    from simengine.sweep.disk import find_room
    from simengine.sweep.study import load_sweep

    text = (here / "pond.yaml").read_text(encoding="utf-8")
    (here / "pond.yaml").write_text(text.replace("runs: all", f"runs: {kept}"), encoding="utf-8")
    told = find_room(load_sweep("pond.yaml", "wide", 2500), 7500, here).needed
    assert sweep("--sweep", "wide", "--runs", "2500", "--out", "out") == 3
    taken = sum(len(v) for n, v in files_of(Path("out")).items() if n.endswith(".parquet"))
    assert taken < told < 20 * taken


def test_an_interrupt_ends_it_within_a_moment_and_keeps_what_is_done(here: Path) -> None:
    command = [sys.executable, "-m", "simengine.cli.main", "sweep", str(here / "pond.yaml"), "--sweep", "wide"]
    command += ["--runs", "2000000", "--out", str(here / "out"), "--no-learn", "--no-draw"]
    process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    assert process.stderr is not None
    for line in process.stderr:
        if '"event": "shard"' in line:
            break
    process.send_signal(signal.SIGINT)
    _, said = process.communicate(timeout=60)
    assert process.returncode == 130
    assert "keeps what is finished; the same command goes on" in said
    assert "Traceback" not in said
    assert list((here / "out" / "shards").glob("*/*.done"))
    assert not list((here / "out").rglob("*.draft"))


def test_export_forms(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    import xarray as xr

    import simengine as se

    assert sweep("--sweep", "few", "--out", "made") == 3
    result = se.read_sweep("made")
    for form, name in (("csv", "made.csv"), ("parquet", "made.parquet"), ("netcdf", "made.nc"), ("excel", "made.xlsx")):
        assert main(["export", "made", "--to", form]) == 0
        assert Path(name).is_file()
    runs = pd.read_csv("made.csv", keep_default_na=True)
    assert runs["low"].tolist() == pytest.approx(result.runs()["low"].tolist(), rel=0, nan_ok=True)
    series = pd.read_parquet("made.parquet")
    assert len(series) == 2 * result.size * result.times.size
    with xr.open_dataset("made.nc") as data:
        assert dict(data.sizes) == {"scenario": 2, "run": result.size, "time": result.times.size}
    sheets = pd.read_excel("made.xlsx", sheet_name=None, engine="openpyxl")
    assert {"goals", "indicators", "runs", "quantiles", "failures"} <= set(sheets)
    assert main(["export", "made", "--to", "csv", "--scenario", "cut", "--out", "cut.csv"]) == 0
    assert set(pd.read_csv("cut.csv")["scenario"]) == {"cut"}
    capsys.readouterr()


def test_check_knows_sweeps(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["check", "pond.yaml"]) == 0
    text = (here / "pond.yaml").read_text(encoding="utf-8")
    (here / "pond.yaml").write_text(text.replace("scenarios: [base, cut, dam]", "scenarios: [base, cute]"))
    assert main(["check", "pond.yaml"]) == 1
    assert "did you mean `cut`" in capsys.readouterr().err


def test_time_goes_on_between(here: Path) -> None:
    """A folder says nothing of when it was made."""
    assert sweep("--sweep", "few", "--out", "one") == 3
    time.sleep(1.1)
    assert sweep("--sweep", "few", "--out", "two") == 3
    assert files_of(Path("one")) == files_of(Path("two"))


def test_runs_are_doubled_until_they_are_enough(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    pytest.importorskip("simengine.sweep.learn")
    command = ["sweep", "pond.yaml", "--sweep", "few", "--no-draw", "--out", "grown"]
    assert main([*command, "--until-ci", "0.5", "--runs", "6144"]) == 3
    said = capsys.readouterr()
    notes = [json.loads(line)["text"] for line in said.err.splitlines() if '"event": "note"' in line]
    found = [
        re.fullmatch(r"([\d,]+) runs of each scenario: the widest interval is that of the .*: \+-(.*)", n)
        for n in notes
    ]
    widths = {int(f[1].replace(",", "")): float(f[2]) for f in found if f}
    assert list(widths) == [768 * 2**n for n in range(len(widths))]
    assert all(width > 0.5 for width in list(widths.values())[:-1])
    assert list(widths.values())[-1] <= 0.5
    last = str(list(widths)[-1])
    assert main(["sweep", "pond.yaml", "--sweep", "few", "--no-draw", "--out", "once", "--runs", last]) == 3
    assert files_of(Path("grown")) == files_of(Path("once"))


def test_a_design_that_cannot_grow_is_not_waited_for(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    text = (
        (here / "pond.yaml")
        .read_text(encoding="utf-8")
        .replace("sample: sobol, n: 16, seed: 4", "sample: grid, levels: 2")
    )
    (here / "pond.yaml").write_text(text, encoding="utf-8")
    assert main(["sweep", "pond.yaml", "--sweep", "few", "--until-ci", "0.1"]) == 1
    assert "a design of kind `grid` cannot grow" in capsys.readouterr().err


def test_growth_tells_what_is_there(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert sweep("--sweep", "wide", "--runs", "50", "--out", "out") == 3
    capsys.readouterr()
    assert sweep("--sweep", "wide", "--runs", "80", "--out", "out") == 3
    said = capsys.readouterr().err
    assert "240 runs, each with 1 run of what it is compared with; 150 are there, 90 to be made" in said
    lines = [json.loads(line) for line in said.splitlines() if '"event": "shard"' in line]
    assert max(line["runs_done"] for line in lines) == 90
