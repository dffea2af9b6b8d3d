"""A stock whose net flow is an expression, through XMILE and back: no variable appears that the model had not."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

import simengine as se
from simengine.language.xmile.writer import write_xmile
from tests.language.xmile.build import read

MODEL = """{UTF-8}
D: a, b ~~|
x[D] = INTEG(2 * k[D] - x[D] / 3, 10) ~~|
k[D] = 1, 2 ~~|
z[a] = INTEG(IF THEN ELSE(Time > 3, 1, 2), 0) ~~|
z[b] = INTEG(x[b] / 2, 4) ~~|
INITIAL TIME = 0 ~~|
FINAL TIME = 4 ~~|
TIME STEP = 1 ~~|
SAVEPER = 1 ~~|
"""


def test_a_conversion_adds_no_column(tmp_path: Path) -> None:
    mdl, xmile = tmp_path / "m.mdl", tmp_path / "m.xmile"
    mdl.write_text(MODEL, encoding="utf-8")
    first = se.load(str(mdl))
    xmile.write_text(write_xmile(first.definition), encoding="utf-8")
    before, after = first.run().to_dataframe(), se.load(str(xmile)).run().to_dataframe()
    assert set(before.columns) == set(after.columns)
    assert all(np.array_equal(before[c], after[c]) for c in before.columns)


def test_what_is_read_is_written_the_same(tmp_path: Path) -> None:
    mdl = tmp_path / "m.mdl"
    mdl.write_text(MODEL, encoding="utf-8")
    text = write_xmile(se.load(str(mdl)).definition)
    definition, problems = read(text)
    assert not problems
    assert write_xmile(replace(definition, name="m")) == text


def test_a_net_flow_that_something_else_uses_stays(tmp_path: Path) -> None:
    mdl = tmp_path / "m.mdl"
    mdl.write_text(MODEL, encoding="utf-8")
    text = write_xmile(se.load(str(mdl)).definition)
    text = text.replace("</variables>", '<aux name="y"><eqn>net_flow_of_x[a] + 1</eqn></aux></variables>')
    definition, problems = read(text)
    assert not problems
    assert "net flow of x" in {v.name for v in definition.variables}
    assert "net flow of z" not in {v.name for v in definition.variables}


MIXED = MODEL.removeprefix("{UTF-8}\n").replace("z[a] = INTEG(IF THEN ELSE(Time > 3, 1, 2), 0)", "z[a] = {}")


def test_elements_of_a_stock_that_are_constants(tmp_path: Path) -> None:
    mdl, xmile = tmp_path / "m.mdl", tmp_path / "m.xmile"
    mdl.write_text(MIXED.format("7"), encoding="utf-8")
    first = se.load(str(mdl))
    xmile.write_text(write_xmile(first.definition), encoding="utf-8")
    before, after = first.run().to_dataframe(), se.load(str(xmile)).run().to_dataframe()
    assert all(np.array_equal(before[c], after[c]) for c in before.columns)
    assert (after["z[a]"] == 7).all()


def test_elements_of_a_stock_that_are_auxiliaries_are_refused(tmp_path: Path) -> None:
    mdl = tmp_path / "m.mdl"
    mdl.write_text(MIXED.format("2 * x[a]"), encoding="utf-8")
    with pytest.raises(se.ModelError) as refused:
        write_xmile(se.load(str(mdl)).definition)
    assert [d.code for d in refused.value.diagnostics] == ["cannot-write"]
