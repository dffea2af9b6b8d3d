"""Every case of the conformance table: models with output of Vensim, Stella or PySD that we must reproduce."""

from __future__ import annotations

import csv
import os
import warnings
from pathlib import Path

import pytest

import simengine as se
from tests.conformance.reference import compare, read_reference
from tests.conftest import SHARED

TABLE = SHARED / "conformance" / "cases.csv"


def cases() -> list[dict[str, str]]:
    """Return the rows of the table; none where it is not there."""
    if not TABLE.is_file():
        return []
    with TABLE.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def data_of(case: dict[str, str], folder: Path) -> object:
    """Return what to give to `load` as data."""
    if not case["data"]:
        return None
    parts = case["data"].split(";")
    if parts[0].startswith("?"):
        return {p.split("=", 1)[0]: str(folder / p.split("=", 1)[1]) for p in parts}
    return [str(folder / p) for p in parts]


def mismatches(case: dict[str, str]) -> list[str]:
    """Run a case; return how it differs from the reference it comes nearest to (nothing: it agrees with one)."""
    path = SHARED / "conformance" / case["model"]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", se.RunWarning)
        frame = se.load(str(path), data=data_of(case, path.parent)).run().to_dataframe()
    until = float(case["until"]) if case["until"] else None
    found = [
        compare(frame, read_reference(path.parent / name), float(case["rtol"]), until)
        for name in case["references"].split(";")
    ]
    return min(found, key=len)


@pytest.mark.parametrize("case", cases(), ids=lambda c: c["model"])
def test_case(case: dict[str, str]) -> None:
    assert mismatches(case) == []


def test_the_table_is_there_in_ci() -> None:
    if not TABLE.is_file() and not os.environ.get("CI"):
        pytest.skip(f"the conformance models are not at {TABLE.parent}")
    assert len(cases()) == 193
