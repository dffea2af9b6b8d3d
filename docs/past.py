"""What the past says of Delft: `python -m docs.past [--folder results/calibration]` writes docs/delft-calibration.md.

In: the files in calibration/, done or gone on with in a folder. Out: a page, and its figures in
docs/figures/delft-calibration.json, which a test holds the page to.

Invariant: no figure is typed in: each comes from a calibration's folder, or from runs with its parameter sets.
"""

from __future__ import annotations

import argparse
import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

import simengine as se
from simengine.calibrate.local import search_local
from simengine.calibrate.plan import load_calibration
from simengine.calibrate.result import CalibrationResult
from simengine.calibrate.study import run_calibration
from simengine.calibrate.surface import Surface

Array = NDArray[np.float64]
ROOT = Path(__file__).resolve().parent.parent
PAGE = ROOT / "docs" / "delft-calibration.md"
FIGURES = ROOT / "docs" / "figures" / "delft-calibration.json"
FILES = ("energy", "services", "jobs", "students", "water", "coupled")
RATES = (0.01, 0.02, 0.03, 0.04, 0.05, 0.06)
OUTLOOK = 2040.0
DRAWS = 1000
PROTOTYPE = (814.0, 954.0)
"""Gas use of 2040 that a throw-away prototype of this model gave along its ridge, in TJ a year."""
WITHOUT = "heat network plan"


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
    count = len(next(iter(sets.values())))
    values: dict[str, Any] = dict(sets)
    if not network:
        values[WITHOUT] = np.zeros((count, len(model.dimensions["wijk"])))
    found = model.ensemble(values, save=["total gas use"], keep=[OUTLOOK])
    return np.asarray(found["total gas use"].values, dtype=np.float64).reshape(count)


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


def percentiles(values: Array) -> dict[str, float]:
    """Return the middle and the ends of 90 and 95 % ranges."""
    low95, low90, middle, high90, high95 = np.percentile(values, [2.5, 5.0, 50.0, 95.0, 97.5])
    return {"low 95": low95, "low 90": low90, "middle": middle, "high 90": high90, "high 95": high95}


def measure(folder: Path) -> dict[str, Any]:
    """Return all figures of the page."""
    results = {name: run_calibration(ROOT / "calibration" / f"{name}.yaml", out=folder / name) for name in FILES}
    drawn = results["energy"].posterior
    picked = drawn.sample(n=min(DRAWS, len(drawn)), random_state=1)
    names = [p["name"] for p in results["energy"].parameters]
    sets = {name: picked[name].to_numpy(np.float64) for name in names}
    gas = {key: percentiles(outlook(sets, network=network)) for key, network in (("plan", True), ("none", False))}
    tied = float(np.corrcoef(sets["insulation rate"], sets["price elasticity"])[0, 1])
    return {
        "calibrations": {name: _told(result) for name, result in results.items()},
        "ridge, others fixed": [asdict(point) for point in ridge(others=False)],
        "ridge, others free": [asdict(point) for point in ridge(others=True)],
        "gas in 2040": gas,
        "correlation in the posterior": tied,
        "width of the prior's": contraction(sets),
        "draws": len(picked),
    }


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


# --- the page


def write(found: dict[str, Any]) -> str:
    """Return the page."""
    energy = found["calibrations"]["energy"]
    parts = [
        HEAD,
        _answer(found),
        *_ridge(found),
        "## Parameters of energy\n",
        *_parameters(energy, found["width of the prior's"]),
        "\nWhat the calibration itself says:\n",
        *(f"- {text}" for text in dict.fromkeys([*energy["directions"], *energy["warnings"]])),
        "\n## How near the models come\n",
        *_errors(found),
        _limits(found),
    ]
    return "\n".join(parts) + "\n"


HEAD = """\
# What the past says of Delft

Written by `python -m docs.past` from the files in `calibration/`; every figure is the engine's, kept in
`docs/figures/delft-calibration.json`. [Calibration](calibration.md) tells what the words mean.
"""


def _range(found: dict[str, float], level: int) -> str:
    return f"{found[f'low {level}']:.0f} to {found[f'high {level}']:.0f}"


def _answer(found: dict[str, Any]) -> str:
    gas = found["gas in 2040"]
    low, high = PROTOTYPE
    covers = gas["none"]["low 90"] <= low and high <= gas["none"]["high 90"]
    planned = gas["plan"]["low 95"] <= low and high <= gas["plan"]["high 95"]
    return f"""\
## The answer

Households of Delft will use **{_range(gas["plan"], 90)} TJ of gas in 2040** if the heat network is built as the
model plans, and **{_range(gas["none"], 90)} TJ** if no home is connected any more (90 % of {found["draws"]:,} draws of
the posterior, all else as now). One best fit would give one number within, and hide that the data allow all of them.

A prototype of this model gave {low:.0f} to {high:.0f} TJ along its ridge. The range without the network
{"covers" if covers else "does not cover"} that; the one with it
{"covers it too" if planned else "does not, even at 95 %"} ({_range(gas["plan"], 95)} TJ). The plan is most of what
lies between the two: this model begins network for 550 homes a year from 2025 to 2035. What else the prototype had
otherwise cannot be told, for only its result is known.
"""


def _ridge(found: dict[str, Any]) -> list[str]:
    fixed, free = found["ridge, others fixed"], found["ridge, others free"]
    none = max(p["lower"] for p in free) < HALF_OF_CHI
    return [
        RIDGE_SAYS,
        *RIDGE_TABLE,
        *(_point(p) for p in fixed),
        "\nThe same with the other parameters free, each held by its range and prior only:\n",
        *RIDGE_TABLE,
        *(_point(p) for p in free),
        f"""
Below the best: of the log density; a 90 % interval reaches to 1.35.
{"No rate is excluded: the whole range lies in it." if none else "Some rates are excluded by it."}
In the posterior rate and elasticity have a correlation of {found["correlation in the posterior"]:.2f}: less than
along the ridge, for homes badly insulated, the share that follows the weather and heat pumps are unknown too.
""",
    ]


TOLD = 0.8
"""Below this share of the prior's width data have told something."""
HALF_OF_CHI = 1.353
RIDGE_SAYS = """\
## The ridge

Gas fell because homes were insulated and because gas became dear. The data hold the two together only: for each rate of
insulating, the price elasticity that fits best with it. All other parameters as in the model:
"""
RIDGE_TABLE = (
    "| insulating | elasticity | largest error | below the best | gas in 2040 | without a network |",
    "|---:|---:|---:|---:|---:|---:|",
)


def _point(p: dict[str, float]) -> str:
    return (
        f"| {p['rate']:.0%} a year | {p['elasticity']:.3f} | {p['worst']:.2%} | {p['lower']:.2f} | {p['gas']:.0f} TJ | "
        f"{p['gas_without_network']:.0f} TJ |"
    )


def _parameters(told: dict[str, Any], widths: dict[str, float]) -> list[str]:
    lines = [
        "| parameter | range | estimate | by curvature | by profile | by posterior | of the prior's width | verdict |",
        "|---|---|---:|---|---|---|---:|---|",
    ]
    for p in told["parameters"]:
        ends = " | ".join(_ends(p["intervals"][kind]) for kind in ("curvature", "profile", "posterior"))
        verdict = p["verdict"] + (", bound hit" if p["bound hit"] else "")
        lines.append(
            f"| {p['name']} | {p['low']:g} to {p['high']:g} | {p['estimate']:.3g} | {ends} | "
            f"{widths[p['name']]:.0%} | {verdict} |"
        )
    known = [f"{name}" for name, share in widths.items() if share < TOLD]
    return [
        *lines,
        f"""
Intervals of 90 %, cut to the range. `identified` says that the interval is a small part of the range, by data and prior
together. What the data add shows beside the prior's width: where that is near 100 % all that is known was put in. The
data themselves tell of {", ".join(known[:-1])} and {known[-1]}; of the others next to nothing.""",
    ]


def _ends(found: dict[str, list[float]] | None) -> str:
    if not found:
        return "-"
    low, high = found["0.90"]
    return f"{low:.3g} to {high:.3g}"


def _errors(found: dict[str, Any]) -> list[str]:
    lines = ["| calibration | series | largest error, fitted | held out |", "|---|---|---:|---:|"]
    for told in found["calibrations"].values():
        for row in told["series"]:
            shown = ["-" if row[key] is None else f"{row[key]:.1%}" for key in ("fitted", "held out")]
            lines.append(f"| {told['title']} | {row['name']} | {' | '.join(shown)} |")
    return [*lines, ""]


def _limits(found: dict[str, Any]) -> str:
    students = found["calibrations"]["students"]["parameters"]
    bound = "it ran into its upper bound" if any(p["bound hit"] for p in students) else "its interval is wide"
    return f"""\
## What held-out years teach

- **Jobs.** Fitted to 2012, the trend of knowledge jobs is far too low for 2017: after 2013 they grew faster than
  before. A trend fitted to all years meets them, and says nothing of what the next turn will be.
- **Students.** Until 2020 growth did not bend, so nothing held the capacity: {bound},
  and 2022 came out too high. The capacity in the model, 32,800, rests on the two last values alone.
- **Energy** has four years, and the first is where the model begins. The only year with a high price, 2023, cannot
  be left out without leaving out all that is known of the elasticity: nothing is held out.
- **Services** had more gas in 2017 than in 2016, in a milder year: no smooth path meets both, and the model does
  not try.
- **Soil** has no calibration: the precipitation deficit follows from measured days, and no parameter moves it."""


def main() -> None:
    """Do the calibrations, or what is missing of them, and write page and figures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--folder", type=Path, default=Path("results") / "calibration")
    found = measure(parser.parse_args().folder)
    FIGURES.write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")
    PAGE.write_text(write(found), encoding="utf-8")


if __name__ == "__main__":
    main()
