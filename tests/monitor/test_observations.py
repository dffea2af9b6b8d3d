"""New observations: appended as they are, or refused with the one right error and nothing written."""

from __future__ import annotations

import json
import multiprocessing
from collections.abc import Sequence
from pathlib import Path

import pytest

from simengine.cli.main import main
from simengine.monitor import watch
from simengine.monitor.goals import GoalReach
from simengine.monitor.note import Note
from simengine.monitor.observations import Observation, append_rows, newest
from simengine.monitor.plan import MonitorPlan, read_monitoring
from tests.monitor.conftest import MODEL, MONITORING, SCENARIOS, SEEN, Town

HEAD = "variable,element,time,value,unit,vintage\n"


def add(path: Path, rows: str, head: str = HEAD) -> tuple[int, str]:
    """Append rows; return the exit code and what the file of observations holds then."""
    new = path.parent / "new.csv"
    new.write_text(head + rows, encoding="utf-8")
    return main(["monitor", str(path), "--add", str(new), "--json"]), (path.parent / "seen.csv").read_text("utf-8")


def test_rows_are_appended_behind_the_others(town: Town, capsys: pytest.CaptureFixture[str]) -> None:
    code, text = add(town(), "gas use,,2023,4135000,,2025\ngas use,,2024,3.93,1e6 m3/year,\n")
    assert code == 0
    assert text == SEEN + "gas use,,2023,4135000,,2025\ngas use,,2024,3.93,1e6 m3/year,\n"
    data = json.loads(capsys.readouterr().out)
    assert data["added"] == 2
    (gas,) = data["indicators"]
    assert gas["times"] == [2023.0, 2024.0]
    assert gas["observed"] == pytest.approx([4.135, 3.93])  # the newer vintage, and in the indicator's unit


@pytest.mark.parametrize(
    ("rows", "code", "line", "column"),
    [
        ("gas us,,2024,1,,", "unknown-name", 2, 1),
        ("bad homes,,2024,1,,", "not-one-value", 2, 1),
        ("bad homes,west,2024,1,,", "unknown-subscript", 2, 11),
        ("gas use,,2024,many,,", "bad-cell", 2, 15),
        ("gas use,,2024,nan,,", "bad-cell", 2, 15),
        ("gas use,,soon,1,,", "bad-cell", 2, 10),
        ("gas use,,2024,1,home,", "unit-mismatch", 2, 17),
        ("gas use,,2023,1,,", "duplicate-observation", 2, 1),
        ("gas use,,2024,1,,\ngas use,,2024,2,,", "duplicate-observation", 3, 1),
        ("gas use,,2025,1,,\ngas use,,2024,2,,", "wrong-order", 3, 10),
        ("gas use,,2020,1,,", "wrong-order", 2, 10),
        ("gas use,,2024,1,,,7", "bad-row", 2, 1),
    ],
)
def test_wrong_rows_give_one_error_and_write_nothing(
    town: Town, capsys: pytest.CaptureFixture[str], rows: str, code: str, line: int, column: int
) -> None:
    path = town()
    before = sorted(p.name for p in path.parent.iterdir())
    assert add(path, rows + "\n") == (1, SEEN)
    (found,) = json.loads(capsys.readouterr().out)["diagnostics"]
    assert (found["code"], found["line"], found["column"]) == (code, line, column), found["message"]
    assert Path(found["file"]).name == "new.csv"
    assert sorted(p.name for p in path.parent.iterdir()) == sorted([*before, "new.csv"])


def test_a_column_that_is_missing_is_said(town: Town, capsys: pytest.CaptureFixture[str]) -> None:
    assert add(town(), "gas use,2024\n", "variable,time\n") == (1, SEEN)
    (found,) = json.loads(capsys.readouterr().out)["diagnostics"]
    assert (found["code"], found["line"]) == ("missing-column", 1)


def test_a_file_is_begun_where_there_is_none(town: Town, capsys: pytest.CaptureFixture[str]) -> None:
    path = town()
    (path.parent / "seen.csv").unlink()
    code, text = add(path, "gas use,,2023,4130000,m3/year,\n")
    assert code == 0, capsys.readouterr().out
    assert text.splitlines()[0] == "model,variable,element,time,value,unit,quality,source,vintage"
    plan, _ = read_monitoring(path)
    assert plan is not None
    assert [(o.column, o.time, o.value) for o in plan.observations] == [("gas use", 2023.0, 4130000.0)]


def test_what_was_known_goes_by_vintages(town: Town) -> None:
    plan, _ = read_monitoring(town(seen=SEEN + "gas use,,2022,4300000,m3/year,2024\n"))
    assert plan is not None
    at_2022 = {o.time: o.value for o in newest(plan.observations, 2022.0)}
    now = {o.time: o.value for o in newest(plan.observations)}
    assert at_2022 == {2021.0: 4565000.0, 2022.0: 4340000.0}
    assert now == {2021.0: 4565000.0, 2022.0: 4300000.0, 2023.0: 4130000.0}


def test_scenario_files_use_the_newest_vintage_too(town: Town) -> None:
    """A file that observations are appended to may be one of the data of the scenario file."""
    more = "data: {seen: {file: seen.csv}}\n"
    rows = "gas use,,2022,4300000,m3/year,2024\ngas use,,2022,4310000,m3/year,2023\n"
    plan, found = read_monitoring(town(seen=SEEN + rows, town_yaml=SCENARIOS + more))
    assert plan is not None, found
    (history,) = plan.plan.history
    assert dict(zip(history.times, history.values, strict=True)) == {
        2021.0: 4565000.0, 2022.0: 4300000.0, 2023.0: 4130000.0,
    }  # fmt: skip
    assert len(plan.observations) == 5  # told once, with all vintages


def test_rows_that_cannot_be_judged_are_not_appended(town: Town, capsys: pytest.CaptureFixture[str]) -> None:
    """The plan is judged with the new rows first: too many of runs that all fail, say."""
    failing = MODEL.replace("gas per home = 1200", "gas per home = 1200 + 0 * SQRT(insulation rate - 0.05)")
    scenarios = SCENARIOS.replace("  gas per home: {normal: [1200 m3/home/year, 60 m3/home/year]}",
                                  "  insulation rate: {uniform: [0.01, 0.04]}")  # fmt: skip
    path = town(town_mdl=failing, town_yaml=scenarios)
    assert add(path, "gas use,,2024,3930000,,\n") == (1, SEEN)
    assert "runs of the ensemble failed" in capsys.readouterr().out


def test_a_zero_with_a_relative_error_only_is_refused(town: Town, capsys: pytest.CaptureFixture[str]) -> None:
    with_state = MONITORING + "state: [bad homes]\n"
    assert add(town(with_state), "gas use,,2024,0,,\n") == (1, SEEN)
    (found,) = json.loads(capsys.readouterr().out)["diagnostics"]
    assert (found["code"], found["line"], Path(found["file"]).name) == ("error-of-zero", 2, "new.csv")
    both = with_state.replace("{relative: 2 %}", "{relative: 2 %, absolute: 1e4 m3/year}")
    code, _ = add(town(both), "gas use,,2024,0,,\n")
    assert code == 0


def test_two_at_once_lose_no_row(town: Town) -> None:
    path = town()
    file = path.parent / "seen.csv"
    context = multiprocessing.get_context("spawn")
    workers = [context.Process(target=append_each, args=(file, 2030 + 100 * n)) for n in range(2)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    assert [worker.exitcode for worker in workers] == [0, 0]
    times = sorted(int(line.split(",")[2]) for line in file.read_text(encoding="utf-8").splitlines()[4:])
    assert times == sorted(2030 + 100 * n + k for n in range(2) for k in range(40))


def append_each(file: Path, first: int) -> None:
    """Append forty rows, one by one."""
    for k in range(40):
        assert append_rows(file, [{"variable": "gas use", "time": str(first + k), "value": "1"}])


def test_rows_are_judged_anew_where_another_was_faster(
    town: Town, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """The other has appended the same year while the plan was judged: then it is known already."""
    path = town()
    real = watch.find_reach

    def slow(plan: MonitorPlan, latest: Sequence[Observation]) -> tuple[tuple[GoalReach, ...], tuple[Note, ...]]:
        file = path.parent / "seen.csv"
        if "2024" not in file.read_text(encoding="utf-8"):
            append_rows(file, [{"variable": "gas use", "time": "2024", "value": "3.9e6"}])
        return real(plan, latest)

    monkeypatch.setattr(watch, "find_reach", slow)
    code, text = add(path, "gas use,,2024,3930000,,\n")
    assert (code, text) == (1, SEEN + "gas use,,2024,3.9e6,,\n")
    (found,) = json.loads(capsys.readouterr().out)["diagnostics"]
    assert found["code"] == "duplicate-observation"


def test_a_folder_of_other_results_is_refused_and_nothing_appended(
    town: Town, capsys: pytest.CaptureFixture[str]
) -> None:
    path = town()
    new, other = path.parent / "new.csv", path.parent / "swept"
    new.write_text(HEAD + "gas use,,2024,3930000,,\n", encoding="utf-8")
    other.mkdir()
    (other / "index.html").write_text("a sweep", encoding="utf-8")
    call = ["monitor", str(path), "--add", str(new), "--out"]
    assert main([*call, str(other)]) == 1
    assert "holds files" in capsys.readouterr().err
    assert [p.name for p in other.iterdir()] == ["index.html"]
    assert (path.parent / "seen.csv").read_text(encoding="utf-8") == SEEN
    assert main([*call, str(path.parent / "out")]) == 0
    assert main(["monitor", str(path), "--out", str(path.parent / "out")]) == 0  # its own is written anew
