"""What became of indicators and their goals.

In: runs by scenario, and indicators. Out: a `Score` for each scenario and indicator.

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
    value = _statistic(indicator, times, values)
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
    variable = run.values(indicator.target.variable.name)
    flat = variable.reshape(variable.shape[0], -1)
    return np.asarray(flat[:, int(indicator.target.places[0])], dtype=np.float64)


def _statistic(indicator: Indicator, times: Array, values: Array) -> float:
    begin, end = indicator.window
    if indicator.statistic in {"first_below", "first_above"}:
        there = values <= indicator.level if indicator.statistic == "first_below" else values >= indicator.level
        there &= np.isfinite(values)  # a run that failed has come to nothing
        return float(times[np.argmax(there)]) if there.any() else math.nan
    inside = (times >= begin - _SAME) & (times <= end + _SAME)
    chosen, at = values[inside], times[inside]
    if not chosen.size:
        return math.nan
    match indicator.statistic:
        case "mean":
            result = _integral(at, chosen) / (at[-1] - at[0]) if at.size > 1 else float(chosen[0])
        case "sum":
            result = _integral(at, chosen)
        case "min":
            result = float(chosen.min())
        case "max":
            result = float(chosen.max())
        case _:
            result = float(chosen[-1])
    return float(result) * indicator.factor


def _integral(times: Array, values: Array) -> float:
    return float(((values[1:] + values[:-1]) / 2 * np.diff(times)).sum())


def _for_good(times: Array, holds: NDArray[np.bool_]) -> float | None:
    """Return the first time from which on it holds to the end."""
    if not holds[-1]:
        return None
    broken = np.flatnonzero(~holds)
    return float(times[broken[-1] + 1 if broken.size else 0])
