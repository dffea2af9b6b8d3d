"""What became of indicators and their goals.

In: runs by scenario, and indicators. Out: a `Score` for each scenario and indicator. `measure` is the one place where
an indicator's number is computed, of one run or of many at once.

Means and totals over time are by the trapezoid rule over saved times; `first_below` and `first_above` are saved times.

Invariant: a score is computed from saved values only, as anyone can do from the files.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from simengine.results.run import Run
from simengine.results.study import Score
from simengine.scenario.file import title_of
from simengine.scenario.indicator import Indicator

Array = NDArray[np.float64]
_SAME = 1e-6


def score_all(indicators: Iterable[Indicator], runs: Mapping[str, Run], scenarios: Iterable[str]) -> tuple[Score, ...]:
    """Return the scores of scenarios, scenario by scenario."""
    ones = list(indicators)
    return tuple(score(i, name, runs) for name in scenarios for i in ones)


def score(indicator: Indicator, scenario: str, runs: Mapping[str, Run]) -> Score:
    """Return what an indicator is in a scenario."""
    times = runs[scenario].times
    values = _values(indicator, runs[scenario])
    if indicator.minus is not None:
        values = values - _values(indicator, runs[indicator.minus])
    value = float(measure(indicator, times, values))
    made = Score(
        scenario, indicator.name, title_of(indicator.title, indicator.name), value, indicator.unit,
        variable=indicator.column, at=indicator.at,
    )  # fmt: skip
    goal = indicator.goal
    if goal is None:
        return made
    reached = _for_good(times, goal.holds(values * indicator.factor)) if indicator.is_series else None
    return replace(made, goal=goal.text, met=goal.met(value), reached=reached, margin=goal.margin(value))


def _values(indicator: Indicator, run: Run) -> Array:
    return values_of(indicator, run.values(indicator.target.variable.name))


def values_of(indicator: Indicator, variable: Array) -> Array:
    """Return the values over time of what an indicator looks at, of those of its variable: (..., time, elements)."""
    elements = len(indicator.target.sizes)
    leading = variable.shape[: variable.ndim - elements]
    flat = variable.reshape(*leading, -1)
    return np.asarray(flat[..., int(indicator.target.places[0])], dtype=np.float64)


def measure(indicator: Indicator, times: Array, values: Array) -> Array:
    """Return an indicator of runs whose values over time are given, (..., time): a number a run, in its unit.

    Sums go from the first time to the last, so that a run's bits do not depend on how many are measured together.
    """
    begin, end = indicator.window
    if indicator.statistic in {"first_below", "first_above"}:
        there = values <= indicator.level if indicator.statistic == "first_below" else values >= indicator.level
        there &= np.isfinite(values)  # a run that failed has come to nothing
        return np.where(there.any(axis=-1), times[np.argmax(there, axis=-1)], math.nan)
    inside = (times >= begin - _SAME) & (times <= end + _SAME)
    chosen, at = values[..., inside], times[inside]
    if not at.size:
        return np.full(values.shape[:-1], math.nan)
    match indicator.statistic:
        case "mean":
            result = _integral(at, chosen) / (at[-1] - at[0]) if at.size > 1 else chosen[..., 0]
        case "sum":
            result = _integral(at, chosen)
        case "min":
            result = chosen.min(axis=-1)
        case "max":
            result = chosen.max(axis=-1)
        case _:
            result = chosen[..., -1]
    return np.asarray(result * indicator.factor, dtype=np.float64)


def _integral(times: Array, values: Array) -> Array:
    if times.size < 2:
        return np.zeros(values.shape[:-1])
    parts = (values[..., 1:] + values[..., :-1]) / 2 * np.diff(times)
    total: Array = np.add.accumulate(parts, axis=-1)[..., -1]
    return total


def _for_good(times: Array, holds: NDArray[np.bool_]) -> float | None:
    """Return the first time from which on it holds to the end."""
    if not holds[-1]:
        return None
    broken = np.flatnonzero(~holds)
    return float(times[broken[-1] + 1 if broken.size else 0])
