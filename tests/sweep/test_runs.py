"""The runs of a sweep are single runs of the model, bit for bit: values, indicators, noise, failures."""

from __future__ import annotations

import math
import pickle
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import simengine as se
from simengine.api.model import Model
from simengine.scenario.run import values_of
from simengine.scenario.score import score
from simengine.sweep.batch import make_batch
from simengine.sweep.plan import SweepPlan
from tests.sweep.conftest import HERE, MakeSweep, complete


@pytest.fixture(scope="module")
def wide() -> SweepPlan:
    """Return the wide sweep of the pond."""
    return se.load_sweep(HERE / "pond.yaml", "wide", 5000)


@settings(max_examples=25)
@given(first=st.integers(0, 4900), count=st.integers(1, 40), scenario=st.sampled_from(["base", "cut", "dam"]))
def test_runs_equal_single_runs_bit_for_bit(wide: SweepPlan, first: int, count: int, scenario: str) -> None:
    batch = make_batch(wide, scenario, first, count, threads=1)
    for place in {0, count // 2, count - 1}:
        number = first + place
        run = wide.run(scenario, number, list(wide.outputs))
        np.testing.assert_array_equal(batch.series[place], run.table())
        assert (place in batch.failed) == (run.failed is not None)
        if run.failed is not None:
            assert batch.failed[place].variable == run.failed.variable
            assert all(math.isnan(v[place]) for v in batch.indicators.values())
            continue
        runs = {scenario: run, "base": wide_base(wide, scenario, number)}
        for indicator in wide.indicators:
            alone = score(indicator, scenario, runs)
            together = batch.indicators[indicator.name][place]
            np.testing.assert_array_equal(together, alone.value)
            if indicator.goal is not None:
                assert bool(indicator.goal.holds(together)) == alone.met


def wide_base(sweep: SweepPlan, scenario: str, number: int) -> se.Run:
    """Return the same run of the base: the same draws, the same noise."""
    return sweep.run("base", number, list(sweep.outputs))


def test_values_are_what_a_model_takes(wide: SweepPlan) -> None:
    quiet = "spread"  # without its noise a run is one of `Model.run`, which has the noise of run 0
    for scenario in wide.scenarios:
        values = {**wide.values(scenario, 17), quiet: 0.0}
        run = wide.plan.model.run(values, save=["water"], integration=wide.plan.timing.method)
        again = wide.plan.model.ensemble(
            {k: [v] if k == "inflow" else v for k, v in values.items()}, save=["water"], seed=9, first_run=17
        )
        np.testing.assert_array_equal(again.values("water")[0], run.values("water"))


def test_noise_goes_by_the_number_of_the_run(wide: SweepPlan) -> None:
    model: Model = wide.plan.model
    inflow = np.full(6, 5.0)
    whole = model.ensemble({"inflow": inflow}, save=["water"], seed=4).values("water")
    part = model.ensemble({"inflow": inflow[:2]}, save=["water"], seed=4, first_run=3).values("water")
    np.testing.assert_array_equal(part, whole[3:5])
    assert not np.array_equal(whole[0], whole[1])
    with pytest.raises(se.InputError, match="number of the first run"):
        model.ensemble({"inflow": inflow}, first_run=-1)


def test_failures_go_by_place(wide: SweepPlan) -> None:
    model = wide.plan.model
    with pytest.warns(se.RunWarning, match="run 1"):
        ensemble = model.ensemble({"inflow": np.asarray([8.0, -20.0])}, save=["depth of pond"], first_run=7)
    assert list(ensemble.failed) == [1]
    assert ensemble.run(1).failed is not None


def test_the_values_of_a_scenario_without_draws_are_its_own(wide: SweepPlan) -> None:
    drawn, own = wide.values("cut", 3), values_of(wide.plan, "cut")
    assert drawn["clearing[north]"] == own["clearing[north]"]
    with pytest.raises(se.InputError, match="runs 0 to 4999"):
        wide.values("cut", 5000)
    with pytest.raises(se.InputError, match="there are base, cut, dam"):
        wide.run("dry", 0)


def test_a_plan_can_be_sent_elsewhere(make: MakeSweep) -> None:
    sweep = make(runs=40)
    there = pickle.loads(pickle.dumps(sweep))
    np.testing.assert_array_equal(
        make_batch(there, "dam", 3, 5, threads=1).series, make_batch(sweep, "dam", 3, 5, threads=1).series
    )


@pytest.mark.parametrize("kept", ["all", "kpis", "none"])
def test_quantiles_and_goals_are_those_of_the_runs(make: MakeSweep, tmp_path: Path, kept: str) -> None:
    sweep = make(runs=200, replace={"runs: all": f"runs: {kept}"})
    complete(sweep, tmp_path / "out")
    result = se.read_sweep(tmp_path / "out")
    batch = make_batch(sweep, "cut", 0, 200)
    sound = np.asarray([place not in batch.failed for place in range(200)])
    assert 0 < sound.sum() < 200
    water = batch.series[sound][:, :, [c.name for c in sweep.columns].index("water")]
    near = 0.0 if kept == "all" else 1 / 2000  # counted in buckets
    for level in sweep.levels:
        frame = result.quantiles("water", "cut")
        found = frame.loc[frame["level"] == f"{level:g}", "value"].to_numpy()
        exact = np.quantile(water, level, axis=0, method="inverted_cdf")
        np.testing.assert_allclose(found, exact, rtol=near, atol=0)
    means = result.quantiles("water", "cut")
    found = means.loc[means["level"] == "mean", "value"].to_numpy()
    np.testing.assert_allclose(found, water.mean(axis=0), rtol=max(near, 1e-13))

    goals = result.table("goals").set_index(["scenario", "indicator"])
    values = batch.indicators["water at the end"]
    met = int((values >= 0.02).sum())
    assert goals.loc[("cut", "water at the end"), "met"] == met
    assert goals.loc[("cut", "water at the end"), "failed"] == 200 - sound.sum()
    shares = result.table("shares").set_index("scenario")
    assert shares.loc["cut", "value"] == met / 200
    spread = result.table("indicators")
    low = spread[(spread["scenario"] == "cut") & (spread["indicator"] == "low")].set_index("level")["value"]
    exact = np.quantile(batch.indicators["low"][sound], 0.25, method="inverted_cdf")
    np.testing.assert_allclose(low.loc[0.25], exact, rtol=1 / 2000 if kept == "none" else 0)
    never = spread[(spread["scenario"] == "cut") & (spread["indicator"] == "dry")]["without"].iloc[0]
    assert never == np.isnan(batch.indicators["dry"][sound]).sum() > 0
    failures = result.table("failures")
    assert len(failures[failures["scenario"] == "cut"]) == 200 - sound.sum()


def test_the_reader_gives_what_was_run(make: MakeSweep, tmp_path: Path) -> None:
    sweep = make(runs=90)
    complete(sweep, tmp_path / "out")
    result, batch = se.read_sweep(tmp_path / "out"), make_batch(sweep, "dam", 0, 90)
    columns = [c.name for c in sweep.columns]
    np.testing.assert_array_equal(
        result.series("taken[south]", "dam"), batch.series[:, :, columns.index("taken[south]")]
    )
    np.testing.assert_array_equal(result.indicator("low", "dam"), batch.indicators["low"])
    np.testing.assert_array_equal(result.draws("dam")[:, 1], batch.draws["start"])
    np.testing.assert_array_equal(result.times, batch.times)
    assert result.failed("dam").sum() == len(batch.failed)
    assert result.met("dry", "dam").sum() == (batch.indicators["dry"] >= 10).sum()
    frame = result.runs("dam")
    assert list(frame.columns[:2]) == ["scenario", "run"]
    assert frame["run"].tolist() == list(range(90))
    assert frame.loc[frame["failed"].notna(), "low"].isna().all()
    data = result.to_dataset(["water"])
    assert dict(data.sizes) == {"scenario": 3, "run": 90, "time": 11}
    assert data["water"].attrs["units"] == "m3"
    assert "leak" in result.about["scenarios"][2]["fixed"]
    for wrong, said in ((lambda: result.series("watre", "dam"), "did you mean `water`"),
                        (lambda: result.indicator("low", "dom"), "did you mean `dam`"),
                        (lambda: result.met("low", "dam"), "has no goal"),
                        (lambda: result.table("indexes"), "has no table `indexes`")):  # fmt: skip
        _refused(wrong, said)
    with pytest.raises(se.InputError, match=r"no sweep\.json"):
        se.read_sweep(tmp_path)


def _refused(wrong: Callable[[], object], said: str) -> None:
    with pytest.raises(se.InputError, match=said):
        wrong()


def test_what_was_not_kept_cannot_be_read(make: MakeSweep, tmp_path: Path) -> None:
    complete(make(runs=20, replace={"runs: all": "runs: none"}), tmp_path / "out")
    result = se.read_sweep(tmp_path / "out")
    with pytest.raises(se.InputError, match="no values over time were kept"):
        result.series("water", "base")
    with pytest.raises(se.InputError, match="no single runs were kept"):
        result.indicator("low", "base")


FACTORS = {
    "inflow": ["{uniform: [2, 8]}", "{normal: [5, 2]}", "{times: {uniform: [0.5, 1.5]}}", "{choice: {3: 0.4, 6: 0.6}}"],
    "start": ["{loguniform: [20, 140]}", "{plus: {uniform: [-50, 20]}}"],
    "leak": ["{pert: [0.02, 0.05, 0.2]}", "{times: {triangular: [0.5, 1, 2]}}"],
    "reeds": ["{uniform: [1, 4]}", "{times: {uniform: [0.5, 2]}}"],
    "spread": ["{uniform: [0, 2]}"],
}
DESIGNS = ["random, n: 40", "latin, n: 40", "sobol, n: 8", "morris, n: 6", "halton, n: 40", "sequence, n: 32"]


@settings(max_examples=6)
@given(
    chosen=st.fixed_dictionaries({}, optional={n: st.sampled_from(texts) for n, texts in FACTORS.items()}).filter(len),
    design=st.sampled_from(DESIGNS),
    seed=st.integers(0, 2**31),
    data=st.data(),
)
def test_runs_of_any_factors_equal_single_runs(
    tmp_path_factory: pytest.TempPathFactory, chosen: dict[str, str], design: str, seed: int, data: st.DataObject
) -> None:
    folder = tmp_path_factory.mktemp("pond")
    (folder / "pond.mdl").write_bytes((HERE / "pond.mdl").read_bytes())
    lines = "\n".join(f"  {name}: {text}" for name, text in chosen.items())
    text = (HERE / "pond.yaml").read_text(encoding="utf-8")
    head, rest = text.split("uncertain:")[0], text.split("draw:")[1]
    sweeps = f"sweeps: {{wide: {{scenarios: [base, cut, dam], sample: {design}, seed: {seed}}}}}\ndraw:"
    (folder / "pond.yaml").write_text(f"{head}uncertain:\n{lines}\n{sweeps}{rest}", encoding="utf-8")
    sweep = se.load_sweep(folder / "pond.yaml")
    scenario = data.draw(st.sampled_from(sweep.scenarios))
    number = data.draw(st.integers(0, sweep.runs - 1))
    batch = make_batch(sweep, scenario, 0, sweep.runs, threads=1)
    run = sweep.run(scenario, number, list(sweep.outputs))
    np.testing.assert_array_equal(batch.series[number], run.table())
    assert (number in batch.failed) == (run.failed is not None)
    quiet = {**sweep.values(scenario, number), "spread": 0.0}
    alone = sweep.plan.model.run(quiet, save=["water"]).values("water")
    arrays = {k: np.asarray([v]) if k == "spread" else v for k, v in quiet.items()}
    together = sweep.plan.model.ensemble(arrays, save=["water"]).values("water")[0]
    np.testing.assert_array_equal(together, alone)
