"""How differences are measured, and what other engines say."""

from __future__ import annotations

import json
import math
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from simengine.cli import peers
from simengine.cli.comparison import compare, difference
from simengine.cli.main import main
from simengine.cli.peers import run_peer

TEACUP = str(Path(__file__).resolve().parents[1] / "models" / "teacup.mdl")


@pytest.mark.parametrize(
    ("a", "b", "apart"),
    [
        ([1, 2, 4], [1, 2, 4], 0),
        ([1, 2, 4], [1, 2, 3], 0.25),
        ([1e-3, 4], [2e-3, 4], 2.5e-4),
        ([0, 0], [0, 0], 0),
        ([0, 0], [0, 1e-300], 1),
        ([math.nan, 1], [math.nan, 1], 0),
        ([math.inf, 1], [math.inf, 1], 0),
        ([math.nan, 1], [0, 1], math.inf),
        ([math.inf, 1], [-math.inf, 1], math.inf),
        ([math.nan], [math.nan], 0),
    ],
)
def test_difference(a: list[float], b: list[float], apart: float) -> None:
    assert difference(np.asarray(a, float), np.asarray(b, float)) == pytest.approx(apart)


def frame(times: list[float], **columns: list[float]) -> pd.DataFrame:
    return pd.DataFrame({k.replace("__", " "): v for k, v in columns.items()}, index=times)


def test_columns_and_times_that_both_have_are_compared() -> None:
    ours = frame([0, 0.1, 0.2, 0.1 + 0.2], Gas__Use=[1, 2, 3, 4], homes=[1, 1, 1, 1])
    theirs = frame([0, 0.1, 0.3, 0.4], gas_use=[1, 2, 5, 6], time__step=[1, 1, 1, 1])
    found = compare(ours, theirs)
    assert found.times == 3
    assert found.differences == {"Gas Use": pytest.approx(0.2)}
    assert found.only_here == ("homes",)
    assert found.only_there == ("time step",)


def test_nothing_in_common_is_no_agreement() -> None:
    found = compare(frame([0, 1], a=[1, 2]), frame([5], b=[1]))
    assert (found.times, found.differences, found.largest) == (0, {}, 0)


def test_a_peer_that_is_not_there_says_how_to_get_it(monkeypatch: pytest.MonkeyPatch) -> None:
    def missing(*_: object) -> pd.DataFrame:
        raise ImportError("no module")

    monkeypatch.setattr(peers, "_simlin", missing)
    found, reason = run_peer("simlin", TEACUP, None)
    assert found is None
    assert "pip install" in reason


def test_a_peer_that_fails_is_code_three(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    def failing(*_: object) -> pd.DataFrame:
        raise RecursionError("too  deep\n")

    monkeypatch.setattr(peers, "_pysd", failing)
    assert main(["compare", TEACUP, "--with", "pysd"]) == 3
    assert capsys.readouterr().err == f"pysd cannot run `{TEACUP}`: RecursionError: too deep\n"
    assert main(["compare", TEACUP, "--with", "pysd", "--json"]) == 3
    assert json.loads(capsys.readouterr().out)["ran"] is False


def test_a_peer_that_differs_is_code_three(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    theirs = frame([0.0, 30.0], Teacup__Temperature=[180, 75])
    monkeypatch.setattr(peers, "_pysd", lambda *_: theirs)
    assert main(["compare", TEACUP, "--with", "pysd"]) == 3
    out, err = capsys.readouterr()
    assert "Teacup Temperature" in out
    assert err.splitlines()[-1] == "they differ (tolerance 1e-06)"
    assert main(["compare", TEACUP, "--with", "pysd", "--tolerance", "0.01"]) == 0
    monkeypatch.setattr(peers, "_pysd", lambda *_: frame([0.0], other=[1]))
    assert main(["compare", TEACUP, "--with", "pysd"]) == 3


def test_pysd_agrees_and_leaves_nothing_beside_the_model(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "tea.mdl").write_bytes(Path(TEACUP).read_bytes())
    assert main(["compare", str(tmp_path / "tea.mdl"), "--with", "pysd"]) == 0
    assert capsys.readouterr().err.splitlines()[-1] == "they agree (tolerance 1e-06)"
    assert [p.name for p in tmp_path.iterdir()] == ["tea.mdl"]


def test_simlin_agrees(capsys: pytest.CaptureFixture[str]) -> None:
    pytest.importorskip("simlin", reason="simlin has no wheel for this machine")
    assert main(["compare", TEACUP, "--with", "simlin"]) == 0
    capsys.readouterr()


@pytest.mark.parametrize(("peer", "data"), [("pysd", "?a=x.csv"), ("simlin", "x.csv")])
def test_data_a_peer_cannot_take_is_said(peer: str, data: str) -> None:
    if peer == "simlin":
        pytest.importorskip("simlin", reason="simlin has no wheel for this machine")
    given = {"?a": "x.csv"} if data.startswith("?") else [data]
    found, reason = run_peer(peer, TEACUP, given)
    assert found is None
    assert "cannot be given" in reason
