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


OWN_REFERENCE = {
    # The table's reference for these is the output of the Vensim model beside them. The Stella model calls two
    # variables otherwise ("Capacity 1", "delay 4": Stella keeps the words Capacity and delay for itself), so no
    # engine that keeps the model's names can give the columns "Capacity" and "delay". Stella's own output of the
    # same model lies beside it, with its names: it is what we hold the model against.
    "sdeverywhere/active_initial/active_initial.stmx": "active_initial.csv",
    "sdeverywhere/delay/delay.stmx": "delay.csv",
}


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
        for name in OWN_REFERENCE.get(case["model"], case["references"]).split(";")
    ]
    return min(found, key=len)


@pytest.mark.parametrize("case", cases(), ids=lambda c: c["model"])
def test_case(case: dict[str, str]) -> None:
    assert mismatches(case) == []


@pytest.mark.parametrize("case", [c for c in cases() if c["model"] in OWN_REFERENCE], ids=lambda c: c["model"])
def test_a_case_with_a_reference_of_its_own_lacks_only_the_names(case: dict[str, str]) -> None:
    path = SHARED / "conformance" / case["model"]
    reference = read_reference(path.parent / case["references"])
    frame = se.load(str(path)).run().to_dataframe()
    found = compare(frame, reference, float(case["rtol"]), None)
    assert found
    assert all(f.startswith("missing column") for f in found)


def test_the_table_is_there_in_ci() -> None:
    if not TABLE.is_file() and not os.environ.get("CI"):
        pytest.skip(f"the conformance models are not at {TABLE.parent}")
    assert len(cases()) == 193
