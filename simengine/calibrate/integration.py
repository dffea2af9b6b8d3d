"""The error of integration at the best fit: predictions with the time step, with half and with a quarter of it.

In: a `Calibration`, the best fit. Out: plain data: how far predictions, the likelihood and the estimates move.

The log likelihood at the best fit hardly changes to first order, however far its top moves: a change of 0.1 can be that
of a top moved by 0.45 standard errors. So the estimates are judged: one Gauss-Newton step from the best fit meets the
predictions that a step of no length would give, those of the half step and what is left by Richardson's rule.

A composed model of several clocks has the steps of all of them halved, so that what parts hold for each other between
ticks is held half as long too. Where equations draw random numbers at every step there is
nothing to compare: other steps are other noise.

Invariant: values are looked at at the same times with every step.
References: Sterman, Business Dynamics (2000), chapter 21: results must not depend on the time step; L. F. Richardson
(1911), Phil. Trans. Royal Society A 210, 307-357.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from simengine.api.model import Model
from simengine.calibrate.curvature import prior_shapes
from simengine.calibrate.parameter import Array
from simengine.calibrate.plan import Calibration, with_step
from simengine.calibrate.problem import Problem
from simengine.calibrate.surface import Surface
from simengine.check.symbols import build_symbols
from simengine.compile.constant import constant_value
from simengine.program.node import Draw
from simengine.program.program import Assign
from simengine.program.walk import nodes_upward

SMALL = 0.1
"""By so many standard errors an estimate may be off: intervals of 90 % then still hold 89.7 %."""
FALL = 0.1
"""By so much the log likelihood may change where there are no derivatives to tell how far estimates would move."""
_LEAST_ORDER = 0.5
"""An order below is none: the steps then are too coarse for Richardson's rule."""


def integration_of(calibration: Calibration, full: Array) -> dict[str, Any]:
    """Return what half the time step changes at a full set (D + E).

    Returns
    -------
    dict
        `step`; `slower steps`, those of slower clocks by name, halved with it; `worst`, the largest change of a
        prediction by the standard deviation of its series' data, and its `series`; `series`' own changes; the change of
        the `log likelihood`; the `shift` of each parameter with a step of no length, in standard errors, None where
        there are no derivatives; the parameter that is `moved` most; whether it is `small`; the `order` of the method
        as halving shows it; `reason`, where there is nothing to tell.

    """
    problem, step = calibration.problem, float(calibration.timing.clock.step)
    out: dict[str, Any] = {
        "step": step, "slower steps": slower_steps(problem.model), "worst": None, "series": "", "changes": {},
        "log likelihood": None, "shift": None, "moved": "", "small": None, "order": None, "reason": "",
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
    out["order"] = order = _order(values)
    shift = None if problem.derivatives == "none" else shift_of(Surface(problem), full, values[1] - values[0], order)
    if shift is None:
        return out | {"small": bool(abs(change) <= FALL)}
    most = int(np.argmax(np.abs(shift)))
    by_name = dict(zip(problem.names, shift.tolist(), strict=True))
    return out | {"shift": by_name, "moved": problem.names[most], "small": bool(abs(shift[most]) <= SMALL)}


def shift_of(surface: Surface, full: Array, moved: Array, order: float | None) -> Array | None:
    """Return how far estimates would move with a step of no length, in standard errors (D,); None where none is known.

    Parameters
    ----------
    surface
        The density.
    full
        The best fit (D + E,).
    moved
        How far half the step moves predictions (n,).
    order
        Of the method, as halving shows it: what is left after the half step is 1/(2^order - 1) of the move.

    """
    problem, d = surface.problem, surface.width
    p = max(_LEAST_ORDER, 1.0 if order is None else order)
    predicted, jacobian = problem.slopes(full[None, :d])
    whole = np.concatenate([jacobian, (moved / (1.0 - 2.0**-p))[None, :, None]], axis=2)
    rows = problem.errors.whitened(predicted, whole, full[None, d:])
    if not np.isfinite(rows).all():
        return None
    by, off = rows[:, :d], rows[:, d]
    priors = np.array([s.information for s in prior_shapes(surface, full[:d])])
    with np.errstate(
        divide="ignore"
    ):  # what the data do not tell stays in its range: its variance is that of the range
        own = 12.0 / np.square(surface.high[:d] - surface.low[:d])
    information = by.T @ by + np.diag(priors + np.maximum(own, np.finfo(float).tiny))
    errors, free = np.sqrt(np.diag(np.linalg.pinv(information, hermitian=True))), np.ones(d, dtype=np.bool_)
    shift = np.zeros(d)
    for _ in range(d):  # what is at a bound does not go beyond it
        shift = np.zeros(d)
        inner = np.linalg.pinv(information[np.ix_(free, free)], hermitian=True)
        shift[free] = -inner @ (by[:, free].T @ off)
        room = 1e-6 * errors
        beyond = free & (((full[:d] <= surface.low[:d] + room) & (shift < 0.0))
                         | ((full[:d] >= surface.high[:d] - room) & (shift > 0.0)))  # fmt: skip
        if not beyond.any():
            break
        free &= ~beyond
    return np.asarray(np.where(free, shift, 0.0) / errors)


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
