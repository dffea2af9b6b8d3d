"""The command from outside: how quickly it starts, signals, pipes, encodings, faults."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from simengine.cli import main as entry
from simengine.cli.main import main

ROOT = Path(__file__).resolve().parents[2]
TEACUP = str(ROOT / "tests" / "models" / "teacup.mdl")
COMMAND = [sys.executable, "-m", "simengine.cli.main"]
LONG = "{UTF-8}\nx = INTEG(SIN(x) * COS(TAN(x)) * ARCTAN(EXP(SIN(x))) ^ 1.3, 1) ~~|\nINITIAL TIME=0~~|\nFINAL TIME=99000000~~|\nTIME STEP=1~~|\nSAVEPER=1000000~~|\n"


def environment(**more: str) -> dict[str, str]:
    return {**os.environ, "PYTHONPATH": str(ROOT), **more}


def run(*arguments: str, **env: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [*COMMAND, *arguments], capture_output=True, text=True, encoding="utf-8", env=environment(**env), check=False
    )


@pytest.mark.parametrize(
    "arguments", [["--help"], ["--version"], ["run", "--help"], ["check", "--help"], ["compare", "--help"]]
)
def test_help_is_there(arguments: list[str]) -> None:
    assert run(*arguments).returncode == 0


def test_help_imports_no_numerical_library() -> None:
    script = (
        "import sys, contextlib, io\nfrom simengine.cli.main import main\n"
        "with contextlib.redirect_stdout(io.StringIO()):\n    main(['--help'])\n    main(['run', '--help'])\n"
        "print([m for m in ('numpy', 'scipy', 'pandas', 'xarray', 'pyarrow') if m in sys.modules])"
    )
    found = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, env=environment(), check=True
    )
    assert found.stdout.strip() == "[]"


def test_a_run_to_csv_imports_no_frames() -> None:
    script = (
        "import sys, contextlib, io\nfrom simengine.cli.main import main\n"
        f"with contextlib.redirect_stdout(io.StringIO()):\n    main(['run', {TEACUP!r}])\n"
        "print([m for m in ('scipy', 'pandas', 'xarray', 'pyarrow') if m in sys.modules])"
    )
    found = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, env=environment(), check=True
    )
    assert found.stdout.strip() == "[]"


def test_a_pipe_gets_all_values_as_csv() -> None:
    found = run("run", TEACUP)
    lines = found.stdout.splitlines()
    assert lines[0].startswith("time,Teacup Temperature,")
    assert len(lines) == 242
    assert found.stderr == ""


def wait_until_at_work(process: subprocess.Popen[str], seconds: float = 1.5) -> None:
    """Wait until a process has worked so long that it must have begun its run, however busy the machine is."""
    status = Path(f"/proc/{process.pid}/stat")
    if not status.exists():  # not Linux
        time.sleep(seconds)
        return
    ends = time.monotonic() + 60
    while time.monotonic() < ends and process.poll() is None:
        used = status.read_text().rsplit(")", 1)[1].split()[11:13]  # proc(5): utime and stime
        if sum(map(int, used)) / os.sysconf("SC_CLK_TCK") >= seconds:
            return
        time.sleep(0.02)


def test_interrupted_is_130(tmp_path: Path) -> None:
    if sys.platform == "win32":
        pytest.skip("Windows sends no SIGINT to one process")
    (tmp_path / "long.mdl").write_text(LONG)
    process = subprocess.Popen(
        [*COMMAND, "run", str(tmp_path / "long.mdl")], stderr=subprocess.PIPE, text=True, env=environment()
    )
    wait_until_at_work(process)
    process.send_signal(signal.SIGINT)
    _, said = process.communicate(timeout=20)
    assert process.returncode == 130
    assert said == "interrupted\n"


def test_a_reader_that_has_seen_enough_is_no_fault() -> None:
    with subprocess.Popen(
        [*COMMAND, "run", TEACUP, "--json"], stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=environment()
    ) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdout.close()
        said = process.stderr.read()
        process.wait(timeout=20)
    assert process.returncode == 0
    assert said == b""


def test_names_with_any_letters_are_printed_whatever_the_locale(tmp_path: Path) -> None:
    path = tmp_path / "m.mdl"
    path.write_text(
        "{UTF-8}\nWärme € = Time ~~|\nINITIAL TIME=0~~|\nFINAL TIME=2~~|\nTIME STEP=1~~|\nSAVEPER=1~~|\n",
        encoding="utf-8",
    )
    plain = {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0", "PYTHONIOENCODING": "ascii"}
    found = run("run", str(path), **plain)
    assert found.returncode == 0
    assert "Wärme €" in found.stdout.splitlines()[0]
    found = run("run", str(path), "--save", "Warme", **plain)
    assert found.returncode == 1
    assert "did you mean `Wärme €`?" in found.stderr


def test_no_colours_where_there_is_no_terminal(tmp_path: Path) -> None:
    assert "\x1b" not in run("run", str(tmp_path / "none.mdl")).stderr


def test_a_fault_of_ours_is_said_in_two_lines(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    from simengine.cli import run as command

    def broken(_: object) -> int:
        return {}["nothing"]  # type: ignore[no-any-return]

    monkeypatch.setattr(command, "execute", broken)
    monkeypatch.delenv("SIMENGINE_DEBUG", raising=False)
    assert main(["run", TEACUP]) == 70
    said = capsys.readouterr().err
    assert said.startswith("simengine: this is a fault of simengine itself: KeyError: 'nothing'\n")
    assert len(said.splitlines()) == 2
    monkeypatch.setenv("SIMENGINE_DEBUG", "1")
    assert main(["run", TEACUP]) == 70
    said = capsys.readouterr().err
    assert said.startswith("Traceback")
    assert "in broken" in said


def test_running_out_of_depth_or_memory_is_no_traceback(monkeypatch: pytest.MonkeyPatch) -> None:
    from simengine.cli import run as command

    monkeypatch.delenv("SIMENGINE_DEBUG", raising=False)
    for problem in (RecursionError("deep"), MemoryError("full")):

        def broken(_: object, problem: Exception = problem) -> int:
            raise problem

        monkeypatch.setattr(command, "execute", broken)
        assert main(["run", TEACUP]) == 70


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["rum"], "simengine: no command is called `rum`; did you mean `run`?"),
        (["estimate", "x.yaml"], "simengine: no command is called `estimate`; there are run, "),
        (["run", TEACUP, "--out", "x.xlsx"], "simengine run: --out `x.xlsx`: results are written as"),
        (["run", TEACUP, "--integration", "rk5"], "simengine run: argument --integration: invalid choice"),
        (["run", TEACUP, "--data", "?x"], "simengine run: --data takes either files or ?tag=FILE"),
        (["convert", TEACUP, "x.docx"], "simengine convert: OUT `x.docx`: it must end in"),
        (["compare", TEACUP], "simengine compare: the following arguments are required: --with"),
        (["run", TEACUP, "--stop", "soon"], "simengine run: argument --stop: invalid float value: 'soon'"),
    ],
)
def test_wrong_usage_points_to_the_help(arguments: list[str], said: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(arguments) == 2
    assert capsys.readouterr().err.startswith(said)


def test_every_command_of_the_table_is_there_with_an_example() -> None:
    for name in entry.COMMANDS:
        found = run(name, "--help")
        assert found.returncode == 0
        assert f"simengine {name} " in found.stdout.split("examples:")[1]
        assert "--json" in found.stdout


@pytest.mark.parametrize(
    "arguments",
    [
        ["run", "none.mdl"],
        ["run", TEACUP, "--set", "nobody=1"],
        ["check", "none.mdl"],
        ["convert", "none.mdl", "x.mdl"],
    ],
)
def test_what_is_wrong_is_json_where_asked(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert main([*arguments, "--json"]) == 1
    out, err = capsys.readouterr()
    (found,) = json.loads(out)["diagnostics"]
    assert found["severity"] == "error"
    assert err == ""


def test_a_failed_run_shows_the_equation_and_keeps_results(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    arguments = ["run", TEACUP, "--set", "Characteristic Time=0", "--out", str(tmp_path / "r.csv")]
    assert main(arguments) == 3
    out, err = capsys.readouterr()
    assert out.strip() == str(tmp_path / "r.csv")
    assert (tmp_path / "r.csv").is_file()
    assert err.startswith("error[run-failed]: the run fails: `Heat Loss to Room` at time 0: division by zero")
    assert "| Heat Loss to Room" in err
    assert main([*arguments[:-2], "--json"]) == 3
    assert json.loads(capsys.readouterr().out)["failed"]["variable"] == "Heat Loss to Room"


def test_a_folder_is_checked_whole(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "deep").mkdir()
    for place in (tmp_path / "a.mdl", tmp_path / "deep" / "b.mdl"):
        place.write_bytes(Path(TEACUP).read_bytes())
    assert main(["check", str(tmp_path)]) == 0
    assert capsys.readouterr().err == "2 models checked: nothing to report\n"
    (tmp_path / "deep" / "c.mdl").write_text("{UTF-8}\na = b ~~|\n")
    assert main(["check", str(tmp_path), "--concise"]) == 1
    assert f"{tmp_path / 'deep' / 'c.mdl'}:2:5: error[unknown-name]" in capsys.readouterr().err
    assert main(["check", str(ROOT / "tests" / "golden.py")]) == 1
    empty = tmp_path / "empty"
    empty.mkdir()
    assert main(["check", str(empty)]) == 1


def test_a_stage_is_printed(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["check", TEACUP, "--dump", "program"]) == 0
    assert "Teacup Temperature" in capsys.readouterr().out
    assert main(["check", TEACUP, "--dump", "definition"]) == 0
    assert "\nstock Teacup Temperature {" in capsys.readouterr().out


def test_all_ways_to_change_a_run_together(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "low.cin").write_text("Room Temperature = 50\nCharacteristic Time = 5\n")
    arguments = [
        "--params",
        str(tmp_path / "low.cin"),
        "--set",
        "Characteristic Time=20",
        "--set",
        "Teacup Temperature=100",
    ]
    times = ["--start", "10", "--stop", "20", "--time-step", "0.5", "--integration", "rk4"]
    assert main(["run", TEACUP, *arguments, *times, "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert (found["time"][0], found["time"][-1], found["info"]["method"]) == (10, 20, "rk4")
    first = {name: values[0] for name, values in found["variables"].items()}
    assert first["Teacup Temperature"] == 100
    assert (first["Room Temperature"], first["Characteristic Time"]) == (50, 20)


def test_what_was_noticed_while_loading_is_said_in_one_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "m.xmile"
    path.write_text(
        '<xmile version="1.0" xmlns="http://docs.oasis-open.org/xmile/ns/XMILE/v1.0"><header><name>m</name></header>'
        '<model><variables><aux name="a"><eqn>TIME</eqn></aux></variables></model></xmile>'
    )
    assert main(["run", str(path)]) == 0
    out, err = capsys.readouterr()
    assert out.startswith("time,")
    assert "warning[missing-specs]" in err
    assert len(err.splitlines()) == 1
