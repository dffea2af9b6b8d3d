"""Values of the models that were fitted, beside what the calibrations estimate.

In: the files in calibration/, models/parameters.csv. Out: a `Fitted` for each number marked F in that table.

A model keeps a value that no data can tell from the estimate: it differs by less than half a standard error, and what
was computed with it stays as it is. The insulation rate is one point of a ridge, chosen in its middle; the elasticity
is the one that fits best with it.

Invariant: every number marked F is here, and none other.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np

import simengine as se
from simengine.calibrate.curvature import look_at_curvature
from simengine.calibrate.local import search_local
from simengine.calibrate.plan import load_calibration
from simengine.calibrate.surface import Surface

ROOT = Path(__file__).resolve().parent.parent
RIDGE = ("insulation rate", "price elasticity")
"""The parameters of energy that are told by their ridge."""
CHOSEN = 0.04
"""The point of the ridge that the model has: the rate."""
ALIKE = 0.5
"""Standard errors by which a value may be off the estimate, and no data would tell."""
FROM = {
    ("energy", "change of electricity per home"): ("energy", ("change of electricity per home",)),
    ("energy", "solar imitation"): ("energy", ("solar imitation",)),
    ("energy", "services solar imitation"): ("services", ("services solar imitation",)),
    ("energy", "services insulation rate"): ("services", ("services insulation rate",)),
    ("energy", "change of services electricity"): ("services", ("change of services electricity",)),
    ("water", "power of the return period"): ("water", ("power of the return period",)),
    ("jobs", "growth of jobs"): ("jobs-all-years", ("growth of knowledge", "growth of services", "growth of others")),
    ("jobs", "student growth"): ("students-all-years", ("student growth",)),
    ("jobs", "student capacity"): ("students-all-years", ("student capacity",)),
}
"""Model and constant, to the calibration and the parameters that estimate it, element by element."""


@dataclass(frozen=True)
class Fitted:
    """A number of a model, and its estimate."""

    model: str
    name: str
    calibration: str
    value: float
    estimate: float
    error: float
    """The standard error, by curvature."""

    @property
    def off(self) -> float:
        """By how many standard errors the model is off the estimate."""
        return abs(self.value - self.estimate) / self.error


def measure() -> list[Fitted]:
    """Return all values that were fitted, but those of the ridge."""
    return [
        fitted for (model, name), (calibration, own) in FROM.items() for fitted in _of(model, name, calibration, own)
    ]


def _of(model: str, name: str, calibration: str, parameters: tuple[str, ...]) -> Iterator[Fitted]:
    found = estimates(calibration)
    values = np.ravel(np.asarray(se.load(ROOT / "models" / f"{model}.mdl").variables[name].value, dtype=np.float64))
    for value, parameter in zip(values, parameters, strict=True):
        shown = name if len(parameters) == 1 else f"{name}, {parameter.removeprefix('growth of ')}"
        yield Fitted(model, shown, calibration, float(value), *found[parameter])


@cache
def estimates(calibration: str) -> dict[str, tuple[float, float]]:
    """Return estimates and standard errors of a calibration's parameters, by a search from its own start."""
    surface = Surface(load_calibration(ROOT / "calibration" / f"{calibration}.yaml").problem)
    best = search_local(surface, surface.complete(surface.problem.start[None])[0][0])
    errors = look_at_curvature(surface, best.full).errors
    return {name: (float(best.full[i]), float(errors[i])) for i, name in enumerate(surface.names[: surface.width])}
