"""Values, change files and data as typed on the command line."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

import simengine as se
from simengine.cli.exits import UsageError
from simengine.cli.sources import read_data, read_params, read_settings


@pytest.mark.parametrize(
    ("text", "name", "value"),
    [
        ("rate=3", "rate", "3"),
        (" insulation rate = 3 %/year ", "insulation rate", "3 %/year"),
        ("homes[north,2]=7", "homes[north,2]", "7"),
        ('"a=b"=7', '"a=b"', "7"),
        ("homes=[1, 2.5, 3e2]", "homes", [1, 2.5, 300]),
        ("homes=[[1, 2], [3, 4]]", "homes", [[1, 2], [3, 4]]),
        ('homes=["3 %", 2]', "homes", ["3 %", 2]),
        ("price={2020: 1, 2030: 2.5}", "price", {"2020": 1, "2030": 2.5}),
        ('price={2020.5: "1 EUR", -3: 2}', "price", {"2020.5": "1 EUR", "-3": 2}),
        ("effect=(0,1),(5,2.5)", "effect", [(0, 1), (5, 2.5)]),
        ("effect=((0,1), (5,-2))", "effect", [(0, 1), (5, -2)]),
    ],
)
def test_settings(text: str, name: str, value: Any) -> None:
    assert read_settings([text]) == {name: value}


@pytest.mark.parametrize(
    "text", ["rate", "=3", "rate=", "rate= ", "homes=[1,", "homes={a: 1}", "effect=(1,2,3)", "x={1 2}"]
)
def test_settings_that_cannot_be_read(text: str) -> None:
    with pytest.raises(UsageError, match="--set"):
        read_settings([text])


def test_a_setting_is_given_once() -> None:
    with pytest.raises(UsageError, match="--set gives `a` twice"):
        read_settings(["a=1", "a=2"])


def test_data() -> None:
    assert read_data([]) is None
    assert read_data(["a.csv", "b.xlsx"]) == ["a.csv", "b.xlsx"]
    assert read_data(["?a=a.csv", "?b=b=c.csv"]) == {"?a": "a.csv", "?b": "b=c.csv"}
    for wrong in (["?a=a.csv", "b.csv"], ["?a"]):
        with pytest.raises(UsageError, match="--data takes"):
            read_data(wrong)


def test_a_change_file(tmp_path: Path) -> None:
    path = tmp_path / "low.cin"
    path.write_text("rate = 0.5\nhomes[north] = 7\nprices = 1,2,3\nrate = 0.25\neffect((0,0),(5,2))\n")
    assert read_params(str(path)) == {
        "rate": 0.25,
        "homes[north]": 7,
        "prices": [1, 2, 3],
        "effect": [(0, 0), (5, 2)],
    }


def test_a_change_file_that_is_wrong_is_shown_with_its_place(tmp_path: Path) -> None:
    path = tmp_path / "low.cin"
    path.write_text("rate = 0.5\nhomes = many\n")
    with pytest.raises(se.ModelError) as caught:
        read_params(str(path))
    assert [(d.file, d.line) for d in caught.value.diagnostics] == [(str(path), 2)]
    with pytest.raises(se.InputError, match="cannot be read"):
        read_params(str(tmp_path / "none.cin"))
    path.write_text("book :IS: 'other.xlsx'\n")
    with pytest.raises(se.InputError, match="gives a text to `book`"):
        read_params(str(path))
