"""A calibration file, read and settled for its model: what is asked, ready to be worked on.

In: a path. Out: a `Calibration` with its `Problem`, and everything wrong with the file.

Invariant: a calibration that is made has a problem that runs; one with errors is never half made.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from simengine.api.load import load_with_files
from simengine.api.model import Model
from simengine.calibrate.file import Document
from simengine.calibrate.finer import with_slower_clocks_by
from simengine.calibrate.output import Clockwork, Figure, moments_of
from simengine.calibrate.parameter import Parameter
from simengine.calibrate.problem import Problem
from simengine.calibrate.reader import read_document
from simengine.calibrate.series import Observations, Scale, Series
from simengine.calibrate.settings import Settings, check_method, read_settings
from simengine.calibrate.settle_errors import settle_error
from simengine.calibrate.settle_fits import Matched, Matcher, error_of
from simengine.calibrate.settle_parameters import read_parameters
from simengine.calibrate.simulator import CannotEstimate, make_simulator
from simengine.calibrate.table import Readings, read_table
from simengine.calibrate.touch import check_touch
from simengine.engine.clock import plan_time
from simengine.inference.error import ErrorModel
from simengine.language.yaml.reading import At, Reading
from simengine.scenario.ensemble import Case, Gathering, one_of
from simengine.scenario.file import Document as ScenarioDocument
from simengine.scenario.file import Scenario, Times
from simengine.scenario.inherit import Inheritance, Resolved
from simengine.scenario.names import ModelNames
from simengine.scenario.path import Quantity
from simengine.scenario.reader import beside
from simengine.scenario.referenced import referenced_files
from simengine.scenario.settled import Settled
from simengine.scenario.times import Timing, read_timing, timed
from simengine.source.diagnostic import Diagnostic, InputError, ModelError, has_errors
from simengine.source.render import sort_diagnostics


@dataclass(frozen=True, eq=False)
class Calibration:
    """Everything a calibration file asks."""

    path: Path
    document: Document
    problem: Problem
    settings: Settings
    fixed: Mapping[str, Any]
    """Values that are not estimated, as `Model.run` takes them."""
    timing: Timing
    files: tuple[Path, ...]
    """The file itself, its tables, the files of its model, parameter sets, samples: what results depend on."""
    tables: Mapping[str, Readings]
    """The tables as read, by name."""
    diagnostics: tuple[Diagnostic, ...] = ()
    """Warnings."""
    amended: str = ""
    """What tells apart a calibration whose data are not those of its file; "" where they are."""


def read_calibration(path: str | os.PathLike[str]) -> tuple[Calibration | None, tuple[Diagnostic, ...]]:
    """Return what a calibration file asks, None where it has errors, and everything there is to say about it."""
    to = Reading()
    document = read_document(path, to)
    loaded = None if document is None else _load(document, to)
    made = None
    if document is not None and loaded is not None:
        made = _Planner(Path(path), document, loaded, to).plan()
    seen: dict[object, Diagnostic] = {}
    for problem in to.problems:
        at = (problem.span.file.path, problem.span.start) if problem.span is not None else problem.path
        seen.setdefault((problem.code, problem.message, at), problem)
    told = sort_diagnostics(tuple(seen.values()))
    return (None if has_errors(told) else made), told


def load_calibration(path: str | os.PathLike[str]) -> Calibration:
    """Return what a calibration file asks.

    Raises
    ------
    ModelError
        If anything in the file, its data or its model is wrong: it carries every diagnostic.

    """
    made, told = read_calibration(path)
    if made is None:
        raise ModelError(told)
    return made


def with_step(calibration: Calibration, step: float) -> Problem | None:
    """Return what a calibration asks with another time step, saved at the same times; None where that cannot be.

    Slower clocks of a composed model get shorter steps by the same factor.
    """
    span = calibration.document.span
    saved: Quantity = At(calibration.timing.save_every, span)
    asked = replace(_times_of(calibration), step=At(step, span), save_every=saved)
    made = _at_times(calibration, asked, step / calibration.timing.clock.step)
    return None if made is None else made.problem


def with_own_end(calibration: Calibration) -> Calibration:
    """Return a calibration whose runs go on to the model's own end; itself where they do, or cannot go further."""
    try:
        loaded = _load(calibration.document, Reading())
    except (InputError, ModelError):
        return calibration
    stop = None if loaded is None else loaded[0].time.stop
    if stop is None or stop <= calibration.timing.clock.stop:
        return calibration
    made = _at_times(calibration, replace(_times_of(calibration), stop=At(stop, calibration.document.span)))
    return made or calibration


def _times_of(calibration: Calibration) -> Times:
    return calibration.document.time or Times(calibration.document.span)


def _at_times(calibration: Calibration, asked: Times, slower: float | None = None) -> Calibration | None:
    """Return a calibration at other times; the steps of slower clocks multiplied by `slower`."""
    document, to = replace(calibration.document, time=asked), Reading()
    try:
        loaded = _load(document, to)
        if loaded is None:
            return None
        if slower is not None:
            loaded = (with_slower_clocks_by(loaded[0], slower), loaded[1])
        made = _Planner(calibration.path, document, loaded, to, calibration.tables).plan()
    except (InputError, ModelError):
        return None
    return None if has_errors(to.problems) else made


def with_data(
    calibration: Calibration, document: Document, tables: Mapping[str, Readings], amended: str
) -> tuple[Calibration | None, tuple[Diagnostic, ...]]:
    """Return a calibration with other rows in its tables, and everything there is to say about it.

    Parameters
    ----------
    calibration
        The calibration as its file has it.
    document
        Its document, whose times may be others.
    tables
        Its tables, with other rows.
    amended
        A text that tells it apart from the file's own, and from any with other rows or times.

    """
    to = Reading()
    loaded = _load(document, to)
    made = None if loaded is None else _Planner(calibration.path, document, loaded, to, tables).plan()
    told = sort_diagnostics(tuple(dict.fromkeys(to.problems)))
    return (None if made is None or has_errors(told) else replace(made, amended=amended)), told


def _load(document: Document, to: Reading) -> tuple[Model, tuple[str, ...]] | None:
    assert document.model is not None
    path = beside(document.model)
    if not path.is_file():
        near = sorted(p.name for p in path.parent.glob("*") if p.suffix in {".mdl", ".xmile", ".stmx", ".yaml"})
        to.unknown("missing-file", "file", document.model.value, document.model.span, near)
        return None
    try:
        return load_with_files(path)
    except ModelError as problem:
        to.problems += problem.diagnostics
        to.error("unusable-model", f"the model `{document.model.value}` cannot be used: it has errors",
                 document.model.span)  # fmt: skip
    return None


class _Planner:
    """Settles a document for its model."""

    def __init__(
        self, path: Path, document: Document, loaded: tuple[Model, tuple[str, ...]], to: Reading,
        tables: Mapping[str, Readings] | None = None,
    ) -> None:  # fmt: skip
        self.path, self.document, self.to, self.given = path, document, to, tables
        self.names = ModelNames(loaded[0])
        self.model_files = loaded[1]

    def plan(self) -> Calibration | None:
        document, to = self.document, self.to
        timing = read_timing(self._as_scenarios(), self.names, to)
        tables: dict[str, Readings | None] = dict(self.given or {})
        if self.given is None:
            tables = {name.value: read_table(name, table, to) for name, table in document.data}
        settings = read_settings(document)
        if timing is None:
            return None
        model = timed(self.names.model, timing)
        if model is not self.names.model:
            self.names = ModelNames(model)
        fixed = self._fixed(timing)
        parameters = read_parameters(document, self.names, fixed, to)
        clock = timing.clock
        saved = plan_time(clock.start, clock.stop, clock.step, timing.save_every).times()
        matched = Matcher(document, tables, self.names, timing, Clockwork(saved), to).all()
        errors = self._errors(matched)
        self._check_fitted(matched)
        if has_errors(to.problems):
            return None
        problem = self._problem(model, fixed, parameters, matched, errors, timing)
        if problem is None:
            return None
        check_touch(problem, settings, to)
        check_method(document, problem, settings, to)
        files = (self.path, *(t.path for t in tables.values() if t is not None), *map(Path, self.model_files),
                 *referenced_files(document))  # fmt: skip
        warnings = tuple(d for d in to.problems if d.severity.value != "error")
        there = {name: table for name, table in tables.items() if table is not None}
        return Calibration(self.path, document, problem, settings, fixed, timing, files, there, warnings)

    def _as_scenarios(self) -> ScenarioDocument:
        """Return the sections that scenario files have too, as such a file."""
        document = self.document
        return ScenarioDocument(document.span, document.simengine, document.model, time=document.time)

    def _fixed(self, timing: Timing) -> dict[str, Any]:
        """Return what is set, as `Model.run` takes it."""
        document, to = self.document, self.to
        scenario = Scenario(document.span, params=document.params, set=document.set, links=document.links)
        name = At("this calibration", document.span)
        resolved = self._without_estimated(Inheritance(((name, scenario),), self.names, to).all()[name.value])
        known = len(to.problems)
        settled = Settled(self.names, timing, [], to).scenario(resolved)
        if len(to.problems) > known or settled.around:
            return {}
        case = Case(name.value, settled.curves, settled.lookups)
        return one_of(Gathering(self.names, timing.clock, timing.values).values([case]), 0)

    def _without_estimated(self, resolved: Resolved) -> Resolved:
        """Return what is set without the links that `*` switches and that are estimated: a name says more than `*`."""
        estimated = set()
        for name in (n for at, written in self.document.parameters for n in written.of or (at,)):
            try:
                estimated.add(self.names.meant(name.value).variable.key)
            except InputError:
                continue  # what it means is told where parameters are read
        layers = {
            place: own
            for place, own in resolved.layers.items()
            if place[0] not in estimated or own[-1].span.text.strip("'\"") != "*"
        }
        return replace(resolved, layers=layers)

    def _errors(self, matched: list[Matched]) -> dict[str, tuple[ErrorModel, tuple[Scale, ...]]]:
        """Return the error model of every fit; the series of one fit share it."""
        out = {}
        for name in dict.fromkeys(m.at.value for m in matched):
            own = [m for m in matched if m.at.value == name]
            values = np.array([v for m in own for v in m.fitted])
            if not values.size:  # all of it is held out: what it has is as good for the bounds
                values = np.array([o.value for m in own for o in m.observed])
            times = [m.fitted_times for m in own]
            found = settle_error(own[0].at, error_of(own[0].fit), own[0].unit, values, self.names, self.to, times)
            if found is not None:
                out[name] = found
        return out

    def _check_fitted(self, matched: list[Matched]) -> None:
        held, to = self.document.held_out, self.to
        if held is None or not matched or has_errors(to.problems):
            return
        observed = [o for m in matched for o in m.observed]
        place = held.begin.span if held.begin else held.end.span if held.end else held.span
        if all(o.held_out for o in observed):
            times = [o.time for o in observed]
            span = f"{min(times):g} to {max(times):g}"
            text = f"nothing is left to fit: all {len(observed)} observations, {span}, are held out"
            to.error("nothing-to-fit", text, place)
        elif not any(o.held_out for o in observed):
            times = [o.time for o in observed]
            text = f"nothing is held out: the observations are from {min(times):g} to {max(times):g}"
            to.error("beyond-horizon", text, place)
        else:
            for name in dict.fromkeys(m.at.value for m in matched):
                own = [o for m in matched if m.at.value == name for o in m.observed]
                scales = error_of(next(m.fit for m in matched if m.at.value == name)).numbers
                if all(o.held_out for o in own) and any(amount is None for _, amount, _ in scales):
                    text = f"all of `{name}` is held out: the scale of its errors cannot be estimated"
                    to.error("bad-scale", text, place, help=["give the scale under `error`"])

    def _problem(
        self, model: Model, fixed: dict[str, Any], parameters: list[Parameter], matched: list[Matched],
        errors: dict[str, tuple[ErrorModel, tuple[Scale, ...]]], timing: Timing,
    ) -> Problem | None:  # fmt: skip
        targets = [t for m in matched for t in (m.looked.target, m.looked.by) if t is not None]
        times = np.unique([t for m in matched for o in m.observed for t in o.moment.times])
        try:
            simulator, slots = make_simulator(model, fixed, parameters, targets, times, timing.method)
        except CannotEstimate as reason:
            self.to.error(reason.code, str(reason), parameters[reason.number].span)
            return None
        except InputError as reason:
            self.to.error("bad-input", str(reason), self.document.span)
            return None
        except ModelError as reason:
            self.to.problems += reason.diagnostics
            return None
        found = iter(slots)
        where = [(next(found), next(found) if m.looked.by is not None else None) for m in matched]
        scales: list[Scale] = []
        columns: dict[str, tuple[int, ...]] = {}
        for name, (_, own) in errors.items():
            columns[name] = tuple(range(len(scales), len(scales) + len(own)))
            scales += own
        series, begin = [], 0
        for m, (own_slots, by) in zip(matched, where, strict=True):
            rows = slice(begin, begin + len(m.observed))
            begin = rows.stop
            figure = Figure(own_slots[list(m.looked.places)], m.looked.coefficients, by)
            moments = moments_of([o.moment for o in m.observed], times)
            note = m.fit.note.value if m.fit.note else ""
            series.append(
                Series(m.name, m.at.value, _words(m), m.unit, m.fit.data.value, errors[m.at.value][0],
                       columns[m.at.value], figure, moments, rows, m.missing, m.title, note)
            )  # fmt: skip
        differences = read_settings(self.document).derivatives == "differences"
        return Problem(tuple(parameters), tuple(scales), model, tuple(series), _observations(matched), simulator,
                       differences)  # fmt: skip


def _words(matched: Matched) -> str:
    over, text = matched.fit.over, matched.looked.text
    if over is None or over.period is None:
        return text
    what = {"mean": "mean of", "sum": "total of", "change": "change of"}[over.kind]
    return f"{what} {text} over {over.period.value}"


def _observations(matched: list[Matched]) -> Observations:
    every = [(n, o) for n, m in enumerate(matched) for o in m.observed]
    return Observations(
        np.array([n for n, _ in every], dtype=np.int64),
        tuple(m.name for m in matched),
        np.array([o.time for _, o in every]),
        np.array([o.value for _, o in every]),
        np.array([o.weight for _, o in every]),
        np.array([o.held_out for _, o in every], dtype=np.bool_),
        tuple(o.row.quality for _, o in every),
        tuple(o.row.source for _, o in every),
        tuple(o.row.vintage for _, o in every),
    )
