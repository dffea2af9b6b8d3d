"""Whose data a study was made from: what the package beside a file says of the rows that were used."""

from __future__ import annotations

import json
from pathlib import Path

from simengine.results.source import sources_beside
from simengine.results.study import Input
from tests.conftest import ROOT


def titles(data: Path, named: list[str] | None) -> list[str]:
    return [s.title for s in sources_beside([Input(str(data), "data", "")], named)]


def test_sources_that_no_row_names_are_left_out(tmp_path: Path) -> None:
    sources = [{"title": "A", "rows": ["count of", "http"]}, {"title": "B", "rows": ["survey"]}, {"title": "C"}]
    package = {"resources": [{"path": "d.csv", "sources": sources}]}
    (tmp_path / "datapackage.json").write_text(json.dumps(package), encoding="utf-8")
    data = tmp_path / "d.csv"
    assert titles(data, None) == ["A", "B", "C"]
    assert titles(data, ["survey 2019"]) == ["B", "C"]  # how rows name C is not said
    assert titles(data, ["https://example.org", "count of 2019"]) == ["A", "C"]
    assert titles(data, []) == ["C"]


def test_every_row_of_the_history_of_delft_names_a_source() -> None:
    import csv

    data = ROOT / "models" / "data" / "history.csv"
    with data.open(encoding="utf-8") as file:
        named = {row["source"] for row in csv.DictReader(file)}
    assert all(len(titles(data, [text])) == 1 for text in named)
    assert titles(data, ["https://www.tudelft.nl/2019"])[0].startswith("Pages of")
