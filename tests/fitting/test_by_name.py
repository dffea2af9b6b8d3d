"""What a calibration found, taken over by name: parameter sets in scenarios, rows of the posterior in sweeps."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import simengine as se
from simengine.calibrate.plan import load_calibration
from simengine.calibrate.study import run_calibration

CLOCK = """INITIAL TIME = 0 ~ year ~|
FINAL TIME = 12 ~ year ~|
TIME STEP = 0.25 ~ year ~|
SAVEPER = TIME STEP ~ year ~|
"""
ONE = "{UTF-8}\nheat = 10 ~ dmnl ~|\n" + CLOCK
TWO = (
    """{UTF-8}
district: north, south ~~|
need = 2 ~ dmnl ~|
rate[district] = 2, 3 ~ homes/year ~|
homes[district] = INTEG(rate[district] * price * effect(Time / one year), 10) ~ homes ~|
one year = 1 ~ year ~|
price = 1 ~ dmnl ~|
effect((0,1),(6,1),(12,1)) ~ dmnl ~|
use[district] = need * homes[district] ~ homes ~|
total = SUM(use[district!]) ~ homes ~|
"""
    + CLOCK
)
BOTH = """simengine: 1
models: {one: one.mdl, two: two.mdl}
links: {X1: {mechanism: m, from: one.heat, to: two.need, how: replace, sign: +, evidence: {kind: assumption, source: s}}}
"""
ASKED = """simengine: 1
model: both.yaml
data: {d: {file: d.csv}}
parameters:
  link X1: {range: [0, 1]}
  price: {of: two.price, range: [0.2, 3]}
  "two.effect(6)": {range: [0.1, 3]}
  north homes: {of: "two.homes[north]", range: [0, 40]}
  all rates: {of: two.rate, change: times, range: [0.2, 4]}
fit: {use: {output: two.use, series: use, data: d, error: {relative: 2 %}}}
method: {starts: 2, posterior: ensemble, chains: 2, draws: 10, tune: 10}
"""
STUDY = """simengine: 1
model: both.yaml
scenarios:
  plain: {}
  fitted: {params: out/parameters.yaml}
  cheap: {params: out/parameters.yaml, set: {two.price: 0.5}}
kpis: {total: {value: two.total, at: 12}}
uncertain:
  fit: {rows: out/posterior.parquet}
sweeps:
  wide: {scenarios: [plain, fitted, cheap], sample: random, n: 6, seed: 1}
"""


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("named")
    rng = np.random.default_rng(1)
    rows = [
        f"use,{e},{t},{4 * (10 + 1.2 * r * t + 0.02 * r * t * t) * (1 + 0.02 * rng.standard_normal())!r}\n"
        for t in range(0, 13, 2)
        for e, r in (("north", 2), ("south", 3))
    ]
    for name, text in (
        ("one.mdl", ONE),
        ("two.mdl", TWO),
        ("both.yaml", BOTH),
        ("asked.yaml", ASKED),
        ("study.yaml", STUDY),
        ("d.csv", "variable,element,time,value\n" + "".join(rows)),
    ):
        (folder / name).write_text(text, encoding="utf-8")
    run_calibration(folder / "asked.yaml", out=folder / "out")
    return folder


def test_a_parameter_set_gives_the_fit_to_the_last_bit(place: Path) -> None:
    result = se.read_calibration(place / "out")
    study = se.load_study(place / "study.yaml").run()
    run = next(o.run for o in study.outcomes if o.name == "fitted")
    both = result.fit.pivot_table(index="time", values="predicted", aggfunc="sum")  # what is kept is the total
    at = [list(run.times).index(t) for t in both.index]
    column = [c.name for c in run.columns].index("two.total")
    found = np.ravel(run.table()[..., at, column])
    np.testing.assert_array_equal(found, both["predicted"])


def test_rows_of_the_posterior_reach_all_they_are_of(place: Path) -> None:
    posterior = pd.read_parquet(place / "out" / "posterior.parquet")
    assert {"two.homes[north]", "two.rate[north]", "two.rate[south]", "two.effect(6)", "two.price"} <= set(posterior)
    assert (posterior["two.rate[south]"] == 3.0 * posterior["all rates"]).all()
    se.run_sweep(place / "study.yaml", out=place / "sweep", threads=1)
    runs = pd.read_parquet(place / "sweep" / "runs.parquet")
    assert len(runs) == 18
    model = se.load(place / "both.yaml")
    for _, run in runs.iterrows():
        row = posterior.iloc[int(run["fit"]) - 1]
        values = {n: float(row[n]) for n in ("link X1", "two.rate[north]", "two.rate[south]", "two.homes[north]")}
        # what the scenario itself sets is not drawn; what its parameter set gives is
        values["two.price"] = 0.5 if run["scenario"] == "cheap" else float(row["two.price"])
        values["two.effect"] = {0.0: 1.0, 6.0: float(row["two.effect(6)"]), 12.0: 1.0}
        assert float(model.run(values)["two.total"].values[-1]) == run["total"]
    spread = runs.groupby("scenario")["total"].std()
    assert (spread > 0.0).all()


def test_a_point_that_a_lookup_does_not_have_is_told(place: Path) -> None:
    text = STUDY.replace("out/posterior.parquet}", "out/posterior.parquet, columns: {two.effect(5): two.effect(6)}}")
    (place / "wrong.yaml").write_text(text, encoding="utf-8")
    with pytest.raises(se.ModelError, match=r"`two.effect` has no point of its own at 5") as found:
        se.load_study(place / "wrong.yaml")
    assert "it has 0, 6, 12" in str(found.value)


def test_a_change_file_of_vensim_holds_what_is_not_estimated(place: Path) -> None:
    (place / "low.cin").write_text("need = 5\nrate[south] = 4\n", encoding="utf-8")
    text = """simengine: 1
model: two.mdl
params: low.cin
data: {d: {file: d.csv}}
parameters: {price: {range: [0.2, 3]}}
fit: {use: {output: use, data: d, error: {relative: 2 %}}}
"""
    (place / "cin.yaml").write_text(text, encoding="utf-8")
    found = load_calibration(place / "cin.yaml").problem.predict([[1.5]])[0]
    run = se.load(place / "two.mdl").run({"need": 5, "rate[south]": 4, "price": 1.5})
    times = [float(t) for t in range(0, 13, 2)]
    expected = np.concatenate([
        run["use"].sel(district=e).sel(time=times).values for e in ("north", "south")
    ])  # fmt: skip
    np.testing.assert_array_equal(found, expected)
    (place / "low.cin").write_text("neeed = 5\n", encoding="utf-8")
    with pytest.raises(se.ModelError, match="did you mean `need`"):
        load_calibration(place / "cin.yaml")
