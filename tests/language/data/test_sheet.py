"""Cells and grids: addresses, numbers in either way of writing, files of every kind."""

from __future__ import annotations

import csv
import datetime
import io
from pathlib import Path

import openpyxl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from openpyxl.workbook.defined_name import DefinedName

from simengine.language.data.address import Area, cell_name, read_area, read_cell, read_column, read_row
from simengine.language.data.book import Book, Shelf
from simengine.language.data.sheet import Grid, decode, read_text_grid, sniff_delimiter
from simengine.source.diagnostic import Diagnostic

CASES = Path(__file__).parents[4] / "shared" / "conformance" / "test-models" / "tests"


def open_book(path: Path) -> Book:
    with Shelf() as shelf:
        book = shelf.open(path)
        assert isinstance(book, Book), book
        for sheet in book.sheets:
            book.grid(sheet)
        return book


@given(st.integers(0, 99_999), st.integers(0, 18_277))
def test_cell_names_round_trip(row: int, column: int) -> None:
    assert read_cell(cell_name(row, column)) == (row, column)


def test_addresses() -> None:
    assert read_cell("b2") == (1, 1)
    assert read_cell("B0") is None
    assert (read_column("aa"), read_row("12"), read_column("7"), read_row("A")) == (26, 11, None, None)
    assert read_area("'My Sheet'!$B$4:$A$2") == Area(1, 0, 3, 1, "My Sheet")
    assert read_area("'It''s'!B2") == Area(1, 1, 1, 1, "It's")
    assert read_area("OFFSET(A1,1,1)") is None


@pytest.mark.parametrize(
    ("delimiter", "cells", "text", "number"),
    [
        (",", [], "1.5", 1.5),
        (",", [], "1,234,567.5", 1234567.5),
        (",", [], "1,5", None),
        (";", [], "1,5", 1.5),
        (";", [], "1.234,5", 1234.5),
        (";", [], "1,234", 1.234),
        (";", ["1.5"], "1,234", 1234.0),
        ("\t", [], "1,234", 1234.0),
        ("\t", ["0,25"], "1,234", 1.234),
        (",", [], "5%", 0.05),
        (",", [], "1 000", 1000.0),
        (",", [], "1_000", None),
        (",", [], "nan", None),
        (",", [], "inf", None),
        (",", [], "1e3", 1000.0),
        (",", [], "ten", None),
        (",", [], "1 5", None),
        (",", [], "\u22121.5", -1.5),
        (",", [], "-\u20ac 1.50", -1.5),
        (",", [], "1'234.5", 1234.5),
        (";", [], "\u20ac 1.234,50", 1234.5),
        (";", [], "1.234", None),
        (";", [], "0.123", 0.123),
        (";", [], "1.234.567", 1234567.0),
        (";", ["0,5"], "1.234", 1234.0),
        (";", ["0,5", "0.5"], "1.234", None),
        ("\t", [], "1.234", 1.234),
        ("\t", ["0,5"], "1.234", 1234.0),
    ],
)
def test_numbers(delimiter: str, cells: list[str], text: str, number: float | None) -> None:
    assert Grid([[*cells, text]], delimiter).number(0, len(cells)) == number


@pytest.mark.parametrize(
    ("text", "delimiter"),
    [("a,b\n1,2\n", ","), ("a;b\n1,5;2,5\n", ";"), ("a\tb\n1,5\t2\n", "\t"), ('a,"b;c"\n1,2', ",")],
)
def test_sniff(text: str, delimiter: str) -> None:
    assert sniff_delimiter(text) == delimiter


def test_decode() -> None:
    assert decode("\ufeffcafé".encode()) == "café"
    assert decode("café".encode("cp1252")) == "café"
    assert decode("café".encode("utf-16")) == "café"


cell_text = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\r\n\0"), max_size=8)


@given(st.lists(st.lists(cell_text, min_size=2, max_size=5), min_size=1, max_size=6), st.sampled_from(",;\t"))
def test_random_grids_round_trip_through_text(rows: list[list[str]], delimiter: str) -> None:
    out = io.StringIO()
    csv.writer(out, delimiter=delimiter).writerows(rows)
    grid = read_text_grid(out.getvalue(), delimiter)
    for r, row in enumerate(rows):
        for c, text in enumerate(row):
            assert grid.cell(r, c) == (text if text.strip() else None)


@settings(max_examples=15, deadline=None)
@given(
    st.lists(
        st.lists(
            st.one_of(st.none(), st.floats(-1e15, 1e15), st.from_regex(r"[A-Za-z][a-z ]{0,6}[a-z]", fullmatch=True)),
            min_size=1,
            max_size=4,
        ),
        min_size=1,
        max_size=5,
    )
)
def test_random_grids_round_trip_through_xlsx(
    tmp_path_factory: pytest.TempPathFactory, rows: list[list[object]]
) -> None:
    path = tmp_path_factory.mktemp("x") / "book.xlsx"
    book = openpyxl.Workbook()
    for row in rows:
        book.active.append(row)
    book.save(path)
    grid = open_book(path).grid("Sheet")
    assert grid is not None
    for r, row in enumerate(rows):
        for c, value in enumerate(row):
            expected = pytest.approx(value, rel=1e-15) if isinstance(value, float) else value  # 16 digits are written
            assert grid.cell(r, c) == expected


def test_workbook_names_dates_and_formulas(tmp_path: Path) -> None:
    book = openpyxl.Workbook()
    sheet = book.active
    sheet.title = "Données"
    sheet["A1"], sheet["B1"], sheet["C1"] = datetime.datetime(2000, 1, 1), True, "=1+1"  # noqa: DTZ001
    book.defined_names["all"] = DefinedName("all", attr_text="'Données'!$A$1:$C$1")
    sheet.defined_names["own"] = DefinedName("own", attr_text="'Données'!$B$1")
    book.save(tmp_path / "b.xlsx")
    opened = open_book(tmp_path / "b.xlsx")
    grid = opened.grid("données ")
    assert grid is not None
    assert (grid.number(0, 0), grid.number(0, 1), grid.number(0, 2)) == (36526.0, 1.0, None)
    assert opened.stale
    assert opened.area("ALL", "Données") == Area(0, 0, 0, 2, "Données")
    assert opened.area("own", "Données") == Area(0, 1, 0, 1, "Données")
    assert opened.area("own", "other") is None
    assert opened.grid("nowhere") is None


def test_old_workbook() -> None:
    path = CASES / "get_lookups_subset" / "input.xls"
    if not path.is_file():
        pytest.skip("the reference cases are not here")
    grid = open_book(path).grid("Sheet1")
    assert grid is not None
    assert (grid.cell(3, 1), grid.number(3, 3), grid.number(5, 2)) == ("time", 5.0, 4.0)
    assert not grid.missing(3, 1)
    assert grid.missing(0, 0)


@settings(max_examples=60, deadline=None)
@given(
    st.binary(max_size=300),
    st.sampled_from([".xlsx", ".xls", ".csv", ".dat"]),
    st.sampled_from([b"", b"PK\x03\x04", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"]),
)
def test_junk_never_raises(tmp_path_factory: pytest.TempPathFactory, junk: bytes, suffix: str, head: bytes) -> None:
    path = tmp_path_factory.mktemp("j") / f"junk{suffix}"
    path.write_bytes(head + junk)
    with Shelf() as shelf:
        book = shelf.open(path)
        if isinstance(book, Diagnostic):
            assert book.code == "unreadable-data-file"
            return
        grid = book.grid(",")
        assert grid is None or grid.number(0, 0) is None or isinstance(grid.number(0, 0), float)


def test_an_unclosed_quote_of_any_length_is_read(tmp_path: Path) -> None:
    path = tmp_path / "q.csv"
    path.write_text('a,b\n"1,' + "x," * 100_000 + "\n3,4\n")
    grid = open_book(path).grid(",")
    assert grid is not None
    assert grid.number(grid.height - 1, 1) == 4.0
