"""The error of integration at the best fit: predictions with the time step, with half and with a quarter of it.

In: a `Calibration`, the best fit. Out: plain data: how far predictions and the likelihood move.

A composed model of several clocks has the steps of all of them halved, so that what parts hold for each other between
ticks is held half as long too. Where equations draw random numbers at every step there is
nothing to compare: other steps are other noise.

Invariant: values are looked at at the same times with every step.
References: Sterman, Business Dynamics (2000), chapter 21: results must not depend on the time step.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from simengine.api.model import Model
from simengine.calibrate.parameter import Array
from simengine.calibrate.plan import Calibration, with_step
from simengine.calibrate.problem import Problem
from simengine.check.symbols import build_symbols
from simengine.compile.constant import constant_value
from simengine.program.node import Draw
from simengine.program.program import Assign
from simengine.program.walk import nodes_upward

SMALL = 0.1
"""By so much the log likelihood may change: an interval of 95 % ends where it has fallen by 1.92."""


def integration_of(calibration: Calibration, full: Array) -> dict[str, Any]:
    """Return what half the time step changes at a full set (D + E).

    Returns
    -------
    dict
        `step`; `slower steps`, those of slower clocks by name, halved with it; `worst`, the largest change of a
        prediction by the standard deviation of its series' data, and its `series`; `series`' own changes; the change of
        the `log likelihood`; whether it is `small`; the `order` of the method as halving shows it; `reason`, where
        there is nothing to tell.

    """
    problem, step = calibration.problem, float(calibration.timing.clock.step)
    out: dict[str, Any] = {
        "step": step, "slower steps": slower_steps(problem.model), "worst": None, "series": "", "changes": {},
        "log likelihood": None, "small": None, "order": None, "reason": "",
    }  # fmt: skip
    if _has_noise(problem):
        return out | {"reason": "equations draw random numbers at every step: other steps are other noise"}
    finer = [with_step(calibration, step / part) for part in (2, 4)]
    if finer[0] is None:
        return out | {"reason": "the model cannot be run with half the time step"}
    theta, scales = full[None, : len(problem.parameters)], full[None, len(problem.parameters) :]
    values = [problem.predict(theta)[0], *(p.predict(theta)[0] for p in finer if p is not None)]
    moved = np.abs(values[0] - values[1])
    changes = {s.name: float(np.max(moved[s.rows])) / _scale(problem, s.rows) for s in problem.series}
    known = {name: change for name, change in changes.items() if math.isfinite(change)}
    if not known:
        return out | {"reason": "runs with half the time step fail"}
    worst = max(known, key=lambda name: known[name])
    likelihood = [float(p.log_likelihood(theta, scales)[0]) for p in (problem, finer[0])]
    change = likelihood[1] - likelihood[0]
    out |= {"worst": known[worst], "series": worst, "changes": changes, "log likelihood": change}
    return out | {"small": bool(abs(change) <= SMALL), "order": _order(values)}


def slower_steps(model: Model) -> dict[str, float]:
    """Return the time steps of slower clocks, in the model's unit of time."""
    symbols, _ = build_symbols(model.definition)
    out = {}
    for clock in model.definition.clocks:
        found = constant_value(clock.time_step, symbols, (), set())
        out[str(clock.key)] = float(found[0]) if found else math.nan
    return out


def _scale(problem: Problem, rows: slice) -> float:
    """Return the standard deviation of a series' data; their size where they do not vary."""
    seen = problem.observations.value[rows]
    return float(np.std(seen)) or float(np.max(np.abs(seen))) or 1.0


def _order(values: list[Array]) -> float | None:
    """Return log2 of how much smaller the second change is than the first; None where rounding is all there is."""
    if len(values) < 3:
        return None
    first, second = (float(np.max(np.abs(a - b))) for a, b in ((values[0], values[1]), (values[1], values[2])))
    size = float(np.max(np.abs(values[0])))
    if not (second > 1e-12 * size and first > 0.0):
        return None
    return math.log2(first / second)


def _has_noise(problem: Problem) -> bool:
    statements = [s for group in problem.model.program.groups for s in group.step]
    return any(isinstance(n, Draw) for n in nodes_upward(s.value for s in statements if isinstance(s, Assign)))
