"""What the past says of Delft: `python -m docs.past [--folder results/calibration]` writes docs/delft-calibration.md.

In: the files in calibration/, done or gone on with in a folder. Out: a page, and its figures in
docs/figures/delft-calibration.json, which a test holds the page to.

The page's words are docs/past_page.py's; figures of single parts are those of docs/prototype.py (where an older range
came from), docs/hindsight.py (years held out), docs/worth.py (what measuring would tell), docs/fitted.py (values the
models have), docs/couplings.py (links).

Invariant: no figure is typed in: each comes from a calibration's folder, or from runs with its parameter sets.
"""

from __future__ import annotations

import argparse
import json
import tempfile
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

import simengine as se
from docs import couplings, fitted, hindsight, prototype, worth
from docs.past_page import FIGURES, PAGE, PICTURE, write
from docs.past_picture import draw_answer
from docs.prototype import OUTLOOK, PLAN, RATES
from docs.weighing import Draws, draw, draw_near, effective, quantiles, resample
from models.hard_data import read_energy
from simengine.calibrate.local import search_local
from simengine.calibrate.plan import load_calibration
from simengine.calibrate.result import CalibrationResult
from simengine.calibrate.study import run_calibration
from simengine.calibrate.surface import Surface

Array = NDArray[np.float64]
ROOT = Path(__file__).resolve().parent.parent
FILES = ("energy", "services", "jobs", "jobs-all-years", "students", "students-all-years", "water", "coupled")
WEIGHED = 2**17
"""Draws of the priors that are weighed."""
NEARER = 2**16
"""Draws near those that the data weigh most."""
STANDING = 4096
"""Draws that stand for them, all alike."""
WIDER = ("range: [1 %/year, 6 %/year]", "range: [1 %/year, 15 %/year]")
"""The range of the insulation rate, and one that nobody claims: how much of the answer is the range?"""


@dataclass(frozen=True)
class Ridge:
    """A point of the ridge: an insulation rate, the elasticity that fits best with it, what they mean."""

    rate: float
    elasticity: float
    worst: float
    """The largest relative error of gas."""
    lower: float
    """How far the log density is below the best of these."""
    gas: float
    gas_without_network: float


def outlook(sets: dict[str, Array], *, network: bool) -> Array:
    """Return gas use in 2040 (TJ a year) of parameter sets (K,), with the heat network the model plans or with none."""
    model = se.load(ROOT / "models" / "energy.mdl")
    found = model.ensemble(_asked(model, sets, network=network), save=["total gas use"], keep=[OUTLOOK])
    return np.asarray(found["total gas use"].values, dtype=np.float64).reshape(-1)


def ridge(*, others: bool) -> list[Ridge]:
    """Return the ridge: by rate, with the elasticity at its best, and the other parameters too where asked for."""
    problem = load_calibration(ROOT / "calibration" / "energy.yaml").problem
    surface = Surface(problem)
    rate, elasticity = problem.names.index("insulation rate"), problem.names.index("price elasticity")
    kept = np.full(len(problem.all_names), not others)
    kept[rate], kept[elasticity] = True, False
    sets, densities, worst = [], [], []
    begun = surface.complete(problem.start[None])[0][0]
    for value in RATES:
        begun = begun.copy()
        begun[rate] = value
        found = search_local(surface, begun, kept=kept)
        sets.append(found.full[: surface.width])
        densities.append(found.density)
        rows = next(s.rows for s in problem.series if s.fit == "gas")
        predicted = problem.predict(found.full[None, : surface.width])[0, rows]
        worst.append(float(np.max(np.abs(predicted / problem.observations.value[rows] - 1.0))))
        begun = found.full
    table = np.asarray(sets)
    named = {name: np.ascontiguousarray(table[:, i]) for i, name in enumerate(problem.names)}
    gas = [outlook(named, network=network) for network in (True, False)]
    top = max(densities)
    return [
        Ridge(RATES[i], float(table[i, elasticity]), worst[i], top - densities[i], float(gas[0][i]), float(gas[1][i]))
        for i in range(len(RATES))
    ]


def percentiles(weighed: Draws) -> dict[str, dict[str, float]]:
    """Return the middle and the ends of 90 and 95 % ranges of gas in 2040, with the plan of a network and without."""
    weights = weighed.weights(everything(weighed))
    out = {}
    for key, network in (("plan", True), ("none", False)):
        found = quantiles(outlook(weighed.named, network=network), weights, (0.025, 0.05, 0.5, 0.95, 0.975))
        out[key] = dict(zip(("low 95", "low 90", "middle", "high 90", "high 95"), found, strict=True))
    return out


def everything(weighed: Draws) -> NDArray[np.bool_]:
    """Return that all observations are used."""
    return np.ones(len(weighed.problem.observations), dtype=np.bool_)


def measure(folder: Path) -> dict[str, Any]:
    """Return all figures of the page."""
    results = {name: run_calibration(ROOT / "calibration" / f"{name}.yaml", out=folder / name) for name in FILES}
    drawn = results["energy"].posterior
    names = [p["name"] for p in results["energy"].parameters]
    sets = {name: drawn[name].to_numpy(np.float64) for name in names}
    walked = np.quantile(_homes_alone(sets), hindsight.ENDS).tolist()
    tied = float(np.corrcoef(sets["insulation rate"], sets["price elasticity"])[0, 1])
    weighed = draw(load_calibration(ROOT / "calibration" / "energy.yaml").problem, WEIGHED)
    near = draw_near(weighed, NEARER)
    return {
        "calibrations": {name: _told(result) for name, result in results.items()},
        "ridge, others fixed": [asdict(point) for point in ridge(others=False)],
        "ridge, others free": [asdict(point) for point in ridge(others=True)],
        "gas in 2040": percentiles(near),
        "effective": effective(near.weights(everything(near))),
        "gas in 2040, by NUTS": walked,
        "correlation in the posterior": tied,
        "width of the prior's": contraction(sets),
        "draws": len(drawn),
        "over time": over_time(standing(near)),
        "prototype": prototype.measure(),
        "hindsight": hindsight.measure(weighed, near, _homes_alone, first_values()),
        "wider range": wider(),
        "worth": [asdict(w) for w in worth.measure(standing(near))],
        "fitted": [asdict(f) | {"off": f.off} for f in fitted.measure()],
        "couplings": [asdict(r) for r in couplings.measure()],
    }


def _homes_alone(sets: dict[str, Array]) -> Array:
    return outlook(sets, network=False)


def first_values() -> dict[str, float]:
    """Return what was measured in the year the model begins with, by series of the energy calibration."""
    problem = load_calibration(ROOT / "calibration" / "energy.yaml").problem
    return {s.name: read_energy()[s.output.strip("`")][hindsight.BEGIN] for s in problem.series}


def standing(weighed: Draws) -> dict[str, Array]:
    """Return parameter sets, all alike, that stand for draws weighed by all data."""
    places = resample(weighed.weights(everything(weighed)), STANDING)
    return {name: values[places] for name, values in weighed.named.items()}


def wider(count: int = WEIGHED) -> dict[str, Any]:
    """Return gas in 2040 without a network, were the insulation rate allowed more than its range."""
    text = (ROOT / "calibration" / "energy.yaml").read_text(encoding="utf-8")
    if text.count(WIDER[0]) != 1:
        raise ValueError(f"calibration/energy.yaml has no `{WIDER[0]}`")
    text = text.replace(*WIDER).replace("../models", (ROOT / "models").as_posix())
    with tempfile.TemporaryDirectory() as scratch:
        path = Path(scratch) / "energy.yaml"
        path.write_text(text, encoding="utf-8")
        weighed = draw_near(draw(load_calibration(path).problem, count), NEARER)
    weights = weighed.weights(everything(weighed))
    rate = quantiles(weighed.named["insulation rate"], weights, hindsight.ENDS)
    return {"gas": quantiles(_homes_alone(weighed.named), weights, hindsight.ENDS), "rate": rate}


def over_time(sets: dict[str, Array]) -> dict[str, Any]:
    """Return the 90 % ranges of gas year by year, with the plan and without, and what was measured."""
    model = se.load(ROOT / "models" / "energy.mdl")
    years = np.arange(2016.0, OUTLOOK + 1.0)
    out: dict[str, Any] = {"years": years.tolist(), "measured": sorted(read_energy()["total gas use"].items())}
    for key, network in (("plan", True), ("none", False)):
        found = model.ensemble(_asked(model, sets, network=network), save=["total gas use"], keep=years.tolist())
        ends = np.percentile(
            np.asarray(found["total gas use"].values).reshape(-1, len(years)), [5.0, 50.0, 95.0], axis=0
        )
        out[key] = ends.tolist()
    return out


def _asked(model: se.Model, sets: dict[str, Array], *, network: bool) -> dict[str, Any]:
    values: dict[str, Any] = dict(sets)
    if not network:
        values[PLAN] = np.zeros((len(next(iter(sets.values()))), len(model.dimensions["wijk"])))
    return values


def contraction(sets: dict[str, Array]) -> dict[str, float]:
    """Return how wide the 90 % range of each parameter is in the posterior, as a share of that in the prior."""
    problem = load_calibration(ROOT / "calibration" / "energy.yaml").problem
    low, high = problem.points(np.array([[0.05], [0.95]]) * np.ones(len(problem.names)))
    return {
        name: float(np.diff(np.percentile(sets[name], [5.0, 95.0]))[0] / (high[i] - low[i]))
        for i, name in enumerate(problem.names)
    }


def _told(result: CalibrationResult) -> dict[str, Any]:
    fit = result.fit
    errors = (fit["predicted"] / fit["observed"] - 1.0).abs()
    held = fit["held out"].astype(bool)
    rows = [
        {
            "name": name,
            "fitted": _most(errors[own & ~held]),
            "held out": _most(errors[own & held]),
        }
        for name in dict.fromkeys(fit["series"])
        for own in [fit["series"] == name]
    ]
    kept = ("name", "unit", "low", "high", "estimate", "intervals", "verdict", "bound hit")
    return {
        "title": result.about["title"],
        "parameters": [{key: p[key] for key in kept} for p in result.parameters],
        "collinearity": result.about["curvature"]["collinearity"],
        "directions": [d["text"] for d in result.about["curvature"]["directions"]],
        "warnings": list(result.warnings),
        "series": rows,
        "searches": result.about["searches"],
        "posterior": result.about["posterior"] and result.about["posterior"].get("text"),
    }


def _most(errors: Any) -> float | None:
    return float(errors.max()) if len(errors) else None


def main() -> None:
    """Do the calibrations, or what is missing of them, and write page and figures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--folder", type=Path, default=Path("results") / "calibration")
    parser.add_argument("--text", action="store_true", help="only the page, from the figures there are")
    asked = parser.parse_args()
    if not asked.text:
        FIGURES.write_text(json.dumps(measure(asked.folder), indent=1) + "\n", encoding="utf-8")
    found = json.loads(FIGURES.read_text(encoding="utf-8"))
    PICTURE.write_bytes(draw_answer(found))
    PAGE.write_text(write(found), encoding="utf-8")


if __name__ == "__main__":
    main()
