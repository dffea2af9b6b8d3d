"""Functions of Vensim with devices and jumps: the same in every engine, for many runs, and after writing and reading."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

import simengine as se
from simengine.compile.pipeline import compile_model
from simengine.engine.run import simulate
from simengine.language.vensim.reader import read_vensim
from simengine.language.vensim.writer import write_vensim
from simengine.language.xmile.writer import write_xmile
from simengine.model.definition import ModelDefinition
from simengine.source.file import SourceFile

_CLOCK = "INITIAL TIME = 0 ~~|\nFINAL TIME = 12 ~~|\nTIME STEP = 0.5 ~~|\nSAVEPER = TIME STEP ~~|\n"
_EQUATIONS = """
town : north, south ~~|
age : a1, a2, a3 ~~|
part : p1, p2 ~~|
flat((0,1),(1,1)) ~~|
peak((0,0),(1,2),(3,0)) ~~|
size = 3 ~~|
flow[north] = size * (1 + SIN(Time)) ~~|
flow[south] = size * 2 ~~|
waiting[town] = QUEUE FIFO(flow[town], MIN(waiting[town], 2), peak, 6, 3) ~~|
rich[town] = QUEUE FIFO ATTRIB(flow[town], 1, Time, 0.1, flat, peak, size, 2, 2) ~~|
mean age[town] = QUEUE AGE AVERAGE(waiting[town], 2) ~~|
eldest = VMAX(QUEUE AGE OLDEST(waiting[town!])) ~~|
young[town] = QUEUE AGE IN RANGE(waiting[town], :NA:, 1) ~~|
worth[town] = QUEUE ATTRIB AVERAGE(rich[town]) + QUEUE ATTRIB QUANTITY(rich[town], 5) ~~|
spread = QUEUE ATTRIB MAX(rich[north]) - QUEUE ATTRIB MIN(rich[south]) ~~|
some = QUEUE ATTRIB IN RANGE(rich[north], 1, 2) ~~|
people[town, age] = INTEG(flow[town] - people[town, age] / 9, 10) ~~|
gone[town] = SHIFT IF TRUE(people[town, a1], MODULO(Time, 3) = 0, 3, 0, size) ~~|
later[town] = DELAY PROFILE(peak, flow[town], 2 + size / 3, 1, 0.1) ~~|
schedule[part] = 3, 1 ~~|
before[part] = 2, 1 ~~|
written off[town] = DEPRECIATE BY SCHEDULE(flow[town], schedule[p1], before[p1], size, 0.5) ~~|
straight = DEPRECIATE STRAIGHTLINE(flow[north], 4, 2, size) ~~|
rate = INTERNAL RATE OF RETURN(flow[north], 2, -10 * size, 0) ~~|
drawn[town] = RANDOM LOOKUP(peak, 0, 20, 1, size, 0) ~~|
bounded = SINTEG(flow[north] - 4, 0, -2, 5, 0.25, 0, 0.1) ~~|
slow[town] = DELAY N(flow[town], size, 1, 4) + SMOOTH N(flow[town], 5 + SIN(Time), 0, 3) ~~|
price = MARKETP(flow[north], people[north, a1], 1, 2, 4) ~~|
share[town] = ALLOC P(flow[town], 3 + Time / 4, 2, 4) ~~|
curve[age] = 1, 4, 2 ~~|
inverse = VECTOR LOOKUP(curve[a1], Time / 3, 0, 4, 5 + 3 * PULSE(3, 20)) ~~|
"""
# MARKETP needs a whole dimension: the towns' flows and priorities
_EQUATIONS = _EQUATIONS.replace(
    "MARKETP(flow[north], people[north, a1], 1, 2, 4)", "MARKETP(flow[north], young[north], ELMCOUNT(town), 2, 4)"
)


@pytest.fixture(scope="module")
def path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    place = tmp_path_factory.mktemp("functions") / "model.mdl"
    place.write_text("{UTF-8}\n" + _EQUATIONS + _CLOCK, encoding="utf-8")
    return place


@pytest.fixture(scope="module")
def model(path: Path) -> se.Model:
    return se.load(path)


def definition_of(text: str, name: str = "model.mdl") -> ModelDefinition:
    definition, problems = read_vensim(SourceFile(name, text))
    assert [d for d in problems if d.severity.value == "error"] == []
    return definition


def test_native_code_and_the_interpreter_give_the_same_bits(path: Path) -> None:
    program, problems = compile_model(definition_of(path.read_text(encoding="utf-8")))
    assert program is not None, problems
    fast, slow = simulate(program), simulate(program, backend="interpreter")
    assert fast.info.backend == "native"
    assert np.array_equal(fast.values, slow.values, equal_nan=True)
    assert np.isfinite(fast.values).all()


def test_each_run_of_many_is_the_run_alone(model: se.Model) -> None:
    sizes = [1.0, 3.0, 4.5, 2.0, 3.5]
    many = model.ensemble({"size": sizes})
    for number, size in enumerate(sizes):
        alone = model.run({"size": size})
        for name in model.variables:
            if name not in many or "run" not in many[name].dims or name.startswith("drawn"):
                continue  # each run of many has draws of its own
            assert np.array_equal(many[name].isel(run=number), alone[name]), name


@pytest.mark.parametrize("method", ["euler", "rk4"])
def test_written_and_read_again_it_gives_the_same_numbers(path: Path, tmp_path: Path, method: str) -> None:
    definition = definition_of(path.read_text(encoding="utf-8"))
    first = se.load(path).run(integration=method).to_dataframe()
    for name, text in (("again.mdl", write_vensim(definition)), ("again.xmile", write_xmile(definition))):
        (tmp_path / name).write_text(text, encoding="utf-8")
        second = se.load(tmp_path / name).run(integration=method).to_dataframe()
        for column in first.columns:
            assert np.array_equal(first[column], second[column]), (name, column)


def test_names_of_a_macro_and_further_results_go_to_both_languages_and_back(tmp_path: Path) -> None:
    # names of the macro are those of elements, too: 3 * 5 and 3 - 5, not the elements' numbers 1 and 2
    equations = (
        ":MACRO: BOTH(a, b : less)\nBOTH = a * b ~~|\nless = a - b ~~|\n:END OF MACRO:\n"
        "d : A, B ~~|\nw[A] = 3 ~~|\nw[B] = 5 ~~|\nproduct = BOTH(w[A], w[B] : difference) ~~|\n"
        "out = DELAYP(STEP(6, 2), 4 : under way) ~~|\nstill there = under way ~~|\n"
    )
    definition = definition_of(equations + _CLOCK)
    for name, text in (("again.mdl", write_vensim(definition)), ("again.xmile", write_xmile(definition))):
        (tmp_path / name).write_text(text, encoding="utf-8")
        run = se.load(tmp_path / name).run()
        assert run["product"].values[0] == 15, name
        assert run["difference"].values[0] == -2, name
        # what came in and did not leave
        gone = np.concatenate([[0], np.cumsum(run["out"].values)[:-1] * 0.5])
        came = 6 * np.maximum(run["out"].time.values - 2, 0)
        np.testing.assert_allclose(run["still there"].values, came - gone, atol=1e-12)


def test_devices_over_arrays_take_what_sums_up_longer_arrays(tmp_path: Path) -> None:
    # the same, with the sums as variables of their own, is written out by hand beside it
    (tmp_path / "m.mdl").write_text(
        "{UTF-8}\nd : a, b ~~|\nc : k1, k2, k3 ~~|\nx[c] = 1, 2, 3 ~~|\ny[d] = 1, 2 ~~|\nflat((0,1),(1,1)) ~~|\n"
        "sum = SUM(x[c!]) ~~|\nin[d] = sum * Time + y[d] ~~|\n"
        "p[d] = DELAY PROFILE(flat, SUM(x[c!]) * Time + y[d], VMAX(x[c!]), SUM(x[c!]), 0) ~~|\n"
        "p apart[d] = DELAY PROFILE(flat, in[d], 3, sum, 0) ~~|\n"
        "q[d] = QUEUE FIFO(SUM(x[c!]) * Time + y[d], SUM(x[c!]), flat, SUM(x[c!]) * y[d], 6) ~~|\n"
        "q apart[d] = QUEUE FIFO(in[d], sum, flat, sum * y[d], 6) ~~|\n" + _CLOCK,
        encoding="utf-8",
    )
    run = se.load(tmp_path / "m.mdl").run()
    for name in ("p", "q"):
        assert np.ptp(run[name].values) > 0
        np.testing.assert_array_equal(run[name].values, run[f"{name} apart"].values)


def test_a_delay_n_stands_still_within_a_step_of_runge_kutta(tmp_path: Path) -> None:
    # Vensim ref. "DELAY N": its output is constant for each time step; that of DELAY3I is not
    equations = (
        "x = STEP(6, 2) ~~|\nn = DELAY N(x, 4, 1, 3) ~~|\nm = SMOOTH N(x, 4, 1, 3) ~~|\nthird = DELAY3I(x, 4, 1) ~~|\n"
    )
    path = tmp_path / "model.mdl"
    path.write_text("{UTF-8}\n" + equations + _CLOCK, encoding="utf-8")
    euler, rk4 = (se.load(path).run(integration=i).to_dataframe() for i in ("euler", "rk4"))
    assert np.array_equal(euler[["n", "m"]], rk4[["n", "m"]])
    assert np.allclose(euler["n"], euler["third"], rtol=1e-12)
    assert np.abs(euler["third"] - rk4["third"]).max() > 0.05


def test_an_unrestricted_sinteg_is_an_integ(tmp_path: Path) -> None:
    # Vensim ref. "SINTEG": its first example
    equations = "s = SINTEG(COS(Time), 2, :NA:, :NA:, :NA:, :NA:, :NA:) ~~|\ni = INTEG(COS(Time), 2) ~~|\n"
    path = tmp_path / "model.mdl"
    path.write_text("{UTF-8}\n" + equations + _CLOCK, encoding="utf-8")
    for method in ("euler", "rk4"):
        frame = se.load(path).run(integration=method).to_dataframe()
        assert np.array_equal(frame["s"], frame["i"])


def test_a_shifted_stock_takes_an_initial_value_and_stays_a_stock(model: se.Model) -> None:
    assert model.variables["people"].role.value == "stock"
    run = model.run({"people": 7})
    assert (run["people"].isel(time=0) == 7).all()


def test_a_shift_conserves_by_any_method(model: se.Model) -> None:
    # what is there at the end is what was there, what came, and what was set anew, less what died and what left
    for method in ("euler", "rk4"):
        run = model.run(integration=method)
        people, gone = run["people"], run["gone"]
        frame = (people.sum("age") + gone.cumsum("time") - gone).transpose("time", ...)
        assert np.isfinite(frame).all()
    euler = model.run()
    moved = euler["people"].shift(time=-1) - euler["people"]
    flows = 0.5 * (3 * euler["flow"] - euler["people"].sum("age") / 9)
    shifts = euler["gone"] > 0
    entered = 3.0 * shifts
    wanted = flows - euler["gone"] + entered
    assert np.allclose(moved.sum("age").isel(time=slice(0, -1)), wanted.isel(time=slice(0, -1)), atol=1e-10)


def test_a_loop_that_does_not_stand_still_says_where(tmp_path: Path) -> None:
    path = tmp_path / "model.mdl"
    path.write_text("{UTF-8}\nx = SIMULTANEOUS(3 - y, 2) ~~|\ny = x * 2 ~~|\n" + _CLOCK, encoding="utf-8")
    with pytest.warns(se.RunWarning, match="`x`"):
        assert se.load(path).run().to_dataframe()["x"].isna().all()


def test_sums_of_series_follow_their_data(tmp_path: Path) -> None:
    # Vensim ref. "CUMULATE": the first point, the first and the second, ... whatever the time between them
    model, data = tmp_path / "model.mdl", tmp_path / "data.csv"
    equations = "s ~~|\ntown : x, y ~~|\nd[town] ~~|\nc := CUMULATE(s) ~~|\nf := CUMULATEF(c) ~~|\ne[town] := CUMULATE(d[town]) ~~|\n"
    model.write_text("{UTF-8}\n" + equations + _CLOCK, encoding="utf-8")
    data.write_text("Time,s,d[x],d[y]\n0,1,2,5\n1,2,0,5\n4,3,1,5\n", encoding="utf-8")
    frame = se.load(model, data=data).run().to_dataframe()
    assert [frame.loc[t, "c"] for t in (0.0, 1.0, 4.0)] == [1, 3, 6]
    assert set(frame["f"]) == {1 + 3 + 6}
    assert [frame.loc[t, "e[x]"] for t in (0.0, 1.0, 4.0)] == [2, 2, 3]
    assert [frame.loc[t, "e[y]"] for t in (0.0, 1.0, 4.0)] == [5, 10, 15]


def test_what_no_source_settles_is_said(model: se.Model) -> None:
    notes = [d for d in model.diagnostics if d.code == "unverified-function"]
    assert {d.severity.value for d in notes} == {"note"}
    assert any("SHIFT IF TRUE" in d.message for d in notes)
    assert len({d.message for d in notes}) == len(notes)
