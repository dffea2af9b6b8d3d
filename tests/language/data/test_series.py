"""Series by name: every layout, and what is said of files that hold none."""

from __future__ import annotations

import datetime
import itertools
from pathlib import Path

import openpyxl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import simengine as se
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
    "sep.csv": 'sep=;\r\nJaar;Gas use;"Heat[Old Town,a]";k\r\n0;1,5;7;5\r\n1;2,5;;\r\n3;4,0;8;\r\n',
    "report.csv": 'Verbruik;;;\nGemaakt door;J. Jansen;;\n;;;\nJaar;Gas use;"Heat[Old Town,a]";k\n0;1,5;7;5\n1;2,5;;\n3;4;8;\nBron: CBS;;;\n',
    "by.csv": 'Made by,J. Jansen,,\nTime,Gas use,"Heat[Old Town,a]",k\n0,1.5,7,5\n1,2.5,,\n3,4,8,\n',
    "ragged.csv": '\n\nTime,Gas use,"Heat[Old Town,a]",k,,\n\n0,1.5,7,5,,\n,,,,,\n1,2.5,,,,\n3,4,8,,,\n,,,,,\n',
    "money.csv": 'Time;Gas use;"Heat[Old Town,a]";k\n0;\u20ac 1,50;7;5\n1;\u20ac\u00a02,50;;\n3;4,00 \u20ac;8;\n',
    "macintosh.dat": "Gas use\r0\t1.5\r1\t2.5\r3\t4\rHeat[Old Town,a]\r0\t7\r3\t8\rk\r0\t5\r",
    "missing.dat": "Gas use\n0\t1.5\n1\t2.5\n2\t-6.49037e+32\n3\t4\nHeat[Old Town,a]\n0\t7\n1\t:NA:\n3\t8\nk\n0\t5\n",
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
        ("a.csv", b"Datum;x\r\n01-01-2020;1,5\r\n01-02-2020;2,5\r\n", ["date-as-time"]),
        ("a.csv", b"Date,x\n2020-01-01,1.5\n2020-02-01,2.5\n", ["date-as-time"]),
        ("a.csv", b"Time;x\n2020 Q1;1,5\n2020 Q2;2,5\n", ["date-as-time"]),
        ("a.csv", b"Time,x,x\n0,1,9\n1,2,9\n", ["duplicate-series"]),
        ("a.csv", b"Time,x,x\n0,1,1\n1,2,2\n", []),
        ("a.csv", b"Time;x\n0;1.234\n1;2.345\n", ["bad-cell", "bad-cell"]),
        ("a.dat", b"x\n0\t1,5\n", ["bad-cell"]),
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


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "utf-16-le", "utf-16-be"])
def test_encodings(tmp_path: Path, encoding: str) -> None:
    (tmp_path / "a.csv").write_bytes(LAYOUTS["dutch.csv"].encode(encoding))
    assert read_series(tmp_path / "a.csv") == (EXPECTED, ())


def save(path: Path, *sheets: list[list[object]], hidden: int = 0) -> Path:
    """Write a workbook; its first `hidden` sheets are not visible."""
    book = openpyxl.Workbook()
    book.remove(book.active)
    for number, rows in enumerate(sheets):
        sheet = book.create_sheet(f"s{number}")
        for row in rows:
            sheet.append(row)
        sheet.sheet_state = "hidden" if number < hidden else "visible"
    book.active = hidden
    book.save(path)
    return path


def test_the_first_sheet_one_sees_is_read(tmp_path: Path) -> None:
    rows = [["Time", "x"], [0, 1], [1, 2]]
    found, bad = read_series(save(tmp_path / "a.xlsx", [["notes"]], rows, hidden=1))
    assert (found, bad) == ({"x": ("x", (0.0, 1.0), (1.0, 2.0))}, ())
    _, (told,) = read_series(save(tmp_path / "b.xlsx", [["cover"]], rows))
    assert told.message.endswith("sheet `s0` (only the first is read, not `s1`)")


def test_formulas_without_values_are_not_blanks(tmp_path: Path) -> None:
    path = save(tmp_path / "a.xlsx", [["Time", "x"], [0, 1], [1, "=B2*2"], [2, 3]])
    assert codes(path) == ["unreadable-data-file"]


def test_dates_in_a_workbook_are_no_times(tmp_path: Path) -> None:
    day = datetime.datetime(2020, 1, 1)  # noqa: DTZ001  (a spreadsheet's dates have no zone)
    assert codes(save(tmp_path / "a.xlsx", [["Time", "x"], [day, 1], [day + datetime.timedelta(366), 2]])) == [
        "date-as-time"
    ]
    assert codes(save(tmp_path / "b.xlsx", [["Time", day, day + datetime.timedelta(1)], ["x", 1, 2]])) == [
        "date-as-time"
    ]


def test_merged_cells_hold_one_value(tmp_path: Path) -> None:
    book = openpyxl.Workbook()
    for row in (["Data", None, None], ["Time", "x", "y"], [0, 1, 3], [None, 2, 4], [1, 5, 6]):
        book.active.append(row)
    book.active.merge_cells("A1:C1")
    book.active.merge_cells("A3:A4")
    book.save(tmp_path / "a.xlsx")
    found, bad = read_series(tmp_path / "a.xlsx")
    assert found == {"x": ("x", (0.0, 1.0), (1.0, 5.0)), "y": ("y", (0.0, 1.0), (3.0, 6.0))}
    assert [d.code for d in bad] == ["value-without-time"]
    assert "A4" in bad[0].message
    assert "is blank" in bad[0].message


def test_thousands_that_could_be_thousandths(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("Jaar;x;y\n2020;1.234;1.234.567\n2021;2.345,6;0,5\n")
    assert read_series(tmp_path / "a.csv")[0]["x"][2] == (1234.0, 2345.6)
    assert read_series(tmp_path / "a.csv")[0]["y"][2] == (1234567.0, 0.5)
    (tmp_path / "b.csv").write_text("Jaar;x\n2020;1.234\n2021;0.5\n")
    assert read_series(tmp_path / "b.csv")[0]["x"][2] == (1.234, 0.5)
    (tmp_path / "c.csv").write_text("Jaar;x;y\n2020;1.234;5\n2021;2.345;6\n")
    found, bad = read_series(tmp_path / "c.csv")
    assert list(found) == ["y"]
    assert bad == ()


def test_who_uses_a_name_that_could_not_be_read_is_told_why(tmp_path: Path) -> None:
    (tmp_path / "c.csv").write_text("Jaar;x;y\n2020;1.234;5\n2021;2.345;6\n")
    control = "INITIAL TIME = 0 ~~| FINAL TIME = 1 ~~| TIME STEP = 1 ~~| SAVEPER = 1 ~~|"
    (tmp_path / "m.mdl").write_text("{UTF-8}\nx ~~|\nz = x ~~|\n" + control)
    with pytest.raises(se.ModelError) as caught:
        se.load(tmp_path / "m.mdl", data=[tmp_path / "c.csv"])
    told = [d for d in caught.value.diagnostics if d.code == "bad-cell"]
    assert [d.message for d in told][:1] == ["`1.234` may be thousands or thousandths (`c.csv`, cell B2)"]
    (tmp_path / "m.mdl").write_text("{UTF-8}\ny ~~|\nz = y ~~|\n" + control)
    assert se.load(tmp_path / "m.mdl", data=[tmp_path / "c.csv"]).run()["z"].values.tolist() == [5, 5]
