"""Results made by hand: two variables, one of them an array with an element that has no equation."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from simengine.engine.trajectory import Failure, RunInfo, Trajectory
from simengine.program.program import Axis, ProgramVariable
from simengine.results.labels import Saved
from simengine.source.names import key_of

DISTRICT, KIND = Axis("District", ("north", "south")), Axis("Kind", ("a", "b", "c"))
INFO = RunInfo("interpreter", "euler", 2, 0.0)


def variable(name: str, first: int, axes: tuple[Axis, ...] = (), units: str = "", **more: object) -> ProgramVariable:
    return ProgramVariable(name, key_of(name), first, axes, units, **more)  # type: ignore[arg-type]


HEAT = variable("heat", 4, units="GJ/Year", documentation="What is used.")
HOMES = variable(
    "Homes, all", 10, (DISTRICT, KIND), "home", defined=np.asarray([[True, True, False], [True, True, True]])
)
SAVED = Saved((HEAT, HOMES))
TIMES = np.asarray([2020.0, 2020.5, 2021.0])


def trajectory(values: NDArray[np.float64], failures: tuple[Failure, ...] = ()) -> Trajectory:
    return Trajectory(TIMES, values, failures, INFO)


def some_values(*lead: int) -> NDArray[np.float64]:
    """Return values without special meaning, all different."""
    count = int(np.prod((*lead, 3, 7)))
    return (np.arange(count, dtype=np.float64) / 7).reshape(*lead, 3, 7)
