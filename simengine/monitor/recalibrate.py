"""What recalibration would change: a fit to the data known when the forecast was made, and one to all there are now.

In: a `MonitorPlan` that names a calibration. Out: a `Recalibrated`: every parameter by both fits, whether they moved by
more than chance, and what the planned scenario comes to with either.

Both fits are calibrations like any other, kept in folders of their own (`before`, `after`): what is finished stays so,
and what was interrupted goes on. Whether estimates moved by more than chance `inference/shift.py` says; both
informations are taken at the new estimate, with the errors estimated there. Parameters at a bound are in no test.

Invariant: nothing is changed but those two folders; the forecast that is watched stays the one that was made.
"""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass, replace
from pathlib import Path

import numpy as np

from simengine.calibrate.curvature import prior_shapes, sensitivities
from simengine.calibrate.folder import is_current
from simengine.calibrate.parameter_set import FILE as PARAMETERS
from simengine.calibrate.plan import Calibration
from simengine.calibrate.result import CalibrationResult
from simengine.calibrate.store import Store
from simengine.calibrate.study import Ways, complete_calibration
from simengine.calibrate.work import Fitted, work_off
from simengine.inference.arrays import Bools
from simengine.inference.identify import fisher
from simengine.inference.shift import Shift, judge_shift
from simengine.language.yaml.reading import At
from simengine.monitor.amend import Amended, amend
from simengine.monitor.members import Members
from simengine.monitor.note import Note
from simengine.monitor.observations import newest
from simengine.monitor.plan import MonitorPlan
from simengine.monitor.words import quoted, said, words_of
from simengine.results.filename import file_names
from simengine.scenario.file import Scenario, title_of
from simengine.scenario.plan import read_plan
from simengine.scenario.reader import beside
from simengine.scenario.score import measure
from simengine.source.diagnostic import InputError

QUIET = Ways()
LEVEL = "0.90"
BEFORE, AFTER = "recalibrated: before", "recalibrated: after"
"""Scenarios: the one that was planned, with the estimates of either fit."""


@dataclass(frozen=True)
class ParameterShift:
    """A parameter by the old data, and by old and new; intervals hold 90 %."""

    name: str
    title: str
    unit: str
    before: float
    before_interval: tuple[float, float] | None
    after: float
    after_interval: tuple[float, float] | None
    in_errors: float | None
    """The shift in units of its old standard error."""
    standardised: float | None
    """The shift in units of what new data move it by chance."""
    probability: float | None
    """Of a shift at least as large by chance."""
    bound: str | None
    """The end of its range where an estimate is: it is in no test then."""


@dataclass(frozen=True)
class ForecastShift:
    """What the planned scenario comes to: as planned, and with the estimates of either fit."""

    name: str
    title: str
    unit: str
    at: float | None
    planned: float
    before: float
    after: float
    goal: str | None = None
    met: tuple[bool, bool, bool] | None = None
    """Whether the goal is met: as planned, before, after."""


@dataclass(frozen=True)
class Recalibrated:
    """What recalibration would change."""

    file: Path
    folders: tuple[Path, Path]
    fitted: tuple[int, int]
    """How many values are fitted, before and after."""
    intervals: str
    parameters: tuple[ParameterShift, ...]
    shift: Shift | None
    """None where nothing is new, or there are no derivatives."""
    share: float
    """Below which probability a shift is more than chance: that of a false alarm."""
    forecasts: tuple[ForecastShift, ...]
    notes: tuple[Note, ...]

    @property
    def has_moved(self) -> bool | None:
        """Whether all parameters together moved by more than chance; None where that cannot be judged."""
        if self.shift is None or not self.shift.freedom:
            return None
        return self.shift.probability < self.share

    def words(self, language: str = "en") -> str:
        """Return what is found, in a sentence."""
        words = words_of(language)
        if self.fitted[0] == self.fitted[1] and self.shift is None:
            return words["recalibration nothing"]
        what = words["recalibration new"].format(new=self.fitted[1] - self.fitted[0], old=self.fitted[0])
        if self.has_moved is None:
            return words["recalibration unjudged"].format(what=what)
        assert self.shift is not None
        test = words["recalibration test"].format(
            statistic=f"{self.shift.statistic:.3g}", freedom=self.shift.freedom, p=f"{self.shift.probability:.2g}"
        )
        test = test.replace(".", ",") if language == "nl" else test
        return words["recalibration moved" if self.has_moved else "recalibration same"].format(what=what, test=test)


def recalibrate(plan: MonitorPlan, ways: Ways = QUIET) -> Recalibrated | None:
    """Return what recalibration would change; None where the file names no calibration.

    Raises
    ------
    InputError
        If a fit cannot be made.

    """
    asked, calibration = plan.written.recalibration, plan.calibration
    if asked is None or calibration is None:
        return None
    inside = [o for o in plan.observations if o.time <= plan.plan.timing.clock.stop]
    amended = amend(_plain(calibration, plan), plan.as_of, newest(inside), plan.unit_of)
    folder = folder_of(plan)
    kept = _kept(calibration, amended.before, plan)
    before, first = _fit(*(kept or (amended.before, folder / "before")), ways)
    same = amended.after is amended.before
    after, second = (before, first) if same else _fit(amended.after, folder / "after", ways)
    shift = None if same or None in {first.curvature, second.curvature} else _shift(first, second)
    parameters = _parameters(first, second, (before, after), shift, plan.intervals)
    forecasts, notes = _forecasts(plan, before.folder, after.folder)
    count = int(np.sum(first.surface.problem.observations.fit_weight > 0.0))
    return Recalibrated(
        calibration.path, (before.folder, after.folder), (count, count + amended.used), plan.intervals, parameters,
        shift, plan.false_alarm, forecasts, (*_notes(amended, calibration, plan, second), *notes),
    )  # fmt: skip


def folder_of(plan: MonitorPlan) -> Path:
    """Return the folder both fits are kept in."""
    asked = plan.written.recalibration
    if asked is not None and asked.folder is not None:
        return beside(asked.folder)
    return Path("results") / next(iter(file_names([f"{plan.path.stem}-recalibration"]).values()))


def _plain(calibration: Calibration, plan: MonitorPlan) -> Calibration:
    """Return a calibration that does no more than is told here."""
    posterior = calibration.settings.posterior if plan.intervals == "posterior" else "none"
    return replace(calibration, settings=replace(calibration.settings, posterior=posterior, profiles=False))


def _kept(calibration: Calibration, before: Calibration, plan: MonitorPlan) -> tuple[Calibration, Path] | None:
    """Return the calibration's own result, as a calibration and its folder, where that is complete and of old data."""
    asked = plan.written.recalibration
    if asked is None or asked.result is None or before.amended:
        return None
    folder = beside(asked.result)
    return next(((c, folder) for c in (calibration, before) if is_current(c, folder)), None)


def _fit(calibration: Calibration, folder: Path, ways: Ways) -> tuple[CalibrationResult, Fitted]:
    """Return a fit, made or found."""
    from threadpoolctl import threadpool_limits

    result = complete_calibration(calibration, folder, ways)
    with threadpool_limits(1, "blas"):
        return result, work_off(calibration, Store(folder))


def _shift(first: Fitted, second: Fitted) -> Shift:
    """Return how estimates moved, by both informations at the new one; what is at a bound is held there."""
    d = first.surface.width
    full = second.best.found.full
    place = {name: n for n, name in enumerate(second.surface.names)}
    old_full = full[[place[name] for name in first.surface.names]]
    prior = np.array([shape.information for shape in prior_shapes(second.surface, full[:d])])
    free = ~(_at_bound(first) | _at_bound(second))
    informations = [
        np.asarray(fisher(np.nan_to_num(sensitivities(f.surface, at)), prior))
        for f, at in ((first, old_full), (second, full))
    ]
    own = [i[np.ix_(free, free)] for i in informations]
    found = judge_shift(first.best.found.full[:d][free], full[:d][free], own[0], own[1])
    difference, deviations = full[:d] - first.best.found.full[:d], np.full(d, np.nan)
    deviations[free] = found.deviations
    return Shift(difference, deviations, found.statistic, found.freedom)


def _at_bound(fitted: Fitted) -> Bools:
    """Return which parameters are at an end of their range: (D,)."""
    hits = set() if fitted.curvature is None else {h.name for h in fitted.curvature.hits}
    return np.array([name in hits for name in fitted.surface.problem.names])


def _parameters(
    first: Fitted, second: Fitted, results: tuple[CalibrationResult, CalibrationResult], shift: Shift | None, which: str
) -> tuple[ParameterShift, ...]:
    problem, out = first.surface.problem, []
    errors = None if first.curvature is None else first.curvature.errors
    for i, one in enumerate(problem.parameters):
        before, after = float(first.best.found.full[i]), float(second.best.found.full[i])
        error = None if errors is None or not 0.0 < errors[i] < math.inf else float(errors[i])
        hits = [h.end for f in (second, first) if f.curvature for h in f.curvature.hits if h.name == one.name]
        out.append(ParameterShift(
            one.name, one.title or one.name, one.unit,
            before, _interval(results[0], one.name, which), after, _interval(results[1], one.name, which),
            None if error is None else (after - before) / error,
            None if shift is None else _known(shift.standardised[i]),
            None if shift is None else _known(shift.probabilities[i]),
            hits[0] if hits else None,
        ))  # fmt: skip
    return tuple(out)


def _interval(result: CalibrationResult, name: str, which: str) -> tuple[float, float] | None:
    found = result.parameter(name)["intervals"][which]
    return None if found is None or None in found[LEVEL] else (float(found[LEVEL][0]), float(found[LEVEL][1]))


def _known(value: float) -> float | None:
    return float(value) if math.isfinite(value) else None


def _forecasts(plan: MonitorPlan, before: Path, after: Path) -> tuple[tuple[ForecastShift, ...], tuple[Note, ...]]:
    """Return what the planned scenario comes to with either fit, or why that cannot be told."""
    at = plan.written.scenario
    further = tuple(
        (At(name, at.span), Scenario(at.span, extends=(at,), params=(At(str((f / PARAMETERS).resolve()), at.span),)))
        for name, f in ((BEFORE, before), (AFTER, after))
    )
    made, told = read_plan(plan.plan.path, scenarios=further)
    if made is None:
        why = "; ".join(dict.fromkeys(d.message for d in told if d.severity.value == "error"))
        return (), (Note.of("not taken", reason=why),)
    goals = [i for i in made.indicators if i.minus is None]
    save = [w.variable for w in plan.watched] + [i.target.variable.name for i in goals]
    members = Members(made, made.names, None)
    try:
        runs = [members.run(name, save) for name in (plan.scenario, BEFORE, AFTER)]
    except InputError as reason:
        return (), (Note.of("not run", reason=reason),)
    stop, out = float(runs[0].times[-1]), []
    for w in plan.watched:
        ends = [float(r.column(w.variable, w.place)[0, -1]) * w.factor for r in runs]
        out.append(ForecastShift(w.name, w.title, w.unit, stop, ends[0], ends[1], ends[2]))
    for i in goals:
        values = [
            float(measure(i, r.times, r.column(i.target.variable.name, int(i.target.places[0]))[0])) for r in runs
        ]
        goal, met = i.goal, None
        if goal is not None:
            met = (goal.met(values[0]), goal.met(values[1]), goal.met(values[2]))
        title, text = title_of(i.title, i.name, plan.language), None if goal is None else goal.text
        out.append(ForecastShift(i.name, title, i.unit, i.at, values[0], values[1], values[2], text, met))
    return tuple(out), ()


def _notes(amended: Amended, calibration: Calibration, plan: MonitorPlan, fitted: Fitted) -> list[Note]:
    notes, file, time = [], calibration.path.name, f"{plan.as_of:g}"
    if amended.later:
        notes.append(Note.of("later", n=amended.later, file=file, time=time))
    if amended.left_out:
        notes.append(Note.of("unknown then", names=quoted(amended.left_out), time=time))
    if amended.unused:
        notes.append(Note.of("unused", file=file, names=quoted(amended.unused)))
    if fitted.curvature is None:
        notes.append(Note.of("no derivatives"))
    return notes


def as_plain(found: Recalibrated, language: str = "en") -> dict[str, object]:
    """Return what recalibration would change, as plain data, sentences in a language."""
    shift = found.shift
    return {
        "file": str(found.file),
        "folders": [str(f) for f in found.folders],
        "fitted": list(found.fitted),
        "words": found.words(language),
        "moved": found.has_moved,
        "intervals": found.intervals,
        "test": None if shift is None else {
            "name": "chi-squared of the shift of all estimates (Hausman 1978)", "statistic": shift.statistic,
            "freedom": shift.freedom, "probability": _known(shift.probability), "false_alarm": found.share,
        },
        "parameters": [
            {**asdict(p), "before_interval": _pair(p.before_interval), "after_interval": _pair(p.after_interval)}
            for p in found.parameters
        ],
        "forecasts": [{**asdict(f), "met": None if f.met is None else list(f.met),
                       "planned": _known(f.planned), "before": _known(f.before), "after": _known(f.after)}
                      for f in found.forecasts],
        "notes": [said(note, language) for note in found.notes],
    }  # fmt: skip


def _pair(ends: tuple[float, float] | None) -> list[float] | None:
    return None if ends is None else list(ends)
