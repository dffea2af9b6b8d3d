"""Parameters that touch no output: nothing in the data could tell them.

Two ways to find one. By the program: no slot looked at depends on it. By the exact derivative: it is 0 at every
observation that is fitted, at the start and at points spread over the prior; then some other value switches it off.

Invariant: what is told says which way it was found.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from simengine.calibrate.problem import Problem
from simengine.calibrate.settings import Settings
from simengine.calibrate.tally import Tally
from simengine.language.yaml.reading import Reading

POINTS = 8
"""Points of the prior at which derivatives are looked at, beside the start."""


def check_touch(problem: Problem, settings: Settings, to: Reading) -> None:
    """Note parameters that touch no output."""
    untouched = problem.simulator.untouched()
    for number in untouched:
        parameter = problem.parameters[number]
        text = f"`{parameter.name}` touches no output that is fitted: nothing looked at depends on it"
        to.error("touches-nothing", text, parameter.span, help=["leave it out, or fit an output it acts on"])
    if untouched or problem.derivatives != "exact":
        return
    width = len(problem.parameters)
    u = np.random.default_rng(settings.seed).random((POINTS, width))
    theta = np.concatenate([problem.start[None], problem.points(u)])
    counted = replace(problem, tally=Tally())  # what is looked at here is no work on the problem
    jacobian = counted.jacobian(theta)[:, problem.observations.fitted]
    runs = np.isfinite(jacobian).all(axis=(1, 2))
    if not runs.any():
        return
    still = np.all(jacobian[runs] == 0.0, axis=(0, 1))
    for number in np.flatnonzero(still).tolist():
        parameter = problem.parameters[number]
        text = (
            f"`{parameter.name}` touches no observation that is fitted: its exact derivative is 0 at all of them, at "
            f"the start and at {int(runs.sum()) - 1} points of its range"
        )
        to.error("touches-nothing", text, parameter.span, help=["leave it out, or fit what it acts on, when it does"])
