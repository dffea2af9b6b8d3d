"""A small study: two scenarios over two districts, made by hand, with all a study can hold."""

from __future__ import annotations

import json
import math
from pathlib import Path

import numpy as np

from simengine.engine.trajectory import Failure, RunInfo, Trajectory
from simengine.program.program import Axis
from simengine.results.labels import Saved
from simengine.results.provenance import input_of
from simengine.results.run import Run
from simengine.results.study import Finding, History, Indicator, MapShape, Outcome, Score, Source, Study
from tests.results.saved import variable

DISTRICT = Axis("District", ("N1", "S2"))
SECTOR = Axis("Unit", ("a", "b", "c"))  # a dimension called like a column
SAVED = Saved(
    (
        variable("TIME STEP", 0, units="Year"),
        variable("gas use", 1, units="m3/Year", documentation="All gas that\n\thomes burn."),
        variable("homes", 2, (DISTRICT,), "home"),
        variable("gas per home", 4, (DISTRICT,), "m3/home/Year"),
        variable("jobs", 6, (DISTRICT, SECTOR), "job", defined=np.asarray([[True, True, False], [True, True, True]])),
    )
)
TIMES = np.asarray([2020.0, 2020.5, 2021.0, 2022.0, 2030.0])


def some_run(add: float = 0.0, *, failed: bool = False) -> Run:
    values = np.arange(5 * 12, dtype=np.float64).reshape(5, 12) / 7 + add
    values[:, 0] = 0.5
    values[:, 2] = [10, 150, 199.5, 200, 250]  # homes of N1: few at first
    values[:, 3] = 900
    failures = ()
    if failed:
        values[3:, 1] = np.nan
        failures = (Failure(0, 2022.0, "gas use", "0 / 0"),)
    return Run(SAVED, Trajectory(TIMES, values, failures, RunInfo("native", "euler", 20, 0.001)))


def square(west: float, south: float) -> list[list[list[float]]]:
    east, north = west + 0.02, south + 0.01
    return [[[west, south], [east, south], [east, north], [west, north], [west, south]]]


def write_map(folder: Path) -> Path:
    features = [
        {
            "type": "Feature",
            "properties": {"code": code, "name": name},
            "geometry": {"type": "Polygon", "coordinates": at},
        }
        for code, name, at in (("N1", "Noord <&>", square(4.3, 52.01)), ("S2", "Zuid", square(4.3, 52.0)))
    ]
    path = folder / "districts.geojson"
    path.write_text(json.dumps({"type": "FeatureCollection", "features": features}), encoding="utf-8")
    return path


def some_study(folder: Path) -> Study:
    """Return the study; its inputs are written into a folder first."""
    folder.mkdir(exist_ok=True)
    (folder / "model.mdl").write_text("gas use = 1 ~ m3/Year ~ |", encoding="utf-8")
    (folder / "gas.csv").write_text("year,gas\n2020,1\n", encoding="utf-8")
    package = {
        "sources": [{"title": "Gas of a city", "path": "https://example.org/gas"}],
        "licenses": [{"name": "CC-BY-4.0"}],
        "resources": [{"path": "gas.csv"}],
    }
    (folder / "datapackage.json").write_text(json.dumps(package), encoding="utf-8")
    shape = write_map(folder)
    base, more = "base", 'more: "50 %" <b>'
    return Study(
        title="A city & its gas",
        outcomes=(
            Outcome(base, "As it goes", some_run()),
            Outcome(more, "Insulate; more, <quickly>", some_run(3.0), (base,)),
        ),
        scores=(
            Score(base, "gas 2030", "Gas in 2030", 34.5, "m3/Year", "<= 20", False, None, -14.5, "gas use", 2030.0),
            Score(more, "gas 2030", "Gas in 2030", 12.25, "m3/Year", "<= 20", True, 2022.0, 7.75, "gas use", 2030.0),
            Score(base, "never", "A level never reached", math.nan, "Year"),
        ),
        findings=(Finding(more, "homes never negative", "`homes[N1]` is -1, and = at 2021"),),
        indicators=(
            Indicator("Gas_use", "Gas used", "dm3/Year", ((2030.0, 20000.0, "<="),), factor=1000.0),
            Indicator("gas per home", "Gas per home", "", hidden_where="homes", hidden_below=200.0),
            Indicator("jobs", "=Jobs by sector", ""),
        ),
        history=(History("gas use", (2019.0, 2020.0), (0.5, 0.25), "Statistics, Gas", ("", "estimate")),),
        maps=(MapShape("District", str(shape), "code", "name", "Mapmakers, CC0"),),
        inputs=(input_of(folder / "model.mdl", "model"), input_of(folder / "gas.csv", "data"), input_of(shape, "map")),
        settings={"method": "euler", "start": 2020, "stop": 2030, "time step": 0.5},
        resolved="scenarios:\n  base: {}\n",
        sources=(Source("Own counts", "City", "CC0", "", "2023"),),
    )


def bare_study() -> Study:
    """Return a study with nothing but a run that failed."""
    return Study("Bare", (Outcome("only", "", some_run(failed=True)),), indicators=(Indicator("gas use", "", ""),))
