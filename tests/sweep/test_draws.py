"""Draws: what the runs of a sweep are given is what single runs would be given, bit for bit."""

from __future__ import annotations

import pickle
import shutil
import warnings
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from scipy import stats

import simengine as se
from simengine.scenario.ensemble import one_of
from simengine.scenario.plan import Plan, read_plan
from simengine.scenario.run import values_of
from simengine.source.diagnostic import InputError, RunWarning
from simengine.source.render import render_full
from simengine.sweep.draws import Draws, draws_of

CASES = Path(__file__).parent.parent / "scenario" / "cases"
SCENARIOS = """
scenarios:
  base:
  tax: {set: {gas tax: {step: 0.5, at: 2028}, subsidy: {ramp: [inherit, 5], over: [2025, 2035], shape: s-curve}}}
  more:
    extends: tax
    set:
      retrofit rate[north]: {times: 2}
      bad homes: [500, 2000, 3000]
      green roofs: {pulse: 8, at: 2025, for: 3 year, every: 10 year}
      effect of time: {points: [[0, 1], [4, 2], [10, 1.5]]}
    links: {X1: 0.5}
"""
HEAD = "time: {step: 1 year, save_every: 5 year}\n" + SCENARIOS
ONES = {
    "gas per home": "{uniform: [1000, 1400]}",
    "gas tax": "{times: {triangular: [0.5, 1, 1.5]}}",
    "tax later": "{of: gas tax, later: {uniform: [0 year, 5 year]}}",
    "tax more": "{of: gas tax, plus: {normal: [0, 0.01]}}",
    "subsidy": "{later: {integer: [-3, 3]}}",
    "subsidy more": "{of: subsidy, times: {uniform: [0.9, 1.1]}}",
    "retrofit rate": "{lognormal: [0.01, 0.02]}",
    "retrofit rate[south]": "{pert: [0.01, 0.02, 0.05]}",
    "rates": '{of: "retrofit rate[*]", times: {beta: [2, 2, 0.5, 1.5]}}',
    "effect of time": "{times: {beta: [2, 3, 0.5, 1.5]}}",
    "effect more": "{of: effect of time, plus: {uniform: [-1, 1]}}",
    "jobs": "{pert: [50, 100, 200]}",
    "jobs more": "{of: jobs, times: {uniform: [0.5, 1.5]}}",
    "homes": "{discrete: {1000: 0.25, 2000: 0.75}}",
    "bad homes[west]": "{uniform: [1000, 5000]}",
    "smoothing order": "{choice: {1: 0.5, 3: 0.5}}",
    "boiler lifetime": "{gamma: [3, 5 year], within: [5, 30]}",
    "climate": "{choice: {hot: 0.5, cold: 0.5}, sets: data/sets.csv}",
    "CO2": "{weibull: [2, 1000]}",
    "green roofs": "{plus: {loguniform: [0.1, 1]}}",
    "link X1": "{times: {uniform: [0.5, 1.5]}}",
    "link X2": "{uniform: [0, 2]}",
    "mind": "{rows: data/posterior.csv, columns: {unused: price growth, boiler lifetime: gas tax}, "
            "units: {boiler lifetime: century}}",
}  # fmt: skip
WITH_PATHS = {"tax later", "subsidy"}

Make = Callable[[str], Plan]


@pytest.fixture(scope="module")
def make(tmp_path_factory: pytest.TempPathFactory) -> Make:
    folder = tmp_path_factory.mktemp("draws")
    shutil.copy(CASES / "town.mdl", folder)
    shutil.copytree(CASES / "data", folder / "data")

    def plan_of(text: str) -> Plan:
        path = folder / "study.yaml"
        path.write_text("simengine: 1\nmodel: town.mdl\n" + text, encoding="utf-8")
        plan, found = read_plan(path)
        assert plan is not None, "\n".join(map(render_full, found))
        return plan

    return plan_of


def _text(factors: dict[str, str], sweep: str, scenarios: str = "[base, tax, more]", head: str = HEAD) -> str:
    lines = "".join(f'  "{name}": {what}\n' for name, what in factors.items())
    return f"{head}uncertain:\n{lines}sweeps:\n  s: {{scenarios: {scenarios}, {sweep}}}\n"


def _check(plan: Plan, draws: Draws, scenario: str, count: int, singles: int = 3) -> None:
    """Assert that runs of ensembles are runs of single values, and that no part of them depends on the others."""
    every: list[int] = []
    for places, values in draws.parts(scenario, 0, count):
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", RunWarning)
            ensemble = plan.model.ensemble(values)
            for place in sorted({0, len(places) // 2, len(places) - 1})[:singles]:
                run = plan.model.run(one_of(values, place))
                assert np.array_equal(run.table(), ensemble.run(place).table(), equal_nan=True), (scenario, place)
        every += places.tolist()
    assert sorted(every) == list(range(count))


@settings(max_examples=6, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    st.lists(st.sampled_from(list(ONES)), min_size=1, max_size=5, unique=True),
    st.sampled_from(["tax", "more"]),
    st.integers(0, 2**30),
)
def test_run_i_is_the_single_run_of_its_values(make: Make, chosen: list[str], scenario: str, seed: int) -> None:
    plan = make(_text({name: ONES[name] for name in chosen}, f"sample: random, n: 5, seed: {seed}", "[tax, more]"))
    draws = draws_of(plan, "s")
    _check(plan, draws, scenario, 5, singles=2)


def test_all_at_once(make: Make) -> None:
    plan = make(_text(ONES, "sample: latin, n: 12, seed: 3", "[base, tax, more]"))
    draws = draws_of(plan, "s")
    for scenario in ("base", "tax", "more"):
        assert len(draws.parts(scenario, 0, 12)) == 2, "two orders of a delay are two models"
        if scenario != "tax":
            _check(plan, draws, scenario, 12, singles=2)
    with pytest.raises(InputError, match="runs of 2 models"):
        draws.values("base", 0, 12)


@settings(max_examples=10, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    st.sampled_from(["random", "latin", "sequence", "halton"]), st.integers(0, 39), st.integers(1, 40), st.booleans()
)
def test_a_run_does_not_depend_on_which_others_are_asked_for(
    make: Make, kind: str, first: int, count: int, correlated: bool
) -> None:
    some = {n: ONES[n] for n in ("gas per home", "gas tax", "tax later", "retrofit rate", "effect of time", "climate")}
    text = _text(some, f"sample: {kind}, n: 40, seed: 2", "[tax]")
    if correlated:
        text += "correlated: [{between: [gas per home, retrofit rate, effect of time], rho: 0.6}]\n"
    draws = draws_of(make(text), "s")
    count = min(count, 40 - first)
    whole, part = draws.values("tax", 0, 40), pickle.loads(pickle.dumps(draws)).values("tax", first, count)
    assert whole.keys() == part.keys()
    for number in range(count):
        assert one_of(part, number) == one_of(whole, first + number)
    assert draws.unit(first, count).tobytes() == draws.unit(0, 40)[first : first + count].tobytes()
    table, other = draws.table(0, 40), draws.table(first, count)
    assert {k: list(v)[first : first + count] for k, v in table.items()} == {k: list(v) for k, v in other.items()}


def test_what_is_drawn_means_what_it_says(make: Make) -> None:
    plan = make(_text(
        {"gas tax": "{times: {integer: [2, 2]}}", "tax later": "{of: gas tax, later: {discrete: {2 year: 1}}}",
         "tax more": "{of: gas tax, plus: {discrete: {0.1 EUR/m3: 1}}}", "subsidy": "{uniform: [3, 4]}",
         "price growth": "{discrete: {50 %/year: 1}}", "retrofit rate": "{times: {discrete: {300 %: 1}}}",
         "effect of time": "{times: {discrete: {2: 1}}}", "effect more": "{of: effect of time, plus: {discrete: {1: 1}}}"},
        "sample: random, n: 2", "[base, more]",
    ))  # fmt: skip
    draws = draws_of(plan, "s")
    ensemble = plan.model.ensemble(draws.values("more", 0, 2), save=["gas tax", "retrofit rate", "price growth"])
    tax = ensemble["gas tax"].isel(run=0)
    assert tax.sel(time=[2020, 2025, 2030, 2050]).values.tolist() == pytest.approx([0.5, 0.5, 1.1, 1.1])
    sharp = plan.model.ensemble(draws.values("more", 0, 2) | {"SAVEPER": 1.0}, save=["gas tax"])["gas tax"][0]
    assert float(sharp.sel(time=2029)) == pytest.approx(0.5)
    assert float(sharp.sel(time=2030)) == pytest.approx(2 * 0.5 + 0.1)
    rates = ensemble["retrofit rate"].isel(run=0, time=0).values.tolist()
    assert rates == pytest.approx([2 * 0.01 * 3, 0.02 * 3, 0.01 * 3])
    assert set(ensemble["price growth"].values.ravel().tolist()) == {0.5}
    for (_, y), own in zip(draws.values("more", 0, 2)["effect of time"], [1, 2, 1.5], strict=True):
        assert y.tolist() == [2 * own + 1] * 2
    assert draws.fixed("more")["subsidy"].startswith("`more` sets it itself (")
    assert "subsidy" not in draws.fixed("base")
    assert draws.fixed("base")["tax later"] == "`base` sets no path for it that could begin later"
    assert draws.units == ("", "year", "EUR/m3", "MEUR/year", "1/year", "", "", "Dmnl")


def test_without_any_draw_a_run_is_the_scenario_itself(make: Make) -> None:
    plan = make(_text({"gas tax": "{times: {discrete: {1: 1}}}", "subsidy": "{plus: {discrete: {0: 1}}}",
                       "effect of time": "{times: {discrete: {1: 1}}}"}, "sample: random, n: 3"))  # fmt: skip
    draws = draws_of(plan, "s")
    for scenario in ("base", "tax", "more"):
        alone = plan.model.run(values_of(plan, scenario))
        ensemble = plan.model.ensemble(draws.values(scenario, 0, 3))
        assert np.array_equal(alone.table(), ensemble.run(1).table(), equal_nan=True)


@pytest.mark.parametrize("shift", [-4, -1, 2, 7])
def test_later_is_the_same_path_with_other_times(make: Make, shift: int) -> None:
    """The path written with other times is the judge; a step before the begin of the run may come into it."""
    parts = "gas tax: {{step: [0.1, 0.5], at: {}}}, subsidy: {{table: {{{}: 1, {}: 4}}}}, "
    parts += "green roofs: {{pulse: 8, at: {}, for: 3 year, every: 10 year}}"
    was = (2018, 2022, 2030, 2025)
    moved = parts.format(*(t + shift for t in was))
    head = f"time: {{save_every: 0.25 year}}\nscenarios:\n  was: {{set: {{{parts.format(*was)}}}}}\n  moved: {{set: {{{moved}}}}}\n"
    factors = {n: f"{{later: {{discrete: {{{shift} year: 1}}}}}}" for n in ("gas tax", "subsidy", "green roofs")}
    plan = make(_text(factors, "sample: random, n: 2", "[was]", head))
    draws, names = draws_of(plan, "s"), list(factors)
    ours = plan.model.ensemble(draws.values("was", 0, 2), save=names).run(0)
    judge = plan.model.run(values_of(plan, "moved"), save=names)
    until = 2045 if shift < 0 else 2051  # pulses of the file end with the run; moved earlier, more of them come
    rows = judge.times < until
    np.testing.assert_allclose(ours.table()[rows], judge.table()[rows], rtol=1e-12)


def test_what_the_file_says_is_what_is_drawn(make: Make) -> None:
    names = ("gas per home", "jobs", "boiler lifetime", "climate", "homes")
    plan = make(_text({n: ONES[n] for n in names}, "sample: latin, n: 4000", "[base]"))
    table = draws_of(plan, "s").table(0, 4000)
    assert stats.kstest(table["gas per home"], stats.uniform(1000, 400).cdf).statistic < 0.001
    lifetimes = np.asarray(table["boiler lifetime"], dtype=float)
    peer = stats.gamma(3, scale=5)
    low, high = peer.cdf([5, 30])
    assert stats.kstest((peer.cdf(lifetimes) - low) / (high - low), "uniform").statistic < 0.001
    assert np.mean(np.array(table["climate"]) == "hot") == pytest.approx(0.5, abs=0.001)
    assert np.mean(np.asarray(table["homes"]) == 1000) == pytest.approx(0.25, abs=0.001)


def test_rows_of_a_posterior_stay_together(make: Make, tmp_path: Path) -> None:
    generator = np.random.default_rng(1)
    growth, cost = generator.random(50) / 10, generator.random(50) * 1000
    file = tmp_path / "posterior.parquet"
    pq.write_table(pa.table({"price growth": growth, "cost": cost, "chain": ["a"] * 50}), file)
    factors = {"posterior": f"{{rows: {file}, columns: {{price growth: price growth, pump cost: cost}}, "
                            "units: {pump cost: kEUR}}"}  # fmt: skip
    plan = make(_text(factors, "sample: random, n: 300", "[base]"))
    draws = draws_of(plan, "s")
    values = draws.values("base", 0, 300)
    rows = np.asarray(draws.table(0, 300)["posterior"]).astype(int) - 1
    assert values["price growth"].tolist() == growth[rows].tolist()
    np.testing.assert_allclose(values["pump cost"], cost[rows] * 1000, rtol=1e-15)
    assert len(set(rows.tolist())) > 45


def test_samples_are_drawn_as_they_are_or_smoothed(make: Make) -> None:
    factors = {"gas tax": "{empirical: data/posterior.csv}",
               "price growth": "{empirical: data/posterior.csv, smooth: on, within: [0.012, 1]}"}  # fmt: skip
    table = draws_of(make(_text(factors, "sample: sequence, n: 64", "[base]")), "s").table(0, 64)
    assert set(table["gas tax"]) == {0.1, 0.2, 0.3}
    growth = np.asarray(table["price growth"], dtype=float)
    assert growth.min() >= 0.015
    assert len(np.unique(growth)) == 64


def test_rank_correlations_reach_the_values(make: Make) -> None:
    factors = {
        "gas per home": "{uniform: [0, 1]}",
        "pump cost": "{lognormal: [9000, 15000]}",
        "jobs": "{uniform: [1, 2]}",
    }
    text = _text(factors, "sample: latin, n: 5000", "[base]")
    text += "correlated: [{between: [gas per home, pump cost], rho: -0.7}]\n"
    table = draws_of(make(text), "s").table(0, 5000)
    found = stats.spearmanr(np.stack([table[n] for n in factors], axis=1))[0]
    assert found[0, 1] == pytest.approx(-0.7, abs=0.02)
    assert abs(found[0, 2]) < 0.04
    ignoring = draws_of(make(text.replace("n: 5000", "n: 5000, ignore_correlation: on")), "s").table(0, 5000)
    assert abs(stats.spearmanr(ignoring["gas per home"], ignoring["pump cost"])[0]) < 0.04


def test_draws_are_the_same_for_all_scenarios_or_not(make: Make) -> None:
    some = {"gas per home": ONES["gas per home"]}
    plan = make(_text(some, "sample: latin, n: 9, seed: 4"))
    one, two = (draws_of(plan, "s", name).unit(0, 9) for name in ("base", "tax"))
    assert one.tobytes() == two.tobytes()
    plan = make(_text(some, "sample: latin, n: 9, seed: 4, same_draws: off"))
    one, two, again = (draws_of(plan, "s", name).unit(0, 9) for name in ("base", "tax", "base"))
    assert one.tobytes() != two.tobytes()
    assert one.tobytes() == again.tobytes()


def test_draws_grow(make: Make) -> None:
    plan = make(_text({"gas per home": ONES["gas per home"], "jobs": ONES["jobs"]}, "sample: sobol, n: 8"))
    draws = draws_of(plan, "s")
    assert (draws.design.runs, draws.design.block) == (32, 4)
    more = draws_of(plan, "s", runs=62)
    assert more.design.runs == 64
    assert more.unit(0, 32).tobytes() == draws.unit(0, 32).tobytes()
    plan = make(_text({"jobs": ONES["jobs"]}, "sample: grid, levels: 4"))
    with pytest.raises(InputError, match="has 4 runs: it can be no other number"):
        draws_of(plan, "s", runs=8)
    with pytest.raises(InputError, match="there is no sweep `t`"):
        draws_of(plan, "t")
    with pytest.raises(InputError, match="there is no scenario `bases`; did you mean `base`"):
        draws_of(plan, "s").values("bases", 0, 4)


def test_a_table_of_ones_own(make: Make, tmp_path: Path) -> None:
    file = tmp_path / "draws.csv"
    file.write_text(
        "climate,gas tax (kEUR/m3),tax later\nhot,1e-4,1\ncold,2e-5,6 month\ncold,3e-5,0\n", encoding="utf-8"
    )
    factors = {"gas tax": "{uniform: [0, 1]}", "tax later": ONES["tax later"], "climate": ONES["climate"]}
    text = _text(factors, f"sample: table, file: {file}", "[tax, base]")
    draws = draws_of(make(text), "s")
    assert draws.table(0, 3) == {
        "gas tax": pytest.approx([0.1, 0.02, 0.03]), "tax later": pytest.approx([1, 0.5, 0]), "climate": ["hot", "cold", "cold"]
    }  # fmt: skip
    assert draws.unit(1, 1)[0].tolist() == pytest.approx([0.02, 0.1, 0.75])
    assert draws.values("base", 0, 3)["gas tax"].tolist() == pytest.approx([0.1, 0.02, 0.03])


def test_one_at_a_time_changes_one_thing_at_a_time(make: Make) -> None:
    names = ("gas per home", "jobs", "climate")
    plan = make(_text({n: ONES[n] for n in names}, "sample: one at a time", "[base]"))
    draws = draws_of(plan, "s")
    table = draws.table(0, draws.design.runs)
    assert table["gas per home"] == pytest.approx([1200, 1020, 1380, 1200, 1200, 1200])
    assert table["climate"] == ["hot"] * 5 + ["cold"]
    assert len(set(np.asarray(table["jobs"]).tolist())) == 3


def test_runs_that_do_not_differ_are_runs_all_the_same(make: Make) -> None:
    plan = make(_text({"gas tax": "{uniform: [0, 1]}"}, "sample: random, n: 4", "[tax]"))
    ensemble = plan.model.ensemble(draws_of(plan, "s").values("tax", 0, 4), save=["gas use"])
    assert ensemble["gas use"].sizes["run"] == 4
    plan = make(_text({"smoothing order": ONES["smoothing order"]}, "sample: grid", "[base]"))
    parts = draws_of(plan, "s").parts("base", 0, 2)
    assert [p.tolist() for p, _ in parts] == [[0], [1]]
    for places, values in parts:
        assert plan.model.ensemble(values, save=["seen gas"])["seen gas"].sizes["run"] == len(places)


def test_points_with_arrays_are_those_of_a_list_by_run(make: Make) -> None:
    model = make("scenarios: {base: }\n").model
    high, late = np.array([1.0, 2.0, 4.0]), np.array([2030.0, 2035.25, 2040.0])
    save = ["gas use", "learned", "gas tax"]
    together = model.ensemble({
        "gas tax": {2020: 0.1, 2030: high}, "subsidy": [(2020, 1), (late, high), (2050, "2 MEUR/year")],
        "effect of time": {0: 1, 5: high, 10: 3},
    }, save=save)  # fmt: skip
    apart = model.ensemble({
        "gas tax": [{2020: 0.1, 2030: h} for h in high],
        "subsidy": [{2020: 1, t: h, 2050: 2} for t, h in zip(late, high, strict=True)],
        "effect of time": [{0: 1, 5: h, 10: 3} for h in high],
    }, save=save)  # fmt: skip
    for name in save:
        assert together[name].values.tobytes() == apart[name].values.tobytes()
    crossing = model.ensemble({"gas tax": [(np.array([2040.0, 2025.0]), 0.5), (2030, 0.1)]}, save=["gas tax"])
    assert crossing["gas tax"].isel(time=0).values.tolist() == [0.1, 0.5]
    assert crossing["gas tax"].isel(time=-1).values.tolist() == [0.5, 0.1]


@pytest.mark.parametrize(("values", "said"), [
    ({"gas tax": {2020: np.ones(3), 2030: np.ones(2)}}, "must have one length"),
    ({"gas tax": {2020: np.ones(3)}, "subsidy": np.ones(4)}, "must have one length"),
    ({"gas tax": {2020: np.array([1.0, np.nan])}}, "not a number"),
    ({"gas tax": [(np.array([2020.0, np.inf]), 1)]}, "a point cannot be put at inf"),
    ({"gas tax": [(np.array([2020.0, 2030.0]), 1), (2030, 2)]}, "two values at one time"),
    ({"gas tax": {2020: np.ones((3, 2))}}, "each point takes one number, or 3, one a run"),
])  # fmt: skip
def test_points_with_arrays_that_do_not_fit_are_refused(make: Make, values: dict[str, object], said: str) -> None:
    model = make("scenarios: {base: }\n").model
    with pytest.raises(InputError, match=said):
        model.ensemble(values)


DATA_MODEL = """{UTF-8}
rain :INTERPOLATE: := GET DIRECT DATA('rain.csv', ',', 'A', 'B2') ~ mm ~|
heat :HOLD BACKWARD: := GET DIRECT DATA('rain.csv', ',', 'A', 'C2') ~ K ~|
both = rain + heat * per kelvin ~ mm ~|
per kelvin = 1 ~ mm/K ~|
total = INTEG(both / year, 10) ~ mm ~|
year = 1 ~ year ~|
INITIAL TIME = 2020 ~ year ~|
FINAL TIME = 2030 ~ year ~|
TIME STEP = 0.5 ~ year ~|
SAVEPER = TIME STEP ~ year ~|
"""


@pytest.mark.parametrize("change", ["times", "plus", "later"])
def test_data_are_changed(tmp_path: Path, change: str) -> None:
    """The same change made to the file, or (later) to the times in it, is the judge."""
    times = [2000, 2015, 2021, 2023, 2028, 2040]
    rain, heat = [1.0, 5.0, 2.0, 8.0, 3.0, 4.0], [10.0, 20.0, 15.0, 30.0, 25.0, 5.0]

    def write(folder: Path, by: float) -> None:
        folder.mkdir()
        (folder / "m.mdl").write_text(DATA_MODEL, encoding="utf-8")
        rows = [
            (t + by, r, h) if change == "later" else (t, r * by, h * by) if change == "times" else (t, r + by, h + by)
            for t, r, h in zip(times, rain, heat, strict=True)
        ]
        text = "time,rain,heat\n" + "".join(f"{t},{r},{h}\n" for t, r, h in rows)
        (folder / "rain.csv").write_text(text, encoding="utf-8")

    write(tmp_path / "judge", 1.5)
    write(tmp_path / "ours", 1.0 if change == "times" else 0.0)
    one = f"{{{change}: {{discrete: {{1.5: 0.5, 1: 0.5}}}}}}"
    (tmp_path / "ours" / "s.yaml").write_text(
        "simengine: 1\nmodel: m.mdl\nscenarios: {base: }\n"
        f"uncertain: {{rain: {one}, heat: {one}, total: {{plus: {{uniform: [0, 0.001]}}}}}}\n"
        "sweeps: {s: {scenarios: base, sample: random, n: 20, seed: 1}}\n", encoding="utf-8",
    )  # fmt: skip
    plan, found = read_plan(tmp_path / "ours" / "s.yaml")
    assert plan is not None, "\n".join(map(render_full, found))
    draws = draws_of(plan, "s")
    table = draws.table(0, 20)
    number = next(n for n in range(20) if table["rain"][n] == table["heat"][n] == 1.5)
    (places, values), = draws.parts("base", 0, 20)  # fmt: skip
    run = plan.model.ensemble(values, save=["both"]).run(number)
    judge = se.load(tmp_path / "judge" / "m.mdl").run(save=["both"])
    np.testing.assert_allclose(run.table(), judge.table(), rtol=1e-12)
    alone = plan.model.run(one_of(values, number), save=["both"])
    assert alone.table().tobytes() == run.table().tobytes()
