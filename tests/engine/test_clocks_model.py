"""Several clocks behind the public model: derivatives, lookups as inputs, methods, what is kept, what is printed."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

import simengine as se
from simengine.api import kept
from simengine.api.model import Model
from simengine.compile.pipeline import compile_model
from simengine.engine.run import simulate
from simengine.model.definition import Method, ModelDefinition
from simengine.program.digest import digest_of
from simengine.program.printer import print_program
from simengine.program.program import Program
from simengine.source.late import Late
from tests.engine.clocked import control, merge, program_of, read, with_reads
from tests.engine.test_clocks import compare, coupled
from tests.language.xmile.build import aux, document, flow, good, stock
from tests.language.xmile.test_xmile_containers import RIDES, line

FAST = """
soil = INTEG(rain - drained, first soil) ~~|
first soil = 10 ~~|
rain = base rain + SIN(Time * 20) ~~|
base rain = 5 ~~|
drained = soil * drain share * response(soil) + need * 0.01 ~~|
drain share = 0.3 ~~|
response((0,0.5),(10.7,1),(20,2)) ~~|
seen = DELAY FIXED(soil, 0.03, 1) ~~|
"""
SLOW = """
homes = INTEG(building, first homes) ~~|
first homes = 100 ~~|
building = homes * growth + wet * 0.1 + dry + top + before - late ~~|
growth = 0.1 ~~|
need = homes * homes * 0.001 ~~|
late = DELAY FIXED(need, 0.5, 3) ~~|
smoothed = SMOOTH3(building, 2) ~~|
held = SAMPLE IF TRUE(homes > 110, homes, 5) ~~|
wet = 0 ~~|
dry = 0 ~~|
top = 0 ~~|
before = 0 ~~|
"""
READS = {"wet": ("mean", "drained"), "dry": ("least", "soil"), "top": ("most", "soil"), "before": ("last", "seen")}


def definition_of(method: Method = Method.EULER, slow: Method = Method.EULER) -> ModelDefinition:
    fast = read(f"{FAST}need = 1 ~~|\n{control('0.25/25', '2', save='0.25')}", method)
    fast = replace(fast, variables=tuple(v for v in fast.variables if v.key != "need"))
    return with_reads(merge(fast, {"city": read(SLOW + control("0.25", "2"), slow)}), **READS)


def model_of(definition: ModelDefinition) -> Model:
    program, diagnostics = compile_model(definition)
    assert program is not None, [str(d) for d in diagnostics]
    return Model(definition, program, diagnostics)


OUTPUTS = ["soil", "homes", "building", "late", "smoothed", "held"]


@pytest.mark.parametrize("method", [Method.EULER, Method.RK4])
@pytest.mark.parametrize("slow", [Method.EULER, Method.RK2])
def test_derivatives_go_through_clocks(method: Method, slow: Method) -> None:
    model = model_of(definition_of(method, slow))
    inputs = {"drain share": 0.3, "growth": 0.1, "first homes": 100.0, "base rain": 5.0, "first soil": 10.0}
    value, derivative = model.gradient(None, list(inputs), OUTPUTS)
    frame = model.run(save=OUTPUTS).to_dataframe()
    assert np.array_equal(value.values, frame[OUTPUTS].to_numpy())
    for name, at in inputs.items():
        step = 1e-5 * at
        near = [model.run({name: at + sign * step}, save=OUTPUTS).to_dataframe()[OUTPUTS] for sign in (1, -1)]
        difference = (near[0] - near[1]).to_numpy() / (2 * step)
        exact = derivative.sel(wrt=name).values
        # central differences: their own error is of the order of step^2 and of rounding over step
        assert np.allclose(exact, difference, rtol=1e-6, atol=1e-6 * np.abs(exact).max()), name
        assert np.abs(exact).max() > 0


def test_derivatives_by_a_step_of_time_are_refused() -> None:
    with pytest.raises(se.InputError, match="steps of time"):
        model_of(definition_of()).gradient(None, ["city step"], ["homes"])


def test_points_of_a_lookup_vary_beside_a_slower_clock() -> None:
    model = model_of(definition_of())
    plain = model.run(save=["homes", "soil"]).to_dataframe()
    value, derivative = model.gradient(None, ["response"], ["homes"])
    assert np.array_equal(value.values[:, 0], plain["homes"].to_numpy())
    assert np.abs(derivative.values).max() > 0
    changed = model.run({"response": [(0, 0.6), (10.7, 1), (20, 2)]}, save=["homes"]).to_dataframe()
    assert not np.array_equal(changed["homes"], plain["homes"])


def test_a_method_asked_for_is_that_of_all_clocks() -> None:
    model = model_of(definition_of(Method.EULER, Method.RK4))
    asked = model.run(integration="rk2")
    own = model_of(definition_of(Method.RK2, Method.RK2)).run()
    assert np.array_equal(asked.table(), own.table())
    many = model.ensemble({"growth": [0.1, 0.2]}, integration="rk2", save=["homes"])
    assert np.array_equal(many["homes"].values[0], own.values("homes"))
    with pytest.raises(se.InputError, match="finds its own steps"):
        model.run(integration="bdf")
    with pytest.raises(se.InputError, match="fixed steps"):
        model.gradient(None, ["growth"], ["homes"], integration="rk45")


def test_runs_of_an_ensemble_are_runs() -> None:
    model = model_of(definition_of(Method.RK4, Method.RK4))
    growth = np.linspace(0.05, 0.2, 21)
    many = model.ensemble({"growth": growth}, save=OUTPUTS)
    for run in (0, 13, 20):
        alone = model.run({"growth": float(growth[run])}, save=OUTPUTS)
        for name in OUTPUTS:
            assert np.array_equal(many[name].values[run], alone.values(name)), name


def test_what_is_kept_is_the_program(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SIMENGINE_CACHE", str(tmp_path))
    definition = definition_of(Method.RK4, Method.RK2)
    program = program_of(definition)
    kept.keep("a" * 64, kept.Loaded(definition, program, ()))
    found = kept.find("a" * 64)
    assert found is not None
    again = found.program
    assert isinstance(again.clocks[0].group.step, Late)
    assert again.clocks[0].group.step._make is not None
    mine, theirs = (simulate(p, method=Method.RK4) for p in (program, again))
    assert np.array_equal(mine.values, theirs.values)
    assert found.definition.clocks == definition.clocks
    object.__setattr__(again, "digest", "")
    assert digest_of(again) == digest_of(program)
    assert print_program(again) == print_program(program)
    judged = simulate(again, method=Method.RK4, backend="interpreter").values
    assert np.allclose(judged, mine.values, rtol=1e-12)


def test_the_dump_shows_clocks() -> None:
    text = print_program(program_of(coupled()))
    assert "\nclock city:\n    by >step city, rk4\n    step:\n" in text
    assert "    stocks:\n        homes += dt * 'homes\n" in text
    assert text.index("clock city:") < text.index("\nstep:")
    assert text.rstrip().endswith("soil += dt * 'soil")


FAST_BELT = document(
    stock("F_level", "1", "F_in", "", "<non_negative/>"),
    flow("F_in", "SIN(TIME) - 0.5"),
    aux("F_before", "PREVIOUS(F_in, 0)"),
    aux("F_step", "DT"),
    specs="<sim_specs><start>0</start><stop>12</stop><dt>0.1</dt></sim_specs>",
)
MORE = (
    aux("slow_step_shown", "DT + STOPTIME"),
    aux("before", "PREVIOUS(TIME, -1)"),
    aux("shown", "HISTORY(before, TIME - 1.5)"),
    aux("pulsing", "PULSE(3, 1, 2)"),
    aux("late", "DELAY(TIME, 1.5, 7)"),
    aux("smooth", "SMTH3(TIME, 2)"),
)


@pytest.mark.parametrize("ride", RIDES)
@pytest.mark.parametrize("backend", ["interpreter", "native"])
def test_queues_belts_and_ovens_go_by_their_own_clock(ride: str, backend: str) -> None:
    slow, fast = good(line(ride, *MORE)), good(FAST_BELT)
    merged, own, other = program_of(merge(fast, {"slow": slow})), program_of(slow), program_of(fast)
    together = simulate(merged, backend=backend).values
    compare(together, merged, simulate(own, backend=backend).values, own, 5)
    compare(together, merged, simulate(other, backend=backend).values, other, 1)


def test_programs_of_one_clock_have_none() -> None:
    program: Program = program_of(read(FAST + "need = 1 ~~|\n" + control("1")))
    assert program.clocks == ()
    assert program.own_group.stocks is program.stocks
    assert len(program.groups) == 1
