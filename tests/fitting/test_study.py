"""A calibration from file to folder: resumed, damaged, read again, used by scenarios and sweeps."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import time
import warnings
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from scipy import stats

import simengine as se
from simengine.calibrate.folder import is_current
from simengine.calibrate.plan import load_calibration
from simengine.calibrate.study import run_calibration
from simengine.results.provenance import changed_files
from tests.conftest import ROOT
from tests.fitting.conftest import FISH, Make, logistic, write_files

TIMES = np.arange(0.0, 12.5, 1.0)
ALL = FISH.replace(
    "starts: 6, seed: 7", "starts: 6, seed: 7, profiles: on, posterior: ensemble, chains: 2, draws: 40, tune: 20"
)
ALL += "held out: {from: 11}\n"


@pytest.fixture
def asked(make: Make) -> Path:
    values = logistic(TIMES, 0.55, 40.0, 3.0) + np.random.default_rng(3).normal(0.0, 0.8, TIMES.size)
    return make("logistic", values, TIMES, ALL)


@pytest.fixture(scope="module")
def first(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder made undisturbed, by a process of its own."""
    place = tmp_path_factory.mktemp("first")
    values = logistic(TIMES, 0.55, 40.0, 3.0) + np.random.default_rng(3).normal(0.0, 0.8, TIMES.size)
    run_calibration(write_files(place, "logistic", values, TIMES, ALL), out=place / "out")
    return place / "out"


@pytest.fixture
def whole(first: Path, tmp_path: Path) -> Path:
    """Return a copy of that folder, whose times are those it was made at."""
    shutil.copytree(first, tmp_path / "out")
    return tmp_path / "out"


def files_of(folder: Path) -> dict[str, bytes]:
    return {p.relative_to(folder).as_posix(): p.read_bytes() for p in sorted(folder.rglob("*")) if p.is_file()}


def without_paths(folder: Path) -> dict[str, object]:
    """Return all files; of the provenance what does not tell where the inputs lie."""
    found: dict[str, object] = dict(files_of(folder))
    about = json.loads((folder / "provenance.json").read_text(encoding="utf-8"))
    found["provenance.json"] = [about["digest"], about["files"], sorted(i["sha256"] for i in about["inputs"])]
    return found


def test_it_is_written_read_and_not_done_again(asked: Path, whole: Path) -> None:
    folder = whole
    result = se.read_calibration(folder)
    assert set(files_of(folder)) >= {
        "calibration.json", "starts.csv", "fit.csv", "profiles.csv", "posterior.parquet", "posterior.nc",
        "parameters.yaml", "provenance.json", "datapackage.json",
    }  # fmt: skip
    growth = result.parameter("growth")
    assert growth["verdict"] == "identified"
    for way in ("curvature", "profile", "posterior"):
        low, high = growth["intervals"][way]["0.90"]
        assert low < growth["estimate"] < high
        assert low < 0.55 < high
    fit = result.fit
    np.testing.assert_allclose(fit["residual"], fit["observed"] - fit["predicted"], rtol=1e-12, atol=1e-12)
    assert fit["held out"].sum() == 2
    assert (fit["low"] < fit["predicted"]).all()
    assert (fit["predicted"] < fit["high"]).all()
    fitted = fit[~fit["held out"]]
    statistics = result.series[0]["statistics"]
    assert statistics["fitted"]["rmse"] == pytest.approx(np.sqrt(np.mean(fitted["residual"] ** 2)))
    assert statistics["held_out"]["n"] == 2
    posterior = result.posterior
    assert list(posterior.columns) == ["chain", "draw", "growth", "room", "first", "scale of fish"]
    assert result.about["posterior"]["chains"] == 2
    assert any("posterior sample is not to be relied on" in w for w in result.warnings)  # 40 draws are few
    package = json.loads((folder / "datapackage.json").read_text(encoding="utf-8"))
    assert {r["path"] for r in package["resources"]} >= {"fit.csv", "posterior.parquet", "posterior.nc"}
    with pytest.raises(se.InputError, match="no parameter `growt`; did you mean `growth`"):
        result.parameter("growt")

    before = {p: p.stat().st_mtime_ns for p in folder.rglob("*")}
    assert is_current(load_calibration(asked), folder)
    assert se.run_calibration(asked, out=folder).estimates == result.estimates
    assert {p: p.stat().st_mtime_ns for p in folder.rglob("*")} == before


def test_arviz_reads_the_draws(whole: Path) -> None:
    from simengine.inference.diagnostics import load_arviz

    result = se.read_calibration(whole)
    found = load_arviz().from_netcdf(whole / "posterior.nc")
    assert found.posterior["growth"].shape == (2, 3 * 16)  # an ensemble of 16 walkers at every 16th of 40 steps
    assert set(found.observed_data) == {"fish"}
    assert found.posterior.attrs["walkers"] == 16
    rows = result.posterior
    for name in ("growth", "scale of fish"):
        assert found.posterior[name].values.ravel().tolist() == rows[name].tolist()
    own = result.about["parameters"][0]["posterior"]
    assert own["autocorrelation time"] > 1.0
    fit = result.fit[~result.fit["held out"]]
    one = rows.iloc[7]
    times = fit["time"].to_numpy()
    m = logistic(times, one["growth"], one["room"], one["first"])
    expected = stats.norm.logpdf(fit["observed"], m, one["scale of fish"])
    each = found.log_likelihood["fish"].values.reshape(96, 11)
    np.testing.assert_allclose(each[7], expected, rtol=2e-3, atol=1e-3)  # RK4 at this step
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # 96 draws are few
        loo, waic = (f(found, scale="log") for f in (load_arviz().loo, load_arviz().waic))
    by_hand = np.sum(np.log(np.mean(np.exp(each), axis=0)) - np.var(each, axis=0))
    assert float(waic["elpd_waic"]) == pytest.approx(by_hand, rel=1e-6)
    assert float(loo["elpd_loo"]) == pytest.approx(by_hand, abs=1.0)


@pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="processes are killed by a signal of POSIX")
def test_killed_again_and_again_it_ends_with_the_same_bytes(asked: Path, whole: Path, tmp_path: Path) -> None:
    script = [
        sys.executable,
        "-c",
        f"import simengine as se; se.run_calibration({str(asked)!r}, out={str(tmp_path / 'cut')!r})",
    ]
    killed, partial = 0, 0
    for enough in (2, 8):
        child = subprocess.Popen(script, cwd=ROOT)
        while child.poll() is None and _finished(tmp_path / "cut") < enough:
            time.sleep(0.002)
        if child.poll() is None:
            child.kill()
            killed += 1
        child.wait()
        partial += not (tmp_path / "cut" / "provenance.json").exists()
    assert killed >= 1
    assert partial >= 1
    run_calibration(asked, out=tmp_path / "cut")
    assert without_paths(tmp_path / "cut") == without_paths(whole)


def _finished(folder: Path) -> int:
    return sum(1 for _ in folder.glob("work/*/*.npz"))


def test_what_is_damaged_or_gone_is_made_again(asked: Path, whole: Path) -> None:
    folder = whole
    before = without_paths(folder)
    unit = next((folder / "work" / "profiles").glob("*.npz"))
    status = pd.read_csv(folder / "starts.csv").set_index("search")["status"]
    assert (
        status == "joined"
    ).any()  # of the second wave; one of it goes, and one of the first that it may have joined
    for name in ("start", status.index[-1].replace(" ", "-")):
        next((folder / "work" / "starts").glob(f"{name}.*.npz")).unlink()
    data = bytearray(unit.read_bytes())
    data[len(data) // 2] ^= 0xFF
    unit.write_bytes(bytes(data))
    (folder / "fit.csv").unlink()
    assert {unit.relative_to(folder).as_posix(), "fit.csv"} <= set(changed_files(folder) or ())
    assert len(changed_files(folder) or ()) == 4
    run_calibration(asked, out=folder)
    assert without_paths(folder) == before


def test_more_starts_use_those_there_are_and_other_data_none(asked: Path, tmp_path: Path) -> None:
    folder = tmp_path / "out"
    plain = asked.with_name("plain.yaml")
    plain.write_text(
        asked.read_text(encoding="utf-8").replace("profiles: on, posterior: ensemble, ", ""), encoding="utf-8"
    )
    run_calibration(plain, out=folder, starts=1)
    one = {p.name for p in (folder / "work" / "starts").iterdir()}
    run_calibration(plain, out=folder, starts=3)
    more = {p.name for p in (folder / "work" / "starts").iterdir()}
    assert one < more
    assert len(more) == 3
    (asked.parent / "data.csv").write_text(
        (asked.parent / "data.csv").read_text(encoding="utf-8").replace("\n1.0,", "\n1,").replace("12,", "12,1"),
        encoding="utf-8",
    )
    run_calibration(plain, out=folder, starts=3)
    assert not more & {p.name for p in (folder / "work" / "starts").iterdir()}
    assert len(list((folder / "work" / "screening").iterdir())) == 1


SCENARIOS = """simengine: 1
model: model.mdl
time: {method: rk4}
scenarios:
  fitted: {params: out/parameters.yaml}
kpis: {population: {value: population}}
uncertain:
  fish: {rows: out/posterior.parquet}
sweeps:
  wide: {scenarios: fitted, sample: random, n: 20, seed: 1}
"""


def test_scenarios_and_sweeps_use_it_by_name(asked: Path, whole: Path, tmp_path: Path) -> None:
    result = se.read_calibration(whole)
    path = tmp_path / "scenarios.yaml"
    path.write_text(SCENARIOS, encoding="utf-8")
    study = se.load_study(path).run()
    run = study.outcomes[0].run
    fit = result.fit
    at = run.table()[
        ..., [list(run.times).index(t) for t in fit["time"]], [c.name for c in run.columns].index("population")
    ]
    np.testing.assert_array_equal(np.ravel(at), fit["predicted"])
    swept = se.run_sweep(path, out=tmp_path / "sweep", threads=1)
    assert swept.size == 20
    drawn = pd.read_parquet(tmp_path / "sweep" / "runs.parquet").sort_values("run")
    rows = result.posterior[["growth", "room", "first"]].to_numpy()
    chosen = rows[
        drawn["fish"].astype(int) - 1
    ]  # what is drawn is a row, from 1, and takes the place of what `params` says
    model = se.load(tmp_path / "model.mdl")
    names = ("growth", "room", "first")
    ends = [
        model.run(dict(zip(names, row.tolist(), strict=True)), integration="rk4")["population"].values[-1]
        for row in chosen
    ]
    np.testing.assert_array_equal(drawn["population"], ends)
    assert np.ptp(ends) > 0


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("simengine: 1\nset: {growt: 0.5}\n", "did you mean `growth`"),
        ("simengine: 1\nset: {growth: 5 kg}\n", "kg"),
        ("simengine: 1\nsets: {growth: 5}\n", "did you mean `set`"),
        ("simengine: 2\nset: {growth: 5}\n", "1"),
        ("", "is empty"),
        ("set: [", "syntax"),
    ],
)
def test_wrong_parameter_sets_are_told_where_they_are(make: Make, tmp_path: Path, text: str, said: str) -> None:
    make("logistic", np.ones(3), np.arange(3.0), FISH)
    (tmp_path / "own.yaml").write_text(text, encoding="utf-8")
    path = tmp_path / "scenarios.yaml"
    path.write_text(
        SCENARIOS.split("uncertain", maxsplit=1)[0].replace("out/parameters.yaml", "own.yaml"), encoding="utf-8"
    )
    with pytest.raises(se.ModelError) as found:
        se.load_study(path)
    assert said in str(found.value)
    assert "own.yaml" in str(found.value)


def test_other_folders_are_refused(asked: Path, tmp_path: Path) -> None:
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "mine.txt").write_text("mine", encoding="utf-8")
    with pytest.raises(se.InputError, match="holds files, and no calibration"):
        run_calibration(asked, out=tmp_path / "full")
    assert os.listdir(tmp_path / "full") == ["mine.txt"]
    with pytest.raises(se.InputError, match="no folder of a calibration"):
        se.read_calibration(tmp_path / "full")


ROUGH = """parameters: {growth: {range: [0.05, 2]}, room: {range: [10, 200]}}
set: {first: 3}
fit: {fish: {output: population, data: seen, error: {normal: 1}}}
method: {local: none, global: cma, posterior: ensemble, chains: 2, draws: 20, tune: 10, seed: 3}
"""


def test_without_derivatives_the_global_search_and_the_ensemble_are_left(make: Make, tmp_path: Path) -> None:
    path = make("logistic", logistic(TIMES, 0.55, 40.0, 3.0), TIMES, ROUGH)
    path.with_name("model.mdl").write_text(
        path.with_name("model.mdl")
        .read_text(encoding="utf-8")
        .replace("growth * population", "(growth + 0 * RANDOM POISSON(0, 100, growth, 0, 1, 1)) * population"),
        encoding="utf-8",
    )
    assert load_calibration(path).problem.derivatives == "none"
    result = run_calibration(path, out=tmp_path / "out")
    assert result.about["curvature"] is None
    assert result.estimates["growth"] == pytest.approx(0.55, rel=1e-2)
    assert result.about["searches"]["best from"] == "global"
    assert len(result.posterior) == 2 * 32


def test_a_prior_without_a_range_is_enough(make: Make, tmp_path: Path) -> None:
    text = """parameters: {growth: {prior: {normal: [0.5, 0.2]}}, room: {range: [10, 200]}}
set: {first: 3}
fit: {fish: {output: population, data: seen, error: {normal: estimate}}}
method: {starts: 3, profiles: on}
"""
    values = logistic(TIMES, 0.55, 40.0, 3.0) + np.random.default_rng(3).normal(0.0, 0.5, TIMES.size)
    result = run_calibration(make("logistic", values, TIMES, text), out=tmp_path / "out")
    growth = result.parameter("growth")
    assert growth["low"] is None
    assert growth["verdict"] == "identified"
    for way in ("curvature", "profile"):
        low, high = growth["intervals"][way]["0.95"]
        assert low < 0.55 < high


ARRAYS = """{UTF-8}
district: north, south ~~|
homes[district] = INTEG(built[district], 10) ~ homes ~|
built[district] = rate[district] * effect(Time / one year) ~ homes/year ~|
rate[district] = 2, 3 ~ homes/year ~|
one year = 1 ~ year ~|
effect((0,1),(6,1),(12,1)) ~ dmnl ~|
total = SUM(homes[district!]) ~ homes ~|
INITIAL TIME = 0 ~ year ~|
FINAL TIME = 12 ~ year ~|
TIME STEP = 0.25 ~ year ~|
SAVEPER = TIME STEP ~ year ~|
"""
ARRAYS_ASKED = """simengine: 1
model: model.mdl
data: {seen: {file: data.csv}}
parameters:
  all rates: {of: rate, change: times, range: [0.2, 4]}
  effect(6): {range: [0.1, 3]}
  "homes[south]": {range: [0, 40]}
fit: {homes: {output: total, data: seen, error: {normal: 1}}}
method: {starts: 2}
"""


def test_arrays_points_and_initial_values_reach_scenarios(tmp_path: Path) -> None:
    (tmp_path / "model.mdl").write_text(ARRAYS, encoding="utf-8")
    (tmp_path / "asked.yaml").write_text(ARRAYS_ASKED, encoding="utf-8")
    rows = "".join(f"{t:g},{30 + 4 * t + 0.1 * t * t}\n" for t in TIMES)
    (tmp_path / "data.csv").write_text(f"time,total\n{rows}", encoding="utf-8")
    result = run_calibration(tmp_path / "asked.yaml", out=tmp_path / "out")
    (tmp_path / "scenarios.yaml").write_text(
        "simengine: 1\nmodel: model.mdl\nscenarios: {fitted: {params: out/parameters.yaml}}\nkpis: {total: {value: total}}\n",
        encoding="utf-8",
    )
    run = se.load_study(tmp_path / "scenarios.yaml").run().outcomes[0].run
    at = [list(run.times).index(t) for t in result.fit["time"]]
    found = run.table()[at, [c.name for c in run.columns].index("total")]
    np.testing.assert_allclose(found, result.fit["predicted"], rtol=1e-14)
