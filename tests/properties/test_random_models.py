"""Random well-formed models: they run, survive writing and reading in both languages, agree with PySD and with
themselves among others, and their stocks integrate their flows."""

from __future__ import annotations

import tempfile
import warnings
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import simengine as se
from simengine.check.units import infer_units
from simengine.cli.peers import run_peer
from simengine.language.vensim.writer import write_vensim
from simengine.language.xmile.writer import write_xmile

CONTROL = "INITIAL TIME = 0 ~~|\nFINAL TIME = 6 ~~|\nTIME STEP = 0.5 ~~|\nSAVEPER = TIME STEP ~~|\n"
NUMBERS = st.sampled_from(["1", "2", "0.5", "3", "7"])


@st.composite
def expressions(draw: st.DrawFn, names: list[str], depth: int = 2) -> str:
    """Return an equation over names that stays finite."""
    if depth == 0 or draw(st.booleans()):
        return draw(st.one_of(NUMBERS, st.sampled_from(names), st.just("Time")))
    left, right = draw(expressions(names, depth - 1)), draw(expressions(names, depth - 1))
    form = draw(
        st.sampled_from(
            ["({} + {})", "({} - {})", "({} * 0.1 * {})", "MIN({}, {})", "MAX({}, {})", "ZIDZ({}, {})",
             "IF THEN ELSE({} > {}, 1, 2)", "effect({}) + {}", "TWICE({}) - {}", "SMOOTH({}, 2) + {}",
             "DELAY3({}, 3) + {}", "DELAY FIXED({}, 1, 0) + {}", "STEP({}, 2) + {}"]
        )
    )  # fmt: skip
    return form.format(left, right)


@st.composite
def models(draw: st.DrawFn) -> str:
    """Return a model in Vensim's language: constants, arrays, stocks, a lookup, a macro, auxiliaries in order."""
    lines = [
        "{UTF-8}",
        ":MACRO: TWICE(x)\nTWICE = x * 2 ~~|\n:END OF MACRO:",
        "D: d1, d2, d3 ~~|",
        "effect((0,0),(1,2),(5,3)) ~~|",
        "c = 2 ~~|",
        "v[D] = 1, 2, 3 ~~|",
        "s = INTEG(flow, 1) ~~|",
        "t[D] = INTEG(growth[D], v[D]) ~~|",
    ]
    names = ["c", "s"]
    for number in range(draw(st.integers(1, 4))):
        lines.append(f"a{number} = {draw(expressions(names))} ~~|")
        names.append(f"a{number}")
    inside = [*names, "t[D]", "v[D]"]
    lines.append(f"growth[D] = 0.1 * ({draw(expressions(inside))}) ~~|")
    lines.append(f"flow = 0.1 * SUM(growth[D!]) - 0.05 * s + 0 * ({draw(expressions(names))}) ~~|")
    return "\n".join(lines) + "\n" + CONTROL


def load_text(text: str, suffix: str = ".mdl") -> se.Model:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / f"model{suffix}"
        path.write_text(text, encoding="utf-8")
        return se.load(path)


def quiet_run(model: se.Model) -> se.Run:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", se.RunWarning)
        return model.run()


@settings(max_examples=60)
@given(models())
def test_writing_and_reading_keeps_model_and_numbers(text: str) -> None:
    model = load_text(text)
    frame = quiet_run(model).to_dataframe()
    written = write_vensim(model.definition)
    again = load_text(written)
    assert write_vensim(again.definition) == written
    np.testing.assert_array_equal(quiet_run(again).to_dataframe()[frame.columns].to_numpy(), frame.to_numpy())
    other = load_text(write_xmile(model.definition), ".xmile")
    np.testing.assert_allclose(quiet_run(other).to_dataframe()[frame.columns], frame, rtol=1e-9, atol=1e-12)


@settings(max_examples=60)
@given(models())
def test_stocks_integrate_their_flows(text: str) -> None:
    run = quiet_run(load_text(text))
    step = 0.5
    flow, stock = run.values("flow"), run.values("s")
    np.testing.assert_array_equal(stock[1:], stock[:-1] + step * flow[:-1])
    growth, level = run.values("growth"), run.values("t")
    np.testing.assert_array_equal(level[1:], level[:-1] + step * growth[:-1])


@settings(max_examples=40)
@given(models(), st.lists(st.floats(-5, 5), min_size=2, max_size=6))
def test_an_ensemble_is_its_single_runs(text: str, values: list[float]) -> None:
    model = load_text(text)
    many = model.ensemble({"c": values}, save=["s", "t", "flow"])
    for number, value in enumerate(values):
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", se.RunWarning)
            alone = model.run({"c": value}, save=["s", "t", "flow"])
        for name in ("s", "t", "flow"):
            np.testing.assert_array_equal(many.values(name)[number], alone.values(name))


@settings(max_examples=30)
@given(models())
def test_units_inferred_twice_agree(text: str) -> None:
    definition = load_text(text).definition
    one, two = infer_units(definition), infer_units(definition)
    assert [one.show(v.key) for v in definition.variables] == [two.show(v.key) for v in definition.variables]


@settings(max_examples=8)
@given(models())
def test_pysd_gives_the_same_numbers(text: str) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "model.mdl"
        path.write_text(text, encoding="utf-8")
        theirs, reason = run_peer("pysd", str(path), None)
    if theirs is None:
        pytest.skip(f"PySD does not run it: {reason}")
    ours = quiet_run(load_text(text)).to_dataframe()
    for name in ("s", "flow", "t[d1]", "t[d3]", "growth[d2]"):
        np.testing.assert_allclose(ours[name].to_numpy(), theirs[name].to_numpy(dtype=float), rtol=1e-7, atol=1e-9)
