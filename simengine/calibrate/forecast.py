"""The model's own course at the best fit, from where runs begin to the model's own end, with what is not known of it.

In: a `Calibration`, a `Fitted`, full sets that stand for what is not known. Out: a course for each series.

What is compared with data is what is forecast: a total over a year stays one. The calibration may end its runs where
data end; they go on here to the end that the model has itself, with everything else as the calibration sets it.

Invariant: at the time of an observation the course is what was compared with it, to the last bit, unless the model asks
when its run ends. The band is of parameters alone: it has no errors of measurement, and none of the model.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from simengine.calibrate.bands import LEVEL, Sets
from simengine.calibrate.file import Fit
from simengine.calibrate.output import Clockwork, Moment, Moments, moments_of
from simengine.calibrate.plan import Calibration, with_own_end
from simengine.calibrate.series import Series
from simengine.calibrate.settle_fits import period_of
from simengine.calibrate.tally import Tally
from simengine.calibrate.work import Fitted
from simengine.engine.clock import plan_time
from simengine.inference.arrays import Array
from simengine.language.yaml.reading import Reading
from simengine.scenario.names import ModelNames

_MOST_TIMES = 160
"""Times drawn and kept; those of observations come on top."""
_AT_ONCE = 128


@dataclass(frozen=True, eq=False)
class Course:
    """The course of a series, each array (time,); NaN where no run gives a number."""

    series: Series
    times: Array
    predicted: Array
    """At the best fit."""
    low: Array
    median: Array
    high: Array
    """Over all sets: the ends of the band, and its middle."""
    end_of_data: float
    """The time of the last observation."""

    @property
    def beyond(self) -> Array:
        """Which times come after the last observation."""
        return np.asarray(self.times > self.end_of_data)


@dataclass(frozen=True, eq=False)
class Forecast:
    """The courses of all series. `made_of` says which sets their bands are of, `failed` how many of them do not run."""

    courses: tuple[Course, ...]
    made_of: str
    sets: int
    failed: int

    def plain(self) -> dict[str, Any]:
        """Return what `calibration.json` says of it: where every series ends that goes on after the data."""
        return {
            "level": LEVEL,
            "of": self.made_of,
            "sets": self.sets,
            "failed": self.failed,
            "ends": [
                {"series": c.series.name, "time": c.times[-1], "predicted": c.predicted[-1], "low": c.low[-1],
                 "median": c.median[-1], "high": c.high[-1]}
                for c in self.courses if c.beyond.any()
            ],
        }  # fmt: skip


def make_forecast(calibration: Calibration, fitted: Fitted, sets: Sets) -> Forecast:
    """Return the courses of all series."""
    longer = with_own_end(calibration)
    series, width = longer.problem.series, fitted.surface.width
    clock = longer.timing.clock
    saved = plan_time(clock.start, clock.stop, clock.step, longer.timing.save_every).times()
    grids = [_grid(longer, s, saved) for s in series]
    every = np.unique([t for _, moments in grids for m in moments for t in m.times])
    simulator = replace(longer.problem.simulator, times=every)
    looked = [moments_of(moments, every) for _, moments in grids]
    best = _courses(simulator, series, looked, fitted.best.found.full[None, :width])
    many = [_courses(simulator, series, looked, sets.full[n : n + _AT_ONCE, :width])
            for n in range(0, len(sets.full), _AT_ONCE)]  # fmt: skip
    courses, failed = [], np.zeros(len(sets.full), dtype=np.bool_)
    for n, s in enumerate(series):
        values = np.concatenate([own[n] for own in many])
        sound = np.isfinite(values).all(axis=1)
        failed |= ~sound
        ends = np.full((3, len(grids[n][0])), np.nan)
        if sound.any() and len(values) > 1:
            ends = np.quantile(values[sound], [0.5 - LEVEL / 2.0, 0.5, 0.5 + LEVEL / 2.0], axis=0)
        last = float(longer.problem.observations.time[s.rows].max())
        courses.append(Course(s, grids[n][0], best[n][0], ends[0], ends[1], ends[2], last))
    return Forecast(tuple(courses), sets.made_of, len(sets.full), int(failed.sum()))


def _courses(simulator: Any, series: Sequence[Series], looked: Sequence[Moments], theta: Array) -> list[Array]:
    """Return for each series (K, time)."""
    values = simulator.run(theta, Tally())
    with np.errstate(all="ignore"):
        return [m.of(s.figure.values(values)) for s, m in zip(series, looked, strict=True)]


def _grid(calibration: Calibration, series: Series, saved: Array) -> tuple[Array, list[Moment]]:
    """Return the times of a course, and what of the run each is about: what reaches beyond the run is left out."""
    fit = next(fit for name, fit in calibration.document.fit if name.value == series.fit)
    own = calibration.problem.observations.time[series.rows]
    every = max(1, -(-len(saved) // _MOST_TIMES))
    chosen = np.unique(np.concatenate([saved[::-1][::every], saved[:1], own]))
    clock, between = Clockwork(saved), fit.between is not None and fit.between.value == "linear"
    length = _length(calibration, fit)
    kept: list[tuple[float, Moment]] = []
    for time in chosen.tolist():
        begin, end = period_of(fit.over, time, length)
        if fit.over is None or fit.over.kind == "at":
            moment = clock.at(begin, between=between)
        else:
            slack = 1e-6 * calibration.timing.clock.step
            inside = begin >= saved[0] - slack and end <= saved[-1] + slack
            moment = clock.over(fit.over.kind, begin, end, between=between) if inside else None
        if moment is not None:
            kept.append((time, moment))
    return np.array([t for t, _ in kept]), [m for _, m in kept]


def _length(calibration: Calibration, fit: Fit) -> float:
    if fit.over is None or fit.over.period is None:
        return 0.0
    names = ModelNames(calibration.problem.model)
    return names.duration(fit.over.period, Reading(), "the period of an observation") or 0.0
