"""Series by name: every layout, and what is said of files that hold none."""

from __future__ import annotations

import itertools
from pathlib import Path

import openpyxl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from simengine.language.data.series import read_series, series_key
from simengine.source.codes import CODES

EXPECTED = {
    "gas_use": ("Gas use", (0.0, 1.0, 3.0), (1.5, 2.5, 4.0)),
    "heat[old_town,a]": ("Heat[Old Town,a]", (0.0, 3.0), (7.0, 8.0)),
    "k": ("k", (0.0,), (5.0,)),
}

LAYOUTS = {
    "down.csv": 'Time,Gas use,"Heat[Old Town,a]",k\n0,1.5,7,5\n1,2.5,,\n3,4,8,\n',
    "dutch.csv": 'Jaar;Gas use;"Heat[Old Town,a]";k\n0;1,5;7;5\n1;2,5;;\n3;4,0;8;\n',
    "down.tab": "Time\tGas use\tHeat[Old Town,a]\tk\n0\t1.5\t7\t5\n1\t2.5\t\t\n3\t4\t8\t\n",
    "across.tab": "Time\t0\t1\t3\nGas use\t1.5\t2.5\t4\nHeat[Old Town,a]\t7\t\t8\nk\t5\n",
    "across.csv": ',0,1,3\r\nGas use,1.5,2.5,4\r\n"Heat[Old Town,a]",7,NA,8\r\nk,5,,\r\n',
    "titled.csv": 'Made by hand\n\nTime,Gas use,"Heat[Old Town,a]",k\n0,1.5,7,5\n1,2.5,#N/A,\n3,4,8,\n',
    "run.dat": "Gas use\n0\t1.5\n1\t2.5\n3\t4\nHeat[Old Town,a]\n0\t7\n3\t8\nk\n0\t5\n",
    "falling.dat": "Gas use\r\n3\t4\r\n1\t2.5\r\n0\t1.5\r\nHeat[Old Town,a]\r\n0\t7\r\n3\t8\r\nk\r\n0\t5\r\n",
    "units.csv": 'Time,Gas use,"Heat[Old Town,a]",k\nyear,m3,GJ,1/year\n0,1.5,7,5\n1,2.5,,\n3,4,8,\n',
    "unitcolumn.csv": 'Time,unit,0,1,3\nGas use,m3,1.5,2.5,4\n"Heat[Old Town,a]",GJ,7,,8\nk,,5,,\n',
    "blanks.dat": "Gas use\n0 1.5\n1 2.5\n3 4\n\nHeat[Old Town,a]\n0\t7\n1\t\n3\t8\nk\n0\t5\n",
    "remarks.csv": 'Time,Gas use,"Heat[Old Town,a]",k,remark\n0,1.5,7,5,\n1,2.5,,,cold\n3,4,8,,\n',
    "named.txt": "Gas use\n0\t1.5\n1\t2.5\n3\t4\nHeat[Old Town,a]\n0\t7\n3\t8\nk\n0\t5\n",
}


@pytest.mark.parametrize("name", LAYOUTS)
def test_layouts(tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_bytes(LAYOUTS[name].encode("utf-8-sig" if name == "down.csv" else "utf-8"))
    found, bad = read_series(tmp_path / name)
    assert bad == ()
    assert found == EXPECTED


@pytest.mark.parametrize("name", ["down.csv", "across.tab"])
def test_workbooks(tmp_path: Path, name: str) -> None:
    book = openpyxl.Workbook()
    cut = "\t" if name.endswith("tab") else ","
    for line in LAYOUTS[name].replace('"Heat[Old Town,a]"', "Heat[Old Town@a]").splitlines():
        cells = [c.replace("@", ",") for c in line.split(cut)] if cut == "," else line.split(cut)
        book.active.append([float(c) if c.replace(".", "").isdigit() else c or None for c in cells])
    book.save(tmp_path / "b.xlsx")
    found, bad = read_series(tmp_path / "b.xlsx")
    assert bad == ()
    assert found == EXPECTED


def codes(path: Path) -> list[str]:
    _found, bad = read_series(path)
    assert all(d.code in CODES and d.file for d in bad)
    return [d.code for d in bad]


@pytest.mark.parametrize(
    ("name", "data", "expected"),
    [
        ("a.csv", b"Time,x\n0,1\n1,abc\n", ["bad-cell"]),
        ("a.dat", b"x\n0\t1\n1\tabc\n", ["bad-cell"]),
        ("a.csv", b"Time,x\n0,1\n0,2\n", ["duplicate-time"]),
        ("a.csv", b"Time,x\n0,1\n0,1\n", []),
        ("a.csv", b"Time,x\n0,1\nnote,2\n", ["value-without-time"]),
        ("a.csv", b"just words\nand more\n", ["no-series"]),
        ("a.dat", b"", ["no-series"]),
        ("a.vdf", b"\x7f\xf7\x17\x52junk", ["vdf-unreadable"]),
        ("a.dat", b"\x7f\xf7\x17\x52junk", ["vdf-unreadable"]),
        ("a.xlsx", b"not a workbook", ["unreadable-data-file"]),
    ],
)
def test_what_is_wrong_is_said(tmp_path: Path, name: str, data: bytes, expected: list[str]) -> None:
    (tmp_path / name).write_bytes(data)
    assert codes(tmp_path / name) == expected


def test_a_missing_file_names_its_neighbour(tmp_path: Path) -> None:
    (tmp_path / "history.dat").write_text("x\n0\t1\n")
    _, bad = read_series(tmp_path / "histori.dat")
    assert [d.code for d in bad] == ["missing-data-file"]
    assert bad[0].help == ("did you mean `history.dat`?",)


def test_keys() -> None:
    assert series_key("Heat[ Old  Town , A ]") == series_key('"heat"[old_town,a]') == "heat[old_town,a]"
    assert series_key("a[") == "a["


@settings(max_examples=80, deadline=None)
@given(
    st.one_of(st.binary(max_size=200), st.text('0123456789.,;\t\n"ab[]-e ', max_size=200).map(str.encode)),
    st.sampled_from([".csv", ".tab", ".dat", ".txt"]),
)
def test_junk_never_raises(tmp_path_factory: pytest.TempPathFactory, junk: bytes, suffix: str) -> None:
    path = tmp_path_factory.mktemp("j") / f"junk{suffix}"
    path.write_bytes(junk)
    found, bad = read_series(path)
    assert found or bad
    for _, times, values in found.values():
        assert len(times) == len(values) > 0
        assert all(b > a for a, b in itertools.pairwise(times))
