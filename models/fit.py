"""Fit the free parameters of the models to the hard data: `python -m models.fit`.

The insulation rate and the price elasticity cannot be told apart by these data, so the rate is set and the
elasticity fitted, for several rates: what is printed is the ridge, and what each point on it means for 2040.
All other fits are of one or two parameters on the series they drive; trends of jobs and the power of the rain
statistics are straight lines through logarithms.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import least_squares

import simengine as se
from models.hard_data import FOLDER, read_energy, read_history, read_rows
from models.tidy import SECTORS

RATES = (0.01, 0.02, 0.03, 0.04, 0.05, 0.06)
CHOSEN_RATE = 0.04


@dataclass(frozen=True, slots=True)
class Fit:
    """Parameters of a model that drive one series: guess and bounds of each, and where the run starts."""

    model: str
    output: str
    free: Mapping[str, tuple[float, float, float]]


@dataclass(frozen=True, slots=True)
class Found:
    """Values of the parameters, and the relative errors that remain."""

    values: dict[str, float]
    errors: NDArray[np.float64]


FITS = (
    Fit("energy", "total electricity use", {"change of electricity per home": (-0.01, -0.03, 0.01)}),
    Fit("energy", "solar generation", {"solar imitation": (0.35, 0.20, 0.50)}),
    Fit("energy", "services solar generation", {"services solar imitation": (0.33, 0.20, 0.50)}),
    Fit("energy", "total services gas use", {"services insulation rate": (0.06, 0.01, 0.12)}),
    Fit("energy", "total services electricity use", {"change of services electricity": (0.0, -0.03, 0.03)}),
)
ELASTICITY = Fit("energy", "total gas use", {"price elasticity": (-0.25, -0.31, -0.20)})
STUDENTS = Fit(
    "jobs", "students", {"student growth": (0.2, 0.05, 0.8), "student capacity": (29500.0, 20000.0, 45000.0)}
)


def fit(fits: Fit, data: Mapping[float, float], fixed: Mapping[str, float], start: float | None = None) -> Found:
    """Return the parameters that bring a series nearest to the data, by least squares of relative errors."""
    model = se.load(FOLDER / f"{fits.model}.mdl")
    names = list(fits.free)
    scale = np.asarray([max(abs(high), abs(low)) for _, low, high in fits.free.values()])
    guess, low, high = (np.asarray(x) / scale for x in zip(*fits.free.values(), strict=True))
    stop = max(data)

    def errors(x: NDArray[np.float64]) -> NDArray[np.float64]:
        values = {**fixed, **dict(zip(names, (x * scale).tolist(), strict=True))}
        run = model.run(values, save=[fits.output], start=start, stop=stop)
        return np.asarray([float(run[fits.output].sel(time=t)) / v - 1 for t, v in data.items()])

    found = least_squares(errors, guess, bounds=(low, high))
    return Found(dict(zip(names, (found.x * scale).tolist(), strict=True)), found.fun)


def ridge() -> list[tuple[float, float, float, float]]:
    """Return insulation rate, the price elasticity that fits best with it, the largest error, and gas in 2040."""
    model = se.load(FOLDER / "energy.mdl")
    rows = []
    for rate in RATES:
        found = fit(ELASTICITY, read_energy()["total gas use"], {"insulation rate": rate})
        run = model.run({"insulation rate": rate, **found.values}, save=["total gas use"])
        gas = float(run["total gas use"].sel(time=2040))
        rows.append((rate, found.values["price elasticity"], float(np.abs(found.errors).max()), gas))
    return rows


def fit_students() -> Found:
    """Return the logistic growth of students: run from 2014, where the series begins."""
    reported = {t: v for t, v in read_history("jobs")["students", ""].items() if t >= 2014}
    return fit(STUDENTS, reported, {"students in 2016": reported[2014]}, start=2014)


def trends_of_jobs() -> dict[str, float]:
    """Return the mean growth a year of each sector in the region: the slope of the logarithm."""
    slopes = {}
    for sector in SECTORS:
        rows = [r for r in read_rows("regional_jobs") if r["sector"] == sector]
        years = np.asarray([float(r["year"]) for r in rows])
        jobs = np.asarray([float(r["jobs"]) for r in rows])
        slopes[sector] = float(np.polyfit(years, np.log(jobs), 1)[0])
    return slopes


def power_of_rain() -> float:
    """Return the power of the return period in the hourly statistics, its scale being the rain of once a year."""
    rows = [(float(r["years_between"]), float(r["ref"])) for r in read_rows("extreme_rain")]
    once = dict(rows)[1.0]
    x = np.log([years for years, _ in rows if years > 1])
    y = np.log([rain / once for years, rain in rows if years > 1])
    return float(x @ y / (x @ x))


def main() -> None:
    """Print the fitted parameters."""
    data = read_energy()
    for fits in FITS:
        _print(fit(fits, data[fits.output], {}))
    _print(fit_students())
    for sector, slope in trends_of_jobs().items():
        print(f"{'growth of jobs[' + sector + ']':36} {slope:11.4f}")
    print(f"{'power of the return period':36} {power_of_rain():11.4f}")
    print("\ninsulation rate   price elasticity   largest error   gas in 2040 (TJ/year)")
    for rate, elasticity, error, gas in ridge():
        print(f"{rate:15.0%} {elasticity:18.3f} {error:15.2%} {gas:23.0f}")


def _print(found: Found) -> None:
    for name, value in found.values.items():
        print(f"{name:36} {value:11.4f}   largest error {np.abs(found.errors).max():6.2%}")


if __name__ == "__main__":
    main()
