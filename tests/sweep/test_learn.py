"""What is learned from sweeps: the truth where it can be worked out, nothing hidden, the same bytes."""

import json
from pathlib import Path

import numpy as np
import pytest

import simengine as se
from simengine.source.diagnostic import InputError
from simengine.sweep.learn import FILES, learn
from simengine.sweep.learn_precision import find_precision, widest_interval
from simengine.sweep.learn_summary import find_deciders
from simengine.sweep.run import Threads
from simengine.sweep.study import Ways, complete_sweep
from tests.sweep.learned import bill_indices, write_study


def run_only(folder, sample, runs=None, **settings):
    plan = se.load_sweep(str(write_study(folder, sample, **settings)), runs=runs)
    return complete_sweep(plan, folder / "out", Threads(2), ways=Ways(learns=False)), plan


def run(folder, sample, *, gradients=0, **settings):
    result, plan = run_only(folder, sample, **settings)
    learn(result, plan, gradients=gradients)
    return result, plan


def notes(result):
    return json.loads((result.folder / "learned.json").read_text())["notes"]


@pytest.fixture(scope="module")
def sobol(tmp_path_factory):
    return run(tmp_path_factory.mktemp("sobol"), "sobol, n: 128, seed: 1")


@pytest.fixture(scope="module")
def failing(tmp_path_factory):
    """A tenth of the runs fails: where the cost is below 1.2."""
    return run(tmp_path_factory.mktemp("failing"), "sobol, n: 128, seed: 1", variables="bill, broken")


@pytest.fixture(scope="module")
def policies(tmp_path_factory):
    return run(tmp_path_factory.mktemp("policies"), "random, n: 200, seed: 4", scenarios="[base, fast]")


def test_indices_over_time_are_those_worked_out(sobol):
    result, _ = sobol
    table = result.table("indices")
    rows = table[(table["method"] == "sobol") & (table["output"] == "bill") & (table["kind"] == "series")]
    assert set(rows["time"]) == {0, 1, 2, 3, 4}
    for time in range(5):
        for measure, truth in zip(("S1", "ST"), bill_indices(time), strict=True):
            own = rows[(rows["time"] == time) & (rows["measure"] == measure)].set_index("factor")
            for factor, true in zip(("cost", "rate"), truth, strict=True):
                assert own["low"][factor] - 1e-9 <= true <= own["high"][factor] + 1e-9
            assert abs(own["value"]["idle"]) < 1e-12


def test_an_indicator_has_what_its_series_has(sobol):
    result, _ = sobol
    table = result.table("indices").query("method == 'sobol'")
    keys = ["measure", "factor"]
    one = table.query("output == 'bill' and time == 4").set_index(keys)["value"]
    other = table.query("output == 'bill at end'  and kind == 'indicator'").set_index(keys)["value"]
    np.testing.assert_allclose(one, other[one.index], atol=1e-12)


def test_what_does_not_vary_has_no_index_and_the_reason(sobol):
    rows = sobol[0].table("indices").query("output == 'still'")
    assert rows["value"].isna().all()
    assert set(rows["reason"]) == {"the output is the same in all runs: it has no sensitivity to anything"}


def test_an_indicator_that_is_never_reached_is_told(sobol):
    result, _ = sobol
    never = int(np.isnan(result.indicator("low at", "base")).sum())
    assert any(f"`low at` has no value in {never} of 640 runs" in n for n in notes(result)["base"])


def test_failed_runs_are_counted_dropped_by_blocks_and_an_outcome(failing):
    result, _ = failing
    failed = result.failed("base")
    assert 0.05 < failed.mean() < 0.2
    table = result.table("indices").query("method == 'sobol'")
    whole = ~failed.reshape(-1, 5).any(axis=1)
    assert set(table.query("output == 'bill at end'")["runs"]) == {5 * whole.sum()}
    own = table.query("output == 'failed' and measure == 'ST'").set_index("factor")
    assert set(own["runs"]) == {len(failed)}
    assert own["low"]["cost"] <= 1 <= own["high"]["cost"]
    assert own["value"]["rate"] == 0
    assert any(n.startswith(f"{failed.sum()} of {len(failed)} runs failed") for n in notes(result)["base"])


def test_a_box_says_where_runs_fail(failing):
    found = json.loads((failing[0].folder / "boxes.json").read_text())["outcomes"]
    (outcome,) = (o for o in found if o["kind"] == "failed")
    for method in ("prim", "cart"):
        box = next(b for b in outcome["boxes"] if b["method"] == method)
        (limit,) = (x for x in box["limits"] if x["factor"] == "cost")
        assert limit["high"] == pytest.approx(1.2, abs=0.1)
        assert limit["unit"] == "EUR"
        assert box["density"] > 0.75


@pytest.mark.parametrize(
    ("sample", "methods"),
    [
        ("morris, n: 10, seed: 1", {"morris"}),
        ("fast, n: 129, seed: 1", {"fast"}),
        ("one at a time", {"one at a time"}),
        ("halton, n: 100, seed: 1", {"pawn", "easi", "delta", "regression", "rank regression", "scoring", "regional"}),
    ],
)
def test_a_design_has_the_measures_it_allows(tmp_path, sample, methods):
    result, plan = run(tmp_path, sample)
    table = result.table("indices")
    assert set(table["method"]) == methods
    assert "series" in set(table["kind"])
    before = {name: (result.folder / name).read_bytes() for name in FILES}
    for name in FILES:
        (result.folder / name).unlink()
    assert learn(result, plan) == list(FILES)
    assert before == {name: (result.folder / name).read_bytes() for name in FILES}
    found = find_deciders(result)
    assert [f for f, _, _ in found.rows[0][1]][:2] == ["cost", "rate"]


def test_correlated_factors_have_no_shares_of_the_variance(tmp_path):
    correlated = "correlated: [{between: [cost, rate], rho: 0.8}]"
    result, _ = run(tmp_path, "random, n: 200, seed: 1", uncertain=correlated)
    table = result.table("indices")
    assert "easi" not in set(table["method"])
    assert "pawn" in set(table["method"])
    assert any("factors are correlated: `cost` and `rate` (+0." in n for n in notes(result)["base"])


def test_a_factor_the_scenario_sets_has_no_measure_there(policies):
    table = policies[0].table("indices")
    assert set(table.query("scenario == 'fast'")["factor"]) == {"cost", "idle", ""}
    assert set(table.query("scenario == 'base'")["factor"]) == {"cost", "rate", "idle", ""}


def test_scenarios_are_compared_over_the_same_states(policies):
    result, _ = policies
    table = result.table("robustness").set_index(["indicator", "measure", "scenario"])
    assert table.loc[("bill at end", "mean", "fast"), "rank"] == 1
    assert table.loc[("bill at end", "regret", "fast"), "value"] == 0  # no state has a smaller bill with a lower rate
    share = table.loc[("bill at end", "domain", "base"), "value"]
    assert share == pytest.approx(result.met("bill at end", "base").mean())


def test_the_last_stage_of_convergence_is_the_index(sobol):
    result, _ = sobol
    stages = result.table("convergence").query("output == 'bill at end'")
    assert sorted(set(stages["points"])) == [16, 32, 64, 128]
    last = stages.query("points == 128").set_index("factor")["value"]
    whole = result.table("indices").query(
        "method == 'sobol' and output == 'bill at end' and kind == 'indicator' and measure == 'ST'"
    )
    # sums of products over other outputs beside it, and so in another order
    np.testing.assert_allclose(last, whole.set_index("factor")["value"][last.index], rtol=1e-12)


def test_precision_is_of_what_the_design_has(sobol, policies, tmp_path):
    found = find_precision(*sobol)
    rows = sobol[0].table("indices").query("method == 'sobol' and measure == 'ST' and kind == 'indicator'")
    assert found.half_width == pytest.approx(((rows["high"] - rows["low"]) / 2).max())
    assert "total order index of `" in found.text
    shares = find_precision(*policies)
    assert "share of runs that meet the goal of `bill at end`" in shares.text
    assert 0.03 < shares.half_width < 0.07  # 0.98 / 200 ** 0.5 at most
    assert widest_interval(*run_only(tmp_path, "fast, n: 129, seed: 1")) is None


def test_precision_grows_with_the_runs(tmp_path):
    sample = "sobol, n: 64, seed: 1"
    widths = [widest_interval(*run_only(tmp_path, sample, runs, kept="kpis")) for runs in (160, 640, 2560)]
    assert widths[0] > widths[1] > widths[2]


def test_without_values_over_time_it_says_so(tmp_path):
    result, _ = run(tmp_path, "random, n: 100, seed: 1", kept="kpis")
    assert "series" not in set(result.table("indices")["kind"])
    assert "no measures over time: no values over time were kept (`runs: kpis`)" in notes(result)["base"]


def test_without_runs_nothing_is_learned(tmp_path):
    result, plan = run_only(tmp_path, "random, n: 50, seed: 1", kept="none", variables="bill, broken")
    assert learn(result, plan) == []
    assert not Path(result.folder / "indices.csv").exists()


def test_derivatives_bound_the_total_order(tmp_path):
    choice = "  delay: {choice: {1: 0.5, 2: 0.5}}"
    result, _ = run(tmp_path, "random, n: 200, seed: 1", gradients=100, uncertain=choice)
    own = result.table("indices").query("method == 'dgsm' and output == 'bill' and time == 4")
    bounds = own.query("measure == 'bound'").set_index("factor")["value"]
    for factor, total in zip(("cost", "rate"), bill_indices(4)[1], strict=True):
        assert total <= bounds[factor] < 1.6 * total  # the bill is nearly straight in both: the bound is nearly reached
    assert bounds["idle"] == 0
    assert np.isnan(bounds["delay"])
    assert "`delay` has no derivative: its values are apart" in notes(result)["base"]


def test_a_model_without_a_derivative_is_refused_with_the_reason(tmp_path):
    late = {"uncertain": "  delay: {uniform: [0.5, 2]}", "kpis": "  late: {value: late}"}
    result, plan = run_only(tmp_path, "random, n: 60, seed: 1", variables="late", **late)
    with pytest.raises(InputError, match="delay"):
        learn(result, plan, gradients=5)


def test_factors_without_an_order(tmp_path):
    """A choice between three has no regression, and boxes by name; a row of a file is left to designs that see it."""
    (tmp_path / "rows.csv").write_text("still\n" + "\n".join(str(n) for n in range(1, 9)) + "\n")
    (tmp_path / "ways.csv").write_text("way,delay\nslow,1\nmiddle,2\nquick,3\n")
    extra = "  way: {choice: {slow: 0.3, middle: 0.3, quick: 0.4}, sets: ways.csv}\n  drawn: {rows: rows.csv}"
    goal = '  delayed: {value: delay, goal: "<= 2.5"}'
    result, _ = run(tmp_path, "random, n: 200, seed: 1", uncertain=extra, kpis=goal)
    table = result.table("indices")
    assert set(table.query("method == 'pawn'")["factor"]) == {"cost", "rate", "idle", "way"}
    assert set(table.query("method == 'regression'")["factor"]) == {"cost", "rate", "idle", ""}
    best = table.query("method == 'pawn' and measure == 'median' and output == 'delayed'").set_index("factor")["value"]
    assert best.idxmax() == "way"
    assert "`way` is a choice without an order: regression leaves it out" in notes(result)["base"]
    assert any(n.startswith("`drawn` draws a row of a file") for n in notes(result)["base"])
    found = json.loads((result.folder / "boxes.json").read_text())["outcomes"]
    (outcome,) = (o for o in found if o["outcome"] == "delayed")
    for box in outcome["boxes"]:
        (limit,) = box["limits"]
        assert (limit["factor"], limit["choices"]) == ("way", ["quick"])
        assert box["coverage"] == box["density"] == 1


def test_pairs_where_the_design_has_them(tmp_path):
    """Cost and rate act together by what is missing of their first orders."""
    result, _ = run(tmp_path, "sobol, n: 128, seed: 1, second_order: on", kept="kpis")
    own = result.table("indices").query("measure == 'S2' and output == 'bill at end' and kind == 'indicator'")
    assert list(zip(own["factor"], own["other"], strict=True)) == [("cost", "rate"), ("cost", "idle"), ("rate", "idle")]
    both = own.iloc[0]
    assert both["low"] <= 1 - bill_indices(4)[0].sum() <= both["high"]
