"""What linked models compute, against solutions by hand."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import simengine as se

CASES = Path(__file__).parent / "cases"
PARTS = {"people": "people.mdl", "work": "work.mdl"}
CLOCK = {"INITIAL TIME", "FINAL TIME", "TIME STEP", "SAVEPER"}


def linked(folder: Path, links: str, models: str = "") -> se.Model:
    """Return the model of a file with these links."""
    given_models = models or "".join(f"  {n}: {CASES / f}\n" for n, f in PARTS.items())
    path = folder / "linked.yaml"
    path.write_text(f"simengine: 1\nmodels:\n{given_models}links:\n{links}", encoding="utf-8")
    return se.load(path)


def link(source: str, target: str, how: str, **more: object) -> str:
    """Return a link L as text."""
    lines = [f"from: {source}", f"to: {target}", f"how: {how}", *(f"{k}: {v}" for k, v in more.items())]
    return "  L:\n" + "".join(f"    {line}\n" for line in lines)


def same_as_alone(model: se.Model, values: dict[str, float], parts: dict[str, Path]) -> None:
    """Assert that every variable of every part is bit for bit what it is alone."""
    run = model.run(values)
    for name, path in parts.items():
        alone = se.load(path).run()
        rows = [
            int(np.argmin(np.abs(alone.times - t))) for t in run.times
        ]  # k short steps may miss a long one by a bit
        assert np.allclose(alone.times[rows], run.times, rtol=0, atol=1e-9)
        for variable in alone.names:
            if variable not in CLOCK:
                got = run.values(f"{name}.{variable}")
                assert np.array_equal(got, alone.values(variable)[rows]), variable


ALL = """\
  L1:
    from: people.people
    to: work.extra growth
    how: add
    reduce: sum
    strength: 0.001 job/person/yr
    delay: 2 yr
  L2: {from: work.jobs, to: people.attraction, how: multiply, by: power, strength: 0.5, delay: 1 yr, order: third}
  L3: {from: people.people, to: work.customers, how: replace}
  L4: {from: work.jobs, to: people.birth rate, how: multiply, strength: 0.001 /job, reference: 50 job}
"""


def test_all_links_off_is_alone(tmp_path: Path) -> None:
    model = linked(tmp_path, ALL)
    same_as_alone(model, {f"link L{n}": 0 for n in (1, 2, 3, 4)}, {n: CASES / f for n, f in PARTS.items()})


def test_no_links_is_alone(tmp_path: Path) -> None:
    same_as_alone(linked(tmp_path, "  {}\n"), {}, {n: CASES / f for n, f in PARTS.items()})


def test_a_link_that_is_off_in_the_file_can_be_switched_on(tmp_path: Path) -> None:
    text = link("people.total people", "work.extra growth", "add", strength="0.001 job/person/yr", on="off")
    model = linked(tmp_path, text)
    assert float(model.run()["work.extra growth with links"][0]) == 0
    assert float(model.run({"link L": 1})["work.extra growth with links"][0]) == pytest.approx(0.3)


def test_what_is_added_is_strength_times_source(tmp_path: Path) -> None:
    model = linked(
        tmp_path, link("people.people", "work.extra growth", "add", reduce="sum", strength="0.001 job/person/yr")
    )
    run = model.run()
    assert np.array_equal(run.values("work.extra growth with links"), 0.001 * run.values("people.people").sum(axis=1))
    # people grow by Euler's rule; jobs by their own growth and what the link adds
    people, jobs = 300.0, 50.0
    for _ in range(4):
        people, jobs = people * (1 + 0.25 * 0.03), jobs + 0.25 * (jobs * 0.02 + 0.001 * people)
    assert float(run["work.jobs"].sel(time=1)) == pytest.approx(jobs, rel=1e-14)


def test_a_strength_is_converted(tmp_path: Path) -> None:
    model = linked(tmp_path, link("people.total people", "work.extra growth", "add", strength="0.3 job/person/decade"))
    run = model.run()
    assert run.values("work.extra growth with links")[0] == pytest.approx(300 * 0.03, rel=1e-12)
    assert not [d for d in model.check() if d.code.startswith("unit")]


@pytest.mark.parametrize(("by", "strength", "expected"), [
    ("linear", "0.002 /job", lambda x: 1 + 0.002 * (x - 40)),
    ("exponential", "0.002 /job", lambda x: np.exp(0.002 * (x - 40))),
    ("power", "0.5", lambda x: (x / 40) ** 0.5),
])  # fmt: skip
def test_factors(tmp_path: Path, by: str, strength: str, expected: object) -> None:
    text = link("work.jobs", "people.attraction", "multiply", by=by, strength=strength, reference="40 job")
    run = linked(tmp_path, text).run()
    assert np.allclose(run.values("people.attraction with links"), expected(run.values("work.jobs")), rtol=1e-14)


def test_a_reference_is_the_start_where_none_is_given(tmp_path: Path) -> None:
    run = linked(tmp_path, link("work.jobs", "people.attraction", "multiply", by="power", strength="0.5")).run()
    assert np.allclose(run.values("people.attraction with links"), (run.values("work.jobs") / 50) ** 0.5, rtol=1e-14)


def test_a_reference_may_be_a_variable(tmp_path: Path) -> None:
    text = link("people.total people", "work.extra growth", "add", strength="0.001 job/person/yr",
                reference="people.total people")  # fmt: skip
    assert np.all(linked(tmp_path, text).run().values("work.extra growth with links") == 0)


@pytest.mark.parametrize(("rule", "expected"), [
    ("sum", 60.0), ("mean", 20.0), ("minimum", 10.0), ("maximum", 30.0), ("{mean by: customers}", 1400 / 60),
])  # fmt: skip
def test_elements_taken_together(tmp_path: Path, rule: str, expected: float) -> None:
    text = link("work.customers", "people.attraction", "replace", strength="1 /person", reduce=rule)
    assert linked(tmp_path, text).run().values("people.attraction with links")[0] == pytest.approx(expected)


@pytest.mark.parametrize(("rule", "expected"), [
    ("same", [300, 300, 300]), ("{share by: customers}", [50, 100, 150]),
])  # fmt: skip
def test_what_elements_get(tmp_path: Path, rule: str, expected: list[float]) -> None:
    text = link("people.total people", "work.customers", "replace", spread=rule)
    assert linked(tmp_path, text).run().values("work.customers with links")[0] == pytest.approx(expected)


def test_one_element_as_source(tmp_path: Path) -> None:
    text = link("'people.weight[B]'", "people.attraction", "replace")
    assert np.all(linked(tmp_path, text).run().values("people.attraction with links") == 2)


def test_a_delay_is_exponential_from_nothing(tmp_path: Path) -> None:
    text = link(
        "people.weight[B]", "people.attraction", "multiply", by="linear", strength="0.5", reference="0", delay="2 yr"
    )
    run = linked(tmp_path, text).run(time_step=1 / 512)
    exact = 1 + 1.0 * (1 - np.exp(-run.times / 2))  # the factor goes from 1 to 2 with a time constant of 2
    assert np.allclose(run.values("people.attraction with links"), exact, rtol=1e-3)


def test_a_delay_may_begin_settled_or_be_fixed(tmp_path: Path) -> None:
    settled = link("people.weight[B]", "people.attraction", "replace", delay="2 yr", initial="source")
    assert np.all(linked(tmp_path, settled).run().values("people.attraction with links") == 2)
    fixed = link("people.weight[B]", "people.attraction", "replace", delay="2 yr", order="fixed")
    values = linked(tmp_path, fixed).run().values("people.attraction with links")
    assert values.tolist() == [1, 1, *[2] * 19]


@given(gain=st.floats(0, 2), base=st.floats(0.5, 2))
@settings(max_examples=25, deadline=None)
def test_gain_is_in_proportion(gain: float, base: float, tmp_path_factory: pytest.TempPathFactory) -> None:
    text = link("work.jobs", "people.attraction", "multiply", by="power", strength="0.5")
    model = linked(tmp_path_factory.mktemp("gain"), text)
    run = model.run({"link L": gain})
    effect, arriving = run.values("link L effect"), run.values("link L arriving")
    assert np.allclose(arriving, 1 + gain * (effect - 1), rtol=1e-12, atol=1e-12)
    around = model.run({"link L": gain, "link L around base": 1, "link L base": base})
    effect, arriving = around.values("link L effect"), around.values("link L arriving")
    assert np.allclose(arriving, base + gain * (effect - base), rtol=1e-12, atol=1e-12)


def test_full_gain_around_the_base_is_the_full_model(tmp_path: Path) -> None:
    model = linked(tmp_path, ALL)
    around = {f"link L{n} around base": 1 for n in (1, 2, 4)}
    full, given_base = model.run(), model.run(around)
    for name in ("work.jobs", "people.people", "work.demand"):
        assert np.array_equal(full.values(name), given_base.values(name))


def test_off_around_the_base_follows_the_base_run(tmp_path: Path) -> None:
    model = linked(tmp_path, link("work.jobs", "people.attraction", "multiply", by="power", strength="0.5"))
    base = model.run(save=["link L effect", "people.people"])
    every = model.run({"SAVEPER": 0.25}, save=["link L effect"])
    series = dict(zip(every.times.tolist(), every.values("link L effect").tolist(), strict=True))
    values = {"link L": 0, "link L around base": 1, "link L base": series, "work.growth rate": 0.5}
    assert np.array_equal(model.run(values).values("people.people"), base.values("people.people"))


def test_short_names_and_two_of_one_name(tmp_path: Path) -> None:
    models = f"  one: {CASES / 'work.mdl'}\n  two: {CASES / 'work.mdl'}\n  people: {CASES / 'people.mdl'}\n"
    model = linked(tmp_path, "  {}\n", models)
    assert model.variables["Total_People"].name == "people.total people"
    with pytest.raises(KeyError, match="`one.jobs` or `two.jobs`"):
        model.variables["jobs"]
    with pytest.raises(se.InputError, match=r"one\.jobs"):
        model.run({"jobs": 3})


def test_inputs_stay_inputs(tmp_path: Path) -> None:
    model = linked(tmp_path, link("work.jobs", "people.attraction", "multiply", by="power", strength="0.5"))
    run = model.run({"attraction": 2})
    assert np.allclose(run.values("people.attraction with links"), 2 * (run.values("work.jobs") / 50) ** 0.5)


def test_gradients_go_through_links(tmp_path: Path) -> None:
    model = linked(tmp_path, ALL)
    wrt, at, step = ["link L1", "growth rate"], {"link L1": 0.7, "growth rate": 0.02}, 1e-6
    _, exact = model.gradient(at, wrt=wrt, outputs=["people.total people"])
    for number, name in enumerate(wrt):
        up, down = (model.run({**at, name: at[name] + s})["people.total people"].values for s in (step, -step))
        assert np.allclose(exact.values[:, 0, number], (up - down) / (2 * step), rtol=1e-5, atol=1e-4)


def test_dimensions_of_one_name_with_other_elements(tmp_path: Path) -> None:
    text = (CASES / "people.mdl").read_text(encoding="utf-8").replace("A, B, C", "X, Y, Z")
    (tmp_path / "other.mdl").write_text(text, encoding="utf-8")
    models = f"  here: {CASES / 'people.mdl'}\n  there: {tmp_path / 'other.mdl'}\n"
    model = linked(tmp_path, link("here.people", "there.attraction", "multiply", reduce="mean", strength="0.01 /person",
                                  reference="100 person"), models)  # fmt: skip
    assert model.variables["here.people"].elements == (("A", "B", "C"),)
    assert model.variables["there.people"].elements == (("X", "Y", "Z"),)
    assert model.run()["there.people"].sel({"there.wijk": "Z"}).values[-1] > 100
    same_as_alone(model, {"link L": 0}, {"here": CASES / "people.mdl", "there": tmp_path / "other.mdl"})


def test_a_stella_model_beside_one_of_vensim(tmp_path: Path) -> None:
    import simengine.cli.main as cli

    assert cli.main(["convert", str(CASES / "work.mdl"), str(tmp_path / "work.xmile")]) == 0
    models = f"  people: {CASES / 'people.mdl'}\n  work: {tmp_path / 'work.xmile'}\n"
    model = linked(
        tmp_path, link("people.total people", "work.extra growth", "add", strength="0.001 job/person/yr"), models
    )
    both = linked(tmp_path, link("people.total people", "work.extra growth", "add", strength="0.001 job/person/yr"))
    assert np.allclose(model.run().values("work.jobs"), both.run().values("work.jobs"), rtol=1e-14)


def test_macros_data_and_reality_checks_come_along(tmp_path: Path) -> None:
    text = """{UTF-8}
:MACRO: TWICE(x)
TWICE = 2 * x * scale$ ~ x ~ |
:END OF MACRO:
scale = 3 ~ Dmnl ~ |
a = TWICE(b) ~ person ~ |
b = 1 ~ person ~ |
check :THE CONDITION: a > 100 :IMPLIES: b > 1 ~ ~ |
c = WITH LOOKUP(Time, ((0,1),(20,5))) ~ Dmnl ~ |
INITIAL TIME = 0 ~ Year ~ |
FINAL TIME = 20 ~ Year ~ |
TIME STEP = 0.25 ~ Year ~ |
SAVEPER = 1 ~ Year ~ |
"""
    (tmp_path / "macro.mdl").write_text(text, encoding="utf-8")
    models = f"  m: {tmp_path / 'macro.mdl'}\n  people: {CASES / 'people.mdl'}\n"
    model = linked(tmp_path, link("people.total people", "m.b", "replace"), models)
    assert model.run().values("m.a")[0] == 6 * 300
    same_as_alone(model, {"link L": 0}, {"m": tmp_path / "macro.mdl"})


def test_what_a_composed_model_tells_of_itself(tmp_path: Path) -> None:
    model = linked(tmp_path, ALL)
    assert [p.name for p in model.definition.parts] == ["people", "work"]
    first = model.definition.links[0]
    assert (first.name, first.source, first.target, first.how) == ("L1", "people.people", "work.extra_growth", "add")
    assert str(model.variables["attraction with links"]).startswith("people.attraction with links = ")
    assert "from: " not in str(model.variables["link L1 effect"])
    assert model.check() == ()


def test_a_model_is_kept_until_one_of_its_files_changes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SIMENGINE_CACHE", str(tmp_path / "cache"))
    (tmp_path / "people.mdl").write_bytes((CASES / "people.mdl").read_bytes())
    models = f"  people: {tmp_path / 'people.mdl'}\n  work: {CASES / 'work.mdl'}\n"
    text = link("people.total people", "work.extra growth", "add", strength="0.001 job/person/yr")
    before = linked(tmp_path, text, models).run()["work.jobs"].values[-1]
    assert linked(tmp_path, text, models).run()["work.jobs"].values[-1] == before
    changed = (tmp_path / "people.mdl").read_text(encoding="utf-8").replace("= 0.03", "= 0.05")
    (tmp_path / "people.mdl").write_text(changed, encoding="utf-8")
    assert linked(tmp_path, text, models).run()["work.jobs"].values[-1] > before


def test_random_draws_are_those_of_the_model_alone(tmp_path: Path) -> None:
    noisy = (CASES / "work.mdl").read_text(encoding="utf-8").replace(
        "growth = jobs * growth rate + extra growth",
        "growth = jobs * SMOOTH(RANDOM NORMAL(-1, 1, 0.02, 0.1, 7), 2) + extra growth",
    )  # fmt: skip
    (tmp_path / "noisy.mdl").write_text(noisy, encoding="utf-8")
    models = f"  people: {CASES / 'people.mdl'}\n  noisy: {tmp_path / 'noisy.mdl'}\n"
    text = link("people.total people", "noisy.extra growth", "add", strength="0.001 job/person/yr")
    same_as_alone(linked(tmp_path, text, models), {"link L": 0}, {"noisy": tmp_path / "noisy.mdl"})


def test_two_parts_of_one_model_draw_each_for_itself(tmp_path: Path) -> None:
    noisy = (CASES / "work.mdl").read_text(encoding="utf-8").replace(
        "growth = jobs * growth rate", "growth = jobs * RANDOM NORMAL(-1, 1, 0.02, 0.1, 7)"
    )  # fmt: skip
    (tmp_path / "noisy.mdl").write_text(noisy, encoding="utf-8")
    models = f"  one: {tmp_path / 'noisy.mdl'}\n  two: {tmp_path / 'noisy.mdl'}\n"
    run = linked(tmp_path, "  {}\n", models).run()
    assert not np.allclose(run.values("one.jobs"), run.values("two.jobs"))


@pytest.mark.parametrize("gain", [0.0, 0.25, 1.0])
@pytest.mark.parametrize(
    "text",
    [
        link("work.jobs", "people.attraction", "multiply", by="power", strength="0.5"),
        link("people.people", "work.extra growth", "add", reduce="sum", strength="0.001 job/person/yr", delay="2 yr"),
        link("people.people", "work.customers", "replace"),
    ],
)
def test_the_gradient_by_a_gain_is_the_slope_of_runs(gain: float, text: str, tmp_path: Path) -> None:
    model = linked(tmp_path, text)
    outputs = ["work.jobs", "people.people", "work.demand"]
    _, slope = model.gradient({"link L": gain}, wrt=["link L"], outputs=outputs)
    step = 1e-5
    runs = model.ensemble({"link L": [gain - step, gain + step]}, save=outputs)
    expected = [(v[1] - v[0]) / (2 * step) for v in (runs[o].values.reshape(2, len(runs.times), -1) for o in outputs)]
    # second order differences of smooth functions: the error is of the order of step squared and rounding / step
    assert np.allclose(slope.values[:, :, 0], np.concatenate(expected, axis=1), rtol=1e-5, atol=1e-6)
    assert np.any(slope.values != 0)


def test_a_pattern_means_variables_of_all_parts(tmp_path: Path) -> None:
    model = linked(tmp_path, link("people.people", "work.customers", "replace"))
    assert set(model.run(save=["job?", "peop?e"]).names) == {"work.jobs", "people.people"}


@pytest.mark.parametrize(("strength", "effect"), [("0.5 Degrees Fahrenheit/person", 5.0), ("0.5 K/person", 9.0)])
def test_what_is_added_to_a_temperature_is_a_difference(strength: str, effect: float, tmp_path: Path) -> None:
    shop = "{UTF-8}\nguests = 10 ~ person ~|\nINITIAL TIME = 0 ~ Minute ~|\nFINAL TIME = 30 ~ Minute ~|\n"
    (tmp_path / "shop.mdl").write_text(f"{shop}TIME STEP = 0.125 ~ Minute ~|\nSAVEPER = 1 ~ Minute ~|\n", "utf-8")
    teacup = Path(__file__).parent.parent / "models" / "teacup.mdl"
    text = link("shop.guests", "tea.room temperature", "add", strength=strength)
    model = linked(tmp_path, text, f"  tea: {teacup}\n  shop: {tmp_path / 'shop.mdl'}\n")
    assert np.allclose(model.run().values("tea.Room Temperature with links"), 70 + effect, rtol=1e-15)
