"""What two sweeps over Delft's uncertainty give: the figures of docs/delft-uncertainty.md.

In: the sweeps `uncertainty` and `sensitivity` of scenarios/delft.yaml, run. Out: docs/figures/delft-uncertainty.json.

Beside the figures stand indicators of the first runs, as the engine gave them: a test makes these runs again, so that
figures of another model, other ranges or another engine are found out.

Invariant: a figure is of all runs of its sweep, but those that failed, which are counted.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

import simengine as se
from docs.deciders import find_deciders
from docs.story import SCENARIOS
from models.hard_data import read_energy
from simengine.analysis.discovery import Box, find_boxes_by_prim
from simengine.analysis.sobol import sobol_indices
from simengine.sweep.batch import make_batch
from simengine.sweep.run import Threads
from simengine.sweep.study import Ways, complete_sweep

FIGURES = Path(__file__).resolve().parent / "figures" / "delft-uncertainty.json"
GOALS = ("off gas 2030", "off gas 2050", "nuisance", "heat stress", "jobs")
"""Indicators with goals, in the order they are told."""
COUPLED, APART = "everything", "everything apart"
DECIDED = 0.005
"""A goal met in fewer of the draws than this is never met, in more than all but this always: too few to say more."""
SAMPLED = 16
"""Runs of each scenario that are kept beside the figures."""
NEARLY = 95.0
"""A city with so many of its homes off gas, in per cent, is nearly there: a threshold of ours."""
NEAR = 0.05
"""How far gas and electricity of past years may be from what was measured, to pass for a fit."""
LOOKED_AT = ("total gas use", "total electricity use")

Figures = dict[str, Any]
Numbers = NDArray[np.float64]


def measure(folder: Path, runs: Mapping[str, int] | None = None) -> Figures:
    """Return the figures, running in a folder what is not there yet.

    Parameters
    ----------
    folder
        Where the sweeps are kept.
    runs
        Draws of each sweep, instead of what the file says.

    """
    spread, causes = (run(folder, sweep, (runs or {}).get(sweep)) for sweep in ("uncertainty", "sensitivity"))
    indicators = {i["name"]: i for i in spread.indicators}
    kinds = kinds_of(causes)
    return {
        "factors": {f["name"]: {"text": f["text"], "unit": f["unit"]} for f in spread.factors},
        "goals": {g: {"title": indicators[g]["title"], "goal": indicators[g]["goal"], "unit": indicators[g]["unit"]}
                  for g in GOALS},
        "runs": {"uncertainty": spread.size, "sensitivity": causes.size},
        "scenarios": {name: scenario_figures(spread, name) for name in spread.scenarios},
        "kinds": kinds,
        "deciders": {name: deciders(causes, name) for name in causes.scenarios},
        "decides": {name: indices(causes, name, kinds) for name in causes.scenarios},
        "indices": {name: indices(causes, name) for name in causes.scenarios},
        "flips": flips(spread),
        "boxes": boxes(spread),
        "past": past(spread),
        "sample": {s: sample(s) for s in ("uncertainty", "sensitivity")},
    }  # fmt: skip


def run(folder: Path, sweep: str, runs: int | None) -> se.SweepResult:
    """Return a sweep of the scenarios, without all that `simengine sweep` learns from it: here it is of the goals."""
    planned = se.load_sweep(SCENARIOS, sweep, runs)
    return complete_sweep(planned, folder / sweep, Threads(), ways=Ways(learns=False))


def share(met: NDArray[np.bool_]) -> list[float]:
    """Return a share of runs with its interval (Wilson 1927, J. American Statistical Association 22)."""
    n, p, z = len(met), float(np.mean(met)), 1.959964
    middle = (p + z * z / (2 * n)) / (1 + z * z / n)
    reach = z / (1 + z * z / n) * math.sqrt(p * (1 - p) / n + z * z / (4 * n * n))
    return [p, max(0.0, middle - reach), min(1.0, middle + reach)]


def scenario_figures(spread: se.SweepResult, name: str) -> Figures:
    """Return in how many runs of a scenario goals are met, and how wide indicators are."""
    sound = ~spread.failed(name)
    met = np.stack([spread.met(g, name)[sound] for g in GOALS])
    title = next(s["title"] for s in spread.about["scenarios"] if s["name"] == name)
    wide = {g: np.quantile(spread.indicator(g, name)[sound], [0, 0.05, 0.5, 0.95, 1]).tolist() for g in GOALS}
    return {
        "title": title,
        "failed": int((~sound).sum()),
        "met": {g: share(m) for g, m in zip(GOALS, met, strict=True)},
        "nearly": share(spread.indicator("off gas 2050", name)[sound] >= NEARLY),
        "all": share(met.all(axis=0)),
        "all but off gas 2050": share(met[[n for n, g in enumerate(GOALS) if g != "off gas 2050"]].all(axis=0)),
        "spread": wide,
    }


def kinds_of(causes: se.SweepResult) -> dict[str, str]:
    """Return of every goal whether draws decide, with all measures, that it is met: `open`, `never` or `always`."""
    out = {}
    for goal in GOALS:
        met = float(causes.met(goal, COUPLED).mean())
        out[goal] = "never" if met < DECIDED else "always" if met > 1 - DECIDED else "open"
    return out


def outputs(result: se.SweepResult, scenario: str, kinds: Mapping[str, str] | None = None) -> dict[str, Numbers]:
    """Return what is looked at of each goal, by run: its indicator.

    Where `kinds` is given: of an open goal whether it is met, of one never met its indicator, none of one always met.
    """
    out: dict[str, Numbers] = {}
    for goal in GOALS:
        values = result.indicator(goal, scenario)
        kind = "never" if kinds is None else kinds[goal]
        if kind == "open":
            out[goal] = np.where(np.isfinite(values), result.met(goal, scenario), np.nan)
        elif kind == "never":
            out[goal] = values
    return out


def deciders(causes: se.SweepResult, scenario: str) -> list[list[Any]]:
    """Return factors by their part in how many goals are met: name, part, interval, how often among the first five."""
    names = [f["name"] for f in causes.factors]
    met = np.stack([causes.met(g, scenario) for g in GOALS], axis=1).sum(axis=1, dtype=np.float64)
    found = find_deciders(np.where(causes.failed(scenario), np.nan, met)[:, None], len(names))
    return [[names[d.factor], d.value, d.low, d.high, d.often] for d in found]


def indices(causes: se.SweepResult, scenario: str, kinds: Mapping[str, str] | None = None) -> Figures:
    """Return for every goal its factors by total-order index: name, index, interval, first order."""
    names = [f["name"] for f in causes.factors]
    looked_at = outputs(causes, scenario, kinds)
    found = sobol_indices(np.stack(list(looked_at.values()), axis=1), len(names), resamples=500)
    total, first = found["ST"], found["S1"]
    out: Figures = {}
    for column, goal in enumerate(looked_at):
        order = np.argsort(-np.nan_to_num(total.value[:, column]), kind="stable")
        numbers = (total.value, total.low, total.high, first.value)
        out[goal] = [[names[f], *(float(a[f, column]) for a in numbers)] for f in order]
    return out


def flips(spread: se.SweepResult) -> Figures:
    """Return for every goal the share of draws that meet it only with, and only without, the cross-overs."""
    out: Figures = {}
    for goal in GOALS:
        coupled, apart = spread.met(goal, COUPLED), spread.met(goal, APART)
        apart_from = spread.indicator(goal, COUPLED) - spread.indicator(goal, APART)
        out[goal] = {
            "only coupled": share(coupled & ~apart),
            "only apart": share(apart & ~coupled),
            "difference": np.nanquantile(apart_from, [0.05, 0.5, 0.95]).tolist(),
        }
    return out


ASKED = (
    ("heat stress", COUPLED, "missed"),
    ("off gas 2030", COUPLED, "missed"),
    ("nuisance", "knowledge economy", "missed"),
    ("jobs", "reference", "met"),
    ("off gas 2050", COUPLED, "nearly"),
)
"""Of which goals, in which scenarios, it is told where they are missed, or met."""


def boxes(spread: se.SweepResult) -> list[Figures]:
    """Return for some goals where in the space of what is uncertain they are missed, or met."""
    out = []
    for goal, scenario, what in ASKED:
        sound = ~spread.failed(scenario)
        frame = spread.runs(scenario)[sound]
        factors = {f["name"]: np.asarray(frame[f["column"]]) for f in spread.factors}
        met = spread.met(goal, scenario)[sound]
        if what == "nearly":
            met = spread.indicator(goal, scenario)[sound] >= NEARLY
        interest = ~met if what == "missed" else met
        found = find_boxes_by_prim(factors, interest, most=1)
        if found:
            out.append({"goal": goal, "scenario": scenario, "what": what, **told(found[0], float(interest.mean()))})
    return out


def told(box: Box, overall: float) -> Figures:
    """Return a box as figures."""
    limits = [[x.factor, x.low, x.high, list(x.choices)] for x in box.limits]
    return {"limits": limits, "coverage": box.coverage, "density": box.density, "mass": box.mass, "overall": overall}


def past(spread: se.SweepResult) -> Figures:
    """Return how many draws fit the gas and electricity that were measured, and what shares of runs are among these.

    What was has happened whatever the scenario: the draws of the reference tell of all.
    """
    planned = se.load_sweep(SCENARIOS, "uncertainty", spread.size)
    batch = make_batch(planned, "reference", 0, spread.size)
    fits = np.ones(spread.size, dtype=np.bool_)
    for name in LOOKED_AT:
        column = [c.name for c in planned.columns].index(f"energy.{name}")
        for year, measured in read_energy()[name].items():
            place = int(np.flatnonzero(batch.times == year)[0])
            fits &= np.abs(batch.series[:, place, column] / measured - 1) <= NEAR
    shares = {s: {g: float(spread.met(g, s)[fits].mean()) for g in GOALS} for s in spread.scenarios}
    return {"fits": share(fits), "within": NEAR, "met": shares}


def sample(sweep: str, scenarios: Sequence[str] | None = None) -> Figures:
    """Return indicators of the first runs of a sweep, made anew."""
    planned = se.load_sweep(SCENARIOS, sweep)
    out: Figures = {}
    for scenario in scenarios or planned.scenarios:
        made = make_batch(planned, scenario, 0, SAMPLED).indicators
        out[scenario] = {g: made[g].tolist() for g in GOALS}
    return out


def read_figures() -> Figures:
    """Return the figures as they were written."""
    found: Figures = json.loads(FIGURES.read_text(encoding="utf-8"))
    return found


def write_figures(figures: Figures) -> None:
    """Write the figures."""
    text = json.dumps(figures, indent=1, ensure_ascii=False)
    FIGURES.write_text(text + "\n", encoding="utf-8", newline="\n")
