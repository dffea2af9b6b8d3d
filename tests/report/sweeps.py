"""Small sweeps, run: a town with two districts, in which some runs fail."""

from __future__ import annotations

from functools import partial
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

import simengine as se
from simengine.analysis.discovery import Box, Factors, Limit, count_box
from simengine.analysis.scoring import feature_scores
from simengine.report.sweep_report import draw_sweep_folder
from simengine.sweep.run import Threads
from simengine.sweep.study import Ways, complete_sweep
from tests.results.studies import write_map

MODEL = """{UTF-8}
district: N1, S2 ~~|
homes[district] = 1000, 3000 ~ home ~ |
insulation rate = 0.02 ~ 1/Year ~ |
gas per home = 1200 ~ m3/home/Year ~ |
cold = 1 ~ Dmnl ~ |
source = 0 ~ Dmnl ~ |
bad homes[district] = INTEG(-bad homes[district] * insulation rate, homes[district]) ~ home ~ |
gas by district[district] = bad homes[district] * gas per home * SQRT(cold) * (1 - 0.2 * source) ~ m3/Year ~ |
gas use = SUM(gas by district[district!]) ~ m3/Year ~ |
INITIAL TIME = 2020 ~ Year ~|
FINAL TIME = 2040 ~ Year ~|
TIME STEP = 1 ~ Year ~|
SAVEPER = TIME STEP ~ Year ~|
"""

STUDY = """simengine: 1
model: town.mdl
title: Gas of a town & <more>
scenarios:
  as now: {title: As it goes}
  insulate: {title: Insulate <quickly>, set: {insulation rate: {times: 2}}}
uncertain:
  cold: {uniform: [-0.1, 2]}
  gas per home: {uniform: [800, 1600]}
  insulation: {times: {uniform: [0.5, 1.5]}, of: insulation rate}
  source: {choice: {0: 0.5, 1: 0.5}}
sweeps:
  sobol: {scenarios: [as now, insulate], sample: sobol, n: 32, seed: 1}
  latin: {scenarios: [as now], sample: latin, n: 60, seed: 1}
  morris: {scenarios: [as now], sample: morris, n: 6, seed: 1}
draw:
  gas use: {title: Gas used, unit: 1e6 m3/Year}
  gas by district: {title: Gas by district, unit: 1e6 m3/Year, hide: {where: bad homes, below: 800}}
kpis:
  gas 2040: {title: Gas in 2040, value: gas use, at: 2040, unit: 1e6 m3/Year, goal: "<= 2.5"}
  gas 2030: {title: Gas in 2030, value: gas use, at: 2030, unit: 1e6 m3/Year, goal: "<= 50"}
  sure: {title: Runs with little gas, share_of_runs: gas 2040, unit: "%", goal: ">= 80 %"}
  mean gas: {title: Mean gas use, value: gas use, mean: on, unit: 1e6 m3/Year}
data:
  measured: {file: history.csv}
  districts: {file: districts.geojson, key: code, label: name, subscript: district}
save: {sweeps_keep: {runs: KEPT}}
"""
HISTORY = """variable,element,time,value,unit,quality,source
gas use,,2015,5500000,m3/Year,measured,Statistics
gas use,,2020,4800000,m3/Year,measured,Statistics
"""


def write_study(folder: Path, kept: str = "all") -> Path:
    """Write the model and the study; return the study."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "town.mdl").write_text(MODEL, encoding="utf-8")
    (folder / "town.yaml").write_text(STUDY.replace("KEPT", kept), encoding="utf-8")
    (folder / "history.csv").write_text(HISTORY, encoding="utf-8")
    write_map(folder)
    return folder / "town.yaml"


def run_sweep(folder: Path, name: str, kept: str = "all") -> Path:
    """Run a sweep, learn from it, draw it; return its folder."""
    out = folder / name
    planned = se.load_sweep(write_study(folder / "inputs", kept), name)
    with pytest.MonkeyPatch.context() as patch:  # what is slow and not drawn; and PRIM, whose library is slow to import
        patch.setattr("simengine.sweep.learn_methods.feature_scores", partial(feature_scores, trees=2, resamples=0))
        patch.setattr("simengine.sweep.learn_boxes.find_boxes_by_prim", _two_boxes)
        complete_sweep(planned, out, Threads(2), ways=Ways(draw=draw_sweep_folder))
    return out


def _two_boxes(factors: Factors, interest: NDArray[np.generic]) -> list[Box]:
    wanted = np.asarray(interest, dtype=np.bool_)
    limits = ([Limit("cold", low=1.0), Limit("insulation", high=1.2)], [Limit("gas per home", low=1000.0, high=1500.0)])
    return [count_box("prim", found, factors, wanted) for found in limits]
