"""What the energy calibration would have said earlier: years held out one by one, and from an origin on.

In: calibration/energy.yaml. Out: predictions of every value that was not used, with 90 % ranges, beside what was
measured and beside the simplest forecast (the last value known stays); the range of gas in 2040 as years came in.

Invariant: no value that is predicted has weight in its own prediction.
"""

from __future__ import annotations

import csv
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from docs.weighing import Draws, Outcome, effective, quantiles, resample, scatter
from simengine.calibrate.problem import Problem

Array = NDArray[np.float64]
Bools = NDArray[np.bool_]
ROOT = Path(__file__).resolve().parent.parent
ENDS = (0.05, 0.5, 0.95)
BEGIN = 2016.0
FEW = 100.0
"""With fewer effective draws than this a range is not told."""
TOLD = 4096


@dataclass(frozen=True)
class Held:
    """A value that was not used, and what was predicted of it."""

    check: str
    """`year left out`, or `forecast from` a year."""
    series: str
    year: int
    measured: float
    low: float
    middle: float
    high: float
    naive: float
    """The value known last, again."""
    effective: float

    @property
    def inside(self) -> bool:
        """Whether the range held what was measured."""
        return self.low <= self.measured <= self.high


def look_back(draws: Draws, first: dict[str, float]) -> list[Held]:
    """Return all predictions; `first` are the values of the year the model begins with, by series.

    The last year left out is the forecast from the one before.
    """
    time = draws.problem.observations.time
    years = np.unique(time)
    cases = [("year left out", time != year, time == year) for year in years[:-1]]
    cases += [(f"forecast from {origin:.0f}", time <= origin, time > origin) for origin in years[:-1]]
    return [one for check, used, asked in cases for one in _held(draws, first, check, used, asked)]


def _held(draws: Draws, first: dict[str, float], check: str, used: Bools, asked: Bools) -> list[Held]:
    weights = draws.weights(used)
    enough = effective(weights)
    if enough < FEW:
        raise ArithmeticError(f"{check}: {enough:.0f} effective draws are too few")
    predicted = draws.predicted[resample(weights, TOLD)]
    rng, seen = np.random.default_rng(1), draws.problem.observations
    out = []
    for row in np.flatnonzero(asked):
        ends = np.quantile(scatter(draws, predicted, int(row), rng), ENDS).tolist()
        name = seen.name(int(row))
        known = [r for r in np.flatnonzero(used & (seen.series == seen.series[row])) if seen.time[r] < seen.time[row]]
        naive = float(seen.value[known[-1]]) if known else first[name]
        out.append(Held(check, name, int(seen.time[row]), float(seen.value[row]), *ends, naive, enough))
    return out


def narrowing(draws: Draws, near: Draws, outlook: Outcome) -> list[dict[str, Any]]:
    """Return ranges of an outcome as years came in: of the priors alone, then with what was known by each year.

    `near` are draws near all data, for the last of them.
    """
    time = draws.problem.observations.time
    gas = outlook(draws.named)
    ends = [("nothing but the ranges", quantiles(gas, draws.weights(time < time.min()), ENDS))]
    ends += [
        (f"data until {year:.0f}", quantiles(gas, draws.weights(time <= year), ENDS)) for year in np.unique(time)[:-1]
    ]
    ends += [(f"data until {time.max():.0f}", quantiles(outlook(near.named), near.weights(time <= time.max()), ENDS))]
    return [{"known": known, "low": low, "middle": middle, "high": high} for known, (low, middle, high) in ends]


def measure(draws: Draws, near: Draws, outlook: Outcome, first: dict[str, float]) -> dict[str, Any]:
    """Return what the page tells of this."""
    return {
        "held": [asdict(h) | {"inside": h.inside} for h in look_back(draws, first)],
        "narrowing": narrowing(draws, near, outlook),
        "solar": solar(draws.problem),
    }


# --- a figure nobody fitted


def counted() -> dict[str, str]:
    """Return the row of calibration/solar.csv: panels on all roofs of Delft at the end of 2019."""
    with (ROOT / "calibration" / "solar.csv").open(encoding="utf-8", newline="") as file:
        return next(csv.DictReader(file))


def solar(problem: Problem) -> dict[str, float]:
    """Return panels of all roofs at the end of 2019, MWp: as counted, and as the model has them.

    The data of a year stand at its begin in the model's time, and tell of its middle: the end of 2019 is 2019.5.
    """
    run = problem.model.run(save=["solar power", "services solar power"])
    at = float(counted()["time"]) - 0.5
    found = sum(float(run[name].sel(time=at).sum()) for name in ("solar power", "services solar power"))
    return {"counted": float(counted()["value"]), "model": found}
